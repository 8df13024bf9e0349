//! Small random networks in which degeneracies are common: small dyadic weights,
//! rows of zeros, equal and opposite neurons, boundaries through corners.

use ndarray::{Array1, Array2};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use taut::network::{Activation, DenseLayer, Network};
use taut::num::IntervalBox;
use taut::problem::{Problem, QuestionText};

pub struct Case {
    pub layers: Vec<DenseLayer>,
    pub domain: IntervalBox,
    /// `coefficients · x + constant ≥ 0`.
    pub constraints: Vec<(Vec<f64>, f64)>,
}

pub struct Random(ChaCha8Rng);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A whole number from 0 to `count − 1`.
    pub fn below(&mut self, count: usize) -> usize {
        (self.0.next_u64() % count as u64) as usize
    }

    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * 2f64.powi(-53)
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// A small dyadic number, often 0.
    fn small(&mut self) -> f64 {
        [0.0, 0.0, 1.0, -1.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 0.75, -1.5][self.below(12)]
    }

    fn row(&mut self, inputs: usize, dyadic: bool) -> Vec<f64> {
        let entry = |random: &mut Self| match dyadic {
            true => random.small(),
            false => 2.0 * random.uniform() - 1.0,
        };
        (0..inputs).map(|_| entry(self)).collect()
    }

    /// A network of `inputs` inputs and at most `neurons` neurons.
    pub fn case(&mut self, inputs: usize, neurons: usize) -> Case {
        self.mixed_case(inputs, neurons, 60)
    }

    /// The same, this share of its layers (percent) with small dyadic weights.
    pub fn mixed_case(&mut self, inputs: usize, neurons: usize, share: usize) -> Case {
        // Without biases all boundaries of a network meet in the origin.
        let homogeneous = self.chance(20);
        let depth = 1 + self.below(3);
        let mut layers = Vec::new();
        let (mut left, mut width) = (neurons, inputs);
        for k in 0..depth {
            let most = left - (depth - 1 - k);
            let size = 1 + self.below(most.min(1 + neurons / depth + 2));
            left -= size;
            // Dyadic combinations of rounded forms coincide in truth, not in `f64`.
            let dyadic = self.chance(share);
            let mut rows: Vec<Vec<f64>> = Vec::new();
            let mut bias: Vec<f64> = Vec::new();
            for i in 0..size {
                let constant = if homogeneous { 0.0 } else { self.row(1, dyadic)[0] };
                let twin = (i > 0).then(|| self.below(i));
                let (row, constant) = match (self.below(20), twin) {
                    (0, Some(twin)) => (rows[twin].clone(), bias[twin]),
                    (1, Some(twin)) => (rows[twin].iter().map(|w| -w).collect(), -bias[twin]),
                    (2, Some(twin)) => {
                        // Three times a number is rounded unless it is dyadic: lines
                        // that all but coincide.
                        let factor = [2.0, 3.0][self.below(2)];
                        (rows[twin].iter().map(|w| factor * w).collect(), factor * bias[twin])
                    }
                    (3, _) => (vec![0.0; width], constant),
                    (4, _) => (self.row(width, dyadic), 0.0),
                    _ => (self.row(width, dyadic), constant),
                };
                rows.push(row);
                bias.push(constant);
            }
            let activation = match self.below(10) {
                0 | 1 => Activation::Clip { min: 0.0, max: 1.0 },
                2 => Activation::Clip { min: 0.0, max: 0.5 },
                3 => Activation::LeakyRelu { alpha: 0.25 },
                _ => Activation::Relu,
            };
            let weights = Array2::from_shape_vec((size, width), rows.concat()).expect("a matrix");
            layers.push(DenseLayer { weights, bias: Array1::from(bias), activation });
            width = size;
        }
        let row = self.row(width, true);
        let weights = Array2::from_shape_vec((1, width), row).expect("a row");
        let bias = Array1::zeros(1);
        layers.push(DenseLayer { weights, bias, activation: Activation::Linear });
        let (mut lower, mut upper) = (vec![-1.0; inputs], vec![1.0; inputs]);
        for j in 0..inputs {
            match self.below(8) {
                0 => (lower[j], upper[j]) = (0.0, 2.0),
                1 => (lower[j], upper[j]) = (-0.5, 0.25),
                2 if inputs > 1 && j == 0 => (lower[j], upper[j]) = (0.5, 0.5),
                _ => {}
            }
        }
        let mut constraints = Vec::new();
        if self.chance(20) {
            // The middle of the box satisfies it, with room.
            let coefficients = self.row(inputs, true);
            let middle = coefficients.iter().zip(lower.iter().zip(&upper));
            let value: f64 = middle.map(|(c, (l, u))| c * 0.5 * (l + u)).sum();
            if coefficients.iter().any(|&c| c != 0.0) {
                constraints.push((coefficients, 0.25 - (16.0 * value).floor() / 16.0));
            }
        }
        let domain = IntervalBox::new(lower, upper).expect("a box");
        Case { layers, domain, constraints }
    }
}

impl Case {
    pub fn problem(&self) -> Problem {
        let network = Network::dense("random", self.layers.clone()).expect("a network");
        let constraint = |(coefficients, constant): &(Vec<f64>, f64)| {
            let terms = coefficients.iter().enumerate().filter(|(_, c)| **c != 0.0);
            let sign = |c: f64| if c < 0.0 { '-' } else { '+' };
            let terms: String =
                terms.map(|(j, c)| format!(" {} {} x{j}", sign(*c), c.abs())).collect();
            format!("{terms} >= {}", -constant)
        };
        let constraints = self.constraints.iter().map(constraint).collect();
        let question = QuestionText { constraints, ..QuestionText::default() };
        Problem::parse(network, self.domain.clone(), &question).expect("a problem")
    }
}

/// A network with weights of He's variance on `[−1, 1]ⁿ`.
pub fn he(inputs: usize, widths: &[usize], seed: u64) -> Problem {
    let mut random = Random::new(seed);
    let mut layers = Vec::new();
    let mut before = inputs;
    for (k, &width) in widths.iter().chain([&1]).enumerate() {
        let bound = (6.0 / before as f64).sqrt();
        let mut uniform = || 2.0 * random.uniform() - 1.0;
        let weights = Array2::from_shape_simple_fn((width, before), || bound * uniform());
        let bias = Array1::from_shape_simple_fn(width, || 0.1 * uniform());
        let last = k == widths.len();
        let activation = if last { Activation::Linear } else { Activation::Relu };
        layers.push(DenseLayer { weights, bias, activation });
        before = width;
    }
    let domain = IntervalBox::new(vec![-1.0; inputs], vec![1.0; inputs]).expect("a box");
    Case { layers, domain, constraints: Vec::new() }.problem()
}
