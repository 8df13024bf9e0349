//! What a reader may be told about a file.

use crate::network::Units;

/// How a network's file is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Units of the network of an NNet file. Default: raw.
    pub nnet_units: Units,
}
