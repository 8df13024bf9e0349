//! Least or largest value of a linear expression of inputs and outputs, with a
//! proven bound and a point that attains it.
//!
//! No number of a solver is believed: its point goes through a forward pass of the network
//! as read, its bound is told as its own until Taut has proven it again ([`Certify`]), and
//! what it calls infeasible is infeasible once that is proven (`weigh.rs`).

mod answer;
mod auto;
mod best;
mod constraints;
mod enumerate;
mod evidence;
mod formulate;
mod gap;
mod history;
mod incumbent;
mod known_point;
mod milp;
mod parts;
mod polish;
mod pool;
mod region;
mod search;
mod trust;
mod weigh;

use std::time::Instant;

use thiserror::Error;

use answer::Work;
pub use answer::{
    Answer, EnumerateRecord, MethodRecord, MilpRecord, ProofCounts, Recheck, SearchRecord, Seconds,
    Status,
};
use best::Best;
use evidence::{Claim, Evidence};
pub use formulate::{
    Bounded, Bounding, Formulated, Relaxation, bound, formulate, formulate_with_outputs,
};
pub use gap::relative_gap;
use gap::{GAP_SHARE, Gap};
pub use history::Moment;
use history::Told;
pub use known_point::KnownPoint;
pub use parts::PartCounts;
pub use pool::{Pool, pool};
pub(crate) use region::Regions;
use weigh::weigh;

use crate::bounds::Crown;
use crate::control::{Clock, Limits, Observer};
use crate::encode::{BigM, EncodeError, ReluEncoding};
use crate::problem::{Candidate, NO_WHOLE_NUMBER, Problem};
use crate::proof::Tree;
use crate::regions::RegionError;
use crate::scale::Scaling;
use crate::search::Listener;
use crate::solve::{Backend, Highs, SolveError, SolveOptions};
use crate::tighten::{TightenError, TightenOptions, Tightening};
use search::Witness;

/// How the optimum is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The best for the problem: the search, and a mixed-integer program where that does not
    /// end.
    #[default]
    Auto,
    /// A mixed-integer program in a MILP solver.
    Milp,
    /// A branch and bound of Taut's own, without a solver, certified.
    Search,
    /// All linear regions, without a solver.
    Enumerate,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Milp, Self::Search, Self::Enumerate];

    /// Name on the command line and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Milp => "milp",
            Self::Search => "search",
            Self::Enumerate => "enumerate",
        }
    }
}

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
    /// The method. Default: the best for the problem; the settings of programs are for those.
    pub method: Method,
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

impl OptimizeOptions {
    /// The defaults, with a mixed-integer program as the method.
    pub fn milp() -> Self {
        Self { method: Method::Milp, ..Self::default() }
    }
}

impl Default for OptimizeOptions {
    fn default() -> Self {
        Self {
            method: Method::default(),
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
    run(problem, options, clock, observer, None)
}

/// [`optimize_within`] by [`Method::Search`], whatever the options say; `listener` hears of its
/// boxes, in the same order for any number of threads. Boxes share no inner points, and
/// together they are what was searched: the domain, where whole numbers are between the ends of
/// integer inputs. There are none where bounds or the constraints alone show that there is no
/// point.
///
/// # Errors
/// Those of [`optimize`].
pub fn optimize_traced(
    problem: &Problem,
    options: &OptimizeOptions,
    clock: &Clock,
    observer: &mut dyn Observer,
    listener: &mut Listener<'_>,
) -> Result<Answer, OptimizeError> {
    let options = OptimizeOptions { method: Method::Search, ..options.clone() };
    run(problem, &options, clock, observer, Some(Witness::Boxes(listener)))
}

/// [`optimize_within`] by [`Method::Search`], whatever the options say, and what proves its bound:
/// a tree from which [`replay`](crate::search::replay()) derives it again. The tree is empty
/// where bounds or the constraints alone show that there is no point.
///
/// # Errors
/// Those of [`optimize`].
pub fn optimize_proven(
    problem: &Problem,
    options: &OptimizeOptions,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<(Answer, Tree), OptimizeError> {
    let options = OptimizeOptions { method: Method::Search, ..options.clone() };
    let mut tree = Tree::default();
    let answer = run(problem, &options, clock, observer, Some(Witness::Tree(&mut tree)))?;
    Ok((answer, tree))
}

fn run(
    problem: &Problem,
    options: &OptimizeOptions,
    clock: &Clock,
    observer: &mut dyn Observer,
    witness: Option<Witness<'_, '_>>,
) -> Result<Answer, OptimizeError> {
    options.solve.validate()?;
    let mut told = Told::new(problem.sense(), observer);
    let observer = &mut told;
    let mut seconds = 0.0;
    let mut first = None;
    let contradiction = match options.method {
        Method::Auto | Method::Milp | Method::Search => constraints::contradiction(problem, clock),
        // The independent check stands on no program.
        Method::Enumerate => None,
    };
    let mut evidence = match (contradiction, problem.whole()) {
        (Some(reason), _) => Evidence::empty(record(options), reason),
        (None, None) => Evidence::empty(record(options), NO_WHOLE_NUMBER.to_string()),
        (None, Some(whole)) => {
            // Parts are those of programs.
            let method = match options.method {
                Method::Auto if options.parts != 1 => Method::Milp,
                method => method,
            };
            let tries = match method {
                Method::Auto => auto::tries(whole),
                Method::Search => incumbent::QUICK,
                Method::Milp | Method::Enumerate => incumbent::THOROUGH,
            };
            let seed = options.solve.seed;
            first = timed(&mut seconds, || point_by(problem, seed, tries, clock));
            let known = first.as_ref();
            match method {
                Method::Enumerate => enumerate::evidence(problem, options, clock)?,
                Method::Auto => auto::evidence(problem, whole, options, known, clock, observer)?,
                Method::Search => {
                    let beside = search::Beside { aside: &mut search::Nothing, witness };
                    search::search(problem, whole, options, known, clock, beside, observer)?
                        .evidence
                }
                Method::Milp if options.parts == 1 => {
                    milp::evidence(problem, whole, options, known, clock, observer)?
                }
                Method::Milp => parts::evidence(problem, whole, options, known, clock, observer)?,
            }
        }
    };
    evidence.work.seconds.incumbent = seconds;
    // Whatever a method shows has to stand against it.
    evidence.points.extend(first);
    let answer = weigh(problem, options, evidence, clock, observer)?;
    Ok(told.complete(answer))
}

/// The settings of the method.
fn record(options: &OptimizeOptions) -> MethodRecord {
    match options.method {
        Method::Milp => milp::record(options),
        Method::Auto | Method::Search => search::record(),
        Method::Enumerate => enumerate::record(),
    }
}

/// The answer where the bounds have shown that there is no point.
pub(crate) fn infeasible(
    problem: &Problem,
    options: &OptimizeOptions,
    reason: String,
    clock: &Clock,
) -> Result<Answer, OptimizeError> {
    let evidence = Evidence::empty(milp::record(options), reason);
    weigh(problem, options, evidence, clock, &mut crate::control::Silent)
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
    let mut told = Told::new(problem.sense(), observer);
    let observer = &mut told;
    let mut seconds = 0.0;
    let first = timed(&mut seconds, || first_point(problem, options.solve.seed, clock));
    let mut evidence = milp::solve(bounded, formulated, options, first.as_ref(), clock, observer)?;
    evidence.work.seconds.incumbent = seconds;
    evidence.points.extend(first);
    let answer = weigh(problem, options, evidence, clock, observer)?;
    Ok(told.complete(answer))
}

/// A feasible point by samples and gradient steps; `None` if none is found.
pub fn first_point(problem: &Problem, seed: u32, clock: &Clock) -> Option<Candidate> {
    point_by(problem, seed, incumbent::THOROUGH, clock)
}

fn point_by(
    problem: &Problem,
    seed: u32,
    tries: incumbent::Tries,
    clock: &Clock,
) -> Option<Candidate> {
    tracing::info!("first point: samples and gradient steps");
    let found = incumbent::find(problem, problem.integral_domain()?, seed, tries, clock);
    match &found {
        Some(point) => tracing::info!("first point: value {}", point.objective),
        None => tracing::info!("first point: none found that meets the constraints"),
    }
    found
}

fn contradiction(point: Candidate, claimant: &'static str, claim: String) -> OptimizeError {
    let Candidate { input, objective, .. } = point;
    OptimizeError::Contradiction { input, objective, claimant, claim }
}

fn timed<T>(seconds: &mut f64, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    *seconds = started.elapsed().as_secs_f64();
    result
}
