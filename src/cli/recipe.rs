//! The recipe of a training: a file, overridden by flags.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use taut::train::Recipe;
use taut::train::functions::FUNCTIONS;
use taut::train::initializers::INITIALIZERS;
use taut::train::optimizers::optimizers;
use toml::Value;

use super::kinds::{self, Expected};
use super::overrides::{self, Override};
use super::shared::{check_threads, usual};

/// What overrides the recipe's file.
#[derive(Args, Clone)]
#[command(next_help_heading = "Recipe")]
pub struct RecipeArgs {
    /// Recipe file (.toml) [default: flags only].
    pub recipe: Option<PathBuf>,
    /// Name of the network [default: that of the recipe's file, else of the output].
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// What all random numbers come from (a whole number) [default: 0].
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Test function that samples are taken of: peaks, ackley, himmelblau, … [default: peaks].
    #[arg(long, value_name = "NAME", hide_possible_values = true,
          value_parser = usual(FUNCTIONS.iter().map(|f| f.name)))]
    function: Option<String>,
    /// Number of samples (a count) [default: 20000 of a test function, else all].
    #[arg(long, value_name = "COUNT")]
    samples: Option<usize>,
    /// Neurons of each hidden layer, separated by commas [default: 50,50].
    #[arg(long, value_name = "COUNTS", value_delimiter = ',')]
    hidden: Option<Vec<usize>>,
    /// Activation: relu, leaky-relu, clipped-relu, hard-tanh, abs; tanh and sigmoid, which
    /// exact commands refuse [default: relu].
    #[arg(long, value_name = "NAME")]
    activation: Option<String>,
    /// Ceiling of clipped-relu [default: 1].
    #[arg(long, value_name = "NUMBER")]
    ceiling: Option<f64>,
    /// Probability that a neuron is dropped in a step: one for all hidden layers, or one each,
    /// separated by commas [default: 0].
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    dropout: Option<Vec<f64>>,
    /// Weights to begin with: he, glorot, orthogonal, uniform, calculated, rbm
    /// [default: he].
    #[arg(long, value_name = "NAME", hide_possible_values = true,
          value_parser = usual(INITIALIZERS.iter().map(|i| i.name())))]
    init: Option<String>,
    /// Strength of the sum of the magnitudes of the weights: one for all layers, or one each,
    /// separated by commas [default: 0].
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    l1: Option<Vec<f64>>,
    /// Strength of the sum of the squares of the weights, likewise [default: 0].
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    l2: Option<Vec<f64>>,
    /// Strength of the loss for stable neurons (hidden layers) [default: 0].
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    stability: Option<Vec<f64>>,
    /// Strength of the penalty on big-M constants (hidden layers) [default: 0].
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    big_m: Option<Vec<f64>>,
    /// Strength of the penalty on unstable neurons (hidden layers) [default: 0].
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    unstable: Option<Vec<f64>>,
    /// Optimiser: adam, adamw, sgd [default: adam].
    #[arg(long, value_name = "NAME", hide_possible_values = true,
          value_parser = usual(optimizers::<f64>().iter().map(|o| o.name())))]
    optimizer: Option<String>,
    /// Learning rate at first [default: 5e-3].
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    learning_rate: Option<f64>,
    /// How it changes: constant, step, cosine, plateau [default: cosine].
    #[arg(long, value_name = "NAME")]
    schedule: Option<String>,
    /// Samples in a step (a count) [default: 256].
    #[arg(long, value_name = "COUNT")]
    batch: Option<usize>,
    /// Most passes over the samples (a count) [default: as many as make 80000 steps, from 20
    /// to 2000].
    #[arg(long, value_name = "COUNT")]
    epochs: Option<usize>,
    /// Epochs without a lower loss before training stops (a count; 0: never) [default: 0].
    #[arg(long, value_name = "COUNT")]
    patience: Option<usize>,
    /// Numbers that are computed and written: f32, f64 [default: f32].
    #[arg(long, value_name = "TYPE")]
    precision: Option<String>,
    /// Threads (a count); the result is the same for every number [default: 1].
    #[arg(long, value_name = "COUNT")]
    threads: Option<usize>,
    /// Any other key of a recipe, such as data.noise=0.1 (can be repeated).
    #[arg(long, value_name = "TABLE.KEY=VALUE")]
    set: Vec<String>,
}

impl RecipeArgs {
    /// The recipe that comes out, for a network that is written to `output`.
    pub fn recipe(&self, output: Option<&Path>) -> anyhow::Result<Recipe> {
        self.threads.map(check_threads).transpose()?;
        let overrides = self.overrides()?;
        let (text, place) = match &self.recipe {
            Some(path) => {
                kinds::check(path, Expected::Recipe)?;
                tracing::info!("read: {}", path.display());
                let text = std::fs::read_to_string(path);
                (text.with_context(|| path.display().to_string())?, path.display().to_string())
            }
            None if overrides.is_empty() => {
                bail!("nothing to train; expected a recipe file or flags such as --function peaks")
            }
            None => (String::new(), "the flags".to_string()),
        };
        let mut recipe = self.merged(&text, overrides).map_err(|error| {
            let instance = self.recipe.as_deref().and_then(kinds::instead_of_a_recipe);
            instance.unwrap_or_else(|| error.context(place))
        })?;
        if recipe.title.is_empty() {
            let stem = self.recipe.as_deref().or(output).and_then(Path::file_stem);
            recipe.title = stem.map_or("network".into(), |s| s.to_string_lossy()).into_owned();
        }
        Ok(recipe)
    }

    fn merged(&self, text: &str, overrides: Vec<Override>) -> anyhow::Result<Recipe> {
        if overrides.is_empty() {
            return Ok(Recipe::from_toml(text)?);
        }
        let mut table = overrides::overridden(text, overrides)?;
        // What is said of data is said of a test function where there is no other source.
        if let Some(Value::Table(data)) = table.get_mut("data") {
            data.entry("source").or_insert("function".into());
        }
        let recipe: Recipe = overrides::recipe_of(table)?;
        recipe.validate()?;
        Ok(recipe)
    }

    fn overrides(&self) -> anyhow::Result<Vec<Override>> {
        let mut list: Vec<Override> = Vec::new();
        let mut put = |path: &str, value: Option<Value>| {
            list.extend(value.map(|value| (path.to_string(), value)));
        };
        let text = |text: &Option<String>| text.clone().map(Value::from);
        let name = |name: &Option<String>| {
            let name = name.as_ref().map(|name| name.trim().to_lowercase().replace('_', "-"));
            name.map(Value::from)
        };
        let count = |count: Option<usize>| count.map(|c| overrides::whole(c as u64));
        put("title", text(&self.title));
        put("seed", self.seed.map(overrides::whole));
        put("data.function", name(&self.function));
        put("data.samples", count(self.samples));
        let widths =
            |widths: &Vec<usize>| widths.iter().map(|&w| overrides::whole(w as u64)).collect();
        put("network.hidden", self.hidden.as_ref().map(|w| Value::Array(widths(w))));
        put("network.activation", name(&self.activation));
        put("network.ceiling", self.ceiling.map(Value::from));
        put("network.dropout", numbers(&self.dropout));
        put("init.method", name(&self.init));
        put("penalty.l1", numbers(&self.l1));
        put("penalty.l2", numbers(&self.l2));
        put("penalty.stability", numbers(&self.stability));
        put("penalty.big_m", numbers(&self.big_m));
        put("penalty.unstable", numbers(&self.unstable));
        put("training.optimizer", name(&self.optimizer));
        put("training.learning_rate", self.learning_rate.map(Value::from));
        put("training.schedule", name(&self.schedule));
        put("training.batch", count(self.batch));
        put("training.epochs", count(self.epochs));
        put("training.patience", count(self.patience));
        put("training.precision", name(&self.precision));
        put("training.threads", count(self.threads));
        list.extend(overrides::settings(&self.set)?);
        Ok(list)
    }
}

/// One number, or a list.
fn numbers(numbers: &Option<Vec<f64>>) -> Option<Value> {
    numbers.as_ref().map(|numbers| match numbers.as_slice() {
        [one] => Value::from(*one),
        many => Value::Array(many.iter().map(|&number| Value::from(number)).collect()),
    })
}
