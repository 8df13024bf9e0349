//! `taut scale NETWORK [-o OUT]`.

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use schemars::JsonSchema;
use serde::Serialize;
use taut::control::StoppedBy;
use taut::io::check_network_output;
use taut::network::Network;
use taut::scale::{Balance, Figures, ScaleRecord, Scaling, scale};
use taut::tighten::{TightenOptions, Tightening};

use super::console::HEADING;
use super::domain::BoxArgs;
use super::format::FormatArgs;
use super::page::Page;
use super::problem::{Objective, ProblemArgs, whole};
use super::reading::ReadingArgs;
use super::record::Head;
use super::session::{Report, Session};
use super::set_aside::{SetAsideInfo, left_out};
use super::shared::{ThreadsArgs, TightenTimeArgs, TimeLimitArgs, scalings, tightenings};
use super::text::seconds;
use super::writing;

/// Arguments of `scale`.
#[derive(clap::Args)]
pub struct Args {
    /// Network file (.onnx, .json, .nnet, .npz, and .gz behind it; - for the standard input)
    /// with a box, or instance file (.toml).
    network: PathBuf,
    /// Network file to write (.onnx, .json, .nnet, .npz, and .gz behind it) [default: none, only figures].
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    #[command(flatten)]
    domain: BoxArgs,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Method that chooses the factors.
    #[arg(long, default_value = Balance.name(), help_heading = "Method",
          value_parser = scalings())]
    scale: &'static dyn Scaling,
    /// Method that bounds the neurons; their big-M constants come from it.
    #[arg(long, default_value = "interval", help_heading = "Method",
          value_parser = tightenings())]
    tighten: Tightening,
    #[command(flatten)]
    tighten_time: TightenTimeArgs,
    #[command(flatten)]
    time_limit: TimeLimitArgs,
    #[command(flatten)]
    threads: ThreadsArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// What scaling changes, and the file that was written.
#[derive(Serialize, JsonSchema)]
pub struct Scaled<'a> {
    #[serde(flatten)]
    record: ScaleRecord,
    /// Last operators of the file that was read, which the scaled network does not have.
    set_aside: Vec<SetAsideInfo>,
    #[serde(skip)]
    output: Option<&'a Path>,
}

/// Scales a network, writes it if there is a file to write, and prints what this changes.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form(), |session| {
        args.time_limit.read(session)?;
        args.output.as_deref().map(check_network_output).transpose()?;
        let (record, network, set_aside) = scaled(args, session)?;
        if let Some(path) = &args.output {
            writing::write(&network, path)?;
        }
        Ok(Scaled { record, set_aside, output: args.output.as_deref() })
    })
}

fn scaled(
    args: &Args,
    session: &mut Session,
) -> anyhow::Result<(ScaleRecord, Network, Vec<SetAsideInfo>)> {
    let threads = args.threads.read(session)?;
    let time = args.tighten_time.read(session)?;
    session.head.with_tightening(args.tighten);
    let problem = ProblemArgs::of(&args.network, &args.domain, args.reading)
        .read(Objective::Unasked, session)?;
    let limits = session.limits(time);
    let options = TightenOptions { limits, threads, ..TightenOptions::default() };
    let started = Instant::now();
    let tightened = args.tighten.bounds(&problem, whole(&problem)?, &options)?;
    let bounded = Instant::now();
    let scaled = scale(problem.network_graph(), &tightened.bounds, args.scale);
    let record = ScaleRecord {
        scale: args.scale.name(),
        tighten: args.tighten.name(),
        stopped_by: tightened.stopped_by,
        bounds_seconds: (bounded - started).as_secs_f64(),
        scale_seconds: bounded.elapsed().as_secs_f64(),
        ..ScaleRecord::new(problem.network_graph(), &tightened.bounds, &scaled)
    };
    let network = Network::from_graph(&scaled.graph, problem.network())?;
    let mut metadata = network.metadata().clone();
    metadata.input_box.get_or_insert_with(|| problem.domain().clone());
    let set_aside = SetAsideInfo::of(problem.network());
    Ok((record, network.with_metadata(metadata)?, set_aside))
}

impl Report for Scaled<'_> {
    fn text(&self, _: &Head, out: &mut Page) -> fmt::Result {
        text(self, out)
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.record.stopped_by
    }
}

fn text(Scaled { record, set_aside, output }: &Scaled<'_>, text: &mut Page) -> fmt::Result {
    let [least, largest] = record.exponents;
    let same = &record.unchanged;
    let line = format!(
        "{} of {} neurons in other units, by factors from 2^{least} to 2^{largest}",
        record.scaled_neurons, same.neurons
    );
    text.headline(HEADING, &line)?;
    writeln!(text, "  method  {} on {} bounds", record.scale, record.tighten)?;
    writeln!(
        text,
        "  same    function, {} unstable neurons, mean relaxation area {:.4}",
        same.unstable, same.relaxation_area_mean
    )?;
    text.stopped(record.stopped_by)?;
    let time = seconds(record.bounds_seconds + record.scale_seconds);
    writeln!(text, "  time    {time}")?;
    if let Some(path) = output {
        writeln!(text, "  wrote   {}", path.display())?;
        left_out(set_aside, "  without ", text)?;
    }
    let row = |name: &str, of: fn(&Figures) -> f64| {
        let [before, after] = [&record.before, &record.after].map(of);
        // Both may be 0.
        let quotient = if before == after { 1.0 } else { before / after };
        vec![name.to_string(), figure(before), figure(after), figure(quotient)]
    };
    let rows = vec![
        row("largest big-M", |f| f.big_m_max),
        row("sum of big-M", |f| f.big_m_sum),
        row("largest weight", |f| f.coefficient_max),
        row("smallest weight", |f| f.coefficient_min),
        row("range of weights", |f| f.coefficient_range),
    ];
    text.table(&["figure", "before", "after", "before / after"], (1, 1), &rows)
}

fn figure(value: f64) -> String {
    match value {
        v if v == 0.0 || (0.01..1e6).contains(&v) => format!("{v:.3}"),
        v => format!("{v:.3e}"),
    }
}
