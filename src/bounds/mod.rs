//! Bounds on every neuron, by propagation through the network (no solver).
//!
//! Sound to the last bit: a bound contains every value that the network takes
//! over the reals, with the weights as stored.

mod alpha;
mod backward;
mod ball;
mod crown;
mod interval;
mod lines;
mod read;
mod summary;

use std::fmt;

use thiserror::Error;

pub use alpha::AlphaCrown;
pub use ball::L1Ball;
pub use crown::{Crown, refine};
pub use interval::{IntervalPropagation, range as node_range};
pub(crate) use lines::clip_lines;
pub use read::read_neurons;
pub use summary::{LayerSummary, summarize};

use crate::control::Clock;
use crate::network::{ActivationLayer, NodeId, Phase, ReluGraph};
use crate::num::{BoxError, Interval, IntervalBox};

/// A method that bounds every neuron over a box of inputs.
pub trait Propagator: fmt::Debug + Sync {
    /// Name on the command line and in records.
    fn name(&self) -> &'static str;

    /// Bounds of every node of `graph` for inputs in `domain`; where the clock ends the work,
    /// neurons that were not reached have those of interval propagation.
    ///
    /// # Errors
    /// A bound overflows `f64`.
    ///
    /// # Panics
    /// If the box does not have one interval per input.
    fn propagate_within(
        &self,
        graph: &ReluGraph,
        domain: &IntervalBox,
        clock: &Clock,
    ) -> Result<NeuronBounds, BoundsError>;

    /// [`propagate_within`](Self::propagate_within) without a limit.
    ///
    /// # Errors
    /// A bound overflows `f64`.
    ///
    /// # Panics
    /// If the box does not have one interval per input.
    fn propagate(
        &self,
        graph: &ReluGraph,
        domain: &IntervalBox,
    ) -> Result<NeuronBounds, BoundsError> {
        self.propagate_within(graph, domain, &Clock::unlimited())
    }
}

/// Every propagation method, from the weakest to the strongest.
pub const PROPAGATORS: &[&dyn Propagator] = &[&IntervalPropagation, &Crown, &AlphaCrown];

/// Why there are no bounds.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum BoundsError {
    /// A value that `f64` cannot hold.
    #[error(
        "the bounds of node {node} overflow ({cause}); expected weights and a box whose products stay below 1.8e308"
    )]
    Overflow {
        /// Index of the node in the canonical form.
        node: usize,
        /// What was found.
        cause: BoxError,
    },
    /// Bounds that no value satisfies. They can only come from what was known
    /// before: constraints that no input satisfies.
    #[error("the bounds of node {node} exclude each other: no input satisfies the constraints")]
    Empty {
        /// Index of the node in the canonical form.
        node: usize,
    },
}

/// An interval for every neuron of a [`ReluGraph`], or of its first nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NeuronBounds {
    boxes: Vec<IntervalBox>,
}

impl NeuronBounds {
    /// Bounds from one box per node, in the order of the graph.
    pub fn new(boxes: Vec<IntervalBox>) -> Self {
        Self { boxes }
    }

    /// These bounds, but others for one node.
    #[must_use]
    pub fn with(mut self, node: NodeId, bounds: IntervalBox) -> Self {
        self.boxes[node.index()] = bounds;
        self
    }

    /// These bounds, and those of one more node.
    #[must_use]
    pub fn and(mut self, bounds: IntervalBox) -> Self {
        self.boxes.push(bounds);
        self
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.boxes.len()
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.boxes.is_empty()
    }

    /// Bounds of the values of a node, where they are known.
    pub fn get(&self, node: NodeId) -> Option<&IntervalBox> {
        self.boxes.get(node.index())
    }

    /// Bounds of the values of a node.
    pub fn of(&self, node: NodeId) -> &IntervalBox {
        &self.boxes[node.index()]
    }

    /// Bounds of the pre-activation of neuron `index` of a layer.
    pub fn pre_activation(&self, layer: ActivationLayer<'_>, index: usize) -> Interval {
        self.of(layer.pre_activation).interval(index)
    }

    /// Phase of neuron `index` of a layer, as far as these bounds prove it.
    pub fn phase(&self, layer: ActivationLayer<'_>, index: usize) -> Phase {
        Phase::of(self.pre_activation(layer, index), layer.ceiling(index))
    }
}
