//! Data: samples from a test function, a CSV file or IDX files, split into those for
//! training, validation and test.

mod csv;
mod error;
mod function;
mod idx;
mod recipe;
mod sampling;
mod sobol;
mod split;

use ndarray::{Array2, Axis};

pub use self::csv::CsvData;
pub use error::DataError;
pub use function::FunctionData;
pub use idx::{IdxData, read_images};
pub use recipe::{DataRecipe, DataSource};
pub use sampling::Sampling;

use crate::num::IntervalBox;

/// Most numbers that the inputs of a source may have, 2 GiB of them, so that a slip in a
/// recipe or a damaged file is an error and not the end of the memory.
const MOST_NUMBERS: usize = 1 << 28;

/// Largest magnitude of a number in the data: more than anything that is measured, and so
/// little that no sum of squares overflows.
const LARGEST: f64 = 1e100;

/// Samples, one per row.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// samples × inputs.
    pub inputs: Array2<f64>,
    /// What the network is to answer, one entry per sample.
    pub targets: Targets,
    /// One name an input.
    pub input_names: Vec<String>,
    /// `[channels, rows, columns]` where the inputs are the elements of an image.
    pub shape: Option<Vec<usize>>,
    /// The box that the inputs are from, where it is known: that of a test function.
    pub domain: Option<IntervalBox>,
}

/// What a network is to answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// Regression.
    Values {
        /// samples × targets.
        values: Array2<f64>,
        /// One name a target.
        names: Vec<String>,
    },
    /// Classification.
    Classes {
        /// Position of the sample's class in `names`.
        labels: Vec<usize>,
        /// One name a class.
        names: Vec<String>,
    },
}

/// Samples for training, for choosing among trained networks, and for telling how good
/// the chosen one is.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// What the weights are fitted to.
    pub train: Dataset,
    /// What training is stopped by; may be empty.
    pub validation: Dataset,
    /// What is not looked at before the end; may be empty.
    pub test: Dataset,
}

impl Dataset {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.inputs.nrows()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The given samples, in this order.
    ///
    /// # Panics
    /// If there is no such sample.
    pub fn select(&self, samples: &[usize]) -> Self {
        Self {
            inputs: self.inputs.select(Axis(0), samples),
            targets: self.targets.select(samples),
            input_names: self.input_names.clone(),
            shape: self.shape.clone(),
            domain: self.domain.clone(),
        }
    }
}

impl Targets {
    /// Number of outputs that a network for these targets has: one a target or class.
    pub fn outputs(&self) -> usize {
        self.names().len()
    }

    /// Names of the targets or classes.
    pub fn names(&self) -> &[String] {
        match self {
            Self::Values { names, .. } | Self::Classes { names, .. } => names,
        }
    }

    /// Those of the given samples, in this order.
    fn select(&self, samples: &[usize]) -> Self {
        match self {
            Self::Values { values, names } => {
                Self::Values { values: values.select(Axis(0), samples), names: names.clone() }
            }
            Self::Classes { labels, names } => Self::Classes {
                labels: samples.iter().map(|&sample| labels[sample]).collect(),
                names: names.clone(),
            },
        }
    }
}
