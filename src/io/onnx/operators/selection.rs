//! Elements in other places: `Expand`, `Tile`, `DepthToSpace`, `SpaceToDepth`, `Pad`.
//! <https://onnx.ai/onnx/operators/onnx__Expand.html>,
//! <https://onnx.ai/onnx/operators/onnx__DepthToSpace.html>,
//! <https://onnx.ai/onnx/operators/onnx__Pad.html>

use ndarray::{ArrayD, Axis, IxDyn};

use super::arithmetic::broadcast;
use super::{Selection, axis_of, check_made, layers, positions};
use crate::io::onnx::call::{Call, Data, Operand, Wrong, wrong_attribute, wrong_shape};
use crate::io::onnx::lowering::{Lowering, value};
use crate::io::onnx::value::Values;
use crate::network::{Argument, Attributes, Constant, LayerError};

type Selections = Result<Vec<Selection>, Wrong>;

/// Most elements on one side of a tensor.
const MOST_PADS: i64 = 1 << 22;

fn sizes(list: &[i64]) -> Result<Vec<usize>, LayerError> {
    let sizes: Option<Vec<usize>> = list.iter().map(|&d| usize::try_from(d).ok()).collect();
    sizes.ok_or_else(|| wrong_shape(format!("{list:?}"), "whole numbers from 0"))
}

/// To the shape that the tensor's and the given one broadcast to.
pub fn expand(call: &mut Call, shape: &[usize]) -> Selections {
    let target = sizes(&call.list(1)?)?;
    let result = broadcast(call, shape, &target)?;
    if result == shape {
        return Ok(vec![Selection::Shape(result)]);
    }
    let all = positions(shape);
    let repeated = all.broadcast(IxDyn(&result)).expect("a shape to broadcast to");
    Ok(vec![Selection::Positions(repeated.as_standard_layout().into_owned())])
}

/// So often along each axis.
pub fn tile(call: &mut Call, shape: &[usize]) -> Selections {
    let repeats = sizes(&call.list(1)?)?;
    if repeats.len() != shape.len() {
        let found = format!("{} repeats for a tensor of shape {shape:?}", repeats.len());
        return Err(wrong_shape(found, "one an axis").into());
    }
    let result: Vec<usize> =
        shape.iter().zip(&repeats).map(|(d, r)| d.saturating_mul(*r)).collect();
    check_made(call, &result)?;
    let mut picked = positions(shape);
    for (axis, &times) in repeats.iter().enumerate() {
        let length = shape[axis];
        let places: Vec<usize> = (0..times).flat_map(|_| 0..length).collect();
        picked = picked.select(Axis(axis), &places);
    }
    Ok(vec![Selection::Positions(picked)])
}

/// Takes the size of the blocks, and gives rows, channels, height, width.
fn blocks(call: &mut Call, shape: &[usize]) -> Result<(usize, [usize; 4]), LayerError> {
    let size = call.integer("blocksize", 0)?;
    let block = usize::try_from(size).ok().filter(|&block| (1..1 << 16).contains(&block));
    match (block, <[usize; 4]>::try_from(shape)) {
        (Some(block), Ok(shape)) => Ok((block, shape)),
        _ => {
            let found = format!("blocks of {size} in a tensor of shape {shape:?}");
            Err(wrong_shape(found, "blocks from 1 in images [rows, channels, height, width]"))
        }
    }
}

/// Blocks of channels as blocks of pixels.
pub fn depth_to_space(call: &mut Call, shape: &[usize]) -> Selections {
    let (b, [rows, channels, height, width]) = blocks(call, shape)?;
    let mode = call.text("mode", "DCR")?;
    let rest = channels / (b * b);
    let (split, axes) = match mode.as_str() {
        "DCR" => ([rows, b, b, rest, height, width], [0, 3, 4, 1, 5, 2]),
        "CRD" => ([rows, rest, b, b, height, width], [0, 1, 4, 2, 5, 3]),
        _ => return Err(wrong_attribute("mode", format!("'{mode}'"), "DCR or CRD").into()),
    };
    if rest * b * b != channels {
        let found = format!("{channels} channels in blocks of {b} × {b}");
        return Err(wrong_shape(found, "a number that they divide").into());
    }
    turned(call, shape, &split, &axes, &[rows, rest, height * b, width * b])
}

/// Blocks of pixels as blocks of channels.
pub fn space_to_depth(call: &mut Call, shape: &[usize]) -> Selections {
    let (b, [rows, channels, height, width]) = blocks(call, shape)?;
    let mode = call.text("mode", "DCR")?;
    if height % b != 0 || width % b != 0 {
        let found = format!("an image of {height} × {width} in blocks of {b} × {b}");
        return Err(wrong_shape(found, "sizes that they divide").into());
    }
    let axes = match mode.as_str() {
        "DCR" => [0, 3, 5, 1, 2, 4],
        "CRD" => [0, 1, 3, 5, 2, 4],
        _ => return Err(wrong_attribute("mode", format!("'{mode}'"), "DCR or CRD").into()),
    };
    let split = [rows, channels, height / b, b, width / b, b];
    turned(call, shape, &split, &axes, &[rows, channels * b * b, height / b, width / b])
}

fn turned(
    call: &Call,
    shape: &[usize],
    split: &[usize],
    axes: &[usize],
    result: &[usize],
) -> Selections {
    check_made(call, shape)?;
    let flat = positions(shape).into_raw_vec_and_offset().0;
    let apart = ArrayD::from_shape_vec(IxDyn(split), flat).expect("as many elements");
    let flat: Vec<usize> = apart.permuted_axes(IxDyn(axes)).iter().copied().collect();
    let picked = ArrayD::from_shape_vec(IxDyn(result), flat).expect("as many elements");
    Ok(vec![Selection::Positions(picked)])
}

/// In the form of the layer `Pad`; else axis by axis: what negative pads cut off, then what the
/// mode puts around.
pub fn pad(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let mode = call.text("mode", "constant")?;
    let in_operand = match call.peek(1) {
        Operand::Constant { tensor, .. } => match &tensor.values {
            Values::Integer(pads) => pads.iter().all(|&pad| pad >= 0),
            Values::Float(_) => true,
        },
        _ => true,
    };
    let in_attribute =
        call.peek_integers("pads").is_none_or(|pads| pads.iter().all(|&pad| pad >= 0));
    if mode == "constant" && call.count() <= 3 && in_operand && in_attribute {
        return layers::lower(call, lowering);
    }
    let x = call.data(0)?;
    let pads = call.list_of_either("pads", 1)?.unwrap_or_default();
    let filling = match call.optional_float("value")? {
        Some(value) => value,
        None => call.optional_number(2)?.unwrap_or(0.0),
    };
    let axes = match call.optional_list(3)? {
        None => (0..x.shape.len()).collect(),
        Some(axes) => {
            axes.iter().map(|&a| axis_of(a, x.shape.len())).collect::<Result<Vec<_>, _>>()?
        }
    };
    if pads.len() != 2 * axes.len()
        || pads.iter().any(|pad| !(-MOST_PADS..=MOST_PADS).contains(pad))
    {
        let found = format!("pads {pads:?} for axes {axes:?}");
        return Err(wrong_shape(found, "two whole numbers an axis, none beyond 4194304").into());
    }
    let mut y = x.clone();
    let mut outside = vec![0; 2 * x.shape.len()];
    for (index, &axis) in axes.iter().enumerate() {
        let (before, after) = (pads[index], pads[axes.len() + index]);
        let places = match mode.as_str() {
            "constant" => {
                (outside[axis], outside[x.shape.len() + axis]) = (before.max(0), after.max(0));
                (before.min(0), after.min(0))
            }
            _ => (before, after),
        };
        let places = around(&mode, x.shape[axis], places)?;
        y = lowering.gather(&y, axis, &places)?;
    }
    if outside.iter().all(|&pad| pad == 0) {
        return Ok(y);
    }
    let list = ndarray::Array1::from(outside).into_dyn();
    let filling = ndarray::arr0(filling).into_dyn();
    let arguments = vec![
        value(&y),
        Argument::Constant(Constant::Integer(list)),
        Argument::Constant(Constant::Float(filling)),
    ];
    lowering.add("Pad", Attributes::new(), arguments)
}

/// The places along an axis of the elements of the padded one.
fn around(
    mode: &str,
    length: usize,
    (before, after): (i64, i64),
) -> Result<Vec<usize>, LayerError> {
    let refused = |expected: &str| {
        Err(wrong_shape(
            format!("pads {before} and {after} in mode '{mode}' of an axis of {length}"),
            expected,
        ))
    };
    let count = length as i64;
    let places = -before..count + after;
    if places.is_empty() {
        return refused("an element that is left");
    }
    let inside = |place: i64| -> i64 {
        match mode {
            "wrap" => place.rem_euclid(count),
            "edge" => place.clamp(0, count - 1),
            // Mirrored at the first and the last element, which stay single.
            "reflect" if place < 0 => -place,
            "reflect" if place >= count => 2 * (count - 1) - place,
            _ => place,
        }
    };
    let reaches = match mode {
        "constant" => before <= 0 && after <= 0,
        "reflect" => before >= 0 && after >= 0 && before < count && after < count,
        "edge" | "wrap" => before >= 0 && after >= 0,
        _ => {
            let expected = "constant, reflect, edge or wrap";
            return Err(wrong_attribute("mode", format!("'{mode}'"), expected));
        }
    };
    match reaches {
        true => Ok(places.map(|place| inside(place) as usize).collect()),
        false => refused("pads from 0, for reflect less than the axis is long"),
    }
}
