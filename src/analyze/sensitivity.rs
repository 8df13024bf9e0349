//! How much the outputs change when the inputs change a little, on samples of the domain.
//!
//! By Monte Carlo: `E ‖f(x + εη) − f(x)‖₂ / ε` with `η ~ N(0, I)` in units of the domain
//! (one unit is the width of the input's interval). Exactly: the Frobenius norm of the
//! Jacobian in the same units, which for ε → 0 is the root of the mean square of that.
//! Guan (2024), arXiv:2409.16086, takes the first as a measure of robustness.

use ndarray::{Array1, Array2, ArrayView1, Axis, s};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Serialize;

use crate::network::ReluGraph;
use crate::num::IntervalBox;
use crate::num::random::{normal, uniform};

/// Size of the perturbation, as a share of the width of an input.
pub const PERTURBATION: f64 = 1e-2;

/// Points that are evaluated at once: a pass keeps the values of all nodes.
pub(super) const CHUNK: usize = 1000;

/// Sensitivity over the samples, in units of the outputs per width of the domain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sensitivity {
    /// Number of points.
    pub points: usize,
    /// Mean of `‖f(x + εη) − f(x)‖₂ / ε`; points beyond the domain are evaluated too.
    pub monte_carlo: f64,
    /// Mean of the Frobenius norm of the Jacobian.
    pub jacobian_mean: f64,
    /// Largest Frobenius norm of the Jacobian.
    pub jacobian_max: f64,
    /// Largest Euclidean norm of one output's gradient in the units of the inputs: the
    /// Lipschitz constant is at least that.
    pub gradient_max: f64,
}

/// Uniform points of a box (count × inputs); the same for the same seed.
pub fn samples(domain: &IntervalBox, count: usize, seed: u32) -> Array2<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed.into());
    Array2::from_shape_fn((count, domain.len()), |(_, input)| {
        let t = uniform(&mut random);
        (1.0 - t) * domain.lower()[input] + t * domain.upper()[input]
    })
}

/// Measures the sensitivity at the given points.
///
/// # Panics
/// If the points do not fit the network's inputs.
pub fn sensitivity(
    graph: &ReluGraph,
    domain: &IntervalBox,
    points: &Array2<f64>,
    seed: u32,
) -> Sensitivity {
    let widths: Array1<f64> =
        domain.upper().iter().zip(domain.lower()).map(|(u, l)| u - l).collect();
    let mut random = ChaCha8Rng::seed_from_u64(seed.into());
    let mut changes = 0.0;
    for chunk in points.axis_chunks_iter(Axis(0), CHUNK) {
        let mut moved = chunk.to_owned();
        for mut point in moved.outer_iter_mut() {
            for (x, width) in point.iter_mut().zip(&widths) {
                *x += PERTURBATION * width * normal(&mut random);
            }
        }
        let difference = graph.evaluate(moved.view()) - graph.evaluate(chunk);
        changes += difference.outer_iter().map(|row| norm(row) / PERTURBATION).sum::<f64>();
    }
    let count = points.nrows();
    let (mut sum, mut largest, mut gradient_max) = (0.0, 0.0f64, 0.0f64);
    for index in 0..count {
        let values = graph.evaluate_all(points.slice(s![index..=index, ..]));
        let mut squares = 0.0;
        for output in 0..graph.size(graph.output()) {
            let mut weights = Array1::zeros(graph.size(graph.output()));
            weights[output] = 1.0;
            let gradient = graph.gradient(&values, weights);
            gradient_max = gradient_max.max(norm(gradient.view()));
            squares += norm((gradient * &widths).view()).powi(2);
        }
        sum += squares.sqrt();
        largest = largest.max(squares.sqrt());
    }
    let count_or_one = count.max(1) as f64;
    Sensitivity {
        points: count,
        monte_carlo: changes / count_or_one,
        jacobian_mean: sum / count_or_one,
        jacobian_max: largest,
        gradient_max,
    }
}

fn norm(vector: ArrayView1<f64>) -> f64 {
    vector.dot(&vector).sqrt()
}
