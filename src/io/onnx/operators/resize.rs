//! `Resize` and `Upsample`: by whole factors to the nearest pixel, or by any linearly between
//! pixels (`interpolated.rs`).
//! <https://onnx.ai/onnx/operators/onnx__Resize.html>,
//! <https://onnx.ai/onnx/operators/onnx__Upsample.html>
//!
//! To the nearest, along an axis of `n` pixels and a factor `s`, output `o` lies at
//!
//! | mode of coordinates | place |
//! |---|---|
//! | `half_pixel`, `pytorch_half_pixel`, `half_pixel_symmetric` | `(2 o + 1 − s) / 2 s` |
//! | `asymmetric`; `Upsample`, and `Resize` of operator set 10 | `o / s` |
//! | `align_corners` | `o (n − 1) / (s n − 1)` |
//! | `tf_half_pixel_for_nn` | `(2 o + 1) / 2 s` |
//!
//! and takes the pixel that `nearest_mode` rounds this to: computed in whole numbers.

use ndarray::{ArrayD, Axis};

use super::interpolated::{self, Stretch};
use super::{axes_of, axis_of, check_made, layers, positions};
use crate::io::onnx::call::{Call, Data, Wrong, wrong_attribute, wrong_shape};
use crate::io::onnx::lowering::Lowering;
use crate::io::onnx::value::{Tensor, Values};
use crate::network::LayerError;

/// Largest factor.
const MOST: f64 = 4_194_304.0;

/// What a node asks for, but for its mode.
struct Plan {
    axes: Vec<usize>,
    scales: Option<Vec<f64>>,
    sizes: Option<Vec<i64>>,
    coordinates: String,
    nearest: String,
}

/// Of constants.
pub fn fold(call: &mut Call) -> Result<Tensor, Wrong> {
    if is_linear(call)? {
        return layers::fold(call);
    }
    let tensor = call.constant(0)?;
    Ok(tensor.picked(&nearest(call, tensor.shape())?))
}

/// Of what depends on the input.
pub fn lower(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let linear = is_linear(call)?;
    let x = call.data(0)?;
    if !linear {
        let positions = nearest(call, &x.shape)?;
        return lowering.select(&x, &positions);
    }
    call.text("mode", "nearest")?;
    let smoothed = call.flag("antialias", false)?;
    let plan = plan(call, &x.shape)?;
    let lengths: Vec<usize> = plan.axes.iter().map(|&axis| x.shape[axis]).collect();
    let stretches = match (plan.scales, plan.sizes) {
        (Some(scales), None) => {
            let stretches = of_scales(&plan.axes, &scales, &lengths)?;
            let is_whole = |s: &Stretch| scaled(x.shape[s.axis], s.factor).fract() == 0.0;
            // Onnxruntime counts whole pixels then, the standard's own implementation parts too.
            if plan.coordinates == "align_corners" && !stretches.iter().all(is_whole) {
                let found = format!("scales {scales:?} for lengths {lengths:?}, align_corners");
                return Err(wrong_shape(found, "scales that make whole lengths, or sizes").into());
            }
            stretches
        }
        (None, Some(sizes)) => of_sizes(&plan.axes, &sizes, &lengths)?,
        _ => return Err(neither()),
    };
    if smoothed && stretches.iter().any(|stretch| stretch.factor < 1.0) {
        return Err(wrong_attribute("antialias", "1", "0 where pixels become fewer").into());
    }
    interpolated::lower(call, lowering, &x, &stretches, &plan.coordinates)
}

fn is_linear(call: &Call) -> Result<bool, LayerError> {
    match call.peek_text("mode").as_deref() {
        None | Some("nearest") => Ok(false),
        // The second is the word of old files.
        Some("linear" | "bilinear") => Ok(true),
        Some(other) => Err(wrong_attribute("mode", format!("'{other}'"), "nearest or linear")),
    }
}

fn plan(call: &mut Call, shape: &[usize]) -> Result<Plan, Wrong> {
    let all = (0..shape.len()).collect();
    let plain = |scales| Plan {
        axes: all,
        scales: Some(scales),
        sizes: None,
        coordinates: "asymmetric".to_string(),
        nearest: "floor".to_string(),
    };
    if call.op == "Upsample" || call.version < 11 {
        let scales = match call.floats("scales")? {
            Some(scales) => scales,
            None => floats(call, 1)?.unwrap_or_default(),
        };
        return Ok(plain(scales));
    }
    // Only other modes look at these.
    call.ignore("cubic_coeff_a");
    call.ignore("exclude_outside");
    call.ignore("extrapolation_value");
    let policy = call.text("keep_aspect_ratio_policy", "stretch")?;
    let coordinates = call.text("coordinate_transformation_mode", "half_pixel")?;
    let nearest = call.text("nearest_mode", "round_prefer_floor")?;
    let axes = match call.integers("axes")? {
        None => (0..shape.len()).collect(),
        Some(axes) => {
            // Each once.
            axes_of(&axes, shape.len())?;
            axes.iter().map(|&a| axis_of(a, shape.len())).collect::<Result<Vec<_>, _>>()?
        }
    };
    call.optional(1)?;
    let scales = floats(call, 2)?.filter(|scales| !scales.is_empty());
    let sizes = call.optional_list(3)?.filter(|sizes| !sizes.is_empty());
    if sizes.is_some() && policy != "stretch" {
        let (name, expected) = ("keep_aspect_ratio_policy", "stretch");
        return Err(wrong_attribute(name, format!("'{policy}'"), expected).into());
    }
    Ok(Plan { axes, scales, sizes, coordinates, nearest })
}

fn neither() -> Wrong {
    wrong_shape("both scales and sizes, or none", "one of them").into()
}

/// The pixel of each output.
fn nearest(call: &mut Call, shape: &[usize]) -> Result<ArrayD<usize>, Wrong> {
    call.text("mode", "nearest")?;
    call.ignore("antialias");
    let plan = plan(call, shape)?;
    let lengths: Vec<usize> = plan.axes.iter().map(|&axis| shape[axis]).collect();
    let chosen = match (plan.scales, plan.sizes) {
        (Some(scales), None) => whole_factors(&scales, &lengths)?,
        (None, Some(sizes)) => factors_of_sizes(&sizes, &lengths)?,
        _ => return Err(neither()),
    };
    let mut factors = vec![1; shape.len()];
    plan.axes.iter().zip(chosen).for_each(|(&axis, factor)| factors[axis] = factor);
    stretched(call, shape, &factors, &plan.coordinates, &plan.nearest)
}

/// What becomes of the axes by scales, those left out that stay.
fn of_scales(
    axes: &[usize],
    scales: &[f64],
    lengths: &[usize],
) -> Result<Vec<Stretch>, LayerError> {
    if scales.len() != axes.len() || !scales.iter().all(|s| (1.0 / MOST..=MOST).contains(s)) {
        let found = format!("scales {scales:?} for {} axes", axes.len());
        return Err(wrong_shape(found, "a number above 0 for each"));
    }
    let one = |((&axis, &factor), &length): ((&usize, &f64), &usize)| {
        // Rounded down, as the standard says.
        Stretch { axis, length: scaled(length, factor) as usize, factor }
    };
    let all = axes.iter().zip(scales).zip(lengths).map(one);
    Ok(all.filter(|stretch| stretch.factor != 1.0).collect())
}

/// A length times a factor, in the type of scales: 3 times the number next to 4/3 is 4 there.
fn scaled(length: usize, factor: f64) -> f32 {
    length as f32 * factor as f32
}

/// What becomes of the axes by sizes, those left out that stay.
fn of_sizes(axes: &[usize], sizes: &[i64], lengths: &[usize]) -> Result<Vec<Stretch>, LayerError> {
    let sized: Option<Vec<usize>> = sizes.iter().map(|&s| usize::try_from(s).ok()).collect();
    let sized = sized.filter(|sized| sized.len() == axes.len()).ok_or_else(|| {
        let found = format!("sizes {sizes:?} for {} axes", axes.len());
        wrong_shape(found, "a whole number for each")
    })?;
    let one = |((&axis, length), &before): ((&usize, usize), &usize)| Stretch {
        axis,
        length,
        factor: length as f64 / before.max(1) as f64,
    };
    let all = axes.iter().zip(sized).zip(lengths);
    Ok(all.filter(|((_, length), before)| length != *before).map(one).collect())
}

fn floats(call: &mut Call, index: usize) -> Result<Option<Vec<f64>>, LayerError> {
    let Some(tensor) = call.optional(index)? else { return Ok(None) };
    match &tensor.values {
        Values::Float(values) => Ok(Some(values.iter().copied().collect())),
        Values::Integer(_) => Err(wrong_shape("whole numbers as scales", "numbers")),
    }
}

fn whole_factors(scales: &[f64], lengths: &[usize]) -> Result<Vec<usize>, LayerError> {
    let whole = |&scale: &f64| scale.fract() == 0.0 && (1.0..=MOST).contains(&scale);
    match scales.len() == lengths.len() && scales.iter().all(whole) {
        true => Ok(scales.iter().map(|&scale| scale as usize).collect()),
        false => {
            let found = format!("scales {scales:?} for lengths {lengths:?}");
            Err(wrong_shape(found, "a whole number from 1 each"))
        }
    }
}

fn factors_of_sizes(sizes: &[i64], lengths: &[usize]) -> Result<Vec<usize>, LayerError> {
    let factor = |(&size, &length): (&i64, &usize)| {
        let size = usize::try_from(size).ok()?;
        (size > 0 && size % length.max(1) == 0).then(|| size / length.max(1))
    };
    let factors: Option<Vec<usize>> = sizes.iter().zip(lengths).map(factor).collect();
    factors.filter(|_| sizes.len() == lengths.len()).ok_or_else(|| {
        let found = format!("sizes {sizes:?} for lengths {lengths:?}");
        wrong_shape(found, "a multiple of the length each")
    })
}

fn stretched(
    call: &Call,
    shape: &[usize],
    factors: &[usize],
    coordinates: &str,
    nearest: &str,
) -> Result<ArrayD<usize>, Wrong> {
    let result: Vec<usize> = shape.iter().zip(factors).map(|(d, f)| d.saturating_mul(*f)).collect();
    check_made(call, &result)?;
    let mut picked = positions(shape);
    for (axis, (&length, &factor)) in shape.iter().zip(factors).enumerate() {
        let place =
            |output| nearest_pixel(output, length as i128, factor as i128, coordinates, nearest);
        if factor > 1 {
            let places = (0..(length * factor) as i128).map(place);
            picked = picked.select(Axis(axis), &places.collect::<Result<Vec<usize>, _>>()?);
        }
    }
    Ok(picked)
}

/// The pixel of an output, along an axis.
fn nearest_pixel(
    output: i128,
    length: i128,
    factor: i128,
    coordinates: &str,
    nearest: &str,
) -> Result<usize, LayerError> {
    // The place as a fraction.
    let (top, bottom) = match coordinates {
        "half_pixel" | "pytorch_half_pixel" | "half_pixel_symmetric" => {
            (2 * output + 1 - factor, 2 * factor)
        }
        "asymmetric" => (output, factor),
        "align_corners" => (output * (length - 1), (length * factor - 1).max(1)),
        "tf_half_pixel_for_nn" => (2 * output + 1, 2 * factor),
        other => {
            let expected = "half_pixel, pytorch_half_pixel, half_pixel_symmetric, asymmetric, \
                            align_corners or tf_half_pixel_for_nn";
            let name = "coordinate_transformation_mode";
            return Err(wrong_attribute(name, format!("'{other}'"), expected));
        }
    };
    let place = match nearest {
        "floor" => top.div_euclid(bottom),
        "ceil" => -(-top).div_euclid(bottom),
        // Up from the half, or down to it.
        "round_prefer_ceil" => (2 * top + bottom).div_euclid(2 * bottom),
        "round_prefer_floor" => -(bottom - 2 * top).div_euclid(2 * bottom),
        other => {
            let expected = "round_prefer_floor, round_prefer_ceil, floor or ceil";
            return Err(wrong_attribute("nearest_mode", format!("'{other}'"), expected));
        }
    };
    Ok(usize::try_from(place.clamp(0, length - 1)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::nearest_pixel;

    /// By hand: three pixels, twice as many.
    #[test]
    fn the_nearest_pixel_of_each_output() {
        let of = |coordinates, nearest| -> Vec<usize> {
            (0..6).map(|o| nearest_pixel(o, 3, 2, coordinates, nearest).unwrap()).collect()
        };
        // Places −1/4, 1/4, 3/4, 5/4, 7/4, 9/4.
        assert_eq!(of("half_pixel", "round_prefer_floor"), [0, 0, 1, 1, 2, 2]);
        assert_eq!(of("half_pixel", "floor"), [0, 0, 0, 1, 1, 2]);
        assert_eq!(of("half_pixel", "ceil"), [0, 1, 1, 2, 2, 2]);
        // Places 0, 1/2, 1, 3/2, 2, 5/2.
        assert_eq!(of("asymmetric", "round_prefer_floor"), [0, 0, 1, 1, 2, 2]);
        assert_eq!(of("asymmetric", "round_prefer_ceil"), [0, 1, 1, 2, 2, 2]);
        // Places 0, 2/5, 4/5, 6/5, 8/5, 2.
        assert_eq!(of("align_corners", "round_prefer_floor"), [0, 0, 1, 1, 2, 2]);
    }
}
