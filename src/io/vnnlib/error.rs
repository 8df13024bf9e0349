//! Places in a file, and what is wrong there.

use std::fmt;

use thiserror::Error;

use crate::io::FormatError;

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Number of the line, from 1.
    pub line: u32,
    /// Number of the character in it, from 1.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a file is no query.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum VnnlibError {
    /// Something in the file is not as it should be.
    #[error("{position}: found {found}; expected {expected}")]
    Content {
        /// Where.
        position: Position,
        /// What stands there.
        found: String,
        /// What should.
        expected: String,
    },
    /// A query by the standard, and more than this reader knows.
    #[error("{position}: {found} is not supported; expected {expected}")]
    Unsupported {
        /// Where.
        position: Position,
        /// What stands there.
        found: String,
        /// What is supported.
        expected: String,
    },
    /// The file begins as a packed one does, and cannot be unpacked.
    #[error("{0}")]
    Packed(String),
}

impl From<VnnlibError> for FormatError {
    fn from(error: VnnlibError) -> Self {
        match error {
            VnnlibError::Content { position, found, expected } => {
                Self::Content { place: position.to_string(), found, expected }
            }
            error => Self::Syntax(error.to_string()),
        }
    }
}

/// What a file says that is read, and that its writer may not have meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where.
    pub position: Position,
    /// What.
    pub text: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.position, self.text)
    }
}

/// The error of a place.
pub(super) fn refused(
    position: Position,
    found: impl Into<String>,
    expected: impl Into<String>,
) -> VnnlibError {
    VnnlibError::Content { position, found: found.into(), expected: expected.into() }
}

/// That something is not supported.
pub(super) fn unsupported(
    position: Position,
    found: impl Into<String>,
    expected: impl Into<String>,
) -> VnnlibError {
    VnnlibError::Unsupported { position, found: found.into(), expected: expected.into() }
}
