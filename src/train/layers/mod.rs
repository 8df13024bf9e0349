//! Trainable layers: `output = layer(parameters, input)` for a batch of samples, one a
//! row, and the derivatives of a loss by parameters and input.
//!
//! The parameters of all layers lie in one vector ([`super::model::Model`]); a layer with
//! weights has its weights first (row-major), then one bias a row.

mod activation;
mod conv;
mod dense;
mod dropout;
mod pool;

use std::fmt::Debug;

use rand_chacha::ChaCha8Rng;

pub use activation::{ActivationFunction, ActivationLayer};
pub use conv::{ConvLayer, ImageWindow};
pub use dense::DenseLayer;
pub use dropout::Dropout;
pub use pool::{Pool, PoolLayer};

use super::scalar::Scalar;
use super::stage::Stage;

/// Sizes of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerSize {
    /// Elements of a sample that goes in.
    pub inputs: usize,
    /// Elements of a sample that comes out.
    pub outputs: usize,
    /// Rows and columns of the weights; `(0, 0)` without.
    pub weights: (usize, usize),
}

impl LayerSize {
    /// Of a layer without weights.
    pub fn plain(inputs: usize, outputs: usize) -> Self {
        Self { inputs, outputs, weights: (0, 0) }
    }

    /// Number of weights and biases.
    pub fn parameters(&self) -> usize {
        self.weights.0 * (self.weights.1 + 1)
    }
}

/// What a layer keeps from one pass to the next.
#[derive(Clone, Debug, Default)]
pub struct Scratch<S> {
    /// Numbers of the layer's own.
    pub values: Vec<S>,
    /// Random numbers while training; none where the network is only evaluated.
    pub random: Option<ChaCha8Rng>,
}

/// What a layer's backward pass reads and writes. The gradients are those of the loss.
#[derive(Debug)]
pub struct Backward<'a, S> {
    /// As given to the forward pass.
    pub input: &'a [S],
    /// By the outputs.
    pub output_gradient: &'a [S],
    /// By the inputs, to be overwritten; none for the first layer.
    pub input_gradient: Option<&'a mut [S]>,
    /// By the parameters, to be overwritten.
    pub gradient: &'a mut [S],
}

/// What a layer's tangent pass reads and writes.
#[derive(Debug)]
pub struct Along<'a, S> {
    /// As given to the forward pass.
    pub input: &'a [S],
    /// The direction in which the input changes.
    pub direction: &'a [S],
    /// How the output changes with it, to be overwritten.
    pub output: &'a mut [S],
}

/// A layer that can be trained. Arrays are samples × elements, row-major.
pub trait TrainableLayer<S: Scalar>: Debug + Send + Sync {
    /// The sizes.
    fn size(&self) -> LayerSize;

    /// Overwrites `output`.
    fn forward(&self, parameters: &[S], input: &[S], output: &mut [S], scratch: &mut Scratch<S>);

    /// Overwrites the gradients; `scratch` is what the forward pass left.
    fn backward(&self, parameters: &[S], pass: Backward<'_, S>, scratch: &mut Scratch<S>);

    /// Overwrites the change of the output along a direction of the input: the derivative of
    /// the forward pass by the input, times the direction. `scratch` is what that pass left.
    fn tangent(&self, parameters: &[S], pass: Along<'_, S>, scratch: &mut Scratch<S>);

    /// The layer in a finished network; none where it only plays a part in training.
    fn stage(&self, parameters: &[f64]) -> Option<Stage>;
}
