//! Interval propagation: `L = W⁺l + W⁻u + b`, `U = W⁺u + W⁻l + b`, and
//! monotone activations at the ends.
//!
//! Source: Plate et al. (2025), eqs. (6)–(7); Moore, "Interval Analysis" (1966).
//! Every affine bound is widened by an a-priori bound of its rounding error
//! ([`crate::num::rounding`]), which holds for any order of summation.

use super::{BoundsError, NeuronBounds, Propagator};
use crate::control::Clock;
use crate::network::{Affine, Node, NodeId, ReluGraph};
use crate::num::IntervalBox;
use crate::num::rounding::RangeSum;

/// Interval propagation.
#[derive(Debug)]
pub struct IntervalPropagation;

impl Propagator for IntervalPropagation {
    fn name(&self) -> &'static str {
        "interval"
    }

    fn propagate_within(
        &self,
        graph: &ReluGraph,
        domain: &IntervalBox,
        _: &Clock,
    ) -> Result<NeuronBounds, BoundsError> {
        let mut boxes: Vec<IntervalBox> = Vec::new();
        for (id, node) in graph.nodes() {
            let bounds = range(id, node, &boxes, domain)?;
            boxes.push(bounds);
        }
        Ok(NeuronBounds::new(boxes))
    }
}

/// The range of one node, given those of the nodes before it.
///
/// # Errors
/// It overflows `f64`.
pub fn range(
    id: NodeId,
    node: &Node,
    boxes: &[IntervalBox],
    domain: &IntervalBox,
) -> Result<IntervalBox, BoundsError> {
    let of = |input: &NodeId| &boxes[input.index()];
    let (lower, upper) = match node {
        Node::Input { .. } => return Ok(domain.clone()),
        Node::Affine(affine) => affine_range(affine, boxes),
        Node::Relu { input } => map_ends(of(input), |_, a| a.max(0.0)),
        Node::Clip { input, ceiling } => map_ends(of(input), |i, a| a.max(0.0).min(ceiling[i])),
    };
    IntervalBox::new(lower, upper)
        .map_err(|cause| BoundsError::Overflow { node: id.index(), cause })
}

fn affine_range(affine: &Affine, boxes: &[IntervalBox]) -> (Vec<f64>, Vec<f64>) {
    let mut sums = vec![RangeSum::default(); affine.bias.len()];
    sums.iter_mut().zip(&affine.bias).for_each(|(sum, &b)| sum.add(1.0, b, b));
    for (input, linear) in &affine.terms {
        linear.add_ranges(&boxes[input.index()], &mut sums);
    }
    sums.iter().map(RangeSum::rounded_outward).unzip()
}

/// Applies a monotone function, given with the neuron's index, to both ends.
fn map_ends(bounds: &IntervalBox, f: impl Fn(usize, f64) -> f64) -> (Vec<f64>, Vec<f64>) {
    let map = |ends: &[f64]| ends.iter().enumerate().map(|(i, &a)| f(i, a)).collect();
    (map(bounds.lower()), map(bounds.upper()))
}

#[cfg(test)]
mod tests {
    use ndarray::{arr1, arr2};

    use super::*;
    use crate::network::Linear;

    #[test]
    fn bounds_of_a_small_network_by_hand() {
        // a = (x0 − 2 x1 + 1, −x0), x ∈ [0,1]×[−1,1]: a ∈ [−1,4]×[−1,0].
        let mut graph = ReluGraph::new(2);
        let weights = Linear::dense(arr2(&[[1.0, -2.0], [-1.0, 0.0]]));
        let a = graph.affine(vec![(graph.input(), weights)], arr1(&[1.0, 0.0]));
        let x = graph.clip(a, arr1(&[3.0, 3.0]));
        let domain = IntervalBox::new(vec![0.0, -1.0], vec![1.0, 1.0]).unwrap();
        let bounds = IntervalPropagation.propagate(&graph, &domain).unwrap();
        let close = |found: &[f64], expected: [f64; 2]| {
            found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-14)
        };
        assert!(
            close(bounds.of(a).lower(), [-1.0, -1.0]) && close(bounds.of(a).upper(), [4.0, 0.0])
        );
        assert!(close(bounds.of(x).lower(), [0.0, 0.0]) && close(bounds.of(x).upper(), [3.0, 0.0]));
        // Outward: strictly wider than the exact range.
        assert!(bounds.of(a).lower()[0] < -1.0 && bounds.of(a).upper()[0] > 4.0);
    }

    #[test]
    fn overflow_is_an_error() {
        let mut graph = ReluGraph::new(1);
        let weights = Linear::dense(arr2(&[[1e200]]));
        let a = graph.affine(vec![(graph.input(), weights.clone())], arr1(&[0.0]));
        graph.affine(vec![(a, weights)], arr1(&[0.0]));
        let domain = IntervalBox::new(vec![-1.0], vec![1.0]).unwrap();
        let error = IntervalPropagation.propagate(&graph, &domain).unwrap_err();
        assert!(error.to_string().contains("overflow"), "{error}");
    }
}
