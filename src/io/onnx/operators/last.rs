//! Operators that may stand at the very end, and what is known of a file's output all the
//! same when they are set aside: the network's output is what they are given.

use crate::io::onnx::call::{Call, Data, Wrong, wrong_attribute, wrong_shape};

/// Names of the operators, and what holds of their results.
pub const SETTABLE_ASIDE: &[(&str, &str)] = &[
    (
        "Sigmoid",
        "it is increasing: where one output is least or largest and which of several outputs is \
         larger are the same; values, differences and limits are those before it (0 there is 0.5)",
    ),
    (
        "Tanh",
        "it is increasing: where one output is least or largest and which of several outputs is \
         larger are the same; values, differences and limits are those before it",
    ),
    (
        "Softmax",
        "it keeps the order of the outputs along its axis: which one is largest and whether one \
         is above another are the same; values, and where one output is least or largest, are \
         those before it",
    ),
    (
        "LogSoftmax",
        "differences of outputs along its axis are the same, and so is their order; values, and \
         where one output is least or largest, are those before it",
    ),
    (
        "ArgMax",
        "the outputs are what it compares: it gives the position of the largest of them along \
         its axis",
    ),
];

/// Takes the node at the end of a network: its operand, where the promise can be kept.
pub fn set_aside(call: &mut Call) -> Result<Data, Wrong> {
    let x = call.data(0)?;
    let rank = x.shape.len();
    let axis = match call.op.as_str() {
        "Sigmoid" | "Tanh" => return Ok(x),
        "ArgMax" => {
            call.flag("keepdims", true)?;
            call.flag("select_last_index", false)?;
            super::axis_of(call.integer("axis", 0)?, rank)?
        }
        _ => {
            let default = if call.version >= 13 { -1 } else { 1 };
            super::axis_of(call.integer("axis", default)?, rank)?
        }
    };
    // Before operator set 13, all axes from that one on were taken together.
    let together = call.op != "ArgMax" && call.version < 13;
    let length: usize = match together {
        true => x.shape[axis..].iter().product(),
        false => x.shape[axis],
    };
    if length == 1 {
        let found = format!("axis {axis} of a tensor of shape {:?}, of length 1", x.shape);
        return Err(
            wrong_shape(found, "an axis with several outputs: of one it is constant").into()
        );
    }
    // Along the rows of a batch nothing of one row is left.
    if axis == 0 && !together && rank > 1 {
        let expected = "another axis than that of the batch";
        return Err(wrong_attribute("axis", axis.to_string(), expected).into());
    }
    Ok(x)
}
