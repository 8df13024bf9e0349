//! A network and where its regions are counted, by whichever method.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use super::path::Path;
use super::pieces::{Collector, Merged, bytes_of_a_cell, merge};
use super::plan::{self, Plan, Wanted};
use super::polygon::Polygons;
use super::polytope::Polytopes;
use super::upper::{layer_shapes, serra};
use super::walk::Walk;
use super::workers::Shared;
use super::{Cell, Leaf, Method, RegionCount, RegionError, RegionOptions, Sink, exact};
use crate::bounds::{Crown, NeuronBounds, Propagator};
use crate::control::Clock;
use crate::network::ReluGraph;
use crate::num::IntervalBox;
use crate::problem::{Constraint, Problem};

/// A network and where its regions are counted.
pub struct Domain<'a> {
    graph: &'a ReluGraph,
    domain: &'a IntervalBox,
    /// Rows that are not negative where the constraints hold.
    constraints: Vec<Vec<exact::Number>>,
    bounds: NeuronBounds,
    /// Started before the bounds.
    pub clock: Clock,
}

impl<'a> Domain<'a> {
    pub fn new(
        graph: &'a ReluGraph,
        domain: &'a IntervalBox,
        constraints: &'a [Constraint],
        options: &RegionOptions,
    ) -> Result<Self, RegionError> {
        let clock = Clock::start(&options.limits);
        let bounds = Crown.propagate_within(graph, domain, &clock)?;
        Ok(Self { graph, domain, constraints: plan::rows(constraints, domain), bounds, clock })
    }

    pub fn of(problem: &'a Problem, options: &RegionOptions) -> Result<Self, RegionError> {
        plan::check(problem)?;
        tracing::info!("regions: of the box, method {}", options.method.name());
        Self::new(problem.graph(), problem.domain(), problem.constraints(), options)
    }

    /// What the workers of a walk share.
    pub fn shared(&self, options: &RegionOptions) -> Shared {
        Shared::new(options, self.clock, 0)
    }

    pub fn count(&self, options: &RegionOptions) -> Result<RegionCount, RegionError> {
        match options.method {
            Method::Bounds | Method::Sample => Ok(self.bounded(Method::Bounds)),
            _ if options.pieces => self.count_pieces(options),
            _ => self.walk(&self.plan(None), &self.shared(options), options, || Counter),
        }
    }

    /// What is known without a walk.
    pub fn bounded(&self, method: Method) -> RegionCount {
        let inputs = self.domain.varying().count();
        RegionCount {
            patterns: None,
            pieces: None,
            maps: None,
            at_least: u64::from(self.constraints.is_empty()),
            at_most: serra(inputs, &layer_shapes(self.graph, Some(&self.bounds))),
            estimate: None,
            exact: false,
            method: method.name(),
            stopped_by: None,
        }
    }

    /// All outputs, as what a plan wants.
    pub fn outputs(&self) -> Wanted<'static> {
        Some((self.graph.output(), &[]))
    }

    pub fn plan(&self, wanted: Wanted<'_>) -> Plan {
        Plan::new(self.graph, self.domain, &self.constraints, &self.bounds, wanted)
    }

    fn count_pieces(&self, options: &RegionOptions) -> Result<RegionCount, RegionError> {
        let plan = self.plan(self.outputs());
        let shared = Shared::new(options, self.clock, bytes_of_a_cell(&plan));
        let patterns = Mutex::new(Vec::new());
        let found = self.walk(&plan, &shared, options, || Collector::new(&patterns))?;
        if found.patterns.is_none() {
            return Ok(found);
        }
        let patterns = patterns.into_inner().unwrap_or_else(PoisonError::into_inner);
        tracing::info!("regions: merges {} with the same affine map", patterns.len());
        Ok(match merge(&plan, &patterns, shared.worker()) {
            Some(Merged { pieces, maps }) => {
                RegionCount { pieces: Some(pieces), maps: Some(maps), ..found }
            }
            None => RegionCount { stopped_by: shared.stopped_by(), ..found },
        })
    }

    pub fn walk<S: Sink>(
        &self,
        plan: &Plan,
        shared: &Shared,
        options: &RegionOptions,
        sink: impl Fn() -> S + Sync,
    ) -> Result<RegionCount, RegionError> {
        let method = match (options.method, plan.dimension()) {
            (Method::Planar, 2) | (Method::Auto, 2) => Method::Planar,
            (Method::Planar, inputs) => return Err(RegionError::NotPlanar { inputs }),
            _ => Method::Enumerate,
        };
        let cuts = plan.stages.iter().map(|stage| 2 * stage.neurons.len()).sum();
        let found = shared.run(options.threads, cuts, |worker| match method {
            Method::Planar => Walk::<_, Polygons>::new(plan, worker, &mut sink()).run(),
            _ => Walk::<_, Polytopes>::new(plan, worker, &mut sink()).run(),
        });
        found.ok_or(RegionError::NoInterior)?;
        let (found, stopped_by) = (shared.count(), shared.stopped_by());
        let known = self.bounded(method);
        // A walk that is stopped early may not have come to the first cell.
        let at_least = found.max(known.at_least);
        let known = RegionCount { at_least, stopped_by, ..known };
        Ok(match stopped_by {
            Some(_) => known,
            None => {
                RegionCount { patterns: Some(found), at_most: found as f64, exact: true, ..known }
            }
        })
    }
}

/// Cells are counted and forgotten.
struct Counter;

impl Sink for Counter {
    const COUNT: bool = true;

    fn take(&mut self, _: &Path, _: &mut dyn Leaf) -> bool {
        true
    }
}

/// Hands cells to a visitor.
pub struct Visiting<'a, F>(pub &'a Mutex<F>);

impl<F: FnMut(&Cell) -> ControlFlow<()>> Sink for Visiting<'_, F> {
    fn take(&mut self, path: &Path, leaf: &mut dyn Leaf) -> bool {
        let (weights, bias) = path.outputs();
        let point = path.plan.complete(&leaf.point());
        let vertices = leaf.vertices();
        let cell = Cell { pattern: path.pattern(), weights, bias, point, vertices };
        let mut visitor = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        visitor(&cell).is_continue()
    }
}
