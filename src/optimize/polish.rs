//! From a solver's point to a point of the problem.
//!
//! A solver may leave rows and binaries violated by its tolerance; big-M
//! constants and the slope of the network magnify that. The linear program over
//! the linear region that the point lies in has no binaries, and so no reason
//! for a loose tolerance.

use std::time::Duration;

use crate::control::{Clock, Limits, Observer};
use crate::encode::EncodedProblem;
use crate::milp::Model;
use crate::num::tolerance::{CONSTRAINT_FEASIBILITY, POLISH_FEASIBILITY};
use crate::problem::{Candidate, Problem};
use crate::solve::{Backend, Solution, SolveOptions};

/// Most time for the linear program, which takes some milliseconds on networks
/// that a MILP solver can handle at all.
const TIME: Duration = Duration::from_secs(2);

/// Time it gets even where the user's limit has been used up: without it the
/// whole run may have been for nothing.
const LEAST_TIME: Duration = Duration::from_millis(100);

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

/// Whether the solver's tolerances show in its point.
pub fn is_needed(problem: &Problem, point: &Candidate, solution: &Solution) -> bool {
    let visible = CONSTRAINT_FEASIBILITY * problem.objective_size(&point.input);
    let error = solution.objective.map_or(0.0, |figure| (figure - point.cost).abs());
    !point.exact || error > visible
}

/// The best point of the linear region that `rough` lies in; `None` if the
/// linear program fails, which only means that nothing is gained.
pub fn polish(
    problem: &Problem,
    encoded: &EncodedProblem,
    backend: &dyn Backend,
    rough: &Candidate,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Option<Candidate> {
    let region = encoded.region(problem, &rough.input);
    let solution = solve_region(&region, backend, LEAST_TIME, clock, observer)?;
    proposal(problem, encoded, &solution)
}

/// Solves the program of a linear region, which gets `least_time` even where the user's limit
/// has been used up; `None` if that fails.
pub fn solve_region(
    region: &Model,
    backend: &dyn Backend,
    least_time: Duration,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Option<Solution> {
    let settings =
        SolveOptions { feasibility_tolerance: POLISH_FEASIBILITY, ..SolveOptions::default() };
    // An interrupt does not end what may be all that the run was for.
    let left = clock.left().unwrap_or(TIME).clamp(least_time, TIME);
    let clock = Clock::start(&Limits::of_time(left));
    let solution = backend.solve_within(region, &settings, &clock, observer);
    solution.map_err(|error| tracing::debug!("polish: no better point, {error}")).ok()
}
