//! The best point of the linear region that a point lies in.
//!
//! With every phase as the point has it, all neurons are affine functions of the inputs, so the
//! region is a polytope, and the best point of it that of a small linear program: one column an
//! input, one row a neuron whose phase is open.

use std::time::Duration;

use ndarray::{Array2, Axis};

use super::polish::solve_region;
use crate::bounds::NeuronBounds;
use crate::control::{Clock, Silent};
use crate::milp::{LinearExpression, Model, VarId};
use crate::network::{Node, Phase, ReluGraph};
use crate::num::Interval;
use crate::problem::{Candidate, OBJECTIVE, Part, Problem};
use crate::solve::Backend;

/// Entries of a program at most: beyond, it takes longer than what it gains is worth.
const MOST_ENTRIES: usize = 1 << 20;

/// Time it gets even where the user's limit has been used up.
const LEAST_TIME: Duration = Duration::from_millis(20);

/// The best point of the region that `point` lies in, given bounds of all neurons over `part`;
/// `None` where the program is too large or fails, which only means that nothing is gained.
pub fn best_of_region(
    problem: &Problem,
    part: &Part,
    bounds: &NeuronBounds,
    point: &Candidate,
    backend: &dyn Backend,
    clock: &Clock,
) -> Option<Candidate> {
    let at = problem.nearest_input(&point.input)?;
    let program = program(problem, part, bounds, &at)?;
    let steps = solve_region(&program, backend, LEAST_TIME, clock, &mut Silent)?.point?;
    let moved: Vec<f64> = at.iter().zip(&steps).map(|(x, step)| x + step).collect();
    problem.nearest_input(&moved).map(|input| problem.evaluate(input))
}

/// The program over the region of an input, in steps away from it.
fn program(problem: &Problem, part: &Part, bounds: &NeuronBounds, at: &[f64]) -> Option<Model> {
    let graph = problem.graph();
    let open = graph.activation_layers().map(|layer| {
        let is_open = |&index: &usize| bounds.phase(layer, index) == Phase::Unstable;
        (0..graph.size(layer.node)).filter(is_open).count()
    });
    if (open.sum::<usize>() + part.rows.len()) * at.len() > MOST_ENTRIES {
        return None;
    }
    let forms = forms(graph, at);
    let mut model = Model::default();
    let columns: Vec<VarId> = (0..at.len())
        .map(|i| {
            let domain = part.domain.interval(i);
            let steps = match problem.integer().contains(&i) {
                true => Interval::new(0.0, 0.0),
                false => Interval::new(domain.lower() - at[i], domain.upper() - at[i]),
            };
            Some(model.continuous(format!("step{i}"), steps?))
        })
        .collect::<Option<_>>()?;
    let expression = |node: usize, index: usize| {
        let form = forms[node].column(index);
        let terms = columns.iter().zip(form.iter().skip(1)).map(|(&column, &c)| (column, c));
        LinearExpression::new(terms.filter(|(_, c)| *c != 0.0).collect(), form[0])
    };
    for layer in graph.activation_layers() {
        let node = layer.pre_activation.index();
        for index in 0..graph.size(layer.node) {
            if bounds.phase(layer, index) != Phase::Unstable {
                continue;
            }
            let a = forms[node][(0, index)];
            let ceiling = layer.ceiling(index).unwrap_or(f64::INFINITY);
            let (lower, upper) = match a {
                _ if a <= 0.0 => (f64::NEG_INFINITY, 0.0),
                _ if a >= ceiling => (ceiling, f64::INFINITY),
                _ => (0.0, ceiling),
            };
            model.range(format!("a{node}_{index}"), expression(node, index), lower, upper);
        }
    }
    let rows = problem.rows().index();
    for (row, limit) in part.rows.iter().enumerate().skip(1) {
        model.range(format!("row{row}"), expression(rows, row), limit.lower(), limit.upper());
    }
    model.objective = expression(rows, OBJECTIVE);
    Some(model)
}

/// For each node, its values at a point (first row) and their derivatives by each input.
fn forms(graph: &ReluGraph, at: &[f64]) -> Vec<Array2<f64>> {
    let mut forms: Vec<Array2<f64>> = Vec::new();
    for (_, node) in graph.nodes() {
        forms.push(match node {
            Node::Input { size } => {
                Array2::from_shape_fn((size + 1, *size), |(row, index)| match row {
                    0 => at[index],
                    row => f64::from(u8::from(row == index + 1)),
                })
            }
            Node::Affine(affine) => {
                let mut sum = Array2::zeros((at.len() + 1, affine.bias.len()));
                for (from, linear) in &affine.terms {
                    linear.add_product(forms[from.index()].view(), sum.view_mut());
                }
                let mut values = sum.index_axis_mut(Axis(0), 0);
                values += &affine.bias;
                sum
            }
            Node::Relu { input } | Node::Clip { input, .. } => {
                let ceiling = |index: usize| match node {
                    Node::Clip { ceiling, .. } => ceiling[index],
                    _ => f64::INFINITY,
                };
                let mut form = forms[input.index()].clone();
                for (index, mut column) in form.axis_iter_mut(Axis(1)).enumerate() {
                    let a = column[0];
                    if a <= 0.0 || a >= ceiling(index) {
                        column.fill(0.0);
                        column[0] = a.max(0.0).min(ceiling(index));
                    }
                }
                form
            }
        });
    }
    forms
}
