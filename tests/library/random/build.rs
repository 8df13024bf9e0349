//! From a random case to a network and a question.

use ndarray::{Array1, Array2};
use taut::network::{Activation, DenseLayer, Network};
use taut::num::IntervalBox;
use taut::problem::{Problem, QuestionText, Sense};

use crate::exact::{self, Case, Relation};
use crate::random::graph;

/// The case's question as text; `None` if a constraint has no variable left,
/// which Taut refuses to read.
pub fn question(case: &Case) -> Option<QuestionText> {
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
    Some(QuestionText {
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

pub fn problem(case: &Case, question: QuestionText) -> Problem {
    let domain = IntervalBox::new(case.lower.clone(), case.upper.clone()).expect("a box");
    Problem::parse(network(case), domain, &question).expect("a question that fits")
}

/// The case's network: dense layers where these are all, else nodes of a graph.
pub fn network(case: &Case) -> Network {
    let is_dense = |layer: &exact::Layer| layer.skips.is_empty() && layer.group() == 1;
    if !case.layers.iter().all(is_dense) {
        return graph::network(case);
    }
    let layers = case.layers.iter().map(|layer| {
        let shape = (layer.weights.len(), layer.weights[0].len());
        let weights = Array2::from_shape_vec(shape, layer.weights.concat()).expect("a matrix");
        let activation = match layer.activation {
            exact::Activation::Linear => Activation::Linear,
            exact::Activation::Relu => Activation::Relu,
            exact::Activation::Leaky(alpha) => Activation::LeakyRelu { alpha },
            exact::Activation::Clip(max) => Activation::Clip { min: 0.0, max },
            exact::Activation::Max(_) => unreachable!("pooling is no dense layer"),
        };
        DenseLayer { weights, bias: Array1::from(layer.bias.clone()), activation }
    });
    Network::dense("random", layers.collect()).expect("a network")
}
