//! `taut compare PROBLEM`, `taut compare NETWORK PROPERTY`.

mod text;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{bail, ensure};
use schemars::JsonSchema;
use serde::Serialize;
use taut::bench::{
    CompareOptions, Comparison, Kept, Record, Row, compare, compare_property, write_csv,
};
use taut::control::{Limits, StoppedBy};
use taut::encode::ReluEncoding;
use taut::io::is_stdin;
use taut::optimize::{Certify, Method};
use taut::tighten::Tightening;

use super::console::tell_error;
use super::format::TableArgs;
use super::page::Page;
use super::problem::{Objective, ProblemArgs};
use super::progress::Monitor;
use super::quantity;
use super::record::Head;
use super::session::{Report, Session};
use super::settings::{SettingsArgs, methods_but_auto, setting_of_programs};
use super::shared::{
    self, ScaleChoice, SenseArgs, TightenTimeArgs, encoding_help, encodings, scalings_or_none,
    tightenings,
};
use super::verify::{is_property, property_of};
use super::{ANSWERED, FAILED, UNANSWERED};

/// Arguments that a property has no use for.
const OF_PROBLEMS: &str = "lower upper file objective constraints integer sense solver encoding \
                           tighten tighten_time scale backend preset known_point presolve gap \
                           absolute_gap node_limit";

/// Words of the command line that make no other rows.
const ASIDE: [&str; 6] = ["--resume", "-q", "--quiet", "-v", "-vv", "--verbose"];

/// Arguments of `compare`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    problem: ProblemArgs,
    /// Property of the network (.vnnlib, and .gz behind it), which is verified instead: a row for
    /// each number of threads.
    #[arg(conflicts_with_all = OF_PROBLEMS.split(' '))]
    property: Option<PathBuf>,
    #[command(flatten)]
    sense: SenseArgs,
    /// Methods that solve: milp has a row for each combination of the lists below, every other
    /// one a row of its own.
    #[arg(long, default_value = Method::Milp.name(), help_heading = "Method",
          value_name = "NAMES", value_delimiter = ',', value_parser = methods_but_auto())]
    solver: Vec<Method>,
    #[arg(help_heading = "Method", long, value_name = "NAMES", help = encoding_help(),
          value_delimiter = ',', value_parser = encodings(), hide_possible_values = true,
          default_value = "big-m,big-m+cuts,split,multiple-choice,partition:2")]
    encoding: Vec<&'static dyn ReluEncoding>,
    /// Methods that bound the neurons.
    #[arg(long, default_value = "crown", help_heading = "Method", value_name = "NAMES",
          value_delimiter = ',', value_parser = tightenings())]
    tighten: Vec<Tightening>,
    /// Scalings of the network before it is encoded.
    #[arg(help_heading = "Method", long, default_value = "none", value_name = "NAMES",
          value_delimiter = ',', value_parser = scalings_or_none())]
    scale: Vec<ScaleChoice>,
    /// Runs of each row, each with a seed of its own (a count).
    #[arg(long, value_name = "COUNT", default_value_t = 1, help_heading = "Method")]
    seeds: u32,
    #[command(flatten)]
    settings: SettingsArgs,
    /// Threads (counts, separated by commas): each has all rows [default: all cores].
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', help_heading = "Limits")]
    threads: Vec<usize>,
    /// Time limit for each solve, and for the bounds of each method (seconds, or with a
    /// unit: 500ms, 1.5m, 2h) [default: none].
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Limits",
          value_parser = quantity::seconds)]
    time_limit: Option<f64>,
    #[command(flatten)]
    tighten_time: TightenTimeArgs,
    /// Keep a record of each run in this folder, as taut bench does: taut report reads them
    /// [default: none].
    #[arg(long, value_name = "DIR", help_heading = "Output", value_hint = clap::ValueHint::DirPath)]
    records: Option<PathBuf>,
    /// Go on where an earlier run of the same command was ended.
    #[arg(long, requires = "records", help_heading = "Output")]
    resume: bool,
    #[command(flatten)]
    format: TableArgs,
}

/// The table, and the time it took with all that was read.
#[derive(Serialize, JsonSchema)]
pub struct Compared {
    #[serde(flatten)]
    comparison: Comparison,
    #[serde(skip)]
    seconds: f64,
    /// What is optimised, in the words of the question, or the property.
    #[serde(skip)]
    asked: String,
}

/// Solves by every method and prints the table.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form()?, |session| find(args, session))
}

fn find(args: &Args, session: &mut Session) -> anyhow::Result<Compared> {
    shared::count("seeds", usize::try_from(args.seeds)?, 1, "seeds")?;
    let first = args.settings.seed;
    let seeds: Vec<u32> = (0..args.seeds).map(|seed| first.saturating_add(seed)).collect();
    let threads = threads(&args.threads, session)?;
    let time = shared::time_limit("time limit", args.time_limit)?;
    session.head.limits.time_seconds = time.map(|time| time.as_secs_f64());
    session.head.seed = Some(first.into());
    let (file, property) = files(args);
    let (comparison, asked) = match property {
        None => {
            let options = options(args, (threads, seeds), time, session)?;
            let problem = args.problem.read(Objective::Best(args.sense.sense), session)?;
            let comparison = compare(&problem, &options, kept(args)?, &mut Monitor)?;
            (comparison, problem.objective_in_words())
        }
        Some(path) => {
            let property = property_of(file, path, args.problem.reading, session)?;
            let (runs, limits) =
                ((&threads[..], &seeds[..]), Limits { time, ..session.clock.limits() });
            let kept = kept(args)?;
            let comparison = compare_property(&property, runs, &limits, kept, &mut Monitor)?;
            (comparison, path.display().to_string())
        }
    };
    for contradiction in &comparison.contradictions {
        tell_error(&format!(
            "contradiction: {contradiction}; please report this with the instance"
        ));
    }
    Ok(Compared { comparison, seconds: session.clock.seconds(), asked })
}

/// The problem, or a network and its property in either order: the names tell.
fn files(args: &Args) -> (&Path, Option<&Path>) {
    match (args.problem.problem.as_path(), args.property.as_deref()) {
        (first, Some(second)) if is_property(first) && !is_property(second) => {
            (second, Some(first))
        }
        files => files,
    }
}

/// The numbers of threads; one alone for the record too.
fn threads(given: &[usize], session: &mut Session) -> anyhow::Result<Vec<usize>> {
    given.iter().try_for_each(|&threads| shared::check_threads(threads))?;
    let threads = if given.is_empty() { vec![shared::cores()] } else { given.to_vec() };
    session.head.threads = match threads[..] {
        [one] => Some(one),
        _ => None,
    };
    Ok(threads)
}

/// Where records go.
fn kept(args: &Args) -> anyhow::Result<Kept> {
    let (file, property) = files(args);
    match &args.records {
        None => Ok(Kept::in_memory((file, property))),
        Some(folder) => {
            ensure!(
                !is_stdin(file),
                "--records: a network from the standard input cannot be told from another one; \
                 expected a file"
            );
            let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
            let words = words.filter(|word| !ASIDE.contains(&word.as_str()));
            let command = std::iter::once("taut".to_string()).chain(words).collect();
            Ok(Kept::in_folder(folder, args.resume, (file, property), command)?)
        }
    }
}

fn options(
    args: &Args,
    (threads, seeds): (Vec<usize>, Vec<u32>),
    time: Option<Duration>,
    session: &mut Session,
) -> anyhow::Result<CompareOptions> {
    let mut base = args.settings.options(threads[0], &args.tighten_time, time, session)?;
    // Formulations are compared by what the solver does; the rows check each other.
    base.certify = Certify::Never;
    // Where there is no program, the backend may still polish a point.
    if args.solver != [Method::Enumerate] {
        session.head.with_backend(base.backend);
    }
    if args.solver.contains(&Method::Milp) {
        args.tighten.iter().for_each(|&tighten| session.head.with_tightening(tighten));
    } else if let Some(option) = setting_of_programs(session) {
        bail!("{option} is a setting of programs; expected with milp in --solver");
    }
    Ok(CompareOptions {
        methods: args.solver.clone(),
        encodings: args.encoding.clone(),
        tightenings: args.tighten.clone(),
        scalings: args.scale.clone(),
        threads,
        seeds,
        base,
    })
}

impl Report for Compared {
    fn text(&self, head: &Head, out: &mut Page) -> fmt::Result {
        text::text(self, head, out)
    }

    fn csv(&self, head: &Head) -> anyhow::Result<String> {
        let mut bytes = Vec::new();
        write_csv(&self.comparison, head.network.as_deref().unwrap_or_default(), &mut bytes)?;
        Ok(String::from_utf8(bytes)?)
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.comparison.stopped_by
    }

    fn exit(&self) -> u8 {
        let comparison = &self.comparison;
        let is_failure = |run: &Record| run.outcome.is_failure();
        let is_failed = |row: &Row| row.runs.iter().all(is_failure);
        let all_failed = comparison.left_out == 0 && comparison.rows.iter().all(is_failed);
        match (comparison.contradictions.is_empty() && !all_failed, comparison.is_closed()) {
            (false, _) => FAILED,
            (true, true) => ANSWERED,
            (true, false) => UNANSWERED,
        }
    }
}
