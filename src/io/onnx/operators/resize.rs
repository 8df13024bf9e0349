//! `Resize` and `Upsample`: to the nearest pixel, or between pixels (`interpolated.rs`).
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
//! and takes the pixel that `nearest_mode` rounds this to: for whole `s` computed in whole numbers,
//! for others in single precision, as onnxruntime does, because the number in the file next to
//! 4/3, say, would put outputs beside the pixels that were meant. Before operator set 11, places
//! are rounded down, and up where pixels become fewer.

use ndarray::{ArrayD, Axis};

use super::interpolated::{self, Kernel, Stretch};
use super::{axes_of, axis_of, check_made, layers, positions};
use crate::io::onnx::call::{Call, Data, Wrong, wrong_attribute, wrong_shape};
use crate::io::onnx::lowering::Lowering;
use crate::io::onnx::value::{Tensor, Values};
use crate::network::LayerError;

/// Largest factor.
const MOST: f64 = 4_194_304.0;

/// How places were rounded before there was a choice.
const OLD: &str = "down, and up where pixels become fewer";

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
    if kernel(call)?.is_some() {
        return layers::fold(call);
    }
    let tensor = call.constant(0)?;
    Ok(tensor.picked(&nearest(call, tensor.shape())?))
}

/// Of what depends on the input.
pub fn lower(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let kernel = kernel(call)?;
    let x = call.data(0)?;
    let Some(kernel) = kernel else {
        let positions = nearest(call, &x.shape)?;
        return lowering.select(&x, &positions);
    };
    call.text("mode", "nearest")?;
    let smoothed = call.flag("antialias", false)?;
    let plan = plan(call, &x.shape)?;
    let stretches = stretches(&plan, &x.shape)?;
    if smoothed && stretches.iter().any(|stretch| stretch.factor < 1.0) {
        return Err(wrong_attribute("antialias", "1", "0 where pixels become fewer").into());
    }
    interpolated::lower(call, lowering, &x, &stretches, (&plan.coordinates, kernel))
}

/// What is taken of the pixels around a place; `None` is the nearest one.
fn kernel(call: &mut Call) -> Result<Option<Kernel>, LayerError> {
    match call.peek_text("mode").as_deref() {
        None | Some("nearest") => Ok(None),
        // The second is the word of old files.
        Some("linear" | "bilinear") => Ok(Some(Kernel::Linear)),
        Some("cubic") if call.op == "Resize" && call.version >= 11 => Ok(Some(Kernel::Cubic {
            coefficient: call.float("cubic_coeff_a", -0.75)?,
            excludes: call.flag("exclude_outside", false)?,
        })),
        Some(other) => {
            Err(wrong_attribute("mode", format!("'{other}'"), "nearest, linear or cubic"))
        }
    }
}

fn plan(call: &mut Call, shape: &[usize]) -> Result<Plan, Wrong> {
    let all = (0..shape.len()).collect();
    let plain = |scales| Plan {
        axes: all,
        scales: Some(scales),
        sizes: None,
        coordinates: "asymmetric".to_string(),
        nearest: OLD.to_string(),
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

/// What becomes of the axes that do not stay.
fn stretches(plan: &Plan, shape: &[usize]) -> Result<Vec<Stretch>, Wrong> {
    let lengths: Vec<usize> = plan.axes.iter().map(|&axis| shape[axis]).collect();
    let scales = match (&plan.scales, &plan.sizes) {
        (Some(scales), None) => scales,
        (None, Some(sizes)) => return Ok(of_sizes(&plan.axes, sizes, &lengths)?),
        _ => return Err(neither()),
    };
    let stretches = of_scales(&plan.axes, scales, &lengths)?;
    // Onnxruntime copies the image then, the standard's own implementation moves its pixels.
    if !stretches.is_empty() && stretches.iter().all(|s| s.length == shape[s.axis]) {
        let found = format!("scales {scales:?} that leave lengths {lengths:?} as they are");
        return Err(wrong_shape(found, "scales of 1, or others that change a length").into());
    }
    let is_whole = |s: &Stretch| scaled(shape[s.axis], s.factor).fract() == 0.0;
    // Onnxruntime counts whole pixels then, the standard's own implementation parts too.
    if plan.coordinates == "align_corners" && !stretches.iter().all(is_whole) {
        let found = format!("scales {scales:?} for lengths {lengths:?}, align_corners");
        return Err(wrong_shape(found, "scales that make whole lengths, or sizes").into());
    }
    Ok(stretches)
}

/// The pixel of each output.
fn nearest(call: &mut Call, shape: &[usize]) -> Result<ArrayD<usize>, Wrong> {
    call.text("mode", "nearest")?;
    call.ignore("antialias");
    let plan = plan(call, shape)?;
    let stretches = stretches(&plan, shape)?;
    let mut result = shape.to_vec();
    stretches.iter().for_each(|stretch| result[stretch.axis] = stretch.length);
    if let Some(stretch) = stretches.iter().find(|stretch| stretch.length == 0) {
        let found = format!("{} pixels that become none", shape[stretch.axis]);
        return Err(wrong_shape(found, "one at least").into());
    }
    check_made(call, shape)?;
    check_made(call, &result)?;
    let mut picked = positions(shape);
    for stretch in &stretches {
        let Stretch { axis, length, .. } = *stretch;
        let pixels = shape[axis];
        let pixel =
            |output| nearest_pixel(output, pixels, stretch, (&plan.coordinates, &plan.nearest));
        let places = (0..length).map(pixel).collect::<Result<Vec<usize>, _>>()?;
        picked = picked.select(Axis(axis), &places);
    }
    Ok(picked)
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

/// The pixel of an output, along an axis of `pixels`.
fn nearest_pixel(
    output: usize,
    pixels: usize,
    stretch: &Stretch,
    (coordinates, nearest): (&str, &str),
) -> Result<usize, LayerError> {
    let Stretch { length, factor, .. } = *stretch;
    let is_whole = factor.fract() == 0.0 && pixels as f64 * factor == length as f64;
    let place = match is_whole {
        true => {
            let all = [output, pixels, factor as usize].map(|number| number as i128);
            let (top, bottom) = exact_place(all, coordinates)?;
            rounded(top, bottom, nearest)?
        }
        false => {
            let place = single_place(output, pixels, stretch, coordinates)?;
            // A number of single precision is a fraction: of 2^30, as near as counts here.
            let bottom = 1i128 << 30;
            let nearest = match nearest {
                OLD if factor < 1.0 => "ceil",
                other => other,
            };
            rounded((f64::from(place) * bottom as f64) as i128, bottom, nearest)?
        }
    };
    Ok(usize::try_from(place.max(0)).unwrap_or(0).min(pixels.saturating_sub(1)))
}

/// The place of an output as a fraction, for a whole factor.
fn exact_place(
    [output, length, factor]: [i128; 3],
    coordinates: &str,
) -> Result<(i128, i128), LayerError> {
    Ok(match coordinates {
        "half_pixel" | "pytorch_half_pixel" | "half_pixel_symmetric" => {
            (2 * output + 1 - factor, 2 * factor)
        }
        "asymmetric" => (output, factor),
        "align_corners" => (output * (length - 1), (length * factor - 1).max(1)),
        "tf_half_pixel_for_nn" => (2 * output + 1, 2 * factor),
        other => return Err(unknown_coordinates(other)),
    })
}

/// The place of an output in single precision.
fn single_place(
    output: usize,
    pixels: usize,
    stretch: &Stretch,
    coordinates: &str,
) -> Result<f32, LayerError> {
    let (output, factor) = (output as f32, stretch.factor as f32);
    let (before, after) = (pixels as f32, stretch.length as f32);
    let centred = (output + 0.5) / factor - 0.5;
    Ok(match coordinates {
        "pytorch_half_pixel" | "align_corners" if stretch.length <= 1 => 0.0,
        "half_pixel" | "pytorch_half_pixel" => centred,
        "half_pixel_symmetric" => before / 2.0 * (1.0 - after / (factor * before)) + centred,
        "asymmetric" => output / factor,
        "align_corners" => output * (before - 1.0) / (after - 1.0),
        "tf_half_pixel_for_nn" => (output + 0.5) / factor,
        other => return Err(unknown_coordinates(other)),
    })
}

fn unknown_coordinates(found: &str) -> LayerError {
    let expected = "half_pixel, pytorch_half_pixel, half_pixel_symmetric, asymmetric, \
                    align_corners or tf_half_pixel_for_nn";
    wrong_attribute("coordinate_transformation_mode", format!("'{found}'"), expected)
}

/// A fraction as a whole number.
fn rounded(top: i128, bottom: i128, nearest: &str) -> Result<i128, LayerError> {
    Ok(match nearest {
        "floor" | OLD => top.div_euclid(bottom),
        "ceil" => -(-top).div_euclid(bottom),
        // Up from the half, or down to it.
        "round_prefer_ceil" => (2 * top + bottom).div_euclid(2 * bottom),
        "round_prefer_floor" => -(bottom - 2 * top).div_euclid(2 * bottom),
        other => {
            let expected = "round_prefer_floor, round_prefer_ceil, floor or ceil";
            return Err(wrong_attribute("nearest_mode", format!("'{other}'"), expected));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{OLD, Stretch, nearest_pixel};

    /// By hand: three pixels, twice as many.
    #[test]
    fn the_nearest_pixel_of_each_output() {
        let stretch = Stretch { axis: 0, length: 6, factor: 2.0 };
        let of = |coordinates, nearest| -> Vec<usize> {
            let pixel = |o| nearest_pixel(o, 3, &stretch, (coordinates, nearest)).unwrap();
            (0..6).map(pixel).collect()
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

    /// By hand: three pixels that become four, and four that become two.
    #[test]
    fn the_nearest_pixel_by_factors_that_are_no_whole_numbers() {
        let of = |pixels, stretch: Stretch, coordinates, nearest| -> Vec<usize> {
            let pixel = |o| nearest_pixel(o, pixels, &stretch, (coordinates, nearest)).unwrap();
            (0..stretch.length).map(pixel).collect()
        };
        let more = Stretch { axis: 0, length: 4, factor: 4.0 / 3.0 };
        // Places 0, 3/4, 3/2, 9/4.
        assert_eq!(of(3, more, "asymmetric", "floor"), [0, 0, 1, 2]);
        assert_eq!(of(3, more, "asymmetric", "round_prefer_ceil"), [0, 1, 2, 2]);
        assert_eq!(of(3, more, "asymmetric", OLD), [0, 0, 1, 2]);
        let fewer = Stretch { axis: 0, length: 2, factor: 0.5 };
        // Places 1/2 and 5/2; 0 and 2.
        assert_eq!(of(4, fewer, "half_pixel", "round_prefer_floor"), [0, 2]);
        assert_eq!(of(4, fewer, "half_pixel", "ceil"), [1, 3]);
        assert_eq!(of(4, fewer, "asymmetric", "floor"), [0, 2]);
        // Places 0, 4/3, 8/3.
        let third = Stretch { axis: 0, length: 3, factor: 0.75 };
        assert_eq!(of(4, third, "asymmetric", OLD), [0, 2, 3]);
    }
}
