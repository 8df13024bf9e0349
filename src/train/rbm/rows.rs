//! Samples of units, one a row.

use serde::{Deserialize, Serialize};

use super::bits::Bits;
use crate::train::scalar::Scalar;

/// Rows of units.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows<S> {
    /// Of zeros and ones.
    Bits(Bits),
    /// Of numbers.
    Reals {
        /// Row by row.
        values: Vec<S>,
        /// Units.
        columns: usize,
    },
}

impl<S: Scalar> Rows<S> {
    /// Rows of numbers, in bits where all are 0 or 1.
    ///
    /// # Panics
    /// If the last row is not whole.
    pub fn of_numbers(numbers: &[f64], columns: usize) -> Self {
        match Bits::of_numbers(numbers.len() / columns, columns, numbers) {
            Some(bits) => Self::Bits(bits),
            None => Self::Reals {
                values: numbers.iter().map(|&number| S::of(number)).collect(),
                columns,
            },
        }
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        match self {
            Self::Bits(bits) => bits.rows(),
            Self::Reals { values, columns } => values.len() / columns,
        }
    }

    /// Number of units.
    pub fn columns(&self) -> usize {
        match self {
            Self::Bits(bits) => bits.columns(),
            Self::Reals { columns, .. } => *columns,
        }
    }

    /// A row as numbers.
    pub fn row(&self, row: usize) -> Vec<f64> {
        match self {
            Self::Bits(bits) => bits.numbers(row).collect(),
            Self::Reals { values, columns } => {
                values[row * columns..][..*columns].iter().map(|value| value.wide()).collect()
            }
        }
    }

    /// These rows, in this order.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Bits(bits) => Self::Bits(bits.select(rows)),
            Self::Reals { values, columns } => {
                let row = |&row: &usize| values[row * columns..][..*columns].iter().copied();
                Self::Reals { values: rows.iter().flat_map(row).collect(), columns: *columns }
            }
        }
    }

    /// Mean of each unit.
    pub fn means(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.columns()];
        for row in 0..self.count() {
            for (sum, value) in sums.iter_mut().zip(self.row(row)) {
                *sum += value;
            }
        }
        sums.iter().map(|sum| sum / self.count().max(1) as f64).collect()
    }
}

/// The states of chains, as a checkpoint keeps them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chains<S> {
    /// Words of bits.
    Words(Vec<u16>),
    /// Numbers.
    Numbers(Vec<S>),
}
