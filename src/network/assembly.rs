//! A network under construction: layers one by one, operands first, shapes checked.

use petgraph::graph::{DiGraph, NodeIndex};
use thiserror::Error;

use super::builder::NetworkError;
use super::layers::{LAYERS, Layer, LayerKind, SMOOTH_LAYERS, element_count};
use super::operator::{Attributes, Constant, LayerError, Operand, Operator, OperatorReader};
use super::{Network, Vertex};
use crate::message::excerpt;

/// Most elements of a tensor between two layers: more than the largest of the
/// image networks in use, few enough for several matrices of that size.
pub const MOST_ELEMENTS: usize = 1 << 22;

/// Most elements of a constant: 2 GiB of `f64`.
pub const MOST_WEIGHTS: usize = 1 << 28;

/// A value of the network under construction: the input, or the output of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueId(NodeIndex);

/// What a layer is given.
#[derive(Clone, Debug)]
pub enum Argument {
    /// A value of the network.
    Value(ValueId),
    /// Is known.
    Constant(Constant),
    /// An optional operand that is left out.
    Absent,
}

/// Why a layer cannot be added.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum AssemblyError {
    /// It mixes the rows of the batch, or treats them differently: there is no network of
    /// one row.
    #[error("node '{}' mixes the rows of a batch", excerpt(node))]
    Mixed {
        /// The node, by its name in the file.
        node: String,
    },
    /// It is wrong.
    #[error(transparent)]
    Network(#[from] Box<NetworkError>),
}

impl From<NetworkError> for AssemblyError {
    fn from(error: NetworkError) -> Self {
        Self::Network(Box::new(error))
    }
}

/// A network under construction.
#[derive(Debug)]
pub struct Assembly {
    name: String,
    /// Rows of the batch in the file; shapes in `graph` are those of one row.
    rows: usize,
    graph: DiGraph<Vertex, usize>,
    order: Vec<NodeIndex>,
}

impl Assembly {
    /// A network of one of `rows` equal blocks along the first axis of its input, which has
    /// `shape` with all of them.
    ///
    /// # Errors
    /// The input has no elements, or too many.
    pub fn new(
        name: &str,
        input: &str,
        shape: &[usize],
        rows: usize,
    ) -> Result<Self, NetworkError> {
        let mut shape = shape.to_vec();
        check_size("the input", &shape, MOST_ELEMENTS)?;
        if let Some(first) = shape.first_mut() {
            *first /= rows;
        }
        let mut graph = DiGraph::new();
        let input = graph.add_node(Vertex { name: input.to_string(), shape, layer: None });
        Ok(Self { name: name.to_string(), rows, graph, order: vec![input] })
    }

    /// The network's input.
    pub fn input(&self) -> ValueId {
        ValueId(self.order[0])
    }

    /// Rows of the batch.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The shape of a value in the file: of all rows.
    pub fn shape(&self, value: ValueId) -> Vec<usize> {
        self.of_all_rows(&self.graph[value.0].shape)
    }

    fn of_all_rows(&self, shape: &[usize]) -> Vec<usize> {
        match shape {
            [first, rest @ ..] => [&[first * self.rows], rest].concat(),
            [] => Vec::new(),
        }
    }

    /// Adds the layer of an operator, at least one of whose arguments is a value.
    ///
    /// # Errors
    /// [`AssemblyError`], naming node and operator.
    pub fn add(
        &mut self,
        node: &str,
        op: &str,
        attributes: Attributes,
        arguments: Vec<Argument>,
    ) -> Result<ValueId, AssemblyError> {
        let mut inputs = Vec::new();
        let operand = |argument| match argument {
            Argument::Absent => Operand::Absent,
            Argument::Constant(constant) => Operand::Constant(constant),
            Argument::Value(ValueId(index)) => {
                inputs.push(index);
                Operand::Data
            }
        };
        let operands = arguments.into_iter().map(operand).collect();
        let layer = read_layer(node, op, attributes, operands)?;
        let shapes: Vec<&[usize]> =
            inputs.iter().map(|&input| self.graph[input].shape.as_slice()).collect();
        let layer = self.for_one_row(node, op, layer, &shapes)?;
        let shape = layer.output_shape(&shapes).map_err(|cause| layer_error(node, op, cause))?;
        check_size(&output_of(node), &shape, MOST_ELEMENTS)?;
        let vertex = Vertex { name: node.to_string(), shape, layer: Some(layer) };
        let index = self.graph.add_node(vertex);
        for (operand, input) in inputs.into_iter().enumerate() {
            self.graph.add_edge(input, index, operand);
        }
        self.order.push(index);
        Ok(ValueId(index))
    }

    /// The layer for one row, whose operands have the given shapes.
    fn for_one_row(
        &self,
        node: &str,
        op: &str,
        layer: Box<dyn Layer>,
        shapes: &[&[usize]],
    ) -> Result<Box<dyn Layer>, AssemblyError> {
        if self.rows == 1 {
            return Ok(layer);
        }
        let shapes: Vec<Vec<usize>> = shapes.iter().map(|shape| self.of_all_rows(shape)).collect();
        let shapes: Vec<&[usize]> = shapes.iter().map(Vec::as_slice).collect();
        match layer.for_one_row(self.rows, &shapes) {
            None => Err(AssemblyError::Mixed { node: node.to_string() }),
            Some(operator) => Ok(read_layer(node, op, operator.attributes, operator.operands)?),
        }
    }

    /// The network from the input to a value.
    pub fn finish(self, output: ValueId) -> Network {
        Network::new(self.name, self.graph, self.order, output.0)
    }
}

/// The layer of an operator's name.
pub(super) fn kind_of(node: &str, op: &str) -> Result<&'static LayerKind, NetworkError> {
    LAYERS.iter().chain(SMOOTH_LAYERS).find(|kind| kind.op == op).ok_or_else(|| {
        let supported: Vec<&str> = LAYERS.iter().map(|kind| kind.op).collect();
        NetworkError::UnknownOperator {
            node: node.to_string(),
            op: op.to_string(),
            supported: supported.join(", "),
        }
    })
}

pub(super) fn read_layer(
    node: &str,
    op: &str,
    attributes: Attributes,
    operands: Vec<Operand>,
) -> Result<Box<dyn Layer>, NetworkError> {
    let kind = kind_of(node, op)?;
    let mut reader = OperatorReader::new(Operator { op: op.to_string(), attributes, operands });
    let layer = (kind.read)(&mut reader).map_err(|cause| layer_error(node, op, cause))?;
    reader.finish().map_err(|cause| layer_error(node, op, cause))?;
    Ok(layer)
}

pub(super) fn output_of(node: &str) -> String {
    format!("the output of node '{}'", excerpt(node))
}

/// That a tensor has elements, and at most so many.
///
/// # Errors
/// [`NetworkError::Size`] with `what` it is.
pub fn check_size(what: &str, shape: &[usize], most: usize) -> Result<(), NetworkError> {
    match element_count(shape) {
        Some(count) if (1..=most).contains(&count) => Ok(()),
        _ => Err(NetworkError::Size { what: what.to_string(), shape: shape.to_vec(), most }),
    }
}

pub(super) fn layer_error(node: &str, op: &str, cause: LayerError) -> NetworkError {
    NetworkError::Layer { node: node.to_string(), op: op.to_string(), cause }
}
