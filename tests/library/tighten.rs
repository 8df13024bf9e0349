//! Tightening on networks larger than exact arithmetic can follow.

use std::time::{Duration, Instant};

use ndarray::{Array1, Array2};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use taut::bounds::AlphaCrown;
use taut::control::Limits;
use taut::network::{Activation, DenseLayer, Network};
use taut::num::IntervalBox;
use taut::num::sample::UniformPoints;
use taut::problem::{Problem, QuestionText};
use taut::tighten::{Goal, Method, TightenCounts, TightenOptions, Tightened, Tightening, tighten};

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
    let options = TightenOptions { limits: Limits::of_time(limit), ..TightenOptions::default() };
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

#[test]
fn a_search_that_ends_early_keeps_what_it_has_proven() {
    let problem = problem(&[3, 20, 20, 1], 1.0);
    let whole = problem.whole().expect("a box");
    let by = |method: Tightening, nodes| {
        let limits = Limits { nodes, ..Limits::default() };
        let options = TightenOptions { limits, ..TightenOptions::default() };
        method.bounds(&problem, whole, &options).expect("bounds")
    };
    let alpha = by(Tightening::Propagation(&AlphaCrown), None);
    let [few, all] = [Some(5), None].map(|nodes| by(Tightening::Search, nodes));
    let sum = |found: &Tightened, count: fn(&TightenCounts) -> usize| -> usize {
        found.layers.iter().map(count).sum()
    };
    assert_eq!(sum(&all, |layer| layer.failed), 0);
    assert!(sum(&few, |layer| layer.failed) > 10, "{:?}", few.layers);
    assert_eq!(sum(&few, |layer| layer.skipped_time), 0);
    let width = |found: &Tightened| -> f64 {
        let layers = problem.graph().activation_layers();
        let boxes = layers.map(|layer| found.bounds.of(layer.pre_activation));
        boxes.map(|b| b.upper().iter().sum::<f64>() - b.lower().iter().sum::<f64>()).sum()
    };
    let [alpha_width, few_width, all_width] = [&alpha, &few, &all].map(width);
    assert!(all_width < few_width && few_width < alpha_width);
    for point in UniformPoints::new(problem.domain(), 1).take(500) {
        let row = ndarray::ArrayView2::from_shape((1, 3), &point).expect("one row");
        for ((id, _), values) in problem.graph().nodes().zip(problem.graph().evaluate_all(row)) {
            for (index, &value) in values.iter().enumerate() {
                // A forward pass in `f64` is off by some roundings.
                let range = few.bounds.of(id).interval(index);
                assert!(range.lower() - 1e-12 <= value && value <= range.upper() + 1e-12);
            }
        }
    }
}

#[test]
fn phases_take_fewer_parts_than_widths() {
    let problem = problem(&[3, 20, 20, 1], 1.0);
    let whole = problem.whole().expect("a box");
    let [width, phase] = Goal::ALL.map(|goal| {
        let options = TightenOptions { goal, ..TightenOptions::default() };
        Tightening::Search.bounds(&problem, whole, &options).expect("bounds")
    });
    let hidden = |found: &Tightened| -> u64 {
        found.layers.iter().filter(|layer| layer.layer < 3).map(|layer| layer.nodes).sum()
    };
    assert!(3 * hidden(&phase) < hidden(&width), "{} {}", hidden(&phase), hidden(&width));
    let graph = problem.graph();
    for layer in graph.activation_layers() {
        for index in 0..graph.size(layer.node) {
            let [width, phase] = [&width, &phase].map(|found| found.bounds.phase(layer, index));
            assert_eq!(width, phase, "neuron {index}");
        }
    }
}

#[test]
fn programs_take_over_where_a_search_has_too_many_inputs() {
    let problem = problem(&[17, 6, 4, 1], 1.0);
    let whole = problem.whole().expect("a box");
    let [search, milp] = [Tightening::Search, Tightening::MixedIntegerPrograms]
        .map(|method| method.bounds(&problem, whole, &TightenOptions::default()).expect("bounds"));
    assert!(search.layers.iter().all(|layer| layer.method != Method::Search));
    assert!(search.bounds == milp.bounds);
}
