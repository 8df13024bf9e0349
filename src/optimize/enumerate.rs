//! The least value by enumeration: on each linear region the objective is affine.
//!
//! No solver takes part, which makes this the independent check of those that do. Which
//! regions there are is exact; that none of them has a better point is certified, rounding
//! errors included, up to [`ENUMERATION_ROUNDING`](crate::num::tolerance::ENUMERATION_ROUNDING).

use super::{
    Answer, Clock, OptimizeError, OptimizeOptions, Recheck, Status, StoppedBy, blank, first_point,
    settle, timed,
};
use crate::problem::{Candidate, Problem};
use crate::regions::{self, Method, RegionOptions, optimum};

/// [`optimize`](super::optimize) by enumeration.
///
/// # Errors
/// The regions cannot be enumerated (conditions on outputs, integer inputs); a value by a
/// forward pass that is beyond the bound.
pub fn optimize_by_enumeration(
    problem: &Problem,
    options: &OptimizeOptions,
) -> Result<Answer, OptimizeError> {
    options.solve.validate()?;
    let clock = Clock::start(options.solve.time_limit);
    let mut answer = blank(problem, options);
    answer.solver = "enumerate";
    answer.backend = "none";
    answer.encoding = "none".into();
    answer.tighten = "crown";
    answer.scale = "none";
    answer.versions.retain(|&name, _| name == "taut");
    let limits = RegionOptions {
        method: Method::Auto,
        time_limit: clock.left(),
        cell_limit: options.solve.node_limit,
        stop: options.tightening.stop,
        ..RegionOptions::default()
    };
    let found = timed(&mut answer.seconds.solve, || optimum(problem, &limits));
    let found = match found {
        Err(regions::RegionError::NoInterior) => {
            // Whether anything is left of the box, regions do not tell.
            answer.status = Status::Unknown;
            answer.warnings.push(regions::RegionError::NoInterior.to_string());
            return Ok(answer);
        }
        found => found?,
    };
    answer.nodes = found.count.at_least;
    answer.stopped_by = found.count.stopped_by.and_then(|stopped| match stopped {
        regions::StoppedBy::TimeLimit => Some(StoppedBy::TimeLimit),
        regions::StoppedBy::CellLimit => Some(StoppedBy::NodeLimit),
        regions::StoppedBy::Interrupt => Some(StoppedBy::Interrupt),
        regions::StoppedBy::Visitor => None,
    });
    // A point that is found without regions has to respect their bound.
    let sense = problem.sense();
    let points = [found.point.clone(), first_point(problem, options.solve.seed)];
    let best: Option<Candidate> =
        points.into_iter().flatten().filter(|point| point.feasible).reduce(|best, next| {
            if sense.better(next.objective, best.objective) { next } else { best }
        });
    answer.seconds.total = clock.elapsed();
    let Some(best) = best else {
        answer.status = Status::Unknown;
        return Ok(answer);
    };
    answer.recheck = Some(Recheck {
        feasible: best.feasible,
        objective_error: found.point.as_ref().map(|_| found.error),
        violation: best.violation,
    });
    if answer.stopped_by.is_none() && found.bound.is_finite() {
        settle(&mut answer, sense, best, found.bound, options)?;
    } else {
        // Regions that were not seen may hold anything.
        answer.status = Status::Feasible;
        answer.objective = Some(best.objective);
        answer.input = Some(best.input);
        answer.output = Some(best.output);
    }
    Ok(answer)
}
