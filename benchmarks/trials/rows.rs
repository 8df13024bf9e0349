//! Rows of what was tried, in a CSV file that grows line by line: what is in it is not done again.

use std::fs::{File, OpenOptions};
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::suite::Trial;

/// What one training came to. A figure that does not apply is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Name of the table.
    pub table: String,
    /// Names of the settings, one an axis.
    pub setting: String,
    /// Seed of samples and training.
    pub seed: u64,
    /// Why figures are left out; empty where none is missing.
    pub note: String,
    /// Test accuracy (a share) of the weights to begin with.
    pub accuracy_0: Option<f64>,
    /// After one epoch.
    pub accuracy_1: Option<f64>,
    /// After five epochs.
    pub accuracy_5: Option<f64>,
    /// Of the trained network.
    pub accuracy: Option<f64>,
    /// The first epoch after which the suite's level is reached; none where it never is.
    pub epochs_to_level: Option<f64>,
    /// Wall-clock seconds until then, from before the weights to begin with, without the time
    /// in which accuracy was measured.
    pub seconds_to_level: Option<f64>,
    /// Wall-clock seconds of the whole training, likewise.
    pub train_seconds: Option<f64>,
    /// Bytes that zlib leaves of the labels of the test digits, in their order.
    pub lz_label_bytes: Option<f64>,
    /// Phrases of their exhaustive history (LZ76), of a random sequence 1.
    pub lz_labels: Option<f64>,
    /// Bytes that zlib leaves of the outputs on 256 levels: the sum over the outputs.
    pub lz_output_bytes: Option<f64>,
    /// Phrases of these: the mean over the outputs.
    pub lz_outputs: Option<f64>,
    /// Mean of `‖f(x + εη) − f(x)‖₂ / ε` at test digits, in outputs per width of the box.
    pub sensitivity: Option<f64>,
    /// Linear pieces between two random images.
    pub chord_regions: Option<f64>,
    /// Share of the neurons that CROWN bounds prove stable in the box of a question: the mean.
    pub stable_share: Option<f64>,
    /// Sum of the big-M constants of the unstable neurons there: the mean.
    pub big_m: Option<f64>,
    /// Wall-clock seconds of a question by search: shifted geometric mean.
    pub search_seconds: Option<f64>,
    /// Parts of a search: the mean.
    pub search_parts: Option<f64>,
    /// Share of the questions that a search answered in its time.
    pub search_solved: Option<f64>,
    /// Wall-clock seconds of a question by a mixed-integer program.
    pub milp_seconds: Option<f64>,
    /// Nodes of its tree: the mean.
    pub milp_nodes: Option<f64>,
    /// Share of the questions that were answered so in its time.
    pub milp_solved: Option<f64>,
}

impl Row {
    /// A row without figures.
    pub fn of(trial: &Trial) -> Self {
        let Trial { table, setting, seed, .. } = trial.clone();
        Self { table, setting, seed, ..Self::default() }
    }

    /// Whether it is of this training.
    pub fn is_of(&self, trial: &Trial) -> bool {
        (&self.table, &self.setting, self.seed) == (&trial.table, &trial.setting, trial.seed)
    }
}

/// The rows of a file; none where there is no file yet.
pub fn read(path: &Path) -> anyhow::Result<Vec<Row>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut reader = csv::Reader::from_path(path).with_context(|| path.display().to_string())?;
    let rows = reader.deserialize().collect::<Result<_, _>>();
    rows.with_context(|| format!("{}: expected rows of this program", path.display()))
}

/// Adds a row to a file, with the names of the columns where it is the first.
pub fn append(path: &Path, row: &Row) -> anyhow::Result<()> {
    let is_new = !path.exists();
    let open =
        || -> std::io::Result<File> { OpenOptions::new().create(true).append(true).open(path) };
    let file = open().with_context(|| path.display().to_string())?;
    let mut writer = csv::WriterBuilder::new().has_headers(is_new).from_writer(file);
    writer.serialize(row)?;
    writer.flush().with_context(|| path.display().to_string())
}
