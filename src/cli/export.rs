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
use taut::io::{check_solution, check_writable, model_format, write_model};
use taut::milp::ModelSize;
use taut::num::tolerance::SMALLEST_COEFFICIENT;
use taut::optimize::{
    Bounded, Bounding, Formulated, OptimizeError, OptimizeOptions, bound, formulate_with_outputs,
};
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
use super::solution::{self, Solution};
use super::text::count;
use super::{ANSWERED, UNANSWERED};

/// Arguments of `export`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    problem: ProblemArgs,
    #[command(flatten)]
    sense: SenseArgs,
    /// File to write (.mps, .lp; packed: .mps.gz, .lp.gz).
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Then seek the best point, as minimize does, and write it to this file too (.sol): a
    /// start for the solver of the program [default: none].
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    solution: Option<PathBuf>,
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
    /// What ended the work on the bounds, on the point, or all of it, early.
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
    /// The best point, where that was asked for and the program was written.
    solution: Option<Solution>,
    /// Whether the work on the bounds ended early.
    #[serde(skip)]
    bounds_stopped: bool,
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
    args.solution.as_deref().map(check_solution).transpose()?;
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
    let (mut model, mut solution, mut stopped_by) = (None, None, bounded.stopped_by);
    match program(args, &problem, &bounded, session)? {
        Ok(program) => {
            let header = header(&problem, args);
            model =
                Some(write_model(&program.encoded.model, problem.sense(), &header, &args.output)?);
            if let Some(path) = &args.solution {
                let program = (&program, format);
                solution = Some(solution::write(path, &problem, program, threads, session)?);
            }
        }
        Err(reason) => stopped_by = Some(reason),
    }
    Ok(Export {
        file: model.map(|_| args.output.clone()),
        stopped_by: stopped_by.or(solution.as_ref().and_then(|solution| solution.stopped_by)),
        sense: problem.sense(),
        negated: problem.sense() == Sense::Maximize && format.minimizes_only(),
        encoding: encoding.name(),
        tighten: tighten.tighten.name(),
        scale: scale.map_or("none", Scaling::name),
        model,
        solution,
        bounds_stopped: stopped_by.is_some(),
    })
}

/// How long the encoding may take where the clock has ended the work on the bounds: their
/// program is worth having, and small ones take less.
const GRACE: Duration = Duration::from_millis(200);

/// The program on the bounds that are known; the reason where the clock came first.
fn program<'a>(
    args: &Args,
    problem: &'a Problem,
    bounded: &'a Bounded,
    session: &Session,
) -> anyhow::Result<Result<Formulated<'a>, StoppedBy>> {
    let FormulationArgs { encoding, scale, .. } = &args.formulation;
    let stopped_by = session.clock.stopped();
    let clock = match stopped_by {
        Some(_) => Clock::start(&Limits::of_time(GRACE)),
        None => session.clock,
    };
    match formulate_with_outputs(problem, &bounded.bounds, *encoding, *scale, &clock) {
        Err(OptimizeError::Encode(EncodeError::Stopped(reason))) => {
            Ok(Err(stopped_by.unwrap_or(reason)))
        }
        formulated => Ok(Ok(formulated?)),
    }
}

impl Report for Export {
    fn text(&self, _: &Head, out: &mut Page) -> fmt::Result {
        let reason = self.stopped_by.map_or("a limit", StoppedBy::words);
        let (Some(file), Some(model)) = (&self.file, &self.model) else {
            return writeln!(out, "nothing written: stopped by {reason}");
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
        if self.bounds_stopped {
            writeln!(out, "  bounds stopped by {reason}: wider than they could be")?;
        }
        self.solution.as_ref().map_or(Ok(()), |solution| solution.text(out))
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.stopped_by
    }

    fn exit(&self) -> u8 {
        let is_answered = self.solution.as_ref().is_none_or(Solution::is_answered);
        if self.stopped_by.is_none() && is_answered { ANSWERED } else { UNANSWERED }
    }
}

/// What a reader of the file should know.
fn header(problem: &Problem, args: &Args) -> Vec<String> {
    let FormulationArgs { encoding, tighten, scale } = &args.formulation;
    let (encoding, bounds) = (encoding.name(), tighten.tighten.name());
    let scaling = scale.map_or("none", Scaling::name);
    let direction = match problem.sense() {
        Sense::Minimize => "minimum",
        Sense::Maximize => "maximum",
    };
    vec![
        format!("taut {}: {direction} over the network", env!("CARGO_PKG_VERSION")),
        format!("network   {}", problem.network().name()),
        format!("objective {}", problem.objective()),
        format!("encoding  {encoding}, on {bounds} bounds, scaling {scaling}"),
        "Columns: x3 input 3; y0 output 0, with the row y0.is that makes it so; h2_7".to_string(),
        "output of neuron 7 of activation layer 2; z2_7 is 1 where its pre-activation".to_string(),
        "is at least 0; s2_7 is 1 where it is at least its ceiling; v4_7 coordinate 7".to_string(),
        "of node 4 of the canonical form; constant is 1. A stable neuron has no".to_string(),
        "columns. Others are the encoding's own.".to_string(),
        format!(
            "Coefficients up to {SMALLEST_COEFFICIENT:e} stand in the row's side as their range."
        ),
        "A point is a proposal: put its inputs through the network.".to_string(),
    ]
}
