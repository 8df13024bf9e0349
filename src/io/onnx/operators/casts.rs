//! `Cast`, `CastLike`, `Dropout` and `DequantizeLinear`.
//! <https://onnx.ai/onnx/operators/onnx__Cast.html>,
//! <https://onnx.ai/onnx/operators/onnx__Dropout.html>,
//! <https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html>
//!
//! Constants are cast as the standard says, or refused where it leaves the result open. What
//! depends on the input may change between types of numbers only; over the reals, of which
//! all statements of Taut are, that changes nothing.

use ndarray::{ArrayD, Dimension};

use super::arithmetic::unshared;
use super::{Selection, axis_of, check_made};
use crate::io::onnx::call::{Call, Data, Wrong, wrong_attribute, wrong_operand, wrong_shape};
use crate::io::onnx::lowering::Lowering;
use crate::io::onnx::schema::data_type;
use crate::io::onnx::value::{Kind, Tensor, Values};
use crate::network::LayerError;

pub fn fold(call: &mut Call) -> Result<Tensor, Wrong> {
    let to = target(call)?;
    cast(unshared(call.constant(0)?), to)
}

pub fn fold_like(call: &mut Call) -> Result<Tensor, Wrong> {
    call.ignore("saturate");
    call.ignore("round_mode");
    let like = call.constant(1)?.kind;
    cast(unshared(call.constant(0)?), like)
}

pub fn lower(call: &mut Call, _: &mut Lowering) -> Result<Data, Wrong> {
    let to = target(call)?;
    between_numbers(call, to)
}

pub fn lower_like(call: &mut Call, _: &mut Lowering) -> Result<Data, Wrong> {
    call.ignore("saturate");
    call.ignore("round_mode");
    // The type of what depends on the input is one of numbers.
    let to =
        if call.is_data(1) { call.data(1).map(|_| Kind::FLOAT)? } else { call.constant(1)?.kind };
    between_numbers(call, to)
}

fn between_numbers(call: &mut Call, to: Kind) -> Result<Data, Wrong> {
    match to.is_float() {
        true => Ok(call.data(0)?),
        false => {
            let found = format!("a cast of what depends on the input to {}", to.name());
            let expected = "a type of numbers: rounding jumps, so it is not piecewise linear";
            Err(wrong_shape(found, expected).into())
        }
    }
}

fn target(call: &mut Call) -> Result<Kind, LayerError> {
    // Of types with 8 bits, which are not read.
    call.ignore("saturate");
    call.ignore("round_mode");
    let code = call.integer("to", 0)?;
    i32::try_from(code).ok().and_then(Kind::of).ok_or_else(|| {
        let name = i32::try_from(code).map_or_else(|_| code.to_string(), data_type::name);
        wrong_attribute("to", name, "a type of numbers, of whole numbers, or bool")
    })
}

fn cast(tensor: Tensor, to: Kind) -> Result<Tensor, Wrong> {
    let refused = |value: String| {
        let expected = format!("a number that {} holds, so that the cast is defined", to.name());
        Wrong::from(wrong_shape(format!("a cast of {value} to {}", to.name()), &expected))
    };
    let range = to.range();
    let values = match (tensor.values, range) {
        (Values::Float(values), None) => return Ok(Tensor::floats(to, values)),
        (Values::Integer(values), None) => {
            // Below 2^53 every whole number is an f64, so that one rounding is left.
            if let Some(value) = values.iter().find(|value| value.unsigned_abs() > 1 << 53) {
                return Err(refused(value.to_string()));
            }
            return Ok(Tensor::floats(to, values.mapv(|value| value as f64)));
        }
        (Values::Float(values), Some(_)) if to == Kind::BOOL => {
            values.mapv(|value| i64::from(value != 0.0))
        }
        (Values::Integer(values), Some(_)) if to == Kind::BOOL => {
            values.mapv(|value| i64::from(value != 0))
        }
        (Values::Float(values), Some((least, largest))) => {
            let fits = |value: f64| {
                let whole = value.trunc();
                whole >= least as f64 && whole <= largest as f64 && whole < 2f64.powi(63)
            };
            if let Some(value) = values.iter().find(|&&value| !fits(value)) {
                return Err(refused(value.to_string()));
            }
            values.mapv(|value| value as i64)
        }
        (Values::Integer(values), Some((least, largest))) => {
            if let Some(value) = values.iter().find(|value| !(least..=largest).contains(value)) {
                return Err(refused(value.to_string()));
            }
            values
        }
    };
    Ok(Tensor { kind: to, values: Values::Integer(values) })
}

/// In inference the identity; the form of training is refused.
pub fn dropout(call: &mut Call, shape: &[usize]) -> Result<Vec<Selection>, Wrong> {
    let training = |found: &str| {
        let expected = "the form of inference (PyTorch: model.eval() before the export)";
        Err(wrong_shape(found, expected).into())
    };
    if call.version < 7 {
        call.ignore("consumed_inputs");
        if !call.flag("is_test", false)? {
            return training("is_test = 0");
        }
    }
    call.ignore("ratio");
    call.ignore("seed");
    if call.version >= 12 {
        call.optional(1)?;
        if let Some(flag) = call.optional(2)? {
            match &flag.values {
                Values::Integer(values) if values.iter().all(|&value| value == 0) => {}
                _ => return training("training_mode = true"),
            }
        }
    }
    Ok(vec![Selection::Shape(shape.to_vec())])
}

/// `(x − zero point) · scale` for whole numbers `x`, with one scale for all, for each slice
/// along `axis`, or for each block of `block_size` slices.
pub fn dequantize(call: &mut Call) -> Result<Tensor, Wrong> {
    let axis = call.integer("axis", 1)?;
    let block = call.integer("block_size", 0)?;
    let type_of_output = call.integer("output_dtype", 0)?;
    let (x, scale, zero) = (call.constant(0)?, call.constant(1)?, call.optional(2)?);
    let (Values::Integer(numbers), Values::Float(scales)) = (&x.values, &scale.values) else {
        let found = format!("operands of types {} and {}", x.kind.name(), scale.kind.name());
        return Err(wrong_shape(found, "whole numbers and numbers").into());
    };
    let kind = match i32::try_from(type_of_output).ok() {
        Some(0) => scale.kind,
        code => code.and_then(Kind::of).filter(|kind| kind.is_float()).ok_or_else(|| {
            wrong_attribute("output_dtype", type_of_output.to_string(), "a type of numbers")
        })?,
    };
    let zeros = match zero.as_deref() {
        None => None,
        Some(Tensor { values: Values::Integer(zeros), kind })
            if *kind == x.kind && zeros.shape() == scales.shape() =>
        {
            Some(zeros)
        }
        Some(zero) => {
            let found =
                format!("zero points of type {}, shape {:?}", zero.kind.name(), zero.shape());
            let expected = format!("type {}, shape {:?}", x.kind.name(), scales.shape());
            return Err(wrong_shape(found, &expected).into());
        }
    };
    check_made(call, x.shape())?;
    let place = places(x.shape(), scales, axis, block)?;
    let mut values = ArrayD::zeros(numbers.raw_dim());
    for ((index, &number), value) in numbers.indexed_iter().zip(values.iter_mut()) {
        let at = place(index.slice());
        let shifted = match zeros.map(|zeros| zeros[at.as_slice()]) {
            None => Some(number),
            Some(zero) => number.checked_sub(zero),
        };
        // 29 digits times the 24 of a number: exact, so that one rounding is left.
        let shifted = shifted.filter(|shifted| shifted.unsigned_abs() <= 1 << 29);
        let shifted = shifted.ok_or_else(|| {
            wrong_shape("a quantised number", "one of at most 2^29 from its zero point")
        })?;
        *value = shifted as f64 * scales[at.as_slice()];
    }
    Ok(Tensor::floats(kind, values))
}

type Place = Box<dyn Fn(&[usize]) -> Vec<usize>>;

/// Where the scale of an element is among the scales.
fn places(shape: &[usize], scales: &ArrayD<f64>, axis: i64, block: i64) -> Result<Place, Wrong> {
    let refused = || {
        let found = format!("scales of shape {:?} for a tensor of shape {shape:?}", scales.shape());
        wrong_shape(found, "one scale, one a slice along axis, or one a block of block_size")
    };
    if scales.len() == 1 && block == 0 {
        let first = vec![0; scales.ndim()];
        return Ok(Box::new(move |_| first.clone()));
    }
    let axis = axis_of(axis, shape.len())?;
    if block == 0 {
        return match scales.shape() {
            [count] if *count == shape[axis] => Ok(Box::new(move |index| vec![index[axis]])),
            _ => Err(refused().into()),
        };
    }
    let block = usize::try_from(block).ok().filter(|&block| block > 0).ok_or_else(refused)?;
    let mut blocks = shape.to_vec();
    blocks[axis] = blocks[axis].div_ceil(block);
    if blocks != scales.shape() {
        return Err(refused().into());
    }
    Ok(Box::new(move |index| {
        let mut at = index.to_vec();
        at[axis] /= block;
        at
    }))
}

/// That an operand is a constant.
pub fn must_be_constant(call: &Call, index: usize, expected: &str) -> Result<(), LayerError> {
    match call.is_data(index) {
        false => Ok(()),
        true => Err(wrong_operand(index, call.peek(index), expected)),
    }
}
