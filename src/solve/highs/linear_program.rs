//! One linear program solved many times with other costs, from a kept basis.

use std::ffi::c_int;
use std::time::Duration;

use super::instance::Instance;
use super::{failed, row_problem};
use crate::milp::{Model, VarId};
use crate::num::Interval;
use crate::num::tolerance::SMALLEST_COEFFICIENT;
use crate::solve::SolveError;

/// A linear program that stays in HiGHS between solves. Integrality of the model
/// is ignored. Bound to the thread that made it.
pub struct LinearProgram {
    instance: Instance,
    stop_above: Option<f64>,
}

/// A basis of a [`LinearProgram`].
#[derive(Clone, Debug, PartialEq)]
pub struct Basis {
    columns: Vec<c_int>,
    rows: Vec<c_int>,
}

/// How a solve of a [`LinearProgram`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LpStatus {
    /// At an optimum.
    Optimal,
    /// As soon as the optimum was known to be above the value asked for.
    Above,
    /// There is no point.
    Infeasible,
    /// At the time limit.
    TimeLimit,
}

/// What a solve of a [`LinearProgram`] gave. Nothing in it is proven: a bound is
/// what [`crate::milp::dual_bound`] makes of the multipliers.
#[derive(Clone, Debug, PartialEq)]
pub struct LpOutcome {
    /// How it ended.
    pub status: LpStatus,
    /// One value a column; empty without a feasible point.
    pub point: Vec<f64>,
    /// One multiplier a row; of an infeasible program those that show it, up to
    /// their sign; all 0 without a solution.
    pub multipliers: Vec<f64>,
    /// Simplex iterations.
    pub iterations: u64,
}

impl LinearProgram {
    /// Hands the rows and columns of `model` to HiGHS.
    ///
    /// # Errors
    /// A number that HiGHS does not take.
    pub fn new(model: &Model) -> Result<Self, SolveError> {
        let relaxed = model.clone().relaxed();
        let mut instance = Instance::new(row_problem(&relaxed, false)?)?;
        let options = instance.model();
        let mut done = options.try_set_option("presolve", "off").is_ok();
        done &= options.try_set_option("solver", "simplex").is_ok();
        done &= options.try_set_option("threads", 1).is_ok();
        done &= options.try_set_option("small_matrix_value", SMALLEST_COEFFICIENT).is_ok();
        let size = options.num_cols() + options.num_rows();
        let most = i32::try_from(ITERATIONS_A_COLUMN * size + LEAST_ITERATIONS).unwrap_or(i32::MAX);
        done &= options.try_set_option("simplex_iteration_limit", most).is_ok();
        if !done {
            return Err(failed("it refused an option"));
        }
        let mut program = Self { instance, stop_above: Some(f64::NAN) };
        program.stop_above(None)?;
        Ok(program)
    }

    /// From now on stops as soon as the optimum is known to be above a value.
    ///
    /// # Errors
    /// HiGHS refuses it.
    pub fn stop_above(&mut self, value: Option<f64>) -> Result<(), SolveError> {
        if value == self.stop_above {
            return Ok(());
        }
        self.stop_above = value;
        // From one basis to the next only costs change, so it stays primal
        // feasible: the primal simplex goes on from there. Only the dual one,
        // whose value climbs, knows when it has passed another.
        let strategy = if value.is_some() { DUAL_SIMPLEX } else { PRIMAL_SIMPLEX };
        let options = self.instance.model();
        let strategy = options.try_set_option("simplex_strategy", strategy);
        let bound = options.try_set_option("objective_bound", value.unwrap_or(f64::INFINITY));
        strategy.and(bound).map_err(|_| failed("it refused a value to stop at"))
    }

    /// Minimises `costs · x`, one cost a column, from the basis at hand; from
    /// scratch where that leads nowhere, which HiGHS calls an unknown status.
    ///
    /// # Errors
    /// HiGHS failed.
    pub fn minimize(
        &mut self,
        costs: &[f64],
        time_limit: Duration,
    ) -> Result<LpOutcome, SolveError> {
        self.instance.set_costs(costs)?;
        match self.attempt(time_limit) {
            Err(SolveError::Failed { .. }) => {
                self.instance.forget();
                self.attempt(time_limit)
            }
            outcome => outcome,
        }
    }

    fn attempt(&mut self, time_limit: Duration) -> Result<LpOutcome, SolveError> {
        self.instance.reset_clock();
        let limit = self.instance.model().try_set_option("time_limit", time_limit.as_secs_f64());
        limit.map_err(|_| failed("it refused a time limit"))?;
        self.instance.run()?;
        let status = self.instance.lp_status()?;
        let (point, mut multipliers) = self.instance.point_and_duals();
        if status == LpStatus::Infeasible {
            multipliers = self.instance.dual_ray().unwrap_or(vec![0.0; multipliers.len()]);
        }
        let is_feasible = self.instance.is_primal_feasible();
        Ok(LpOutcome {
            status,
            point: if is_feasible { point } else { Vec::new() },
            multipliers,
            iterations: self.instance.simplex_iterations(),
        })
    }

    /// Gives a column other bounds.
    ///
    /// # Errors
    /// HiGHS refuses them.
    pub fn set_bounds(&mut self, column: VarId, bounds: Interval) -> Result<(), SolveError> {
        self.instance.set_bounds(column.index(), bounds.lower(), bounds.upper())
    }

    /// The basis of the last solve.
    pub fn basis(&mut self) -> Option<Basis> {
        self.instance.basis().map(|(columns, rows)| Basis { columns, rows })
    }

    /// Goes on from another basis of the same program; nothing that was solved
    /// before has an influence on what is solved from now on.
    ///
    /// # Errors
    /// HiGHS refuses it.
    ///
    /// # Panics
    /// If it is the basis of a program of another size.
    pub fn set_basis(&mut self, basis: &Basis) -> Result<(), SolveError> {
        self.instance.forget();
        self.instance.set_basis(&basis.columns, &basis.rows)
    }
}

/// Iterations of one solve, a column or row of the program. Twenty are many; where
/// the numbers are of very different sizes, the simplex of HiGHS has been seen to
/// go on for ever.
const ITERATIONS_A_COLUMN: usize = 100;

/// Iterations that a small program gets in any case.
const LEAST_ITERATIONS: usize = 1000;

/// HiGHS's number for it.
const DUAL_SIMPLEX: i32 = 1;

/// HiGHS's number for it.
const PRIMAL_SIMPLEX: i32 = 4;
