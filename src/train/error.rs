//! Why a network could not be trained.

use thiserror::Error;

use super::data::DataError;
use crate::network::NetworkError;

/// Why a network could not be trained.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum TrainError {
    /// The text of a recipe.
    #[error("{0}")]
    Syntax(String),
    /// A key of a recipe.
    #[error("{key}: found {found}; expected {expected}")]
    Key {
        /// Table and key.
        key: String,
        /// What it says.
        found: String,
        /// What it may say.
        expected: String,
    },
    /// The data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The loss is no number any more.
    #[error(
        "the training diverged: the loss is {loss} in epoch {epoch}, step {step}, at learning rate \
         {rate}; expected a finite number: a lower training.learning_rate or a \
         training.clip_norm may help"
    )]
    Diverged {
        /// The loss.
        loss: f64,
        /// Epoch, from 1.
        epoch: usize,
        /// Step since the start, from 1.
        step: u64,
        /// Learning rate of the step.
        rate: f64,
    },
    /// A loss of a game is no number any more.
    #[error(
        "the game diverged: the loss of the {player} is {loss} in step {step}; expected a finite \
         number: lower rates or more of game.r1 may help"
    )]
    GameDiverged {
        /// Whose loss.
        player: &'static str,
        /// The loss.
        loss: f64,
        /// Step, from 1.
        step: u64,
    },
    /// A state to go on from does not fit.
    #[error("the checkpoint has {found}; expected {expected}, as in the recipe")]
    Checkpoint {
        /// What it has.
        found: String,
        /// What the recipe says.
        expected: String,
    },
    /// The trained weights do not make a network.
    #[error("the trained network: {0}")]
    Network(#[from] NetworkError),
}

impl TrainError {
    /// An error about a key.
    pub(super) fn key(
        key: impl Into<String>,
        found: impl ToString,
        expected: impl ToString,
    ) -> Self {
        let key = key.into();
        Self::Key { key, found: found.to_string(), expected: expected.to_string() }
    }
}
