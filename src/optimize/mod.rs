//! Least or largest value of a linear expression of inputs and outputs, with a
//! proven bound and a point that attains it.
//!
//! No number of a solver is believed: its point goes through a forward pass of
//! the network as read, and a point beyond a proven bound is an error, not an
//! answer.

mod answer;
mod enumerate;
mod formulate;
mod incumbent;
mod known_point;
mod parts;
mod polish;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use thiserror::Error;

pub use answer::{Answer, Recheck, SCHEMA, Seconds, Status, StoppedBy};
pub use enumerate::optimize_by_enumeration;
pub(crate) use formulate::Clock;
pub use formulate::{Bounded, Bounding, Formulated, Relaxation, bound, formulate};
pub use known_point::KnownPoint;
pub use parts::PartCounts;

use crate::bounds::{Crown, LayerSummary, NeuronBounds};
use crate::encode::{BigM, EncodeError, ReluEncoding};
use crate::milp::ModelSize;
use crate::num::rounding::RangeSum;
use crate::num::tolerance::{BOUND_CONTRADICTION, LARGE_BIG_M};
use crate::problem::{Candidate, Problem, Sense, Variable};
use crate::regions::RegionError;
use crate::scale::Scaling;
use crate::solve::{
    Highs, Observer, Solution, SolveError, SolveOptions, Solver, TerminationStatus,
};
use crate::tighten::{TightenError, TightenOptions, Tightening};

/// Share of the user's gap that the backend has to close. The rest is for the
/// difference between its figures and those of a forward pass.
const GAP_SHARE: f64 = 0.9;

/// Least denominator of a relative gap, as the MILP solvers have it.
const LEAST_DENOMINATOR: f64 = 1e-10;

/// How to optimise.
#[derive(Clone, Debug)]
pub struct OptimizeOptions {
    /// Backend. Default: HiGHS.
    pub backend: &'static dyn Solver,
    /// Encoding of unstable neurons. Default: big-M.
    pub encoding: &'static dyn ReluEncoding,
    /// Method of the bounds that the encoding stands on. Default: CROWN.
    pub tighten: Tightening,
    /// Limits and settings of the tightening.
    pub tightening: TightenOptions,
    /// Scaling of the tightened network. Default: none.
    pub scale: Option<&'static dyn Scaling>,
    /// What the solver is told of the best point found before the solve. Default: it
    /// starts from there.
    pub known_point: KnownPoint,
    /// Number of parts of the domain that are bounded and solved one by one. Default 1.
    pub parts: usize,
    /// Limits and settings of the solve; the time limit holds for the whole run.
    pub solve: SolveOptions,
}

impl Default for OptimizeOptions {
    fn default() -> Self {
        Self {
            backend: &Highs,
            encoding: &BigM,
            tighten: Tightening::Propagation(&Crown),
            tightening: TightenOptions::default(),
            scale: None,
            known_point: KnownPoint::default(),
            parts: 1,
            solve: SolveOptions::default(),
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum OptimizeError {
    /// No bounds.
    #[error(transparent)]
    Tighten(#[from] TightenError),
    /// No encoding.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// No solution.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// The regions cannot be enumerated.
    #[error(transparent)]
    Regions(#[from] RegionError),
    /// Two facts that cannot both be true.
    #[error(
        "contradiction: the point {input:?} has the value {objective} by a forward pass, but {claimant} {claim}; please report this with the instance"
    )]
    Contradiction {
        /// The point.
        input: Vec<f64>,
        /// Its value.
        objective: f64,
        /// Who claims otherwise.
        claimant: &'static str,
        /// What it claims.
        claim: String,
    },
}

/// Optimises `problem`; `observer` hears of the progress in the units of the
/// objective.
///
/// ```
/// use taut::optimize::{OptimizeOptions, Status, optimize};
/// use taut::solve::Silent;
///
/// let problem = taut::io::read_problem("instances/rosenbrock4-2x25.toml".as_ref())?;
/// let answer = optimize(&problem, &OptimizeOptions::default(), &mut Silent)?;
/// assert_eq!(answer.status, Status::Optimal);
/// let known = problem.reference().expect("a known answer").objective;
/// assert!((answer.objective.expect("a point") - known).abs() < 2e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Options out of range, bounds that overflow, a solver that fails or that
/// contradicts a forward pass. A limit is no error.
pub fn optimize(
    problem: &Problem,
    options: &OptimizeOptions,
    observer: &mut dyn Observer,
) -> Result<Answer, OptimizeError> {
    options.solve.validate()?;
    let clock = Clock::start(options.solve.time_limit);
    if options.parts != 1 {
        return parts::optimize_parts(problem, options, clock, observer);
    }
    match bound(problem, options)? {
        Bounding::Bounded(bounded) => {
            let formulated =
                formulate(problem, &bounded.bounds, options.encoding, options.scale, clock.left())?;
            solve(&bounded, &formulated, options, clock, observer)
        }
        Bounding::Infeasible { reason, seconds } => {
            let mut answer = infeasible(problem, options, reason);
            answer.seconds.bounds = seconds;
            answer.seconds.total = clock.elapsed();
            Ok(answer)
        }
    }
}

/// The answer where the bounds have shown that there is no point.
pub(crate) fn infeasible(problem: &Problem, options: &OptimizeOptions, reason: String) -> Answer {
    let mut answer = blank(problem, options);
    answer.status = Status::Infeasible;
    answer.warnings.push(reason);
    answer
}

/// Solves a formulated problem: the part of [`optimize`] that depends on the seed.
pub(crate) fn solve(
    bounded: &Bounded,
    formulated: &Formulated<'_>,
    options: &OptimizeOptions,
    clock: Clock,
    observer: &mut dyn Observer,
) -> Result<Answer, OptimizeError> {
    let Formulated { problem, bounds, encoded, .. } = formulated;
    let mut answer = blank(problem, options);
    answer.seconds.bounds = bounded.propagation_seconds;
    answer.seconds.tighten = bounded.tighten_seconds;
    answer.seconds.scale = formulated.scale_seconds;
    answer.seconds.encode = formulated.encode_seconds;
    answer.layers = formulated.layers.clone();
    answer.model = encoded.model.size();
    warn_of_large_big_m(&mut answer, &bounded.layers);
    let first = timed(&mut answer.seconds.incumbent, || {
        incumbent::find(problem, &bounded.domain, options.solve.seed)
    });
    let mut settings = options.solve.clone();
    settings.relative_gap *= GAP_SHARE;
    settings.absolute_gap *= GAP_SHARE;
    // What is left may be nothing; a limit of 0 would be refused.
    settings.time_limit = clock.left().map(|left| left.max(Duration::from_millis(1)));
    let model = options.known_point.apply(formulated, first.as_ref(), &mut settings);
    let mut solution = timed(&mut answer.seconds.solve, || {
        options.backend.solve(&model.program, &settings, observer)
    })?;
    model.interpret(&mut solution);
    answer.nodes = solution.node_count;
    answer.lp_iterations = solution.lp_iterations;
    let proposed = polish::proposal(problem, encoded, &solution);
    let polished = timed(&mut answer.seconds.polish, || {
        let rough = proposed.as_ref().filter(|rough| polish::is_needed(rough, &solution))?;
        polish::polish(problem, encoded, options.backend, rough, clock.left(), observer)
    });
    let findings = Findings { bounds, proposed, polished, first, solution };
    conclude(problem, options, &mut answer, findings)?;
    answer.seconds.total = clock.elapsed();
    Ok(answer)
}

/// What the phases found, before it is weighed.
struct Findings<'a> {
    bounds: &'a NeuronBounds,
    /// The solver's point.
    proposed: Option<Candidate>,
    /// The best point of its linear region.
    polished: Option<Candidate>,
    /// The point found before the solve.
    first: Option<Candidate>,
    solution: Solution,
}

/// Weighs point, bound and status against each other.
fn conclude(
    problem: &Problem,
    options: &OptimizeOptions,
    answer: &mut Answer,
    findings: Findings<'_>,
) -> Result<(), OptimizeError> {
    let Findings { bounds, proposed, polished, first, solution } = findings;
    let sense = problem.sense();
    let candidates = [proposed.clone(), polished, first].into_iter().flatten();
    let best = candidates.filter(|candidate| candidate.feasible).reduce(|best, next| {
        if sense.better(next.objective, best.objective) { next } else { best }
    });
    // Of the point reported, or of the one that was not good enough to be.
    answer.recheck = best.as_ref().or(proposed.as_ref()).map(|candidate| Recheck {
        feasible: candidate.feasible,
        objective_error: solution.objective.map(|o| (o - candidate.objective).abs()),
        violation: candidate.violation,
    });
    let stopped_by = match solution.status {
        TerminationStatus::Optimal | TerminationStatus::Infeasible => None,
        TerminationStatus::TimeLimit => Some(StoppedBy::TimeLimit),
        TerminationStatus::NodeLimit => Some(StoppedBy::NodeLimit),
        TerminationStatus::Interrupted => Some(StoppedBy::Interrupt),
    };
    if solution.status == TerminationStatus::Infeasible {
        // A point that is feasible only within the tolerance proves nothing.
        if let Some(best) = best.filter(|best| best.violation == 0.0) {
            return Err(contradiction(
                best,
                options.backend.name(),
                "found the problem infeasible".to_string(),
            ));
        }
        answer.status = Status::Infeasible;
        return Ok(());
    }
    let propagated = propagated_bound(problem, bounds);
    let bound = match solution.objective_bound {
        Some(bound) if sense.better(propagated, bound) => bound,
        _ => propagated,
    };
    answer.bound = Some(bound);
    answer.stopped_by = stopped_by;
    let Some(best) = best else {
        answer.status = Status::Unknown;
        if let Some(recheck) = answer.recheck {
            answer.warnings.push(format!(
                "the point that {} proposes violates a condition by {:.1e} in a forward pass",
                options.backend.name(),
                recheck.violation
            ));
        }
        return Ok(());
    };
    settle(answer, sense, best, bound, options)?;
    if answer.status == Status::Feasible && stopped_by.is_none() {
        answer.warnings.push(format!(
            "{} reports an optimum, but its point does not attain its value in a forward pass",
            options.backend.name()
        ));
    }
    Ok(())
}

/// A feasible point by samples and gradient steps; `None` if none is found.
pub fn first_point(problem: &Problem, seed: u32) -> Option<Candidate> {
    let point = incumbent::find(problem, &problem.integral_domain()?, seed);
    point.filter(|point| point.feasible)
}

/// Puts the best point and the bound into the answer, which is optimal if they are close
/// enough; a point beyond the bound is an error.
fn settle(
    answer: &mut Answer,
    sense: Sense,
    best: Candidate,
    bound: f64,
    options: &OptimizeOptions,
) -> Result<(), OptimizeError> {
    let beyond = match sense {
        Sense::Minimize => bound - best.objective,
        Sense::Maximize => best.objective - bound,
    };
    if beyond > BOUND_CONTRADICTION * (1.0 + best.objective.abs()) {
        return Err(contradiction(
            best,
            options.backend.name(),
            format!("proved the bound {bound}"),
        ));
    }
    // Within the solver's tolerance the point wins: a bound cannot be better
    // than what is attained.
    let bound = if beyond > 0.0 { best.objective } else { bound };
    let absolute_gap = (best.objective - bound).abs();
    let gap = relative_gap(best.objective, bound);
    let closed = absolute_gap <= options.solve.absolute_gap || gap <= options.solve.relative_gap;
    answer.status = if closed { Status::Optimal } else { Status::Feasible };
    if closed {
        answer.stopped_by = None;
    }
    answer.objective = Some(best.objective);
    answer.bound = Some(bound);
    answer.gap = Some(gap);
    answer.input = Some(best.input);
    answer.output = Some(best.output);
    Ok(())
}

/// The bound that propagation alone proves.
fn propagated_bound(problem: &Problem, bounds: &NeuronBounds) -> f64 {
    let graph = problem.graph();
    let (inputs, outputs) = (bounds.of(graph.input()), bounds.of(graph.output()));
    let mut sum = RangeSum::default();
    let constant = problem.objective().constant();
    sum.add(1.0, constant, constant);
    for &(variable, coefficient) in problem.objective().terms() {
        let range = match variable {
            Variable::Input(index) => inputs.interval(index),
            Variable::Output(index) => outputs.interval(index),
        };
        sum.add(coefficient, range.lower(), range.upper());
    }
    let (lower, upper) = sum.rounded_outward();
    match problem.sense() {
        Sense::Minimize => lower,
        Sense::Maximize => upper,
    }
}

/// `|objective − bound| / |objective|`; 0 where they are equal.
pub fn relative_gap(objective: f64, bound: f64) -> f64 {
    let difference = (objective - bound).abs();
    if difference == 0.0 { 0.0 } else { difference / objective.abs().max(LEAST_DENOMINATOR) }
}

fn contradiction(point: Candidate, claimant: &'static str, claim: String) -> OptimizeError {
    let Candidate { input, objective, .. } = point;
    OptimizeError::Contradiction { input, objective, claimant, claim }
}

fn warn_of_large_big_m(answer: &mut Answer, layers: &[LayerSummary]) {
    let largest = layers.iter().map(|layer| layer.big_m_max).fold(0.0, f64::max);
    if largest > LARGE_BIG_M {
        answer.warnings.push(format!(
            "the largest big-M constant is {largest:.3e} in the units of the network; with the \
             solver's integrality tolerance of 1e-7 a neuron that is off can leak more than \
             0.1: the gap may stay open"
        ));
    }
}

fn blank(problem: &Problem, options: &OptimizeOptions) -> Answer {
    Answer {
        schema: SCHEMA,
        command: match problem.sense() {
            Sense::Minimize => "minimize",
            Sense::Maximize => "maximize",
        },
        network: problem.network().name().to_string(),
        status: Status::Unknown,
        stopped_by: None,
        objective: None,
        bound: None,
        gap: None,
        input: None,
        output: None,
        recheck: None,
        solver: "milp",
        backend: options.backend.name(),
        encoding: options.encoding.name(),
        tighten: options.tighten.name(),
        scale: options.scale.map_or("none", Scaling::name),
        preset: options.solve.preset.name(),
        presolve: options.solve.presolve,
        known_point: options.known_point.name(),
        seed: options.solve.seed,
        threads: options.solve.threads,
        parts: None,
        nodes: 0,
        lp_iterations: 0,
        model: ModelSize::default(),
        layers: Vec::new(),
        seconds: Seconds::default(),
        versions: BTreeMap::from([
            ("taut", env!("CARGO_PKG_VERSION").to_string()),
            (options.backend.name(), options.backend.version()),
        ]),
        warnings: Vec::new(),
    }
}

fn timed<T>(seconds: &mut f64, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    *seconds = started.elapsed().as_secs_f64();
    result
}
