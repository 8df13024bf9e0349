//! How fast the outputs can change: upper bounds on the Lipschitz constant in the
//! Euclidean norms, and what samples attain.
//!
//! *Global*: the product of the spectral norms along the network, `Σₜ ‖Wₜ‖₂ L(xₜ)` for an
//! affine node, `L(a)` for an activation, whose slope is at most 1. It holds everywhere.
//! *Local*: over the box only. A stable neuron has a known slope, 0 or 1, an unstable one
//! any in [0, 1]; the Jacobian is propagated as a matrix of intervals from the inputs on, and
//! the bound is the Frobenius norm of the largest magnitudes. As Weng et al., "Towards fast
//! computation of certified robustness for ReLU networks" (2018), do for the gradient.

use ndarray::{Array2, Axis};

use crate::bounds::NeuronBounds;
use crate::control::Clock;
use crate::network::{Affine, Linear, Node, NodeId, Phase, ReluGraph};

/// Relative allowance for the rounding of sums and of square roots: thousands of terms.
const ROUNDING: f64 = 1e-9;

/// Squarings of a Gram matrix: an upper bound on the spectral norm that is off by a factor
/// of at most `n^(1/2^(SQUARINGS + 1))`, 1.02 for 1024 rows.
const SQUARINGS: i32 = 8;

/// Most entries of a matrix that is written out: convolutions of large images have more.
const MOST_ENTRIES: usize = 1 << 24;

/// Whether the matrices of a network, and its Jacobians, are small enough to be written out.
pub fn is_small(graph: &ReluGraph) -> bool {
    let inputs = graph.size(graph.input());
    graph.nodes().all(|(_, node)| match node {
        Node::Affine(affine) => {
            let columns = affine.terms.iter().map(|(_, linear)| linear.inputs()).max();
            affine.bias.len() * columns.unwrap_or(0).max(inputs) <= MOST_ENTRIES
        }
        Node::Input { .. } | Node::Relu { .. } | Node::Clip { .. } => true,
    })
}

/// An upper bound on the Lipschitz constant over all inputs; `None` where the clock comes first.
pub fn global(graph: &ReluGraph, clock: &Clock) -> Option<f64> {
    let mut bounds: Vec<f64> = Vec::new();
    for (_, node) in graph.nodes() {
        let bound = match node {
            Node::Input { .. } => 1.0,
            Node::Affine(Affine { terms, .. }) => {
                let factor = |(id, linear): &(NodeId, Linear)| {
                    if clock.is_stopped() {
                        return None;
                    }
                    Some(spectral_norm(&dense(linear), clock)? * bounds[id.index()])
                };
                terms.iter().map(factor).sum::<Option<f64>>()? * (1.0 + ROUNDING)
            }
            Node::Relu { input } | Node::Clip { input, .. } => bounds[input.index()],
        };
        bounds.push(bound);
    }
    Some(bounds[graph.output().index()])
}

/// An upper bound on the Lipschitz constant over the domain of `bounds`, which are those of
/// this graph; `None` where the clock comes first.
///
/// # Panics
/// If the bounds are those of another network.
pub fn local(graph: &ReluGraph, bounds: &NeuronBounds, clock: &Clock) -> Option<f64> {
    // Midpoint and radius of the Jacobian of each node.
    let mut jacobians: Vec<(Array2<f64>, Array2<f64>)> = Vec::new();
    let mut layers = graph.activation_layers();
    let inputs = graph.size(graph.input());
    for (_, node) in graph.nodes() {
        let jacobian = match node {
            Node::Input { size } => (Array2::eye(*size), Array2::zeros((*size, *size))),
            Node::Affine(Affine { terms, bias }) => {
                let mut middle = Array2::zeros((bias.len(), inputs));
                let mut radius = Array2::zeros((bias.len(), inputs));
                for (id, linear) in terms {
                    if clock.is_stopped() {
                        return None;
                    }
                    let weights = dense(linear);
                    let (m, r) = &jacobians[id.index()];
                    middle += &weights.dot(m);
                    let magnitude = weights.mapv(f64::abs);
                    radius += &magnitude.dot(r);
                    // Rounding of both products.
                    radius += &(magnitude.dot(&m.mapv(f64::abs)) * ROUNDING);
                }
                (middle, radius * (1.0 + ROUNDING))
            }
            Node::Relu { input } | Node::Clip { input, .. } => {
                let layer = layers.next().expect("one layer an activation node");
                let (mut middle, mut radius) = jacobians[input.index()].clone();
                let rows = middle.axis_iter_mut(Axis(0)).zip(radius.axis_iter_mut(Axis(0)));
                for (index, (mut m, mut r)) in rows.enumerate() {
                    match bounds.phase(layer, index) {
                        Phase::Active => {}
                        Phase::Inactive | Phase::Saturated => {
                            m.fill(0.0);
                            r.fill(0.0);
                        }
                        Phase::Unstable => m.iter_mut().zip(r.iter_mut()).for_each(|(m, r)| {
                            // [m − r, m + r] and 0.
                            let (low, high) = ((*m - *r).min(0.0), (*m + *r).max(0.0));
                            (*m, *r) = (0.5 * (low + high), 0.5 * (high - low) * (1.0 + ROUNDING));
                        }),
                    }
                }
                (middle, radius)
            }
        };
        jacobians.push(jacobian);
    }
    let (middle, radius) = &jacobians[graph.output().index()];
    let largest = middle.mapv(f64::abs) + radius;
    // The spectral norm of a matrix is at most that of its magnitudes.
    Some(spectral_norm(&largest, clock)? * (1.0 + ROUNDING))
}

fn dense(linear: &Linear) -> Array2<f64> {
    let all: Vec<(usize, f64)> = (0..linear.outputs()).map(|row| (row, 1.0)).collect();
    linear.signed_rows(&all)
}

/// An upper bound on the spectral norm, `‖(G)^(2^k)‖_F^(1/2^(k+1))` with `G = WWᵀ` or `WᵀW`:
/// Delattre, Barthélemy, Araujo, Allauzen, "Efficient bound of Lipschitz constant for
/// convolutional layers by Gram iteration" (2023).
fn spectral_norm(weights: &Array2<f64>, clock: &Clock) -> Option<f64> {
    if clock.is_stopped() {
        return None;
    }
    // In units of the largest entry nothing that matters underflows.
    let unit = weights.iter().fold(0.0, |largest: f64, w| largest.max(w.abs()));
    if unit == 0.0 {
        return Some(0.0);
    }
    let weights = weights / unit;
    let gram = match weights.nrows() <= weights.ncols() {
        true => weights.dot(&weights.t()),
        false => weights.t().dot(&weights),
    };
    let mut power = gram;
    // After k squarings the norm is at most `exp(logarithm) · ‖power‖_F` to the power
    // 1/2^(k + 1).
    let mut logarithm = 0.0;
    for _ in 0..SQUARINGS {
        if clock.is_stopped() {
            return None;
        }
        let size = frobenius(&power);
        power /= size;
        logarithm = 2.0 * (logarithm + size.ln());
        power = power.dot(&power);
    }
    logarithm += frobenius(&power).ln();
    Some(unit * (logarithm * 0.5f64.powi(SQUARINGS + 1)).exp() * (1.0 + ROUNDING))
}

fn frobenius(matrix: &Array2<f64>) -> f64 {
    matrix.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;

    use super::*;

    #[test]
    fn spectral_norms_by_hand() {
        // Diagonal: the largest magnitude. Ones: √(rows · columns). Rank one: ‖u‖ ‖v‖.
        for (matrix, expected) in [
            (arr2(&[[3.0, 0.0], [0.0, -4.0]]), 4.0),
            (Array2::ones((3, 12)), 6.0),
            (arr2(&[[3.0, 6.0], [4.0, 8.0]]), 125f64.sqrt()),
            (Array2::zeros((2, 3)), 0.0),
            (arr2(&[[1e-200, 0.0], [0.0, 1e-201]]), 1e-200),
        ] {
            let found = spectral_norm(&matrix, &Clock::unlimited()).expect("no limit");
            assert!(found >= expected && found <= expected * 1.01, "{found}, expected {expected}");
        }
    }
}
