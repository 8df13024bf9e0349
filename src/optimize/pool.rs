//! Several good points: the best one, the best of those that are a distance away from it, and so
//! on.
//!
//! That a point is at least so far away from another, in the largest of its coordinates, is a
//! condition like any other: it bends, and no method has to know of it.

use super::{Answer, OptimizeError, OptimizeOptions, optimize_within};
use crate::control::{Clock, Observer};
use crate::problem::{Constraint, Expression, Problem};

/// The points that are asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool {
    /// How many, at least 1.
    pub count: usize,
    /// Each is at least so far from each of the others, in the largest of the differences of
    /// their inputs.
    pub apart: f64,
}

/// The answers one by one: each has the best value of the points that are far enough from all
/// before. The last one has no point where there is none left, or where a limit came first.
///
/// # Errors
/// [`OptimizeError`].
pub fn pool(
    problem: &Problem,
    pool: Pool,
    options: &OptimizeOptions,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<Vec<Answer>, OptimizeError> {
    let mut answers: Vec<Answer> = Vec::new();
    let mut rest = problem.clone();
    while answers.len() < pool.count {
        let answer = optimize_within(&rest, options, clock, observer)?;
        let point = answer.input.clone();
        let is_last = answer.stopped_by.is_some();
        answers.push(answer);
        match point {
            Some(point) if !is_last => {
                let constraint = away(&point, pool.apart);
                rest = rest.also(constraint).expect("a question that fits");
            }
            _ => break,
        }
    }
    Ok(answers)
}

/// That a point is at least a distance away from another.
fn away(point: &[f64], apart: f64) -> Constraint {
    let distance = Expression::largest(Expression::distances(point)).expect("an input");
    let text = format!("at least {apart} from a better point");
    Constraint::new(distance, apart, f64::INFINITY).with_text(&text)
}
