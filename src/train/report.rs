//! What a training led to: the network, measured by its own forward pass.

use ndarray::{Array2, Axis, concatenate, s};
use serde::Serialize;

use super::data::{Dataset, Split, Targets};
use super::metrics::{ClassificationMetrics, RegressionMetrics};
use super::stage::{Stage, network};
use super::{Recipe, State, StoppedBy, Task, TrainError, Trained};
use crate::network::{Metadata, Network, Scaling};
use crate::num::IntervalBox;

/// Samples that are evaluated at once.
const CHUNK: usize = 1000;

/// How good the predictions are, by the task.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Metrics {
    /// Numbers, in raw units.
    Regression(RegressionMetrics),
    /// Classes.
    Classification(ClassificationMetrics),
}

/// Figures of a training.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainReport {
    /// regression or classification.
    pub task: Task,
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
    /// That loss on the validation samples (or on those of training), in units of training.
    pub best_loss: f64,
    /// Steps of the last phase.
    pub steps: u64,
    /// Why training ended.
    pub stopped_by: StoppedBy,
    /// On the samples for training.
    pub train: Option<Metrics>,
    /// On the samples for validation; none without them.
    pub validation: Option<Metrics>,
    /// On the samples for the test; none without them.
    pub test: Option<Metrics>,
}

/// Builds the network of the stages and measures it.
pub(super) fn trained(
    recipe: &Recipe,
    data: &Split,
    stages: &[Stage],
    (scaling, domain): (Scaling, IntervalBox),
    (state, stopped_by): (State, StoppedBy),
) -> Result<Trained, TrainError> {
    let inputs = data.train.inputs.ncols();
    let name = if recipe.title.is_empty() { "network" } else { &recipe.title };
    let bare = network(name, inputs, stages, Metadata::default())?;
    let [train, validation, test] =
        [&data.train, &data.validation, &data.test].map(|part| metrics(&bare, part));
    let metadata = Metadata {
        input_box: Some(domain),
        input_names: words(&data.train.input_names),
        output_names: words(data.train.targets.names()),
        scaling: Some(scaling),
        origin: Some(origin(name, recipe.seed, test.as_ref())),
        precision: recipe.training.precision,
    };
    let numbers = || stages.iter().flat_map(Stage::numbers);
    let report = TrainReport {
        task: match data.train.targets {
            Targets::Values { .. } => Task::Regression,
            Targets::Classes { .. } => Task::Classification,
        },
        samples: [data.train.len(), data.validation.len(), data.test.len()],
        parameters: numbers().count(),
        zeros: numbers().filter(|&number| number == 0.0).count(),
        epochs: state.epoch,
        best_epoch: state.best_epoch,
        best_loss: state.best_loss,
        steps: state.steps,
        stopped_by,
        train,
        validation,
        test,
    };
    Ok(Trained { network: bare.with_metadata(metadata)?, report })
}

/// Measures a network on samples in raw units; none if there are none.
fn metrics(network: &Network, data: &Dataset) -> Option<Metrics> {
    if data.is_empty() {
        return None;
    }
    let chunks = (0..data.len()).step_by(CHUNK).map(|start| {
        let end = data.len().min(start + CHUNK);
        network.evaluate(data.inputs.slice(s![start..end, ..]))
    });
    let chunks: Vec<Array2<f64>> = chunks.collect();
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

/// Names that expressions can use; none if one of them is no word, or if they are those
/// that expressions have anyway.
fn words(names: &[String]) -> Vec<String> {
    let is_word = |name: &String| {
        let first = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        first && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let usual = names.iter().enumerate().all(|(index, name)| *name == format!("x{index}"));
    if !usual && names.iter().all(is_word) { names.to_vec() } else { Vec::new() }
}

fn origin(name: &str, seed: u64, test: Option<&Metrics>) -> String {
    let quality = match test {
        None => String::new(),
        Some(Metrics::Regression(m)) => format!("; test RMSE {:.6}", m.rmse),
        Some(Metrics::Classification(m)) => format!("; test accuracy {:.4}", m.accuracy),
    };
    format!("taut train, recipe \"{name}\", seed {seed}{quality}")
}
