//! NumPy archives (`.npz`) of dense layers with ReLU between them, none behind the last: the
//! arrays `W0`, `b0`, `W1`, `b1`, …, as `numpy.savez("net.npz", W0=…, b0=…, …)` writes them.
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>
//!
//! Weights are in × out (`x @ W + b`, as in Keras and scikit-learn) or out × in (`W @ x + b`, as
//! in PyTorch), all layers alike: the lengths of the biases tell which. Numbers are floating
//! point of 2, 4 or 8 bytes. Written are weights in × out; there is no place for a box or names.

mod array;
mod layers;
mod zip;

use std::collections::BTreeMap;

use ndarray::{Array1, Array2, ArrayD};

use self::array::Array;
use self::layers::{is_ambiguous, layers};
use super::dense::DenseChain;
use super::{FormatError, NetworkFormat};
use crate::message::excerpt;
use crate::network::{Metadata, Network, Precision};

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

/// What is wrong with an array, by its key.
fn refused(key: &str, found: &str, expected: &str) -> FormatError {
    FormatError::Content {
        place: format!("array '{}'", excerpt(key)),
        found: found.to_string(),
        expected: expected.to_string(),
    }
}
