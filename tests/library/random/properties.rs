//! Properties that every random network must have.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use taut::bounds::{NeuronBounds, PROPAGATORS};
use taut::control::Silent;
use taut::encode::{ENCODINGS, Encoder, Triangle, encode};
use taut::milp::check;
use taut::network::Phase;
use taut::num::IntervalBox;
use taut::problem::{Problem, QuestionText, Sense};
use taut::scale::{SCALINGS, scale};
use taut::solve::{Backend, Highs, SolveOptions, TerminationStatus};
use taut::tighten::{Method, TightenOptions, Tightening, tighten};

use crate::exact::{self, Case};
use crate::random::build;
use crate::random::values::{exact_values, rational};

const NETWORKS: u64 = 300;

/// Random points of the case's box, and its corners.
pub fn points(case: &Case, seed: u64, count: usize) -> Vec<Vec<f64>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let bounds: Vec<(f64, f64)> =
        case.lower.iter().copied().zip(case.upper.iter().copied()).collect();
    let corners = (0..1usize << bounds.len()).map(|corner| {
        let side = |(i, &(l, u)): (usize, &(f64, f64))| if corner >> i & 1 == 0 { l } else { u };
        bounds.iter().enumerate().map(side).collect()
    });
    let mut points: Vec<Vec<f64>> = corners.collect();
    for _ in 0..count {
        let coordinate = |&(l, u): &(f64, f64)| {
            let t: f64 = random.random();
            (l + t * (u - l)).clamp(l, u)
        };
        points.push(bounds.iter().map(coordinate).collect());
    }
    points
}

fn domain(case: &Case) -> IntervalBox {
    IntervalBox::new(case.lower.clone(), case.upper.clone()).expect("a box")
}

#[test]
fn bounds_contain_the_exact_values() {
    let mut checked = 0;
    for seed in 0..NETWORKS {
        let case = exact::random_case(seed);
        let Some(problem) = unconstrained(&case) else { continue };
        let graph = problem.graph();
        let all: Vec<NeuronBounds> =
            Tightening::all().into_iter().map(|method| bounds_by(method, &problem)).collect();
        for point in points(&case, seed, 20) {
            let values = exact_values(graph, &point);
            for (method, bounds) in Tightening::all().into_iter().zip(&all) {
                let name = method.name();
                for (id, _) in graph.nodes() {
                    for (index, value) in values[id.index()].iter().enumerate() {
                        let interval = bounds.of(id).interval(index);
                        let inside = rational(interval.lower()) <= *value
                            && *value <= rational(interval.upper());
                        assert!(inside, "{name} seed {seed} node {} neuron {index}", id.index());
                        checked += 1;
                    }
                }
            }
        }
    }
    assert!(checked > 200_000, "only {checked} values");
}

#[test]
fn stronger_methods_give_narrower_bounds() {
    let mut gained = vec![0; Tightening::all().len()];
    for seed in 0..NETWORKS {
        let case = exact::random_case(seed);
        let Some(problem) = unconstrained(&case) else { continue };
        let all: Vec<NeuronBounds> =
            Tightening::all().into_iter().map(|method| bounds_by(method, &problem)).collect();
        for (id, _) in problem.graph().nodes() {
            for step in 1..all.len() {
                let (weak, strong) = (all[start_of(step)].of(id), all[step].of(id));
                for index in 0..weak.len() {
                    let (weak, strong) = (weak.interval(index), strong.interval(index));
                    // Programs certified from other multipliers differ in rounding.
                    let slack = 1e-12 * (1.0 + weak.lower().abs() + weak.upper().abs());
                    let inside = strong.lower() >= weak.lower() - slack
                        && strong.upper() <= weak.upper() + slack;
                    assert!(inside, "seed {seed}, method {step}: {strong:?} in {weak:?}");
                    let gain = weak.upper() - weak.lower() - (strong.upper() - strong.lower());
                    gained[step] += usize::from(gain > 1e-6);
                }
            }
        }
    }
    // Otherwise the test would hold of methods that do nothing.
    assert!(gained[1..].iter().all(|&count| count > 20), "{gained:?}");
}

#[test]
fn tightened_bounds_do_not_depend_on_the_number_of_threads() {
    for seed in 0..100 {
        let case = exact::random_case(seed);
        let Some(problem) = unconstrained(&case) else { continue };
        for method in [Method::Linear, Method::Search] {
            let run = |threads| {
                let options = TightenOptions { threads, ..TightenOptions::default() };
                tighten(&problem, problem.whole().expect("a box"), &[method], &options)
                    .expect("bounds")
                    .bounds
            };
            assert_eq!(run(1), run(3), "seed {seed}, {}", method.name());
        }
    }
}

#[test]
fn certification_loses_rounding_errors_only() {
    // Against the optimum that HiGHS reports for the same relaxation; that the
    // bounds are no better than the truth is tested above.
    let mut compared = 0;
    for seed in 0..NETWORKS {
        let case = exact::random_case(seed);
        let Some(problem) = unconstrained(&case) else { continue };
        let graph = problem.graph();
        let options = TightenOptions { slack: 0.0, ..TightenOptions::default() };
        let bounds =
            tighten(&problem, problem.whole().expect("a box"), &[Method::Linear], &options)
                .expect("bounds")
                .bounds;
        for layer in graph.activation_layers().skip(1) {
            let mut encoder = Encoder::new(&problem, problem.whole().expect("a box"));
            for (id, _) in graph.nodes().take(layer.pre_activation.index() + 1) {
                encoder.add(bounds.of(id).clone(), &Triangle).expect("a relaxation");
            }
            for index in 0..graph.size(layer.node) {
                if bounds.phase(layer, index) != Phase::Unstable {
                    continue;
                }
                let mut model = encoder.model().clone();
                model.objective = encoder.expression(layer.pre_activation, index).clone();
                let solution = Highs.solve(&model, &SolveOptions::default(), &mut Silent);
                let optimum = solution.expect("a solution").objective.expect("a value");
                let bound = bounds.pre_activation(layer, index).lower();
                let tight = bound >= optimum - 1e-6 * (1.0 + optimum.abs());
                assert!(tight, "seed {seed}: bound {bound}, optimum {optimum}");
                compared += 1;
            }
        }
    }
    assert!(compared > 200, "only {compared}");
}

/// The method that one of all starts from: the one before, but for the search, which comes
/// behind programs and does without them.
pub fn start_of(method: usize) -> usize {
    let all = Tightening::all();
    match all[method] {
        Tightening::Search => all.iter().position(|m| m.name() == "alpha").expect("a method"),
        _ => method - 1,
    }
}

/// Bounds by a method that leaves out nothing.
fn bounds_by(tightening: Tightening, problem: &Problem) -> NeuronBounds {
    let options = TightenOptions { slack: 0.0, ..TightenOptions::default() };
    tightening.bounds(problem, problem.whole().expect("a box"), &options).expect("bounds").bounds
}

#[test]
fn both_forms_of_a_network_evaluate_alike() {
    for seed in 0..NETWORKS {
        let case = exact::random_case(seed);
        let network = build::network(&case);
        let graph = network.lower().unwrap();
        let points = points(&case, seed, 50);
        let batch = Array2::from_shape_vec((points.len(), case.lower.len()), points.concat());
        let batch = batch.expect("a matrix of points");
        let (as_read, canonical) = (network.evaluate(batch.view()), graph.evaluate(batch.view()));
        for (row, point) in points.iter().enumerate() {
            let expected = exact::evaluate(&case, point);
            for (output, &expected) in expected.iter().enumerate() {
                let allowed = 1e-12 * (1.0 + expected.abs()) * 100.0;
                for found in [as_read[(row, output)], canonical[(row, output)]] {
                    let off = (found - expected).abs();
                    assert!(off <= allowed, "seed {seed}: {found}, expected {expected}");
                }
            }
        }
    }
}

#[test]
fn scaled_networks_are_the_same_in_other_units() {
    let mut moved = 0;
    for seed in 0..NETWORKS {
        let case = exact::random_case(seed);
        let graph = build::network(&case).lower().unwrap();
        let bounds = PROPAGATORS[0].propagate(&graph, &domain(&case)).expect("bounds");
        for &scaling in SCALINGS {
            let scaled = scale(&graph, &bounds, scaling);
            for point in points(&case, seed, 3) {
                let pairs = exact_values(&graph, &point).into_iter();
                let pairs = pairs.zip(exact_values(&scaled.graph, &point)).zip(&scaled.factors);
                for ((old, new), factors) in pairs {
                    for ((old, new), &factor) in old.into_iter().zip(new).zip(factors) {
                        assert_eq!(old * rational(factor), new, "{} {seed}", scaling.name());
                        moved += usize::from(factor != 1.0);
                    }
                }
            }
        }
    }
    assert!(moved > 10_000, "only {moved} values");
}

#[test]
fn encodings_contain_the_graph_of_the_network() {
    for seed in 0..NETWORKS {
        let case = exact::random_case(seed);
        let Some(problem) = unconstrained(&case) else { continue };
        let domain = problem.integral_domain().expect("no integers");
        for &propagator in PROPAGATORS {
            let bounds = propagator.propagate(problem.graph(), domain).expect("bounds");
            for &encoding in ENCODINGS {
                let encoded = encode(&problem, &bounds, encoding).expect("an encoding");
                for point in points(&case, seed, 20) {
                    let mut values = vec![f64::NAN; encoded.model.columns().len()];
                    for (column, value) in encoded.assignment(problem.graph(), &point) {
                        values[column.index()] = value;
                    }
                    let what = format!("{} seed {seed} at {point:?}", encoding.name());
                    assert_eq!(check(&encoded.model, &values, 1e-9), [], "{what}");
                    let objective = encoded.model.objective.evaluate(&values);
                    let expected = problem.evaluate(point).cost;
                    let close = (objective - expected).abs() <= 1e-9 * (1.0 + expected.abs());
                    assert!(close, "{what}: {objective}, expected {expected}");
                }
            }
        }
    }
}

#[test]
fn encodings_contain_nothing_else() {
    // With the inputs fixed, least and largest value are the network's output.
    for seed in 0..60 {
        let case = exact::random_case(seed);
        let Some(problem) = unconstrained(&case) else { continue };
        let domain = problem.integral_domain().expect("no integers");
        for &encoding in ENCODINGS {
            let bounds = PROPAGATORS[0].propagate(problem.graph(), domain).expect("bounds");
            let encoded = encode(&problem, &bounds, encoding).expect("an encoding");
            for point in points(&case, seed, 3).into_iter().rev().take(3) {
                let least = problem.evaluate(point.clone()).cost;
                for sense in [Sense::Minimize, Sense::Maximize] {
                    let mut model = encoded.model.clone();
                    if sense == Sense::Maximize {
                        model.objective = -model.objective;
                    }
                    let expected = sense.signed(least);
                    for (&column, &value) in encoded.inputs.iter().zip(&point) {
                        model.fix(column, value);
                    }
                    let solution = Highs
                        .solve(&model, &SolveOptions::default(), &mut Silent)
                        .expect("a solution");
                    assert_eq!(solution.status, TerminationStatus::Optimal, "seed {seed}");
                    let found = solution.objective.expect("a value");
                    let close = (found - expected).abs() <= 2e-4 * (1.0 + expected.abs());
                    assert!(close, "seed {seed} {sense:?}: {found}, expected {expected}");
                }
            }
        }
    }
}

#[test]
fn gradients_are_those_of_finite_differences() {
    let mut compared = 0;
    for seed in 0..NETWORKS {
        let case = exact::random_case(seed);
        let graph = build::network(&case).lower().unwrap();
        let outputs = graph.size(graph.output());
        let weights = Array1::from_iter((0..outputs).map(|j| 1.0 + j as f64));
        let value = |point: &[f64]| {
            let row = ArrayView2::from_shape((1, point.len()), point).expect("one row");
            graph.evaluate(row).row(0).dot(&weights)
        };
        for point in points(&case, seed, 3).into_iter().rev().take(3) {
            let row = ArrayView2::from_shape((1, point.len()), &point).expect("one row");
            let values = graph.evaluate_all(row);
            let gradients =
                graph.gradients(&values, graph.output(), weights.clone().insert_axis(Axis(0)));
            let gradient = gradients.row(0);
            for index in 0..point.len() {
                let step = 1e-6;
                let shifted = |by: f64| {
                    let mut shifted = point.clone();
                    shifted[index] += by;
                    shifted
                };
                let sides = [shifted(-step), shifted(step)];
                // Across a kink the difference quotient is something else.
                if sides.iter().any(|side| graph.pattern(side) != graph.pattern(&point)) {
                    continue;
                }
                let quotient = (value(&sides[1]) - value(&sides[0])) / (2.0 * step);
                let close = (quotient - gradient[index]).abs() <= 1e-5 * (1.0 + quotient.abs());
                assert!(close, "seed {seed}: {quotient} and {}", gradient[index]);
                compared += 1;
            }
        }
    }
    assert!(compared > 500, "only {compared} derivatives");
}

/// The case's objective without its constraints.
fn unconstrained(case: &Case) -> Option<Problem> {
    let question = build::question(case)?;
    let question = QuestionText { constraints: Vec::new(), integer: Vec::new(), ..question };
    Some(
        Problem::parse(build::network(case), domain(case), &question)
            .expect("a question that fits"),
    )
}
