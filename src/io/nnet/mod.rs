//! NNet files (`.nnet`), as ACAS Xu and many verification benchmarks use them: dense layers with
//! ReLU between, as text. <https://github.com/sisl/NNet>
//!
//! ```text
//! // comments, any number of lines
//! 2,2,1,3,             layers, inputs, outputs, largest layer (not used)
//! 2,3,1,               sizes: inputs, then each layer
//! 0,                   not used
//! -1,0,                least inputs, in raw units
//! 1,10,                largest inputs
//! 0,5,2.5,             means of the inputs; the last number is that of all outputs
//! 1,10,4,              ranges likewise
//! 1,-1,                weights of the first layer, a line for each neuron
//! …
//! 0,                   its biases, a line for each neuron
//! …                    the next layers likewise
//! ```
//!
//! Numbers are separated by commas; one may follow the last. Lists of inputs may be longer than
//! there are inputs, as in many published files: the first ones count, and the last mean and
//! range.
//!
//! In raw units the network is `y = range · N((x − mean) / range) + mean` with the layers `N` of
//! the file, and its box is that of the file. In normalised units it is `N`, over the box with
//! `(x − mean) / range` for its corners, and means and ranges are its
//! [`Scaling`](crate::network::Scaling). Some programs move inputs that leave the box onto it;
//! the network of Taut does not.

mod lines;
mod read;
mod write;

use super::{Beside, FormatError, NetworkFormat, ReadOptions};
use crate::network::{Network, Units};

/// The NNet format.
#[derive(Debug)]
pub struct Nnet;

impl NetworkFormat for Nnet {
    fn name(&self) -> &'static str {
        "nnet"
    }

    fn begins(&self, bytes: &[u8]) -> bool {
        let line = bytes.trim_ascii_start().split(|&byte| byte == b'\n').next().unwrap_or_default();
        let is_number = |byte: &u8| byte.is_ascii_digit() || b", \t\r".contains(byte);
        line.starts_with(b"//") || (line.contains(&b',') && line.iter().all(is_number))
    }

    fn read(&self, bytes: &[u8], name: &str) -> Result<Network, FormatError> {
        read::read(bytes, name, Units::Raw)
    }

    fn read_by(
        &self,
        bytes: Vec<u8>,
        name: &str,
        _: &Beside,
        options: &ReadOptions,
    ) -> Result<Network, FormatError> {
        read::read(&bytes, name, options.nnet_units)
    }

    fn write(&self, network: &Network) -> Result<Vec<u8>, FormatError> {
        write::write(network)
    }
}
