//! A HiGHS object and the calls on it. The only file with `unsafe` code.

#![allow(unsafe_code, reason = "the C interface of HiGHS")]

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};

use highs::{HighsModelStatus, RowProblem};
use highs_sys::{
    Highs_changeColBounds, Highs_changeColsCostByRange, Highs_clear, Highs_clearSolver,
    Highs_getBasis, Highs_getDoubleInfoValue, Highs_getDualRay, Highs_getInt64InfoValue,
    Highs_getIntInfoValue, Highs_getModelStatus, Highs_getSolution, Highs_passMip, Highs_run,
    Highs_setBasis, Highs_setCallback, Highs_setSparseSolution, Highs_startCallback,
    Highs_stopCallback, Highs_version, Highs_zeroAllClocks, HighsCallbackDataIn,
    HighsCallbackDataOut, MATRIX_FORMAT_ROW_WISE, OBJECTIVE_SENSE_MINIMIZE,
    SOLUTION_STATUS_FEASIBLE, STATUS_ERROR, kHighsCallbackIpmInterrupt,
    kHighsCallbackMipImprovingSolution, kHighsCallbackMipInterrupt, kHighsCallbackMipLogging,
    kHighsCallbackSimplexInterrupt,
};

use super::program::Program;
use super::status::LpStatus;
use super::{Shared, failed};
use crate::control::StoppedBy;
use crate::milp::VarId;
use crate::solve::{Solution, SolveError, TerminationStatus};

/// A HiGHS object that is destroyed at a safe moment.
pub struct Instance {
    model: Option<highs::Model>,
    /// What callbacks write to, if it has ever been told to call back.
    listener: Option<Arc<Shared>>,
}

impl Instance {
    /// An instance that holds `program`. `configure` comes first: some options act while a
    /// program is taken in, and never again.
    pub fn new(
        program: &Program,
        configure: impl FnOnce(&mut highs::Model) -> Result<(), SolveError>,
    ) -> Result<Self, SolveError> {
        let (model, listener) = match recycled() {
            Some(Retired { model, listener, .. }) => (model, listener),
            None => match highs::Model::try_new(RowProblem::default()) {
                Ok(model) => (model, None),
                Err(status) => return Err(failed(&format!("it does not start ({status:?})"))),
            },
        };
        let mut instance = Self { model: Some(model), listener };
        configure(instance.model())?;
        instance.pass(program)?;
        Ok(instance)
    }

    fn pass(&mut self, program: &Program) -> Result<(), SolveError> {
        let Program { columns, costs, offset, rows, .. } = program;
        let (entries, starts) = (&program.entries, &program.starts);
        let pointer = self.pointer();
        // SAFETY: the pointer is to a live instance that only this thread uses; there is one
        // entry per column in the vectors of columns, one per row in those of rows, and all
        // entries of the matrix lie between the starts of rows. HiGHS copies them.
        let status = unsafe {
            Highs_passMip(
                pointer,
                number(costs.len()),
                number(rows.lower.len()),
                number(entries.values.len()),
                MATRIX_FORMAT_ROW_WISE,
                OBJECTIVE_SENSE_MINIMIZE,
                *offset,
                costs.as_ptr(),
                columns.lower.as_ptr(),
                columns.upper.as_ptr(),
                rows.lower.as_ptr(),
                rows.upper.as_ptr(),
                starts.as_ptr(),
                entries.columns.as_ptr(),
                entries.values.as_ptr(),
                program.integrality.as_ptr(),
            )
        };
        accepted(status, "the program")
    }

    pub fn model(&mut self) -> &mut highs::Model {
        self.model.as_mut().expect("present until dropped")
    }

    fn pointer(&mut self) -> *mut c_void {
        self.model().as_mut_ptr()
    }

    /// Has progress reported to `shared`, and stops asked for there.
    pub fn listen(&mut self, shared: &Arc<Shared>) -> Result<(), SolveError> {
        let listener = self.listener.insert(Arc::clone(shared));
        let data = Arc::as_ptr(listener).cast_mut().cast::<c_void>();
        // SAFETY: `listener` lives as long as the instance can run, and the callback only
        // touches it through a shared reference.
        let accepted = unsafe {
            Highs_setCallback(self.pointer(), Some(callback), data) != STATUS_ERROR
                && CALLBACKS
                    .iter()
                    .all(|&kind| Highs_startCallback(self.pointer(), kind) != STATUS_ERROR)
        };
        if accepted { Ok(()) } else { Err(failed("it refused a callback")) }
    }

    pub fn run(&mut self) -> Result<(), SolveError> {
        let _solving = SOLVING.read().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the pointer is to a live instance that only this thread uses.
        match unsafe { Highs_run(self.pointer()) } {
            STATUS_ERROR => Err(failed("its run ended with an error")),
            _ => Ok(()),
        }
    }

    pub fn solution(&mut self, integer: bool) -> Result<Solution, SolveError> {
        // SAFETY: as in `run`.
        let code = unsafe { Highs_getModelStatus(self.pointer()) };
        let status = match HighsModelStatus::try_from(code) {
            Ok(HighsModelStatus::Optimal | HighsModelStatus::ModelEmpty) => {
                TerminationStatus::Optimal
            }
            Ok(HighsModelStatus::Infeasible) => TerminationStatus::Infeasible,
            Ok(HighsModelStatus::ReachedTimeLimit) => {
                TerminationStatus::Stopped(StoppedBy::TimeLimit)
            }
            Ok(
                HighsModelStatus::ReachedSolutionLimit | HighsModelStatus::ReachedIterationLimit,
            ) => TerminationStatus::Stopped(StoppedBy::NodeLimit),
            Ok(HighsModelStatus::ReachedInterrupt) => {
                TerminationStatus::Stopped(StoppedBy::Interrupt)
            }
            Ok(HighsModelStatus::Unbounded) => return Err(SolveError::Unbounded),
            // Among these "unbounded or infeasible": without presolve HiGHS
            // says which.
            other => return Err(failed(&format!("its status is {other:?}"))),
        };
        let feasible = self.is_primal_feasible();
        let point = feasible.then(|| self.point());
        let objective = self.number_info(c"objective_function_value").filter(|_| feasible);
        let bound = match integer {
            true => self.number_info(c"mip_dual_bound"),
            false => objective.filter(|_| status == TerminationStatus::Optimal),
        };
        let mut nodes: i64 = 0;
        // SAFETY: as in `run`; the last pointer is to a live i64.
        unsafe { Highs_getInt64InfoValue(self.pointer(), c"mip_node_count".as_ptr(), &mut nodes) };
        Ok(Solution {
            status,
            point,
            objective,
            objective_bound: bound.filter(|b| b.is_finite()),
            node_count: u64::try_from(nodes).unwrap_or(0),
            lp_iterations: self.simplex_iterations(),
            multipliers: if integer || status != TerminationStatus::Optimal {
                Vec::new()
            } else {
                self.point_and_duals().1
            },
        })
    }

    /// How the solve of a linear program ended.
    pub fn lp_status(&mut self) -> Result<LpStatus, SolveError> {
        // SAFETY: as in `run`.
        let code = unsafe { Highs_getModelStatus(self.pointer()) };
        match HighsModelStatus::try_from(code) {
            Ok(HighsModelStatus::Optimal | HighsModelStatus::ModelEmpty) => Ok(LpStatus::Optimal),
            Ok(HighsModelStatus::ObjectiveBound) => Ok(LpStatus::Above),
            Ok(HighsModelStatus::Infeasible) => Ok(LpStatus::Infeasible),
            Ok(HighsModelStatus::ReachedTimeLimit | HighsModelStatus::ReachedInterrupt) => {
                Ok(LpStatus::Stopped)
            }
            other => Err(failed(&format!("its status is {other:?}"))),
        }
    }

    /// Whether there is a point that satisfies bounds and rows.
    pub fn is_primal_feasible(&mut self) -> bool {
        self.integer_info(c"primal_solution_status") == SOLUTION_STATUS_FEASIBLE
    }

    /// Iterations of the last run.
    pub fn simplex_iterations(&mut self) -> u64 {
        u64::try_from(self.integer_info(c"simplex_iteration_count")).unwrap_or(0)
    }

    /// One multiplier a row that show, up to their sign, that there is no point.
    pub fn dual_ray(&mut self) -> Option<Vec<f64>> {
        let mut ray = vec![0.0; self.model().num_rows()];
        let mut found: c_int = 0;
        // SAFETY: as in `run`; the array has one entry per row.
        let status = unsafe { Highs_getDualRay(self.pointer(), &mut found, ray.as_mut_ptr()) };
        (status != STATUS_ERROR && found != 0).then_some(ray)
    }

    fn point(&mut self) -> Vec<f64> {
        self.point_and_duals().0
    }

    /// The value of each column and the dual value of each row.
    pub fn point_and_duals(&mut self) -> (Vec<f64>, Vec<f64>) {
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
        (values, duals)
    }

    /// A point to start from, one value a column at most.
    pub fn set_start(&mut self, start: &[(VarId, f64)]) -> Result<(), SolveError> {
        // HiGHS refuses duplicates.
        let start: BTreeMap<usize, f64> =
            start.iter().map(|&(column, value)| (column.index(), value)).collect();
        if start.is_empty() {
            return Ok(());
        }
        let (index, value): (Vec<c_int>, Vec<f64>) =
            start.into_iter().map(|(column, value)| (number(column), value)).unzip();
        // SAFETY: as in `run`; both arrays hold as many entries as stated.
        let status = unsafe {
            Highs_setSparseSolution(
                self.pointer(),
                number(index.len()),
                index.as_ptr(),
                value.as_ptr(),
            )
        };
        accepted(status, "the start")
    }

    /// New bounds of a column.
    pub fn set_bounds(&mut self, column: usize, lower: f64, upper: f64) -> Result<(), SolveError> {
        // SAFETY: as in `run`.
        let status = unsafe { Highs_changeColBounds(self.pointer(), number(column), lower, upper) };
        accepted(status, "the bounds of a column")
    }

    /// New costs for all columns.
    pub fn set_costs(&mut self, costs: &[f64]) -> Result<(), SolveError> {
        assert_eq!(costs.len(), self.model().num_cols(), "one cost per column");
        let last = number(costs.len()) - 1;
        // SAFETY: as in `run`; the array has one entry per column.
        let status =
            unsafe { Highs_changeColsCostByRange(self.pointer(), 0, last, costs.as_ptr()) };
        accepted(status, "the costs")
    }

    /// Starts the clock of the time limit again, which otherwise adds up.
    pub fn reset_clock(&mut self) {
        // SAFETY: as in `run`.
        unsafe { Highs_zeroAllClocks(self.pointer()) };
    }

    /// Forgets basis and solution, and whatever else the last run has left.
    pub fn forget(&mut self) {
        // SAFETY: as in `run`.
        unsafe { Highs_clearSolver(self.pointer()) };
    }

    /// The status of each column and row in the last basis.
    pub fn basis(&mut self) -> Option<(Vec<c_int>, Vec<c_int>)> {
        let mut columns = vec![0; self.model().num_cols()];
        let mut rows = vec![0; self.model().num_rows()];
        // SAFETY: as in `run`; the arrays have the lengths of the model.
        let status =
            unsafe { Highs_getBasis(self.pointer(), columns.as_mut_ptr(), rows.as_mut_ptr()) };
        (status != STATUS_ERROR).then_some((columns, rows))
    }

    /// A basis to start from.
    pub fn set_basis(&mut self, columns: &[c_int], rows: &[c_int]) -> Result<(), SolveError> {
        assert_eq!(columns.len(), self.model().num_cols(), "one status a column");
        assert_eq!(rows.len(), self.model().num_rows(), "one status a row");
        // SAFETY: as in `run`; the arrays have the lengths of the model.
        let status = unsafe { Highs_setBasis(self.pointer(), columns.as_ptr(), rows.as_ptr()) };
        accepted(status, "the basis")
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
/// would chain every thread to the slowest solve. Until then it may be used again:
/// behind a solve that never ends, the number of objects would grow for ever.
impl Drop for Instance {
    fn drop(&mut self) {
        let listener = self.listener.take();
        if listener.is_some() {
            for kind in CALLBACKS {
                // SAFETY: as in `run`.
                unsafe { Highs_stopCallback(self.pointer(), kind) };
            }
        }
        let mut retired = RETIRED.lock().unwrap_or_else(PoisonError::into_inner);
        retired.extend(self.model.take().map(|model| Retired { model, listener, is_sound: true }));
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

fn accepted(status: c_int, what: &str) -> Result<(), SolveError> {
    match status {
        STATUS_ERROR => Err(failed(&format!("it refused {what}"))),
        _ => Ok(()),
    }
}

/// A count in the type of the C interface.
pub fn number(value: usize) -> c_int {
    c_int::try_from(value).unwrap_or(c_int::MAX)
}

/// Version of the library.
pub fn version() -> String {
    // SAFETY: returns a pointer to a static, NUL-terminated string.
    let version = unsafe { CStr::from_ptr(Highs_version()) };
    version.to_string_lossy().into_owned()
}

/// What an instance calls back for.
const CALLBACKS: [c_int; 5] = [
    kHighsCallbackMipInterrupt,
    kHighsCallbackSimplexInterrupt,
    kHighsCallbackIpmInterrupt,
    kHighsCallbackMipLogging,
    kHighsCallbackMipImprovingSolution,
];

/// Held for reading while an instance solves, for writing while one is
/// destroyed.
static SOLVING: RwLock<()> = RwLock::new(());

/// Instances that could not be destroyed yet.
static RETIRED: Mutex<Vec<Retired>> = Mutex::new(Vec::new());

struct Retired {
    model: highs::Model,
    /// What its callbacks, which are off, were told to write to.
    listener: Option<Arc<Shared>>,
    /// Whether it can be used again.
    is_sound: bool,
}

// SAFETY: a retired instance belongs to nobody. It is dropped by one thread, while no
// other instance solves (`SOLVING` is held for writing), or taken by one to be used again,
// and nothing in it is tied to the thread that made it.
unsafe impl Send for Retired {}

/// A retired object, as good as new.
fn recycled() -> Option<Retired> {
    let mut retired = RETIRED.lock().unwrap_or_else(PoisonError::into_inner);
    let position = retired.iter().position(|retired| retired.is_sound)?;
    let Retired { mut model, listener, .. } = retired.swap_remove(position);
    // SAFETY: the pointer is to a live instance that only this thread has now. It forgets
    // program, solution and options.
    let status = unsafe { Highs_clear(model.as_mut_ptr()) };
    model.make_quiet();
    if status == STATUS_ERROR {
        // Not seen; it may only be destroyed in a quiet moment.
        retired.push(Retired { model, listener, is_sound: false });
        return None;
    }
    Some(Retired { model, listener, is_sound: true })
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
    // SAFETY: `data` is the listener of the instance that runs, which holds it;
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
    if may_stop && !input.is_null() && shared.is_stopped() {
        // SAFETY: valid during the callback and not aliased.
        unsafe { (*input).user_interrupt = 1 };
    }
}

#[cfg(test)]
mod tests {
    use highs_sys::{Highs_getLp, kHighsVarTypeContinuous, kHighsVarTypeInteger};

    use super::*;
    use crate::milp::{Column, Kind, LinearExpression, Model};
    use crate::num::Interval;
    use crate::num::tolerance::SMALLEST_COEFFICIENT;
    use crate::solve::highs::set_option;

    fn interval(lower: f64, upper: f64) -> Interval {
        Interval::new(lower, upper).expect("lower ≤ upper")
    }

    /// 2 ≤ 1e-11 x + 3 z − 1e9 w ≤ 5, with x in [0, 1e12], z in {0, 1}, w in [−1, 1].
    fn model() -> Model {
        let mut model = Model::default();
        let x = model.continuous("x".to_string(), interval(0.0, 1e12));
        let z = model.column(Column {
            name: "z".to_string(),
            bounds: interval(0.0, 1.0),
            kind: Kind::Integer,
        });
        let w = model.continuous("w".to_string(), interval(-1.0, 1.0));
        let row = LinearExpression::new(vec![(x, 1e-11), (z, 3.0), (w, -1e9)], 0.0);
        model.range("r".to_string(), row, 2.0, 5.0);
        model.objective = LinearExpression::new(vec![(x, 1e-11), (w, 7.0)], 4.5);
        model
    }

    #[test]
    fn highs_holds_what_it_was_given() {
        let program = Program::new(&model()).expect("a program");
        let mut instance = Instance::new(&program, |highs| {
            set_option(highs, "small_matrix_value", SMALLEST_COEFFICIENT)
        })
        .expect("an instance");
        let (mut columns, mut rows, mut entries, mut sense) = (0, 0, 0, 0);
        let mut offset = 0.0;
        let (mut costs, mut lower, mut upper) = ([0.0; 3], [0.0; 3], [0.0; 3]);
        let (mut row_lower, mut row_upper) = ([0.0; 1], [0.0; 1]);
        let (mut starts, mut index, mut values) = ([0; 1], [0; 3], [0.0; 3]);
        let mut integrality = [-1; 3];
        // SAFETY: the instance is live, and every array has as many entries as the program
        // that was passed has columns, rows and coefficients.
        let status = unsafe {
            Highs_getLp(
                instance.pointer(),
                MATRIX_FORMAT_ROW_WISE,
                &mut columns,
                &mut rows,
                &mut entries,
                &mut sense,
                &mut offset,
                costs.as_mut_ptr(),
                lower.as_mut_ptr(),
                upper.as_mut_ptr(),
                row_lower.as_mut_ptr(),
                row_upper.as_mut_ptr(),
                starts.as_mut_ptr(),
                index.as_mut_ptr(),
                values.as_mut_ptr(),
                integrality.as_mut_ptr(),
            )
        };
        assert_ne!(status, STATUS_ERROR);
        assert_eq!((columns, rows, entries, sense), (3, 1, 3, OBJECTIVE_SENSE_MINIMIZE));
        assert_eq!((offset, costs), (4.5, [1e-11, 0.0, 7.0]));
        assert_eq!((lower, upper), ([0.0, 0.0, -1.0], [1e12, 1.0, 1.0]));
        assert_eq!((row_lower, row_upper), ([2.0], [5.0]));
        // The coefficient of 1e-11 is 10 over the bounds of its column.
        assert_eq!((starts, index, values), ([0], [0, 1, 2], [1e-11, 3.0, -1e9]));
        let (continuous, integer) = (kHighsVarTypeContinuous, kHighsVarTypeInteger);
        assert_eq!(integrality, [continuous, integer, continuous]);
    }
}
