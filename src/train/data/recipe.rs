//! The table `[data]` of a recipe.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{CsvData, DataError, FunctionData, IdxData, Split};

/// Where data can come from: the keys of a recipe, and how samples are made of them.
pub trait DataSource {
    /// Checks what can be told without looking at files.
    ///
    /// # Errors
    /// [`DataError::Key`].
    fn validate(&self) -> Result<(), DataError>;

    /// The samples; files are relative to `folder`. The same seed gives the same samples
    /// in the same order.
    ///
    /// # Errors
    /// Those of [`DataSource::validate`], and what is wrong with files.
    fn load(&self, folder: &Path, seed: u64) -> Result<Split, DataError>;
}

/// The table `[data]`; `source` tells which keys it has.
///
/// ```
/// use taut::train::data::{DataRecipe, DataSource};
///
/// let text = "source = 'function'\nfunction = 'branin'\nsamples = 100";
/// let recipe: DataRecipe = toml::from_str(text)?;
/// let split = recipe.load(".".as_ref(), 0)?;
/// assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (70, 15, 15));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "source", rename_all = "lowercase")]
pub enum DataRecipe {
    /// Samples of a test function.
    Function(FunctionData),
    /// A table.
    Csv(CsvData),
    /// Images.
    Idx(IdxData),
}

impl DataRecipe {
    /// What `source` says.
    fn source(&self) -> &dyn DataSource {
        match self {
            Self::Function(data) => data,
            Self::Csv(data) => data,
            Self::Idx(data) => data,
        }
    }
}

impl Default for DataRecipe {
    fn default() -> Self {
        Self::Function(FunctionData::default())
    }
}

impl DataSource for DataRecipe {
    fn validate(&self) -> Result<(), DataError> {
        self.source().validate()
    }

    fn load(&self, folder: &Path, seed: u64) -> Result<Split, DataError> {
        self.source().load(folder, seed)
    }
}
