//! One way to solve an instance.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

/// Words in braces that a command may have, and what they stand for.
pub(super) const PLACES: [&str; 9] =
    ["instance", "network", "property", "lower", "upper", "limit", "seed", "threads", "suite"];

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
    /// Options of `taut minimize`, `taut regions` or `taut verify`, as the question is, word by
    /// word.
    #[serde(default)]
    pub options: Vec<String>,
    /// Another program, word by word: `{instance}`, `{network}`, `{property}`, `{lower}`,
    /// `{upper}` (numbers with commas between), `{limit}` (seconds), `{seed}`, `{threads}` and
    /// `{suite}` (the folder of the suite) stand for what they say.
    pub command: Option<Vec<String>>,
    /// How to read what that program prints.
    pub output: Option<Words>,
}

/// Words of a program's output; of several lines that have one, the last counts. One at least of
/// the first four is needed.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// The optimum was found and proven.
    pub optimal: Option<String>,
    /// There is no point.
    pub infeasible: Option<String>,
    /// There is a counterexample to the property: a whole word, so that "unsat" is no "sat".
    pub sat: Option<String>,
    /// There is none, likewise.
    pub unsat: Option<String>,
    /// The value of the best point is the number behind it.
    pub value: Option<String>,
    /// The bound is the number behind it.
    pub bound: Option<String>,
    /// It ended well without an answer: nothing else may be there to read.
    pub open: Option<String>,
    /// What it took, by its own clock, is the number behind it.
    pub seconds: Option<String>,
}

impl Value {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Integer(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Switch(is_on) => is_on.to_string(),
            Self::Word(word) => word.clone(),
        }
    }
}

/// Every choice of one from each list, the last one changing fastest; of no lists the empty one.
pub(super) fn crossed<T: Clone>(lists: &[Vec<T>]) -> Vec<Vec<T>> {
    lists.iter().fold(vec![Vec::new()], |choices, list| {
        let longer = |choice: &[T], next: &T| [choice, std::slice::from_ref(next)].concat();
        choices.iter().flat_map(|choice| list.iter().map(|next| longer(choice, next))).collect()
    })
}

/// A name that two variants have, if there is one.
pub(super) fn twice<'a>(variants: impl IntoIterator<Item = &'a Variant>) -> Option<&'a str> {
    let mut known = BTreeSet::new();
    let mut names = variants.into_iter().map(|variant| variant.name.as_str());
    names.find(|name| !known.insert(*name))
}

impl Variant {
    /// Of options of Taut (without `--`) and their values, by which it is named.
    pub(super) fn of(settings: &[(&str, Value)]) -> Self {
        let names: Vec<String> =
            settings.iter().map(|(option, value)| format!("{option}={}", value.text())).collect();
        let words = settings.iter().flat_map(|(option, value)| match value {
            Value::Switch(false) => Vec::new(),
            Value::Switch(true) => vec![format!("--{option}")],
            value => vec![format!("--{option}"), value.text()],
        });
        let name = if names.is_empty() { "default".to_string() } else { names.join(" ") };
        Self { name, options: words.collect(), ..Self::default() }
    }

    /// The value of an option of Taut (without `--`), if it has one.
    pub(super) fn value(&self, option: &str) -> Option<&str> {
        let is_it = |word: &String| word.strip_prefix("--") == Some(option);
        let place = self.options.iter().position(is_it)?;
        self.options.get(place + 1).map(String::as_str)
    }

    /// The words that make it what it is, besides its name.
    pub fn words(&self) -> &[String] {
        self.command.as_deref().unwrap_or(&self.options)
    }

    /// Whether its command has a place in braces.
    pub fn asks_for(&self, place: &str) -> bool {
        self.command.iter().flatten().any(|word| places(word).any(|found| found == place))
    }

    pub(super) fn check(&self) -> Result<(), String> {
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
        let Some(output) = &self.output else {
            return Err("expected 'output', the words that tell the answer".to_string());
        };
        let answers = [&output.optimal, &output.infeasible, &output.sat, &output.unsat];
        if answers.iter().all(|word| word.as_ref().is_none_or(String::is_empty)) {
            let what = "output: expected one at least of 'optimal', 'infeasible', 'sat', 'unsat'";
            return Err(what.to_string());
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
