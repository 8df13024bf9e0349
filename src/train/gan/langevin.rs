//! Langevin steps along the density `p(x) ∝ exp(f(x) − ‖x‖²/(2σ²))` of a network `f`:
//!
//! `x ← x + δ²/2 (∇f(x) − x/σ²) + τ δ ξ` with standard normal `ξ`; with `τ = 1` and small `δ`
//! they draw from `p`. Source: Xie, Lu, Gao, Zhu, Wu (2016), arXiv:1609.09408, equation 9, with
//! the noise's factor `τ` as is usual in its programs.

use crate::train::model::{Model, Pass};
use crate::train::scalar::Scalar;

/// How samples are revised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Langevin {
    /// Number of steps.
    pub steps: usize,
    /// `δ`, in units of the data.
    pub step: f64,
    /// `τ`.
    pub noise: f64,
    /// `σ`, in units of the data.
    pub deviation: f64,
}

impl Langevin {
    /// Numbers of noise for so many coordinates.
    pub fn draws(&self, coordinates: usize) -> usize {
        self.steps * coordinates
    }

    /// Takes the steps; `noise` has one standard normal number a step and coordinate. The pass
    /// keeps the derivatives by the input.
    pub fn revise<S: Scalar>(
        &self,
        network: &Model<S>,
        pass: &mut Pass<S>,
        samples: &mut [S],
        noise: &[S],
    ) {
        let half = S::of(0.5 * self.step * self.step);
        let pull = S::of(1.0 / (self.deviation * self.deviation));
        let push = S::of(self.noise * self.step);
        for noise in noise.chunks_exact(samples.len()) {
            pass.input(samples.len() / network.inputs()).copy_from_slice(samples);
            network.forward(pass);
            pass.output_gradient().1.fill(S::of(1.0));
            network.backward(pass);
            for ((x, &g), &xi) in samples.iter_mut().zip(pass.input_gradient()).zip(noise) {
                *x += half * (g - *x * pull) + push * xi;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::layers::DenseLayer;

    /// By hand: `f = 3x`, `δ = 1`, `σ = 2`, no noise: `x ← x + (3 − x/4)/2`, so 0, 1.5, 2.8125;
    /// with noise of −1 and a factor of ½ the first is 1.
    #[test]
    fn steps_by_hand() {
        let mut model = Model::new(vec![Box::new(DenseLayer { inputs: 1, outputs: 1 })]);
        model.parameters_mut().copy_from_slice(&[3.0f64, 7.0]);
        let mut pass = Pass::new(&model, 1).with_input_gradient();
        let langevin = Langevin { steps: 2, step: 1.0, noise: 0.0, deviation: 2.0 };
        let mut samples = [0.0];
        langevin.revise(&model, &mut pass, &mut samples, &[5.0, 5.0]);
        assert_eq!(samples, [2.8125]);
        let mut samples = [0.0];
        let langevin = Langevin { steps: 1, noise: 0.5, ..langevin };
        langevin.revise(&model, &mut pass, &mut samples, &[-1.0]);
        assert_eq!(samples, [1.0]);
    }
}
