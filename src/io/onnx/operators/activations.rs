//! Activations that are piecewise linear, out of those that the network has.
//! <https://onnx.ai/onnx/operators/onnx__PRelu.html>,
//! <https://onnx.ai/onnx/operators/onnx__HardSigmoid.html>,
//! <https://onnx.ai/onnx/operators/onnx__ThresholdedRelu.html>,
//! <https://onnx.ai/onnx/operators/onnx__Shrink.html>
//!
//! | operator | layers |
//! |---|---|
//! | `Abs` | `LeakyRelu` of slope −1 |
//! | `PRelu` | `LeakyRelu`; where slopes `s` differ, `s ⊙ x + relu(x) − s ⊙ relu(x)` |
//! | `HardSigmoid` | `clip(α x + β, 0, 1)` |
//! | `ThresholdedRelu` | `Relu`, for the threshold 0; with others it jumps |
//! | `Shrink` | `x − clip(x, −λ, λ)`, for the bias λ; with others it jumps |
//! | `Clip` with min > max | `0 · x + max`, as the standard says since operator set 12 |

use ndarray::{ArrayD, IxDyn};

use super::layers;
use crate::io::onnx::call::{Call, Data, Operand, Wrong, wrong_attribute, wrong_shape};
use crate::io::onnx::lowering::Lowering;
use crate::io::onnx::value::{Tensor, Values};

pub fn abs(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let x = call.data(0)?;
    lowering.leaky_relu(&x, -1.0)
}

/// Slopes below 0 as a constant that broadcasts to the input.
pub fn prelu(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let x = call.data(0)?;
    let slopes = call.weights(1)?;
    let refused = |expected: &str| {
        let found =
            format!("slopes of shape {:?} for a tensor of shape {:?}", slopes.shape(), x.shape);
        Err(wrong_shape(found, expected).into())
    };
    // Before, slopes belonged to the second axis.
    if call.version < 7 && slopes.len() > 1 {
        return refused("one slope in operator sets before 7");
    }
    if slopes.broadcast(IxDyn(&x.shape)).is_none() {
        return refused("slopes that broadcast to it");
    }
    let first = slopes.iter().next().copied().unwrap_or_default();
    if slopes.iter().all(|&slope| slope == first) {
        return lowering.leaky_relu(&x, first);
    }
    let positive = lowering.relu(&x)?;
    let below = lowering.with_constant("Mul", &x, slopes.clone())?;
    let above = lowering.with_constant("Mul", &positive, slopes)?;
    let above = lowering.of_two("Sub", &positive, &above)?;
    lowering.of_two("Add", &below, &above)
}

pub fn hard_sigmoid(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let x = call.data(0)?;
    let (alpha, beta) = (call.float("alpha", 0.2)?, call.float("beta", 0.5)?);
    sloped(lowering, &x, alpha, beta)
}

/// `clip(alpha · x + beta, 0, 1)`.
pub fn sloped(lowering: &mut Lowering, x: &Data, alpha: f64, beta: f64) -> Result<Data, Wrong> {
    let scaled = lowering.with_number("Mul", x, alpha)?;
    let shifted = lowering.with_number("Add", &scaled, beta)?;
    lowering.clip(&shifted, 0.0, 1.0)
}

pub fn thresholded_relu(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let x = call.data(0)?;
    match call.float("alpha", 1.0)? {
        0.0 => lowering.relu(&x),
        alpha => {
            let expected = "0: with other thresholds it jumps, so it is not piecewise linear";
            Err(wrong_attribute("alpha", alpha.to_string(), expected).into())
        }
    }
}

pub fn shrink(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let x = call.data(0)?;
    let (bias, lambda) = (call.float("bias", 0.0)?, call.float("lambd", 0.5)?);
    if bias != lambda || lambda <= 0.0 {
        let expected =
            "that of lambd, above 0: with others it jumps, so it is not piecewise linear";
        return Err(wrong_attribute("bias", bias.to_string(), expected).into());
    }
    let middle = lowering.clip(&x, -lambda, lambda)?;
    lowering.of_two("Sub", &x, &middle)
}

/// The limits of a `Clip` where they are constants and the lower one is the larger: their
/// upper one.
fn crossed(call: &Call) -> Option<f64> {
    let limit = |index: usize| match call.peek(index) {
        Operand::Constant { tensor, .. } => match &tensor.values {
            Values::Float(values) if values.len() == 1 => values.iter().next().copied(),
            _ => None,
        },
        _ => None,
    };
    let (min, max) = (limit(1)?, limit(2)?);
    // Equal limits leave one value as well; others are the layer's business.
    (call.version >= 12 && min >= max && max.is_finite()).then_some(max)
}

pub fn clip(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let Some(value) = crossed(call) else { return layers::lower(call, lowering) };
    let x = call.data(0)?;
    call.constant(1)?;
    call.constant(2)?;
    let nothing = lowering.with_number("Mul", &x, 0.0)?;
    lowering.with_number("Add", &nothing, value)
}

pub fn fold_clip(call: &mut Call) -> Result<Tensor, Wrong> {
    let Operand::Constant { tensor, .. } = call.peek(0) else { return layers::fold(call) };
    let kind = tensor.kind;
    let Values::Integer(values) = &tensor.values else { return layers::fold(call) };
    let values: ArrayD<i64> = values.clone();
    call.constant(0)?;
    let one = |tensor: Option<std::rc::Rc<Tensor>>, default: i64| match tensor.as_deref() {
        None => Ok(default),
        Some(Tensor { values: Values::Integer(limit), kind: of })
            if *of == kind && limit.len() == 1 =>
        {
            Ok(limit.iter().next().copied().unwrap_or(default))
        }
        Some(_) => Err(wrong_shape("limits of another type", "one whole number each")),
    };
    let (min, max) = (one(call.optional(1)?, i64::MIN)?, one(call.optional(2)?, i64::MAX)?);
    Ok(Tensor { kind, values: Values::Integer(values.mapv(|value| value.max(min).min(max))) })
}
