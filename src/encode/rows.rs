//! The columns and rows of one neuron, as the encodings add them.

use std::ops::Range;

use super::{Auxiliary, EncodedNeuron, Indicator, ReluNeuron};
use crate::milp::{LinearExpression, Model, VarId};
use crate::num::Interval;

/// Adds the columns and rows of one neuron to a model.
pub struct NeuronRows<'a> {
    /// The neuron.
    pub neuron: ReluNeuron<'a>,
    model: &'a mut Model,
    output: VarId,
    indicators: Vec<Indicator>,
    auxiliaries: Vec<Auxiliary>,
}

impl<'a> NeuronRows<'a> {
    /// Adds the column of the output.
    pub fn new(neuron: &ReluNeuron<'a>, model: &'a mut Model) -> Self {
        let output = model.continuous(format!("h{}", neuron.label), neuron.output_range());
        let (indicators, auxiliaries) = (Vec::new(), Vec::new());
        Self { neuron: *neuron, model, output, indicators, auxiliaries }
    }

    /// What was added.
    pub fn finish(self) -> EncodedNeuron {
        let Self { output, indicators, auxiliaries, .. } = self;
        EncodedNeuron { output, indicators, auxiliaries }
    }

    /// `L` and `U`.
    pub fn pre_activation(&self) -> (f64, f64) {
        (self.neuron.pre_activation.lower(), self.neuron.pre_activation.upper())
    }

    /// Adds the binary that is 1 where `a ≥ threshold`.
    pub fn indicator(&mut self, letter: &str, threshold: f64) -> VarId {
        let column = self.model.binary(format!("{letter}{}", self.neuron.label));
        self.indicators.push(Indicator { column, threshold });
        column
    }

    /// Adds a column that is `value` where `a` lies in `when`, and 0 elsewhere.
    pub fn auxiliary(
        &mut self,
        name: String,
        bounds: Interval,
        when: Range<f64>,
        value: LinearExpression,
    ) -> VarId {
        let column = self.model.continuous(name, bounds);
        self.auxiliaries.push(Auxiliary { column, when, value });
        column
    }

    /// Name of input `index` of the neuron.
    pub fn input_name(&self, index: usize) -> &str {
        &self.model.column_at(self.neuron.inputs[index]).name
    }

    /// `y + extra`.
    pub fn y(&self, extra: &[(VarId, f64)]) -> LinearExpression {
        LinearExpression::new([&[(self.output, 1.0)], extra].concat(), 0.0)
    }

    /// `y − a + extra`.
    pub fn y_minus_a(&self, extra: &[(VarId, f64)]) -> LinearExpression {
        let weights = self.neuron.inputs.iter().zip(self.neuron.weights);
        let mut terms: Vec<_> = weights.map(|(&column, &w)| (column, -w)).collect();
        terms.push((self.output, 1.0));
        terms.extend(extra);
        LinearExpression::new(terms, -self.neuron.bias)
    }

    /// Adds the row `expression ≤ limit`.
    pub fn at_most(&mut self, name: &str, expression: LinearExpression, limit: f64) {
        self.range(name, expression, f64::NEG_INFINITY, limit);
    }

    /// Adds the row `expression ≥ limit`.
    pub fn at_least(&mut self, name: &str, expression: LinearExpression, limit: f64) {
        self.range(name, expression, limit, f64::INFINITY);
    }

    /// Adds the row `expression = 0`.
    pub fn equal_zero(&mut self, name: &str, expression: LinearExpression) {
        self.range(name, expression, 0.0, 0.0);
    }

    /// A row that says no more than the bounds of its only column is left out.
    fn range(&mut self, name: &str, expression: LinearExpression, lower: f64, upper: f64) {
        if !self.is_implied(&expression, lower, upper) {
            self.model.range(format!("h{}.{name}", self.neuron.label), expression, lower, upper);
        }
    }

    fn is_implied(&self, expression: &LinearExpression, lower: f64, upper: f64) -> bool {
        // Only signs are compared, so nothing is rounded.
        let (not_negative, not_positive) = match expression.terms.as_slice() {
            _ if expression.constant != 0.0 => return false,
            [] => (true, true),
            &[(column, c)] => {
                let bounds = self.model.column_at(column).bounds;
                let signs = (bounds.lower() >= 0.0, bounds.upper() <= 0.0);
                if c > 0.0 { signs } else { (signs.1, signs.0) }
            }
            _ => return false,
        };
        let enough = |limit: f64, sign: bool| limit.is_infinite() || limit == 0.0 && sign;
        enough(lower, not_negative) && enough(upper, not_positive)
    }
}
