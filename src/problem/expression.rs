//! Piecewise linear expressions over inputs `x0, x1, …` and outputs `y0, y1, …`.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::num::twofold::Twofold;

/// An input or an output of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// `Σ coefficient · variable + Σ coefficient · max(0, expression) + constant`; each variable at
/// most once, in order, each bend at most once, none with coefficient 0. What has no bends is
/// linear.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expression {
    terms: Vec<(Variable, f64)>,
    bends: Vec<(Arc<Expression>, f64)>,
    constant: f64,
}

impl From<Variable> for Expression {
    fn from(variable: Variable) -> Self {
        Self::new([(variable, 1.0)], 0.0)
    }
}

impl Expression {
    /// The linear expression that is the sum of `terms` and `constant`; terms of the same
    /// variable are added.
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
        Self { terms, bends: Vec::new(), constant }
    }

    /// A number.
    pub fn number(value: f64) -> Self {
        Self::new([], value)
    }

    /// `coefficient · max(0, expression)` beside a linear expression.
    pub(super) fn with_bend(mut self, bend: Arc<Self>, coefficient: f64) -> Self {
        let is_same = |other: &Arc<Self>| Arc::ptr_eq(other, &bend) || *other == bend;
        match self.bends.iter().position(|(other, _)| is_same(other)) {
            Some(place) => self.bends[place].1 += coefficient,
            None => self.bends.push((bend, coefficient)),
        }
        self.bends.retain(|&(_, coefficient)| coefficient != 0.0);
        self
    }

    /// The terms, ordered by variable.
    pub fn terms(&self) -> &[(Variable, f64)] {
        &self.terms
    }

    /// The expressions whose positive parts are added, and their coefficients.
    pub fn bends(&self) -> &[(Arc<Expression>, f64)] {
        &self.bends
    }

    /// The constant part.
    pub fn constant(&self) -> f64 {
        self.constant
    }

    /// Whether it is a number.
    pub fn is_constant(&self) -> bool {
        self.terms.is_empty() && self.bends.is_empty()
    }

    /// Whether it is anything but linear in inputs alone: a term is an output, or it bends.
    pub fn has_outputs(&self) -> bool {
        let is_output = |(variable, _): &(Variable, f64)| matches!(variable, Variable::Output(_));
        !self.bends.is_empty() || self.terms.iter().any(is_output)
    }

    /// All variables in it, those of bends included, some perhaps more than once.
    pub fn variables(&self) -> Vec<Variable> {
        let own = self.terms.iter().map(|&(variable, _)| variable);
        let of_bends = self.bends.iter().flat_map(|(bend, _)| bend.variables());
        own.chain(of_bends).collect()
    }

    /// Numbers in it, those of bends included: each coefficient and each constant.
    pub fn numbers(&self) -> Vec<f64> {
        let own = self.terms.iter().map(|&(_, c)| c).chain([self.constant]);
        let of_bends = self.bends.iter().flat_map(|(bend, c)| {
            let mut numbers = bend.numbers();
            numbers.push(*c);
            numbers
        });
        own.chain(of_bends).collect()
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
        let bends = self.bends.iter();
        let bends = bends.map(|(bend, c)| c * bend.evaluate(inputs, outputs).max(0.0));
        let terms = self.terms.iter().map(|&(variable, c)| c * value(variable));
        terms.chain(bends).sum::<f64>() + self.constant
    }

    /// The value at given inputs and outputs, all in twice the digits and rounded at the end.
    ///
    /// # Panics
    /// If a variable is out of range.
    pub fn evaluate_accurately(&self, inputs: &[f64], outputs: &[Twofold]) -> f64 {
        self.accurate(inputs, outputs).rounded()
    }

    fn accurate(&self, inputs: &[f64], outputs: &[Twofold]) -> Twofold {
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
        for (bend, c) in &self.bends {
            sum.add_product(*c, bend.accurate(inputs, outputs).max(Twofold::default()));
        }
        sum
    }

    /// `Σ |coefficient · variable| + |constant|` for given magnitudes of inputs and outputs,
    /// bends by the same sum.
    ///
    /// # Panics
    /// If a variable is out of range.
    pub fn size(&self, inputs: &[f64], outputs: &[f64]) -> f64 {
        let bends = self.bends.iter().map(|(bend, c)| c.abs() * bend.size(inputs, outputs));
        self.spread_of_terms(inputs, outputs) + bends.sum::<f64>() + self.constant.abs()
    }

    /// [`size`](Self::size) without constants: how far the value moves if inputs and outputs
    /// move that far.
    ///
    /// # Panics
    /// If a variable is out of range.
    pub fn spread(&self, inputs: &[f64], outputs: &[f64]) -> f64 {
        let bends = self.bends.iter().map(|(bend, c)| c.abs() * bend.spread(inputs, outputs));
        self.spread_of_terms(inputs, outputs) + bends.sum::<f64>()
    }

    fn spread_of_terms(&self, inputs: &[f64], outputs: &[f64]) -> f64 {
        let size = |variable| match variable {
            Variable::Input(index) => inputs[index],
            Variable::Output(index) => outputs[index],
        };
        self.terms.iter().map(|&(variable, c)| (c * size(variable)).abs()).sum()
    }

    /// The linear expression that it is near given inputs and outputs; at a bend, the flat
    /// side counts.
    ///
    /// # Panics
    /// If a variable is out of range.
    pub fn linear_at(&self, inputs: &[f64], outputs: &[f64]) -> Self {
        let linear = Self { bends: Vec::new(), ..self.clone() };
        let active = self.bends.iter().filter(|(bend, _)| bend.evaluate(inputs, outputs) > 0.0);
        active.fold(linear, |sum, (bend, c)| sum.plus(bend.linear_at(inputs, outputs).times(*c)))
    }

    /// The sum of two expressions.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self::total(vec![self, other]).expect("two of them")
    }

    /// The sum of a list; `None` if it is empty.
    pub fn total(list: Vec<Self>) -> Option<Self> {
        let mut list = list.into_iter();
        let mut sum = list.next()?;
        let mut bends = Vec::new();
        for other in list {
            sum.terms.extend(other.terms);
            sum.constant += other.constant;
            bends.extend(other.bends);
        }
        let linear = Self::new(sum.terms, sum.constant);
        let bends = sum.bends.into_iter().chain(bends);
        Some(bends.fold(linear, |sum, (bend, c)| sum.with_bend(bend, c)))
    }

    /// The difference of two expressions.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.plus(other.times(-1.0))
    }

    /// The expression times a number.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        self.each_number(|number| factor * number)
    }

    /// The expression over a number: each coefficient is rounded once.
    #[must_use]
    pub fn divided(self, divisor: f64) -> Self {
        self.each_number(|number| number / divisor)
    }

    fn each_number(self, of: impl Fn(f64) -> f64) -> Self {
        let terms = self.terms.into_iter().map(|(variable, c)| (variable, of(c)));
        let linear = Self::new(terms, of(self.constant));
        let bends = self.bends.into_iter();
        bends.fold(linear, |sum, (bend, c)| sum.with_bend(bend, of(c)))
    }

    /// The expression without its constant.
    #[must_use]
    pub(super) fn without_constant(self) -> Self {
        Self { constant: 0.0, ..self }
    }
}

impl Expression {
    /// The expression with variables by these names.
    pub(super) fn in_words(&self, name: &dyn Fn(Variable) -> String) -> String {
        let mut text = String::new();
        let bends = self.bends.iter();
        let bends = bends.map(|(bend, c)| (*c, format!("relu({})", bend.in_words(name))));
        let terms = self.terms.iter().map(|&(variable, c)| (c, name(variable)));
        for (c, word) in terms.chain(bends) {
            let sign = sign(&text, c);
            let factor = if c.abs() == 1.0 { String::new() } else { format!("{} ", c.abs()) };
            text += &format!("{sign}{factor}{word}");
        }
        if self.constant != 0.0 || self.is_constant() {
            text += &format!("{}{}", sign(&text, self.constant), self.constant.abs());
        }
        text
    }
}

/// What stands between the terms so far and the next.
fn sign(before: &str, next: f64) -> &'static str {
    match (before.is_empty(), next < 0.0) {
        (true, false) => "",
        (true, true) => "-",
        (false, false) => " + ",
        (false, true) => " - ",
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_words(&|variable| variable.to_string()))
    }
}
