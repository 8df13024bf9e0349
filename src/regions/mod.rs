//! The linear regions of a network in a domain, counted exactly.
//!
//! On each *cell*, the inputs of one activation pattern, the network is affine.
//! [`count`] counts the patterns whose cell is full-dimensional in the domain:
//! it has inner points relative to the box (inputs whose interval is a single
//! number are constants) cut by the problem's constraints on inputs. A neuron
//! that is 0 on all of a cell is inactive there, so patterns that occur on
//! boundaries only are not counted. A clipped ReLU has three phases.
//!
//! Counts are exact: floating point decides only where a proven error bound
//! permits, exact arithmetic everywhere else.

mod descent;
mod enumerate;
mod exact;
mod exact_program;
mod facet;
mod list;
mod options;
mod path;
mod pieces;
mod plan;
mod planar;
mod sample;
mod simplex;
mod slice;
mod stability;
mod upper;
mod walk;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use ndarray::{Array1, Array2};
use serde::Serialize;
use thiserror::Error;

use crate::bounds::{BoundsError, Crown, NeuronBounds, Propagator};
use crate::control::{Clock, StoppedBy};
use crate::network::{Phase, ReluGraph};
use crate::num::IntervalBox;
use crate::problem::{Candidate, Constraint, Expression, Problem, Sense, Variable};
use descent::{Best, Descent};
use enumerate::Enumerate;
pub use list::CellFile;
pub use options::{Method, RegionOptions};
use path::Path;
use pieces::{Collector, Merged, merge};
use plan::Plan;
use planar::Planar;
pub use sample::{ChordSample, PatternSample, sample_chords, sample_patterns};
pub use slice::slice;
pub use stability::LayerStability;
use stability::{Phases, layers};
pub use upper::{LayerShape, layer_shapes, montufar, serra};
use walk::{Counter, Leaf, Shared, Sink};

/// How many regions there are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegionCount {
    /// Number of activation patterns with a full-dimensional cell; `None` where it
    /// is not known exactly.
    pub patterns: Option<u64>,
    /// Number of linear pieces: connected unions of cells that have the same affine map and
    /// share facets; `None` where it was not asked for or is not known exactly.
    pub pieces: Option<u64>,
    /// Number of distinct affine maps, likewise.
    pub maps: Option<u64>,
    /// There are at least so many patterns.
    pub at_least: u64,
    /// There are at most so many patterns, rounded up.
    pub at_most: f64,
    /// An estimate by [`Method::Sample`]; no bound.
    pub estimate: Option<f64>,
    /// Whether [`patterns`](Self::patterns) is known.
    pub exact: bool,
    /// Name of the method.
    pub method: &'static str,
    /// What ended the walk early.
    pub stopped_by: Option<StoppedBy>,
}

/// Why regions cannot be counted.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum RegionError {
    /// A constraint on outputs.
    #[error(
        "the constraint \"{constraint}\" is about outputs; linear regions are counted under constraints on inputs only"
    )]
    OutputConstraint {
        /// The constraint.
        constraint: String,
    },
    /// An integer input.
    #[error(
        "input x{index} is integer; linear regions are counted over inputs that are real numbers"
    )]
    Integer {
        /// Its index.
        index: usize,
    },
    /// The constraints leave no open set.
    #[error(
        "the constraints leave no point of the box, or only points on a hyperplane; expected a domain with inner points"
    )]
    NoInterior,
    /// [`Method::Planar`] for another number of inputs.
    #[error("the method \"planar\" is for 2 inputs whose intervals have a width; found: {inputs}")]
    NotPlanar {
        /// Inputs whose intervals have a width.
        inputs: usize,
    },
    /// Bounds overflow.
    #[error(transparent)]
    Bounds(#[from] BoundsError),
}

/// A cell: the inputs with one activation pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The phase of each neuron, layer by layer.
    pub pattern: Vec<Vec<Phase>>,
    /// `outputs × inputs`: the outputs in the cell are `weights · x + bias`, up to
    /// rounding. The column of an input whose interval is a single number is 0.
    pub weights: Array2<f64>,
    /// One an output.
    pub bias: Array1<f64>,
    /// A point inside, one number an input, up to rounding.
    pub point: Vec<f64>,
    /// With two free inputs: the vertices in these, counter-clockwise, up to
    /// rounding.
    pub vertices: Option<Vec<[f64; 2]>>,
}

impl Cell {
    /// The value of an expression of inputs and outputs at a point of the cell, by its
    /// affine map.
    pub fn value(&self, expression: &Expression, input: &[f64]) -> f64 {
        let terms = expression.terms().iter().map(|&(variable, coefficient)| {
            coefficient
                * match variable {
                    Variable::Input(index) => input[index],
                    Variable::Output(index) => {
                        let products = self.weights.row(index).into_iter().zip(input);
                        self.bias[index] + products.map(|(w, x)| w * x).sum::<f64>()
                    }
                }
        });
        expression.constant() + terms.sum::<f64>()
    }

    /// With two free inputs: the vertices as inputs of the network, counter-clockwise;
    /// `domain` is that of the problem.
    pub fn corners<'a>(&'a self, domain: &'a IntervalBox) -> impl Iterator<Item = Vec<f64>> + 'a {
        let free = plan::free_inputs(domain);
        self.vertices.iter().flatten().map(move |vertex| {
            let mut input = self.point.clone();
            for (&index, &coordinate) in free.iter().zip(vertex) {
                input[index] = coordinate;
            }
            input
        })
    }
}

/// Counts the linear regions of the problem's network in its domain.
///
/// # Errors
/// [`RegionError`].
pub fn count(problem: &Problem, options: &RegionOptions) -> Result<RegionCount, RegionError> {
    let domain = Domain::of(problem)?;
    if options.method != Method::Sample {
        return domain.count(options);
    }
    let clock = Clock::start(&options.limits);
    let sample = sample_patterns(problem, options.samples, options.seed, &clock)?;
    let is_whole = sample.points_drawn == options.samples;
    Ok(RegionCount {
        at_least: sample.patterns,
        estimate: Some(sample.chao1),
        stopped_by: clock.stopped().filter(|_| !is_whole),
        ..domain.bounded(Method::Sample)
    })
}

/// Counts the linear regions, and tells which neurons have one phase in all of them: `None`
/// where a limit ended the walk.
///
/// # Errors
/// [`RegionError`]; [`Method::Bounds`] and [`Method::Sample`] count nothing and are replaced
/// by [`Method::Auto`].
pub fn stability(
    problem: &Problem,
    options: &RegionOptions,
) -> Result<(RegionCount, Option<Vec<LayerStability>>), RegionError> {
    let domain = Domain::of(problem)?;
    let plan = domain.plan(false);
    let seen = Mutex::new(Vec::new());
    let options = exactly(options);
    let sink = || Phases::new(&plan, &seen);
    let found = domain.walk(&plan, &Shared::new(&options), &options, sink)?;
    let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    let layers = found.exact.then(|| layers(&plan, &seen));
    Ok((found, layers))
}

/// The best value over all linear regions.
#[derive(Clone, Debug, PartialEq)]
pub struct RegionOptimum {
    /// How many regions were seen, and what ended that early.
    pub count: RegionCount,
    /// The best point found, by a forward pass; `None` if none satisfies the constraints.
    pub point: Option<Candidate>,
    /// By how much its value differs from that of the affine map of its region.
    pub error: f64,
    /// No point of the regions that were seen is better.
    pub bound: f64,
}

/// Seeks the best value of the problem's objective in every linear region, on one thread.
///
/// # Errors
/// [`RegionError`].
pub fn optimum(problem: &Problem, options: &RegionOptions) -> Result<RegionOptimum, RegionError> {
    let domain = Domain::of(problem)?;
    let options = RegionOptions { threads: 1, ..exactly(options) };
    let best = Mutex::new(Best { point: None, error: 0.0, size: 0.0, bound: None });
    let sink = || Descent::new(problem, &best);
    let count = domain.walk(&domain.plan(true), &Shared::new(&options), &options, sink)?;
    let Best { point, error, bound, .. } =
        best.into_inner().unwrap_or_else(PoisonError::into_inner);
    let bound = bound.unwrap_or(match problem.sense() {
        Sense::Minimize => f64::NEG_INFINITY,
        Sense::Maximize => f64::INFINITY,
    });
    Ok(RegionOptimum { count, point, error, bound })
}

/// The same options with a method that visits cells.
fn exactly(options: &RegionOptions) -> RegionOptions {
    let method = match options.method {
        Method::Bounds | Method::Sample => Method::Auto,
        method => method,
    };
    RegionOptions { method, ..options.clone() }
}

/// Counts the linear regions of a network in canonical form over a box.
///
/// # Errors
/// [`RegionError`]; [`Method::Sample`] counts as [`Method::Bounds`].
pub fn count_graph(
    graph: &ReluGraph,
    domain: &IntervalBox,
    options: &RegionOptions,
) -> Result<RegionCount, RegionError> {
    Domain::new(graph, domain, &[])?.count(options)
}

/// Visits every cell once, in an order that depends on the problem only, on one
/// thread. It ends early where the visitor breaks.
///
/// # Errors
/// [`RegionError`]; [`Method::Bounds`] and [`Method::Sample`] visit nothing and are
/// replaced by [`Method::Auto`].
pub fn visit(
    problem: &Problem,
    options: &RegionOptions,
    visitor: &mut (dyn FnMut(&Cell) -> ControlFlow<()> + Send),
) -> Result<RegionCount, RegionError> {
    let options = RegionOptions { threads: 1, ..exactly(options) };
    let visitor = Mutex::new(visitor);
    let visitor = &visitor;
    let sink = || Visiting {
        visitor: |cell: &Cell| {
            let mut visitor = visitor.lock().unwrap_or_else(PoisonError::into_inner);
            visitor(cell)
        },
    };
    let domain = Domain::of(problem)?;
    domain.walk(&domain.plan(true), &Shared::new(&options), &options, sink)
}

/// A network and where its regions are counted.
struct Domain<'a> {
    graph: &'a ReluGraph,
    domain: &'a IntervalBox,
    /// Rows that are not negative where the constraints hold.
    constraints: Vec<Vec<exact::Number>>,
    bounds: NeuronBounds,
}

impl<'a> Domain<'a> {
    fn new(
        graph: &'a ReluGraph,
        domain: &'a IntervalBox,
        constraints: &'a [Constraint],
    ) -> Result<Self, RegionError> {
        let bounds = Crown.propagate(graph, domain)?;
        Ok(Self { graph, domain, constraints: plan::rows(constraints, domain), bounds })
    }

    fn of(problem: &'a Problem) -> Result<Self, RegionError> {
        plan::check(problem)?;
        Self::new(problem.graph(), problem.domain(), problem.constraints())
    }

    fn count(&self, options: &RegionOptions) -> Result<RegionCount, RegionError> {
        match options.method {
            Method::Bounds | Method::Sample => Ok(self.bounded(Method::Bounds)),
            _ if options.pieces => self.count_pieces(options),
            _ => self.walk(&self.plan(false), &Shared::new(options), options, || Counter),
        }
    }

    /// What is known without a walk.
    fn bounded(&self, method: Method) -> RegionCount {
        let inputs = plan::free_inputs(self.domain).len();
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

    fn plan(&self, with_outputs: bool) -> Plan {
        Plan::new(self.graph, self.domain, &self.constraints, &self.bounds, with_outputs)
    }

    fn count_pieces(&self, options: &RegionOptions) -> Result<RegionCount, RegionError> {
        let plan = self.plan(true);
        let shared = Shared::new(options);
        let patterns = Mutex::new(Vec::new());
        let found = self.walk(&plan, &shared, options, || Collector::new(&patterns))?;
        if found.patterns.is_none() {
            return Ok(found);
        }
        let patterns = patterns.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(match merge(&plan, &patterns, shared.worker()) {
            Some(Merged { pieces, maps }) => {
                RegionCount { pieces: Some(pieces), maps: Some(maps), ..found }
            }
            None => RegionCount { stopped_by: shared.stopped_by(), ..found },
        })
    }

    fn walk<S: Sink>(
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
        let is_flat = AtomicBool::new(false);
        let cuts = plan.stages.iter().map(|stage| 2 * stage.neurons.len()).sum();
        shared.run(options.threads, cuts, |worker| {
            let mut sink = sink();
            let found = match method {
                Method::Planar => Planar::new(plan, worker, &mut sink).run(),
                _ => Enumerate::new(plan, worker, &mut sink).run(),
            };
            if found.is_none() {
                is_flat.store(true, Ordering::Relaxed);
            }
        });
        if is_flat.load(Ordering::Relaxed) {
            return Err(RegionError::NoInterior);
        }
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

/// Hands cells to a visitor.
struct Visiting<F> {
    visitor: F,
}

impl<F: FnMut(&Cell) -> ControlFlow<()>> Sink for Visiting<F> {
    const COUNT: bool = false;

    fn take(&mut self, path: &Path, leaf: &mut dyn Leaf) -> bool {
        let (weights, bias) = path.outputs();
        let point = path.plan.complete(&leaf.point());
        let vertices = leaf.vertices();
        let cell = Cell { pattern: path.pattern(), weights, bias, point, vertices };
        (self.visitor)(&cell).is_continue()
    }
}
