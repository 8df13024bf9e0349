//! Counts equal those of the brute force, by every method that applies.

use ndarray::{arr1, arr2};
use taut::control::Clock;
use taut::network::{Activation, DenseLayer, Network};
use taut::num::IntervalBox;
use taut::problem::{Problem, QuestionText};
use taut::regions::{
    Method, RegionError, RegionOptions, count, layer_shapes, montufar, sample_chords,
    sample_patterns, serra, stability,
};

use crate::regions::brute::{self, Cells};
use crate::regions::networks::{Case, Random, he};

fn counted(case: &Case, method: Method, threads: usize) -> Option<usize> {
    let options = RegionOptions { method, threads, ..RegionOptions::default() };
    match count(&case.problem(), &options) {
        Ok(found) => {
            let patterns = found.patterns.expect("no limit was set");
            assert!(found.exact && found.at_least == patterns);
            Some(usize::try_from(patterns).expect("a small count"))
        }
        Err(RegionError::NoInterior) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Upper bounds and samples hold.
fn check_bounds(case: &Case, expected: usize) {
    let problem = case.problem();
    let expected = expected as f64;
    let (graph, inputs) = (problem.graph(), problem.domain().len());
    let shapes = layer_shapes(graph, None);
    let (weak, strong) = (montufar(inputs, &shapes), serra(inputs, &shapes));
    assert!(expected <= strong && strong <= weak, "{expected} {strong} {weak}");
    let run = |method| {
        let options = RegionOptions { method, samples: 50, ..RegionOptions::default() };
        count(&problem, &options).expect("a count")
    };
    let bounds = run(Method::Bounds);
    assert!(expected <= bounds.at_most && bounds.at_most <= strong, "{expected} {bounds:?}");
    assert_eq!((bounds.patterns, bounds.exact), (None, false));
    let sample = run(Method::Sample);
    assert!(sample.at_least as f64 <= expected, "{expected} {sample:?}");
    assert!(sample.estimate.is_some_and(|estimate| estimate >= sample.at_least as f64));
}

/// Pieces and maps are those of the brute force. Returns how many cells were merged.
fn check_pieces(case: &Case, cells: &Cells, threads: usize) -> usize {
    let options = RegionOptions { pieces: true, threads, ..RegionOptions::default() };
    let found = count(&case.problem(), &options).expect("a count");
    let (pieces, maps) = (cells.pieces(), cells.maps());
    assert_eq!((found.pieces, found.maps), (Some(pieces as u64), Some(maps as u64)));
    assert!(maps <= pieces && pieces <= cells.cells.len());
    cells.cells.len() - pieces
}

/// The stable neurons are those of the brute force.
fn check_stability(case: &Case, cells: &Cells, threads: usize) {
    let options = RegionOptions { threads, ..RegionOptions::default() };
    let (found, layers) = stability(&case.problem(), &options).expect("a count");
    assert_eq!(found.patterns, Some(cells.cells.len() as u64));
    let mut phases = cells.stable_phases().into_iter();
    for (layer, found) in case.layers.iter().zip(layers.expect("no limit was set")) {
        let phases: Vec<_> = phases.by_ref().take(layer.bias.len()).collect();
        let count = |phase| phases.iter().filter(|&&other| other == phase).count();
        let known = [found.inactive, found.active, found.saturated, found.unstable];
        assert_eq!(known, [count(Some(0)), count(Some(1)), count(Some(2)), count(None)]);
        assert_eq!(found.neurons, layer.bias.len());
    }
}

fn compare(inputs: usize, neurons: usize, cases: u64) {
    let (mut most, mut merged) = (0, 0);
    for seed in 0..cases {
        let case = Random::new(seed + 1000 * inputs as u64).case(inputs, neurons);
        let cells = brute::cells(&case);
        let expected = cells.as_ref().map(|cells| cells.cells.len());
        most = most.max(expected.unwrap_or_default());
        let free = (0..inputs).filter(|&j| case.domain.lower()[j] < case.domain.upper()[j]);
        let mut methods = vec![Method::Auto, Method::Enumerate];
        if free.count() == 2 {
            methods.push(Method::Planar);
        }
        for method in methods {
            let found = counted(&case, method, 1 + (seed % 2) as usize);
            assert_eq!(found, expected, "{inputs} inputs, seed {seed}, {method:?}");
        }
        check_bounds(&case, expected.unwrap_or_default());
        if let Some(cells) = cells {
            merged += check_pieces(&case, &cells, 1 + (seed % 2) as usize);
            check_stability(&case, &cells, 1 + (seed % 2) as usize);
        }
    }
    assert!(merged > 10, "pieces are fewer than patterns: {merged}");
    assert!(most > 2 * inputs, "the networks have regions: {most}");
}

#[test]
fn one_input_equals_brute_force() {
    compare(1, 14, 100);
}

#[test]
fn two_inputs_equal_brute_force() {
    compare(2, 14, 120);
}

#[test]
fn three_inputs_equal_brute_force() {
    compare(3, 10, 60);
}

#[test]
fn four_inputs_equal_brute_force() {
    compare(4, 8, 40);
}

#[test]
fn planar_equals_enumerate() {
    for seed in 0..20 {
        let problem = he(2, &[12, 10, 8], seed);
        let found = [Method::Planar, Method::Enumerate].map(|method| {
            let options = RegionOptions { method, ..RegionOptions::default() };
            count(&problem, &options).expect("a count").patterns.expect("no limit")
        });
        assert_eq!(found[0], found[1], "seed {seed}");
        assert!(found[0] > 20, "{found:?}");
    }
}

#[test]
fn samples_of_a_known_network() {
    // By hand: max(x0, 0) on [−1, 1]² has two patterns, and a chord between two
    // uniform points meets both with probability 1/2.
    let layer = DenseLayer {
        weights: arr2(&[[1.0, 0.0]]),
        bias: arr1(&[0.0]),
        activation: Activation::Relu,
    };
    let network = Network::dense("ramp", vec![layer]).expect("a network");
    let domain = IntervalBox::new(vec![-1.0; 2], vec![1.0; 2]).expect("a box");
    let problem = Problem::parse(network, domain, &QuestionText::default()).expect("a problem");
    let sample = sample_patterns(&problem, 1000, 7, &Clock::unlimited()).expect("a sample");
    assert_eq!((sample.patterns, sample.points, sample.chao1), (2, 1000, 2.0));
    let chords = sample_chords(problem.graph(), problem.domain(), 1000, 7, &Clock::unlimited());
    let chords = chords.expect("a sample").expect("no limit");
    assert!((chords.mean - 1.5).abs() < 4.0 * chords.standard_error, "{chords:?}");
    assert!((0.01..0.02).contains(&chords.standard_error), "{chords:?}");
}
