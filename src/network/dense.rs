//! Networks of dense layers, made in code.

use std::collections::HashMap;

use ndarray::{Array1, Array2, arr0};

use super::operator::{Attribute, Attributes, Constant};
use super::{Metadata, Network, NetworkDescription, NetworkError, NodeDescription};

/// `activation(weights · x + bias)`.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseLayer {
    /// out × in.
    pub weights: Array2<f64>,
    /// One per row of the weights.
    pub bias: Array1<f64>,
    /// Applied to each neuron.
    pub activation: Activation,
}

/// The activation of a [`DenseLayer`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `a`.
    Linear,
    /// `max(a, 0)`.
    Relu,
    /// `a` above 0, `alpha · a` below.
    LeakyRelu {
        /// The slope below 0.
        alpha: f64,
    },
    /// `min(max(a, min), max)`.
    Clip {
        /// Least value.
        min: f64,
        /// Largest value.
        max: f64,
    },
}

impl Network {
    /// A network of dense layers, one after the other; its input has shape
    /// `[1, in]`.
    ///
    /// ```
    /// use ndarray::{arr1, arr2};
    /// use taut::network::{Activation, DenseLayer, Network};
    ///
    /// // |x| = relu(x) + relu(−x)
    /// let (weights, bias) = (arr2(&[[1.0], [-1.0]]), arr1(&[0.0, 0.0]));
    /// let sides = DenseLayer { weights, bias, activation: Activation::Relu };
    /// let (weights, bias) = (arr2(&[[1.0, 1.0]]), arr1(&[0.0]));
    /// let sum = DenseLayer { weights, bias, activation: Activation::Linear };
    /// let network = Network::dense("absolute value", vec![sides, sum])?;
    /// assert_eq!(network.evaluate_point(&[-3.0]), [3.0]);
    /// # Ok::<(), taut::network::NetworkError>(())
    /// ```
    ///
    /// # Errors
    /// There is no layer, or shapes do not fit, or a number is not finite.
    pub fn dense(name: &str, layers: Vec<DenseLayer>) -> Result<Self, NetworkError> {
        let inputs = layers.first().map_or(0, |layer| layer.weights.ncols());
        let mut description = NetworkDescription::of_row(name, inputs);
        for (number, layer) in layers.into_iter().enumerate() {
            description.add_dense(number + 1, layer);
        }
        description.build()
    }
}

impl NetworkDescription {
    /// A network without layers, whose input has shape `[1, inputs]`.
    pub(crate) fn of_row(name: &str, inputs: usize) -> Self {
        Self {
            name: name.to_string(),
            input: "x".to_string(),
            input_shape: vec![1, inputs],
            output: "x".to_string(),
            nodes: Vec::new(),
            constants: HashMap::new(),
            metadata: Metadata::default(),
        }
    }

    /// Adds a dense layer, whose value becomes the output.
    pub(crate) fn add_dense(&mut self, number: usize, layer: DenseLayer) {
        let DenseLayer { weights, bias, activation } = layer;
        let weights =
            self.constant(format!("weights{number}"), Constant::Float(weights.into_dyn()));
        let bias = self.constant(format!("bias{number}"), Constant::Float(bias.into_dyn()));
        let operands = vec![self.output.clone(), weights, bias];
        let attributes = [("transB", Attribute::Integer(1))];
        self.node(format!("dense{number}"), "Gemm", &attributes, operands);
        let mut operands = vec![self.output.clone()];
        let name = format!("activation{number}");
        match activation {
            Activation::Linear => {}
            Activation::Relu => self.node(name, "Relu", &[], operands),
            Activation::LeakyRelu { alpha } => {
                self.node(name, "LeakyRelu", &[("alpha", Attribute::Float(alpha))], operands);
            }
            Activation::Clip { min, max } => {
                for (side, limit) in [("min", min), ("max", max)] {
                    let limit = Constant::Float(arr0(limit).into_dyn());
                    operands.push(self.constant(format!("{side}{number}"), limit));
                }
                self.node(name, "Clip", &[], operands);
            }
        }
    }

    /// Adds a constant and gives back its name.
    pub(crate) fn constant(&mut self, name: String, constant: Constant) -> String {
        self.constants.insert(name.clone(), constant);
        name
    }

    /// Adds a node, whose value becomes the output.
    pub(crate) fn node(
        &mut self,
        name: String,
        op: &str,
        attributes: &[(&str, Attribute)],
        operands: Vec<String>,
    ) {
        let attributes: Attributes =
            attributes.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect();
        self.output.clone_from(&name);
        let output = name.clone();
        self.nodes.push(NodeDescription { name, op: op.to_string(), attributes, operands, output });
    }
}
