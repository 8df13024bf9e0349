//! `taut bounds PROBLEM`.

use std::fmt::Write;
use std::time::Instant;

use anyhow::Context;
use taut::io::{check_writable, load_bounds, save_bounds};
use taut::problem::Problem;
use taut::tighten::{
    BoundsRecord, Goal, Method, NodeBounds, TightenCounts, TightenOptions, Tightened,
};

use super::args::{BoundsArgs, Format};
use super::text::{number, seconds, table};
use super::{ANSWERED, problem, progress, settings};

/// Bounds every neuron and prints the layers.
pub fn run(args: &BoundsArgs) -> anyhow::Result<(String, u8)> {
    args.save.as_deref().map(check_writable).transpose()?;
    let problem = problem::read(&args.problem, None)?;
    progress::listen();
    let started = Instant::now();
    let threads = settings::threads(args.threads)?;
    let (tightened, method) = find(args, &problem, threads)?;
    let mut record = BoundsRecord::new(&problem, &method, &tightened);
    record.goal = goal(args)?.name();
    record.bounds_seconds = started.elapsed().as_secs_f64();
    record.threads = threads;
    if let Some(path) = &args.save {
        save_bounds(path, &problem, &tightened.bounds, &method)?;
    }
    let text = match args.format {
        Format::Json => serde_json::to_string(&record)? + "\n",
        Format::Text => text(&record)?,
    };
    Ok((text, ANSWERED))
}

fn find(
    args: &BoundsArgs,
    problem: &Problem,
    threads: usize,
) -> anyhow::Result<(Tightened, String)> {
    if let Some(path) = &args.load {
        let saved = load_bounds(path, problem)?;
        let bounds = saved.bounds;
        return Ok((Tightened::of(bounds), saved.method));
    }
    let tightening = settings::tightening(&args.tighten.tighten)?;
    let options = TightenOptions {
        goal: goal(args)?,
        limits: progress::limits(problem::tighten_time(args.tighten.tighten_time)?),
        threads,
        ..TightenOptions::default()
    };
    let whole = problem.whole();
    let whole = whole.context("no whole number lies in the box of an integer input")?;
    let tightened = tightening.bounds(problem, whole, &options)?;
    Ok((tightened, tightening.name().to_string()))
}

fn goal(args: &BoundsArgs) -> anyhow::Result<Goal> {
    Goal::ALL.into_iter().find(|goal| goal.name() == args.goal).context("unknown goal")
}

/// Outputs whose bounds are printed.
const MOST_OUTPUTS: usize = 10;

fn text(record: &BoundsRecord) -> anyhow::Result<String> {
    let mut text = String::new();
    let (neurons, stable) = record.layers.iter().fold((0, 0), |(neurons, stable), layer| {
        let summary = &layer.summary;
        (neurons + summary.neurons, stable + summary.neurons - summary.unstable)
    });
    writeln!(text, "{stable} of {neurons} neurons are stable, by {} bounds", record.tighten)?;
    if !record.input.programs.is_empty() {
        intervals(&mut text, 'x', &record.input)?;
    }
    intervals(&mut text, 'y', &record.output)?;
    writeln!(text, "  time {}\n", seconds(record.bounds_seconds))?;
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
    text.push_str(&table(&header, 0, rows.collect()));
    if !all_programs(record).is_empty() {
        text.push('\n');
        text.push_str(&programs(record));
    }
    Ok(text)
}

fn intervals(text: &mut String, name: char, bounds: &NodeBounds) -> anyhow::Result<()> {
    let ends = bounds.lower.iter().zip(&bounds.upper);
    for (index, (lower, upper)) in ends.take(MOST_OUTPUTS).enumerate() {
        writeln!(text, "  {name}{index} in [{}, {}]", number(*lower), number(*upper))?;
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
fn programs(record: &BoundsRecord) -> String {
    let rows = all_programs(record).into_iter().map(|p| {
        let kind = match (p.method, p.with_outputs) {
            (Method::Linear, false) => "lp",
            (Method::Linear, true) => "lp, outputs",
            (Method::MixedInteger, false) => "milp",
            (Method::MixedInteger, true) => "milp, outputs",
        };
        let counts = [p.sides, p.solved, p.failed];
        let skipped = [p.skipped_stable, p.skipped_attained, p.skipped_exact, p.skipped_time];
        let name = match p.layer {
            0 => "inputs".to_string(),
            last if last > record.layers.len() => "outputs".to_string(),
            layer => layer.to_string(),
        };
        let mut row = vec![name, kind.to_string()];
        row.extend(counts.iter().chain(&skipped).map(usize::to_string));
        row.push(seconds(p.seconds));
        row
    });
    let header = [
        "layer", "by", "sides", "solved", "failed", "stable", "attained", "exact", "no time",
        "time",
    ];
    table(&header, 0, rows.collect())
}
