//! The tables of a recipe: what can be set, with ranges and defaults.

use serde::{Deserialize, Serialize};

use super::OneOrEach;
use super::data::Targets;
use super::initializers::RbmInit;
use super::layers::{ActivationFunction, Pool};
use super::scaling::InputScaling;
use crate::network::Precision;

/// The table `[network]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct NetworkRecipe {
    /// Neurons of each hidden layer: from 1; an empty list is an affine function.
    /// Default: `[50, 50]`.
    pub hidden: Vec<usize>,
    /// Activation of all hidden layers: relu, leaky-relu, clipped-relu, hard-tanh, abs; tanh
    /// and sigmoid, which are smooth, so that exact commands refuse the network. Default: relu.
    pub activation: ActivationName,
    /// Slope of leaky-relu below 0: finite. Default: 0.01.
    pub slope: f64,
    /// Ceiling of clipped-relu: above 0. Default: 1.
    pub ceiling: f64,
    /// Probability that a neuron is dropped in a step: from 0, below 1; a number, or a
    /// list with one per hidden layer. Default: 0.
    pub dropout: OneOrEach,
    /// Convolutions in front of the dense layers; for images. Default: none.
    pub convolutions: Vec<ConvolutionRecipe>,
}

impl Default for NetworkRecipe {
    fn default() -> Self {
        Self {
            hidden: vec![50, 50],
            activation: ActivationName::Relu,
            slope: 0.01,
            ceiling: 1.0,
            dropout: OneOrEach::One(0.0),
            convolutions: Vec::new(),
        }
    }
}

impl NetworkRecipe {
    /// The activation as a function, whose numbers are those of single precision nearest to the
    /// recipe's, where there are any: files hold no others.
    pub fn function(&self) -> ActivationFunction {
        let held = |number: f64| match f64::from(number as f32) {
            single if single.is_finite() && (single != 0.0) == (number != 0.0) => single,
            _ => number,
        };
        match self.activation {
            ActivationName::Relu => ActivationFunction::Relu,
            ActivationName::LeakyRelu => ActivationFunction::LeakyRelu { slope: held(self.slope) },
            ActivationName::ClippedRelu => {
                ActivationFunction::Clip { min: 0.0, max: held(self.ceiling) }
            }
            ActivationName::HardTanh => ActivationFunction::Clip { min: -1.0, max: 1.0 },
            ActivationName::Abs => ActivationFunction::Abs,
            ActivationName::Tanh => ActivationFunction::Tanh,
            ActivationName::Sigmoid => ActivationFunction::Sigmoid,
        }
    }
}

/// Name of an activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ActivationName {
    /// `max(a, 0)`.
    Relu,
    /// `a` above 0, `slope · a` below.
    LeakyRelu,
    /// `min(max(a, 0), ceiling)`.
    ClippedRelu,
    /// `min(max(a, −1), 1)`.
    HardTanh,
    /// `|a|`.
    Abs,
    /// `tanh a`.
    Tanh,
    /// `1 / (1 + e⁻ᵃ)`.
    Sigmoid,
}

/// One convolution, the activation, and perhaps a pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConvolutionRecipe {
    /// Channels that it computes: from 1.
    pub channels: usize,
    /// Rows and columns of the window: from 1. Default: 3.
    #[serde(default = "usual_kernel")]
    pub kernel: usize,
    /// Pixels from one place of the window to the next: from 1. Default: 1.
    #[serde(default = "usual_stride")]
    pub stride: usize,
    /// Zeros around the image: below `kernel`. Default: 0.
    #[serde(default)]
    pub padding: usize,
    /// Pooling after the activation: max or average. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Pool>,
    /// Rows and columns that are pooled to one: from 1. Default: 2.
    #[serde(default = "usual_pool_size")]
    pub pool_size: usize,
}

fn usual_kernel() -> usize {
    3
}

fn usual_stride() -> usize {
    1
}

fn usual_pool_size() -> usize {
    2
}

/// The table `[init]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct InitRecipe {
    /// One of [`INITIALIZERS`](super::initializers::INITIALIZERS). Default: he.
    #[cfg_attr(
        feature = "schema",
        schemars(extend("enum" = super::initializers::INITIALIZERS.iter().map(|i| i.name()).collect::<Vec<_>>()))
    )]
    pub method: String,
    /// Largest magnitude of weights and biases for the method uniform: above 0.
    /// Default: 0.5.
    pub limit: f64,
    /// The machines of the method rbm.
    #[serde(skip_serializing_if = "RbmInit::is_default")]
    pub rbm: RbmInit,
}

impl Default for InitRecipe {
    fn default() -> Self {
        Self { method: "he".to_string(), limit: 0.5, rbm: RbmInit::default() }
    }
}

/// What the network answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum LearningTask {
    /// Numbers; mean squared error.
    Regression,
    /// Scores of classes; cross-entropy.
    Classification,
}

impl LearningTask {
    /// The task that samples with these targets are for.
    pub fn of(targets: &Targets) -> Self {
        match targets {
            Targets::Values { .. } => Self::Regression,
            Targets::Classes { .. } => Self::Classification,
        }
    }

    /// Name in recipes and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Regression => "regression",
            Self::Classification => "classification",
        }
    }
}

/// The table `[training]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TrainingRecipe {
    /// regression or classification; must be that of the data. Default: as the data are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<LearningTask>,
    /// How inputs are scaled for training: none, box (the box becomes `[−1, 1]`), standard
    /// (mean 0, deviation 1). The exported network speaks raw units in any case. Default:
    /// none for images, box for test functions, else standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_scaling: Option<InputScaling>,
    /// adam, adamw or sgd. Default: adam.
    #[cfg_attr(
        feature = "schema",
        schemars(extend("enum" = super::optimizers::optimizers::<f64>().iter().map(|o| o.name()).collect::<Vec<_>>()))
    )]
    pub optimizer: String,
    /// Learning rate at first: above 0. Default: 5e-3.
    pub learning_rate: f64,
    /// constant, step, cosine or plateau. Default: cosine.
    pub schedule: Schedule,
    /// Epochs between two reductions (step), or without progress before one (plateau):
    /// from 1. Default: 50.
    pub schedule_epochs: usize,
    /// Factor of a reduction: above 0, below 1. Default: 0.5.
    pub schedule_factor: f64,
    /// Momentum of sgd: from 0, below 1. Default: 0.9.
    pub momentum: f64,
    /// Decay of the mean of gradients in adam and adamw: from 0, below 1. Default: 0.9.
    pub beta1: f64,
    /// Decay of the mean of squares in adam and adamw: from 0, below 1. Default: 0.999.
    pub beta2: f64,
    /// What adam and adamw add to the root of that mean: above 0. Default: 1e-8.
    pub epsilon: f64,
    /// Weight decay, on biases too: from 0. Default: 0.
    pub weight_decay: f64,
    /// Samples in a step: from 1. Default: 256.
    pub batch: usize,
    /// Most passes over the samples; 0 leaves the weights as they begin. Default: as many as
    /// make 80 000 steps, from 20 to 2000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// Epochs without a lower loss on the validation samples (on those of training where
    /// there are none) before training stops; 0 never stops. Default: 0.
    pub patience: usize,
    /// Largest Euclidean norm of a gradient, to which longer ones are shortened: above 0.
    /// Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// Numbers that are computed and exported: f32 or f64. Default: f32.
    pub precision: Precision,
    /// Threads: from 1. The result does not depend on it. Default: 1.
    pub threads: usize,
}

impl Default for TrainingRecipe {
    fn default() -> Self {
        Self {
            task: None,
            input_scaling: None,
            optimizer: "adam".to_string(),
            learning_rate: 5e-3,
            schedule: Schedule::Cosine,
            schedule_epochs: 50,
            schedule_factor: 0.5,
            momentum: 0.9,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            batch: 256,
            epochs: None,
            patience: 0,
            clip_norm: None,
            precision: Precision::F32,
            threads: 1,
        }
    }
}

/// Steps of a training whose recipe says no number of epochs, and the least and the largest
/// number of epochs for them: few samples are seen often, many not too seldom.
const USUAL_STEPS: usize = 80_000;
const USUAL_EPOCHS: [usize; 2] = [20, 2000];

impl TrainingRecipe {
    /// Most epochs for so many samples.
    pub fn epochs_for(&self, samples: usize) -> usize {
        let [least, most] = USUAL_EPOCHS;
        let steps = samples.div_ceil(self.batch.max(1)).max(1);
        self.epochs.unwrap_or_else(|| USUAL_STEPS.div_ceil(steps).clamp(least, most))
    }
}

/// The table `[compress]`: what makes the numbers of a program simple.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CompressRecipe {
    /// Share of the weights of each layer but the last that become 0, the smallest first:
    /// from 0, below 1. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune: Option<f64>,
    /// Most epochs of training after that, with these weights kept at 0. Default: 0.
    pub fine_tune_epochs: usize,
    /// Decimal digits behind the point that biases are rounded to: up to 15. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bias_digits: Option<u32>,
    /// Bits of a weight, its sign included: 2 to 24; weights become whole multiples of a power of two
    /// that is chosen for each layer. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_bits: Option<u32>,
    /// Whether weights become powers of two with a sign, or 0. Default: false.
    pub power_of_two: bool,
}

/// A schedule of learning rates, for a first rate `η`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Always `η`.
    Constant,
    /// Multiplied by `schedule_factor` every `schedule_epochs` epochs.
    Step,
    /// `η (1 + cos(π t / T)) / 2` in epoch `t` (from 0) of `T`, those of fine-tuning by
    /// themselves.
    #[default]
    Cosine,
    /// Multiplied by `schedule_factor` whenever the loss on the validation samples has
    /// not reached a new minimum for `schedule_epochs` epochs.
    Plateau,
}
