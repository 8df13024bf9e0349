//! Optimisers: how the parameters follow the gradient `g`, at learning rate `η`.

mod adam;
mod sgd;

use std::fmt::Debug;

use super::scalar::Scalar;
use super::settings::TrainingRecipe;

/// Numbers of one step.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Steps so far, this one included.
    pub number: u64,
    /// Learning rate.
    pub rate: f64,
    /// The recipe's other numbers.
    pub settings: &'a TrainingRecipe,
}

/// A way to move the parameters. What it remembers from one step to the next is kept by
/// the caller, in vectors as long as the parameters that are 0 at first.
pub trait Optimizer<S>: Debug + Sync {
    /// Name in recipes.
    fn name(&self) -> &'static str;

    /// Number of vectors to remember.
    fn memories(&self) -> usize;

    /// Moves the parameters.
    fn step(&self, step: Step<'_>, parameters: &mut [S], gradient: &[S], memory: &mut [Vec<S>]);
}

/// Every optimiser.
pub fn optimizers<S: Scalar>() -> &'static [&'static dyn Optimizer<S>] {
    &[&adam::Adam { decoupled: false }, &adam::Adam { decoupled: true }, &sgd::Sgd]
}
