//! Linear regions in place of boxes, where the inputs are few: on each region the excess of a
//! conjunction is affine, so that regions tell by how little it stays above 0, which boxes do
//! only when they are as small.

use super::hunt::Hunted;
use super::witness::Counterexample;
use crate::control::{Clock, Limits};
use crate::problem::Problem;
use crate::regions::{RegionOptions, optimum};

/// Inputs whose bounds differ, up to which regions are enumerated.
const MOST_INPUTS: usize = 4;

/// Regions at most, some seconds' work.
const MOST_REGIONS: u64 = 300_000;

/// The share of the time left that they may take.
const SHARE: f64 = 0.3;

/// Whether regions are worth a try.
pub fn is_eligible(problem: &Problem) -> bool {
    (1..=MOST_INPUTS).contains(&problem.domain().varying().count())
}

/// Seeks a point whose excess is at most `slack` in all regions; `None` where they tell nothing.
pub fn enumerate(
    problem: &Problem,
    slack: f64,
    clock: &Clock,
    is_found: &mut dyn FnMut(&[f64]) -> Option<Counterexample>,
) -> Option<Hunted> {
    let limits = Limits { nodes: Some(MOST_REGIONS), ..clock.share(SHARE).limits() };
    let found = optimum(problem, &RegionOptions { limits, ..RegionOptions::default() }).ok()?;
    let is_closed = found.count.stopped_by.is_none() && found.bound > slack;
    let point = found.point.filter(|point| !is_closed && point.cost <= slack);
    Some(Hunted {
        found: point.and_then(|point| is_found(&point.input)),
        is_closed,
        is_border: false,
        nodes: found.count.at_least,
        stopped_by: clock.stopped(),
    })
}
