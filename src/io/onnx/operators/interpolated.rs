//! `Resize` and `Upsample` between pixels: linear along each axis.
//! <https://onnx.ai/onnx/operators/onnx__Resize.html>
//!
//! Along an axis of `n` pixels that become `m` by a factor `s`, output `o` lies at
//!
//! | mode of coordinates | place `p` |
//! |---|---|
//! | `half_pixel` | `(o + ½) / s − ½` |
//! | `pytorch_half_pixel` | the same; 0 where `m = 1` |
//! | `half_pixel_symmetric` | `(o + ½) / s − ½ + n (1 − m / (s n)) / 2` |
//! | `asymmetric`; `Upsample`, and `Resize` of operator set 10 | `o / s` |
//! | `align_corners` | `o (n − 1) / (m − 1)`; 0 where `m = 1` |
//!
//! moved into `0 … n − 1`, and is `(1 − t) x[i] + t x[i + 1]` with `i = ⌊p⌋`, `t = p − i`. Places
//! and weights are `f64`; onnxruntime's are of single precision. As layers, axis by axis:
//! `Gather` twice, `Mul`, `Add`.

use ndarray::{ArrayD, IxDyn};

use super::check_made;
use crate::io::onnx::call::{Call, Data, Wrong, wrong_attribute, wrong_shape};
use crate::io::onnx::lowering::Lowering;
use crate::network::LayerError;

/// What becomes of one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    pub axis: usize,
    /// Pixels of the output.
    pub length: usize,
    /// Outputs a pixel.
    pub factor: f64,
}

/// Pixels and their weights along an axis.
#[derive(Debug, Default, PartialEq)]
struct Between {
    pixels: [Vec<usize>; 2],
    weights: [Vec<f64>; 2],
}

pub fn lower(
    call: &Call,
    lowering: &mut Lowering,
    x: &Data,
    stretches: &[Stretch],
    coordinates: &str,
) -> Result<Data, Wrong> {
    let mut y = x.clone();
    for stretch in stretches {
        let Stretch { axis, length, .. } = *stretch;
        let mut shape = y.shape.clone();
        shape[axis] = length;
        // Before memory is taken for as many.
        check_made(call, &shape)?;
        let between = between(y.shape[axis], stretch, coordinates)?;
        let [left, right] = &between.pixels;
        let lower = lowering.gather(&y, axis, left)?;
        if between.weights[1].iter().all(|&weight| weight == 0.0) {
            y = lower;
            continue;
        }
        let upper = lowering.gather(&y, axis, right)?;
        // Along the axis, and one for all behind it.
        let behind = vec![1; y.shape.len() - 1 - axis];
        let shape = IxDyn(&[vec![length], behind].concat());
        let [of_left, of_right] = between
            .weights
            .map(|weights| ArrayD::from_shape_vec(shape.clone(), weights).expect("one a pixel"));
        let lower = lowering.with_constant("Mul", &lower, of_left)?;
        let upper = lowering.with_constant("Mul", &upper, of_right)?;
        y = lowering.of_two("Add", &lower, &upper)?;
    }
    Ok(y)
}

fn between(count: usize, stretch: &Stretch, coordinates: &str) -> Result<Between, LayerError> {
    let Stretch { length, factor, .. } = *stretch;
    if count == 0 || length == 0 {
        let found = format!("{count} pixels that become {length}");
        return Err(wrong_shape(found, "one at least"));
    }
    let (n, m) = (count as f64, length as f64);
    let centred = |output: f64| (output + 0.5) / factor - 0.5;
    let mut between = Between::default();
    for output in 0..length {
        let output = output as f64;
        let place = match coordinates {
            "half_pixel" => centred(output),
            "pytorch_half_pixel" if length > 1 => centred(output),
            "align_corners" if length > 1 => output * (n - 1.0) / (m - 1.0),
            "pytorch_half_pixel" | "align_corners" => 0.0,
            "half_pixel_symmetric" => centred(output) + n * (1.0 - m / (factor * n)) / 2.0,
            "asymmetric" => output / factor,
            other => {
                let expected = "half_pixel, pytorch_half_pixel, half_pixel_symmetric, \
                                asymmetric or align_corners with mode linear";
                let name = "coordinate_transformation_mode";
                return Err(wrong_attribute(name, format!("'{other}'"), expected));
            }
        };
        let place = place.clamp(0.0, n - 1.0);
        let left = (place as usize).min(count - 1);
        let share = place - left as f64;
        between.pixels[0].push(left);
        between.pixels[1].push((left + 1).min(count - 1));
        between.weights[0].push(1.0 - share);
        between.weights[1].push(share);
    }
    Ok(between)
}

#[cfg(test)]
mod tests {
    use super::{Stretch, between};

    /// By hand: three pixels, twice as many.
    #[test]
    fn shares_of_the_pixel_above() {
        let stretch = Stretch { axis: 0, length: 6, factor: 2.0 };
        let of = |coordinates| {
            let between = between(3, &stretch, coordinates).unwrap();
            let [left, _] = between.pixels;
            let [_, shares] = between.weights;
            left.iter().zip(shares).map(|(&left, share)| left as f64 + share).collect::<Vec<_>>()
        };
        assert_eq!(of("half_pixel"), [0.0, 0.25, 0.75, 1.25, 1.75, 2.0]);
        assert_eq!(of("asymmetric"), [0.0, 0.5, 1.0, 1.5, 2.0, 2.0]);
        assert_eq!(of("align_corners"), [0.0, 0.4, 0.8, 1.2, 1.6, 2.0]);
        assert!(between(3, &stretch, "tf_crop_and_resize").is_err());
    }
}
