//! Affine maps with constants a channel or a feature: `BatchNormalization` in inference, and of
//! `ai.onnx.ml` `Scaler` and `LinearRegressor`.
//! <https://onnx.ai/onnx/operators/onnx__BatchNormalization.html>,
//! <https://onnx.ai/onnx/operators/onnx_aionnxml_Scaler.html>,
//! <https://onnx.ai/onnx/operators/onnx_aionnxml_LinearRegressor.html>
//!
//! `BatchNormalization` as read is *defined* as `a x + b` with the `f64`s
//! `a = scale / √(variance + ε)`, rounded at each of its three steps, and `b`, next to
//! `B − mean · a`.

use ndarray::{Array1, ArrayD, IxDyn};

use crate::io::onnx::call::{Call, Data, Wrong, wrong_attribute, wrong_shape};
use crate::io::onnx::lowering::Lowering;
use crate::network::LayerError;

/// ε where it is left out, from the standard.
const DEFAULT_EPSILON: f32 = 1e-5;

pub fn batch(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    inference(call)?;
    let epsilon = call.float("epsilon", DEFAULT_EPSILON)?;
    call.ignore("momentum");
    let x = call.data(0)?;
    // A tensor of one axis has one channel.
    let channels = x.shape.get(1).copied().unwrap_or(1);
    let mut constants = Vec::new();
    for index in 1..5 {
        let values = call.weights(index)?;
        if values.shape() != [channels] {
            let found = format!("a constant of shape {:?}", values.shape());
            let expected = format!("shape [{channels}], one a channel");
            return Err(LayerError::Operand { index, found, expected }.into());
        }
        constants.push(values.into_iter().collect::<Vec<f64>>());
    }
    let [scale, bias, mean, variance] = [0, 1, 2, 3].map(|i| constants[i].as_slice());
    let mut factors = Vec::new();
    let mut offsets = Vec::new();
    for channel in 0..channels {
        let factor = scale[channel] / (variance[channel] + epsilon).sqrt();
        let offset = (-mean[channel]).mul_add(factor, bias[channel]);
        if !factor.is_finite() || !offset.is_finite() {
            let found = format!("variance {} and epsilon {epsilon}", variance[channel]);
            return Err(wrong_shape(found, "a sum above 0").into());
        }
        factors.push(factor);
        offsets.push(offset);
    }
    let shape = [&[channels][..], &vec![1; x.shape.len().saturating_sub(2)]].concat();
    let shaped = |values: Vec<f64>| -> ArrayD<f64> {
        ArrayD::from_shape_vec(IxDyn(&shape), values).expect("one a channel")
    };
    let scaled = lowering.with_constant("Mul", &x, shaped(factors))?;
    lowering.with_constant("Add", &scaled, shaped(offsets))
}

/// That the node is in the form of inference.
fn inference(call: &mut Call) -> Result<(), LayerError> {
    let expected = "the form of inference (PyTorch: model.eval() before the export)";
    if call.version < 7 {
        call.ignore("consumed_inputs");
        if !call.flag("is_test", false)? {
            return Err(wrong_attribute("is_test", "0", expected));
        }
    }
    if call.version < 9 && !call.flag("spatial", true)? {
        return Err(wrong_attribute("spatial", "0", "1: statistics a channel"));
    }
    if call.flag("training_mode", false)? {
        return Err(wrong_attribute("training_mode", "1", expected));
    }
    // Before operator set 14 the number of outputs told the form.
    match call.outputs {
        1 => Ok(()),
        outputs => Err(wrong_shape(format!("{outputs} outputs"), expected)),
    }
}

/// `(x − offset) · scale`, one number each for all features or one a feature.
pub fn scaler(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let mut x = call.data(0)?;
    let features = x.shape.last().copied().unwrap_or(1);
    for (name, op) in [("offset", "Sub"), ("scale", "Mul")] {
        let Some(values) = call.floats(name)? else { continue };
        if values.len() != 1 && values.len() != features {
            let expected = format!("1 or {features}, one a feature");
            return Err(
                wrong_attribute(name, format!("{} numbers", values.len()), &expected).into()
            );
        }
        x = lowering.with_constant(op, &x, Array1::from(values).into_dyn())?;
    }
    Ok(x)
}

/// `x Wᵀ + b`, `W`: targets × features.
pub fn linear_regressor(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let x = call.data(0)?;
    let [_, features] = *x.shape.as_slice() else {
        return Err(wrong_shape(format!("a tensor of shape {:?}", x.shape), "a matrix").into());
    };
    let transform = call.text("post_transform", "NONE")?;
    if transform != "NONE" {
        let expected = "NONE: other transforms are not piecewise linear";
        return Err(wrong_attribute("post_transform", format!("'{transform}'"), expected).into());
    }
    let targets = call.integer("targets", 1)?;
    let count = usize::try_from(targets).ok().filter(|&count| count > 0);
    let weights = call.floats("coefficients")?.unwrap_or_default();
    let Some(count) = count.filter(|count| count.checked_mul(features) == Some(weights.len()))
    else {
        let expected = format!("{features} for each of {targets} targets");
        let found = format!("{} numbers", weights.len());
        return Err(wrong_attribute("coefficients", found, &expected).into());
    };
    let weights = ArrayD::from_shape_vec(IxDyn(&[count, features]), weights).expect("their number");
    let weights = weights.reversed_axes().as_standard_layout().into_owned();
    let product = lowering.matmul(&x, weights)?;
    match call.floats("intercepts")? {
        None => Ok(product),
        Some(bias) if bias.len() == count => {
            lowering.with_constant("Add", &product, Array1::from(bias).into_dyn())
        }
        Some(bias) => {
            let found = format!("{} numbers", bias.len());
            Err(wrong_attribute("intercepts", found, &format!("{count}, one a target")).into())
        }
    }
}
