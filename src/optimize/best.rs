//! The best points known.

use crate::num::tolerance::ROUNDING_FEASIBILITY;
use crate::problem::{Candidate, Problem, Sense};

/// The best feasible point, and the best of those that meet the conditions up to rounding.
///
/// A point may miss a condition by a tolerance, and where the network is steep that is worth
/// more than any gap: such a point is the answer only where there is no other.
#[derive(Clone, Debug)]
pub struct Best {
    sense: Sense,
    exact: Option<Candidate>,
    any: Option<Candidate>,
}

impl Best {
    /// The best of some points.
    pub fn of(problem: &Problem, points: impl IntoIterator<Item = Candidate>) -> Self {
        let mut best = Self { sense: problem.sense(), exact: None, any: None };
        points.into_iter().for_each(|point| best.offer(point));
        best
    }

    /// Takes one more point into account.
    pub fn offer(&mut self, point: Candidate) {
        let sense = self.sense;
        let beats = |known: &Option<Candidate>| {
            known.as_ref().is_none_or(|known| sense.better(point.objective, known.objective))
        };
        if !point.feasible {
            return;
        }
        if point.violation <= ROUNDING_FEASIBILITY && beats(&self.exact) {
            self.exact = Some(point.clone());
        }
        if beats(&self.any) {
            self.any = Some(point);
        }
    }

    /// The points themselves.
    pub fn into_points(self) -> impl Iterator<Item = Candidate> {
        self.exact.into_iter().chain(self.any)
    }

    /// The point that a search has to match: one that meets the conditions up to rounding,
    /// if there is one.
    pub fn target(&self) -> Option<&Candidate> {
        self.exact.as_ref().or(self.any.as_ref())
    }

    /// The point to report, given when the gap is closed.
    pub fn answer(&self, is_closed: impl Fn(&Candidate) -> bool) -> Option<&Candidate> {
        self.exact.as_ref().filter(|point| is_closed(point)).or(self.any.as_ref())
    }
}
