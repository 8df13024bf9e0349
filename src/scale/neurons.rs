//! What bounds say about single neurons and those who read them.

use ndarray::Array1;

use crate::bounds::NeuronBounds;
use crate::network::{ActivationLayer, Affine, Node, NodeId, Phase, ReluGraph};

/// The neurons of a network with bounds.
#[derive(Debug)]
pub struct Neurons<'a> {
    bounds: &'a NeuronBounds,
    /// The layer that a node is, if it is one.
    layers: Vec<Option<ActivationLayer<'a>>>,
    /// The layers that read each node.
    readers: Vec<Vec<ActivationLayer<'a>>>,
    /// Whether affine nodes read a node, or it is the output.
    open: Vec<bool>,
}

impl<'a> Neurons<'a> {
    /// The neurons of `graph`.
    pub fn new(graph: &'a ReluGraph, bounds: &'a NeuronBounds) -> Self {
        let count = graph.nodes().count();
        let (mut layers, mut readers) = (vec![None; count], vec![Vec::new(); count]);
        for layer in graph.activation_layers() {
            layers[layer.node.index()] = Some(layer);
            readers[layer.pre_activation.index()].push(layer);
        }
        let mut open = vec![false; count];
        open[graph.output().index()] = true;
        for (_, node) in graph.nodes() {
            if let Node::Affine(affine) = node {
                affine.terms.iter().for_each(|(input, _)| open[input.index()] = true);
            }
        }
        Self { bounds, layers, readers, open }
    }

    /// Whether an activation has a constant output here, or all that read the
    /// neuron of an affine node have.
    pub fn is_constant(&self, node: NodeId, index: usize) -> bool {
        let constant = |layer: &ActivationLayer<'_>| match self.bounds.phase(*layer, index) {
            Phase::Inactive | Phase::Saturated => true,
            Phase::Active | Phase::Unstable => false,
        };
        match &self.layers[node.index()] {
            Some(layer) => constant(layer),
            None => !self.open[node.index()] && self.readers[node.index()].iter().all(constant),
        }
    }

    /// `max(−L, U)`; `U` where all activations that read the neuron are active.
    pub fn big_m(&self, node: NodeId, index: usize) -> f64 {
        let readers = &self.readers[node.index()];
        let active =
            |layer: &ActivationLayer<'_>| self.bounds.phase(*layer, index) == Phase::Active;
        match !self.open[node.index()] && readers.iter().all(active) {
            true => self.bounds.of(node).interval(index).upper(),
            false => self.magnitude(node, index),
        }
    }

    /// `Σ |w| max|x| + |b|` for each neuron of an affine node.
    pub fn sizes_of_terms(&self, affine: &Affine) -> Array1<f64> {
        let mut sizes = affine.bias.mapv(f64::abs);
        for (input, linear) in &affine.terms {
            let largest = (0..linear.inputs()).map(|index| self.magnitude(*input, index));
            linear.add_absolute_product(&largest.collect(), &mut sizes);
        }
        sizes
    }

    /// `max(−L, U)`.
    pub fn magnitude(&self, node: NodeId, index: usize) -> f64 {
        let range = self.bounds.of(node).interval(index);
        range.upper().max(-range.lower())
    }
}
