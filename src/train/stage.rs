//! The layers of a finished network: what training hands to [`Network`], in `f64`.

use std::collections::HashMap;

use ndarray::{Array1, Array2, arr0};

use super::layers::{ActivationFunction, ImageWindow, Pool};
use crate::network::{Attribute, Constant, Metadata, Network, NetworkDescription, NetworkError};

/// One layer after the other, each with one input and one output.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// `weights · x + bias`.
    Dense {
        /// out × in.
        weights: Array2<f64>,
        /// One per row of the weights.
        bias: Array1<f64>,
    },
    /// A convolution.
    Conv {
        /// What it slides over the image.
        window: ImageWindow,
        /// Output channels × (input channels · window rows · window columns).
        weights: Array2<f64>,
        /// One an output channel.
        bias: Array1<f64>,
    },
    /// Pooling with a window that moves by its own size.
    Pool {
        /// Largest or mean.
        kind: Pool,
        /// Rows and columns of the window.
        size: usize,
    },
    /// An activation of every element.
    Activation(ActivationFunction),
}

impl Stage {
    /// Weights and biases.
    pub fn numbers(&self) -> Vec<f64> {
        match self {
            Self::Dense { weights, bias } | Self::Conv { weights, bias, .. } => {
                weights.iter().chain(bias).copied().collect()
            }
            Self::Pool { .. } | Self::Activation(_) => Vec::new(),
        }
    }

    /// Multiplications by weights for one sample.
    pub fn products(&self) -> usize {
        match self {
            Self::Dense { weights, .. } => weights.len(),
            Self::Conv { window, weights, .. } => {
                weights.len() * window.places().map_or(0, |[rows, columns]| rows * columns)
            }
            Self::Pool { .. } | Self::Activation(_) => 0,
        }
    }

    /// Weights and biases, where there are any.
    pub fn weights_mut(&mut self) -> Option<(&mut Array2<f64>, &mut Array1<f64>)> {
        match self {
            Self::Dense { weights, bias } | Self::Conv { weights, bias, .. } => {
                Some((weights, bias))
            }
            Self::Pool { .. } | Self::Activation(_) => None,
        }
    }
}

/// The network of these stages. Images keep their shape where the first layer is a
/// convolution or a pool, else the input is a plain list of `inputs` numbers.
///
/// # Errors
/// Shapes do not fit, or a number is not finite.
pub fn network(
    name: &str,
    inputs: usize,
    stages: &[Stage],
    metadata: Metadata,
) -> Result<Network, NetworkError> {
    let mut image = match stages.first() {
        Some(Stage::Conv { window, .. }) => Some(window.image.to_vec()),
        _ => None,
    };
    let mut input_shape = vec![1];
    input_shape.extend(image.clone().unwrap_or_else(|| vec![inputs]));
    let mut description = NetworkDescription {
        name: name.to_string(),
        input: "x".to_string(),
        input_shape,
        output: "x".to_string(),
        nodes: Vec::new(),
        constants: HashMap::new(),
        metadata,
    };
    for (number, stage) in (1..).zip(stages) {
        if image.is_some() && matches!(stage, Stage::Dense { .. }) {
            image = None;
            let operands = vec![description.output.clone()];
            description.node("flatten".to_string(), "Flatten", &[], operands);
        }
        add(&mut description, number, stage);
    }
    description.build()
}

fn add(description: &mut NetworkDescription, number: usize, stage: &Stage) {
    let mut operands = vec![description.output.clone()];
    let list = |value: usize, count: usize| {
        Attribute::Integers(vec![i64::try_from(value).expect("a small number"); count])
    };
    match stage {
        Stage::Dense { weights, bias } => {
            operands.push(weights_of(description, number, weights.clone().into_dyn()));
            operands.push(bias_of(description, number, bias));
            let attributes = [("transB", Attribute::Integer(1))];
            description.node(format!("dense{number}"), "Gemm", &attributes, operands);
        }
        Stage::Conv { window, weights, bias } => {
            let (channels, kernel) = (window.image[0], window.kernel);
            let shape = (weights.nrows(), channels, kernel, kernel);
            let weights = weights.clone().into_shape_with_order(shape).expect("as many elements");
            operands.push(weights_of(description, number, weights.into_dyn()));
            operands.push(bias_of(description, number, bias));
            let attributes = [
                ("kernel_shape", list(kernel, 2)),
                ("strides", list(window.stride, 2)),
                ("pads", list(window.padding, 4)),
            ];
            description.node(format!("conv{number}"), "Conv", &attributes, operands);
        }
        Stage::Pool { kind, size } => {
            let op = match kind {
                Pool::Max => "MaxPool",
                Pool::Average => "AveragePool",
            };
            let attributes = [("kernel_shape", list(*size, 2)), ("strides", list(*size, 2))];
            description.node(format!("pool{number}"), op, &attributes, operands);
        }
        Stage::Activation(function) => {
            let name = format!("activation{number}");
            let leaky = |alpha| [("alpha", Attribute::Float(alpha))];
            match *function {
                ActivationFunction::Relu => description.node(name, "Relu", &[], operands),
                ActivationFunction::LeakyRelu { slope } => {
                    description.node(name, "LeakyRelu", &leaky(slope), operands);
                }
                ActivationFunction::Tanh => description.node(name, "Tanh", &[], operands),
                ActivationFunction::Sigmoid => description.node(name, "Sigmoid", &[], operands),
                // |a| is the leaky ReLU of slope −1, and files know no other form of it.
                ActivationFunction::Abs => {
                    description.node(name, "LeakyRelu", &leaky(-1.0), operands)
                }
                ActivationFunction::Clip { min, max } => {
                    for (side, limit) in [("min", min), ("max", max)] {
                        let limit = Constant::Float(arr0(limit).into_dyn());
                        operands.push(description.constant(format!("{side}{number}"), limit));
                    }
                    description.node(name, "Clip", &[], operands);
                }
            }
        }
    }
}

fn weights_of(
    description: &mut NetworkDescription,
    number: usize,
    weights: ndarray::ArrayD<f64>,
) -> String {
    description.constant(format!("weights{number}"), Constant::Float(weights))
}

fn bias_of(description: &mut NetworkDescription, number: usize, bias: &Array1<f64>) -> String {
    description.constant(format!("bias{number}"), Constant::Float(bias.clone().into_dyn()))
}
