//! A value of a recipe that is one number for all, or a list with one each.

use serde::{Deserialize, Serialize};

/// One number for all, or one each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected a number or a list of numbers")]
pub enum OneOrEach {
    /// The same for all.
    One(f64),
    /// One each.
    Each(Vec<f64>),
}

impl OneOrEach {
    /// `count` numbers; `None` for a list of another length.
    pub fn spread(&self, count: usize) -> Option<Vec<f64>> {
        match self {
            Self::One(number) => Some(vec![*number; count]),
            Self::Each(numbers) => (numbers.len() == count).then(|| numbers.clone()),
        }
    }

    /// The numbers as they were given.
    pub fn numbers(&self) -> &[f64] {
        match self {
            Self::One(number) => std::slice::from_ref(number),
            Self::Each(numbers) => numbers,
        }
    }
}
