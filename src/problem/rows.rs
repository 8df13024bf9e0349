//! The question as a node of the graph: objective and constraints are the rows of one affine
//! map of inputs and outputs.
//!
//! Row 0 is the objective, to be made small: where the problem maximises it is negated. Rows
//! 1, 2, … are the left-hand sides of the constraints, in their order. What bounds, encodes or
//! searches a network bounds, encodes or searches its question with it, and whatever narrows
//! the question is an interval of a row.

use ndarray::Array1;

use super::{Constraint, Expression, Problem, Question, Sense, Variable};
use crate::network::{Linear, NodeId, ReluGraph, SparseRows};
use crate::num::{Interval, IntervalBox};

/// Row of the objective.
pub const OBJECTIVE: usize = 0;

impl Sense {
    /// A value of the objective as one that is to be made small, and back: a minus where the
    /// problem maximises.
    pub fn signed(self, value: f64) -> f64 {
        match self {
            Self::Minimize => value,
            // Not −0 for 0.
            Self::Maximize => 0.0 - value,
        }
    }
}

/// A part of a problem: the inputs in a box for which each row lies in its interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The box of the inputs, with integer inputs between whole numbers.
    pub domain: IntervalBox,
    /// One interval a row, perhaps without ends.
    pub rows: Vec<Interval>,
}

impl Part {
    /// The part over a box; all of the rows.
    pub(super) fn new(domain: IntervalBox, constraints: &[Constraint]) -> Self {
        let everything = Interval::new(f64::NEG_INFINITY, f64::INFINITY).expect("an interval");
        let limits = constraints.iter().map(Constraint::interval);
        Self { domain, rows: std::iter::once(everything).chain(limits).collect() }
    }

    /// The part of this one in which the objective, signed, is at most a value.
    #[must_use]
    pub fn at_most(mut self, value: f64) -> Self {
        let upper = self.rows[OBJECTIVE].upper().min(value);
        let objective = Interval::new(self.rows[OBJECTIVE].lower(), upper);
        self.rows[OBJECTIVE] = objective.expect("a value");
        self
    }

    /// Number of inputs that are not fixed.
    pub fn varying(&self) -> usize {
        self.domain.varying().count()
    }
}

/// A row that has a limit.
#[derive(Clone, Copy, Debug)]
pub struct LimitedRow<'a> {
    /// Which one.
    pub row: usize,
    /// Where it has to lie.
    pub interval: Interval,
    expression: &'a Expression,
    sign: f64,
}

impl LimitedRow<'_> {
    /// Whether it speaks of outputs.
    pub fn has_outputs(&self) -> bool {
        self.expression.has_outputs()
    }

    /// Whether a point lies within the limit; where the row speaks of inputs only, the outputs
    /// are not looked at.
    pub fn contains(&self, input: &[f64], output: &[f64]) -> bool {
        self.interval.contains(self.sign * self.expression.evaluate(input, output))
    }

    /// The limit as a constraint of its own; where the row has a constant, rounded outward.
    pub(super) fn constraint(&self) -> Constraint {
        let expression = self.expression.clone().times(self.sign);
        let constant = expression.constant();
        let (lower, upper) = (self.interval.lower(), self.interval.upper());
        let (lower, upper) = match constant == 0.0 {
            true => (lower, upper),
            false => ((lower - constant).next_down(), (upper - constant).next_up()),
        };
        Constraint::new(expression.without_constant(), lower, upper)
    }
}

impl Question {
    /// The expression of each row, and the factor that makes it one.
    fn rows(&self) -> impl Iterator<Item = (&Expression, f64)> {
        let objective = std::iter::once((&self.objective, self.sense.signed(1.0)));
        objective.chain(self.constraints.iter().map(|c| (c.expression(), 1.0)))
    }
}

impl Problem {
    /// The rows that have a limit in a part.
    pub fn limited_rows<'a>(&'a self, part: &'a Part) -> impl Iterator<Item = LimitedRow<'a>> {
        let rows = self.question.rows().zip(&part.rows).enumerate();
        let rows = rows.map(|(row, ((expression, sign), &interval))| LimitedRow {
            row,
            interval,
            expression,
            sign,
        });
        // A row of no variables is decided by its constant, not by a program.
        rows.filter(|row| {
            let is_limited = row.interval.lower().is_finite() || row.interval.upper().is_finite();
            is_limited && !row.expression.is_constant()
        })
    }
}

/// Appends the rows of a question to a graph: what bends in them layer by layer, and the rows.
pub(super) fn append(graph: &ReluGraph, question: &Question) -> (ReluGraph, NodeId) {
    let mut rows = Rows::new(graph.clone());
    let all: Vec<(&Expression, f64)> = question.rows().collect();
    all.iter().for_each(|(expression, _)| rows.find(expression));
    rows.append_bends();
    let node = rows.append(&all);
    (rows.graph, node)
}

/// Rows of a question on their way into a graph.
struct Rows<'a> {
    graph: ReluGraph,
    /// What bends, each once: layer by layer, those of a layer read those of the layers before.
    layers: Vec<Vec<&'a Expression>>,
    /// The nodes of their positive parts.
    nodes: Vec<NodeId>,
}

impl<'a> Rows<'a> {
    fn new(graph: ReluGraph) -> Self {
        Self { graph, layers: Vec::new(), nodes: Vec::new() }
    }

    /// Finds what bends in an expression.
    fn find(&mut self, expression: &'a Expression) {
        for (bend, _) in expression.bends() {
            if self.place(bend).is_none() {
                self.find(bend);
                let layer = bend.depth();
                self.layers.resize_with(self.layers.len().max(layer + 1), Vec::new);
                self.layers[layer].push(bend);
            }
        }
    }

    /// Layer and place in it.
    fn place(&self, bend: &Expression) -> Option<(usize, usize)> {
        let layer = bend.depth();
        let is_same = |other: &&Expression| std::ptr::eq(*other, bend) || *other == bend;
        Some((layer, self.layers.get(layer)?.iter().position(is_same)?))
    }

    fn append_bends(&mut self) {
        for layer in 0..self.layers.len() {
            let rows: Vec<(&Expression, f64)> =
                self.layers[layer].iter().map(|&bend| (bend, 1.0)).collect();
            let node = self.append(&rows);
            let node = self.graph.relu(node);
            self.nodes.push(node);
        }
    }

    /// Appends one affine node.
    fn append(&mut self, rows: &[(&Expression, f64)]) -> NodeId {
        let of = |index: fn(Variable) -> Option<usize>, size: usize| {
            let entries = rows.iter().map(|(expression, sign)| {
                let terms = expression.terms().iter();
                terms.filter_map(move |&(variable, c)| Some((index(variable)?, sign * c)))
            });
            Linear::Sparse(SparseRows::from_rows(size, entries))
        };
        let (input, output) = (self.graph.input(), self.graph.output());
        let mut terms = vec![
            (input, of(Variable::input, self.graph.size(input))),
            (output, of(Variable::output, self.graph.size(output))),
        ];
        for (layer, &node) in self.nodes.iter().enumerate() {
            let entries = rows.iter().map(|(expression, sign)| {
                let bends = expression.bends().iter().filter_map(|(bend, c)| {
                    let place = self.place(bend).expect("a bend that was found");
                    (place.0 == layer).then_some((place.1, sign * c))
                });
                bends.collect::<Vec<_>>()
            });
            let linear = SparseRows::from_rows(self.graph.size(node), entries);
            terms.push((node, Linear::Sparse(linear)));
        }
        let bias: Array1<f64> = rows.iter().map(|(row, sign)| sign * row.constant()).collect();
        self.graph.affine(terms, bias)
    }
}
