//! The multiple-choice encoding: a copy of the inputs for every linear piece.
//!
//! For `x ∈ [l, u]`, `a = w·x + b ∈ [L, U]`, `L < 0 < U`, and a binary `z = 1 ⇔ a ≥ 0`:
//! `x⁰` is `x` where the neuron is off and 0 elsewhere, `x¹` is `x` where it is on.
//!
//! ```text
//! x = x⁰ + x¹
//! l(1 − z) ≤ x⁰ ≤ u(1 − z)      L(1 − z) ≤ w·x⁰ + b(1 − z) ≤ 0
//! l z ≤ x¹ ≤ u z                0 ≤ y = w·x¹ + b z ≤ U z
//! ```
//!
//! For a clipped ReLU `y = min(max(a, 0), c)`, `c < U`, with `z₁ = 1 ⇔ a ≥ 0`,
//! `z₂ = 1 ⇔ a ≥ c`, `m = z₁ − z₂` and a copy `x²` where the neuron is saturated:
//!
//! ```text
//! x = x⁰ + x¹ + x²
//! l(1 − z₁) ≤ x⁰ ≤ u(1 − z₁)    L(1 − z₁) ≤ w·x⁰ + b(1 − z₁) ≤ 0
//! l m ≤ x¹ ≤ u m                0 ≤ w·x¹ + b m = y − c z₂ ≤ c m
//! l z₂ ≤ x² ≤ u z₂              c z₂ ≤ w·x² + b z₂ ≤ U z₂
//! ```
//!
//! and, where `L ≥ 0` decides `z₁`, the same without `x⁰`, with `m = 1 − z₂` and
//! `y − c z₂ ≥ L m`. The copies buy the convex hull of the neuron over the box and
//! `[L, U]`: the relaxation is ideal (`disjunction.rs` says why). Source: Anderson, Huchette, Ma,
//! Tjandraatmadja, Vielma, "Strong mixed-integer programming formulations for trained
//! neural networks" (2020), doi 10.1007/s10107-020-01474-5, there called the extended
//! formulation, with `[L, U]` as the box gives it.
//!
//! The rows that one neuron gets (`y = max(2x₀ − x₁, 0)`, `x₀ ∈ [0, 1]`, `x₁ ∈ [1, 2]`);
//! those that say no more than the bounds of a column are left out:
//!
//! ```
//! # use taut::{encode::{MultipleChoice, ReluEncoding, ReluNeuron}, milp::Model, num::Interval};
//! let interval = |l, u| Interval::new(l, u).expect("l ≤ u");
//! let mut model = Model::default();
//! let bounds = [interval(0.0, 1.0), interval(1.0, 2.0)];
//! let x0 = model.continuous("x0".to_string(), bounds[0]);
//! let x1 = model.continuous("x1".to_string(), bounds[1]);
//! let neuron = ReluNeuron {
//!     label: "1_0",
//!     inputs: &[x0, x1],
//!     weights: &[2.0, -1.0],
//!     bias: 0.0,
//!     input_bounds: &bounds,
//!     pre_activation: interval(-2.0, 1.0),
//!     ceiling: None,
//! };
//! MultipleChoice.encode(&neuron, &mut model)?;
//! let rows: Vec<String> = model.rows().iter().map(|row| model.row_text(row)).collect();
//! assert_eq!(rows, [
//!     "h1_0.x0: -x0 + c1_0.off.x0 + c1_0.linear.x0 = 0",
//!     "h1_0.x1: -x1 + c1_0.off.x1 + c1_0.linear.x1 = 0",
//!     "h1_0.off.x0.below: z1_0 + c1_0.off.x0 <= 1",
//!     "h1_0.off.x1.above: z1_0 + c1_0.off.x1 >= 1",
//!     "h1_0.off.x1.below: 2 z1_0 + c1_0.off.x1 <= 2",
//!     "h1_0.off.above: -2 z1_0 + 2 c1_0.off.x0 - c1_0.off.x1 >= -2",
//!     "h1_0.off.below: 2 c1_0.off.x0 - c1_0.off.x1 <= 0",
//!     "h1_0.linear.x0.below: -z1_0 + c1_0.linear.x0 <= 0",
//!     "h1_0.linear.x1.above: -z1_0 + c1_0.linear.x1 >= 0",
//!     "h1_0.linear.x1.below: -2 z1_0 + c1_0.linear.x1 <= 0",
//!     "h1_0.linear.below: h1_0 - z1_0 <= 0",
//!     "h1_0.is: -h1_0 + 2 c1_0.linear.x0 - c1_0.linear.x1 = 0",
//! ]);
//! # Ok::<(), taut::encode::EncodeError>(())
//! ```

use std::borrow::Cow;

use super::disjunction::{Piece, Pieces, Summand};
use super::rows::NeuronRows;
use super::{EncodeError, EncodedNeuron, ReluEncoding, ReluNeuron};
use crate::milp::{LinearExpression, Model, VarId};
use crate::num::Interval;

/// A copy of the inputs for every linear piece.
#[derive(Debug)]
pub struct MultipleChoice;

impl ReluEncoding for MultipleChoice {
    fn name(&self) -> Cow<'static, str> {
        "multiple-choice".into()
    }

    fn encode(
        &self,
        neuron: &ReluNeuron<'_>,
        model: &mut Model,
    ) -> Result<EncodedNeuron, EncodeError> {
        let mut rows = NeuronRows::new(neuron, model);
        let pieces = Pieces::add(&mut rows);
        let inputs = 0..neuron.inputs.len();
        let summands: Vec<_> = inputs.map(|index| add_copies(&mut rows, &pieces, index)).collect();
        pieces.add_hull(&mut rows, &summands);
        Ok(rows.finish())
    }
}

/// Adds the copies of input `index`, and the row that they add up to it.
fn add_copies(rows: &mut NeuronRows<'_>, pieces: &Pieces, index: usize) -> Summand {
    let ReluNeuron { inputs, weights, input_bounds, .. } = rows.neuron;
    let name = rows.input_name(index).to_string();
    let copies: Vec<VarId> = pieces
        .iter()
        .map(|piece| add_copy(rows, piece, &name, inputs[index], input_bounds[index]))
        .collect();
    let mut sum = vec![(inputs[index], -1.0)];
    sum.extend(copies.iter().map(|&copy| (copy, 1.0)));
    rows.equal_zero(&name, LinearExpression::new(sum, 0.0));
    let parts = copies.into_iter().map(|copy| vec![(copy, 1.0)]).collect();
    Summand { name, factor: weights[index], range: input_bounds[index], parts }
}

fn add_copy(
    rows: &mut NeuronRows<'_>,
    piece: &Piece,
    name: &str,
    input: VarId,
    bounds: Interval,
) -> VarId {
    let name = format!("c{}.{}.{name}", rows.neuron.label, piece.name);
    let value = LinearExpression::new(vec![(input, 1.0)], 0.0);
    rows.auxiliary(name, bounds.with_zero(), piece.when.clone(), value)
}
