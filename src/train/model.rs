//! The network while it is trained: layers one after the other, the parameters of all of
//! them in one vector, so that optimisers and penalties are loops over numbers.
//!
//! # The slope of a piecewise linear network, and its derivative
//!
//! Within a linear region, a network of one output is `y = w_Lᵀ M_{L−1} W_{L−1} … M_1 W_1 x + c`
//! with diagonal matrices `M_k` of the slopes of the activations. Its slope is
//! `g = ∂y/∂x = W_1ᵀ M_1 … W_{L−1}ᵀ M_{L−1} w_L`, and the `M_k` do not change with the weights
//! but for steps from region to region. So `½‖g‖² = ½ g·g` has the derivatives that `g·v` has
//! with `v = g` held fixed, and `g·v` is the output of the same layers without their biases,
//! applied to `v`: with `t_0 = v`, `t_k = M_k W_k t_{k−1}`, and `δ_k` the derivative of `y` by
//! `W_k x_{k−1} + b_k`,
//!
//! `∂(½‖g‖²)/∂W_k = δ_k t_{k−1}ᵀ`, `∂(½‖g‖²)/∂b_k = 0`.
//!
//! That is a backward pass from 1 for `δ` and `g`, a tangent pass from `g` for `t`, and the
//! products of the backward pass again with `t_{k−1}` in place of `x_{k−1}`. No approximation,
//! except at bends, where there is no derivative.

use std::ops::Range;

use super::layers::{Along, Backward, LayerSize, Scratch, TrainableLayer};
use super::scalar::Scalar;
use super::stage::Stage;

/// A sequence of layers with their parameters.
#[derive(Debug)]
pub struct Model<S> {
    layers: Vec<Box<dyn TrainableLayer<S>>>,
    sizes: Vec<LayerSize>,
    ranges: Vec<Range<usize>>,
    parameters: Vec<S>,
}

/// A layer's place in the vector of parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighted {
    /// Rows of the weights: the neurons or channels that the layer computes.
    pub rows: usize,
    /// Columns of the weights.
    pub columns: usize,
    /// Where the weights are.
    pub weights: Range<usize>,
    /// Where the biases are.
    pub bias: Range<usize>,
}

impl<S: Scalar> Model<S> {
    /// A model whose parameters are 0.
    ///
    /// # Panics
    /// If there are no layers, or one does not take what the one before it gives.
    pub fn new(layers: Vec<Box<dyn TrainableLayer<S>>>) -> Self {
        let sizes: Vec<LayerSize> = layers.iter().map(|layer| layer.size()).collect();
        assert!(!sizes.is_empty(), "a model has layers");
        assert!(sizes.windows(2).all(|pair| pair[0].outputs == pair[1].inputs), "sizes that fit");
        let mut end = 0;
        let mut ranges = Vec::new();
        for size in &sizes {
            ranges.push(end..end + size.parameters());
            end += size.parameters();
        }
        Self { layers, sizes, ranges, parameters: vec![S::default(); end] }
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.sizes[0].inputs
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.sizes[self.sizes.len() - 1].outputs
    }

    /// Weights and biases of all layers.
    pub fn parameters(&self) -> &[S] {
        &self.parameters
    }

    /// Weights and biases of all layers, to be changed.
    pub fn parameters_mut(&mut self) -> &mut [S] {
        &mut self.parameters
    }

    /// The layers that have weights, in order.
    pub fn weighted(&self) -> Vec<Weighted> {
        let layers = self.sizes.iter().zip(&self.ranges);
        let weighted = layers.filter(|(size, _)| size.parameters() > 0);
        weighted
            .map(|(size, range)| {
                let (rows, columns) = size.weights;
                let middle = range.start + rows * columns;
                Weighted { rows, columns, weights: range.start..middle, bias: middle..range.end }
            })
            .collect()
    }

    /// The layers as those of a finished network.
    pub fn stages(&self) -> Vec<Stage> {
        let parameters: Vec<f64> = self.parameters.iter().map(|p| p.wide()).collect();
        let layers = self.layers.iter().zip(&self.ranges);
        layers.filter_map(|(layer, range)| layer.stage(&parameters[range.clone()])).collect()
    }

    /// The outputs of the samples in `pass` (see [`Pass::input`]).
    pub fn forward<'a>(&self, pass: &'a mut Pass<S>) -> &'a [S] {
        let rows = pass.rows;
        for (index, layer) in self.layers.iter().enumerate() {
            let (before, after) = pass.values.split_at_mut(index + 1);
            let input = &before[index][..rows * self.sizes[index].inputs];
            let output = &mut after[0][..rows * self.sizes[index].outputs];
            let parameters = &self.parameters[self.ranges[index].clone()];
            layer.forward(parameters, input, output, &mut pass.scratch[index]);
        }
        &pass.values[self.layers.len()][..rows * self.outputs()]
    }

    /// The derivatives by the parameters, from those by the outputs
    /// ([`Pass::output_gradient`]), after [`Model::forward`].
    pub fn backward(&self, pass: &mut Pass<S>) {
        let rows = pass.rows;
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let (before, after) = pass.gradients.split_at_mut(index + 1);
            let size = &self.sizes[index];
            let inputs = rows * size.inputs;
            let backward = Backward {
                input: &pass.values[index][..inputs],
                output_gradient: &after[0][..rows * size.outputs],
                input_gradient: before[index].get_mut(..inputs),
                gradient: &mut pass.gradient[self.ranges[index].clone()],
            };
            let parameters = &self.parameters[self.ranges[index].clone()];
            layer.backward(parameters, backward, &mut pass.scratch[index]);
        }
    }

    /// The derivatives by the parameters of `½ Σ ‖∂y/∂x‖²` over the samples in `pass`, and that
    /// sum, for a network of one output `y`; after [`Model::forward`]. The pass has to keep the
    /// [derivatives by the input](Pass::with_input_gradient). Derivation at the head of the file.
    ///
    /// # Panics
    /// If the network has several outputs, or the pass does not keep the derivatives.
    pub fn backward_slope(&self, pass: &mut Pass<S>) -> f64 {
        assert_eq!(self.outputs(), 1, "the slope of one output");
        pass.output_gradient().1.fill(S::of(1.0));
        self.backward(pass);
        let rows = pass.rows;
        let mut direction = pass.input_gradient().to_vec();
        let sum = direction.iter().map(|g| g.wide() * g.wide()).sum::<f64>();
        for (index, layer) in self.layers.iter().enumerate() {
            let (size, scratch) = (&self.sizes[index], &mut pass.scratch[index]);
            let (inputs, outputs) = (rows * size.inputs, rows * size.outputs);
            let parameters = &self.parameters[self.ranges[index].clone()];
            let gradient = &mut pass.gradient[self.ranges[index].clone()];
            if !gradient.is_empty() {
                let backward = Backward {
                    input: &direction,
                    output_gradient: &pass.gradients[index + 1][..outputs],
                    input_gradient: None,
                    gradient,
                };
                layer.backward(parameters, backward, scratch);
                gradient[size.weights.0 * size.weights.1..].fill(S::default());
            }
            let mut output = vec![S::default(); outputs];
            let input = &pass.values[index][..inputs];
            let along = Along { input, direction: &direction, output: &mut output };
            layer.tangent(parameters, along, scratch);
            direction = output;
        }
        0.5 * sum
    }
}

/// The memory of a forward and a backward pass over some samples, used again and again.
#[derive(Clone, Debug)]
pub struct Pass<S> {
    rows: usize,
    inputs: usize,
    outputs: usize,
    /// The input, then the output of each layer.
    values: Vec<Vec<S>>,
    /// Their gradients; that of the input only where it was asked for.
    gradients: Vec<Vec<S>>,
    scratch: Vec<Scratch<S>>,
    /// By the parameters.
    gradient: Vec<S>,
}

impl<S: Scalar> Pass<S> {
    /// Room for up to `most` samples.
    pub fn new(model: &Model<S>, most: usize) -> Self {
        let widths: Vec<usize> = model.sizes.iter().map(|size| size.outputs).collect();
        let room = |width: &usize| vec![S::default(); width * most];
        let after: Vec<Vec<S>> = widths.iter().map(room).collect();
        let mut values = vec![room(&model.inputs())];
        values.extend(after.iter().cloned());
        let mut gradients = vec![Vec::new()];
        gradients.extend(after);
        let scratch = || Scratch { values: Vec::new(), random: None };
        Self {
            rows: 0,
            inputs: model.inputs(),
            outputs: model.outputs(),
            values,
            gradients,
            scratch: model.layers.iter().map(|_| scratch()).collect(),
            gradient: vec![S::default(); model.parameters.len()],
        }
    }

    /// The same, with room for the derivatives by the input.
    #[must_use]
    pub fn with_input_gradient(mut self) -> Self {
        self.gradients[0] = self.values[0].clone();
        self
    }

    /// The input of so many samples, to be filled.
    pub fn input(&mut self, rows: usize) -> &mut [S] {
        self.rows = rows;
        &mut self.values[0][..rows * self.inputs]
    }

    /// The outputs of the last forward pass, and the place of the derivatives by them.
    pub fn output_gradient(&mut self) -> (&[S], &mut [S]) {
        let count = self.rows * self.outputs;
        let values = &self.values[self.values.len() - 1][..count];
        let last = self.gradients.len() - 1;
        (values, &mut self.gradients[last][..count])
    }

    /// The derivatives by the input.
    ///
    /// # Panics
    /// If the pass does not [keep them](Pass::with_input_gradient).
    pub fn input_gradient(&self) -> &[S] {
        &self.gradients[0][..self.rows * self.inputs]
    }

    /// The derivatives by the parameters.
    pub fn gradient(&self) -> &[S] {
        &self.gradient
    }

    /// The derivatives by the parameters, to be changed.
    pub fn gradient_mut(&mut self) -> &mut [S] {
        &mut self.gradient
    }

    /// Gives each layer random numbers for training, or none to evaluate.
    pub fn randomize(&mut self, mut random: impl FnMut(usize) -> Option<rand_chacha::ChaCha8Rng>) {
        for (index, scratch) in self.scratch.iter_mut().enumerate() {
            scratch.random = random(index);
        }
    }
}
