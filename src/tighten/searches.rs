//! Neurons by Taut's own search: the least value of each is a question about the network up to
//! its layer, or about all of it where constraints on outputs take part.
//!
//! A search comes to within a share of the neuron's range of a value that a point attains
//! ([`TightenOptions::slack`](super::TightenOptions)). What it says is proven whatever that point
//! is worth and whenever the search ends: every plane below a neuron is rounded outward, and a
//! part of the box is left out only by its bound.

use ndarray::{Array1, Array2, Axis};

use super::layer::{Ask, Settings, Task};
use super::workers::{Found, Way, workers};
use super::{TightenError, limited};
use crate::bounds::{BoundsError, NeuronBounds, node_range};
use crate::control::Silent;
use crate::network::{NodeId, ReluGraph};
use crate::num::IntervalBox;
use crate::problem::{Neurons, Part, Problem};
use crate::search::{Boxes, Effort, Goal, Tape, Target, Threads, least};
use crate::solve::SolveError;

/// Bytes of open parts of one search, of which each thread has one.
const MEMORY: usize = 1 << 27;

/// No gap is narrower than this multiple of what rounding does to a forward pass: a bound is made
/// of several sums, each with the largest values of the whole box.
const ROUNDINGS: f64 = 8.0;

/// The searches of a layer.
pub struct Searches<'a> {
    neurons: Neurons,
    /// Bounds of the nodes of the neurons' graph.
    boxes: Vec<IntervalBox>,
    /// Those nodes, laid out once.
    tape: Tape,
    /// What rounding does to each neuron at most.
    rounding: Array1<f64>,
    settings: Settings<'a>,
    /// Threads of one search.
    threads: usize,
}

impl<'a> Searches<'a> {
    /// The searches for the neurons of a node, given bounds of the nodes up to it, or of all of
    /// them: then constraints on outputs take part.
    ///
    /// # Errors
    /// A bound overflows `f64`.
    pub fn new(
        problem: &Problem,
        part: &Part,
        boxes: &[IntervalBox],
        (node, tasks): (NodeId, &[Task]),
        settings: Settings<'a>,
    ) -> Result<Self, TightenError> {
        let with_outputs = boxes.len() > problem.rows().index();
        let domain = boxes[problem.graph().input().index()].clone();
        let neurons = Neurons::new(problem, part, node, domain, with_outputs);
        let graph = neurons.graph();
        // The rows of the problem are none of the neurons' graph.
        let mut boxes = boxes[..boxes.len().min(problem.rows().index())].to_vec();
        for (id, node) in graph.nodes().skip(boxes.len()) {
            boxes.push(node_range(id, node, &boxes, &boxes[0])?);
        }
        let bounds = NeuronBounds::new(boxes.clone());
        let tape = Tape::new(graph, &bounds);
        let rounding = graph.rounding_errors(&largest(graph, &bounds), node);
        let threads = settings.options.threads;
        let threads = threads / workers::<Self>(tasks.len(), threads);
        Ok(Self { neurons, boxes, tape, rounding, settings, threads })
    }

    /// How close a bound has to come to a value that is attained.
    fn gap(&self, task: &Task) -> f64 {
        let Settings { options, method, .. } = self.settings;
        let rounding = ROUNDINGS * self.rounding[task.index];
        task.share(options.slack_of(method)).max(rounding)
    }

    /// Bounds for a question about a neuron, over all of its box.
    fn bounds(&self, question: &Problem, whole: &Part) -> Result<NeuronBounds, BoundsError> {
        let graph = question.graph();
        let mut boxes = self.boxes.clone();
        for (id, node) in graph.nodes().skip(self.boxes.len()) {
            boxes.push(node_range(id, node, &boxes, &whole.domain)?);
        }
        let bounds = NeuronBounds::new(boxes).with(graph.input(), whole.domain.clone());
        limited(question, whole, bounds)
    }
}

/// The largest magnitude of each neuron, one row a node.
fn largest(graph: &ReluGraph, bounds: &NeuronBounds) -> Vec<Array2<f64>> {
    let of_node = |(id, _): (NodeId, _)| {
        let ends = bounds.of(id).lower().iter().zip(bounds.of(id).upper());
        let largest: Array1<f64> = ends.map(|(l, u)| l.abs().max(u.abs())).collect();
        largest.insert_axis(Axis(0))
    };
    graph.nodes().map(of_node).collect()
}

impl Way for Searches<'_> {
    type Worker = ();

    const BATCH: usize = 1;

    fn worker(&self) -> Result<(), SolveError> {
        Ok(())
    }

    fn begin(&self, (): &mut ()) -> Result<(), SolveError> {
        Ok(())
    }

    fn bound(
        &self,
        (): &mut (),
        task: &Task,
        ask: Ask,
        found: &mut Found,
    ) -> Result<Option<f64>, SolveError> {
        let Settings { options, clock, .. } = self.settings;
        let question = self.neurons.least(task.index, ask.side.sign());
        let bounds = question.whole().map(|whole| (whole, self.bounds(&question, whole)));
        let (whole, bounds) = match bounds {
            Some((whole, Ok(bounds))) => (whole, bounds),
            Some((_, Err(BoundsError::Overflow { .. }))) => {
                found.counts.failed += 1;
                return Ok(None);
            }
            // No whole number, or no row within its limit.
            None | Some((_, Err(BoundsError::Empty { .. }))) => {
                found.counts.solved += 1;
                found.is_empty = true;
                return Ok(None);
            }
        };
        let mut sought = Sought {
            question: &question,
            best: task.attained(ask.side),
            point: None,
            gap: self.gap(task),
            phase: ask.enough.map(|value| ask.side.sign() * value),
        };
        let effort = Effort {
            clock: clock.within(options.neuron_time),
            nodes: options.limits.nodes.unwrap_or(u64::MAX),
            memory: Some(options.limits.memory.unwrap_or(MEMORY)),
            work: f64::INFINITY,
            threads: self.threads,
        };
        let boxes = Boxes::on(&self.tape, &question, whole, &bounds, effort.clock);
        let roots = boxes.root(sought.target());
        let mut space = Threads::new(&boxes, self.threads);
        let Ok(shown) = least(&mut space, roots, &mut sought, &effort, &mut Silent);
        found.counts.nodes += shown.nodes;
        found.counts.lp_iterations += shown.iterations;
        match shown.stopped_by {
            None => found.counts.solved += 1,
            Some(_) if clock.is_stopped() => found.counts.skipped_time += 1,
            Some(_) => found.counts.failed += 1,
        }
        found.points.extend(sought.point);
        found.is_empty |= shown.least == f64::INFINITY;
        Ok(Some(shown.least).filter(|least| least.is_finite()))
    }
}

/// The least value of a question about a neuron.
struct Sought<'a> {
    question: &'a Problem,
    /// The least value that a point attains; infinite where none is known.
    best: f64,
    /// That point, unless it was known before.
    point: Option<Vec<f64>>,
    /// How close a bound has to come.
    gap: f64,
    /// The value that a phase starts at, where that is all there is to know.
    phase: Option<f64>,
}

impl Goal for Sought<'_> {
    fn offer(&mut self, point: &[f64]) {
        let Some(input) = self.question.nearest_input(point) else { return };
        let candidate = self.question.evaluate_canonical(input);
        if candidate.feasible && candidate.cost < self.best {
            self.best = candidate.cost;
            self.point = Some(candidate.input);
        }
    }

    fn target(&self) -> Target {
        let close = self.best - self.gap;
        let enough = match self.phase {
            // The phase is not there.
            Some(phase) if self.best < phase => f64::NEG_INFINITY,
            // Where the neuron only touches the kink, halving does not end.
            Some(phase) => phase.min(close),
            None => close,
        };
        Target { best: self.best, enough }
    }
}
