//! `taut rbm RECIPE.toml -o DIR`.

use std::fmt::{self, Write};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use schemars::JsonSchema;
use serde::Serialize;
use taut::control::StoppedBy;
use taut::io::{check_writable, open_log, write_text};
use taut::plot::{self, Tile, TileRow};
use taut::train::rbm::Machine;
use taut::train::rbm::renormalisation::{
    RbmEpochRecord, RbmObserver, RbmRecipe, RbmState, RunReport, Shown, Spread, Summary,
    run as experiment, summaries,
};
use taut::train::{Resumable, TrainingLog};

use super::checkpoints::{self, CheckpointFile};
use super::console::HEADING;
use super::format::FormatArgs;
use super::overrides;
use super::page::Page;
use super::progress;
use super::record::Head;
use super::session::{Report, Session};
use super::shared::{TimeLimitArgs, check_threads, one_of};
use super::text::{count, seconds};

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

/// Files in the folder.
const CHECKPOINT: &str = "checkpoint.json";
const LOG: &str = "log.jsonl";
const RUNS: &str = "runs.json";
const UNITS: &str = "units.csv";

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

/// Shows figures, keeps the log, the stacks and the checkpoint.
struct Monitor<'a> {
    folder: &'a Path,
    recipe: &'a RbmRecipe,
    log: TrainingLog,
    checkpoint: CheckpointFile,
    failure: Option<anyhow::Error>,
}

impl<'a> Monitor<'a> {
    /// Of a run that goes on with as many lines of the log as its state has epochs.
    fn start(
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

    fn write(&mut self, state: &RbmState) -> anyhow::Result<()> {
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

/// Writes figures, the table of units and, where a stack is done, the pictures.
fn write_files(
    args: &Args,
    recipe: &RbmRecipe,
    state: &RbmState,
    found: &Found,
) -> anyhow::Result<Vec<PathBuf>> {
    let at = |name: &str| args.output.join(name);
    write_text(&at(RUNS), &(serde_json::to_string_pretty(found)? + "\n"))?;
    write_text(&at(UNITS), &units(&found.runs))?;
    let mut written = vec![at(RUNS), at(UNITS)];
    let shown: Vec<(&RunReport, &Shown)> = state
        .finished
        .iter()
        .filter_map(|finished| Some((&finished.report, finished.shown.as_ref()?)))
        .collect();
    let pictures = [
        ("fields", fields(&shown), "share of the row's largest"),
        ("samples", samples(&shown), "mean of a spin"),
    ];
    for (name, rows, scale) in pictures.into_iter().filter(|(_, rows, _)| !rows.is_empty()) {
        let path = at(name).with_extension(args.pictures);
        let title = format!("{}: {}", recipe.title, heading(name));
        plot::write(&path, &plot::tiles(&title, &rows, scale))?;
        written.push(path);
    }
    Ok(written)
}

fn heading(name: &str) -> &'static str {
    if name == "fields" { "receptive fields" } else { "samples, up and down again" }
}

/// One line a unit.
fn units(runs: &[RunReport]) -> String {
    let mut text = "seed,variant,layer,unit,row,column,radius,participation\n".to_string();
    let cell = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for run in runs {
        for (layer, report) in (1..).zip(&run.layers) {
            for (unit, field) in report.fields.iter().enumerate() {
                let [row, column] = [0, 1].map(|axis| cell(field.centroid.map(|c| c[axis])));
                let (radius, participation) = (cell(field.radius), cell(field.participation));
                let name = run.variant.name();
                let line = format!(
                    "{},{name},{layer},{unit},{row},{column},{radius},{participation}\n",
                    run.seed
                );
                text.push_str(&line);
            }
        }
    }
    text
}

/// Receptive fields, each row by its largest magnitude.
fn fields(shown: &[(&RunReport, &Shown)]) -> Vec<TileRow> {
    let mut rows = Vec::new();
    for (report, shown) in shown {
        for (layer, fields) in report.layers.iter().zip(&shown.fields) {
            let largest = fields.iter().flatten().fold(0.0f64, |most, r| most.max(r.abs()));
            let scale = if largest > 0.0 { 1.0 / largest } else { 0.0 };
            let label = format!("{}, {}", report.variant.name(), count(layer.units, "unit"));
            rows.push(TileRow { label, tiles: tiles(fields, shown, |r| scale * r) });
        }
    }
    rows
}

/// Samples of the stack as the recipe says, and what the layers leave of them.
fn samples(shown: &[(&RunReport, &Shown)]) -> Vec<TileRow> {
    let Some((report, shown)) = shown.first() else { return Vec::new() };
    let labels = std::iter::once("sample".to_string())
        .chain(report.layers.iter().map(|layer| format!("from {}", count(layer.units, "unit"))));
    let rows = labels.zip(&shown.samples).map(|(label, samples)| TileRow {
        label,
        tiles: tiles(samples, shown, |mean| 2.0 * mean - 1.0),
    });
    rows.filter(|row| !row.tiles.is_empty()).collect()
}

/// Units without places are a line.
fn tiles(rows: &[Vec<f64>], shown: &Shown, value: impl Fn(f64) -> f64) -> Vec<Tile> {
    let tile = |row: &Vec<f64>| Tile {
        sides: shown.sides.unwrap_or([1, row.len()]),
        values: row.iter().map(|&number| value(number)).collect(),
    };
    rows.iter().map(tile).collect()
}

impl Report for Record {
    fn text(&self, head: &Head, out: &mut Page) -> fmt::Result {
        text(self, head, out)
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.stopped_by
    }
}

fn text(record: &Record, head: &Head, text: &mut Page) -> fmt::Result {
    let name = head.network.as_deref().unwrap_or_default();
    let (done, planned) = (record.found.runs.len(), record.planned);
    text.headline(HEADING, &format!("{name}: {done} of {}", count(planned, "stack")))?;
    text.stopped(record.stopped_by)?;
    let layers: Vec<String> = record.recipe.stack.layers.iter().map(usize::to_string).collect();
    writeln!(text, "  layers   {}", layers.join("-"))?;
    writeln!(text, "  epochs   {}", record.epochs)?;
    if let Some(spins) = record.found.runs.iter().find_map(|run| run.spins.as_ref()) {
        let (energy, magnetisation) = (spins.energy, spins.magnetisation);
        writeln!(
            text,
            "  energy   {:.4} ± {:.4} a spin (exactly {:.4})",
            energy.value, energy.standard_error, spins.exact_energy
        )?;
        writeln!(
            text,
            "  |m|      {:.4} ± {:.4}",
            magnetisation.value, magnetisation.standard_error
        )?;
    }
    let majority = record.found.runs.iter().find_map(|run| run.majority_overlap);
    if let Some(overlap) = majority {
        writeln!(text, "  overlap  {overlap:.3} by the sign of each sample alone")?;
    }
    writeln!(text, "  time     {}", seconds(record.seconds))?;
    for path in &record.written {
        writeln!(text, "  wrote    {}", path.display())?;
    }
    match record.found.layers.is_empty() {
        true => Ok(()),
        false => table(record, text),
    }
}

fn table(record: &Record, text: &mut Page) -> fmt::Result {
    let has_couplings = record.found.layers.iter().any(|layer| layer.coupling.is_some());
    let mut header = vec!["stacks", "units", "radius", "growth", "places", "overlap"];
    if has_couplings {
        header.extend(["coupling", "exact"]);
    }
    let rows: Vec<Vec<String>> = record
        .found
        .layers
        .iter()
        .map(|layer| {
            let mut row = vec![
                format!("{} × {}", layer.seeds, layer.variant.name()),
                layer.units.to_string(),
                spread(layer.radius, 2),
                layer.growth.map_or("-".to_string(), |growth| format!("{:.2}", growth.median)),
                spread(layer.participation, 1),
                layer.overlap.map_or("-".to_string(), |overlap| format!("{:.3}", overlap.median)),
            ];
            if has_couplings {
                let number = |value: Option<f64>| value.map_or("-".into(), |v| format!("{v:.4}"));
                row.push(number(layer.coupling.map(|coupling| coupling.median)));
                row.push(number(layer.exact_coupling));
            }
            row
        })
        .collect();
    text.table(&header, (2, 1), &rows)
}

/// Median, and where half of the numbers lie.
fn spread(spread: Option<Spread>, places: usize) -> String {
    spread.map_or("-".to_string(), |Spread { median, low, high }| {
        format!("{median:.places$} ({low:.places$} to {high:.places$})")
    })
}
