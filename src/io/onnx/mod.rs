//! ONNX files (`.onnx`): the operators of the standard that are piecewise linear, of all
//! operator sets up to [`operators::NEWEST`].
//!
//! Reading goes in stages:
//!
//! 1. *Decode* (`schema.rs`, `read.rs`): the graph, versions of operator sets, metadata. Calls
//!    of functions that the file defines are written out (`functions.rs`).
//!    Initialisers wait until a node reads them (`tensor.rs`): raw or typed data, inside the
//!    file or in another one beside it ([`Beside`](super::Beside)), types from `float16` to
//!    `double` as `f64`, whole numbers and truth values as `i64` (`value.rs`).
//! 2. *Order* (`order.rs`): the nodes that the outputs need, operands first. What nobody reads
//!    may be of any kind.
//! 3. *Node by node* (`graph.rs`, `builder.rs`): the rule of its operator is looked up in
//!    [`operators::OPERATORS`]. Where all that a node reads is known, so is its value: shapes
//!    and axes are computed exactly or refused, numbers are rounded to their type. Else the rule
//!    adds layers of equal value over the reals (`lowering.rs`). A rule reads attributes and
//!    operands from a `Call` (`call.rs`), and what it did not ask for is refused.
//! 4. *Inputs and outputs* (`ports.rs`, `outputs.rs`): several of them are parts of one vector each, in the
//!    order of the file, with names for expressions.
//!
//! An operator is one function and one line in the table; operators that only move elements
//! tell positions, once for constants and for what depends on the input.
//!
//! A symbolic first dimension of the input is the batch and becomes 1; a fixed one above 1
//! becomes 1 too where every node treats the rows apart and alike. A last operator that is
//! increasing, such as `Softmax`, is set aside (`operators/last.rs`). Metadata keys:
//! `taut.input_box` (`{"lower": […], "upper": […]}`), `taut.input_names`,
//! `taut.output_names`, `taut.scaling`, `taut.origin`.

mod builder;
mod call;
mod functions;
mod graph;
mod lowering;
mod operators;
mod order;
mod outputs;
mod ports;
mod read;
mod schema;
mod tensor;
mod value;
mod write;

pub(super) use write::tensor_bytes;

use super::{Beside, FormatError, NetworkFormat, ReadOptions};
use crate::network::Network;

/// The ONNX format.
#[derive(Debug)]
pub struct Onnx;

impl Onnx {
    /// The oldest and the newest operator set that are read: from the oldest on, the operators
    /// have forms that are known.
    pub const OPERATOR_SETS: [i64; 2] = [operators::OLDEST, operators::NEWEST];

    /// Names of the standard's operators that are read, those of constants alone included where
    /// they make constants.
    pub fn operators() -> Vec<&'static str> {
        operators::readable()
    }
}

impl NetworkFormat for Onnx {
    fn name(&self) -> &'static str {
        "onnx"
    }

    fn read(&self, bytes: &[u8], name: &str) -> Result<Network, FormatError> {
        read::read(bytes, name, &Beside::default(), &ReadOptions::default())
    }

    fn read_by(
        &self,
        bytes: Vec<u8>,
        name: &str,
        beside: &Beside,
        options: &ReadOptions,
    ) -> Result<Network, FormatError> {
        read::read_owned(bytes, name, beside, options)
    }

    fn write(&self, network: &Network) -> Result<Vec<u8>, FormatError> {
        write::write(network)
    }
}

const INPUT_BOX: &str = "taut.input_box";
const INPUT_NAMES: &str = "taut.input_names";
const OUTPUT_NAMES: &str = "taut.output_names";
const SCALING: &str = "taut.scaling";
const ORIGIN: &str = "taut.origin";

fn content(place: &str, found: impl Into<String>, expected: &str) -> FormatError {
    FormatError::Content {
        place: place.to_string(),
        found: found.into(),
        expected: expected.to_string(),
    }
}
