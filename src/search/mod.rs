//! Branch and bound: one engine, and the spaces that it searches.
//!
//! A [`Space`] bounds parts of a problem and divides them; the engine keeps those that are
//! open, looks at the one with the least bound first, and ends when no open part can hold a
//! better point than the best one known. What it says stands on what the space proves, so the
//! bound is as good whenever the work ends.
//!
//! Parts are taken in batches whose sizes depend on what is open alone, and what they show is
//! taken into account in their order: the answer is the same for any number of threads.

mod aligned;
mod boxes;
mod branch;
pub(crate) mod columns;
mod envelope;
mod frontier;
mod interval;
mod kept;
mod kernel;
mod layout;
mod leaves;
mod lines;
mod node;
mod passes;
mod phases;
mod planes;
mod replay;
mod rows;
mod script;
mod slopes;
mod state;
mod tape;
mod threads;
mod trace;

use std::time::{Duration, Instant};

pub(crate) use boxes::{Boxes, halves};
pub(crate) use leaves::MOST_HALVED;
pub use replay::{ReplayError, replay};
use state::{State, tell};
pub(crate) use tape::Tape;
pub(crate) use threads::Threads;
pub(crate) use trace::BoxTrace;
pub(crate) use trace::TreeTrace;
pub use trace::{Fate, Listener, SearchedBox, Trace};

use crate::control::{Clock, Observer, Progress, StoppedBy};

/// Bytes of open parts, where no limit is set.
const MEMORY: usize = 1 << 30;

/// Open parts for one of a batch: with few of them the next best is far behind the best.
const OPEN_FOR_ONE: usize = 8;

/// How often the observer hears of the progress.
const TICK: Duration = Duration::from_millis(100);

/// What is searched: how parts are bounded and divided.
pub trait Space {
    /// A part that may hold a better point than those known.
    type Part: Send + 'static;
    /// Why a part cannot be divided, which ends the search.
    type Error;

    /// Most parts that are divided at once, which know nothing of what the others show.
    const MOST_AT_ONCE: usize = 1;

    /// Divides a part into parts that cover it, but for what has no value as good as the best one
    /// known, and bounds them.
    ///
    /// # Errors
    /// It cannot be divided.
    fn divide(&mut self, part: Self::Part, target: Target) -> Divided<Self>;

    /// Divides several parts; what they show in their order.
    ///
    /// # Errors
    /// One of them cannot be divided.
    fn divide_all(&mut self, parts: Vec<Self::Part>, target: Target) -> Divided<Self> {
        let mut shown = Vec::new();
        for part in parts {
            shown.extend(self.divide(part, target)?);
        }
        Ok(shown)
    }

    /// Bytes that an open part takes.
    fn bytes(&self) -> usize;
}

/// What dividing parts shows.
pub type Divided<S> = Result<Vec<Bounded<<S as Space>::Part>>, <S as Space>::Error>;

/// A part and what is proven of it.
#[derive(Debug)]
pub struct Bounded<P> {
    /// No value in it is less; infinite where it has no point.
    pub least: f64,
    /// No value in what was cut off from it is less; infinite where nothing was.
    pub cut: f64,
    /// The part, as long as it can be divided.
    pub part: Option<P>,
    /// The part as it was before it was bounded, where the search is traced.
    pub before: Option<P>,
    /// Points worth a try.
    pub points: Vec<Vec<f64>>,
    /// What it counts for: 1, and each program that was solved for it.
    pub nodes: u64,
    /// Simplex iterations.
    pub iterations: u64,
    /// Multiplications, as estimated.
    pub work: f64,
}

impl<P> Bounded<P> {
    /// A part without a point that is sought.
    pub fn nothing() -> Self {
        let (least, cut) = (f64::INFINITY, f64::INFINITY);
        let (points, nodes, iterations) = (Vec::new(), 1, 0);
        Self { least, cut, part: None, before: None, points, nodes, iterations, work: 0.0 }
    }

    /// A part whose bound took no work of its own; it counts once it is divided.
    pub fn open(least: f64, part: P) -> Self {
        Self { least, part: Some(part), nodes: 0, ..Self::nothing() }
    }

    /// What became of a part that cannot be divided.
    fn fate(&self) -> Fate {
        match self.nodes {
            _ if self.least == f64::INFINITY => Fate::Empty,
            0 | 1 => Fate::Bounded,
            _ => Fate::Solved,
        }
    }
}

/// What there is to prove; both are infinite where no point is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The best value known: what is above it plays no part.
    pub best: f64,
    /// A bound that is enough, no larger.
    pub enough: f64,
}

/// What is sought: points, and how good a bound has to be.
pub trait Goal {
    /// Takes a point that a part has shown.
    fn offer(&mut self, point: &[f64]);

    /// What there is to prove by now.
    fn target(&self) -> Target;

    /// Called again and again, with the number of parts so far: the same calls in every run.
    fn explore(&mut self, _nodes: u64) {}

    /// Called several times a second: whether the question has been settled in another way.
    fn is_settled(&mut self, _progress: &Progress, _observer: &mut dyn Observer) -> bool {
        false
    }
}

/// A bound that is enough, whatever the points are; each is shown to `visit`.
#[derive(Debug)]
pub(crate) struct Enough<F> {
    pub bound: f64,
    pub visit: F,
}

impl<F: FnMut(&[f64])> Goal for Enough<F> {
    fn offer(&mut self, point: &[f64]) {
        (self.visit)(point);
    }

    fn target(&self) -> Target {
        Target { best: f64::INFINITY, enough: self.bound }
    }
}

/// What a search may take.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// The clock.
    pub clock: Clock,
    /// Most parts that are looked at.
    pub nodes: u64,
    /// Bytes of open parts.
    pub memory: Option<usize>,
    /// Multiplications, as estimated: a limit in seconds alone would make answers depend on
    /// the machine.
    pub work: f64,
    /// Threads, where the space can be shared by some.
    pub threads: usize,
}

impl Effort {
    /// Whatever a clock allows.
    pub fn until(clock: Clock) -> Self {
        Self { clock, nodes: u64::MAX, memory: None, work: f64::INFINITY, threads: 1 }
    }
}

/// What a search found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// No value is less; infinite if there is no point.
    pub least: f64,
    /// What ended the search before its end.
    pub stopped_by: Option<StoppedBy>,
    /// Parts that were bounded, and programs that were solved for them.
    pub nodes: u64,
    /// Simplex iterations.
    pub iterations: u64,
    /// Multiplications, as estimated.
    pub work: f64,
}

/// The least value in a space, given parts that cover it.
///
/// # Errors
/// Those of the space.
pub fn least<S: Space>(
    space: &mut S,
    roots: Vec<Bounded<S::Part>>,
    goal: &mut dyn Goal,
    effort: &Effort,
    observer: &mut dyn Observer,
) -> Result<Found, S::Error> {
    traced_least(space, roots, goal, effort, observer, None)
}

/// [`least`], with somebody perhaps who hears of the parts, which the space then keeps.
///
/// # Errors
/// Those of the space.
pub fn traced_least<S: Space>(
    space: &mut S,
    roots: Vec<Bounded<S::Part>>,
    goal: &mut dyn Goal,
    effort: &Effort,
    observer: &mut dyn Observer,
    mut trace: Option<&mut dyn Trace<S::Part>>,
) -> Result<Found, S::Error> {
    let mut state = State::new(effort.memory.unwrap_or(MEMORY) / space.bytes().max(1));
    let mut heard = Instant::now();
    let mut news = roots;
    loop {
        for mut bounded in news {
            if let Some(trace) = trace.as_deref_mut() {
                tell(trace, &mut bounded);
            }
            state.take(bounded, goal);
        }
        goal.explore(state.found.nodes);
        let mut target = goal.target();
        let State { open, found, closed, .. } = &mut state;
        // The whole cannot get a better bound than what is done with has.
        target.enough = target.enough.min(*closed);
        if open.is_empty() || open.lowest() >= target.enough || found.work > effort.work {
            return Ok(state.end(trace));
        }
        if heard.elapsed() >= TICK {
            heard = Instant::now();
            let lowest = open.lowest().min(*closed);
            let progress = Progress {
                seconds: effort.clock.seconds(),
                objective: Some(target.best).filter(|best| best.is_finite()),
                objective_bound: Some(lowest).filter(|bound| bound.is_finite()),
                node_count: found.nodes,
                lp_iterations: found.iterations,
            };
            found.stopped_by = effort.clock.tell(observer, &progress);
            if found.stopped_by.is_none() && goal.is_settled(&progress, observer) {
                return Ok(state.end(trace));
            }
        }
        if open.is_full() {
            found.stopped_by = found.stopped_by.or(Some(StoppedBy::MemoryLimit));
        }
        if found.nodes >= effort.nodes {
            found.stopped_by = found.stopped_by.or(Some(StoppedBy::NodeLimit));
        }
        found.stopped_by = found.stopped_by.or_else(|| effort.clock.stopped());
        if found.stopped_by.is_some() {
            return Ok(state.end(trace));
        }
        let batch = open.take((open.len() / OPEN_FOR_ONE).clamp(1, S::MOST_AT_ONCE));
        news = space.divide_all(batch, target)?;
    }
}
