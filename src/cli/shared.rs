//! The arguments that several commands share, each with what it means.

use std::ffi::OsStr;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::builder::{PossibleValue, PossibleValuesParser, StringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Args, Command};
use taut::encode::{
    self, ENCODING_FAMILIES, ENCODINGS, EncodingNameError, ReluEncoding, encoding_names,
};
use taut::plot::PictureSize;
use taut::problem::Sense;
use taut::scale::{SCALINGS, Scaling};
use taut::solve::SolveOptions;
use taut::tighten::Tightening;

use super::quantity;
use super::session::Session;

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
        let threads = self.threads.unwrap_or_else(cores);
        check_threads(threads)?;
        session.head.threads = Some(threads);
        Ok(threads)
    }
}

/// Threads where no number is given.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Refuses a number of threads that is out of range.
pub fn check_threads(threads: usize) -> anyhow::Result<()> {
    Ok(SolveOptions { threads, ..SolveOptions::default() }.validate()?)
}

/// When a command has to end.
#[derive(Args)]
pub struct TimeLimitArgs {
    /// Time limit for the whole run (seconds, or with a unit: 500ms, 1.5m, 2h)
    /// [default: none].
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Limits",
          value_parser = quantity::seconds)]
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
    /// --pieces keeps (megabytes, or with a unit: 2GB) [default: 1074 for proofs, else none].
    #[arg(long, value_name = "SIZE", help_heading = "Limits",
          value_parser = quantity::megabytes)]
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
    /// Time for the programs of lp and milp and the searches of search, all layers together
    /// (seconds, or with a unit) [default: none].
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Limits",
          value_parser = quantity::seconds)]
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
    OneOf(members.into_iter().map(|(value, member)| (value.into(), member)).collect())
}

/// A list with names. Capitals do not matter, nor whether words are joined by `-` or `_`.
#[derive(Clone)]
struct OneOf<T>(Vec<(PossibleValue, T)>);

impl<T: Clone + Send + Sync + 'static> TypedValueParser for OneOf<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        name: &OsStr,
    ) -> Result<T, clap::Error> {
        let alike = name.to_string_lossy().trim().replace('_', "-");
        if let Some((_, member)) = self.0.iter().find(|(value, _)| value.matches(&alike, true)) {
            return Ok(member.clone());
        }
        // For its message, with the names and the nearest of them.
        let values = self.0.iter().map(|(value, _)| value.clone());
        let refused = PossibleValuesParser::new(values).parse_ref(command, argument, name);
        Err(refused.err().unwrap_or_else(|| command.clone().error(ErrorKind::InvalidValue, alike)))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(|(value, _)| value.clone())))
    }
}

/// The encoding with this name; `BigM` and `big_m` are `big-m` too.
pub fn encoding(name: &str) -> Result<&'static dyn ReluEncoding, EncodingNameError> {
    let alike = name.trim().to_lowercase().replace('_', "-");
    let joined = |name: &str| name.replace('-', "");
    let listed = ENCODINGS.iter().find(|listed| joined(&listed.name()) == joined(&alike));
    match listed {
        Some(&listed) => Ok(listed),
        None => encode::encoding(&alike).or_else(|_| encode::encoding(name)),
    }
}

/// Takes what a function makes of a text; completions offer the names.
#[derive(Clone)]
pub struct Offered<T, E> {
    names: Vec<String>,
    parse: fn(&str) -> Result<T, E>,
}

impl<T, E> TypedValueParser for Offered<T, E>
where
    T: Clone + Send + Sync + 'static,
    E: std::error::Error + Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<T, clap::Error> {
        let parse = self.parse;
        let parser = StringValueParser::new().try_map(move |text| parse(&text));
        parser.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.names.iter().map(PossibleValue::new)))
    }
}

/// An encoding, by a name that may have a parameter.
pub fn encodings() -> Offered<&'static dyn ReluEncoding, EncodingNameError> {
    let names = ENCODINGS.iter().map(|encoding| encoding.name().into_owned()).collect();
    Offered { names, parse: encoding }
}

/// Any text, of which these are the usual ones; what else is wrong is said later.
pub fn usual(
    names: impl IntoIterator<Item = &'static str>,
) -> Offered<String, std::convert::Infallible> {
    let names = names.into_iter().map(str::to_string).collect();
    Offered { names, parse: |text| Ok(text.to_string()) }
}

/// One of the methods of bounds.
pub fn tightenings() -> impl TypedValueParser<Value = Tightening> {
    one_of(Tightening::all().into_iter().map(|tighten| {
        // What others call it.
        let alias = match tighten.name() {
            "interval" => Some("ibp"),
            "alpha" => Some("alpha-crown"),
            _ => None,
        };
        (PossibleValue::new(tighten.name()).aliases(alias), tighten)
    }))
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
