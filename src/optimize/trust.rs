//! How far a solver's tolerance can move the objective.
//!
//! Solvers work in normalised units ([`crate::solve`]): a column may be off by `τ` of its
//! width, a row by `τ` of its largest term. Forward through the network,
//!
//! ```text
//! e(a) = Σ |w| e(x) + τ max |w| (width of x) ,   e(y) = min(e(a) + τ max(−L, U), width of y)
//! ```
//!
//! for a row `a = w·x + b` and an unstable neuron `y` with pre-activation in `[L, U]`. Where
//! the numbers of a network are of comparable size, that is some `τ` of the range of each
//! neuron; where large numbers cancel, it may be all of it, and a solver's word is worth
//! nothing.

use crate::bounds::NeuronBounds;
use crate::network::{ActivationLayer, Affine, Node, NodeId, Phase, ReluGraph};
use crate::num::IntervalBox;
use crate::num::tolerance::{LARGEST_LEAK, MILP_FEASIBILITY};
use crate::problem::{OBJECTIVE, Problem};

/// What to say of a problem whose solver cannot be trusted.
pub fn doubt(problem: &Problem, bounds: &NeuronBounds) -> Option<String> {
    let graph = problem.graph();
    let errors = errors(graph, problem.rows(), bounds);
    let Node::Affine(rows) = graph.node(problem.rows()) else { return None };
    let error = rows.terms.iter().flat_map(|(operand, linear)| {
        let errors = &errors[operand.index()];
        linear.row(OBJECTIVE).into_iter().map(move |(index, c)| c.abs() * errors[index])
    });
    let error: f64 = error.sum();
    let objective = bounds.of(problem.rows()).interval(OBJECTIVE);
    let width = objective.upper() - objective.lower();
    // Written so that what has overflowed is doubtful.
    let is_small = error <= LARGEST_LEAK * width || error == 0.0;
    (!is_small).then(|| {
        format!(
            "the sizes of the network's numbers differ so much that a solver's tolerance of \
             {MILP_FEASIBILITY:e} can move the objective by {error:.1e}, where its whole range is \
             {width:.1e}: what the solver says is checked, and may not be provable"
        )
    })
}

/// One number per neuron of each node.
fn errors(graph: &ReluGraph, rows: NodeId, bounds: &NeuronBounds) -> Vec<Vec<f64>> {
    let layers: Vec<ActivationLayer> = graph.activation_layers().collect();
    let mut errors: Vec<Vec<f64>> = Vec::new();
    for (id, node) in graph.nodes().filter(|(id, _)| *id != rows) {
        let of_node = match node {
            Node::Input { .. } => widths(bounds.of(id)).map(|w| MILP_FEASIBILITY * w).collect(),
            Node::Affine(affine) => of_affine(affine, bounds, &errors),
            Node::Relu { input } | Node::Clip { input, .. } => {
                let layer = layers.iter().find(|layer| layer.node == id).expect("a layer");
                let before = errors[input.index()].iter().zip(widths(bounds.of(id)));
                let neuron = |(index, (&error, width)): (usize, (&f64, f64))| {
                    let range = bounds.pre_activation(*layer, index);
                    match bounds.phase(*layer, index) {
                        Phase::Unstable => {
                            let big_m = range.upper().max(-range.lower());
                            (error + MILP_FEASIBILITY * big_m).min(width)
                        }
                        Phase::Active => error.min(width),
                        Phase::Inactive | Phase::Saturated => 0.0,
                    }
                };
                before.enumerate().map(neuron).collect()
            }
        };
        errors.push(of_node);
    }
    errors
}

fn of_affine(affine: &Affine, bounds: &NeuronBounds, errors: &[Vec<f64>]) -> Vec<f64> {
    let row = |row: usize| {
        let (mut error, mut largest) = (0.0, 0.0f64);
        for (operand, linear) in &affine.terms {
            let domain = bounds.of(*operand);
            for (column, weight) in linear.row(row) {
                error += weight.abs() * errors[operand.index()][column];
                let width = domain.upper()[column] - domain.lower()[column];
                largest = largest.max(weight.abs() * width);
            }
        }
        error + MILP_FEASIBILITY * largest
    };
    (0..affine.bias.len()).map(row).collect()
}

fn widths(domain: &IntervalBox) -> impl Iterator<Item = f64> + '_ {
    domain.upper().iter().zip(domain.lower()).map(|(u, l)| u - l)
}
