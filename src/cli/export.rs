//! `taut export PROBLEM -o FILE`.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use schemars::JsonSchema;
use serde::Serialize;
use taut::control::{Clock, Limits, StoppedBy};
use taut::encode::EncodeError;
use taut::io::{check_writable, model_format, write_model};
use taut::milp::ModelSize;
use taut::num::tolerance::SMALLEST_COEFFICIENT;
use taut::optimize::{Bounded, Bounding, OptimizeError, OptimizeOptions, bound, formulate};
use taut::problem::{Problem, Sense};
use taut::scale::Scaling;
use taut::tighten::TightenOptions;

use super::format::FormatArgs;
use super::page::Page;
use super::problem::{Objective, ProblemArgs};
use super::record::Head;
use super::session::{Report, Session};
use super::settings::FormulationArgs;
use super::shared::{SenseArgs, ThreadsArgs, TimeLimitArgs};
use super::text::count;

/// Arguments of `export`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    problem: ProblemArgs,
    #[command(flatten)]
    sense: SenseArgs,
    /// File to write (.mps, .lp).
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    formulation: FormulationArgs,
    #[command(flatten)]
    time_limit: TimeLimitArgs,
    #[command(flatten)]
    threads: ThreadsArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// What was written, as a record.
#[derive(Serialize, JsonSchema)]
pub struct Export {
    /// The file that was written; none where the clock came first.
    file: Option<PathBuf>,
    /// What ended the work on the bounds, or all of it, early.
    stopped_by: Option<StoppedBy>,
    /// Direction of the optimisation.
    sense: Sense,
    /// Whether the file minimises the negated objective.
    negated: bool,
    /// Encoding of the neurons whose phase is open.
    encoding: Cow<'static, str>,
    /// Method of the bounds.
    tighten: &'static str,
    /// Scaling of the network, or "none".
    scale: &'static str,
    /// Size of the program in the file.
    model: Option<ModelSize>,
}

/// Encodes the problem and writes the file.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form(), |session| find(args, session))
}

fn find(args: &Args, session: &mut Session) -> anyhow::Result<Export> {
    args.time_limit.read(session)?;
    // Before what may take minutes.
    let format = model_format(&args.output)?;
    check_writable(&args.output)?;
    let FormulationArgs { encoding, tighten, scale } = &args.formulation;
    let (threads, time) = (args.threads.read(session)?, tighten.time.read(session)?);
    session.head.with_tightening(tighten.tighten);
    let problem = args.problem.read(Objective::Best(args.sense.sense), session)?;
    let limits = session.limits(time);
    let tightening = TightenOptions { limits, threads, ..TightenOptions::default() };
    let options =
        OptimizeOptions { tighten: tighten.tighten, tightening, ..OptimizeOptions::default() };
    let bounded = match bound(&problem, &options, &session.clock)? {
        Bounding::Bounded(bounded) => bounded,
        Bounding::Infeasible { reason, .. } => bail!("there is nothing to encode: {reason}"),
    };
    let (model, stopped_by) = match write(args, &problem, &bounded, session)? {
        Ok(model) => (Some(model), bounded.stopped_by),
        Err(reason) => (None, Some(reason)),
    };
    Ok(Export {
        file: model.map(|_| args.output.clone()),
        stopped_by,
        sense: problem.sense(),
        negated: problem.sense() == Sense::Maximize && format.minimizes_only(),
        encoding: encoding.name(),
        tighten: tighten.tighten.name(),
        scale: scale.map_or("none", Scaling::name),
        model,
    })
}

/// How long the encoding may take where the clock has ended the work on the bounds: their
/// program is worth having, and small ones take less.
const GRACE: Duration = Duration::from_millis(200);

/// Writes the program on the bounds that are known; the reason where the clock came first.
fn write(
    args: &Args,
    problem: &Problem,
    bounded: &Bounded,
    session: &Session,
) -> anyhow::Result<Result<ModelSize, StoppedBy>> {
    let FormulationArgs { encoding, tighten, scale } = &args.formulation;
    let stopped_by = session.clock.stopped();
    let clock = match stopped_by {
        Some(_) => Clock::start(&Limits::of_time(GRACE)),
        None => session.clock,
    };
    let encoded = match formulate(problem, &bounded.bounds, *encoding, *scale, &clock) {
        Err(OptimizeError::Encode(EncodeError::Stopped(reason))) => {
            return Ok(Err(stopped_by.unwrap_or(reason)));
        }
        formulated => formulated?.encoded,
    };
    let scaling = scale.map_or("none", Scaling::name);
    let bounds = tighten.tighten.name();
    let method = format!("{}, on {bounds} bounds, scaling {scaling}", encoding.name());
    Ok(Ok(write_model(&encoded.model, problem.sense(), &header(problem, &method), &args.output)?))
}

impl Report for Export {
    fn text(&self, _: &Head, out: &mut Page) -> fmt::Result {
        let reason = self.stopped_by.map(StoppedBy::words);
        let (Some(file), Some(model)) = (&self.file, &self.model) else {
            return writeln!(out, "nothing written: stopped by {}", reason.unwrap_or("a limit"));
        };
        let binaries = match model.binaries {
            1 => "1 binary".to_string(),
            n => format!("{n} binaries"),
        };
        let negated = match self.negated {
            true => ", to be minimised: the objective is negated",
            false => "",
        };
        writeln!(
            out,
            "wrote {}: {} ({binaries}), {}, {}{negated}",
            file.display(),
            count(model.columns, "column"),
            count(model.rows, "row"),
            count(model.nonzeros, "nonzero"),
        )?;
        match reason {
            Some(reason) => writeln!(out, "  bounds stopped by {reason}: wider than they could be"),
            None => Ok(()),
        }
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.stopped_by
    }
}

/// What a reader of the file should know.
fn header(problem: &Problem, method: &str) -> Vec<String> {
    let direction = match problem.sense() {
        Sense::Minimize => "minimum",
        Sense::Maximize => "maximum",
    };
    vec![
        format!("taut {}: {direction} over the network", env!("CARGO_PKG_VERSION")),
        format!("network   {}", problem.network().name()),
        format!("objective {}", problem.objective()),
        format!("encoding  {method}"),
        "Columns: x3 input 3; h2_7 output of neuron 7 of activation layer 2;".to_string(),
        "z2_7 is 1 where its pre-activation is at least 0; s2_7 is 1 where it is at".to_string(),
        "least its ceiling; v4_7 coordinate 7 of node 4 of the canonical form;".to_string(),
        "constant is 1. A stable neuron has no columns. Others are the encoding's own.".to_string(),
        format!(
            "Coefficients up to {SMALLEST_COEFFICIENT:e} stand in the row's side as their range."
        ),
        "A point is a proposal: put its inputs through the network.".to_string(),
    ]
}
