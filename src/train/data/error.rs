//! What can be wrong with a recipe's data.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why there are no data.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum DataError {
    /// A key of the recipe.
    #[error("data.{key}: found {found}; expected {expected}")]
    Key {
        /// The key.
        key: &'static str,
        /// What it says.
        found: String,
        /// What it may say.
        expected: String,
    },
    /// The system said no.
    #[error("{}: {what}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        what: String,
    },
    /// Something in a file is not as it should be.
    #[error("{}: {place}: found {found}; expected {expected}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Where in the file.
        place: String,
        /// What stands there.
        found: String,
        /// What should.
        expected: String,
    },
    /// The samples do not go round.
    #[error("{group}: found {samples} samples; expected at least {needed}: {purpose}")]
    TooFew {
        /// "the data" or a class.
        group: String,
        /// How many there are.
        samples: usize,
        /// How many it takes.
        needed: usize,
        /// What for.
        purpose: String,
    },
}

impl DataError {
    /// An error about a key.
    pub(super) fn key(key: &'static str, found: impl ToString, expected: impl ToString) -> Self {
        Self::Key { key, found: found.to_string(), expected: expected.to_string() }
    }

    /// An error about the content of a file.
    pub(super) fn content(
        path: &Path,
        place: impl ToString,
        found: impl ToString,
        expected: impl ToString,
    ) -> Self {
        let path = path.to_path_buf();
        let place = place.to_string();
        Self::Content { path, place, found: found.to_string(), expected: expected.to_string() }
    }

    /// An error of the system.
    pub(super) fn system(path: &Path, error: &std::io::Error) -> Self {
        Self::System { path: path.to_path_buf(), what: error.to_string() }
    }
}
