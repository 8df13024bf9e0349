//! The table `[rbm]`: how a machine follows its samples.

use serde::{Deserialize, Serialize};

use super::machine::Visible;
use crate::train::TrainError;

/// Most steps of a chain between two updates, and most samples of one.
const MOST_STEPS: usize = 10_000;
const MOST_BATCH: usize = 1 << 16;

/// How a machine follows its samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RbmSettings {
    /// What the units are that see the data: binary (0 or 1, and between them probabilities) or
    /// gaussian (any number, of deviation 1). Default: binary.
    pub visible: Visible,
    /// Learning rate: above 0; gaussian units need a smaller one, about 0.01. Default: 0.2.
    pub learning_rate: f64,
    /// Momentum: from 0, below 1. Default: 0.5.
    pub momentum: f64,
    /// Strength of the sum of the magnitudes of the weights: from 0. Default: 1e-3.
    pub l1: f64,
    /// Strength of half the sum of the squares of the weights: from 0. Default: 0.
    pub l2: f64,
    /// Steps of the chain before its end is compared with the samples: 1 to 10000. Default: 1.
    pub steps: usize,
    /// Whether chains go on from update to update (persistent contrastive divergence), instead
    /// of beginning at the samples. Default: false.
    pub persistent: bool,
    /// Samples in an update, and chains: 1 to 65536. Default: 100.
    pub batch: usize,
    /// Passes over the samples. Default: 200.
    pub epochs: usize,
    /// Standard deviation of the weights to begin with: above 0. Default: 0.01.
    pub deviation: f64,
}

impl Default for RbmSettings {
    fn default() -> Self {
        Self {
            visible: Visible::Binary,
            learning_rate: 0.2,
            momentum: 0.5,
            l1: 1e-3,
            l2: 0.0,
            steps: 1,
            persistent: false,
            batch: 100,
            epochs: 200,
            deviation: 0.01,
        }
    }
}

impl RbmSettings {
    /// Checks the numbers, which stand in this table of a recipe.
    ///
    /// # Errors
    /// [`TrainError::Key`].
    pub fn validate(&self, table: &str) -> Result<(), TrainError> {
        let real = |key: &str, found: f64, is_fine: bool, expected: &str| match is_fine
            && found.is_finite()
        {
            true => Ok(()),
            false => Err(TrainError::key(format!("{table}.{key}"), found, expected)),
        };
        let positive = |key, found| real(key, found, found > 0.0, "a finite number above 0");
        let from_zero = |key, found| real(key, found, found >= 0.0, "a finite number from 0");
        positive("learning_rate", self.learning_rate)?;
        let momentum = self.momentum;
        let is_share = (0.0..1.0).contains(&momentum);
        real("momentum", momentum, is_share, "a number from 0, below 1")?;
        from_zero("l1", self.l1)?;
        from_zero("l2", self.l2)?;
        positive("deviation", self.deviation)?;
        for (key, found, most) in
            [("steps", self.steps, MOST_STEPS), ("batch", self.batch, MOST_BATCH)]
        {
            if !(1..=most).contains(&found) {
                let key = format!("{table}.{key}");
                return Err(TrainError::key(key, found, format!("1 to {most}")));
            }
        }
        Ok(())
    }
}
