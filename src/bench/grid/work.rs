//! A comparison under way: the rows so far, one after the other.

use std::ops::ControlFlow;
use std::time::Instant;

use super::program::Solved;
use super::{CompareObserver, Kept, Row};
use crate::bench::answer::take;
use crate::bench::machine::Machine;
use crate::bench::record::{Outcome, Record};
use crate::bench::run::BenchError;
use crate::bench::variant::Variant;
use crate::control::{Observer, Progress, StoppedBy};

/// A comparison under way.
pub(super) struct Work<'a> {
    kept: Kept,
    pub seeds: &'a [u32],
    count: usize,
    observer: &'a mut dyn CompareObserver,
    /// The rows so far.
    pub rows: Vec<Row>,
    /// Rows that there is none of, as the comparison was stopped.
    pub left_out: usize,
    /// Whether it was.
    pub is_stopped: bool,
}

impl<'a> Work<'a> {
    /// No rows yet, of so many.
    pub fn new(
        kept: Kept,
        seeds: &'a [u32],
        count: usize,
        observer: &'a mut dyn CompareObserver,
    ) -> Self {
        let rows = Vec::new();
        Self { kept, seeds, count, observer, rows, left_out: 0, is_stopped: false }
    }

    pub fn tell_of(&mut self, name: &str) {
        self.observer.combination(self.rows.len() + 1, self.count, name);
    }

    /// Whether all runs of a row have records of earlier times.
    pub fn knows(&self, variant: &Variant) -> bool {
        self.seeds.iter().all(|&seed| self.kept.has(variant, seed))
    }

    /// Adds a row, unless the comparison was stopped before: a run with every seed.
    pub fn row(
        &mut self,
        variant: &Variant,
        threads: usize,
        mut solve: impl FnMut(u32, &mut dyn Observer) -> Solved,
    ) -> Result<(), BenchError> {
        if self.is_stopped {
            self.left_out += 1;
            return Ok(());
        }
        self.tell_of(&variant.name);
        let mut runs: Vec<Record> = Vec::new();
        for &seed in self.seeds {
            // What failed would fail with every seed.
            if self.is_stopped || runs.last().is_some_and(|run| run.outcome.is_failure()) {
                break;
            }
            let record = self.kept.like.start(variant, seed.into());
            let record = match self.kept.take(&record.run) {
                Some(known) => known,
                None => {
                    let threads = u64::try_from(threads).unwrap_or(u64::MAX);
                    self.run(Record { threads, ..record }, |watch| solve(seed, watch))?
                }
            };
            runs.push(record);
        }
        let row = Row::of(variant, runs);
        tracing::info!("{}/{} {}", self.rows.len() + 1, self.count, row.in_words());
        self.observer.row(&row);
        self.rows.push(row);
        Ok(())
    }

    /// One run. One that was interrupted is done again another time.
    fn run(
        &mut self,
        mut record: Record,
        solve: impl FnOnce(&mut dyn Observer) -> Solved,
    ) -> Result<Record, BenchError> {
        let started = Instant::now();
        let mut watch = Watch { inner: self.observer, is_stopped: false };
        let Solved { answer, error } = solve(&mut watch);
        let is_interrupted = watch.is_stopped;
        record.outcome = match error {
            None => answer.and_then(|a| take(&mut record, a)).unwrap_or(Outcome::Unreadable),
            Some(_) => {
                (record.error, record.answer) = (error, answer);
                Outcome::Failed
            }
        };
        record.seconds = record.own_seconds.unwrap_or_else(|| started.elapsed().as_secs_f64());
        record.load[1] = Machine::load();
        let stopped_by = record.told("/stopped_by");
        self.is_stopped |= is_interrupted || stopped_by == Some(StoppedBy::Interrupt);
        if stopped_by != Some(StoppedBy::Interrupt) {
            self.kept.add(&record)?;
        }
        Ok(record)
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
