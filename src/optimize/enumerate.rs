//! The least value by enumeration: on each linear region the objective is affine.
//!
//! No solver takes part, which makes this the independent check of those that do. Which
//! regions there are is exact; that none of them has a better point is certified, rounding
//! errors included, up to [`ENUMERATION_ROUNDING`](crate::num::tolerance::ENUMERATION_ROUNDING).

use super::{
    Answer, Claim, Evidence, OptimizeError, OptimizeOptions, blank, first_point, timed, weigh,
};
use crate::control::{Clock, Limits, Observer};
use crate::problem::Problem;
use crate::regions::{self, Method, RegionOptions, optimum};
use crate::solve::SolveError;

/// [`optimize`](super::optimize) by enumeration.
///
/// # Errors
/// The regions cannot be enumerated (constraints on outputs, integer inputs); a value by a
/// forward pass that is beyond the bound.
pub fn optimize_by_enumeration(
    problem: &Problem,
    options: &OptimizeOptions,
    observer: &mut dyn Observer,
) -> Result<Answer, OptimizeError> {
    options.limits.validate().map_err(SolveError::from)?;
    enumerate_within(problem, options, &Clock::start(&options.limits), observer)
}

/// [`optimize_by_enumeration`] until a clock ends it, which may have been started before.
///
/// # Errors
/// Those of [`optimize_by_enumeration`].
pub fn enumerate_within(
    problem: &Problem,
    options: &OptimizeOptions,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<Answer, OptimizeError> {
    options.solve.validate()?;
    let mut answer = blank(problem, options);
    answer.solver = "enumerate";
    answer.backend = "none";
    answer.encoding = "none".into();
    answer.tighten = "crown";
    answer.scale = "none";
    answer.certify = "always";
    let limits = RegionOptions {
        method: Method::Auto,
        limits: Limits { nodes: options.limits.nodes, ..clock.limits() },
        ..RegionOptions::default()
    };
    let found = timed(&mut answer.seconds.solve, || optimum(problem, &limits));
    let found = match found {
        Err(error @ regions::RegionError::NoInterior) => {
            // There may be points all the same; regions do not tell.
            answer.warnings.push(error.to_string());
            let point = first_point(problem, options.solve.seed, clock);
            let evidence = Evidence::new(answer, point);
            return weigh(problem, options, evidence, clock, observer);
        }
        found => found?,
    };
    answer.nodes = found.count.at_least;
    answer.stopped_by = found.count.stopped_by;
    // A point that is found without regions has to respect their bound.
    let mut evidence = Evidence::new(answer, first_point(problem, options.solve.seed, clock));
    evidence.figure = found.point.as_ref().map(|point| point.objective + found.error);
    evidence.points.extend(found.point);
    match evidence.answer.stopped_by {
        // Regions that were not seen may hold anything.
        Some(reason) => evidence.claim = Claim::Stopped(reason),
        None => evidence.prove(problem.sense(), found.bound),
    }
    weigh(problem, options, evidence, clock, observer)
}
