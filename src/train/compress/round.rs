//! Weights with few bits and biases with few digits, so that the coefficients of a
//! mixed-integer program are short.

use ndarray::{Array1, Array2};

/// Weights below this share of the largest of their layer become 0 rather than a tiny power
/// of two: a program with coefficients from 1 to 2⁻¹² is well scaled.
const SMALLEST_POWER: f64 = 1.0 / 4096.0;

/// Rounds weights to the nearest whole multiple of a power of two; the multiples have
/// `bits` bits with their sign, and the power is the least for which the largest weight has
/// one.
pub fn round_weights(weights: &mut Array2<f64>, bits: u32) {
    let largest = magnitude(weights);
    if largest == 0.0 {
        return;
    }
    let most = f64::from((1u32 << (bits - 1)) - 1);
    let mut unit = 2f64.powf((largest / most).log2().floor());
    while (largest / unit).round() > most {
        unit *= 2.0;
    }
    weights.mapv_inplace(|weight| (weight / unit).round() * unit);
}

/// Rounds weights to the nearest of 0 and `± 2ᵏ`.
pub fn power_of_two(weights: &mut Array2<f64>) {
    let least = magnitude(weights) * SMALLEST_POWER;
    weights.mapv_inplace(|weight| {
        let size = weight.abs();
        if size < least || size == 0.0 {
            return 0.0;
        }
        let below = 2f64.powf(size.log2().floor());
        let power = if size < 1.5 * below { below } else { 2.0 * below };
        power.copysign(weight)
    });
}

/// Rounds biases to so many decimal digits behind the point.
pub fn round_biases(bias: &mut Array1<f64>, digits: u32) {
    let unit = 10f64.powi(digits.min(15).cast_signed());
    bias.mapv_inplace(|b| {
        let rounded = (b * unit).round() / unit;
        if rounded.is_finite() { rounded } else { b }
    });
}

fn magnitude(weights: &Array2<f64>) -> f64 {
    weights.iter().fold(0.0, |largest, weight| weight.abs().max(largest))
}
