//! NumPy archives (`.npz`) of dense layers with ReLU between them, none behind the last: the
//! arrays `W0`, `b0`, `W1`, `b1`, …, as `numpy.savez("net.npz", W0=…, b0=…, …)` writes them.
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>
//!
//! Weights are in × out (`x @ W + b`, as in Keras and scikit-learn) or out × in (`W @ x + b`, as
//! in PyTorch), all layers alike: the lengths of the biases tell which. Numbers are floating
//! point of 2, 4 or 8 bytes. Written are weights in × out; there is no place for a box or names.

mod array;
mod zip;

use std::collections::BTreeMap;

use ndarray::{Array1, Array2, ArrayD, Ix2};

use self::array::Array;
use super::dense::DenseChain;
use super::{FormatError, NetworkFormat};
use crate::message::excerpt;
use crate::network::{Activation, DenseLayer, Metadata, Network, Precision};

/// The format of NumPy archives.
#[derive(Debug)]
pub struct Npz;

impl NetworkFormat for Npz {
    fn name(&self) -> &'static str {
        "npz"
    }

    fn begins(&self, bytes: &[u8]) -> bool {
        zip::begins(bytes)
    }

    fn holds_only_weights(&self) -> bool {
        true
    }

    fn read(&self, bytes: &[u8], name: &str) -> Result<Network, FormatError> {
        let mut arrays = BTreeMap::new();
        for (member, content) in zip::members(bytes)? {
            let key = member.strip_suffix(".npy").unwrap_or(&member).to_string();
            let array = array::read(&content).map_err(|found| found.of(&key))?;
            if arrays.insert(key.clone(), array).is_some() {
                return Err(refused(&key, "two arrays of that name", "one"));
            }
        }
        let is_single = |array: &Array| array.precision == Precision::F32;
        let is_single = arrays.values().all(is_single);
        let layers = layers(arrays)?;
        let precision = if is_single { Precision::F32 } else { Precision::F64 };
        let metadata = Metadata { precision, ..Metadata::default() };
        Ok(Network::dense(name, layers)?.with_metadata(metadata)?)
    }

    fn write(&self, network: &Network) -> Result<Vec<u8>, FormatError> {
        let chain = DenseChain::of(network)?;
        let the_network = |found: &str, expected: &str| FormatError::Content {
            place: "the network".to_string(),
            found: found.to_string(),
            expected: expected.to_string(),
        };
        if !chain.is_plain() {
            let expected = "weights and biases alone, such as --nnet-units normalised reads";
            return Err(the_network("a normalisation of inputs or outputs", expected));
        }
        if chain.layers.iter().all(|(weights, _)| is_ambiguous(weights.dim())) {
            let expected = "one that is not, to tell rows from columns";
            return Err(the_network("only square matrices", expected));
        }
        let values = |(weights, bias): &(Array2<f64>, Array1<f64>)| {
            weights.iter().chain(bias).all(|&value| f64::from(value as f32) == value)
        };
        let precision = match network.metadata().precision {
            Precision::F32 if chain.layers.iter().all(values) => Precision::F32,
            _ => Precision::F64,
        };
        let mut members = Vec::new();
        for (number, (weights, bias)) in chain.layers.into_iter().enumerate() {
            let mut add = |letter: &str, values: ArrayD<f64>| {
                let name = format!("{letter}{number}.npy");
                members.push((name, array::write(&values, precision)));
            };
            add("W", weights.reversed_axes().into_dyn());
            add("b", bias.into_dyn());
        }
        zip::write(&members)
    }
}

/// Whether a matrix of that shape and its transpose may both be meant.
fn is_ambiguous((rows, columns): (usize, usize)) -> bool {
    rows == columns && rows > 1
}

/// The order of the axes of all matrices.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    InOut,
    OutIn,
}

impl Order {
    fn name(self) -> &'static str {
        match self {
            Self::InOut => "in × out",
            Self::OutIn => "out × in",
        }
    }
}

fn layers(mut arrays: BTreeMap<String, Array>) -> Result<Vec<DenseLayer>, FormatError> {
    let mut pairs = Vec::new();
    while !arrays.is_empty() || pairs.is_empty() {
        let [w, b] = ["W", "b"].map(|letter| format!("{letter}{}", pairs.len()));
        let Some(weights) = arrays.remove(&w) else {
            let found = arrays
                .keys()
                .next()
                .map_or("no array".to_string(), |key| format!("'{}' and no '{w}'", excerpt(key)));
            return Err(FormatError::Content {
                place: "the archive".to_string(),
                found,
                expected: "arrays W0, b0, W1, b1, … and no others".to_string(),
            });
        };
        let Some(bias) = arrays.remove(&b) else {
            return Err(refused(&w, &format!("no '{b}' beside it"), "a bias for all weights"));
        };
        let weights = matrix(&w, weights.values)?;
        pairs.push((weights, row(&b, bias.values)?));
    }
    let order = order(&pairs)?;
    let last = pairs.len() - 1;
    let mut inputs = None;
    let mut layers = Vec::new();
    for (number, (weights, bias)) in pairs.into_iter().enumerate() {
        let shape = weights.shape().to_vec();
        let weights = match order {
            Order::InOut => weights.reversed_axes().as_standard_layout().into_owned(),
            Order::OutIn => weights,
        };
        if let Some(before) = inputs.filter(|before| *before != weights.ncols()) {
            let found =
                format!("shape {shape:?}, {} with {} inputs", order.name(), weights.ncols());
            let expected = format!("{before}, as many as layer {} has outputs", number - 1);
            return Err(refused(&format!("W{number}"), &found, &expected));
        }
        inputs = Some(weights.nrows());
        let activation = if number < last { Activation::Relu } else { Activation::Linear };
        layers.push(DenseLayer { weights, bias, activation });
    }
    Ok(layers)
}

/// The order that the lengths of the biases tell.
fn order(pairs: &[(Array2<f64>, Array1<f64>)]) -> Result<Order, FormatError> {
    let mut told: Option<(usize, Order)> = None;
    for (number, (weights, bias)) in pairs.iter().enumerate() {
        let key = format!("W{number}");
        let shape = format!("shape {:?} beside {} biases", weights.shape(), bias.len());
        let order = match (weights.dim(), bias.len()) {
            (dim, outputs) if dim.0 == dim.1 && dim.0 == outputs => continue,
            ((_, columns), outputs) if columns == outputs => Order::InOut,
            ((rows, _), outputs) if rows == outputs => Order::OutIn,
            _ => return Err(refused(&key, &shape, "one axis with an entry for each bias")),
        };
        match told {
            None => told = Some((number, order)),
            Some((first, other)) if other != order => {
                let found = format!("{shape}, which is {}", order.name());
                return Err(refused(&key, &found, &format!("{} as W{first} is", other.name())));
            }
            Some(_) => {}
        }
    }
    match (told, pairs.iter().position(|(weights, _)| is_ambiguous(weights.dim()))) {
        (Some((_, order)), _) => Ok(order),
        (None, None) => Ok(Order::InOut),
        (None, Some(number)) => {
            let found = format!(
                "shape {:?}, and no matrix of another shape: in × out or out × in",
                pairs[number].0.shape()
            );
            Err(refused(&format!("W{number}"), &found, "one that is not square, to tell"))
        }
    }
}

fn matrix(key: &str, values: ArrayD<f64>) -> Result<Array2<f64>, FormatError> {
    let found = format!("shape {:?}", values.shape());
    let matrix = values.into_dimensionality::<Ix2>();
    let matrix = matrix.map_err(|_| refused(key, &found, "a matrix"))?;
    match matrix.is_empty() {
        true => Err(refused(key, &found, "a matrix with rows and columns")),
        false => Ok(matrix.as_standard_layout().into_owned()),
    }
}

/// A vector, or what has one axis that is longer than 1.
fn row(key: &str, values: ArrayD<f64>) -> Result<Array1<f64>, FormatError> {
    match values.shape().iter().filter(|&&length| length != 1).count() {
        0 | 1 => Ok(values.iter().copied().collect()),
        _ => Err(refused(key, &format!("shape {:?}", values.shape()), "a vector")),
    }
}

/// What is wrong with an array, by its key.
fn refused(key: &str, found: &str, expected: &str) -> FormatError {
    FormatError::Content {
        place: format!("array '{}'", excerpt(key)),
        found: found.to_string(),
        expected: expected.to_string(),
    }
}
