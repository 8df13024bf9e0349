//! Branch and bound over certified linear programs: the least value of an
//! expression over a mixed-integer program, proven to the last bit.
//!
//! A MILP solver would be faster, but its dual bound holds up to tolerances that
//! are absolute: on networks with large weights or boxes HiGHS has been seen to
//! state bounds that are off by a third. Here every node of the tree has the bound
//! that its multipliers prove, a node is dropped only if its program is proven to
//! have no point, and the result is the least bound of all leaves, whenever the
//! search ends.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::control::Clock;
use crate::milp::{Kind, LinearExpression, Model, VarId, dual_bound};
use crate::num::Interval;
use crate::solve::{Basis, LinearProgram, LpOutcome, LpStatus, SolveError};

/// What is nearer to a whole number is one.
const INTEGRALITY: f64 = 1e-6;

/// A program whose relaxation is solved again and again with other bounds.
pub struct Search {
    model: Model,
    program: LinearProgram,
    /// The integer columns and their bounds.
    integers: Vec<(VarId, Interval)>,
}

/// When a search ends.
#[derive(Clone, Copy, Debug)]
pub struct Until {
    /// The clock.
    pub clock: Clock,
    /// Most parts that are looked at.
    pub nodes: u64,
    /// A bound above this is enough.
    pub enough: f64,
}

/// What a search found.
pub struct Found {
    /// The least value is no less; `None` if nothing is proven.
    pub bound: Option<f64>,
    /// Whether it ended by itself.
    pub is_complete: bool,
    /// Whether the program is proven to have no point.
    pub is_empty: bool,
    /// Parts that were looked at.
    pub nodes: u64,
    /// Simplex iterations.
    pub iterations: u64,
    /// Point of the first relaxation, one value a column.
    pub point: Vec<f64>,
}

/// A part of the program: narrower bounds of some integer columns.
struct Node {
    /// Proven for this part by the program it was split from.
    bound: f64,
    bounds: Vec<(VarId, Interval)>,
}

impl Search {
    /// A search over `model`.
    ///
    /// # Errors
    /// A number that HiGHS does not take.
    pub fn new(model: &Model) -> Result<Self, SolveError> {
        let program = LinearProgram::new(model)?;
        let is_integer = |id: &VarId| model.column_at(*id).kind == Kind::Integer;
        let integers = model.column_ids().filter(is_integer);
        let integers = integers.map(|id| (id, model.column_at(id).bounds)).collect();
        Ok(Self { model: model.clone().relaxed(), program, integers })
    }

    /// The least value of `objective`, from a basis of the relaxation; `visit` sees the point of
    /// each relaxation, one value a column, empty where there is none.
    ///
    /// # Errors
    /// The solver failed in another way than on a single program.
    pub fn least(
        &mut self,
        objective: &LinearExpression,
        basis: Option<&Basis>,
        until: Until,
        visit: &mut dyn FnMut(&[f64]),
    ) -> Result<Found, SolveError> {
        let mut costs = vec![0.0; self.model.columns().len()];
        objective.terms.iter().for_each(|&(column, c)| costs[column.index()] = c);
        if let Some(basis) = basis {
            self.program.set_basis(basis)?;
        }
        let mut found = Found {
            bound: None,
            is_complete: true,
            is_empty: false,
            nodes: 0,
            iterations: 0,
            point: Vec::new(),
        };
        // The least bound of the parts that are done with.
        let mut closed = f64::INFINITY;
        let mut open = BinaryHeap::from([Node { bound: f64::NEG_INFINITY, bounds: Vec::new() }]);
        while let Some(node) = open.pop() {
            // Above either there is nothing to gain, and no open part is below.
            let enough = until.enough.min(closed);
            let is_stopped = until.clock.is_stopped() || found.nodes == until.nodes;
            if node.bound > enough || is_stopped {
                found.is_complete &= node.bound > enough;
                closed = closed.min(node.bound);
                break;
            }
            self.enter(&node)?;
            self.program.stop_above(Some(enough - objective.constant))?;
            let outcome = self.relaxation(&costs, &until.clock)?;
            found.nodes += 1;
            found.iterations += outcome.iterations;
            visit(&outcome.point);
            if outcome.status == LpStatus::Infeasible && self.is_proven_empty(&outcome.multipliers)
            {
                continue;
            }
            let bound = dual_bound(&self.model, objective, &outcome.multipliers).max(node.bound);
            let branch = match outcome.status {
                LpStatus::Optimal => self.most_fractional(&outcome.point),
                // Not proven: its parts are easier.
                LpStatus::Infeasible => self.widest(),
                LpStatus::Above | LpStatus::Stopped => None,
            };
            if found.point.is_empty() {
                found.point.clone_from(&outcome.point);
            }
            match branch {
                Some((column, value)) if bound <= enough => {
                    let parts = split(self.model.column_at(column).bounds, value);
                    open.extend(parts.into_iter().flatten().map(|part| {
                        let mut bounds = node.bounds.clone();
                        bounds.push((column, part));
                        Node { bound, bounds }
                    }));
                }
                _ => {
                    let is_done = matches!(outcome.status, LpStatus::Optimal | LpStatus::Above);
                    found.is_complete &= is_done;
                    closed = closed.min(bound);
                }
            }
        }
        found.is_empty = closed == f64::INFINITY && open.is_empty();
        found.bound = Some(closed).filter(|bound| bound.is_finite());
        Ok(found)
    }

    /// Solves the relaxation of a part.
    fn relaxation(&mut self, costs: &[f64], clock: &Clock) -> Result<LpOutcome, SolveError> {
        match self.program.minimize(costs, clock) {
            Err(SolveError::Failed { .. } | SolveError::Unbounded) => {
                Ok(LpOutcome::nothing(self.model.rows().len()))
            }
            outcome => outcome,
        }
    }

    /// Gives the integer columns the bounds of a part.
    fn enter(&mut self, node: &Node) -> Result<(), SolveError> {
        for &(column, original) in &self.integers {
            // The last one is the narrowest.
            let narrowed = node.bounds.iter().rev().find(|(other, _)| *other == column);
            let wanted = narrowed.map_or(original, |(_, bounds)| *bounds);
            if self.model.column_at(column).bounds != wanted {
                self.model.set_bounds(column, wanted);
                self.program.set_bounds(column, wanted)?;
            }
        }
        Ok(())
    }

    /// Whether multipliers, under one sign or the other, show that there is no
    /// point: that the least value of 0 is above 0.
    fn is_proven_empty(&self, multipliers: &[f64]) -> bool {
        is_proven_empty(&self.model, multipliers)
    }

    /// The integer column with most whole numbers left, and the middle of its bounds; of
    /// equal ones the first.
    fn widest(&self) -> Option<(VarId, f64)> {
        let columns = self.integers.iter().filter_map(|&(column, _)| {
            let bounds = self.model.column_at(column).bounds;
            let width = bounds.upper() - bounds.lower();
            (width > 0.0).then_some((column, 0.5 * bounds.lower() + 0.5 * bounds.upper(), width))
        });
        let widest = columns.max_by(|a, b| a.2.total_cmp(&b.2).then(b.0.cmp(&a.0)));
        widest.map(|(column, middle, _)| (column, middle))
    }

    /// The integer column that is furthest from a whole number, and its value.
    fn most_fractional(&self, point: &[f64]) -> Option<(VarId, f64)> {
        let columns = self.integers.iter().filter_map(|&(column, _)| {
            let bounds = self.model.column_at(column).bounds;
            let value = point.get(column.index())?.clamp(bounds.lower(), bounds.upper());
            let distance = (value - value.round()).abs();
            (distance > INTEGRALITY).then_some((column, value, distance))
        });
        let furthest = columns.max_by(|a, b| a.2.total_cmp(&b.2).then(b.0.cmp(&a.0)));
        furthest.map(|(column, value, _)| (column, value))
    }
}

/// Whether multipliers, under one sign or the other, show that `model` has no
/// point: that the least value of 0 is above 0.
pub fn is_proven_empty(model: &Model, multipliers: &[f64]) -> bool {
    let negated: Vec<f64> = multipliers.iter().map(|y| -y).collect();
    let nothing = LinearExpression::default();
    [multipliers, &negated].iter().any(|y| dual_bound(model, &nothing, y) > 0.0)
}

/// The whole numbers up to a value, and those above it.
fn split(bounds: Interval, value: f64) -> [Option<Interval>; 2] {
    let floor = value.floor();
    // Beyond 2⁵³ not every whole number has a successor: then both parts share one.
    let next = if floor + 1.0 - floor == 1.0 { floor + 1.0 } else { floor };
    [Interval::new(bounds.lower(), floor), Interval::new(next, bounds.upper())]
}

/// The least bound comes first; of equal ones the part that is narrower.
impl Ord for Node {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_bound = other.bound.total_cmp(&self.bound);
        by_bound.then(self.bounds.len().cmp(&other.bounds.len()))
    }
}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Node {}
