//! One mixed-integer program for a part of the domain: bounds, formulation, solve.

use super::formulate::{bound_part, formulate_part};
use super::{
    Bounded, Bounding, Claim, Evidence, Formulated, GAP_SHARE, MethodRecord, MilpRecord,
    OptimizeError, OptimizeOptions, polish, timed, trust,
};
use crate::control::{Clock, Observer, StoppedBy};
use crate::encode::EncodeError;
use crate::problem::{Candidate, OBJECTIVE, Part, Problem};
use crate::scale::Scaling;
use crate::solve::SolveError;

/// How the options make and solve a program.
pub fn record(options: &OptimizeOptions) -> MethodRecord {
    MethodRecord::Milp(MilpRecord {
        backend: options.backend.name(),
        encoding: options.encoding.name(),
        tighten: options.tighten.name(),
        scale: options.scale.map_or("none", Scaling::name),
        preset: options.solve.preset.name(),
        presolve: options.solve.presolve,
        known_point: options.known_point.name(),
    })
}

/// What the program of a part shows, given a point of it perhaps.
pub fn evidence(
    problem: &Problem,
    part: &Part,
    options: &OptimizeOptions,
    known: Option<&Candidate>,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<Evidence, OptimizeError> {
    let bounded = match bound_part(problem, part, options, clock)? {
        Bounding::Bounded(bounded) => bounded,
        Bounding::Infeasible { reason, seconds } => {
            let mut evidence = Evidence::empty(record(options), reason);
            evidence.work.seconds.bounds = seconds;
            return Ok(evidence);
        }
    };
    let how = (options.encoding, options.scale);
    match formulate_part(problem, part, &bounded.bounds, how, clock) {
        Ok(formulated) => solve(&bounded, &formulated, options, known, clock, observer),
        Err(OptimizeError::Encode(EncodeError::Stopped(reason))) => {
            Ok(unsolved(problem, bounded, options, reason))
        }
        Err(error) => Err(error),
    }
}

/// What is known where the clock came before there was a program to solve.
fn unsolved(
    problem: &Problem,
    bounded: Bounded,
    options: &OptimizeOptions,
    reason: StoppedBy,
) -> Evidence {
    let mut evidence = of_bounds(problem, &bounded, options);
    evidence.work.layers = bounded.layers;
    evidence.claim = Claim::Stopped(reason);
    evidence
}

/// What bounds show.
fn of_bounds(problem: &Problem, bounded: &Bounded, options: &OptimizeOptions) -> Evidence {
    let mut evidence = Evidence::new(record(options));
    evidence.work.seconds.bounds = bounded.propagation_seconds;
    evidence.work.seconds.tighten = bounded.tighten_seconds;
    evidence.prove(bounded.bounds.of(problem.rows()).lower()[OBJECTIVE]);
    evidence.bounds = Some(bounded.bounds.clone());
    evidence
}

/// What the solve of a formulated problem shows.
pub fn solve(
    bounded: &Bounded,
    formulated: &Formulated<'_>,
    options: &OptimizeOptions,
    known: Option<&Candidate>,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<Evidence, OptimizeError> {
    let Formulated { problem, encoded, .. } = formulated;
    let mut evidence = of_bounds(problem, bounded, options);
    evidence.work.seconds.scale = formulated.scale_seconds;
    evidence.work.seconds.encode = formulated.encode_seconds;
    evidence.work.layers = formulated.layers.clone();
    evidence.work.model = encoded.model.size();
    evidence.doubt = trust::doubt(problem, &formulated.bounds);
    if let Some(doubt) = &evidence.doubt {
        tracing::warn!("{doubt}");
    }
    let mut settings = options.solve.clone();
    settings.relative_gap *= GAP_SHARE;
    settings.absolute_gap = settings.absolute_gap.map(|gap| GAP_SHARE * gap);
    settings.limits.nodes = options.limits.nodes;
    let model = options.known_point.apply(formulated, known, &mut settings);
    let backend = options.backend.name();
    tracing::info!(
        "solve: by {backend} {}, known point: {}",
        options.backend.version(),
        if known.is_some() { options.known_point.name() } else { "none" }
    );
    let solution = timed(&mut evidence.work.seconds.solve, || {
        options.backend.solve_within(&model.program, &settings, clock, observer)
    });
    let mut solution = match solution {
        Err(error @ SolveError::Option { .. }) => return Err(error.into()),
        Err(error) => {
            tracing::info!("solve: {backend} gives up, {error}");
            evidence.claim = Claim::Failed(error.to_string());
            return Ok(evidence);
        }
        Ok(solution) => solution,
    };
    let is_proven = !solution.multipliers.is_empty();
    model.interpret(&mut solution);
    evidence.work.nodes = solution.node_count;
    evidence.work.lp_iterations = solution.lp_iterations;
    tracing::info!(
        "solve: {backend} {} after {} nodes and {} simplex iterations",
        solution.status.words(),
        solution.node_count,
        solution.lp_iterations
    );
    let proposed = polish::proposal(problem, encoded, &solution);
    let polished = timed(&mut evidence.work.seconds.polish, || {
        let rough =
            proposed.as_ref().filter(|rough| polish::is_needed(problem, rough, &solution))?;
        polish::polish(problem, encoded, options.backend, rough, clock, observer)
    });
    evidence.points.extend(proposed.clone().into_iter().chain(polished));
    evidence.proposed = proposed;
    evidence.figure = solution.objective;
    evidence.claim = Claim::of(solution.status);
    match solution.objective_bound {
        Some(bound) if is_proven => evidence.prove(bound),
        bound => evidence.claimed = bound,
    }
    Ok(evidence)
}
