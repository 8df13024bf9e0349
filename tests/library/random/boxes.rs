//! The boxes that a search tells of are what it has searched, each part once; which is decided
//! in rational arithmetic.

use std::collections::HashMap;

use dashu_ratio::RBig;
use taut::control::{Clock, Limits, Silent};
use taut::num::IntervalBox;
use taut::optimize::{OptimizeOptions, Status, optimize_traced};
use taut::problem::Problem;
use taut::search::{Fate, SearchedBox};
use taut::solve::SolveOptions;

use crate::exact;
use crate::random::build;
use crate::random::properties::points;
use crate::random::values::{exact_values, rational};

const CASES: u64 = 300;

/// Parts of a search, which may end it: what is open then counts too.
const NODES: u64 = 500;

/// The boxes of a search, and whether its bound closes the question.
fn boxes(problem: &Problem, threads: usize) -> (Vec<SearchedBox>, Status) {
    let options = OptimizeOptions {
        solve: SolveOptions { relative_gap: 1e-3, threads, ..SolveOptions::default() },
        limits: Limits { nodes: Some(NODES), ..Limits::default() },
        ..OptimizeOptions::default()
    };
    let mut boxes = Vec::new();
    let mut listener = |part| boxes.push(part);
    let clock = Clock::unlimited();
    let answer = optimize_traced(problem, &options, &clock, &mut Silent, &mut listener);
    let status = answer.expect("an answer").status;
    (boxes, status)
}

/// Volume along the inputs that vary; of whole numbers, their number.
fn volume(problem: &Problem, whole: &IntervalBox, domain: &IntervalBox) -> RBig {
    let varies = |&input: &usize| whole.lower()[input] < whole.upper()[input];
    (0..whole.len()).filter(varies).fold(RBig::ONE, |volume, input| {
        let width = rational(domain.upper()[input]) - rational(domain.lower()[input]);
        let is_integer = problem.integer().contains(&input);
        volume * if is_integer { width + RBig::ONE } else { width }
    })
}

/// Whether a point lies in a box but on none of its sides.
fn is_within(part: &IntervalBox, whole: &IntervalBox, problem: &Problem, point: &[f64]) -> bool {
    (0..point.len()).all(|input| {
        let (low, high) = (part.lower()[input], part.upper()[input]);
        let is_point = whole.lower()[input] == whole.upper()[input];
        let has_sides = !is_point && !problem.integer().contains(&input);
        !has_sides || (low < point[input] && point[input] < high)
    })
}

/// Whether a point meets all constraints, exactly.
fn is_feasible(problem: &Problem, point: &[f64]) -> bool {
    let values = exact_values(problem.graph(), point);
    let rows = &values[problem.rows().index()];
    let part = problem.whole().expect("whole numbers");
    rows.iter().zip(&part.rows).skip(1).all(|(value, limit)| {
        let (low, high) = (limit.lower(), limit.upper());
        (low.is_infinite() || rational(low) <= *value)
            && (high.is_infinite() || *value <= rational(high))
    })
}

#[test]
fn the_boxes_of_a_search_are_its_domain() {
    let mut fates: HashMap<Fate, usize> = HashMap::new();
    let (mut checked, mut without) = (0, 0);
    for seed in 0..CASES {
        let case = exact::random_case(seed);
        let Some(question) = build::question(&case) else { continue };
        let problem = build::problem(&case, question);
        let Some(whole) = problem.integral_domain() else { continue };
        let (boxes, status) = boxes(&problem, 1);
        if boxes.is_empty() {
            // What bounds or constraints alone exclude is not searched.
            assert_eq!(status, Status::Infeasible, "seed {seed}");
            without += 1;
            continue;
        }
        assert_eq!(boxes, self::boxes(&problem, 2).0, "seed {seed}: on two threads");
        let sum =
            boxes.iter().fold(RBig::ZERO, |sum, part| sum + volume(&problem, whole, &part.domain));
        assert_eq!(sum, volume(&problem, whole, whole), "seed {seed}");
        for point in points(&case, seed, 40) {
            let point = problem.nearest_input(&point).expect("whole numbers");
            let holders = || boxes.iter().filter(|part| part.domain.contains(&point));
            assert!(holders().next().is_some(), "seed {seed}: no box holds {point:?}");
            let inner = holders().filter(|part| is_within(&part.domain, whole, &problem, &point));
            assert!(inner.count() <= 1, "seed {seed}: several boxes hold {point:?}");
            for part in holders().filter(|part| part.fate == Fate::Empty) {
                assert!(!is_feasible(&problem, &point), "seed {seed}: {point:?} in {part:?}");
                checked += 1;
            }
        }
        boxes.iter().for_each(|part| *fates.entry(part.fate).or_default() += 1);
    }
    let all = [Fate::Bounded, Fate::Solved, Fate::Empty, Fate::Cut, Fate::Open];
    for fate in all {
        assert!(fates.get(&fate).is_some_and(|&count| count > 5), "{fate:?}: {fates:?}");
    }
    assert!(checked > 20 && without < CASES / 10, "{checked} in empty boxes, {without} without");
}
