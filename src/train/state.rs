//! Where a training stands, and what is told of it.

use serde::{Deserialize, Serialize};

use super::TrainingPhase;
use super::error::TrainError;
use super::model::Model;
use super::scalar::{Scalar, wide};

/// Where a training stands at the end of an epoch: enough to go on as if it had never
/// stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Which part of the training.
    pub phase: TrainingPhase,
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
    /// That loss; none before it was computed for the first time.
    pub best_loss: Option<f64>,
    /// The epoch after which they were reached.
    pub best_epoch: usize,
    /// Times that the schedule has reduced the learning rate.
    pub reductions: usize,
    /// Epochs since the last reduction or the best loss.
    pub plateau: usize,
}

impl State {
    /// Before the first epoch of a phase, at the parameters that the model has; the
    /// optimiser remembers so many vectors.
    pub(super) fn first<S: Scalar>(
        phase: TrainingPhase,
        model: &Model<S>,
        memories: usize,
    ) -> Self {
        let parameters = wide(model.parameters());
        Self {
            phase,
            epoch: 0,
            steps: 0,
            memories: vec![vec![0.0; parameters.len()]; memories],
            best: parameters.clone(),
            parameters,
            best_loss: None,
            best_epoch: 0,
            reductions: 0,
            plateau: 0,
        }
    }

    /// Checks that it is of a model with so many parameters, and of an optimiser that
    /// remembers so many vectors.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`].
    pub(super) fn check(&self, parameters: usize, memories: usize) -> Result<(), TrainError> {
        let lists = [&self.parameters, &self.best].into_iter().chain(&self.memories);
        if let Some(list) = lists.into_iter().find(|list| list.len() != parameters) {
            let found = format!("{} parameters", list.len());
            return Err(TrainError::Checkpoint { found, expected: parameters.to_string() });
        }
        if self.memories.len() != memories {
            let found = format!("{} vectors of an optimiser", self.memories.len());
            return Err(TrainError::Checkpoint { found, expected: memories.to_string() });
        }
        Ok(())
    }
}

/// An epoch, as observers and logs see it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EpochRecord {
    /// Which part of the training.
    pub phase: TrainingPhase,
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
