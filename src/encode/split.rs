//! The pre-activation split into what passes and what is cut off.
//!
//! For `a = w·x + b ∈ [L, U]`, `L < 0 < U`, and a binary `z = 1 ⇔ a ≥ 0`: `y` is the
//! positive part of `a`, `n` the negative one.
//!
//! ```text
//! w·x + b = y − n      0 ≤ y ≤ U z      0 ≤ n ≤ −L(1 − z)
//! ```
//!
//! For a clipped ReLU `y = min(max(a, 0), c)`, `c < U`, `t` is the part of `a` above
//! the ceiling, and `z₁ = 1 ⇔ a ≥ 0`, `z₂ = 1 ⇔ a ≥ c`:
//!
//! ```text
//! w·x + b = y − n + t      c z₂ ≤ y ≤ c z₁      z₂ ≤ z₁
//! 0 ≤ n ≤ −L(1 − z₁)      0 ≤ t ≤ (U − c) z₂
//! ```
//!
//! and, where `L ≥ 0` decides `z₁`, `w·x + b = y + t`, `L + (c − L) z₂ ≤ y ≤ c`,
//! `0 ≤ t ≤ (U − c) z₂`. Without `n` and `t` these are the rows of [`super::BigM`], so
//! the relaxation is as strong; the weights stand in one row instead of two, and a
//! solver can branch on the parts. Source: Fischetti, Jo, "Deep neural networks and
//! mixed integer linear optimization" (2018), doi 10.1007/s10601-018-9285-6 (there
//! with indicator constraints, `n` is called `s`); the clipped form follows from it.
//!
//! The rows that one neuron gets (`y = max(2x₀ − 1, 0)`, `x₀ ∈ [0, 1]`):
//!
//! ```
//! # use taut::{encode::{ReluEncoding, ReluNeuron, Split}, milp::Model, num::Interval};
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
//! Split.encode(&neuron, &mut model)?;
//! let rows: Vec<String> = model.rows().iter().map(|row| model.row_text(row)).collect();
//! assert_eq!(rows, [
//!     "h1_0.is: -2 x0 + h1_0 - n1_0 = -1",
//!     "h1_0.off: h1_0 - z1_0 <= 0",
//!     "h1_0.on: z1_0 + n1_0 <= 1",
//! ]);
//! # Ok::<(), taut::encode::EncodeError>(())
//! ```

use std::borrow::Cow;

use super::big_m::order;
use super::rows::NeuronRows;
use super::{EncodeError, EncodedNeuron, ReluEncoding, ReluNeuron};
use crate::milp::{LinearExpression, Model, VarId};
use crate::num::Interval;
use crate::num::directed::{sum_down, sum_up};

/// The pre-activation as a difference of parts.
#[derive(Debug)]
pub struct Split;

impl ReluEncoding for Split {
    fn name(&self) -> Cow<'static, str> {
        "split".into()
    }

    fn encode(
        &self,
        neuron: &ReluNeuron<'_>,
        model: &mut Model,
    ) -> Result<EncodedNeuron, EncodeError> {
        let mut rows = NeuronRows::new(neuron, model);
        match neuron.ceiling {
            None => relu(&mut rows),
            Some(ceiling) if neuron.pre_activation.lower() >= 0.0 => cap(&mut rows, ceiling),
            Some(ceiling) => clip(&mut rows, ceiling),
        }
        Ok(rows.finish())
    }
}

fn relu(rows: &mut NeuronRows<'_>) {
    let (_, upper) = rows.pre_activation();
    let z = rows.indicator("z", 0.0);
    let n = negative_part(rows);
    rows.equal_zero("is", rows.y_minus_a(&[(n, -1.0)]));
    rows.at_most("off", rows.y(&[(z, -upper)]), 0.0);
    at_most_if_off(rows, n, z);
}

fn clip(rows: &mut NeuronRows<'_>, ceiling: f64) {
    let z1 = rows.indicator("z", 0.0);
    let z2 = rows.indicator("s", ceiling);
    let n = negative_part(rows);
    let t = part_above(rows, ceiling, z2);
    rows.equal_zero("is", rows.y_minus_a(&[(n, -1.0), (t, 1.0)]));
    rows.at_most("off", rows.y(&[(z1, -ceiling)]), 0.0);
    rows.at_least("saturated", rows.y(&[(z2, -ceiling)]), 0.0);
    at_most_if_off(rows, n, z1);
    rows.at_most("order", order(z1, z2), 0.0);
}

/// `min(a, c)` for `a ≥ 0`.
fn cap(rows: &mut NeuronRows<'_>, ceiling: f64) {
    let (lower, _) = rows.pre_activation();
    let z2 = rows.indicator("s", ceiling);
    let t = part_above(rows, ceiling, z2);
    rows.equal_zero("is", rows.y_minus_a(&[(t, 1.0)]));
    rows.at_least("saturated", rows.y(&[(z2, -sum_down(ceiling, -lower))]), lower);
}

/// `n = y − a` where `a < 0`.
fn negative_part(rows: &mut NeuronRows<'_>) -> VarId {
    let (lower, _) = rows.pre_activation();
    let bounds = Interval::new(0.0, -lower).expect("L < 0");
    let name = format!("n{}", rows.neuron.label);
    rows.auxiliary(name, bounds, f64::NEG_INFINITY..0.0, rows.y_minus_a(&[]))
}

/// The row `n ≤ −L(1 − z)`.
fn at_most_if_off(rows: &mut NeuronRows<'_>, n: VarId, z: VarId) {
    let (lower, _) = rows.pre_activation();
    let row = LinearExpression::new(vec![(n, 1.0), (z, -lower)], 0.0);
    rows.at_most("on", row, -lower);
}

/// `t = a − y` where `a ≥ c`, with its row `t ≤ (U − c) z₂`.
fn part_above(rows: &mut NeuronRows<'_>, ceiling: f64, z2: VarId) -> VarId {
    let (_, upper) = rows.pre_activation();
    let most = sum_up(upper, -ceiling);
    let bounds = Interval::new(0.0, most).expect("c < U");
    let name = format!("t{}", rows.neuron.label);
    let t = rows.auxiliary(name, bounds, ceiling..f64::INFINITY, -rows.y_minus_a(&[]));
    rows.at_most("above", LinearExpression::new(vec![(t, 1.0), (z2, -most)], 0.0), 0.0);
    t
}
