//! The networks of a query: that they are what it declares, and all of them as one.

use std::sync::Arc;

use thiserror::Error;

use crate::io::vnnlib::{
    ElementType, Joined, NetworkDeclaration, NetworkRelation, Position, Tensor,
};
use crate::message::excerpt;
use crate::network::{Beside, Network, NetworkError, Precision};

/// Why a network is not what a query declares.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Misfit {
    /// There are too many, or too few.
    #[error("the query declares {expected} networks; found {found}")]
    Count {
        /// Those that are given.
        found: usize,
        /// Those of the query.
        expected: usize,
    },
    /// It has another number of values.
    #[error("{at}: the query declares {declared} {}{of}; the network has {found}", what(side, *declared))]
    Size {
        /// Where the last one of the query stands, or the first one that the network has not.
        at: Position,
        /// Input, output, or output or hidden value.
        side: &'static str,
        /// Those of the query.
        declared: usize,
        /// Of which network, where there are several.
        of: String,
        /// Those of the network.
        found: usize,
    },
    /// A tensor has another shape.
    #[error("{at}: the query declares '{name}' with shape {declared:?}; the network has {found:?}")]
    Shape {
        /// Its place in the query.
        at: Position,
        /// Name in the query.
        name: String,
        /// Its shape there.
        declared: Vec<usize>,
        /// That of the network's file.
        found: Vec<usize>,
    },
    /// A tensor has another type.
    #[error("{at}: the query declares '{name}' of type {declared}; the network has {found}")]
    Type {
        /// Its place in the query.
        at: Position,
        /// Name in the query.
        name: String,
        /// Its type there.
        declared: ElementType,
        /// That of the network's file.
        found: &'static str,
    },
    /// Networks that are one query's have different types of numbers.
    #[error("the networks have {} and {} numbers; expected one type", type_of(types[0]), type_of(types[1]))]
    Types {
        /// Of the first network, and of another one.
        types: [Precision; 2],
    },
    /// A network has another graph than the one that it is declared to be isomorphic to.
    #[error(
        "the network '{}' is declared isomorphic to '{}'; it differs at '{}'",
        excerpt(name),
        excerpt(other),
        excerpt(layer)
    )]
    Isomorphic {
        /// Its name in the query.
        name: String,
        /// That of the other one.
        other: String,
        /// The layer of the other one where they differ.
        layer: String,
    },
}

/// So many values of a side.
fn what(side: &str, count: usize) -> String {
    match side {
        _ if count == 1 => side.to_string(),
        OUTPUT_OR_HIDDEN => "outputs and hidden values".to_string(),
        side => format!("{side}s"),
    }
}

const OUTPUT_OR_HIDDEN: &str = "output or hidden value";

fn type_of(precision: Precision) -> &'static str {
    match precision {
        Precision::F32 => "float32",
        Precision::F64 => "float64",
    }
}

/// That networks are what a query declares.
///
/// # Errors
/// [`Misfit`].
pub fn check(declared: &[NetworkDeclaration], networks: &[Arc<Network>]) -> Result<(), Misfit> {
    if declared.len() != networks.len() {
        return Err(Misfit::Count { found: networks.len(), expected: declared.len() });
    }
    for (declaration, network) in declared.iter().zip(networks) {
        check_one(declaration, network, declared.len() > 1)?;
        let types = [&networks[0], network].map(|network| network.metadata().precision);
        if types[0] != types[1] {
            return Err(Misfit::Types { types });
        }
        if let NetworkRelation::IsomorphicTo(other) = declaration.relation
            && let Some(layer) = networks[other].first_difference(network)
        {
            let (name, other) = (declaration.name.clone(), declared[other].name.clone());
            return Err(Misfit::Isomorphic { name, other, layer });
        }
    }
    Ok(())
}

fn check_one(
    declared: &NetworkDeclaration,
    network: &Network,
    is_named: bool,
) -> Result<(), Misfit> {
    let of = match is_named {
        true => format!(" of '{}'", excerpt(&declared.name)),
        false => String::new(),
    };
    let with_hidden: Vec<Tensor> =
        declared.outputs.iter().chain(&declared.hidden).cloned().collect();
    let outputs = if declared.hidden.is_empty() { "output" } else { OUTPUT_OR_HIDDEN };
    let sides = [
        ("input", &declared.inputs, network.inputs(), network.input_shape()),
        (outputs, &with_hidden, network.outputs(), network.output_shape()),
    ];
    for (side, tensors, found, shape) in sides {
        let mut count = 0;
        let mut at = None;
        for tensor in tensors {
            if count <= found {
                at = Some(tensor.position);
            }
            count += tensor.count();
        }
        if found != count {
            let at = at.expect("a tensor on each side");
            return Err(Misfit::Size { at, side, declared: count, of, found });
        }
        // Version 1.0 knows no shapes; several tensors have been joined.
        let without_ones = |shape: &[usize]| -> Vec<usize> {
            shape.iter().copied().filter(|&size| size != 1).collect()
        };
        if let [tensor] = &tensors[..]
            && tensor.shape.len() > 1
            && without_ones(&tensor.shape) != without_ones(shape)
        {
            let (name, declared) = (tensor.name.clone(), tensor.shape.clone());
            let at = tensor.position;
            return Err(Misfit::Shape { at, name, declared, found: shape.to_vec() });
        }
        let precision = network.metadata().precision;
        let is_other = |tensor: &&Tensor| match tensor.element_type {
            ElementType::Float32 => precision != Precision::F32,
            ElementType::Float64 => precision != Precision::F64,
            // Files of half precision are computed with in single precision.
            ElementType::Real | ElementType::Float16 => false,
        };
        if let Some(tensor) = tensors.iter().find(is_other) {
            let (name, declared) = (tensor.name.clone(), tensor.element_type);
            let (at, found) = (tensor.position, type_of(precision));
            return Err(Misfit::Type { at, name, declared, found });
        }
    }
    Ok(())
}

/// All networks as one, over the common inputs of their query.
///
/// # Errors
/// [`NetworkError`].
pub fn together(networks: &[Arc<Network>], joined: &Joined) -> Result<Network, NetworkError> {
    let inputs = joined.query.networks[0].inputs.iter().map(Tensor::count).sum();
    let both = networks.iter().zip(&joined.inputs);
    let beside: Vec<Beside<'_>> =
        both.map(|(network, inputs)| Beside { network, inputs }).collect();
    let names: Vec<&str> = networks.iter().map(|network| network.name()).collect();
    Network::side_by_side(&names.join(" and "), inputs, &beside)
}
