//! `taut regions PROBLEM`.

use std::fmt::Write;
use std::ops::ControlFlow;
use std::time::Instant;

use anyhow::{bail, ensure};
use serde::Serialize;
use taut::control::{Limits, StoppedBy};
use taut::io::check_writable;
use taut::num::IntervalBox;
use taut::optimize::SCHEMA;
use taut::plot::{self, RegionPlot};
use taut::problem::Problem;
use taut::regions::{CellFile, Method, RegionCount, RegionOptions, count, visit};

use super::args::{Format, RegionsArgs};
use super::text::{number, seconds};
use super::{ANSWERED, UNANSWERED, problem, progress, settings};

/// The count as a record.
#[derive(Serialize)]
struct Record {
    /// Version of the record's schema.
    schema: u32,
    command: &'static str,
    network: String,
    #[serde(flatten)]
    count: RegionCount,
    threads: usize,
    seed: u32,
    seconds: f64,
}

/// Counts, and writes what was asked for.
pub fn run(args: &RegionsArgs) -> anyhow::Result<(String, u8)> {
    let started = Instant::now();
    args.list.as_deref().map(check_writable).transpose()?;
    args.plot.as_deref().map(plot::check_output).transpose()?;
    // Only a picture is coloured by an objective.
    let mut problem = match &args.plot {
        Some(_) => problem::read_with_objective(&args.problem, None)?,
        None => problem::read(&args.problem, None)?,
    };
    if let Some(inputs) = &args.slice {
        problem = problem.over(slice(&problem, inputs, args.at.as_deref())?);
    }
    progress::listen();
    let options = options(args)?;
    let is_listed = args.list.is_some() || args.plot.is_some();
    ensure!(
        !(args.pieces || is_listed) || !matches!(options.method, Method::Bounds | Method::Sample),
        "--pieces, --list and --plot need an exact method; found '{}'",
        args.method
    );
    let counted = is_listed.then(|| listed(args, &problem, &options)).transpose()?;
    // Pieces take a walk of their own, which a limit on the first has made pointless.
    let counted = match counted {
        Some(counted) if !args.pieces || counted.stopped_by.is_some() => counted,
        _ => count(&problem, &options)?,
    };
    let code = if counted.stopped_by.is_some() { UNANSWERED } else { ANSWERED };
    let record = Record {
        schema: SCHEMA,
        command: "regions",
        network: problem.network().name().to_string(),
        count: counted,
        threads: options.threads,
        seed: options.seed,
        seconds: started.elapsed().as_secs_f64(),
    };
    let text = match args.format {
        Format::Json => serde_json::to_string(&record)? + "\n",
        Format::Text => text(args, &record)?,
    };
    Ok((text, code))
}

/// The box with all inputs but two fixed.
fn slice(problem: &Problem, inputs: &[usize], at: Option<&str>) -> anyhow::Result<IntervalBox> {
    let domain = problem.domain();
    let &[a, b] = inputs else {
        bail!("--slice: found {} inputs, expected 2, such as 0,3", inputs.len());
    };
    let most = domain.len();
    ensure!(a != b && a < most && b < most, "--slice: expected two different inputs below {most}");
    let at = match at {
        Some(text) => problem::numbers("--at", text, most)?,
        None => domain.center(),
    };
    ensure!(domain.contains(&at), "--at: the point lies outside the box");
    let end = |ends: &[f64], i: usize| if i == a || i == b { ends[i] } else { at[i] };
    let lower = (0..most).map(|i| end(domain.lower(), i)).collect();
    let upper = (0..most).map(|i| end(domain.upper(), i)).collect();
    Ok(IntervalBox::new(lower, upper)?)
}

fn options(args: &RegionsArgs) -> anyhow::Result<RegionOptions> {
    let method = Method::ALL.into_iter().find(|method| method.name() == args.method);
    Ok(RegionOptions {
        // clap has checked the name; "exact" is another word for "auto".
        method: method.unwrap_or_default(),
        limits: Limits {
            nodes: args.cell_limit,
            ..progress::limits(problem::time_limit("time limit", args.time_limit)?)
        },
        pieces: args.pieces,
        threads: settings::threads(args.threads)?,
        samples: settings::count("samples", args.samples, 0, "points")?,
        seed: args.seed,
    })
}

/// Visits every region for the list and the picture.
fn listed(
    args: &RegionsArgs,
    problem: &Problem,
    options: &RegionOptions,
) -> anyhow::Result<RegionCount> {
    let mut file = args.list.as_deref().map(CellFile::create).transpose()?;
    let mut plot = args.plot.as_ref().map(|_| RegionPlot::new(problem)).transpose()?;
    let mut failure: Option<anyhow::Error> = None;
    let counted = visit(problem, options, &mut |cell| {
        let listed = file.as_mut().map_or(Ok(()), |file| file.add(cell));
        let drawn = plot.as_mut().map_or(Ok(()), |plot| plot.add(cell));
        match (listed, drawn) {
            (Ok(()), Ok(())) => return ControlFlow::Continue(()),
            (Err(error), _) => failure = Some(error.into()),
            (_, Err(error)) => failure = Some(error.into()),
        }
        ControlFlow::Break(())
    })?;
    if let Some(error) = failure {
        return Err(error);
    }
    if let Some(file) = file {
        file.finish()?;
    }
    if let (Some(picture), Some(path)) = (plot, &args.plot) {
        plot::write(path, &picture.svg())?;
    }
    Ok(counted)
}

fn text(args: &RegionsArgs, record: &Record) -> anyhow::Result<String> {
    let mut text = String::new();
    let found = &record.count;
    match found.patterns {
        Some(1) => writeln!(text, "1 linear region")?,
        Some(patterns) => writeln!(text, "{patterns} linear regions")?,
        None => writeln!(
            text,
            "at least {} linear regions, at most {}",
            found.at_least,
            number(found.at_most)
        )?,
    }
    let kind = if found.exact { "exact count of" } else { "bounds on the number of" };
    writeln!(text, "  method  {}: {kind} activation patterns with inner points", found.method)?;
    if let (Some(pieces), Some(maps)) = (found.pieces, found.maps) {
        writeln!(text, "  pieces  {pieces}: neighbours with the same affine map merged")?;
        writeln!(text, "  maps    {maps}: distinct affine maps")?;
    }
    if let Some(estimate) = found.estimate {
        writeln!(text, "  guess   {} (Chao's estimate, no bound)", number(estimate.round()))?;
    }
    match found.stopped_by {
        Some(StoppedBy::TimeLimit) => writeln!(text, "  stopped by the time limit")?,
        Some(StoppedBy::NodeLimit) => writeln!(text, "  stopped by the limit of regions")?,
        Some(StoppedBy::Interrupt) => writeln!(text, "  stopped by an interrupt")?,
        Some(StoppedBy::Visitor) | None => {}
    }
    for path in [&args.list, &args.plot].into_iter().flatten() {
        writeln!(text, "  wrote   {}", path.display())?;
    }
    writeln!(text, "  time    {}", seconds(record.seconds))?;
    Ok(text)
}
