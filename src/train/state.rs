//! Where a training stands, and what is told of it.

use serde::{Deserialize, Serialize};

use super::Phase;

/// Where a training stands at the end of an epoch: enough to go on as if it had never
/// stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Which part of the training.
    pub phase: Phase,
    /// Epochs done in this phase.
    pub epoch: usize,
    /// Steps done in this phase.
    pub steps: u64,
    /// Weights and biases.
    pub parameters: Vec<f64>,
    /// What the optimiser remembers.
    pub memories: Vec<Vec<f64>>,
    /// Weights and biases with the least loss.
    pub best: Vec<f64>,
    /// That loss.
    pub best_loss: f64,
    /// The epoch after which they were reached.
    pub best_epoch: usize,
    /// Times that the schedule has reduced the learning rate.
    pub reductions: usize,
    /// Epochs since the last reduction or the best loss.
    pub plateau: usize,
}

/// An epoch, as observers and logs see it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EpochRecord {
    /// Which part of the training.
    pub phase: Phase,
    /// Number in its phase, from 1; 0 is before the first.
    pub epoch: usize,
    /// Steps so far in this phase.
    pub steps: u64,
    /// Mean loss over the epoch's batches, in units of training, without penalties.
    /// Before the first epoch: over all training samples.
    pub train_loss: f64,
    /// Mean of the penalties over the steps.
    pub penalty: f64,
    /// Loss on the validation samples after the epoch; none without such samples.
    pub validation_loss: Option<f64>,
    /// Learning rate.
    pub learning_rate: f64,
}

/// Why training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StoppedBy {
    /// All epochs were done.
    Epochs,
    /// The loss has not become lower for as many epochs as the recipe is patient.
    Patience,
    /// The observer said so.
    Interrupt,
}
