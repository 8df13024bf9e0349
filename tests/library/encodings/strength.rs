//! How strong the relaxations are, compared with each other and with the mixed-integer
//! optimum.

use ndarray::{Array1, Array2};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use taut::bounds::{Crown, Propagator};
use taut::control::Silent;
use taut::encode::{BigM, MultipleChoice, Partition, ReluEncoding, Split, encode};
use taut::milp::{LinearExpression, Model};
use taut::network::{Activation, DenseLayer, Network};
use taut::num::IntervalBox;
use taut::problem::{Problem, QuestionText};
use taut::solve::{Backend, Highs, SolveOptions, TerminationStatus};

use crate::encodings::neuron::{self, Encoded, Neuron};

pub const NEURONS: u64 = 50;
const OBJECTIVES: usize = 6;
pub const NETWORKS: u64 = 20;

/// Relative to `1 + |value|`.
pub const TOLERANCE: f64 = 1e-7;

/// What counts as stronger, likewise.
const GAIN: f64 = 1e-3;

/// By the strength of their relaxations, from the weakest; those of one rank are
/// equally strong.
const RANKS: [&[&dyn ReluEncoding]; 4] = [
    &[&BigM, &Split, &Partition::new(1)],
    &[&Partition::new(2)],
    &[&Partition::new(4)],
    &[&MultipleChoice, &Partition::full()],
];

#[test]
fn relaxations_of_a_neuron_are_as_strong_as_promised() {
    let mut strength = Strength::default();
    for seed in 0..NEURONS {
        let neuron = neuron::random(seed);
        for neuron in [neuron.narrowed(), neuron] {
            for costs in objectives(&neuron, seed) {
                strength.compare(&format!("neuron {seed}"), |encoding| {
                    let encoded = neuron.encode(encoding);
                    let model = with_objective(&encoded, &costs);
                    minimum(&model.relaxed()).expect("a point")
                });
            }
        }
    }
    // Otherwise the test would hold of encodings that are all the same.
    assert!(strength.gains.iter().all(|&gains| gains > 10), "{:?}", strength.gains);
}

#[test]
fn relaxations_of_a_network_are_as_strong_as_promised() {
    let mut strength = Strength::default();
    for seed in 0..NETWORKS {
        let problem = problem(seed);
        let domain = problem.integral_domain().expect("no integers");
        let bounds = Crown.propagate(problem.graph(), domain).expect("bounds");
        strength.compare(&format!("network {seed}"), |encoding| {
            let encoded = encode(&problem, &bounds, encoding).expect("an encoding");
            minimum(&encoded.model.relaxed()).expect("a point")
        });
    }
    assert!(strength.gains.iter().all(|&gains| gains > 5), "{:?}", strength.gains);
}

#[test]
fn relaxations_of_the_hull_are_ideal() {
    let mut weak = 0;
    for seed in 0..NEURONS {
        let neuron = neuron::random(seed);
        for neuron in [neuron.narrowed(), neuron] {
            for costs in objectives(&neuron, seed) {
                let optimum =
                    best_of_phases(&with_objective_and_binaries(&neuron.encode(&BigM), &costs));
                let slack = TOLERANCE * (1.0 + optimum.abs());
                let relaxed = |encoding: &dyn ReluEncoding| {
                    let model = with_objective_and_binaries(&neuron.encode(encoding), &costs);
                    minimum(&model.relaxed()).expect("a point")
                };
                for encoding in [&MultipleChoice as &dyn ReluEncoding, &Partition::full()] {
                    let value = relaxed(encoding);
                    let name = encoding.name();
                    let equal = (value - optimum).abs() <= slack;
                    assert!(equal, "{name}, neuron {seed}: {value}, expected {optimum}");
                }
                let value = relaxed(&BigM);
                weak += usize::from(value < optimum - GAIN * (1.0 + optimum.abs()));
            }
        }
    }
    assert!(weak > 50, "big-M is not ideal, but seldom shows it: {weak}");
}

/// Compares the bounds that the encodings give.
#[derive(Default)]
struct Strength {
    /// How often a rank was stronger than the one before.
    gains: [usize; RANKS.len() - 1],
}

impl Strength {
    /// `minimum` is that of the relaxation: the larger, the stronger.
    fn compare(&mut self, what: &str, minimum: impl Fn(&dyn ReluEncoding) -> f64) {
        let values = RANKS.map(|rank| {
            let values: Vec<f64> = rank.iter().map(|&encoding| minimum(encoding)).collect();
            for (value, encoding) in values.iter().zip(rank) {
                let name = encoding.name();
                let equal = (value - values[0]).abs() <= TOLERANCE * (1.0 + values[0].abs());
                assert!(equal, "{what}, {name}: {value}, {} is {}", rank[0].name(), values[0]);
            }
            values[0]
        });
        for (k, pair) in values.windows(2).enumerate() {
            let size = 1.0 + pair[0].abs();
            let names = [RANKS[k][0].name(), RANKS[k + 1][0].name()];
            assert!(pair[1] >= pair[0] - TOLERANCE * size, "{what}: {names:?} give {pair:?}");
            self.gains[k] += usize::from(pair[1] > pair[0] + GAIN * size);
        }
    }
}

/// Random costs of the inputs, the output and two binaries; every other cost of the
/// output is near the slope of the neuron, where the encodings differ most.
pub fn objectives(neuron: &Neuron, seed: u64) -> Vec<Vec<f64>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut uniform = || 2.0 * random.random::<f64>() - 1.0;
    let mut objectives = Vec::new();
    for number in 0..OBJECTIVES {
        let along = if number % 2 == 0 { uniform() } else { 0.0 };
        let mut costs: Vec<f64> =
            neuron.weights.iter().map(|w| along * w + 0.5 * uniform()).collect();
        costs.extend([-1.0 + 0.5 * uniform(), uniform(), uniform()]);
        objectives.push(costs);
    }
    objectives
}

/// Costs of inputs and output alone: what all encodings have.
pub fn with_objective(encoded: &Encoded, costs: &[f64]) -> Model {
    let columns = encoded.inputs.iter().chain([&encoded.neuron.output]);
    let terms = columns.copied().zip(costs.iter().copied()).collect();
    let mut model = encoded.model.clone();
    model.objective = LinearExpression::new(terms, 0.0);
    model
}

fn with_objective_and_binaries(encoded: &Encoded, costs: &[f64]) -> Model {
    let mut model = with_objective(encoded, costs);
    let binaries = encoded.neuron.indicators.iter().map(|indicator| indicator.column);
    model.objective.terms.extend(binaries.zip(costs[encoded.inputs.len() + 1..].iter().copied()));
    model
}

/// The least value over all values of the binaries.
fn best_of_phases(model: &Model) -> f64 {
    let binaries: Vec<_> =
        model.column_ids().filter(|&column| model.column_at(column).is_binary()).collect();
    let values = (0..1 << binaries.len()).filter_map(|bits: u32| {
        let mut model = model.clone();
        for (k, &column) in binaries.iter().enumerate() {
            model.fix(column, f64::from(bits >> k & 1));
        }
        minimum(&model.relaxed())
    });
    values.fold(f64::INFINITY, f64::min)
}

/// Least value of a linear program, if it has a point.
pub fn minimum(model: &Model) -> Option<f64> {
    let options = SolveOptions { feasibility_tolerance: 1e-9, ..SolveOptions::default() };
    let solution = Highs.solve(model, &options, &mut Silent).expect("a solution");
    match solution.status {
        TerminationStatus::Optimal => solution.objective,
        TerminationStatus::Infeasible => None,
        other => panic!("{other:?}"),
    }
}

/// Two hidden layers over a box, every other one clipped.
pub fn problem(seed: u64) -> Problem {
    let mut random = ChaCha8Rng::seed_from_u64(1000 + seed);
    let mut uniform = || 2.0 * random.random::<f64>() - 1.0;
    let widths = [5, 6, 6, 1];
    let layers = widths.windows(2).enumerate().map(|(k, pair)| {
        let activation = match k {
            2 => Activation::Linear,
            k if (seed + k as u64).is_multiple_of(2) => Activation::Relu,
            _ => Activation::Clip { min: 0.0, max: 1.0 },
        };
        DenseLayer {
            weights: Array2::from_shape_simple_fn((pair[1], pair[0]), &mut uniform),
            bias: Array1::from_shape_simple_fn(pair[1], &mut uniform),
            activation,
        }
    });
    let network = Network::dense("random", layers.collect()).expect("a network");
    let domain = IntervalBox::new(vec![-1.0; 5], vec![1.0; 5]).expect("a box");
    Problem::parse(network, domain, &QuestionText::default()).expect("a problem")
}
