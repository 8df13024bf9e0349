//! How much the outputs change when the inputs change a little, on samples of the domain.
//!
//! By Monte Carlo: `E ‖f(x + εη) − f(x)‖₂ / ε` with `η ~ N(0, I)` in units of the domain
//! (one unit is the width of the input's interval). Exactly: the Frobenius norm of the
//! Jacobian in the same units, which for ε → 0 is the root of the mean square of that.
//! Guan (2024), arXiv:2409.16086, takes the first as a measure of robustness.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Serialize;

use crate::control::Clock;
use crate::network::{Network, ReluGraph};
use crate::num::IntervalBox;
use crate::num::random::normal;
use crate::num::sample::UniformPoints;

/// Size of the perturbation, as a share of the width of an input.
pub const PERTURBATION: f64 = 1e-2;

/// Points that are evaluated at once: a pass keeps the values of all nodes.
pub(super) const CHUNK: usize = 1000;

/// Sensitivity over the samples, in units of the outputs per width of the domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    let points: Vec<f64> = UniformPoints::new(domain, seed).take(count).flatten().collect();
    Array2::from_shape_vec((count, domain.len()), points).expect("points of one length")
}

/// Measures the sensitivity at the given points, or at those of them that come before the clock
/// ends it.
///
/// # Panics
/// If the points do not fit the network's inputs.
pub fn sensitivity(
    graph: &ReluGraph,
    domain: &IntervalBox,
    points: &Array2<f64>,
    seed: u32,
    clock: &Clock,
) -> Sensitivity {
    let widths = widths(domain);
    let mut random = ChaCha8Rng::seed_from_u64(seed.into());
    let mut found = Sensitivity::default();
    for chunk in points.axis_chunks_iter(Axis(0), chunk_size(graph)) {
        if clock.is_stopped() {
            break;
        }
        found.monte_carlo += changes(|points| graph.evaluate(points), chunk, &widths, &mut random);
        for point in chunk.axis_chunks_iter(Axis(0), 1) {
            found.add_jacobian(graph, point, &widths);
        }
        found.points += chunk.nrows();
    }
    let count = found.points.max(1) as f64;
    found.monte_carlo /= count;
    found.jacobian_mean /= count;
    found
}

/// [`Sensitivity::monte_carlo`] at the given points, of any network: one with smooth layers has
/// no linear pieces, but outputs that change.
///
/// # Panics
/// If the points do not fit the network's inputs, or there are none.
pub fn monte_carlo(
    network: &Network,
    domain: &IntervalBox,
    points: ArrayView2<f64>,
    seed: u32,
) -> f64 {
    assert!(points.nrows() > 0, "a mean needs a point");
    let widths = widths(domain);
    let mut random = ChaCha8Rng::seed_from_u64(seed.into());
    let chunks = points.axis_chunks_iter(Axis(0), CHUNK);
    let sums =
        chunks.map(|chunk| changes(|points| network.evaluate(points), chunk, &widths, &mut random));
    sums.sum::<f64>() / points.nrows() as f64
}

fn widths(domain: &IntervalBox) -> Array1<f64> {
    domain.upper().iter().zip(domain.lower()).map(|(u, l)| u - l).collect()
}

/// The sum of `‖f(x + εη) − f(x)‖₂ / ε` over the points.
fn changes(
    evaluate: impl Fn(ArrayView2<f64>) -> Array2<f64>,
    points: ArrayView2<f64>,
    widths: &Array1<f64>,
    random: &mut ChaCha8Rng,
) -> f64 {
    let mut moved = points.to_owned();
    for mut point in moved.outer_iter_mut() {
        for (x, width) in point.iter_mut().zip(widths) {
            *x += PERTURBATION * width * normal(random);
        }
    }
    let difference = evaluate(moved.view()) - evaluate(points);
    difference.outer_iter().map(|row| norm(row) / PERTURBATION).sum()
}

/// Points of a chunk: for large networks so few that the clock is heard.
fn chunk_size(graph: &ReluGraph) -> usize {
    /// Multiplications of a chunk, some hundredths of a second.
    const WORK: usize = 1 << 27;
    let a_point = graph.weights() * (graph.size(graph.output()) + 2);
    (WORK / a_point.max(1)).clamp(1, CHUNK)
}

impl Sensitivity {
    /// Adds the Jacobian at a point (1 × inputs); the mean is still a sum.
    fn add_jacobian(&mut self, graph: &ReluGraph, point: ArrayView2<f64>, widths: &Array1<f64>) {
        let values = graph.evaluate_all(point);
        let mut squares = 0.0;
        let each = Array2::eye(graph.size(graph.output()));
        for gradient in graph.gradients(&values, graph.output(), each).outer_iter() {
            self.gradient_max = self.gradient_max.max(norm(gradient));
            squares += norm((&gradient * widths).view()).powi(2);
        }
        self.jacobian_mean += squares.sqrt();
        self.jacobian_max = self.jacobian_max.max(squares.sqrt());
    }
}

fn norm(vector: ArrayView1<f64>) -> f64 {
    vector.dot(&vector).sqrt()
}

#[cfg(test)]
mod tests {
    use ndarray::{arr1, arr2};

    use super::*;
    use crate::network::{Activation, DenseLayer};

    /// Of the identity on one number, `|η|` has the mean √(2/π), 0.798, in widths of 4; with
    /// 4000 points its standard error is 4 · 0.6 / √4000 = 0.04. The canonical form says the same.
    #[test]
    fn the_change_of_a_line() {
        let layer =
            |activation| DenseLayer { weights: arr2(&[[1.0]]), bias: arr1(&[0.0]), activation };
        let network = Network::dense("line", vec![layer(Activation::Linear)]).unwrap();
        let domain = IntervalBox::new(vec![-1.0], vec![3.0]).unwrap();
        let points = samples(&domain, 4000, 1);
        let found = monte_carlo(&network, &domain, points.view(), 2);
        let expected = 4.0 * (2.0 / std::f64::consts::PI).sqrt();
        assert!((found - expected).abs() < 0.15, "{found}");
        let graph = network.lower().unwrap();
        let same = sensitivity(&graph, &domain, &points, 2, &Clock::unlimited()).monte_carlo;
        assert!((found - same).abs() < 1e-9, "{found} {same}");
    }
}
