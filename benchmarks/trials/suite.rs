//! What is tried: tables of settings, each a recipe of a training with some keys of its own.

use anyhow::{Context, ensure};
use serde::Deserialize;
use taut::train::Recipe;
use toml::{Table, Value};

/// A suite, as its TOML file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// Title of the page.
    pub title: String,
    /// Seeds of data and training; each setting is tried with all of them.
    pub seeds: Vec<u64>,
    /// Test accuracy that is to be reached soon: above 0, at most 1.
    pub level: f64,
    /// What is measured where a table says so.
    pub figures: Figures,
    /// Keys that all recipes share.
    pub recipe: Table,
    /// The tables.
    pub table: Vec<Tables>,
    /// What is other with `--quick`: keys of the suite; those of `quick.recipe` go before all
    /// others of a recipe.
    #[serde(default)]
    pub quick: Table,
}

/// What is measured of a trained network.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// Test digits, in their order, whose answers are compressed: from 1.
    pub sequence: usize,
    /// Test digits around which outputs are changed: from 1.
    pub sensitivity: usize,
    /// Segments between random images on which linear pieces are counted: from 1.
    pub chords: usize,
    /// Test digits, the first ones, around which a question is asked: from 1.
    pub queries: usize,
    /// Largest change of an input in a question: above 0.
    pub epsilon: f64,
    /// Time of a question by search (seconds): above 0.
    pub search_seconds: f64,
    /// Time of a question by a mixed-integer program (seconds); 0: none is asked.
    pub milp_seconds: f64,
}

/// A table: the product of its axes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    /// Name, in the rows.
    pub name: String,
    /// What it shows, for the page.
    pub about: String,
    /// Whether figures are measured besides accuracy and times.
    #[serde(default)]
    pub figures: bool,
    /// Keys that its recipes share.
    #[serde(default)]
    pub recipe: Table,
    /// Lists of settings; one of each makes a row.
    pub axes: Vec<Vec<Setting>>,
}

/// Keys of a recipe, by a name.
#[derive(Clone, Debug, Deserialize)]
pub struct Setting {
    /// Name, in the rows.
    pub name: String,
    /// The keys.
    #[serde(flatten)]
    pub recipe: Table,
}

/// One training.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Name of the table.
    pub table: String,
    /// Names of the settings, one an axis.
    pub setting: String,
    /// Seed.
    pub seed: u64,
    /// Whether figures are measured.
    pub figures: bool,
    /// The recipe.
    pub recipe: Recipe,
}

impl Suite {
    /// Reads a suite, or its quick form.
    pub fn read(text: &str, quick: bool) -> anyhow::Result<Self> {
        let mut suite: Table = toml::from_str(text)?;
        let changes = suite.get("quick").and_then(Value::as_table).cloned().unwrap_or_default();
        if quick {
            let changes = changes.into_iter().filter(|(key, _)| key != "recipe");
            merge(&mut suite, &changes.collect());
        } else {
            suite.remove("quick");
        }
        let suite: Self = suite.try_into()?;
        suite.validate()?;
        Ok(suite)
    }

    fn validate(&self) -> anyhow::Result<()> {
        let Figures { sequence, sensitivity, chords, queries, epsilon, .. } = self.figures;
        let counts = [
            ("sequence", sequence),
            ("sensitivity", sensitivity),
            ("chords", chords),
            ("queries", queries),
        ];
        for (key, count) in counts {
            ensure!(count > 0, "figures.{key}: found 0; expected at least 1");
        }
        ensure!(epsilon > 0.0, "figures.epsilon: found {epsilon}; expected a number above 0");
        let Figures { search_seconds: search, milp_seconds: milp, .. } = self.figures;
        ensure!(search > 0.0, "figures.search_seconds: found {search}; expected more than 0");
        ensure!(milp >= 0.0, "figures.milp_seconds: found {milp}; expected a number from 0");
        let level = self.level;
        ensure!(level > 0.0 && level <= 1.0, "level: found {level}; expected a share above 0");
        ensure!(!self.seeds.is_empty(), "seeds: found none; expected at least one");
        Ok(())
    }

    /// All trainings, those on the same samples one after the other.
    pub fn trials(&self) -> anyhow::Result<Vec<Trial>> {
        let mut trials = Vec::new();
        for table in &self.table {
            let start = trials.len();
            for settings in product(&table.axes) {
                for &seed in &self.seeds {
                    trials.push(self.trial(table, &settings, seed)?);
                }
            }
            // By what decides the samples; a stable order otherwise.
            trials[start..]
                .sort_by_key(|trial: &Trial| (format!("{:?}", trial.recipe.data), trial.seed));
        }
        Ok(trials)
    }

    fn trial(&self, table: &Tables, settings: &[&Setting], seed: u64) -> anyhow::Result<Trial> {
        let mut recipe = self.recipe.clone();
        merge(&mut recipe, &table.recipe);
        for setting in settings {
            merge(&mut recipe, &setting.recipe);
        }
        if let Some(Value::Table(changes)) = self.quick.get("recipe") {
            merge(&mut recipe, changes);
        }
        let names: Vec<&str> = settings.iter().map(|setting| setting.name.as_str()).collect();
        let setting = names.join(", ");
        let seed_value = i64::try_from(seed).context("a seed above 2^63")?;
        recipe.insert("seed".to_string(), Value::Integer(seed_value));
        recipe.entry("title").or_insert_with(|| Value::String(setting.clone()));
        let recipe: Recipe = recipe
            .try_into()
            .with_context(|| format!("table '{}', setting '{setting}'", table.name))?;
        Ok(Trial { table: table.name.clone(), setting, seed, figures: table.figures, recipe })
    }
}

/// Every choice of one setting an axis, the last axis changing first.
pub fn product(axes: &[Vec<Setting>]) -> Vec<Vec<&Setting>> {
    axes.iter().fold(vec![Vec::new()], |choices, axis| {
        let longer = choices.iter().flat_map(|choice| {
            axis.iter().map(move |setting| [choice.as_slice(), &[setting]].concat())
        });
        longer.collect()
    })
}

/// Puts `changes` into a table, tables into tables.
fn merge(table: &mut Table, changes: &Table) {
    for (key, value) in changes {
        match (table.get_mut(key), value) {
            (Some(Value::Table(known)), Value::Table(changes)) => merge(known, changes),
            _ => {
                table.insert(key.clone(), value.clone());
            }
        }
    }
}
