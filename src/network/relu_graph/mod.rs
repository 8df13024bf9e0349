//! The canonical form of a network: affine maps, ReLU and clipped ReLU.
//!
//! Bounds, encodings, search and analyses read only this form. Every layer
//! lowers itself into it without changing the function over the reals.

mod errors;
mod forward;

use std::sync::Arc;

use ndarray::Array1;
use serde::Serialize;

use super::linear::Linear;
use crate::num::Interval;

/// Position of a node in a [`ReluGraph`]; operands always come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(usize);

impl NodeId {
    /// The position as an index.
    pub fn index(self) -> usize {
        self.0
    }
}

/// `Σ Wₜ xₜ + bias` over the operands `xₜ`.
#[derive(Clone, Debug, PartialEq)]
pub struct Affine {
    /// Operands and their matrices, all with `bias.len()` rows.
    pub terms: Vec<(NodeId, Linear)>,
    /// The constant part.
    pub bias: Array1<f64>,
}

/// A node of the canonical form: a vector of neurons.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// The input of the network.
    Input {
        /// Number of inputs.
        size: usize,
    },
    /// An affine map.
    Affine(Affine),
    /// `max(a, 0)`, neuron by neuron.
    Relu {
        /// The pre-activations `a`.
        input: NodeId,
    },
    /// `min(max(a, 0), ceiling)`, neuron by neuron.
    Clip {
        /// The pre-activations `a`.
        input: NodeId,
        /// Positive ceilings, one per neuron.
        ceiling: Array1<f64>,
    },
}

impl Node {
    /// The nodes that this one reads.
    pub fn operands(&self) -> Vec<NodeId> {
        match self {
            Self::Input { .. } => Vec::new(),
            Self::Affine(affine) => affine.terms.iter().map(|(id, _)| *id).collect(),
            Self::Relu { input } | Self::Clip { input, .. } => vec![*input],
        }
    }

    fn operands_mut(&mut self) -> Vec<&mut NodeId> {
        match self {
            Self::Input { .. } => Vec::new(),
            Self::Affine(affine) => affine.terms.iter_mut().map(|(id, _)| id).collect(),
            Self::Relu { input } | Self::Clip { input, .. } => vec![input],
        }
    }
}

/// A network of affine maps, ReLUs and clipped ReLUs in topological order. Copies share
/// their nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct ReluGraph {
    nodes: Vec<Arc<Node>>,
    sizes: Vec<usize>,
    output: NodeId,
}

/// Where a neuron's pre-activation lies: the linear piece in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Pre-activation at most 0: the output is 0.
    Inactive,
    /// Between 0 and the ceiling, if there is one: the output is the pre-activation.
    Active,
    /// At least the ceiling of a clipped ReLU: the output is the ceiling.
    Saturated,
    /// Not decided by the bounds at hand.
    Unstable,
}

impl Phase {
    /// The phase of a neuron whose pre-activation lies in `pre_activation`.
    pub fn of(pre_activation: Interval, ceiling: Option<f64>) -> Self {
        let (lower, upper) = (pre_activation.lower(), pre_activation.upper());
        match ceiling {
            _ if upper <= 0.0 => Self::Inactive,
            // At the ceiling itself a neuron counts as active, as in a pattern.
            Some(ceiling) if lower >= 0.0 && upper <= ceiling => Self::Active,
            Some(ceiling) if lower >= ceiling => Self::Saturated,
            None if lower >= 0.0 => Self::Active,
            _ => Self::Unstable,
        }
    }
}

/// One layer of activations: a [`Node::Relu`] or [`Node::Clip`].
#[derive(Clone, Copy, Debug)]
pub struct ActivationLayer<'a> {
    /// The activation node.
    pub node: NodeId,
    /// The node of the pre-activations.
    pub pre_activation: NodeId,
    ceiling: Option<&'a Array1<f64>>,
}

impl ActivationLayer<'_> {
    /// The ceiling of neuron `index`, `None` for a plain ReLU.
    pub fn ceiling(&self, index: usize) -> Option<f64> {
        self.ceiling.map(|ceiling| ceiling[index])
    }
}

impl ReluGraph {
    /// A graph that is only an input of `size` numbers, which is its output too.
    pub fn new(size: usize) -> Self {
        Self { nodes: vec![Arc::new(Node::Input { size })], sizes: vec![size], output: NodeId(0) }
    }

    /// The node of the network's input.
    pub fn input(&self) -> NodeId {
        NodeId(0)
    }

    /// The node of the network's output.
    pub fn output(&self) -> NodeId {
        self.output
    }

    /// Number of neurons of a node.
    pub fn size(&self, id: NodeId) -> usize {
        self.sizes[id.0]
    }

    /// The node at `id`.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// All nodes, operands first.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(i, node)| (NodeId(i), node.as_ref()))
    }

    /// The activation layers in topological order; layer `k` of reports is the
    /// `k`-th of them, counted from 1.
    pub fn activation_layers(&self) -> impl Iterator<Item = ActivationLayer<'_>> {
        self.nodes().filter_map(|(node, content)| match content {
            Node::Relu { input } => {
                Some(ActivationLayer { node, pre_activation: *input, ceiling: None })
            }
            Node::Clip { input, ceiling } => {
                Some(ActivationLayer { node, pre_activation: *input, ceiling: Some(ceiling) })
            }
            Node::Input { .. } | Node::Affine(_) => None,
        })
    }

    /// Which nodes no other node reads: one flag a node.
    pub fn are_unread(&self) -> Vec<bool> {
        let mut unread = vec![true; self.nodes.len()];
        let operands = self.nodes.iter().flat_map(|node| node.operands());
        operands.for_each(|operand| unread[operand.0] = false);
        unread
    }

    /// Adds `Σ Wₜ xₜ + bias`.
    ///
    /// # Panics
    /// If there is no operand or the shapes do not fit.
    pub fn affine(&mut self, terms: Vec<(NodeId, Linear)>, bias: Array1<f64>) -> NodeId {
        assert!(!terms.is_empty(), "an affine node needs an operand");
        for (id, linear) in &terms {
            assert_eq!(linear.inputs(), self.size(*id), "columns of an affine node");
            assert_eq!(linear.outputs(), bias.len(), "rows of an affine node");
        }
        let size = bias.len();
        self.push(Node::Affine(Affine { terms, bias }), size)
    }

    /// Adds `max(a, 0)`.
    pub fn relu(&mut self, input: NodeId) -> NodeId {
        self.push(Node::Relu { input }, self.size(input))
    }

    /// Adds `min(max(a, 0), ceiling)`.
    ///
    /// # Panics
    /// If a ceiling is not positive and finite, or their number is wrong.
    pub fn clip(&mut self, input: NodeId, ceiling: Array1<f64>) -> NodeId {
        assert_eq!(ceiling.len(), self.size(input), "number of ceilings");
        assert!(ceiling.iter().all(|c| *c > 0.0 && c.is_finite()), "ceilings {ceiling}");
        self.push(Node::Clip { input, ceiling }, self.size(input))
    }

    /// Declares which node is the network's output.
    pub fn set_output(&mut self, output: NodeId) {
        assert!(output.0 < self.nodes.len(), "output of a graph");
        self.output = output;
    }

    /// The nodes up to one, which is the output.
    ///
    /// # Panics
    /// If there is no such node.
    #[must_use]
    pub fn up_to(&self, output: NodeId) -> Self {
        let (nodes, sizes) = (&self.nodes[..=output.0], &self.sizes[..=output.0]);
        Self { nodes: nodes.to_vec(), sizes: sizes.to_vec(), output }
    }

    /// The same function without the nodes that the output does not need; the input
    /// stays.
    pub fn without_unused(self) -> Self {
        let mut needed = vec![false; self.nodes.len()];
        (needed[0], needed[self.output.0]) = (true, true);
        for (position, node) in self.nodes.iter().enumerate().rev() {
            if needed[position] {
                node.operands().iter().for_each(|operand| needed[operand.0] = true);
            }
        }
        let mut kept = Self { nodes: Vec::new(), sizes: Vec::new(), output: NodeId(0) };
        let mut positions = vec![NodeId(0); needed.len()];
        for (position, mut node) in self.nodes.into_iter().enumerate().filter(|(p, _)| needed[*p]) {
            let operands = Arc::make_mut(&mut node).operands_mut();
            operands.into_iter().for_each(|operand| *operand = positions[operand.0]);
            positions[position] = kept.push(node, self.sizes[position]);
        }
        kept.output = positions[self.output.0];
        kept
    }

    /// Multiplications of one forward pass: entries of the matrices of the affine
    /// nodes that are not known to be 0 from their structure.
    pub fn weights(&self) -> usize {
        let of_node = |(_, node): (NodeId, &Node)| match node {
            Node::Affine(affine) => {
                affine.terms.iter().map(|(_, linear)| linear.multiplications()).sum()
            }
            Node::Input { .. } | Node::Relu { .. } | Node::Clip { .. } => 0,
        };
        self.nodes().map(of_node).sum()
    }

    fn push(&mut self, node: impl Into<Arc<Node>>, size: usize) -> NodeId {
        self.nodes.push(node.into());
        self.sizes.push(size);
        NodeId(self.nodes.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::arr1;

    use super::*;

    #[test]
    fn unused_nodes_go_and_the_others_keep_their_order() {
        let affine = |graph: &mut ReluGraph, from: NodeId, factor: f64| {
            graph.affine(vec![(from, Linear::scaled_identity(1, factor))], arr1(&[0.0]))
        };
        let mut graph = ReluGraph::new(1);
        let dead = affine(&mut graph, NodeId(0), 5.0);
        graph.relu(dead);
        let pre = affine(&mut graph, NodeId(0), 2.0);
        let clipped = graph.clip(pre, arr1(&[3.0]));
        let output = affine(&mut graph, clipped, -1.0);
        affine(&mut graph, output, 7.0);
        graph.set_output(output);
        let mut expected = ReluGraph::new(1);
        let pre = affine(&mut expected, NodeId(0), 2.0);
        let clipped = expected.clip(pre, arr1(&[3.0]));
        let output = affine(&mut expected, clipped, -1.0);
        expected.set_output(output);
        assert_eq!(graph.without_unused(), expected);
    }
}
