//! The values of a network in rational arithmetic.

use dashu_ratio::RBig;
use taut::network::{Node, ReluGraph};

/// The values of every node at a point.
pub fn exact_values(graph: &ReluGraph, point: &[f64]) -> Vec<Vec<RBig>> {
    let zero = RBig::ZERO;
    let mut values: Vec<Vec<RBig>> = Vec::new();
    for (_, node) in graph.nodes() {
        let value = match node {
            Node::Input { .. } => point.iter().map(|&x| rational(x)).collect(),
            Node::Affine(affine) => {
                let row = |(row, &bias): (usize, &f64)| {
                    let mut sum = rational(bias);
                    for (input, linear) in &affine.terms {
                        for (column, weight) in linear.row(row) {
                            sum += rational(weight) * &values[input.index()][column];
                        }
                    }
                    sum
                };
                affine.bias.iter().enumerate().map(row).collect()
            }
            Node::Relu { input } => {
                values[input.index()].iter().map(|a| a.clone().max(zero.clone())).collect()
            }
            Node::Clip { input, ceiling } => {
                let a = values[input.index()].iter().zip(ceiling);
                a.map(|(a, &c)| a.clone().max(zero.clone()).min(rational(c))).collect()
            }
        };
        values.push(value);
    }
    values
}

pub fn rational(value: f64) -> RBig {
    RBig::try_from(value).expect("a finite number")
}
