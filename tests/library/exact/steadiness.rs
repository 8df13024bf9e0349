//! Whether the answer to a case survives a small change of its constraints.

use super::optimum::{Goal, best_over};
use super::rational::rounded;
use super::regions::regions;
use super::{Case, Constraint, Relation};

/// How far constraints are moved to see whether the answer hangs on a hair, where what they
/// compare is of ordinary size.
pub const NUDGE: f64 = 1e-4;

/// How much moving them may change the optimum, relative to `1 + |optimum|`.
const STEADINESS: f64 = 1e-2;

/// Whether the case stays feasible or infeasible, and its optimum about the same,
/// when all constraints are loosened by a nudge and when all inequalities are tightened by it.
pub(super) fn is_steady(case: &Case, nudge: impl Fn(&Constraint) -> f64) -> bool {
    if case.constraints.is_empty() {
        return true;
    }
    let (regions, goal) = (regions(case), Goal::of(case));
    let value = |constraints: &[Constraint]| {
        let best = best_over(&regions, &goal, constraints);
        best.map(|candidate| rounded(&candidate.value))
    };
    let value_moved_by = |sign: f64| {
        let moved = case.constraints.iter().flat_map(|c| loosened(c, sign * nudge(c)));
        value(&moved.collect::<Vec<_>>())
    };
    let original = value(&case.constraints);
    [1.0, -1.0].into_iter().all(|sign| is_close(original, value_moved_by(sign)))
}

fn is_close(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() < STEADINESS * (1.0 + one.abs()),
        (None, None) => true,
        _ => false,
    }
}

/// The constraint moved by a distance, away from the feasible points if that is
/// positive. An equation becomes a band then, and stays as it is otherwise.
fn loosened(constraint: &Constraint, distance: f64) -> Vec<Constraint> {
    let with = |relation, right| Constraint { relation, right, ..constraint.clone() };
    let at_most = with(Relation::AtMost, constraint.right + distance);
    let at_least = with(Relation::AtLeast, constraint.right - distance);
    match constraint.relation {
        Relation::AtMost => vec![at_most],
        Relation::AtLeast => vec![at_least],
        Relation::Equal if distance > 0.0 => vec![at_most, at_least],
        Relation::Equal => vec![constraint.clone()],
    }
}
