//! HiGHS, through the crate `highs` and, for what it does not wrap (callbacks,
//! sparse starts, 64-bit counters), through `highs-sys`.
//!
//! The only file with `unsafe` code. What is to know about HiGHS 1.15 here:
//!
//! - A solve runs on a thread of its own. The caller's thread stays free to
//!   hear of progress, to interrupt, and to walk away from a solver that does
//!   not obey its time limit (it has been seen to overshoot in presolve).
//! - The scheduler of HiGHS is tied to a thread, so instances with different
//!   `threads` cannot disturb each other.
//! - `Highs_destroy` resets a global scheduler and is not safe while another
//!   instance solves (HiGHS issue 3136): see [`Instance`].
//! - Entries below `small_matrix_value` are dropped silently: see
//!   [`prepare::row`].

#![allow(unsafe_code, reason = "the C interface of HiGHS")]

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use highs::{Col, HighsModelStatus, RowProblem};
use highs_sys::{
    Highs_getDoubleInfoValue, Highs_getInt64InfoValue, Highs_getIntInfoValue, Highs_getModelStatus,
    Highs_getSolution, Highs_run, Highs_setCallback, Highs_setSparseSolution, Highs_startCallback,
    Highs_version, HighsCallbackDataIn, HighsCallbackDataOut, SOLUTION_STATUS_FEASIBLE,
    STATUS_ERROR, kHighsCallbackIpmInterrupt, kHighsCallbackMipImprovingSolution,
    kHighsCallbackMipInterrupt, kHighsCallbackMipLogging, kHighsCallbackSimplexInterrupt,
};

use super::{
    Observer, Preset, Progress, Solution, SolveError, SolveOptions, Solver, TerminationStatus,
    prepare,
};
use crate::milp::{Direction, Kind, Model, Row};
use crate::num::tolerance::SMALLEST_COEFFICIENT;

/// How often the caller hears of the progress.
const TICK: Duration = Duration::from_millis(100);

/// How long HiGHS may go on after its time limit or an interrupt before its
/// thread is left behind. It checks rarely while it presolves.
const GRACE: Duration = Duration::from_secs(5);

/// The heuristics that [`Preset::Proof`] switches off.
const PROOF_OFF: [&str; 4] = [
    "mip_heuristic_run_feasibility_jump",
    "mip_heuristic_run_rins",
    "mip_heuristic_run_rens",
    "mip_heuristic_run_root_reduced_cost",
];

/// The MILP and LP solver HiGHS.
#[derive(Debug)]
pub struct Highs;

impl Solver for Highs {
    fn name(&self) -> &'static str {
        "highs"
    }

    fn version(&self) -> String {
        // SAFETY: returns a pointer to a static, NUL-terminated string.
        let version = unsafe { CStr::from_ptr(Highs_version()) };
        version.to_string_lossy().into_owned()
    }

    fn solve(
        &self,
        model: &Model,
        options: &SolveOptions,
        observer: &mut dyn Observer,
    ) -> Result<Solution, SolveError> {
        options.validate()?;
        let first = Task::new(model, options)?;
        let started = Instant::now();
        let solution = first.clone().run(options, started, observer);
        match solution {
            // A status that says nothing, once in a while: without presolve
            // there is one source of trouble less.
            Err(SolveError::Failed { what, .. }) => {
                tracing::warn!("HiGHS failed ({what}); second try without presolve");
                first.without_presolve().run(options, started, observer)
            }
            solution => solution,
        }
    }
}

/// Everything a solve needs, movable to its thread.
#[derive(Clone)]
struct Task {
    problem: RowProblem,
    /// Whether the costs were negated: HiGHS only ever minimises here, because
    /// some of its options misbehave when it maximises.
    negated: bool,
    offset: f64,
    integer: bool,
    presolve: bool,
}

/// What the solving thread and the caller share.
#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    latest: Mutex<Latest>,
}

/// What the callbacks heard last, in the direction of HiGHS, without offset.
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
        let negated = model.direction == Direction::Maximize;
        let mut costs = vec![0.0; model.columns().len()];
        for &(column, cost) in &model.objective.terms {
            costs[column.index()] = if negated { -cost } else { cost };
        }
        let mut problem = RowProblem::default();
        let columns: Vec<Col> = model
            .columns()
            .iter()
            .zip(&costs)
            .map(|(column, &cost)| {
                prepare::check_number(|| format!("the cost of {}", column.name), cost)?;
                let (lower, upper) = (column.bounds.lower(), column.bounds.upper());
                let integer = column.kind == Kind::Integer;
                Ok(problem.add_column_with_integrality(cost, lower..=upper, integer))
            })
            .collect::<Result<_, _>>()?;
        for row in model.rows() {
            let Row { terms, bounds, .. } = prepare::row(model, row)?;
            let terms = terms.iter().map(|&(column, c)| (columns[column.index()], c));
            problem.add_row(bounds.lower()..=bounds.upper(), terms.collect::<Vec<_>>());
        }
        for (column, value) in &options.start {
            prepare::check_number(
                || format!("the start of {}", model.column_at(*column).name),
                *value,
            )?;
        }
        let integer = model.columns().iter().any(|column| column.kind == Kind::Integer);
        let offset = model.objective.constant;
        Ok(Self { problem, negated, offset, integer, presolve: true })
    }

    fn without_presolve(mut self) -> Self {
        self.presolve = false;
        self
    }

    /// Solves on a thread of its own, and watches it.
    fn run(
        self,
        options: &SolveOptions,
        started: Instant,
        observer: &mut dyn Observer,
    ) -> Result<Solution, SolveError> {
        let shared = Arc::new(Shared::default());
        let (sender, receiver) = mpsc::channel();
        let (negated, offset) = (self.negated, self.offset);
        let worker = {
            let (shared, options) = (Arc::clone(&shared), options.clone());
            // Enough for the recursion of HiGHS in symmetry detection.
            let builder = thread::Builder::new().name("highs".to_string()).stack_size(16 << 20);
            builder.spawn(move || sender.send(self.solve(&options, started, &shared)))
        };
        worker.map_err(|error| failed(&format!("no thread: {error}")))?;
        let mut given_up: Option<(Instant, TerminationStatus)> = None;
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(outcome) => return outcome.map(|raw| raw.in_units_of(negated, offset)),
                Err(RecvTimeoutError::Disconnected) => return Err(failed("its thread panicked")),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let progress = shared.progress(started, negated, offset);
            if observer.update(&progress) == ControlFlow::Break(()) && given_up.is_none() {
                given_up = Some((Instant::now(), TerminationStatus::Interrupted));
                shared.stop.store(true, Ordering::Relaxed);
            }
            let overdue = options.time_limit.is_some_and(|limit| started.elapsed() > limit);
            if overdue && given_up.is_none() {
                given_up = Some((Instant::now(), TerminationStatus::TimeLimit));
            }
            if let Some((since, status)) = given_up
                && since.elapsed() > GRACE
            {
                tracing::warn!("HiGHS does not stop; its thread is left behind");
                shared.stop.store(true, Ordering::Relaxed);
                let latest = shared.lock().clone();
                return Ok(latest.into_solution(status).in_units_of(negated, offset));
            }
        }
    }

    /// Runs on the solving thread; result in the direction of HiGHS.
    fn solve(
        self,
        options: &SolveOptions,
        started: Instant,
        shared: &Arc<Shared>,
    ) -> Result<Solution, SolveError> {
        let integer = self.integer;
        let presolve = self.presolve;
        let mut instance = Instance::new(self.problem)?;
        configure(instance.model(), options, presolve, started)?;
        set_start(instance.model(), options)?;
        instance.listen(shared)?;
        instance.run()?;
        instance.solution(integer)
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn progress(&self, started: Instant, negated: bool, offset: f64) -> Progress {
        let latest = self.lock();
        let user = |value: f64| if negated { -value } else { value } + offset;
        Progress {
            seconds: started.elapsed().as_secs_f64(),
            objective: latest.objective.map(user),
            objective_bound: latest.bound.map(user),
            node_count: latest.node_count,
            lp_iterations: latest.lp_iterations,
        }
    }
}

impl Latest {
    fn into_solution(self, status: TerminationStatus) -> Solution {
        Solution {
            status,
            objective: self.objective.filter(|_| self.point.is_some()),
            point: self.point,
            objective_bound: self.bound,
            node_count: self.node_count,
            lp_iterations: self.lp_iterations,
        }
    }
}

impl Solution {
    /// From the direction of HiGHS to that of the model.
    fn in_units_of(mut self, negated: bool, offset: f64) -> Self {
        for value in [&mut self.objective, &mut self.objective_bound] {
            *value = value.map(|v| if negated { -v } else { v } + offset);
        }
        self
    }
}

fn configure(
    model: &mut highs::Model,
    options: &SolveOptions,
    presolve: bool,
    started: Instant,
) -> Result<(), SolveError> {
    let number = |value: usize| i32::try_from(value).unwrap_or(i32::MAX);
    let set = |name: &str, done: Result<(), highs::TrySetOptionError>| {
        done.map_err(|_| failed(&format!("it refused the option {name}")))
    };
    set("mip_rel_gap", model.try_set_option("mip_rel_gap", options.relative_gap))?;
    set("mip_abs_gap", model.try_set_option("mip_abs_gap", options.absolute_gap))?;
    for name in
        ["mip_feasibility_tolerance", "primal_feasibility_tolerance", "dual_feasibility_tolerance"]
    {
        set(name, model.try_set_option(name, options.feasibility_tolerance))?;
    }
    let smallest = SMALLEST_COEFFICIENT;
    set("small_matrix_value", model.try_set_option("small_matrix_value", smallest))?;
    set("threads", model.try_set_option("threads", number(options.threads)))?;
    let seed = i32::try_from(options.seed).unwrap_or(i32::MAX);
    set("random_seed", model.try_set_option("random_seed", seed))?;
    if let Some(limit) = options.time_limit {
        let left = limit.saturating_sub(started.elapsed()).as_secs_f64();
        set("time_limit", model.try_set_option("time_limit", left))?;
    }
    if let Some(limit) = options.node_limit {
        let limit = number(usize::try_from(limit).unwrap_or(usize::MAX));
        set("mip_max_nodes", model.try_set_option("mip_max_nodes", limit))?;
    }
    if !presolve {
        set("presolve", model.try_set_option("presolve", "off"))?;
    }
    if options.preset == Preset::Proof {
        for name in PROOF_OFF {
            set(name, model.try_set_option(name, false))?;
        }
    }
    if let Some(path) = &options.log_file {
        let path = path.to_string_lossy();
        set("output_flag", model.try_set_option("output_flag", true))?;
        set("log_file", model.try_set_option("log_file", path.as_ref()))?;
    }
    Ok(())
}

fn set_start(model: &mut highs::Model, options: &SolveOptions) -> Result<(), SolveError> {
    // One value a column: HiGHS refuses duplicates.
    let start: HashMap<usize, f64> =
        options.start.iter().map(|&(column, value)| (column.index(), value)).collect();
    if start.is_empty() {
        return Ok(());
    }
    let mut start: Vec<(usize, f64)> = start.into_iter().collect();
    start.sort_unstable_by_key(|&(column, _)| column);
    let (index, value): (Vec<c_int>, Vec<f64>) = start
        .into_iter()
        .map(|(column, value)| (c_int::try_from(column).unwrap_or(c_int::MAX), value))
        .unzip();
    let count = c_int::try_from(index.len()).unwrap_or(c_int::MAX);
    // SAFETY: both arrays hold `count` entries and live until the call returns,
    // which copies them.
    let status = unsafe {
        Highs_setSparseSolution(model.as_mut_ptr(), count, index.as_ptr(), value.as_ptr())
    };
    match status {
        STATUS_ERROR => Err(failed("it refused the start")),
        _ => Ok(()),
    }
}

/// Hears of progress and passes a stop on. Runs on a thread of HiGHS.
unsafe extern "C" fn callback(
    kind: c_int,
    _message: *const c_char,
    out: *const HighsCallbackDataOut,
    input: *mut HighsCallbackDataIn,
    data: *mut c_void,
) {
    if data.is_null() || out.is_null() {
        return;
    }
    // SAFETY: `data` is the `Shared` of `Task::solve`, alive during the run;
    // `out` is valid during the callback.
    let (shared, out) = unsafe { (&*data.cast::<Shared>(), &*out) };
    let mip = kind == kHighsCallbackMipInterrupt
        || kind == kHighsCallbackMipLogging
        || kind == kHighsCallbackMipImprovingSolution;
    if mip {
        let mut latest = shared.lock();
        let finite = |value: f64| Some(value).filter(|v| v.is_finite());
        latest.bound = finite(out.mip_dual_bound).or(latest.bound);
        latest.objective = finite(out.mip_primal_bound).or(latest.objective);
        latest.node_count = u64::try_from(out.mip_node_count).unwrap_or(0);
        latest.lp_iterations = u64::try_from(out.mip_total_lp_iterations).unwrap_or(0);
        let length = usize::try_from(out.mip_solution_size).unwrap_or(0);
        let improving = kind == kHighsCallbackMipImprovingSolution;
        if improving && length > 0 && !out.mip_solution.is_null() {
            // SAFETY: HiGHS says how many numbers stand there.
            let point = unsafe { std::slice::from_raw_parts(out.mip_solution, length) };
            latest.point = Some(point.to_vec());
            latest.objective = finite(out.objective_function_value).or(latest.objective);
        }
    }
    // Only the interrupt callbacks may be answered.
    let may_stop = kind == kHighsCallbackMipInterrupt
        || kind == kHighsCallbackSimplexInterrupt
        || kind == kHighsCallbackIpmInterrupt;
    if may_stop && !input.is_null() && shared.stop.load(Ordering::Relaxed) {
        // SAFETY: valid during the callback and not aliased.
        unsafe { (*input).user_interrupt = 1 };
    }
}

/// A HiGHS object that is destroyed at a safe moment.
struct Instance(Option<highs::Model>);

impl Instance {
    fn new(problem: RowProblem) -> Result<Self, SolveError> {
        let model = highs::Model::try_new(problem);
        let model =
            model.map_err(|status| failed(&format!("it refused the model ({status:?})")))?;
        Ok(Self(Some(model)))
    }

    fn model(&mut self) -> &mut highs::Model {
        self.0.as_mut().expect("present until dropped")
    }

    fn pointer(&mut self) -> *mut c_void {
        self.model().as_mut_ptr()
    }

    /// Has progress reported to `shared`, and stops asked for there.
    fn listen(&mut self, shared: &Arc<Shared>) -> Result<(), SolveError> {
        let kinds = [
            kHighsCallbackMipInterrupt,
            kHighsCallbackSimplexInterrupt,
            kHighsCallbackIpmInterrupt,
            kHighsCallbackMipLogging,
            kHighsCallbackMipImprovingSolution,
        ];
        // SAFETY: the caller keeps `shared` alive until the run is over, and the
        // callback only touches it through a shared reference.
        let accepted = unsafe {
            let data = Arc::as_ptr(shared).cast_mut().cast::<c_void>();
            Highs_setCallback(self.pointer(), Some(callback), data) != STATUS_ERROR
                && kinds
                    .iter()
                    .all(|&kind| Highs_startCallback(self.pointer(), kind) != STATUS_ERROR)
        };
        if accepted { Ok(()) } else { Err(failed("it refused a callback")) }
    }

    fn run(&mut self) -> Result<(), SolveError> {
        let _solving = SOLVING.read().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the pointer is to a live instance that only this thread uses.
        match unsafe { Highs_run(self.pointer()) } {
            STATUS_ERROR => Err(failed("its run ended with an error")),
            _ => Ok(()),
        }
    }

    fn solution(&mut self, integer: bool) -> Result<Solution, SolveError> {
        // SAFETY: as in `run`.
        let code = unsafe { Highs_getModelStatus(self.pointer()) };
        let status = match HighsModelStatus::try_from(code) {
            Ok(HighsModelStatus::Optimal | HighsModelStatus::ModelEmpty) => {
                TerminationStatus::Optimal
            }
            Ok(HighsModelStatus::Infeasible) => TerminationStatus::Infeasible,
            Ok(HighsModelStatus::ReachedTimeLimit) => TerminationStatus::TimeLimit,
            Ok(
                HighsModelStatus::ReachedSolutionLimit | HighsModelStatus::ReachedIterationLimit,
            ) => TerminationStatus::NodeLimit,
            Ok(HighsModelStatus::ReachedInterrupt) => TerminationStatus::Interrupted,
            Ok(HighsModelStatus::Unbounded) => return Err(SolveError::Unbounded),
            // Among these "unbounded or infeasible": without presolve HiGHS
            // says which.
            other => return Err(failed(&format!("its status is {other:?}"))),
        };
        let feasible = self.integer_info(c"primal_solution_status") == SOLUTION_STATUS_FEASIBLE;
        let point = feasible.then(|| self.point());
        let objective = self.number_info(c"objective_function_value").filter(|_| feasible);
        let bound = match integer {
            true => self.number_info(c"mip_dual_bound"),
            false => objective.filter(|_| status == TerminationStatus::Optimal),
        };
        let mut nodes: i64 = 0;
        // SAFETY: as in `run`; the last pointer is to a live i64.
        unsafe { Highs_getInt64InfoValue(self.pointer(), c"mip_node_count".as_ptr(), &mut nodes) };
        let iterations = self.integer_info(c"simplex_iteration_count");
        Ok(Solution {
            status,
            point,
            objective,
            objective_bound: bound.filter(|b| b.is_finite()),
            node_count: u64::try_from(nodes).unwrap_or(0),
            lp_iterations: u64::try_from(iterations).unwrap_or(0),
        })
    }

    fn point(&mut self) -> Vec<f64> {
        let (columns, rows) = (self.model().num_cols(), self.model().num_rows());
        let (mut values, mut reduced_costs) = (vec![0.0; columns], vec![0.0; columns]);
        let (mut activities, mut duals) = (vec![0.0; rows], vec![0.0; rows]);
        // SAFETY: as in `run`; the arrays have the lengths of the model.
        unsafe {
            Highs_getSolution(
                self.pointer(),
                values.as_mut_ptr(),
                reduced_costs.as_mut_ptr(),
                activities.as_mut_ptr(),
                duals.as_mut_ptr(),
            );
        }
        values
    }

    fn integer_info(&mut self, name: &CStr) -> c_int {
        let mut value: c_int = -1;
        // SAFETY: as in `run`; the last pointer is to a live c_int.
        unsafe { Highs_getIntInfoValue(self.pointer(), name.as_ptr(), &mut value) };
        value
    }

    fn number_info(&mut self, name: &CStr) -> Option<f64> {
        let mut value = 0.0;
        // SAFETY: as in `run`; the last pointer is to a live f64.
        let status = unsafe { Highs_getDoubleInfoValue(self.pointer(), name.as_ptr(), &mut value) };
        (status != STATUS_ERROR).then_some(value)
    }
}

/// Destroys the object as soon as no other one is solving: at once or, while
/// others are busy, when the next one is dropped in a quiet moment. Waiting
/// would chain every thread to the slowest solve.
impl Drop for Instance {
    fn drop(&mut self) {
        let mut retired = RETIRED.lock().unwrap_or_else(PoisonError::into_inner);
        retired.extend(self.0.take().map(Retired));
        match SOLVING.try_write() {
            Ok(_quiet) => retired.clear(),
            Err(TryLockError::Poisoned(quiet)) => {
                let _quiet = quiet.into_inner();
                retired.clear();
            }
            Err(TryLockError::WouldBlock) => {}
        }
    }
}

/// Held for reading while an instance solves, for writing while one is
/// destroyed.
static SOLVING: RwLock<()> = RwLock::new(());

/// Instances that could not be destroyed yet.
static RETIRED: Mutex<Vec<Retired>> = Mutex::new(Vec::new());

struct Retired(#[expect(dead_code, reason = "kept only to be dropped")] highs::Model);

// SAFETY: a retired instance is only ever dropped, by one thread, while no
// other instance solves (`SOLVING` is held for writing).
unsafe impl Send for Retired {}

fn failed(what: &str) -> SolveError {
    SolveError::Failed { solver: "highs", what: what.to_string() }
}
