//! A program in the arrays that HiGHS takes.

use std::ffi::c_int;

use super::instance::number;
use crate::milp::{Kind, Model};
use crate::solve::{SolveError, prepare};

/// HiGHS's number for a column that takes whole numbers.
const INTEGER: c_int = 1;

/// A program to minimise, rows one after the other.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Bounds of the columns.
    pub columns: Bounds,
    /// One cost per column.
    pub costs: Vec<f64>,
    /// The constant of the objective. HiGHS has to know it: its relative gap is one of the
    /// whole objective.
    pub offset: f64,
    /// Bounds of the rows.
    pub rows: Bounds,
    /// Where each row starts among the entries.
    pub starts: Vec<c_int>,
    /// The matrix.
    pub entries: Entries,
    /// Kind of each column.
    pub integrality: Vec<c_int>,
}

/// Lower and upper bounds.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// Perhaps −∞.
    pub lower: Vec<f64>,
    /// Perhaps ∞.
    pub upper: Vec<f64>,
}

/// Entries of a matrix, row after row.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    /// Column of each.
    pub columns: Vec<c_int>,
    /// Value of each.
    pub values: Vec<f64>,
}

impl Bounds {
    fn push(&mut self, lower: f64, upper: f64) {
        self.lower.push(lower);
        self.upper.push(upper);
    }
}

impl Program {
    /// Whether a column takes whole numbers only.
    pub fn is_mixed_integer(&self) -> bool {
        self.integrality.contains(&INTEGER)
    }

    /// The arrays of `model`.
    ///
    /// # Errors
    /// A number that HiGHS does not take.
    pub fn new(model: &Model) -> Result<Self, SolveError> {
        let mut program = Self { costs: vec![0.0; model.columns().len()], ..Self::default() };
        program.offset = model.objective.constant;
        for &(column, cost) in &model.objective.terms {
            let name = &model.column_at(column).name;
            prepare::check_number(|| format!("the cost of {name}"), cost)?;
            program.costs[column.index()] = cost;
        }
        for column in model.columns() {
            program.columns.push(column.bounds.lower(), column.bounds.upper());
        }
        let kinds = model.columns().iter().map(|column| match column.kind {
            Kind::Continuous => 0,
            Kind::Integer => INTEGER,
        });
        program.integrality = kinds.collect();
        for row in model.rows() {
            let row = prepare::row(model, row)?;
            program.rows.push(row.bounds.lower(), row.bounds.upper());
            program.starts.push(number(program.entries.values.len()));
            for (column, value) in row.terms {
                program.entries.columns.push(number(column.index()));
                program.entries.values.push(value);
            }
        }
        Ok(program)
    }
}
