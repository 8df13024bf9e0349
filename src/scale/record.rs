//! The record of `taut scale`: figures before and after.

use serde::Serialize;

use super::Scaled;
use super::channels::for_each_weight;
use crate::bounds::{LayerSummary, NeuronBounds, summarize};
use crate::control::StoppedBy;
use crate::network::{Node, Phase, ReluGraph};
use crate::num::tolerance::SMALLEST_COEFFICIENT;

/// What scaling changes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Figures {
    /// Largest big-M constant `max(−L, U)` of the unstable neurons; 0 if there are none.
    pub big_m_max: f64,
    /// Sum of the big-M constants of the unstable neurons.
    pub big_m_sum: f64,
    /// Largest magnitude of a weight.
    pub coefficient_max: f64,
    /// Smallest magnitude of a weight, but for those that solvers drop
    /// ([`SMALLEST_COEFFICIENT`]).
    pub coefficient_min: f64,
    /// The largest by the smallest; 1 if there are no weights.
    pub coefficient_range: f64,
}

/// What scaling cannot change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Invariants {
    /// Neurons of all layers.
    pub neurons: usize,
    /// Those whose phase the bounds leave open.
    pub unstable: usize,
    /// Mean over the unstable neurons of the area of the convex hull of the activation
    /// over `[L, U]`, as a share of `(U − L)²`; for a plain ReLU `−L U / 2(U − L)²`, at most
    /// 1/8. 0 if there are none.
    pub relaxation_area_mean: f64,
}

/// A scaling and its effect.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScaleRecord {
    /// Method of the factors.
    pub scale: &'static str,
    /// Method of the bounds.
    pub tighten: &'static str,
    /// What ended the work on the bounds early.
    pub stopped_by: Option<StoppedBy>,
    /// Neurons whose factor is not 1.
    pub scaled_neurons: usize,
    /// Least and largest exponent of a factor.
    pub exponents: [i32; 2],
    /// Figures of the given network.
    pub before: Figures,
    /// Figures of the scaled one.
    pub after: Figures,
    /// Figures of both.
    pub unchanged: Invariants,
    /// Wall-clock seconds for the bounds.
    pub bounds_seconds: f64,
    /// Wall-clock seconds for factors and scaled network.
    pub scale_seconds: f64,
}

impl Figures {
    /// The figures of a network with the given bounds.
    pub fn new(graph: &ReluGraph, bounds: &NeuronBounds) -> Self {
        let layers = summarize(graph, bounds);
        let sums = layers.iter().map(LayerSummary::big_m_sum);
        let (mut largest, mut smallest) = (0.0, f64::INFINITY);
        for (_, node) in graph.nodes() {
            let Node::Affine(affine) = node else { continue };
            for (_, linear) in &affine.terms {
                for_each_weight(linear, |_, _, weight, _| {
                    largest = weight.abs().max(largest);
                    if weight.abs() > SMALLEST_COEFFICIENT {
                        smallest = weight.abs().min(smallest);
                    }
                });
            }
        }
        let any = smallest.is_finite();
        Self {
            big_m_max: layers.iter().map(|layer| layer.big_m_max).fold(0.0, f64::max),
            // The sum of nothing is −0.
            big_m_sum: 0.0 + sums.sum::<f64>(),
            coefficient_max: largest,
            coefficient_min: if any { smallest } else { 0.0 },
            coefficient_range: if any { largest / smallest } else { 1.0 },
        }
    }
}

impl Invariants {
    /// The figures of a network with the given bounds.
    pub fn new(graph: &ReluGraph, bounds: &NeuronBounds) -> Self {
        let (mut neurons, mut areas) = (0, Vec::new());
        for layer in graph.activation_layers() {
            neurons += graph.size(layer.node);
            for index in 0..graph.size(layer.node) {
                if bounds.phase(layer, index) == Phase::Unstable {
                    let range = bounds.pre_activation(layer, index);
                    areas.push(hull_area(range.lower(), range.upper(), layer.ceiling(index)));
                }
            }
        }
        let unstable = areas.len();
        let relaxation_area_mean = (0.0 + areas.iter().sum::<f64>()) / unstable.max(1) as f64;
        Self { neurons, unstable, relaxation_area_mean }
    }
}

/// Area of the convex hull of `min(max(a, 0), ceiling)` over `[lower, upper]` in the
/// unit of `upper − lower`.
fn hull_area(lower: f64, upper: f64, ceiling: Option<f64>) -> f64 {
    let ceiling = ceiling.unwrap_or(f64::INFINITY);
    // Counterclockwise: along the lower side, then back along the upper one.
    let corners = [lower, 0.0, upper, ceiling].into_iter().filter(|a| (lower..=upper).contains(a));
    let width = upper - lower;
    let points: Vec<(f64, f64)> =
        corners.map(|a| (a / width, a.max(0.0).min(ceiling) / width)).collect();
    let next = points.iter().cycle().skip(1);
    points.iter().zip(next).map(|(p, q)| 0.5 * (p.0 * q.1 - q.0 * p.1)).sum()
}

impl ScaleRecord {
    /// The record of a scaling of `graph` with bounds `bounds`.
    pub fn new(graph: &ReluGraph, bounds: &NeuronBounds, scaled: &Scaled) -> Self {
        let factors = graph.activation_layers().flat_map(|layer| {
            scaled.factors[layer.node.index()].iter().map(|factor| factor.log2() as i32)
        });
        let exponents: Vec<i32> = factors.collect();
        Self {
            scale: "none",
            tighten: "none",
            stopped_by: None,
            scaled_neurons: exponents.iter().filter(|&&exponent| exponent != 0).count(),
            exponents: [
                exponents.iter().copied().min().unwrap_or(0),
                exponents.iter().copied().max().unwrap_or(0),
            ],
            before: Figures::new(graph, bounds),
            after: Figures::new(&scaled.graph, &scaled.bounds),
            unchanged: Invariants::new(graph, bounds),
            bounds_seconds: 0.0,
            scale_seconds: 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_of_hulls_by_hand() {
        // −L U / 2(U − L)² for [−1, 3]; a triangle (½, ½), (2, 1), (1, 1) of base 1 and
        // height ½ for [½, 2] under 1; the quadrilateral (−1, 0), (0, 0), (2, 1), (1, 1).
        for (lower, upper, ceiling, expected) in [
            (-1.0, 3.0, None, 3.0 / 32.0),
            (-1.0, 3.0, Some(3.5), 3.0 / 32.0),
            (0.5, 2.0, Some(1.0), 0.25 / 2.25),
            (-1.0, 2.0, Some(1.0), 1.0 / 9.0),
        ] {
            let found = hull_area(lower, upper, ceiling);
            assert!((found - expected).abs() < 1e-15, "{found}, expected {expected}");
        }
    }
}
