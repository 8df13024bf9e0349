//! `MaxPool`: the largest pixel under a window, channel by channel.
//! <https://onnx.ai/onnx/operators/onnx__MaxPool.html>
//!
//! Padding does not take part. Attributes: those of [`super::sliding`],
//! `ceil_mode` (not with `auto_pad` VALID), `storage_order` (0 only; it concerns
//! the second output, the positions of the largest pixels, which is refused).
//!
//! Canonical form: `max(a, b) = a + relu(b − a)` in a balanced tree, one ReLU node a
//! level for all windows together: first along the rows of the image, then, for
//! what these leave, along its columns. Windows that overlap share the maxima of
//! their rows.

use ndarray::{Array1, ArrayD, ArrayViewD};

use super::sliding::{Sliding, pooled};
use super::{Layer, Lowered, select, sparse};
use crate::network::linear::{Linear, SparseRows};
use crate::network::operator::{LayerError, Operand, Operator, OperatorReader};
use crate::network::relu_graph::{NodeId, ReluGraph};
use crate::network::window::{Window, WindowAxis};

#[derive(Debug)]
struct MaxPool {
    sliding: Sliding,
}

pub(super) fn read(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    reader.data(0)?;
    let sliding = Sliding::read_pooling(reader)?;
    match reader.integer("storage_order", 0)? {
        0 => Ok(Box::new(MaxPool { sliding })),
        other => Err(LayerError::Attribute {
            name: "storage_order".to_string(),
            found: other.to_string(),
            expected: "0".to_string(),
        }),
    }
}

impl MaxPool {
    fn over(&self, shape: &[usize]) -> Result<(usize, Window), LayerError> {
        self.sliding.pooling_over(shape, true)
    }
}

impl Layer for MaxPool {
    fn operator(&self) -> Operator {
        self.sliding.write(Operator::new("MaxPool", vec![Operand::Data]))
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        let (channels, window) = self.over(inputs[0])?;
        Ok(vec![1, channels, window.height.outputs(), window.width.outputs()])
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        let (_, window) = self.over(&inputs[0].shape()[1..]).expect("checked shapes");
        pooled(&inputs[0], &window, |plane, row, column| {
            let pixels = window.taps_of(row, column).map(|(_, pixel)| plane[pixel]);
            pixels.fold(f64::NEG_INFINITY, f64::max)
        })
    }

    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> Result<NodeId, LayerError> {
        let (channels, window) = self.over(inputs[0].shape).expect("checked shapes");
        let (height, width) = (pixels_of(&window.height), pixels_of(&window.width));
        // Rows of the image under no window need no maxima.
        let mut rows = height.concat();
        rows.sort_unstable();
        rows.dedup();
        let mut sets = Vec::new();
        for channel in 0..channels {
            for row in &rows {
                let start = channel * window.pixels() + row * window.width.pixels();
                sets.extend(width.iter().map(|set| set.iter().map(|x| start + x).collect()));
            }
        }
        let (node, maxima_of_rows) = maxima(graph, inputs[0].node, sets);
        let mut sets = Vec::new();
        for channel in 0..channels {
            let line = |row| channel * rows.len() + rows.partition_point(|r| r < row);
            for set in &height {
                let starts: Vec<usize> = set.iter().map(|row| line(row) * width.len()).collect();
                sets.extend((0..width.len()).map(|column| {
                    starts.iter().map(|start| maxima_of_rows[start + column]).collect()
                }));
            }
        }
        let (node, maxima) = maxima(graph, node, sets);
        Ok(select(graph, node, &maxima))
    }

    fn for_one_row(&self, _: usize, _: &[&[usize]]) -> Option<Operator> {
        Some(self.operator())
    }
}

/// The pixels under the window of each output along an axis.
fn pixels_of(axis: &WindowAxis) -> Vec<Vec<usize>> {
    let pixels = |output| axis.taps_of(output).map(|tap| axis.pixel(output, tap)).collect();
    (0..axis.outputs()).map(pixels).collect()
}

/// The largest coordinate of `node` in each set: a node, and the place of each
/// set's maximum in it.
fn maxima(
    graph: &mut ReluGraph,
    mut node: NodeId,
    mut sets: Vec<Vec<usize>>,
) -> (NodeId, Vec<usize>) {
    while sets.iter().any(|set| set.len() > 1) {
        node = maxima_of_pairs(graph, node, &sets);
        let mut place = 0;
        for set in &mut sets {
            let first = place;
            place += set.len().div_ceil(2);
            *set = (first..place).collect();
        }
    }
    (node, sets.concat())
}

/// One level of the tree: the coordinates of each set two by two, a last one alone.
fn maxima_of_pairs(graph: &mut ReluGraph, node: NodeId, sets: &[Vec<usize>]) -> NodeId {
    let (mut differences, mut first, mut excess) = (Vec::new(), Vec::new(), Vec::new());
    for pair in sets.iter().flat_map(|set| set.chunks(2)) {
        first.push([(pair[0], 1.0)]);
        excess.push((pair.len() == 2).then_some((differences.len(), 1.0)));
        if let [a, b] = *pair {
            differences.push([(b, 1.0), (a, -1.0)]);
        }
    }
    let size = graph.size(node);
    let differences = sparse(graph, node, differences);
    let positive = graph.relu(differences);
    let bias = Array1::zeros(first.len());
    let excess = Linear::Sparse(SparseRows::from_rows(graph.size(positive), excess));
    let first = Linear::Sparse(SparseRows::from_rows(size, first));
    graph.affine(vec![(node, first), (positive, excess)], bias)
}
