//! What sums over all states of a small machine say: partition function, likelihood,
//! Kullback–Leibler divergence and the gradient that contrastive divergence stands in for.
//!
//! One side is summed in closed form, the other is counted through: the smaller one, or the
//! hidden one below Gaussian visible units, for which `∫ e^{−E} dv` is
//! `(2π)^{n/2} e^{cᵀh + bᵀWh + ½‖Wh‖²}`.

use super::logistic::logistic;
use super::machine::{Machine, Visible};
use crate::train::TrainError;
use crate::train::softplus::softplus;

/// Most units that are counted through: 17 million states.
pub const MOST_UNITS: usize = 24;

/// A sum of exponentials, without overflow.
#[derive(Clone, Copy, Debug)]
struct LogSum {
    largest: f64,
    sum: f64,
}

impl LogSum {
    fn new() -> Self {
        Self { largest: f64::NEG_INFINITY, sum: 0.0 }
    }

    fn add(&mut self, exponent: f64) {
        if exponent > self.largest {
            self.sum = self.sum * (self.largest - exponent).exp() + 1.0;
            self.largest = exponent;
        } else {
            self.sum += (exponent - self.largest).exp();
        }
    }

    fn value(self) -> f64 {
        self.largest + self.sum.ln()
    }
}

/// The derivative of a mean by the numbers of a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient {
    /// By the weights, visible × hidden.
    pub weights: Vec<f64>,
    /// By the biases of visible units.
    pub visible_bias: Vec<f64>,
    /// By the biases of hidden units.
    pub hidden_bias: Vec<f64>,
}

/// `ln Z`.
///
/// # Errors
/// More than [`MOST_UNITS`] units on the side that is counted through.
pub fn log_partition(machine: &Machine<f64>) -> Result<f64, TrainError> {
    let mut sum = LogSum::new();
    states(machine, |_, _, exponent| sum.add(exponent))?;
    Ok(sum.value())
}

/// Mean of `ln p(v)` over samples, each of the machine's visible units.
///
/// # Errors
/// As for [`log_partition`].
pub fn log_likelihood(machine: &Machine<f64>, samples: &[Vec<f64>]) -> Result<f64, TrainError> {
    let log_partition = log_partition(machine)?;
    let sum: f64 = samples.iter().map(|sample| -machine.free_energy(sample)).sum();
    Ok(sum / samples.len() as f64 - log_partition)
}

/// `Σ p ln(p / q)` of a distribution `p` over the states of binary visible units, state `s` with
/// unit `i` in bit `i`, from that of the machine.
///
/// # Errors
/// As for [`log_partition`]; Gaussian units; a distribution of another length.
pub fn divergence(machine: &Machine<f64>, distribution: &[f64]) -> Result<f64, TrainError> {
    let units = machine.visible();
    if machine.kind != Visible::Binary || units > MOST_UNITS || distribution.len() != 1 << units {
        let found = format!("{} probabilities, {units} units", distribution.len());
        let expected = format!("2ⁿ of n binary units, at most {MOST_UNITS}");
        return Err(TrainError::key("distribution", found, expected));
    }
    let log_partition = log_partition(machine)?;
    let terms = distribution.iter().enumerate().filter(|(_, p)| **p > 0.0).map(|(state, &p)| {
        let log_q = -machine.free_energy(&bits_of(state, units)) - log_partition;
        p * (p.ln() - log_q)
    });
    Ok(terms.sum())
}

/// Gradient of the mean of `ln p(v)` over weighted samples, whose weights add up to 1:
/// `⟨v hᵀ⟩` of the samples less that of the machine.
///
/// # Errors
/// As for [`log_partition`].
pub fn gradient<'a>(
    machine: &Machine<f64>,
    samples: impl IntoIterator<Item = (&'a [f64], f64)>,
) -> Result<Gradient, TrainError> {
    let (visible, hidden) = (machine.visible(), machine.hidden());
    let mut gradient = Gradient {
        weights: vec![0.0; visible * hidden],
        visible_bias: vec![0.0; visible],
        hidden_bias: vec![0.0; hidden],
    };
    for (sample, weight) in samples {
        let means: Vec<f64> = machine.activations(sample).into_iter().map(logistic).collect();
        gradient.add(weight, sample, &means);
    }
    let log_partition = log_partition(machine)?;
    states(machine, |side, state, exponent| {
        let weight = (exponent - log_partition).exp();
        match side {
            Counted::Visible => {
                let means: Vec<f64> =
                    machine.activations(state).into_iter().map(logistic).collect();
                gradient.add(-weight, state, &means);
            }
            Counted::Hidden => {
                // Of Gaussian units the mean stands for v, as h does not depend on their noise.
                let means: Vec<f64> = visible_activations(machine, state)
                    .into_iter()
                    .map(|a| if machine.kind == Visible::Binary { logistic(a) } else { a })
                    .collect();
                match machine.kind {
                    Visible::Binary => gradient.add(-weight, &means, state),
                    Visible::Gaussian => {
                        let own = means.iter().zip(&machine.visible_bias).map(|(m, b)| m - b);
                        let own: Vec<f64> = own.collect();
                        gradient.add_biases(-weight, &own, state);
                        add_outer(&mut gradient.weights, -weight, &means, state);
                    }
                }
            }
        }
    })?;
    if machine.kind == Visible::Gaussian {
        // ∂(−E)/∂b = v − b: the samples were added as v.
        gradient.visible_bias.iter_mut().zip(&machine.visible_bias).for_each(|(g, b)| *g -= b);
    }
    Ok(gradient)
}

impl Gradient {
    fn add(&mut self, weight: f64, visible: &[f64], hidden: &[f64]) {
        add_outer(&mut self.weights, weight, visible, hidden);
        self.add_biases(weight, visible, hidden);
    }

    fn add_biases(&mut self, weight: f64, visible: &[f64], hidden: &[f64]) {
        self.visible_bias.iter_mut().zip(visible).for_each(|(sum, v)| *sum += weight * v);
        self.hidden_bias.iter_mut().zip(hidden).for_each(|(sum, h)| *sum += weight * h);
    }
}

fn add_outer(sums: &mut [f64], weight: f64, visible: &[f64], hidden: &[f64]) {
    for (row, &v) in sums.chunks_exact_mut(hidden.len()).zip(visible) {
        if v != 0.0 {
            row.iter_mut().zip(hidden).for_each(|(sum, h)| *sum += weight * v * h);
        }
    }
}

/// The side whose states are counted through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    Visible,
    Hidden,
}

/// Tells every state of one side, with the logarithm of its weight: `Z` is the sum of those.
fn states(
    machine: &Machine<f64>,
    mut visit: impl FnMut(Counted, &[f64], f64),
) -> Result<(), TrainError> {
    let (visible, hidden) = (machine.visible(), machine.hidden());
    let side = match machine.kind {
        Visible::Binary if visible < hidden => Counted::Visible,
        _ => Counted::Hidden,
    };
    let units = if side == Counted::Visible { visible } else { hidden };
    if units > MOST_UNITS {
        let found = format!("{visible} visible and {hidden} hidden units");
        let expected = format!("at most {MOST_UNITS} on a side of 0 and 1 for a sum of all states");
        return Err(TrainError::key("rbm", found, expected));
    }
    for number in 0..1 << units {
        let state = bits_of(number, units);
        let exponent = match side {
            Counted::Visible => -machine.free_energy(&state),
            Counted::Hidden => hidden_exponent(machine, &state),
        };
        visit(side, &state, exponent);
    }
    Ok(())
}

/// `ln Σ_v e^{−E(v, h)}`, or the integral.
fn hidden_exponent(machine: &Machine<f64>, hidden: &[f64]) -> f64 {
    let own: f64 = hidden.iter().zip(&machine.hidden_bias).map(|(h, c)| h * c).sum();
    let activations = visible_activations(machine, hidden);
    let pairs = activations.iter().zip(&machine.visible_bias);
    let seen: f64 = match machine.kind {
        Visible::Binary => activations.iter().map(|&a| softplus(a)).sum(),
        Visible::Gaussian => {
            let unit = 0.5 * std::f64::consts::TAU.ln();
            // b (a − b) + ½ (a − b)² = ½ (a² − b²)
            pairs.map(|(a, b)| unit + 0.5 * (a * a - b * b)).sum()
        }
    };
    own + seen
}

/// `b + W h`.
fn visible_activations(machine: &Machine<f64>, hidden: &[f64]) -> Vec<f64> {
    let rows = machine.weights.chunks_exact(machine.hidden()).zip(&machine.visible_bias);
    rows.map(|(row, b)| b + row.iter().zip(hidden).map(|(w, h)| w * h).sum::<f64>()).collect()
}

/// Units of a state, unit `i` in bit `i`.
pub fn bits_of(state: usize, units: usize) -> Vec<f64> {
    (0..units).map(|unit| if state >> unit & 1 == 1 { 1.0 } else { 0.0 }).collect()
}
