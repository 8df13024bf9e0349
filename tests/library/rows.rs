//! The question as rows of the graph: what bounds say of objective and constraints.

use ndarray::{arr1, arr2};
use taut::bounds::{Crown, IntervalPropagation, Propagator};
use taut::control::Silent;
use taut::network::{Activation, DenseLayer, Network};
use taut::num::{Interval, IntervalBox};
use taut::optimize::{OptimizeOptions, Status, optimize};
use taut::problem::{
    Constraint, Expression, OBJECTIVE, Problem, ProblemError, Question, QuestionText, Sense,
    Variable,
};

/// `h = relu(x)`, `y0 = 2 h`, `y1 = h`, over `x ∈ [−1, 1/2]`.
fn problem(question: &QuestionText) -> Problem {
    let hidden =
        DenseLayer { weights: arr2(&[[1.0]]), bias: arr1(&[0.0]), activation: Activation::Relu };
    let outputs = DenseLayer {
        weights: arr2(&[[2.0], [1.0]]),
        bias: arr1(&[0.0, 0.0]),
        activation: Activation::Linear,
    };
    let network = Network::dense("twice", vec![hidden, outputs]).expect("a network");
    let domain = IntervalBox::new(vec![-1.0], vec![0.5]).expect("a box");
    Problem::parse(network, domain, question).expect("a question that fits")
}

fn of(objective: &str) -> QuestionText {
    QuestionText { objective: Some(objective.to_string()), ..QuestionText::default() }
}

fn close(interval: Interval, [lower, upper]: [f64; 2]) -> bool {
    (interval.lower() - lower).abs() < 1e-12 && (interval.upper() - upper).abs() < 1e-12
}

#[test]
fn the_objective_has_a_backward_pass_of_its_own() {
    // By hand: y0 − y1 = h ∈ [0, 1/2]; the two outputs alone say [−1/2, 1].
    let problem = problem(&of("y0 - y1"));
    let domain = problem.domain();
    let row = |propagator: &dyn Propagator| {
        let bounds = propagator.propagate(problem.graph(), domain).expect("bounds");
        bounds.of(problem.rows()).interval(OBJECTIVE)
    };
    assert!(close(row(&IntervalPropagation), [-0.5, 1.0]));
    assert!(close(row(&Crown), [0.0, 0.5]));
}

#[test]
fn a_maximum_is_the_least_value_of_the_negated_row() {
    // By hand: 3 y1 − x + 1 = 3 h − x + 1 is 2 at both ends of the box, 1 at 0.
    for (sense, expected, cost) in [(Sense::Maximize, 2.0, -2.0), (Sense::Minimize, 1.0, 1.0)] {
        let problem = problem(&QuestionText { sense, ..of("3 y1 - x0 + 1") });
        let answer = optimize(&problem, &OptimizeOptions::default(), &mut Silent);
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, Status::Optimal);
        assert!((answer.objective.expect("a value") - expected).abs() < 1e-6);
        assert!((answer.bound.expect("a bound") - expected).abs() < 1e-3);
        let point = problem.evaluate(answer.input.expect("a point"));
        assert!((point.cost - cost).abs() < 1e-6 && point.objective == sense.signed(point.cost));
    }
}

#[test]
fn a_constraint_that_bounds_exclude_needs_no_program() {
    // By hand: y0 − y1 ≤ −1/4 is no value of the network; two intervals do not tell.
    let mut question = of("y0");
    question.constraints = vec!["y0 - y1 <= -0.25".to_string()];
    let answer = optimize(&problem(&question), &OptimizeOptions::default(), &mut Silent);
    let answer = answer.expect("an answer");
    assert_eq!((answer.status, answer.model.columns), (Status::Infeasible, 0));
}

#[test]
fn a_typed_question_needs_no_text_and_is_checked() {
    let known = problem(&of("y0"));
    let row = |c: f64| Expression::new([(Variable::Output(0), c), (Variable::Input(0), 1.0)], 0.5);
    let question = Question {
        objective: row(1.0),
        constraints: vec![Constraint::new(row(2.0), -1.0, 2.0)],
        ..Question::default()
    };
    let network = known.network().clone();
    let typed = Problem::new(network.clone(), known.domain().clone(), question).expect("typed");
    let mut text = of("y0 + x0 + 0.5");
    text.constraints = vec!["-1 <= 2 y0 + x0 + 0.5 <= 2".to_string()];
    let parsed = Problem::parse(network.clone(), known.domain().clone(), &text).expect("parsed");
    assert_eq!(typed.graph(), parsed.graph());
    assert_eq!(typed.whole(), parsed.whole());
    let question = Question {
        objective: Expression::new([(Variable::Output(2), 1.0)], 0.0),
        ..Question::default()
    };
    let error = Problem::new(network.clone(), known.domain().clone(), question);
    let error = error.expect_err("no y2");
    assert_eq!(
        error,
        ProblemError::Variable { variable: Variable::Output(2), inputs: 1, outputs: 2 }
    );
    let crossed =
        Question { constraints: vec![Constraint::new(row(1.0), 2.0, 1.0)], ..Question::default() };
    let error = Problem::new(network, known.domain().clone(), crossed).expect_err("no number");
    assert_eq!(
        error.to_string(),
        "constraint '1.5 <= x0 + y0 <= 0.5': no number lies between its limits"
    );
}
