//! The best value of a problem's objective over its linear regions, on each of which it is
//! affine.
//!
//! A region is done with when it is certain that no point of it is better than the best one
//! known by more than a small slack, by the certificates of the walk. Otherwise the point
//! where the objective seems best there is tried by a forward pass.

use std::sync::{Mutex, PoisonError};

use super::path::Path;
use super::{Leaf, Sink};
use crate::num::tolerance::ENUMERATION_ROUNDING;
use crate::problem::{Candidate, Problem};

/// How often the slack is multiplied by [`WIDER`] before a region is left without a bound.
const TRIES: usize = 12;
const WIDER: f64 = 16.0;

/// What the regions so far have shown.
#[derive(Debug)]
pub(super) struct Best {
    /// The best point, if one satisfies the constraints.
    pub(super) point: Option<Candidate>,
    /// By how much its value differs from that of its region's affine map.
    pub(super) error: f64,
    /// Size of the objective there, which rounding is relative to.
    pub(super) size: f64,
    /// No point of the regions so far is better.
    pub(super) bound: Option<f64>,
}

/// Seeks the best value.
pub(super) struct Descent<'a> {
    problem: &'a Problem,
    best: &'a Mutex<Best>,
}

impl<'a> Descent<'a> {
    pub(super) fn new(problem: &'a Problem, best: &'a Mutex<Best>) -> Self {
        Self { problem, best }
    }

    /// Tries a point of a region; whether it is the best so far.
    fn propose(&self, best: &mut Best, path: &Path, free: &[f64]) -> bool {
        let problem = self.problem;
        let Some(input) = problem.nearest_input(&path.plan.complete(free)) else { return false };
        let point = problem.evaluate(input);
        let known = best.point.as_ref();
        let better = known.is_none_or(|known| point.cost < known.cost);
        if !point.feasible || !better {
            return false;
        }
        let at: Vec<f64> = path.plan.free.iter().map(|&i| point.input[i]).collect();
        best.error = path.improvement(point.cost, &at).abs();
        best.size = problem.objective_size(&point.input);
        best.point = Some(point);
        true
    }
}

impl Sink for Descent<'_> {
    const COUNT: bool = false;

    fn take(&mut self, path: &Path, leaf: &mut dyn Leaf) -> bool {
        let mut best = self.best.lock().unwrap_or_else(PoisonError::into_inner);
        if best.point.is_none() {
            self.propose(&mut best, path, &leaf.point());
        }
        let mut form = vec![0.0; path.plan.dimension() + 1];
        let mut slack = ENUMERATION_ROUNDING;
        let mut proven = f64::NEG_INFINITY;
        for _ in 0..TRIES {
            let Some(known) = best.point.as_ref().map(|point| point.cost) else { break };
            let target = known - slack * best.size;
            let errors = path.improvement_form(target, &mut form);
            let Some(point) = leaf.positive(&form, errors) else {
                proven = target;
                break;
            };
            if !self.propose(&mut best, path, &point) {
                slack *= WIDER;
            }
        }
        best.bound = Some(best.bound.map_or(proven, |bound| bound.min(proven)));
        true
    }
}
