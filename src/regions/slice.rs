//! Networks on a line, a plane or another flat through their inputs.

use ndarray::{Array1, Array2};

use crate::network::{Linear, Node, NodeId, ReluGraph};

/// The network `t ↦ f(origin + directions · t)`; `directions`: inputs × k.
///
/// # Panics
/// If the shapes do not fit the network's inputs.
pub fn slice(graph: &ReluGraph, origin: Array1<f64>, directions: Array2<f64>) -> ReluGraph {
    let mut sliced = ReluGraph::new(directions.ncols());
    let mut places: Vec<NodeId> = Vec::new();
    for (id, node) in graph.nodes() {
        let of = |id: &NodeId| places[id.index()];
        let place = match node {
            Node::Input { .. } => {
                let directions = Linear::dense(directions.clone());
                assert_eq!(origin.len(), graph.size(id), "coordinates of the origin");
                sliced.affine(vec![(sliced.input(), directions)], origin.clone())
            }
            Node::Affine(affine) => {
                let terms = affine.terms.iter().map(|(id, linear)| (of(id), linear.clone()));
                sliced.affine(terms.collect(), affine.bias.clone())
            }
            Node::Relu { input } => sliced.relu(of(input)),
            Node::Clip { input, ceiling } => sliced.clip(of(input), ceiling.clone()),
        };
        places.push(place);
    }
    sliced.set_output(places[graph.output().index()]);
    sliced
}
