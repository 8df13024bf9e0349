//! From a solver's point to a point of the problem.
//!
//! A solver may leave rows and binaries violated by its tolerance; big-M
//! constants and the slope of the network magnify that. The linear program over
//! the linear region that the point lies in has no binaries, and so no reason
//! for a loose tolerance.

use std::time::Duration;

use crate::encode::EncodedProblem;
use crate::num::tolerance::{CONSTRAINT_FEASIBILITY, POLISH_FEASIBILITY};
use crate::problem::{Candidate, Problem};
use crate::solve::{Silent, Solution, SolveOptions, Solver};

/// Most time for the linear program, which takes some milliseconds on networks
/// that a MILP solver can handle at all.
const TIME: Duration = Duration::from_secs(2);

/// The solver's point, moved into the box and onto whole numbers, evaluated.
pub fn proposal(
    problem: &Problem,
    encoded: &EncodedProblem,
    solution: &Solution,
) -> Option<Candidate> {
    let point = solution.point.as_ref()?;
    let input: Vec<f64> = encoded.inputs.iter().map(|column| point[column.index()]).collect();
    problem.nearest_input(&input).map(|input| problem.evaluate(input))
}

/// Whether the solver's tolerances show in its point, whose value differs from
/// the solver's figure by `objective_error`.
pub fn is_needed(candidate: &Candidate, objective_error: f64) -> bool {
    let visible = CONSTRAINT_FEASIBILITY * (1.0 + candidate.objective.abs());
    !candidate.feasible || objective_error > visible
}

/// The best point of the linear region that `rough` lies in; `None` if the
/// linear program fails, which only means that nothing is gained.
pub fn polish(
    problem: &Problem,
    encoded: &EncodedProblem,
    backend: &dyn Solver,
    rough: &Candidate,
) -> Option<Candidate> {
    let region = encoded.region(problem, &rough.input);
    let settings = SolveOptions {
        feasibility_tolerance: POLISH_FEASIBILITY,
        time_limit: Some(TIME),
        ..SolveOptions::default()
    };
    match backend.solve(&region, &settings, &mut Silent) {
        Ok(solution) => proposal(problem, encoded, &solution),
        Err(error) => {
            tracing::info!("polishing failed: {error}");
            None
        }
    }
}
