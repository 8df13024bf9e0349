//! Constants out of nothing or out of others: `Constant`, `ConstantOfShape`, `OneHot`, `Range`,
//! `Concat`, `Where`.
//! <https://onnx.ai/onnx/operators/onnx__Constant.html>,
//! <https://onnx.ai/onnx/operators/onnx__ConstantOfShape.html>,
//! <https://onnx.ai/onnx/operators/onnx__Range.html>

use std::rc::Rc;

use ndarray::{Array1, ArrayD, Axis, IxDyn, Zip, arr0};

use super::arithmetic::broadcast;
use super::{axis_of, check_made};
use crate::io::onnx::call::{Call, Wrong, wrong_shape};
use crate::io::onnx::tensor;
use crate::io::onnx::value::{Kind, Tensor, Values};
use crate::io::{Beside, FormatError};
use crate::message::excerpt;
use crate::network::LayerError;

/// The value of a `Constant` node, in one of its attributes.
pub fn constant(call: &mut Call) -> Result<Tensor, Wrong> {
    let names = ["value", "sparse_value", "value_float", "value_floats", "value_int", "value_ints"];
    let list = |values: Vec<f64>| Tensor::floats(Kind::FLOAT, Array1::from(values).into_dyn());
    let name = names.into_iter().find(|name| call.has(name));
    Ok(match name {
        Some("value_float") => {
            Tensor::floats(Kind::FLOAT, arr0(call.float("value_float", 0.0)?).into_dyn())
        }
        Some("value_floats") => list(call.floats("value_floats")?.unwrap_or_default()),
        Some("value_int") => Tensor::integers(arr0(call.integer("value_int", 0)?).into_dyn()),
        Some("value_ints") => Tensor::list(call.integers("value_ints")?.unwrap_or_default()),
        Some("sparse_value") => {
            let value = call.sparse("sparse_value")?.unwrap_or_default();
            let read = tensor::read_sparse(&value, &call.name, call.most);
            read.map_err(|error| match error {
                FormatError::Content { found, expected, .. } => wrong_shape(found, &expected),
                other => unreadable("sparse_value", &other),
            })?
        }
        _ => {
            call.offer(&names);
            let value = call.tensor("value")?.ok_or_else(|| call.unknown_attribute())?;
            of_tensor(&value, call)?
        }
    })
}

/// A tensor in an attribute, which has its data inside the file.
fn of_tensor(
    value: &crate::io::onnx::schema::TensorProto,
    call: &Call,
) -> Result<Tensor, LayerError> {
    let read = tensor::read(value, &call.name, &Beside::default());
    read.map_err(|error| unreadable("value", &error))
}

fn unreadable(name: &str, error: &FormatError) -> LayerError {
    let found = format!("no tensor that can be read ({error})");
    LayerError::Attribute { name: name.to_string(), found, expected: "one".to_string() }
}

pub fn of_shape(call: &mut Call) -> Result<Tensor, Wrong> {
    let filling = match call.tensor("value")? {
        None => Tensor::floats(Kind::FLOAT, arr0(0.0).into_dyn()),
        Some(value) => of_tensor(&value, call)?,
    };
    let list = call.list(0)?;
    let shape: Option<Vec<usize>> = list.iter().map(|&d| usize::try_from(d).ok()).collect();
    let shape = shape.ok_or_else(|| {
        wrong_shape(format!("the shape {}", excerpt(&format!("{list:?}"))), "dimensions from 0")
    })?;
    check_made(call, &shape)?;
    if filling.len() != 1 {
        let found = format!("a value of shape {:?}", filling.shape());
        return Err(wrong_shape(found, "one number").into());
    }
    Ok(filling.picked(&ArrayD::zeros(IxDyn(&shape))))
}

/// `OneHot` of constants: along a new axis of `depth` places, the second of two values at the
/// index and the first elsewhere.
pub fn one_hot(call: &mut Call) -> Result<Tensor, Wrong> {
    let axis = call.integer("axis", -1)?;
    let (indices, depth, values) = (call.constant(0)?, call.constant(1)?, call.constant(2)?);
    let whole = |tensor: &Tensor| -> Option<Vec<i64>> {
        match &tensor.values {
            Values::Integer(values) => Some(values.iter().copied().collect()),
            Values::Float(values) => {
                let one =
                    |&v: &f64| (v.fract() == 0.0 && v.abs() <= 2f64.powi(53)).then_some(v as i64);
                values.iter().map(one).collect()
            }
        }
    };
    let refused = || {
        let shapes = [&indices, &depth, &values].map(|operand| operand.shape().to_vec());
        wrong_shape(
            format!("constants of shapes {shapes:?}"),
            "whole numbers, one whole number from 1, and two values",
        )
    };
    let places = whole(&indices).ok_or_else(refused)?;
    let depth = match whole(&depth).as_deref() {
        Some(&[depth]) if depth > 0 && values.shape() == [2] => depth,
        _ => return Err(refused().into()),
    };
    let rank = indices.shape().len();
    let axis = axis_of(axis, rank + 1)?;
    let mut shape = indices.shape().to_vec();
    shape.insert(axis, usize::try_from(depth).unwrap_or(usize::MAX));
    check_made(call, &shape)?;
    let inner: usize = shape[axis + 1..].iter().product();
    let chosen = (0..shape.iter().product()).map(|element: usize| {
        let (before, along) = (element / inner / shape[axis], element / inner % shape[axis]);
        let index = places[before * inner + element % inner];
        // Counted from the end where it is negative; beyond the ends it is nowhere.
        let place = if index < 0 { index.saturating_add(depth) } else { index };
        usize::from(place == along as i64)
    });
    let chosen = ArrayD::from_shape_vec(IxDyn(&shape), chosen.collect()).expect("all of them");
    Ok(values.picked(&chosen))
}

/// `start`, `start + delta`, … before `limit`.
pub fn range(call: &mut Call) -> Result<Tensor, Wrong> {
    call.ignore("stash_type");
    let parts = [call.constant(0)?, call.constant(1)?, call.constant(2)?];
    let kind = parts[0].kind;
    // Programs add up numbers in their own ways; of whole ones all make the same.
    let whole = |tensor: &Rc<Tensor>| match &tensor.values {
        _ if tensor.kind != kind || tensor.len() != 1 => None,
        Values::Integer(values) => values.iter().next().copied(),
        Values::Float(values) => {
            let value = *values.iter().next()?;
            (value.fract() == 0.0 && value.abs() <= 16_777_216.0).then_some(value as i64)
        }
    };
    let refused = || {
        let found = format!("a range of {:?}", parts.each_ref().map(|part| &part.values));
        wrong_shape(excerpt(&found), "three whole numbers of one type, the last one not 0")
    };
    let [Some(start), Some(limit), Some(delta)] = parts.each_ref().map(whole) else {
        return Err(refused().into());
    };
    let (start, limit, delta) = (i128::from(start), i128::from(limit), i128::from(delta));
    if delta == 0 {
        return Err(refused().into());
    }
    let length = limit - start;
    let count = if (length > 0) == (delta > 0) {
        (length.abs() + delta.abs() - 1) / delta.abs()
    } else {
        0
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    check_made(call, &[count])?;
    let values = (0..count).map(|i| i64::try_from(start + delta * i as i128).unwrap_or_default());
    let values = Array1::from_iter(values).into_dyn();
    Ok(match kind.is_float() {
        true => Tensor::floats(kind, values.mapv(|value| value as f64)),
        false => Tensor { kind, values: Values::Integer(values) },
    })
}

pub fn concat(call: &mut Call) -> Result<Tensor, Wrong> {
    let axis = concat_axis(call)?;
    let parts =
        (0..call.count()).map(|index| call.constant(index)).collect::<Result<Vec<_>, _>>()?;
    let refused = || {
        let shapes: Vec<&[usize]> = parts.iter().map(|part| part.shape()).collect();
        let found =
            format!("constants of shapes {} along axis {axis}", excerpt(&format!("{shapes:?}")));
        Wrong::from(wrong_shape(
            found,
            "one type, and shapes that are equal but for an axis of theirs",
        ))
    };
    let first = parts.first().ok_or_else(refused)?;
    let along = axis_of(axis, first.shape().len())?;
    let mut shape = first.shape().to_vec();
    for part in &parts[1..] {
        if part.kind != first.kind || part.shape().len() != shape.len() {
            return Err(refused());
        }
        shape[along] = shape[along].saturating_add(part.shape()[along]);
    }
    check_made(call, &shape)?;
    let values = match &first.values {
        Values::Float(_) => {
            let views: Vec<_> = parts
                .iter()
                .filter_map(|part| match &part.values {
                    Values::Float(values) => Some(values.view()),
                    Values::Integer(_) => None,
                })
                .collect();
            Values::Float(ndarray::concatenate(Axis(along), &views).map_err(|_| refused())?)
        }
        Values::Integer(_) => {
            let views: Vec<_> = parts
                .iter()
                .filter_map(|part| match &part.values {
                    Values::Integer(values) => Some(values.view()),
                    Values::Float(_) => None,
                })
                .collect();
            Values::Integer(ndarray::concatenate(Axis(along), &views).map_err(|_| refused())?)
        }
    };
    Ok(Tensor { kind: first.kind, values })
}

/// The axis of a `Concat`, which had a default in old files.
pub fn concat_axis(call: &mut Call) -> Result<i64, LayerError> {
    if !call.has("axis") && call.version >= 4 {
        let (name, found) = ("axis".to_string(), "missing".to_string());
        return Err(LayerError::Attribute { name, found, expected: "a whole number".to_string() });
    }
    call.integer("axis", 1)
}

/// `Where` of constants.
pub fn choice(call: &mut Call) -> Result<Tensor, Wrong> {
    let condition = condition(call)?;
    let (a, b) = (call.constant(1)?, call.constant(2)?);
    let shape = broadcast(call, a.shape(), b.shape())?;
    let shape = broadcast(call, &shape, condition.shape())?;
    let condition = condition.broadcast(IxDyn(&shape)).expect("a shape to broadcast to");
    if a.kind != b.kind {
        let found = format!("constants of types {} and {}", a.kind.name(), b.kind.name());
        return Err(wrong_shape(found, "operands of one type").into());
    }
    let values = match (&a.values, &b.values) {
        (Values::Float(a), Values::Float(b)) => Values::Float(chosen(&condition, a, b)),
        (Values::Integer(a), Values::Integer(b)) => Values::Integer(chosen(&condition, a, b)),
        _ => unreachable!("tensors of one type"),
    };
    Ok(Tensor { kind: a.kind, values })
}

fn chosen<T: Copy>(
    condition: &ndarray::ArrayViewD<bool>,
    a: &ArrayD<T>,
    b: &ArrayD<T>,
) -> ArrayD<T> {
    let a = a.broadcast(condition.raw_dim()).expect("a shape to broadcast to");
    let b = b.broadcast(condition.raw_dim()).expect("a shape to broadcast to");
    Zip::from(condition).and(&a).and(&b).map_collect(|&c, &a, &b| if c { a } else { b })
}

/// Takes the condition of a `Where`, operand 0.
pub fn condition(call: &mut Call) -> Result<ArrayD<bool>, LayerError> {
    super::casts::must_be_constant(
        call,
        0,
        "a constant: a choice by what depends on the input jumps, so it is not piecewise linear",
    )?;
    let condition = call.constant(0)?;
    match &condition.values {
        Values::Integer(values) if condition.kind == Kind::BOOL => Ok(values.mapv(|c| c != 0)),
        _ => {
            let found = format!("a condition of type {}", condition.kind.name());
            Err(wrong_shape(found, "type bool"))
        }
    }
}
