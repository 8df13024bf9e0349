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

mod count;
mod descent;
mod exact;
mod exact_forms;
mod exact_program;
mod facet;
mod list;
mod options;
mod path;
mod pieces;
mod plan;
mod polygon;
mod polytope;
mod sample;
pub(crate) mod simplex;
mod slice;
mod stability;
mod upper;
mod walk;
mod workers;

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use ndarray::{Array1, Array2};
use serde::Serialize;
use thiserror::Error;

use crate::bounds::BoundsError;
use crate::control::StoppedBy;
use crate::network::{Phase, ReluGraph};
use crate::num::IntervalBox;
use crate::problem::{Candidate, OBJECTIVE, Problem};
use count::{Domain, Visiting};
use descent::{Best, Descent};
pub use list::CellFile;
pub use options::{Method, RegionOptions};
use path::{Errors, Path};
pub use sample::{ChordSample, PatternSample, sample_chords, sample_patterns};
pub use slice::slice;
pub use stability::LayerStability;
use stability::{Phases, layers};
pub use upper::{LayerShape, layer_shapes, montufar, serra};

/// What is done with cells.
trait Sink {
    /// Whether cells need only be counted.
    const COUNT: bool = false;

    /// Takes a cell and the path to it, with the forms of the outputs. Whether the walk
    /// goes on.
    fn take(&mut self, path: &Path, leaf: &mut dyn Leaf) -> bool;
}

/// A cell that a walk has come to, in the free inputs.
trait Leaf {
    /// A point inside, up to rounding.
    fn point(&mut self) -> Vec<f64>;

    /// In the plane: the vertices, counter-clockwise.
    fn vertices(&self) -> Option<Vec<[f64; 2]>> {
        None
    }

    /// `None` if a form is certainly not positive anywhere in the cell, else the point
    /// where it seems largest.
    fn positive(&mut self, form: &[f64], errors: Errors) -> Option<Vec<f64>>;
}

/// How many regions there are.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
        "the constraint \"{constraint}\" is not linear in inputs alone; linear regions are counted under such constraints only"
    )]
    OutputConstraint {
        /// The constraint.
        constraint: String,
    },
    /// An integer input.
    #[error(
        "input {input} is integer; linear regions are counted over inputs that are real numbers"
    )]
    Integer {
        /// Its name.
        input: String,
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
    /// A point inside, one number per input, up to rounding.
    pub point: Vec<f64>,
    /// With two free inputs: the vertices in these, counter-clockwise, up to
    /// rounding.
    pub vertices: Option<Vec<[f64; 2]>>,
}

impl Cell {
    /// The outputs at a point of the cell, by its affine map.
    pub fn outputs(&self, input: &[f64]) -> Vec<f64> {
        let row = |(row, bias): (ndarray::ArrayView1<f64>, &f64)| {
            bias + row.iter().zip(input).map(|(w, x)| w * x).sum::<f64>()
        };
        self.weights.outer_iter().zip(&self.bias).map(row).collect()
    }

    /// With two free inputs: the vertices as inputs of the network, counter-clockwise;
    /// `domain` is that of the problem.
    pub fn corners<'a>(&'a self, domain: &'a IntervalBox) -> impl Iterator<Item = Vec<f64>> + 'a {
        let free: Vec<usize> = domain.varying().collect();
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
    let domain = Domain::of(problem, options)?;
    if options.method != Method::Sample {
        return domain.count(options);
    }
    tracing::info!("regions: patterns of random points");
    let sample = sample_patterns(problem, options.samples, options.seed, &domain.clock)?;
    let is_whole = sample.points_drawn == options.samples;
    Ok(RegionCount {
        at_least: sample.patterns,
        estimate: Some(sample.chao1),
        stopped_by: domain.clock.stopped().filter(|_| !is_whole),
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
    let domain = Domain::of(problem, options)?;
    let plan = domain.plan(None);
    let seen = Mutex::new(Vec::new());
    let options = exactly(options);
    let sink = || Phases::new(&plan, &seen);
    let found = domain.walk(&plan, &domain.shared(&options), &options, sink)?;
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
    /// No point of the regions that were seen has a lower cost ([`Candidate::cost`]).
    pub bound: f64,
}

/// Seeks the best value of the problem's objective in every linear region, on one thread.
///
/// # Errors
/// [`RegionError`].
pub fn optimum(problem: &Problem, options: &RegionOptions) -> Result<RegionOptimum, RegionError> {
    let domain = Domain::of(problem, options)?;
    let options = RegionOptions { threads: 1, ..exactly(options) };
    let best = Mutex::new(Best { point: None, error: 0.0, size: 0.0, bound: None });
    let sink = || Descent::new(problem, &best);
    let plan = domain.plan(Some((problem.rows(), &[OBJECTIVE])));
    let count = domain.walk(&plan, &domain.shared(&options), &options, sink)?;
    let Best { point, error, bound, .. } =
        best.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(RegionOptimum { count, point, error, bound: bound.unwrap_or(f64::NEG_INFINITY) })
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
    Domain::new(graph, domain, &[], options)?.count(options)
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
    let domain = Domain::of(problem, options)?;
    let options = RegionOptions { threads: 1, ..exactly(options) };
    let visitor = Mutex::new(visitor);
    let sink = || Visiting(&visitor);
    domain.walk(&domain.plan(domain.outputs()), &domain.shared(&options), &options, sink)
}
