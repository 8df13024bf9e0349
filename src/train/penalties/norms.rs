//! `l1`: `Σ λ |w|`, with derivative 0 at 0; `l2`: `Σ λ w²`. Over the weights of all layers,
//! not over biases, in units of training.

use super::{Penalty, Surroundings};
use crate::num::vectorized;
use crate::train::scalar::Scalar;

#[derive(Debug)]
pub(super) struct L1;

impl<S: Scalar> Penalty<S> for L1 {
    fn name(&self) -> &'static str {
        "l1"
    }

    fn layers(&self, around: &Surroundings) -> Result<usize, &'static str> {
        Ok(around.layers.len())
    }

    fn add(
        &self,
        around: &Surroundings,
        strengths: &[f64],
        parameters: &[S],
        gradient: &mut [S],
    ) -> f64 {
        let zero = S::default();
        each(around, strengths, parameters, gradient, |strength, w| {
            let magnitude = if w < zero { -w } else { w };
            let slope = if w > zero { strength } else { -strength };
            (magnitude, if w == zero { zero } else { slope })
        })
    }
}

#[derive(Debug)]
pub(super) struct L2;

impl<S: Scalar> Penalty<S> for L2 {
    fn name(&self) -> &'static str {
        "l2"
    }

    fn layers(&self, around: &Surroundings) -> Result<usize, &'static str> {
        Ok(around.layers.len())
    }

    fn add(
        &self,
        around: &Surroundings,
        strengths: &[f64],
        parameters: &[S],
        gradient: &mut [S],
    ) -> f64 {
        each(around, strengths, parameters, gradient, |strength, w| {
            (w * w, strength * w + strength * w)
        })
    }
}

/// Adds `term(strength, weight)`: the value without the strength, the derivative with it.
fn each<S: Scalar>(
    around: &Surroundings,
    strengths: &[f64],
    parameters: &[S],
    gradient: &mut [S],
    term: impl Fn(S, S) -> (S, S),
) -> f64 {
    let mut value = 0.0;
    for (layer, &strength) in around.layers.iter().zip(strengths) {
        let weights = &parameters[layer.weights.clone()];
        let gradient = &mut gradient[layer.weights.clone()];
        let factor = S::of(strength);
        let sum = vectorized(
            #[inline(always)]
            || {
                // Several sums at once, which is as many vectors as there are.
                let mut sums = [S::default(); LANES];
                let chunks = weights.chunks(LANES).zip(gradient.chunks_mut(LANES));
                for (weights, gradient) in chunks {
                    for ((sum, &w), g) in sums.iter_mut().zip(weights).zip(gradient) {
                        let (value, slope) = term(factor, w);
                        *sum += value;
                        *g += slope;
                    }
                }
                sums.iter().map(|sum| sum.wide()).sum::<f64>()
            },
        );
        value += strength * sum;
    }
    value
}

/// Sums that are added up side by side.
const LANES: usize = 16;
