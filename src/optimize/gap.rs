//! When a bound is close enough to a value.

use crate::num::Interval;
use crate::num::tolerance::{ABSOLUTE_GAP, BOUND_ROUNDING, BOUND_ROUNDING_OF_RANGE};
use crate::solve::SolveOptions;

/// Share of the user's gap that a search has to close. The rest is for the
/// difference between its figures and those of a forward pass.
pub const GAP_SHARE: f64 = 0.9;

/// The gaps at which an answer is optimal.
#[derive(Clone, Copy, Debug)]
pub struct Gap {
    relative: f64,
    absolute: f64,
    /// Width of the range of the objective.
    width: f64,
}

impl Gap {
    /// The gaps that the options ask for; the absolute one of the project follows the width
    /// of the range that bounds leave to the objective.
    pub fn new(options: &SolveOptions, range: Interval) -> Self {
        let width = range.upper() - range.lower();
        let absolute = options.absolute_gap.unwrap_or(ABSOLUTE_GAP * width.min(1.0));
        Self { relative: options.relative_gap, absolute, width }
    }

    /// What a search has to close where the best value is `objective`.
    pub fn at(self, objective: f64) -> f64 {
        GAP_SHARE * self.absolute.max(self.relative * objective.abs())
    }

    /// Whether the gap is closed. Where the objective is 0 no relative gap is, so that the
    /// rounding of a proof counts as closed, given the size of the objective.
    pub fn is_closed(self, objective: f64, bound: f64, size: f64) -> bool {
        let rounding = match objective == 0.0 {
            true => (BOUND_ROUNDING * size).min(BOUND_ROUNDING_OF_RANGE * self.width),
            false => 0.0,
        };
        let least = if objective == 0.0 { f64::MIN_POSITIVE } else { 0.0 };
        (objective - bound).abs() <= self.absolute.max(rounding).max(least)
            || relative_gap(objective, bound) <= self.relative
    }

    /// Width of the range of the objective that the bounds leave.
    pub fn width(self) -> f64 {
        self.width
    }
}

/// `|objective − bound| / |objective|`; 0 where they are equal, infinite where only the
/// objective is 0.
pub fn relative_gap(objective: f64, bound: f64) -> f64 {
    let difference = (objective - bound).abs();
    if difference == 0.0 { 0.0 } else { difference / objective.abs() }
}
