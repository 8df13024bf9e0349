//! What a suite file says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use thiserror::Error;

/// Words in braces that a command may have, and what they stand for.
pub(super) const PLACES: [&str; 8] =
    ["instance", "network", "lower", "upper", "limit", "seed", "threads", "suite"];

/// A suite: what is run, how, and within which limits.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// What the suite is for, in words.
    pub title: Option<String>,
    /// Instance files, or networks with a box, by the folder of the suite; `*`, `?` and `**` as
    /// in a shell.
    pub instances: Vec<String>,
    /// For each run, in seconds.
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
    /// Options of `taut minimize` (without `--`) and their values, each with each.
    #[serde(default)]
    pub cross: BTreeMap<String, Vec<Value>>,
    /// Further variants.
    #[serde(default, rename = "variant")]
    pub variants: Vec<Variant>,
}

/// A value of an option.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A switch: the option is there, or it is not.
    Switch(bool),
    /// A word.
    Word(String),
}

/// One way to solve an instance.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Its name in records.
    pub name: String,
    /// Options of `taut minimize`, word by word.
    #[serde(default)]
    pub options: Vec<String>,
    /// Another program, word by word: `{instance}`, `{network}`, `{lower}`, `{upper}` (numbers
    /// with commas between), `{limit}` (seconds), `{seed}`, `{threads}` and `{suite}` (the folder
    /// of the suite) stand for what they say.
    pub command: Option<Vec<String>>,
    /// How to read what that program prints.
    pub output: Option<Words>,
}

/// Words of a program's output; of several lines that have one, the last counts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// The optimum was found and proven.
    pub optimal: String,
    /// There is no point.
    pub infeasible: Option<String>,
    /// The value of the best point is the number behind it.
    pub value: Option<String>,
    /// The bound is the number behind it.
    pub bound: Option<String>,
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
        let mut crossed = vec![Variant::default()];
        for (option, values) in &self.cross {
            let with = |variant: &Variant, value: &Value| {
                let mut variant = variant.clone();
                let space = if variant.name.is_empty() { "" } else { " " };
                variant.name += &format!("{space}{option}={}", value.text());
                match value {
                    Value::Switch(true) => variant.options.push(format!("--{option}")),
                    Value::Switch(false) => {}
                    value => variant.options.extend([format!("--{option}"), value.text()]),
                }
                variant
            };
            let all = crossed.iter().flat_map(|variant| values.iter().map(|v| with(variant, v)));
            crossed = all.collect();
        }
        if self.cross.is_empty() {
            crossed.clear();
            if self.variants.is_empty() {
                crossed.push(Variant { name: "default".to_string(), ..Variant::default() });
            }
        }
        crossed.append(&mut self.variants);
        self.variants = crossed;
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
            if self.variants[..index].iter().any(|other| other.name == *name) {
                return Err(format!("variant '{name}' occurs twice"));
            }
            variant.check().map_err(|what| format!("variant '{name}': {what}"))?;
        }
        match self.seeds.iter().enumerate().find(|(i, seed)| self.seeds[..*i].contains(seed)) {
            Some((_, seed)) => Err(format!("seed {seed} occurs twice")),
            None => Ok(()),
        }
    }
}

impl Value {
    fn text(&self) -> String {
        match self {
            Self::Integer(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Switch(is_on) => is_on.to_string(),
            Self::Word(word) => word.clone(),
        }
    }
}

impl Variant {
    /// The words that make it what it is, besides its name.
    pub fn words(&self) -> &[String] {
        self.command.as_deref().unwrap_or(&self.options)
    }

    fn check(&self) -> Result<(), String> {
        let Some(command) = &self.command else {
            return match self.output {
                Some(_) => Err("'output' without 'command'".to_string()),
                None => Ok(()),
            };
        };
        if command.first().is_none_or(String::is_empty) {
            return Err("command: expected the name of a program".to_string());
        }
        if !self.options.is_empty() {
            return Err("'options' are those of taut; 'command' has words of its own".to_string());
        }
        if self.output.is_none() {
            return Err("expected 'output', the words that tell the answer".to_string());
        }
        for word in command {
            for place in places(word) {
                if !PLACES.contains(&place) {
                    let known = PLACES.join(", ");
                    return Err(format!("unknown '{{{place}}}'; expected one of {known}"));
                }
            }
        }
        Ok(())
    }
}

/// The names in braces in a word.
fn places(word: &str) -> impl Iterator<Item = &str> {
    word.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
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
        ];
        for (text, expected) in refused {
            let error = suite(text).map(|_| ()).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
