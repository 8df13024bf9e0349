//! What a training can be resumed from: its recipe and its state after an epoch.

use serde::{Deserialize, Serialize};

use super::{Recipe, State, TrainError};

/// Version of the file's schema.
const SCHEMA: u32 = 1;

/// The content of a checkpoint file, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Version of the schema.
    pub schema: u32,
    /// The recipe of the training.
    pub recipe: Recipe,
    /// Where it stands.
    pub state: State,
}

impl Checkpoint {
    /// A checkpoint of today.
    pub fn new(recipe: Recipe, state: State) -> Self {
        Self { schema: SCHEMA, recipe, state }
    }

    /// The state, for a training by this recipe: the same one, but for the limits and the
    /// number of threads.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`].
    pub fn for_recipe(self, recipe: &Recipe) -> Result<State, TrainError> {
        if self.schema != SCHEMA {
            let found = format!("schema {}", self.schema);
            return Err(TrainError::Checkpoint { found, expected: SCHEMA.to_string() });
        }
        if essence(&self.recipe) != essence(recipe) {
            let found = "another recipe".to_string();
            let expected = "the same data, network, penalties and settings, and on a cosine the \
                            same epochs"
                .to_string();
            return Err(TrainError::Checkpoint { found, expected });
        }
        Ok(self.state)
    }
}

/// The recipe without what may change.
fn essence(recipe: &Recipe) -> Recipe {
    let mut recipe = recipe.clone();
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
