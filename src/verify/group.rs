//! Alternatives as they are searched. Those of a part share one search where boxes are halved:
//! neurons are bounded once for all of them, and each leaves the search where it is proven. Where
//! phases are divided, which are those of a single row, each has its own.

use std::ops::Range;

use super::VerifyError;
use super::ball::Ball;
use super::property::{Alternative, Part, over, slack};
use crate::problem::{Constraint, Expression, Problem, Question};
use crate::search::MOST_HALVED;

/// A part with one of its alternatives, which is still open.
pub struct Open<'a> {
    pub part: &'a Part,
    pub alternative: &'a Alternative,
}

/// Alternatives of a part that are searched together.
pub struct Group<'a> {
    pub part: &'a Part,
    /// The least of their excesses.
    pub problem: Problem,
    /// The rows of these, where there are several.
    pub rows: Range<usize>,
    /// How many they are.
    pub count: usize,
}

/// Alternatives at most that are searched together.
const MOST_TOGETHER: usize = 16;

impl<'a> Group<'a> {
    /// Open alternatives as they are searched, given each of them alone.
    ///
    /// # Errors
    /// Several of them make no problem.
    pub fn joined(
        base: &Problem,
        open: &[Open<'a>],
        alone: Vec<Self>,
    ) -> Result<Vec<Self>, VerifyError> {
        let mut alone = alone.into_iter();
        let mut groups = Vec::new();
        for of_part in open.chunk_by(|a, b| std::ptr::eq(a.part, b.part)) {
            for together in of_part.chunks(MOST_TOGETHER) {
                let own: Vec<Self> = alone.by_ref().take(together.len()).collect();
                match own.len() > 1 && !own[0].is_wide() {
                    true => groups.push(Self::of(base, together)?),
                    false => groups.extend(own),
                }
            }
        }
        Ok(groups)
    }

    /// Alternatives of one part, about the network of `base`.
    ///
    /// # Errors
    /// They make no problem.
    pub fn of(base: &Problem, open: &[Open<'a>]) -> Result<Self, VerifyError> {
        let part = open[0].part;
        let excesses: Vec<_> = open.iter().map(|open| excess(open.alternative)).collect();
        let mut constraints: Vec<Constraint> = part.ball.iter().map(Ball::constraint).collect();
        let first = 1 + constraints.len();
        if excesses.len() > 1 {
            constraints.extend(excesses.iter().cloned().map(Constraint::unlimited));
        }
        let rows = first..1 + constraints.len();
        let objective = Expression::smallest(excesses).unwrap_or_default();
        let question = Question { objective, constraints, ..Question::default() };
        let problem = base.asking(part.domain.clone(), question)?;
        Ok(Self { part, problem, rows, count: open.len() })
    }

    /// Excess that is 0 up to the rounding of constants.
    pub fn slack(&self) -> f64 {
        slack(self.problem.objective())
    }

    /// Whether there are so many inputs that phases are divided.
    pub fn is_wide(&self) -> bool {
        self.problem.whole().is_some_and(|whole| whole.varying() > MOST_HALVED)
    }
}

/// By how much an alternative is missed, at least.
fn excess(alternative: &Alternative) -> Expression {
    let rows = alternative.constraints.iter().map(over).collect();
    Expression::largest(rows).unwrap_or_default()
}
