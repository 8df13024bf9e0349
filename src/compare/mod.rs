//! The same problem under several formulations, with equal bounds, seeds and limits:
//! one row per combination of bounds, scaling and encoding. Methods that need no program, the
//! search and the enumeration of the linear regions, can have rows beside them.
//!
//! Bounds are computed once per method, and every encoding and scaling stands on them;
//! where the rows differ, it is because of the formulation. Every combination is
//! solved once per seed, since the time of a MILP solver varies by factors from one seed
//! to the next; a row holds medians and ranges over the seeds.
//!
//! All rows answer the same question, so they are checked against each other: no bound
//! may be better than any point.

mod contradiction;
mod csv;
mod row;
mod spread;
mod work;

use serde::Serialize;

pub use self::csv::write_csv;
pub use row::{Row, RowSeconds, Run};
pub use spread::Spread;
use work::Work;

use crate::control::{Observer, StoppedBy};
use crate::encode::ReluEncoding;
use crate::optimize::{Method, OptimizeError, OptimizeOptions, Status, relative_gap};
use crate::problem::{Problem, Sense};
use crate::scale::Scaling;
use crate::solve::{SolveError, SolveOptions};
use crate::tighten::Tightening;

/// What to compare.
#[derive(Clone, Debug)]
pub struct CompareOptions {
    /// Methods: [`Method::Milp`] has a row for each combination of the lists below, every
    /// other one a row of its own.
    pub methods: Vec<Method>,
    /// Encodings.
    pub encodings: Vec<&'static dyn ReluEncoding>,
    /// Methods of the bounds.
    pub tightenings: Vec<Tightening>,
    /// Scalings; `None` is the network as it is.
    pub scalings: Vec<Option<&'static dyn Scaling>>,
    /// Seeds; each combination is solved once with each.
    pub seeds: Vec<u32>,
    /// Everything else. Its method, encoding, bounds, scaling and seed are not used. The time
    /// limit holds for the bounds of each method, for the relaxation of each
    /// combination, and for each solve from the scaling on.
    pub base: OptimizeOptions,
}

/// Hears of the progress of a comparison, and can stop it.
pub trait CompareObserver: Observer {
    /// The next row, or the bounds of several: its position from 1, their number, its name.
    fn combination(&mut self, position: usize, count: usize, name: &str);

    /// A row that is done; what all rows say together is not in it yet. Default:
    /// nobody looks.
    fn row(&mut self, _row: &Row) {}
}

/// The table, and whether its rows agree.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comparison {
    /// What left a row open or rows out; an interrupt before all else.
    pub stopped_by: Option<StoppedBy>,
    /// Direction.
    pub sense: Sense,
    /// Methods, in the order of their rows.
    pub solvers: Vec<&'static str>,
    /// Library behind the programs.
    pub backend: &'static str,
    /// Setting of its heuristics.
    pub preset: &'static str,
    /// Whether it presolves.
    pub presolve: bool,
    /// What it was told of the point found before the solve.
    pub known_point: &'static str,
    /// Seconds allowed for each solve; `None`: no limit.
    pub time_limit: Option<f64>,
    /// Relative gap at which a solve is optimal.
    pub relative_gap: f64,
    /// The seeds.
    pub seeds: Vec<u32>,
    /// The best value of all rows.
    pub objective: Option<f64>,
    /// The best bound of all rows.
    pub bound: Option<f64>,
    /// By method; those of programs by bounds, then scaling, then encoding.
    pub rows: Vec<Row>,
    /// Rows that an interrupt left out.
    pub left_out: usize,
    /// Facts of two rows, or within one, that cannot both be true.
    pub contradictions: Vec<String>,
}

/// Solves `problem` by every method, programs under every combination.
///
/// ```
/// use taut::compare::{CompareOptions, compare};
/// use taut::encode::{BigM, MultipleChoice};
/// use taut::optimize::{Method, OptimizeOptions};
/// # use std::ops::ControlFlow;
/// # struct Quiet;
/// # impl taut::control::Observer for Quiet {
/// #     fn update(&mut self, _: &taut::control::Progress) -> ControlFlow<()> {
/// #         ControlFlow::Continue(())
/// #     }
/// # }
/// # impl taut::compare::CompareObserver for Quiet {
/// #     fn combination(&mut self, _: usize, _: usize, _: &str) {}
/// # }
///
/// let problem = taut::io::read_problem("instances/rosenbrock4-2x25.toml".as_ref())?;
/// let base = OptimizeOptions::default();
/// let options = CompareOptions {
///     methods: vec![Method::Milp, Method::Search],
///     encodings: vec![&BigM, &MultipleChoice],
///     tightenings: vec![base.tighten],
///     scalings: vec![None],
///     seeds: vec![0],
///     base,
/// };
/// let comparison = compare(&problem, &options, &mut Quiet)?;
/// let bound = |row: usize| comparison.rows[row].relaxation.expect("solved").bound;
/// // The extended encoding is ideal for each neuron, big-M is not.
/// assert!(bound(1) >= bound(0));
/// assert_eq!(comparison.rows[2].solver, "search");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Options out of range. What fails is a row, and a contradiction is an entry
/// of [`Comparison::contradictions`].
pub fn compare(
    problem: &Problem,
    options: &CompareOptions,
    observer: &mut dyn CompareObserver,
) -> Result<Comparison, OptimizeError> {
    options.base.limits.validate().map_err(SolveError::from)?;
    options.base.solve.validate()?;
    for &seed in &options.seeds {
        SolveOptions { seed, ..SolveOptions::default() }.validate()?;
    }
    let mut comparison = blank(problem, options);
    let mut work = Work::new(problem, options, observer);
    options.methods.iter().for_each(|&method| work.rows_of(method));
    let interrupted = work.is_stopped.then_some(StoppedBy::Interrupt);
    comparison.left_out = work.left_out;
    comparison.rows = work.rows;
    let of_rows = comparison.rows.iter().find_map(|row| row.stopped_by);
    let is_open = !comparison.is_closed();
    comparison.stopped_by = interrupted.or(of_rows).filter(|_| is_open);
    conclude(&mut comparison);
    Ok(comparison)
}

impl CompareOptions {
    /// The number of rows.
    pub fn count(&self) -> usize {
        let rows = |method: &Method| match method {
            Method::Milp => self.tightenings.len() * self.scalings.len() * self.encodings.len(),
            Method::Auto | Method::Search | Method::Enumerate => 1,
        };
        self.methods.iter().map(rows).sum()
    }
}

/// What the rows say together.
fn conclude(comparison: &mut Comparison) {
    let sense = comparison.sense;
    let runs = comparison.rows.iter().flat_map(|row| &row.runs);
    comparison.objective = runs
        .clone()
        .filter_map(|run| run.objective)
        .reduce(|best, next| if sense.signed(next) < sense.signed(best) { next } else { best });
    comparison.bound = runs
        .filter_map(|run| run.bound)
        .reduce(|best, next| if sense.signed(next) > sense.signed(best) { next } else { best });
    if let Some(objective) = comparison.objective {
        for row in &mut comparison.rows {
            row.root_gap = row.relaxation.map(|root| relative_gap(objective, root.bound));
        }
    }
    comparison.contradictions = contradiction::find(sense, &comparison.rows);
}

fn blank(problem: &Problem, options: &CompareOptions) -> Comparison {
    let base = &options.base;
    Comparison {
        stopped_by: None,
        sense: problem.sense(),
        solvers: options.methods.iter().map(|method| method.name()).collect(),
        backend: base.backend.name(),
        preset: base.solve.preset.name(),
        presolve: base.solve.presolve,
        known_point: base.known_point.name(),
        time_limit: base.limits.time.map(|limit| limit.as_secs_f64()),
        relative_gap: base.solve.relative_gap,
        seeds: options.seeds.clone(),
        objective: None,
        bound: None,
        rows: Vec::new(),
        left_out: 0,
        contradictions: Vec::new(),
    }
}

impl Comparison {
    /// Whether every row was solved with every seed and each solve closed the question. One that failed is none that waits.
    pub fn is_closed(&self) -> bool {
        let is_unsolved = |row: &Row| row.errors.is_empty() && row.runs.len() < self.seeds.len();
        let is_open = |row: &Row| row.closed < row.runs.len() || is_unsolved(row);
        self.left_out == 0 && !self.rows.iter().any(is_open)
    }
}

/// Whether a status closes the question.
fn is_closed(status: Status) -> bool {
    matches!(status, Status::Optimal | Status::Infeasible)
}
