//! Optimisation-based bound tightening: the range of each neuron over a
//! relaxation of the layers before it.
//!
//! Layers forward. For each neuron whose phase is still open, the linear program
//! over the triangle relaxation (bounds of the columns the best at hand, the
//! problem's conditions on inputs among the rows) gives its largest and least
//! pre-activation. A bound is never the solver's figure but the dual bound
//! re-derived from its multipliers ([`crate::milp::dual_bound`]).
//!
//! Progressive, so that few programs are solved: stable neurons are skipped; a
//! neuron whose upper bound falls to 0 needs no lower one; a side that a true
//! forward pass almost attains cannot gain. Source: Tjeng, Xiao, Tedrake,
//! "Evaluating robustness of neural networks with mixed integer programming"
//! (2019); Plate et al. (2025), eq. (8).

mod layer;
mod pool;
mod record;

use std::time::{Duration, Instant};

use serde::Serialize;
use thiserror::Error;

use crate::bounds::{AlphaCrown, BoundsError, NeuronBounds, PROPAGATORS, Propagator, node_range};
use crate::encode::{BigM, EncodeError, Encoder, ReluEncoding, Triangle};
use crate::network::{ActivationLayer, Node, NodeId, ReluGraph};
use crate::num::IntervalBox;
use crate::problem::Problem;
use crate::solve::SolveError;

use layer::{Settings, Target};
use pool::Pool;
pub use record::{BoundsRecord, LayerBounds, OutputBounds};

/// Settings of the tightening.
#[derive(Clone, Debug, PartialEq)]
pub struct TightenOptions {
    /// Time for all layers together. Running out of it is no error. Default: no
    /// limit.
    pub time_limit: Option<Duration>,
    /// Worker threads. The bounds do not depend on their number. Default 1.
    pub threads: usize,
    /// A side is left alone if a forward pass comes this close to it, as a share
    /// of the neuron's range. Default 0.01.
    pub slack: f64,
    /// Time for one mixed-integer program. Default 5 s.
    pub neuron_time: Duration,
    /// Seed of the points that the forward passes start from. Default 0.
    pub seed: u32,
}

impl Default for TightenOptions {
    fn default() -> Self {
        Self {
            time_limit: None,
            threads: 1,
            slack: 0.01,
            neuron_time: Duration::from_secs(5),
            seed: 0,
        }
    }
}

/// Kind of programs that bound a neuron.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Linear programs over the triangle relaxation.
    #[default]
    Linear,
    /// Mixed-integer programs: the network as it is.
    MixedInteger,
}

/// What happened to the sides (two a neuron) of one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct TightenCounts {
    /// Number of the layer, from 1; one more than there are for the output.
    pub layer: usize,
    /// Kind of programs.
    pub method: Method,
    /// Sides of all its neurons.
    pub sides: usize,
    /// Not asked because the phase was proven before, or by the other side.
    pub skipped_stable: usize,
    /// Not asked because a forward pass almost attains the bound.
    pub skipped_attained: usize,
    /// Not asked because interval bounds are exact in a first layer.
    pub skipped_exact: usize,
    /// Not asked because the time was over.
    pub skipped_time: usize,
    /// Programs solved to the end.
    pub solved: usize,
    /// Programs that were not.
    pub failed: usize,
    /// Simplex iterations.
    pub lp_iterations: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
}

impl TightenCounts {
    fn new(method: Method) -> Self {
        Self { method, ..Self::default() }
    }

    fn add(&mut self, other: &Self) {
        self.skipped_stable += other.skipped_stable;
        self.skipped_time += other.skipped_time;
        self.solved += other.solved;
        self.failed += other.failed;
        self.lp_iterations += other.lp_iterations;
    }
}

/// Tightened bounds, and what they cost.
#[derive(Clone, Debug)]
pub struct Tightened {
    /// Bounds of every node; where the problem has conditions on inputs, over the
    /// points that satisfy them.
    pub bounds: NeuronBounds,
    /// One entry a layer and kind of programs, in order; the output comes last.
    pub layers: Vec<TightenCounts>,
}

/// Why there are no tightened bounds.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum TightenError {
    /// No bounds to start from.
    #[error(transparent)]
    Bounds(#[from] BoundsError),
    /// The relaxation cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The relaxation cannot be solved.
    #[error(transparent)]
    Solve(#[from] SolveError),
}

/// A method that bounds every neuron: one of the propagations, or tightening.
#[derive(Clone, Copy, Debug)]
pub enum Tightening {
    /// Propagation through the network, without a solver.
    Propagation(&'static dyn Propagator),
    /// Linear programs over the triangle relaxation, after α-CROWN.
    LinearPrograms,
    /// Mixed-integer programs, after the linear ones.
    MixedIntegerPrograms,
}

impl Tightening {
    /// All methods, from the weakest to the strongest.
    pub fn all() -> Vec<Self> {
        let propagations = PROPAGATORS.iter().map(|&p| Self::Propagation(p));
        propagations.chain([Self::LinearPrograms, Self::MixedIntegerPrograms]).collect()
    }

    /// Name on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Propagation(propagator) => propagator.name(),
            Self::LinearPrograms => "lp",
            Self::MixedIntegerPrograms => "milp",
        }
    }

    /// Bounds of every neuron over `domain`.
    ///
    /// # Errors
    /// [`TightenError`].
    ///
    /// # Panics
    /// If the domain does not have one interval an input.
    pub fn bounds(
        self,
        problem: &Problem,
        domain: &IntervalBox,
        options: &TightenOptions,
    ) -> Result<Tightened, TightenError> {
        match self {
            Self::Propagation(propagator) => {
                let bounds = propagator.propagate(problem.graph(), domain)?;
                Ok(Tightened { bounds, layers: Vec::new() })
            }
            Self::LinearPrograms => tighten(problem, domain, &[Method::Linear], options),
            Self::MixedIntegerPrograms => {
                tighten(problem, domain, &[Method::Linear, Method::MixedInteger], options)
            }
        }
    }
}

/// Tightens the bounds of every neuron whose phase α-CROWN leaves open, and of the
/// outputs, by programs of the given kinds, one after the other.
///
/// # Errors
/// [`TightenError`]. A single program that fails, or the end of the time, only
/// leaves bounds as they were.
///
/// # Panics
/// If the domain does not have one interval an input.
pub fn tighten(
    problem: &Problem,
    domain: &IntervalBox,
    methods: &[Method],
    options: &TightenOptions,
) -> Result<Tightened, TightenError> {
    let deadline = options.time_limit.map(|limit| Instant::now() + limit);
    let graph = problem.graph();
    let first = AlphaCrown.propagate(graph, domain)?;
    let mut pool = Pool::new(problem, domain, options.seed);
    let mut encoders: Vec<Encoder> = methods.iter().map(|_| Encoder::new(problem)).collect();
    let mut boxes: Vec<IntervalBox> = Vec::new();
    let mut counts = Vec::new();
    for (id, node) in graph.nodes() {
        let mut bounds = node_range(id, node, &boxes, domain)?.intersection(first.of(id));
        for (encoder, &method) in encoders.iter_mut().zip(methods) {
            encoder.add(bounds.clone(), encoding(method))?;
        }
        let exact = is_exact(problem, node);
        for (number, layer) in targets(graph, id) {
            for (encoder, &method) in encoders.iter().zip(methods) {
                let target = Target { node: id, layer, exact };
                let settings = Settings { options, method, deadline };
                let (narrowed, count) =
                    layer::tighten(encoder, &bounds, target, &mut pool, settings)?;
                bounds = narrowed;
                counts.push(TightenCounts { layer: number, ..count });
            }
        }
        encoders.iter_mut().for_each(|encoder| encoder.narrow(id, &bounds));
        boxes.push(bounds);
    }
    Ok(Tightened { bounds: NeuronBounds::new(boxes), layers: counts })
}

fn encoding(method: Method) -> &'static dyn ReluEncoding {
    match method {
        Method::Linear => &Triangle,
        Method::MixedInteger => &BigM,
    }
}

/// The layers that read a node as their pre-activation, with their numbers, and
/// `None` if it is the output.
fn targets(graph: &ReluGraph, id: NodeId) -> Vec<(usize, Option<ActivationLayer<'_>>)> {
    let layers: Vec<ActivationLayer> = graph.activation_layers().collect();
    let readers = layers.iter().enumerate().filter(|(_, layer)| layer.pre_activation == id);
    let mut targets: Vec<_> = readers.map(|(k, layer)| (k + 1, Some(*layer))).collect();
    if id == graph.output() && matches!(graph.node(id), Node::Affine(_)) {
        targets.push((layers.len() + 1, None));
    }
    targets
}

/// Whether interval bounds are exact: affine in the inputs of a box.
fn is_exact(problem: &Problem, node: &Node) -> bool {
    let only_inputs = match node {
        Node::Input { .. } => true,
        Node::Affine(affine) => {
            affine.terms.len() == 1
                && affine.terms.iter().all(|(input, _)| *input == problem.graph().input())
        }
        Node::Relu { .. } | Node::Clip { .. } => false,
    };
    only_inputs && problem.constraints().iter().all(|c| c.expression().has_outputs())
}
