//! Instance files (`.toml`): a network, its box and a question.
//!
//! ```toml
//! title = "Least value of a surrogate of the peaks function, 2 × 25"
//! network = "../networks/peaks-2x25.onnx"   # relative to this file
//! lower = [-3, -3]                          # default: the box with the network
//! upper = [3, 3]
//! sense = "minimize"                        # or "maximize"; default "minimize"
//! objective = "y0"                          # default where there is one output
//! constraints = ["x0 + x1 <= 2", "y0 >= 0.1"]
//! integer = [1]                             # inputs that are whole numbers
//! inputs = ["fuel flow", "air flow"]        # names; default: those in the network's file
//! outputs = ["heat"]
//! scaling = "scaler.json"                   # everything here is in raw units (`scaling.rs`)
//! [reference]                               # a known answer
//! objective = -3.60634224
//! source = "where it comes from"
//! ```

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::scaling::ScalingSource;
use super::{FileError, FormatError, StoredBox, content, read_bytes, read_network, stored_box};
use crate::message::toml_error;
use crate::network::{Metadata, Network, NetworkError};
use crate::num::IntervalBox;
use crate::problem::{Problem, ProblemError, QuestionText, Reference, Sense};

/// An instance file: a question about a network.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("dependencies" = {
    "lower": ["upper"],
    "upper": ["lower"],
})))]
pub struct Instance {
    /// What the instance is, in words.
    pub title: Option<String>,
    /// File of the network (.onnx, .json, .nnet, .npz, and .gz behind it), by the folder of the instance.
    pub network: PathBuf,
    /// Lower bounds of the inputs, one per input. Default: the box with the network.
    pub lower: Option<Vec<f64>>,
    /// Upper bounds of the inputs, likewise.
    pub upper: Option<Vec<f64>>,
    /// Direction: minimize or maximize. Default: minimize.
    pub sense: Option<Sense>,
    /// What is optimised, such as "y0 - 2 y1 + 0.5 x0". Default: y0 where the network has one
    /// output.
    pub objective: Option<String>,
    /// Constraints on inputs and outputs, such as "x0 + x1 <= 2". Default: none.
    #[serde(default)]
    pub constraints: Vec<String>,
    /// Indices, from 0, of the inputs that are whole numbers. Default: none.
    #[serde(default)]
    pub integer: Vec<usize>,
    /// Names of the inputs, one for each. Default: those in the file of the network.
    pub inputs: Option<Vec<String>>,
    /// Names of the outputs, likewise.
    pub outputs: Option<Vec<String>>,
    /// How raw numbers were scaled for the training of the network: box, question and answer
    /// are in raw units then. Default: they are in the units of the network.
    pub scaling: Option<ScalingSource>,
    /// A known answer, which results are compared with.
    pub reference: Option<Reference>,
}

/// Reads an instance file; the path of its network becomes relative to the
/// working directory.
///
/// # Errors
/// [`FileError`], with line and column.
pub fn read_instance(path: &Path) -> Result<Instance, FileError> {
    let bytes = read_bytes(path)?;
    let refused = |what: String| content(path, FormatError::Syntax(what));
    let text = String::from_utf8(bytes).map_err(|error| refused(error.to_string()))?;
    let mut instance: Instance =
        toml::from_str(&text).map_err(|error| refused(toml_error(&error)))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    instance.network = folder.join(&instance.network);
    Ok(instance)
}

impl Instance {
    /// The box of inputs that the instance states, if it states one.
    ///
    /// # Errors
    /// Only one side is given, or the two are not a box.
    pub fn domain(&self) -> Result<Option<IntervalBox>, FormatError> {
        match (&self.lower, &self.upper) {
            (Some(lower), Some(upper)) => {
                let domain = IntervalBox::new(lower.clone(), upper.clone());
                Ok(Some(domain.map_err(ProblemError::Box)?))
            }
            (None, None) => Ok(None),
            _ => Err(FormatError::Content {
                place: "the box".to_string(),
                found: "only one of 'lower' and 'upper'".to_string(),
                expected: "both, or neither".to_string(),
            }),
        }
    }

    /// A network with the names that the instance, read from `path`, gives its inputs and
    /// outputs, and in the units of the instance.
    ///
    /// # Errors
    /// [`FileError`]: names or a scaling that do not fit the network.
    pub fn in_its_words(&self, network: Network, path: &Path) -> Result<Network, FileError> {
        let here = |cause: NetworkError| content(path, cause.into());
        let network = match &self.scaling {
            None => network,
            Some(source) => {
                let scaling = source.read(&network, path)?;
                // A box with the network is in its units.
                let network = match (&self.lower, stored_box(&network, &self.network)?) {
                    (None, Some(StoredBox { domain, .. })) => {
                        let input_box = Some(domain);
                        let metadata = Metadata { input_box, ..network.metadata().clone() };
                        network.with_metadata(metadata).map_err(here)?
                    }
                    _ => network,
                };
                network.in_raw_units(&scaling).map_err(here)?
            }
        };
        let mut metadata = network.metadata().clone();
        if let Some(names) = &self.inputs {
            metadata.input_names = names.clone();
        }
        if let Some(names) = &self.outputs {
            metadata.output_names = names.clone();
        }
        network.with_metadata(metadata).map_err(here)
    }

    /// The question that the instance asks.
    pub fn question(self) -> QuestionText {
        let Self { sense, objective, constraints, integer, reference, .. } = self;
        let sense = sense.unwrap_or_default();
        QuestionText { sense, objective, constraints, integer, reference }
    }
}

/// Reads an instance file with its network.
///
/// # Errors
/// [`FileError`].
pub fn read_problem(path: &Path) -> Result<Problem, FileError> {
    let instance = read_instance(path)?;
    let network = instance.in_its_words(read_network(&instance.network)?, path)?;
    let here = |cause| content(path, cause);
    let domain = match instance.domain().map_err(here)? {
        Some(domain) => domain,
        None => {
            stored_box(&network, &instance.network)?.map(|found| found.domain).ok_or_else(|| {
                let (place, expected) = ("the box".to_string(), "one of them".to_string());
                let found = "no 'lower' and 'upper', and no box with the network".to_string();
                here(FormatError::Content { place, found, expected })
            })?
        }
    };
    let problem = Problem::parse(network, domain, &instance.question());
    problem.map_err(|error| here(error.into()))
}
