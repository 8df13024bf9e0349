//! ONNX files (`.onnx`): one input, one output, standard operators.
//!
//! Every attribute is honoured or refused by name; constants may be
//! initialisers, `Constant` nodes or computed from them; nodes that the output
//! does not need are dropped. A symbolic first dimension of the input is the
//! batch and becomes 1; a fixed one above 1 becomes 1 too where every node treats
//! the rows apart and alike. Metadata keys: `taut.input_box` (`{"lower": […],
//! "upper": […]}`), `taut.input_names`, `taut.output_names`, `taut.scaling`,
//! `taut.origin`.

mod read;
mod schema;
mod tensor;
mod write;

use super::{FormatError, NetworkFormat};
use crate::network::Network;

/// The ONNX format.
#[derive(Debug)]
pub struct Onnx;

impl NetworkFormat for Onnx {
    fn name(&self) -> &'static str {
        "onnx"
    }

    fn read(&self, bytes: &[u8], name: &str) -> Result<Network, FormatError> {
        read::read(bytes, name)
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
