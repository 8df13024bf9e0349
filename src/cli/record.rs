//! The head of every JSON record: what was asked of what, within which limits, by which
//! versions, on which machine. Its keys are the same in all commands; what a command does not
//! have is `null`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;
use taut::io::sha256;
use taut::network::{Network, Units};
use taut::num::IntervalBox;
use taut::problem::{Problem, Sense};
use taut::solve::{Backend, Highs};
use taut::tighten::Tightening;

/// Version of the schema of all records: new keys may come; where one goes or means
/// something else, this number grows.
pub const SCHEMA: u32 = 2;

/// The keys that every record begins with.
#[derive(Serialize, JsonSchema)]
pub struct Head {
    /// Version of the schema: it grows where a key goes or means something else.
    schema: u32,
    /// Name of the command.
    pub command: &'static str,
    /// Name of the network.
    pub network: Option<String>,
    /// Versions of what takes part, by name: `taut`, and solvers.
    versions: BTreeMap<&'static str, String>,
    /// What is asked.
    pub question: Question,
    /// How long it may take.
    pub limits: Limits,
    /// Seed of all random choices.
    pub seed: Option<u64>,
    /// Threads allowed.
    pub threads: Option<usize>,
}

/// What is asked, of which network, for which inputs.
#[derive(Default, Serialize, JsonSchema)]
pub struct Question {
    /// The instance file.
    pub instance: Option<PathBuf>,
    /// What that is, in its own words.
    pub title: Option<String>,
    /// Direction, where something is optimised.
    pub sense: Option<Sense>,
    /// What is optimised.
    pub objective: Option<String>,
    /// Constraints on inputs and outputs.
    pub constraints: Option<Vec<String>>,
    /// Indices of the inputs that are whole numbers.
    pub integer: Option<Vec<usize>>,
    /// The box of the inputs; left out where there are more than [`MOST_INPUTS`].
    #[serde(rename = "box", skip_serializing_if = "Option::is_none")]
    domain: Option<IntervalBox>,
    /// SHA-256 of the lower bounds, then the upper ones, 8 bytes each, the least significant
    /// first, in hexadecimal digits.
    box_sha256: Option<String>,
    /// The file that the box stands in: that of the network or the instance, or one beside
    /// them; none where arguments give the box.
    pub box_file: Option<PathBuf>,
    #[serde(skip)]
    is_box_beside: bool,
    /// The file of the network.
    pub network: Option<NetworkFile>,
    /// The files of all networks, where a property is about several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<NetworkFile>,
    /// The file of the property, where one is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<PathBuf>,
}

/// A file of a network.
#[derive(Serialize, JsonSchema)]
pub struct NetworkFile {
    /// The file, as it was given.
    path: PathBuf,
    /// SHA-256 of its bytes, in hexadecimal digits; none while it was not read.
    sha256: Option<String>,
    /// Units of the network, where the file states a normalisation: an NNet file.
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<Units>,
}

impl NetworkFile {
    /// A file that was read.
    pub fn read(path: &Path, sha256: String, network: &Network) -> Self {
        Self { path: path.to_path_buf(), sha256: Some(sha256), units: network.units() }
    }
}

/// How long a command may take.
#[derive(Default, Serialize, JsonSchema)]
pub struct Limits {
    /// For the whole run; in `compare` for each solve.
    pub time_seconds: Option<f64>,
    /// Nodes of a search, cells of a walk.
    pub nodes: Option<u64>,
    /// For what grows with the run.
    pub memory_bytes: Option<usize>,
    /// For the programs that tighten bounds.
    pub tighten_seconds: Option<f64>,
    /// For counting regions beside other work.
    pub regions_seconds: Option<f64>,
}

/// Inputs whose box stands in the record itself.
pub const MOST_INPUTS: usize = 100;

impl Head {
    /// The head of a record of that command, of which nothing more is known.
    pub fn new(command: &'static str) -> Self {
        Self {
            schema: SCHEMA,
            command,
            network: None,
            versions: BTreeMap::from([("taut", env!("CARGO_PKG_VERSION").to_string())]),
            question: Question::default(),
            limits: Limits::default(),
            seed: None,
            threads: None,
        }
    }

    /// A solver takes part.
    pub fn with_backend(&mut self, backend: &dyn Backend) {
        self.versions.insert(backend.name(), backend.version());
    }

    /// The version of what takes part, by its name.
    pub fn version(&self, name: &str) -> &str {
        self.versions.get(name).map_or("", String::as_str)
    }

    /// The solver takes part that a method of bounds needs, if it needs one.
    pub fn with_tightening(&mut self, tighten: Tightening) {
        match tighten {
            Tightening::Propagation(_) => {}
            // Linear programs close parts of a search.
            Tightening::LinearPrograms | Tightening::MixedIntegerPrograms | Tightening::Search => {
                self.with_backend(&Highs)
            }
        }
    }
}

impl Question {
    /// What is known of a question before its files are read.
    pub fn of_file(path: &Path, is_instance: bool) -> Self {
        let network = NetworkFile { path: path.to_path_buf(), sha256: None, units: None };
        match is_instance {
            true => Self { instance: Some(path.to_path_buf()), ..Self::default() },
            false => Self { network: Some(network), ..Self::default() },
        }
    }

    /// What is known of a property before its files are read.
    pub fn of_property(network: &Path, property: &Path) -> Self {
        Self { property: Some(property.to_path_buf()), ..Self::of_file(network, false) }
    }

    /// What is asked of the inputs of `problem`, and of its objective where something is.
    pub fn ask(&mut self, problem: &Problem, optimizes: bool) {
        self.sense = optimizes.then(|| problem.sense());
        let objective = || match problem.objective().bends().is_empty() {
            true => problem.vocabulary().by_index(problem.objective()),
            // What it is made of is long.
            false => problem.objective_in_words(),
        };
        self.objective = optimizes.then(objective);
        let mut constraints: Vec<String> =
            problem.constraints().iter().map(ToString::to_string).collect();
        // One text may be several constraints.
        constraints.dedup();
        self.constraints = Some(constraints);
        self.integer = Some(problem.integer().to_vec());
        self.within(problem.domain());
    }

    /// The box of the inputs.
    pub fn within(&mut self, domain: &IntervalBox) {
        let ends = domain.lower().iter().chain(domain.upper());
        let bytes: Vec<u8> = ends.flat_map(|end| end.to_le_bytes()).collect();
        self.box_sha256 = Some(sha256(&bytes));
        self.domain = (domain.len() <= MOST_INPUTS).then(|| domain.clone());
    }

    /// The box stands in a file that no argument names.
    pub fn box_stored_in(&mut self, file: PathBuf) {
        let network = self.network.as_ref().map(|network| &network.path);
        self.is_box_beside = ![self.instance.as_ref(), network].contains(&Some(&file));
        self.box_file = Some(file);
    }

    /// The file of the box, where it is none that was named, but lay beside the network.
    pub fn box_file_beside(&self) -> Option<&Path> {
        self.box_file.as_deref().filter(|_| self.is_box_beside)
    }

    /// The file of the network and its units, where it states a normalisation.
    pub fn units(&self) -> Option<(&Path, Units)> {
        self.network.as_ref().and_then(|file| Some((file.path.as_path(), file.units?)))
    }
}
