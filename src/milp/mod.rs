//! A mixed-integer linear program as plain data: it can be counted, checked
//! against a point and handed to any backend.

mod check;
mod dual_bound;

use std::ops::Neg;

use serde::{Deserialize, Serialize};

pub use check::{Violation, check};
pub use dual_bound::dual_bound;

use crate::num::Interval;
use crate::num::exact::exact_difference;

/// Position of a column in a [`Model`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VarId(usize);

impl VarId {
    /// The position as an index.
    pub fn index(self) -> usize {
        self.0
    }
}

/// What values a column may take between its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any number.
    Continuous,
    /// Whole numbers.
    Integer,
}

/// A decision variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name; tells layer and neuron.
    pub name: String,
    /// Bounds.
    pub bounds: Interval,
    /// Continuous or integer.
    pub kind: Kind,
}

impl Column {
    /// Whether the only values are 0 and 1.
    pub fn is_binary(&self) -> bool {
        self.kind == Kind::Integer && (self.bounds.lower(), self.bounds.upper()) == (0.0, 1.0)
    }
}

/// A linear constraint `lower ≤ Σ coefficient · column ≤ upper`.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Name; tells layer and neuron.
    pub name: String,
    /// Coefficients, each column at most once, none 0.
    pub terms: Vec<(VarId, f64)>,
    /// Bounds; a side without a limit is infinite.
    pub bounds: Interval,
}

/// A linear expression over columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinearExpression {
    /// Coefficients, each column at most once, none 0.
    pub terms: Vec<(VarId, f64)>,
    /// The constant part.
    pub constant: f64,
}

impl LinearExpression {
    /// The sum of `terms` and `constant`; terms of the same column are added.
    pub fn new(mut terms: Vec<(VarId, f64)>, constant: f64) -> Self {
        terms.sort_by_key(|&(column, _)| column);
        terms.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        terms.retain(|&(_, coefficient)| coefficient != 0.0);
        Self { terms, constant }
    }

    /// The value at a point with one number per column.
    pub fn evaluate(&self, point: &[f64]) -> f64 {
        self.terms.iter().map(|&(column, c)| c * point[column.0]).sum::<f64>() + self.constant
    }
}

impl Neg for LinearExpression {
    type Output = Self;

    fn neg(mut self) -> Self {
        self.terms.iter_mut().for_each(|(_, coefficient)| *coefficient = -*coefficient);
        self.constant = -self.constant;
        self
    }
}

/// A mixed-integer linear program: the least value of its objective.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    columns: Vec<Column>,
    rows: Vec<Row>,
    /// What is to be made small.
    pub objective: LinearExpression,
}

/// How large a model is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelSize {
    /// Number of columns.
    pub columns: usize,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns that are 0 or 1.
    pub binaries: usize,
    /// Number of the other integer columns.
    pub integers: usize,
    /// Number of coefficients in the rows.
    pub nonzeros: usize,
}

impl Model {
    /// The linear program without the constraints of integrality.
    #[must_use]
    pub fn relaxed(mut self) -> Self {
        self.columns.iter_mut().for_each(|column| column.kind = Kind::Continuous);
        self
    }

    /// Adds a continuous column.
    pub fn continuous(&mut self, name: String, bounds: Interval) -> VarId {
        self.column(Column { name, bounds, kind: Kind::Continuous })
    }

    /// Adds a column that is 0 or 1.
    pub fn binary(&mut self, name: String) -> VarId {
        let bounds = Interval::new(0.0, 1.0).expect("0 ≤ 1");
        self.column(Column { name, bounds, kind: Kind::Integer })
    }

    /// Adds a column.
    pub fn column(&mut self, column: Column) -> VarId {
        self.columns.push(column);
        VarId(self.columns.len() - 1)
    }

    /// Adds the row `expression ≤ 0`.
    pub fn at_most_zero(&mut self, name: String, expression: LinearExpression) {
        self.range(name, expression, f64::NEG_INFINITY, 0.0);
    }

    /// Adds the row `expression ≥ 0`.
    pub fn at_least_zero(&mut self, name: String, expression: LinearExpression) {
        self.range(name, expression, 0.0, f64::INFINITY);
    }

    /// Adds the row `expression = 0`.
    pub fn equal_zero(&mut self, name: String, expression: LinearExpression) {
        self.range(name, expression, 0.0, 0.0);
    }

    /// Adds the row `lower ≤ expression ≤ upper`; the expression's constant
    /// moves to the bounds, which are rounded outward where that needs rounding.
    ///
    /// # Panics
    /// If the range is empty or a column does not exist.
    pub fn range(&mut self, name: String, expression: LinearExpression, lower: f64, upper: f64) {
        let known = |&(column, _): &(VarId, f64)| column.0 < self.columns.len();
        assert!(expression.terms.iter().all(known), "row {name} uses an unknown column");
        let (lower, upper) = (
            exact_difference(lower, expression.constant)
                .unwrap_or_else(|| (lower - expression.constant).next_down()),
            exact_difference(upper, expression.constant)
                .unwrap_or_else(|| (upper - expression.constant).next_up()),
        );
        let bounds = Interval::new(lower, upper).expect("a row with a range");
        self.rows.push(Row { name, terms: expression.terms, bounds });
    }

    /// Gives a column other bounds.
    ///
    /// # Panics
    /// If the column does not exist.
    pub fn set_bounds(&mut self, id: VarId, bounds: Interval) {
        self.columns[id.0].bounds = bounds;
    }

    /// Leaves a column only the one value.
    ///
    /// # Panics
    /// If the value is NaN or the column does not exist.
    pub fn fix(&mut self, id: VarId, value: f64) {
        self.columns[id.0].bounds = Interval::new(value, value).expect("a number");
    }

    /// Narrows the bounds of a column to what lies in `bounds` too.
    ///
    /// # Panics
    /// If nothing does, or the column does not exist.
    pub fn narrow(&mut self, id: VarId, bounds: Interval) {
        let column = &mut self.columns[id.0];
        column.bounds = column.bounds.intersection(bounds).expect("bounds that meet");
    }

    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column at `id`.
    pub fn column_at(&self, id: VarId) -> &Column {
        &self.columns[id.0]
    }

    /// The ids of all columns.
    pub fn column_ids(&self) -> impl Iterator<Item = VarId> {
        (0..self.columns.len()).map(VarId)
    }

    /// The rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// A row as a line of text, with the names of its columns.
    pub fn row_text(&self, row: &Row) -> String {
        let mut text = format!("{}:", row.name);
        for (position, &(column, c)) in row.terms.iter().enumerate() {
            let sign = match (position, c < 0.0) {
                (0, false) => " ",
                (0, true) => " -",
                (_, false) => " + ",
                (_, true) => " - ",
            };
            let factor = if c.abs() == 1.0 { String::new() } else { format!("{} ", c.abs()) };
            text += &format!("{sign}{factor}{}", self.column_at(column).name);
        }
        let (lower, upper) = (row.bounds.lower(), row.bounds.upper());
        match (lower.is_finite(), upper.is_finite()) {
            _ if lower == upper => text + &format!(" = {lower}"),
            (true, false) => text + &format!(" >= {lower}"),
            (false, true) => text + &format!(" <= {upper}"),
            _ => text + &format!(" in [{lower}, {upper}]"),
        }
    }

    /// How large the model is.
    pub fn size(&self) -> ModelSize {
        let binaries = self.columns.iter().filter(|c| c.is_binary()).count();
        let integers = self.columns.iter().filter(|c| c.kind == Kind::Integer).count();
        ModelSize {
            columns: self.columns.len(),
            rows: self.rows.len(),
            binaries,
            integers: integers - binaries,
            nonzeros: self.rows.iter().map(|row| row.terms.len()).sum(),
        }
    }
}
