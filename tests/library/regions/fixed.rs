//! Constraints on inputs whose interval is a single number: they hold or fail, and cut nothing.

use ndarray::{Array2, arr1, arr2};
use taut::control::Silent;
use taut::network::{Activation, DenseLayer, Network};
use taut::num::IntervalBox;
use taut::optimize::{self, OptimizeOptions, Status, optimize};
use taut::problem::{Problem, QuestionText, Sense};
use taut::regions::{Method, RegionError, RegionOptions, count};

/// `max(x0 + ½ x', 0) + max(x0 − ½ x', 0) + Σ max(xⱼ, 0)` with `free` inputs in `[−1, 1]`, behind
/// them `x' = 1` and one more that is 0.1. By hand: x0 bends at ±½ and the others at 0, so there
/// are `3 · 2^(free − 1)` regions, and the largest value is `2 + free − 1`.
fn problem(free: usize, constraints: &[&str]) -> Problem {
    let mut weights = Array2::zeros((free + 1, free + 2));
    for (neuron, sign) in [1.0, -1.0].into_iter().enumerate() {
        (weights[[neuron, 0]], weights[[neuron, free]]) = (1.0, 0.5 * sign);
    }
    (1..free).for_each(|j| weights[[j + 1, j]] = 1.0);
    let bias = arr1(&vec![0.0; free + 1]);
    let hidden = DenseLayer { weights, bias, activation: Activation::Relu };
    let weights = Array2::ones((1, free + 1));
    let output = DenseLayer { weights, bias: arr1(&[0.0]), activation: Activation::Linear };
    let network = Network::dense("fixed", vec![hidden, output]).expect("a network");
    let ends = |end: f64| [vec![end; free], vec![1.0, 0.1]].concat();
    let domain = IntervalBox::new(ends(-1.0), ends(1.0)).expect("a box");
    let constraints = constraints.iter().map(|text| name(text, free)).collect();
    let question = QuestionText { sense: Sense::Maximize, constraints, ..QuestionText::default() };
    Problem::parse(network, domain, &question).expect("a problem")
}

/// Of the fixed inputs, `a` is 1 and `b` is 0.1.
fn name(text: &str, free: usize) -> String {
    text.replace('a', &format!("x{free}")).replace('b', &format!("x{}", free + 1))
}

fn counted(problem: &Problem, method: Method) -> Result<u64, RegionError> {
    let options = RegionOptions { method, samples: 500, ..RegionOptions::default() };
    let found = count(problem, &options)?;
    Ok(if method == Method::Sample { found.at_least } else { found.patterns.expect("a count") })
}

/// All that have a number of their own.
fn methods(free: usize) -> Vec<Method> {
    let planar = (free == 2).then_some(Method::Planar);
    [Method::Auto, Method::Enumerate].into_iter().chain(planar).collect()
}

/// In rational arithmetic, of the numbers that 0.1 and 0.3 are stored as: `3 b > 0.3`.
const HOLD: [&[&str]; 10] = [
    &["a >= 1"],
    &["a <= 1"],
    &["a = 1"],
    &["1 <= a <= 2", "-1 <= a <= 1"],
    &["a - 10 b <= 0"],
    &["3 b >= 0.3"],
    &["b = 0.1", "2 b - 0.2 >= 0"],
    &["x0 + a - x0 >= 1"],
    &["a + b - b - 2 a = -1"],
    &["a >= 0.5", "b <= 0.5"],
];

const FAIL: [&str; 6] =
    ["a >= 1.5", "a = 0.5", "0 <= a <= 0.5", "3 b <= 0.3", "10 b - a <= 0", "x0 - a - x0 >= 0"];

#[test]
fn one_that_holds_cuts_nothing() {
    for constraints in HOLD {
        for free in 1..=3 {
            let (problem, expected) = (problem(free, constraints), 3 << (free - 1));
            for method in methods(free).into_iter().chain([Method::Sample]) {
                let found = counted(&problem, method);
                assert_eq!(found, Ok(expected), "{constraints:?}, {free} free, {method:?}");
            }
            let options = RegionOptions { method: Method::Bounds, ..RegionOptions::default() };
            assert_eq!(count(&problem, &options).expect("bounds").at_least, 1);
            let options = RegionOptions { pieces: true, ..RegionOptions::default() };
            let pieces = count(&problem, &options).expect("a count").pieces;
            assert_eq!(pieces, Some(expected), "{constraints:?}, {free} free");
        }
    }
}

#[test]
fn one_that_fails_leaves_nothing() {
    for constraint in FAIL {
        for free in 1..=3 {
            let problem = problem(free, &["x0 <= 0.75", constraint, "a = 1"]);
            for method in methods(free) {
                let found = counted(&problem, method);
                assert_eq!(found, Err(RegionError::NoInterior), "{constraint}, {free} free");
            }
            assert_eq!(counted(&problem, Method::Sample), Ok(0), "{constraint}, {free} free");
        }
    }
}

#[test]
fn fixed_terms_shift_what_the_others_cut() {
    // By hand: x0 ≥ −a + 1 = 0 leaves the bend at ½ of the two, and x0 ≤ ½ no second region
    // beside it.
    for (constraints, of_first) in [
        (&["x0 + a >= 1", "a = 1"][..], 2),
        (&["x0 + a >= 1", "2 x0 - a <= 0", "10 b >= 1"][..], 1),
    ] {
        for free in 1..=3 {
            for method in methods(free) {
                let found = counted(&problem(free, constraints), method);
                assert_eq!(found, Ok(of_first << (free - 1)), "{constraints:?}, {free} free");
            }
        }
    }
}

#[test]
fn a_box_of_one_point_has_one_region() {
    for (constraint, expected) in [
        ("x0 >= 1", Ok(1)),
        ("x0 = 1", Ok(1)),
        ("0 <= 2 x0 <= 2", Ok(1)),
        ("x0 >= 0", Ok(1)),
        ("x0 <= 0.5", Err(RegionError::NoInterior)),
    ] {
        let (weights, bias) = (arr2(&[[1.0]]), arr1(&[0.0]));
        let layer = DenseLayer { weights, bias, activation: Activation::Relu };
        let network = Network::dense("ramp", vec![layer]).expect("a network");
        let domain = IntervalBox::new(vec![1.0], vec![1.0]).expect("a box");
        let constraints = vec![constraint.to_string()];
        let question = QuestionText { constraints, ..QuestionText::default() };
        let problem = Problem::parse(network, domain, &question).expect("a problem");
        assert_eq!(counted(&problem, Method::Auto), expected, "{constraint}");
        let answer = optimize(&problem, &enumerating(), &mut Silent);
        let answer = answer.expect("an answer");
        if expected.is_ok() {
            assert_eq!((answer.status, answer.nodes), (Status::Optimal, 1), "{constraint}");
            assert!((answer.objective.expect("a value") - 1.0).abs() < 1e-9, "{constraint}");
        }
    }
}

#[test]
fn the_best_value_is_found_under_those_that_hold() {
    for constraints in HOLD {
        for free in 1..=3 {
            let problem = problem(free, constraints);
            let answer = optimize(&problem, &enumerating(), &mut Silent);
            let answer = answer.expect("an answer");
            assert_eq!(answer.status, Status::Optimal, "{constraints:?}: {:?}", answer.warnings);
            let objective = answer.objective.expect("a value");
            assert!((objective - (1.0 + free as f64)).abs() < 1e-9, "{objective}, {free} free");
        }
    }
}

fn enumerating() -> OptimizeOptions {
    OptimizeOptions { method: optimize::Method::Enumerate, ..OptimizeOptions::default() }
}
