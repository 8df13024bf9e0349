//! What the two networks make small, with generator `G`, discriminator `D`, samples `x` of the
//! data and latent points `z`; means over a batch of `n`:
//!
//! - non-saturating: `D`: `softplus(−D(x)) + softplus(D(G(z)))`; `G`: `softplus(−D(G(z)))`.
//!   Source: Goodfellow et al. (2014), arXiv:1406.2661, section 3.
//! - hinge: `D`: `max(0, 1 − D(x)) + max(0, 1 + D(G(z)))`; `G`: `−D(G(z))`. Source: Lim and Ye
//!   (2017), arXiv:1705.02894.
//! - R1: `D` in addition `γ/2 ‖∇ₓ D(x)‖²`. Source: Mescheder, Geiger, Nowozin (2018),
//!   arXiv:1801.04406, equation 9. Its derivative: [`Model::backward_slope`].
//! - energy: of the density `p(x) ∝ exp(D(x) − ‖x‖²/(2σ²))`, likelihood grows along
//!   `∇ mean D(x) − ∇ mean D(x̃)` with `x̃` from `p`. So the difference `mean D(x̃) − mean D(x)`
//!   is made small, `x̃` held fixed. The second term of the exponent keeps `p` normalisable,
//!   since `D`, piecewise linear, may grow without end.
//! - teaching: `‖x̃ − G(z)‖²`, summed over the coordinates, with `x̃` what Langevin steps made of
//!   `G(z)`, held fixed. Source of both: Xie, Lu, Gao, Zhu, Wu (2016), arXiv:1609.09408.

use serde::{Deserialize, Serialize};

use crate::train::model::{Model, Pass};
use crate::train::scalar::Scalar;
use crate::train::softplus::softplus_and_slope;

/// A game, by the losses of its players.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum GameLoss {
    /// Cross-entropy of real against made, with the generator's sign turned.
    #[default]
    NonSaturating,
    /// Hinge.
    Hinge,
}

/// A loss and its derivative.
type Slope = (f64, f64);

impl GameLoss {
    /// The discriminator's, at its score of a sample of the data.
    fn real(self, score: f64) -> Slope {
        let (loss, slope) = self.made(-score);
        (loss, -slope)
    }

    /// The discriminator's, at its score of a sample that the generator made.
    fn made(self, score: f64) -> Slope {
        match self {
            Self::NonSaturating => softplus_and_slope(score),
            Self::Hinge if score > -1.0 => (1.0 + score, 1.0),
            // What is no number stays none.
            Self::Hinge => (0.0 * score, 0.0),
        }
    }

    /// The generator's, at the discriminator's score of what it made.
    fn generator(self, score: f64) -> Slope {
        match self {
            Self::NonSaturating => self.real(score),
            Self::Hinge => (-score, -1.0),
        }
    }
}

/// Overwrites derivatives by those of a loss of each output, as its share of a batch; gives
/// back that share of the loss.
fn each<S: Scalar>(
    (values, gradient): (&[S], &mut [S]),
    batch: usize,
    loss: impl Fn(usize, f64) -> Slope,
) -> f64 {
    let weight = 1.0 / batch as f64;
    let mut sum = 0.0;
    for (index, (&value, g)) in values.iter().zip(gradient).enumerate() {
        let (loss, slope) = loss(index, value.wide());
        sum += weight * loss;
        *g = S::of(weight * slope);
    }
    sum
}

/// Puts samples of the data, then others, into a pass.
fn side_by_side<S: Scalar>(pass: &mut Pass<S>, width: usize, real: &[S], others: &[S]) {
    let input = pass.input((real.len() + others.len()) / width);
    input[..real.len()].copy_from_slice(real);
    input[real.len()..].copy_from_slice(others);
}

/// The discriminator's share of its loss in a batch, without R1; the derivatives by its
/// parameters are left in the pass.
pub fn discriminator<S: Scalar>(
    loss: GameLoss,
    discriminator: &Model<S>,
    pass: &mut Pass<S>,
    (real, made): (&[S], &[S]),
    batch: usize,
) -> f64 {
    let width = discriminator.inputs();
    side_by_side(pass, width, real, made);
    discriminator.forward(pass);
    let count = real.len() / width;
    let of = |index, score| if index < count { loss.real(score) } else { loss.made(score) };
    let sum = each(pass.output_gradient(), batch, of);
    discriminator.backward(pass);
    sum
}

/// R1's share `γ/(2n) Σ ‖∇D(x)‖²` of the discriminator's loss; the derivatives by its
/// parameters are added to `gradient`. The pass keeps the derivatives by the input.
pub fn slope_penalty<S: Scalar>(
    strength: f64,
    discriminator: &Model<S>,
    pass: &mut Pass<S>,
    real: &[S],
    batch: usize,
    gradient: &mut [S],
) -> f64 {
    pass.input(real.len() / discriminator.inputs()).copy_from_slice(real);
    discriminator.forward(pass);
    let half = discriminator.backward_slope(pass);
    let weight = strength / batch as f64;
    for (sum, &own) in gradient.iter_mut().zip(pass.gradient()) {
        *sum += S::of(weight) * own;
    }
    weight * half
}

/// The generator's share of its loss in a batch, at the latent points in its pass; the
/// derivatives by its parameters are left there. The discriminator's pass keeps the
/// derivatives by the input.
pub fn generator<S: Scalar>(
    loss: GameLoss,
    (generator, pass): (&Model<S>, &mut Pass<S>),
    (discriminator, judge): (&Model<S>, &mut Pass<S>),
    batch: usize,
) -> f64 {
    let made = generator.forward(pass);
    judge.input(made.len() / generator.outputs()).copy_from_slice(made);
    discriminator.forward(judge);
    let sum = each(judge.output_gradient(), batch, |_, score| loss.generator(score));
    discriminator.backward(judge);
    pass.output_gradient().1.copy_from_slice(judge.input_gradient());
    generator.backward(pass);
    sum
}

/// The share of a batch in `mean D(x̃) − mean D(x)`; the derivatives by the parameters of `D`
/// are left in the pass.
pub fn energy<S: Scalar>(
    discriminator: &Model<S>,
    pass: &mut Pass<S>,
    (real, revised): (&[S], &[S]),
    batch: usize,
) -> f64 {
    let width = discriminator.inputs();
    side_by_side(pass, width, real, revised);
    discriminator.forward(pass);
    let count = real.len() / width;
    let of = |index, score: f64| if index < count { (-score, -1.0) } else { (score, 1.0) };
    let sum = each(pass.output_gradient(), batch, of);
    discriminator.backward(pass);
    sum
}

/// The share of a batch in the mean of `‖x̃ − G(z)‖²`, after the generator's forward pass; the
/// derivatives by its parameters are left in the pass.
pub fn teaching<S: Scalar>(
    generator: &Model<S>,
    pass: &mut Pass<S>,
    revised: &[S],
    batch: usize,
) -> f64 {
    let of = |index: usize, made: f64| {
        let error = made - revised[index].wide();
        (error * error, 2.0 * error)
    };
    let sum = each(pass.output_gradient(), batch, of);
    generator.backward(pass);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: softplus(0) = ln 2 with slope ½; far out it is x or 0; the hinge's bend is at ±1.
    #[test]
    fn losses_by_hand() {
        let game = GameLoss::NonSaturating;
        assert_eq!(game.made(0.0), (2f64.ln(), 0.5));
        assert_eq!(game.real(0.0), (2f64.ln(), -0.5));
        assert_eq!(game.generator(800.0), (0.0, 0.0));
        assert_eq!(game.generator(-800.0), (800.0, -1.0));
        let game = GameLoss::Hinge;
        assert_eq!(game.real(0.25), (0.75, -1.0));
        assert_eq!(game.real(3.0).0, 0.0);
        assert_eq!(game.made(0.25), (1.25, 1.0));
        assert_eq!(game.generator(0.25), (-0.25, -1.0));
        for game in [GameLoss::NonSaturating, GameLoss::Hinge] {
            for (loss, _) in [game.real(f64::NAN), game.made(f64::NAN), game.generator(f64::NAN)] {
                assert!(loss.is_nan(), "{game:?} hides what is no number");
            }
        }
    }
}
