//! What is known of an instance before it is run.

use std::path::{Path, PathBuf};

use super::plan::PlannedInstance;
use super::record::{Asked, Record};
use crate::io::vnnlib::NetworkList;
use crate::io::{ReadOptions, read_instance, read_network_and_hash, read_problem, sha256};
use crate::problem::Sense;

/// What is known of an instance before it is run.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    pub sha256: Option<String>,
    pub sense: Option<Sense>,
    pub reference: Option<f64>,
    pub network: Option<PathBuf>,
    pub network_sha256: Option<String>,
    /// Lower and upper ends of its box, with commas between, where they were asked for.
    pub ends: Option<[String; 2]>,
}

/// Tells the hash of a network by its file: [`hash_of_network`], or what is kept of it.
pub type OfNetwork<'a> = &'a dyn Fn(&Path) -> Option<String>;

impl Subject {
    /// Reads an instance for a question.
    pub fn of(
        instance: &PlannedInstance,
        asked: Asked,
        needs_box: bool,
        of_network: OfNetwork<'_>,
    ) -> Self {
        let file = instance.file.as_path();
        if let Some(property) = &instance.property {
            return Self {
                sha256: hash(&property.file),
                network: Some(file.to_path_buf()),
                network_sha256: hash_of_networks(file, of_network),
                ..Self::default()
            };
        }
        let known = Self::of_file(file, needs_box, of_network);
        match asked {
            // A known value is not one of regions.
            Asked::Regions => Self { sense: Some(Sense::Minimize), reference: None, ..known },
            Asked::Optimum | Asked::Property => known,
        }
    }

    /// A record with what is known of its instance.
    pub fn told_in(self, record: Record) -> Record {
        Record {
            sense: self.sense.map(|sense| sense.name().to_string()),
            reference: self.reference,
            instance_sha256: self.sha256,
            network_sha256: self.network_sha256,
            ..record
        }
    }

    fn of_file(file: &Path, needs_box: bool, of_network: OfNetwork<'_>) -> Self {
        // What cannot be read is for the run to tell.
        let problem = needs_box.then(|| read_problem(file).ok()).flatten();
        let text = |ends: &[f64]| ends.iter().map(f64::to_string).collect::<Vec<_>>().join(",");
        let ends = problem.map(|p| [text(p.domain().lower()), text(p.domain().upper())]);
        let sha256 = hash(file);
        if file.extension().is_none_or(|extension| extension != "toml") {
            let (sense, network_sha256) = (Some(Sense::Minimize), of_network(file));
            let network = Some(file.to_path_buf());
            return Self { sha256, sense, reference: None, network, network_sha256, ends };
        }
        let Ok(instance) = read_instance(file) else {
            return Self { sha256, ends, ..Self::default() };
        };
        Self {
            sha256,
            sense: Some(instance.sense.unwrap_or_default()),
            reference: instance.reference.map(|reference| reference.objective),
            network_sha256: of_network(&instance.network),
            network: Some(instance.network),
            ends,
        }
    }
}

/// SHA-256 of a network, or of those of several networks one behind the other.
fn hash_of_networks(file: &Path, of_network: OfNetwork<'_>) -> Option<String> {
    let list = file.to_str().filter(|text| NetworkList::begins(text));
    let list = list.and_then(|text| NetworkList::read(text).ok());
    let Some(list) = list else { return of_network(file) };
    let hashes = list.0.iter().map(|(_, path)| of_network(path));
    Some(sha256(hashes.collect::<Option<String>>()?.as_bytes()))
}

/// SHA-256 of all that a network is read from, as [`read_network_and_hash`] tells it: weights in
/// other files count. Of what Taut does not read, perhaps for other programs, that of the file.
pub fn hash_of_network(file: &Path) -> Option<String> {
    let options = ReadOptions { smooth: true, ..ReadOptions::default() };
    read_network_and_hash(file, &options).map_or_else(|_| hash(file), |(_, hash)| Some(hash))
}

/// SHA-256 of a file, where it can be read.
pub fn hash(file: &Path) -> Option<String> {
    std::fs::read(file).ok().map(|bytes| sha256(&bytes))
}
