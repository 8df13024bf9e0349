//! Constraints on inputs alone: one small program tells whether any input meets them.

use std::time::Duration;

use crate::control::Clock;
use crate::encode::{BigM, Encoder};
use crate::milp::LinearExpression;
use crate::problem::{NO_WHOLE_NUMBER, Problem};
use crate::search::columns::Columns;
use crate::search::{Effort, Enough};

/// Parts of the program at most: whole numbers may need some.
const NODES: u64 = 1000;

/// Time for it, against numbers on which a simplex method goes round: it takes less than a
/// millisecond.
const TIME: Duration = Duration::from_secs(2);

/// Why no input meets the constraints, if that is proven.
pub fn contradiction(problem: &Problem, clock: &Clock) -> Option<String> {
    let Some(whole) = problem.whole() else {
        return Some(NO_WHOLE_NUMBER.to_string());
    };
    if problem.limited_rows(whole).all(|row| row.has_outputs()) {
        return None;
    }
    // The program of the first node: inputs and the constraints on them.
    let encoder = Encoder::new(problem, whole).until(clock.within(TIME));
    let program = encoder.with([whole.domain.clone()], &BigM).ok()?;
    let mut columns = Columns::new(program.model()).ok()?;
    let effort = Effort { nodes: NODES, ..Effort::until(clock.within(TIME)) };
    // Whatever point there is, it is enough.
    let mut goal = Enough { bound: f64::INFINITY, visit: |_: &[f64]| {} };
    let (found, _) = columns.least(&LinearExpression::default(), None, &mut goal, &effort).ok()?;
    let is_empty = found.least == f64::INFINITY;
    is_empty.then(|| "no input in the box meets the constraints on inputs".to_string())
}
