//! From the nodes of a file to a checked [`Network`].

use std::collections::{BTreeSet, HashMap, HashSet};

use ndarray::{ArrayD, Axis};
use thiserror::Error;

use super::assembly::{
    Argument, Assembly, AssemblyError, MOST_ELEMENTS, MOST_WEIGHTS, ValueId, check_size, kind_of,
    layer_error, output_of, read_layer,
};
use super::operator::{Attributes, Constant, LayerError, Operand, Operator, OperatorReader};
use super::{Metadata, Network};
use crate::message::excerpt;

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
    #[error("{what}: found {found}; expected {expected}")]
    Scaling { what: String, found: String, expected: String },
    #[error(
        "{cause}; the input has {rows} rows, which are a batch for some layers and mixed at node '{}': expected a network exported for a batch of 1 or of free size",
        excerpt(node)
    )]
    Batch { rows: usize, node: String, cause: Box<NetworkError> },
}

/// What a name stands for while the network is built.
enum Value {
    Node(ValueId),
    Constant(Constant),
}

impl NetworkDescription {
    /// Resolves names, drops unused nodes, folds constants, checks shapes.
    ///
    /// # Errors
    /// [`NetworkError`], naming node and operator.
    pub fn build(self) -> Result<Network, NetworkError> {
        let order = self.order()?;
        let mut builder = Builder::new(&self)?;
        for position in order {
            builder.add(&self.nodes[position])?;
        }
        builder.finish(&self.output, self.metadata.clone())
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

struct Builder<'a> {
    assembly: Assembly,
    values: HashMap<&'a str, Value>,
}

impl<'a> Builder<'a> {
    fn new(description: &'a NetworkDescription) -> Result<Self, NetworkError> {
        let NetworkDescription { name, input, input_shape, constants, .. } = description;
        let assembly = Assembly::new(name, input, input_shape, 1)?;
        let constants = constants.iter();
        let mut values: HashMap<&str, Value> = constants
            .map(|(name, constant)| (name.as_str(), Value::Constant(constant.clone())))
            .collect();
        values.insert(input, Value::Node(assembly.input()));
        Ok(Self { assembly, values })
    }

    fn add(&mut self, node: &'a NodeDescription) -> Result<(), NetworkError> {
        let arguments = self.arguments(node)?;
        let is_data = |argument: &Argument| matches!(argument, Argument::Value(_));
        let value = if arguments.iter().any(is_data) {
            let NodeDescription { name, op, attributes, .. } = node;
            let added = self.assembly.add(name, op, attributes.clone(), arguments);
            Value::Node(added.map_err(|error| match error {
                AssemblyError::Network(error) => *error,
                AssemblyError::Mixed { .. } => unreachable!("one row has none to be mixed with"),
            })?)
        } else {
            let operand = |argument| match argument {
                Argument::Constant(constant) => Operand::Constant(constant),
                Argument::Value(_) | Argument::Absent => Operand::Absent,
            };
            Value::Constant(fold(node, arguments.into_iter().map(operand).collect())?)
        };
        self.values.insert(&node.output, value);
        Ok(())
    }

    fn arguments(&self, node: &NodeDescription) -> Result<Vec<Argument>, NetworkError> {
        let argument = |name: &String| match self.values.get(name.as_str()) {
            _ if name.is_empty() => Ok(Argument::Absent),
            Some(Value::Constant(constant)) => {
                if let Constant::Float(values) = constant {
                    let what = format!("the constant '{}'", excerpt(name));
                    check_size(&what, values.shape(), MOST_WEIGHTS)?;
                }
                Ok(Argument::Constant(constant.clone()))
            }
            Some(Value::Node(value)) => Ok(Argument::Value(*value)),
            None => {
                let (node, value) = (node.name.clone(), name.clone());
                Err(NetworkError::UnknownValue { node, value })
            }
        };
        node.operands.iter().map(argument).collect()
    }

    fn finish(self, output: &str, metadata: Metadata) -> Result<Network, NetworkError> {
        let Some(Value::Node(output)) = self.values.get(output) else {
            return Err(NetworkError::ConstantOutput { value: output.to_string() });
        };
        self.assembly.finish(*output).with_metadata(metadata)
    }
}

/// The value of a node whose operands are all constants: its layer evaluated
/// with the first of them as data.
fn fold(node: &NodeDescription, mut operands: Vec<Operand>) -> Result<Constant, NetworkError> {
    kind_of(&node.name, &node.op)?;
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
    let values = reader.weights(0).map_err(|cause| layer_error(&node.name, &node.op, cause))?;
    operands.insert(0, Operand::Data);
    let layer = read_layer(&node.name, &node.op, node.attributes.clone(), operands)?;
    let shape = layer
        .output_shape(&[values.shape()])
        .map_err(|cause| layer_error(&node.name, &node.op, cause))?;
    // As much as is stored may be moved about, but not unfolded.
    let most = MOST_ELEMENTS.max(stored + values.len());
    check_size(&output_of(&node.name), &shape, most)?;
    let batch: ArrayD<f64> = values.insert_axis(Axis(0));
    Ok(Constant::Float(layer.evaluate(&[batch.view()]).remove_axis(Axis(0))))
}
