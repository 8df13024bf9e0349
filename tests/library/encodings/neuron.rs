//! Random unstable neurons.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use taut::encode::{EncodedNeuron, ReluEncoding, ReluNeuron};
use taut::milp::{Model, VarId};
use taut::num::Interval;
use taut::num::directed::{sum_down, sum_up, weighted_sum};

/// An unstable neuron over a box.
#[derive(Clone, Debug)]
pub struct Neuron {
    pub weights: Vec<f64>,
    pub bias: f64,
    pub bounds: Vec<Interval>,
    pub pre_activation: Interval,
    pub ceiling: Option<f64>,
}

/// A neuron as a model of its own.
pub struct Encoded {
    pub model: Model,
    pub inputs: Vec<VarId>,
    pub neuron: EncodedNeuron,
}

/// A neuron of 2 to 6 inputs: by turns a ReLU, a clipped one, and a clipped one that
/// is never off. The bounds of its pre-activation are those over the box.
pub fn random(seed: u64) -> Neuron {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut uniform = |from: f64, to: f64| from + (to - from) * random.random::<f64>();
    let inputs = 2 + (uniform(0.0, 5.0) as usize).min(4);
    let weights: Vec<f64> = (0..inputs).map(|_| uniform(-2.0, 2.0)).collect();
    let bounds = (0..inputs).map(|_| {
        // A third of them like the output of a ReLU.
        let lower = if uniform(0.0, 3.0) < 1.0 { 0.0 } else { uniform(-2.0, 1.0) };
        Interval::new(lower, lower + uniform(0.1, 3.0)).expect("an interval")
    });
    let bounds: Vec<Interval> = bounds.collect();
    let sum = weighted_sum(weights.iter().copied().zip(bounds.iter().copied()));
    let width = sum.upper() - sum.lower();
    let kind = seed % 3;
    let lower = match kind {
        2 => uniform(0.0, 1.0) * width,
        _ => uniform(-0.8, -0.2) * width,
    };
    let bias = lower - sum.lower();
    let pre_activation =
        Interval::new(sum_down(sum.lower(), bias), sum_up(sum.upper(), bias)).expect("a range");
    let from = pre_activation.lower().max(0.0);
    let share = uniform(0.2, 0.8);
    let ceiling = (kind > 0).then(|| from + share * (pre_activation.upper() - from));
    Neuron { weights, bias, bounds, pre_activation, ceiling }
}

impl Neuron {
    /// The neuron with narrower bounds of its pre-activation, as if something else
    /// than its own box had proven them. Its kinks stay inside.
    pub fn narrowed(&self) -> Self {
        let (lower, upper) = (self.pre_activation.lower(), self.pre_activation.upper());
        let kink = self.ceiling.unwrap_or(0.0);
        let toward = |end: f64, inner: f64| end + 0.4 * (inner - end);
        let inner = if lower < 0.0 { 0.0 } else { kink };
        let range = Interval::new(toward(lower, inner), toward(upper, kink));
        Self { pre_activation: range.expect("a range"), ..self.clone() }
    }

    pub fn encode(&self, encoding: &dyn ReluEncoding) -> Encoded {
        let mut model = Model::default();
        let names = 0..self.bounds.len();
        let inputs: Vec<VarId> =
            names.map(|i| model.continuous(format!("x{i}"), self.bounds[i])).collect();
        let neuron = self.with(&inputs, |neuron| encoding.encode(neuron, &mut model));
        Encoded { model, neuron: neuron.expect("an encoding"), inputs }
    }

    /// What `f` makes of the neuron over these columns.
    pub fn with<T>(&self, inputs: &[VarId], f: impl FnOnce(&ReluNeuron<'_>) -> T) -> T {
        f(&ReluNeuron {
            label: "1_0",
            inputs,
            weights: &self.weights,
            bias: self.bias,
            input_bounds: &self.bounds,
            pre_activation: self.pre_activation,
            ceiling: self.ceiling,
        })
    }
}
