//! What an experiment leaves in its folder while it runs.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, ensure};
use taut::io::{open_log, write_text};
use taut::train::rbm::Machine;
use taut::train::rbm::renormalisation::{
    RbmEpochRecord, RbmObserver, RbmRecipe, RbmState, RunReport,
};
use taut::train::{Resumable, TrainingLog};

use crate::cli::checkpoints::CheckpointFile;
use crate::cli::progress;

/// Its files in the folder.
pub const CHECKPOINT: &str = "checkpoint.json";
pub const LOG: &str = "log.jsonl";

/// Shows figures, keeps the log, the stacks and the checkpoint.
pub struct Monitor<'a> {
    folder: &'a Path,
    recipe: &'a RbmRecipe,
    log: TrainingLog,
    checkpoint: CheckpointFile,
    /// Why it ended the run.
    pub failure: Option<anyhow::Error>,
}

impl<'a> Monitor<'a> {
    /// Of a run that goes on with as many lines of the log as its state has epochs.
    pub fn start(
        folder: &'a Path,
        recipe: &'a RbmRecipe,
        state: Option<&RbmState>,
    ) -> anyhow::Result<Self> {
        let path = folder.join(LOG);
        if let Some(state) = state {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let lines: Vec<&str> = text.split_inclusive('\n').take(state.epochs).collect();
            ensure!(
                lines.len() == state.epochs,
                "{}: found {} lines; expected at least {}, one an epoch of the checkpoint",
                path.display(),
                lines.len(),
                state.epochs
            );
            write_text(&path, &lines.concat())?;
        }
        let log = TrainingLog::new(open_log(&path, state.is_some())?);
        let checkpoint = CheckpointFile::new(&folder.join(CHECKPOINT));
        Ok(Self { folder, recipe, log, checkpoint, failure: None })
    }

    fn keep(
        &mut self,
        record: &RbmEpochRecord,
        state: &mut dyn FnMut() -> RbmState,
    ) -> anyhow::Result<()> {
        self.log.add(record).context(LOG)?;
        match self.checkpoint.is_due() {
            true => self.write(&state()),
            false => Ok(()),
        }
    }

    /// Writes the checkpoint.
    pub fn write(&mut self, state: &RbmState) -> anyhow::Result<()> {
        // Without what may differ where it goes on.
        self.checkpoint.write(self.recipe.essence(), state)
    }

    fn write_stack(&self, report: &RunReport, machines: &[Machine<f64>]) -> anyhow::Result<()> {
        let name = format!("stack-{}-{}.json", report.seed, report.variant.name());
        let text = serde_json::json!({ "machines": machines }).to_string() + "\n";
        Ok(write_text(&self.folder.join(name), &text)?)
    }
}

impl RbmObserver for Monitor<'_> {
    fn epoch(
        &mut self,
        record: &RbmEpochRecord,
        state: &mut dyn FnMut() -> RbmState,
    ) -> ControlFlow<()> {
        progress::set_figures(|| describe(record, self.recipe));
        match self.keep(record, state) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn stack(&mut self, report: &RunReport, machines: &[Machine<f64>]) {
        if let Err(error) = self.write_stack(report, machines) {
            self.failure.get_or_insert(error);
        }
    }
}

/// How far an experiment is.
fn describe(record: &RbmEpochRecord, recipe: &RbmRecipe) -> Vec<String> {
    let mut figures = vec![
        format!("seed {}, {}", record.seed, record.variant.name()),
        format!("machine {} of {}", record.layer, recipe.stack.layers.len() - 1),
        format!("epoch {} of {}", record.epoch, recipe.rbm.epochs),
    ];
    figures.extend(record.reconstruction.map(|error| format!("reconstruction {error:.3}")));
    figures
}
