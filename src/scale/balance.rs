//! Least sum of all weights, biases and big-M constants: a convex problem.
//!
//! With `t = log s`, `t = 0` for inputs and outputs,
//!
//! ```text
//! min Σ |wᵢⱼ| e^(tᵢ − tⱼ) + Σ |bᵢ| e^tᵢ + Σ Mᵢ e^tᵢ
//! ```
//!
//! is a sum of exponentials (a geometric program in `s`). The weights that lead away
//! from a neuron keep its factor from falling to 0, so that the big-M constants cannot
//! vanish at the cost of the next layer. Solved one coordinate after the other: with
//! the others fixed,
//!
//! ```text
//! sᵢ = √(Bᵢ / Aᵢ)    Aᵢ = Σⱼ |wᵢⱼ| / sⱼ + |bᵢ| + Mᵢ    Bᵢ = Σₕ |wₕᵢ| sₕ
//! ```
//!
//! is the minimum. The neurons of a layer do not meet, so that a sweep is a pass over the
//! weights, layers forward and backward by turns. Of the kind of Plate et al. (2025),
//! eq. (12), whose objective may be another one.

use super::{Channels, LARGEST_EXPONENT, Layer, Scaling};

/// Sweeps after which factors count as found: any factors are valid.
const MOST_SWEEPS: usize = 300;

/// Largest change of a factor's exponent in a sweep that no longer counts: factors
/// are rounded to whole exponents.
const SETTLED: f64 = 0.01;

/// Factors of the least sum.
#[derive(Debug)]
pub struct Balance;

impl Scaling for Balance {
    fn name(&self) -> &'static str {
        "balance"
    }

    fn factors(&self, channels: &Channels) -> Vec<f64> {
        let mut factors = vec![1.0; channels.all().len()];
        for sweep in 0..MOST_SWEEPS {
            let mut layers: Vec<&Layer> = channels.layers().iter().collect();
            if sweep % 2 == 1 {
                layers.reverse();
            }
            let changes = layers.into_iter().map(|layer| update(channels, layer, &mut factors));
            if changes.fold(0.0, f64::max) <= SETTLED {
                break;
            }
        }
        factors
    }
}

/// Moves the factors of a layer to their minimum; gives back the largest change of
/// an exponent.
fn update(channels: &Channels, layer: &Layer, factors: &mut [f64]) -> f64 {
    let largest = f64::from(LARGEST_EXPONENT);
    let mut change: f64 = 0.0;
    let sums = channels.sums(layer, factors);
    for (channel, [rows, columns]) in layer.channels.clone().zip(sums) {
        let state = channels.all()[channel];
        let factor = (columns / (rows + state.bias_sum + state.big_m_sum)).sqrt();
        // A neuron that nothing reads, or of numbers beyond all measure, stays.
        if !state.fixed && factor > 0.0 && factor.is_finite() {
            let factor = factor.clamp((-largest).exp2(), largest.exp2());
            change = change.max((factor / factors[channel]).log2().abs());
            factors[channel] = factor;
        }
    }
    change
}
