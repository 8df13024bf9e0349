//! Losses: what is made small, as a mean over the samples of a batch.
//!
//! - regression: mean squared error, `1/(n·m) Σ (yᵢⱼ − tᵢⱼ)²` for `n` samples and `m` outputs;
//! - classification: cross-entropy of the softmax, `1/n Σ (log Σⱼ exp yᵢⱼ − yᵢ,label)`, with
//!   the largest output of a sample subtracted first, so that nothing overflows.

use super::data::Targets;
use super::scalar::Scalar;

/// Targets of samples, as they are computed with.
#[derive(Clone, Debug, PartialEq)]
pub enum Goals<S> {
    /// Numbers to be met, samples × outputs.
    Values(Vec<S>),
    /// Classes.
    Labels(Vec<usize>),
}

impl<S: Scalar> Goals<S> {
    /// The goals of a dataset.
    pub fn new(targets: &Targets) -> Self {
        match targets {
            Targets::Values { values, .. } => {
                Self::Values(values.iter().map(|&value| S::of(value)).collect())
            }
            Targets::Classes { labels, .. } => Self::Labels(labels.clone()),
        }
    }

    /// Room for the goals of so many samples.
    pub fn room(&self, samples: usize, outputs: usize) -> Self {
        match self {
            Self::Values(_) => Self::Values(vec![S::default(); samples * outputs]),
            Self::Labels(_) => Self::Labels(vec![0; samples]),
        }
    }

    /// Takes over the goals of the given samples, in this order.
    pub fn gather(&mut self, from: &Self, samples: &[usize], outputs: usize) {
        match (self, from) {
            (Self::Values(into), Self::Values(from)) => {
                for (row, &sample) in into.chunks_exact_mut(outputs).zip(samples) {
                    row.copy_from_slice(&from[sample * outputs..][..outputs]);
                }
            }
            (Self::Labels(into), Self::Labels(from)) => {
                for (label, &sample) in into.iter_mut().zip(samples) {
                    *label = from[sample];
                }
            }
            _ => unreachable!("goals of one kind"),
        }
    }

    /// The loss of the samples whose outputs (samples × outputs) are given, as their share
    /// of a batch of `batch` samples; the gradient is overwritten.
    pub fn loss(&self, values: &[S], gradient: &mut [S], outputs: usize, batch: usize) -> f64 {
        match self {
            Self::Values(targets) => squares(values, targets, gradient, outputs * batch),
            Self::Labels(labels) => cross_entropy(values, labels, gradient, outputs, batch),
        }
    }
}

fn squares<S: Scalar>(values: &[S], targets: &[S], gradient: &mut [S], count: usize) -> f64 {
    let weight = 1.0 / count as f64;
    let twice = S::of(2.0 * weight);
    let mut sum = 0.0;
    for ((g, &y), &target) in gradient.iter_mut().zip(values).zip(targets) {
        let error = y - target;
        *g = twice * error;
        sum += error.wide() * error.wide();
    }
    sum * weight
}

fn cross_entropy<S: Scalar>(
    values: &[S],
    labels: &[usize],
    gradient: &mut [S],
    outputs: usize,
    batch: usize,
) -> f64 {
    let weight = S::of(1.0 / batch as f64);
    let mut loss = 0.0;
    let rows = values.chunks_exact(outputs).zip(gradient.chunks_exact_mut(outputs));
    for ((scores, gradient), &label) in rows.zip(labels) {
        let largest = scores.iter().copied().fold(scores[0], |a, b| if b > a { b } else { a });
        let mut sum = S::default();
        for (g, &score) in gradient.iter_mut().zip(scores) {
            *g = (score - largest).exponential();
            sum += *g;
        }
        loss += sum.wide().ln() - (scores[label] - largest).wide();
        for g in gradient.iter_mut() {
            *g = *g / sum * weight;
        }
        gradient[label] += -weight;
    }
    loss / batch as f64
}
