//! Constraints: an expression between limits.

use std::fmt;

use super::Expression;
use crate::num::Interval;

/// `lower ≤ expression ≤ upper`, the expression without a constant where there is a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    expression: Expression,
    lower: f64,
    upper: f64,
    text: String,
}

impl Constraint {
    /// `lower ≤ expression ≤ upper`; the expression's constant moves to the
    /// bounds. A side without a limit is infinite.
    pub fn new(expression: Expression, lower: f64, upper: f64) -> Self {
        let (lower, upper) = (lower - expression.constant(), upper - expression.constant());
        let expression = expression.without_constant();
        let text = format!("{lower} <= {expression} <= {upper}");
        Self { expression, lower, upper, text }
    }

    /// A row without limits, whose expression keeps its constant.
    pub fn unlimited(expression: Expression) -> Self {
        let text = expression.to_string();
        Self { expression, lower: f64::NEG_INFINITY, upper: f64::INFINITY, text }
    }

    /// The same constraint, shown as it was written.
    #[must_use]
    pub fn with_text(self, text: &str) -> Self {
        Self { text: text.to_string(), ..self }
    }

    /// The left-hand side.
    pub fn expression(&self) -> &Expression {
        &self.expression
    }

    /// Lower bound, perhaps −∞.
    pub fn lower(&self) -> f64 {
        self.lower
    }

    /// Upper bound, perhaps ∞.
    pub fn upper(&self) -> f64 {
        self.upper
    }

    /// Both limits.
    ///
    /// # Panics
    /// If no number lies between them.
    pub fn interval(&self) -> Interval {
        Interval::new(self.lower, self.upper).expect("limits in order")
    }

    /// By how much a value of the expression is beyond a limit, absolute, and the magnitude of
    /// that limit; `None` if it is beyond none.
    pub fn excess(&self, value: f64) -> Option<(f64, f64)> {
        let sides = [(self.lower - value, self.lower), (value - self.upper, self.upper)];
        let beyond = sides.into_iter().find(|(excess, _)| *excess > 0.0);
        // A value that is no number satisfies nothing.
        let nothing = value.is_nan().then_some((f64::INFINITY, 0.0));
        nothing.or(beyond.map(|(excess, limit)| (excess, limit.abs())))
    }

    /// How far a value of the expression is from the nearest limit, and the magnitude of that;
    /// negative beyond it.
    pub fn distance(&self, value: f64) -> (f64, f64) {
        let [below, above] = [value - self.lower, self.upper - value];
        if below < above { (below, self.lower.abs()) } else { (above, self.upper.abs()) }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
