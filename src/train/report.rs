//! What a training led to: the network, measured by its own forward pass.

use std::time::{Duration, Instant};

use ndarray::{Array2, Axis, concatenate, s};
use serde::Serialize;

use super::data::{Dataset, Split, Targets};
use super::metrics::{ClassificationMetrics, RegressionMetrics};
use super::samples::real;
use super::stage::{Stage, network};
use super::trainer::Ended;
use super::{LearningTask, Recipe, TrainError, Trained};
use crate::control::{Clock, Limits, StoppedBy};
use crate::network::{Metadata, Network, Scaling};
use crate::num::IntervalBox;

/// Most samples that are evaluated at once.
const CHUNK: usize = 1000;

/// Multiplications between two looks at the clock: some hundredths of a second.
const PRODUCT: usize = 1 << 26;

/// Time that measuring may still take when the training has been stopped.
const GRACE: Duration = Duration::from_millis(200);

/// How good the predictions are, by the task.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Metrics {
    /// Numbers, in raw units.
    Regression(RegressionMetrics),
    /// Classes.
    Classification(ClassificationMetrics),
}

/// Figures of a training.
///
/// A limit or an interrupt that ends the training ends the measuring soon after: within
/// 0.2 s of it the network is measured on the samples for the test, for validation and for
/// training, in this order, and a part that this time is too short for is left out rather
/// than late. Such a part has samples and no metrics.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TrainReport {
    /// regression or classification.
    pub task: LearningTask,
    /// Number of samples for training, validation and test.
    pub samples: [usize; 3],
    /// Number of weights and biases.
    pub parameters: usize,
    /// How many of these are 0.
    pub zeros: usize,
    /// Epochs of the last phase.
    pub epochs: usize,
    /// The epoch with the least loss, whose weights were kept; 0 is before the first.
    pub best_epoch: usize,
    /// That loss on the validation samples (or on those of training), in units of training;
    /// none where the training was stopped before it was known.
    pub best_loss: Option<f64>,
    /// Steps of the last phase.
    pub steps: u64,
    /// What ended the training before its end, or left out metrics after it; none where it
    /// ended by itself.
    pub stopped_by: Option<StoppedBy>,
    /// Whether training ended because the loss had not become lower for as many epochs as
    /// the recipe is patient.
    pub early_stopping: bool,
    /// On the samples for training; none where there was no time left.
    pub train: Option<Metrics>,
    /// On the samples for validation; none without them, or where there was no time left.
    pub validation: Option<Metrics>,
    /// On the samples for the test; none without them, or where there was no time left.
    pub test: Option<Metrics>,
}

/// Builds the network of the stages and measures it.
pub(super) fn trained(
    recipe: &Recipe,
    data: &Split,
    stages: &[Stage],
    (scaling, domain): (Scaling, IntervalBox),
    ended: Ended,
    clock: &Clock,
) -> Result<Trained, TrainError> {
    let inputs = data.train.inputs.ncols();
    let name = if recipe.title.is_empty() { "network" } else { &recipe.title };
    let bare = network(name, inputs, stages, Metadata::default())?;
    let mut measuring = Measuring::new(&bare, stages, ended.stopped_by, clock);
    let [test, validation, train] =
        [&data.test, &data.validation, &data.train].map(|part| measuring.metrics(part));
    let stopped_by = measuring.stopped_by;
    let state = ended.state.as_ref();
    let metadata = Metadata {
        input_box: Some(domain),
        input_names: unusual(&data.train.input_names, 'x'),
        output_names: unusual(data.train.targets.names(), 'y'),
        scaling: Some(scaling),
        origin: Some(origin(name, recipe.seed, test.as_ref())),
        precision: recipe.training.precision,
    };
    let numbers = || stages.iter().flat_map(Stage::numbers);
    let report = TrainReport {
        task: LearningTask::of(&data.train.targets),
        samples: [data.train.len(), data.validation.len(), data.test.len()],
        parameters: numbers().count(),
        zeros: numbers().filter(|&number| number == 0.0).count(),
        epochs: state.map_or(0, |state| state.epoch),
        best_epoch: state.map_or(0, |state| state.best_epoch),
        best_loss: state.and_then(|state| state.best_loss),
        steps: state.map_or(0, |state| state.steps),
        stopped_by,
        early_stopping: ended.early_stopping,
        train,
        validation,
        test,
    };
    Ok(Trained { network: bare.with_metadata(metadata)?, report, state: ended.state })
}

/// Measures a network for as long as there is time.
struct Measuring<'a> {
    network: &'a Network,
    /// Samples that are evaluated at once.
    rows: usize,
    /// The clock of the training while that goes on, then one for the time after it.
    clock: Clock,
    /// What has stopped the clock of the training.
    heard: Option<StoppedBy>,
    /// What has ended the training, or left out metrics.
    stopped_by: Option<StoppedBy>,
}

impl<'a> Measuring<'a> {
    fn new(
        network: &'a Network,
        stages: &[Stage],
        stopped_by: Option<StoppedBy>,
        clock: &Clock,
    ) -> Self {
        let products: usize = stages.iter().map(Stage::products).sum();
        let rows = (PRODUCT / products.max(1)).clamp(1, CHUNK);
        let clock = if stopped_by.is_none() { *clock } else { grace() };
        Self { network, rows, clock, heard: stopped_by, stopped_by }
    }

    /// The metrics on samples in raw units; none without samples or without time.
    fn metrics(&mut self, data: &Dataset) -> Option<Metrics> {
        if data.is_empty() {
            return None;
        }
        let (began, count) = (Instant::now(), data.len());
        let chunks = (0..count).step_by(self.rows).map(|start| {
            self.go_on(began.elapsed(), start, count)?;
            let end = data.len().min(start + self.rows);
            Ok(self.network.evaluate(data.inputs.slice(s![start..end, ..])))
        });
        let chunks = match chunks.collect::<Result<Vec<Array2<f64>>, StoppedBy>>() {
            Ok(chunks) => chunks,
            Err(reason) => {
                self.stopped_by = Some(reason);
                return None;
            }
        };
        let views: Vec<_> = chunks.iter().map(|chunk| chunk.view()).collect();
        let outputs = concatenate(Axis(0), &views).expect("chunks of one network");
        match &data.targets {
            Targets::Values { values, .. } => {
                RegressionMetrics::new(outputs.view(), values.view()).map(Metrics::Regression)
            }
            Targets::Classes { labels, .. } => {
                ClassificationMetrics::new(outputs.view(), labels).map(Metrics::Classification)
            }
        }
    }

    /// Goes on with a part of so many samples, of which so many took so long, while there is
    /// time; after a stop, where there is enough for all of them.
    fn go_on(&mut self, taken: Duration, done: usize, count: usize) -> Result<(), StoppedBy> {
        if self.heard.is_none()
            && let Err(reason) = self.clock.go_on()
        {
            (self.heard, self.clock) = (Some(reason), grace());
        }
        let Some(reason) = self.heard else { return Ok(()) };
        let needed = taken.as_secs_f64() * real(count - done) / real(done.max(1));
        match self.clock.left() {
            Some(left) if left.is_zero() || left.as_secs_f64() < needed => Err(reason),
            _ => Ok(()),
        }
    }
}

/// The clock of what may be done after a stop.
fn grace() -> Clock {
    Clock::start(&Limits::of_time(GRACE))
}

/// The names of variables; none if they are those that expressions have anyway.
fn unusual(names: &[String], letter: char) -> Vec<String> {
    let is_usual = names.iter().enumerate().all(|(index, n)| *n == format!("{letter}{index}"));
    if is_usual { Vec::new() } else { names.to_vec() }
}

fn origin(name: &str, seed: u64, test: Option<&Metrics>) -> String {
    let quality = match test {
        None => String::new(),
        Some(Metrics::Regression(m)) => format!("; test RMSE {:.6}", m.rmse),
        Some(Metrics::Classification(m)) => format!("; test accuracy {:.4}", m.accuracy),
    };
    format!("taut train, recipe \"{name}\", seed {seed}{quality}")
}
