//! `taut rbm RECIPE.toml -o DIR`.

mod files;
mod monitor;
mod text;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use schemars::JsonSchema;
use serde::Serialize;
use taut::control::StoppedBy;
use taut::io::check_writable;
use taut::plot;
use taut::train::rbm::renormalisation::{
    RbmRecipe, RbmState, RunReport, Summary, run as experiment, summaries,
};

use super::checkpoints;
use super::format::FormatArgs;
use super::overrides;
use super::session::Session;
use super::shared::{TimeLimitArgs, check_threads, one_of};
use files::{RUNS, UNITS, write_files};
use monitor::{CHECKPOINT, LOG, Monitor};

/// Arguments of `rbm`.
#[derive(clap::Args)]
pub struct Args {
    /// Recipe file (.toml): samples, layers, settings, seeds, controls.
    recipe: PathBuf,
    /// Folder for figures, pictures, stacks, log and checkpoint.
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    output: PathBuf,
    /// Stacks, with seeds one after the other (a count) [default: 1].
    #[arg(long, value_name = "COUNT", help_heading = "Recipe")]
    seeds: Option<usize>,
    /// Threads (a count); the result is the same for every number [default: 1].
    #[arg(long, value_name = "COUNT", help_heading = "Recipe")]
    threads: Option<usize>,
    /// Any other key of the recipe, such as data.coupling=0.3 (can be repeated).
    #[arg(long, value_name = "TABLE.KEY=VALUE", help_heading = "Recipe")]
    set: Vec<String>,
    /// Go on where the folder's last run was ended; the end is that of one that was not.
    #[arg(long)]
    resume: bool,
    /// Format of the pictures.
    #[arg(long, value_name = "FORMAT", default_value = "svg", help_heading = "Output",
          value_parser = one_of(plot::EXTENSIONS.map(|name| (name, name))))]
    pictures: &'static str,
    #[command(flatten)]
    time_limit: TimeLimitArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// The experiment as a record.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Boltzmann")]
pub struct Record {
    /// The folder.
    folder: PathBuf,
    /// Stacks that were asked for.
    planned: usize,
    /// Epochs of all machines.
    epochs: usize,
    #[serde(flatten)]
    found: Found,
    /// The limit or interrupt that ended it before its end; null where it ended by itself.
    stopped_by: Option<StoppedBy>,
    /// How long it took (seconds), from where it went on.
    seconds: f64,
    /// The recipe with all its keys.
    recipe: RbmRecipe,
    #[serde(skip)]
    written: Vec<PathBuf>,
}

/// What does not depend on how long anything took.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BoltzmannStacks")]
struct Found {
    /// The layers of the stacks of each variant together.
    layers: Vec<Summary>,
    /// The stacks that are done.
    runs: Vec<RunReport>,
}

/// Trains stacks, writes what they show, prints figures.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form(), |session| find(args, session))
}

fn find(args: &Args, session: &mut Session) -> anyhow::Result<Record> {
    args.time_limit.read(session)?;
    let recipe = recipe(args)?;
    session.head.network = Some(recipe.title.clone());
    session.head.seed = Some(recipe.seed);
    session.head.threads = Some(recipe.threads);
    let folder = &args.output;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for name in [CHECKPOINT, LOG, RUNS, UNITS] {
        check_writable(&folder.join(name))?;
    }
    let (checkpoint, own, goes_on) = (folder.join(CHECKPOINT), recipe.clone(), args.resume);
    let state =
        session.read(move || goes_on.then(|| checkpoints::read(&checkpoint, &own)).transpose())?;
    let mut monitor = Monitor::start(folder, &recipe, state.as_ref())?;
    // One of an earlier run would no longer fit the log.
    state.is_none().then(|| monitor.write(&RbmState::default())).transpose()?;
    let beside = args.recipe.parent().unwrap_or(Path::new(""));
    let outcome = experiment(&recipe, beside, state, &session.clock, &mut monitor);
    if let Some(failure) = monitor.failure.take() {
        return Err(failure);
    }
    let outcome = outcome?;
    monitor.write(&outcome.state)?;
    let reports: Vec<&RunReport> = outcome.state.finished.iter().map(|f| &f.report).collect();
    let layers = summaries(&reports);
    let found = Found { layers, runs: reports.into_iter().cloned().collect() };
    let written = write_files(args, &recipe, &outcome.state, &found)?;
    Ok(Record {
        folder: folder.clone(),
        planned: recipe.runs().len(),
        epochs: outcome.state.epochs,
        found,
        stopped_by: outcome.stopped_by,
        seconds: session.clock.seconds(),
        recipe,
        written,
    })
}

/// The recipe's file, overridden by flags.
fn recipe(args: &Args) -> anyhow::Result<RbmRecipe> {
    args.threads.map(check_threads).transpose()?;
    let mut list = overrides::settings(&args.set)?;
    let mut put = |key: &str, value: Option<usize>| {
        list.extend(value.map(|value| (key.to_string(), overrides::whole(value as u64))));
    };
    put("seeds", args.seeds);
    put("threads", args.threads);
    let path = &args.recipe;
    let mut recipe = overrides::read(path, list, RbmRecipe::from_toml, RbmRecipe::validate)?;
    overrides::name_by(&mut recipe.title, path);
    Ok(recipe)
}
