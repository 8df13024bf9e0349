//! Linear regions counted a second, on random networks with weights of He's
//! variance and small biases, over `[−1, 1]ⁿ`.
//!
//! `cargo bench --package taut-benchmarks --bench regions [-- FILTER]` prints one line a network.

use std::time::{Duration, Instant};

use ndarray::{Array1, Array2};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use taut::network::{Activation, DenseLayer, Network};
use taut::num::IntervalBox;
use taut::problem::{Problem, QuestionText};
use taut::regions::{RegionOptions, count};

/// Time for one network and number of threads.
const LIMIT: Duration = Duration::from_secs(10);

fn problem(inputs: usize, layers: usize, width: usize) -> Problem {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let mut uniform = || (random.next_u64() >> 11) as f64 * 2f64.powi(-52) - 1.0;
    let sizes: Vec<usize> =
        [inputs].into_iter().chain(std::iter::repeat_n(width, layers)).chain([1]).collect();
    let layer = |(position, pair): (usize, &[usize])| {
        let bound = (6.0 / pair[0] as f64).sqrt();
        let last = position == layers;
        DenseLayer {
            weights: Array2::from_shape_simple_fn((pair[1], pair[0]), || bound * uniform()),
            bias: Array1::from_shape_simple_fn(pair[1], || 0.1 * uniform()),
            activation: if last { Activation::Linear } else { Activation::Relu },
        }
    };
    let layers = sizes.windows(2).enumerate().map(layer).collect();
    let network = Network::dense("random", layers).expect("a network");
    let domain = IntervalBox::new(vec![-1.0; inputs], vec![1.0; inputs]).expect("a box");
    Problem::parse(network, domain, &QuestionText::default()).expect("a problem")
}

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let shapes = [(2, 4, 10), (2, 4, 50), (2, 3, 100), (2, 8, 25), (4, 2, 10), (4, 2, 25)];
    for (inputs, layers, width) in shapes {
        let name = format!("{inputs} inputs, {layers} x {width}");
        if filter.as_ref().is_some_and(|filter| !name.contains(filter.as_str())) {
            continue;
        }
        let problem = problem(inputs, layers, width);
        for threads in [1, 2] {
            let options = RegionOptions {
                threads,
                limits: taut::control::Limits::of_time(LIMIT),
                ..RegionOptions::default()
            };
            let start = Instant::now();
            // Small ones are counted again, so that the clock has something to see.
            let (mut regions, mut runs) = (0, 0);
            while start.elapsed() < LIMIT / 10 {
                let found = count(&problem, &options).expect("a count");
                regions += found.at_least;
                runs += 1;
            }
            let rate = regions as f64 / start.elapsed().as_secs_f64();
            println!("{name}, {threads} threads: {} regions, {rate:.0}/s", regions / runs);
        }
    }
}
