//! What is said of an optimum, and who has proven it: solvers that lie, fail or stop, and
//! questions that read a part of a network only.

use std::fmt::Debug;

use ndarray::{Array1, array};
use taut::control::{Clock, Observer, Silent};
use taut::milp::Model;
use taut::network::{Activation, DenseLayer, Network};
use taut::num::IntervalBox;
use taut::optimize::{Answer, Certify, Method, OptimizeOptions, Status, optimize};
use taut::problem::{Problem, QuestionText, Sense};
use taut::solve::{Backend, Highs, Solution, SolveError, SolveOptions, TerminationStatus};

/// `y0 = |x0|`, `y1 = relu(x1) − relu(−x1) − relu(x1 − 1)` over [−2, 3]²: least values, by
/// hand, 0 at x0 = 0 and −2 at x1 = −2.
fn problem(question: QuestionText) -> Problem {
    let layers = vec![
        DenseLayer {
            weights: array![[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0], [0.0, 1.0]],
            bias: Array1::from(vec![0.0, 0.0, 0.0, 0.0, -1.0]),
            activation: Activation::Relu,
        },
        DenseLayer {
            weights: array![[1.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0, -1.0]],
            bias: Array1::zeros(2),
            activation: Activation::Linear,
        },
    ];
    let network = Network::dense("two-parts", layers).expect("a network");
    let domain = IntervalBox::new(vec![-2.0; 2], vec![3.0; 2]).expect("a box");
    Problem::parse(network, domain, &question).expect("a question that fits")
}

fn question(objective: &str, constraints: &[&str]) -> QuestionText {
    QuestionText {
        sense: Sense::Minimize,
        objective: Some(objective.to_string()),
        constraints: constraints.iter().map(ToString::to_string).collect(),
        ..QuestionText::default()
    }
}

fn answer(backend: &'static dyn Backend, certify: Certify, question: QuestionText) -> Answer {
    let options = OptimizeOptions { backend, certify, ..OptimizeOptions::milp() };
    optimize(&problem(question), &options, &mut Silent).expect("an answer")
}

/// What a solver says, whatever it is asked.
#[derive(Debug)]
struct Says(fn(&Model) -> Result<Solution, SolveError>);

impl Backend for Says {
    fn name(&self) -> &'static str {
        "says"
    }

    fn version(&self) -> String {
        "1".to_string()
    }

    fn run(
        &self,
        program: &Model,
        _: &SolveOptions,
        _: &Clock,
        _: &mut dyn Observer,
    ) -> Result<Solution, SolveError> {
        (self.0)(program)
    }
}

fn claim(status: TerminationStatus, bound: Option<f64>) -> Result<Solution, SolveError> {
    Ok(Solution {
        status,
        point: None,
        objective: None,
        objective_bound: bound,
        node_count: 0,
        lp_iterations: 0,
        multipliers: Vec::new(),
    })
}

fn is_minus_two(answer: &Answer) -> bool {
    answer.objective.is_some_and(|value| (value + 2.0).abs() < 1e-9)
}

#[test]
fn infeasible_is_not_believed() {
    static SOLVER: Says = Says(|_| claim(TerminationStatus::Infeasible, None));
    for certify in Certify::ALL {
        let answer = answer(&SOLVER, certify, question("y1", &["y0 <= 1"]));
        assert_eq!(answer.status, Status::Optimal, "{}", certify.name());
        assert!(is_minus_two(&answer), "{answer:?}");
        assert_eq!(answer.bound_by, Some("certified"));
        assert!(answer.refuted.is_some_and(|what| what.contains("no point meets")));
    }
}

#[test]
fn infeasible_is_proven() {
    // By hand: y0 = |x0| is at least 0, and at most 3.
    for certify in Certify::ALL {
        for constraint in ["y0 <= -0.5", "y0 - x0 >= 4.01", "y0 >= 3.001"] {
            let answer = answer(&Highs, certify, question("y1", &[constraint]));
            assert_eq!(answer.status, Status::Infeasible, "{constraint}, {}", certify.name());
            assert!(answer.warnings.iter().any(|text| text.contains("prove")), "{answer:?}");
        }
    }
}

#[test]
fn a_bound_that_a_point_beats_falls() {
    // In the units of the program the bound is 1 or more, which a value of −2 beats.
    static SOLVER: Says = Says(|_| claim(TerminationStatus::Optimal, Some(1.0)));
    for certify in Certify::ALL {
        let answer = answer(&SOLVER, certify, question("y1", &[]));
        assert_eq!(answer.status, Status::Optimal, "{}", certify.name());
        assert!(is_minus_two(&answer) && answer.bound.is_some_and(|b| b <= -2.0), "{answer:?}");
        assert_eq!(answer.bound_by, Some("certified"));
        assert!(answer.refuted.is_some_and(|what| what.contains("claims the bound")));
    }
}

#[test]
fn a_solver_that_fails_is_not_the_end() {
    static SOLVER: Says =
        Says(|_| Err(SolveError::Failed { solver: "says", what: "it is tired".to_string() }));
    let answer = answer(&SOLVER, Certify::Cheap, question("y1", &["y0 >= 0.5"]));
    assert_eq!(answer.status, Status::Optimal);
    assert!(is_minus_two(&answer), "{answer:?}");
    assert!(answer.warnings.iter().any(|text| text.contains("it is tired")), "{answer:?}");
}

#[test]
fn the_options_say_who_proves_the_optimum() {
    for (certify, by) in
        [(Certify::Never, "highs"), (Certify::Cheap, "certified"), (Certify::Always, "certified")]
    {
        let answer = answer(&Highs, certify, question("y1 + y0", &[]));
        assert_eq!((answer.status, answer.bound_by), (Status::Optimal, Some(by)));
        assert_eq!(answer.proof.is_some(), certify != Certify::Never);
        assert_eq!(answer.certify, certify.name());
    }
}

/// By hand: 0.3 relu(0.1 x + 1) + 0.7 on [0, 4], where no product is an `f64`, so that a gap of 0
/// cannot be closed. Nobody but Taut has said anything.
#[test]
fn a_search_that_rounding_keeps_open_speaks_of_no_solver() {
    let layers = [(0.1, 1.0, Activation::Relu), (0.3, 0.7, Activation::Linear)];
    let layers = layers.map(|(weight, bias, activation)| DenseLayer {
        weights: array![[weight]],
        bias: array![bias],
        activation,
    });
    let network = Network::dense("ramp", layers.to_vec()).expect("a network");
    let domain = IntervalBox::new(vec![0.0], vec![4.0]).expect("a box");
    let question = QuestionText { sense: Sense::Maximize, ..QuestionText::default() };
    let problem = Problem::parse(network, domain, &question).expect("a question");
    let solve =
        SolveOptions { relative_gap: 0.0, absolute_gap: Some(0.0), ..SolveOptions::default() };
    let options = OptimizeOptions { method: Method::Search, solve, ..OptimizeOptions::default() };
    let answer = optimize(&problem, &options, &mut Silent).expect("an answer");
    assert_eq!((answer.status, answer.bound_by), (Status::Feasible, Some("certified")));
    let (value, bound) = (answer.objective.expect("a value"), answer.bound.expect("a bound"));
    assert!((value - 1.12).abs() < 1e-12 && 0.0 < bound - value && bound - value < 1e-12);
    let [warning] = answer.warnings.as_slice() else { panic!("{:?}", answer.warnings) };
    assert!(warning.contains("as rounding lets them come"), "{warning}");
}

#[test]
fn neurons_that_are_not_read_leave_the_program() {
    // y0 reads two of the five neurons, y1 the other three; a constraint reads too.
    let binaries = |question| answer(&Highs, Certify::Cheap, question).model.binaries;
    assert_eq!(binaries(question("y0", &[])), 2);
    assert_eq!(binaries(question("y1", &[])), 3);
    assert_eq!(binaries(question("y1", &["y0 >= 0.5"])), 5);
    assert_eq!(binaries(question("x0", &["y0 >= 0.5"])), 2);
}
