//! How big-M constants grow with depth under each method of bounds: the first two
//! findings of Plate et al. (2025) as a table.
//!
//! `cargo bench --package taut-benchmarks --bench growth` prints CSV: networks of He's variance with two
//! inputs on [−1, 1]², 1 to 4 hidden layers of 20 neurons, means over ten seeds.
//! The result of one run stands in `growth.csv` beside this file.

use ndarray::{Array1, Array2};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use taut::bounds::{LayerSummary, summarize};
use taut::network::{Activation, DenseLayer, Network};
use taut::num::IntervalBox;
use taut::problem::{Problem, QuestionText};
use taut::tighten::{TightenOptions, Tightening};

const INPUTS: usize = 2;
const WIDTH: usize = 20;
const SEEDS: u64 = 10;

fn main() {
    println!("hidden_layers,method,layer,big_m_mean,big_m_max,unstable,stable");
    for depth in 1..=4 {
        for tightening in Tightening::all() {
            if tightening.name() != "milp" {
                print_means(depth, tightening);
            }
        }
    }
}

fn print_means(depth: usize, tightening: Tightening) {
    let runs: Vec<Vec<LayerSummary>> =
        (0..SEEDS).map(|seed| run(depth, seed, tightening)).collect();
    for layer in 0..depth {
        let mean = |value: fn(&LayerSummary) -> f64| {
            runs.iter().map(|run| value(&run[layer])).sum::<f64>() / runs.len() as f64
        };
        println!(
            "{depth},{},{},{:.4},{:.4},{:.1},{:.1}",
            tightening.name(),
            layer + 1,
            mean(|s| s.big_m_mean),
            mean(|s| s.big_m_max),
            mean(|s| s.unstable as f64),
            mean(|s| (s.neurons - s.unstable) as f64),
        );
    }
}

fn run(depth: usize, seed: u64, tightening: Tightening) -> Vec<LayerSummary> {
    let domain = IntervalBox::new(vec![-1.0; INPUTS], vec![1.0; INPUTS]).expect("a box");
    let problem = Problem::parse(network(depth, seed), domain.clone(), &QuestionText::default());
    let problem = problem.expect("one output");
    let options = TightenOptions { slack: 0.0, ..TightenOptions::default() };
    let tightened =
        tightening.bounds(&problem, problem.whole().expect("a box"), &options).expect("bounds");
    summarize(problem.graph(), &tightened.bounds)
}

/// Dense layers with normal weights of variance `2 / inputs`, biases of a tenth of
/// that deviation.
fn network(depth: usize, seed: u64) -> Network {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut inputs = INPUTS;
    let mut layers = Vec::new();
    for k in 0..=depth {
        let (outputs, activation) = match k == depth {
            true => (1, Activation::Linear),
            false => (WIDTH, Activation::Relu),
        };
        let deviation = (2.0 / inputs as f64).sqrt();
        let weights = Array2::from_shape_simple_fn((outputs, inputs), || normal(&mut random));
        let bias = Array1::from_shape_simple_fn(outputs, || 0.1 * normal(&mut random));
        let (weights, bias) = (weights * deviation, bias * deviation);
        layers.push(DenseLayer { weights, bias, activation });
        inputs = outputs;
    }
    Network::dense(&format!("{depth}x{WIDTH}-{seed}"), layers).expect("a network")
}

/// A normal number by the method of Box and Muller.
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let mut uniform = || ((random.next_u64() >> 11) as f64 + 0.5) * 2f64.powi(-53);
    (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()
}
