//! HiGHS, through the crate `highs` and, for what it does not wrap (callbacks,
//! sparse starts, 64-bit counters), through `highs-sys`.
//!
//! What is to know about HiGHS 1.15 here:
//!
//! - A solve runs on a thread of its own. The caller's thread stays free to
//!   hear of progress, to interrupt, and to walk away from a solver that does
//!   not obey its time limit (it has been seen to overshoot in presolve).
//! - The scheduler of HiGHS is tied to a thread, so instances with different
//!   `threads` cannot disturb each other.
//! - `Highs_destroy` resets a global scheduler and is not safe while another
//!   instance solves (HiGHS issue 3136): see `instance.rs`,
//!   the only file with `unsafe` code.
//! - Two rules of presolve are off: see `PRESOLVE_RULES_OFF`.
//! - Entries below `small_matrix_value` are dropped silently: see
//!   [`prepare::row`].

mod instance;
mod linear_program;
mod program;
mod status;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use instance::Instance;
pub use linear_program::{Basis, LinearProgram, LpOutcome};
use program::Program;
pub use status::LpStatus;

use super::{Backend, Preset, Solution, SolveError, SolveOptions, TerminationStatus, prepare};
use crate::control::{Clock, Observer, Progress, StoppedBy};
use crate::milp::{Model, VarId};
use crate::num::tolerance::{ABSOLUTE_GAP, SMALLEST_COEFFICIENT};

/// How often the caller hears of the progress.
const TICK: Duration = Duration::from_millis(50);

/// How long HiGHS may go on after its time limit or an interrupt before its
/// thread is left behind, to end when it looks: it checks rarely while it presolves.
const GRACE: Duration = Duration::from_millis(150);

/// The heuristics that [`Preset::Proof`] switches off.
const PROOF_OFF: [&str; 4] = [
    "mip_heuristic_run_feasibility_jump",
    "mip_heuristic_run_rins",
    "mip_heuristic_run_rens",
    "mip_heuristic_run_root_reduced_cost",
];

/// Rules of presolve that are switched off, as bits of `PresolveRuleType` in its
/// `HConst.h`: parallel rows and columns, and probing. With either of them HiGHS 1.15
/// calls wrong values optimal, about once in 300 random networks in the encodings
/// with copies of columns (cases `presolve-…` of the corpus), and more rarely in big-M. Without them it takes 0
/// to 6 % more simplex iterations on the instances of two layers of 25 neurons (big-M
/// and `partition:2`, sums over 8 seeds).
const PRESOLVE_RULES_OFF: i32 = 1 << 13 | 1 << 15;

/// The MILP and LP solver HiGHS.
#[derive(Debug)]
pub struct Highs;

impl Backend for Highs {
    fn name(&self) -> &'static str {
        "highs"
    }

    fn version(&self) -> String {
        instance::version()
    }

    fn run(
        &self,
        model: &Model,
        options: &SolveOptions,
        clock: &Clock,
        observer: &mut dyn Observer,
    ) -> Result<Solution, SolveError> {
        let task = Task::new(model, options)?;
        let mut failure = failed("it was not tried");
        for attempt in Attempt::of(options) {
            match task.clone().run(attempt, options, *clock, observer) {
                Err(error @ (SolveError::Failed { .. } | SolveError::Unbounded)) => {
                    tracing::debug!("solve: highs {}: {error}", attempt.words());
                    failure = error;
                }
                outcome => return outcome,
            }
        }
        Err(failure)
    }
}

/// One way to solve a program. A status that says nothing, once in a while, is left to
/// the next.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    /// Without presolve there is one source of trouble less, and HiGHS says which of
    /// "unbounded or infeasible" it is.
    presolve: bool,
    /// HiGHS's numbers for its way to scale linear programs and for its simplex method;
    /// `None`: its defaults.
    other_simplex: Option<(i32, i32)>,
}

/// No scaling of HiGHS's own: ours has been done.
const UNSCALED: i32 = 0;

impl Attempt {
    /// As asked for, without presolve, then by the primal simplex without scaling.
    fn of(options: &SolveOptions) -> impl Iterator<Item = Self> {
        let other = (UNSCALED, linear_program::PRIMAL_SIMPLEX);
        let first = options.presolve.then_some((true, None));
        let rest = [(false, None), (false, Some(other))];
        first
            .into_iter()
            .chain(rest)
            .map(|(presolve, other_simplex)| Self { presolve, other_simplex })
    }

    /// What it is called in a log.
    fn words(self) -> &'static str {
        match (self.presolve, self.other_simplex) {
            (true, _) => "with presolve",
            (false, None) => "without presolve",
            (false, Some(_)) => "without presolve and scaling, by the primal simplex",
        }
    }
}

/// Everything a solve needs, movable to its thread.
#[derive(Clone)]
struct Task {
    program: Program,
    /// The point to start from, within the bounds of the columns. A point that
    /// misses them by less than the tolerance would be refused.
    start: Vec<(VarId, f64)>,
}

/// What the solving thread and the caller share.
struct Shared {
    clock: Clock,
    given_up: AtomicBool,
    latest: Mutex<Latest>,
}

/// What the callbacks heard last.
#[derive(Clone, Default)]
struct Latest {
    bound: Option<f64>,
    objective: Option<f64>,
    point: Option<Vec<f64>>,
    node_count: u64,
    lp_iterations: u64,
}

impl Task {
    fn new(model: &Model, options: &SolveOptions) -> Result<Self, SolveError> {
        let program = Program::new(model)?;
        let mut start = Vec::new();
        for &(id, value) in &options.start {
            let column = model.column_at(id);
            prepare::check_number(|| format!("the start of {}", column.name), value)?;
            start.push((id, value.clamp(column.bounds.lower(), column.bounds.upper())));
        }
        Ok(Self { program, start })
    }

    /// Solves on a thread of its own, and watches it.
    fn run(
        self,
        attempt: Attempt,
        options: &SolveOptions,
        clock: Clock,
        observer: &mut dyn Observer,
    ) -> Result<Solution, SolveError> {
        let shared = Arc::new(Shared::new(clock));
        let (sender, receiver) = mpsc::channel();
        let worker = {
            let (shared, options) = (Arc::clone(&shared), options.clone());
            // Enough for the recursion of HiGHS in symmetry detection.
            let builder = thread::Builder::new().name("highs".to_string()).stack_size(16 << 20);
            builder.spawn(move || sender.send(self.solve(attempt, &options, clock, &shared)))
        };
        worker.map_err(|error| failed(&format!("no thread: {error}")))?;
        let mut given_up: Option<(StoppedBy, Instant)> = None;
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(outcome) => {
                    return outcome.map(|solution| match given_up {
                        Some((reason, _)) => solution.because_of(reason),
                        None => solution,
                    });
                }
                Err(RecvTimeoutError::Disconnected) => return Err(failed("its thread panicked")),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let stopped = clock.tell(observer, &shared.progress(clock));
            given_up = given_up.or(stopped.map(|reason| (reason, Instant::now())));
            let Some((reason, since)) = given_up else { continue };
            shared.given_up.store(true, Ordering::Relaxed);
            if since.elapsed() > GRACE {
                tracing::debug!("solve: highs does not stop; its thread is left behind");
                let latest = shared.lock().clone();
                return Ok(latest.into_solution(reason));
            }
        }
    }

    /// Runs on the solving thread.
    fn solve(
        self,
        attempt: Attempt,
        options: &SolveOptions,
        clock: Clock,
        shared: &Arc<Shared>,
    ) -> Result<Solution, SolveError> {
        let integer = self.program.is_mixed_integer();
        let mut instance =
            Instance::new(&self.program, |highs| configure(highs, options, attempt, clock))?;
        instance.set_start(&self.start)?;
        instance.listen(shared)?;
        instance.run()?;
        instance.solution(integer)
    }
}

impl Shared {
    fn new(clock: Clock) -> Self {
        Self { clock, given_up: AtomicBool::new(false), latest: Mutex::default() }
    }

    /// Whether the solve has to end. HiGHS keeps the time itself.
    fn is_stopped(&self) -> bool {
        self.given_up.load(Ordering::Relaxed) || self.clock.is_interrupted()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn progress(&self, clock: Clock) -> Progress {
        let latest = self.lock();
        Progress {
            seconds: clock.seconds(),
            objective: latest.objective,
            objective_bound: latest.bound,
            node_count: latest.node_count,
            lp_iterations: latest.lp_iterations,
        }
    }
}

impl Latest {
    fn into_solution(self, reason: StoppedBy) -> Solution {
        Solution {
            status: TerminationStatus::Stopped(reason),
            objective: self.objective.filter(|_| self.point.is_some()),
            point: self.point,
            objective_bound: self.bound,
            node_count: self.node_count,
            lp_iterations: self.lp_iterations,
            multipliers: Vec::new(),
        }
    }
}

fn configure(
    model: &mut highs::Model,
    options: &SolveOptions,
    attempt: Attempt,
    clock: Clock,
) -> Result<(), SolveError> {
    set_option(model, "mip_rel_gap", options.relative_gap)?;
    set_option(model, "mip_abs_gap", options.absolute_gap.unwrap_or(ABSOLUTE_GAP))?;
    for name in
        ["mip_feasibility_tolerance", "primal_feasibility_tolerance", "dual_feasibility_tolerance"]
    {
        set_option(model, name, options.feasibility_tolerance)?;
    }
    set_option(model, "small_matrix_value", SMALLEST_COEFFICIENT)?;
    set_option(model, "threads", instance::number(options.threads))?;
    set_option(model, "random_seed", i32::try_from(options.seed).unwrap_or(i32::MAX))?;
    if let Some(left) = clock.left() {
        set_option(model, "time_limit", left.as_secs_f64())?;
    }
    if let Some(limit) = options.limits.nodes {
        let limit = instance::number(usize::try_from(limit).unwrap_or(usize::MAX));
        set_option(model, "mip_max_nodes", limit)?;
    }
    set_option(model, "presolve_rule_off", PRESOLVE_RULES_OFF)?;
    if !attempt.presolve {
        set_option(model, "presolve", "off")?;
    }
    if let Some((scaling, simplex)) = attempt.other_simplex {
        set_option(model, "simplex_scale_strategy", scaling)?;
        set_option(model, "simplex_strategy", simplex)?;
    }
    if options.preset == Preset::Proof {
        for name in PROOF_OFF {
            set_option(model, name, false)?;
        }
    }
    if let Some(path) = &options.log_file {
        set_option(model, "output_flag", true)?;
        set_option(model, "log_file", path.to_string_lossy().as_ref())?;
    }
    Ok(())
}

fn set_option(
    model: &mut highs::Model,
    name: &str,
    value: impl highs::HighsOptionValue,
) -> Result<(), SolveError> {
    let set = model.try_set_option(name, value);
    set.map_err(|_| failed(&format!("it refused the option {name}")))
}

fn failed(what: &str) -> SolveError {
    SolveError::Failed { solver: "highs", what: what.to_string() }
}
