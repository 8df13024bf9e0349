//! `Resize` and `Upsample` between pixels: linear or cubic along each axis.
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
//! With `i = ⌊p⌋`, `t = p − i` it is
//!
//! - linear: `(1 − t) x[i] + t x[i + 1]`, with `p` moved into `0 … n − 1`;
//! - cubic, with the coefficient `a`: `Σ w(t − k) x[i + k]` for `k = −1 … 2`, where
//!   `w(d) = (a + 2)|d|³ − (a + 3)|d|² + 1` up to `|d| = 1` and
//!   `a|d|³ − 5a|d|² + 8a|d| − 4a` up to 2 (R. Keys, 1981, doi:10.1109/TASSP.1981.1163711). Pixels
//!   beyond the ends are those at the ends; with `exclude_outside` they do not count, and the
//!   other weights are divided by their sum.
//!
//! Places and weights are `f64`; onnxruntime's are of single precision. As layers, axis by axis:
//! `Gather`, `Mul`, `Add`.

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

/// What is taken of the pixels around a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kernel {
    Linear,
    Cubic {
        /// `cubic_coeff_a`.
        coefficient: f64,
        /// `exclude_outside`.
        excludes: bool,
    },
}

/// One of the pixels around each output along an axis, and its weight.
#[derive(Debug, Default, PartialEq)]
struct Tap {
    pixels: Vec<usize>,
    weights: Vec<f64>,
}

pub fn lower(
    call: &Call,
    lowering: &mut Lowering,
    x: &Data,
    stretches: &[Stretch],
    (coordinates, kernel): (&str, Kernel),
) -> Result<Data, Wrong> {
    let mut y = x.clone();
    for stretch in stretches {
        let Stretch { axis, length, .. } = *stretch;
        let mut shape = y.shape.clone();
        shape[axis] = length;
        // Before memory is taken for as many.
        check_made(call, &shape)?;
        // Along the axis, and one for all behind it.
        let behind = vec![1; y.shape.len() - 1 - axis];
        let along = IxDyn(&[vec![length], behind].concat());
        let mut sum: Option<Data> = None;
        for Tap { pixels, weights } in taps(y.shape[axis], stretch, coordinates, kernel)? {
            if weights.iter().all(|&weight| weight == 0.0) {
                continue;
            }
            let mut part = lowering.gather(&y, axis, &pixels)?;
            if weights.iter().any(|&weight| weight != 1.0) {
                let weights = ArrayD::from_shape_vec(along.clone(), weights).expect("one a pixel");
                part = lowering.with_constant("Mul", &part, weights)?;
            }
            sum = Some(match sum {
                None => part,
                Some(sum) => lowering.of_two("Add", &sum, &part)?,
            });
        }
        y = sum.expect("weights whose sum is 1");
    }
    Ok(y)
}

/// The pixels around each output, with their weights.
fn taps(
    count: usize,
    stretch: &Stretch,
    coordinates: &str,
    kernel: Kernel,
) -> Result<Vec<Tap>, LayerError> {
    let length = stretch.length;
    if count == 0 || length == 0 {
        let found = format!("{count} pixels that become {length}");
        return Err(wrong_shape(found, "one at least"));
    }
    let (first, number) = match kernel {
        Kernel::Linear => (0, 2),
        Kernel::Cubic { .. } => (-1, 4),
    };
    let last = count - 1;
    let mut taps: Vec<Tap> = (0..number).map(|_| Tap::default()).collect();
    for output in 0..length {
        let mut place = place(output as f64, count as f64, stretch, coordinates)?;
        if kernel == Kernel::Linear {
            place = place.clamp(0.0, last as f64);
        }
        let (left, share) = (place.floor(), place - place.floor());
        let offsets = (0..number).map(|tap| f64::from(first + tap));
        let is_outside = |at: f64| !(0.0..=last as f64).contains(&at);
        let mut weights: Vec<f64> = offsets.clone().map(|at| weight(kernel, share - at)).collect();
        if let Kernel::Cubic { excludes: true, .. } = kernel {
            for (weight, at) in weights.iter_mut().zip(offsets.clone()) {
                *weight = if is_outside(left + at) { 0.0 } else { *weight };
            }
            let sum: f64 = weights.iter().sum();
            weights.iter_mut().for_each(|weight| *weight /= sum);
        }
        for ((tap, weight), at) in taps.iter_mut().zip(weights).zip(offsets) {
            tap.pixels.push((left + at).clamp(0.0, last as f64) as usize);
            tap.weights.push(weight);
        }
    }
    Ok(taps)
}

/// The weight of a pixel at some distance.
fn weight(kernel: Kernel, distance: f64) -> f64 {
    let d = distance.abs();
    match kernel {
        Kernel::Linear => 1.0 - d,
        Kernel::Cubic { coefficient: a, .. } if d <= 1.0 => {
            ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0
        }
        Kernel::Cubic { coefficient: a, .. } => ((d - 5.0) * d + 8.0) * d * a - 4.0 * a,
    }
}

/// Where an output lies among `n` pixels.
fn place(output: f64, n: f64, stretch: &Stretch, coordinates: &str) -> Result<f64, LayerError> {
    let (m, factor) = (stretch.length as f64, stretch.factor);
    let centred = (output + 0.5) / factor - 0.5;
    Ok(match coordinates {
        "half_pixel" => centred,
        "pytorch_half_pixel" if m > 1.0 => centred,
        "align_corners" if m > 1.0 => output * (n - 1.0) / (m - 1.0),
        "pytorch_half_pixel" | "align_corners" => 0.0,
        "half_pixel_symmetric" => centred + n * (1.0 - m / (factor * n)) / 2.0,
        "asymmetric" => output / factor,
        other => {
            let expected = "half_pixel, pytorch_half_pixel, half_pixel_symmetric, asymmetric or \
                            align_corners with mode linear or cubic";
            let name = "coordinate_transformation_mode";
            return Err(wrong_attribute(name, format!("'{other}'"), expected));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{Kernel, Stretch, taps, weight};

    /// By hand: three pixels, twice as many.
    #[test]
    fn shares_of_the_pixel_above() {
        let stretch = Stretch { axis: 0, length: 6, factor: 2.0 };
        let of = |coordinates| {
            let taps = taps(3, &stretch, coordinates, Kernel::Linear).unwrap();
            let [left, right] = &taps[..] else { panic!("two taps") };
            let both = left.pixels.iter().zip(&right.weights);
            both.map(|(&left, share)| left as f64 + share).collect::<Vec<_>>()
        };
        assert_eq!(of("half_pixel"), [0.0, 0.25, 0.75, 1.25, 1.75, 2.0]);
        assert_eq!(of("asymmetric"), [0.0, 0.5, 1.0, 1.5, 2.0, 2.0]);
        assert_eq!(of("align_corners"), [0.0, 0.4, 0.8, 1.2, 1.6, 2.0]);
        assert!(taps(3, &stretch, "tf_crop_and_resize", Kernel::Linear).is_err());
    }

    /// By hand, for `a = −3/4`: w(1/2) = 5/4 · 1/8 − 9/4 · 1/4 + 1, w(3/2) = a/8.
    #[test]
    fn weights_of_a_cubic_kernel() {
        let kernel = Kernel::Cubic { coefficient: -0.75, excludes: false };
        let at = |distance| weight(kernel, distance);
        assert_eq!([at(0.0), at(1.0), at(2.0)], [1.0, 0.0, 0.0]);
        assert_eq!([at(0.5), at(-1.5)], [0.59375, -0.09375]);
        // Half way between the first two of three pixels: the one before them is the first.
        let stretch = Stretch { axis: 0, length: 6, factor: 2.0 };
        let of = |kernel| {
            let taps = taps(3, &stretch, "asymmetric", kernel).unwrap();
            taps.iter().map(|tap| (tap.pixels[1], tap.weights[1])).collect::<Vec<_>>()
        };
        assert_eq!(of(kernel), [(0, -0.09375), (0, 0.59375), (1, 0.59375), (2, -0.09375)]);
        let excluding = of(Kernel::Cubic { coefficient: -0.75, excludes: true });
        let shares: Vec<f64> = excluding.iter().map(|(_, weight)| weight * 1.09375).collect();
        assert_eq!(shares, [0.0, 0.59375, 0.59375, -0.09375]);
    }
}
