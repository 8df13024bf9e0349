//! α-CROWN: CROWN with the slopes of the lower lines optimised, bound by bound.
//!
//! The line below an unstable ReLU may have any slope `α ∈ [0, 1]`. The bound is
//! concave in all of them, and its derivative with respect to `αᵢ` is `Aᵢ⁺ aᵢ(x*)`:
//! the coefficient where it is positive times the pre-activation at the corner
//! `x*` of the box that the bound is attained at, with every earlier ReLU
//! replaced by its line (Danskin). Projected ascent, best bound kept. Source: Xu
//! et al., "Fast and complete: enabling complete verification with rapid and
//! massively parallel incomplete verifiers" (2021), arXiv:2011.13824.
//!
//! Sound for whatever slopes come out, rounding included: each bound is that of
//! [`super::backward`].

use ndarray::{Array2, Zip};

use super::backward::{Backward, Slopes, Trace};
use super::crown::{Crown, substitute};
use super::{BoundsError, NeuronBounds, Propagator};
use crate::control::Clock;
use crate::network::{Affine, ReluGraph};
use crate::num::IntervalBox;

/// Steps of the ascent. The gain of later ones is small.
const ITERATIONS: usize = 20;

/// First step, relative to the largest derivative of the row.
const FIRST_STEP: f64 = 0.5;

/// What a step shrinks by.
const DECAY: f64 = 0.9;

/// CROWN with optimised lower slopes.
#[derive(Debug)]
pub struct AlphaCrown;

impl Propagator for AlphaCrown {
    fn name(&self) -> &'static str {
        "alpha"
    }

    fn propagate_within(
        &self,
        graph: &ReluGraph,
        domain: &IntervalBox,
        clock: &Clock,
    ) -> Result<NeuronBounds, BoundsError> {
        let crown = Crown.propagate_within(graph, domain, clock)?;
        substitute(graph, (domain, None), &crown, clock, |pass, affine, chosen| {
            ascend(pass, affine, chosen, clock)
        })
    }
}

/// The best lower bounds on the way of the ascent, row by row.
fn ascend(
    pass: &Backward<'_>,
    affine: &Affine,
    chosen: &[(usize, f64)],
    clock: &Clock,
) -> Vec<f64> {
    let mut slopes = pass.adaptive_slopes(chosen.len());
    let mut trace = Trace::default();
    let mut best = vec![f64::NEG_INFINITY; chosen.len()];
    let mut step = FIRST_STEP;
    for _ in 0..ITERATIONS {
        let bounds = pass.select_with(affine, chosen, Some(&slopes), Some(&mut trace));
        best.iter_mut().zip(bounds).for_each(|(best, bound)| *best = best.max(bound));
        if trace.inputs.is_empty() || clock.is_stopped() {
            break;
        }
        let values = pass.relaxed_values(&trace);
        improve(pass, &mut slopes, &trace, &values, step);
        step *= DECAY;
    }
    best
}

/// One step along the derivative, scaled to its largest entry row by row.
fn improve(
    pass: &Backward<'_>,
    slopes: &mut Slopes,
    trace: &Trace,
    values: &[Array2<f64>],
    step: f64,
) {
    let mut largest = vec![0.0f64; trace.inputs.nrows()];
    let mut gradients: Vec<Option<Array2<f64>>> = Vec::new();
    for (id, replaced) in trace.activations.iter().enumerate() {
        gradients.push(replaced.as_ref().map(|replaced| {
            let mut gradient = replaced.outputs.mapv(|a| a.max(0.0));
            gradient *= &values[pass.pre_activation(id)];
            for (mut row, largest) in gradient.outer_iter_mut().zip(&mut largest) {
                for (index, entry) in row.iter_mut().enumerate() {
                    if !pass.is_free(id, index) {
                        *entry = 0.0;
                    }
                    *largest = largest.max(entry.abs());
                }
            }
            gradient
        }));
    }
    for (slopes, gradient) in slopes.iter_mut().zip(&gradients) {
        let (Some(slopes), Some(gradient)) = (slopes, gradient) else { continue };
        for ((mut slopes, gradient), &largest) in
            slopes.outer_iter_mut().zip(gradient.outer_iter()).zip(&largest)
        {
            if largest > 0.0 && largest.is_finite() {
                Zip::from(&mut slopes).and(&gradient).for_each(|slope, &g| {
                    *slope = (*slope + step * g / largest).clamp(0.0, 1.0);
                });
            }
        }
    }
}
