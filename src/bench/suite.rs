//! What a suite file says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use thiserror::Error;

use super::variant::{Value, Variant, crossed, twice};

/// A suite: what is run, how, and within which limits.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// What the suite is for, in words.
    pub title: Option<String>,
    /// Instance files, networks with a box, or lists of properties (.csv: network, property,
    /// seconds), by the folder of the suite; `*`, `?` and `**` as in a shell.
    pub instances: Vec<String>,
    /// What is asked of instances.
    #[serde(default)]
    pub question: SuiteQuestion,
    /// For each run, in seconds; a property has a limit of its own, which counts where it is
    /// smaller.
    #[serde(default = "minute")]
    pub time_limit: f64,
    /// What a run may take beyond its limit before it is killed, in seconds.
    #[serde(default = "grace")]
    pub grace: f64,
    /// For each run, in megabytes; it is killed beyond. Default: none.
    pub memory_limit_mb: Option<u64>,
    /// Threads of each run.
    #[serde(default = "one")]
    pub threads: u64,
    /// Each run is done with each of them.
    #[serde(default = "zero")]
    pub seeds: Vec<u64>,
    /// Where the order of the runs comes from, which are shuffled against drift.
    #[serde(default)]
    pub order: u64,
    /// Options of `taut minimize`, `taut regions` or `taut verify`, as the question is (without
    /// `--`), and their values, each with each.
    #[serde(default)]
    pub cross: BTreeMap<String, Vec<Value>>,
    /// What `--engine slurm` asks for.
    #[serde(default)]
    pub slurm: SlurmSettings,
    /// Further variants.
    #[serde(default, rename = "variant")]
    pub variants: Vec<Variant>,
}

/// What is asked of instances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuiteQuestion {
    /// The least or largest value, as each instance says.
    #[default]
    Optimum,
    /// The number of linear regions in the box.
    Regions,
}

/// What a job array of Slurm is asked for, besides what follows from the limits.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlurmSettings {
    /// Options of sbatch, one a word, such as `--partition=long`.
    #[serde(default)]
    pub options: Vec<String>,
}

/// Why a suite cannot be run.
#[derive(Debug, Error)]
pub enum SuiteError {
    /// It cannot be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is not one.
    #[error("{}: {error}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What was found, and where.
        error: toml::de::Error,
    },
    /// It says something impossible.
    #[error("{}: {what}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What.
        what: String,
    },
}

fn minute() -> f64 {
    60.0
}

fn grace() -> f64 {
    5.0
}

fn one() -> u64 {
    1
}

fn zero() -> Vec<u64> {
    vec![0]
}

impl Suite {
    /// Reads a suite and checks it.
    ///
    /// # Errors
    /// [`SuiteError`].
    pub fn read(path: &Path) -> Result<Self, SuiteError> {
        let owned = || path.to_path_buf();
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|error| SuiteError::Read { path: owned(), error })?;
        let mut suite: Self =
            toml::from_str(&text).map_err(|error| SuiteError::Syntax { path: owned(), error })?;
        suite.expand();
        suite.check().map_err(|what| SuiteError::Content { path: owned(), what })?;
        Ok(suite)
    }

    /// Puts the combinations of options before the variants that have names.
    fn expand(&mut self) {
        let named = std::mem::take(&mut self.variants);
        if named.is_empty() || !self.cross.is_empty() {
            let mut lists: Vec<Vec<(&str, Value)>> = Vec::new();
            for (option, values) in &self.cross {
                lists.push(values.iter().map(|value| (option.as_str(), value.clone())).collect());
            }
            self.variants = crossed(&lists).iter().map(|choices| Variant::of(choices)).collect();
        }
        self.variants.extend(named);
    }

    fn check(&self) -> Result<(), String> {
        let positive = |what: &str, number: f64| match number > 0.0 && number.is_finite() {
            true => Ok(()),
            false => Err(format!("{what} = {number}: expected a positive number of seconds")),
        };
        positive("time_limit", self.time_limit)?;
        positive("grace", self.grace)?;
        let empty = [
            ("instances", self.instances.is_empty()),
            ("seeds", self.seeds.is_empty()),
            ("variants", self.variants.is_empty()),
        ];
        if let Some((what, _)) = empty.iter().find(|(_, is_empty)| *is_empty) {
            return Err(format!("{what}: expected at least one"));
        }
        for (index, variant) in self.variants.iter().enumerate() {
            let name = &variant.name;
            if name.is_empty() {
                return Err(format!("variant {}: expected a name", index + 1));
            }
            variant.check().map_err(|what| format!("variant '{name}': {what}"))?;
        }
        if let Some(name) = twice(&self.variants) {
            return Err(format!("variant '{name}' occurs twice"));
        }
        for option in &self.slurm.options {
            if !option.starts_with('-') || option.contains('\n') || option.starts_with("--array") {
                return Err(format!(
                    "slurm.options: '{option}': expected an option of sbatch such as --partition=long, and not --array"
                ));
            }
        }
        match self.seeds.iter().enumerate().find(|(i, seed)| self.seeds[..*i].contains(seed)) {
            Some((_, seed)) => Err(format!("seed {seed} occurs twice")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(text: &str) -> Result<Suite, String> {
        let mut suite: Suite = toml::from_str(text).map_err(|error| error.to_string())?;
        suite.expand();
        suite.check().map(|()| suite)
    }

    #[test]
    fn lists_are_crossed_and_named_variants_follow() {
        let text = r#"
            instances = ["a.toml"]
            [cross]
            encoding = ["big-m", "split"]
            parts = [1, 4]
            [[variant]]
            name = "search"
            options = ["--solver", "search"]
        "#;
        let suite = suite(text).expect("a suite");
        let names: Vec<&str> = suite.variants.iter().map(|variant| &*variant.name).collect();
        let expected = [
            "encoding=big-m parts=1",
            "encoding=big-m parts=4",
            "encoding=split parts=1",
            "encoding=split parts=4",
            "search",
        ];
        assert_eq!(names, expected);
        assert_eq!(suite.variants[1].options, ["--encoding", "big-m", "--parts", "4"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let refused = [
            ("instances = []", "instances: expected at least one"),
            ("instances = ['a']\ntime_limit = 0", "time_limit = 0: expected a positive"),
            ("instances = ['a']\nseeds = [1, 1]", "seed 1 occurs twice"),
            ("instances = ['a']\nlimit = 3", "unknown field `limit`"),
            ("instances = ['a']\n[cross]\nparts = []", "variants: expected at least one"),
            (
                "instances = ['a']\n[[variant]]\nname = 'x'\ncommand = ['p', '{net}']\n[variant.output]\noptimal = 'ok'",
                "unknown '{net}'",
            ),
            ("instances = ['a']\n[[variant]]\nname = 'x'\ncommand = ['p']", "expected 'output'"),
            (
                "instances = ['a']\n[[variant]]\nname = 'x'\ncommand = ['p']\noutput = { value = 'v' }",
                "expected one at least of 'optimal', 'infeasible', 'sat', 'unsat'",
            ),
            ("instances = ['a']\nquestion = 'all'", "unknown variant `all`"),
            ("instances = ['a']\n[slurm]\noptions = ['--array=1']", "slurm.options: '--array=1'"),
            ("instances = ['a']\n[slurm]\noptions = ['long']", "slurm.options: 'long': expected"),
        ];
        for (text, expected) in refused {
            let error = suite(text).map(|_| ()).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
