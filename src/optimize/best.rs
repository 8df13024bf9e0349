//! The best points known.

use crate::problem::{Candidate, Problem};

/// The best feasible point, and the best of those that meet the constraints up to rounding.
///
/// A point may miss a constraint by a tolerance, and where the network is steep that is worth
/// more than any gap: such a point is the answer only where there is no other.
#[derive(Clone, Debug)]
pub struct Best<'a> {
    problem: &'a Problem,
    exact: Option<Candidate>,
    any: Option<Candidate>,
}

impl<'a> Best<'a> {
    /// The best of some points.
    pub fn of(problem: &'a Problem, points: impl IntoIterator<Item = Candidate>) -> Self {
        let mut best = Self { problem, exact: None, any: None };
        points.into_iter().for_each(|point| best.offer(point));
        best
    }

    /// Takes one more point into account.
    pub fn offer(&mut self, point: Candidate) {
        let is_news = self.beats(&self.exact, &point) || self.beats(&self.any, &point);
        if !point.feasible || !is_news {
            return;
        }
        // What is reported is the value over the real numbers.
        let point = self.problem.confirmed(point);
        if !point.feasible {
            return;
        }
        if point.exact && self.beats(&self.exact, &point) {
            self.exact = Some(point.clone());
        }
        if self.beats(&self.any, &point) {
            self.any = Some(point);
        }
    }

    fn beats(&self, known: &Option<Candidate>, point: &Candidate) -> bool {
        known.as_ref().is_none_or(|known| point.cost < known.cost)
    }

    /// The points themselves.
    pub fn into_points(self) -> impl Iterator<Item = Candidate> {
        self.exact.into_iter().chain(self.any)
    }

    /// The point that a search has to match: one that meets the constraints up to rounding,
    /// if there is one.
    pub fn target(&self) -> Option<&Candidate> {
        self.exact.as_ref().or(self.any.as_ref())
    }

    /// The point to report: the exact one where it closes the gap.
    pub fn answer(&self, is_closed: bool) -> Option<&Candidate> {
        self.exact.as_ref().filter(|_| is_closed).or(self.any.as_ref())
    }
}
