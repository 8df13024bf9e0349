//! A comparison under way: the rows so far, one after the other.

use std::ops::ControlFlow;
use std::time::Instant;

use super::{CompareObserver, CompareOptions, Row, Run};
use crate::control::{Clock, Observer, Progress, StoppedBy};
use crate::encode::EncodeError;
use crate::optimize::{
    Answer, Bounded, Bounding, Method, OptimizeError, OptimizeOptions, answer, bound, formulate,
    infeasible, optimize,
};
use crate::problem::Problem;

/// A comparison under way.
pub struct Work<'a> {
    problem: &'a Problem,
    asked: &'a CompareOptions,
    observer: &'a mut dyn CompareObserver,
    /// The rows so far.
    pub rows: Vec<Row>,
    /// Rows that there is none of, as the comparison was stopped.
    pub left_out: usize,
    /// Whether it was.
    pub is_stopped: bool,
}

impl<'a> Work<'a> {
    /// No rows yet.
    pub fn new(
        problem: &'a Problem,
        asked: &'a CompareOptions,
        observer: &'a mut dyn CompareObserver,
    ) -> Self {
        let rows = Vec::new();
        Self { problem, asked, observer, rows, left_out: 0, is_stopped: false }
    }

    /// The rows of a method: one for each formulation of programs, else one.
    pub fn rows_of(&mut self, method: Method) {
        let base = OptimizeOptions { method, ..self.asked.base.clone() };
        match method {
            Method::Milp => self.formulations(&base),
            Method::Auto | Method::Search | Method::Enumerate => {
                self.row(&base, |work, row| work.solve_as_a_whole(&base, row));
            }
        }
    }

    /// Every combination of bounds, scaling and encoding.
    fn formulations(&mut self, base: &OptimizeOptions) {
        let asked = self.asked;
        for &tighten in &asked.tightenings {
            let base = OptimizeOptions { tighten, ..base.clone() };
            self.tell_of(tighten.name());
            let bounding = bound(self.problem, &base, &Clock::start(&base.limits));
            for &scale in &asked.scalings {
                for &encoding in &asked.encodings {
                    let options = OptimizeOptions { encoding, scale, ..base.clone() };
                    self.row(&options, |work, row| work.solve_on(&bounding, &options, row));
                }
            }
        }
    }

    fn tell_of(&mut self, name: &str) {
        self.observer.combination(self.rows.len() + 1, self.asked.count(), name);
    }

    /// Adds a row, unless the comparison was stopped before.
    fn row(&mut self, options: &OptimizeOptions, solve: impl FnOnce(&mut Self, &mut Row)) {
        if self.is_stopped {
            self.left_out += 1;
            return;
        }
        let mut row = Row::new(options);
        self.tell_of(&row.name());
        solve(self, &mut row);
        row.summarize();
        tracing::info!("{}/{} {}", self.rows.len() + 1, self.asked.count(), row.in_words());
        self.observer.row(&row);
        self.rows.push(row);
    }

    /// Solves with every seed by a method that has no parts to share.
    fn solve_as_a_whole(&mut self, options: &OptimizeOptions, row: &mut Row) {
        for &seed in &self.asked.seeds {
            // What failed would fail with every seed.
            if self.is_stopped || !row.errors.is_empty() {
                break;
            }
            let mut options = options.clone();
            options.solve.seed = seed;
            let problem = self.problem;
            self.run(seed, row, |watch| optimize(problem, &options, watch));
        }
    }

    /// Solves a formulation with every seed.
    fn solve_on(
        &mut self,
        bounding: &Result<Bounding, OptimizeError>,
        options: &OptimizeOptions,
        row: &mut Row,
    ) {
        match bounding {
            Err(error) => row.fail(error),
            Ok(Bounding::Infeasible { reason, seconds }) => {
                for &seed in &self.asked.seeds {
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
            Ok(Bounding::Bounded(bounded)) => self.solve_program(bounded, options, row),
        }
    }

    fn solve_program(&mut self, bounded: &Bounded, options: &OptimizeOptions, row: &mut Row) {
        for (position, &seed) in self.asked.seeds.iter().enumerate() {
            if self.is_stopped {
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
                    self.is_stopped |= reason == StoppedBy::Interrupt;
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
            let problem = self.problem;
            self.run(seed, row, |watch| {
                let mut answer = answer(problem, bounded, &formulated, &options, &clock, watch)?;
                answer.seconds.total += answer.seconds.bounds + answer.seconds.tighten;
                Ok(answer)
            });
        }
    }

    /// One solve, and whether it was stopped.
    fn run(
        &mut self,
        seed: u32,
        row: &mut Row,
        solve: impl FnOnce(&mut dyn Observer) -> Result<Answer, OptimizeError>,
    ) {
        let mut watch = Watch { inner: self.observer, is_stopped: false };
        let solved = solve(&mut watch);
        self.is_stopped |= watch.is_stopped;
        match solved {
            Ok(answer) => {
                self.is_stopped |= answer.stopped_by == Some(StoppedBy::Interrupt);
                row.contradictions.extend(answer.refuted.clone());
                row.runs.push(Run::new(seed, &answer));
            }
            Err(error) => row.fail(&error),
        }
    }
}

/// Remembers that the comparison was stopped.
struct Watch<'a> {
    inner: &'a mut dyn CompareObserver,
    is_stopped: bool,
}

impl Observer for Watch<'_> {
    fn update(&mut self, progress: &Progress) -> ControlFlow<()> {
        let flow = self.inner.update(progress);
        self.is_stopped |= flow.is_break();
        flow
    }
}
