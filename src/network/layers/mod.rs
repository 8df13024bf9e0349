//! The layers, one file each. A new layer is a new file and one line in
//! [`LAYERS`]; readers, writers, bounds and encodings then know it.

mod add;
mod average_pool;
mod broadcast;
mod clip;
mod concat;
mod conv;
mod flatten;
mod gather;
mod gemm;
mod identity;
mod leaky_relu;
mod matmul;
mod max;
mod max_pool;
mod mul;
mod pad;
mod relu;
mod reshape;
mod rows;
mod sliding;
mod smooth;
mod transpose;

pub(crate) use broadcast::broadcast_shape;
pub(crate) use smooth::{PIECEWISE, SMOOTH};
use std::fmt;

use ndarray::{Array1, ArrayD, ArrayViewD, IxDyn};

use super::linear::{Linear, SparseRows};
use super::operator::{Constant, LayerError, Operand, Operator, OperatorReader};
use super::relu_graph::{NodeId, ReluGraph};

/// A layer of a network, as read.
///
/// Shapes are those of the file, its own batch dimension included (as 1 where
/// it is symbolic). The arrays of [`evaluate`](Layer::evaluate) have one axis
/// more, in front: the batch.
pub trait Layer: fmt::Debug + Send + Sync {
    /// The neutral form, from which the layer's `read` makes an equal layer.
    fn operator(&self) -> Operator;

    /// Name of the operator, and the number of weights and biases: of constants in
    /// [`operator`](Layer::operator), but for numbers that stand alone. Layers whose weights are
    /// many count them without a copy.
    fn summary(&self) -> (String, usize) {
        let operator = self.operator();
        let counts = operator.operands.iter().map(|operand| match operand {
            // These are limits and the like.
            Operand::Constant(Constant::Float(values)) if values.ndim() > 0 => values.len(),
            _ => 0,
        });
        (operator.op, counts.sum())
    }

    /// Shape of the output for the shapes of the data operands.
    ///
    /// # Errors
    /// The shapes do not fit the layer.
    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError>;

    /// Output (batch × shape) for data operands (batch × shape).
    ///
    /// # Panics
    /// If [`output_shape`](Layer::output_shape) refuses the shapes.
    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64>;

    /// Adds nodes of equal value over the reals to `graph`; a tensor is a
    /// vector there, its elements in row-major order.
    ///
    /// # Errors
    /// The layer is not piecewise linear.
    ///
    /// # Panics
    /// If [`output_shape`](Layer::output_shape) refuses the shapes.
    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> Result<NodeId, LayerError>;

    /// The same layer for one row of a batch, in neutral form; `None` unless it treats the
    /// rows apart and alike.
    ///
    /// The data operands have the shapes `inputs`; along the first axis they consist of `rows`
    /// equal blocks, one per row of the batch. The output has to consist of such blocks too,
    /// block `r` a function of the blocks `r` of the operands only, and the same function for
    /// every `r`: the layer that is returned. A layer that says nothing is taken to mix rows.
    fn for_one_row(&self, _rows: usize, _inputs: &[&[usize]]) -> Option<Operator> {
        None
    }
}

/// A data operand that has been lowered.
#[derive(Clone, Copy, Debug)]
pub struct Lowered<'a> {
    /// Its node in the canonical form.
    pub node: NodeId,
    /// Its shape as a tensor.
    pub shape: &'a [usize],
}

/// An entry of [`LAYERS`].
#[derive(Clone, Copy)]
pub struct LayerKind {
    /// Name of the operator in ONNX.
    pub op: &'static str,
    /// Makes the layer from its neutral form.
    pub read: fn(&mut OperatorReader) -> Result<Box<dyn Layer>, LayerError>,
}

/// Every layer that has a canonical form, by operator name.
pub const LAYERS: &[LayerKind] = &[
    LayerKind { op: "Add", read: add::read_add },
    LayerKind { op: "AveragePool", read: average_pool::read },
    LayerKind { op: "Clip", read: clip::read },
    LayerKind { op: "Concat", read: concat::read },
    LayerKind { op: "Conv", read: conv::read },
    LayerKind { op: "Div", read: mul::read_div },
    LayerKind { op: "Flatten", read: flatten::read },
    LayerKind { op: "Gather", read: gather::read },
    LayerKind { op: "Gemm", read: gemm::read },
    LayerKind { op: "Identity", read: identity::read },
    LayerKind { op: "LeakyRelu", read: leaky_relu::read },
    LayerKind { op: "MatMul", read: matmul::read },
    LayerKind { op: "Max", read: max::read_max },
    LayerKind { op: "MaxPool", read: max_pool::read },
    LayerKind { op: "Min", read: max::read_min },
    LayerKind { op: "Mul", read: mul::read_mul },
    LayerKind { op: "Pad", read: pad::read },
    LayerKind { op: "Relu", read: relu::read },
    LayerKind { op: "Reshape", read: reshape::read },
    LayerKind { op: "Sub", read: add::read_sub },
    LayerKind { op: "Transpose", read: transpose::read },
];

/// The layers that are evaluated only, by operator name: they are smooth.
pub const SMOOTH_LAYERS: &[LayerKind] = &[
    LayerKind { op: "Sigmoid", read: smooth::read_sigmoid },
    LayerKind { op: "Tanh", read: smooth::read_tanh },
];

/// Number of elements of a tensor; `None` if it does not fit in memory terms.
pub(crate) fn element_count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |count, &d| count.checked_mul(d))
}

/// `batch` in front of `shape`.
fn batched(batch: usize, shape: &[usize]) -> IxDyn {
    IxDyn(&[&[batch], shape].concat())
}

/// Adds a node only where it would change something.
fn add_bias(graph: &mut ReluGraph, node: NodeId, bias: Array1<f64>) -> NodeId {
    if bias.iter().all(|&b| b == 0.0) {
        return node;
    }
    let identity = Linear::scaled_identity(graph.size(node), 1.0);
    graph.affine(vec![(node, identity)], bias)
}

/// Adds the map with the given rows of (coordinate, factor).
fn sparse<R>(graph: &mut ReluGraph, node: NodeId, rows: impl IntoIterator<Item = R>) -> NodeId
where
    R: IntoIterator<Item = (usize, f64)>,
{
    let linear = Linear::Sparse(SparseRows::from_rows(graph.size(node), rows));
    let bias = Array1::zeros(linear.outputs());
    graph.affine(vec![(node, linear)], bias)
}

/// The given coordinates of a node, in that order; adds a node only where that
/// changes something.
fn select(graph: &mut ReluGraph, node: NodeId, coordinates: &[usize]) -> NodeId {
    if coordinates.iter().copied().eq(0..graph.size(node)) {
        return node;
    }
    sparse(graph, node, coordinates.iter().map(|&coordinate| [(coordinate, 1.0)]))
}

/// Copies an array into standard layout with another shape of equal size.
fn reshaped(values: &ArrayViewD<f64>, shape: IxDyn) -> ArrayD<f64> {
    let flat: Vec<f64> = values.iter().copied().collect();
    ArrayD::from_shape_vec(shape, flat).expect("shapes of equal size")
}
