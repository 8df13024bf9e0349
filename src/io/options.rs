//! What a reader may be told about a file.

use crate::network::Units;

/// How a network's file is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Units of the network of an NNet file. Default: raw.
    pub nnet_units: Units,
    /// Whether all rows of an ONNX file with a fixed batch are read together, even where they do
    /// not interact: the inputs are then those of the file. Default: one of them is read.
    pub all_rows: bool,
    /// Values inside an ONNX file, by the names that its nodes give them: they are outputs of the
    /// network too, behind those of the file. Default: none.
    pub values: Vec<String>,
    /// Whether networks with smooth layers are read, which can be evaluated and no more.
    /// Default: they are refused.
    pub smooth: bool,
}
