//! Dropout: while training, an element becomes 0 with probability `p`, else it is
//! multiplied by `1 / (1 − p)`, so that its mean stays. Afterwards it does nothing.
//! Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, "Dropout: a simple
//! way to prevent neural networks from overfitting" (2014).

use rand_chacha::rand_core::Rng;

use super::{Along, Backward, LayerSize, Scratch, TrainableLayer};
use crate::train::scalar::Scalar;
use crate::train::stage::Stage;

/// Random numbers of 16 bits decide; a probability is rounded to a multiple of 2⁻¹⁶.
const STEPS: f64 = 65536.0;

/// A dropout layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// Number of elements.
    pub elements: usize,
    /// Probability of an element to be dropped: from 0, below 1.
    pub probability: f64,
}

impl<S: Scalar> TrainableLayer<S> for Dropout {
    fn size(&self) -> LayerSize {
        LayerSize::plain(self.elements, self.elements)
    }

    fn forward(&self, _: &[S], input: &[S], output: &mut [S], scratch: &mut Scratch<S>) {
        let Some(random) = &mut scratch.random else {
            output.copy_from_slice(input);
            return;
        };
        let threshold = (self.probability * STEPS).round();
        let kept = S::of(STEPS / (STEPS - threshold));
        scratch.values.resize(input.len(), S::default());
        for factors in scratch.values.chunks_mut(4) {
            let mut bits = random.next_u64();
            for factor in factors {
                let number = f64::from((bits & 0xffff) as u16);
                *factor = if number < threshold { S::default() } else { kept };
                bits >>= 16;
            }
        }
        for ((y, &x), &factor) in output.iter_mut().zip(input).zip(&scratch.values) {
            *y = x * factor;
        }
    }

    fn backward(&self, _: &[S], pass: Backward<'_, S>, scratch: &mut Scratch<S>) {
        let Some(input_gradient) = pass.input_gradient else { return };
        let factors = &scratch.values;
        for ((r, &g), &factor) in input_gradient.iter_mut().zip(pass.output_gradient).zip(factors) {
            *r = g * factor;
        }
    }

    fn tangent(&self, _: &[S], pass: Along<'_, S>, scratch: &mut Scratch<S>) {
        if scratch.random.is_none() {
            pass.output.copy_from_slice(pass.direction);
            return;
        }
        for ((y, &d), &factor) in pass.output.iter_mut().zip(pass.direction).zip(&scratch.values) {
            *y = d * factor;
        }
    }

    fn stage(&self, _: &[f64]) -> Option<Stage> {
        None
    }
}
