//! The runs of a suite, in their order.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::properties;
use super::record::{Asked, run_name};
use super::suite::{Suite, SuiteError, SuiteQuestion};
use super::variant::Variant;
use crate::num::random::shuffle;

/// The runs of a suite.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The suite.
    pub suite: Suite,
    /// Its folder.
    pub folder: PathBuf,
    /// What is run.
    pub instances: Vec<PlannedInstance>,
    /// The runs, in their order.
    pub runs: Vec<Planned>,
}

/// What runs are about.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedInstance {
    /// As records name it, by the folder of the suite.
    pub name: String,
    /// The instance file, or a network.
    pub file: PathBuf,
    /// What is asked of the network, where a list of properties says so.
    pub property: Option<ListedProperty>,
}

/// A property of a network, from a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedProperty {
    /// The file (VNN-LIB).
    pub file: PathBuf,
    /// Its own limit, in seconds.
    pub seconds: f64,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Place of the instance in the plan.
    pub instance: usize,
    /// Place of the variant in the suite.
    pub variant: usize,
    /// The seed.
    pub seed: u64,
}

/// One of several equal shares of the runs, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one.
    pub number: usize,
    /// How many there are.
    pub count: usize,
}

impl Shard {
    /// All runs.
    pub const WHOLE: Self = Self { number: 1, count: 1 };
}

impl Plan {
    /// The runs of the suite in a file.
    ///
    /// # Errors
    /// [`SuiteError`]: also a pattern that no file fits, and a variant that cannot answer what is
    /// asked.
    pub fn read(path: &Path) -> Result<Self, SuiteError> {
        let suite = Suite::read(path)?;
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        let content = |what: String| SuiteError::Content { path: path.to_path_buf(), what };
        let mut instances = Vec::new();
        let mut known = BTreeSet::new();
        for pattern in &suite.instances {
            for name in fitting(&folder, pattern).map_err(content)? {
                let found = match name.ends_with(properties::EXTENSION) {
                    true => properties::read(&folder, &name)?,
                    false => {
                        let file = folder.join(&name);
                        vec![PlannedInstance { name, file, property: None }]
                    }
                };
                instances.extend(found.into_iter().filter(|i| known.insert(i.name.clone())));
            }
        }
        for variant in &suite.variants {
            check(variant, &instances).map_err(content)?;
        }
        let mut runs = Vec::new();
        for instance in 0..instances.len() {
            for variant in 0..suite.variants.len() {
                runs.extend(suite.seeds.iter().map(|&seed| Planned { instance, variant, seed }));
            }
        }
        shuffle(&mut ChaCha8Rng::seed_from_u64(suite.order), &mut runs);
        Ok(Self { suite, folder, instances, runs })
    }

    /// The runs of a share: each belongs to exactly one.
    pub fn share(&self, Shard { number, count }: Shard) -> impl Iterator<Item = &Planned> {
        self.runs.iter().skip(number - 1).step_by(count)
    }

    /// What a run is called, uniquely within the suite.
    pub fn key(&self, run: &Planned) -> String {
        run_name(&self.instance(run).name, &self.suite.variants[run.variant].name, run.seed)
    }

    /// What a run is about.
    pub fn instance(&self, run: &Planned) -> &PlannedInstance {
        &self.instances[run.instance]
    }

    /// What a run is asked.
    pub fn asked(&self, run: &Planned) -> Asked {
        match (&self.instance(run).property, self.suite.question) {
            (Some(_), _) => Asked::Property,
            (None, SuiteQuestion::Optimum) => Asked::Optimum,
            (None, SuiteQuestion::Regions) => Asked::Regions,
        }
    }

    /// The time limit of a run, in seconds.
    pub fn seconds(&self, run: &Planned) -> f64 {
        let own = self.instance(run).property.as_ref().map(|property| property.seconds);
        own.map_or(self.suite.time_limit, |own| own.min(self.suite.time_limit))
    }
}

/// Whether a variant can answer what is asked of all instances.
fn check(variant: &Variant, instances: &[PlannedInstance]) -> Result<(), String> {
    let name = &variant.name;
    for PlannedInstance { name: instance, property, .. } in instances {
        let what = match property {
            Some(_) => match ["lower", "upper"].iter().find(|place| variant.asks_for(place)) {
                Some(place) => format!("a property has no '{{{place}}}'; expected '{{property}}'"),
                None => continue,
            },
            None if variant.asks_for("property") => {
                "there is no '{property}'; expected lists of properties (.csv) only".to_string()
            }
            None => continue,
        };
        return Err(format!("variant '{name}' on '{instance}': {what}"));
    }
    Ok(())
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').map(|(number, count)| (number.parse(), count.parse()));
        match numbers {
            Some((Ok(number), Ok(count))) if (1..=count).contains(&number) => {
                Ok(Self { number, count })
            }
            _ => Err("expected a share such as 3/16".to_string()),
        }
    }
}

/// The files that fit a pattern, in the order of their names, by the folder.
fn fitting(folder: &Path, pattern: &str) -> Result<Vec<String>, String> {
    // A folder may have characters that mean something in patterns.
    let base = glob::Pattern::escape(&folder.to_string_lossy());
    let whole = match base.is_empty() || Path::new(pattern).is_absolute() {
        true => pattern.to_string(),
        false => format!("{base}/{pattern}"),
    };
    let paths = glob::glob(&whole).map_err(|error| format!("instances: '{pattern}': {error}"))?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| format!("instances: '{pattern}': {error}"))?;
        let name = path.strip_prefix(folder).unwrap_or(&path);
        files.push(name.to_string_lossy().into_owned());
    }
    match files.is_empty() {
        true => Err(format!("instances: '{pattern}': no such file")),
        false => Ok(files),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_cover_the_runs_and_the_order_comes_from_its_seed() {
        let folder = temp_dir::TempDir::new().expect("a folder");
        for name in ["a.toml", "b.toml", "c.txt"] {
            std::fs::write(folder.child(name), "").expect("a file");
        }
        let path = folder.child("suite.toml");
        let text = "instances = ['[ab].toml', '*.toml']\nseeds = [0, 1, 2]\norder = 5";
        std::fs::write(&path, text).expect("a suite");
        let plan = Plan::read(&path).expect("a plan");
        let names: Vec<&str> = plan.instances.iter().map(|i| i.name.as_str()).collect();
        assert_eq!(names, ["a.toml", "b.toml", "suite.toml"]);
        assert_eq!(plan.runs, Plan::read(&path).expect("a plan").runs);
        let mut keys: Vec<String> = (1..=4)
            .flat_map(|number| plan.share(Shard { number, count: 4 }).map(|run| plan.key(run)))
            .collect();
        keys.sort();
        let mut all: Vec<String> = plan.runs.iter().map(|run| plan.key(run)).collect();
        all.sort();
        assert_eq!(keys, all);
        assert_eq!((all.len(), all[0].as_str()), (9, "a.toml | default | seed 0"));
    }

    #[test]
    fn shares_are_written_as_fractions() {
        assert_eq!("3/16".parse(), Ok(Shard { number: 3, count: 16 }));
        for text in ["0/4", "5/4", "3", "a/b", "1/0"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
