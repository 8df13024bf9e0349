//! Upper bounds on the number of linear regions, from the sizes of the layers.
//!
//! `u` neurons of which `b` have two bends cut a space of dimension `d` into at
//! most `Σ_{j ≤ d} c(j)` parts, `c` the coefficients of `(1 + t)^(u − b) (1 + 2t)^b`
//! (for ReLUs, binomials).
//!
//! - [`montufar`]: the product of these over the layers, `d` the least width so far
//!   (source: Montúfar, "Notes on the number of linear regions of deep neural
//!   networks" (2017)).
//! - [`serra`]: at most `c(j)` parts have `j` neurons without slope, and they reach
//!   the next layer with dimension at most the number of the others (source: Serra,
//!   Tjandraatmadja, Ramalingam, "Bounding and counting linear regions of deep
//!   neural networks" (2018), theorem 1; here by dynamic programming, with neurons
//!   known to be stable and with clipped ones).
//!
//! Both count patterns. A layer that reads more than the layer before it (a skip
//! connection) sees the dimension of the inputs again.

use std::collections::BTreeSet;

use crate::bounds::NeuronBounds;
use crate::network::{ActivationLayer, Node, NodeId, Phase, ReluGraph};
use crate::num::directed::{product_up, sum_up};

/// What the bounds need to know of a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LayerShape {
    /// Neurons that may have more than one phase in the domain, with one bend.
    pub bent: usize,
    /// The same, with two bends.
    pub bent_twice: usize,
    /// Neurons that are active in all of the domain.
    pub active: usize,
    /// Whether it reads the layer before it, or the inputs for the first one, and
    /// nothing else.
    pub sequential: bool,
}

impl LayerShape {
    /// Neurons that can have a slope.
    fn sloped(self) -> usize {
        self.bent + self.bent_twice + self.active
    }

    /// `c(0), …, c(d)`, rounded up.
    fn parts(self, dimension: usize) -> Vec<f64> {
        let most = dimension.min(self.bent + self.bent_twice);
        let mut coefficients = vec![0.0; most + 1];
        coefficients[0] = 1.0;
        let bends = [(self.bent, 1.0), (self.bent_twice, 2.0)];
        for (count, factor) in bends {
            for _ in 0..count {
                for j in (1..=most).rev() {
                    let added = product_up(factor, coefficients[j - 1]);
                    coefficients[j] = sum_up(coefficients[j], added);
                }
            }
        }
        coefficients
    }
}

/// The layers of a network whose neurons lie in `bounds`; without bounds, every
/// neuron counts as one with all its bends.
pub fn layer_shapes(graph: &ReluGraph, bounds: Option<&NeuronBounds>) -> Vec<LayerShape> {
    let sources = sources(graph);
    let mut before = graph.input();
    let shape = |layer: ActivationLayer| {
        let only = BTreeSet::from([before]);
        let sequential = sources[layer.pre_activation.index()].is_subset(&only);
        let mut shape = LayerShape { sequential, ..LayerShape::default() };
        for i in 0..graph.size(layer.node) {
            match bounds.map_or(Phase::Unstable, |bounds| bounds.phase(layer, i)) {
                Phase::Active => shape.active += 1,
                Phase::Inactive | Phase::Saturated => {}
                Phase::Unstable if layer.ceiling(i).is_some() => shape.bent_twice += 1,
                Phase::Unstable => shape.bent += 1,
            }
        }
        before = layer.node;
        shape
    };
    graph.activation_layers().map(shape).collect()
}

/// The inputs and activations that each node reads through affine maps alone.
fn sources(graph: &ReluGraph) -> Vec<BTreeSet<NodeId>> {
    let mut sources: Vec<BTreeSet<NodeId>> = Vec::new();
    for (id, node) in graph.nodes() {
        let found = match node {
            Node::Affine(_) => {
                let operands = node.operands();
                operands.iter().flat_map(|o| sources[o.index()].iter().copied()).collect()
            }
            Node::Input { .. } | Node::Relu { .. } | Node::Clip { .. } => BTreeSet::from([id]),
        };
        sources.push(found);
    }
    sources
}

/// Montúfar's bound for `inputs` inputs, rounded up.
pub fn montufar(inputs: usize, layers: &[LayerShape]) -> f64 {
    let mut dimension = inputs;
    let mut bound = 1.0;
    for layer in layers {
        if !layer.sequential {
            dimension = inputs;
        }
        bound = product_up(bound, layer.parts(dimension).into_iter().fold(0.0, sum_up));
        dimension = dimension.min(layer.sloped());
    }
    bound
}

/// The bound of Serra, Tjandraatmadja and Ramalingam for `inputs` inputs, rounded up.
pub fn serra(inputs: usize, layers: &[LayerShape]) -> f64 {
    // By the dimension that reaches the layer, from the last layer on.
    let mut behind = vec![1.0; inputs + 1];
    let mut next_is_sequential = true;
    for layer in layers.iter().rev() {
        // Of a lower dimension they are the first ones.
        let all_parts = layer.parts(inputs);
        let bound = |dimension: usize| {
            let parts = all_parts.iter().take(dimension + 1).enumerate();
            let products = parts.map(|(j, &count)| {
                let reaches = match next_is_sequential {
                    true => dimension.min(layer.sloped() - j),
                    false => inputs,
                };
                product_up(count, behind[reaches])
            });
            products.fold(0.0, sum_up)
        };
        behind = (0..=inputs).map(bound).collect();
        next_is_sequential = layer.sequential;
    }
    behind[inputs]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relus(widths: &[usize]) -> Vec<LayerShape> {
        let layer = |&bent: &usize| LayerShape { bent, sequential: true, ..LayerShape::default() };
        widths.iter().map(layer).collect()
    }

    #[test]
    fn bounds_of_known_sizes() {
        // By hand: 1 + n + n (n − 1) / 2 parts for n lines; the second layer sees the
        // plane again as long as two neurons may be active.
        assert_eq!(montufar(2, &relus(&[10])), 56.0);
        assert_eq!(serra(2, &relus(&[10])), 56.0);
        assert_eq!(serra(2, &relus(&[50])), 1276.0);
        assert_eq!(serra(2, &relus(&[10, 10])), 3136.0);
        assert_eq!(serra(2, &relus(&[50, 50])), 1276.0 * 1276.0);
        assert_eq!(serra(2, &relus(&[25; 4])), 326f64.powi(4));
        // By hand: 2^10 patterns, then all of 2^12 but those with more than 10
        // inactive neurons.
        assert_eq!(montufar(784, &relus(&[10, 12])), 1024.0 * 4083.0);
        // Σⱼ C(10, j) Σ_{i ≤ 10 − j} C(12, i), summed with another program.
        let by_hand: f64 = {
            let binomial =
                |n: u32, k: u32| (0..k).fold(1.0, |c, i| c * f64::from(n - i) / f64::from(i + 1));
            let inner = |most: u32| (0..=most).map(|i| binomial(12, i)).sum::<f64>();
            (0..=10).map(|j| binomial(10, j) * inner(10 - j)).sum()
        };
        assert_eq!(serra(784, &relus(&[10, 12])), by_hand);
        assert!((1.735e6..1.745e6).contains(&by_hand), "{by_hand}");
    }

    #[test]
    fn what_changes_the_bounds() {
        // By hand: with one input, a neuron behind two others of which one at most
        // has no slope on each of three intervals.
        assert_eq!(serra(1, &relus(&[2, 1])), 6.0);
        // A clipped neuron of one input has three phases, two of them five.
        let clipped = LayerShape { bent_twice: 1, sequential: true, ..LayerShape::default() };
        assert_eq!(serra(1, &[clipped]), 3.0);
        assert_eq!(serra(1, &[LayerShape { bent_twice: 2, ..clipped }]), 5.0);
        // Behind the flat parts of a clipped neuron nothing bends; with a skip
        // connection it may.
        let relu = relus(&[1])[0];
        assert_eq!(serra(1, &[clipped, relu]), 4.0);
        assert_eq!(serra(1, &[clipped, LayerShape { sequential: false, ..relu }]), 6.0);
        // Of two neurons an active one keeps the dimension for the other's flat side.
        let half = LayerShape { bent: 1, active: 1, sequential: true, bent_twice: 0 };
        assert_eq!(serra(1, &[half, relu]), 4.0);
        assert_eq!(serra(1, &[relu, relu]), 3.0);
    }
}
