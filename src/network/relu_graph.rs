//! The canonical form of a network: affine maps, ReLU and clipped ReLU.
//!
//! Bounds, encodings, search and analyses read only this form. Every layer
//! lowers itself into it without changing the function over the reals.

use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayView2, Axis, Zip};
use serde::Serialize;

use super::linear::Linear;
use crate::num::rounding::{above, below, sum_error};
use crate::num::twofold::Twofold;
use crate::num::{Interval, IntervalBox};

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

    /// Values of every node for a batch of inputs (batch × inputs): one array
    /// (batch × size) a node, in the order of [`nodes`](Self::nodes).
    ///
    /// # Panics
    /// If the number of columns is not the number of inputs.
    pub fn evaluate_all(&self, inputs: ArrayView2<f64>) -> Vec<Array2<f64>> {
        assert_eq!(inputs.ncols(), self.sizes[0], "columns of a batch of inputs");
        let mut values: Vec<Array2<f64>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let value = match node.as_ref() {
                Node::Input { .. } => inputs.to_owned(),
                Node::Affine(Affine { terms, bias }) => {
                    let shape = (inputs.nrows(), bias.len());
                    let mut out = Array2::zeros(shape);
                    for (id, linear) in terms {
                        linear.add_product(values[id.0].view(), out.view_mut());
                    }
                    out + bias
                }
                Node::Relu { input } => values[input.0].mapv(|a| a.max(0.0)),
                Node::Clip { input, ceiling } => {
                    let mut out = values[input.0].mapv(|a| a.max(0.0));
                    out.axis_iter_mut(Axis(0)).for_each(|mut row| {
                        row.zip_mut_with(ceiling, |x, c| *x = x.min(*c));
                    });
                    out
                }
            };
            values.push(value);
        }
        values
    }

    /// Outputs (batch × outputs) for a batch of inputs (batch × inputs).
    ///
    /// # Panics
    /// If the number of columns is not the number of inputs.
    pub fn evaluate(&self, inputs: ArrayView2<f64>) -> Array2<f64> {
        self.evaluate_all(inputs).swap_remove(self.output.0)
    }

    /// Bounds on what rounding has done to each neuron of a node at one point, given the values of all
    /// nodes there ([`evaluate_all`](Self::evaluate_all) of one row): `e(a) = |W| e(x) +
    /// γ (|W| |x| + |b|)`, in whatever order sums are taken.
    pub fn rounding_errors(&self, values: &[Array2<f64>], node: NodeId) -> Array1<f64> {
        self.forward_errors(node, |affine, mut before| {
            let mut magnitude = affine.bias.mapv(f64::abs);
            for (operand, linear) in &affine.terms {
                let size = values[operand.0].row(0).mapv(f64::abs);
                linear.add_absolute_product(&size, &mut magnitude);
            }
            let terms = 1 + affine.terms.iter().map(|(_, linear)| linear.inputs()).sum::<usize>();
            before.zip_mut_with(&magnitude, |e, &m| *e += sum_error(terms, m + *e));
            before
        })
    }

    /// Bounds on what underflow alone has done to each neuron of a node, in `f64` or in twice
    /// the digits.
    fn underflow_errors(&self, node: NodeId) -> Array1<f64> {
        self.forward_errors(node, |affine, before| {
            let terms = 1 + affine.terms.iter().map(|(_, linear)| linear.inputs()).sum::<usize>();
            // The last digit there is, for each product and each of its two errors.
            let last = 4.0 * terms as f64 * f64::from_bits(1);
            before.mapv(|e: f64| (e * (1.0 + 1e-9) + last).next_up())
        })
    }

    /// Errors forward through the graph: `of_affine` makes of `|W| e(x)` the error of an affine
    /// node; activations magnify none.
    fn forward_errors(
        &self,
        last: NodeId,
        of_affine: impl Fn(&Affine, Array1<f64>) -> Array1<f64>,
    ) -> Array1<f64> {
        let mut errors: Vec<Array1<f64>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes[..=last.0] {
            errors.push(match node.as_ref() {
                Node::Input { size } => Array1::zeros(*size),
                Node::Relu { input } | Node::Clip { input, .. } => errors[input.0].clone(),
                Node::Affine(affine) => {
                    let mut before = Array1::zeros(affine.bias.len());
                    for (operand, linear) in &affine.terms {
                        linear.add_absolute_product(&errors[operand.0], &mut before);
                    }
                    of_affine(affine, before)
                }
            });
        }
        errors.swap_remove(last.0)
    }

    /// Bounds of a node at one point, as close as `f64` can tell: computed in twice the
    /// digits, in which sums have at most the error that [`rounding_errors`](Self::rounding_errors)
    /// bounds for `f64`, times `2⁻⁴⁸`: each operation is off by some units of the last of 104
    /// bits. `None` where a value is not finite.
    ///
    /// # Panics
    /// If the number of coordinates is not the number of inputs.
    pub fn bounds_at(&self, input: &[f64], node: NodeId) -> Option<IntervalBox> {
        /// Far above `16 · 2⁻⁵³`, which the operations come to.
        const OF_TWICE_THE_DIGITS: f64 = 1.0 / (1u64 << 48) as f64;
        let batch = ArrayView2::from_shape((1, input.len()), input).expect("one row");
        let errors = self.rounding_errors(&self.evaluate_all(batch), node);
        let values = self.evaluate_accurately(input, node);
        // More digits do not mend what underflows.
        let underflow = self.underflow_errors(node);
        let ends =
            values.iter().zip(errors.iter().zip(&underflow)).map(|(value, (error, lost))| {
                let value = value.rounded();
                let error = (OF_TWICE_THE_DIGITS * error + lost).next_up();
                // One more step for the rounding of the value itself.
                (below(value.next_down(), error), above(value.next_up(), error))
            });
        let (lower, upper) = ends.unzip();
        IntervalBox::new(lower, upper).ok()
    }

    /// A node at one point in twice the digits.
    ///
    /// # Panics
    /// If the number of coordinates is not the number of inputs.
    pub fn evaluate_accurately(&self, input: &[f64], node: NodeId) -> Vec<Twofold> {
        assert_eq!(input.len(), self.sizes[0], "coordinates of a point");
        let mut values: Vec<Vec<Twofold>> = Vec::with_capacity(self.nodes.len());
        let last = node;
        for node in &self.nodes[..=last.0] {
            values.push(match node.as_ref() {
                Node::Input { .. } => input.iter().map(|&x| x.into()).collect(),
                Node::Relu { input } => {
                    values[input.0].iter().map(|a| a.max(Twofold::default())).collect()
                }
                Node::Clip { input, ceiling } => {
                    let neurons = values[input.0].iter().zip(ceiling);
                    neurons.map(|(a, &c)| a.max(Twofold::default()).min(c.into())).collect()
                }
                Node::Affine(affine) => {
                    let row = |row: usize| {
                        let mut sum = Twofold::from(affine.bias[row]);
                        for (operand, linear) in &affine.terms {
                            for (column, weight) in linear.row(row) {
                                sum.add_product(weight, values[operand.0][column]);
                            }
                        }
                        sum
                    };
                    (0..affine.bias.len()).map(row).collect()
                }
            });
        }
        values.swap_remove(last.0)
    }

    /// The size of the sums behind each output at one point, given the values of all nodes
    /// there ([`evaluate_all`](Self::evaluate_all) of one row): `Σ |w| |x| + |b|` through the
    /// affine maps behind the last activation. Rounding errors of a forward pass are relative
    /// to it, not to the outputs, which may be differences of large numbers.
    pub fn magnitudes(&self, values: &[Array2<f64>]) -> Array1<f64> {
        self.magnitudes_of(self.output, values)
    }

    fn magnitudes_of(&self, id: NodeId, values: &[Array2<f64>]) -> Array1<f64> {
        match self.nodes[id.0].as_ref() {
            Node::Input { .. } => values[id.0].row(0).mapv(f64::abs),
            Node::Relu { input } | Node::Clip { input, .. } => self.magnitudes_of(*input, values),
            Node::Affine(affine) => {
                let mut sum = affine.bias.mapv(f64::abs);
                for (operand, linear) in &affine.terms {
                    let size = match self.nodes[operand.0].as_ref() {
                        Node::Affine(_) => self.magnitudes_of(*operand, values),
                        _ => values[operand.0].row(0).mapv(f64::abs),
                    };
                    linear.add_absolute_product(&size, &mut sum);
                }
                sum
            }
        }
    }

    /// Gradients with respect to the inputs of `weights · value` of a node, one for each row of
    /// weights (rows × size of the node), given the values of all nodes
    /// ([`evaluate_all`](Self::evaluate_all)) at a point for each row, or at one for all of them.
    /// Where a neuron sits at a kink, the flat piece counts.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn gradients(
        &self,
        values: &[Array2<f64>],
        node: NodeId,
        weights: Array2<f64>,
    ) -> Array2<f64> {
        assert_eq!(weights.ncols(), self.size(node), "weights of a node");
        let nothing = Array2::zeros((weights.nrows(), self.sizes[0]));
        let mut gradients: Vec<Option<Array2<f64>>> = vec![None; node.0 + 1];
        gradients[node.0] = Some(weights);
        let add = |to: &mut Option<Array2<f64>>, gradient: Array2<f64>| match to {
            Some(sum) => *sum += &gradient,
            None => *to = Some(gradient),
        };
        for position in (1..=node.0).rev() {
            let Some(mut gradient) = gradients[position].take() else { continue };
            match self.nodes[position].as_ref() {
                Node::Input { .. } => {}
                Node::Affine(affine) => {
                    for (input, linear) in &affine.terms {
                        add(&mut gradients[input.0], linear.rows_times(&gradient));
                    }
                }
                Node::Relu { input } | Node::Clip { input, .. } => {
                    // The output differs from both flat values on the slope only.
                    Zip::from(&mut gradient)
                        .and_broadcast(&values[input.0])
                        .and_broadcast(&values[position])
                        .for_each(|slope, &a, &y| {
                            if a <= 0.0 || a != y {
                                *slope = 0.0;
                            }
                        });
                    add(&mut gradients[input.0], gradient);
                }
            }
        }
        gradients.swap_remove(0).unwrap_or(nothing)
    }

    /// Activation pattern of a point: the phase of each neuron, layer by layer.
    /// A pre-activation of exactly 0 counts as inactive, one at the ceiling as
    /// active.
    ///
    /// # Panics
    /// If the number of coordinates is not the number of inputs.
    pub fn pattern(&self, point: &[f64]) -> Vec<Vec<Phase>> {
        let batch = ArrayView2::from_shape((1, point.len()), point).expect("one row");
        let values = self.evaluate_all(batch);
        let phase = |a: f64, ceiling: Option<f64>| match ceiling {
            _ if a <= 0.0 => Phase::Inactive,
            Some(ceiling) if a > ceiling => Phase::Saturated,
            _ => Phase::Active,
        };
        let layers = self.activation_layers();
        let of_layer = |layer: ActivationLayer| {
            let a = values[layer.pre_activation.0].row(0);
            a.iter().enumerate().map(|(i, &a)| phase(a, layer.ceiling(i))).collect()
        };
        layers.map(of_layer).collect()
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
