//! An exact oracle for tiny piecewise-linear networks.
//!
//! [`solve`] minimises or maximises a linear expression of the inputs `x` and
//! the outputs `y = N(x)` of a network over a box, under linear constraints on
//! `x` and `y` and with some inputs integer. It is the yardstick the results of
//! the mixed-integer models are held against.
//!
//! # Method
//!
//! Every neuron is affine on each of a few pieces of its pre-activation, so the
//! box falls into closed convex *cells* on which all neurons, and hence the
//! outputs, are affine in `x`:
//!
//! 1. Integer inputs take each integer of their interval in turn; inputs whose
//!    interval is a single point leave the problem as constants.
//! 2. A depth-first walk over the neurons, layer by layer, splits the current
//!    cell `{x in box : g_i(x) <= 0}` at a bend of the neuron's activation if
//!    the pre-activation lies strictly on both sides of it within the cell. That
//!    is decided by exact linear programs, often spared by the range over the box
//!    or by a point already known to lie in the cell. Of several values the largest
//!    is found by comparing the next one with the largest so far.
//! 3. On each cell left at the end (a [`regions::Region`]) the constraints and the
//!    objective are affine in `x`: one exact linear program gives the best value
//!    there, and the best over all regions is the optimum.
//!
//! The cells are closed and their common boundaries belong to both sides, which
//! changes nothing because the network is continuous.
//!
//! # Why it is independent
//!
//! There is no big-M, no binary variable, no branch and bound and no tolerance:
//! the linear programs are solved by Seidel's incremental algorithm
//! ([`linear_program::maximize`]) in rational numbers. Every `f64` of a [`Case`]
//! stands for exactly the number it stores (so the slope `0.1` is the double next
//! to 1/10), and only the final answer is rounded. Nothing here uses the crate
//! under test.

pub mod linear_program;
pub mod optimum;
pub mod random_case;
pub mod rational;
pub mod regions;
mod steadiness;
mod tests;
pub mod wide;

pub use random_case::random_case;

use dashu_ratio::RBig;
use optimum::{Goal, best_over};
use rational::rounded;
use regions::regions;

/// The function a layer applies to each of its pre-activations `a`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `a`
    Linear,
    /// `max(a, 0)`
    Relu,
    /// `a` where `a >= 0`, `alpha a` elsewhere.
    Leaky(f64),
    /// `min(max(a, 0), c)` with a ceiling `c > 0`.
    Clip(f64),
    /// The largest of so many pre-activations in a row, which become one value: pooling.
    Max(usize),
}

/// A dense layer `activation(weights v + bias)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// One row per pre-activation, one column per incoming value: those of the layer before,
    /// then those of `skips`.
    pub weights: Vec<Vec<f64>>,
    /// One entry per pre-activation.
    pub bias: Vec<f64>,
    pub activation: Activation,
    /// What else it reads: numbers of earlier layers from 1, or 0 for the inputs.
    pub skips: Vec<usize>,
}

impl Layer {
    /// Pre-activations that become one value.
    pub fn group(&self) -> usize {
        match self.activation {
            Activation::Max(size) => size,
            _ => 1,
        }
    }

    /// The number of values it puts out.
    pub fn size(&self) -> usize {
        self.bias.len() / self.group()
    }

    /// What it reads of the inputs and the values of the layers before it.
    pub fn incoming<T: Clone>(&self, values: &[Vec<T>]) -> Vec<T> {
        let skips = self.skips.iter().flat_map(|&number| &values[number]);
        values.last().into_iter().flatten().chain(skips).cloned().collect()
    }
}

/// How the left side of a [`Constraint`] relates to its right side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    AtMost,
    AtLeast,
    Equal,
}

/// `inputs . x + outputs . y  relation  right`
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    pub inputs: Vec<f64>,
    pub outputs: Vec<f64>,
    pub relation: Relation,
    pub right: f64,
}

/// An optimisation problem over the inputs `x` and outputs `y` of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub layers: Vec<Layer>,
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
    /// The indices of the inputs that must be integers.
    pub integer: Vec<usize>,
    pub constraints: Vec<Constraint>,
    pub maximize: bool,
    pub objective_inputs: Vec<f64>,
    pub objective_outputs: Vec<f64>,
    pub objective_constant: f64,
}

/// The exact answer to a [`Case`], rounded to the nearest doubles.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    pub value: f64,
    /// The same, not rounded.
    pub exact: RBig,
    /// An input that attains `value`.
    pub point: Vec<f64>,
    /// The number of regions the box fell into.
    pub cells: usize,
}

/// The optimum of the case, or `None` where no input is feasible.
///
/// # Panics
///
/// If the sizes of the case do not fit together or a number is not finite.
pub fn solve(case: &Case) -> Option<Optimum> {
    check_sizes(case);
    let regions = regions(case);
    let best = best_over(&regions, &Goal::of(case), &case.constraints)?;
    Some(Optimum {
        value: rounded(&best.value),
        exact: best.value,
        point: best.inputs.iter().map(rounded).collect(),
        cells: regions.len(),
    })
}

/// The outputs of the network at `x`, by a forward pass in doubles.
pub fn evaluate(case: &Case, x: &[f64]) -> Vec<f64> {
    values(case, x).pop().expect("the inputs at least")
}

/// The inputs, and the values of every layer there.
pub fn values(case: &Case, x: &[f64]) -> Vec<Vec<f64>> {
    let mut values = vec![x.to_vec()];
    for layer in &case.layers {
        let incoming = layer.incoming(&values);
        let rows = layer.weights.iter().zip(&layer.bias);
        let sums: Vec<f64> = rows.map(|(row, bias)| dot(row, &incoming) + bias).collect();
        values.push(
            sums.chunks(layer.group()).map(|sums| activate(layer.activation, sums)).collect(),
        );
    }
    values
}

/// The number of values the network of the case puts out.
pub fn output_count(case: &Case) -> usize {
    case.layers.last().map_or(case.lower.len(), Layer::size)
}

fn check_sizes(case: &Case) {
    let inputs = case.lower.len();
    let outputs = output_count(case);
    assert_eq!(case.upper.len(), inputs, "one upper bound per input");
    assert!(case.integer.iter().all(|&index| index < inputs));
    let mut sizes = vec![vec![(); inputs]];
    for layer in &case.layers {
        assert_eq!(layer.weights.len(), layer.bias.len(), "one bias per neuron");
        assert_eq!(layer.bias.len() % layer.group(), 0, "groups are whole");
        let incoming = layer.incoming(&sizes).len();
        assert!(layer.weights.iter().all(|row| row.len() == incoming));
        sizes.push(vec![(); layer.size()]);
    }
    for constraint in &case.constraints {
        assert_eq!(constraint.inputs.len(), inputs);
        assert_eq!(constraint.outputs.len(), outputs);
    }
    assert_eq!(case.objective_inputs.len(), inputs);
    assert_eq!(case.objective_outputs.len(), outputs);
}

/// The value of one pre-activation, or of several of which the largest counts.
fn activate(activation: Activation, sums: &[f64]) -> f64 {
    let a = sums.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match activation {
        Activation::Linear | Activation::Max(_) => a,
        Activation::Relu => a.max(0.0),
        Activation::Leaky(alpha) => a * if a < 0.0 { alpha } else { 1.0 },
        Activation::Clip(ceiling) => a.clamp(0.0, ceiling),
    }
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(l, r)| l * r).sum()
}
