//! `σ(a) = 1 / (1 + e⁻ᵃ)` of many numbers.
//!
//! In `f64` with the exponential of the standard library; in `f32` with one of this file, which
//! vector registers hold and which is the same on every processor: `eˣ = 2ⁿ eʳ` with
//! `|r| ≤ ln(2)/2` and Taylor's polynomial of degree 6 for `eʳ`, whose error is below 1.3e-7 of
//! the value.

use crate::num::vectorized;
use crate::train::scalar::Scalar;

/// A number whose logistic is quick to compute.
pub trait Logistic: Scalar {
    /// Replaces each number by its logistic.
    fn logistic(numbers: &mut [Self]);

    /// `draw / 2³²`, rounded towards 0 where the type is too short: below 1.
    fn share(draw: u32) -> Self;
}

impl Logistic for f64 {
    fn logistic(numbers: &mut [Self]) {
        for number in numbers {
            *number = logistic(*number);
        }
    }

    #[inline(always)]
    fn share(draw: u32) -> Self {
        Self::from(draw) * 2f64.powi(-32)
    }
}

impl Logistic for f32 {
    fn logistic(numbers: &mut [Self]) {
        vectorized(
            #[inline(always)]
            || {
                for number in numbers {
                    *number = 1.0 / (1.0 + exponential(-*number));
                }
            },
        );
    }

    #[inline(always)]
    #[allow(clippy::cast_precision_loss)]
    fn share(draw: u32) -> Self {
        // 24 bits are exact.
        (draw >> 8) as f32 * (1.0 / 16_777_216.0)
    }
}

/// Largest magnitude of an exponent: `e⁸⁷` and its inverse are ordinary numbers.
const MOST: f32 = 87.0;

/// `eˣ`, of what is beyond `±87` that of `±87`.
#[inline(always)]
#[allow(clippy::cast_possible_truncation, clippy::excessive_precision)]
fn exponential(x: f32) -> f32 {
    // Added to a small number it leaves the nearest whole one in the last bits.
    const ROUNDING: f32 = 12_582_912.0;
    // ln 2 in two parts, of which the first has few bits.
    const LN_2: [f32; 2] = [0.693_359_375, -2.121_944_4e-4];
    let x = if x > MOST { MOST } else { x };
    let x = if x < -MOST { -MOST } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUNDING;
    let whole = shifted - ROUNDING;
    let r = (x - whole * LN_2[0]) - whole * LN_2[1];
    let mut value = 1.0 / 720.0;
    for factor in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        value = value * r + factor;
    }
    let power = (shifted.to_bits().wrapping_shl(23)).wrapping_add(1.0f32.to_bits());
    value * f32::from_bits(power)
}

/// `σ(a)`.
pub fn logistic(a: f64) -> f64 {
    1.0 / (1.0 + (-a).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the exponential of the standard library in double precision.
    #[test]
    fn single_precision_is_right_to_its_last_bits() {
        for step in -3500..=3500_i16 {
            let a = f32::from(step) / 41.0;
            let mut found = [a];
            f32::logistic(&mut found);
            let exact = logistic(f64::from(a));
            let error = (f64::from(found[0]) - exact).abs();
            assert!(error <= 4e-7 * exact, "{a}: {} {exact}", found[0]);
        }
        let mut ends = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
        f32::logistic(&mut ends);
        assert!(ends[0] == 1.0 && ends[1] < 1e-37 && ends[2].is_nan(), "{ends:?}");
    }

    #[test]
    fn shares_are_below_one() {
        assert!(f32::share(u32::MAX) < 1.0 && f64::share(u32::MAX) < 1.0);
        assert_eq!((f32::share(1 << 31), f64::share(1 << 30)), (0.5, 0.25));
    }
}
