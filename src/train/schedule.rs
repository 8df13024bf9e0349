//! How the learning rate changes from epoch to epoch.

use std::f64::consts::PI;

use super::settings::{Schedule, TrainingRecipe};

/// The rate of an epoch (from 0) of so many, when the loss has stagnated `reductions` times.
pub fn learning_rate(
    settings: &TrainingRecipe,
    epoch: usize,
    epochs: usize,
    reductions: usize,
) -> f64 {
    let reduced = |times: usize| {
        let times = i32::try_from(times).unwrap_or(i32::MAX);
        settings.learning_rate * settings.schedule_factor.powi(times)
    };
    match settings.schedule {
        Schedule::Constant => settings.learning_rate,
        Schedule::Step => reduced(epoch / settings.schedule_epochs),
        Schedule::Cosine => {
            let share = epoch as f64 / epochs.max(1) as f64;
            settings.learning_rate * (1.0 + (PI * share).cos()) / 2.0
        }
        Schedule::Plateau => reduced(reductions),
    }
}
