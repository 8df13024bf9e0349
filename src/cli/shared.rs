//! The arguments that several commands share, each with what it means.

use std::time::Duration;

use anyhow::{Context, ensure};
use clap::builder::{EnumValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use taut::encode::{ENCODING_FAMILIES, encoding_names};
use taut::plot::PictureSize;
use taut::problem::Sense;
use taut::scale::{SCALINGS, Scaling};
use taut::solve::SolveOptions;
use taut::tighten::Tightening;

use super::session::Session;

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Format {
    /// For readers.
    Text,
    /// One JSON object with a stable schema.
    Json,
    /// Comma-separated values with a header, one line a row.
    Csv,
}

/// How an answer is printed.
#[derive(Args)]
pub struct FormatArgs {
    /// How to print.
    #[arg(long, default_value = "text", help_heading = "Output", value_parser = no_table())]
    pub format: Format,
}

/// How a table is printed.
#[derive(Args)]
pub struct TableFormatArgs {
    /// How to print.
    #[arg(long, default_value = "text", help_heading = "Output",
          value_parser = EnumValueParser::<Format>::new())]
    pub format: Format,
}

fn no_table() -> impl TypedValueParser<Value = Format> {
    let formats = Format::value_variants().iter().filter(|format| **format != Format::Csv);
    one_of(formats.filter_map(|format| Some((format.to_possible_value()?, *format))))
}

/// How many threads work.
#[derive(Args)]
pub struct ThreadsArgs {
    /// Threads (a count) [default: all cores].
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    threads: Option<usize>,
}

impl ThreadsArgs {
    /// The number given, within the limits of a solve, or that of the cores; for the record
    /// too.
    pub fn read(&self, session: &mut Session) -> anyhow::Result<usize> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = self.threads.unwrap_or_else(cores);
        check_threads(threads)?;
        session.head.threads = Some(threads);
        Ok(threads)
    }
}

/// Refuses a number of threads that is out of range.
pub fn check_threads(threads: usize) -> anyhow::Result<()> {
    Ok(SolveOptions { threads, ..SolveOptions::default() }.validate()?)
}

/// When a command has to end.
#[derive(Args)]
pub struct TimeLimitArgs {
    /// Time limit for the whole run (seconds) [default: none].
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true, help_heading = "Limits")]
    time_limit: Option<f64>,
}

impl TimeLimitArgs {
    /// Ends the session at the limit.
    pub fn read(&self, session: &mut Session) -> anyhow::Result<()> {
        session.end_within(time_limit("time limit", self.time_limit)?);
        Ok(())
    }
}

/// What may grow with a run.
#[derive(Args)]
pub struct MemoryLimitArgs {
    /// Memory, by estimate, for what grows with the run: open parts of a proof, regions that
    /// --pieces keeps (megabytes) [default: 1074 for proofs, else none].
    #[arg(long, value_name = "MEGABYTES", help_heading = "Limits")]
    memory_limit: Option<usize>,
}

impl MemoryLimitArgs {
    /// The limit in bytes.
    pub fn read(&self, session: &mut Session) -> anyhow::Result<Option<usize>> {
        let Some(megabytes) = self.memory_limit else { return Ok(None) };
        ensure!(megabytes > 0, "memory limit is 0; expected at least 1 megabyte");
        let bytes = megabytes.saturating_mul(1_000_000);
        session.head.limits.memory_bytes = Some(bytes);
        Ok(Some(bytes))
    }
}

/// How large a picture is.
#[derive(Args)]
pub struct PictureSizeArgs {
    /// Size of that picture, WIDTHxHEIGHT (pixels) [default: 640x500, as .png 1280x1000].
    #[arg(long, value_name = "SIZE", requires = "plot", help_heading = "Output")]
    pub size: Option<PictureSize>,
}

/// A time in seconds from an option; perhaps none.
pub fn time(name: &str, seconds: f64) -> anyhow::Result<Duration> {
    Duration::try_from_secs_f64(seconds).ok().with_context(|| {
        format!("{name} is {seconds} s; expected more than 0 and less than 1.8e19 seconds")
    })
}

/// A limit of time that leaves something to do.
pub fn time_limit(name: &str, seconds: Option<f64>) -> anyhow::Result<Option<Duration>> {
    let limit = seconds.map(|seconds| time(name, seconds)).transpose()?;
    let is_over = limit.is_some_and(|limit| limit.is_zero());
    ensure!(!is_over, "{name} is 0 s; expected more than 0 seconds");
    Ok(limit)
}

/// How long programs may tighten bounds.
#[derive(Args)]
pub struct TightenTimeArgs {
    /// Time for the programs of lp and milp, all layers together (seconds)
    /// [default: none].
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true, help_heading = "Limits")]
    tighten_time: Option<f64>,
}

impl TightenTimeArgs {
    /// The limit, for the record too.
    pub fn read(&self, session: &mut Session) -> anyhow::Result<Option<Duration>> {
        let limit = time_limit("tighten time", self.tighten_time)?;
        session.head.limits.tighten_seconds = limit.map(|limit| limit.as_secs_f64());
        Ok(limit)
    }
}

/// How neurons are bounded.
#[derive(Args)]
pub struct TightenArgs {
    /// Method that bounds the neurons; their big-M constants come from it.
    #[arg(long, default_value = "crown", help_heading = "Method", value_parser = tightenings())]
    pub tighten: Tightening,
    #[command(flatten)]
    pub time: TightenTimeArgs,
}

/// A scaling of the network, or none.
pub type ScaleChoice = Option<&'static dyn Scaling>;

/// The direction of an optimisation, where the command has none.
#[derive(Args)]
pub struct SenseArgs {
    /// Least or largest value [default: what the instance says, or minimize].
    #[arg(long, help_heading = "Question", value_parser = senses())]
    pub sense: Option<Sense>,
}

fn senses() -> impl TypedValueParser<Value = Sense> {
    let value = |name, help: &'static str| PossibleValue::new(name).help(help);
    one_of([
        (value("minimize", "The least value"), Sense::Minimize),
        (value("maximize", "The largest value"), Sense::Maximize),
    ])
}

/// Takes one of the names of a list and gives what it names; the help lists the names.
pub fn one_of<V: Into<PossibleValue>, T: Clone + Send + Sync + 'static>(
    members: impl IntoIterator<Item = (V, T)>,
) -> impl TypedValueParser<Value = T> {
    let members: Vec<(PossibleValue, T)> =
        members.into_iter().map(|(value, member)| (value.into(), member)).collect();
    let values: Vec<PossibleValue> = members.iter().map(|(value, _)| value.clone()).collect();
    PossibleValuesParser::new(values).try_map(move |name| {
        let member = members.iter().find(|(value, _)| value.matches(&name, false));
        member.map(|(_, member)| member.clone()).ok_or("a name that is not in the list")
    })
}

/// One of the methods of bounds.
pub fn tightenings() -> impl TypedValueParser<Value = Tightening> {
    one_of(Tightening::all().into_iter().map(|tighten| (tighten.name(), tighten)))
}

/// One of the scalings.
pub fn scalings() -> impl TypedValueParser<Value = &'static dyn Scaling> {
    one_of(SCALINGS.iter().map(|&scaling| (scaling.name(), scaling)))
}

/// One of the scalings, or `none`.
pub fn scalings_or_none() -> impl TypedValueParser<Value = ScaleChoice> {
    let scalings = SCALINGS.iter().map(|&scaling| (scaling.name(), Some(scaling)));
    one_of(std::iter::once(("none", None)).chain(scalings))
}

/// The names of encodings, and what the parameters in them may be.
pub fn encoding_help() -> String {
    let names = encoding_names().join(", ");
    let parameters = ENCODING_FAMILIES.iter();
    let parameters = parameters.map(|f| format!("; {} is {}", f.parameter, f.expected));
    format!(
        "Encoding of the neurons whose phase is open: {names}{}",
        parameters.collect::<String>()
    )
}

/// Most points, segments or seeds: more of them than anybody waits for, and fewer than fill
/// the memory.
const MOST: usize = 1 << 20;

/// A count that memory or time is taken for, with its unit.
pub fn count(name: &str, found: usize, least: usize, unit: &str) -> anyhow::Result<usize> {
    ensure!(
        (least..=MOST).contains(&found),
        "{name} is {found}; expected {least} to {MOST} {unit}"
    );
    Ok(found)
}
