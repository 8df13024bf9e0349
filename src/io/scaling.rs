//! Scalings of instance files: how raw numbers were scaled for the training of a network.
//!
//! ```toml
//! scaling = "network"              # the one stored in the network's file
//! scaling = "scaler.json"          # from a file beside the instance
//! [scaling.inputs]                 # or written out; one number, or one for each
//! mean = [0.2, 1.1]                # scaled = (raw - mean) / deviation
//! deviation = [0.1, 0.2]
//! [scaling.outputs]
//! lower = 0                        # scaled = (raw - lower) / (upper - lower)
//! upper = [0.5, 0.8]
//! ```
//! A file has the same in JSON, `{"inputs": {…}, "outputs": {…}}`, where the names that
//! scikit-learn gives its arrays are understood too (`mean_` and `scale_` of a `StandardScaler`,
//! `data_min_` and `data_max_` of a `MinMaxScaler`), or what OMLT's `OffsetScaling` takes:
//! `offset_inputs`, `factor_inputs`, `offset_outputs`, `factor_outputs`, lists or `{"0": …}`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{FileError, FormatError, content, read_bytes};
use crate::network::Network;
use crate::network::Scaling;

/// Where the scaling of an instance stands.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ScalingSource {
    /// In a file (.json), by the folder of the instance; "network": in that of the network.
    File(PathBuf),
    /// In the instance.
    Here(Box<ScalingTable>),
}

/// The scaling of both sides of a network; a side that is left out is raw.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ScalingTable {
    /// Of the inputs.
    pub inputs: Option<ScalingSide>,
    /// Of the outputs.
    pub outputs: Option<ScalingSide>,
}

/// The scaling of one side: mean and deviation, or lower and upper.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ScalingSide {
    /// What is taken from raw numbers. Default: 0.
    #[serde(alias = "mean_", alias = "offset")]
    pub mean: Option<Numbers>,
    /// What raw numbers are then divided by. Default: 1.
    #[serde(alias = "scale_", alias = "scale", alias = "factor")]
    pub deviation: Option<Numbers>,
    /// Raw numbers that become 0.
    #[serde(alias = "data_min_")]
    pub lower: Option<Numbers>,
    /// Raw numbers that become 1.
    #[serde(alias = "data_max_")]
    pub upper: Option<Numbers>,
}

/// One number for all coordinates, or one for each.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Numbers {
    /// The same for all.
    One(f64),
    /// In their order.
    Each(Vec<f64>),
    /// By index, from 0.
    ByIndex(BTreeMap<String, f64>),
}

/// What OMLT calls a scaling.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OffsetScaling {
    offset_inputs: Numbers,
    factor_inputs: Numbers,
    offset_outputs: Numbers,
    factor_outputs: Numbers,
}

impl From<OffsetScaling> for ScalingTable {
    fn from(omlt: OffsetScaling) -> Self {
        let side = |mean, deviation| {
            Some(ScalingSide {
                mean: Some(mean),
                deviation: Some(deviation),
                ..ScalingSide::default()
            })
        };
        Self {
            inputs: side(omlt.offset_inputs, omlt.factor_inputs),
            outputs: side(omlt.offset_outputs, omlt.factor_outputs),
        }
    }
}

impl ScalingSource {
    /// The scaling for a network; files by `folder`.
    ///
    /// # Errors
    /// [`FileError`], that of the file or, at `instance`, numbers that do not fit the network.
    pub(super) fn read(&self, network: &Network, instance: &Path) -> Result<Scaling, FileError> {
        let folder = instance.parent().unwrap_or(Path::new(""));
        match self {
            Self::Here(table) => table.scaling(network).map_err(|cause| content(instance, cause)),
            Self::File(name) if name == Path::new("network") => {
                network.metadata().scaling.clone().ok_or_else(|| {
                    let found = format!("none in the file of the network '{}'", network.name());
                    let expected = "one there, in a JSON file, or in the instance";
                    content(instance, refused("the scaling", found, expected))
                })
            }
            Self::File(name) => {
                let path = folder.join(name);
                let bytes = read_bytes(&path)?;
                let scaling = table(&bytes).and_then(|table| table.scaling(network));
                scaling.map_err(|cause| content(&path, cause))
            }
        }
    }
}

fn refused(place: &str, found: String, expected: &str) -> FormatError {
    FormatError::Content { place: place.to_string(), found, expected: expected.to_string() }
}

/// The table in the bytes of a JSON file.
fn table(bytes: &[u8]) -> Result<ScalingTable, FormatError> {
    let wrong = |error: serde_json::Error| FormatError::Syntax(error.to_string());
    let keys: serde_json::Value = serde_json::from_slice(bytes).map_err(wrong)?;
    match keys.get("offset_inputs") {
        Some(_) => serde_json::from_slice::<OffsetScaling>(bytes).map(Into::into).map_err(wrong),
        None => serde_json::from_slice(bytes).map_err(wrong),
    }
}

impl ScalingTable {
    fn scaling(&self, network: &Network) -> Result<Scaling, FormatError> {
        let of = |side: &Option<ScalingSide>, name, count| match side {
            Some(side) => side.numbers(name, count),
            None => Ok((Vec::new(), Vec::new())),
        };
        let (input_mean, input_deviation) = of(&self.inputs, "inputs", network.inputs())?;
        let (output_mean, output_deviation) = of(&self.outputs, "outputs", network.outputs())?;
        Ok(Scaling { input_mean, input_deviation, output_mean, output_deviation })
    }
}

impl ScalingSide {
    /// Means and deviations, one for each of `count` coordinates.
    fn numbers(&self, side: &str, count: usize) -> Result<(Vec<f64>, Vec<f64>), FormatError> {
        let each = |name: &str, numbers: &Option<Numbers>, default: f64| match numbers {
            Some(numbers) => numbers.each(&format!("'{name}' of the {side}"), count),
            None => Ok(vec![default; count]),
        };
        let is_range = self.lower.is_some() || self.upper.is_some();
        let is_deviation = self.mean.is_some() || self.deviation.is_some();
        if is_range == is_deviation || (is_range && self.upper.is_none()) {
            let found = if is_deviation { "both" } else { "not both of lower and upper" };
            let expected = "mean and deviation, or lower and upper";
            return Err(refused(
                &format!("the scaling of the {side}"),
                found.to_string(),
                expected,
            ));
        }
        if !is_range {
            return Ok((each("mean", &self.mean, 0.0)?, each("deviation", &self.deviation, 1.0)?));
        }
        let lower = each("lower", &self.lower, 0.0)?;
        let upper = each("upper", &self.upper, 1.0)?;
        let widths = lower.iter().zip(upper).map(|(lower, upper)| upper - lower).collect();
        Ok((lower, widths))
    }
}

impl Numbers {
    fn each(&self, what: &str, count: usize) -> Result<Vec<f64>, FormatError> {
        let expected = format!("one number, or {count}");
        match self {
            Self::One(number) => Ok(vec![*number; count]),
            Self::Each(numbers) if numbers.len() == count => Ok(numbers.clone()),
            Self::Each(numbers) => {
                Err(refused(what, format!("{} numbers", numbers.len()), &expected))
            }
            Self::ByIndex(numbers) if numbers.len() == count => {
                let number = |index: usize| {
                    numbers.get(&index.to_string()).copied().ok_or_else(|| {
                        let found = format!("no number for index {index}");
                        refused(what, found, "one for each, by index from 0")
                    })
                };
                (0..count).map(number).collect()
            }
            Self::ByIndex(numbers) => {
                Err(refused(what, format!("{} numbers", numbers.len()), &expected))
            }
        }
    }
}
