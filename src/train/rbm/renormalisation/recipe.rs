//! What a user says about an experiment: a TOML file, every key with its default.

use serde::{Deserialize, Serialize};

use super::Variant;
use crate::network::Precision;
use crate::train::data::{CsvData, DataSource, IdxData};
use crate::train::rbm::{RbmSettings, Upward, Visible};
use crate::train::recipe::from_toml;
use crate::train::{Resumable, TrainError};

/// Longest side of a lattice, longest ring, most samples, most units of a layer, most machines,
/// most seeds: a slip in a recipe is an error and not the end of the memory.
const MOST_SIDE: usize = 512;
const MOST_LENGTH: usize = 1 << 16;
const MOST_SAMPLES: usize = 1 << 20;
const MOST_UNITS: usize = 1 << 16;
const MOST_MACHINES: usize = 32;
const MOST_SEEDS: usize = 1000;

/// Most weights of a machine.
const MOST_WEIGHTS: usize = 1 << 26;

/// Most threads, as everywhere in Taut.
const MOST_THREADS: usize = 1024;

/// A recipe of an experiment with stacks of machines.
///
/// ```
/// use taut::train::rbm::renormalisation::RbmRecipe;
///
/// let recipe = RbmRecipe::from_toml("[stack]\nlayers = [256, 64]\n[rbm]\nepochs = 5")?;
/// assert_eq!(recipe.rbm.batch, 100);
/// let error = RbmRecipe::from_toml("[rbm]\nlearning_rate = -1.0").unwrap_err();
/// assert!(error.to_string().starts_with("rbm.learning_rate: found -1; expected"));
/// # Ok::<(), taut::train::TrainError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RbmRecipe {
    /// Name of the experiment. Default: the name of the file.
    pub title: String,
    /// What all random numbers of the first stack come from. Default: 0.
    pub seed: u64,
    /// Stacks, with seeds one after the other: 1 to 1000. Default: 1.
    pub seeds: usize,
    /// Stacks beside each of them: shuffled (each sample in an order of its own) and no_l1
    /// (`rbm.l1` is 0). Default: none.
    pub controls: Vec<Control>,
    /// Threads; the result is the same for every number: 1 to 1024. Default: 1.
    pub threads: usize,
    /// Numbers that are computed: f32 or f64. Default: f32.
    pub precision: Precision,
    /// The samples.
    pub data: RbmData,
    /// The stack.
    pub stack: StackRecipe,
    /// How each machine follows its samples.
    pub rbm: RbmSettings,
}

impl Default for RbmRecipe {
    fn default() -> Self {
        Self {
            title: String::new(),
            seed: 0,
            seeds: 1,
            controls: Vec::new(),
            threads: 1,
            precision: Precision::F32,
            data: RbmData::default(),
            stack: StackRecipe::default(),
            rbm: RbmSettings::default(),
        }
    }
}

/// What a stack is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// Each sample in an order of its own.
    Shuffled,
    /// Without the penalty on the magnitudes of the weights.
    NoL1,
}

/// The table `[stack]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct StackRecipe {
    /// Units of each layer, what is seen first: 2 layers or more. Default: `[256, 64, 16, 4]`.
    pub layers: Vec<usize>,
    /// What a machine hands to the next: samples (zeros and ones) or means (probabilities) of its
    /// hidden units. Default: samples.
    pub upward: Upward,
}

impl Default for StackRecipe {
    fn default() -> Self {
        Self { layers: vec![256, 64, 16, 4], upward: Upward::Samples }
    }
}

/// The table `[data]`; `source` tells which keys it has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "source", rename_all = "lowercase")]
pub enum RbmData {
    /// Spins of the Ising model on a square lattice on a torus.
    Ising(IsingData),
    /// Spins of the Ising model on a ring.
    Ring(RingData),
    /// The inputs of a table.
    Csv(CsvData),
    /// Images.
    Idx(IdxData),
}

impl Default for RbmData {
    fn default() -> Self {
        Self::Ising(IsingData::default())
    }
}

/// The keys of `source = "ising"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct IsingData {
    /// Spins a side: 2 to 512. Default: 16.
    pub side: usize,
    /// Coupling in units of the temperature: above 0; the critical one is 0.4407. Default: 0.408.
    pub coupling: f64,
    /// Samples that are learnt: from 1. Default: 5000.
    pub samples: usize,
    /// Samples that are not, for what is left of them after a way up and down: from 1.
    /// Default: 1000.
    pub test_samples: usize,
    /// Times that all spins are turned between two samples, on average: above 0. Default: 3.
    pub sweeps: f64,
}

impl Default for IsingData {
    fn default() -> Self {
        Self { side: 16, coupling: 0.408, samples: 5000, test_samples: 1000, sweeps: 3.0 }
    }
}

/// The keys of `source = "ring"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RingData {
    /// Spins: 2 to 65536. Default: 64.
    pub length: usize,
    /// Coupling in units of the temperature: above 0. Default: 1.
    pub coupling: f64,
    /// Samples that are learnt: from 1. Default: 5000.
    pub samples: usize,
    /// Samples that are not: from 1. Default: 1000.
    pub test_samples: usize,
}

impl Default for RingData {
    fn default() -> Self {
        Self { length: 64, coupling: 1.0, samples: 5000, test_samples: 1000 }
    }
}

impl RbmRecipe {
    /// Reads and checks a recipe.
    ///
    /// # Errors
    /// [`TrainError::Syntax`] with line and column, or [`TrainError::Key`].
    pub fn from_toml(text: &str) -> Result<Self, TrainError> {
        from_toml(text, Self::validate)
    }

    /// Checks what can be told without the data.
    ///
    /// # Errors
    /// [`TrainError::Key`] or [`TrainError::Data`] with the first key that is wrong.
    pub fn validate(&self) -> Result<(), TrainError> {
        self.data.validate()?;
        within("seeds", self.seeds, 1, MOST_SEEDS)?;
        within("threads", self.threads, 1, MOST_THREADS)?;
        let layers = &self.stack.layers;
        if !(2..=MOST_MACHINES + 1).contains(&layers.len()) {
            let expected = format!("2 to {} layers", MOST_MACHINES + 1);
            return Err(TrainError::key("stack.layers", layers.len(), expected));
        }
        for (layer, &units) in layers.iter().enumerate() {
            within(&format!("stack.layers, layer {layer}"), units, 1, MOST_UNITS)?;
        }
        if let Some(pair) = layers.windows(2).find(|pair| pair[0] * pair[1] > MOST_WEIGHTS) {
            let found = format!("a machine of {} × {} weights", pair[0], pair[1]);
            return Err(TrainError::key("stack.layers", found, format!("at most {MOST_WEIGHTS}")));
        }
        if let Some(units) = self.data.units()
            && units != layers[0]
        {
            let expected = format!("{units} units in the first layer, one a spin");
            return Err(TrainError::key("stack.layers", layers[0], expected));
        }
        if self.data.units().is_some() && self.rbm.visible == Visible::Gaussian {
            let expected = "'binary' for spins, which are up or down";
            return Err(TrainError::key("rbm.visible", "'gaussian'", expected));
        }
        let mut controls = self.controls.clone();
        controls.dedup();
        let is_twice = controls.len() > 2 || controls.len() < self.controls.len();
        if is_twice || (controls.len() == 2 && controls[0] == controls[1]) {
            return Err(TrainError::key("controls", "one of them twice", "each at most once"));
        }
        self.rbm.validate("rbm")
    }

    /// Seeds and variants of the stacks, in their order.
    pub fn runs(&self) -> Vec<(u64, Variant)> {
        let variants =
            std::iter::once(Variant::Main).chain(self.controls.iter().map(
                |control| match control {
                    Control::Shuffled => Variant::Shuffled,
                    Control::NoL1 => Variant::NoL1,
                },
            ));
        let variants: Vec<Variant> = variants.collect();
        let seeds = (0..self.seeds as u64).map(|index| self.seed.wrapping_add(index));
        seeds.flat_map(|seed| variants.iter().map(move |&variant| (seed, variant))).collect()
    }
}

impl Resumable for RbmRecipe {
    fn essence(&self) -> Self {
        // More seeds go on behind those that are done.
        Self { title: String::new(), threads: 1, seeds: 1, ..self.clone() }
    }
}

impl RbmData {
    /// Number of units, where it is known without files.
    fn units(&self) -> Option<usize> {
        match self {
            Self::Ising(data) => Some(data.side * data.side),
            Self::Ring(data) => Some(data.length),
            Self::Csv(_) | Self::Idx(_) => None,
        }
    }

    fn validate(&self) -> Result<(), TrainError> {
        let positive = |key: &str, found: f64| match found > 0.0 && found.is_finite() {
            true => Ok(()),
            false => Err(TrainError::key(key, found, "a finite number above 0")),
        };
        let counts = |samples, test_samples| {
            within("data.samples", samples, 1, MOST_SAMPLES)?;
            within("data.test_samples", test_samples, 1, MOST_SAMPLES)
        };
        match self {
            Self::Ising(data) => {
                within("data.side", data.side, 2, MOST_SIDE)?;
                positive("data.coupling", data.coupling)?;
                positive("data.sweeps", data.sweeps)?;
                counts(data.samples, data.test_samples)
            }
            Self::Ring(data) => {
                within("data.length", data.length, 2, MOST_LENGTH)?;
                positive("data.coupling", data.coupling)?;
                counts(data.samples, data.test_samples)
            }
            Self::Csv(data) => Ok(data.validate()?),
            Self::Idx(data) => Ok(data.validate()?),
        }
    }
}

fn within(key: &str, found: usize, least: usize, most: usize) -> Result<(), TrainError> {
    match (least..=most).contains(&found) {
        true => Ok(()),
        false => Err(TrainError::key(key, found, format!("{least} to {most}"))),
    }
}
