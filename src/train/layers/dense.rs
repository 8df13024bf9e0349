//! `y = W x + b`.
//!
//! For a batch with samples in rows: `Y = X Wᵀ + 1 bᵀ`. Gradients of a loss with
//! `G = ∂/∂Y`: `∂/∂W = Gᵀ X`, `∂/∂b = Gᵀ 1`, `∂/∂X = G W`.

use ndarray::{Array1, Array2};

use super::{Along, Backward, LayerSize, Scratch, TrainableLayer};
use crate::num::vectorized;
use crate::train::scalar::{Matrix, Onto, Scalar, product};
use crate::train::stage::Stage;

/// A dense layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DenseLayer {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of neurons.
    pub outputs: usize,
}

impl<S: Scalar> TrainableLayer<S> for DenseLayer {
    fn size(&self) -> LayerSize {
        let Self { inputs, outputs } = *self;
        LayerSize { inputs, outputs, weights: (outputs, inputs) }
    }

    fn forward(&self, parameters: &[S], input: &[S], output: &mut [S], _: &mut Scratch<S>) {
        let (weights, bias) = parameters.split_at(self.outputs * self.inputs);
        for row in output.chunks_exact_mut(self.outputs) {
            row.copy_from_slice(bias);
        }
        let input = Matrix::new(input, input.len() / self.inputs, self.inputs);
        let weights = Matrix::new(weights, self.outputs, self.inputs);
        product(output, Onto::Add, input, weights.transposed());
    }

    fn backward(&self, parameters: &[S], pass: Backward<'_, S>, _: &mut Scratch<S>) {
        let Self { inputs, outputs } = *self;
        let rows = pass.input.len() / inputs;
        let output_gradient = Matrix::new(pass.output_gradient, rows, outputs);
        let (weights, bias) = pass.gradient.split_at_mut(outputs * inputs);
        let input = Matrix::new(pass.input, rows, inputs);
        product(weights, Onto::Replace, output_gradient.transposed(), input);
        add_rows(pass.output_gradient, bias);
        if let Some(input_gradient) = pass.input_gradient {
            let weights = Matrix::new(&parameters[..outputs * inputs], outputs, inputs);
            product(input_gradient, Onto::Replace, output_gradient, weights);
        }
    }

    fn tangent(&self, parameters: &[S], pass: Along<'_, S>, _: &mut Scratch<S>) {
        let Self { inputs, outputs } = *self;
        let weights = Matrix::new(&parameters[..outputs * inputs], outputs, inputs);
        let direction = Matrix::new(pass.direction, pass.direction.len() / inputs, inputs);
        product(pass.output, Onto::Replace, direction, weights.transposed());
    }

    fn stage(&self, parameters: &[f64]) -> Option<Stage> {
        let (weights, bias) = parameters.split_at(self.outputs * self.inputs);
        let weights = Array2::from_shape_vec((self.outputs, self.inputs), weights.to_vec());
        let weights = weights.expect("the weights of this layer");
        Some(Stage::Dense { weights, bias: Array1::from(bias.to_vec()) })
    }
}

/// The sum of the rows of a matrix, from the first to the last.
fn add_rows<S: Scalar>(matrix: &[S], sums: &mut [S]) {
    vectorized(
        #[inline(always)]
        || {
            sums.fill(S::default());
            for row in matrix.chunks_exact(sums.len()) {
                for (sum, &value) in sums.iter_mut().zip(row) {
                    *sum += value;
                }
            }
        },
    );
}
