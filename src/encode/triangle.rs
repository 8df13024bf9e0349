//! The triangle relaxation of one neuron: no binaries, for linear programs that
//! bound other neurons.
//!
//! For `a ∈ [L, U]`, `L < 0 < U`: `y ≥ 0`, `y ≥ a`, `y ≤ λ a + t` with
//! `λ = U / (U − L)` and `t = max(−λL, (1 − λ)U)`, which is valid for whatever `λ`
//! the division is rounded to. A clipped ReLU has two lines on either side, of
//! slopes 1 and `c/U` below where it is convex, 1 and `c/(c − L)` above. Source:
//! Ehlers, "Formal verification of piece-wise linear feed-forward neural
//! networks" (2017), arXiv:1705.01320.
//!
//! A slope times a weight is rounded; the row is widened by what that can do over
//! the bounds of the columns, so that it holds over the reals.

use std::borrow::Cow;

use super::{EncodeError, EncodedNeuron, ReluEncoding, ReluNeuron};
use crate::milp::{LinearExpression, Model, VarId};
use crate::num::exact::two_product;
use crate::num::rounding::sum_error;

/// The convex hull of a neuron in the plane of pre-activation and output.
#[derive(Debug)]
pub struct Triangle;

impl ReluEncoding for Triangle {
    fn name(&self) -> Cow<'static, str> {
        "triangle".into()
    }

    fn encode(
        &self,
        neuron: &ReluNeuron<'_>,
        model: &mut Model,
    ) -> Result<EncodedNeuron, EncodeError> {
        let output = model.continuous(format!("h{}", neuron.label), neuron.output_range());
        let (l, u) = (neuron.pre_activation.lower(), neuron.pre_activation.upper());
        let slope = |rise: f64, run: f64| (rise / run).clamp(0.0, 1.0);
        let mut line = |slope, side| add_line(neuron, model, output, slope, side);
        match neuron.ceiling {
            None => {
                line(1.0, Side::Above);
                line(slope(u, u - l), Side::Below);
            }
            Some(c) if l >= 0.0 => {
                line(1.0, Side::Below);
                line(slope(c - l, u - l), Side::Above);
            }
            Some(c) => {
                line(slope(c, u), Side::Above);
                line(slope(c, c - l), Side::Below);
            }
        }
        Ok(EncodedNeuron { output, indicators: Vec::new(), auxiliaries: Vec::new() })
    }
}

/// On which side of the line the output lies.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Above,
    Below,
}

/// Adds `y ≥ slope · a + intercept`, or `≤`, with the best valid intercept.
fn add_line(neuron: &ReluNeuron<'_>, model: &mut Model, output: VarId, slope: f64, side: Side) {
    let ReluNeuron { inputs, weights, bias, input_bounds, .. } = *neuron;
    let mut terms = vec![(output, 1.0)];
    let mut lost = 0.0;
    for ((&column, &weight), bounds) in inputs.iter().zip(weights).zip(input_bounds) {
        let (product, error) = two_product(slope, weight);
        terms.push((column, -product));
        // What underflows is below the least normal number.
        let error = if product.is_normal() { error.abs() } else { f64::MIN_POSITIVE };
        lost += error * bounds.lower().abs().max(bounds.upper().abs());
    }
    let (constant, error) = two_product(slope, bias);
    lost += error.abs() + f64::MIN_POSITIVE;
    if slope == 1.0 {
        lost = 0.0;
    }
    let (intercept, rounding) = intercept(neuron, slope, side);
    let margin = (lost + rounding) * (1.0 + 1e-10);
    let margin = margin + sum_error(4, constant.abs() + intercept.abs() + margin);
    let name = format!("h{}", neuron.label);
    match side {
        Side::Above if slope == 1.0 && intercept == 0.0 => {
            let row = LinearExpression::new(terms, -bias);
            model.at_least_zero(format!("{name}.above"), row);
        }
        Side::Above => {
            let row = LinearExpression::new(terms, -(constant + intercept - margin));
            model.at_least_zero(format!("{name}.above"), row);
        }
        Side::Below => {
            let row = LinearExpression::new(terms, -(constant + intercept + margin));
            model.at_most_zero(format!("{name}.below"), row);
        }
    }
}

/// The extreme of `σ(a) − slope · a` over the range, at an end or a kink, and a
/// bound of its rounding error.
fn intercept(neuron: &ReluNeuron<'_>, slope: f64, side: Side) -> (f64, f64) {
    let (l, u) = (neuron.pre_activation.lower(), neuron.pre_activation.upper());
    let ceiling = neuron.ceiling.unwrap_or(f64::INFINITY);
    let kinks = [l, u, 0.0, ceiling].into_iter().filter(|a| (l..=u).contains(a));
    let values = kinks.map(|a| a.max(0.0).min(ceiling) - slope * a);
    let extreme = match side {
        Side::Above => values.fold(f64::INFINITY, f64::min),
        Side::Below => values.fold(f64::NEG_INFINITY, f64::max),
    };
    (extreme, sum_error(2, 2.0 * l.abs().max(u.abs())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::milp::check;
    use crate::num::Interval;

    #[test]
    fn the_rows_hold_on_the_graph_of_the_activation() {
        let interval = |l, u| Interval::new(l, u).unwrap();
        for ceiling in [None, Some(1.0), Some(2.5)] {
            for (l, u) in [(-1.0, 3.0), (-7.0, 3.0), (-0.1, 3.0), (0.5, 3.0)] {
                if ceiling.is_none() && l >= 0.0 {
                    continue;
                }
                let mut model = Model::default();
                let x = model.continuous("x".to_string(), interval(l, u));
                let neuron = ReluNeuron {
                    label: "1_0",
                    inputs: &[x],
                    weights: &[1.0],
                    bias: 0.0,
                    input_bounds: &[interval(l, u)],
                    pre_activation: interval(l, u),
                    ceiling,
                };
                Triangle.encode(&neuron, &mut model).unwrap();
                assert_eq!(model.size().binaries, 0);
                for step in 0..=100 {
                    let a = l + (u - l) * f64::from(step) / 100.0;
                    let y = a.max(0.0).min(ceiling.unwrap_or(f64::INFINITY));
                    assert_eq!(check(&model, &[a, y], 0.0), [], "{a} {y} {ceiling:?}");
                }
                // By hand: half way up, the hull leaves room above the graph.
                let a = 0.5 * l;
                let y = a.max(0.0);
                assert!(l >= 0.0 || check(&model, &[a, y + 0.01], 0.0).is_empty());
                assert!(!check(&model, &[a, y + u], 0.0).is_empty());
            }
        }
    }
}
