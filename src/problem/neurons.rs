//! Neurons as outputs: the least value of one is a question like any other, about the network up
//! to its layer.

use std::sync::Arc;

use ndarray::Array1;

use super::{Constraint, Expression, Part, Problem, Question, Variable, rows, whole};
use crate::network::{Linear, Network, NodeId, ReluGraph, SparseRows};
use crate::num::IntervalBox;

/// Questions about the neurons of a node, over a part of a problem.
#[derive(Debug)]
pub struct Neurons {
    /// As in the problem; it has other outputs than the graph.
    network: Arc<Network>,
    /// With the neurons among its outputs, unless they are inputs.
    graph: ReluGraph,
    /// The place of the first neuron among the outputs; `None` where they are the inputs.
    first: Option<usize>,
    domain: IntervalBox,
    constraints: Vec<Constraint>,
    integer: Vec<usize>,
}

impl Neurons {
    /// The neurons of a node for inputs in `domain`, a part of that of `part`. Its limits on rows
    /// of inputs hold; those on rows of outputs where they are asked for, and the graph is all
    /// of the network then.
    ///
    /// # Panics
    /// If the problem has no such node, or the box has another number of inputs.
    pub fn new(
        problem: &Problem,
        part: &Part,
        node: NodeId,
        domain: IntervalBox,
        with_outputs: bool,
    ) -> Self {
        assert_eq!(domain.len(), problem.domain.len(), "inputs of a box");
        let all = &problem.without_rows();
        let graph = match with_outputs {
            false => all.up_to(node),
            true if node == all.input() || node == all.output() => all.clone(),
            true => beside_outputs(all, node),
        };
        let is_input = node == graph.input();
        let limits = problem.limited_rows(part);
        let limits = limits.filter(|row| with_outputs || !row.has_outputs());
        Self {
            network: problem.network.clone(),
            first: (!is_input).then(|| graph.size(graph.output()) - graph.size(node)),
            graph,
            domain,
            constraints: limits.map(|row| row.constraint()).collect(),
            integer: problem.integer().to_vec(),
        }
    }

    /// The graph that is asked, without rows: its first nodes are those of the problem.
    pub fn graph(&self) -> &ReluGraph {
        &self.graph
    }

    /// The question for the least value of `sign` times a neuron. Its points are those of
    /// [`Problem::evaluate_canonical`].
    pub fn least(&self, index: usize, sign: f64) -> Problem {
        let neuron = match self.first {
            Some(first) => Variable::Output(first + index),
            None => Variable::Input(index),
        };
        let question = Question {
            objective: Expression::new([(neuron, sign)], 0.0),
            constraints: self.constraints.clone(),
            integer: self.integer.clone(),
            ..Question::default()
        };
        let (graph, rows) = rows::append(&self.graph, &question);
        Problem {
            network: self.network.clone(),
            network_graph: self.graph.clone(),
            graph,
            rows,
            whole: whole(&self.domain, &question),
            domain: self.domain.clone(),
            question,
            objective_text: None,
        }
    }
}

impl Problem {
    /// The graph up to its rows: the network, and what bends in the question.
    fn without_rows(&self) -> ReluGraph {
        let before = self.graph.nodes().map(|(id, _)| id).take_while(|id| *id != self.rows);
        let mut graph = self.graph.up_to(before.last().expect("an input"));
        graph.set_output(self.graph.output());
        graph
    }
}

/// The graph with the neurons of a node as outputs behind its own.
fn beside_outputs(graph: &ReluGraph, node: NodeId) -> ReluGraph {
    let mut graph = graph.clone();
    let (outputs, neurons) = (graph.size(graph.output()), graph.size(node));
    let copied = |from: usize, size: usize| {
        let rows = (0..outputs + neurons).map(|row| {
            let column = row.checked_sub(from).filter(|column| *column < size);
            column.map(|column| (column, 1.0))
        });
        Linear::Sparse(SparseRows::from_rows(size, rows))
    };
    let terms = vec![(graph.output(), copied(0, outputs)), (node, copied(outputs, neurons))];
    let both = graph.affine(terms, Array1::zeros(outputs + neurons));
    graph.set_output(both);
    graph
}
