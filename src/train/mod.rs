//! Training: from a recipe and samples to a network in raw units.
//!
//! With samples `(xᵢ, tᵢ)` and a network `f` with parameters `θ`, training makes
//! `mean lossᵢ(f(xᵢ; θ), tᵢ) + penalties(θ)` small by steps on mini-batches and keeps the
//! `θ` with the least loss on the validation samples. A recipe gives the same network to
//! the bit, with any number of threads.
//!
//! ```
//! use taut::train::data::DataSource;
//! use taut::train::{Recipe, Unobserved, train};
//!
//! let text = "[data]\nsource = 'function'\nsamples = 500\n[network]\nhidden = [10]\n\
//!             [training]\nepochs = 5";
//! let recipe = Recipe::from_toml(text)?;
//! let data = recipe.data.load(".".as_ref(), recipe.seed)?;
//! let trained = train(&recipe, &data, None, &mut Unobserved)?;
//! assert_eq!(trained.report.epochs, 5);
//! assert_eq!(trained.network.inputs(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod architecture;
pub mod calculated;
mod checkpoint;
pub mod compress;
pub mod data;
mod error;
pub mod functions;
pub mod initializers;
pub mod layers;
mod log;
pub mod loss;
pub mod metrics;
pub mod model;
mod one_or_each;
pub mod optimizers;
pub mod penalties;
mod recipe;
mod report;
pub mod run;
pub mod scalar;
pub mod scaling;
mod schedule;
mod settings;
pub mod stage;
mod state;
mod stream;

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

pub use checkpoint::Checkpoint;
pub use error::TrainError;
pub use log::TrainingLog;
pub use one_or_each::OneOrEach;
pub use recipe::Recipe;
pub use report::{Metrics, TrainReport};
pub use schedule::learning_rate;
pub use settings::{
    ActivationName, CompressRecipe, ConvolutionRecipe, InitRecipe, NetworkRecipe, Schedule, Task,
    TrainingRecipe,
};
pub use state::{EpochRecord, State, StoppedBy};
pub use stream::Stream;

use compress::{Mask, compress, prune};
use data::{Dataset, Split, Targets};
use initializers::{INITIALIZERS, Start};
use model::{Model, Weighted};
use penalties::{Penalties, Surroundings};
use run::{Begin, Run, Samples};
use scalar::Scalar;
use scaling::InputScaling;
use stage::Stage;

use crate::network::{Network, Precision, Scaling};

/// A part of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// From the weights to begin with.
    Train,
    /// After pruning.
    FineTune,
}

/// Watches a training.
pub trait TrainObserver {
    /// Called before the first epoch of a phase and after every one; `state` makes what
    /// [`train`] can go on from. `Break` ends the training with the best weights so far.
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
}

/// Trains a network; goes on from `resume` where there is one.
///
/// # Errors
/// [`TrainError`].
pub fn train(
    recipe: &Recipe,
    data: &Split,
    resume: Option<State>,
    observer: &mut dyn TrainObserver,
) -> Result<Trained, TrainError> {
    recipe.validate()?;
    if data.train.is_empty() {
        return Err(TrainError::key("data", "0 samples for training", "at least 1"));
    }
    check_task(recipe.training.task, &data.train.targets)?;
    match recipe.training.precision {
        Precision::F32 => train_in::<f32>(recipe, data, resume, observer),
        Precision::F64 => train_in::<f64>(recipe, data, resume, observer),
    }
}

fn check_task(task: Option<Task>, targets: &Targets) -> Result<(), TrainError> {
    let (of_data, name) = match targets {
        Targets::Values { .. } => (Task::Regression, "regression"),
        Targets::Classes { .. } => (Task::Classification, "classification"),
    };
    match task {
        Some(task) if task != of_data => {
            let other = if task == Task::Regression { "regression" } else { "classification" };
            let expected = format!("'{name}', which the data are for");
            Err(TrainError::key("training.task", format!("'{other}'"), expected))
        }
        _ => Ok(()),
    }
}

fn train_in<S: Scalar>(
    recipe: &Recipe,
    data: &Split,
    resume: Option<State>,
    observer: &mut dyn TrainObserver,
) -> Result<Trained, TrainError> {
    let domain = scaling::input_box(data);
    let inputs = recipe.training.input_scaling.unwrap_or(InputScaling::usual(&data.train));
    if inputs != InputScaling::None && !recipe.network.convolutions.is_empty() {
        let expected = "none for a network with convolutions, whose padding is 0 in raw units";
        return Err(TrainError::key("training.input_scaling", "a scaling", expected));
    }
    let scaling = scaling::scaling(&data.train, &domain, inputs);
    let scaled = scaling::scaled(&data.train, &scaling);
    let validation = scaling::scaled(&data.validation, &scaling);
    scaling::check(&scaling, [&scaled, &validation], recipe.training.precision)?;
    let validation = Samples::new(&validation);
    let samples = Samples::new(&scaled);
    let mut model = start::<S>(recipe, &scaled)?;
    let around = Surroundings {
        layers: model.weighted(),
        function: recipe.network.function(),
        domain: scaling::scaled_box(&domain, &scaling),
        dense: recipe.network.convolutions.is_empty(),
    };
    let layers = around.layers.clone();
    let penalties = Penalties::new(&recipe.penalty, around)?;

    let (train, validation) = (&samples, &validation);
    let (settings, penalties) = (&recipe.training, &penalties);
    let task = run::Task { train, validation, settings, penalties, seed: recipe.seed };
    let ended = phases(&mut model, &layers, &task, &recipe.compress, resume, observer)?;
    let stages = finished(&model, &scaling, recipe)?;
    report::trained(recipe, data, &stages, (scaling, domain), ended)
}

/// Training, then pruning and fine-tuning where the recipe has them.
fn phases<S: Scalar>(
    model: &mut Model<S>,
    layers: &[Weighted],
    task: &run::Task<'_, S>,
    compress: &CompressRecipe,
    resume: Option<State>,
    observer: &mut dyn TrainObserver,
) -> Result<(State, StoppedBy), TrainError> {
    let epochs = compress.fine_tune_epochs;
    let (mask, begin) = match resume {
        Some(state) if state.phase == Phase::FineTune => {
            if compress.prune.is_none() || epochs == 0 {
                let found = "a state of fine-tuning".to_string();
                let expected = "compress.prune and compress.fine_tune_epochs for it".to_string();
                return Err(TrainError::Checkpoint { found, expected });
            }
            let parameters: Vec<S> = state.parameters.iter().map(|&p| S::of(p)).collect();
            (Mask::of_zeros(&parameters, layers), Begin::Resumed(state))
        }
        other => {
            let begin = other.map_or(Begin::Fresh(Phase::Train), Begin::Resumed);
            let run = Run::new(model, task, Mask::default(), begin)?;
            let ended = run.run(task.settings.epochs, observer)?;
            let Some(share) = compress.prune.filter(|_| ended.1 != StoppedBy::Interrupt) else {
                return Ok(ended);
            };
            prune(model.parameters_mut(), layers, share);
            if epochs == 0 {
                return Ok(ended);
            }
            (Mask::of_zeros(model.parameters(), layers), Begin::Fresh(Phase::FineTune))
        }
    };
    Run::new(model, task, mask, begin)?.run(epochs, observer)
}

/// The model with its weights to begin with.
fn start<S: Scalar>(recipe: &Recipe, data: &Dataset) -> Result<Model<S>, TrainError> {
    let (inputs, outputs) = (data.inputs.ncols(), data.targets.outputs());
    let layers = architecture::layers(&recipe.network, inputs, data.shape.as_deref(), outputs)?;
    let mut model = Model::new(layers);
    let weighted = model.weighted();
    let shapes: Vec<(usize, usize)> = weighted.iter().map(|l| (l.rows, l.columns)).collect();
    let Some(method) = INITIALIZERS.iter().find(|method| method.name() == recipe.init.method)
    else {
        return Err(TrainError::key("init.method", &recipe.init.method, "a known method"));
    };
    let (network, settings) = (&recipe.network, &recipe.init);
    let start = Start { shapes: &shapes, network, settings, data };
    let mut random = Stream::Initialization.random(recipe.seed);
    let initial = method.initialize(&start, &mut random)?;
    let parameters = model.parameters_mut();
    for (layer, (weights, bias)) in weighted.iter().zip(initial) {
        let numbers = weights.iter().chain(&bias);
        for (at, &number) in (layer.weights.start..layer.bias.end).zip(numbers) {
            parameters[at] = S::of(number);
        }
    }
    match parameters.iter().find(|parameter| !parameter.wide().is_finite()) {
        None => Ok(model),
        Some(parameter) => {
            let found = format!("'{}', which makes a weight {parameter:?}", recipe.init.method);
            Err(TrainError::key("init.method", found, "finite weights to begin with"))
        }
    }
}

/// The layers in raw units, in the numbers that the file will have.
fn finished<S: Scalar>(
    model: &Model<S>,
    scaling: &Scaling,
    recipe: &Recipe,
) -> Result<Vec<Stage>, TrainError> {
    let mut stages = model.stages();
    scaling::fold(&mut stages, scaling)?;
    compress(&mut stages, &recipe.compress);
    for stage in &mut stages {
        if let Some((weights, bias)) = stage.weights_mut() {
            weights.mapv_inplace(|weight| S::of(weight).wide());
            bias.mapv_inplace(|b| S::of(b).wide());
        }
    }
    Ok(stages)
}
