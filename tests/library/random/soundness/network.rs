//! Random networks of all layers, with numbers of every size.

use std::collections::HashMap;

use ndarray::{Array1, Array2, ArrayD, Axis, IxDyn, arr0};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use taut::network::{
    Attribute, Attributes, Constant, Metadata, Network, NetworkDescription, Node, NodeDescription,
    ReluGraph,
};
use taut::num::IntervalBox;
use taut::problem::{Problem, QuestionText};

/// Most neurons of a layer.
const MOST_NEURONS: usize = 12;

/// A network over a box.
pub struct Case {
    pub problem: Problem,
    /// Points of the box at which neurons change their phase, up to rounding.
    pub kinks: Vec<Vec<f64>>,
}

/// A random network of 1 to 5 layers over a random box.
pub fn random_case(seed: u64) -> Case {
    let mut draw = Draw::new(seed);
    let layers = draw.random.random_range(1..=5);
    for _ in 0..layers {
        draw.layer();
    }
    if draw.chance(0.7) {
        draw.flatten_shape();
        let outputs = draw.random.random_range(1..=3);
        draw.gemm(outputs);
    }
    let question = QuestionText { objective: Some("y0".to_string()), ..QuestionText::default() };
    let problem = Problem::parse(draw.network(), draw.domain, &question).expect("a problem");
    Case { problem, kinks: draw.kinks }
}

/// The graph with each ceiling of a clipped ReLU replaced by one of its own, as no
/// layer of a file has them; `None` if it has no clipped ReLU.
pub fn with_own_ceilings(graph: &ReluGraph, seed: u64) -> Option<ReluGraph> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut copy = ReluGraph::new(graph.size(graph.input()));
    let mut clips = 0;
    for (_, node) in graph.nodes() {
        match node {
            Node::Input { .. } => {}
            Node::Affine(affine) => {
                copy.affine(affine.terms.clone(), affine.bias.clone());
            }
            Node::Relu { input } => {
                copy.relu(*input);
            }
            Node::Clip { input, ceiling } => {
                clips += 1;
                copy.clip(*input, ceiling.mapv(|c| c * random.random_range(0.05..2.0)));
            }
        }
    }
    copy.set_output(graph.output());
    (clips > 0).then_some(copy)
}

/// Sizes of the weights of a layer.
#[derive(Clone, Copy)]
enum Sizes {
    /// Up to 2.
    Ordinary,
    /// Multiples of 1/8 up to 2: sums of a few are exact.
    Grid,
    /// From 1 to 1e6.
    Huge,
    /// From 1e-9 to 1e-3.
    Tiny,
    /// From 1e-9 to 1e6.
    All,
}

/// Draws a network layer by layer.
struct Draw {
    random: ChaCha8Rng,
    /// Whether no number is very large or very small, 0 aside.
    moderate: bool,
    domain: IntervalBox,
    description: NetworkDescription,
    /// Shape of the value that is the output so far.
    shape: Vec<usize>,
    /// Names and shapes of what may be added by a skip connection.
    earlier: Vec<(String, Vec<usize>)>,
    kinks: Vec<Vec<f64>>,
}

impl Draw {
    fn new(seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let moderate = random.random_bool(0.5);
        let inputs = random.random_range(1..=4);
        let domain = random_box(&mut random, inputs, moderate);
        let shape = match (inputs, random.random_bool(0.4)) {
            (4, true) => vec![1, 1, 2, 2],
            (_, true) => vec![1, 1, 1, inputs],
            (_, false) => vec![1, inputs],
        };
        let description = NetworkDescription {
            name: format!("random {seed}"),
            input: "x".to_string(),
            input_shape: shape.clone(),
            output: "x".to_string(),
            nodes: Vec::new(),
            constants: HashMap::new(),
            metadata: Metadata::default(),
        };
        let earlier = vec![("x".to_string(), shape.clone())];
        Self { random, moderate, domain, description, shape, earlier, kinks: Vec::new() }
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.random.random_bool(probability)
    }

    /// The network so far.
    fn network(&self) -> Network {
        self.description.clone().build().expect("layers that fit")
    }

    fn layer(&mut self) {
        if self.shape.len() == 2 {
            match self.random.random_range(0..10) {
                0 if self.shape[1] > 1 => {
                    self.shape_as_image();
                    self.image_layer();
                }
                1 | 2 => self.skip(),
                _ => {
                    self.dense();
                }
            }
        } else {
            self.image_layer();
        }
        self.earlier.push((self.description.output.clone(), self.shape.clone()));
    }

    fn image_layer(&mut self) {
        let pixels = self.shape[2] * self.shape[3];
        match self.random.random_range(0..6) {
            0 | 1 if pixels > 1 => self.pool("MaxPool"),
            2 if pixels > 1 => self.pool("AveragePool"),
            3 | 4 => {
                self.convolution();
                self.activation();
            }
            _ => {
                self.flatten_shape();
                self.dense();
            }
        }
    }

    fn dense(&mut self) {
        let most = if self.chance(0.2) { MOST_NEURONS } else { 7 };
        let neurons = self.random.random_range(1..=most);
        self.gemm(neurons);
        self.activation();
    }

    /// Adds a node, whose value becomes the output.
    fn node(&mut self, op: &str, attributes: &[(&str, Attribute)], operands: Vec<String>) {
        let name = format!("{op}{}", self.description.nodes.len());
        let attributes: Attributes =
            attributes.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect();
        let (op, output) = (op.to_string(), name.clone());
        self.description.output.clone_from(&name);
        self.description.nodes.push(NodeDescription { name, op, attributes, operands, output });
        self.shape = self.network().output_shape().to_vec();
    }

    fn constant(&mut self, constant: Constant) -> String {
        let name = format!("constant{}", self.description.constants.len());
        self.description.constants.insert(name.clone(), constant);
        name
    }

    fn flatten_shape(&mut self) {
        if self.shape.len() > 2 {
            let operands = vec![self.description.output.clone()];
            self.node("Flatten", &[], operands);
        }
    }

    fn shape_as_image(&mut self) {
        let size = self.shape[1] as i64;
        let shape = if size % 4 == 0 { [1, size / 4, 2, 2] } else { [1, 1, 1, size] };
        let shape = self.constant(Constant::Integer(Array1::from_iter(shape).into_dyn()));
        let operands = vec![self.description.output.clone(), shape];
        self.node("Reshape", &[], operands);
    }

    fn gemm(&mut self, neurons: usize) {
        let weights = self.weights(&[neurons, self.shape[1]]);
        self.affine("Gemm", &[("transB", Attribute::Integer(1))], weights);
    }

    fn convolution(&mut self) {
        let [channels, height, width] = [self.shape[1], self.shape[2], self.shape[3]];
        let kernel = [self.random.random_range(1..=height), self.random.random_range(1..=width)];
        let pad = self.random.random_range(0..=1);
        let stride = self.random.random_range(1..=2);
        let outputs = |pixels: usize, kernel: usize| (pixels + pad - kernel) / stride + 1;
        let pixels = outputs(height, kernel[0]) * outputs(width, kernel[1]);
        let most = (MOST_NEURONS / pixels).clamp(1, 3);
        let (filters, groups) = match channels <= most && self.chance(0.3) {
            true => (channels, channels),
            false => (self.random.random_range(1..=most), 1),
        };
        let weights = self.weights(&[filters, channels / groups, kernel[0], kernel[1]]);
        let attributes = [
            ("group", Attribute::Integer(groups as i64)),
            ("pads", integers([0, 0, pad, pad])),
            ("strides", integers([stride, stride])),
        ];
        self.affine("Conv", &attributes, weights);
    }

    fn pool(&mut self, op: &str) {
        let kernel = [self.shape[2], self.shape[3]].map(|pixels| pixels.min(2));
        let stride = self.random.random_range(1..=2);
        let attributes =
            [("kernel_shape", integers(kernel)), ("strides", integers([stride, stride]))];
        let operands = vec![self.description.output.clone()];
        self.node(op, &attributes, operands);
    }

    /// Adds an earlier value of the same shape, or a linear map of the input.
    fn skip(&mut self) {
        let current = self.description.output.clone();
        let fits = |(name, shape): &&(String, Vec<usize>)| *shape == self.shape && *name != current;
        let fitting: Vec<String> =
            self.earlier.iter().filter(fits).map(|(name, _)| name.clone()).collect();
        let other = match fitting.is_empty() {
            false => fitting[self.random.random_range(0..fitting.len())].clone(),
            true => {
                let size = self.shape[1];
                self.description.output = "x".to_string();
                self.shape.clone_from(&self.description.input_shape);
                self.flatten_shape();
                self.gemm(size);
                self.description.output.clone()
            }
        };
        self.node("Add", &[], vec![current, other]);
    }

    /// A matrix or kernel with zero rows, repeated rows and zeros.
    fn weights(&mut self, shape: &[usize]) -> ArrayD<f64> {
        let kinds = if self.moderate { 10 } else { 18 };
        let sizes = match self.random.random_range(0..kinds) {
            0..=6 => Sizes::Ordinary,
            7..=9 => Sizes::Grid,
            10..=11 => Sizes::Huge,
            12..=14 => Sizes::Tiny,
            _ => Sizes::All,
        };
        let mut weights = ArrayD::from_shape_simple_fn(IxDyn(shape), || self.weight(sizes));
        for row in 0..shape[0] {
            match self.random.random_range(0..20) {
                0 => weights.index_axis_mut(Axis(0), row).fill(0.0),
                1 | 2 if row > 0 => {
                    let sign = if self.chance(0.5) { 1.0 } else { -1.0 };
                    let copy = weights.index_axis(Axis(0), row - 1).mapv(|w| sign * w);
                    weights.index_axis_mut(Axis(0), row).assign(&copy);
                }
                _ => {}
            }
        }
        weights
    }

    fn weight(&mut self, sizes: Sizes) -> f64 {
        let mut power = |low: f64, high: f64| {
            let size = 10f64.powf(self.random.random_range(low..=high));
            if self.random.random_bool(0.5) { size } else { -size }
        };
        let weight = match sizes {
            Sizes::Ordinary => self.random.random_range(-2.0..=2.0),
            Sizes::Grid => f64::from(self.random.random_range(-16..=16)) / 8.0,
            Sizes::Huge => power(0.0, 6.0),
            Sizes::Tiny => power(-9.0, -3.0),
            Sizes::All => power(-9.0, 6.0),
        };
        if self.chance(0.1) { 0.0 } else { weight }
    }

    /// Adds an operator with weights and a bias for each of its outputs. The bias is
    /// chosen when the values without it are known: most neurons have their kink
    /// in the box.
    fn affine(&mut self, op: &str, attributes: &[(&str, Attribute)], weights: ArrayD<f64>) {
        let channels = weights.len_of(Axis(0));
        let data = self.description.output.clone();
        let weights = self.constant(Constant::Float(weights));
        let bias = self.constant(Constant::Float(ArrayD::zeros(IxDyn(&[channels]))));
        self.node(op, attributes, vec![data, weights, bias.clone()]);
        let (points, values) = self.sample();
        let mut chosen = Array1::zeros(channels);
        let elements = values.ncols() / channels;
        for (channel, bias) in chosen.iter_mut().enumerate() {
            let element = channel * elements + self.random.random_range(0..elements);
            let point = self.random.random_range(0..points.len());
            let largest = values.column(element).iter().fold(0.0f64, |a, v| a.max(v.abs()));
            *bias = match self.random.random_range(0..20) {
                0..=10 => {
                    self.kinks.push(points[point].clone());
                    -values[(point, element)]
                }
                11 | 12 => 0.0,
                // Dead, or nearly.
                13 => -2.0 * largest - 1e-9,
                14 => -largest,
                _ => self.random.random_range(-1.0..=1.0) * largest.max(1e-9),
            };
        }
        self.description.constants.insert(bias, Constant::Float(chosen.into_dyn()));
    }

    fn activation(&mut self) {
        let data = self.description.output.clone();
        match self.random.random_range(0..10) {
            0..=3 => self.node("Relu", &[], vec![data]),
            4 | 5 => {
                let alphas = [0.01, 0.1, 0.25, 0.5, -0.5, 1.5, 1e-9];
                let kinds = alphas.len() - usize::from(self.moderate);
                let alpha = alphas[self.random.random_range(0..kinds)];
                self.node("LeakyRelu", &[("alpha", Attribute::Float(alpha))], vec![data]);
            }
            6..=8 => {
                let (_, values) = self.sample();
                let top = values.iter().copied().fold(0.0, f64::max);
                let top = if top > 0.0 { top } else { 1.0 };
                let min = match self.chance(0.6) {
                    true => 0.0,
                    false => top * self.random.random_range(-0.5..0.05),
                };
                let max = top * self.random.random_range(0.1..1.0);
                let [min, max] =
                    [min, max].map(|limit| self.constant(Constant::Float(arr0(limit).into_dyn())));
                self.node("Clip", &[], vec![data, min, max]);
            }
            _ => {}
        }
    }

    /// Some points of the box, and the values so far there (points × elements).
    fn sample(&mut self) -> (Vec<Vec<f64>>, Array2<f64>) {
        let points: Vec<Vec<f64>> =
            (0..8).map(|_| uniform(&mut self.random, &self.domain)).collect();
        let batch = Array2::from_shape_vec((points.len(), self.domain.len()), points.concat());
        let values = self.network().evaluate(batch.expect("a matrix of points").view());
        (points, values)
    }
}

fn integers<const N: usize>(values: [usize; N]) -> Attribute {
    Attribute::Integers(values.map(|value| value as i64).to_vec())
}

/// A box with sides from 1e-9 to 1e6, some of length 0; with `moderate`, up to 4 and
/// not far from 0.
fn random_box(random: &mut ChaCha8Rng, inputs: usize, moderate: bool) -> IntervalBox {
    let ordinary = moderate || random.random_bool(0.3);
    let side = |_| {
        let width = match random.random_range(0..10) {
            0 => 0.0,
            _ if ordinary => random.random_range(0.1..=4.0),
            _ => 10f64.powf(random.random_range(-9.0..=6.0)),
        };
        let center = match random.random_range(0..5) {
            0 => 0.0,
            1 => 0.5 * width,
            2 if !moderate => 10f64.powf(random.random_range(-3.0..=6.0)),
            _ => random.random_range(-1.0..=1.0),
        };
        let lower: f64 = center - 0.5 * width;
        (lower, lower + width)
    };
    let (lower, upper) = (0..inputs).map(side).unzip();
    IntervalBox::new(lower, upper).expect("a box")
}

/// A random point of a box.
pub fn uniform(random: &mut ChaCha8Rng, domain: &IntervalBox) -> Vec<f64> {
    let ends = domain.lower().iter().zip(domain.upper());
    ends.map(|(&l, &u)| (l + random.random::<f64>() * (u - l)).clamp(l, u)).collect()
}
