//! Weights calculated from comparisons of samples.
//!
//! [`nearest_neighbour_network`] needs no training but has a structure of its own. For an
//! architecture that is given, [`calculated`] fills its layers with the same kind of rows
//! and leaves the rest to training:
//!
//! - *First layer.* A row is the bisector of two prototypes, `‖x − sⱼ‖² − ‖x − sᵢ‖²`. For
//!   classes the prototypes are class medoids and the pairs are of different classes, each
//!   pair of classes in turn, the nearest prototypes first; for numbers the prototypes are
//!   means of k-means clusters and the pairs are neighbours.
//! - *Second layer.* A row is one prototype: 1, less its comparisons that were lost, plus
//!   those that were won.
//! - *Other rows*, where pairs or prototypes run out and from the third layer on, have a
//!   random direction and are 0 at a random sample.
//! - All these rows are divided by the standard deviation of their values over the samples.
//! - *Last layer.* Ridge regression of the targets, or of scores of the classes, on the
//!   values of the last hidden layer.
//!
//! Source: after P. Geidarov, Autom. Remote Control 81(7) (2020) and arXiv:2505.23876, whose
//! networks have a structure that follows from the number of samples; the way to fill a
//! given architecture is Taut's own.

mod nearest_neighbour;
mod pairs;
mod prototypes;
mod ridge;

use ndarray::{Array1, Array2, ArrayView2};
use rand_chacha::ChaCha8Rng;

pub use nearest_neighbour::{Comparison, nearest_neighbour_network};
use pairs::Pairs;
pub use prototypes::{Choice, Prototypes};
pub use ridge::ridge;

use super::data::{Dataset, Targets};
use crate::num::random::{index, normal};

/// Most samples that are looked at, the first ones.
const MOST_SAMPLES: usize = 10_000;

/// Penalty of the ridge regression, as a share of the variance of the features.
const RIDGE: f64 = 1e-3;

/// Score of the right class that the ridge regression aims at; that of others is 0.
const SCORE: f64 = 8.0;

/// Weights (out × in) and bias of each layer of a dense network with hidden layers of
/// these widths and one output a target or class. The inputs, and targets that are
/// numbers, are best standardised before.
///
/// # Panics
/// If there are no samples or a width is 0.
pub fn calculated(
    widths: &[usize],
    activation: impl Fn(f64) -> f64,
    data: &Dataset,
    random: &mut ChaCha8Rng,
) -> Vec<(Array2<f64>, Array1<f64>)> {
    let samples: Vec<usize> = (0..data.len().min(MOST_SAMPLES)).collect();
    let data = data.select(&samples);
    let mut layers = Vec::new();
    let mut values = data.inputs.clone();
    let mut pairs = None;
    for (layer, &width) in widths.iter().enumerate() {
        let known = match (layer, &pairs) {
            (0, _) => bisectors(pairs.insert(Pairs::new(&data, width, random))),
            (1, Some(pairs)) => comparisons(pairs, values.ncols(), width),
            _ => Vec::new(),
        };
        let (weights, bias) = complete(known, width, values.view(), random);
        values = (values.dot(&weights.t()) + &bias).mapv_into(&activation);
        layers.push((weights, bias));
    }
    layers.push(ridge(values.view(), aims(&data.targets).view(), RIDGE));
    layers
}

/// Weights and constant of a neuron.
type Row = (Array1<f64>, f64);

/// One row a pair: positive where the first of it is nearer.
fn bisectors(pairs: &Pairs) -> Vec<Row> {
    pairs.pairs.iter().map(|&(i, j)| pairs.prototypes.bisector(i, j)).collect()
}

/// One row a prototype that is in a pair, up to `width`, on the neurons of the pairs.
fn comparisons(pairs: &Pairs, inputs: usize, width: usize) -> Vec<Row> {
    let count = pairs.prototypes.points.nrows().min(width);
    let mut rows = vec![(Array1::zeros(inputs), 1.0); count];
    for (unit, &(won, lost)) in pairs.pairs.iter().enumerate() {
        for (prototype, sign) in [(won, 1.0), (lost, -1.0)] {
            if let Some((weights, _)) = rows.get_mut(prototype) {
                weights[unit] = sign;
            }
        }
    }
    rows.retain(|(weights, _)| weights.iter().any(|&weight| weight != 0.0));
    rows
}

/// Adds random rows up to `width`; divides all by the standard deviation of their values
/// over the samples (samples × inputs of the layer).
fn complete(
    mut rows: Vec<Row>,
    width: usize,
    samples: ArrayView2<f64>,
    random: &mut ChaCha8Rng,
) -> (Array2<f64>, Array1<f64>) {
    while rows.len() < width {
        let weights = Array1::from_shape_simple_fn(samples.ncols(), || normal(random));
        let zero = samples.row(index(random, samples.nrows()));
        let constant = -weights.dot(&zero);
        rows.push((weights, constant));
    }
    let mut weights = Array2::zeros((width, samples.ncols()));
    let mut bias = Array1::zeros(width);
    for (unit, (row, constant)) in rows.into_iter().enumerate() {
        let deviation = samples.dot(&row).std(0.0);
        let scale = if deviation > 0.0 { 1.0 / deviation } else { 1.0 };
        weights.row_mut(unit).assign(&(scale * row));
        bias[unit] = scale * constant;
    }
    (weights, bias)
}

/// What the outputs should be (samples × outputs).
fn aims(targets: &Targets) -> Array2<f64> {
    match targets {
        Targets::Values { values, .. } => values.clone(),
        Targets::Classes { labels, names } => {
            let mut scores = Array2::zeros((labels.len(), names.len()));
            for (mut row, &label) in scores.outer_iter_mut().zip(labels) {
                row[label] = SCORE;
            }
            scores
        }
    }
}
