//! Which neurons a question reads: what is asked for, and what that is computed from.
//!
//! A neuron whose phase is proven constant is read as a number, so nothing before it is read
//! through it.

use super::NeuronBounds;
use crate::network::{ActivationLayer, Node, NodeId, Phase, ReluGraph};

/// One flag a neuron of each node: whether a node depends on it, as far as `bounds` tell.
///
/// # Panics
/// If the bounds are those of another network.
pub fn read_neurons(graph: &ReluGraph, bounds: &NeuronBounds, node: NodeId) -> Vec<Vec<bool>> {
    let nodes: Vec<_> = graph.nodes().collect();
    let layers: Vec<ActivationLayer> = graph.activation_layers().collect();
    let mut read: Vec<Vec<bool>> =
        nodes.iter().map(|(id, _)| vec![false; graph.size(*id)]).collect();
    read[node.index()].fill(true);
    for (id, node) in nodes.iter().rev() {
        let chosen = (0..graph.size(*id)).filter(|&index| read[id.index()][index]);
        let chosen: Vec<usize> = chosen.collect();
        match node {
            Node::Input { .. } => {}
            Node::Affine(affine) => {
                for (operand, linear) in &affine.terms {
                    for column in chosen.iter().flat_map(|&row| linear.row(row)) {
                        read[operand.index()][column.0] = true;
                    }
                }
            }
            Node::Relu { input } | Node::Clip { input, .. } => {
                let layer = layers.iter().find(|layer| layer.node == *id).expect("a layer");
                for index in chosen {
                    read[input.index()][index] |= match bounds.phase(*layer, index) {
                        Phase::Inactive | Phase::Saturated => false,
                        Phase::Active | Phase::Unstable => true,
                    };
                }
            }
        }
    }
    read
}
