//! Operators that keep the elements in their order, and those that tell a shape.
//! <https://onnx.ai/onnx/operators/onnx__Reshape.html>,
//! <https://onnx.ai/onnx/operators/onnx__Squeeze.html>,
//! <https://onnx.ai/onnx/operators/onnx__Shape.html>

use ndarray::arr0;

use super::{Selection, axes_of, axis_of, positions};
use crate::io::onnx::call::{Call, Wrong, wrong_attribute, wrong_shape};
use crate::io::onnx::value::Tensor;

type Selections = Result<Vec<Selection>, Wrong>;

fn in_shape(call: &Call, shape: Vec<usize>) -> Selections {
    super::check_made(call, &shape)?;
    Ok(vec![Selection::Shape(shape)])
}

pub fn identity(_: &mut Call, shape: &[usize]) -> Selections {
    Ok(vec![Selection::Shape(shape.to_vec())])
}

/// The dimensions from `start` to `end`, a free batch as 1.
pub fn shape(call: &mut Call, shape: &[usize]) -> Result<Tensor, Wrong> {
    let rank = shape.len();
    let place = |value: i64| {
        let from_start = if value < 0 { value.saturating_add_unsigned(rank as u64) } else { value };
        usize::try_from(from_start.max(0)).unwrap_or(rank).min(rank)
    };
    let start = place(call.integer("start", 0)?);
    let end = if call.has("end") { place(call.integer("end", 0)?) } else { rank };
    let dimensions = shape[start.min(end)..end].iter().map(|&d| d as i64).collect();
    Ok(Tensor::list(dimensions))
}

pub fn size(_: &mut Call, shape: &[usize]) -> Result<Tensor, Wrong> {
    Ok(Tensor::integers(arr0(shape.iter().product::<usize>() as i64).into_dyn()))
}

pub fn reshape(call: &mut Call, shape: &[usize]) -> Selections {
    let target = call.list(1)?;
    let allow_zero = call.flag("allowzero", false)?;
    let refused = || {
        let found = format!("a tensor of shape {shape:?} to be reshaped to {target:?}");
        wrong_shape(found, "a target with as many elements and at most one -1")
    };
    let dimension = |(axis, &d): (usize, &i64)| match d {
        0 if !allow_zero => shape.get(axis).copied().map(Some).ok_or_else(refused),
        -1 => Ok(None),
        d => usize::try_from(d).map(Some).map_err(|_| refused()),
    };
    let sizes: Vec<Option<usize>> =
        target.iter().enumerate().map(dimension).collect::<Result<_, _>>()?;
    let mut known = sizes.iter().flatten();
    let known = known.try_fold(1usize, |count, &d| count.checked_mul(d)).ok_or_else(refused)?;
    let total: usize = shape.iter().product();
    let rest = match sizes.iter().filter(|d| d.is_none()).count() {
        0 if known == total => 1,
        1 if known > 0 && total.is_multiple_of(known) => total / known,
        _ => return Err(refused().into()),
    };
    in_shape(call, sizes.into_iter().map(|d| d.unwrap_or(rest)).collect())
}

pub fn flatten(call: &mut Call, shape: &[usize]) -> Selections {
    let axis = call.integer("axis", 1)?;
    let rank = shape.len();
    let from_start = if axis < 0 { axis.checked_add_unsigned(rank as u64) } else { Some(axis) };
    let place = from_start.and_then(|axis| usize::try_from(axis).ok()).filter(|&a| a <= rank);
    let place = place
        .ok_or_else(|| wrong_attribute("axis", axis.to_string(), &format!("-{rank} to {rank}")))?;
    let (front, back) = shape.split_at(place);
    in_shape(call, vec![front.iter().product(), back.iter().product()])
}

pub fn squeeze(call: &mut Call, shape: &[usize]) -> Selections {
    let axes = match call.list_of_either("axes", 1)? {
        Some(axes) => axes_of(&axes, shape.len())?,
        None => (0..shape.len()).filter(|&axis| shape[axis] == 1).collect(),
    };
    if let Some(axis) = axes.iter().find(|&&axis| shape[axis] != 1) {
        let found = format!("axis {axis} of a tensor of shape {shape:?}");
        return Err(wrong_shape(found, "one of length 1").into());
    }
    let kept = (0..shape.len()).filter(|axis| !axes.contains(axis));
    in_shape(call, kept.map(|axis| shape[axis]).collect())
}

pub fn unsqueeze(call: &mut Call, shape: &[usize]) -> Selections {
    let Some(axes) = call.list_of_either("axes", 1)? else {
        return Err(wrong_attribute("axes", "missing", "whole numbers").into());
    };
    let rank = shape.len() + axes.len();
    super::check_made(call, &vec![1; rank])?;
    let axes = axes_of(&axes, rank)?;
    let mut rest = shape.iter();
    let dimension = |axis| match axes.contains(&axis) {
        true => 1,
        false => *rest.next().expect("as many as the tensor has"),
    };
    in_shape(call, (0..rank).map(dimension).collect())
}

pub fn transpose(call: &mut Call, shape: &[usize]) -> Selections {
    let rank = shape.len();
    let axes = match call.integers("perm")? {
        None => (0..rank).rev().collect(),
        Some(axes) => {
            let places =
                axes.iter().map(|&axis| axis_of(axis, rank)).collect::<Result<Vec<_>, _>>()?;
            let each_once = places.len() == rank && (0..rank).all(|axis| places.contains(&axis));
            if !each_once {
                let expected = format!("the numbers from 0 to {}, each once", rank.max(1) - 1);
                return Err(wrong_attribute("perm", format!("{axes:?}"), &expected).into());
            }
            places
        }
    };
    super::check_made(call, shape)?;
    let permuted = positions(shape).permuted_axes(axes);
    Ok(vec![Selection::Positions(permuted.as_standard_layout().into_owned())])
}
