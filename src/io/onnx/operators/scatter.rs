//! `ScatterND`, `ScatterElements` and the old `Scatter`: operand 0 with the elements at constant
//! positions replaced by those of operand 2, as `y[:, 0] = z` becomes in PyTorch's files.
//! <https://onnx.ai/onnx/operators/onnx__ScatterND.html>,
//! <https://onnx.ai/onnx/operators/onnx__ScatterElements.html>
//!
//! Each element of the result is one of operand 0 or one of operand 2: a selection from both, one
//! behind the other.

use ndarray::{ArrayD, Dimension, IxDyn};

use super::slices::{elements_of_slices, indices, place, whole};
use super::{axis_of, check_made, positions};
use crate::io::onnx::call::{Call, Data, Wrong, wrong_attribute, wrong_operand, wrong_shape};
use crate::io::onnx::lowering::{Lowering, numbers, row_major, value};
use crate::io::onnx::value::{Tensor, Values};
use crate::network::{Argument, LayerError};

/// Where each element of the result comes from: its number in operand 0, or, counted on behind
/// these, in operand 2.
type Sources = ArrayD<usize>;

pub fn fold(call: &mut Call) -> Result<Tensor, Wrong> {
    let (before, written) = (call.constant(0)?, call.constant(2)?);
    let sources = sources(call, before.shape(), written.shape())?;
    let values = match (&before.values, &written.values) {
        (Values::Float(a), Values::Float(b)) if before.kind == written.kind => {
            Values::Float(a.iter().chain(b).copied().collect::<ndarray::Array1<f64>>().into_dyn())
        }
        (Values::Integer(a), Values::Integer(b)) if before.kind == written.kind => {
            Values::Integer(a.iter().chain(b).copied().collect::<ndarray::Array1<i64>>().into_dyn())
        }
        _ => {
            let found =
                format!("constants of types {} and {}", before.kind.name(), written.kind.name());
            return Err(wrong_shape(found, "operands of one type").into());
        }
    };
    Ok(Tensor { kind: before.kind, values }.picked(&sources))
}

pub fn lower(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let (before, written) = (shape_of(call, 0)?, shape_of(call, 2)?);
    let sources = sources(call, &before, &written)?;
    let sizes = [before.iter().product::<usize>(), written.iter().product()];
    let rows = lowering.assembly.rows();
    // Row by row, so that rows of a batch stay apart where they can.
    let blocks = if sizes.iter().all(|size| size.is_multiple_of(rows)) { rows } else { 1 };
    let widths = sizes.map(|size| size / blocks);
    let both = widths[0] + widths[1];
    let within = |source: usize| match source.checked_sub(sizes[0]) {
        None => source / widths[0] * both + source % widths[0],
        Some(source) => source / widths[1] * both + widths[0] + source % widths[1],
    };
    let mut parts = Vec::new();
    for (index, width) in [(0, widths[0]), (2, widths[1])] {
        if width > 0 {
            parts.push(block(call, lowering, index, [blocks, width])?);
        }
    }
    let joined = lowering.concat(parts, 1)?;
    lowering.select(&joined, &sources.mapv(within))
}

/// An operand, a block a row.
fn block(
    call: &mut Call,
    lowering: &mut Lowering,
    index: usize,
    shape: [usize; 2],
) -> Result<Argument, Wrong> {
    if call.is_data(index) {
        let data = call.data(index)?;
        return Ok(value(&lowering.reshape(&data, &shape)?));
    }
    let flat = row_major(call.weights(index)?).into_raw_vec_and_offset().0;
    Ok(numbers(ArrayD::from_shape_vec(IxDyn(&shape), flat).expect("as many elements")))
}

fn shape_of(call: &Call, index: usize) -> Result<Vec<usize>, LayerError> {
    let operand = call.peek(index);
    let shape = operand.shape().map(<[usize]>::to_vec);
    shape.ok_or_else(|| wrong_operand(index, operand, "a tensor"))
}

fn sources(call: &mut Call, shape: &[usize], written: &[usize]) -> Result<Sources, Wrong> {
    let reduction = call.text("reduction", "none")?;
    if reduction != "none" {
        return Err(wrong_attribute("reduction", format!("'{reduction}'"), "none").into());
    }
    check_made(call, shape)?;
    match call.op.as_str() {
        "ScatterND" => of_slices(call, shape, written),
        _ => of_elements(call, shape, written),
    }
}

/// Slices at positions of several axes at once, the last axis of operand 1.
fn of_slices(call: &mut Call, shape: &[usize], written: &[usize]) -> Result<Sources, Wrong> {
    let indices = indices(call)?;
    let refused = || {
        let found = format!(
            "positions of shape {:?} for {written:?} in a tensor of shape {shape:?}",
            indices.shape()
        );
        wrong_shape(found, "a last axis with a number for each of the first axes")
    };
    let (&depth, front) = indices.shape().split_last().ok_or_else(refused)?;
    if depth == 0 || depth > shape.len() || written != [front, &shape[depth..]].concat() {
        return Err(refused().into());
    }
    replaced(shape, elements_of_slices(whole(&indices), depth, shape)?)
}

/// Element by element: along `axis` at the given position, along the others at its own.
fn of_elements(call: &mut Call, shape: &[usize], written: &[usize]) -> Result<Sources, Wrong> {
    let axis = axis_of(call.integer("axis", 0)?, shape.len())?;
    let indices = indices(call)?;
    let fits = written == indices.shape()
        && written.len() == shape.len()
        && written.iter().zip(shape).enumerate().all(|(i, (a, b))| i == axis || a <= b);
    if !fits {
        let found = format!(
            "positions of shape {:?} for {written:?} in a tensor of shape {shape:?}",
            indices.shape()
        );
        return Err(wrong_shape(found, "one for each, none longer but for the axis").into());
    }
    let all = positions(shape);
    let mut places = Vec::new();
    for (index, &position) in whole(&indices).indexed_iter() {
        let mut at = index.slice().to_vec();
        at[axis] = place(position, shape[axis])?;
        places.push(all[at.as_slice()]);
    }
    replaced(shape, places)
}

/// The sources where the elements at `places` are those of operand 2, one after the other.
fn replaced(shape: &[usize], places: Vec<usize>) -> Result<Sources, Wrong> {
    let mut sources = positions(shape);
    let flat = sources.as_slice_mut().expect("standard layout");
    let size = flat.len();
    for (number, place) in places.into_iter().enumerate() {
        if flat[place] >= size {
            let found = "a position that is written twice";
            return Err(
                wrong_shape(found, "each once: the standard leaves open which counts").into()
            );
        }
        flat[place] = size + number;
    }
    Ok(sources)
}
