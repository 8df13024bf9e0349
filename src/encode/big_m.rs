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
//! the three pieces. Differences of `L`, `U` and `c` are rounded such that the
//! rows become weaker.
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

use std::borrow::Cow;

use super::rows::NeuronRows;
use super::{EncodeError, EncodedNeuron, ReluEncoding, ReluNeuron};
use crate::milp::{LinearExpression, Model, VarId};
use crate::num::directed::sum_up;

/// Big-M with each neuron's own constants.
#[derive(Debug)]
pub struct BigM;

impl ReluEncoding for BigM {
    fn name(&self) -> Cow<'static, str> {
        "big-m".into()
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
    let (lower, upper) = rows.pre_activation();
    let z = rows.indicator("z", 0.0);
    rows.at_least("above_a", rows.y_minus_a(&[]), 0.0);
    rows.at_most("below_a", rows.y_minus_a(&[(z, -lower)]), -lower);
    rows.at_most("off", rows.y(&[(z, -upper)]), 0.0);
}

fn clip(rows: &mut NeuronRows<'_>, ceiling: f64) {
    let (lower, upper) = rows.pre_activation();
    let z1 = rows.indicator("z", 0.0);
    let z2 = rows.indicator("s", ceiling);
    rows.at_most("off", rows.y(&[(z1, -ceiling)]), 0.0);
    rows.at_least("saturated", rows.y(&[(z2, -ceiling)]), 0.0);
    rows.at_least("above_a", rows.y_minus_a(&[(z2, sum_up(upper, -ceiling))]), 0.0);
    rows.at_most("below_a", rows.y_minus_a(&[(z1, -lower)]), -lower);
    rows.at_most("order", order(z1, z2), 0.0);
}

/// `min(a, c)` for `a ≥ 0`.
fn cap(rows: &mut NeuronRows<'_>, ceiling: f64) {
    let (lower, upper) = rows.pre_activation();
    let z2 = rows.indicator("s", ceiling);
    rows.at_most("below_a", rows.y_minus_a(&[]), 0.0);
    rows.at_least("above_a", rows.y_minus_a(&[(z2, sum_up(upper, -ceiling))]), 0.0);
    rows.at_least("saturated", rows.y(&[(z2, sum_up(lower, -ceiling))]), lower);
}

/// `z₂ − z₁`.
pub fn order(z1: VarId, z2: VarId) -> LinearExpression {
    LinearExpression::new(vec![(z2, 1.0), (z1, -1.0)], 0.0)
}
