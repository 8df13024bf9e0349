//! One of the games of a command: its folder, its log, its checkpoint.

use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Context;
use taut::io::open_log;
use taut::train::gan::{
    EvaluationRecord, GanObserver, GanRecipe, GanReport, GanState, Played, World, play,
};
use taut::train::{TrainError, TrainingLog};

use crate::cli::checkpoints::{self, CheckpointFile};
use crate::cli::session::Session;
use crate::cli::text::count;
use crate::cli::{progress, writing};

/// Name of the folder of a game.
pub fn name(recipe: &GanRecipe) -> String {
    format!("{}-seed{}", recipe.init.method.name(), recipe.seed)
}

/// Names of the files of a game.
const GENERATOR: &str = "generator.onnx";
const DISCRIMINATOR: &str = "discriminator.onnx";
const SCORE: &str = "score.onnx";
const LOG: &str = "log.jsonl";
const CHECKPOINT: &str = "checkpoint.json";
pub const FILES: [&str; 5] = [GENERATOR, DISCRIMINATOR, SCORE, LOG, CHECKPOINT];

/// A game that was played.
pub struct Game {
    /// Its figures.
    pub report: GanReport,
    /// Where it stands.
    pub state: Option<GanState>,
}

/// Plays a game, and writes its files.
pub fn played(
    folder: &Path,
    recipe: &GanRecipe,
    world: &World,
    resume: bool,
    session: &Session,
) -> anyhow::Result<Game> {
    let checkpoint = folder.join(CHECKPOINT);
    let from = match resume && checkpoint.is_file() {
        true => Some(checkpoints::read(&checkpoint, recipe)?),
        false => None,
    };
    let mut monitor = Monitor::start(folder, recipe, from.as_ref())?;
    let played = play(recipe, world, from, &session.clock, &mut monitor)?;
    if let Some(error) = monitor.failure.take() {
        return Err(error);
    }
    let Played { generator, discriminator, score, report, state } = played;
    if let Some(state) = &state {
        monitor.write(state.clone())?;
    }
    for (network, file) in
        [(&generator, GENERATOR), (&discriminator, DISCRIMINATOR), (&score, SCORE)]
    {
        writing::write(network, &folder.join(file))?;
    }
    Ok(Game { report, state })
}

/// Of several games, one that diverges is a failure and not the end of the others.
pub fn diverged(recipe: &GanRecipe, world: &World, error: anyhow::Error) -> anyhow::Result<Game> {
    match error.downcast_ref::<TrainError>() {
        Some(cause @ TrainError::GameDiverged { .. }) => {
            tracing::warn!("{}: {cause}", name(recipe));
            let report = GanReport::diverged(recipe, world.source.modes(), cause);
            Ok(Game { report, state: None })
        }
        _ => Err(error),
    }
}

/// Shows figures, keeps the log and the checkpoint of a game.
struct Monitor<'a> {
    log: TrainingLog,
    checkpoint: CheckpointFile,
    recipe: &'a GanRecipe,
    failure: Option<anyhow::Error>,
}

impl<'a> Monitor<'a> {
    /// The log begins with what it had when the game stood there.
    fn start(
        folder: &Path,
        recipe: &'a GanRecipe,
        from: Option<&GanState>,
    ) -> anyhow::Result<Self> {
        let mut log = TrainingLog::new(open_log(&folder.join(LOG), false)?);
        for record in from.iter().flat_map(|state| &state.records) {
            log.add(record).context("the log of a game")?;
        }
        let checkpoint = CheckpointFile::new(&folder.join(CHECKPOINT));
        Ok(Self { log, checkpoint, recipe, failure: None })
    }

    fn keep(
        &mut self,
        record: &EvaluationRecord,
        state: &mut dyn FnMut() -> GanState,
    ) -> anyhow::Result<()> {
        self.log.add(record).context("the log of a game")?;
        match self.checkpoint.is_due() {
            true => self.write(state()),
            false => Ok(()),
        }
    }

    fn write(&mut self, state: GanState) -> anyhow::Result<()> {
        self.checkpoint.write(self.recipe.clone(), state)
    }
}

impl GanObserver for Monitor<'_> {
    fn look(
        &mut self,
        record: &EvaluationRecord,
        state: &mut dyn FnMut() -> GanState,
    ) -> ControlFlow<()> {
        progress::set_figures(|| describe(record, self.recipe.training.steps));
        match self.keep(record, state) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

/// How far a game is.
fn describe(record: &EvaluationRecord, steps: u64) -> Vec<String> {
    let metrics = &record.metrics;
    let mut figures = vec![format!("step {} of {steps}", record.step)];
    figures.push(count(metrics.modes, "mode"));
    figures.push(format!("{:.1} % good", 100.0 * metrics.good));
    figures
}
