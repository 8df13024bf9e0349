//! The big-M encoding, with each neuron's own constants.
//!
//! For a pre-activation `a = w·x + b ∈ [L, U]`, `L < 0 < U`, and a binary
//! `z = 1 ⇔ a ≥ 0`:
//!
//! ```text
//! y ≥ a      y ≤ a − L(1 − z)      y ≤ U z      y ≥ 0
//! ```
//!
//! For a clipped ReLU `y = min(max(a, 0), c)`, `c < U`, and binaries
//! `z₁ = 1 ⇔ a ≥ 0`, `z₂ = 1 ⇔ a ≥ c`:
//!
//! ```text
//! c z₂ ≤ y ≤ c z₁      a − (U − c) z₂ ≤ y ≤ a − L(1 − z₁)      z₂ ≤ z₁
//! ```
//!
//! and, where `L ≥ 0` decides `z₁`, `L + (c − L) z₂ ≤ y ≤ a`, `a − (U − c) z₂ ≤ y ≤ c`.
//! Both are ideal in the space of `(a, y, z)`; relaxed over `z`, the first is
//! the triangle. Source: Plate et al. (2025), eq. (5); Tjeng, Xiao, Tedrake,
//! "Evaluating robustness of neural networks with mixed integer programming"
//! (2019). The clipped form is the projection of the multiple-choice model of
//! the three pieces.
//!
//! The rows that one neuron gets (`y = max(2x₀ − 1, 0)`, `x₀ ∈ [0, 1]`):
//!
//! ```
//! # use taut::{encode::{BigM, ReluEncoding, ReluNeuron}, milp::Model, num::Interval};
//! let interval = |l, u| Interval::new(l, u).expect("l ≤ u");
//! let mut model = Model::default();
//! let x0 = model.continuous("x0".to_string(), interval(0.0, 1.0));
//! let neuron = ReluNeuron {
//!     label: "1_0",
//!     inputs: &[x0],
//!     weights: &[2.0],
//!     bias: -1.0,
//!     input_bounds: &[interval(0.0, 1.0)],
//!     pre_activation: interval(-1.0, 1.0),
//!     ceiling: None,
//! };
//! BigM.encode(&neuron, &mut model)?;
//! let rows: Vec<String> = model.rows().iter().map(|row| model.row_text(row)).collect();
//! assert_eq!(rows, [
//!     "h1_0.above_a: -2 x0 + h1_0 >= -1",
//!     "h1_0.below_a: -2 x0 + h1_0 + z1_0 <= 0",
//!     "h1_0.off: h1_0 - z1_0 <= 0",
//! ]);
//! # Ok::<(), taut::encode::EncodeError>(())
//! ```

use super::{EncodeError, EncodedNeuron, Indicator, ReluEncoding, ReluNeuron};
use crate::milp::{LinearExpression, Model, VarId};

/// Big-M with each neuron's own constants.
#[derive(Debug)]
pub struct BigM;

impl ReluEncoding for BigM {
    fn name(&self) -> &'static str {
        "big-m"
    }

    fn encode(
        &self,
        neuron: &ReluNeuron<'_>,
        model: &mut Model,
    ) -> Result<EncodedNeuron, EncodeError> {
        let output = model.continuous(format!("h{}", neuron.label), neuron.output_range());
        let mut rows = Rows { neuron, model, output };
        let indicators = match neuron.ceiling {
            None => rows.relu(),
            Some(ceiling) if neuron.pre_activation.lower() >= 0.0 => rows.cap(ceiling),
            Some(ceiling) => rows.clip(ceiling),
        };
        Ok(EncodedNeuron { output, indicators })
    }
}

/// Adds the rows of one neuron.
struct Rows<'a, 'b> {
    neuron: &'a ReluNeuron<'b>,
    model: &'a mut Model,
    output: VarId,
}

impl Rows<'_, '_> {
    fn relu(&mut self) -> Vec<Indicator> {
        let (lower, upper) = self.pre_activation();
        let z = self.indicator("z", 0.0);
        self.minus_a("above_a", &[], 0.0, Side::AtLeast);
        self.minus_a("below_a", &[(z.column, -lower)], lower, Side::AtMost);
        self.plain("off", &[(z.column, -upper)], 0.0, Side::AtMost);
        vec![z]
    }

    fn clip(&mut self, ceiling: f64) -> Vec<Indicator> {
        let (lower, upper) = self.pre_activation();
        let z1 = self.indicator("z", 0.0);
        let z2 = self.indicator("s", ceiling);
        self.plain("off", &[(z1.column, -ceiling)], 0.0, Side::AtMost);
        self.plain("saturated", &[(z2.column, -ceiling)], 0.0, Side::AtLeast);
        self.minus_a("above_a", &[(z2.column, upper - ceiling)], 0.0, Side::AtLeast);
        self.minus_a("below_a", &[(z1.column, -lower)], lower, Side::AtMost);
        let order = LinearExpression::new(vec![(z2.column, 1.0), (z1.column, -1.0)], 0.0);
        self.model.at_most_zero(format!("h{}.order", self.neuron.label), order);
        vec![z1, z2]
    }

    /// `min(a, c)` for `a ≥ 0`.
    fn cap(&mut self, ceiling: f64) -> Vec<Indicator> {
        let (lower, upper) = self.pre_activation();
        let z2 = self.indicator("s", ceiling);
        self.minus_a("below_a", &[], 0.0, Side::AtMost);
        self.minus_a("above_a", &[(z2.column, upper - ceiling)], 0.0, Side::AtLeast);
        self.plain("saturated", &[(z2.column, lower - ceiling)], -lower, Side::AtLeast);
        vec![z2]
    }

    fn pre_activation(&self) -> (f64, f64) {
        (self.neuron.pre_activation.lower(), self.neuron.pre_activation.upper())
    }

    fn indicator(&mut self, letter: &str, threshold: f64) -> Indicator {
        let column = self.model.binary(format!("{letter}{}", self.neuron.label));
        Indicator { column, threshold }
    }

    /// The row `y + extra + constant ≷ 0`.
    fn plain(&mut self, name: &str, extra: &[(VarId, f64)], constant: f64, side: Side) {
        let terms = [&[(self.output, 1.0)], extra].concat();
        self.add(name, LinearExpression::new(terms, constant), side);
    }

    /// The row `y − a + extra + constant ≷ 0`.
    fn minus_a(&mut self, name: &str, extra: &[(VarId, f64)], constant: f64, side: Side) {
        let weights = self.neuron.inputs.iter().zip(self.neuron.weights);
        let mut terms: Vec<_> = weights.map(|(&column, &w)| (column, -w)).collect();
        terms.push((self.output, 1.0));
        terms.extend(extra);
        let constant = constant - self.neuron.bias;
        self.add(name, LinearExpression::new(terms, constant), side);
    }

    fn add(&mut self, name: &str, expression: LinearExpression, side: Side) {
        let name = format!("h{}.{name}", self.neuron.label);
        match side {
            Side::AtMost => self.model.at_most_zero(name, expression),
            Side::AtLeast => self.model.at_least_zero(name, expression),
        }
    }
}

#[derive(Clone, Copy)]
enum Side {
    AtMost,
    AtLeast,
}
