//! Operators that the network has a layer for, in the same form.

use std::rc::Rc;

use crate::io::onnx::call::{Call, Data, Operand, Wrong, wrong_operand};
use crate::io::onnx::lowering::{Lowering, numbers, value};
use crate::io::onnx::value::{Tensor, Values};
use crate::message::excerpt;
use crate::network::{Argument, Assembly, Constant, MOST_WEIGHTS, NetworkError, check_size};

/// The layer of the operator's name, with all attributes and operands.
pub fn lower(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let op = call.op.clone();
    lower_as(call, lowering, &op)
}

/// The layer `op`, with all attributes that are left and all operands.
pub fn lower_as(call: &mut Call, lowering: &mut Lowering, op: &str) -> Result<Data, Wrong> {
    let arguments =
        (0..call.count()).map(|index| argument(call, index)).collect::<Result<_, _>>()?;
    lowering.add(op, call.rest()?, arguments)
}

/// Takes an operand as a layer reads it.
pub fn argument(call: &mut Call, index: usize) -> Result<Argument, Wrong> {
    Ok(match call.take(index) {
        Operand::Absent => Argument::Absent,
        Operand::Data(data) => value(&data),
        Operand::Constant { name, tensor } => match Rc::unwrap_or_clone(tensor).values {
            Values::Integer(values) => Argument::Constant(Constant::Integer(values)),
            Values::Float(values) => {
                let what = format!("the constant '{}'", excerpt(&name));
                check_size(&what, values.shape(), MOST_WEIGHTS)?;
                numbers(values)
            }
        },
    })
}

/// The value for constants: the layers of the operator, evaluated with operand 0 as their
/// input and the result rounded to its type.
pub fn fold(call: &mut Call) -> Result<Tensor, Wrong> {
    let kind = match call.peek(0) {
        Operand::Constant { tensor, .. } if tensor.kind.is_float() => tensor.kind,
        other => return Err(wrong_operand(0, other, "a constant tensor of numbers").into()),
    };
    let values = call.weights(0)?;
    let mut assembly = Assembly::new(&call.name, "constant", values.shape(), 1)
        .map_err(|error| at_fold(&call.name, error))?;
    let (name, op) = (call.name.clone(), call.op.clone());
    let input = Data { id: assembly.input(), shape: values.shape().to_vec() };
    call.put(0, Operand::Data(input));
    let rule = super::OPERATORS.iter().find(|rule| rule.op == op).map(|rule| rule.rule);
    let Some(super::Rule::Compute(_, lower)) = rule else {
        unreachable!("{op} is folded by its layers")
    };
    let mut lowering = Lowering { assembly: &mut assembly, node: &name, op: &op };
    let output = lower(call, &mut lowering)?;
    let flat: Vec<f64> = values.into_iter().collect();
    let result = assembly.finish(output.id).evaluate_point(&flat);
    let result = ndarray::ArrayD::from_shape_vec(ndarray::IxDyn(&output.shape), result);
    Ok(Tensor::floats(kind, result.expect("elements of the output")))
}

/// The error of a constant that is too large to be computed with, at its node.
fn at_fold(node: &str, error: NetworkError) -> NetworkError {
    match error {
        NetworkError::Size { shape, most, .. } => NetworkError::Size {
            what: format!("operand 0 of node '{}'", excerpt(node)),
            shape,
            most,
        },
        other => other,
    }
}
