//! Branch and bound: one engine, and the spaces that it searches.
//!
//! A [`Space`] bounds parts of a problem and divides them; the engine keeps those that are
//! open, looks at the one with the least bound first, and ends when no open part can hold a
//! better point than the best one known. What it says stands on what the space proves, so the
//! bound is as good whenever the work ends.
//!
//! Parts are taken in batches whose sizes depend on what is open alone, and what they show is
//! taken into account in their order: the answer is the same for any number of threads.

mod boxes;
mod branch;
pub(crate) mod columns;
mod frontier;
mod interval;
mod kernel;
mod layout;
mod leaves;
mod lines;
mod node;
mod passes;
mod planes;
mod rows;
mod slopes;
mod state;
mod tape;
mod trace;

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) use boxes::{Boxes, halves};
pub(crate) use leaves::MOST_HALVED;
use state::{State, tell};
pub(crate) use trace::BoxTrace;
pub use trace::{Fate, Listener, SearchedBox, Trace};

use crate::control::{Clock, Observer, Progress, StoppedBy};

/// Bytes of open parts, where no limit is set.
const MEMORY: usize = 1 << 30;

/// Most parts of a batch.
const MOST_AT_ONCE: usize = 64;

/// Open parts for one of a batch: with few of them the next best is far behind the best.
const OPEN_FOR_ONE: usize = 8;

/// How often the observer hears of the progress.
const TICK: Duration = Duration::from_millis(100);

/// Threads start where the work takes longer than starting them: at so many seconds for a
/// batch.
const THREADS_PAY: f64 = 4e-4;

/// What is searched: how parts are bounded and divided.
pub trait Space: Sync {
    /// A part that may hold a better point than those known.
    type Part: Send;
    /// What a thread works with.
    type Scratch: Send;

    /// Room for one thread.
    fn scratch(&self) -> Self::Scratch;

    /// Divides a part into parts that cover it, but for what has no value as good as the best
    /// one known, and bounds them.
    fn divide(
        &self,
        part: Self::Part,
        target: Target,
        scratch: &mut Self::Scratch,
    ) -> Vec<Bounded<Self::Part>>;

    /// Bytes that an open part takes.
    fn bytes(&self) -> usize;
}

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
    /// Programs solved and simplex iterations on the way.
    pub programs: [u64; 2],
    /// Multiplications, as estimated.
    pub work: f64,
}

impl<P> Bounded<P> {
    /// A part without a point that is sought.
    pub fn nothing() -> Self {
        let (points, programs) = (Vec::new(), [0; 2]);
        let (least, cut) = (f64::INFINITY, f64::INFINITY);
        Self { least, cut, part: None, before: None, points, programs, work: 0.0 }
    }

    /// What became of a part that cannot be divided.
    fn fate(&self) -> Fate {
        match self.programs {
            _ if self.least == f64::INFINITY => Fate::Empty,
            [0, _] => Fate::Bounded,
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
    /// Threads.
    pub threads: usize,
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
}

/// The least value in a space, given parts that cover it.
pub fn least<S: Space>(
    space: &S,
    roots: Vec<Bounded<S::Part>>,
    goal: &mut dyn Goal,
    effort: &Effort,
    observer: &mut dyn Observer,
) -> Found {
    traced_least(space, roots, goal, effort, observer, None)
}

/// [`least`], with somebody perhaps who hears of the parts, which the space then keeps.
pub fn traced_least<S: Space>(
    space: &S,
    roots: Vec<Bounded<S::Part>>,
    goal: &mut dyn Goal,
    effort: &Effort,
    observer: &mut dyn Observer,
    mut trace: Option<&mut dyn Trace<S::Part>>,
) -> Found {
    let mut state = State::new(effort.memory.unwrap_or(MEMORY) / space.bytes().max(1));
    let mut scratches: Vec<S::Scratch> = vec![space.scratch()];
    let mut heard = Instant::now();
    let mut for_one = 0.0;
    let mut news = roots;
    loop {
        for bounded in news {
            if let Some(trace) = trace.as_deref_mut() {
                tell(trace, &bounded);
            }
            state.take(bounded, goal);
        }
        let target = goal.target();
        let State { open, found, closed, work, .. } = &mut state;
        if open.is_empty() || open.lowest() >= target.enough.min(*closed) || *work > effort.work {
            break;
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
        }
        if open.is_full() {
            found.stopped_by = found.stopped_by.or(Some(StoppedBy::MemoryLimit));
        }
        if found.nodes >= effort.nodes {
            found.stopped_by = found.stopped_by.or(Some(StoppedBy::NodeLimit));
        }
        found.stopped_by = found.stopped_by.or_else(|| effort.clock.stopped());
        if found.stopped_by.is_some() {
            break;
        }
        let batch = open.take((open.len() / OPEN_FOR_ONE).clamp(1, MOST_AT_ONCE));
        let size = batch.len();
        let threads = match for_one * size as f64 > THREADS_PAY {
            true => effort.threads.clamp(1, size),
            false => 1,
        };
        while scratches.len() < threads {
            scratches.push(space.scratch());
        }
        let started = Instant::now();
        news = divide(space, batch, target, &mut scratches[..threads]);
        for_one = started.elapsed().as_secs_f64() * threads as f64 / size as f64;
    }
    state.end(trace)
}

/// Divides the parts of a batch, on as many threads as there is room for; what they show, in
/// their order.
fn divide<S: Space>(
    space: &S,
    batch: Vec<S::Part>,
    target: Target,
    scratches: &mut [S::Scratch],
) -> Vec<Bounded<S::Part>> {
    if let [scratch] = scratches {
        return batch.into_iter().flat_map(|part| space.divide(part, target, scratch)).collect();
    }
    let tasks: Vec<Mutex<Option<S::Part>>> =
        batch.into_iter().map(|part| Mutex::new(Some(part))).collect();
    let next = AtomicUsize::new(0);
    let work = |scratch: &mut S::Scratch| {
        let mut shown = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = tasks.get(index) else { return shown };
            let part = task.lock().unwrap_or_else(PoisonError::into_inner).take();
            shown.push((index, part.map(|part| space.divide(part, target, scratch))));
        }
    };
    let mut shown = thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> =
            scratches.iter_mut().map(|scratch| scope.spawn(move || work(scratch))).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| match worker.join() {
            Ok(shown) => shown,
            Err(panic) => resume_unwind(panic),
        };
        workers.into_iter().flat_map(join).collect::<Vec<_>>()
    });
    shown.sort_by_key(|(index, _)| *index);
    shown.into_iter().filter_map(|(_, parts)| parts).flatten().collect()
}
