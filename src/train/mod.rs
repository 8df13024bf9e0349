//! Training: from a recipe and samples to a network in raw units.
//!
//! With samples `(xᵢ, tᵢ)` and a network `f` with parameters `θ`, training makes
//! `mean lossᵢ(f(xᵢ; θ), tᵢ) + penalties(θ)` small by steps on mini-batches and keeps the
//! `θ` with the least loss on the validation samples. A recipe gives the same network to
//! the bit, with any number of threads.
//!
//! ```
//! use taut::control::Clock;
//! use taut::train::data::DataSource;
//! use taut::train::{Recipe, Unobserved, train};
//!
//! let text = "[data]\nsource = 'function'\nsamples = 500\n[network]\nhidden = [10]\n\
//!             [training]\nepochs = 5";
//! let recipe = Recipe::from_toml(text)?;
//! let data = recipe.data.load(".".as_ref(), recipe.seed)?;
//! let trained = train(&recipe, &data, None, &Clock::unlimited(), &mut Unobserved)?;
//! assert_eq!(trained.report.epochs, 5);
//! assert_eq!(trained.network.inputs(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod architecture;
pub mod calculated;
mod checkpoint;
pub mod compress;
pub mod data;
mod decay;
mod error;
pub mod functions;
pub mod gan;
mod halt;
pub mod initializers;
pub mod layers;
mod log;
pub mod loss;
pub mod metrics;
pub mod model;
mod one_or_each;
pub mod optimizers;
pub mod penalties;
mod plan;
pub mod rbm;
mod recipe;
mod report;
pub mod samples;
pub mod scalar;
pub mod scaling;
mod schedule;
mod settings;
mod softplus;
pub mod stage;
mod state;
mod stream;
pub mod trainer;

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

pub use checkpoint::{Checkpoint, Resumable};
pub use error::TrainError;
pub use halt::Halt;
pub use log::TrainingLog;
pub use one_or_each::OneOrEach;
pub use recipe::Recipe;
pub use report::{Metrics, TrainReport};
pub use schedule::learning_rate;
pub use settings::{
    ActivationName, CompressRecipe, ConvolutionRecipe, InitRecipe, LearningTask, NetworkRecipe,
    Schedule, TrainingRecipe,
};
pub use state::{EpochRecord, State};
pub use stream::Stream;

use data::{Split, Targets};

use crate::control::Clock;
use crate::network::{Network, Precision};

/// A part of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TrainingPhase {
    /// From the weights to begin with.
    Train,
    /// After pruning.
    FineTune,
}

/// Watches a training.
pub trait TrainObserver {
    /// Called before the first epoch of a phase and after every one; `state` makes what
    /// [`train`] can go on from. `Break` ends the training with the best weights so far, as
    /// an interrupt does.
    fn epoch(&mut self, record: &EpochRecord, state: &mut dyn FnMut() -> State) -> ControlFlow<()>;
}

/// Nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl TrainObserver for Unobserved {
    fn epoch(&mut self, _: &EpochRecord, _: &mut dyn FnMut() -> State) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// A trained network and how it came about.
#[derive(Debug)]
pub struct Trained {
    /// The network, in raw units.
    pub network: Network,
    /// Losses, metrics, figures of the run.
    pub report: TrainReport,
    /// Where the training stands, to go on from: at the end of the last epoch that was not
    /// cut short, or before the first. None where it was stopped before the weights to begin
    /// with were there; those of the network are then 0.
    pub state: Option<State>,
}

/// Trains a network; goes on from `resume` where there is one.
///
/// Where the clock ends it, the network has the best weights up to the end of the last epoch;
/// what was begun after that is lost, so that a training that goes on from [`Trained::state`]
/// ends with the bits of one that was never stopped. The clock is looked at several times a
/// second, also while the weights to begin with are calculated.
///
/// # Errors
/// [`TrainError`].
pub fn train(
    recipe: &Recipe,
    data: &Split,
    resume: Option<State>,
    clock: &Clock,
    observer: &mut dyn TrainObserver,
) -> Result<Trained, TrainError> {
    recipe.validate()?;
    if data.train.is_empty() {
        return Err(TrainError::key("data", "0 samples for training", "at least 1"));
    }
    for part in [&data.train, &data.validation, &data.test] {
        if u32::try_from(part.len()).is_err() {
            let found = format!("{} samples", part.len());
            return Err(TrainError::key("data", found, format!("at most {} of a part", u32::MAX)));
        }
    }
    check_task(recipe.training.task, &data.train.targets)?;
    match recipe.training.precision {
        Precision::F32 => plan::trained::<f32>(recipe, data, resume, clock, observer),
        Precision::F64 => plan::trained::<f64>(recipe, data, resume, clock, observer),
    }
}

fn check_task(task: Option<LearningTask>, targets: &Targets) -> Result<(), TrainError> {
    let of_data = LearningTask::of(targets);
    match task {
        Some(task) if task != of_data => {
            let expected = format!("'{}', which the data are for", of_data.name());
            Err(TrainError::key("training.task", format!("'{}'", task.name()), expected))
        }
        _ => Ok(()),
    }
}
