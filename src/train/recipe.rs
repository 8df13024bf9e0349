//! What a user says about a training: a TOML file, every key with its default.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::OneOrEach;
use super::data::{DataRecipe, DataSource};
use super::error::TrainError;
use super::initializers::INITIALIZERS;
use super::optimizers::optimizers;
use super::penalties::penalties;
use super::settings::{CompressRecipe, InitRecipe, NetworkRecipe, TrainingRecipe};
use crate::message::{excerpt, toml_error};

/// Most neurons of a layer and most channels, so that a slip in a recipe is an error and
/// not the end of the memory.
pub(super) const MOST_NEURONS: usize = 1 << 16;

/// Most rows of a convolution's window.
const MOST_KERNEL: usize = 1 << 10;

/// Most threads, as everywhere in Taut.
pub(super) const MOST_THREADS: usize = 1024;

/// A recipe of a training.
///
/// ```
/// use taut::train::Recipe;
///
/// let recipe = Recipe::from_toml("title = 'Peaks'\n[network]\nhidden = [50, 50]")?;
/// assert_eq!(recipe.training.batch, 256);
/// let error = Recipe::from_toml("[training]\nlearning_rate = -1.0").unwrap_err();
/// assert!(error.to_string().starts_with("training.learning_rate: found -1; expected"));
/// # Ok::<(), taut::train::TrainError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// Name of the network. Default: the name of the file.
    pub title: String,
    /// What all random numbers come from. Default: 0.
    pub seed: u64,
    /// The samples.
    pub data: DataRecipe,
    /// The layers.
    pub network: NetworkRecipe,
    /// The weights to begin with.
    pub init: InitRecipe,
    /// The optimisation.
    pub training: TrainingRecipe,
    /// Strengths of what is added to the loss, by the names of
    /// [`penalties`]: a number, or a list with one per layer. From 0. Default: none.
    #[cfg_attr(
        feature = "schema",
        schemars(extend("propertyNames" = penalty_names()))
    )]
    pub penalty: BTreeMap<String, OneOrEach>,
    /// What is done to the trained weights.
    pub compress: CompressRecipe,
}

/// The keys of the table `[penalty]`, as a schema.
#[cfg(feature = "schema")]
fn penalty_names() -> serde_json::Value {
    let names = penalties::<f64>().iter().map(|penalty| penalty.name());
    serde_json::json!({ "enum": names.collect::<Vec<_>>() })
}

impl Recipe {
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
        self.network.validate()?;
        let names: Vec<&str> = INITIALIZERS.iter().map(|i| i.name()).collect();
        known("init.method", &self.init.method, &names)?;
        positive("init.limit", self.init.limit)?;
        self.init.rbm.settings().validate("init.rbm")?;
        self.training.validate()?;
        self.compress.validate()?;
        for (name, strengths) in &self.penalty {
            let names: Vec<&str> = penalties::<f64>().iter().map(|p| p.name()).collect();
            known("penalty", name, &names)?;
            for &strength in strengths.numbers() {
                range(&format!("penalty.{name}"), strength, strength >= 0.0, "a number from 0")?;
            }
        }
        Ok(())
    }
}

/// Reads and checks a recipe of any kind.
///
/// # Errors
/// [`TrainError::Syntax`] with line and column, or those of `validate`.
pub(super) fn from_toml<R: DeserializeOwned>(
    text: &str,
    validate: impl Fn(&R) -> Result<(), TrainError>,
) -> Result<R, TrainError> {
    let recipe = toml::from_str(text).map_err(|error| TrainError::Syntax(toml_error(&error)))?;
    validate(&recipe)?;
    Ok(recipe)
}

impl NetworkRecipe {
    fn validate(&self) -> Result<(), TrainError> {
        for (layer, &width) in (1..).zip(&self.hidden) {
            let key = format!("network.hidden, layer {layer}");
            at_least_one(&key, width)?;
            at_most(&key, width, MOST_NEURONS)?;
        }
        range("network.slope", self.slope, true, "a finite number")?;
        positive("network.ceiling", self.ceiling)?;
        for &p in self.dropout.numbers() {
            share("network.dropout", p)?;
        }
        if self.dropout.spread(self.hidden.len()).is_none() {
            let expected =
                format!("a number, or {} of them, one a hidden layer", self.hidden.len());
            let found = format!("{} numbers", self.dropout.numbers().len());
            return Err(TrainError::key("network.dropout", found, expected));
        }
        for (number, convolution) in (1..).zip(&self.convolutions) {
            let key = |name: &str| format!("network.convolutions, number {number}: {name}");
            at_least_one(&key("channels"), convolution.channels)?;
            at_least_one(&key("kernel"), convolution.kernel)?;
            at_least_one(&key("stride"), convolution.stride)?;
            at_least_one(&key("pool_size"), convolution.pool_size)?;
            at_most(&key("channels"), convolution.channels, MOST_NEURONS)?;
            at_most(&key("kernel"), convolution.kernel, MOST_KERNEL)?;
            if convolution.padding >= convolution.kernel {
                let expected = format!("less than the kernel, {}", convolution.kernel);
                return Err(TrainError::key(key("padding"), convolution.padding, expected));
            }
        }
        Ok(())
    }
}

impl TrainingRecipe {
    fn validate(&self) -> Result<(), TrainError> {
        let names: Vec<&str> = optimizers::<f64>().iter().map(|o| o.name()).collect();
        known("training.optimizer", &self.optimizer, &names)?;
        positive("training.learning_rate", self.learning_rate)?;
        at_least_one("training.schedule_epochs", self.schedule_epochs)?;
        let factor = self.schedule_factor;
        let inside = factor > 0.0 && factor < 1.0;
        range("training.schedule_factor", factor, inside, "a number above 0 and below 1")?;
        share("training.momentum", self.momentum)?;
        share("training.beta1", self.beta1)?;
        share("training.beta2", self.beta2)?;
        positive("training.epsilon", self.epsilon)?;
        let decay = self.weight_decay;
        range("training.weight_decay", decay, decay >= 0.0, "a number from 0")?;
        at_least_one("training.batch", self.batch)?;
        if !(1..=MOST_THREADS).contains(&self.threads) {
            let expected = format!("1 to {MOST_THREADS}");
            return Err(TrainError::key("training.threads", self.threads, expected));
        }
        self.clip_norm.map_or(Ok(()), |norm| positive("training.clip_norm", norm))
    }
}

impl CompressRecipe {
    fn validate(&self) -> Result<(), TrainError> {
        self.prune.map_or(Ok(()), |pruned| share("compress.prune", pruned))?;
        if self.bias_digits.is_some_and(|digits| digits > 15) {
            let found = self.bias_digits.unwrap_or_default();
            return Err(TrainError::key("compress.bias_digits", found, "at most 15"));
        }
        match self.weight_bits {
            Some(bits) if !(2..=24).contains(&bits) => {
                Err(TrainError::key("compress.weight_bits", bits, "2 to 24"))
            }
            Some(_) if self.power_of_two => {
                let found = "weight_bits and power_of_two";
                Err(TrainError::key("compress", found, "one of them"))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn range(key: &str, found: f64, inside: bool, expected: &str) -> Result<(), TrainError> {
    if inside && found.is_finite() { Ok(()) } else { Err(TrainError::key(key, found, expected)) }
}

pub(super) fn positive(key: &str, found: f64) -> Result<(), TrainError> {
    range(key, found, found > 0.0, "a finite number above 0")
}

pub(super) fn share(key: &str, found: f64) -> Result<(), TrainError> {
    range(key, found, (0.0..1.0).contains(&found), "a number from 0, below 1")
}

pub(super) fn at_least_one(key: &str, found: usize) -> Result<(), TrainError> {
    if found > 0 { Ok(()) } else { Err(TrainError::key(key, found, "at least 1")) }
}

pub(super) fn at_most(key: &str, found: usize, most: usize) -> Result<(), TrainError> {
    if found <= most { Ok(()) } else { Err(TrainError::key(key, found, format!("at most {most}"))) }
}

pub(super) fn known(key: &str, found: &str, names: &[&str]) -> Result<(), TrainError> {
    if names.contains(&found) {
        return Ok(());
    }
    Err(TrainError::key(
        key,
        format!("'{}'", excerpt(found)),
        format!("one of {}", names.join(", ")),
    ))
}
