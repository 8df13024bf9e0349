//! A-posteriori scaling: the same network with other units for its neurons.
//!
//! Give every neuron a factor `s > 0`; with `Dₖ = diag(s)` for layer `k`, the identity
//! for inputs and outputs,
//!
//! ```text
//! W̃ₖ = Dₖ Wₖ Dₖ₋₁⁻¹    b̃ₖ = Dₖ bₖ    c̃ₖ = Dₖ cₖ    ⇒    ãₖ = Dₖ aₖ    x̃ₖ = Dₖ xₖ    f̃ = f
//! ```
//!
//! for ReLUs and for clipped ReLUs with ceilings `c`. In a [`ReluGraph`] every affine
//! node but those of the outputs carries factors, one per neuron, and the activations
//! that read it have the same; where a convolution writes or reads it, one per channel
//! of the image, so that it stays a convolution ([`Channels`]).
//!
//! # What scaling cannot change
//!
//! Interval, CROWN and LP bounds are equivariant, `(L̃, Ũ) = s (L, U)`, and
//! `(x, z) ↦ (D x, z)` maps the feasible points of the mixed-integer program onto
//! those of the scaled one, and those of its relaxation likewise, without changing
//! the objective. So scaling changes no bound of the objective, no phase, no number of
//! linear regions, and no branch-and-bound tree in exact arithmetic. A binary that is
//! off by `ε` still lets `ε U` of the old units through.
//!
//! # What it can change
//!
//! Numerics only: a solver's tolerances are absolute, it drops tiny coefficients, and
//! it scales, presolves, prices and branches by the sizes of numbers. A row violated
//! by `δ` moves the objective by up to `λ δ / s`, with `λ` the sensitivity of the output
//! to the neuron. Solvers scale their programs themselves, so the effect may vanish;
//! compare times over several seeds.
//!
//! # Exactness
//!
//! Factors are powers of two, so that products only change their exponents: the
//! forward pass ([`ReluGraph::evaluate`]) gives the same bits, and bounds of the scaled
//! network are the old ones times the factor, exactly.
//!
//! This holds for every input at which all non-zero products `w x` of a forward pass lie
//! between 2⁻⁷⁰⁰ and 2⁷⁰⁰, because factors stay within [`LARGEST_EXPONENT`] and because
//! numbers outside of [`TAME_EXPONENT`] are never scaled: not a neuron that has such a
//! weight, bias, ceiling or bound or reads a neuron with such a bound, nor one that is
//! read with such a weight. Without a limit on the products no factor but 1 would do:
//! what underflows in one unit need not in another.
//!
//! # Sources
//!
//! Plate, Hahn, Klimek, Ganzer, Sundmacher, Sager, arXiv:2502.03016 (2025), eq. (10)
//! for the scaled network, (11)–(12) for a convex problem in `log s` that chooses the
//! factors. The objective of (12) is not known here; [`Balance`] is a convex problem of
//! that kind and no reproduction of it.

mod balance;
mod channels;
mod equilibrate;
mod neurons;
mod record;
mod unit;

use std::fmt;

use ndarray::Array1;

pub use balance::Balance;
pub use channels::{Channel, Channels, Layer, Link, Weight};
pub use equilibrate::Equilibrate;
pub use record::{Figures, Invariants, ScaleRecord};
pub use unit::UnitBigM;

use crate::bounds::NeuronBounds;
use crate::network::{Node, ReluGraph};
use crate::num::IntervalBox;

/// A method that chooses factors.
pub trait Scaling: fmt::Debug + Sync {
    /// Name on the command line and in records.
    fn name(&self) -> &'static str;

    /// A factor for each channel. The caller rounds them to powers of two and puts 1
    /// for those of fixed channels, and for what is not positive and finite.
    fn factors(&self, channels: &Channels) -> Vec<f64>;
}

/// Every scaling; "none" is the absence of one.
pub const SCALINGS: &[&dyn Scaling] = &[&UnitBigM, &Equilibrate, &Balance];

/// Largest magnitude of the exponent of a factor.
pub const LARGEST_EXPONENT: i32 = 200;

/// Numbers other than 0 are scaled if they lie between 2 to the power of this,
/// negative and positive. A product of two such numbers and a factor keeps all its
/// bits, and twice as many for fused sums, in the range of normal numbers.
pub const TAME_EXPONENT: i32 = 350;

/// A weight that is smaller is not made larger than 2 to the power of this: solvers
/// refuse numbers not much beyond.
pub const LARGEST_WEIGHT_EXPONENT: i32 = 40;

/// Least big-M constant that methods are told, as a share of the sum of the magnitudes
/// of the terms of a pre-activation. Where these cancel to less, the range is narrow
/// by rounding or by a narrow box; in its units the weights would drown it in the
/// tolerances of a solver.
const LEAST_RELATIVE_BIG_M: f64 = 1.0 / 1048576.0;

/// A network in other units, and its bounds.
#[derive(Clone, Debug)]
pub struct Scaled {
    /// The same function; nodes and neurons in the same places.
    pub graph: ReluGraph,
    /// The given bounds in the new units.
    pub bounds: NeuronBounds,
    /// The factors of the neurons of every node.
    pub factors: Vec<Array1<f64>>,
}

/// Scales a network, given bounds of its neurons.
///
/// ```
/// use taut::bounds::{IntervalPropagation, Propagator, summarize};
/// use taut::scale::{Balance, scale};
///
/// let network = taut::io::read_network("networks/peaks-2x25.onnx".as_ref())?;
/// let domain = network.metadata().input_box.clone().expect("a box");
/// let graph = network.lower()?;
/// let bounds = IntervalPropagation.propagate(&graph, &domain)?;
/// let scaled = scale(&graph, &bounds, &Balance);
///
/// let largest = |g, b| summarize(g, b).iter().map(|layer| layer.big_m_max).fold(0.0, f64::max);
/// assert!(largest(&scaled.graph, &scaled.bounds) < largest(&graph, &bounds));
/// let points = ndarray::arr2(&[[0.5, -1.0], [2.0, 0.3]]);
/// assert_eq!(scaled.graph.evaluate(points.view()), graph.evaluate(points.view()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
/// If the bounds are those of another network.
pub fn scale(graph: &ReluGraph, bounds: &NeuronBounds, scaling: &dyn Scaling) -> Scaled {
    let channels = Channels::new(graph, bounds);
    let mut factors = scaling.factors(&channels);
    for (channel, factor) in channels.all().iter().zip(&mut factors) {
        if channel.fixed || !factor.log2().is_finite() {
            *factor = 1.0;
        }
    }
    channels.settle_constant(&mut factors);
    let mut exponents: Vec<i32> = factors.into_iter().map(exponent).collect();
    channels.limit_weights(&mut exponents);
    let powers: Vec<f64> = exponents.into_iter().map(|e| f64::from(e).exp2()).collect();
    let factors: Vec<Array1<f64>> = graph
        .nodes()
        .map(|(id, _)| (0..graph.size(id)).map(|i| powers[channels.of(id, i)]).collect())
        .collect();
    let boxes = graph.nodes().map(|(id, _)| scaled_box(bounds.of(id), &factors[id.index()]));
    let bounds = NeuronBounds::new(boxes.collect());
    Scaled { graph: scaled_graph(graph, &factors), bounds, factors }
}

/// The exponent of the next power of two, on a logarithmic scale.
fn exponent(factor: f64) -> i32 {
    let largest = f64::from(LARGEST_EXPONENT);
    factor.log2().round().clamp(-largest, largest) as i32
}

fn scaled_graph(graph: &ReluGraph, factors: &[Array1<f64>]) -> ReluGraph {
    let mut scaled = ReluGraph::new(graph.size(graph.input()));
    for (id, node) in graph.nodes() {
        let rows = &factors[id.index()];
        let added = match node {
            Node::Input { .. } => scaled.input(),
            Node::Affine(affine) => {
                let terms = affine.terms.iter().map(|(input, linear)| {
                    let columns = factors[input.index()].mapv(f64::recip);
                    (*input, linear.scaled(rows, &columns))
                });
                scaled.affine(terms.collect(), &affine.bias * rows)
            }
            Node::Relu { input } => scaled.relu(*input),
            Node::Clip { input, ceiling } => scaled.clip(*input, ceiling * rows),
        };
        assert_eq!(added, id, "nodes keep their places");
    }
    scaled.set_output(graph.output());
    scaled
}

fn scaled_box(bounds: &IntervalBox, factors: &Array1<f64>) -> IntervalBox {
    let ends = |values: &[f64], outward: fn(f64) -> f64| {
        let ends = values.iter().zip(factors);
        ends.map(|(&value, &factor)| {
            let scaled = value * factor;
            // Only where a bound underflows.
            if scaled / factor == value { scaled } else { outward(scaled) }
        })
        .collect()
    };
    let (lower, upper) = (ends(bounds.lower(), f64::next_down), ends(bounds.upper(), f64::next_up));
    IntervalBox::new(lower, upper).expect("a box in other units")
}

/// Whether a number may be scaled.
fn is_tame(value: f64) -> bool {
    let limit = f64::from(TAME_EXPONENT).exp2();
    value == 0.0 || (limit.recip()..=limit).contains(&value.abs())
}
