//! How the learning rate changes from epoch to epoch.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::recipe::TrainingRecipe;

/// A schedule of learning rates, for a first rate `η`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Always `η`.
    #[default]
    Constant,
    /// Multiplied by `schedule_factor` every `schedule_epochs` epochs.
    Step,
    /// `η (1 + cos(π t / T)) / 2` in epoch `t` (from 0) of `T`.
    Cosine,
    /// Multiplied by `schedule_factor` whenever the loss on the validation samples has
    /// not reached a new minimum for `schedule_epochs` epochs.
    Plateau,
}

impl Schedule {
    /// The rate of an epoch (from 0), when the loss has stagnated `reductions` times.
    pub fn rate(self, settings: &TrainingRecipe, epoch: usize, reductions: usize) -> f64 {
        let reduced = |times: usize| {
            let times = i32::try_from(times).unwrap_or(i32::MAX);
            settings.learning_rate * settings.schedule_factor.powi(times)
        };
        match self {
            Self::Constant => settings.learning_rate,
            Self::Step => reduced(epoch / settings.schedule_epochs),
            Self::Cosine => {
                let share = epoch as f64 / settings.epochs.max(1) as f64;
                settings.learning_rate * (1.0 + (PI * share).cos()) / 2.0
            }
            Self::Plateau => reduced(reductions),
        }
    }
}
