//! A tree of proofs gives the bound of its search again, and whatever is changed in it, never a
//! bound above a value that is attained, which is decided in rational arithmetic.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use taut::control::{Clock, Limits, Silent};
use taut::network::{Activation, DenseLayer, Network};
use taut::num::IntervalBox;
use taut::optimize::{Answer, OptimizeOptions, optimize_proven};
use taut::problem::{Problem, QuestionText};
use taut::proof::{Cut, Lemma, Tree};
use taut::search::{ReplayError, replay};
use taut::solve::SolveOptions;

use crate::exact;
use crate::random::build;

const CASES: u64 = 300;

fn proven(problem: &Problem, nodes: u64) -> (Answer, Tree) {
    let options = OptimizeOptions {
        solve: SolveOptions { relative_gap: 1e-3, threads: 1, ..SolveOptions::default() },
        limits: Limits { nodes: Some(nodes), ..Limits::default() },
        ..OptimizeOptions::default()
    };
    optimize_proven(problem, &options, &Clock::unlimited(), &mut Silent).expect("an answer")
}

/// The bound of an answer and the value that is attained, to be made small.
fn signed(problem: &Problem, answer: &Answer) -> Option<[f64; 2]> {
    let sense = problem.sense();
    Some([answer.bound?, answer.objective?].map(|value| sense.signed(value)))
}

/// Changes something in a tree, so that it proves something else, or nothing.
fn spoil(tree: &mut Tree, random: &mut ChaCha8Rng) {
    let count = tree.parts.len();
    let mut number = |most: usize| random.next_u64() as usize % most.max(1);
    let part = &mut tree.parts[number(count)];
    let kind = number(8);
    if let Some((parent, cut)) = &mut part.from {
        match (kind, cut) {
            (0, _) => *parent = number(count),
            (1, Cut::Input { end, .. }) => *end *= 0.75,
            (1, Cut::Phase { kink, .. }) => *kink += 0.25,
            (2, Cut::Input { is_upper, .. }) => *is_upper = !*is_upper,
            (2, Cut::Phase { side, .. }) => *side = -*side,
            _ => {}
        }
    }
    match kind {
        3 => part.is_divided = !part.is_divided,
        5 => part.programs = [None, Some(0.0), Some(f64::INFINITY)][number(3)],
        4 => drop(tree.parts.remove(number(count))),
        _ => {
            let count = part.lemmas.len();
            match part.lemmas.get_mut(number(count)) {
                Some(Lemma::Plane { slopes, multipliers }) => {
                    slopes.iter_mut().for_each(|slope| *slope = [0, 40, 128, 255][number(4)]);
                    let wild = [f32::NAN, -1.0, 2.0, 0.3, f32::INFINITY][number(5)];
                    multipliers.iter_mut().for_each(|multiplier| *multiplier = wild);
                }
                Some(Lemma::Combination(weights)) => {
                    weights.push((number(9) as u16, [0, 1, u16::MAX][number(3)]));
                }
                None => {}
            }
        }
    }
}

/// Checks the proofs of a problem; how many parts there were, and how many spoiled trees still
/// gave a bound.
fn check(problem: &Problem, nodes: u64, seed: u64) -> [usize; 2] {
    let (answer, tree) = proven(problem, nodes);
    if tree.parts.is_empty() {
        return [0; 2];
    }
    let least = replay(problem, &tree);
    let Some([bound, value]) = signed(problem, &answer) else {
        // There is no point, which the tree shows too, or none was found.
        assert!(answer.bound.is_some() || least == Ok(f64::INFINITY), "seed {seed}: {answer:?}");
        return [tree.parts.len(), 0];
    };
    let least = least.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    // An answer tells no bound above its value.
    assert!(least >= bound, "seed {seed}: the search proves {bound}, its tree {least}");
    let rounding = 1e-9 * problem.objective_size(answer.input.as_ref().expect("a point"));
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut spoiled = 0;
    for _ in 0..8 {
        let mut tree = tree.clone();
        spoil(&mut tree, &mut random);
        // A best value that no point has would prove anything: it is part of what is claimed.
        if let Ok(least) = replay(problem, &tree) {
            assert!(least <= value + rounding, "seed {seed}: {least} above {value}");
            spoiled += 1;
        }
    }
    [tree.parts.len(), spoiled]
}

#[test]
fn a_tree_gives_the_bound_of_its_search_again() {
    let mut counts = [0; 2];
    for seed in 0..CASES {
        let case = exact::random_case(seed);
        let Some(question) = build::question(&case) else { continue };
        let problem = build::problem(&case, question);
        if problem.integral_domain().is_none() {
            continue;
        }
        let [parts, spoiled] = check(&problem, 500, seed);
        counts[0] += parts;
        counts[1] += spoiled;
    }
    assert!(counts[0] > 1000 && counts[1] > 500, "{counts:?}");
}

/// With many inputs phases are divided.
#[test]
fn a_tree_of_phases_gives_the_bound_of_its_search_again() {
    let mut counts = [0; 2];
    for seed in 0..6 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut number = || (random.next_u64() >> 11) as f64 * 2f64.powi(-52) - 1.0;
        let sizes = [20, 12, 12, 1];
        let layers = sizes.windows(2).enumerate().map(|(index, pair)| DenseLayer {
            weights: ndarray::Array2::from_shape_simple_fn((pair[1], pair[0]), &mut number),
            bias: ndarray::Array1::from_shape_simple_fn(pair[1], &mut number),
            activation: if index == 2 { Activation::Linear } else { Activation::Relu },
        });
        let network = Network::dense("random", layers.collect()).expect("a network");
        let domain = IntervalBox::new(vec![-0.5; 20], vec![0.5; 20]).expect("a box");
        let question =
            QuestionText { objective: Some("y0".to_string()), ..QuestionText::default() };
        let problem = Problem::parse(network, domain, &question).expect("a question");
        let [parts, spoiled] = check(&problem, 300, seed);
        counts[0] += parts;
        counts[1] += spoiled;
        let (_, tree) = proven(&problem, 300);
        assert!(tree.parts.iter().any(|part| matches!(part.from, Some((_, Cut::Phase { .. })))));
    }
    assert!(counts[0] > 500 && counts[1] > 5, "{counts:?}");
}

#[test]
fn parts_that_are_missing_are_named() {
    let case = (0..CASES).find_map(|seed| {
        let case = exact::random_case(seed);
        let problem = build::problem(&case, build::question(&case)?);
        problem.integral_domain()?;
        let (_, tree) = proven(&problem, 500);
        (tree.parts.len() > 4).then_some((problem, tree))
    });
    let (problem, mut tree) = case.expect("a search of several parts");
    assert!(tree.bytes() > 0);
    tree.parts.pop();
    assert!(matches!(replay(&problem, &tree), Err(ReplayError::Cover { .. })));
    tree.parts.clear();
    assert_eq!(replay(&problem, &tree), Err(ReplayError::Cover { part: 0 }));
}
