//! Builds a program node by node.
//!
//! Every coefficient of the model is the exact weight of the network, so that
//! its rows describe the network over the reals: an expression is substituted
//! into another only where that needs no rounding, else it gets a column of its
//! own.

mod outputs;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

pub use outputs::MOST_OUTPUTS;

use super::cuts::StoredNeuron;
use super::{Auxiliary, EncodeError, EncodedProblem, Indicator, ReluEncoding, ReluNeuron};
use crate::bounds::{NeuronBounds, read_neurons};
use crate::control::Clock;
use crate::milp::{Column, Kind, LinearExpression, Model, VarId};
use crate::network::{ActivationLayer, Affine, Node, NodeId, Phase, ReluGraph};
use crate::num::directed::EXACT_ERRORS;
use crate::num::exact::{two_product, two_sum};
use crate::num::{Interval, IntervalBox};
use crate::problem::{OBJECTIVE, Part, Problem};

/// A program that grows with the nodes of a graph, in their order.
#[derive(Debug)]
pub struct Encoder<'a> {
    problem: &'a Problem,
    part: &'a Part,
    clock: Clock,
    model: Model,
    inputs: Vec<VarId>,
    boxes: Vec<IntervalBox>,
    /// The coordinates of each node so far as expressions over columns.
    expressions: Vec<Vec<LinearExpression>>,
    /// How many nodes read each node.
    readers: Vec<usize>,
    /// The neurons of each node that get into the program; all of them where it is `None`.
    read: Option<Vec<Vec<bool>>>,
    /// The outputs of the network that get columns of their own.
    outputs: Vec<usize>,
    activation_layers: usize,
    values: Vec<(VarId, NodeId, usize)>,
    indicators: Vec<(Indicator, NodeId, usize)>,
    auxiliaries: Vec<(Auxiliary, NodeId, usize)>,
    /// The neurons of an encoding that has cuts.
    neurons: Vec<StoredNeuron>,
}

impl<'a> Encoder<'a> {
    /// An empty program for a part of `problem`.
    pub fn new(problem: &'a Problem, part: &'a Part) -> Self {
        let graph = problem.graph();
        let mut readers = vec![0; graph.nodes().count()];
        // The question writes out what it reads once, or gives it a column.
        for (_, node) in graph.nodes().filter(|(id, _)| *id != problem.rows()) {
            match node {
                Node::Input { .. } => {}
                Node::Affine(affine) => {
                    affine.terms.iter().for_each(|(id, _)| readers[id.index()] += 1);
                }
                Node::Relu { input } | Node::Clip { input, .. } => readers[input.index()] += 1,
            }
        }
        Self {
            problem,
            part,
            clock: Clock::unlimited(),
            model: Model::default(),
            inputs: Vec::new(),
            boxes: Vec::new(),
            expressions: Vec::new(),
            readers,
            read: None,
            outputs: Vec::new(),
            activation_layers: 0,
            values: Vec::new(),
            indicators: Vec::new(),
            auxiliaries: Vec::new(),
            neurons: Vec::new(),
        }
    }

    /// Leaves out the neurons that the question does not read, as far as `bounds` tell.
    ///
    /// # Panics
    /// If the bounds are those of another network.
    #[must_use]
    pub fn of_what_is_read(mut self, bounds: &NeuronBounds) -> Self {
        self.read = Some(read_neurons(self.graph(), bounds, self.problem.rows()));
        self
    }

    /// From now on looks at a clock, row by row.
    #[must_use]
    pub fn until(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    fn look_at_the_clock(&self) -> Result<(), EncodeError> {
        self.clock.go_on().map_err(EncodeError::Stopped)
    }

    fn is_read(&self, node: NodeId, index: usize) -> bool {
        self.read.as_ref().is_none_or(|read| read[node.index()][index])
    }

    /// The program of the first nodes, given bounds of each.
    ///
    /// # Errors
    /// The encoding does not apply to a neuron.
    ///
    /// # Panics
    /// If there are more boxes than nodes, or of other sizes.
    pub fn over(
        problem: &'a Problem,
        part: &'a Part,
        boxes: impl IntoIterator<Item = IntervalBox>,
        encoding: &dyn ReluEncoding,
    ) -> Result<Self, EncodeError> {
        Self::new(problem, part).with(boxes, encoding)
    }

    /// Adds nodes, given bounds of each.
    ///
    /// # Errors
    /// The encoding does not apply to a neuron.
    ///
    /// # Panics
    /// If there are more boxes than nodes, or of other sizes.
    pub fn with(
        mut self,
        boxes: impl IntoIterator<Item = IntervalBox>,
        encoding: &dyn ReluEncoding,
    ) -> Result<Self, EncodeError> {
        boxes.into_iter().try_for_each(|bounds| self.add(bounds, encoding))?;
        Ok(self)
    }

    /// Bounds of the nodes that have been added.
    pub fn bounds(&self) -> &[IntervalBox] {
        &self.boxes
    }

    /// The program so far.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The columns of the inputs.
    pub fn inputs(&self) -> &[VarId] {
        &self.inputs
    }

    /// Coordinate `index` of a node that has been added.
    pub fn expression(&self, node: NodeId, index: usize) -> &LinearExpression {
        &self.expressions[node.index()][index]
    }

    /// Adds the next node, given bounds of its values. Limits of the question's rows come with
    /// what they speak of: the inputs alone, or all of the network.
    ///
    /// # Errors
    /// The encoding does not apply to a neuron.
    ///
    /// # Panics
    /// If all nodes have been added.
    pub fn add(
        &mut self,
        bounds: IntervalBox,
        encoding: &dyn ReluEncoding,
    ) -> Result<(), EncodeError> {
        let graph = self.problem.graph();
        let (id, node) = graph.nodes().nth(self.boxes.len()).expect("a node that is left");
        self.boxes.push(bounds);
        match node {
            Node::Input { .. } => self.add_inputs()?,
            Node::Affine(affine) if id == self.problem.rows() => self.add_rows(affine)?,
            Node::Affine(affine) => self.add_affine(id, affine)?,
            Node::Relu { .. } | Node::Clip { .. } => {
                let layer = graph.activation_layers().nth(self.activation_layers);
                self.activation_layers += 1;
                self.add_activations(layer.expect("every activation is a layer"), encoding)?;
            }
        }
        Ok(())
    }

    /// Replaces the bounds of a node that has been added by narrower ones: those
    /// of its own columns, and of all that is added from now on.
    ///
    /// # Panics
    /// If the node has not been added.
    pub fn narrow(&mut self, node: NodeId, bounds: &IntervalBox) {
        self.boxes[node.index()] = bounds.clone();
        for &(column, owner, index) in &self.values {
            if owner == node {
                self.model.narrow(column, bounds.interval(index));
            }
        }
    }

    /// The graph that is encoded.
    pub fn graph(&self) -> &'a ReluGraph {
        self.problem.graph()
    }

    fn add_inputs(&mut self) -> Result<(), EncodeError> {
        let domain = self.boxes[0].clone();
        for index in 0..domain.len() {
            let integer = self.problem.integer().contains(&index);
            let kind = if integer { Kind::Integer } else { Kind::Continuous };
            let name = format!("x{index}");
            let column = self.model.column(Column { name, bounds: domain.interval(index), kind });
            self.inputs.push(column);
            self.values.push((column, self.graph().input(), index));
        }
        let expressions = self.inputs.iter().map(|&column| single(column)).collect();
        self.expressions.push(expressions);
        self.add_limits(false)
    }

    /// Adds the rows of the question.
    fn add_rows(&mut self, affine: &Affine) -> Result<(), EncodeError> {
        self.add_limits(true)?;
        let objective = self.substituted(affine, OBJECTIVE);
        let objective = objective.unwrap_or_else(|| self.affine_row(affine, OBJECTIVE));
        // The limits of the others stand in the program already.
        let mut rows = vec![LinearExpression::default(); affine.bias.len()];
        rows[OBJECTIVE] = objective;
        self.expressions.push(rows);
        Ok(())
    }

    /// The limits of those rows that do, or do not, speak of outputs.
    fn add_limits(&mut self, of_outputs: bool) -> Result<(), EncodeError> {
        let (problem, part) = (self.problem, self.part);
        let Node::Affine(affine) = problem.graph().node(problem.rows()) else {
            unreachable!("the rows of a question are an affine map")
        };
        for limited in problem.limited_rows(part).filter(|row| row.has_outputs() == of_outputs) {
            self.look_at_the_clock()?;
            let expression = self.affine_row(affine, limited.row);
            let name = match limited.row {
                OBJECTIVE => "cutoff".to_string(),
                row => format!("constraint{}", row - 1),
            };
            let (lower, upper) = (limited.interval.lower(), limited.interval.upper());
            self.model.range(name, expression, lower, upper);
        }
        Ok(())
    }

    fn add_affine(&mut self, id: NodeId, affine: &Affine) -> Result<(), EncodeError> {
        let rows = (0..affine.bias.len()).map(|row| match self.is_read(id, row) {
            true => {
                self.look_at_the_clock()?;
                Ok(self.affine_row(affine, row))
            }
            false => Ok(LinearExpression::default()),
        });
        let rows = rows.collect::<Result<_, _>>()?;
        self.expressions.push(rows);
        // Read twice, a long expression would be written out twice.
        if self.readers[id.index()] > 1 {
            for index in 0..affine.bias.len() {
                if self.expression(id, index).terms.len() > 1 {
                    self.add_column(id, index);
                }
            }
        }
        Ok(())
    }

    fn affine_row(&mut self, affine: &Affine, row: usize) -> LinearExpression {
        self.exact_sum(terms(affine, row), affine.bias[row])
    }

    /// `constant + Σ weight · coordinate of a node`, nothing rounded.
    fn exact_sum(
        &mut self,
        sum: impl IntoIterator<Item = (NodeId, usize, f64)>,
        mut constant: f64,
    ) -> LinearExpression {
        let mut terms: BTreeMap<VarId, f64> = BTreeMap::new();
        for (node, index, weight) in sum {
            let substituted = scaled_exactly(self.expression(node, index), weight)
                .and_then(|(term, offset)| Some((term, exact_sum(constant, offset)?)));
            let term = match substituted {
                Some((term, sum)) => {
                    constant = sum;
                    term
                }
                None => Some((self.add_column(node, index), weight)),
            };
            if let Some((column, coefficient)) = term {
                self.add_term(&mut terms, column, coefficient);
            }
        }
        LinearExpression::new(terms.into_iter().collect(), constant)
    }

    /// Adds a term; where a column occurs twice and the sum of its coefficients
    /// would be rounded, a copy of the column takes the second one.
    fn add_term(&mut self, terms: &mut BTreeMap<VarId, f64>, column: VarId, coefficient: f64) {
        match terms.entry(column) {
            Entry::Vacant(free) => {
                free.insert(coefficient);
            }
            Entry::Occupied(mut taken) => match exact_sum(*taken.get(), coefficient) {
                Some(sum) => {
                    taken.insert(sum);
                }
                None => {
                    let original = self.model.column_at(column).clone();
                    let name = format!("{}'", original.name);
                    let copy = self.model.continuous(name.clone(), original.bounds);
                    let equal = LinearExpression::new(vec![(column, 1.0), (copy, -1.0)], 0.0);
                    self.model.equal_zero(format!("{name}.is"), equal);
                    let value = self.values.iter().find(|(other, _, _)| *other == column).copied();
                    self.values.extend(value.map(|(_, node, index)| (copy, node, index)));
                    terms.insert(copy, coefficient);
                }
            },
        }
    }

    /// Gives coordinate `index` of a node a column and a row of its own.
    fn add_column(&mut self, node: NodeId, index: usize) -> VarId {
        let name = format!("v{}_{index}", node.index());
        let bounds = self.boxes[node.index()].interval(index);
        let column = self.model.continuous(name.clone(), bounds);
        let mut definition = self.expression(node, index).clone();
        definition.terms.push((column, -1.0));
        self.model.equal_zero(format!("{name}.is"), definition);
        self.values.push((column, node, index));
        self.expressions[node.index()][index] = single(column);
        column
    }

    fn add_activations(
        &mut self,
        layer: ActivationLayer<'_>,
        encoding: &dyn ReluEncoding,
    ) -> Result<(), EncodeError> {
        let mut outputs = Vec::new();
        for index in 0..self.graph().size(layer.node) {
            self.look_at_the_clock()?;
            if !self.is_read(layer.node, index) {
                outputs.push(LinearExpression::default());
                continue;
            }
            let range = self.boxes[layer.pre_activation.index()].interval(index);
            outputs.push(match Phase::of(range, layer.ceiling(index)) {
                Phase::Inactive => LinearExpression::default(),
                Phase::Active => self.expression(layer.pre_activation, index).clone(),
                Phase::Saturated => {
                    let constant = layer.ceiling(index).expect("only a clipped ReLU saturates");
                    LinearExpression { terms: Vec::new(), constant }
                }
                Phase::Unstable => single(self.add_unstable(layer, index, range, encoding)?),
            });
        }
        self.expressions.push(outputs);
        Ok(())
    }

    fn add_unstable(
        &mut self,
        layer: ActivationLayer<'_>,
        index: usize,
        range: Interval,
        encoding: &dyn ReluEncoding,
    ) -> Result<VarId, EncodeError> {
        let pre = self.expression(layer.pre_activation, index).clone();
        let (inputs, weights): (Vec<VarId>, Vec<f64>) = pre.terms.iter().copied().unzip();
        let input_bounds: Vec<Interval> =
            inputs.iter().map(|&column| self.model.column_at(column).bounds).collect();
        let neuron = ReluNeuron {
            label: &format!("{}_{index}", self.activation_layers),
            inputs: &inputs,
            weights: &weights,
            bias: pre.constant,
            input_bounds: &input_bounds,
            pre_activation: range,
            ceiling: layer.ceiling(index).filter(|&c| range.upper() > c),
        };
        let encoded = encoding.encode(&neuron, &mut self.model)?;
        if encoding.has_cuts() {
            self.neurons.push(StoredNeuron::new(&neuron, &encoded));
        }
        self.values.push((encoded.output, layer.node, index));
        for indicator in encoded.indicators {
            self.indicators.push((indicator, layer.pre_activation, index));
        }
        for auxiliary in encoded.auxiliaries {
            self.auxiliaries.push((auxiliary, layer.pre_activation, index));
        }
        Ok(encoded.output)
    }

    /// The program with its objective.
    ///
    /// # Panics
    /// If a node has not been added.
    pub fn finish(mut self) -> EncodedProblem {
        self.model.objective = self.expression(self.problem.rows(), OBJECTIVE).clone();
        self.add_outputs();
        let Self { model, inputs, values, indicators, auxiliaries, neurons, .. } = self;
        EncodedProblem { model, inputs, values, indicators, auxiliaries, neurons }
    }

    /// A row with what it reads written out, so that this needs no columns; `None` where that
    /// would round.
    fn substituted(&self, affine: &Affine, row: usize) -> Option<LinearExpression> {
        let mut sum: BTreeMap<VarId, f64> = BTreeMap::new();
        let mut constant = affine.bias[row];
        for (node, index, factor) in terms(affine, row) {
            let part = self.expression(node, index);
            constant = exact_sum(constant, exact_product(factor, part.constant)?)?;
            for &(column, weight) in &part.terms {
                let coefficient = sum.entry(column).or_insert(0.0);
                *coefficient = exact_sum(*coefficient, exact_product(factor, weight)?)?;
            }
        }
        Some(LinearExpression::new(sum.into_iter().collect(), constant))
    }
}

/// The terms of a row of an affine map: node, coordinate, weight.
fn terms(affine: &Affine, row: usize) -> impl Iterator<Item = (NodeId, usize, f64)> + '_ {
    affine.terms.iter().flat_map(move |(operand, linear)| {
        linear.row(row).into_iter().map(move |(index, weight)| (*operand, index, weight))
    })
}

fn single(column: VarId) -> LinearExpression {
    LinearExpression { terms: vec![(column, 1.0)], constant: 0.0 }
}

/// `weight · expression` as a term and a constant, if it has one term at most
/// and no product is rounded.
fn scaled_exactly(
    expression: &LinearExpression,
    weight: f64,
) -> Option<(Option<(VarId, f64)>, f64)> {
    let constant = exact_product(weight, expression.constant)?;
    match expression.terms.as_slice() {
        [] => Some((None, constant)),
        [(column, c)] => Some((Some((*column, exact_product(weight, *c)?)), constant)),
        _ => None,
    }
}

fn exact_product(a: f64, b: f64) -> Option<f64> {
    let (product, error) = two_product(a, b);
    let is_exact = product.abs() >= EXACT_ERRORS && product.is_finite();
    (error == 0.0 && (is_exact || a == 0.0 || b == 0.0)).then_some(product)
}

fn exact_sum(a: f64, b: f64) -> Option<f64> {
    let (sum, error) = two_sum(a, b);
    (error == 0.0 && sum.is_finite()).then_some(sum)
}
