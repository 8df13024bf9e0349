//! Linear expressions and constraints over inputs `x0, x1, …` and outputs
//! `y0, y1, …`.

use std::fmt;

use serde::Serialize;

use crate::num::Interval;
use crate::num::twofold::Twofold;

/// An input or an output of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Variable {
    /// `x` with its index.
    Input(usize),
    /// `y` with its index.
    Output(usize),
}

impl Variable {
    /// The index of an input.
    pub fn input(self) -> Option<usize> {
        match self {
            Self::Input(index) => Some(index),
            Self::Output(_) => None,
        }
    }

    /// The index of an output.
    pub fn output(self) -> Option<usize> {
        match self {
            Self::Input(_) => None,
            Self::Output(index) => Some(index),
        }
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(index) => write!(f, "x{index}"),
            Self::Output(index) => write!(f, "y{index}"),
        }
    }
}

/// `Σ coefficient · variable + constant`; each variable at most once, in order,
/// none with coefficient 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expression {
    terms: Vec<(Variable, f64)>,
    constant: f64,
}

impl Expression {
    /// The sum of `terms` and `constant`; terms of the same variable are added.
    pub fn new(terms: impl IntoIterator<Item = (Variable, f64)>, constant: f64) -> Self {
        let mut terms: Vec<_> = terms.into_iter().collect();
        terms.sort_by_key(|&(variable, _)| variable);
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

    /// The terms, ordered by variable.
    pub fn terms(&self) -> &[(Variable, f64)] {
        &self.terms
    }

    /// The constant part.
    pub fn constant(&self) -> f64 {
        self.constant
    }

    /// Whether a term is an output.
    pub fn has_outputs(&self) -> bool {
        self.terms.iter().any(|(variable, _)| matches!(variable, Variable::Output(_)))
    }

    /// The value at given inputs and outputs.
    ///
    /// # Panics
    /// If a variable is out of range.
    pub fn evaluate(&self, inputs: &[f64], outputs: &[f64]) -> f64 {
        let value = |variable| match variable {
            Variable::Input(index) => inputs[index],
            Variable::Output(index) => outputs[index],
        };
        self.terms.iter().map(|&(variable, c)| c * value(variable)).sum::<f64>() + self.constant
    }

    /// The value at given inputs and outputs, all in twice the digits and rounded at the end.
    ///
    /// # Panics
    /// If a variable is out of range.
    pub fn evaluate_accurately(&self, inputs: &[f64], outputs: &[Twofold]) -> f64 {
        let mut sum = Twofold::from(self.constant);
        for &(variable, c) in &self.terms {
            sum.add_product(
                c,
                match variable {
                    Variable::Input(index) => inputs[index].into(),
                    Variable::Output(index) => outputs[index],
                },
            );
        }
        sum.rounded()
    }

    /// `Σ |coefficient · variable| + |constant|` for given magnitudes of inputs and outputs.
    ///
    /// # Panics
    /// If a variable is out of range.
    pub fn size(&self, inputs: &[f64], outputs: &[f64]) -> f64 {
        let size = |variable| match variable {
            Variable::Input(index) => inputs[index],
            Variable::Output(index) => outputs[index],
        };
        let terms = self.terms.iter().map(|&(variable, c)| (c * size(variable)).abs());
        terms.sum::<f64>() + self.constant.abs()
    }

    /// The difference of two expressions.
    #[must_use]
    pub fn minus(mut self, other: Self) -> Self {
        self.terms.extend(other.terms.into_iter().map(|(variable, c)| (variable, -c)));
        Self::new(self.terms, self.constant - other.constant)
    }
}

impl Expression {
    /// The expression with names of its own for the variables.
    pub fn named(&self, name: impl Fn(Variable) -> String) -> String {
        let terms = self.terms.iter().map(|&(variable, c)| (c, name(variable)));
        let has_constant = self.constant != 0.0 || self.terms.is_empty();
        let constant = has_constant.then(|| (self.constant, String::new()));
        let mut text = String::new();
        for (c, name) in terms.chain(constant) {
            text += match (text.is_empty(), c < 0.0) {
                (true, false) => "",
                (true, true) => "-",
                (false, false) => " + ",
                (false, true) => " - ",
            };
            text += &match (name.as_str(), c.abs()) {
                ("", c) => c.to_string(),
                (name, 1.0) => name.to_string(),
                (name, c) => format!("{c} {name}"),
            };
        }
        text
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.named(|variable| variable.to_string()))
    }
}

/// `lower ≤ expression ≤ upper`, the expression without a constant.
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
        let (lower, upper) = (lower - expression.constant, upper - expression.constant);
        let expression = Expression { constant: 0.0, ..expression };
        let text = format!("{lower} <= {expression} <= {upper}");
        Self { expression, lower, upper, text }
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
