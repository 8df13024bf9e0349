//! Stochastic gradient descent with momentum `μ`: `m ← μ m + g`, `p ← p − η m`; with weight
//! decay `λ`, `g + λ p` stands for `g`.

use super::{Optimizer, Step};
use crate::num::vectorized;
use crate::train::scalar::Scalar;

#[derive(Debug)]
pub(super) struct Sgd;

impl<S: Scalar> Optimizer<S> for Sgd {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn memories(&self) -> usize {
        1
    }

    fn step(&self, step: Step<'_>, parameters: &mut [S], gradient: &[S], memory: &mut [Vec<S>]) {
        let momentum = S::of(step.settings.momentum);
        let (rate, decay) = (S::of(step.rate), S::of(step.settings.weight_decay));
        vectorized(
            #[inline(always)]
            || {
                for ((p, &g), m) in parameters.iter_mut().zip(gradient).zip(&mut memory[0]) {
                    *m = momentum * *m + (g + decay * *p);
                    *p -= rate * *m;
                }
            },
        );
    }
}
