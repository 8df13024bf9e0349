//! Tightening under the constraints of a problem, on inputs and on outputs.

use dashu_ratio::RBig;
use taut::network::Phase;
use taut::problem::{Constraint, Problem, Variable};
use taut::tighten::{Goal, Method, TightenError, TightenOptions, Tightened, tighten};

use crate::exact;
use crate::random::build;
use crate::random::properties::points;
use crate::random::values::{exact_values, rational};

const CASES: u64 = 300;

fn run(problem: &Problem, methods: &[Method], goal: Goal) -> Result<Tightened, TightenError> {
    let options = TightenOptions { goal, slack: 0.0, ..TightenOptions::default() };
    let whole = problem.whole().ok_or(TightenError::Infeasible { node: 0 })?;
    tighten(problem, whole, methods, &options)
}

/// Whether exact inputs and outputs satisfy a constraint.
fn holds(constraint: &Constraint, input: &[RBig], output: &[RBig]) -> bool {
    let mut sum = rational(constraint.expression().constant());
    for &(variable, c) in constraint.expression().terms() {
        let value = match variable {
            Variable::Input(index) => &input[index],
            Variable::Output(index) => &output[index],
        };
        sum += rational(c) * value;
    }
    let (lower, upper) = (constraint.lower(), constraint.upper());
    (lower.is_infinite() || rational(lower) <= sum)
        && (upper.is_infinite() || sum <= rational(upper))
}

#[test]
fn bounds_contain_every_point_that_satisfies_the_constraints() {
    let (mut checked, mut narrowed, mut infeasible) = (0, 0, 0);
    for seed in 0..CASES {
        let case = exact::random_case(seed);
        let Some(question) = build::question(&case) else { continue };
        if case.constraints.is_empty() {
            continue;
        }
        let problem = build::problem(&case, question);
        let graph = problem.graph();
        let methods =
            [&[Method::Linear][..], &[Method::Linear, Method::MixedInteger], &[Method::Search]];
        for methods in methods {
            let bounds = match run(&problem, methods, Goal::Width) {
                Ok(tightened) => tightened.bounds,
                Err(TightenError::Infeasible { .. }) => {
                    assert!(exact::solve(&case).is_none(), "seed {seed} has a feasible point");
                    infeasible += 1;
                    continue;
                }
                Err(error) => panic!("seed {seed}: {error}"),
            };
            let domain = problem.integral_domain().expect("boxes hold whole numbers");
            narrowed += usize::from(bounds.of(graph.input()) != domain);
            for point in points(&case, seed, 60) {
                let point = problem.nearest_input(&point).expect("the box holds whole numbers");
                let values = exact_values(graph, &point);
                let output = &values[graph.output().index()];
                if !problem.constraints().iter().all(|c| holds(c, &values[0], output)) {
                    continue;
                }
                for (id, _) in graph.nodes() {
                    for (index, value) in values[id.index()].iter().enumerate() {
                        let interval = bounds.of(id).interval(index);
                        let inside = rational(interval.lower()) <= *value
                            && *value <= rational(interval.upper());
                        assert!(inside, "seed {seed} node {} neuron {index}", id.index());
                        checked += 1;
                    }
                }
            }
        }
    }
    assert!(
        checked > 100_000 && narrowed > 50 && infeasible > 5,
        "{checked} {narrowed} {infeasible}"
    );
}

#[test]
fn certificates_prove_what_they_state_and_nothing_more() {
    let mut lemmas = 0;
    for seed in 0..CASES {
        let case = exact::random_case(seed);
        let Some(question) = build::question(&case) else { continue };
        let problem = build::problem(&case, question);
        let Ok(tightened) = run(&problem, &[Method::Linear], Goal::Width) else { continue };
        for certificate in &tightened.certificates {
            assert_eq!(certificate.check(&problem), Ok(()), "seed {seed}");
            for (position, lemma) in certificate.lemmas.iter().enumerate() {
                lemmas += 1;
                // A little more than was proven does not follow.
                let mut greedy = certificate.clone();
                let step = 1e-9 * (1.0 + lemma.bound.abs()) * lemma.side.sign();
                greedy.lemmas[position].bound += step;
                assert!(greedy.check(&problem).is_err(), "seed {seed}: {lemma:?}");
            }
        }
    }
    assert!(lemmas > 1000, "only {lemmas}");
}

#[test]
fn the_goal_of_phases_finds_those_that_full_programs_find() {
    let (mut proven, mut programs) = (0, [0, 0]);
    for seed in 0..CASES {
        let case = exact::random_case(seed);
        let Some(question) = build::question(&case) else { continue };
        let problem = build::problem(&case, question);
        let runs = [Goal::Width, Goal::Phase].map(|goal| run(&problem, &[Method::Linear], goal));
        let [Ok(width), Ok(phase)] = &runs else { continue };
        for (total, run) in programs.iter_mut().zip([width, phase]) {
            *total += run.layers.iter().map(|layer| layer.solved).sum::<usize>();
        }
        // Up to the first layer that programs bound, both start from the same.
        let first = width.layers.iter().find(|layer| layer.solved > 0).map(|layer| layer.layer);
        let graph = problem.graph();
        for (number, layer) in graph.activation_layers().enumerate() {
            if Some(number + 1) > first || !problem.constraints().is_empty() {
                break;
            }
            for index in 0..graph.size(layer.node) {
                let [full, quick] = [width, phase].map(|run| run.bounds.phase(layer, index));
                assert_eq!(full, quick, "seed {seed} layer {} neuron {index}", number + 1);
                proven += usize::from(full != Phase::Unstable);
            }
        }
    }
    assert!(proven > 200, "only {proven} phases");
    assert!(3 * programs[1] < 2 * programs[0], "{programs:?} programs");
}
