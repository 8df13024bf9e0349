//! Least or largest value of a linear expression of inputs and outputs, with a
//! proven bound and a point that attains it.
//!
//! No number of a solver is believed: its point goes through a forward pass of the network
//! as read, its bound is told as its own until Taut has proven it again ([`Certify`]), and
//! what it calls infeasible is infeasible once that is proven (`weigh.rs`).

mod answer;
mod best;
mod certify;
mod constraints;
mod enumerate;
mod formulate;
mod gap;
mod incumbent;
mod known_point;
mod parts;
mod polish;
mod ranges;
mod trust;
mod weigh;

use std::time::Instant;

use thiserror::Error;

pub use answer::{Answer, ProofCounts, Recheck, Seconds, Status};
use best::Best;
pub use enumerate::{enumerate_within, optimize_by_enumeration};
pub use formulate::{Bounded, Bounding, Formulated, Relaxation, bound, formulate};
pub use gap::relative_gap;
use gap::{GAP_SHARE, Gap};
pub use known_point::KnownPoint;
pub use parts::PartCounts;
use ranges::objective_bound;
use weigh::{Claim, Evidence, weigh};

use crate::bounds::Crown;
use crate::control::{Clock, Limits, Observer, StoppedBy};
use crate::encode::{BigM, EncodeError, ReluEncoding};
use crate::milp::ModelSize;
use crate::problem::{Candidate, Problem};
use crate::regions::RegionError;
use crate::scale::Scaling;
use crate::solve::{Backend, Highs, SolveError, SolveOptions};
use crate::tighten::{TightenError, TightenOptions, Tightening};

/// When Taut proves again what a solver says of the optimum. That a problem is infeasible
/// is always proven, or not said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certify {
    /// Whatever it takes.
    Always,
    /// Where it takes little beside the solve.
    #[default]
    Cheap,
    /// Not at all: the bound holds up to the solver's tolerances.
    Never,
}

impl Certify {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Always, Self::Cheap, Self::Never];

    /// Name on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Cheap => "cheap",
            Self::Never => "never",
        }
    }
}

/// How to optimise.
#[derive(Clone, Debug)]
pub struct OptimizeOptions {
    /// Backend. Default: HiGHS.
    pub backend: &'static dyn Backend,
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
    /// When the solver's bound is proven again. Default: where that is cheap.
    pub certify: Certify,
    /// Settings of the solve.
    pub solve: SolveOptions,
    /// Limits of the whole run. Default: none.
    pub limits: Limits,
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
            certify: Certify::default(),
            solve: SolveOptions::default(),
            limits: Limits::default(),
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
/// use taut::control::Silent;
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
    options.limits.validate().map_err(SolveError::from)?;
    optimize_within(problem, options, &Clock::start(&options.limits), observer)
}

/// [`optimize`] until a clock ends it, which may have been started before: time and stop of
/// the options' limits do not count.
///
/// # Errors
/// Those of [`optimize`].
pub fn optimize_within(
    problem: &Problem,
    options: &OptimizeOptions,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<Answer, OptimizeError> {
    options.solve.validate()?;
    let evidence = match constraints::contradiction(problem, clock) {
        Some(reason) => Evidence::empty(blank(problem, options), reason),
        None if options.parts != 1 => parts::evidence(problem, options, clock, observer)?,
        None => whole(problem, options, clock, observer)?,
    };
    weigh(problem, options, evidence, clock, observer)
}

/// What one program for the whole domain shows.
fn whole(
    problem: &Problem,
    options: &OptimizeOptions,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<Evidence, OptimizeError> {
    match bound(problem, options, clock)? {
        Bounding::Bounded(bounded) => {
            let (encoding, scale) = (options.encoding, options.scale);
            match formulate(problem, &bounded.bounds, encoding, scale, clock) {
                Ok(formulated) => solve(&bounded, &formulated, options, clock, observer),
                Err(OptimizeError::Encode(EncodeError::Stopped(reason))) => {
                    Ok(unsolved(problem, bounded, options, clock, reason))
                }
                Err(error) => Err(error),
            }
        }
        Bounding::Infeasible { reason, seconds } => {
            let mut answer = blank(problem, options);
            answer.seconds.bounds = seconds;
            // A point would refute it.
            let point = first_point(problem, options.solve.seed, clock);
            Ok(Evidence { points: point.into_iter().collect(), ..Evidence::empty(answer, reason) })
        }
    }
}

/// What is known where the clock came before there was a program to solve.
fn unsolved(
    problem: &Problem,
    bounded: Bounded,
    options: &OptimizeOptions,
    clock: &Clock,
    reason: StoppedBy,
) -> Evidence {
    let mut answer = blank(problem, options);
    answer.seconds.bounds = bounded.propagation_seconds;
    answer.seconds.tighten = bounded.tighten_seconds;
    let mut evidence = Evidence::new(answer, first_point(problem, options.solve.seed, clock));
    evidence.proven = objective_bound(problem, &bounded.bounds);
    evidence.answer.layers = bounded.layers;
    evidence.bounds = Some(bounded.bounds);
    evidence.claim = Claim::Stopped(reason);
    evidence
}

/// The answer where the bounds have shown that there is no point.
pub(crate) fn infeasible(problem: &Problem, options: &OptimizeOptions, reason: String) -> Answer {
    let mut answer = blank(problem, options);
    answer.status = Status::Infeasible;
    answer.warnings.push(reason);
    answer
}

/// The answer of a formulated problem: the part of [`optimize`] that depends on the seed.
pub(crate) fn answer(
    problem: &Problem,
    bounded: &Bounded,
    formulated: &Formulated<'_>,
    options: &OptimizeOptions,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<Answer, OptimizeError> {
    let evidence = solve(bounded, formulated, options, clock, observer)?;
    weigh(problem, options, evidence, clock, observer)
}

/// Solves a formulated problem.
fn solve(
    bounded: &Bounded,
    formulated: &Formulated<'_>,
    options: &OptimizeOptions,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<Evidence, OptimizeError> {
    let Formulated { problem, encoded, .. } = formulated;
    let mut answer = blank(problem, options);
    answer.seconds.bounds = bounded.propagation_seconds;
    answer.seconds.tighten = bounded.tighten_seconds;
    answer.seconds.scale = formulated.scale_seconds;
    answer.seconds.encode = formulated.encode_seconds;
    answer.layers = formulated.layers.clone();
    answer.model = encoded.model.size();
    let first = timed(&mut answer.seconds.incumbent, || {
        incumbent::find(problem, &bounded.domain, options.solve.seed, clock)
    });
    let mut settings = options.solve.clone();
    settings.relative_gap *= GAP_SHARE;
    settings.absolute_gap = settings.absolute_gap.map(|gap| GAP_SHARE * gap);
    settings.limits.nodes = options.limits.nodes;
    let mut evidence = Evidence::new(answer, first.clone());
    evidence.doubt = trust::doubt(problem, &formulated.bounds);
    if let Some(doubt) = &evidence.doubt {
        tracing::warn!("{doubt}");
    }
    let model = options.known_point.apply(formulated, first.as_ref(), &mut settings);
    let solution = timed(&mut evidence.answer.seconds.solve, || {
        options.backend.solve_within(&model.program, &settings, clock, observer)
    });
    evidence.bounds = Some(bounded.bounds.clone());
    evidence.proven = objective_bound(problem, &formulated.bounds);
    let mut solution = match solution {
        Err(error @ SolveError::Option { .. }) => return Err(error.into()),
        Err(error) => {
            evidence.claim = Claim::Failed(error.to_string());
            return Ok(evidence);
        }
        Ok(solution) => solution,
    };
    let is_proven = !solution.multipliers.is_empty();
    model.interpret(&mut solution);
    evidence.answer.nodes = solution.node_count;
    evidence.answer.lp_iterations = solution.lp_iterations;
    let proposed = polish::proposal(problem, encoded, &solution);
    let polished = timed(&mut evidence.answer.seconds.polish, || {
        let rough =
            proposed.as_ref().filter(|rough| polish::is_needed(problem, rough, &solution))?;
        polish::polish(problem, encoded, options.backend, rough, clock, observer)
    });
    evidence.points.extend(proposed.clone().into_iter().chain(polished));
    evidence.proposed = proposed;
    evidence.figure = solution.objective;
    evidence.claim = Claim::of(solution.status);
    match solution.objective_bound {
        Some(bound) if is_proven => evidence.prove(problem.sense(), bound),
        bound => evidence.claimed = bound,
    }
    Ok(evidence)
}

/// A feasible point by samples and gradient steps; `None` if none is found.
pub fn first_point(problem: &Problem, seed: u32, clock: &Clock) -> Option<Candidate> {
    let point = incumbent::find(problem, &problem.integral_domain()?, seed, clock);
    point.filter(|point| point.feasible)
}

fn contradiction(point: Candidate, claimant: &'static str, claim: String) -> OptimizeError {
    let Candidate { input, objective, .. } = point;
    OptimizeError::Contradiction { input, objective, claimant, claim }
}

fn blank(problem: &Problem, options: &OptimizeOptions) -> Answer {
    Answer {
        sense: problem.sense(),
        status: Status::Unknown,
        stopped_by: None,
        objective: None,
        bound: None,
        bound_by: None,
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
        certify: options.certify.name(),
        parts: None,
        nodes: 0,
        lp_iterations: 0,
        proof: None,
        model: ModelSize::default(),
        layers: Vec::new(),
        seconds: Seconds::default(),
        refuted: None,
        warnings: Vec::new(),
    }
}

fn timed<T>(seconds: &mut f64, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    *seconds = started.elapsed().as_secs_f64();
    result
}
