//! What a recipe of a game may say.

use super::recipe::{
    CooperativeRecipe, EvaluationRecipe, GanInit, GanRecipe, GanTrainingRecipe, PlayerRecipe,
};
use crate::train::recipe::{
    MOST_NEURONS, MOST_THREADS, at_least_one, at_most, known, positive, range, share,
};
use crate::train::{ActivationName, NetworkRecipe, Schedule, TrainError};

/// Activations that make piecewise linear networks, which exact questions can be asked of, and
/// whose slope is differentiated exactly.
const PIECEWISE_LINEAR: [ActivationName; 5] = [
    ActivationName::Relu,
    ActivationName::LeakyRelu,
    ActivationName::ClippedRelu,
    ActivationName::HardTanh,
    ActivationName::Abs,
];

/// Initialisations of the trainer that need neither labels nor a key of their own.
const WEIGHTS: [&str; 3] = ["he", "glorot", "orthogonal"];

/// Most Langevin steps, most coordinates of a latent point, most samples of a step and most
/// steps: a slip is an error and not the end of the memory.
const MOST_LANGEVIN_STEPS: usize = 10_000;
const MOST_LATENT: usize = 1 << 12;
const MOST_BATCH: usize = 1 << 16;
const MOST_STEPS: u64 = 1 << 40;

impl GanRecipe {
    /// Checks what can be told without the data.
    ///
    /// # Errors
    /// [`TrainError::Key`] or [`TrainError::Data`] with the first key that is wrong.
    pub fn validate(&self) -> Result<(), TrainError> {
        self.data.validate()?;
        self.generator.validate("generator")?;
        self.discriminator.validate("discriminator")?;
        range("game.r1", self.game.r1, self.game.r1 >= 0.0, "a number from 0")?;
        at_least_one("game.latent", self.game.latent)?;
        at_most("game.latent", self.game.latent, MOST_LATENT)?;
        known("init.weights", &self.init.weights, &WEIGHTS)?;
        self.cooperative.validate()?;
        self.training.validate()?;
        self.evaluation.validate()?;
        match self.init.method {
            GanInit::Plain => Ok(()),
            GanInit::Cooperative => {
                whole("cooperative.steps", self.cooperative.steps, self.training.steps)
            }
        }
    }
}

impl PlayerRecipe {
    fn validate(&self, table: &str) -> Result<(), TrainError> {
        let key = |key: &str| format!("{table}.{key}");
        for (layer, &width) in (1..).zip(&self.hidden) {
            let key = format!("{table}.hidden, layer {layer}");
            at_least_one(&key, width)?;
            at_most(&key, width, MOST_NEURONS)?;
        }
        if !PIECEWISE_LINEAR.contains(&self.activation) {
            let expected = "relu, leaky-relu, clipped-relu, hard-tanh or abs";
            return Err(TrainError::key(key("activation"), "a smooth function", expected));
        }
        let NetworkRecipe { slope, ceiling, .. } = self.network();
        range(&key("slope"), slope, true, "a finite number of single precision")?;
        positive(&key("ceiling"), ceiling)
    }
}

impl CooperativeRecipe {
    fn validate(&self) -> Result<(), TrainError> {
        at_least_one("cooperative.langevin_steps", self.langevin_steps)?;
        at_most("cooperative.langevin_steps", self.langevin_steps, MOST_LANGEVIN_STEPS)?;
        positive("cooperative.langevin_step", self.langevin_step)?;
        let noise = self.langevin_noise;
        range("cooperative.langevin_noise", noise, noise >= 0.0, "a number from 0")?;
        positive("cooperative.deviation", self.deviation)?;
        positive("cooperative.energy_rate", self.energy_rate)?;
        positive("cooperative.generator_rate", self.generator_rate)
    }
}

impl GanTrainingRecipe {
    fn validate(&self) -> Result<(), TrainError> {
        whole("training.steps", self.steps, MOST_STEPS)?;
        at_least_one("training.batch", self.batch)?;
        at_most("training.batch", self.batch, MOST_BATCH)?;
        positive("training.generator_rate", self.generator_rate)?;
        positive("training.discriminator_rate", self.discriminator_rate)?;
        if !matches!(self.schedule, Schedule::Constant | Schedule::Cosine) {
            let found = "a schedule of epochs";
            return Err(TrainError::key("training.schedule", found, "constant or cosine"));
        }
        share("training.beta1", self.beta1)?;
        share("training.beta2", self.beta2)?;
        positive("training.epsilon", self.epsilon)?;
        at_least_one("training.threads", self.threads)?;
        at_most("training.threads", self.threads, MOST_THREADS)
    }
}

impl EvaluationRecipe {
    fn validate(&self) -> Result<(), TrainError> {
        whole("evaluation.every", self.every, MOST_STEPS)?;
        for (key, found, least, most) in [
            ("evaluation.samples", self.samples, 2, 10_000),
            ("evaluation.panels", self.panels, 1, 12),
        ] {
            if !(least..=most).contains(&found) {
                return Err(TrainError::key(key, found, format!("{least} to {most}")));
            }
        }
        Ok(())
    }
}

fn whole(key: &str, found: u64, most: u64) -> Result<(), TrainError> {
    match (1..=most).contains(&found) {
        true => Ok(()),
        false => Err(TrainError::key(key, found, format!("1 to {most}"))),
    }
}
