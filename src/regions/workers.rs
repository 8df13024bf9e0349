//! Workers that share a walk: limits, and which subtree is whose.
//!
//! Every worker walks the top of the tree, down to a fixed number of cuts, and
//! there takes the subtrees that it has claimed; they are numbered in the order
//! of the walk, and a shared counter hands out the next. Nothing else is shared,
//! and counts do not depend on the number of workers.

use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};

use super::RegionOptions;
use crate::control::{Clock, PROGRESS, StoppedBy};

/// Cuts on the way to a subtree, with more than one worker.
const TOP: usize = 12;

/// Steps between two looks at the clock.
const PATIENCE: u64 = 1 << 10;

/// Steps of work that a program counts as in few dimensions, for looks at the clock.
const PROGRAM: u64 = 8;
/// The same for a pivot in exact arithmetic.
const EXACT_PIVOT: u64 = 1 << 8;

/// How many times more than in few dimensions a pivot takes in `n`, which grows with
/// the square.
fn pivot_weight(n: usize) -> u64 {
    1 + (n * n / 16) as u64
}

/// Stack of a worker: so much, and so much more for each cut on a path.
const STACK: usize = 4 << 20;
const STACK_PER_CUT: usize = 1 << 10;

/// What workers share.
#[derive(Debug)]
pub struct Shared {
    clock: Clock,
    /// Cells at most, and what it means to have more.
    most: u64,
    beyond: StoppedBy,
    count: AtomicU64,
    next: AtomicUsize,
    /// 0, or one more than the position in [`StoppedBy::ALL`].
    halted: AtomicU8,
    top: usize,
}

impl Shared {
    /// Limits of a walk that keeps so many bytes of each cell.
    pub fn new(options: &RegionOptions, clock: Clock, bytes: usize) -> Self {
        let by_count = options.limits.nodes.unwrap_or(u64::MAX);
        let by_memory = match (options.limits.memory, bytes) {
            (None, _) | (_, 0) => u64::MAX,
            (Some(memory), bytes) => (memory / bytes) as u64,
        };
        let beyond = match by_memory < by_count {
            true => StoppedBy::MemoryLimit,
            false => StoppedBy::NodeLimit,
        };
        Self {
            clock,
            most: by_count.min(by_memory),
            beyond,
            count: AtomicU64::new(0),
            next: AtomicUsize::new(0),
            halted: AtomicU8::new(0),
            top: if options.threads > 1 { TOP } else { 0 },
        }
    }

    /// Runs `work` on each of `threads` workers, for paths of at most `cuts` cuts. `None` if
    /// one of them comes to nothing.
    pub fn run(
        &self,
        threads: usize,
        cuts: usize,
        work: impl Fn(Worker) -> Option<()> + Sync,
    ) -> Option<()> {
        std::thread::scope(|scope| {
            let run = |_| {
                let builder = std::thread::Builder::new().stack_size(STACK + cuts * STACK_PER_CUT);
                let run = builder.spawn_scoped(scope, || work(self.worker()));
                run.expect("a thread can be started")
            };
            let running: Vec<_> = (0..threads.max(1)).map(run).collect();
            running.into_iter().map(|thread| thread.join().expect("a walk ends")).collect()
        })
    }

    /// One more worker.
    pub fn worker(&self) -> Worker<'_> {
        let mine = self.next.fetch_add(1, Ordering::Relaxed);
        Worker { shared: self, seen: 0, mine, cells: 0, steps: 0, halted: false }
    }

    /// Cells counted, at most as many as the limit allows.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed).min(self.most)
    }

    pub fn stopped_by(&self) -> Option<StoppedBy> {
        let halted: usize = self.halted.load(Ordering::Relaxed).into();
        halted.checked_sub(1).map(|position| StoppedBy::ALL[position])
    }

    fn halt(&self, reason: StoppedBy) {
        let position = StoppedBy::ALL.iter().position(|&stop| stop == reason).unwrap_or_default();
        let code = u8::try_from(position + 1).expect("a short list");
        // The first reason stays.
        let _ = self.halted.compare_exchange(0, code, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// One worker of a walk.
#[derive(Debug)]
pub struct Worker<'s> {
    shared: &'s Shared,
    /// Number of the next subtree, in the order of the walk, and of the one claimed.
    seen: usize,
    mine: usize,
    /// Cells found and steps made since the shared numbers were looked at.
    cells: u64,
    steps: u64,
    halted: bool,
}

impl Worker<'_> {
    /// Whether to give up.
    #[inline]
    pub fn is_halted(&self) -> bool {
        self.halted
    }

    /// Counts cells.
    #[inline]
    pub fn found(&mut self, cells: u64) {
        self.cells += cells;
        self.step(cells);
    }

    /// Counts steps of work, and now and then looks at limits and clock.
    #[inline]
    pub fn step(&mut self, weight: u64) {
        self.steps += weight;
        if self.steps >= PATIENCE {
            self.report();
        }
    }

    /// Counts a linear program of `n` inputs. Whether to give up.
    pub fn program(&mut self, n: usize) -> bool {
        self.step(PROGRAM * pivot_weight(n));
        self.halted
    }

    /// The same of a pivot in exact arithmetic.
    pub fn exact_pivot(&mut self, n: usize) -> bool {
        self.step(EXACT_PIVOT * pivot_weight(n));
        self.halted
    }

    /// Gives up for a reason.
    pub fn halt(&mut self, reason: StoppedBy) {
        self.shared.halt(reason);
        self.halted = true;
    }

    #[cold]
    fn report(&mut self) {
        self.steps = 0;
        let shared = self.shared;
        let found = std::mem::take(&mut self.cells);
        let total = shared.count.fetch_add(found, Ordering::Relaxed) + found;
        tracing::trace!(target: PROGRESS, "{total} regions");
        if total > shared.most {
            shared.halt(shared.beyond);
        } else if let Some(reason) = shared.clock.stopped() {
            shared.halt(reason);
        }
        self.halted = shared.halted.load(Ordering::Relaxed) != 0;
    }

    /// Whether a node with this many cuts above it belongs to the part of the tree
    /// that all workers walk.
    #[inline]
    pub fn is_shared(&self, cuts: usize) -> bool {
        cuts < self.shared.top
    }

    /// Whether this worker walks over a node with this many cuts above it: it may be the
    /// root of a subtree to claim.
    #[inline]
    pub fn enters(&mut self, cuts: usize) -> bool {
        cuts != self.shared.top || self.claim()
    }

    /// The same of a leaf, which is such a root in the part that all walk.
    #[inline]
    pub fn takes_leaf(&mut self, cuts: usize) -> bool {
        !self.is_shared(cuts) || self.claim()
    }

    /// Whether the next subtree in the order of the walk is this worker's.
    fn claim(&mut self) -> bool {
        let is_mine = self.seen == self.mine;
        self.seen += 1;
        if is_mine {
            self.mine = self.shared.next.fetch_add(1, Ordering::Relaxed);
        }
        is_mine
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.report();
    }
}
