//! A graph as it is read: the order of its nodes, who reads what, and the network of it.

use std::cell::RefCell;
use std::collections::HashMap;

use super::builder::Builder;
use super::call::Wrong;
use super::operators;
use super::ports::{self, Port};
use super::schema::{NodeProto, TensorProto};
use super::tensor;
use super::value::Tensor;
use crate::io::{Beside, FormatError};
use crate::network::{Assembly, AssemblyError, Network, NetworkError};

/// What is read of a file, in the order in which it is taken.
pub struct Graph<'a> {
    pub name: &'a str,
    pub nodes: &'a [NodeProto],
    /// Positions of the nodes that the outputs need, operands first.
    pub order: &'a [usize],
    pub inputs: &'a [Port],
    pub outputs: &'a [String],
    pub initializers: RefCell<HashMap<String, TensorProto>>,
    /// How many of these there are.
    pub stored: usize,
    /// Version of the operator set of each domain.
    pub versions: &'a HashMap<String, i64>,
    pub beside: &'a Beside,
}

/// A network, with the number of elements of each output.
pub struct Built {
    pub network: Network,
    pub sizes: Vec<usize>,
}

/// Why there is none.
pub enum Failure {
    /// A node mixes the rows of the batch.
    Mixed(String),
    Wrong(FormatError),
}

impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Self {
        Self::Wrong(error)
    }
}

impl From<NetworkError> for Failure {
    fn from(error: NetworkError) -> Self {
        Self::Wrong(error.into())
    }
}

impl Graph<'_> {
    /// The network of one of `rows` rows of the batch.
    pub fn build(&self, rows: usize) -> Result<Built, Failure> {
        let (name, shape) = ports::joined(self.inputs, rows)?;
        let assembly = Assembly::new(self.name, &name, &shape, rows)?;
        let mut builder = Builder::new(self, assembly, self.readers());
        builder.take_inputs()?;
        for &position in self.order {
            builder.take(position)?;
        }
        builder.finish()
    }

    /// The constant of a name, which a network asks for once; that of one row is the last network
    /// that is built, and what it has taken is gone.
    pub fn constant(&self, name: &str, rows: usize) -> Result<Option<Tensor>, FormatError> {
        let mut initializers = self.initializers.borrow_mut();
        let read = |initializer: &TensorProto| tensor::read(initializer, name, self.beside);
        match rows {
            1 => initializers.remove(name).map(|initializer| read(&initializer)),
            _ => initializers.get(name).map(read),
        }
        .transpose()
    }

    /// How many operands of the nodes that count each value is.
    fn readers(&self) -> HashMap<String, usize> {
        let mut readers = HashMap::new();
        let operands = self.order.iter().flat_map(|&position| &self.nodes[position].input);
        operands
            .chain(self.outputs)
            .for_each(|name| *readers.entry(name.clone()).or_insert(0) += 1);
        readers
    }

    /// Whether a value is an output, and nothing but operators that keep all elements in their
    /// order reads it, towards outputs.
    pub fn is_last(&self, name: &str, direct: bool) -> bool {
        const KEEPING: &[&str] =
            &["Cast", "Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"];
        let mut open = vec![name.to_string()];
        let mut seen = 0;
        while let Some(name) = open.pop() {
            seen += 1;
            let nodes = self.order.iter().map(|&position| &self.nodes[position]);
            let readers: Vec<&NodeProto> =
                nodes.filter(|node| node.input.contains(&name)).collect();
            let keeps = |node: &&&NodeProto| {
                let op = node.op_type.as_deref().unwrap_or_default();
                let of_standard =
                    operators::domain_of(node.domain.as_deref()) == operators::STANDARD;
                let allowed = if direct { op == "Identity" } else { KEEPING.contains(&op) };
                of_standard && allowed && node.input.first() == Some(&name)
            };
            let ends = self.outputs.contains(&name) || !readers.is_empty();
            if !ends || readers.iter().filter(keeps).count() != readers.len() || seen > 1000 {
                return false;
            }
            open.extend(readers.iter().flat_map(|node| node.output.first()).cloned());
        }
        true
    }
}

/// The node's own name, or its position where it has none.
pub fn node_name(node: &NodeProto, position: usize) -> String {
    match node.name.as_deref() {
        None | Some("") => format!("#{position}"),
        Some(name) => name.to_string(),
    }
}

/// The error of a node.
pub fn failure(wrong: Wrong, node: &str, op: &str) -> Failure {
    match wrong {
        Wrong::Layer(cause) => {
            NetworkError::Layer { node: node.to_string(), op: op.to_string(), cause }.into()
        }
        Wrong::Assembly(AssemblyError::Mixed { node }) => Failure::Mixed(node),
        Wrong::Assembly(AssemblyError::Network(error)) => (*error).into(),
    }
}
