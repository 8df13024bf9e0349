//! Encodings by their names.

use std::fmt;

use thiserror::Error;

use super::{ENCODING_FAMILIES, ENCODINGS, ReluEncoding};

/// Encodings that differ in a parameter, which their names have after a colon.
pub struct EncodingFamily {
    /// What their names have before the colon.
    pub name: &'static str,
    /// The parameter in the help, such as `N`.
    pub parameter: &'static str,
    /// What it may be.
    pub expected: &'static str,
    /// The member with a parameter; `None` if there is no such member.
    pub member: fn(&str) -> Option<Box<dyn ReluEncoding>>,
}

impl fmt::Debug for EncodingFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.parameter)
    }
}

/// Why a name is not that of an encoding.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum EncodingNameError {
    /// Neither an encoding nor a family.
    #[error("unknown encoding '{found}'; supported: {supported}")]
    Unknown {
        /// The name.
        found: String,
        /// All names.
        supported: String,
    },
    /// A family, but a parameter that it does not have.
    #[error("unknown encoding '{found}'; expected {family}, where {parameter} is {expected}")]
    Parameter {
        /// The name.
        found: String,
        /// Pattern of the names of the family.
        family: String,
        /// The parameter in that pattern.
        parameter: &'static str,
        /// What it may be.
        expected: &'static str,
    },
}

/// The encoding with this name: one of [`ENCODINGS`], or a member of a family.
///
/// ```
/// let encoding = taut::encode::encoding("partition:3")?;
/// assert_eq!(encoding.name(), "partition:3");
/// let error = taut::encode::encoding("partition:0").unwrap_err();
/// assert!(error.to_string().contains("N is the number of groups of inputs from 1"));
/// # Ok::<(), taut::encode::EncodingNameError>(())
/// ```
///
/// # Errors
/// [`EncodingNameError`]; it says what there is.
pub fn encoding(name: &str) -> Result<&'static dyn ReluEncoding, EncodingNameError> {
    if let Some(&listed) = ENCODINGS.iter().find(|encoding| encoding.name() == name) {
        return Ok(listed);
    }
    let (prefix, parameter) = name.split_once(':').unwrap_or((name, ""));
    let Some(family) = ENCODING_FAMILIES.iter().find(|family| family.name == prefix) else {
        let (found, supported) = (name.to_string(), encoding_names().join(", "));
        return Err(EncodingNameError::Unknown { found, supported });
    };
    match (family.member)(parameter) {
        // A few bytes for each name that a program asks for; in return an encoding is
        // the same kind of reference whether it is listed or not.
        Some(member) => Ok(Box::leak(member)),
        None => Err(EncodingNameError::Parameter {
            found: name.to_string(),
            family: format!("{family:?}"),
            parameter: family.parameter,
            expected: family.expected,
        }),
    }
}

/// The names of [`ENCODINGS`], and the patterns of the families.
pub fn encoding_names() -> Vec<String> {
    let listed = ENCODINGS.iter().map(|encoding| encoding.name().into_owned());
    listed.chain(ENCODING_FAMILIES.iter().map(|family| format!("{family:?}"))).collect()
}
