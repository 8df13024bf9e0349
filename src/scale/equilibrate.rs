//! Big-M constants against sensitivities: `s = √(λ / M)`.
//!
//! `λ` bounds how much the outputs change with the neuron:
//!
//! ```text
//! λᴷ⁺¹ = 1      λⱼᵏ = Σᵢ |wᵢⱼᵏ⁺¹| λᵢᵏ⁺¹
//! ```
//!
//! over the neurons that are not constant. In the new units the big-M constant is
//! `s M = √(λ M)` and the sensitivity `λ / s = √(λ M)`: both are as large. Cost: one pass over
//! the weights.

use super::{Channels, Scaling};

/// Factors `√(λ / M)`.
#[derive(Debug)]
pub struct Equilibrate;

impl Scaling for Equilibrate {
    fn name(&self) -> &'static str {
        "equilibrate"
    }

    fn factors(&self, channels: &Channels) -> Vec<f64> {
        let all = channels.all();
        let mut sensitivity = vec![0.0; all.len()];
        sensitivity[channels.outputs()].fill(1.0);
        // Links lead to ever later layers, so that what leads away from a layer is
        // complete before what leads to it. A channel has the mean of its neurons.
        for weight in channels.links().iter().rev().flat_map(|link| &link.weights) {
            let share = weight.size / all[weight.from].neurons.max(1) as f64;
            sensitivity[weight.from] += sensitivity[weight.to] * share;
        }
        let factor = |(channel, lambda): (usize, f64)| {
            let mean = all[channel].big_m_sum / all[channel].neurons.max(1) as f64;
            (lambda / mean).sqrt()
        };
        sensitivity.into_iter().enumerate().map(factor).collect()
    }
}
