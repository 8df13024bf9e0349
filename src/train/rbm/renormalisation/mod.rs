//! Stacks of machines on spins: do they coarse-grain as the renormalisation group does?
//!
//! For each seed and each variant ([`Variant`]: as the recipe says, and its controls) a stack is
//! trained, one machine after the other, and measured: how far its receptive fields reach
//! ([`FieldFigures`]), how much of a sample is left when it goes up and down again
//! ([`LayerReport::overlap`]), and, on a ring, what the hidden units' own coupling is beside that
//! of the exact decimation ([`Coupling`]).
//!
//! Source: Mehta and Schwab, "An exact mapping between the variational renormalization group and
//! deep learning" (2014), arXiv:1410.3831.

mod data;
mod figures;
mod lattice;
mod recipe;
mod run;

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

pub use data::SpinFigures;
pub use figures::{Coupling, LayerReport, RunReport, Shown, Spread, Summary, summaries};
pub use lattice::{FieldFigures, Lattice};
pub use recipe::{Control, IsingData, RbmData, RbmRecipe, RingData, StackRecipe};
pub use run::run;

use super::{EpochFigures, Machine, MachineState};
use crate::control::StoppedBy;

/// One of the stacks of a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// As the recipe says.
    Main,
    /// On samples whose units have been put into an order of their own, each sample by itself:
    /// as many of them are up, but nothing is near anything.
    Shuffled,
    /// Without the penalty on the magnitudes of the weights.
    NoL1,
}

impl Variant {
    /// Name in recipes, records and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Shuffled => "shuffled",
            Self::NoL1 => "no_l1",
        }
    }
}

/// An epoch, as observers and logs see it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RbmEpochRecord {
    /// Seed of the stack.
    pub seed: u64,
    /// Which of its stacks.
    pub variant: Variant,
    /// Machine, from 1.
    pub layer: usize,
    /// Epoch of that machine, from 1.
    pub epoch: usize,
    /// Mean square of the difference between samples and the ends of the chains that began at
    /// them; none where chains persist.
    pub reconstruction: Option<f64>,
    /// Mean magnitude of the weights.
    pub weight: f64,
}

/// Where an experiment stands at the end of an epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RbmState {
    /// Stacks that are done.
    pub finished: Vec<Finished>,
    /// Machines of the next stack that are done.
    pub machines: Vec<Machine<f64>>,
    /// Their last epochs.
    pub lasts: Vec<Option<EpochFigures>>,
    /// Its next machine, if that has begun.
    pub machine: Option<MachineState<f64>>,
    /// Epochs of all machines so far.
    pub epochs: usize,
}

/// A stack that is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finished {
    /// Its figures.
    pub report: RunReport,
    /// What pictures show of it: of the first seed only.
    pub shown: Option<Shown>,
}

/// Watches an experiment.
pub trait RbmObserver {
    /// Called after every epoch; `state` makes what [`run()`] can go on from. `Break` ends the
    /// experiment, as an interrupt does.
    fn epoch(
        &mut self,
        record: &RbmEpochRecord,
        state: &mut dyn FnMut() -> RbmState,
    ) -> ControlFlow<()>;

    /// Called when a stack is done.
    fn stack(&mut self, report: &RunReport, machines: &[Machine<f64>]);
}

/// What an experiment has led to.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Where it stands, with the figures of the stacks that are done.
    pub state: RbmState,
    /// What ended it before its end.
    pub stopped_by: Option<StoppedBy>,
}
