//! Slices at constant positions: `Slice`, `Split`, `Gather` and its relatives.
//! <https://onnx.ai/onnx/operators/onnx__Slice.html>,
//! <https://onnx.ai/onnx/operators/onnx__Split.html>,
//! <https://onnx.ai/onnx/operators/onnx__GatherElements.html>,
//! <https://onnx.ai/onnx/operators/onnx__GatherND.html>

use std::rc::Rc;

use ndarray::{ArrayD, Axis, Dimension, IxDyn};

use super::{Selection, axis_of, check_made, positions};
use crate::io::onnx::call::{Call, Wrong, wrong_attribute, wrong_shape};
use crate::io::onnx::value::{Tensor, Values};
use crate::network::LayerError;

type Selections = Result<Vec<Selection>, Wrong>;

/// From `start` to before `end` in steps along some axes; what lies outside counts as the edge.
pub fn slice(call: &mut Call, shape: &[usize]) -> Selections {
    let (starts, ends, axes, steps) = if call.has("starts") {
        let lists = (call.integers("starts")?, call.integers("ends")?);
        (lists.0.unwrap_or_default(), lists.1.unwrap_or_default(), call.integers("axes")?, None)
    } else {
        (call.list(1)?, call.list(2)?, call.optional_list(3)?, call.optional_list(4)?)
    };
    let count = starts.len();
    let axes = axes.unwrap_or_else(|| (0..count as i64).collect());
    let steps = steps.unwrap_or_else(|| vec![1; count]);
    if [ends.len(), axes.len(), steps.len()] != [count; 3] {
        let found = format!(
            "{count} starts, {} ends, {} axes, {} steps",
            ends.len(),
            axes.len(),
            steps.len()
        );
        return Err(wrong_shape(found, "as many of each").into());
    }
    check_made(call, shape)?;
    let mut picked = positions(shape);
    let mut done = Vec::new();
    for (index, &axis) in axes.iter().enumerate() {
        let axis = axis_of(axis, shape.len())?;
        if done.contains(&axis) {
            return Err(wrong_shape(format!("axes {axes:?}"), "each axis once").into());
        }
        done.push(axis);
        let places = stepped(shape[axis], starts[index], ends[index], steps[index])?;
        picked = picked.select(Axis(axis), &places);
    }
    Ok(vec![Selection::Positions(picked)])
}

/// The places from `start` to before `end` along an axis.
fn stepped(length: usize, start: i64, end: i64, step: i64) -> Result<Vec<usize>, LayerError> {
    let count = length as i64;
    let from_start = |value: i64| if value < 0 { value.saturating_add(count) } else { value };
    let (first, last) = (from_start(start), from_start(end));
    let refused = |expected: &str| {
        let found = format!("a slice from {start} to {end} in steps of {step} of {length}");
        Err(wrong_shape(found, expected))
    };
    if step > 0 {
        let (first, last) = (first.clamp(0, count), last.clamp(0, count));
        let step = usize::try_from(step).unwrap_or(usize::MAX);
        return Ok((first..last).step_by(step).map(|place| place as usize).collect());
    }
    if step == 0 {
        return refused("steps other than 0");
    }
    // Programs differ there: nothing, or the first element.
    if first < 0 {
        return refused("a start inside of the axis where steps are negative");
    }
    let (first, last) = (first.min(count - 1), last.clamp(-1, count - 1));
    let step = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
    Ok((last + 1..=first).rev().step_by(step).map(|place| place as usize).collect())
}

/// Parts along an axis: of given lengths, else equal ones, the last one shorter where the
/// number of outputs is given and does not divide the axis.
pub fn split(call: &mut Call, shape: &[usize]) -> Selections {
    let axis = axis_of(call.integer("axis", 0)?, shape.len())?;
    let length = shape[axis];
    let stated = call.list_of_either("split", 1)?;
    let parts = match call.has("num_outputs") {
        false => call.outputs,
        true => {
            let parts = call.integer("num_outputs", 0)?;
            if stated.is_some() || usize::try_from(parts).ok() != Some(call.outputs) {
                let expected = format!("{}, the number of outputs, and no lengths", call.outputs);
                return Err(wrong_attribute("num_outputs", parts.to_string(), &expected).into());
            }
            call.outputs
        }
    };
    let lengths: Vec<usize> = match &stated {
        Some(lengths) => {
            let lengths: Option<Vec<usize>> = lengths
                .iter()
                .map(|&part| usize::try_from(part).ok().filter(|&part| part <= length))
                .collect();
            lengths.unwrap_or_default()
        }
        None if length.is_multiple_of(parts) => vec![length / parts; parts],
        None if call.version >= 18 => {
            let part = length.div_ceil(parts);
            (0..parts).map(|i| length.saturating_sub(i * part).min(part)).collect()
        }
        None => Vec::new(),
    };
    if lengths.len() != parts || lengths.iter().sum::<usize>() != length {
        let found = format!(
            "lengths {:?} for {parts} outputs of an axis of {length}",
            stated.unwrap_or_default()
        );
        return Err(wrong_shape(found, "lengths with this sum, one an output").into());
    }
    check_made(call, shape)?;
    let all = positions(shape);
    let mut start = 0;
    let part = |&length: &usize| {
        start += length;
        let part = all.slice_axis(Axis(axis), (start - length..start).into());
        Selection::Positions(part.as_standard_layout().into_owned())
    };
    Ok(lengths.iter().map(part).collect())
}

/// Takes operand 1, constant positions.
pub(super) fn indices(call: &mut Call) -> Result<Rc<Tensor>, LayerError> {
    super::casts::must_be_constant(
        call,
        1,
        "constant positions: a choice by what depends on the input is not piecewise linear",
    )?;
    let indices = call.constant(1)?;
    match &indices.values {
        Values::Integer(_) => Ok(indices),
        Values::Float(_) => {
            let found = format!("positions of type {}", indices.kind.name());
            Err(wrong_shape(found, "whole numbers"))
        }
    }
}

pub(super) fn whole(tensor: &Tensor) -> &ArrayD<i64> {
    match &tensor.values {
        Values::Integer(values) => values,
        Values::Float(_) => unreachable!("checked positions"),
    }
}

/// A position along an axis, counted from its end where it is negative.
pub(super) fn place(index: i64, length: usize) -> Result<usize, LayerError> {
    let from_start =
        if index < 0 { index.checked_add_unsigned(length as u64) } else { Some(index) };
    let place = from_start.and_then(|index| usize::try_from(index).ok());
    place.filter(|&place| place < length).ok_or_else(|| {
        let expected = format!("-{length} to {}", length.max(1) - 1);
        wrong_shape(format!("index {index} along an axis of {length}"), &expected)
    })
}

pub fn gather(call: &mut Call, shape: &[usize]) -> Selections {
    let axis = axis_of(call.integer("axis", 0)?, shape.len())?;
    let indices = indices(call)?;
    let places = whole(&indices).iter().map(|&index| place(index, shape[axis]));
    let places = places.collect::<Result<Vec<usize>, _>>()?;
    let result = [&shape[..axis], indices.shape(), &shape[axis + 1..]].concat();
    check_made(call, shape)?;
    check_made(call, &result)?;
    let picked = positions(shape).select(Axis(axis), &places);
    let flat: Vec<usize> = picked.iter().copied().collect();
    let picked = ArrayD::from_shape_vec(IxDyn(&result), flat).expect("as many elements");
    Ok(vec![Selection::Positions(picked)])
}

/// Element by element: along `axis` the given position, along the others the element's own.
pub fn gather_elements(call: &mut Call, shape: &[usize]) -> Selections {
    let axis = axis_of(call.integer("axis", 0)?, shape.len())?;
    let indices = indices(call)?;
    let fits = indices.shape().len() == shape.len()
        && indices.shape().iter().zip(shape).enumerate().all(|(i, (a, b))| i == axis || a <= b);
    if !fits {
        let found =
            format!("positions of shape {:?} in a tensor of shape {shape:?}", indices.shape());
        return Err(wrong_shape(found, "as many axes, none longer but for the axis").into());
    }
    check_made(call, shape)?;
    check_made(call, indices.shape())?;
    let all = positions(shape);
    let mut picked = ArrayD::zeros(IxDyn(indices.shape()));
    for ((index, &position), element) in whole(&indices).indexed_iter().zip(picked.iter_mut()) {
        let mut at = index.slice().to_vec();
        at[axis] = place(position, shape[axis])?;
        *element = all[at.as_slice()];
    }
    Ok(vec![Selection::Positions(picked)])
}

/// The elements of slices of a tensor, one slice after the other; the last axis of `indices` has
/// the positions along the first `depth` axes, at least one.
pub(super) fn elements_of_slices(
    indices: &ArrayD<i64>,
    depth: usize,
    shape: &[usize],
) -> Result<Vec<usize>, LayerError> {
    let block: usize = shape[depth..].iter().product();
    let flat: Vec<i64> = indices.iter().copied().collect();
    let mut elements = Vec::new();
    for position in flat.chunks(depth) {
        let mut at = 0;
        for (&index, &length) in position.iter().zip(shape) {
            at = at * length + place(index, length)?;
        }
        elements.extend(at * block..(at + 1) * block);
    }
    Ok(elements)
}

/// Slices at positions of several axes at once, the last axis of the operand.
pub fn gather_nd(call: &mut Call, shape: &[usize]) -> Selections {
    if call.integer("batch_dims", 0)? != 0 {
        return Err(wrong_attribute("batch_dims", "another", "0").into());
    }
    let indices = indices(call)?;
    let refused = || {
        let found =
            format!("positions of shape {:?} in a tensor of shape {shape:?}", indices.shape());
        wrong_shape(found, "a last axis with at most as many numbers as the tensor has axes")
    };
    let (&depth, front) = indices.shape().split_last().ok_or_else(refused)?;
    if depth == 0 || depth > shape.len() {
        return Err(refused().into());
    }
    let result = [front, &shape[depth..]].concat();
    check_made(call, &result)?;
    let picked = elements_of_slices(whole(&indices), depth, shape)?;
    let picked = ArrayD::from_shape_vec(IxDyn(&result), picked).map_err(|_| refused())?;
    Ok(vec![Selection::Positions(picked)])
}
