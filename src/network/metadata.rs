//! What a file says about a network beside its layers.

use serde::{Deserialize, Serialize};

use crate::num::IntervalBox;

/// Facts that travel with a network. None of them changes what it computes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The box of inputs the network was trained on.
    pub input_box: Option<IntervalBox>,
    /// Names of the inputs, as texts of any kind; none, or one for each input. An empty text
    /// is no name. Expressions write those that are no words in quotes.
    pub input_names: Vec<String>,
    /// Names of the outputs, likewise.
    pub output_names: Vec<String>,
    /// How raw data were scaled for training.
    pub scaling: Option<Scaling>,
    /// Where the network comes from, in words.
    pub origin: Option<String>,
    /// Type of the numbers in the file.
    pub precision: Precision,
}

/// `scaled = (raw − mean) / deviation`, coordinate by coordinate. It changes nothing by itself;
/// [`Network::in_raw_units`](super::Network::in_raw_units) applies it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// Means of the raw inputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_mean: Vec<f64>,
    /// Deviations of the raw inputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_deviation: Vec<f64>,
    /// Means of the raw outputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_mean: Vec<f64>,
    /// Deviations of the raw outputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_deviation: Vec<f64>,
}

/// Type of the numbers that a network's file stores. Taut computes in `f64`
/// with the stored values, which is exact for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// IEEE single precision.
    F32,
    /// IEEE double precision.
    #[default]
    F64,
}

/// The units of the inputs and outputs of a network whose file states a normalisation, as NNet
/// files do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Units {
    /// Those of the world: the normalisation is a part of the network.
    #[default]
    Raw,
    /// Those of the training: the normalisation is left out.
    Normalised,
}

impl Units {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Raw, Self::Normalised];

    /// Name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Normalised => "normalised",
        }
    }
}
