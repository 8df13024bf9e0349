//! Activations, each on its own: `yᵢ = σ(aᵢ)`, `∂/∂aᵢ = σ'(aᵢ) ∂/∂yᵢ`.
//!
//! At a bend the derivative is that of the piece below it. What is not a number stays
//! so, such that a training that diverges is noticed.
//!
//! tanh and the logistic function are smooth: networks with them can be trained and measured,
//! and no more.

use serde::{Deserialize, Serialize};

use super::{Along, Backward, LayerSize, Scratch, TrainableLayer};
use crate::num::vectorized;
use crate::train::scalar::Scalar;
use crate::train::stage::Stage;

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ActivationFunction {
    /// `max(a, 0)`.
    Relu,
    /// `a` above 0, `slope · a` below.
    LeakyRelu {
        /// Slope below 0.
        slope: f64,
    },
    /// `min(max(a, min), max)`: clipped ReLU for `min = 0`, hard tanh for −1 and 1.
    Clip {
        /// Least value.
        min: f64,
        /// Largest value.
        max: f64,
    },
    /// `|a|`.
    Abs,
    /// `tanh a`.
    Tanh,
    /// `1 / (1 + e⁻ᵃ)`.
    Sigmoid,
}

impl ActivationFunction {
    /// Whether it consists of linear pieces.
    pub fn is_piecewise_linear(self) -> bool {
        match self {
            Self::Relu | Self::LeakyRelu { .. } | Self::Clip { .. } | Self::Abs => true,
            Self::Tanh | Self::Sigmoid => false,
        }
    }

    /// The value at `a`.
    pub fn value<S: Scalar>(self, a: S) -> S {
        let mut result = [S::default()];
        self.forward(&[a], &mut result);
        result[0]
    }

    /// The derivative at `a`.
    pub fn derivative<S: Scalar>(self, a: S) -> S {
        let mut result = [S::default()];
        self.backward(&[a], &[S::of(1.0)], &mut result);
        result[0]
    }

    fn forward<S: Scalar>(self, input: &[S], output: &mut [S]) {
        let zero = S::default();
        match self {
            Self::Relu => map(input, output, |a| if a < zero { zero } else { a }),
            Self::LeakyRelu { slope } => {
                let slope = S::of(slope);
                map(input, output, |a| if a > zero { a } else { slope * a });
            }
            Self::Clip { min, max } => {
                let (min, max) = (S::of(min), S::of(max));
                map(input, output, |a| {
                    let above = if a < min { min } else { a };
                    if above > max { max } else { above }
                });
            }
            Self::Abs => map(input, output, |a| if a > zero { a } else { -a }),
            Self::Tanh => map(input, output, tanh),
            Self::Sigmoid => map(input, output, sigmoid),
        }
    }

    fn backward<S: Scalar>(self, input: &[S], output_gradient: &[S], result: &mut [S]) {
        let zero = S::default();
        match self {
            Self::Relu => {
                zip(input, output_gradient, result, |a, g| if a > zero { g } else { zero })
            }
            Self::LeakyRelu { slope } => {
                let slope = S::of(slope);
                zip(input, output_gradient, result, |a, g| if a > zero { g } else { slope * g });
            }
            Self::Clip { min, max } => {
                let (min, max) = (S::of(min), S::of(max));
                let slope = |a, g| if (a > min) & (a <= max) { g } else { zero };
                zip(input, output_gradient, result, slope);
            }
            Self::Abs => zip(input, output_gradient, result, |a, g| if a > zero { g } else { -g }),
            Self::Tanh => zip(input, output_gradient, result, |a, g| {
                let y = tanh(a);
                g * (S::one() - y * y)
            }),
            Self::Sigmoid => zip(input, output_gradient, result, |a, g| {
                let y = sigmoid(a);
                g * (y * (S::one() - y))
            }),
        }
    }
}

/// `tanh a = (1 − q) / (1 + q)` with `q = e^(−2|a|)`, and the sign of `a`; by `q − 1`, which
/// keeps its digits for small `a`.
#[inline(always)]
fn tanh<S: Scalar>(a: S) -> S {
    let size = if a < S::zero() { -a } else { a };
    let less = (-(size + size)).decay();
    let y = -less / (S::one() + S::one() + less);
    if a < S::zero() { -y } else { y }
}

/// `1 / (1 + q)` above 0, `q / (1 + q)` below, with `q = e^(−|a|)`.
#[inline(always)]
fn sigmoid<S: Scalar>(a: S) -> S {
    let size = if a < S::zero() { -a } else { a };
    let small = (-size).decay() + S::one();
    let share = S::one() / (S::one() + small);
    if a < S::zero() { small * share } else { share }
}

fn map<S: Scalar>(input: &[S], output: &mut [S], function: impl Fn(S) -> S) {
    vectorized(
        #[inline(always)]
        || {
            for (y, &a) in output.iter_mut().zip(input) {
                *y = function(a);
            }
        },
    );
}

fn zip<S: Scalar>(input: &[S], gradient: &[S], result: &mut [S], function: impl Fn(S, S) -> S) {
    vectorized(
        #[inline(always)]
        || {
            for ((r, &a), &g) in result.iter_mut().zip(input).zip(gradient) {
                *r = function(a, g);
            }
        },
    );
}

/// The same activation on every element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivationLayer {
    /// Number of elements.
    pub elements: usize,
    /// The activation.
    pub function: ActivationFunction,
}

impl<S: Scalar> TrainableLayer<S> for ActivationLayer {
    fn size(&self) -> LayerSize {
        LayerSize::plain(self.elements, self.elements)
    }

    fn forward(&self, _: &[S], input: &[S], output: &mut [S], _: &mut Scratch<S>) {
        self.function.forward(input, output);
    }

    fn backward(&self, _: &[S], pass: Backward<'_, S>, _: &mut Scratch<S>) {
        if let Some(input_gradient) = pass.input_gradient {
            self.function.backward(pass.input, pass.output_gradient, input_gradient);
        }
    }

    fn tangent(&self, _: &[S], pass: Along<'_, S>, _: &mut Scratch<S>) {
        // A diagonal matrix is its own transposed.
        self.function.backward(pass.input, pass.direction, pass.output);
    }

    fn stage(&self, _: &[f64]) -> Option<Stage> {
        Some(Stage::Activation(self.function))
    }
}
