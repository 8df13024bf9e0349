//! What scaling cannot change: bounds in old units, relaxations, answers.

use taut::bounds::{Crown, IntervalPropagation, NeuronBounds, Propagator};
use taut::control::Silent;
use taut::encode::{ENCODINGS, encode};
use taut::milp::Model;
use taut::network::Activation;
use taut::optimize::{MethodRecord, OptimizeOptions, Status, optimize};
use taut::problem::{Problem, QuestionText};
use taut::scale::{Invariants, SCALINGS, Scaling, scale};
use taut::solve::{Backend, Highs, SolveOptions};

use crate::scale::networks::{DEEP, Draw, nets};
use crate::scale::{interval_bounds, unit_box};

#[test]
fn bounds_of_the_scaled_network_are_the_scaled_bounds() {
    for (widths, activation) in nets().into_iter().chain([(DEEP.into(), Activation::Relu)]) {
        let graph = Draw::new(5).network(&widths, 0.5, activation).lower().unwrap();
        let domain = unit_box(widths[0]);
        for propagator in [&IntervalPropagation as &dyn Propagator, &Crown] {
            let bounds = propagator.propagate(&graph, &domain).expect("bounds");
            for &scaling in SCALINGS {
                let scaled = scale(&graph, &bounds, scaling);
                let again = propagator.propagate(&scaled.graph, &domain).expect("bounds");
                let pairs = graph.nodes().flat_map(|(id, _)| {
                    let ends = |bounds: &NeuronBounds| {
                        let range = bounds.of(id);
                        [range.lower(), range.upper()].concat()
                    };
                    ends(&again).into_iter().zip(ends(&scaled.bounds)).collect::<Vec<_>>()
                });
                for (found, expected) in pairs {
                    let close = (found - expected).abs() <= 1e-12 * expected.abs();
                    assert!(close, "{}: {found}, expected {expected}", scaling.name());
                }
                let invariants = Invariants::new(&scaled.graph, &scaled.bounds);
                assert_eq!(invariants, Invariants::new(&graph, &bounds));
            }
        }
    }
}

#[test]
fn answers_and_relaxations_stay() {
    for (case, (widths, activation)) in nets().into_iter().enumerate() {
        let network = Draw::new(case as u64).network(&widths, 0.5, activation);
        let objective = (widths.last() == Some(&2)).then(|| "y0 - y1".to_string());
        let question = QuestionText { objective, ..QuestionText::default() };
        let problem = Problem::parse(network, unit_box(widths[0]), &question).expect("a problem");
        let bounds = interval_bounds(problem.graph());
        let root = |model: Model| {
            let solution = Highs.solve(&model.relaxed(), &SolveOptions::default(), &mut Silent);
            solution.expect("a solution").objective.expect("a value")
        };
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-7 * (1.0 + b.abs());
        let least = |scale| {
            let solve = SolveOptions {
                relative_gap: 1e-7,
                absolute_gap: Some(1e-7),
                ..SolveOptions::default()
            };
            let options = OptimizeOptions { scale, solve, ..OptimizeOptions::milp() };
            let answer = optimize(&problem, &options, &mut Silent).expect("an answer");
            assert_eq!(answer.status, Status::Optimal);
            let MethodRecord::Milp(method) = &answer.method else { panic!("a program") };
            assert_eq!(method.scale, scale.map_or("none", Scaling::name));
            (answer.objective.expect("a value"), answer.layers)
        };
        let (expected, layers) = least(None);
        for &scaling in SCALINGS {
            let scaled = scale(problem.network_graph(), &bounds, scaling);
            let scaled_bounds = scaled.bounds.and(bounds.of(problem.rows()).clone());
            let scaled_problem = problem.with_graph(scaled.graph);
            for &encoding in ENCODINGS {
                let model = |problem: &Problem, bounds: &NeuronBounds| {
                    encode(problem, bounds, encoding).expect("a model").model
                };
                let plain = model(&problem, &bounds);
                let model = model(&scaled_problem, &scaled_bounds);
                assert_eq!(model.size(), plain.size(), "{}", scaling.name());
                let (found, expected) = (root(model), root(plain));
                let name = format!("{}, {}", encoding.name(), scaling.name());
                assert!(close(found, expected), "{name}: {found}, expected {expected}");
            }
            let (found, new_layers) = least(Some(scaling));
            assert!(close(found, expected), "{}: {found}, expected {expected}", scaling.name());
            assert_ne!(new_layers, layers, "big-M constants are those of the model");
            assert!(new_layers.iter().zip(&layers).all(|(a, b)| a.unstable == b.unstable));
        }
    }
}
