//! Which neurons are stable, exactly: those that have one phase in all linear regions.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::path::Path;
use super::plan::{Plan, phase};
use super::{Leaf, Sink};
use crate::network::Phase;

/// Phases of the neurons of one layer of activations over all regions of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LayerStability {
    /// Number of the layer, from 1.
    pub layer: usize,
    /// Number of neurons.
    pub neurons: usize,
    /// Neurons on the identity piece in all regions.
    pub active: usize,
    /// Neurons that are 0 in all regions.
    pub inactive: usize,
    /// Clipped neurons at their ceiling in all regions.
    pub saturated: usize,
    /// Neurons with different phases in different regions.
    pub unstable: usize,
}

/// Notes which phases the neurons of each stage have.
#[derive(Debug)]
pub struct Phases<'a> {
    /// A bit a phase and neuron, stage after stage.
    seen: Vec<u8>,
    all: &'a Mutex<Vec<u8>>,
}

impl<'a> Phases<'a> {
    pub fn new(plan: &Plan, all: &'a Mutex<Vec<u8>>) -> Self {
        let neurons = plan.stages.iter().map(|stage| stage.neurons.len()).sum();
        Self { seen: vec![0; neurons], all }
    }
}

impl Sink for Phases<'_> {
    fn take(&mut self, path: &Path, _: &mut dyn Leaf) -> bool {
        let passed = path.passed.iter().flatten();
        self.seen.iter_mut().zip(passed).for_each(|(seen, &bits)| *seen |= 1 << phase(bits) as u8);
        true
    }
}

impl Drop for Phases<'_> {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.resize(self.seen.len(), 0);
        all.iter_mut().zip(&self.seen).for_each(|(all, seen)| *all |= seen);
    }
}

/// The layers of a plan whose neurons have had these phases in all regions.
pub fn layers(plan: &Plan, seen: &[u8]) -> Vec<LayerStability> {
    let mut rest = seen;
    let layer = |(position, stage): (usize, &super::plan::Stage)| {
        let (here, after) = rest.split_at(stage.neurons.len());
        rest = after;
        let mut phases = stage.phases.clone();
        for (&i, &seen) in plan.nodes[stage.node].entries.iter().zip(here) {
            let only = |phase: &Phase| seen == 1 << *phase as u8;
            let stable = [Phase::Inactive, Phase::Active, Phase::Saturated];
            phases[i] = stable.into_iter().find(only).unwrap_or(Phase::Unstable);
        }
        let count = |phase| phases.iter().filter(|&&other| other == phase).count();
        LayerStability {
            layer: position + 1,
            neurons: phases.len(),
            active: count(Phase::Active),
            inactive: count(Phase::Inactive),
            saturated: count(Phase::Saturated),
            unstable: count(Phase::Unstable),
        }
    };
    plan.stages.iter().enumerate().map(layer).collect()
}
