//! The sides of a layer's neurons, on several threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::TightenCounts;
use super::certificate::{Lemma, Side};
use super::layer::{Ask, Settings, Target, Task};
use crate::control::PROGRESS;
use crate::network::Phase;
use crate::num::Interval;
use crate::solve::SolveError;

/// Batches of a layer that has fewer neurons than fill them: work for so many
/// threads.
const LEAST_BATCHES: usize = 4;

/// A way to bound neurons.
pub trait Way: Sync {
    /// What a thread works with.
    type Worker;

    /// Neurons that a thread takes at a time.
    const BATCH: usize;

    /// What a thread works with, to begin with.
    fn worker(&self) -> Result<Self::Worker, SolveError>;

    /// Begins a batch: what it finds must not depend on what the worker has done before.
    fn begin(&self, worker: &mut Self::Worker) -> Result<(), SolveError>;

    /// A bound of one side: no value of the neuron, times the sign of the side, is less.
    fn bound(
        &self,
        worker: &mut Self::Worker,
        task: &Task,
        ask: Ask,
        found: &mut Found,
    ) -> Result<Option<f64>, SolveError>;
}

/// What a worker found for one neuron.
pub struct Found {
    pub index: usize,
    pub lower: f64,
    pub upper: f64,
    pub counts: TightenCounts,
    /// Inputs worth a forward pass.
    pub points: Vec<Vec<f64>>,
    pub lemmas: Vec<Lemma>,
    /// Whether it was proven that there is no point.
    pub is_empty: bool,
}

/// Neurons of a batch, where there are so many.
fn batch_size<W: Way>(tasks: usize) -> usize {
    tasks.div_ceil(LEAST_BATCHES).clamp(1, W::BATCH)
}

/// How many threads can share the neurons.
pub fn workers<W: Way>(tasks: usize, threads: usize) -> usize {
    threads.clamp(1, tasks.div_ceil(batch_size::<W>(tasks)).max(1))
}

/// Bounds neurons, in their order.
pub fn bound_all<W: Way>(
    way: &W,
    tasks: &[Task],
    target: Target<'_>,
    settings: Settings<'_>,
) -> Result<Vec<Found>, SolveError> {
    let batches: Vec<&[Task]> = tasks.chunks(batch_size::<W>(tasks.len())).collect();
    let (count, name) = (tasks.len(), settings.method.tasks());
    let (next, asked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || -> Result<Vec<(usize, Vec<Found>)>, SolveError> {
        let mut worker = way.worker()?;
        let mut done = Vec::new();
        loop {
            let batch = next.fetch_add(1, Ordering::Relaxed);
            let Some(tasks) = batches.get(batch) else { return Ok(done) };
            way.begin(&mut worker)?;
            let found = tasks.iter().map(|task| {
                let found = bound_one(way, &mut worker, task, target, settings);
                let asked = asked.fetch_add(1, Ordering::Relaxed) + 1;
                tracing::trace!(target: PROGRESS, "{asked} of {count} {name}");
                found
            });
            done.push((batch, found.collect::<Result<_, _>>()?));
        }
    };
    let workers = workers::<W>(tasks.len(), settings.options.threads);
    let results: Vec<_> = match workers {
        1 => vec![work()],
        _ => std::thread::scope(|scope| {
            let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            handles.into_iter().map(|handle| handle.join().expect("a worker")).collect()
        }),
    };
    let results: Result<Vec<_>, SolveError> = results.into_iter().collect();
    let mut found: Vec<(usize, Vec<Found>)> = results?.into_iter().flatten().collect();
    found.sort_by_key(|(batch, _)| *batch);
    Ok(found.into_iter().flat_map(|(_, found)| found).collect())
}

/// The sides of a neuron, one after the other.
fn bound_one<W: Way>(
    way: &W,
    worker: &mut W::Worker,
    task: &Task,
    target: Target<'_>,
    settings: Settings<'_>,
) -> Result<Found, SolveError> {
    let mut found = Found {
        index: task.index,
        lower: task.range.lower(),
        upper: task.range.upper(),
        counts: TightenCounts::new(settings.method),
        points: Vec::new(),
        lemmas: Vec::new(),
        is_empty: false,
    };
    for &ask in &task.sides {
        let Some(range) = Interval::new(found.lower, found.upper) else { break };
        if target.phase(range, task.index) != Phase::Unstable {
            found.counts.skipped_stable += 1;
            continue;
        }
        if settings.clock.is_stopped() {
            found.counts.skipped_time += 1;
            continue;
        }
        let bound = way.bound(worker, task, ask, &mut found)?;
        match (bound, ask.side) {
            (None, _) => {}
            (Some(bound), Side::Lower) => found.lower = found.lower.max(bound),
            (Some(bound), Side::Upper) => found.upper = found.upper.min(-bound),
        }
    }
    Ok(found)
}
