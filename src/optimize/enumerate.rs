//! The least value by enumeration: on each linear region the objective is affine.
//!
//! No solver takes part, which makes this the independent check of those that do. Which
//! regions there are is exact; that none of them has a better point is certified, rounding
//! errors included, up to [`ENUMERATION_ROUNDING`](crate::num::tolerance::ENUMERATION_ROUNDING).

use super::{
    Claim, EnumerateRecord, Evidence, MethodRecord, OptimizeError, OptimizeOptions, timed,
};
use crate::control::{Clock, Limits};
use crate::problem::Problem;
use crate::regions::{self, RegionOptions, optimum};

/// How regions are enumerated: the walk rests on CROWN's stable neurons.
pub fn record() -> MethodRecord {
    MethodRecord::Enumerate(EnumerateRecord { tighten: "crown" })
}

/// What the linear regions show.
///
/// # Errors
/// The regions cannot be enumerated (constraints on outputs, integer inputs).
pub fn evidence(
    problem: &Problem,
    options: &OptimizeOptions,
    clock: &Clock,
) -> Result<Evidence, OptimizeError> {
    let mut evidence = Evidence::new(record());
    let limits = Limits { nodes: options.limits.nodes, ..clock.limits() };
    let walk = RegionOptions { limits, ..RegionOptions::default() };
    tracing::info!("regions: the best point of each");
    let found = match timed(&mut evidence.work.seconds.solve, || optimum(problem, &walk)) {
        Err(error @ regions::RegionError::NoInterior) => {
            // There may be points all the same; regions do not tell.
            evidence.warnings.push(error.to_string());
            return Ok(evidence);
        }
        found => found?,
    };
    evidence.work.nodes = found.count.at_least;
    evidence.figure = found.point.as_ref().map(|point| point.cost + found.error);
    evidence.points.extend(found.point);
    match found.count.stopped_by {
        // Regions that were not seen may hold anything.
        Some(reason) => evidence.claim = Claim::Stopped(reason),
        None => evidence.prove(found.bound),
    }
    Ok(evidence)
}
