//! Where a game stands, and what is told of it.

use serde::{Deserialize, Serialize};

use super::metrics::GanMetrics;
use super::player::PlayerState;

/// A part of a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GanStage {
    /// The energy is fitted and teaches the generator.
    Cooperative,
    /// The two are adversaries.
    Adversarial,
}

/// How a generator does, as observers and logs see it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EvaluationRecord {
    /// Steps so far; 0 is before the first.
    pub step: u64,
    /// What the last of them was; the first to come before it.
    pub stage: GanStage,
    /// Mean of the generator's loss over the steps since the last record; none before them. In
    /// cooperative steps the loss of teaching.
    pub generator_loss: Option<f64>,
    /// The same of the discriminator's loss; in cooperative steps the difference of energies.
    pub discriminator_loss: Option<f64>,
    /// How good its samples are.
    pub metrics: GanMetrics,
}

/// Samples of the generator at some step, for a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplePanel {
    /// Steps so far.
    pub step: u64,
    /// Samples, one after the other.
    pub samples: Vec<f64>,
}

/// Where a game stands after a record: enough to go on as if it had never stopped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GanState {
    /// Steps so far.
    pub step: u64,
    /// The generator.
    pub generator: PlayerState,
    /// The discriminator.
    pub discriminator: PlayerState,
    /// All records so far.
    pub records: Vec<EvaluationRecord>,
    /// Samples for pictures, in order.
    pub panels: Vec<SamplePanel>,
    /// Time that it took (seconds), whatever went on in between.
    pub seconds: f64,
    /// That part of it that went to cooperative steps.
    pub cooperative_seconds: f64,
}
