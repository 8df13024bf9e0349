//! The networks that the tests go through.

use ndarray::{Array1, Array2};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use taut::network::{Activation, DenseLayer, Network};

use crate::support::onnx::{Model, Node, floats};
use crate::support::read;

/// Draws numbers and networks.
pub struct Draw(ChaCha8Rng);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Between 0 and 1.
    fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) * 2f64.powi(-53)
    }

    /// A normal number by the method of Box and Muller.
    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Rows between −1 and 1.
    pub fn points(&mut self, count: usize, inputs: usize) -> Array2<f64> {
        Array2::from_shape_simple_fn((count, inputs), || 2.0 * self.uniform() - 1.0)
    }

    /// Dense layers of He's variance, each weight times a lognormal number of the
    /// given deviation.
    pub fn network(&mut self, widths: &[usize], spread: f64, activation: Activation) -> Network {
        let layers = widths.windows(2).enumerate().map(|(k, pair)| {
            let deviation = (2.0 / pair[0] as f64).sqrt();
            let mut weight = || deviation * self.normal() * (spread * self.normal()).exp();
            let weights = Array2::from_shape_simple_fn((pair[1], pair[0]), &mut weight);
            let bias = Array1::from_shape_simple_fn(pair[1], || 0.1 * weight());
            let last = k + 2 == widths.len();
            let activation = if last { Activation::Linear } else { activation };
            DenseLayer { weights, bias, activation }
        });
        Network::dense("random", layers.collect()).expect("a network")
    }
}

pub const DEEP: [usize; 6] = [2, 50, 50, 50, 50, 1];

/// Shapes and activations of the networks that each test goes through.
pub fn nets() -> [(Vec<usize>, Activation); 4] {
    [
        (vec![2, 8, 8, 1], Activation::Relu),
        (vec![3, 10, 10, 10, 2], Activation::LeakyRelu { alpha: 0.01 }),
        (vec![2, 8, 8, 1], Activation::Clip { min: 0.0, max: 0.7 }),
        (vec![2, 6, 6, 1], Activation::Clip { min: -1.0, max: 0.3 }),
    ]
}

/// A convolution, a second one with a skip connection around it, average pooling and
/// maxima; then a dense layer.
pub fn image_network() -> Network {
    let mut draw = Draw::new(11);
    let mut weights = |count: usize, size: f32| -> Vec<f32> {
        (0..count).map(|_| size * draw.normal() as f32).collect()
    };
    let model = Model::from_x_to_y(&[1, 2, 6, 6])
        .constant(floats("k1", &[4, 1, 3, 3], &weights(36, 2.0)))
        .constant(floats("b1", &[4], &weights(4, 0.3)))
        .constant(floats("k2", &[4, 4, 3, 3], &weights(144, 0.1)))
        .constant(floats("w", &[8, 3], &weights(24, 30.0)))
        .constant(floats("b", &[3], &weights(3, 0.3)))
        .with(Node::new("Conv", &["x", "k1", "b1"], "c1", "c1").integer("group", 2))
        .node("Relu", &["c1"], "r1")
        .with(Node::new("Conv", &["r1", "k2"], "c2", "c2").integers("pads", &[1; 4]))
        .node("Add", &["c2", "c1"], "sum")
        .node("Relu", &["sum"], "r2")
        .with(window("AveragePool", "r2", "pooled"))
        .with(Node::new("LeakyRelu", &["pooled"], "leaky", "leaky").float("alpha", 0.1))
        .with(Node::new("MaxPool", &["leaky"], "m", "m").integers("kernel_shape", &[2, 1]))
        .node("Flatten", &["m"], "flat")
        .node("Gemm", &["flat", "w", "b"], "y");
    read("onnx", &model.encode())
}

/// A window of 2 × 2 with strides of 2.
fn window(op: &str, from: &str, to: &str) -> Node {
    let node = Node::new(op, &[from], to, to).integers("kernel_shape", &[2, 2]);
    node.integers("strides", &[2, 2])
}

/// A dense network in which some weights, biases and ceilings have the given sizes.
pub fn with_extremes(seed: u64, sizes: &[f64], activation: Activation) -> Network {
    let mut draw = Draw::new(seed);
    let widths = [2, 12, 12, 12, 1];
    let layers = widths.windows(2).enumerate().map(|(k, pair)| {
        let mut number = || {
            let chosen = draw.uniform() < 0.08;
            let size = sizes[(draw.uniform() * sizes.len() as f64) as usize];
            draw.normal() * if chosen { size } else { 1.0 }
        };
        let weights = Array2::from_shape_simple_fn((pair[1], pair[0]), &mut number);
        let bias = Array1::from_shape_simple_fn(pair[1], &mut number);
        let last = k + 2 == widths.len();
        let activation = if last { Activation::Linear } else { activation };
        DenseLayer { weights, bias, activation }
    });
    Network::dense("extreme", layers.collect()).expect("a network")
}
