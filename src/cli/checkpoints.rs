//! The checkpoint file of a training that can be resumed.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;
use taut::io::write_text;
use taut::train::{Checkpoint, Resumable};

/// Time between two checkpoints.
const INTERVAL: Duration = Duration::from_secs(30);

/// A file that is written anew from time to time.
pub struct CheckpointFile {
    path: PathBuf,
    written: Instant,
}

impl CheckpointFile {
    /// A file whose first turn is an interval away.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_path_buf(), written: Instant::now() }
    }

    /// Whether the last one is old enough.
    pub fn is_due(&self) -> bool {
        self.written.elapsed() >= INTERVAL
    }

    /// Writes the state of a training by a recipe.
    pub fn write<R: Resumable + Serialize>(
        &mut self,
        recipe: R,
        state: impl Serialize,
    ) -> anyhow::Result<()> {
        let checkpoint = Checkpoint::new(recipe, state);
        write_text(&self.path, &serde_json::to_string(&checkpoint)?)?;
        self.written = Instant::now();
        Ok(())
    }
}

/// The state in a file, for a training by this recipe.
///
/// # Errors
/// The file is no checkpoint, or one of another recipe.
pub fn read<R: Resumable + DeserializeOwned, S: DeserializeOwned>(
    path: &Path,
    recipe: &R,
) -> anyhow::Result<S> {
    let place = || path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(place)?;
    let checkpoint: Checkpoint<R, S> = serde_json::from_str(&text).with_context(place)?;
    checkpoint.for_recipe(recipe).with_context(place)
}
