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

use std::time::{Duration, Instant};

use serde::Serialize;
use thiserror::Error;

use crate::bounds::{BoundsError, Crown, NeuronBounds, PROPAGATORS, Propagator, node_range};
use crate::encode::{EncodeError, Encoder, Triangle};
use crate::network::Node;
use crate::num::IntervalBox;
use crate::problem::Problem;
use crate::solve::SolveError;

use layer::Target;
use pool::Pool;

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
    /// Seed of the points that the forward passes start from. Default 0.
    pub seed: u32,
}

impl Default for TightenOptions {
    fn default() -> Self {
        Self { time_limit: None, threads: 1, slack: 0.01, seed: 0 }
    }
}

/// What happened to the sides (two a neuron) of one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct TightenCounts {
    /// Number of the layer, from 1.
    pub layer: usize,
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
    /// Linear programs solved to the end.
    pub solved: usize,
    /// Linear programs that gave no bound.
    pub failed: usize,
    /// Simplex iterations.
    pub lp_iterations: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// Tightened bounds, and what they cost.
#[derive(Clone, Debug)]
pub struct Tightened {
    /// Bounds of every node; where the problem has conditions on inputs, over the
    /// points that satisfy them.
    pub bounds: NeuronBounds,
    /// One entry a layer of activations, in order.
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
    /// Linear programs over the triangle relaxation.
    LinearPrograms,
}

impl Tightening {
    /// All methods, from the weakest to the strongest.
    pub fn all() -> Vec<Self> {
        let propagations = PROPAGATORS.iter().map(|&p| Self::Propagation(p));
        propagations.chain([Self::LinearPrograms]).collect()
    }

    /// Name on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Propagation(propagator) => propagator.name(),
            Self::LinearPrograms => "lp",
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
            Self::LinearPrograms => tighten(problem, domain, options),
        }
    }
}

/// Tightens the bounds of every neuron whose phase CROWN leaves open, by linear
/// programs.
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
    options: &TightenOptions,
) -> Result<Tightened, TightenError> {
    let started = Instant::now();
    let graph = problem.graph();
    let first = Crown.propagate(graph, domain)?;
    let deadline = options.time_limit.map(|limit| started + limit);
    let mut pool = Pool::new(problem, domain, options.seed);
    let mut encoder = Encoder::new(problem);
    let mut boxes: Vec<IntervalBox> = Vec::new();
    let mut counts = Vec::new();
    let layers: Vec<_> = graph.activation_layers().collect();
    for (id, node) in graph.nodes() {
        let range = node_range(id, node, &boxes, domain)?.intersection(first.of(id));
        boxes.push(range.clone());
        encoder.add(range, &Triangle)?;
        for (position, layer) in layers.iter().enumerate() {
            if layer.pre_activation != id {
                continue;
            }
            let started = Instant::now();
            let mut count = TightenCounts {
                layer: position + 1,
                sides: 2 * graph.size(id),
                ..Default::default()
            };
            let exact = first_layer(problem, node);
            let target = Target { node: id, layer: *layer, exact };
            let tightened = layer::tighten(
                &encoder,
                &boxes[id.index()],
                target,
                &mut pool,
                options,
                deadline,
                &mut count,
            )?;
            boxes[id.index()] = tightened;
            encoder.narrow(id, &boxes[id.index()]);
            count.seconds = started.elapsed().as_secs_f64();
            counts.push(count);
        }
    }
    Ok(Tightened { bounds: NeuronBounds::new(boxes), layers: counts })
}

/// Whether interval bounds are exact: affine in the inputs of a box.
fn first_layer(problem: &Problem, node: &Node) -> bool {
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
