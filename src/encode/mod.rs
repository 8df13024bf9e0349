//! From a problem and bounds to a mixed-integer linear program.
//!
//! Which neurons need a binary is decided here, once: a neuron whose phase the
//! bounds prove becomes a linear expression, the rest go to a [`ReluEncoding`].
//!
//! Names of columns: `x3` input 3 · `h2_7` output of neuron 7 of activation
//! layer 2 · `z2_7` is 1 where its pre-activation is at least 0 · `s2_7` is 1
//! where it is at least the ceiling · `v4_7` coordinate 7 of node 4 of the
//! canonical form, where an affine map needs a column of its own.

mod big_m;

use std::fmt;

use ndarray::ArrayView2;
use thiserror::Error;

pub use big_m::BigM;

use crate::bounds::NeuronBounds;
use crate::milp::{Column, Direction, Kind, LinearExpression, Model, VarId};
use crate::network::{ActivationLayer, Affine, Node, NodeId, Phase, ReluGraph};
use crate::num::Interval;
use crate::problem::{Expression, Problem, Sense, Variable};

/// A formulation of one unstable neuron.
pub trait ReluEncoding: fmt::Debug + Sync {
    /// Name on the command line and in records.
    fn name(&self) -> &'static str;

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
}

/// Every encoding.
pub const ENCODINGS: &[&dyn ReluEncoding] = &[&BigM];

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

/// Why a problem has no encoding.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum EncodeError {
    /// The encoding does not know this kind of neuron.
    #[error("the encoding '{encoding}' does not apply to neuron {neuron}: {why}")]
    NotApplicable {
        /// Name of the encoding.
        encoding: &'static str,
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
}

impl EncodedProblem {
    /// The values that a forward pass gives to columns: those of inputs,
    /// neurons and phases. Columns that only an encoding knows are left out.
    ///
    /// # Panics
    /// If the number of coordinates is not the number of inputs.
    pub fn assignment(&self, graph: &ReluGraph, input: &[f64]) -> Vec<(VarId, f64)> {
        let batch = ArrayView2::from_shape((1, input.len()), input).expect("one row");
        let values = graph.evaluate_all(batch);
        let value = |node: NodeId, index: usize| values[node.index()][(0, index)];
        let neurons = self.values.iter().map(|&(column, node, index)| (column, value(node, index)));
        let phases = self.indicators.iter().map(|&(indicator, node, index)| {
            let reached = value(node, index) >= indicator.threshold;
            (indicator.column, f64::from(u8::from(reached)))
        });
        neurons.chain(phases).collect()
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
/// If the bounds are those of another network.
pub fn encode(
    problem: &Problem,
    bounds: &NeuronBounds,
    encoding: &dyn ReluEncoding,
) -> Result<EncodedProblem, EncodeError> {
    let mut encoder = Encoder::new(problem, bounds);
    let layers: Vec<ActivationLayer> = problem.graph().activation_layers().collect();
    for (id, node) in problem.graph().nodes() {
        match node {
            Node::Input { .. } => encoder.add_inputs(problem),
            Node::Affine(affine) => encoder.add_affine(id, affine),
            Node::Relu { .. } | Node::Clip { .. } => {
                let position = layers.iter().position(|layer| layer.node == id);
                let position = position.expect("every activation is a layer");
                encoder.add_activations(position + 1, layers[position], encoding)?;
            }
        }
    }
    Ok(encoder.finish(problem))
}

struct Encoder<'a> {
    graph: &'a ReluGraph,
    bounds: &'a NeuronBounds,
    model: Model,
    inputs: Vec<VarId>,
    /// The coordinates of each node so far as expressions over columns.
    expressions: Vec<Vec<LinearExpression>>,
    /// How many nodes read each node.
    readers: Vec<usize>,
    values: Vec<(VarId, NodeId, usize)>,
    indicators: Vec<(Indicator, NodeId, usize)>,
}

impl<'a> Encoder<'a> {
    fn new(problem: &'a Problem, bounds: &'a NeuronBounds) -> Self {
        let graph = problem.graph();
        let mut readers = vec![0; graph.nodes().count()];
        for (_, node) in graph.nodes() {
            match node {
                Node::Input { .. } => {}
                Node::Affine(affine) => {
                    affine.terms.iter().for_each(|(id, _)| readers[id.index()] += 1);
                }
                Node::Relu { input } | Node::Clip { input, .. } => readers[input.index()] += 1,
            }
        }
        Self {
            graph,
            bounds,
            model: Model::default(),
            inputs: Vec::new(),
            expressions: Vec::new(),
            readers,
            values: Vec::new(),
            indicators: Vec::new(),
        }
    }

    fn add_inputs(&mut self, problem: &Problem) {
        let domain = self.bounds.of(self.graph.input());
        for index in 0..domain.len() {
            let integer = problem.integer().contains(&index);
            let kind = if integer { Kind::Integer } else { Kind::Continuous };
            let name = format!("x{index}");
            let column = self.model.column(Column { name, bounds: domain.interval(index), kind });
            self.inputs.push(column);
            self.values.push((column, self.graph.input(), index));
        }
        let expressions = self.inputs.iter().map(|&column| single(column)).collect();
        self.expressions.push(expressions);
    }

    fn add_affine(&mut self, id: NodeId, affine: &Affine) {
        let mut expressions = Vec::with_capacity(affine.bias.len());
        for (row, &bias) in affine.bias.iter().enumerate() {
            let mut terms = Vec::new();
            let mut constant = bias;
            for (input, linear) in &affine.terms {
                for (index, weight) in linear.row(row) {
                    let operand = self.short_expression(*input, index);
                    constant += weight * operand.constant;
                    terms.extend(operand.terms.iter().map(|&(column, c)| (column, weight * c)));
                }
            }
            expressions.push(LinearExpression::new(terms, constant));
        }
        self.expressions.push(expressions);
        // Read twice, a long expression would be written out twice.
        if self.readers[id.index()] > 1 {
            (0..affine.bias.len()).for_each(|index| {
                self.short_expression(id, index);
            });
        }
    }

    fn add_activations(
        &mut self,
        number: usize,
        layer: ActivationLayer<'_>,
        encoding: &dyn ReluEncoding,
    ) -> Result<(), EncodeError> {
        let mut outputs = Vec::new();
        for index in 0..self.graph.size(layer.node) {
            let pre = self.expressions[layer.pre_activation.index()][index].clone();
            outputs.push(match self.bounds.phase(layer, index) {
                Phase::Inactive => LinearExpression::default(),
                Phase::Active => pre,
                Phase::Saturated => {
                    let constant = layer.ceiling(index).expect("only a clipped ReLU saturates");
                    LinearExpression { terms: Vec::new(), constant }
                }
                Phase::Unstable => {
                    let output = self.add_unstable(number, layer, index, &pre, encoding)?;
                    single(output)
                }
            });
        }
        self.expressions.push(outputs);
        Ok(())
    }

    fn add_unstable(
        &mut self,
        number: usize,
        layer: ActivationLayer<'_>,
        index: usize,
        pre: &LinearExpression,
        encoding: &dyn ReluEncoding,
    ) -> Result<VarId, EncodeError> {
        let (inputs, weights): (Vec<VarId>, Vec<f64>) = pre.terms.iter().copied().unzip();
        let input_bounds: Vec<Interval> =
            inputs.iter().map(|&column| self.model.column_at(column).bounds).collect();
        let pre_activation = self.bounds.pre_activation(layer, index);
        let neuron = ReluNeuron {
            label: &format!("{number}_{index}"),
            inputs: &inputs,
            weights: &weights,
            bias: pre.constant,
            input_bounds: &input_bounds,
            pre_activation,
            ceiling: layer.ceiling(index).filter(|&c| pre_activation.upper() > c),
        };
        let encoded = encoding.encode(&neuron, &mut self.model)?;
        self.values.push((encoded.output, layer.node, index));
        for indicator in encoded.indicators {
            self.indicators.push((indicator, layer.pre_activation, index));
        }
        Ok(encoded.output)
    }

    /// Coordinate `index` of a node with at most one column in it; a longer
    /// expression first gets a column and a row of its own.
    fn short_expression(&mut self, node: NodeId, index: usize) -> LinearExpression {
        let expression = &self.expressions[node.index()][index];
        if expression.terms.len() <= 1 {
            return expression.clone();
        }
        let name = format!("v{}_{index}", node.index());
        let bounds = self.bounds.of(node).interval(index);
        let column = self.model.continuous(name.clone(), bounds);
        let mut definition = expression.clone();
        definition.terms.push((column, -1.0));
        self.model.equal_zero(format!("{name}.is"), definition);
        self.values.push((column, node, index));
        self.expressions[node.index()][index] = single(column);
        single(column)
    }

    fn finish(mut self, problem: &Problem) -> EncodedProblem {
        for (number, constraint) in problem.constraints().iter().enumerate() {
            let expression = self.over_columns(constraint.expression());
            let name = format!("constraint{number}");
            self.model.range(name, expression, constraint.lower(), constraint.upper());
        }
        self.model.objective = self.over_columns(problem.objective());
        self.model.direction = match problem.sense() {
            Sense::Minimize => Direction::Minimize,
            Sense::Maximize => Direction::Maximize,
        };
        let Self { model, inputs, values, indicators, .. } = self;
        EncodedProblem { model, inputs, values, indicators }
    }

    /// Outputs are substituted, so they need no columns.
    fn over_columns(&self, expression: &Expression) -> LinearExpression {
        let output = &self.expressions[self.graph.output().index()];
        let mut terms = Vec::new();
        let mut constant = expression.constant();
        for &(variable, c) in expression.terms() {
            match variable {
                Variable::Input(index) => terms.push((self.inputs[index], c)),
                Variable::Output(index) => {
                    constant += c * output[index].constant;
                    terms.extend(output[index].terms.iter().map(|&(column, w)| (column, c * w)));
                }
            }
        }
        LinearExpression::new(terms, constant)
    }
}

fn single(column: VarId) -> LinearExpression {
    LinearExpression { terms: vec![(column, 1.0)], constant: 0.0 }
}
