//! `taut scale NETWORK [-o OUT]`.

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use taut::io::{check_network_output, write_network};
use taut::network::Network;
use taut::scale::{Figures, ScaleRecord, scale};
use taut::tighten::TightenOptions;

use super::args::{Format, ProblemArgs, ScaleArgs};
use super::text::{seconds, table};
use super::{ANSWERED, problem, progress, settings};

/// Scales a network, writes it if there is a file to write, and prints what this changes.
pub fn run(args: &ScaleArgs) -> anyhow::Result<(String, u8)> {
    args.output.as_deref().map(check_network_output).transpose()?;
    let (record, network) = scaled(args)?;
    if let Some(path) = &args.output {
        write_network(&network, path)?;
    }
    let text = match args.format {
        Format::Json => serde_json::to_string(&record)? + "\n",
        Format::Text => text(&record, args.output.as_deref())?,
    };
    Ok((text, ANSWERED))
}

fn scaled(args: &ScaleArgs) -> anyhow::Result<(ScaleRecord, Network)> {
    let scaling = settings::scaling(&args.scale).context("unknown scaling")?;
    let tighten = settings::tightening(&args.tighten)?;
    let question = ProblemArgs {
        problem: args.network.clone(),
        domain: args.domain.clone(),
        objective: None,
        constraints: Vec::new(),
        integer: None,
    };
    let problem = problem::read(&question, None)?;
    let whole = problem.whole();
    let whole = whole.context("no whole number lies in the box of an integer input")?;
    let options = TightenOptions {
        limits: progress::limits(problem::tighten_time(args.tighten_time)?),
        threads: settings::threads(args.threads)?,
        ..TightenOptions::default()
    };
    let started = Instant::now();
    let bounds = tighten.bounds(&problem, whole, &options)?.bounds;
    let bounded = Instant::now();
    let scaled = scale(problem.network_graph(), &bounds, scaling);
    let record = ScaleRecord {
        network: problem.network().name().to_string(),
        scale: scaling.name(),
        tighten: tighten.name(),
        bounds_seconds: (bounded - started).as_secs_f64(),
        scale_seconds: bounded.elapsed().as_secs_f64(),
        ..ScaleRecord::new(problem.network_graph(), &bounds, &scaled)
    };
    let network = Network::from_graph(&scaled.graph, problem.network())?;
    let mut metadata = network.metadata().clone();
    metadata.input_box.get_or_insert_with(|| problem.domain().clone());
    Ok((record, network.with_metadata(metadata)?))
}

fn text(record: &ScaleRecord, output: Option<&Path>) -> anyhow::Result<String> {
    let mut text = String::new();
    let [least, largest] = record.exponents;
    let same = &record.unchanged;
    writeln!(
        text,
        "{} of {} neurons in other units, by factors from 2^{least} to 2^{largest}",
        record.scaled_neurons, same.neurons
    )?;
    writeln!(text, "  method  {} on {} bounds", record.scale, record.tighten)?;
    writeln!(
        text,
        "  same    function, {} unstable neurons, mean relaxation area {:.4}",
        same.unstable, same.relaxation_area_mean
    )?;
    let time = seconds(record.bounds_seconds + record.scale_seconds);
    writeln!(text, "  time    {time}")?;
    if let Some(path) = output {
        writeln!(text, "  wrote   {}", path.display())?;
    }
    writeln!(text)?;
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
    text.push_str(&table(&["figure", "before", "after", "before / after"], 1, rows));
    Ok(text)
}

fn figure(value: f64) -> String {
    match value {
        v if v == 0.0 || (0.01..1e6).contains(&v) => format!("{v:.3}"),
        v => format!("{v:.3e}"),
    }
}
