//! What a training can be resumed from: its recipe and its state after an epoch.

use serde::{Deserialize, Serialize};

use super::{Recipe, State, TrainError};

/// Version of the file's schema.
const SCHEMA: u32 = 1;

/// A recipe whose training can be resumed.
pub trait Resumable: Clone + PartialEq {
    /// The recipe without what may differ in a training that goes on: limits, threads, titles.
    fn essence(&self) -> Self;
}

/// The content of a checkpoint file, as JSON: that of a network, unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint<R = Recipe, S = State> {
    /// Version of the schema.
    pub schema: u32,
    /// The recipe of the training.
    pub recipe: R,
    /// Where it stands.
    pub state: S,
}

impl<R: Resumable, S> Checkpoint<R, S> {
    /// A checkpoint of today.
    pub fn new(recipe: R, state: S) -> Self {
        Self { schema: SCHEMA, recipe, state }
    }

    /// The state, for a training by this recipe: the same one, but for what is not its
    /// [essence](Resumable::essence).
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`].
    pub fn for_recipe(self, recipe: &R) -> Result<S, TrainError> {
        if self.schema != SCHEMA {
            let found = format!("schema {}", self.schema);
            return Err(TrainError::Checkpoint { found, expected: SCHEMA.to_string() });
        }
        if self.recipe.essence() != recipe.essence() {
            let found = "another recipe".to_string();
            let expected = "the same data, network, penalties and settings, and on a cosine the \
                            same epochs"
                .to_string();
            return Err(TrainError::Checkpoint { found, expected });
        }
        Ok(self.state)
    }
}

impl Resumable for Recipe {
    fn essence(&self) -> Self {
        let mut recipe = self.clone();
        recipe.title.clear();
        recipe.training.threads = 1;
        // A schedule may look at the number of epochs.
        if recipe.training.schedule != super::Schedule::Cosine {
            recipe.training.epochs = None;
            recipe.compress.fine_tune_epochs = 0;
        }
        recipe.training.patience = 0;
        recipe
    }
}
