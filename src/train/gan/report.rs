//! What a game led to: the networks, and how good they are.

use serde::Serialize;

use super::metrics::GanMetrics;
use super::play::Ended;
use super::player::{Player, Role};
use super::{GanInit, GanRecipe, GanState, World};
use crate::control::StoppedBy;
use crate::network::{Metadata, Network};
use crate::num::IntervalBox;
use crate::train::TrainError;
use crate::train::scalar::Scalar;
use crate::train::stage::{Stage, network};

/// A game that was played.
#[derive(Debug)]
pub struct Played {
    /// Latent point to sample; its box is that of the latent points.
    pub generator: Network,
    /// Sample to score; its box is that of the data.
    pub discriminator: Network,
    /// Latent point to the score of its sample: the one behind the other.
    pub score: Network,
    /// Figures.
    pub report: GanReport,
    /// Where the game stands; none where it was stopped before the weights to begin with were
    /// there; those of the networks are then 0.
    pub state: Option<GanState>,
}

/// Figures of a game.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GanReport {
    /// plain or cooperative.
    pub init: GanInit,
    /// Seed of its random numbers.
    pub seed: u64,
    /// Steps, the cooperative ones among them.
    pub steps: u64,
    /// What ended it before its end; none where it ended by itself.
    pub stopped_by: Option<StoppedBy>,
    /// What made it diverge, if something did; then there are no networks.
    pub diverged: Option<String>,
    /// Modes that there are.
    pub modes: usize,
    /// How good the samples are at the end.
    pub metrics: Option<GanMetrics>,
    /// Weights and biases of both networks.
    pub parameters: usize,
    /// How long it took, its evaluations among it (seconds); 0 where it diverged.
    pub seconds: f64,
    /// How much of that went to cooperative steps (seconds).
    pub cooperative_seconds: f64,
}

impl GanReport {
    /// Of a game that diverged.
    pub fn diverged(recipe: &GanRecipe, modes: usize, error: &TrainError) -> Self {
        Self {
            init: recipe.init.method,
            seed: recipe.seed,
            steps: 0,
            stopped_by: None,
            diverged: Some(error.to_string()),
            modes,
            metrics: None,
            parameters: 0,
            seconds: 0.0,
            cooperative_seconds: 0.0,
        }
    }

    /// Whether it has come to its end and covers all modes.
    pub fn is_success(&self) -> bool {
        self.metrics.is_some_and(|metrics| metrics.modes == self.modes)
    }
}

/// Builds the networks.
pub(super) fn played<S: Scalar>(
    recipe: &GanRecipe,
    world: &World,
    ended: Ended<S>,
) -> Result<Played, TrainError> {
    let Ended { players, state, stopped_by } = ended;
    let title = if recipe.title.is_empty() { "game" } else { &recipe.title };
    let made = players.generator.model.stages();
    let scored = players.discriminator.model.stages();
    let latent = recipe.game.latent;
    let square = IntervalBox::new(vec![-1.0; latent], vec![1.0; latent]).expect("-1 is below 1");
    let built = |what: &str, domain: IntervalBox, stages: &[Stage]| {
        let init = recipe.init.method.name();
        let origin =
            format!("taut gan, recipe \"{title}\", seed {}, init {init}: {what}", recipe.seed);
        let inputs = domain.len();
        let metadata = Metadata {
            input_box: Some(domain),
            origin: Some(origin),
            precision: recipe.training.precision,
            ..Metadata::default()
        };
        network(&format!("{title}: {what}"), inputs, stages, metadata)
    };
    let both = [made.clone(), scored.clone()].concat();
    let parameters = |player: &Player<S>| player.model.parameters().len();
    let report = GanReport {
        init: recipe.init.method,
        seed: recipe.seed,
        steps: state.as_ref().map_or(0, |state| state.step),
        stopped_by,
        diverged: None,
        modes: world.source.modes(),
        metrics: state.as_ref().and_then(|state| Some(state.records.last()?.metrics)),
        parameters: parameters(&players.generator) + parameters(&players.discriminator),
        seconds: state.as_ref().map_or(0.0, |state| state.seconds),
        cooperative_seconds: state.as_ref().map_or(0.0, |state| state.cooperative_seconds),
    };
    Ok(Played {
        generator: built(Role::Generator.name(), square.clone(), &made)?,
        discriminator: built(Role::Discriminator.name(), world.source.domain(), &scored)?,
        score: built("discriminator behind generator", square, &both)?,
        report,
        state,
    })
}
