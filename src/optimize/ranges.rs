//! What bounds of neurons say of objective and constraints.

use crate::bounds::NeuronBounds;
use crate::num::rounding::RangeSum;
use crate::problem::{Expression, Problem, Sense, Variable};

/// The bound of the objective that follows from bounds of inputs and outputs.
pub fn objective_bound(problem: &Problem, bounds: &NeuronBounds) -> f64 {
    let (lower, upper) = range(problem, bounds, problem.objective());
    // A sum that overflows says nothing.
    match problem.sense() {
        Sense::Minimize if lower.is_nan() => f64::NEG_INFINITY,
        Sense::Minimize => lower,
        Sense::Maximize if upper.is_nan() => f64::INFINITY,
        Sense::Maximize => upper,
    }
}

/// How far the values of the objective may lie apart.
pub fn objective_width(problem: &Problem, bounds: &NeuronBounds) -> f64 {
    let (lower, upper) = range(problem, bounds, problem.objective());
    upper - lower
}

/// Whether the bounds prove that no point meets all constraints.
pub fn is_excluded(problem: &Problem, bounds: &NeuronBounds) -> bool {
    problem.constraints().iter().any(|constraint| {
        let (lower, upper) = range(problem, bounds, constraint.expression());
        upper < constraint.lower() || lower > constraint.upper()
    })
}

/// The range of an expression, rounded outward.
fn range(problem: &Problem, bounds: &NeuronBounds, expression: &Expression) -> (f64, f64) {
    let graph = problem.graph();
    let (inputs, outputs) = (bounds.of(graph.input()), bounds.of(graph.output()));
    let mut sum = RangeSum::default();
    sum.add(1.0, expression.constant(), expression.constant());
    for &(variable, coefficient) in expression.terms() {
        let range = match variable {
            Variable::Input(index) => inputs.interval(index),
            Variable::Output(index) => outputs.interval(index),
        };
        sum.add(coefficient, range.lower(), range.upper());
    }
    sum.rounded_outward()
}
