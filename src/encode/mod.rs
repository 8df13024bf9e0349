//! From a problem and bounds to a mixed-integer linear program.
//!
//! Which neurons need a binary is decided here, once: a neuron whose phase the
//! bounds prove becomes a linear expression, the rest go to a [`ReluEncoding`].
//!
//! Names of columns: `x3` input 3 · `y0` output 0, in programs for others · `h2_7` output of neuron 7 of activation
//! layer 2 · `z2_7` is 1 where its pre-activation is at least 0 · `s2_7` is 1
//! where it is at least the ceiling · `v4_7` coordinate 7 of node 4 of the
//! canonical form, where an affine map needs a column of its own. Those that only
//! some encodings have, each 0 but where its neuron is in one phase: `m2_7` is 1
//! where the neuron is between 0 and its ceiling · `n2_7`, `t2_7` parts of its
//! pre-activation below 0 and above the ceiling · `c2_7.off.x3` the input `x3` of the
//! neuron where it is off · `p2_7.linear.1` sum over group 1 of its inputs where it is
//! linear.

mod big_m;
mod big_m_cuts;
mod cuts;
mod disjunction;
mod encoder;
mod family;
mod multiple_choice;
mod partition;
mod rows;
mod split;
mod triangle;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use ndarray::ArrayView2;
use thiserror::Error;

pub use big_m::BigM;
pub use big_m_cuts::BigMCuts;
use cuts::StoredNeuron;
pub use cuts::{Cut, CutCounts, CutOptions};
pub use encoder::{Encoder, MOST_OUTPUTS};
pub use family::{EncodingFamily, EncodingNameError, encoding, encoding_names};
pub use multiple_choice::MultipleChoice;
pub use partition::{PARTITIONS, Partition};
pub use split::Split;
pub use triangle::Triangle;

use crate::bounds::NeuronBounds;
use crate::control::{Clock, StoppedBy};
use crate::milp::{LinearExpression, Model, VarId};
use crate::network::{NodeId, ReluGraph};
use crate::num::Interval;
use crate::problem::{Part, Problem};

/// A formulation of one unstable neuron.
pub trait ReluEncoding: fmt::Debug + Sync {
    /// Name on the command line and in records.
    fn name(&self) -> Cow<'static, str>;

    /// Adds columns and rows for `neuron` such that the new output column can
    /// take exactly the values `min(max(w·x + b, 0), ceiling)`.
    ///
    /// # Errors
    /// The formulation does not apply to this neuron.
    fn encode(
        &self,
        neuron: &ReluNeuron<'_>,
        model: &mut Model,
    ) -> Result<EncodedNeuron, EncodeError>;

    /// Whether [`cuts`](Self::cuts) finds any. Default: no.
    fn has_cuts(&self) -> bool {
        false
    }

    /// More rows that hold for every point of the neuron: those that `point`, one
    /// value a column, violates most, or none. Default: none.
    fn cuts(&self, _neuron: &ReluNeuron<'_>, _encoded: &EncodedNeuron, _point: &[f64]) -> Vec<Cut> {
        Vec::new()
    }
}

/// Every encoding; of those with a parameter, the usual ones.
pub const ENCODINGS: &[&dyn ReluEncoding] = &[
    &BigM,
    &BigMCuts,
    &Split,
    &MultipleChoice,
    &Partition::new(2),
    &Partition::new(4),
    &Partition::full(),
];

/// The encodings that have a parameter in their names.
pub const ENCODING_FAMILIES: &[EncodingFamily] = &[PARTITIONS];

/// An unstable neuron `y = min(max(w·x + b, 0), ceiling)`.
#[derive(Clone, Copy, Debug)]
pub struct ReluNeuron<'a> {
    /// Layer and index, for names: `2_7`.
    pub label: &'a str,
    /// The columns `x`, each once.
    pub inputs: &'a [VarId],
    /// Their weights `w`, none 0.
    pub weights: &'a [f64],
    /// The bias `b`.
    pub bias: f64,
    /// Bounds of the columns.
    pub input_bounds: &'a [Interval],
    /// Bounds of `w·x + b`: `L < 0 < U`, or `0 ≤ L < ceiling < U`.
    pub pre_activation: Interval,
    /// `None` for a plain ReLU, or if `U` does not reach the ceiling.
    pub ceiling: Option<f64>,
}

impl ReluNeuron<'_> {
    /// The range of `y`.
    pub fn output_range(&self) -> Interval {
        let value = |a: f64| a.max(0.0).min(self.ceiling.unwrap_or(f64::INFINITY));
        let (lower, upper) = (self.pre_activation.lower(), self.pre_activation.upper());
        Interval::new(value(lower), value(upper)).expect("a monotone function")
    }
}

/// What an encoding added for a neuron.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodedNeuron {
    /// The column of the output.
    pub output: VarId,
    /// The binaries that tell the phase.
    pub indicators: Vec<Indicator>,
    /// All other columns.
    pub auxiliaries: Vec<Auxiliary>,
}

/// A binary that is 1 where the pre-activation is at least `threshold`; at the
/// threshold itself it may be either.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Indicator {
    /// The binary.
    pub column: VarId,
    /// 0, or the ceiling.
    pub threshold: f64,
}

/// A column that only the encoding knows, and what a forward pass makes of it. A
/// solver that starts from a point gets its value too.
#[derive(Clone, Debug, PartialEq)]
pub struct Auxiliary {
    /// The column.
    pub column: VarId,
    /// Range of the pre-activation outside which the column is 0.
    pub when: Range<f64>,
    /// What it is there, over the columns of inputs and output of the neuron.
    pub value: LinearExpression,
}

/// Why a problem has no encoding.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum EncodeError {
    /// The clock came first.
    #[error("the encoding was stopped by {}", .0.words())]
    Stopped(StoppedBy),
    /// The encoding does not know this kind of neuron.
    #[error("the encoding '{encoding}' does not apply to neuron {neuron}: {why}")]
    NotApplicable {
        /// Name of the encoding.
        encoding: Cow<'static, str>,
        /// Layer and index of the neuron.
        neuron: String,
        /// Reason.
        why: String,
    },
}

/// A problem as a mixed-integer linear program.
#[derive(Clone, Debug)]
pub struct EncodedProblem {
    /// The program; optimal values are those of the problem.
    pub model: Model,
    /// The columns of the inputs.
    pub inputs: Vec<VarId>,
    /// Columns that stand for a coordinate of a node of the canonical form.
    values: Vec<(VarId, NodeId, usize)>,
    /// Binaries, with node and index of the pre-activation that decides them.
    indicators: Vec<(Indicator, NodeId, usize)>,
    /// Columns that only the encoding knows, likewise.
    auxiliaries: Vec<(Auxiliary, NodeId, usize)>,
    /// The neurons of an encoding that has cuts.
    neurons: Vec<StoredNeuron>,
}

impl EncodedProblem {
    /// The values that a forward pass gives to columns: those of inputs, neurons and
    /// phases, and what the encoding makes of them. A column is left out if the
    /// encoding does not say what it is.
    ///
    /// # Panics
    /// If the number of coordinates is not the number of inputs.
    pub fn assignment(&self, graph: &ReluGraph, input: &[f64]) -> Vec<(VarId, f64)> {
        let batch = ArrayView2::from_shape((1, input.len()), input).expect("one row");
        let values = graph.evaluate_all(batch);
        let value = |node: NodeId, index: usize| values[node.index()][(0, index)];
        let mut point = vec![f64::NAN; self.model.columns().len()];
        for &(column, node, index) in &self.values {
            point[column.index()] = value(node, index);
        }
        for &(indicator, node, index) in &self.indicators {
            let reached = value(node, index) >= indicator.threshold;
            point[indicator.column.index()] = f64::from(u8::from(reached));
        }
        for (auxiliary, node, index) in &self.auxiliaries {
            let inside = auxiliary.when.contains(&value(*node, *index));
            let part = if inside { auxiliary.value.evaluate(&point) } else { 0.0 };
            point[auxiliary.column.index()] = part;
        }
        let known = self.model.column_ids().zip(point);
        known.filter(|(_, value)| !value.is_nan()).collect()
    }

    /// The linear program over the linear region of a point: every phase as the
    /// forward pass decides it, integer inputs as given. Its optimum is the best
    /// point of that region.
    ///
    /// # Panics
    /// If the number of coordinates is not the number of inputs.
    pub fn region(&self, problem: &Problem, input: &[f64]) -> Model {
        let mut model = self.model.clone();
        let phases: Vec<VarId> = self.indicators.iter().map(|(i, _, _)| i.column).collect();
        for (column, value) in self.assignment(problem.graph(), input) {
            if phases.contains(&column) {
                model.fix(column, value);
            }
        }
        for &index in problem.integer() {
            model.fix(self.inputs[index], input[index]);
        }
        model.relaxed()
    }
}

/// Encodes `problem`, given bounds on all its neurons.
///
/// # Errors
/// [`EncodeError`].
///
/// # Panics
/// If the bounds are those of another network, or an integer input has no whole number.
pub fn encode(
    problem: &Problem,
    bounds: &NeuronBounds,
    encoding: &dyn ReluEncoding,
) -> Result<EncodedProblem, EncodeError> {
    let part = problem.whole().expect("a box with whole numbers");
    encode_within(problem, part, bounds, encoding, &Clock::unlimited())
}

/// [`encode`] for a part of a problem, unless a clock comes first.
///
/// # Errors
/// [`EncodeError`].
///
/// # Panics
/// If the bounds are those of another network.
pub fn encode_within(
    problem: &Problem,
    part: &Part,
    bounds: &NeuronBounds,
    encoding: &dyn ReluEncoding,
    clock: &Clock,
) -> Result<EncodedProblem, EncodeError> {
    let boxes = problem.graph().nodes().map(|(id, _)| bounds.of(id).clone());
    let encoder = Encoder::new(problem, part).of_what_is_read(bounds).until(*clock);
    Ok(encoder.with(boxes, encoding)?.finish())
}

/// [`encode_within`] for all of a problem, with columns for the outputs of the network
/// ([`Encoder::with_outputs`]): a program that others read.
///
/// # Errors
/// [`EncodeError`].
///
/// # Panics
/// If the bounds are those of another network, or an integer input has no whole number.
pub fn encode_with_outputs(
    problem: &Problem,
    bounds: &NeuronBounds,
    encoding: &dyn ReluEncoding,
    clock: &Clock,
) -> Result<EncodedProblem, EncodeError> {
    let part = problem.whole().expect("a box with whole numbers");
    let boxes = problem.graph().nodes().map(|(id, _)| bounds.of(id).clone());
    let encoder = Encoder::new(problem, part).with_outputs(bounds).until(*clock);
    Ok(encoder.with(boxes, encoding)?.finish())
}
