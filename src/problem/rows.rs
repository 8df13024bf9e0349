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
        let (lower, upper) = (self.domain.lower(), self.domain.upper());
        lower.iter().zip(upper).filter(|(l, u)| l < u).count()
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
        let terms = self.expression.terms().iter().map(|&(v, c)| (v, self.sign * c));
        let constant = self.sign * self.expression.constant();
        let (lower, upper) = (self.interval.lower(), self.interval.upper());
        let (lower, upper) = match constant == 0.0 {
            true => (lower, upper),
            false => ((lower - constant).next_down(), (upper - constant).next_up()),
        };
        Constraint::new(Expression::new(terms, 0.0), lower, upper)
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
            is_limited && !row.expression.terms().is_empty()
        })
    }
}

/// Appends the rows of a question to a graph.
pub(super) fn append(graph: &ReluGraph, question: &Question) -> (ReluGraph, NodeId) {
    let mut graph = graph.clone();
    let rows: Vec<(&Expression, f64)> = question.rows().collect();
    let of = |index: fn(Variable) -> Option<usize>, size: usize| {
        let entries = rows.iter().map(|(expression, sign)| {
            let terms = expression.terms().iter();
            terms.filter_map(move |&(variable, c)| Some((index(variable)?, sign * c)))
        });
        Linear::Sparse(SparseRows::from_rows(size, entries))
    };
    let (input, output) = (graph.input(), graph.output());
    let terms = vec![
        (input, of(Variable::input, graph.size(input))),
        (output, of(Variable::output, graph.size(output))),
    ];
    let bias: Array1<f64> = rows.iter().map(|(row, sign)| sign * row.constant()).collect();
    let node = graph.affine(terms, bias);
    (graph, node)
}
