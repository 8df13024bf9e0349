//! What may end a run before its end, and who hears of it meanwhile: the only limits, the only
//! clock and the only reasons, for bounds, searches, solvers, regions and training alike.
//!
//! What a run does, step by step, it tells to whoever listens to the events of the crate
//! `tracing`: a step is an event of the level INFO, "what: with what"; how far it is, one of the
//! target [`PROGRESS`].
//!
//! A limit is a status, not an error: whatever stops early keeps what it knows and says
//! [why](StoppedBy).

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How long a run may go on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Wall-clock time, which a [`Clock`] looks after. Default: no limit.
    pub time: Option<Duration>,
    /// Nodes of a search tree, cells of a walk. Default: no limit.
    pub nodes: Option<u64>,
    /// Bytes, by estimate, that what grows with the run may take: open parts of a proof,
    /// patterns of cells. Default: what suits the method.
    pub memory: Option<usize>,
    /// Set while it runs, it ends the run. Default: nothing to listen to.
    pub stop: Option<&'static AtomicBool>,
}

/// A limit that leaves nothing to do.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{name} is {found}; expected {expected}")]
pub struct LimitError {
    /// Name of the limit.
    pub name: &'static str,
    /// What was found.
    pub found: &'static str,
    /// What is allowed.
    pub expected: &'static str,
}

impl Limits {
    /// A limit of time alone.
    pub fn of_time(time: Duration) -> Self {
        Self { time: Some(time), ..Self::default() }
    }

    /// Checks what a user has asked for; within a run nothing may be left.
    ///
    /// # Errors
    /// [`LimitError`].
    pub fn validate(&self) -> Result<(), LimitError> {
        let refuse = |name, found, expected| Err(LimitError { name, found, expected });
        if self.time.is_some_and(|limit| limit.is_zero()) {
            return refuse("time limit", "0 s", "more than 0 seconds");
        }
        if self.nodes == Some(0) {
            return refuse("node limit", "0", "at least 1 node");
        }
        if self.memory == Some(0) {
            return refuse("memory limit", "0", "more than nothing");
        }
        Ok(())
    }
}

/// What ended a run before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StoppedBy {
    /// [`Limits::time`].
    TimeLimit,
    /// [`Limits::nodes`].
    NodeLimit,
    /// [`Limits::memory`].
    MemoryLimit,
    /// [`Limits::stop`], or an [`Observer`]: for instance on Ctrl-C.
    Interrupt,
    /// Whoever was shown the results one by one had seen enough.
    Visitor,
}

impl StoppedBy {
    /// All reasons.
    pub const ALL: [Self; 5] =
        [Self::TimeLimit, Self::NodeLimit, Self::MemoryLimit, Self::Interrupt, Self::Visitor];

    /// Name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::TimeLimit => "time_limit",
            Self::NodeLimit => "node_limit",
            Self::MemoryLimit => "memory_limit",
            Self::Interrupt => "interrupt",
            Self::Visitor => "visitor",
        }
    }

    /// What it is called in sentences: "stopped by …".
    pub fn words(self) -> &'static str {
        match self {
            Self::TimeLimit => "the time limit",
            Self::NodeLimit => "the node limit",
            Self::MemoryLimit => "the memory limit",
            Self::Interrupt => "an interrupt",
            Self::Visitor => "the visitor",
        }
    }
}

/// Time since the start of a run, and when it has to end.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    end: Option<Instant>,
    stop: Option<&'static AtomicBool>,
}

impl Clock {
    /// Starts now.
    pub fn start(limits: &Limits) -> Self {
        let started = Instant::now();
        // A limit beyond what a clock can show is none.
        let end = limits.time.and_then(|limit| started.checked_add(limit));
        Self { started, end, stop: limits.stop }
    }

    /// One that never ends a run.
    pub fn unlimited() -> Self {
        Self::start(&Limits::default())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Seconds since the start.
    pub fn seconds(&self) -> f64 {
        self.elapsed().as_secs_f64()
    }

    /// Time that is left, perhaps none; `None` without a limit.
    pub fn left(&self) -> Option<Duration> {
        self.end.map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// What is left, as limits of a part of the run.
    pub fn limits(&self) -> Limits {
        Limits { time: self.left(), stop: self.stop, ..Limits::default() }
    }

    /// The clock of a part of the run that may take this share of the time that is left.
    #[must_use]
    pub fn share(&self, share: f64) -> Self {
        match self.left() {
            Some(left) => self.within(left.mul_f64(share)),
            None => *self,
        }
    }

    /// The clock of a part of the run that may take so long from now on, and no longer than
    /// the whole.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        let end = Instant::now().checked_add(limit);
        Self { end: [self.end, end].into_iter().flatten().min(), ..*self }
    }

    /// The clock of a part of the run that has a limit of time of its own, perhaps.
    #[must_use]
    pub fn at_most(&self, limit: Option<Duration>) -> Self {
        limit.map_or(*self, |limit| self.within(limit))
    }

    /// As if it had started later, by the time that went to something else.
    #[must_use]
    pub fn later(&self, aside: Duration) -> Self {
        Self { started: self.started + aside, end: self.end.map(|end| end + aside), ..*self }
    }

    /// Tells an observer of the progress; why the run has to end now, if it has to.
    pub fn tell(&self, observer: &mut dyn Observer, progress: &Progress) -> Option<StoppedBy> {
        match observer.update(progress) {
            ControlFlow::Break(()) => Some(StoppedBy::Interrupt),
            ControlFlow::Continue(()) => self.stopped(),
        }
    }

    /// Why the run has to end now, if it has to.
    pub fn stopped(&self) -> Option<StoppedBy> {
        if self.is_interrupted() {
            return Some(StoppedBy::Interrupt);
        }
        self.end.filter(|end| Instant::now() >= *end).map(|_| StoppedBy::TimeLimit)
    }

    /// Goes on while the run does.
    ///
    /// # Errors
    /// Why it has to end now.
    pub fn go_on(&self) -> Result<(), StoppedBy> {
        self.stopped().map_or(Ok(()), Err)
    }

    /// Whether somebody wishes the run to end.
    pub fn is_interrupted(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// Whether the run has to end now.
    pub fn is_stopped(&self) -> bool {
        self.stopped().is_some()
    }
}

/// State of a running search, in the units and direction of what is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Time since the start.
    pub seconds: f64,
    /// Objective value of the best point so far.
    pub objective: Option<f64>,
    /// Dual bound so far.
    pub objective_bound: Option<f64>,
    /// Nodes so far.
    pub node_count: u64,
    /// Simplex iterations so far.
    pub lp_iterations: u64,
}

/// Target of the events (of the crate `tracing`) in which running work tells how far it is, in
/// words: many a second, for a line on a screen and no log. Where nobody listens they cost a
/// look at a flag.
pub const PROGRESS: &str = "taut::progress";

/// Hears of the progress of a search.
pub trait Observer {
    /// Called several times a second, on the thread that called the search.
    /// [`ControlFlow::Break`] stops it.
    fn update(&mut self, progress: &Progress) -> ControlFlow<()>;
}

/// An observer that never stops anything.
#[derive(Debug)]
pub struct Silent;

impl Observer for Silent {
    fn update(&mut self, _: &Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(seconds: u64) -> Clock {
        Clock::start(&Limits::of_time(Duration::from_secs(seconds)))
    }

    #[test]
    fn a_share_is_one_of_what_is_left() {
        let seconds = |clock: Clock| clock.left().expect("a limit").as_secs_f64();
        let whole = clock(1000);
        assert!((seconds(whole.share(0.5)) - 500.0).abs() < 5.0);
        assert!((seconds(whole.share(0.5).share(0.5)) - 250.0).abs() < 5.0);
        assert!((seconds(whole.within(Duration::from_secs(10))) - 10.0).abs() < 5.0);
        assert!((seconds(whole.within(Duration::from_secs(5000))) - 1000.0).abs() < 5.0);
        assert!((seconds(whole.later(Duration::from_secs(100))) - 1100.0).abs() < 5.0);
        assert_eq!(Clock::unlimited().share(0.5).left(), None);
    }

    #[test]
    fn a_limit_that_is_over_stops_and_one_without_end_does_not() {
        assert_eq!(clock(0).stopped(), Some(StoppedBy::TimeLimit));
        assert_eq!(clock(0).left(), Some(Duration::ZERO));
        assert_eq!(Clock::start(&Limits::of_time(Duration::MAX)).stopped(), None);
        assert_eq!(Clock::unlimited().stopped(), None);
    }

    #[test]
    fn an_interrupt_goes_before_the_time() {
        static STOP: AtomicBool = AtomicBool::new(false);
        let limits = Limits { stop: Some(&STOP), ..Limits::of_time(Duration::ZERO) };
        let clock = Clock::start(&limits);
        assert_eq!(clock.stopped(), Some(StoppedBy::TimeLimit));
        STOP.store(true, Ordering::Relaxed);
        assert_eq!(clock.stopped(), Some(StoppedBy::Interrupt));
        assert_eq!(clock.share(0.5).stopped(), Some(StoppedBy::Interrupt));
    }
}
