//! `taut bench status DIR [SUITE]`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use schemars::JsonSchema;
use serde::Serialize;
use taut::bench::{JobArray, Plan, StoredJournal, is_open, read_journals};
use taut::control::StoppedBy;

use super::{duration, slurm};
use crate::cli::console::{CLOSED, OPEN};
use crate::cli::format::FormatArgs;
use crate::cli::page::Page;
use crate::cli::record::Head;
use crate::cli::session::{Report, Session};
use crate::cli::text::count;

/// Arguments of `bench status`.
#[derive(clap::Args)]
pub struct Args {
    /// Folder with records.
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    folder: PathBuf,
    /// The suite (.toml), which tells how many runs there are [default: unknown].
    #[arg(value_name = "SUITE")]
    suite: Option<PathBuf>,
    #[command(flatten)]
    format: FormatArgs,
}

/// How far a batch is.
#[derive(Serialize, JsonSchema)]
pub struct BatchStatus {
    /// The folder of the records.
    folder: PathBuf,
    /// Runs of the suite, where it was given.
    runs: Option<usize>,
    /// Those that have a record.
    done: usize,
    /// One a journal.
    journals: Vec<JournalStatus>,
    /// The job array that was submitted last, if one was.
    slurm: Option<ArrayStatus>,
}

/// How far a journal is.
#[derive(Serialize, JsonSchema)]
struct JournalStatus {
    /// The file.
    path: PathBuf,
    /// Records.
    records: usize,
    /// Records by their outcomes.
    outcomes: BTreeMap<&'static str, usize>,
    /// Whether a batch is adding to it.
    is_running: bool,
    /// Whether the last line is torn.
    is_torn: bool,
    /// Seconds since the last run ended.
    last_seconds: Option<f64>,
}

/// What Slurm says of a job array.
#[derive(Serialize, JsonSchema)]
struct ArrayStatus {
    #[serde(flatten)]
    array: JobArray,
    /// Tasks by their states, none when it has ended; null where Slurm does not tell.
    states: Option<BTreeMap<String, usize>>,
    /// Why it does not.
    error: Option<String>,
}

/// Looks.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form(), |_| find(args))
}

fn find(args: &Args) -> anyhow::Result<BatchStatus> {
    let folder = &args.folder;
    let plan = args.suite.as_deref().map(Plan::read).transpose()?;
    let planned: Option<BTreeSet<String>> =
        plan.map(|plan| plan.runs.iter().map(|run| plan.key(run)).collect());
    let stored = read_journals(folder)?;
    let array = JobArray::of(folder)?;
    ensure!(
        !stored.is_empty() || array.is_some(),
        "{}: found no journal (runs*.jsonl); expected the folder of a batch",
        folder.display()
    );
    let runs = stored.iter().flat_map(|journal| &journal.records).map(|record| &record.run);
    let done: BTreeSet<&String> =
        runs.filter(|run| planned.as_ref().is_none_or(|planned| planned.contains(*run))).collect();
    let slurm = array.map(|array| {
        let (states, error) = match array.states() {
            Ok(states) => (Some(states), None),
            Err(error) => (None, Some(error.to_string())),
        };
        ArrayStatus { array, states, error }
    });
    Ok(BatchStatus {
        folder: folder.clone(),
        runs: planned.as_ref().map(BTreeSet::len),
        done: done.len(),
        journals: stored.iter().map(journal).collect::<anyhow::Result<_>>()?,
        slurm,
    })
}

fn journal(stored: &StoredJournal) -> anyhow::Result<JournalStatus> {
    let StoredJournal { path, records, is_torn } = stored;
    let mut outcomes = BTreeMap::new();
    for record in records {
        *outcomes.entry(record.outcome.name()).or_insert(0) += 1;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |now| now.as_secs_f64());
    let ends = records.iter().map(|record| record.started + record.seconds);
    let is_running = is_open(path).with_context(|| path.display().to_string())?;
    Ok(JournalStatus {
        path: path.clone(),
        records: records.len(),
        outcomes,
        is_running,
        is_torn: *is_torn,
        // Clocks of machines differ.
        last_seconds: ends.reduce(f64::max).map(|end| (now - end).max(0.0)),
    })
}

impl Report for BatchStatus {
    fn text(&self, _: &Head, out: &mut Page) -> fmt::Result {
        let running = self.journals.iter().filter(|journal| journal.is_running).count();
        let (style, of) = match self.runs {
            Some(runs) if runs == self.done => (CLOSED, format!(" of {}", count(runs, "run"))),
            Some(runs) => (OPEN, format!(" of {}", count(runs, "run"))),
            None => (OPEN, String::new()),
        };
        let at_work = if running > 0 { format!(", {running} at work") } else { String::new() };
        out.headline(style, &format!("{}{of} done{at_work}", self.done))?;
        writeln!(out, "  records {}", self.folder.display())?;
        if let Some(slurm) = &self.slurm {
            let JobArray { job, shares, .. } = &slurm.array;
            let states = match (&slurm.states, &slurm.error) {
                (Some(states), _) if states.is_empty() => "ended".to_string(),
                (Some(states), _) => slurm::words(states),
                (None, error) => format!("unknown: {}", error.as_deref().unwrap_or_default()),
            };
            writeln!(out, "  slurm   job {job} for {}: {states}", count(*shares, "share"))?;
        }
        let names: BTreeSet<&str> =
            self.journals.iter().flat_map(|journal| journal.outcomes.keys().copied()).collect();
        let mut header = vec!["journal", "state", "last", "records"];
        header.extend(&names);
        let rows: Vec<Vec<String>> =
            self.journals.iter().map(|journal| journal.row(&names)).collect();
        if rows.is_empty() { Ok(()) } else { out.table(&header, (1, 3), &rows) }
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        None
    }
}

impl JournalStatus {
    /// A line of the table, with the outcomes of these names.
    fn row(&self, outcomes: &BTreeSet<&str>) -> Vec<String> {
        let name = self.path.file_name().map(Path::new).unwrap_or(&self.path);
        let state = match (self.is_running, self.is_torn) {
            (true, _) => "at work",
            (false, true) => "torn",
            (false, false) => "",
        };
        let last = self.last_seconds.map(|seconds| format!("{} ago", duration(seconds)));
        let mut row = vec![name.display().to_string(), state.to_string()];
        row.extend([last.unwrap_or_default(), self.records.to_string()]);
        row.extend(outcomes.iter().map(|name| {
            let number = self.outcomes.get(name).copied().unwrap_or(0);
            number.to_string()
        }));
        row
    }
}
