//! One training from its beginning to its end: units, weights to begin with, phases, and
//! the finished network.

use super::compress::{Mask, compress, prune};
use super::data::{Dataset, Split};
use super::error::TrainError;
use super::initializers::{INITIALIZERS, MOST_SAMPLES, Start};
use super::model::Model;
use super::optimizers::{Optimizer, optimizers};
use super::penalties::{Penalties, Surroundings};
use super::samples::Samples;
use super::scalar::{Scalar, narrow};
use super::scaling::{self, InputScaling};
use super::settings::CompressRecipe;
use super::stage::Stage;
use super::trainer::{Ended, Setup, Trainer};
use super::{
    Halt, Recipe, State, Stream, TrainObserver, Trained, TrainingPhase, architecture, report,
};
use crate::control::Clock;
use crate::network::Scaling;

/// Trains in numbers of this precision; recipe and data fit each other.
pub(super) fn trained<S: Scalar>(
    recipe: &Recipe,
    data: &Split,
    resume: Option<State>,
    clock: &Clock,
    observer: &mut dyn TrainObserver,
) -> Result<Trained, TrainError> {
    let domain = scaling::input_box(data);
    let inputs = recipe.training.input_scaling.unwrap_or(InputScaling::usual(&data.train));
    if inputs != InputScaling::None && !recipe.network.convolutions.is_empty() {
        let expected = "none for a network with convolutions, whose padding is 0 in raw units";
        return Err(TrainError::key("training.input_scaling", "a scaling", expected));
    }
    let scaling = scaling::scaling(&data.train, &domain, inputs);
    let (width, image) = (data.train.inputs.ncols(), data.train.shape.as_deref());
    let outputs = data.train.targets.outputs();
    let layers = architecture::layers::<S>(&recipe.network, width, image, outputs)?;
    let mut model = Model::new(layers);
    let around = Surroundings {
        layers: model.weighted(),
        function: recipe.network.function(),
        domain: scaling::scaled_box(&domain, &scaling),
        dense: recipe.network.convolutions.is_empty(),
    };
    let penalties = Penalties::new(&recipe.penalty, around)?;
    let plan = Plan { recipe, data, scaling: &scaling, penalties, clock };
    let ended = plan.carry_out(&mut model, resume, observer)?;
    let stages = finished(&model, &scaling, recipe)?;
    report::trained(recipe, data, &stages, (scaling, domain), ended, clock)
}

/// What a training is made of, but for the model.
struct Plan<'a, S: Scalar> {
    recipe: &'a Recipe,
    data: &'a Split,
    scaling: &'a Scaling,
    penalties: Penalties<S>,
    clock: &'a Clock,
}

impl<S: Scalar> Plan<'_, S> {
    /// From the weights to begin with, or those of `resume`, to the best ones.
    fn carry_out(
        &self,
        model: &mut Model<S>,
        resume: Option<State>,
        observer: &mut dyn TrainObserver,
    ) -> Result<Ended, TrainError> {
        let optimizer = self.optimizer()?;
        let state = match resume {
            Some(state) => {
                state.check(model.parameters().len(), optimizer.memories())?;
                state
            }
            None => match self.initialize(model) {
                Ok(()) => State::first(TrainingPhase::Train, model, optimizer.memories()),
                Err(Halt::Stopped(reason)) => return Ok(Ended::stopped(reason, None)),
                Err(Halt::Failed(error)) => return Err(error),
            },
        };
        let (train, validation) = match self.samples() {
            Ok(samples) => samples,
            Err(Halt::Stopped(reason)) => {
                model.parameters_mut().copy_from_slice(&narrow(&state.best));
                return Ok(Ended::stopped(reason, Some(state)));
            }
            Err(Halt::Failed(error)) => return Err(error),
        };
        let setup = Setup {
            train: &train,
            validation: &validation,
            settings: &self.recipe.training,
            optimizer,
            penalties: &self.penalties,
            seed: self.recipe.seed,
            clock: self.clock,
        };
        phases(model, &setup, &self.recipe.compress, state, observer)
    }

    fn optimizer(&self) -> Result<&'static dyn Optimizer<S>, TrainError> {
        let (name, known) = (&self.recipe.training.optimizer, optimizers::<S>());
        known.iter().copied().find(|optimizer| optimizer.name() == name).ok_or_else(|| {
            let known: Vec<&str> = known.iter().map(|optimizer| optimizer.name()).collect();
            TrainError::key("training.optimizer", name, known.join(", "))
        })
    }

    /// Samples for training and validation.
    fn samples(&self) -> Result<(Samples<S>, Samples<S>), Halt> {
        let samples = |part| Samples::new(part, self.scaling, self.clock);
        Ok((samples(&self.data.train)?, samples(&self.data.validation)?))
    }

    /// Gives the model its weights to begin with.
    fn initialize(&self, model: &mut Model<S>) -> Result<(), Halt> {
        let Self { recipe, clock, .. } = *self;
        let weighted = model.weighted();
        let shapes: Vec<(usize, usize)> = weighted.iter().map(|l| (l.rows, l.columns)).collect();
        let name = &recipe.init.method;
        let Some(method) = INITIALIZERS.iter().find(|method| method.name() == name) else {
            return Err(TrainError::key("init.method", name, "a known method").into());
        };
        let head = self.head()?;
        let (network, settings) = (&recipe.network, &recipe.init);
        let start = Start { shapes: &shapes, network, settings, data: &head, clock };
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
            None => Ok(()),
            Some(parameter) => {
                let found = format!("'{name}', which makes a weight {parameter:?}");
                let expected = "finite weights to begin with";
                Err(TrainError::key("init.method", found, expected).into())
            }
        }
    }

    /// The first samples, in units of training.
    fn head(&self) -> Result<Dataset, TrainError> {
        let train = &self.data.train;
        let head: Vec<usize> = (0..train.len().min(MOST_SAMPLES)).collect();
        let head = scaling::scaled(&train.select(&head), self.scaling);
        scaling::check(self.scaling, &head, S::PRECISION)?;
        Ok(head)
    }
}

/// Training, then pruning and fine-tuning where the recipe has them.
fn phases<S: Scalar>(
    model: &mut Model<S>,
    setup: &Setup<'_, S>,
    compress: &CompressRecipe,
    state: State,
    observer: &mut dyn TrainObserver,
) -> Result<Ended, TrainError> {
    let (epochs, layers) = (compress.fine_tune_epochs, model.weighted());
    let (mask, state) = match state.phase {
        TrainingPhase::FineTune => {
            if compress.prune.is_none() || epochs == 0 {
                let found = "a state of fine-tuning".to_string();
                let expected = "compress.prune and compress.fine_tune_epochs for it".to_string();
                return Err(TrainError::Checkpoint { found, expected });
            }
            (Mask::of_zeros::<S>(&narrow(&state.parameters), &layers), state)
        }
        TrainingPhase::Train => {
            let trainer = Trainer::new(model, setup, Mask::default(), state);
            let most = setup.settings.epochs_for(setup.train.count);
            let ended = trainer.run(most, observer)?;
            let Some(share) = compress.prune.filter(|_| ended.stopped_by.is_none()) else {
                return Ok(ended);
            };
            prune(model.parameters_mut(), &layers, share);
            if epochs == 0 {
                return Ok(ended);
            }
            let state = State::first(TrainingPhase::FineTune, model, setup.optimizer.memories());
            (Mask::of_zeros(model.parameters(), &layers), state)
        }
    };
    Trainer::new(model, setup, mask, state).run(epochs, observer)
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
