//! One training, with the accuracy on its way.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use ndarray::Axis;
use taut::control::Clock;
use taut::network::Network;
use taut::train::data::{Dataset, Split, Targets};
use taut::train::model::{Model, Pass};
use taut::train::scaling::InputScaling;
use taut::train::{
    EpochRecord, Metrics, Recipe, State, TrainError, TrainObserver, TrainingPhase, architecture,
    train,
};

use crate::rows::Row;

/// Samples that are evaluated at once.
const CHUNK: usize = 1000;

/// Epochs after which accuracy is a figure.
const EPOCHS: [usize; 3] = [0, 1, 5];

/// Trains and fills what the row says of that; none where the training diverges.
pub fn trained(
    recipe: &Recipe,
    data: &Split,
    level: f64,
    row: &mut Row,
) -> anyhow::Result<Option<Network>> {
    let scaling = recipe.training.input_scaling;
    ensure!(
        scaling.is_none_or(|scaling| scaling == InputScaling::None),
        "training.input_scaling: found a scaling; expected none, for accuracies on the way"
    );
    let mut watch = Watch::new(recipe, &data.test, level)?;
    let outcome = train(recipe, data, None, &Clock::unlimited(), &mut watch);
    let seconds = watch.seconds();
    [row.accuracy_0, row.accuracy_1, row.accuracy_5] = watch.accuracies;
    if let Some((epoch, seconds)) = watch.reached {
        (row.epochs_to_level, row.seconds_to_level) = (Some(epoch as f64), Some(seconds));
    }
    let trained = match outcome {
        Ok(trained) => trained,
        Err(error @ TrainError::Diverged { .. }) => {
            row.note = error.to_string();
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    row.train_seconds = Some(seconds);
    let Some(Metrics::Classification(test)) = trained.report.test else {
        bail!("data: found no test samples of classes; expected some")
    };
    row.accuracy = Some(test.accuracy);
    Ok(Some(trained.network))
}

/// Measures accuracy after epochs; the time for it does not count.
struct Watch<'a> {
    model: Model<f32>,
    pass: Pass<f32>,
    test: &'a Dataset,
    labels: &'a [usize],
    level: f64,
    started: Instant,
    /// Time in which accuracy was measured.
    spent: Duration,
    /// After each of [`EPOCHS`].
    accuracies: [Option<f64>; 3],
    /// Epoch and seconds at which the level was reached.
    reached: Option<(usize, f64)>,
}

impl<'a> Watch<'a> {
    fn new(recipe: &Recipe, test: &'a Dataset, level: f64) -> anyhow::Result<Self> {
        let Targets::Classes { labels, names } = &test.targets else {
            bail!("data: found numbers as targets; expected classes")
        };
        let (width, image) = (test.inputs.ncols(), test.shape.as_deref());
        let layers = architecture::layers::<f32>(&recipe.network, width, image, names.len())?;
        let model = Model::new(layers);
        let pass = Pass::new(&model, CHUNK);
        Ok(Self {
            model,
            pass,
            test,
            labels,
            level,
            started: Instant::now(),
            spent: Duration::ZERO,
            accuracies: [None; 3],
            reached: None,
        })
    }

    /// Seconds of the training so far.
    fn seconds(&self) -> f64 {
        (self.started.elapsed() - self.spent).as_secs_f64()
    }

    /// The share of test samples that weights and biases classify rightly.
    fn accuracy(&mut self, parameters: &[f64]) -> Option<f64> {
        let own = self.model.parameters_mut();
        own.iter_mut().zip(parameters).for_each(|(own, &number)| *own = number as f32);
        let mut right = 0;
        let chunks = self.test.inputs.axis_chunks_iter(Axis(0), CHUNK);
        for (samples, labels) in chunks.zip(self.labels.chunks(CHUNK)) {
            let input = self.pass.input(samples.nrows());
            input.iter_mut().zip(samples).for_each(|(x, &number)| *x = number as f32);
            let outputs = self.model.forward(&mut self.pass);
            let classes = outputs.chunks_exact(outputs.len() / labels.len());
            right += classes.zip(labels).filter(|(row, label)| largest(row) == **label).count();
        }
        (!self.labels.is_empty()).then(|| right as f64 / self.labels.len() as f64)
    }
}

/// The first of the largest.
fn largest(row: &[f32]) -> usize {
    let best =
        row.iter().enumerate().reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map_or(0, |(index, _)| index)
}

impl TrainObserver for Watch<'_> {
    fn epoch(&mut self, record: &EpochRecord, state: &mut dyn FnMut() -> State) -> ControlFlow<()> {
        let figure = EPOCHS.iter().position(|&epoch| epoch == record.epoch);
        let is_training = record.phase == TrainingPhase::Train;
        if is_training && (figure.is_some() || self.reached.is_none()) {
            let (seconds, began) = (self.seconds(), Instant::now());
            let accuracy = self.accuracy(&state().parameters);
            if let Some(figure) = figure {
                self.accuracies[figure] = accuracy;
            }
            if self.reached.is_none() && accuracy.is_some_and(|found| found >= self.level) {
                self.reached = Some((record.epoch, seconds));
            }
            self.spent += began.elapsed();
        }
        ControlFlow::Continue(())
    }
}

/// Loads the samples of a recipe, whose files lie in a folder.
pub fn load(recipe: &Recipe, folder: &std::path::Path) -> anyhow::Result<Split> {
    use taut::train::data::DataSource;
    recipe.data.load(folder, recipe.seed).context("the samples")
}
