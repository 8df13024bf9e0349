//! The grid of one question: a problem under several methods and formulations, or a property with
//! several numbers of threads, within one process: a row for each variant, with equal bounds,
//! seeds and limits.
//!
//! Bounds are computed once per method, and every encoding and scaling stands on them;
//! where the rows differ, it is because of the formulation. That is what a process for each run
//! cannot give; all else is that of batches: variants, records, the journal, contradictions.
//! Every variant is run once per seed, since the time of a MILP solver varies by factors from one
//! seed to the next; a row holds medians and ranges over the seeds.
//!
//! All rows answer the same question, so they are checked against each other: no bound
//! may be better than any point.

mod cells;
mod csv;
mod kept;
mod program;
mod row;
mod work;

use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

pub use self::csv::write_csv;
use cells::{Cell, by_threads};
pub use kept::Kept;
use program::{Program, solved_as_a_whole, verified};
pub use row::{Row, RowSeconds};
use work::Work;

use super::check::contradictions;
use super::record::{Asked, Outcome, Record};
use super::run::BenchError;
use super::variant::{Variant, twice};
use crate::control::{Clock, Limits, Observer, StoppedBy};
use crate::encode::ReluEncoding;
use crate::optimize::{Bounding, Method, OptimizeError, OptimizeOptions, bound, relative_gap};
use crate::problem::{Problem, Sense};
use crate::scale::Scaling;
use crate::solve::{SolveError, SolveOptions};
use crate::tighten::Tightening;
use crate::verify::{Property, VerifyOptions};

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
    /// Numbers of threads; each has all rows.
    pub threads: Vec<usize>,
    /// Seeds; each combination is solved once with each.
    pub seeds: Vec<u32>,
    /// Everything else. Its method, encoding, bounds, scaling, threads and seed are not used. The
    /// time limit holds for the bounds of each method, for the relaxation of each
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

/// Why there is no comparison.
#[derive(Debug, Error)]
pub enum CompareError {
    /// An option is out of range.
    #[error(transparent)]
    Options(#[from] SolveError),
    /// The same row twice.
    #[error("'{0}' occurs twice; expected each row once")]
    Twice(String),
    /// Records that cannot be kept, or are those of something else.
    #[error(transparent)]
    Records(#[from] BenchError),
}

/// The table, and whether its rows agree.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Comparison {
    /// What left a row open or rows out; an interrupt before all else.
    pub stopped_by: Option<StoppedBy>,
    /// How a problem is solved; none of a property.
    #[serde(flatten)]
    pub solving: Option<Solving>,
    /// Seconds allowed for each run; `None`: no limit.
    pub time_limit: Option<f64>,
    /// The seeds.
    pub seeds: Vec<u32>,
    /// The best value of all rows.
    pub objective: Option<f64>,
    /// The best bound of all rows.
    pub bound: Option<f64>,
    /// Of a property: `sat` or `unsat`, where a row says so and none says otherwise.
    pub verdict: Option<&'static str>,
    /// By method, then threads; those of programs by bounds, then scaling, then encoding.
    pub rows: Vec<Row>,
    /// Rows that an interrupt left out.
    pub left_out: usize,
    /// Facts of two runs, or within one, that cannot both be true.
    pub contradictions: Vec<String>,
}

/// What the rows of a problem have in common.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Solving {
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
    /// Relative gap at which a solve is optimal.
    pub relative_gap: f64,
}

/// Solves `problem` by every method, programs under every combination.
///
/// ```
/// use taut::bench::{CompareOptions, Kept, compare};
/// use taut::encode::{BigM, MultipleChoice};
/// use taut::optimize::{Method, OptimizeOptions};
/// # use std::ops::ControlFlow;
/// # struct Quiet;
/// # impl taut::control::Observer for Quiet {
/// #     fn update(&mut self, _: &taut::control::Progress) -> ControlFlow<()> {
/// #         ControlFlow::Continue(())
/// #     }
/// # }
/// # impl taut::bench::CompareObserver for Quiet {
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
///     threads: vec![1],
///     seeds: vec![0],
///     base,
/// };
/// let kept = Kept::in_memory(("rosenbrock4".as_ref(), None));
/// let comparison = compare(&problem, &options, kept, &mut Quiet)?;
/// let bound = |row: usize| comparison.rows[row].relaxation.expect("solved").bound;
/// // The extended encoding is ideal for each neuron, big-M is not.
/// assert!(bound(1) >= bound(0));
/// assert_eq!(comparison.rows[2].variant, "solver=search");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`CompareError`]. What fails is a row, and a contradiction is an entry
/// of [`Comparison::contradictions`].
pub fn compare(
    problem: &Problem,
    options: &CompareOptions,
    mut kept: Kept,
    observer: &mut dyn CompareObserver,
) -> Result<Comparison, CompareError> {
    let base = &options.base;
    base.limits.validate().map_err(SolveError::from)?;
    base.solve.validate()?;
    let cells = options.cells();
    check(cells.iter().map(|cell| &cell.variant), &options.threads, &options.seeds)?;
    kept.ask(Asked::Optimum, &base.limits)?;
    kept.like.sense = Some(problem.sense().name().to_string());
    kept.like.reference = problem.reference().map(|reference| reference.objective);
    let mut work = Work::new(kept, &options.seeds, cells.len(), observer);
    solve(problem, &cells, &mut work)?;
    let solving = Solving {
        sense: problem.sense(),
        solvers: options.methods.iter().map(|method| method.name()).collect(),
        backend: base.backend.name(),
        preset: base.solve.preset.name(),
        presolve: base.solve.presolve,
        known_point: base.known_point.name(),
        relative_gap: base.solve.relative_gap,
    };
    Ok(conclude(work, &base.limits, Some(solving)))
}

/// The rows of a problem.
fn solve(problem: &Problem, cells: &[Cell], work: &mut Work<'_>) -> Result<(), BenchError> {
    let mut shared: Option<(&Cell, Result<Bounding, OptimizeError>)> = None;
    for cell in cells {
        let Cell { variant, options } = cell;
        let threads = options.solve.threads;
        // Bounds are for a row that has something to solve.
        if options.method != Method::Milp || work.is_stopped || work.knows(variant) {
            work.row(variant, threads, |seed, watch| {
                solved_as_a_whole(problem, options, seed, watch)
            })?;
            continue;
        }
        if !shared.as_ref().is_some_and(|(other, _)| other.shares_bounds_with(cell)) {
            work.tell_of(options.tighten.name());
            shared = Some((cell, bound(problem, options, &Clock::start(&options.limits))));
        }
        let (_, bounding) = shared.as_ref().expect("it has been bounded");
        let mut program = Program { problem, bounding, options, told: None };
        work.row(variant, threads, |seed, watch| program.solve(seed, watch))?;
    }
    Ok(())
}

/// Verifies a property with every number of threads, a row each, and every seed of the attack; the
/// limits are those of each run.
///
/// # Errors
/// [`CompareError`].
pub fn compare_property(
    property: &Property,
    (threads, seeds): (&[usize], &[u32]),
    limits: &Limits,
    mut kept: Kept,
    observer: &mut dyn CompareObserver,
) -> Result<Comparison, CompareError> {
    limits.validate().map_err(SolveError::from)?;
    let rows = by_threads(threads);
    check(rows.iter().map(|(variant, _)| variant), threads, seeds)?;
    kept.ask(Asked::Property, limits)?;
    let mut work = Work::new(kept, seeds, rows.len(), observer);
    for (variant, threads) in &rows {
        work.row(variant, *threads, |seed, watch| {
            verified(property, &VerifyOptions { threads: *threads, seed }, limits, watch)
        })?;
    }
    Ok(conclude(work, limits, None))
}

/// Whether numbers are in range, and each variant is there once.
fn check<'a>(
    variants: impl IntoIterator<Item = &'a Variant>,
    threads: &[usize],
    seeds: &[u32],
) -> Result<(), CompareError> {
    for &threads in threads {
        for &seed in seeds {
            SolveOptions { threads, seed, ..SolveOptions::default() }.validate()?;
        }
    }
    let double = twice(variants).map(|name| CompareError::Twice(name.to_string()));
    double.map_or(Ok(()), Err)
}

/// What the rows say together.
fn conclude(work: Work<'_>, limits: &Limits, solving: Option<Solving>) -> Comparison {
    let Work { mut rows, left_out, is_stopped, seeds, .. } = work;
    let runs = || rows.iter().flat_map(|row| &row.runs);
    let cost = |value: f64| solving.as_ref().map_or(value, |s| s.sense.signed(value));
    let values = runs().filter_map(|run| run.value);
    let objective = values.min_by(|a, b| cost(*a).total_cmp(&cost(*b)));
    let bounds = runs().filter_map(|run| run.bound);
    let bound = bounds.max_by(|a, b| cost(*a).total_cmp(&cost(*b)));
    let contradictions: Vec<String> = contradictions(runs()).into_iter().map(|c| c.what).collect();
    let says = |verdict| runs().any(|run| run.outcome == verdict).then(|| verdict.name());
    let verdict = says(Outcome::Sat).or(says(Outcome::Unsat));
    let verdict = verdict.filter(|_| contradictions.is_empty());
    let of_rows = rows.iter().find_map(|row| row.stopped_by);
    let stopped_by = is_stopped.then_some(StoppedBy::Interrupt).or(of_rows);
    if let Some(objective) = objective {
        for row in &mut rows {
            row.root_gap = row.relaxation.map(|root| relative_gap(objective, root.bound));
        }
    }
    let mut comparison = Comparison {
        stopped_by,
        solving,
        time_limit: limits.time.map(|limit| limit.as_secs_f64()),
        seeds: seeds.to_vec(),
        objective,
        bound,
        verdict,
        rows,
        left_out,
        contradictions,
    };
    if comparison.is_closed() {
        comparison.stopped_by = None;
    }
    comparison
}

impl Comparison {
    /// Whether every row has a run with every seed and each closed the question. One that failed
    /// is none that waits.
    pub fn is_closed(&self) -> bool {
        let is_waiting = |row: &Row| row.errors.is_empty() && row.runs.len() < self.seeds.len();
        let is_open = |run: &Record| run.outcome == Outcome::Open;
        let is_row_open = |row: &Row| is_waiting(row) || row.runs.iter().any(is_open);
        self.left_out == 0 && !self.rows.iter().any(is_row_open)
    }
}
