//! The sizes of the sums behind outputs.

use ndarray::{Array2, ArrayView2};
use taut::network::{Node, NodeId, ReluGraph};

/// `Σ |w x| + |b|` of the affine maps behind the last activation, for each output at a
/// point: what an error is relative to, because an output may be a difference of large
/// numbers.
pub fn sizes_of_outputs(graph: &ReluGraph, point: &[f64]) -> Vec<f64> {
    let batch = ArrayView2::from_shape((1, point.len()), point).expect("one row");
    sizes(graph, graph.output(), &graph.evaluate_all(batch))
}

fn sizes(graph: &ReluGraph, id: NodeId, values: &[Array2<f64>]) -> Vec<f64> {
    let values_of = |id: NodeId| values[id.index()].iter().map(|value| value.abs()).collect();
    match node(graph, id) {
        Node::Input { .. } => values_of(id),
        Node::Relu { input } | Node::Clip { input, .. } => sizes(graph, *input, values),
        Node::Affine(affine) => {
            let mut sums: Vec<f64> = affine.bias.iter().map(|bias| bias.abs()).collect();
            for (operand, linear) in &affine.terms {
                let incoming: Vec<f64> = match node(graph, *operand) {
                    Node::Affine(_) => sizes(graph, *operand, values),
                    _ => values_of(*operand),
                };
                for (row, sum) in sums.iter_mut().enumerate() {
                    let terms = linear.row(row).into_iter();
                    *sum += terms.map(|(column, w)| w.abs() * incoming[column]).sum::<f64>();
                }
            }
            sums
        }
    }
}

fn node(graph: &ReluGraph, id: NodeId) -> &Node {
    graph.nodes().nth(id.index()).expect("a node of the graph").1
}
