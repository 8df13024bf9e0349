//! From the nodes of a file to a checked [`Network`].

use std::collections::{BTreeSet, HashMap, HashSet};

use ndarray::{ArrayD, Axis};
use petgraph::graph::{DiGraph, NodeIndex};
use thiserror::Error;

use super::layers::{LAYERS, Layer, LayerKind, element_count};
use super::operator::{Attributes, Constant, LayerError, Operand, Operator, OperatorReader};
use super::{Batch, Metadata, Network, Vertex};
use crate::message::excerpt;

/// Most elements of a tensor between two layers: more than the largest of the
/// image networks in use, few enough for several matrices of that size.
const MOST_ELEMENTS: usize = 1 << 22;

/// Most elements of a constant: 2 GiB of `f64`.
pub(super) const MOST_WEIGHTS: usize = 1 << 28;

/// What a reader of a file format hands over: nodes by name, in any order.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkDescription {
    /// Name of the network.
    pub name: String,
    /// Name of the input value.
    pub input: String,
    /// Shape of the input, a batch dimension of 1 included where the file has one.
    pub input_shape: Vec<usize>,
    /// Name of the output value.
    pub output: String,
    /// The nodes; those that the output does not need are dropped.
    pub nodes: Vec<NodeDescription>,
    /// Constants by name.
    pub constants: HashMap<String, Constant>,
    /// What else the file says.
    pub metadata: Metadata,
}

/// One node of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeDescription {
    /// Name, for messages; need not be unique.
    pub name: String,
    /// Operator.
    pub op: String,
    /// Attributes as given.
    pub attributes: Attributes,
    /// Names of the operands; an empty one stands for an absent operand.
    pub operands: Vec<String>,
    /// Name of the value that the node computes.
    pub output: String,
}

/// What can be wrong with the nodes of a network.
#[derive(Clone, Debug, Error, PartialEq)]
#[allow(missing_docs)] // The messages say it.
pub enum NetworkError {
    #[error(
        "node '{}': operator '{}' is not supported; supported: {supported}",
        excerpt(node),
        excerpt(op)
    )]
    UnknownOperator { node: String, op: String, supported: String },
    #[error("node '{}' ({}): {cause}", excerpt(node), excerpt(op))]
    Layer { node: String, op: String, cause: LayerError },
    #[error(
        "node '{}' reads '{}', which no node, constant or input provides",
        excerpt(node),
        excerpt(value)
    )]
    UnknownValue { node: String, value: String },
    #[error("the output '{}' is not computed by any node", excerpt(value))]
    UnknownOutput { value: String },
    #[error("the output '{}' does not depend on the input", excerpt(value))]
    ConstantOutput { value: String },
    #[error("the value '{}' is provided twice; expected once", excerpt(value))]
    DuplicateValue { value: String },
    #[error("the graph has a cycle through node '{}'; expected none", excerpt(node))]
    Cycle { node: String },
    #[error(
        "{what} has shape {}; expected dimensions from 1 and at most {most} elements",
        excerpt(&format!("{shape:?}"))
    )]
    Size { what: String, shape: Vec<usize>, most: usize },
    #[error("number of {side} names: {count}; expected none or {expected}, one an {side}")]
    NameCount { side: &'static str, count: usize, expected: usize },
    #[error("coordinates of the input box: {found}; inputs of the network: {expected}")]
    BoxLength { found: usize, expected: usize },
    #[error(
        "{cause}; the input has {rows} rows, which are a batch for some layers and mixed at node '{}': expected a network exported for a batch of 1 or of free size",
        excerpt(node)
    )]
    Batch { rows: usize, node: String, cause: Box<NetworkError> },
}

/// What a name stands for while the network is built.
enum Value {
    Node(NodeIndex),
    Constant(Constant),
}

impl NetworkDescription {
    /// Resolves names, drops unused nodes, folds constants, checks shapes.
    ///
    /// # Errors
    /// [`NetworkError`], naming node and operator.
    pub fn build(self) -> Result<Network, NetworkError> {
        match self.build_for(1)? {
            Ok(network) => Ok(network),
            Err(Mixed { .. }) => unreachable!("one row has none to be mixed with"),
        }
    }

    /// [`build`](Self::build) for files whose first axis may be that of a batch: where the input
    /// has several rows, and every layer treats them apart and alike
    /// ([`Layer::for_one_row`]), the network of one row. Else all rows together are the input.
    /// [`Network::batch`] tells which.
    ///
    /// # Errors
    /// [`NetworkError`], naming node and operator.
    pub fn build_for_one_row(self) -> Result<Network, NetworkError> {
        let rows = match *self.input_shape {
            [rows, _, ..] if rows > 1 && !self.names_all_elements() => rows,
            _ => return self.build(),
        };
        match self.build_for(rows)? {
            Ok(network) => Ok(network.with_batch(Batch::OneRow { rows })),
            Err(Mixed { node }) => match self.build() {
                Ok(network) => Ok(network.with_batch(Batch::AllRows { rows, node })),
                Err(cause) => Err(NetworkError::Batch { rows, node, cause: Box::new(cause) }),
            },
        }
    }

    /// Whether the file has a box or names for every element of the input, which then is no
    /// batch to who wrote it.
    fn names_all_elements(&self) -> bool {
        let elements = element_count(&self.input_shape);
        let coordinates = self.metadata.input_box.as_ref().map(|domain| domain.len());
        let names = Some(self.metadata.input_names.len());
        [coordinates, names].into_iter().any(|count| count.is_some() && count == elements)
    }

    /// The network of one of `rows` equal blocks along the first axis of the input.
    fn build_for(&self, rows: usize) -> Result<Result<Network, Mixed>, NetworkError> {
        let order = self.order()?;
        let mut builder = Builder::new(self, rows)?;
        for position in order {
            let node = &self.nodes[position];
            if let Mixing::Yes = builder.add(node)? {
                return Ok(Err(Mixed { node: node.name.clone() }));
            }
        }
        builder.finish(&self.output, self.metadata.clone()).map(Ok)
    }

    /// Positions of the nodes that the output needs, operands first.
    fn order(&self) -> Result<Vec<usize>, NetworkError> {
        let mut known: HashSet<&str> = HashSet::new();
        let constants = self.constants.keys().map(String::as_str);
        let outputs = self.nodes.iter().map(|node| node.output.as_str());
        for name in constants.chain([self.input.as_str()]).chain(outputs) {
            if !known.insert(name) {
                return Err(NetworkError::DuplicateValue { value: name.to_string() });
            }
        }
        let producers: HashMap<&str, usize> =
            self.nodes.iter().enumerate().map(|(i, node)| (node.output.as_str(), i)).collect();
        let operands = |position: usize| {
            let names = self.nodes[position].operands.iter();
            names.filter_map(|name| producers.get(name.as_str()).copied())
        };
        let mut needed = HashSet::new();
        let mut open: Vec<usize> =
            producers.get(self.output.as_str()).copied().into_iter().collect();
        if open.is_empty() && self.output != self.input {
            return Err(NetworkError::UnknownOutput { value: self.output.clone() });
        }
        while let Some(position) = open.pop() {
            if needed.insert(position) {
                open.extend(operands(position));
            }
        }
        // The file's own order where it can be kept: always the first node that
        // has all its operands.
        let mut waiting: BTreeSet<usize> = needed.into_iter().collect();
        let mut order = Vec::new();
        while !waiting.is_empty() {
            let blocking = |position: usize| operands(position).find(|o| waiting.contains(o));
            let Some(&next) = waiting.iter().find(|&&position| blocking(position).is_none()) else {
                // Every node waits for another one, so that following them for as
                // many steps as there are nodes ends on the cycle.
                let first = waiting.first().copied().unwrap_or_default();
                let on_cycle = waiting.iter().fold(first, |at, _| blocking(at).unwrap_or(at));
                return Err(NetworkError::Cycle { node: self.nodes[on_cycle].name.clone() });
            };
            waiting.remove(&next);
            order.push(next);
        }
        Ok(order)
    }
}

/// There is no network of one row: a node mixes rows, or treats them differently.
struct Mixed {
    node: String,
}

/// Whether a node mixes rows.
enum Mixing {
    No,
    Yes,
}

struct Builder<'a> {
    name: &'a str,
    /// Rows of the batch in the file; shapes in `graph` are those of one row.
    rows: usize,
    graph: DiGraph<Vertex, usize>,
    order: Vec<NodeIndex>,
    values: HashMap<&'a str, Value>,
}

impl<'a> Builder<'a> {
    fn new(description: &'a NetworkDescription, rows: usize) -> Result<Self, NetworkError> {
        let mut shape = description.input_shape.clone();
        check_size("the input", &shape, MOST_ELEMENTS)?;
        if let Some(first) = shape.first_mut() {
            *first /= rows;
        }
        let mut graph = DiGraph::new();
        let input = graph.add_node(Vertex { name: description.input.clone(), shape, layer: None });
        let constants = description.constants.iter();
        let mut values: HashMap<&str, Value> = constants
            .map(|(name, constant)| (name.as_str(), Value::Constant(constant.clone())))
            .collect();
        values.insert(&description.input, Value::Node(input));
        Ok(Self { name: &description.name, rows, graph, order: vec![input], values })
    }

    fn add(&mut self, node: &'a NodeDescription) -> Result<Mixing, NetworkError> {
        let (operands, inputs) = self.operands(node)?;
        let value = if inputs.is_empty() {
            Value::Constant(fold(node, operands)?)
        } else {
            let layer = read_layer(node, node.attributes.clone(), operands)?;
            let shapes: Vec<&[usize]> =
                inputs.iter().map(|&input| self.graph[input].shape.as_slice()).collect();
            let Some(layer) = self.for_one_row(node, layer, &shapes)? else {
                return Ok(Mixing::Yes);
            };
            let shape = layer.output_shape(&shapes).map_err(|cause| layer_error(node, cause))?;
            check_size(&output_of(node), &shape, MOST_ELEMENTS)?;
            let vertex = Vertex { name: node.name.clone(), shape, layer: Some(layer) };
            let index = self.graph.add_node(vertex);
            for (operand, input) in inputs.into_iter().enumerate() {
                self.graph.add_edge(input, index, operand);
            }
            self.order.push(index);
            Value::Node(index)
        };
        self.values.insert(&node.output, value);
        Ok(Mixing::No)
    }

    /// The layer for one row, whose operands have the given shapes; `None` where it mixes rows.
    fn for_one_row(
        &self,
        node: &NodeDescription,
        layer: Box<dyn Layer>,
        shapes: &[&[usize]],
    ) -> Result<Option<Box<dyn Layer>>, NetworkError> {
        if self.rows == 1 {
            return Ok(Some(layer));
        }
        let of_all = |shape: &&[usize]| match **shape {
            [first, ref rest @ ..] => [&[first * self.rows], rest].concat(),
            [] => Vec::new(),
        };
        let shapes: Vec<Vec<usize>> = shapes.iter().map(of_all).collect();
        let shapes: Vec<&[usize]> = shapes.iter().map(Vec::as_slice).collect();
        let Some(operator) = layer.for_one_row(self.rows, &shapes) else { return Ok(None) };
        read_layer(node, operator.attributes, operator.operands).map(Some)
    }

    fn operands(
        &self,
        node: &NodeDescription,
    ) -> Result<(Vec<Operand>, Vec<NodeIndex>), NetworkError> {
        let mut operands = Vec::new();
        let mut inputs = Vec::new();
        for name in &node.operands {
            operands.push(match self.values.get(name.as_str()) {
                _ if name.is_empty() => Operand::Absent,
                Some(Value::Constant(constant)) => {
                    if let Constant::Float(values) = constant {
                        check_size(
                            &format!("the constant '{}'", excerpt(name)),
                            values.shape(),
                            MOST_WEIGHTS,
                        )?;
                    }
                    Operand::Constant(constant.clone())
                }
                Some(Value::Node(index)) => {
                    inputs.push(*index);
                    Operand::Data
                }
                None => {
                    let (node, value) = (node.name.clone(), name.clone());
                    return Err(NetworkError::UnknownValue { node, value });
                }
            });
        }
        Ok((operands, inputs))
    }

    fn finish(self, output: &str, metadata: Metadata) -> Result<Network, NetworkError> {
        let Some(Value::Node(output)) = self.values.get(output) else {
            return Err(NetworkError::ConstantOutput { value: output.to_string() });
        };
        let network = Network::new(self.name.to_string(), self.graph, self.order, *output);
        network.with_metadata(metadata)
    }
}

fn kind_of(node: &NodeDescription) -> Result<&'static LayerKind, NetworkError> {
    LAYERS.iter().find(|kind| kind.op == node.op).ok_or_else(|| {
        let supported: Vec<&str> = LAYERS.iter().map(|kind| kind.op).collect();
        NetworkError::UnknownOperator {
            node: node.name.clone(),
            op: node.op.clone(),
            supported: supported.join(", "),
        }
    })
}

fn read_layer(
    node: &NodeDescription,
    attributes: Attributes,
    operands: Vec<Operand>,
) -> Result<Box<dyn Layer>, NetworkError> {
    let kind = kind_of(node)?;
    let mut reader = OperatorReader::new(Operator { op: node.op.clone(), attributes, operands });
    let layer = (kind.read)(&mut reader).map_err(|cause| layer_error(node, cause))?;
    reader.finish().map_err(|cause| layer_error(node, cause))?;
    Ok(layer)
}

/// The value of a node whose operands are all constants: its layer evaluated
/// with the first of them as data.
fn fold(node: &NodeDescription, mut operands: Vec<Operand>) -> Result<Constant, NetworkError> {
    kind_of(node)?;
    if let (Some(Operand::Constant(constant @ Constant::Integer(_))), "Identity") =
        (operands.first(), node.op.as_str())
    {
        // Some exporters write the Identity of a shape.
        return Ok(constant.clone());
    }
    let mut reader = OperatorReader::new(Operator::new(
        &node.op,
        operands.drain(..1.min(operands.len())).collect(),
    ));
    let stored: usize = operands.iter().map(Operand::elements).sum();
    let values = reader.weights(0).map_err(|cause| layer_error(node, cause))?;
    operands.insert(0, Operand::Data);
    let layer = read_layer(node, node.attributes.clone(), operands)?;
    let shape = layer.output_shape(&[values.shape()]).map_err(|cause| layer_error(node, cause))?;
    // As much as is stored may be moved about, but not unfolded.
    let most = MOST_ELEMENTS.max(stored + values.len());
    check_size(&output_of(node), &shape, most)?;
    let batch: ArrayD<f64> = values.insert_axis(Axis(0));
    Ok(Constant::Float(layer.evaluate(&[batch.view()]).remove_axis(Axis(0))))
}

fn output_of(node: &NodeDescription) -> String {
    format!("the output of node '{}'", excerpt(&node.name))
}

fn check_size(what: &str, shape: &[usize], most: usize) -> Result<(), NetworkError> {
    match element_count(shape) {
        Some(count) if (1..=most).contains(&count) => Ok(()),
        _ => Err(NetworkError::Size { what: what.to_string(), shape: shape.to_vec(), most }),
    }
}

fn layer_error(node: &NodeDescription, cause: LayerError) -> NetworkError {
    NetworkError::Layer { node: node.name.clone(), op: node.op.clone(), cause }
}
