//! From a random case to a network and a question.

use std::collections::HashMap;

use ndarray::{Array1, Array2, arr0};
use taut::network::{
    Attribute, Attributes, Constant, Metadata, Network, NetworkDescription, NodeDescription,
};
use taut::num::IntervalBox;
use taut::problem::{Problem, Question, Sense};

use crate::exact::{Activation, Case, Relation};

/// The case's question as text; `None` if a constraint has no variable left,
/// which Taut refuses to read.
pub fn question(case: &Case) -> Option<Question> {
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

pub fn problem(case: &Case, question: Question) -> Problem {
    let domain = IntervalBox::new(case.lower.clone(), case.upper.clone()).expect("a box");
    Problem::new(network(case), domain, question).expect("a question that fits")
}

/// The case's network from dense layers and standard operators.
pub fn network(case: &Case) -> Network {
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

fn node(output: &str, op: &str, attributes: Attributes, operands: Vec<String>) -> NodeDescription {
    let (name, output) = (output.to_string(), output.to_string());
    NodeDescription { name, op: op.to_string(), attributes, operands, output }
}
