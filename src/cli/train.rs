//! `taut train RECIPE.toml -o OUT`.

use std::fmt::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Context;
use schemars::JsonSchema;
use serde::Serialize;
use taut::control::StoppedBy;
use taut::io::{check_log, check_network_output, check_writable, open_log};
use taut::plot;
use taut::train::data::{DataSource, Dataset};
use taut::train::{
    EpochRecord, LearningTask, Metrics, Recipe, State, TrainObserver, TrainReport, Trained,
    TrainingLog, TrainingPhase, train,
};

use super::checkpoints::{self, CheckpointFile};
use super::console::HEADING;
use super::format::FormatArgs;
use super::page::Page;
use super::progress;
use super::recipe::RecipeArgs;
use super::record::Head;
use super::session::{Report, Session};
use super::shared::{PictureSizeArgs, TimeLimitArgs};
use super::text::{count, number, seconds};
use super::writing;

/// Arguments of `train`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    recipe: RecipeArgs,
    /// Network file to write (.onnx, .json, .nnet, .npz, and .gz behind it) [default: none, only figures].
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// File for the losses of each epoch, one JSON object per line.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    log: Option<PathBuf>,
    /// File for a picture of the losses (.svg, .png, .pdf).
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    plot: Option<PathBuf>,
    #[command(flatten)]
    size: PictureSizeArgs,
    /// File that is written every half minute and on a limit or Ctrl-C, to go on from.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    checkpoint: Option<PathBuf>,
    /// Go on from such a file; the end is that of a training that was not interrupted.
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
    #[command(flatten)]
    time_limit: TimeLimitArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// The training as a record.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Trained")]
pub struct Record {
    #[serde(flatten)]
    report: TrainReport,
    /// Loss on the training samples in the last epoch, in units of training.
    train_loss: Option<f64>,
    /// Loss on the validation samples in the last epoch, if there are any.
    validation_loss: Option<f64>,
    /// How long it took (seconds).
    seconds: Seconds,
    /// The recipe with all its keys.
    recipe: Recipe,
    #[serde(skip)]
    written: Vec<PathBuf>,
}

/// How long the parts of a training took (seconds).
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[schemars(rename = "TrainingSeconds")]
struct Seconds {
    /// To read or sample the data.
    data: f64,
    /// To train, measure and write.
    train: f64,
    /// All of it.
    total: f64,
}

/// Trains, writes what was asked for, prints figures.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form(), |session| find(args, session))
}

fn find(args: &Args, session: &mut Session) -> anyhow::Result<Record> {
    args.time_limit.read(session)?;
    let (flags, output) = (args.recipe.clone(), args.output.clone());
    let recipe = session.read(move || flags.recipe(output.as_deref()))?;
    check_outputs(args)?;
    session.head.network = Some(recipe.title.clone());
    session.head.seed = Some(recipe.seed);
    session.head.threads = Some(recipe.training.threads);
    let (path, resume) = (args.recipe.recipe.clone(), args.resume.clone());
    let (recipe, data, resume) = session.read(move || {
        tracing::info!("samples: for training, validation and test");
        let resume = resume.map(|path| checkpoints::read(&path, &recipe)).transpose()?;
        let folder = path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let data = recipe.data.load(folder, recipe.seed)?;
        Ok((recipe, data, resume))
    })?;
    let loaded = session.clock.seconds();
    let [train_samples, validation, test] =
        [&data.train, &data.validation, &data.test].map(Dataset::len);
    tracing::info!(
        "training: {train_samples} samples, {validation} for validation, {test} for the test"
    );
    let mut monitor = Monitor::start(args, &recipe, recipe.training.epochs_for(train_samples))?;
    let trained = train(&recipe, &data, resume, &session.clock, &mut monitor);
    let mut monitor = monitor.finish()?;
    let mut trained = trained?;
    monitor.keep_end(&mut trained)?;
    let records = monitor.records;
    let total = session.clock.seconds();
    if let Some(path) = &args.output {
        writing::write(&trained.network, path)?;
    }
    if let Some(path) = &args.plot {
        let best = Some(trained.report.best_epoch);
        plot::write(path, &plot::curves(&recipe.title, &records, best, args.size.size))?;
    }
    let last = records.last();
    let written = [&args.output, &args.plot, &args.log].into_iter().flatten();
    Ok(Record {
        report: trained.report,
        train_loss: last.map(|record| record.train_loss),
        validation_loss: last.and_then(|record| record.validation_loss),
        seconds: Seconds { data: loaded, train: total - loaded, total },
        written: written.cloned().collect(),
        recipe,
    })
}

impl Report for Record {
    fn text(&self, head: &Head, out: &mut Page) -> fmt::Result {
        text(self, head, out)
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.report.stopped_by
    }
}

/// What would otherwise fail after the training.
fn check_outputs(args: &Args) -> anyhow::Result<()> {
    args.output.as_deref().map(check_network_output).transpose()?;
    args.plot.as_deref().map(plot::check_output).transpose()?;
    args.checkpoint.as_deref().map(check_writable).transpose()?;
    args.log.as_deref().map(check_log).transpose()?;
    Ok(())
}

/// Shows losses, keeps the log and the checkpoint.
struct Monitor<'a> {
    log: Option<TrainingLog>,
    checkpoint: Option<CheckpointFile>,
    recipe: &'a Recipe,
    most_epochs: usize,
    records: Vec<EpochRecord>,
    failure: Option<anyhow::Error>,
}

impl<'a> Monitor<'a> {
    fn start(args: &'a Args, recipe: &'a Recipe, most_epochs: usize) -> anyhow::Result<Self> {
        let open = |path: &PathBuf| open_log(path, args.resume.is_some()).map(TrainingLog::new);
        Ok(Self {
            log: args.log.as_ref().map(open).transpose()?,
            checkpoint: args.checkpoint.as_deref().map(CheckpointFile::new),
            recipe,
            most_epochs,
            records: Vec::new(),
            failure: None,
        })
    }

    fn finish(mut self) -> anyhow::Result<Self> {
        match self.failure.take() {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }

    fn keep(
        &mut self,
        record: &EpochRecord,
        state: &mut dyn FnMut() -> State,
    ) -> anyhow::Result<()> {
        if let Some(log) = &mut self.log {
            log.add(record).context("the training log")?;
        }
        match &self.checkpoint {
            Some(file) if file.is_due() => self.write(state()),
            _ => Ok(()),
        }
    }

    /// The last checkpoint, where the training was stopped.
    fn keep_end(&mut self, trained: &mut Trained) -> anyhow::Result<()> {
        match trained.state.take() {
            Some(state) if trained.report.stopped_by.is_some() => self.write(state),
            _ => Ok(()),
        }
    }

    fn write(&mut self, state: State) -> anyhow::Result<()> {
        let Some(file) = &mut self.checkpoint else { return Ok(()) };
        file.write(self.recipe.clone(), state)
    }
}

impl TrainObserver for Monitor<'_> {
    fn epoch(&mut self, record: &EpochRecord, state: &mut dyn FnMut() -> State) -> ControlFlow<()> {
        self.records.push(*record);
        progress::set_figures(|| describe(record, self.most_epochs));
        match self.keep(record, state) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

/// How far a training is.
fn describe(record: &EpochRecord, epochs: usize) -> Vec<String> {
    let epoch = match record.phase {
        TrainingPhase::Train => format!("epoch {} of {epochs} at most", record.epoch),
        TrainingPhase::FineTune => format!("fine-tuning epoch {}", record.epoch),
    };
    let mut figures = vec![epoch, format!("loss {:.3e}", record.train_loss)];
    figures.extend(record.validation_loss.map(|loss| format!("validation {loss:.3e}")));
    figures.push(format!("rate {:.1e}", record.learning_rate));
    figures
}

fn text(record: &Record, head: &Head, text: &mut Page) -> fmt::Result {
    let report = &record.report;
    let parts =
        [("train", &report.train), ("validation", &report.validation), ("test", &report.test)];
    let line = headline(head.network.as_deref().unwrap_or_default(), report);
    text.headline(HEADING, &line)?;
    let [train, validation, test] = report.samples;
    writeln!(
        text,
        "  samples  {train} for training, {validation} for validation, {test} for the test"
    )?;
    let zeros =
        if report.zeros > 0 { format!(", {} of them 0", report.zeros) } else { String::new() };
    writeln!(text, "  network  {}{zeros}", count(report.parameters, "parameter"))?;
    let reason = match report.stopped_by.map(StoppedBy::words) {
        Some(reason) => format!("stopped by {reason}"),
        None if report.early_stopping => {
            "no progress for as many as the recipe is patient".to_string()
        }
        None => "all that were asked for".to_string(),
    };
    let (epochs, best) = (count(report.epochs, "epoch"), report.best_epoch);
    writeln!(text, "  epochs   {} ({reason}); best after {best}", epochs)?;
    writeln!(text, "  steps    {}", report.steps)?;
    writeln!(text, "  time     {}", seconds(record.seconds.total))?;
    for path in &record.written {
        writeln!(text, "  wrote    {}", path.display())?;
    }
    let rows: Vec<Vec<String>> = parts
        .into_iter()
        .filter_map(|(name, metrics)| {
            metrics.as_ref().map(|metrics| [vec![name.to_string()], figures(metrics)].concat())
        })
        .collect();
    let header: &[&str] = match report.task {
        LearningTask::Classification => &["samples", "accuracy"],
        LearningTask::Regression => &["samples", "RMSE", "MAE", "R²"],
    };
    match rows.is_empty() {
        true => Ok(()),
        false => text.table(header, (1, 1), &rows),
    }
}

fn headline(name: &str, report: &TrainReport) -> String {
    let parts =
        [("test", &report.test), ("validation", &report.validation), ("train", &report.train)];
    let best = parts.into_iter().find_map(|(part, metrics)| Some((part, metrics.as_ref()?)));
    match best {
        Some((part, Metrics::Regression(m))) => format!("{name}: {part} RMSE {}", digits(m.rmse)),
        Some((part, Metrics::Classification(m))) => {
            format!("{name}: {part} accuracy {:.2} %", 100.0 * m.accuracy)
        }
        None => name.to_string(),
    }
}

fn figures(metrics: &Metrics) -> Vec<String> {
    match metrics {
        Metrics::Regression(m) => {
            let r_squared = m.r_squared.map_or("-".to_string(), |r| format!("{r:.6}"));
            vec![digits(m.rmse), digits(m.mae), r_squared]
        }
        Metrics::Classification(m) => vec![format!("{:.2} %", 100.0 * m.accuracy)],
    }
}

/// Four significant digits.
fn digits(value: f64) -> String {
    let places = (3.0 - value.abs().log10().floor()).clamp(0.0, 12.0);
    let scale = 10f64.powf(places);
    number((value * scale).round() / scale)
}
