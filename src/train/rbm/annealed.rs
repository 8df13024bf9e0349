//! The partition function by annealed importance sampling.
//!
//! From a machine without weights, whose partition function is known, to the one that is asked
//! for, by machines with the hidden activations `β (c + Wᵀv)` and the visible ones
//! `b + β W h` for `0 = β₀ < … < β_K = 1`. Each of `M` chains begins with a sample of the first,
//! collects `ln w = Σ_k ln p*_k(v_k) − ln p*_{k−1}(v_k)`, and goes on by a Gibbs step of each
//! machine; then `Z ≈ Z₀ · mean w`, without bias. Source: Salakhutdinov and Murray, "On the
//! quantitative analysis of deep belief networks" (2008), after Neal (2001).

use rand_chacha::ChaCha8Rng;

use super::draws::EpochDraws;
use super::logistic::logistic;
use super::machine::{Machine, Visible};
use crate::control::{Clock, StoppedBy};
use crate::num::random::{normal, uniform};
use crate::train::softplus::softplus;

/// Part of the random numbers of a seed.
const PART: u64 = 1 << 57;

/// How the way is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Annealing {
    /// `K`: machines on the way, from 1.
    pub temperatures: usize,
    /// `M`: chains, from 2.
    pub chains: usize,
    /// Seed of the chains.
    pub seed: u64,
}

impl Default for Annealing {
    fn default() -> Self {
        Self { temperatures: 1000, chains: 100, seed: 0 }
    }
}

/// An estimate of a partition function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnnealedPartition {
    /// Estimate of `ln Z`.
    pub log_partition: f64,
    /// Its standard error, from the spread of the weights of the chains: that of `ln` of their
    /// mean, to first order. Too small where few chains carry most of the weight.
    pub standard_error: f64,
    /// Chains of equal weight that would have that spread: `(Σ w)² / Σ w²`.
    pub effective_chains: f64,
}

/// Estimates `ln Z`.
///
/// # Errors
/// The clock has ended it.
///
/// # Panics
/// With fewer than 2 chains or no temperatures.
pub fn log_partition(
    machine: &Machine<f64>,
    annealing: &Annealing,
    clock: &Clock,
) -> Result<AnnealedPartition, StoppedBy> {
    let Annealing { temperatures, chains, seed } = *annealing;
    assert!(chains > 1 && temperatures > 0, "chains and temperatures");
    let mut logs = Vec::with_capacity(chains);
    for chain in 0..chains {
        clock.go_on()?;
        let mut random = EpochDraws::other(seed, PART + chain as u64);
        logs.push(walk(machine, temperatures, &mut random));
    }
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|log| (log - largest).exp()).collect();
    let count = chains as f64;
    let mean = weights.iter().sum::<f64>() / count;
    let squares = weights.iter().map(|w| (w - mean) * (w - mean)).sum::<f64>();
    let standard_error = (squares / (count - 1.0) / count).sqrt() / mean;
    let square_sum: f64 = weights.iter().map(|w| w * w).sum();
    Ok(AnnealedPartition {
        log_partition: without_weights(machine) + largest + mean.ln(),
        standard_error,
        effective_chains: (count * mean) * (count * mean) / square_sum,
    })
}

/// `ln Z₀`.
fn without_weights(machine: &Machine<f64>) -> f64 {
    let hidden = machine.hidden() as f64 * 2f64.ln();
    hidden
        + match machine.kind {
            Visible::Binary => machine.visible_bias.iter().map(|&b| softplus(b)).sum(),
            Visible::Gaussian => machine.visible() as f64 * 0.5 * std::f64::consts::TAU.ln(),
        }
}

/// `ln w` of a chain.
fn walk(machine: &Machine<f64>, temperatures: usize, random: &mut ChaCha8Rng) -> f64 {
    let mut visible: Vec<f64> = draw_visible(machine, &machine.visible_bias, random);
    let mut log = 0.0;
    let mut before = 0.0;
    for step in 1..=temperatures {
        let beta = step as f64 / temperatures as f64;
        let activations = machine.activations(&visible);
        let pieces = activations.iter().map(|&a| softplus(beta * a) - softplus(before * a));
        log += pieces.sum::<f64>();
        let mut means = machine.visible_bias.clone();
        let hidden: Vec<usize> = activations
            .iter()
            .enumerate()
            .filter(|(_, a)| uniform(random) < logistic(beta * **a))
            .map(|(unit, _)| unit)
            .collect();
        for (mean, row) in means.iter_mut().zip(machine.weights.chunks_exact(machine.hidden())) {
            *mean += beta * hidden.iter().map(|&unit| row[unit]).sum::<f64>();
        }
        visible = draw_visible(machine, &means, random);
        before = beta;
    }
    log
}

fn draw_visible(machine: &Machine<f64>, activations: &[f64], random: &mut ChaCha8Rng) -> Vec<f64> {
    let draw = |&a: &f64| match machine.kind {
        Visible::Binary => f64::from(u8::from(uniform(random) < logistic(a))),
        Visible::Gaussian => a + normal(random),
    };
    activations.iter().map(draw).collect()
}
