//! `taut bounds PROBLEM`.

use std::fmt::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use schemars::JsonSchema;
use serde::Serialize;
use taut::control::StoppedBy;
use taut::io::{check_writable, load_bounds, save_bounds};
use taut::problem::{Problem, Variable};
use taut::tighten::{BoundsRecord, Goal, NodeBounds, TightenCounts, TightenOptions, Tightened};

use super::console::HEADING;
use super::format::AnswerArgs;
use super::page::Page;
use super::problem::{Objective, ProblemArgs, whole};
use super::record::Head;
use super::session::{Report, Session};
use super::shared::{ThreadsArgs, TightenArgs, TimeLimitArgs, one_of};
use super::text::{number_above, number_below, seconds};

/// Arguments of `bounds`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    problem: ProblemArgs,
    #[command(flatten)]
    tighten: TightenArgs,
    /// What lp, milp and search seek: narrow bounds, or only the phases of
    /// the neurons, which is faster.
    #[arg(long, default_value = Goal::default().name(), help_heading = "Method",
          value_parser = one_of(Goal::ALL.map(|goal| (goal.name(), goal))))]
    goal: Goal,
    #[command(flatten)]
    time_limit: TimeLimitArgs,
    #[command(flatten)]
    threads: ThreadsArgs,
    /// Save the bounds of all neurons to this file (.json).
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    save: Option<PathBuf>,
    /// Take the bounds from a file that --save wrote for the same problem.
    #[arg(long, value_name = "FILE", conflicts_with = "tighten", help_heading = "Method")]
    load: Option<PathBuf>,
    #[command(flatten)]
    format: AnswerArgs,
}

/// Bounds every neuron and prints the layers.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form()?, |session| find(args, session))
}

/// The bounds, and the problem that they are of.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Bounds")]
pub struct Bounded {
    #[serde(flatten)]
    record: BoundsRecord,
    #[serde(skip)]
    problem: Problem,
}

fn find(args: &Args, session: &mut Session) -> anyhow::Result<Bounded> {
    args.time_limit.read(session)?;
    args.save.as_deref().map(check_writable).transpose()?;
    let threads = args.threads.read(session)?;
    let time = args.tighten.time.read(session)?;
    let problem = args.problem.read(Objective::Unasked, session)?;
    let started = Instant::now();
    let (problem, tightened, method) = match args.load.clone() {
        Some(path) => session.read(move || {
            let saved = load_bounds(&path, &problem)?;
            Ok((problem, Tightened::of(saved.bounds), saved.method))
        })?,
        None => {
            let tighten = args.tighten.tighten;
            let (goal, limits) = (args.goal, session.limits(time));
            let options = TightenOptions { goal, limits, threads, ..TightenOptions::default() };
            session.head.with_tightening(tighten);
            let tightened = tighten.bounds(&problem, whole(&problem)?, &options)?;
            (problem, tightened, tighten.name().to_string())
        }
    };
    let mut record = BoundsRecord::new(&problem, &method, &tightened);
    record.goal = args.goal.name();
    record.bounds_seconds = started.elapsed().as_secs_f64();
    if let Some(path) = &args.save {
        save_bounds(path, &problem, &tightened.bounds, &method)?;
    }
    Ok(Bounded { record, problem })
}

impl Report for Bounded {
    fn text(&self, _: &Head, out: &mut Page) -> fmt::Result {
        text(self, out)
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.record.stopped_by
    }
}

/// Outputs whose bounds are printed.
const MOST_OUTPUTS: usize = 10;

fn text(bounded: &Bounded, text: &mut Page) -> fmt::Result {
    let record = &bounded.record;
    let (neurons, stable) = record.layers.iter().fold((0, 0), |(neurons, stable), layer| {
        let summary = &layer.summary;
        (neurons + summary.neurons, stable + summary.neurons - summary.unstable)
    });
    let method = &record.tighten;
    let line = format!("{stable} of {neurons} neurons are stable, by {method} bounds");
    text.headline(HEADING, &line)?;
    let of = |variable: Variable| bounded.problem.vocabulary().name(variable);
    if !record.input.programs.is_empty() {
        intervals(text, |index| of(Variable::Input(index)), &record.input)?;
    }
    intervals(text, |index| of(Variable::Output(index)), &record.output)?;
    text.stopped(record.stopped_by)?;
    writeln!(text, "  time {}", seconds(record.bounds_seconds))?;
    let rows = record.layers.iter().map(|layer| {
        let s = &layer.summary;
        let counts = [s.layer, s.neurons, s.active, s.inactive, s.saturated, s.unstable];
        let mut row: Vec<String> = counts.iter().map(usize::to_string).collect();
        row.extend([s.big_m_max, s.big_m_mean, layer.width].map(|m| format!("{m:.3}")));
        row
    });
    let header = [
        "layer",
        "neurons",
        "active",
        "inactive",
        "saturated",
        "unstable",
        "big-M max",
        "mean",
        "width",
    ];
    text.table(&header, (1, 0), &rows.collect::<Vec<_>>())?;
    match all_programs(record).is_empty() {
        true => Ok(()),
        false => programs(text, record),
    }
}

fn intervals(text: &mut Page, name: impl Fn(usize) -> String, bounds: &NodeBounds) -> fmt::Result {
    let ends = bounds.lower.iter().zip(&bounds.upper);
    for (index, (lower, upper)) in ends.take(MOST_OUTPUTS).enumerate() {
        let [lower, upper] = [number_below(*lower), number_above(*upper)];
        writeln!(text, "  {} in [{lower}, {upper}]", name(index))?;
    }
    let left = bounds.lower.len().saturating_sub(MOST_OUTPUTS);
    if left > 0 {
        writeln!(text, "  … and {left} more, in --format json")?;
    }
    Ok(())
}

/// The programs of inputs, layers and outputs.
fn all_programs(record: &BoundsRecord) -> Vec<&TightenCounts> {
    let layers = record.layers.iter().map(|layer| &layer.programs);
    let all = [&record.input.programs].into_iter().chain(layers).chain([&record.output.programs]);
    all.flatten().collect()
}

/// What became of the two sides of each neuron.
fn programs(text: &mut Page, record: &BoundsRecord) -> fmt::Result {
    let rows = all_programs(record).into_iter().map(|p| {
        let kind = match (p.method, p.with_outputs) {
            (method, false) => method.name().to_string(),
            (method, true) => format!("{}, outputs", method.name()),
        };
        let counts = [p.sides, p.solved, p.failed];
        let skipped = [p.skipped_stable, p.skipped_attained, p.skipped_exact, p.skipped_time];
        let name = match p.layer {
            0 => "inputs".to_string(),
            last if last > record.layers.len() => "outputs".to_string(),
            layer => layer.to_string(),
        };
        let mut row = vec![name, kind];
        row.extend(counts.iter().chain(&skipped).map(usize::to_string));
        row.push(seconds(p.seconds));
        row
    });
    let header = [
        "layer", "by", "sides", "solved", "failed", "stable", "attained", "exact", "no time",
        "time",
    ];
    text.table(&header, (2, 0), &rows.collect::<Vec<_>>())
}
