//! Integer columns of a program, whose bounds are narrowed until its linear relaxation has whole
//! numbers there: the least value of an expression over a mixed-integer program, proven to the
//! last bit.
//!
//! A MILP solver would be faster, but its dual bound holds up to tolerances that
//! are absolute: on networks with large weights or boxes HiGHS has been seen to
//! state bounds that are off by a third. Here every part has the bound that the multipliers of
//! its relaxation prove, and is dropped only if that is proven to have no point.

use std::iter;

use super::{Bounded, Divided, Effort, Found, Goal, Space, Target, least};
use crate::control::{Clock, Silent};
use crate::milp::{Kind, LinearExpression, Model, VarId, dual_bound};
use crate::num::Interval;
use crate::solve::{Basis, LinearProgram, LpOutcome, LpStatus, SolveError};

/// What is nearer to a whole number is one.
const INTEGRALITY: f64 = 1e-6;

/// The columns of a program whose relaxation is solved again and again, each time from the basis
/// of the last one, with other bounds or for another objective.
pub struct Columns {
    model: Model,
    relaxation: LinearProgram,
    /// The integer columns and their bounds.
    integers: Vec<(VarId, Interval)>,
}

impl Columns {
    /// The columns of `model`, whose objective plays no part.
    ///
    /// # Errors
    /// A number that HiGHS does not take.
    pub fn new(model: &Model) -> Result<Self, SolveError> {
        let relaxation = LinearProgram::new(model)?;
        let is_integer = |id: &VarId| model.column_at(*id).kind == Kind::Integer;
        let integers = model.column_ids().filter(is_integer);
        let integers = integers.map(|id| (id, model.column_at(id).bounds)).collect();
        Ok(Self { model: model.clone().relaxed(), relaxation, integers })
    }

    /// The least value of `objective`, from a basis of the relaxation, and whether it is as good
    /// as can be: nothing ended the search, and no relaxation came to nothing. `goal` is offered
    /// the point of each relaxation that has one, one value a column; relaxations count as nodes.
    ///
    /// # Errors
    /// The solver failed in another way than on a single program.
    pub fn least(
        &mut self,
        objective: &LinearExpression,
        basis: Option<&Basis>,
        goal: &mut dyn Goal,
        effort: &Effort,
    ) -> Result<(Found, bool), SolveError> {
        let mut costs = vec![0.0; self.model.columns().len()];
        objective.terms.iter().for_each(|&(column, c)| costs[column.index()] = c);
        if let Some(basis) = basis {
            self.relaxation.set_basis(basis)?;
        }
        let root = Narrowed { least: f64::NEG_INFINITY, bounds: Vec::new() };
        let roots = vec![Bounded::open(root.least, root)];
        let (clock, is_complete) = (effort.clock, true);
        let mut space = Minimization { columns: self, objective, costs, clock, is_complete };
        let found = least(&mut space, roots, goal, effort, &mut Silent)?;
        let is_complete = space.is_complete && found.stopped_by.is_none();
        Ok((found, is_complete))
    }

    /// Gives the integer columns the bounds of a part.
    fn enter(&mut self, part: &Narrowed) -> Result<(), SolveError> {
        for &(column, original) in &self.integers {
            // The last one is the narrowest.
            let narrowed = part.bounds.iter().rev().find(|(other, _)| *other == column);
            let wanted = narrowed.map_or(original, |(_, bounds)| *bounds);
            if self.model.column_at(column).bounds != wanted {
                self.model.set_bounds(column, wanted);
                self.relaxation.set_bounds(column, wanted)?;
            }
        }
        Ok(())
    }

    /// The integer column to divide next, and the value to do it at: the one furthest from a whole
    /// number at a point; without one, that with most whole numbers left, in their middle. Of
    /// equal ones the first.
    fn branch(&self, point: Option<&[f64]>) -> Option<(VarId, f64)> {
        let columns = self.integers.iter().filter_map(|&(column, _)| {
            let bounds = self.model.column_at(column).bounds;
            let (lower, upper) = (bounds.lower(), bounds.upper());
            let (value, size) = match point {
                Some(point) => {
                    let value = point.get(column.index())?.clamp(lower, upper);
                    (value, (value - value.round()).abs())
                }
                None => (0.5 * lower + 0.5 * upper, upper - lower),
            };
            (size > INTEGRALITY).then_some((column, value, size))
        });
        let largest = columns.max_by(|a, b| a.2.total_cmp(&b.2).then(b.0.cmp(&a.0)));
        largest.map(|(column, value, _)| (column, value))
    }
}

/// Whether multipliers, under one sign or the other, show that `model` has no
/// point: that the least value of 0 is above 0.
pub fn is_proven_empty(model: &Model, multipliers: &[f64]) -> bool {
    let negated: Vec<f64> = multipliers.iter().map(|y| -y).collect();
    let nothing = LinearExpression::default();
    [multipliers, &negated].iter().any(|y| dual_bound(model, &nothing, y) > 0.0)
}

/// The last whole number up to a value, and the first one above it.
pub fn around(value: f64) -> [f64; 2] {
    let floor = value.floor();
    // Beyond 2⁵³ not every whole number has a successor: then what ends and begins there shares
    // one.
    let next = if floor + 1.0 - floor == 1.0 { floor + 1.0 } else { floor };
    [floor, next]
}

/// A part of a program: narrower bounds of some integer columns.
struct Narrowed {
    /// Proven for this part by the one that it was split from.
    least: f64,
    bounds: Vec<(VarId, Interval)>,
}

/// The columns under one objective.
struct Minimization<'a> {
    columns: &'a mut Columns,
    objective: &'a LinearExpression,
    costs: Vec<f64>,
    clock: Clock,
    is_complete: bool,
}

impl Space for Minimization<'_> {
    type Part = Narrowed;
    type Error = SolveError;

    fn divide(&mut self, part: Narrowed, target: Target) -> Divided<Self> {
        self.columns.enter(&part)?;
        self.columns.relaxation.stop_above(Some(target.enough - self.objective.constant))?;
        let model = &self.columns.model;
        let outcome = match self.columns.relaxation.minimize(&self.costs, &self.clock) {
            Err(SolveError::Failed { .. } | SolveError::Unbounded) => {
                LpOutcome::nothing(model.rows().len())
            }
            outcome => outcome?,
        };
        let LpOutcome { status, point, multipliers, iterations } = outcome;
        let mut shown = Bounded { iterations, ..Bounded::nothing() };
        if status == LpStatus::Infeasible && is_proven_empty(model, &multipliers) {
            return Ok(vec![shown]);
        }
        let least = dual_bound(model, self.objective, &multipliers).max(part.least);
        let branch = match status {
            LpStatus::Optimal => self.columns.branch(Some(&point)),
            // Not proven: its parts are easier.
            LpStatus::Infeasible => self.columns.branch(None),
            LpStatus::Above | LpStatus::Stopped => None,
        };
        shown.points.extend(Some(point).filter(|point| !point.is_empty()));
        let mut parts = Vec::new();
        match branch {
            Some((column, value)) => {
                let (range, [left, right]) = (model.column_at(column).bounds, around(value));
                // The newest comes first: the lower one.
                let halves = [(right, range.upper()), (range.lower(), left)];
                for range in halves.into_iter().filter_map(|(l, u)| Interval::new(l, u)) {
                    let mut bounds = part.bounds.clone();
                    bounds.push((column, range));
                    parts.push(Narrowed { least, bounds });
                }
            }
            // Its clock is the one of the search, which is over.
            None if status == LpStatus::Stopped => parts.push(Narrowed { least, ..part }),
            None => {
                shown.least = least;
                self.is_complete &= status != LpStatus::Infeasible;
            }
        }
        let parts = parts.into_iter().map(|part| Bounded::open(least, part));
        Ok(iter::once(shown).chain(parts).collect())
    }

    fn bytes(&self) -> usize {
        size_of::<Narrowed>() + self.columns.integers.len() * size_of::<(VarId, Interval)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Limits, StoppedBy};
    use crate::milp::Column;
    use crate::search::Enough;

    const WHOLE: [f64; 4] = [0.0, 1.0, 2.0, 3.0];

    /// x and y from 0 to 3, whole, with `lower ≤ 3x + 2y ≤ upper`.
    fn columns(lower: f64, upper: f64) -> (Columns, [VarId; 2]) {
        let mut model = Model::default();
        let bounds = Interval::new(0.0, 3.0).expect("an interval");
        let ids = ["x", "y"].map(|name| {
            model.column(Column { name: name.to_string(), bounds, kind: Kind::Integer })
        });
        let row = LinearExpression::new(vec![(ids[0], 3.0), (ids[1], 2.0)], 0.0);
        model.range("row".to_string(), row, lower, upper);
        (Columns::new(&model).expect("a program"), ids)
    }

    fn search(
        columns: &mut Columns,
        objective: &LinearExpression,
        bound: f64,
        effort: &Effort,
    ) -> (Found, bool) {
        let mut goal = Enough { bound, visit: |_: &[f64]| {} };
        columns.least(objective, None, &mut goal, effort).expect("a search")
    }

    #[test]
    fn the_least_values_of_several_objectives_are_those_of_the_whole_numbers() {
        let everything = Effort::until(Clock::unlimited());
        for (lower, upper) in [(0.0, 4.5), (4.5, 7.5), (7.0, 7.0), (0.5, 1.5)] {
            let (mut columns, [x, y]) = columns(lower, upper);
            for (a, b) in [(-1.0, -1.0), (2.0, -3.0), (-5.0, -3.0), (1.0, 1.5)] {
                let objective = LinearExpression::new(vec![(x, a), (y, b)], 0.25);
                let points = WHOLE.into_iter().flat_map(|x| WHOLE.map(|y| [x, y]));
                let inside = points.filter(|[x, y]| (lower..=upper).contains(&(3.0 * x + 2.0 * y)));
                let expected = inside.map(|[x, y]| a * x + b * y + 0.25);
                let expected = expected.fold(f64::INFINITY, f64::min);
                let (found, is_complete) =
                    search(&mut columns, &objective, f64::INFINITY, &everything);
                let is_right = match expected.is_finite() {
                    true => found.least <= expected && found.least > expected - 1e-6,
                    // No whole number meets the row, but other numbers do.
                    false => found.least == f64::INFINITY,
                };
                assert!(is_right && is_complete, "{a} {b}: {found:?}, expected {expected}");
            }
        }
    }

    #[test]
    fn limits_and_what_is_enough_end_it_with_the_bound_of_the_relaxation() {
        // By hand: −x − y is −2.25 over the relaxation, at x = 0 and y = 2.25, and −2 over it.
        let (mut columns, [x, y]) = columns(0.0, 4.5);
        let objective = LinearExpression::new(vec![(x, -1.0), (y, -1.0)], 0.0);
        let everything = Effort::until(Clock::unlimited());
        let mut ended = |bound, effort| {
            let (found, is_complete) = search(&mut columns, &objective, bound, &effort);
            (found.least, found.nodes, found.stopped_by, is_complete)
        };
        let one = Effort { nodes: 1, ..everything };
        let (least, nodes, stopped_by, is_complete) = ended(f64::INFINITY, one);
        assert!((least + 2.25).abs() < 1e-6, "{least}");
        assert_eq!((nodes, stopped_by, is_complete), (1, Some(StoppedBy::NodeLimit), false));
        let (least, nodes, stopped_by, is_complete) = ended(-2.5, everything);
        assert!(least > -2.5 && least <= -2.0, "{least}");
        assert_eq!((nodes, stopped_by, is_complete), (1, None, true));
        let over = Effort::until(Clock::start(&Limits::of_time(std::time::Duration::ZERO)));
        let expected = (f64::NEG_INFINITY, 0, Some(StoppedBy::TimeLimit), false);
        assert_eq!(ended(f64::INFINITY, over), expected);
    }
}
