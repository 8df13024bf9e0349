//! Solvers of mixed-integer linear programs behind one trait.
//!
//! A limit is a status, not an error; a bound is a dual bound, never an
//! incumbent; a point is only a proposal until a forward pass has confirmed it.

#[cfg(feature = "cbc")]
mod cbc;
mod good_lp;
mod highs;
mod microlp;
mod portable;
mod prepare;
#[cfg(feature = "lp-solvers")]
mod programs;
#[cfg(any(feature = "cbc", feature = "lp-solvers"))]
mod through_good_lp;
mod units;

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

#[cfg(feature = "cbc")]
pub use self::cbc::Cbc;
pub use self::good_lp::Embedding;
pub use self::highs::{Basis, Highs, LinearProgram, LpOutcome, LpStatus};
pub use self::microlp::Microlp;
pub use self::portable::{OBJECTIVE, PortableModel, Relation};
#[cfg(feature = "lp-solvers")]
pub use self::programs::{CbcProgram, Glpsol};
use crate::control::{Clock, LimitError, Limits, Observer, StoppedBy};
use crate::milp::{Model, VarId};
use crate::num::tolerance::{ABSOLUTE_GAP, MILP_FEASIBILITY};
use units::Units;

/// A backend that solves a [`Model`].
pub trait Backend: fmt::Debug + Sync {
    /// Name on the command line and in records.
    fn name(&self) -> &'static str;

    /// Version of the library behind it.
    fn version(&self) -> String;

    /// Solves `program`, which is in units that suit the solver, until `clock` ends it or
    /// within the other limits of valid `options`, which are in these units too. `observer`
    /// hears of the progress several times a second and can stop the search.
    ///
    /// # Errors
    /// The program is unbounded or outside what the solver takes, or the solver
    /// failed.
    fn run(
        &self,
        program: &Model,
        options: &SolveOptions,
        clock: &Clock,
        observer: &mut dyn Observer,
    ) -> Result<Solution, SolveError>;

    /// Solves `model` within the limits of `options`.
    ///
    /// # Errors
    /// Those of [`solve_within`](Self::solve_within); limits that leave nothing to do.
    fn solve(
        &self,
        model: &Model,
        options: &SolveOptions,
        observer: &mut dyn Observer,
    ) -> Result<Solution, SolveError> {
        options.limits.validate()?;
        self.solve_within(model, options, &Clock::start(&options.limits), observer)
    }

    /// Solves `model` until `clock` ends it: [`run`](Self::run) in normalised units, so that
    /// the solver's tolerances mean the same for every model. Time and stop of the options'
    /// limits do not count.
    ///
    /// # Errors
    /// Options out of range; those of [`run`](Self::run).
    fn solve_within(
        &self,
        model: &Model,
        options: &SolveOptions,
        clock: &Clock,
        observer: &mut dyn Observer,
    ) -> Result<Solution, SolveError> {
        options.validate()?;
        let no_nodes = (options.limits.nodes == Some(0)).then_some(StoppedBy::NodeLimit);
        if let Some(reason) = clock.stopped().or(no_nodes) {
            return Ok(Solution::stopped(reason));
        }
        let units = Units::of(model);
        let options = units.options(model, options);
        let mut observer = units.observer(model, observer);
        let solution = self.run(&units.program(model), &options, clock, &mut observer)?;
        Ok(units.solution(model, solution))
    }
}

/// Every backend.
pub const BACKENDS: &[&dyn Backend] = &[
    &Highs,
    &Microlp,
    #[cfg(feature = "cbc")]
    &Cbc,
    #[cfg(feature = "lp-solvers")]
    &CbcProgram,
    #[cfg(feature = "lp-solvers")]
    &Glpsol,
];

/// Limits and settings of one solve.
#[derive(Clone, Debug)]
pub struct SolveOptions {
    /// Stop at this relative gap `|objective − bound| / |objective|`. Default 1e-4.
    pub relative_gap: f64,
    /// Stop at this absolute gap, in units of the objective. Default: 1e-6, or 1e-6 of the
    /// size of the objective where that is less.
    pub absolute_gap: Option<f64>,
    /// How long it may take. Default: no limits.
    pub limits: Limits,
    /// Number of threads the solver may use. Default 1.
    pub threads: usize,
    /// Seed of the solver's random choices. Default 0.
    pub seed: u32,
    /// Which of the solver's own heuristics run. Default [`Preset::Proof`].
    pub preset: Preset,
    /// Whether HiGHS presolves; other solvers have no such switch. Default: yes.
    pub presolve: bool,
    /// Largest violation of a row, a bound or integrality that the solver may leave, in
    /// the units of the program that it gets: of the width of a column, of the largest
    /// term of a row. Default 1e-7.
    pub feasibility_tolerance: f64,
    /// A point to start from; columns left out are completed by the solver.
    /// Default: none.
    pub start: Vec<(VarId, f64)>,
    /// Write the solver's own log to this file. Default: none.
    pub log_file: Option<PathBuf>,
}

impl Default for SolveOptions {
    fn default() -> Self {
        Self {
            relative_gap: 1e-4,
            absolute_gap: None,
            limits: Limits::default(),
            threads: 1,
            seed: 0,
            preset: Preset::default(),
            presolve: true,
            feasibility_tolerance: MILP_FEASIBILITY,
            start: Vec::new(),
            log_file: None,
        }
    }
}

impl SolveOptions {
    /// Checks the ranges; not the limits, of which nothing may be left.
    ///
    /// # Errors
    /// [`SolveError::Option`], naming the option.
    pub fn validate(&self) -> Result<(), SolveError> {
        let refuse =
            |name, found: String, expected| Err(SolveError::Option { name, found, expected });
        let absolute_gap = self.absolute_gap.unwrap_or(ABSOLUTE_GAP);
        for (name, gap) in [("gap", self.relative_gap), ("absolute gap", absolute_gap)] {
            if !(gap.is_finite() && gap >= 0.0) {
                return refuse(name, gap.to_string(), "a finite number from 0");
            }
        }
        if !(1e-10..=1e-2).contains(&self.feasibility_tolerance) {
            let found = self.feasibility_tolerance.to_string();
            return refuse("feasibility tolerance", found, "1e-10 to 1e-2");
        }
        if !(1..=MOST_THREADS).contains(&self.threads) {
            return refuse("threads", self.threads.to_string(), "1 to 1024 threads");
        }
        if self.seed > i32::MAX as u32 {
            return refuse("seed", self.seed.to_string(), "0 to 2147483647");
        }
        Ok(())
    }
}

/// More threads than this are a slip of the keyboard.
const MOST_THREADS: usize = 1024;

/// Which of a solver's own primal heuristics run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// The solver's defaults.
    Default,
    /// Without those that keep HiGHS at the root of ReLU models: feasibility
    /// jump, RINS, RENS and root reduced cost. Taut brings its own incumbent.
    #[default]
    Proof,
}

impl Preset {
    /// All presets.
    pub const ALL: [Self; 2] = [Self::Default, Self::Proof];

    /// Name on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Proof => "proof",
        }
    }
}

/// How a solve ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminationStatus {
    /// Within the gap, says the solver.
    Optimal,
    /// No feasible point exists, says the solver.
    Infeasible,
    /// Something else came first.
    Stopped(StoppedBy),
}

impl TerminationStatus {
    /// What it is called in sentences: "the solver …".
    pub fn words(self) -> String {
        match self {
            Self::Optimal => "closes the gap".to_string(),
            Self::Infeasible => "says that there is no point".to_string(),
            Self::Stopped(reason) => format!("is stopped by {}", reason.words()),
        }
    }
}

/// What a solver found.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// How the solve ended.
    pub status: TerminationStatus,
    /// The best point, one number per column.
    pub point: Option<Vec<f64>>,
    /// The solver's own figure for its objective value.
    pub objective: Option<f64>,
    /// The dual bound: no feasible point is better, says the solver. `None`
    /// where it has none yet.
    pub objective_bound: Option<f64>,
    /// Nodes of the search tree.
    pub node_count: u64,
    /// Simplex iterations.
    pub lp_iterations: u64,
    /// One multiplier a row, of the model as a minimisation, where it is a linear
    /// program that was solved to its end and the solver tells them; else empty.
    pub multipliers: Vec<f64>,
}

impl Solution {
    /// The same, where a solver that was told to stop knows no other reason.
    #[must_use]
    fn because_of(mut self, reason: StoppedBy) -> Self {
        if let TerminationStatus::Stopped(stopped_by) = &mut self.status {
            *stopped_by = reason;
        }
        self
    }

    /// Nothing, for a reason.
    pub fn stopped(reason: StoppedBy) -> Self {
        Self::without_point(TerminationStatus::Stopped(reason))
    }

    /// A status alone: no point, no bound, no search.
    fn without_point(status: TerminationStatus) -> Self {
        Self {
            status,
            point: None,
            objective: None,
            objective_bound: None,
            node_count: 0,
            lp_iterations: 0,
            multipliers: Vec::new(),
        }
    }
}

/// Why a solve gave no answer at all.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum SolveError {
    /// An option out of range.
    #[error("{name} is {found}; expected {expected}")]
    Option {
        /// Name of the option.
        name: &'static str,
        /// Value found.
        found: String,
        /// Range.
        expected: &'static str,
    },
    /// A number of the model that the solver cannot take.
    #[error("{place} of the model is {value:e}; expected {expected}")]
    Number {
        /// Where it stands.
        place: String,
        /// What was found.
        value: f64,
        /// What the solver takes.
        expected: String,
    },
    /// The objective is unbounded.
    #[error("the model is unbounded; expected finite bounds on every column of the objective")]
    Unbounded,
    /// The solver failed.
    #[error("{solver} failed: {what}")]
    Failed {
        /// Name of the solver.
        solver: &'static str,
        /// What it said.
        what: String,
    },
}

impl From<LimitError> for SolveError {
    fn from(LimitError { name, found, expected }: LimitError) -> Self {
        Self::Option { name, found: found.to_string(), expected }
    }
}
