//! Every backend with every encoding and every bound against exact
//! enumeration in rational arithmetic, on random tiny networks.

mod exact;

use std::collections::HashMap;

use ndarray::{Array1, Array2, arr0};
use taut::bounds::PROPAGATORS;
use taut::encode::ENCODINGS;
use taut::network::{
    Attribute, Attributes, Constant, Metadata, Network, NetworkDescription, NodeDescription,
};
use taut::num::IntervalBox;
use taut::optimize::{Answer, OptimizeOptions, Status, optimize};
use taut::problem::{Problem, Question, Sense};
use taut::solve::{SOLVERS, Silent, SolveOptions, Solver};

use exact::{Activation, Case, Relation};

/// Number of random networks.
const CASES: u64 = 600;

/// Largest deviation from the exact value, relative to `1 + |value|`.
const TOLERANCE: f64 = 1e-6;

#[test]
fn highs_agrees_with_exact_enumeration() {
    agrees_with_exact_enumeration("highs");
}

#[test]
fn microlp_agrees_with_exact_enumeration() {
    agrees_with_exact_enumeration("microlp");
}

#[test]
fn every_solver_is_tested_here() {
    let names: Vec<&str> = SOLVERS.iter().map(|solver| solver.name()).collect();
    assert_eq!(names, ["highs", "microlp"], "a new solver needs a test above");
}

fn agrees_with_exact_enumeration(name: &str) {
    let backend = *SOLVERS.iter().find(|solver| solver.name() == name).expect("a listed solver");
    let mut failures = Vec::new();
    let mut infeasible = 0;
    for seed in 0..CASES {
        let case = exact::random_case(seed);
        let expected = exact::solve(&case).map(|optimum| optimum.value);
        infeasible += u64::from(expected.is_none());
        let Some(question) = question(&case) else { continue };
        for &encoding in ENCODINGS {
            for &tighten in PROPAGATORS {
                let problem = problem(&case, question.clone());
                let solve = SolveOptions {
                    relative_gap: 1e-6,
                    absolute_gap: 1e-6,
                    ..SolveOptions::default()
                };
                let options = OptimizeOptions { backend, encoding, tighten, solve };
                let outcome = optimize(&problem, &options, &mut Silent);
                let verdict = outcome
                    .map_err(|error| error.to_string())
                    .and_then(|answer| compare(&answer, expected, backend));
                if let Err(what) = verdict {
                    let method = format!("{} on {}", encoding.name(), tighten.name());
                    failures.push(format!("seed {seed}, {method}: {what}"));
                }
            }
        }
    }
    assert!(infeasible > CASES / 20, "only {infeasible} infeasible cases: the test says little");
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// That status and value are those of the oracle, and that the bound holds.
fn compare(answer: &Answer, expected: Option<f64>, backend: &dyn Solver) -> Result<(), String> {
    let Some(expected) = expected else {
        return match answer.status {
            Status::Infeasible => Ok(()),
            other => Err(format!("{}: {other:?}, expected infeasible", backend.name())),
        };
    };
    let allowed = TOLERANCE * (1.0 + expected.abs());
    let close = |value: Option<f64>| value.is_some_and(|v| (v - expected).abs() <= allowed);
    if answer.status != Status::Optimal || !close(answer.objective) || !close(answer.bound) {
        return Err(format!(
            "{:?} with value {:?} and bound {:?}, expected optimal with {expected}",
            answer.status, answer.objective, answer.bound
        ));
    }
    Ok(())
}

/// The case's question as text; `None` if a constraint has no variable left,
/// which Taut refuses to read.
fn question(case: &Case) -> Option<Question> {
    let constraints = case.constraints.iter().map(|constraint| {
        let left = expression(&constraint.inputs, &constraint.outputs, 0.0);
        let relation = match constraint.relation {
            Relation::AtMost => "<=",
            Relation::AtLeast => ">=",
            Relation::Equal => "=",
        };
        (!left.is_empty()).then(|| format!("{left} {relation} {}", constraint.right))
    });
    let objective =
        expression(&case.objective_inputs, &case.objective_outputs, case.objective_constant);
    Some(Question {
        sense: if case.maximize { Sense::Maximize } else { Sense::Minimize },
        objective: Some(if objective.is_empty() { "0".to_string() } else { objective }),
        constraints: constraints.collect::<Option<_>>()?,
        integer: case.integer.clone(),
        reference: None,
    })
}

fn expression(inputs: &[f64], outputs: &[f64], constant: f64) -> String {
    let terms = |letter: char, coefficients: &[f64]| {
        let terms = coefficients.iter().enumerate().filter(|(_, c)| **c != 0.0);
        terms.map(|(i, c)| signed(*c) + &format!(" {letter}{i}")).collect::<String>()
    };
    let constant = if constant == 0.0 { String::new() } else { signed(constant) };
    terms('x', inputs) + &terms('y', outputs) + &constant
}

fn signed(value: f64) -> String {
    format!(" {} {}", if value < 0.0 { '-' } else { '+' }, value.abs())
}

fn problem(case: &Case, question: Question) -> Problem {
    let domain = IntervalBox::new(case.lower.clone(), case.upper.clone()).expect("a box");
    Problem::new(network(case), domain, question).expect("a question that fits")
}

/// The case's network from dense layers and standard operators.
fn network(case: &Case) -> Network {
    let mut nodes = Vec::new();
    let mut constants = HashMap::new();
    let mut value = "x".to_string();
    for (k, layer) in case.layers.iter().enumerate() {
        let (rows, columns) = (layer.weights.len(), layer.weights[0].len());
        let weights: Vec<f64> = layer.weights.concat();
        let weights = Array2::from_shape_vec((rows, columns), weights).expect("a matrix");
        constants.insert(format!("w{k}"), Constant::Float(weights.into_dyn()));
        let bias = Array1::from(layer.bias.clone());
        constants.insert(format!("b{k}"), Constant::Float(bias.into_dyn()));
        let operands = vec![value, format!("w{k}"), format!("b{k}")];
        let attributes = Attributes::from([("transB".to_string(), Attribute::Integer(1))]);
        nodes.push(node(&format!("a{k}"), "Gemm", attributes, operands));
        let (op, attributes, mut operands) = match layer.activation {
            Activation::Linear => ("Identity", Attributes::new(), vec![]),
            Activation::Relu => ("Relu", Attributes::new(), vec![]),
            Activation::Leaky(alpha) => {
                let alpha = Attributes::from([("alpha".to_string(), Attribute::Float(alpha))]);
                ("LeakyRelu", alpha, vec![])
            }
            Activation::Clip(ceiling) => {
                let number = |value: f64| Constant::Float(arr0(value).into_dyn());
                constants.insert(format!("zero{k}"), number(0.0));
                constants.insert(format!("ceiling{k}"), number(ceiling));
                ("Clip", Attributes::new(), vec![format!("zero{k}"), format!("ceiling{k}")])
            }
        };
        operands.insert(0, format!("a{k}"));
        nodes.push(node(&format!("h{k}"), op, attributes, operands));
        value = format!("h{k}");
    }
    let description = NetworkDescription {
        name: "random".to_string(),
        input: "x".to_string(),
        input_shape: vec![1, case.lower.len()],
        output: value,
        nodes,
        constants,
        metadata: Metadata::default(),
    };
    description.build().expect("a network")
}

fn node(
    output: &str,
    op: &str,
    attributes: Attributes,
    operands: Vec<String>,
) -> NodeDescription {
    let (name, output) = (output.to_string(), output.to_string());
    NodeDescription { name, op: op.to_string(), attributes, operands, output }
}
