//! The graph as a tape: one step a node, and all neurons in flat arrays.
//!
//! A search bounds the same network thousands of times, so what does not change is laid out
//! once: matrices in rows of whole vector registers, and what rounding can do to each sum,
//! given the ranges over the whole box, in which all parts lie.

use std::ops::Range;
use std::sync::Arc;

use ndarray::Array1;

use super::aligned::Aligned;
use crate::bounds::NeuronBounds;
use crate::network::{Linear, Node, NodeId, ReluGraph};

/// Numbers that a row is padded to a multiple of.
pub const LANES: usize = 8;

/// Entries of a matrix up to which it is stored dense, whatever its structure.
const MOST_DENSE: usize = 1 << 20;

/// The nodes of a graph, and where their neurons stand.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    /// One step a node; questions about the same nodes share them.
    pub steps: Vec<Arc<Step>>,
    /// Length of the flat arrays.
    pub length: usize,
}

/// One node.
#[derive(Debug)]
pub struct Step {
    /// Where its neurons stand in flat arrays; what follows up to the next step is padding.
    pub start: usize,
    /// How many there are.
    pub size: usize,
    /// What they are.
    pub kind: Kind,
}

/// What a node does.
#[derive(Debug)]
pub enum Kind {
    /// The inputs.
    Input,
    /// An affine map.
    Affine(Sum),
    /// ReLUs or clipped ones.
    Activation {
        /// The step of the pre-activations.
        from: usize,
        /// Of each neuron; infinite for a plain ReLU.
        ceilings: Vec<f64>,
    },
}

/// An affine map of earlier nodes.
#[derive(Debug)]
pub struct Sum {
    /// Operands: their steps and matrices.
    pub terms: Vec<(usize, Matrix)>,
    /// The constant part, padded.
    pub bias: Aligned,
    /// Of each neuron, what rounding can do to a sum over its operands in ranges (padded).
    pub forward_error: Aligned,
    /// Of each neuron, what rounding does to a row that is led through here, for each unit
    /// of its coefficient (padded).
    pub backward_error: Aligned,
    /// The same for what underflows, for a row.
    pub underflow: f64,
    /// Whether an activation comes before it, so that intervals are not exact.
    pub is_behind_activation: bool,
}

/// A matrix, out × in.
#[derive(Debug)]
pub enum Matrix {
    /// Every entry.
    Dense {
        /// Row by row, rows padded.
        rows: Aligned,
        /// Column by column, columns padded.
        columns: Aligned,
    },
    /// Large, and with a structure worth keeping.
    Structured(Linear),
}

/// The least multiple of [`LANES`] that is no less.
pub fn padded(size: usize) -> usize {
    size.next_multiple_of(LANES)
}

impl Step {
    /// Where its neurons stand.
    pub fn span(&self) -> Range<usize> {
        self.start..self.start + self.size
    }

    /// The same with the padding.
    pub fn room(&self) -> Range<usize> {
        self.start..self.start + padded(self.size)
    }

    /// Whether it is an activation, or one comes before it.
    fn is_behind_activation(&self) -> bool {
        match &self.kind {
            Kind::Input => false,
            Kind::Affine(sum) => sum.is_behind_activation,
            Kind::Activation { .. } => true,
        }
    }
}

impl Tape {
    /// The tape of a graph, given ranges over a box in which all parts lie.
    pub fn new(graph: &ReluGraph, whole: &NeuronBounds) -> Self {
        Self::default().and(graph, whole)
    }

    /// The tape of a graph whose first nodes are those of this one, given ranges over the same
    /// box.
    pub fn and(&self, graph: &ReluGraph, whole: &NeuronBounds) -> Self {
        let largest = |id: NodeId| -> Array1<f64> {
            let bounds = whole.of(id);
            bounds.lower().iter().zip(bounds.upper()).map(|(l, u)| l.abs().max(u.abs())).collect()
        };
        let Self { mut steps, mut length } = self.clone();
        for (id, node) in graph.nodes().skip(steps.len()) {
            let size = graph.size(id);
            let kind = match node {
                Node::Input { .. } => Kind::Input,
                Node::Affine(affine) => {
                    let bias = in_lanes(affine.bias.as_slice().unwrap_or(&affine.bias.to_vec()));
                    let mut magnitude = affine.bias.mapv(f64::abs);
                    let mut greatest: f64 = 1.0;
                    for (from, linear) in &affine.terms {
                        let operand = largest(*from);
                        greatest = operand.iter().fold(greatest, |a, &b| a.max(b));
                        linear.add_absolute_product(&operand, &mut magnitude);
                    }
                    let columns: usize = affine.terms.iter().map(|(_, l)| l.inputs()).sum();
                    let is_behind_activation =
                        affine.terms.iter().any(|(id, _)| steps[id.index()].is_behind_activation());
                    let terms = affine.terms.iter();
                    let terms = terms.map(|(from, linear)| (from.index(), Matrix::new(linear)));
                    // As in `bounds::backward`, and as in `num::rounding::sum_error` with one
                    // factor two for the magnitudes of centers and radii together.
                    let forward = (columns + 16) as f64 * f64::EPSILON * 2.0;
                    let backward = (size + affine.terms.len() + 8) as f64 * f64::EPSILON;
                    let error = |relative: f64, least: f64| {
                        let errors = magnitude.iter().map(|m| relative * m + least);
                        in_lanes(&errors.collect::<Vec<f64>>())
                    };
                    Kind::Affine(Sum {
                        terms: terms.collect(),
                        bias,
                        forward_error: error(forward, columns as f64 * f64::MIN_POSITIVE),
                        backward_error: error(backward, 0.0),
                        underflow: (size * columns) as f64 * f64::MIN_POSITIVE * greatest,
                        is_behind_activation,
                    })
                }
                Node::Relu { input } => {
                    Kind::Activation { from: input.index(), ceilings: vec![f64::INFINITY; size] }
                }
                Node::Clip { input, ceiling } => {
                    Kind::Activation { from: input.index(), ceilings: ceiling.to_vec() }
                }
            };
            steps.push(Arc::new(Step { start: length, size, kind }));
            length += padded(size);
        }
        Self { steps, length }
    }

    /// Bounds of all neurons as a flat array: lower ends, then upper ones.
    pub fn flat(&self, bounds: &NeuronBounds, graph: &ReluGraph) -> Box<[f64]> {
        let mut flat = vec![0.0; 2 * self.length].into_boxed_slice();
        for (step, (id, _)) in self.steps.iter().zip(graph.nodes()) {
            let (lower, upper) = flat.split_at_mut(self.length);
            lower[step.span()].copy_from_slice(bounds.of(id).lower());
            upper[step.span()].copy_from_slice(bounds.of(id).upper());
        }
        flat
    }
}

impl Matrix {
    fn new(linear: &Linear) -> Self {
        let (outputs, inputs) = (linear.outputs(), linear.inputs());
        if !matches!(linear, Linear::Dense(_)) && outputs * inputs > MOST_DENSE {
            return Self::Structured(linear.clone());
        }
        let (width, height) = (padded(inputs), padded(outputs));
        let mut rows = Aligned::zeros(outputs * width);
        let mut columns = Aligned::zeros(inputs * height);
        for row in 0..outputs {
            // Entries of a place that is named more than once add up.
            for (column, weight) in linear.row(row) {
                rows[row * width + column] += weight;
                columns[column * height + row] += weight;
            }
        }
        Self::Dense { rows, columns }
    }
}

fn in_lanes(numbers: &[f64]) -> Aligned {
    let mut in_lanes = Aligned::zeros(padded(numbers.len()));
    in_lanes[..numbers.len()].copy_from_slice(numbers);
    in_lanes
}
