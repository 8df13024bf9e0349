//! `taut bench SUITE.toml -o DIR`, `taut bench status DIR`, `taut bench merge DIR… -o DIR`.

pub mod merge;
mod slurm;
pub mod status;

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::ValueEnum;

use schemars::JsonSchema;
use serde::Serialize;
use taut::bench::{
    Contradiction, Journal, Measure, Plan, Progress, Record, SHIFT, Shard, Summary, contradictions,
    read_folder, run, summaries,
};
use taut::control::StoppedBy;

use super::console::{CLOSED, OPEN, tell_error};
use super::format::FormatArgs;
use super::page::Page;
use super::record::Head;
use super::session::{Report, Session};
use super::text::{count, seconds};
use super::{ANSWERED, FAILED, UNANSWERED, progress, shared};

/// Arguments of `bench`.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    about: Option<About>,
    #[command(flatten)]
    run: RunArgs,
}

/// What else can be done with the folder of a batch.
#[derive(clap::Subcommand)]
enum About {
    /// How far a batch is: records by outcome, what is at work, what Slurm says.
    Status(status::Args),
    /// One journal out of several, of shares or of several machines.
    Merge(merge::Args),
}

/// Arguments of a run.
#[derive(clap::Args)]
struct RunArgs {
    /// The suite (.toml): instances, variants, seeds and limits.
    #[arg(value_name = "SUITE", required = true)]
    suite: Option<PathBuf>,
    /// Folder for the records, one line a run.
    #[arg(short, long, value_name = "DIR", required = true)]
    output: Option<PathBuf>,
    /// What runs it; slurm: a job array, which is submitted, waited for and collected.
    #[arg(long, value_name = "NAME", default_value = "local")]
    engine: Engine,
    /// Runs at the same time (a count): more than one makes times depend on each other. Of
    /// slurm: shares, a task each.
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    jobs: usize,
    /// Go on where an earlier run of the suite was ended.
    #[arg(long)]
    resume: bool,
    /// Only a share of the runs, such as 3/16: all shares write to the same folder, on as many
    /// machines as there are [default: all].
    #[arg(long, value_name = "SHARE")]
    shard: Option<Shard>,
    /// Print the runs, and run none.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: FormatArgs,
}

/// What runs a suite.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Engine {
    /// This machine.
    Local,
    /// Slurm, by sbatch and squeue.
    Slurm,
}

impl RunArgs {
    fn suite(&self) -> anyhow::Result<&Path> {
        self.suite.as_deref().context("found no suite; expected SUITE")
    }

    fn output(&self) -> anyhow::Result<&Path> {
        self.output.as_deref().context("found no folder; expected --output DIR")
    }
}

/// What a suite has shown so far.
#[derive(Serialize, JsonSchema)]
pub struct Benched {
    /// The suite file.
    suite: PathBuf,
    /// What it is for.
    title: Option<String>,
    /// The folder of the records.
    folder: PathBuf,
    /// Records that cannot all be true, of all shares in the folder.
    contradictions: Vec<Contradiction>,
    /// One a variant.
    variants: Vec<Summary>,
    /// Runs of the share.
    runs: usize,
    /// Those that have a record.
    done: usize,
    /// The runs in their order; only of `--dry-run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    planned: Option<Vec<String>>,
    /// The interrupt, if one came first.
    stopped_by: Option<StoppedBy>,
}

/// The command that the arguments ask for: its name in records.
pub fn name(args: &Args) -> &'static str {
    match args.about {
        None => "bench",
        Some(About::Status(_)) => "bench-status",
        Some(About::Merge(_)) => "bench-merge",
    }
}

/// Runs a suite, or tells of a batch.
pub fn run_suite(args: &Args, session: Session) -> anyhow::Result<u8> {
    match &args.about {
        None => session.answer(args.run.format.form(), |session| find(&args.run, session)),
        Some(About::Status(args)) => status::run(args, session),
        Some(About::Merge(args)) => merge::run(args, session),
    }
}

fn find(args: &RunArgs, session: &mut Session) -> anyhow::Result<Benched> {
    shared::count("jobs", args.jobs, 1, "runs at the same time")?;
    let (suite, output) = (args.suite()?, args.output()?);
    anyhow::ensure!(
        args.engine == Engine::Local || args.shard.is_none(),
        "--shard with --engine slurm: expected one of them; --jobs says how many shares there are"
    );
    let plan = Plan::read(suite)?;
    let shard = args.shard.unwrap_or(Shard::WHOLE);
    let runs = plan.share(shard).count();
    let benched = |records: &[Record], all: &[Record], planned: Option<Vec<String>>| Benched {
        suite: suite.to_path_buf(),
        title: plan.suite.title.clone(),
        folder: output.to_path_buf(),
        contradictions: contradictions(all),
        variants: summaries(records, Measure::Wall, SHIFT),
        runs,
        done: records.len(),
        planned,
        stopped_by: None,
    };
    if args.dry_run {
        return Ok(benched(&[], &[], Some(plan.share(shard).map(|run| plan.key(run)).collect())));
    }
    let records = match args.engine {
        Engine::Local => here(&plan, shard, args, output, session)?,
        Engine::Slurm => slurm::run(&plan, args, session)?,
    };
    // Also those of other shares, as far as they are.
    let mut benched = benched(&records, &read_folder(output)?, None);
    benched.stopped_by = session.clock.stopped().filter(|_| benched.done < benched.runs);
    tell_contradictions(&benched.contradictions);
    Ok(benched)
}

/// Runs a share on this machine.
fn here(
    plan: &Plan,
    shard: Shard,
    args: &RunArgs,
    output: &Path,
    session: &Session,
) -> anyhow::Result<Vec<Record>> {
    let journal = Journal::open(output, shard, args.resume)?;
    if journal.was_torn {
        tracing::warn!("the last record was torn; its run is done again");
    }
    let mut tell = |record: &Record, at: Progress| {
        let took = seconds(record.seconds);
        tracing::info!("run: {}: {} after {took}", record.run, record.outcome.name());
        let left = at.seconds_left.map(|left| format!("about {} left", duration(left)));
        progress::set_step(&format!("{} of {} runs", at.done, at.all));
        progress::set_figures(|| left.into_iter().collect());
    };
    Ok(run(plan, shard, journal, args.jobs, &session.clock, &mut tell)?)
}

/// What comes first.
pub fn tell_contradictions(contradictions: &[Contradiction]) {
    for Contradiction { instance, what } in contradictions {
        tell_error(&format!("contradiction: {instance}: {what}"));
    }
}

/// The exit status of records.
fn exit(contradictions: &[Contradiction], is_done: bool) -> u8 {
    match (contradictions.is_empty(), is_done) {
        (false, _) => FAILED,
        (true, true) => ANSWERED,
        (true, false) => UNANSWERED,
    }
}

/// A line for each variant.
fn table(out: &mut Page, variants: &[Summary]) -> fmt::Result {
    let header = ["variant", "runs", "solved", "killed", "failed", "mean", "PAR2"];
    let row = |summary: &Summary| {
        vec![
            summary.variant.clone(),
            summary.runs.to_string(),
            summary.solved.to_string(),
            summary.killed.to_string(),
            summary.failed.to_string(),
            seconds(summary.mean_seconds),
            seconds(summary.par2_seconds),
        ]
    };
    out.table(&header, (1, 1), &variants.iter().map(row).collect::<Vec<_>>())?;
    writeln!(out, "  mean    geometric, shifted by {SHIFT} s; open runs count as their limit")
}

impl Report for Benched {
    fn text(&self, _: &Head, out: &mut Page) -> fmt::Result {
        if let Some(planned) = &self.planned {
            out.headline(CLOSED, &format!("{} in this order", count(self.runs, "run")))?;
            return planned.iter().try_for_each(|run| writeln!(out, "  {run}"));
        }
        let is_fine = self.contradictions.is_empty() && self.done == self.runs;
        let style = if is_fine { CLOSED } else { OPEN };
        let title = self.title.as_deref().unwrap_or("suite");
        let contradicted = match self.contradictions.len() {
            0 => String::new(),
            number => format!(", {}", count(number, "contradiction")),
        };
        let done = format!("{title}: {} of {} done", self.done, count(self.runs, "run"));
        out.headline(style, &format!("{done}{contradicted}"))?;
        for Contradiction { instance, what } in &self.contradictions {
            writeln!(out, "  wrong   {instance}: {what}")?;
        }
        writeln!(out, "  records {}", self.folder.display())?;
        table(out, &self.variants)?;
        out.stopped(self.stopped_by)
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.stopped_by
    }

    fn exit(&self) -> u8 {
        exit(&self.contradictions, self.planned.is_some() || self.done == self.runs)
    }
}

/// A time, roughly.
fn duration(left: f64) -> String {
    let whole = Duration::from_secs_f64(left.clamp(0.0, 1e9)).as_secs();
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}
