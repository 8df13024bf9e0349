//! `taut bench SUITE.toml -o DIR`.

use std::fmt::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

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
pub struct Args {
    /// The suite (.toml): instances, variants, seeds and limits.
    #[arg(value_name = "SUITE")]
    suite: PathBuf,
    /// Folder for the records, one line a run.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Runs at the same time (a count): more than one makes times depend on each other.
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

/// Runs a suite.
pub fn run_suite(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form(), |session| find(args, session))
}

fn find(args: &Args, session: &mut Session) -> anyhow::Result<Benched> {
    shared::count("jobs", args.jobs, 1, "runs at the same time")?;
    let plan = Plan::read(&args.suite)?;
    let shard = args.shard.unwrap_or(Shard { number: 1, count: 1 });
    let runs = plan.share(shard).count();
    let benched = |records: &[Record], all: &[Record], planned: Option<Vec<String>>| Benched {
        suite: args.suite.clone(),
        title: plan.suite.title.clone(),
        folder: args.output.clone(),
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
    let journal = Journal::open(&args.output, shard, args.resume)?;
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
    let records = run(&plan, shard, journal, args.jobs, &session.clock, &mut tell)?;
    // Also those of other shares, as far as they are.
    let all = read_folder(&args.output)?;
    let mut benched = benched(&records, &all, None);
    benched.stopped_by = session.clock.stopped().filter(|_| benched.done < benched.runs);
    for Contradiction { instance, what } in &benched.contradictions {
        tell_error(&format!("contradiction: {instance}: {what}"));
    }
    Ok(benched)
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
        out.table(&header, (1, 1), &self.variants.iter().map(row).collect::<Vec<_>>())?;
        writeln!(out, "  mean    geometric, shifted by {SHIFT} s; open runs count as their limit")?;
        out.stopped(self.stopped_by)
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.stopped_by
    }

    fn exit(&self) -> u8 {
        match (self.contradictions.is_empty(), self.stopped_by) {
            (false, _) => FAILED,
            (true, None) => ANSWERED,
            (true, Some(_)) => UNANSWERED,
        }
    }
}

/// A time that is an estimate.
fn duration(left: f64) -> String {
    let whole = Duration::from_secs_f64(left.clamp(0.0, 1e9)).as_secs();
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}
