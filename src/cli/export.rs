//! `taut export PROBLEM -o FILE`.

use std::borrow::Cow;

use anyhow::bail;
use serde::Serialize;
use taut::control::Clock;
use taut::io::{check_writable, model_format, write_model};
use taut::milp::ModelSize;
use taut::num::tolerance::SMALLEST_COEFFICIENT;
use taut::optimize::{Bounding, OptimizeOptions, SCHEMA, bound, formulate};
use taut::problem::{Problem, Sense};
use taut::scale::Scaling;
use taut::tighten::TightenOptions;

use super::args::{self, ExportArgs, Format, FormulationArgs};
use super::text::count;
use super::{ANSWERED, problem, progress, settings};

/// What was written, as a record.
#[derive(Serialize)]
struct Export {
    /// Version of the record's schema.
    schema: u32,
    command: &'static str,
    network: String,
    /// The file that was written.
    file: String,
    sense: Sense,
    /// Whether the file minimises the negated objective.
    negated: bool,
    encoding: Cow<'static, str>,
    tighten: &'static str,
    scale: &'static str,
    /// Size of the program in the file.
    model: ModelSize,
}

/// Encodes the problem and writes the file.
pub fn run(args: &ExportArgs) -> anyhow::Result<(String, u8)> {
    let sense = args.sense.map(|sense| match sense {
        args::Sense::Minimize => Sense::Minimize,
        args::Sense::Maximize => Sense::Maximize,
    });
    // Before what may take minutes.
    let format = model_format(&args.output)?;
    check_writable(&args.output)?;
    let problem = problem::read_with_objective(&args.problem, sense)?;
    progress::listen();
    let FormulationArgs { encoding, tighten, scale: scaling } = &args.formulation;
    let scaling = settings::scaling(scaling);
    let tightening = settings::tightening(&tighten.tighten)?;
    let options = TightenOptions {
        limits: progress::limits(problem::tighten_time(tighten.tighten_time)?),
        threads: settings::threads(args.threads)?,
        ..TightenOptions::default()
    };
    let settings =
        OptimizeOptions { tighten: tightening, tightening: options, ..Default::default() };
    let clock = Clock::start(&progress::limits(None));
    let bounds = match bound(&problem, &settings, &clock)? {
        Bounding::Bounded(bounded) => bounded.bounds,
        Bounding::Infeasible { reason, .. } => bail!("there is nothing to encode: {reason}"),
    };
    let encoded = formulate(&problem, &bounds, *encoding, scaling, &clock)?.encoded;
    let scaling = scaling.map_or("none", Scaling::name);
    let method = format!("{}, on {} bounds, scaling {scaling}", encoding.name(), tightening.name());
    let header = header(&problem, &method);
    let model = write_model(&encoded.model, problem.sense(), &header, &args.output)?;
    let export = Export {
        schema: SCHEMA,
        command: "export",
        network: problem.network().name().to_string(),
        file: args.output.display().to_string(),
        sense: problem.sense(),
        negated: problem.sense() == Sense::Maximize && format.minimizes_only(),
        encoding: encoding.name(),
        tighten: tightening.name(),
        scale: scaling,
        model,
    };
    let text = match args.format {
        Format::Json => serde_json::to_string(&export)? + "\n",
        Format::Text => text(&export),
    };
    Ok((text, ANSWERED))
}

fn text(export: &Export) -> String {
    let ModelSize { columns, rows, binaries, nonzeros, .. } = export.model;
    let binaries = match binaries {
        1 => "1 binary".to_string(),
        n => format!("{n} binaries"),
    };
    let negated = match export.negated {
        true => ", to be minimised: the objective is negated",
        false => "",
    };
    format!(
        "wrote {}: {} ({binaries}), {}, {}{negated}\n",
        export.file,
        count(columns, "column"),
        count(rows, "row"),
        count(nonzeros, "nonzero"),
    )
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
