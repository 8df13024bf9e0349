//! One linear program solved many times with other costs, from a kept basis.

use std::ffi::c_int;
use std::sync::Arc;
use std::time::Duration;

use super::instance::Instance;
use super::program::Program;
use super::status::LpStatus;
use super::{Shared, failed, set_option};
use crate::control::Clock;
use crate::milp::{LinearExpression, Model, VarId};
use crate::num::Interval;
use crate::num::tolerance::{BOUND_FEASIBILITY, SMALLEST_COEFFICIENT};
use crate::solve::SolveError;
use crate::solve::units::{CostUnit, Units};

/// A linear program that stays in HiGHS between solves, in units of its own (`solve/units.rs`).
/// Integrality of the model is ignored. Bound to the thread that made it.
pub struct LinearProgram {
    instance: Instance,
    units: Units,
    columns: Vec<VarId>,
    stop_above: Option<f64>,
    /// Time after which a solve leads nowhere.
    longest: Duration,
    /// Solves that have come to that.
    lost: usize,
    /// Whether an interrupt is heard during solves.
    listens: bool,
}

/// A basis of a [`LinearProgram`].
#[derive(Clone, Debug, PartialEq)]
pub struct Basis {
    columns: Vec<c_int>,
    rows: Vec<c_int>,
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

impl LpOutcome {
    /// Of a program with so many rows that the solver gives up: no point, and multipliers
    /// that prove nothing.
    pub fn nothing(rows: usize) -> Self {
        let (point, multipliers) = (Vec::new(), vec![0.0; rows]);
        Self { status: LpStatus::Infeasible, point, multipliers, iterations: 0 }
    }
}

impl LinearProgram {
    /// Hands the rows and columns of `model` to HiGHS.
    ///
    /// # Errors
    /// A number that HiGHS does not take.
    pub fn new(model: &Model) -> Result<Self, SolveError> {
        let mut relaxed = model.clone().relaxed();
        relaxed.objective = LinearExpression::default();
        let units = Units::of(&relaxed);
        let program = Program::new(&units.program(&relaxed))?;
        let size = program.costs.len() + program.rows.lower.len();
        let instance = Instance::new(&program, |highs| configure(highs, size))?;
        let columns = model.column_ids().collect();
        // A simplex iteration passes over the entries once or twice.
        let work = most_iterations(size) as f64 * program.entries.values.len() as f64;
        let longest = LEAST_LONGEST + Duration::from_secs_f64(work * SECONDS_AN_ENTRY);
        Ok(Self { instance, units, columns, stop_above: None, longest, lost: 0, listens: false })
    }

    /// From now on stops as soon as the optimum is known to be above a value.
    ///
    /// # Errors
    /// HiGHS refuses it.
    pub fn stop_above(&mut self, value: Option<f64>) -> Result<(), SolveError> {
        let was_set = self.stop_above.is_some();
        self.stop_above = value;
        if value.is_some() == was_set {
            return Ok(());
        }
        // From one basis to the next only costs change, so it stays primal
        // feasible: the primal simplex goes on from there. Only the dual one,
        // whose value climbs, knows when it has passed another.
        let strategy = if value.is_some() { DUAL_SIMPLEX } else { PRIMAL_SIMPLEX };
        set_option(self.instance.model(), "simplex_strategy", strategy)
    }

    /// Minimises `costs · x`, one cost per column, from the basis at hand; from
    /// scratch where that leads nowhere, which HiGHS calls an unknown status. Of an interrupt
    /// it hears by the clock of the first call.
    ///
    /// # Errors
    /// HiGHS failed.
    ///
    /// # Panics
    /// If there is not one cost per column.
    pub fn minimize(&mut self, costs: &[f64], clock: &Clock) -> Result<LpOutcome, SolveError> {
        assert_eq!(costs.len(), self.columns.len(), "one cost per column");
        let terms = self.columns.iter().copied().zip(costs.iter().copied());
        let terms: Vec<(VarId, f64)> = terms.filter(|(_, c)| *c != 0.0).collect();
        let unit = self.units.cost_unit(&terms);
        self.instance.set_costs(&self.units.costs(costs, unit))?;
        let above = self.stop_above.map_or(f64::INFINITY, |value| unit.without_shift(value));
        set_option(self.instance.model(), "objective_bound", above)?;
        if !self.listens {
            self.instance.listen(&Arc::new(Shared::new(*clock)))?;
            self.listens = true;
        }
        match self.attempt(clock, unit) {
            Err(SolveError::Failed { .. }) => {
                self.instance.forget();
                self.attempt(clock, unit)
            }
            outcome => outcome,
        }
    }

    fn attempt(&mut self, clock: &Clock, unit: CostUnit) -> Result<LpOutcome, SolveError> {
        if self.lost >= MOST_LOST {
            return Err(failed("it goes round in this linear program"));
        }
        self.instance.reset_clock();
        let left = clock.left().unwrap_or(Duration::MAX);
        let limit = left.min(self.longest);
        set_option(self.instance.model(), "time_limit", limit.as_secs_f64())?;
        self.instance.run()?;
        let status = self.instance.lp_status()?;
        if status == LpStatus::Stopped && limit < left && !clock.is_interrupted() {
            self.lost += 1;
            return Err(failed("it goes round in a linear program"));
        }
        let (point, multipliers) = self.instance.point_and_duals();
        let multipliers = match status {
            LpStatus::Infeasible => match self.instance.dual_ray() {
                Some(ray) => self.units.ray(&ray),
                None => vec![0.0; multipliers.len()],
            },
            _ => self.units.multipliers(&multipliers, unit),
        };
        let is_feasible = self.instance.is_primal_feasible();
        Ok(LpOutcome {
            status,
            point: if is_feasible { self.units.point(&point) } else { Vec::new() },
            multipliers,
            iterations: self.instance.simplex_iterations(),
        })
    }

    /// Gives a column other bounds.
    ///
    /// # Errors
    /// HiGHS refuses them.
    pub fn set_bounds(&mut self, column: VarId, bounds: Interval) -> Result<(), SolveError> {
        let bounds = self.units.bounds(column, bounds);
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
pub const PRIMAL_SIMPLEX: i32 = 4;

/// Iterations of a program with so many columns and rows.
fn most_iterations(size: usize) -> usize {
    ITERATIONS_A_COLUMN * size + LEAST_ITERATIONS
}

/// Where the limit on iterations is not heard, as in phase 1 of the primal simplex: time for
/// all of them at this speed, and at least so much.
const SECONDS_AN_ENTRY: f64 = 1e-9;
const LEAST_LONGEST: Duration = Duration::from_millis(500);

/// A program on which the simplex method went round so often is not tried again.
const MOST_LOST: usize = 3;

fn configure(highs: &mut highs::Model, size: usize) -> Result<(), SolveError> {
    set_option(highs, "presolve", "off")?;
    set_option(highs, "solver", "simplex")?;
    set_option(highs, "threads", 1)?;
    set_option(highs, "small_matrix_value", SMALLEST_COEFFICIENT)?;
    // What a bound loses is the width of a column times what its reduced cost misses.
    set_option(highs, "dual_feasibility_tolerance", BOUND_FEASIBILITY)?;
    set_option(highs, "primal_feasibility_tolerance", BOUND_FEASIBILITY)?;
    set_option(highs, "simplex_strategy", PRIMAL_SIMPLEX)?;
    let most = i32::try_from(most_iterations(size)).unwrap_or(i32::MAX);
    set_option(highs, "simplex_iteration_limit", most)
}
