//! The least value by Taut's own branch and bound, which is certified: over boxes and planes
//! ([`crate::search`]), with linear programs where few neurons are open.
//!
//! It is a method of its own, and it proves again what a solver says: told the best point, it
//! has only to show that there is no better one.

use super::formulate::tell_of_bounds;
use super::{
    Best, Claim, Evidence, Gap, MethodRecord, OptimizeError, OptimizeOptions, SearchRecord, timed,
};
use crate::bounds::{Crown, NeuronBounds, Propagator, summarize};
use crate::control::{Clock, Observer, Progress, StoppedBy};
use crate::problem::{Candidate, OBJECTIVE, Part, Problem};
use crate::search::{
    BoxTrace, Boxes, Effort, Goal, Listener, Target, Threads, Trace, traced_least,
};
use crate::tighten::{TightenError, limited};

/// Why a problem has no point, where a search has proven that.
pub const NO_POINT: &str =
    "no point meets the constraints, which a search over all of the box proves";

/// What was proven.
#[derive(Clone, Debug)]
pub struct Proven<'a> {
    /// No point has a better value; `None` if that is proven of none at all.
    pub bound: Option<f64>,
    /// Whether it is proven that there is no point.
    pub is_empty: bool,
    /// Whether the bound closes the gap.
    pub is_closed: bool,
    /// The best points that are known, those told or better ones.
    pub best: Best<'a>,
    /// What ended the work before the gap was closed.
    pub stopped_by: Option<StoppedBy>,
    /// Parts and linear programs.
    pub nodes: u64,
    /// Simplex iterations.
    pub iterations: u64,
}

/// Something else that is tried where a search takes long.
pub trait Aside {
    /// Called several times a second, with the best point so far; whether it has settled the
    /// question.
    fn settles(
        &mut self,
        best: Option<&Candidate>,
        progress: &Progress,
        observer: &mut dyn Observer,
    ) -> bool;
}

/// Nothing else.
pub struct Nothing;

impl Aside for Nothing {
    fn settles(&mut self, _: Option<&Candidate>, _: &Progress, _: &mut dyn Observer) -> bool {
        false
    }
}

/// Who is beside a search.
pub struct Beside<'a, 'b> {
    /// What is tried where it takes long.
    pub aside: &'a mut dyn Aside,
    /// Who hears of its boxes.
    pub listener: Option<&'a mut Listener<'b>>,
}

impl<'a> Beside<'a, '_> {
    /// Something that is tried, and nobody else.
    pub fn only(aside: &'a mut dyn Aside) -> Self {
        Self { aside, listener: None }
    }
}

/// Points as good as the gap asks for.
struct Sought<'a, 'b> {
    problem: &'a Problem,
    best: Best<'a>,
    gap: Gap,
    aside: &'b mut dyn Aside,
}

impl Goal for Sought<'_, '_> {
    fn is_settled(&mut self, progress: &Progress, observer: &mut dyn Observer) -> bool {
        self.aside.settles(self.best.target(), progress, observer)
    }

    fn offer(&mut self, point: &[f64]) {
        let Some(input) = self.problem.nearest_input(point) else { return };
        self.best.offer(self.problem.evaluate(input));
    }

    fn target(&self) -> Target {
        let best = self.best.target().map(|best| best.cost);
        let enough = best.map_or(f64::INFINITY, |value| value - self.gap.at(value));
        Target { best: best.unwrap_or(f64::INFINITY), enough }
    }
}

/// Proves what it can of `problem`, given bounds of its neurons and perhaps a point; with
/// somebody perhaps who hears of the boxes.
pub fn prove<'a>(
    problem: &'a Problem,
    bounds: &NeuronBounds,
    known: Best<'a>,
    gap: Gap,
    effort: &Effort,
    Beside { aside, listener }: Beside<'_, '_>,
    observer: &mut dyn Observer,
) -> Proven<'a> {
    let nothing = |best| Proven {
        bound: None,
        is_empty: true,
        is_closed: false,
        best,
        stopped_by: None,
        nodes: 0,
        iterations: 0,
    };
    let Some(whole) = problem.whole() else { return nothing(known) };
    let Ok(bounds) = limited(problem, whole, bounds.clone()) else { return nothing(known) };
    let boxes = Boxes::new(problem, whole, &bounds, effort.clock).traced(listener.is_some());
    let mut trace = listener.map(|listener| BoxTrace::new(&boxes, listener));
    let trace = trace.as_mut().map(|trace| trace as &mut dyn Trace<_>);
    let mut sought = Sought { problem, best: known, gap, aside };
    let roots = boxes.root(sought.target());
    let mut space = Threads::new(&boxes, effort.threads);
    let Ok(found) = traced_least(&mut space, roots, &mut sought, effort, observer, trace);
    let is_closed = found.least.is_finite() && found.least >= sought.target().enough;
    Proven {
        is_closed,
        bound: Some(found.least).filter(|bound| bound.is_finite()),
        is_empty: found.least == f64::INFINITY,
        best: sought.best,
        stopped_by: found.stopped_by,
        nodes: found.nodes,
        iterations: found.iterations,
    }
}

/// The method has no settings of programs.
pub fn record() -> MethodRecord {
    MethodRecord::Search(SearchRecord { tighten: "crown" })
}

/// What a search has shown, and whether that settles the question.
pub struct Searched {
    /// What it has shown.
    pub evidence: Evidence,
    /// Whether the gap is closed, or it is proven that there is no point.
    pub is_done: bool,
}

/// Searches until the clock ends it, or what is tried beside it does; given a point perhaps.
///
/// # Errors
/// Bounds that overflow.
pub fn search(
    problem: &Problem,
    whole: &Part,
    options: &OptimizeOptions,
    known: Option<&Candidate>,
    clock: &Clock,
    beside: Beside<'_, '_>,
    observer: &mut dyn Observer,
) -> Result<Searched, OptimizeError> {
    let mut evidence = Evidence::new(record());
    let mut seconds = 0.0;
    let bounds =
        timed(&mut seconds, || Crown.propagate_within(problem.graph(), &whole.domain, clock));
    let bounds = bounds.map_err(TightenError::from)?;
    evidence.work.seconds.bounds = seconds;
    let range = bounds.of(problem.rows()).interval(OBJECTIVE);
    evidence.prove(range.lower());
    let gap = Gap::new(&options.solve, range);
    let best = Best::of(problem, known.cloned());
    let effort = Effort {
        clock: *clock,
        nodes: options.limits.nodes.unwrap_or(u64::MAX),
        memory: options.limits.memory,
        work: f64::INFINITY,
        threads: options.solve.threads,
    };
    tracing::info!("bounds: by crown");
    evidence.work.layers = summarize(problem.graph(), &bounds);
    tell_of_bounds(problem, &evidence.work.layers, &bounds);
    tracing::info!("search: boxes, planes below the objective");
    let proven = timed(&mut evidence.work.seconds.solve, || {
        prove(problem, &bounds, best, gap, &effort, beside, observer)
    });
    match proven.bound {
        Some(bound) => {
            let bound = problem.sense().signed(bound);
            tracing::info!("search: bound {bound} after {} parts", proven.nodes);
        }
        None => tracing::info!("search: no bound after {} parts", proven.nodes),
    }
    evidence.bounds = Some(bounds);
    evidence.work.nodes = proven.nodes;
    evidence.work.lp_iterations = proven.iterations;
    if proven.is_empty {
        evidence.empty = Some(NO_POINT.to_string());
    }
    if let Some(bound) = proven.bound {
        evidence.prove(bound);
    }
    if let Some(reason) = proven.stopped_by {
        evidence.claim = Claim::Stopped(reason);
    }
    evidence.points.extend(proven.best.into_points());
    Ok(Searched { evidence, is_done: proven.is_closed || proven.is_empty })
}
