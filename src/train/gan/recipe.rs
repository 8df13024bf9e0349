//! What a user says about a game: a TOML file, every key with its default.

use serde::{Deserialize, Serialize};

use super::data::GanData;
use super::langevin::Langevin;
use super::losses::GameLoss;
use crate::network::Precision;
use crate::train::recipe::from_toml;
use crate::train::scalar::Scalar;
use crate::train::{
    ActivationName, NetworkRecipe, Resumable, Schedule, TrainError, TrainingRecipe,
};

/// A recipe of a game of a generator and a discriminator.
///
/// ```
/// use taut::train::gan::GanRecipe;
///
/// let recipe = GanRecipe::from_toml("[data]\nsource = 'ring'\nmodes = 5")?;
/// assert_eq!(recipe.training.batch, 128);
/// let error = GanRecipe::from_toml("[game]\nr1 = -1.0").unwrap_err();
/// assert_eq!(error.to_string(), "game.r1: found -1; expected a number from 0");
/// # Ok::<(), taut::train::TrainError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct GanRecipe {
    /// Name of the networks. Default: the name of the file.
    pub title: String,
    /// What all random numbers come from. Default: 0.
    pub seed: u64,
    /// What is to be made.
    pub data: GanData,
    /// The network that makes samples out of latent points.
    pub generator: PlayerRecipe,
    /// The network that scores samples.
    pub discriminator: PlayerRecipe,
    /// The losses.
    pub game: GameRecipe,
    /// What the game begins with.
    pub init: GanInitRecipe,
    /// The cooperative steps, where the game begins with them.
    pub cooperative: CooperativeRecipe,
    /// The optimisation.
    pub training: GanTrainingRecipe,
    /// How the generator is looked at meanwhile.
    pub evaluation: EvaluationRecipe,
}

/// The tables `[generator]` and `[discriminator]`: dense layers, the last without activation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PlayerRecipe {
    /// Neurons of each hidden layer: from 1. Default: `[64, 64]`.
    pub hidden: Vec<usize>,
    /// Activation of all hidden layers: relu, leaky-relu, clipped-relu, hard-tanh, abs.
    /// Default: relu.
    pub activation: ActivationName,
    /// Slope of leaky-relu below 0: finite; the nearest number of single precision, which files
    /// hold. Default: 0.2.
    pub slope: f64,
    /// Ceiling of clipped-relu: above 0; likewise. Default: 1.
    pub ceiling: f64,
}

/// The table `[game]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct GameRecipe {
    /// non-saturating or hinge. Default: non-saturating.
    pub loss: GameLoss,
    /// Strength of the penalty on the discriminator's slope at samples of the data: from 0.
    /// Default: 0.1.
    pub r1: f64,
    /// Coordinates of a latent point, each uniform in `[−1, 1]`: from 1. Default: 2.
    pub latent: usize,
}

/// What a game begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum GanInit {
    /// Random weights.
    #[default]
    Plain,
    /// Random weights, then cooperative steps: the discriminator as the energy of a density,
    /// which teaches the generator.
    Cooperative,
}

impl GanInit {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Plain, Self::Cooperative];

    /// Name in recipes and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Cooperative => "cooperative",
        }
    }
}

/// The table `[init]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct GanInitRecipe {
    /// plain or cooperative. Default: plain.
    pub method: GanInit,
    /// Random weights: he, glorot, orthogonal. Default: he.
    pub weights: String,
}

/// The table `[cooperative]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CooperativeRecipe {
    /// Steps of the training, the first ones, that are cooperative: from 1 to all.
    /// Default: 500.
    pub steps: u64,
    /// Langevin steps from a sample of the generator: from 1. Default: 10.
    pub langevin_steps: usize,
    /// Their size, in units of the data: above 0. Default: 0.3.
    pub langevin_step: f64,
    /// Factor of their noise: from 0. Default: 1.
    pub langevin_noise: f64,
    /// Deviation of the normal density that the energy is an exponent beside, in units of the
    /// data: above 0. Default: 2.
    pub deviation: f64,
    /// Learning rate of the energy: above 0. Default: 1e-3.
    pub energy_rate: f64,
    /// Learning rate of the generator: above 0. Default: 1e-3.
    pub generator_rate: f64,
}

/// The table `[training]`: Adam for both networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct GanTrainingRecipe {
    /// Steps, each of both networks, the cooperative ones among them: from 1. Default: 5000.
    pub steps: u64,
    /// Samples in a step: from 1. Default: 128.
    pub batch: usize,
    /// Learning rate of the generator at first: above 0. Default: 1e-3.
    pub generator_rate: f64,
    /// Learning rate of the discriminator at first: above 0. Default: 1e-3.
    pub discriminator_rate: f64,
    /// How both change in the game: constant or cosine. Default: constant.
    pub schedule: Schedule,
    /// Decay of the mean of gradients: from 0, below 1. Default: 0.5.
    pub beta1: f64,
    /// Decay of the mean of squares: from 0, below 1. Default: 0.9.
    pub beta2: f64,
    /// What is added to the root of that mean: above 0. Default: 1e-8.
    pub epsilon: f64,
    /// Numbers that are computed and exported: f32 or f64. Default: f32.
    pub precision: Precision,
    /// Threads: from 1. The result does not depend on it. Default: 1.
    pub threads: usize,
}

/// The table `[evaluation]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct EvaluationRecipe {
    /// Steps from one to the next: from 1. Default: 250.
    pub every: u64,
    /// Samples of the generator, and as many of the data: 2 to 10 000. Default: 1000.
    pub samples: usize,
    /// Pictures of samples over the training: from 1 to 12. Default: 6.
    pub panels: usize,
}

impl Default for PlayerRecipe {
    fn default() -> Self {
        let (hidden, activation) = (vec![64, 64], ActivationName::Relu);
        Self { hidden, activation, slope: 0.2, ceiling: 1.0 }
    }
}

impl Default for GameRecipe {
    fn default() -> Self {
        Self { loss: GameLoss::default(), r1: 0.1, latent: 2 }
    }
}

impl Default for GanInitRecipe {
    fn default() -> Self {
        Self { method: GanInit::default(), weights: "he".to_string() }
    }
}

impl Default for CooperativeRecipe {
    fn default() -> Self {
        Self {
            steps: 500,
            langevin_steps: 10,
            langevin_step: 0.3,
            langevin_noise: 1.0,
            deviation: 2.0,
            energy_rate: 1e-3,
            generator_rate: 1e-3,
        }
    }
}

impl Default for GanTrainingRecipe {
    fn default() -> Self {
        Self {
            steps: 5000,
            batch: 128,
            generator_rate: 1e-3,
            discriminator_rate: 1e-3,
            schedule: Schedule::Constant,
            beta1: 0.5,
            beta2: 0.9,
            epsilon: 1e-8,
            precision: Precision::F32,
            threads: 1,
        }
    }
}

impl Default for EvaluationRecipe {
    fn default() -> Self {
        Self { every: 250, samples: 1000, panels: 6 }
    }
}

impl PlayerRecipe {
    /// As a network of the trainer.
    pub fn network(&self) -> NetworkRecipe {
        NetworkRecipe {
            hidden: self.hidden.clone(),
            activation: self.activation,
            slope: f32::of(self.slope).wide(),
            ceiling: f32::of(self.ceiling).wide(),
            ..NetworkRecipe::default()
        }
    }
}

impl CooperativeRecipe {
    /// The Langevin steps.
    pub fn langevin(&self) -> Langevin {
        Langevin {
            steps: self.langevin_steps,
            step: self.langevin_step,
            noise: self.langevin_noise,
            deviation: self.deviation,
        }
    }
}

impl GanTrainingRecipe {
    /// As the settings of an optimiser.
    pub fn settings(&self) -> TrainingRecipe {
        TrainingRecipe {
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: self.epsilon,
            ..TrainingRecipe::default()
        }
    }
}

impl GanRecipe {
    /// Reads and checks a recipe.
    ///
    /// # Errors
    /// [`TrainError::Syntax`] with line and column, or [`TrainError::Key`].
    pub fn from_toml(text: &str) -> Result<Self, TrainError> {
        from_toml(text, Self::validate)
    }

    /// Cooperative steps in front of the game.
    pub fn cooperative_steps(&self) -> u64 {
        match self.init.method {
            GanInit::Plain => 0,
            GanInit::Cooperative => self.cooperative.steps,
        }
    }
}

impl Resumable for GanRecipe {
    fn essence(&self) -> Self {
        let mut recipe = self.clone();
        recipe.title.clear();
        recipe.training.threads = 1;
        recipe
    }
}
