//! The language of questions: what a text means, against the same in Rust; what each method
//! answers, against the others and against many points.

use std::sync::Arc;

use ndarray::{Array1, Array2};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use taut::control::Silent;
use taut::network::{Activation, DenseLayer, Network};
use taut::num::IntervalBox;
use taut::num::random::uniform;
use taut::optimize::{Answer, Method, OptimizeError, OptimizeOptions, Status, optimize};
use taut::problem::{Problem, QuestionText, Sense};
use taut::tighten::Tightening;

/// A question as text, and what it means.
struct Asked {
    sense: Sense,
    objective: &'static str,
    constraints: &'static [&'static str],
    value: fn(&[f64], &[f64]) -> f64,
    holds: fn(&[f64], &[f64]) -> bool,
}

const fn least(objective: &'static str, value: fn(&[f64], &[f64]) -> f64) -> Asked {
    Asked { sense: Sense::Minimize, objective, constraints: &[], value, holds: |_, _| true }
}

const fn where_(
    constraints: &'static [&'static str],
    holds: fn(&[f64], &[f64]) -> bool,
    objective: &'static str,
    value: fn(&[f64], &[f64]) -> f64,
) -> Asked {
    Asked { sense: Sense::Minimize, objective, constraints, value, holds }
}

const fn largest(asked: Asked) -> Asked {
    Asked { sense: Sense::Maximize, ..asked }
}

fn max(list: &[f64]) -> f64 {
    list.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn min(list: &[f64]) -> f64 {
    list.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Meanings are written by hand, in Rust, beside the text.
const QUESTIONS: &[Asked] = &[
    least("abs(y0 - 0.5)", |_, y| (y[0] - 0.5).abs()),
    largest(least("abs(y0 - 0.5)", |_, y| (y[0] - 0.5).abs())),
    least("max(y)", |_, y| max(y)),
    largest(least("min(y0, y1 + x0, 2)", |x, y| min(&[y[0], y[1] + x[0], 2.0]))),
    largest(least("max(y) - min(y)", |_, y| max(y) - min(y))),
    least("sum(y) / 2 - (x0 - 3) * 0.25", |x, y| y.iter().sum::<f64>() / 2.0 - (x[0] - 3.0) * 0.25),
    least("sum(x[0:2]) + 2 (y[1] + y[2])", |x, y| x[0] + x[1] + 2.0 * (y[1] + y[2])),
    least("dist1(x, [0.25, -0.5]) + y0", |x, y| (x[0] - 0.25).abs() + (x[1] + 0.5).abs() + y[0]),
    least("distinf(y, [1, 0, -1])", |_, y| {
        max(&[(y[0] - 1.0).abs(), y[1].abs(), (y[2] + 1.0).abs()])
    }),
    least("relu(y0 - y1) + relu(y1 - y2) * 3", |_, y| {
        (y[0] - y[1]).max(0.0) + 3.0 * (y[1] - y[2]).max(0.0)
    }),
    least("max(abs(x - 0.5)) - y[0]", |x, y| max(&[(x[0] - 0.5).abs(), (x[1] - 0.5).abs()]) - y[0]),
    least("max(abs(y0), max(y1, -y2) - abs(x1 - abs(x0)))", |x, y| {
        max(&[y[0].abs(), max(&[y[1], -y[2]]) - (x[1] - x[0].abs()).abs()])
    }),
    where_(&["abs(y0 - y1) <= 0.75"], |_, y| (y[0] - y[1]).abs() <= 0.75, "y2", |_, y| y[2]),
    where_(&["abs(y0 - y1) >= 0.75"], |_, y| (y[0] - y[1]).abs() >= 0.75, "y2", |_, y| y[2]),
    where_(&["y0 <= y1 <= y2"], |_, y| y[0] <= y[1] && y[1] <= y[2], "x0", |x, _| x[0]),
    where_(
        &["1 >= y0 - y1 >= -0.5"],
        |_, y| (-0.5..=1.0).contains(&(y[0] - y[1])),
        "x1",
        |x, _| x[1],
    ),
    where_(
        &["y0 <= -0.5 or y1 >= 0.5 and x0 <= 0"],
        |x, y| y[0] <= -0.5 || (y[1] >= 0.5 && x[0] <= 0.0),
        "y2 + x1",
        |x, y| y[2] + x[1],
    ),
    where_(
        &["(y0 <= -0.5 or y1 >= 0.5) and x0 <= 0"],
        |x, y| (y[0] <= -0.5 || y[1] >= 0.5) && x[0] <= 0.0,
        "y2 + x1",
        |x, y| y[2] + x[1],
    ),
    where_(&["argmax(y) == 1"], |_, y| max(y) == y[1], "y1 - y0", |_, y| y[1] - y[0]),
    where_(
        &["argmax(y) != 1"],
        |_, y| max(&[y[0], y[2]]) >= y[1],
        "dist1(x, 0.1)",
        |x, _| (x[0] - 0.1).abs() + (x[1] - 0.1).abs(),
    ),
    where_(
        &["distinf(x, [0, 0]) >= 0.5", "x0 = x1 or x0 = -x1"],
        |x, _| max(&[x[0].abs(), x[1].abs()]) >= 0.5 && x[0].abs() == x[1].abs(),
        "y0",
        |_, y| y[0],
    ),
    where_(&["max(y) <= -3"], |_, y| max(y) <= -3.0, "y0", |_, y| y[0]),
    where_(&["min(x) >= 2 or max(x0, 7) <= 3"], |_, _| false, "y0", |_, y| y[0]),
];

/// Three outputs of two inputs, two layers of five neurons; weights are multiples of 1/8.
fn network(seed: u64) -> Network {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut weight = move || ((uniform(&mut random) - 0.5) * 16.0).round() / 8.0;
    let mut layer = |rows: usize, columns: usize, activation| DenseLayer {
        weights: Array2::from_shape_simple_fn((rows, columns), &mut weight),
        bias: Array1::from_shape_simple_fn(rows, &mut weight),
        activation,
    };
    let layers = vec![
        layer(5, 2, Activation::Relu),
        layer(5, 5, Activation::Relu),
        layer(3, 5, Activation::Linear),
    ];
    Network::dense("small", layers).expect("a network")
}

fn problem(asked: &Asked, seed: u64) -> Problem {
    let question = QuestionText {
        sense: asked.sense,
        objective: Some(asked.objective.to_string()),
        constraints: asked.constraints.iter().map(|text| text.to_string()).collect(),
        ..QuestionText::default()
    };
    let domain = IntervalBox::new(vec![-1.0; 2], vec![1.0; 2]).expect("a box");
    let problem = Problem::parse(network(seed), domain, &question);
    problem.unwrap_or_else(|error| panic!("{error}"))
}

/// 400 points of the box; a fifth of them on the diagonals.
fn points() -> Vec<[f64; 2]> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut coordinate = move || 2.0 * uniform(&mut random) - 1.0;
    let points = (0..400).map(|index| match (index % 10, coordinate(), coordinate()) {
        (0, x, _) => [x, x],
        (1, x, _) => [x, -x],
        (_, x, y) => [x, y],
    });
    points.collect()
}

#[test]
fn texts_mean_what_they_say() {
    for (asked, seed) in QUESTIONS.iter().zip(0..) {
        let problem = problem(asked, seed);
        for x in points() {
            let point = problem.evaluate(x.to_vec());
            let (expected, text) = ((asked.value)(&x, &point.output), asked.objective);
            let error = (point.objective - expected).abs();
            assert!(error <= 1e-12 * (1.0 + expected.abs()), "{text} at {x:?}");
            let holds = (asked.holds)(&x, &point.output);
            assert_eq!(point.exact, holds, "{:?} at {x:?}", asked.constraints);
        }
    }
}

/// Ways to answer: with other bounds too, which take the constraints in.
fn ways() -> Vec<OptimizeOptions> {
    let of = |method| OptimizeOptions { method, ..OptimizeOptions::default() };
    let milp = |tighten| OptimizeOptions { tighten, ..of(Method::Milp) };
    let tightenings =
        [Tightening::LinearPrograms, Tightening::MixedIntegerPrograms, Tightening::Search];
    let milps = tightenings.map(milp);
    [of(Method::Auto), of(Method::Search), of(Method::Enumerate)].into_iter().chain(milps).collect()
}

fn answer(problem: &Problem, options: &OptimizeOptions) -> Option<Answer> {
    match optimize(problem, options, &mut Silent) {
        // Regions cut by outputs are no regions.
        Err(OptimizeError::Regions(_)) if options.method == Method::Enumerate => None,
        answer => Some(answer.unwrap_or_else(|error| panic!("{error}"))),
    }
}

#[test]
fn methods_agree_on_every_question() {
    for (asked, seed) in QUESTIONS.iter().zip(0..) {
        let problem = problem(asked, seed);
        let text = format!("{} where {:?}", asked.objective, asked.constraints);
        let cost = |value: f64| asked.sense.signed(value);
        let mut known: Option<Option<f64>> = None;
        for options in ways() {
            let Some(answer) = answer(&problem, &options) else { continue };
            let name = options.method.name();
            let expected =
                if answer.objective.is_some() { Status::Optimal } else { Status::Infeasible };
            assert_eq!(answer.status, expected, "{text}, {name}");
            match (&known, answer.objective) {
                (None, found) => known = Some(found),
                (Some(None), found) => assert_eq!(found, None, "{text}, {name}"),
                (Some(Some(known)), found) => {
                    let found = found.unwrap_or(f64::NAN);
                    assert!((found - known).abs() <= 3e-4 * (1.0 + known.abs()), "{text}, {name}");
                }
            }
            let bound = answer.bound.map_or(f64::INFINITY, cost);
            for x in points() {
                let point = problem.evaluate(x.to_vec());
                let is_beaten =
                    point.exact && cost((asked.value)(&x, &point.output)) < bound - 1e-9;
                assert!(!is_beaten, "{text}, {name}: {bound} is no bound, {x:?} is better");
            }
        }
    }
}

/// What is refused, and what the message has to say.
#[test]
fn what_is_not_piecewise_linear_or_no_question_is_refused() {
    let refused: &[(&str, &str)] = &[
        ("y0 * y1 <= 1", "column 4: a product of two variables is not piecewise linear"),
        ("1 / y0 <= 1", "column 3: a number over a variable is not piecewise linear"),
        ("y0 / 0 <= 1", "column 4: a division by 0"),
        ("y0^2 <= 1", "column 3: found '^': powers are not piecewise linear"),
        ("exp(y0) <= 1", "column 1: unknown function 'exp'; those that are piecewise linear: abs"),
        ("|y0| <= 1", "column 1: found '|'; absolute values are written abs( )"),
        ("abs(y0 <= 1", "column 12: the text ends; expected ')'"),
        ("abs(y0, y1) <= 1", "column 1: abs: found 2 arguments; expected abs(number)"),
        ("(y0 + y1)) <= 1", "column 10: found ')', expected the end of the constraint"),
        ("y0 != 1", "column 4: found '!=', which leaves out single values"),
        ("y0 < 1", "column 4: found '<', a strict relation; use <="),
        ("argmax(y) == 3", "column 11: argmax is compared with a whole number, 0 to 2"),
        ("argmax(y) <= 1", "column 11: found '<=', expected == or != behind argmax( )"),
        ("max(y) + 1", "column 11: the text ends; expected <=, >= or ="),
        ("y <= 1", "column 1: found a list, expected a number to compare"),
        ("dist1(x, [1, 2, 3]) <= 1", "lists of different lengths, 2 and 3"),
        ("x[0:3] <= 1", "column 1: x[0:3] is no range of 2 inputs, x0 to x1"),
        ("y0 <= 1 or y1", "column 12: found a number, expected a condition"),
        ("sum(y0 <= 1) <= 2", "column 1: sum: found a condition; expected sum(numbers or lists)"),
        ("1 <= y0 >= 2", "column 9: found '>=', expected the end of the constraint"),
        ("max(1, 2) <= y0 - y0", "no variable is left"),
        ("1e308 * 10 * y0 <= 1", "its numbers add up to more than 1.8e308"),
    ];
    let network = Arc::new(network(0));
    let domain = || IntervalBox::new(vec![-1.0; 2], vec![1.0; 2]).expect("a box");
    let message = |constraint: String| {
        let constraints = vec![constraint];
        let objective = Some("y0".to_string());
        let question = QuestionText { objective, constraints, ..QuestionText::default() };
        Problem::parse(network.clone(), domain(), &question).expect_err("no question").to_string()
    };
    for (text, expected) in refused {
        let found = message(text.to_string());
        assert!(found.contains(expected), "{found}; expected {expected}");
    }
    for deep in ["(".repeat(100_000), "-".repeat(100_000), "abs(".repeat(100_000)] {
        let found = message(deep + "y0");
        assert!(found.ends_with("nested more than 64 deep"), "{}", &found[found.len() - 60..]);
    }
}
