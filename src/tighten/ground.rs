//! What the neurons of a node are bounded over.

use super::Method;
use crate::encode::{BigM, EncodeError, Encoder, Triangle};
use crate::network::NodeId;
use crate::num::IntervalBox;
use crate::problem::{Part, Problem};

/// The nodes so far, as a method needs them. Limits of the question's rows come with what they
/// speak of: the inputs alone, or all of the network.
pub enum Ground<'a> {
    /// Their relaxation.
    Linear(Box<Encoder<'a>>),
    /// Their mixed-integer program.
    MixedInteger(Box<Encoder<'a>>),
    /// Themselves, and their bounds.
    Search(&'a Problem, &'a Part, Vec<IntervalBox>),
}

impl<'a> Ground<'a> {
    /// No node yet.
    pub fn new(method: Method, problem: &'a Problem, part: &'a Part) -> Self {
        let program = || Box::new(Encoder::new(problem, part));
        match method {
            Method::Linear => Self::Linear(program()),
            Method::MixedInteger => Self::MixedInteger(program()),
            Method::Search => Self::Search(problem, part, Vec::new()),
        }
    }

    /// Adds nodes, given bounds of each.
    ///
    /// # Errors
    /// The encoding does not apply to a neuron.
    pub fn with(
        mut self,
        boxes: impl IntoIterator<Item = IntervalBox>,
    ) -> Result<Self, EncodeError> {
        boxes.into_iter().try_for_each(|bounds| self.add(bounds))?;
        Ok(self)
    }

    /// Adds the next node, given bounds of its values.
    ///
    /// # Errors
    /// The encoding does not apply to a neuron.
    pub fn add(&mut self, bounds: IntervalBox) -> Result<(), EncodeError> {
        match self {
            Self::Linear(encoder) => encoder.add(bounds, &Triangle)?,
            Self::MixedInteger(encoder) => encoder.add(bounds, &BigM)?,
            Self::Search(_, _, boxes) => boxes.push(bounds),
        }
        Ok(())
    }

    /// Replaces the bounds of a node that has been added by narrower ones.
    pub fn narrow(&mut self, node: NodeId, bounds: &IntervalBox) {
        match self {
            Self::Linear(encoder) | Self::MixedInteger(encoder) => encoder.narrow(node, bounds),
            Self::Search(_, _, boxes) => boxes[node.index()] = bounds.clone(),
        }
    }

    /// Bounds of the nodes that have been added.
    pub fn bounds(&self) -> &[IntervalBox] {
        match self {
            Self::Linear(encoder) | Self::MixedInteger(encoder) => encoder.bounds(),
            Self::Search(_, _, boxes) => boxes,
        }
    }

    /// Whether it is a program without a column to branch on: linear programs are exact for it.
    pub fn is_continuous(&self) -> bool {
        match self {
            Self::MixedInteger(encoder) => {
                let size = encoder.model().size();
                size.binaries + size.integers == 0
            }
            Self::Linear(_) | Self::Search(..) => false,
        }
    }
}
