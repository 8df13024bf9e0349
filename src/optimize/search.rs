//! The least value by Taut's own branch and bound, which is certified: over boxes and planes
//! ([`crate::search`]), with linear programs where few neurons are open.
//!
//! It is a method of its own, and it proves again what a solver says: told the best point, it
//! has only to show that there is no better one.

use super::formulate::tell_of_bounds;
use super::region::Regions;
use super::{
    Best, Claim, Evidence, Gap, MethodRecord, OptimizeError, OptimizeOptions, SearchRecord, timed,
};
use crate::bounds::{Crown, NeuronBounds, Propagator, summarize};
use crate::control::{Clock, Observer, Progress, StoppedBy};
use crate::num::sample::UniformPoints;
use crate::problem::{Candidate, OBJECTIVE, Part, Problem};
use crate::proof::Tree;
use crate::search::{
    BoxTrace, Boxes, Effort, Goal, Listener, Target, Threads, Trace, TreeTrace, traced_least,
};
use crate::tighten::{TightenError, limited};

/// Why a problem has no point, where a search has proven that.
pub const NO_POINT: &str =
    "no point meets the constraints, which a search over all of the box proves";

/// Parts before the first descent from another point, and between two of them at most; each
/// takes as long as some dozens of parts.
const FIRST_START: u64 = 250;
const NEXT_START: u64 = 4000;

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
    /// Multiplications, as estimated.
    pub work: f64,
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

/// Who hears of the parts of a search.
pub enum Witness<'a, 'b> {
    /// Hears of their boxes.
    Boxes(&'a mut Listener<'b>),
    /// Grows a tree of proofs.
    Tree(&'a mut Tree),
}

/// Who is beside a search.
pub struct Beside<'a, 'b> {
    /// What is tried where it takes long.
    pub aside: &'a mut dyn Aside,
    /// Who hears of its parts.
    pub witness: Option<Witness<'a, 'b>>,
}

impl<'a> Beside<'a, '_> {
    /// Something that is tried, and nobody else.
    pub fn only(aside: &'a mut dyn Aside) -> Self {
        Self { aside, witness: None }
    }
}

/// Points as good as the gap asks for.
struct Sought<'a, 'b> {
    problem: &'a Problem,
    best: Best<'a>,
    gap: Gap,
    /// The way from a point to a local optimum, if there is one.
    regions: Option<Regions<'b>>,
    clock: Clock,
    /// Where other descents start.
    starts: UniformPoints<'b>,
    /// The number of parts at the next one.
    next_start: u64,
    aside: &'b mut dyn Aside,
}

impl Sought<'_, '_> {
    /// Leads the best point on to a local optimum.
    fn descend(&mut self) {
        let (Some(regions), Some(best)) = (&self.regions, self.best.target()) else { return };
        let better = regions.descend_soon(best, &self.clock);
        better.into_iter().for_each(|point| self.best.offer(point));
    }

    fn cost(&self) -> f64 {
        self.best.target().map_or(f64::INFINITY, |best| best.cost)
    }
}

impl Goal for Sought<'_, '_> {
    fn explore(&mut self, nodes: u64) {
        if nodes < self.next_start {
            return;
        }
        self.next_start = nodes + nodes.min(NEXT_START);
        let Some(regions) = &self.regions else { return };
        let start = self.starts.next().and_then(|point| self.problem.nearest_input(&point));
        let Some(start) = start.map(|input| self.problem.evaluate(input)) else { return };
        let found = regions.descend_soon(&start, &self.clock);
        found.into_iter().for_each(|point| self.best.offer(point));
    }

    fn is_settled(&mut self, progress: &Progress, observer: &mut dyn Observer) -> bool {
        self.aside.settles(self.best.target(), progress, observer)
    }

    fn offer(&mut self, point: &[f64]) {
        let Some(input) = self.problem.nearest_input(point) else { return };
        let before = self.cost();
        self.best.offer(self.problem.evaluate(input));
        if self.cost() < before {
            self.descend();
        }
    }

    fn target(&self) -> Target {
        let best = self.cost();
        let enough = if best.is_finite() { best - self.gap.at(best) } else { f64::INFINITY };
        Target { best, enough }
    }
}

/// Proves what it can of `problem`, given bounds of its neurons and perhaps a point; with
/// somebody perhaps who hears of the parts.
pub fn prove<'a>(
    problem: &'a Problem,
    bounds: &NeuronBounds,
    known: Best<'a>,
    gap: Gap,
    effort: &Effort,
    Beside { aside, witness }: Beside<'_, '_>,
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
        work: 0.0,
    };
    let Some(whole) = problem.whole() else { return nothing(known) };
    let Ok(bounds) = limited(problem, whole, bounds.clone()) else { return nothing(known) };
    let boxes = Boxes::new(problem, whole, &bounds, effort.clock).traced(witness.is_some());
    let mut trace = witness.map(|witness| -> Box<dyn Trace<_> + '_> {
        match witness {
            Witness::Boxes(listener) => Box::new(BoxTrace::new(&boxes, listener)),
            Witness::Tree(tree) => Box::new(TreeTrace::new(tree)),
        }
    });
    let trace = trace.as_mut().map(|trace| &mut **trace as &mut dyn Trace<_>);
    let regions = Regions::new(problem, whole, &bounds);
    let mut sought = Sought {
        problem,
        best: known,
        gap,
        regions,
        clock: effort.clock,
        starts: UniformPoints::new(&whole.domain, 0),
        next_start: FIRST_START,
        aside,
    };
    sought.descend();
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
        work: found.work,
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
    let after = format!("{} parts, {:.3e} multiplications", proven.nodes, proven.work);
    match proven.bound.map(|bound| problem.sense().signed(bound)) {
        Some(bound) => tracing::info!("search: bound {bound} after {after}"),
        None => tracing::info!("search: no bound after {after}"),
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
