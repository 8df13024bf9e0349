//! The least value by enumeration: on each linear region the objective is affine, so its
//! least value over a convex polygon is attained at a vertex.
//!
//! For two inputs. No solver takes part, which makes this the independent check of those
//! that do. What is exact is which regions there are; vertices and affine maps are rounded
//! to floating point, which the bound allows for.

use std::ops::ControlFlow;

use super::{
    Answer, Clock, OptimizeError, OptimizeOptions, Recheck, Status, StoppedBy, blank, incumbent,
    settle, timed,
};
use crate::num::tolerance::ENUMERATION_ROUNDING;
use crate::problem::{Candidate, Problem, Sense};
use crate::regions::{self, Cell, Method, RegionOptions, visit};

/// [`optimize`](super::optimize) by enumeration.
///
/// # Errors
/// The regions cannot be enumerated in the plane; a value by a forward pass that is not
/// that of the region.
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
        method: Method::Planar,
        time_limit: clock.left(),
        cell_limit: options.solve.node_limit,
        stop: options.tightening.stop,
        ..RegionOptions::default()
    };
    let mut search = Search { problem, best: None };
    let counted = timed(&mut answer.seconds.solve, || {
        visit(problem, &limits, &mut |cell| {
            search.see(cell);
            ControlFlow::Continue(())
        })
    });
    let counted = match counted {
        Err(regions::RegionError::NoInterior) => {
            // Whether anything is left of the box, regions do not tell.
            answer.status = Status::Unknown;
            answer.warnings.push(regions::RegionError::NoInterior.to_string());
            return Ok(answer);
        }
        counted => counted?,
    };
    answer.nodes = counted.at_least;
    answer.stopped_by = counted.stopped_by.and_then(|stopped| match stopped {
        regions::StoppedBy::TimeLimit => Some(StoppedBy::TimeLimit),
        regions::StoppedBy::CellLimit => Some(StoppedBy::NodeLimit),
        regions::StoppedBy::Interrupt => Some(StoppedBy::Interrupt),
        regions::StoppedBy::Visitor => None,
    });
    let found = search.best.and_then(|(value, vertex)| {
        Some((value, problem.evaluate(problem.nearest_input(&vertex)?)))
    });
    let domain = problem.domain();
    let first = incumbent::find(problem, domain, options.solve.seed);
    let sense = problem.sense();
    let points = [found.as_ref().map(|(_, point)| point.clone()), first];
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
        objective_error: found.as_ref().map(|(value, point)| (value - point.objective).abs()),
        violation: best.violation,
    });
    match (answer.stopped_by, found) {
        (None, Some((value, _))) => {
            let slack = ENUMERATION_ROUNDING * (1.0 + value.abs());
            let bound = match sense {
                Sense::Minimize => value - slack,
                Sense::Maximize => value + slack,
            };
            settle(&mut answer, sense, best, bound, options)?;
        }
        // Regions that were not seen may hold anything.
        _ => {
            answer.status = Status::Feasible;
            answer.objective = Some(best.objective);
            answer.input = Some(best.input);
            answer.output = Some(best.output);
        }
    }
    Ok(answer)
}

/// The best vertex so far.
struct Search<'a> {
    problem: &'a Problem,
    best: Option<(f64, Vec<f64>)>,
}

impl Search<'_> {
    fn see(&mut self, cell: &Cell) {
        let sense = self.problem.sense();
        for corner in cell.corners(self.problem.domain()) {
            let value = cell.value(self.problem.objective(), &corner);
            if self.best.as_ref().is_none_or(|(best, _)| sense.better(value, *best)) {
                self.best = Some((value, corner));
            }
        }
    }
}
