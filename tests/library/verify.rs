//! Properties: verdicts against answers by hand, exact enumeration, and formulas of propositional
//! logic whose truth is told by trying all values.

use std::sync::Arc;

use ndarray::{Array1, Array2, arr1, arr2};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use taut::control::{Clock, Limits, Silent};
use taut::io::vnnlib;
use taut::network::{Activation, DenseLayer, Metadata, Network, Precision};
use taut::num::IntervalBox;
use taut::num::random::{index, uniform};
use taut::optimize::{Method, OptimizeOptions, optimize};
use taut::problem::{Problem, QuestionText};
use taut::verify::{
    Counterexample, Norm, Property, PropertyError, Robustness, Stage, Unknown, Verdict, Verified,
    VerifyOptions, verify,
};

fn layer(weights: Array2<f64>, bias: Array1<f64>, activation: Activation) -> DenseLayer {
    DenseLayer { weights, bias, activation }
}

fn of(layers: Vec<DenseLayer>, precision: Precision) -> Network {
    let network = Network::dense("net", layers).expect("a network");
    network.with_metadata(Metadata { precision, ..Metadata::default() }).expect("metadata")
}

/// `y₀ = relu(x₀) − relu(x₁)`, `y₁ = relu(x₁)`.
fn small() -> Network {
    let hidden = layer(arr2(&[[1.0, 0.0], [0.0, 1.0]]), arr1(&[0.0, 0.0]), Activation::Relu);
    let outputs = layer(arr2(&[[1.0, -1.0], [0.0, 1.0]]), arr1(&[0.0, 0.0]), Activation::Linear);
    of(vec![hidden, outputs], Precision::F64)
}

/// A query in version 1.0 about so many inputs and outputs, with these assertions.
fn query(inputs: usize, outputs: usize, assertions: &str) -> vnnlib::Query {
    let mut text = String::new();
    (0..inputs).for_each(|i| text += &format!("(declare-const X_{i} Real)\n"));
    (0..outputs).for_each(|i| text += &format!("(declare-const Y_{i} Real)\n"));
    text += assertions;
    vnnlib::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Bounds of so many inputs, all alike.
fn within(inputs: usize, lower: &str, upper: &str) -> String {
    let bounds =
        (0..inputs).map(|i| format!("(assert (>= X_{i} {lower}))(assert (<= X_{i} {upper}))\n"));
    bounds.collect()
}

fn verified(network: Network, query: &vnnlib::Query) -> Verified {
    let property = Property::new(network, query).unwrap_or_else(|error| panic!("{error}"));
    let options = VerifyOptions::default();
    let found = verify(&property, &options, &Clock::unlimited(), &mut Silent);
    found.unwrap_or_else(|error| panic!("{error}"))
}

fn verdict(assertions: &str) -> Verdict {
    let text = within(2, "-1", "1") + assertions;
    verified(small(), &query(2, 2, &text)).verdict
}

fn is_violated(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Violated(_))
}

/// By hand: y₀ lies between −1 and 1, y₁ between 0 and 1, y₀ + y₁ = relu(x₀).
#[test]
fn verdicts_of_a_network_by_hand() {
    let sat = [
        "(assert (<= Y_0 -1))",
        "(assert (>= Y_0 0.999))",
        "(assert (and (>= Y_0 0.5) (>= Y_1 0.5)))(assert (<= X_0 1))",
        "(assert (or (>= Y_0 2) (<= Y_0 -0.5)))",
        "(assert (<= (+ Y_0 Y_1) 0))(assert (>= Y_1 0.25))",
        "(assert (== Y_1 0.25))",
        "(assert (> Y_1 0))(assert (< Y_1 0.125))",
        "(assert (!= Y_1 0))",
        "(assert (>= Y_1 (* 2 X_0)))(assert (>= X_0 0.25))",
    ];
    let unsat = [
        "(assert (<= Y_0 -1.001))",
        "(assert (>= (+ Y_0 Y_1) 1.5))",
        "(assert (and (>= Y_0 0.75) (>= Y_1 0.5)))",
        "(assert (or (>= Y_0 2) (<= Y_1 -0.5)))",
        "(assert (>= Y_1 (+ X_1 0.5)))(assert (>= X_1 0))",
        "(assert (>= X_0 2))",
        "(assert (or (and (>= X_0 0.5) (<= Y_0 -0.75)) (and (<= X_0 -0.5) (>= Y_0 0.25))))",
    ];
    // y₀ = 0.5 and y₁ = 0.5 where x = (1, 0.5) only; what is strict leaves nothing of it.
    for assertions in sat {
        assert!(is_violated(&verdict(assertions)), "{assertions}: {:?}", verdict(assertions));
    }
    for assertions in unsat {
        assert_eq!(verdict(assertions), Verdict::Holds, "{assertions}");
    }
}

/// By hand: y₁ ≥ 1 at x₁ = 1 only, and y₁ > 1 nowhere, which its closed form does not tell.
#[test]
fn what_lies_on_the_border_is_not_guessed() {
    let Verdict::Violated(Counterexample { input, output }) = verdict("(assert (>= Y_1 1))") else {
        panic!("a point on the border")
    };
    assert_eq!((input[1], output[1]), (1.0, 1.0));
    let strict = verdict("(assert (> Y_1 1))");
    assert_eq!(strict, Verdict::Unknown(Unknown::Border));
    // A border does not keep others from being looked at.
    assert!(is_violated(&verdict("(assert (or (> Y_1 1) (>= Y_0 0.99)))")));
    let both = verdict("(assert (or (> Y_1 1) (>= Y_0 1.5)))");
    assert_eq!(both, Verdict::Unknown(Unknown::Border));
}

/// By hand: `(x + 10⁸) − 10⁸` is `x`, and in single precision 0.
#[test]
fn a_point_that_is_none_in_the_type_of_the_network_is_no_verdict() {
    let one = |bias: f64| layer(arr2(&[[1.0]]), arr1(&[bias]), Activation::Relu);
    let network = |precision| of(vec![one(1e8), one(-1e8)], precision);
    let text = within(1, "0", "1") + "(assert (>= Y_0 0.25))(assert (<= Y_0 0.3))";
    let query = query(1, 1, &text);
    let single = verified(network(Precision::F32), &query).verdict;
    let Verdict::Unknown(Unknown::Disagreement(point)) = single else { panic!("{single:?}") };
    assert_eq!(point.output, [0.0]);
    assert!(is_violated(&verified(network(Precision::F64), &query).verdict));
}

/// 0.1 is no binary number: the largest of single precision below it is the input, and its text
/// is at most 0.1.
/// By hand: of `y = relu(x)` in single precision the middle of the box, which comes first, has
/// exactly the limit, and 1 is as far from it as can be. Where there is nothing but the limit, it
/// has to do.
#[test]
fn points_with_a_margin_go_first() {
    let relu = || {
        let layers = vec![layer(arr2(&[[1.0]]), arr1(&[0.0]), Activation::Relu)];
        of(layers, Precision::F32)
    };
    let output = |assertion: &str| {
        let query = query(1, 1, &(within(1, "0", "1") + assertion));
        match verified(relu(), &query).verdict {
            Verdict::Violated(Counterexample { output, .. }) => output[0],
            other => panic!("{assertion}: {other:?}"),
        }
    };
    assert!(output("(assert (>= Y_0 0.5))") > 0.5 + 1e-6);
    assert_eq!(output("(assert (>= Y_0 1))"), 1.0);
    assert_eq!(output("(assert (== Y_0 0.25))"), 0.25);
}

#[test]
fn inputs_keep_their_decimal_bounds() {
    let identity = layer(arr2(&[[1.0]]), arr1(&[0.0]), Activation::Relu);
    let network = of(vec![identity], Precision::F32);
    let text = "(assert (>= X_0 0.05))(assert (<= X_0 0.1))(assert (>= Y_0 0.09999999))";
    let verdict = verified(network, &query(1, 1, text)).verdict;
    let Verdict::Violated(point) = verdict else { panic!("{verdict:?}") };
    assert_eq!(f64::from(point.input[0] as f32), point.input[0]);
    assert!(point.input[0] < 0.1 && point.input[0] > 0.0999999);
}

/// By hand: y = x = 0.1 over the real numbers, and 0.1 is no binary number.
#[test]
fn an_input_without_a_number_has_no_point_to_show() {
    let identity = || layer(arr2(&[[1.0]]), arr1(&[0.0]), Activation::Relu);
    let bounds = "(assert (>= X_0 0.1))(assert (<= X_0 0.1))";
    let verdict = |assertion: &str| {
        let query = query(1, 1, &(bounds.to_string() + assertion));
        verified(of(vec![identity()], Precision::F32), &query).verdict
    };
    assert_eq!(verdict("(assert (>= Y_0 0.05))"), Verdict::Unknown(Unknown::NoNumber));
    assert_eq!(verdict("(assert (>= Y_0 0.15))"), Verdict::Holds);
}

/// Twelve disjunctions of ten are 10¹² conjunctions: `or (y₀ ≥ −k/10 …)` all hold at x = 0.
#[test]
fn clauses_are_not_multiplied_out() {
    let clause = |offset: usize| {
        let atoms = (0..10).map(|k| format!("(>= Y_0 {})", 2.0 + (k + offset) as f64 / 10.0));
        let easy = "(<= Y_1 0.25)";
        format!("(assert (or {} {easy}))", atoms.collect::<String>())
    };
    let all: String = (0..12).map(clause).collect();
    assert!(is_violated(&verdict(&all)));
    let none = all + "(assert (>= Y_1 0.5))";
    assert_eq!(verdict(&none), Verdict::Holds);
}

/// The bound over all of the box is told by hand: y₀ ≤ 1 < 3.
#[test]
fn the_first_stage_that_knows_decides() {
    let far = verified(small(), &query(2, 2, &(within(2, "-1", "1") + "(assert (>= Y_0 3))")));
    let stages: Vec<Stage> = far.stages.iter().map(|stage| stage.stage).collect();
    assert_eq!((far.verdict, stages), (Verdict::Holds, vec![Stage::Bounds]));
    let none = verified(
        small(),
        &query(
            2,
            2,
            "(assert (>= X_0 1))(assert (<= X_0 0))\n(assert (>= X_1 1))(assert (<= X_1 1))(assert (<= Y_0 0))",
        ),
    );
    assert_eq!((none.verdict, none.parts), (Verdict::Holds, 0));
}

#[test]
fn queries_that_do_not_fit_are_refused() {
    let refused = |inputs, outputs, assertions: &str| -> PropertyError {
        Property::new(small(), &query(inputs, outputs, assertions)).expect_err("no property")
    };
    let three = refused(3, 2, &(within(3, "0", "1") + "(assert (<= Y_0 0))"));
    assert_eq!(
        three.to_string(),
        "line 3, column 16: the query declares 3 inputs; the network has 2"
    );
    let one = refused(2, 1, &(within(2, "0", "1") + "(assert (<= Y_0 0))"));
    assert_eq!(
        one.to_string(),
        "line 3, column 16: the query declares 1 output; the network has 2"
    );
    let open = refused(2, 2, "(assert (>= X_0 0))(assert (<= Y_0 0))");
    assert!(open.to_string().contains("has no"), "{open}");
}

/// `Σ min(x, 1 − x) + Σ relu(1 − Σ literals)` is 0 exactly where all `x` are 0 or 1 and satisfy
/// all clauses: isolated points, which sampling does not find.
fn of_clauses(variables: usize, clauses: &[[i32; 3]]) -> Network {
    let rows = 2 * variables + clauses.len();
    let mut weights = Array2::zeros((rows, variables));
    let mut bias = Array1::zeros(rows);
    for i in 0..variables {
        (weights[[i, i]], bias[i]) = (2.0, -1.0);
        weights[[variables + i, i]] = 1.0;
    }
    for (row, clause) in (2 * variables..).zip(clauses) {
        bias[row] = 1.0;
        for literal in clause {
            let variable = literal.unsigned_abs() as usize - 1;
            weights[[row, variable]] = -f64::from(literal.signum());
            bias[row] -= if *literal < 0 { 1.0 } else { 0.0 };
        }
    }
    let sum = Array2::from_shape_fn((1, rows), |(_, row)| if row < variables { -1.0 } else { 1.0 });
    let hidden = layer(weights, bias, Activation::Relu);
    of(vec![hidden, layer(sum, arr1(&[0.0]), Activation::Linear)], Precision::F32)
}

/// Three different variables, each negated or not.
fn random_clause(random: &mut ChaCha8Rng, variables: usize) -> [i32; 3] {
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < 3 {
        let variable = index(random, variables) + 1;
        if !chosen.contains(&variable) {
            chosen.push(variable);
        }
    }
    [0, 1, 2].map(|place| {
        let sign = if uniform(random) < 0.5 { -1 } else { 1 };
        sign * i32::try_from(chosen[place]).expect("a small number")
    })
}

fn is_satisfiable(variables: usize, clauses: &[[i32; 3]]) -> bool {
    (0_u32..1 << variables).any(|values| {
        let holds = |literal: &i32| {
            let value = values >> (literal.unsigned_abs() - 1) & 1;
            (value == 1) == (*literal > 0)
        };
        clauses.iter().all(|clause| clause.iter().any(holds))
    })
}

#[test]
fn formulas_of_logic_are_decided_right() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let mut counts = [0, 0];
    for case in 0..60 {
        let variables = 4 + case % 7;
        let number = variables * (3 + case % 4);
        let clauses: Vec<[i32; 3]> =
            (0..number).map(|_| random_clause(&mut random, variables)).collect();
        let query = query(variables, 1, &(within(variables, "0", "1") + "(assert (<= Y_0 0))"));
        let verdict = verified(of_clauses(variables, &clauses), &query).verdict;
        let expected = is_satisfiable(variables, &clauses);
        counts[usize::from(expected)] += 1;
        match verdict {
            Verdict::Violated(point) => {
                assert!(expected, "{clauses:?}");
                assert!(point.input.iter().all(|x| [0.0, 1.0].contains(x)), "{point:?}");
            }
            other => assert!(!expected && other == Verdict::Holds, "{other:?}: {clauses:?}"),
        }
    }
    assert!(counts.iter().all(|&count| count > 10), "{counts:?}");
}

/// The least value of `y₀ − y₁` is told by enumeration of all linear regions: a bit below it
/// nothing is found, a bit above something is.
#[test]
fn random_networks_against_enumeration() {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    for case in 0..40 {
        let inputs = 1 + case % 4;
        let mut number = || f64::from((4.0 * uniform(&mut random) - 2.0) as f32);
        let sizes = [inputs, 6, 5, 2];
        let layers = sizes.windows(2).enumerate().map(|(number_of, pair)| {
            let activation = if number_of == 2 { Activation::Linear } else { Activation::Relu };
            layer(
                Array2::from_shape_simple_fn((pair[1], pair[0]), &mut number),
                Array1::from_shape_simple_fn(pair[1], &mut number),
                activation,
            )
        });
        let layers: Vec<DenseLayer> = layers.collect();
        let network = || of(layers.clone(), Precision::F64);
        let domain = IntervalBox::new(vec![-1.0; inputs], vec![1.0; inputs]).expect("a box");
        let question =
            QuestionText { objective: Some("y0 - y1".to_string()), ..QuestionText::default() };
        let problem = Problem::parse(network(), domain, &question).expect("a question");
        let options = OptimizeOptions { method: Method::Enumerate, ..OptimizeOptions::default() };
        let least = optimize(&problem, &options, &mut Silent).expect("an answer").objective;
        let least = least.expect("a value");
        for (offset, expected) in [(-1e-4, false), (1e-4, true)] {
            let text = format!("(assert (<= (- Y_0 Y_1) {:.9}))", least + offset);
            let query = query(inputs, 2, &(within(inputs, "-1", "1") + &text));
            let verdict = verified(network(), &query).verdict;
            assert_eq!(is_violated(&verdict), expected, "{verdict:?}");
            assert!(expected || verdict == Verdict::Holds, "{verdict:?}");
        }
    }
}

#[test]
fn a_limit_is_no_verdict() {
    let limits = Limits::of_time(std::time::Duration::ZERO);
    let mut random = ChaCha8Rng::seed_from_u64(5);
    // So many clauses leave no solution.
    let clauses: Vec<[i32; 3]> = (0..90).map(|_| random_clause(&mut random, 10)).collect();
    assert!(!is_satisfiable(10, &clauses));
    let query = query(10, 1, &(within(10, "0", "1") + "(assert (<= Y_0 0))"));
    let property = Property::new(Arc::new(of_clauses(10, &clauses)), &query).expect("a property");
    let options = VerifyOptions::default();
    let found = verify(&property, &options, &Clock::start(&limits), &mut Silent).expect("an end");
    assert!(matches!(found.verdict, Verdict::Unknown(Unknown::Stopped(_))), "{:?}", found.verdict);
}

/// The least sum of changes is that of an optimisation, which knows nothing of balls.
#[test]
fn sums_of_changes_are_as_an_optimisation_finds_them() {
    let (mut robust, mut broken) = (0, 0);
    for seed in 0..12 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut numbers = |rows, columns| {
            Array2::from_shape_fn((rows, columns), |_| 2.0 * uniform(&mut random) - 1.0)
        };
        let hidden = layer(numbers(8, 3), numbers(8, 1).column(0).to_owned(), Activation::Relu);
        let outputs = layer(numbers(3, 8), numbers(3, 1).column(0).to_owned(), Activation::Linear);
        let network = Arc::new(of(vec![hidden, outputs], Precision::F64));
        let point: Vec<f64> = numbers(3, 1).iter().map(|x| (x * 64.0).round() / 64.0).collect();
        let values = network.evaluate_point(&point);
        let class = (0..3).fold(0, |best, k| if values[k] > values[best] { k } else { best });
        let others: Vec<String> =
            (0..3).filter(|&k| k != class).map(|k| format!("y{class} <= y{k}")).collect();
        let question = QuestionText {
            objective: Some(format!("dist1(x, [{}, {}, {}])", point[0], point[1], point[2])),
            constraints: vec![others.join(" or ")],
            ..QuestionText::default()
        };
        let around = |ends: f64| point.iter().map(|x| x + ends).collect();
        let domain = IntervalBox::new(around(-1.0), around(1.0)).expect("a box");
        let problem = Problem::parse(network.clone(), domain, &question).expect("a problem");
        let options = OptimizeOptions { method: Method::Search, ..OptimizeOptions::default() };
        let answer = optimize(&problem, &options, &mut Silent).expect("an answer");
        let Some(distance) = answer.objective.filter(|distance| *distance < 1.0) else { continue };
        let robustness = Robustness::new(network, &point, class, &[], None).expect("a robustness");
        for (share, holds) in [(0.99, true), (1.01, false)] {
            let property = robustness.within(share * distance, Norm::L1).expect("a property");
            let options = VerifyOptions::default();
            let found = verify(&property, &options, &Clock::unlimited(), &mut Silent);
            match found.expect("a verdict").verdict {
                Verdict::Holds if holds => robust += 1,
                Verdict::Violated(found) if !holds => {
                    let changes = found.input.iter().zip(&point).map(|(a, b)| (a - b).abs());
                    assert!(changes.sum::<f64>() <= share * distance + 1e-12);
                    broken += 1;
                }
                other => panic!("seed {seed}, {share} of {distance}: {other:?}"),
            }
        }
    }
    assert!(robust >= 4 && broken >= 4, "{robust} robust, {broken} broken");
}
