//! `taut minimize PROBLEM`, `taut maximize PROBLEM`.

use std::fmt::Write;

use taut::control::Clock;
use taut::io::check_log;
use taut::optimize::{
    self as optimize, Answer, Certify, MethodRecord, OptimizeOptions, PartCounts, Status,
    optimize_within,
};
use taut::problem::{Problem, Reference, Sense};

use super::args::{Arguments, Format, FormulationArgs, Method, OptimizeArgs};
use super::progress::Monitor;
use super::text::{number, ratio, seconds, table};
use super::{ANSWERED, UNANSWERED, problem, settings};

/// Optimises and prints.
pub fn run(
    args: &OptimizeArgs,
    sense: Sense,
    arguments: &Arguments,
) -> anyhow::Result<(String, u8)> {
    let options = options(args)?;
    options.limits.validate()?;
    options.solve.validate()?;
    let clock = Clock::start(&options.limits);
    let problem = problem::read(&args.problem, Some(sense))?;
    let read = clock.seconds();
    let mut monitor = Monitor::start(arguments.quiet);
    let answer = optimize_within(&problem, &options, &clock, &mut monitor);
    drop(monitor);
    let mut answer = answer?;
    answer.seconds.read = read;
    let code = match answer.status {
        Status::Optimal | Status::Infeasible => ANSWERED,
        Status::Feasible | Status::Unknown => UNANSWERED,
    };
    let text = match args.format {
        Format::Json => serde_json::to_string(&answer)? + "\n",
        Format::Text => text(&answer, &problem)?,
    };
    Ok((text, code))
}

fn options(args: &OptimizeArgs) -> anyhow::Result<OptimizeOptions> {
    let FormulationArgs { encoding, tighten, scale } = &args.formulation;
    let time_limit = problem::time_limit("time limit", args.time_limit)?;
    let mut options = settings::options(&args.settings, tighten.tighten_time, time_limit)?;
    options.encoding = *encoding;
    options.tighten = settings::tightening(&tighten.tighten)?;
    options.scale = settings::scaling(scale);
    options.parts = args.parts;
    options.method = match args.solver {
        Method::Auto | Method::Milp => optimize::Method::Milp,
        Method::Enumerate => optimize::Method::Enumerate,
    };
    let certify = Certify::ALL.into_iter().find(|certify| certify.name() == args.certify);
    options.certify = certify.expect("a name from the list");
    // The solver says nothing of a log that it cannot write.
    args.log_file.as_deref().map(check_log).transpose()?;
    options.solve.log_file = args.log_file.clone();
    Ok(options)
}

/// The answer first, then the evidence.
fn text(answer: &Answer, problem: &Problem) -> anyhow::Result<String> {
    let mut text = String::new();
    headline(&mut text, answer, problem)?;
    if let (Some(input), Some(output)) = (&answer.input, &answer.output) {
        let names = problem.network().metadata();
        writeln!(text, "  at      {}", coordinates("x", &names.input_names, input))?;
        writeln!(text, "  output  {}", coordinates("y", &names.output_names, output))?;
    }
    if let Some(reference) = problem.reference() {
        compare(&mut text, answer, reference)?;
    }
    if let Some(recheck) = answer.recheck {
        let verdict = if recheck.feasible { "feasible" } else { "NOT feasible" };
        let error = recheck.objective_error;
        let error = error.map_or(String::new(), |e| format!(", solver's value off by {e:.1e}"));
        writeln!(text, "  check   forward pass: {verdict}{error}")?;
    }
    for warning in &answer.warnings {
        writeln!(text, "  warning {warning}")?;
    }
    evidence(&mut text, answer)?;
    Ok(text)
}

fn headline(text: &mut String, answer: &Answer, problem: &Problem) -> std::fmt::Result {
    let (extreme, side) = match problem.sense() {
        Sense::Minimize => ("minimum", "at least"),
        Sense::Maximize => ("maximum", "at most"),
    };
    let objective = problem.objective();
    let value = answer.objective.map(number).unwrap_or_default();
    match answer.status {
        Status::Optimal => writeln!(text, "{extreme} of {objective} = {value}")?,
        Status::Feasible => writeln!(text, "best value found of {objective} = {value}")?,
        Status::Infeasible => writeln!(text, "infeasible: no point satisfies the constraints")?,
        Status::Unknown => writeln!(text, "unknown: no feasible point found, none excluded")?,
    }
    if let Some(bound) = answer.bound {
        let gap = answer.gap.map_or(String::new(), |gap| format!(", relative gap {}", ratio(gap)));
        let by = match answer.bound_by {
            Some("certified") => ", certified".to_string(),
            Some(backend) => format!(", by {backend} up to its tolerances"),
            None => String::new(),
        };
        writeln!(text, "  bound   {side} {}{by}{gap}", number(bound))?;
    }
    match answer.stopped_by {
        Some(reason) => writeln!(text, "  stopped by {}", reason.words()),
        None => Ok(()),
    }
}

fn compare(text: &mut String, answer: &Answer, reference: &Reference) -> std::fmt::Result {
    let known = number(reference.objective);
    let difference = answer.objective.map_or(String::new(), |objective| {
        format!(", differs by {:.1e}", (objective - reference.objective).abs())
    });
    writeln!(text, "  known   {known} ({}){difference}", reference.source)
}

fn evidence(text: &mut String, answer: &Answer) -> std::fmt::Result {
    let model = answer.model;
    if let Some(PartCounts { parts, excluded, solved, left }) = answer.parts {
        let left = if left > 0 { format!(", {left} not looked at") } else { String::new() };
        writeln!(
            text,
            "\n  parts   {parts}: {excluded} without a better point by bounds alone, {solved} \
             given to the solver{left}"
        )?;
    }
    let MethodRecord::Milp(method) = &answer.method else {
        let time = seconds(answer.seconds.total);
        return writeln!(
            text,
            "\n  method  {} linear regions enumerated\n  time    {time}",
            answer.nodes
        );
    };
    if model.columns == 0 {
        return Ok(());
    }
    let scaled = match method.scale {
        "none" => String::new(),
        name => format!(", {name} scaling"),
    };
    writeln!(
        text,
        "{}  method  {} by {} {}, {} encoding on {} bounds{scaled}",
        if answer.parts.is_none() { "\n" } else { "" },
        answer.method.name(),
        method.backend,
        answer.versions.get(method.backend).map_or("", String::as_str),
        method.encoding,
        method.tighten
    )?;
    writeln!(
        text,
        "  model   {} columns ({} binaries), {} rows, {} nonzeros",
        model.columns, model.binaries, model.rows, model.nonzeros
    )?;
    writeln!(
        text,
        "  search  {} nodes, {} simplex iterations",
        answer.nodes, answer.lp_iterations
    )?;
    let s = &answer.seconds;
    if let Some(proof) = answer.proof {
        let (nodes, time) = (proof.nodes, seconds(s.certify));
        writeln!(text, "  proof   {nodes} parts of the box and linear programs, {time}")?;
    }
    writeln!(
        text,
        "  time    {} (solver {}, the rest {})",
        seconds(s.total),
        seconds(s.solve),
        seconds((s.total - s.solve).max(0.0))
    )?;
    // Only clipped neurons can be saturated.
    let clipped = answer.layers.iter().any(|layer| layer.saturated > 0);
    let rows = answer.layers.iter().map(|layer| {
        let mut counts = vec![layer.layer, layer.neurons, layer.active, layer.inactive];
        counts.extend(clipped.then_some(layer.saturated));
        counts.push(layer.unstable);
        let mut row: Vec<String> = counts.iter().map(usize::to_string).collect();
        row.extend([layer.big_m_max, layer.big_m_mean].map(|m| format!("{m:.3}")));
        row
    });
    let mut header = vec!["layer", "neurons", "active", "inactive"];
    header.extend(clipped.then_some("saturated"));
    header.extend(["unstable", "big-M max", "mean"]);
    writeln!(text)?;
    text.push_str(&table(&header, 0, rows.collect()));
    Ok(())
}

/// Coordinates that are printed in full.
const MOST_COORDINATES: usize = 10;

fn coordinates(letter: &str, names: &[String], values: &[f64]) -> String {
    let shown = values.iter().take(MOST_COORDINATES).enumerate().map(|(index, &value)| {
        let name = names.get(index).cloned().unwrap_or_else(|| format!("{letter}{index}"));
        format!("{name} = {}", number(value))
    });
    let shown: Vec<String> = shown.collect();
    let more = values.len().saturating_sub(MOST_COORDINATES);
    let rest = if more > 0 { format!(", … ({more} more)") } else { String::new() };
    shown.join(", ") + &rest
}
