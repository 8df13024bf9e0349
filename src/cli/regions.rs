//! `taut regions PROBLEM`.

use std::fmt::{self, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::{bail, ensure};
use clap::builder::{PossibleValue, TypedValueParser};
use schemars::JsonSchema;
use serde::Serialize;
use taut::control::{Limits, StoppedBy};
use taut::io::check_writable;
use taut::num::IntervalBox;
use taut::plot::{self, RegionPlot};
use taut::problem::Problem;
use taut::regions::{CellFile, Method, RegionCount, RegionOptions, count, visit};

use super::console::{CLOSED, OPEN};
use super::domain::numbers;
use super::format::AnswerArgs;
use super::page::Page;
use super::problem::{Objective, ProblemArgs, inputs};
use super::record::Head;
use super::session::{Report, Session};
use super::shared::{self, MemoryLimitArgs, PictureSizeArgs, ThreadsArgs, TimeLimitArgs, one_of};
use super::text::{number, number_above, seconds};

/// Arguments of `regions`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    problem: ProblemArgs,
    /// How regions are counted: exactly (in the plane, or by linear programs in any number
    /// of inputs), by an upper bound, or by random points.
    #[arg(long, default_value = "auto", help_heading = "Method", value_parser = methods())]
    method: Method,
    /// Two inputs that vary, by name or index, such as 0,3; the others are fixed
    /// [default: all vary].
    #[arg(long, value_name = "INPUTS", value_delimiter = ',', help_heading = "Question")]
    slice: Option<Vec<String>>,
    /// Where the other inputs of a slice are fixed: one number for all, or one per input
    /// [default: the middle of the box].
    #[arg(
        long,
        value_name = "NUMBERS",
        allow_hyphen_values = true,
        requires = "slice",
        help_heading = "Question"
    )]
    at: Option<String>,
    /// Also count linear pieces (neighbouring regions with the same affine map merged) and
    /// distinct affine maps. Takes memory for every region.
    #[arg(long, help_heading = "Method")]
    pieces: bool,
    /// Points of the method sample (a count).
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, help_heading = "Method")]
    samples: usize,
    /// Seed of these points (a whole number).
    #[arg(long, value_name = "SEED", default_value_t = 0, help_heading = "Method")]
    seed: u32,
    #[command(flatten)]
    time_limit: TimeLimitArgs,
    /// Stop when so many regions are found (a count) [default: none].
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    cell_limit: Option<u64>,
    #[command(flatten)]
    memory_limit: MemoryLimitArgs,
    #[command(flatten)]
    threads: ThreadsArgs,
    /// Write every region to this file, one JSON object per line, on one thread
    /// [default: none].
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    list: Option<PathBuf>,
    /// Draw the regions to this file (.svg, .png, .pdf): coloured by the objective, with the
    /// boundaries of each layer, on one thread [default: none].
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    plot: Option<PathBuf>,
    /// Title of that picture [default: the network and the number of its regions].
    #[arg(long, value_name = "TEXT", requires = "plot", help_heading = "Output")]
    title: Option<String>,
    #[command(flatten)]
    size: PictureSizeArgs,
    #[command(flatten)]
    format: AnswerArgs,
}

/// The names of the methods; "exact" is another word for "auto".
fn methods() -> impl TypedValueParser<Value = Method> {
    one_of(Method::ALL.map(|method| match (PossibleValue::new(method.name()), method) {
        (value, Method::Auto) => (value.alias("exact"), method),
        (value, _) => (value, method),
    }))
}

/// The count, and the files that were written.
#[derive(Serialize, JsonSchema)]
pub struct Regions<'a> {
    #[serde(flatten)]
    count: RegionCount,
    /// How long it took (seconds).
    seconds: f64,
    #[serde(skip)]
    written: Vec<&'a PathBuf>,
}

/// Counts, and writes what was asked for.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form()?, |session| find(args, session))
}

fn find<'a>(args: &'a Args, session: &mut Session) -> anyhow::Result<Regions<'a>> {
    args.time_limit.read(session)?;
    let options = options(args, session)?;
    args.list.as_deref().map(check_writable).transpose()?;
    args.plot.as_deref().map(plot::check_output).transpose()?;
    let problem = read(args, session)?;
    let memory = args.memory_limit.read(session)?;
    let limits = Limits { nodes: args.cell_limit, memory, ..session.limits(None) };
    let options = RegionOptions { limits, ..options };
    let is_listed = args.list.is_some() || args.plot.is_some();
    let counted = is_listed.then(|| listed(args, &problem, &options)).transpose()?;
    // Pieces take a walk of their own, which a limit on the first has made pointless.
    let counted = match counted {
        Some(counted) if !args.pieces || counted.stopped_by.is_some() => counted,
        _ => count(&problem, &options)?,
    };
    let written = [&args.list, &args.plot].into_iter().flatten().collect();
    Ok(Regions { count: counted, seconds: session.clock.seconds(), written })
}

fn read(args: &Args, session: &mut Session) -> anyhow::Result<Problem> {
    // Only a picture is coloured by an objective.
    let asked = if args.plot.is_some() { Objective::Best(None) } else { Objective::Unasked };
    let problem = args.problem.read(asked, session)?;
    let Some(inputs) = &args.slice else { return Ok(problem) };
    let problem = problem.over(slice(&problem, inputs, args.at.as_deref())?);
    session.head.question.within(problem.domain());
    Ok(problem)
}

fn options(args: &Args, session: &mut Session) -> anyhow::Result<RegionOptions> {
    let Args { method, pieces, seed, .. } = *args;
    let needs_cells = pieces || args.list.is_some() || args.plot.is_some();
    ensure!(
        !needs_cells || !matches!(method, Method::Bounds | Method::Sample),
        "--pieces, --list and --plot need an exact method; found '{}'",
        method.name()
    );
    session.head.seed = Some(seed.into());
    session.head.limits.nodes = args.cell_limit;
    let threads = args.threads.read(session)?;
    let samples = shared::count("samples", args.samples, 0, "points")?;
    Ok(RegionOptions { method, pieces, threads, samples, seed, ..RegionOptions::default() })
}

/// The box with all inputs but two fixed.
fn slice(problem: &Problem, words: &[String], at: Option<&str>) -> anyhow::Result<IntervalBox> {
    let domain = problem.domain();
    let inputs = inputs("--slice", words, &problem.vocabulary())?;
    let &[a, b] = inputs.as_slice() else {
        bail!("--slice: found {} inputs, expected 2, such as 0,3", inputs.len());
    };
    let most = domain.len();
    ensure!(a != b && a < most && b < most, "--slice: expected two different inputs below {most}");
    let at = match at {
        Some(text) => numbers("--at", text, most)?,
        None => domain.center(),
    };
    ensure!(domain.contains(&at), "--at: the point lies outside the box");
    let end = |ends: &[f64], i: usize| if i == a || i == b { ends[i] } else { at[i] };
    let lower = (0..most).map(|i| end(domain.lower(), i)).collect();
    let upper = (0..most).map(|i| end(domain.upper(), i)).collect();
    Ok(IntervalBox::new(lower, upper)?)
}

/// Visits every region for the list and the picture.
fn listed(args: &Args, problem: &Problem, options: &RegionOptions) -> anyhow::Result<RegionCount> {
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
        plot::write(path, &picture.canvas(args.title.as_deref(), args.size.size))?;
    }
    Ok(counted)
}

impl Report for Regions<'_> {
    fn text(&self, _: &Head, out: &mut Page) -> fmt::Result {
        let found = &self.count;
        let (least, most) = (found.at_least, number_above(found.at_most));
        let (style, line) = match found.patterns {
            Some(1) => (CLOSED, "1 linear region".to_string()),
            Some(patterns) => (CLOSED, format!("{patterns} linear regions")),
            None => (OPEN, format!("at least {least} linear regions, at most {most}")),
        };
        out.headline(style, &line)?;
        let kind = if found.exact { "exact count of" } else { "bounds on the number of" };
        writeln!(out, "  method  {}: {kind} activation patterns with inner points", found.method)?;
        if let (Some(pieces), Some(maps)) = (found.pieces, found.maps) {
            writeln!(out, "  pieces  {pieces}: neighbours with the same affine map merged")?;
            writeln!(out, "  maps    {maps}: distinct affine maps")?;
        }
        if let Some(estimate) = found.estimate {
            let estimate = number(estimate.round());
            writeln!(out, "  guess   {estimate} (Chao's estimate, no bound)")?;
        }
        match found.stopped_by {
            Some(StoppedBy::NodeLimit) => {
                out.headline(OPEN, "  stopped by the limit of regions")?
            }
            reason => out.stopped(reason)?,
        }
        for path in &self.written {
            writeln!(out, "  wrote   {}", path.display())?;
        }
        writeln!(out, "  time    {}", seconds(self.seconds))
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.count.stopped_by
    }
}
