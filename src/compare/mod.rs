//! The same problem under several formulations, with equal bounds, seeds and limits:
//! one row per combination of bounds, scaling and encoding.
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

use std::ops::ControlFlow;
use std::time::Instant;

use serde::Serialize;

pub use self::csv::write_csv;
pub use row::{Row, RowSeconds, Run};
pub use spread::Spread;

use crate::control::{Clock, Observer, Progress, StoppedBy};
use crate::encode::{EncodeError, ReluEncoding};
use crate::optimize::{
    Bounded, Bounding, OptimizeError, OptimizeOptions, Status, answer, bound, formulate,
    infeasible, relative_gap,
};
use crate::problem::{Problem, Sense};
use crate::scale::Scaling;
use crate::solve::{SolveError, SolveOptions};
use crate::tighten::Tightening;

/// What to compare.
#[derive(Clone, Debug)]
pub struct CompareOptions {
    /// Encodings.
    pub encodings: Vec<&'static dyn ReluEncoding>,
    /// Methods of the bounds.
    pub tightenings: Vec<Tightening>,
    /// Scalings; `None` is the network as it is.
    pub scalings: Vec<Option<&'static dyn Scaling>>,
    /// Seeds; each combination is solved once with each.
    pub seeds: Vec<u32>,
    /// Everything else. Its encoding, bounds, scaling and seed are not used. The time
    /// limit holds for the bounds of each method, for the relaxation of each
    /// combination, and for each solve from the scaling on.
    pub base: OptimizeOptions,
}

/// Hears of the progress of a comparison, and can stop it.
pub trait CompareObserver: Observer {
    /// The next combination: its position from 1, their number, its name.
    fn combination(&mut self, position: usize, count: usize, name: &str);

    /// A combination that is done; what all rows say together is not in it yet. Default:
    /// nobody looks.
    fn row(&mut self, _row: &Row) {}
}

/// The table, and whether its rows agree.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comparison {
    /// What left a row open or combinations out; an interrupt before all else.
    pub stopped_by: Option<StoppedBy>,
    /// Direction.
    pub sense: Sense,
    /// Library behind the solves.
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
    /// One row per combination: by bounds, then scaling, then encoding.
    pub rows: Vec<Row>,
    /// Combinations that an interrupt left out.
    pub left_out: usize,
    /// Facts of two rows, or within one, that cannot both be true.
    pub contradictions: Vec<String>,
}

/// Solves `problem` under every combination.
///
/// ```
/// use taut::compare::{CompareOptions, compare};
/// use taut::encode::{BigM, MultipleChoice};
/// use taut::optimize::OptimizeOptions;
/// use taut::tighten::Tightening;
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
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Options out of range. A combination that fails is a row, and a contradiction is an entry
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
    let mut work = Work { problem, options, observer, position: 0, stopped: false };
    for &tighten in &options.tightenings {
        let base = OptimizeOptions { tighten, ..options.base.clone() };
        work.observer.combination(work.position + 1, options.count(), tighten.name());
        let bounding = bound(problem, &base, &Clock::start(&base.limits));
        for &scale in &options.scalings {
            for &encoding in &options.encodings {
                // The combination at hand gets its row in any case.
                if work.stopped {
                    comparison.left_out += 1;
                    continue;
                }
                let options = OptimizeOptions { encoding, scale, ..base.clone() };
                comparison.rows.push(work.row(&bounding, &options));
            }
        }
    }
    let interrupted = work.stopped.then_some(StoppedBy::Interrupt);
    let of_rows = comparison.rows.iter().find_map(|row| row.stopped_by);
    let is_open = !comparison.is_closed();
    comparison.stopped_by = interrupted.or(of_rows).filter(|_| is_open);
    conclude(&mut comparison);
    Ok(comparison)
}

impl CompareOptions {
    /// The number of combinations.
    pub fn count(&self) -> usize {
        self.tightenings.len() * self.scalings.len() * self.encodings.len()
    }
}

/// A comparison under way.
struct Work<'a> {
    problem: &'a Problem,
    options: &'a CompareOptions,
    observer: &'a mut dyn CompareObserver,
    position: usize,
    stopped: bool,
}

impl Work<'_> {
    fn row(
        &mut self,
        bounding: &Result<Bounding, OptimizeError>,
        options: &OptimizeOptions,
    ) -> Row {
        let mut row = Row::new(options);
        self.position += 1;
        self.observer.combination(self.position, self.options.count(), &row.name());
        match bounding {
            Err(error) => row.fail(error),
            Ok(Bounding::Infeasible { reason, seconds }) => {
                for &seed in &self.options.seeds {
                    let clock = Clock::unlimited();
                    match infeasible(self.problem, options, reason.clone(), &clock) {
                        Ok(mut answer) => {
                            answer.seconds.bounds = *seconds;
                            answer.seconds.total = *seconds;
                            row.runs.push(Run::new(seed, &answer));
                        }
                        Err(error) => row.fail(&error),
                    }
                }
            }
            Ok(Bounding::Bounded(bounded)) => self.solve(bounded, options, &mut row),
        }
        row.summarize();
        tracing::info!("{}/{} {}", self.position, self.options.count(), row.in_words());
        self.observer.row(&row);
        row
    }

    fn solve(&mut self, bounded: &Bounded, options: &OptimizeOptions, row: &mut Row) {
        for (position, &seed) in self.options.seeds.iter().enumerate() {
            if self.stopped {
                break;
            }
            let mut options = options.clone();
            options.solve.seed = seed;
            let clock = Clock::start(&options.limits);
            let bounds = &bounded.bounds;
            let (encoding, scale) = (options.encoding, options.scale);
            let formulated = match formulate(self.problem, bounds, encoding, scale, &clock) {
                Ok(formulated) => formulated,
                Err(OptimizeError::Encode(EncodeError::Stopped(reason))) => {
                    row.stopped_by = Some(reason);
                    self.stopped |= reason == StoppedBy::Interrupt;
                    return;
                }
                // It would fail with every seed.
                Err(error) => return row.fail(&error),
            };
            // Not part of the solve; and the model is the same for every seed.
            let clock = match position {
                0 => {
                    row.describe(&formulated);
                    let aside = Instant::now();
                    row.relaxation = formulated.relaxation(&Clock::start(&options.limits));
                    clock.later(aside.elapsed())
                }
                _ => clock,
            };
            let mut watch = Watch { inner: self.observer, stopped: false };
            match answer(self.problem, bounded, &formulated, &options, &clock, &mut watch) {
                Ok(mut answer) => {
                    answer.seconds.total += answer.seconds.bounds + answer.seconds.tighten;
                    self.stopped |= answer.stopped_by == Some(StoppedBy::Interrupt);
                    row.contradictions.extend(answer.refuted.clone());
                    row.runs.push(Run::new(seed, &answer));
                }
                Err(error) => row.fail(&error),
            }
            self.stopped |= watch.stopped;
        }
    }
}

/// Remembers that the comparison was stopped.
struct Watch<'a> {
    inner: &'a mut dyn CompareObserver,
    stopped: bool,
}

impl Observer for Watch<'_> {
    fn update(&mut self, progress: &Progress) -> ControlFlow<()> {
        let flow = self.inner.update(progress);
        self.stopped |= flow.is_break();
        flow
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
    /// Whether every combination was solved with every seed and each solve closed the
    /// question. One that failed is none that waits.
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
