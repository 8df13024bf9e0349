//! Adam: `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`, and in step `t`
//! `p ← p − η m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)`. Source: Kingma and Ba (2015),
//! arXiv:1412.6980, algorithm 1.
//!
//! Weight decay `λ`: here `g + λ p` stands for `g`; in AdamW `p ← p − η λ p` comes first
//! and the gradient stays as it is. Source: Loshchilov and Hutter (2019),
//! arXiv:1711.05101, algorithm 2.

use super::{Optimizer, Step};
use crate::num::vectorized;
use crate::train::scalar::Scalar;

#[derive(Debug)]
pub(super) struct Adam {
    /// Whether weight decay bypasses the gradient.
    pub decoupled: bool,
}

impl<S: Scalar> Optimizer<S> for Adam {
    fn name(&self) -> &'static str {
        if self.decoupled { "adamw" } else { "adam" }
    }

    fn memories(&self) -> usize {
        2
    }

    fn step(&self, step: Step<'_>, parameters: &mut [S], gradient: &[S], memory: &mut [Vec<S>]) {
        let settings = step.settings;
        let [first, second] = memory else { unreachable!("two memories") };
        let (beta1, beta2) = (S::of(settings.beta1), S::of(settings.beta2));
        let (rest1, rest2) = (S::of(1.0 - settings.beta1), S::of(1.0 - settings.beta2));
        // The exponent only matters while the power is not negligible.
        let number = i32::try_from(step.number).unwrap_or(i32::MAX);
        let scale = (1.0 - settings.beta2.powi(number)).sqrt().recip();
        let rate = S::of(step.rate / (1.0 - settings.beta1.powi(number)));
        let (scale, epsilon) = (S::of(scale), S::of(settings.epsilon));
        let (decay, shrink) = match self.decoupled {
            false => (S::of(settings.weight_decay), S::of(1.0)),
            true => (S::default(), S::of(1.0 - step.rate * settings.weight_decay)),
        };
        vectorized(
            #[inline(always)]
            || {
                let parameters = parameters.iter_mut().zip(gradient);
                for ((p, &g), (m, v)) in parameters.zip(first.iter_mut().zip(second)) {
                    let g = g + decay * *p;
                    *m = beta1 * *m + rest1 * g;
                    *v = beta2 * *v + rest2 * (g * g);
                    *p = shrink * *p - rate * *m / (v.root() * scale + epsilon);
                }
            },
        );
    }
}
