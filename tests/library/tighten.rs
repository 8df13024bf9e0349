//! Tightening on networks larger than exact arithmetic can follow.

use std::time::{Duration, Instant};

use ndarray::{Array1, Array2};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use taut::network::{Activation, DenseLayer, Network};
use taut::num::IntervalBox;
use taut::problem::{Problem, QuestionText};
use taut::tighten::{Method, TightenOptions, Tightened, tighten};

/// A dense ReLU network with uniform weights of variance `2 / inputs`.
fn network(widths: &[usize], seed: u64) -> Network {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut uniform = || (random.next_u64() >> 11) as f64 * 2f64.powi(-52) - 1.0;
    let layers = widths.windows(2).enumerate().map(|(k, pair)| {
        let bound = (6.0 / pair[0] as f64).sqrt();
        let weights = Array2::from_shape_simple_fn((pair[1], pair[0]), || bound * uniform());
        let bias = Array1::from_shape_simple_fn(pair[1], || 0.1 * uniform());
        let last = k + 2 == widths.len();
        let activation = if last { Activation::Linear } else { Activation::Relu };
        DenseLayer { weights, bias, activation }
    });
    Network::dense("dense", layers.collect()).expect("a network")
}

fn problem(widths: &[usize], half_width: f64) -> Problem {
    let inputs = widths[0];
    let domain = IntervalBox::new(vec![-half_width; inputs], vec![half_width; inputs]);
    Problem::parse(network(widths, 5), domain.expect("a box"), &QuestionText::default())
        .expect("a problem")
}

fn run(problem: &Problem, options: &TightenOptions) -> Tightened {
    tighten(problem, problem.whole().expect("a box"), &[Method::Linear], options).expect("bounds")
}

#[test]
fn bounds_do_not_depend_on_threads_where_batches_have_a_history() {
    // HiGHS kept more than the basis from one program to the next, so a batch
    // depended on which one its worker had solved before.
    let problem = problem(&[300, 60, 60, 1], 0.02);
    let runs = [1, 2, 3]
        .map(|threads| run(&problem, &TightenOptions { threads, ..TightenOptions::default() }));
    let solved: usize = runs[0].layers.iter().map(|layer| layer.solved).sum();
    assert!(solved > 40, "only {solved} programs");
    for other in &runs[1..] {
        assert!(runs[0].bounds == other.bounds, "bounds differ");
        assert_eq!(other.layers.iter().map(|layer| layer.failed).sum::<usize>(), 0);
    }
}

#[test]
fn running_out_of_time_leaves_bounds_that_hold() {
    let problem = problem(&[20, 200, 200, 200, 1], 1.0);
    let limit = Duration::from_millis(300);
    let options = TightenOptions {
        limits: taut::control::Limits::of_time(limit),
        ..TightenOptions::default()
    };
    let started = Instant::now();
    let tightened = run(&problem, &options);
    // The time is for the programs; propagation before them is not counted.
    assert!(started.elapsed() < Duration::from_secs(20));
    let skipped: usize = tightened.layers.iter().map(|layer| layer.skipped_time).sum();
    assert!(skipped > 0, "{:?}", tightened.layers);
    let center = vec![0.0; 20];
    let output = problem.network().evaluate_point(&center)[0];
    let bounds = tightened.bounds.of(problem.graph().output()).interval(0);
    assert!(bounds.contains(output), "{output} in {bounds:?}");
}
