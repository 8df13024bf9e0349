//! A random case's network as the nodes of a file: a skip connection is a sum, pooling a window
//! over an image of one channel.

use std::collections::HashMap;

use ndarray::{Array1, Array2, arr0};
use taut::network::{Attribute, Constant, Metadata, Network, NetworkDescription, NodeDescription};

use crate::exact::{Activation, Case, Layer};

/// The network of a case.
pub fn network(case: &Case) -> Network {
    let mut nodes = Nodes::new(case.lower.len());
    for layer in &case.layers {
        nodes.add(layer);
    }
    let (output, _) = nodes.values.pop().expect("the inputs at least");
    let description = NetworkDescription { output, ..nodes.description };
    description.build().expect("layers that fit")
}

/// The nodes so far.
struct Nodes {
    description: NetworkDescription,
    /// Names and sizes of the inputs and of the values of every layer.
    values: Vec<(String, usize)>,
}

impl Nodes {
    fn new(inputs: usize) -> Self {
        let name = "x".to_string();
        let description = NetworkDescription {
            name: "random".to_string(),
            input: name.clone(),
            input_shape: vec![1, inputs],
            output: name.clone(),
            nodes: Vec::new(),
            constants: HashMap::new(),
            metadata: Metadata::default(),
        };
        Self { description, values: vec![(name, inputs)] }
    }

    fn add(&mut self, layer: &Layer) {
        let value = match (layer.activation, stride(layer)) {
            (Activation::Max(size), Some(stride)) => {
                let (before, columns) = self.values.last().cloned().expect("the inputs at least");
                self.windows(before, [1, columns], size, stride)
            }
            (activation, _) => {
                let sum = self.sum(layer);
                self.activation(activation, sum, layer.size())
            }
        };
        self.values.push((value, layer.size()));
    }

    /// `Σ Wₛ vₛ + bias`; of a later term whose matrix is the identity, the value itself.
    fn sum(&mut self, layer: &Layer) -> String {
        let before = self.values.len() - 1;
        let rows = layer.weights.len();
        let (mut sum, mut start) = (None, 0);
        for number in [before].into_iter().chain(layer.skips.iter().copied()) {
            let (value, columns) = self.values[number].clone();
            let entry = |(row, column): (usize, usize)| layer.weights[row][start + column];
            let weights = Array2::from_shape_fn((rows, columns), entry);
            start += columns;
            sum = Some(match sum {
                None => self.gemm(value, weights, Some(Array1::from(layer.bias.clone()))),
                Some(sum) => {
                    let is_identity = rows == columns && weights == Array2::<f64>::eye(rows);
                    let term = if is_identity { value } else { self.gemm(value, weights, None) };
                    self.node("Add", &[], vec![sum, term])
                }
            });
        }
        sum.expect("a first term")
    }

    fn gemm(&mut self, value: String, weights: Array2<f64>, bias: Option<Array1<f64>>) -> String {
        let mut operands = vec![value, self.constant(Constant::Float(weights.into_dyn()))];
        operands.extend(bias.map(|bias| self.constant(Constant::Float(bias.into_dyn()))));
        self.node("Gemm", &[("transB", Attribute::Integer(1))], operands)
    }

    fn activation(&mut self, activation: Activation, value: String, size: usize) -> String {
        match activation {
            Activation::Linear => value,
            Activation::Relu => self.node("Relu", &[], vec![value]),
            Activation::Leaky(alpha) => {
                self.node("LeakyRelu", &[("alpha", Attribute::Float(alpha))], vec![value])
            }
            Activation::Clip(ceiling) => {
                let limits = [0.0, ceiling].map(|limit| Constant::Float(arr0(limit).into_dyn()));
                let [low, high] = limits.map(|limit| self.constant(limit));
                self.node("Clip", &[], vec![value, low, high])
            }
            Activation::Max(group) => self.windows(value, [size, group], group, group),
        }
    }

    /// The largest under windows along the rows of an image.
    fn windows(&mut self, value: String, image: [usize; 2], size: usize, stride: usize) -> String {
        let [height, width] = image.map(whole);
        let shape = Array1::from(vec![1, 1, height, width]).into_dyn();
        let shape = self.constant(Constant::Integer(shape));
        let value = self.node("Reshape", &[], vec![value, shape]);
        let attributes = [
            ("kernel_shape", Attribute::Integers(vec![1, whole(size)])),
            ("strides", Attribute::Integers(vec![1, whole(stride)])),
        ];
        let value = self.node("MaxPool", &attributes, vec![value]);
        self.node("Flatten", &[], vec![value])
    }

    /// Adds a node; the name of its value.
    fn node(
        &mut self,
        op: &str,
        attributes: &[(&str, Attribute)],
        operands: Vec<String>,
    ) -> String {
        let name = format!("{op}_{}", self.description.nodes.len());
        let attributes = attributes.iter().map(|(name, value)| (name.to_string(), value.clone()));
        self.description.nodes.push(NodeDescription {
            name: name.clone(),
            op: op.to_string(),
            attributes: attributes.collect(),
            operands,
            output: name.clone(),
        });
        name
    }

    fn constant(&mut self, constant: Constant) -> String {
        let name = format!("constant_{}", self.description.constants.len());
        self.description.constants.insert(name.clone(), constant);
        name
    }
}

/// The step from one window to the next, where a layer takes the largest of windows of what is
/// before it that leave no value behind the last out; else it is in its weights.
fn stride(layer: &Layer) -> Option<usize> {
    let Activation::Max(size) = layer.activation else { return None };
    let taken = |row: &Vec<f64>| {
        let mut ones = row.iter().enumerate().filter(|(_, weight)| **weight != 0.0);
        let (column, weight) = ones.next()?;
        (*weight == 1.0 && ones.next().is_none()).then_some(column)
    };
    let taken: Vec<usize> = layer.weights.iter().map(taken).collect::<Option<_>>()?;
    let stride = taken.get(size).map_or(Some(size), |second| second.checked_sub(taken[0]))?;
    let columns = layer.weights[0].len();
    let is_window = |(row, &column): (usize, &usize)| column == row / size * stride + row % size;
    let are_all = stride > 0 && (columns.checked_sub(size)?) / stride + 1 == layer.size();
    let has_more = layer.bias.iter().any(|bias| *bias != 0.0) || !layer.skips.is_empty();
    (are_all && !has_more && taken.iter().enumerate().all(is_window)).then_some(stride)
}

fn whole(size: usize) -> i64 {
    i64::try_from(size).expect("a small size")
}
