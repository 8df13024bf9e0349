//! Big-M, strengthened at the root by the inequalities of Anderson et al.
//!
//! For a neuron `y = max(w·x + b, 0)`, `x ∈ [l, u]`, with `l̆ᵢ = lᵢ` where `wᵢ ≥ 0`
//! and `uᵢ` elsewhere, `ŭᵢ` the other end, and any set `I` of inputs,
//!
//! ```text
//! y ≤ Σ_{i∈I} wᵢ (xᵢ − l̆ᵢ (1 − z)) + (b + Σ_{i∉I} wᵢ ŭᵢ) z
//! ```
//!
//! holds; with big-M these `2ⁿ` rows describe the convex hull of the neuron, as
//! the multiple-choice encoding does, without its columns. The one that a point
//! violates most has `I = {i : wᵢ x̂ᵢ < wᵢ (l̆ᵢ (1 − ẑ) + ŭᵢ ẑ)}`: it is found in one
//! pass over the inputs. Source: Anderson, Huchette, Ma, Tjandraatmadja, Vielma,
//! "Strong mixed-integer programming formulations for trained neural networks"
//! (2020), doi 10.1007/s10107-020-01474-5, Proposition 12 ff.
//!
//! A clipped ReLU `y = min(max(w·x + b, 0), c)` satisfies them with `z₁`, since it is
//! at most the ReLU; and `c − y` is the clipped ReLU of `−w` and `c − b`, on where
//! `z₂` is off, so it satisfies them with `1 − z₂`.
//!
//! Sums are rounded such that the rows become weaker.

use std::borrow::Cow;

use super::{BigM, Cut, EncodeError, EncodedNeuron, ReluEncoding, ReluNeuron};
use crate::milp::{LinearExpression, Model, VarId};
use crate::num::directed::{sum_down, sum_up, weighted_sum};

/// Big-M with rows separated at the root.
#[derive(Debug)]
pub struct BigMCuts;

impl ReluEncoding for BigMCuts {
    fn name(&self) -> Cow<'static, str> {
        "big-m+cuts".into()
    }

    fn encode(
        &self,
        neuron: &ReluNeuron<'_>,
        model: &mut Model,
    ) -> Result<EncodedNeuron, EncodeError> {
        BigM.encode(neuron, model)
    }

    fn has_cuts(&self) -> bool {
        true
    }

    fn cuts(&self, neuron: &ReluNeuron<'_>, encoded: &EncodedNeuron, point: &[f64]) -> Vec<Cut> {
        let indicators = encoded.indicators.iter();
        let cut = |(threshold, z): (f64, VarId)| match threshold == 0.0 {
            true => from_above(neuron, encoded.output, z, point),
            false => from_below(neuron, encoded.output, z, threshold, point),
        };
        indicators.map(|indicator| cut((indicator.threshold, indicator.column))).collect()
    }
}

/// `y ≤ Σ_I w x − P (1 − z) + Q z` with `P ≤ Σ_I w x` and `Q ≥ b + Σ_{∉I} w x` over
/// the box.
fn from_above(neuron: &ReluNeuron<'_>, output: VarId, z: VarId, point: &[f64]) -> Cut {
    let signed: Vec<f64> = neuron.weights.to_vec();
    let (kept, p, q) = best_set(neuron, &signed, neuron.bias, point[z.index()], point);
    let mut terms = vec![(output, 1.0)];
    terms.extend(kept.iter().map(|&i| (neuron.inputs[i], -neuron.weights[i])));
    // z = 0 leaves the limit, z = 1 the limit and this coefficient.
    terms.push((z, -sum_up(q, p)));
    Cut { expression: LinearExpression::new(terms, 0.0), limit: -p }
}

/// The same for `c − y`, `−w`, `c − b` and `1 − z`:
/// `c − y ≤ −Σ_I w x − P z + Q (1 − z)`.
fn from_below(
    neuron: &ReluNeuron<'_>,
    output: VarId,
    z: VarId,
    ceiling: f64,
    point: &[f64],
) -> Cut {
    let signed: Vec<f64> = neuron.weights.iter().map(|w| -w).collect();
    let bias = sum_up(ceiling, -neuron.bias);
    let (kept, p, q) = best_set(neuron, &signed, bias, 1.0 - point[z.index()], point);
    let mut terms = vec![(output, -1.0)];
    terms.extend(kept.iter().map(|&i| (neuron.inputs[i], neuron.weights[i])));
    // z = 0 leaves the limit Q − c, z = 1 has to leave at least −P − c.
    terms.push((z, sum_down(q, p)));
    Cut { expression: LinearExpression::new(terms, 0.0), limit: sum_up(q, -ceiling) }
}

/// The set `I` of the most violated inequality, `P` and `Q`.
fn best_set(
    neuron: &ReluNeuron<'_>,
    weights: &[f64],
    bias: f64,
    z: f64,
    point: &[f64],
) -> (Vec<usize>, f64, f64) {
    let term = |i: usize| (weights[i], neuron.input_bounds[i]);
    let is_kept = |&i: &usize| {
        let (w, x) = term(i);
        let (least, largest) =
            if w >= 0.0 { (x.lower(), x.upper()) } else { (x.upper(), x.lower()) };
        let value = point[neuron.inputs[i].index()];
        w * value < w * (least * (1.0 - z) + largest * z)
    };
    let (kept, left): (Vec<usize>, Vec<usize>) = (0..weights.len()).partition(is_kept);
    let p = weighted_sum(kept.iter().map(|&i| term(i))).lower();
    let q = sum_up(bias, weighted_sum(left.iter().map(|&i| term(i))).upper());
    (kept, p, q)
}
