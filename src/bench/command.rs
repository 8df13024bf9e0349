//! The command of a run, word by word.

use std::path::Path;

use super::plan::{Plan, Planned};
use super::record::Asked;
use super::subject::Subject;
use super::variant::PLACES;
use crate::problem::Sense;

/// The words of a run; `program` is Taut itself.
pub fn words(plan: &Plan, run: &Planned, subject: &Subject, program: &Path) -> Vec<String> {
    let (suite, instance) = (&plan.suite, plan.instance(run));
    let variant = &suite.variants[run.variant];
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let file = text(&instance.file);
    let (limit, seed) = (plan.seconds(run).to_string(), run.seed.to_string());
    let threads = suite.threads.to_string();
    let Some(command) = &variant.command else {
        let name = match (plan.asked(run), subject.sense) {
            (Asked::Property, _) => "verify",
            (Asked::Regions, _) => "regions",
            (Asked::Optimum, Some(Sense::Maximize)) => "maximize",
            (Asked::Optimum, _) => "minimize",
        };
        let mut words = vec![text(program), name.to_string(), file];
        words.extend(instance.property.as_ref().map(|property| text(&property.file)));
        words.extend(variant.options.iter().cloned());
        let own = [("--time-limit", limit), ("--seed", seed), ("--threads", threads)];
        words.extend(own.into_iter().flat_map(|(name, value)| [name.to_string(), value]));
        words.extend(["--quiet", "--format", "json"].map(String::from));
        return words;
    };
    let network = subject.network.as_deref().map_or_else(|| file.clone(), text);
    let property = instance.property.as_ref().map(|property| text(&property.file));
    let named = if property.is_some() { instance.name.clone() } else { file };
    let suite_folder = match plan.folder.as_os_str().is_empty() {
        true => ".".to_string(),
        false => text(&plan.folder),
    };
    let [lower, upper] = subject.ends.clone().unwrap_or_default();
    let property = property.unwrap_or_default();
    let values = [named, network, property, lower, upper, limit, seed, threads, suite_folder];
    let filled = |word: &String| {
        let places = PLACES.iter().zip(&values);
        places
            .fold(word.clone(), |word, (place, value)| word.replace(&format!("{{{place}}}"), value))
    };
    command.iter().map(filled).collect()
}
