//! `taut analyze PROBLEM`.

use std::fmt::Write;

use taut::analyze::{Analysis, AnalyzeOptions, LempelZiv, analyze};
use taut::control::Limits;
use taut::regions::RegionOptions;
use taut::tighten::TightenOptions;

use super::args::{AnalyzeArgs, TableFormat};
use super::text::{count, number, ratio, seconds, table};
use super::{ANSWERED, problem, progress, settings};

/// Measures and prints.
pub fn run(args: &AnalyzeArgs) -> anyhow::Result<(String, u8)> {
    let options = options(args)?;
    let problem = problem::read_with_objective(&args.problem, None)?;
    progress::listen();
    let analysis = analyze(&problem, &options)?;
    let text = match args.format {
        TableFormat::Json => serde_json::to_string(&analysis)? + "\n",
        TableFormat::Csv => csv(&analysis)?,
        TableFormat::Text => text(&analysis)?,
    };
    Ok((text, ANSWERED))
}

fn options(args: &AnalyzeArgs) -> anyhow::Result<AnalyzeOptions> {
    let threads = settings::threads(args.threads)?;
    let tightenings = args.tighten.iter().map(|name| settings::tightening(name));
    let defaults = AnalyzeOptions::default();
    Ok(AnalyzeOptions {
        tightenings: tightenings.collect::<Result<_, _>>()?,
        tightening: TightenOptions {
            threads,
            limits: progress::limits(problem::tighten_time(args.tighten_time)?),
            ..TightenOptions::default()
        },
        regions: RegionOptions {
            threads,
            limits: Limits {
                time: problem::time_limit("regions time", Some(args.regions_time))?,
                ..defaults.regions.limits
            },
            ..defaults.regions
        },
        samples: settings::count("samples", args.samples, 0, "points")?,
        chords: settings::count("chords", args.chords, 0, "segments")?,
        seed: args.seed,
        limits: progress::limits(None),
    })
}

fn text(analysis: &Analysis) -> anyhow::Result<String> {
    let mut text = String::new();
    writeln!(
        text,
        "{}: {}, {}, {}, {}",
        analysis.network,
        count(analysis.inputs, "input"),
        count(analysis.outputs, "output"),
        count(analysis.neurons, "neuron"),
        count(analysis.multiplications, "multiplication")
    )?;
    match (&analysis.regions, &analysis.regions_error) {
        (Some(found), _) => match found.patterns {
            Some(patterns) => writeln!(text, "  regions      {patterns}, exactly")?,
            None => writeln!(
                text,
                "  regions      at least {}, at most {}",
                found.at_least,
                number(found.at_most)
            )?,
        },
        (None, error) => writeln!(text, "  regions      {}", error.as_deref().unwrap_or_default())?,
    }
    if let Some(chords) = &analysis.chords {
        writeln!(
            text,
            "  chords       {:.1} ± {:.1} linear pieces between two random points",
            chords.mean, chords.standard_error
        )?;
    }
    let lipschitz = &analysis.lipschitz;
    let at_most = |bound: Option<f64>, place: &str| {
        bound.map_or(String::new(), |bound| format!(", at most {} {place}", short(bound)))
    };
    writeln!(
        text,
        "  Lipschitz    at least {}{}{}",
        short(lipschitz.sampled),
        at_most(lipschitz.local, "here"),
        at_most(lipschitz.global, "anywhere")
    )?;
    let s = &analysis.sensitivity;
    writeln!(
        text,
        "  sensitivity  {} by small steps, {} by the Jacobian (largest {}), in outputs a width of \
         the box",
        short(s.monte_carlo),
        short(s.jacobian_mean),
        short(s.jacobian_max)
    )?;
    let words = |name: &str, lz: &LempelZiv| {
        format!(
            "  complexity   {name}: {} phrases of {} symbols ({:.3} of random), {} bytes by zlib",
            lz.phrases, lz.length, lz.normalised, lz.compressed_bytes
        )
    };
    if let Some(labels) = &analysis.complexity.labels {
        writeln!(text, "{}", words("labels", labels))?;
    }
    for (index, output) in analysis.complexity.outputs.iter().enumerate().take(MOST_OUTPUTS) {
        writeln!(text, "{}", words(&format!("y{index}"), output))?;
    }
    if let Some(best) = analysis.best_known {
        writeln!(text, "  best known   {}", number(best))?;
    }
    writeln!(text, "  time         {}", seconds(analysis.seconds))?;
    writeln!(text)?;
    text.push_str(&methods(analysis));
    Ok(text)
}

/// Outputs whose complexity is printed.
const MOST_OUTPUTS: usize = 3;

/// What the lines of stable neurons by enumeration are called.
const EXACT: &str = "regions";

/// One line a method and layer, and one for all layers.
fn methods(analysis: &Analysis) -> String {
    let mut rows = Vec::new();
    for method in &analysis.methods {
        for layer in &method.layers {
            let stable = layer.neurons - layer.unstable;
            rows.push(vec![
                method.tighten.to_string(),
                layer.layer.to_string(),
                format!("{stable} of {}", layer.neurons),
                String::new(),
                format!("{:.3}", layer.big_m_max),
                format!("{:.3}", layer.big_m_mean * layer.unstable as f64),
                String::new(),
                String::new(),
                String::new(),
            ]);
        }
        let neurons: usize = method.layers.iter().map(|layer| layer.neurons).sum();
        rows.push(vec![
            method.tighten.to_string(),
            "all".to_string(),
            format!("{} of {neurons}", neurons - method.unstable),
            method.redundant.to_string(),
            format!("{:.3}", method.big_m_max),
            format!("{:.3}", method.big_m_sum),
            method.relaxation.map_or(String::new(), |root| format!("{:.4}", root.bound)),
            method.root_gap.map_or(String::new(), ratio),
            seconds(method.seconds),
        ]);
    }
    if let Some(layers) = &analysis.stability {
        let all = [layers.iter().map(|l| l.neurons).sum(), layers.iter().map(|l| l.unstable).sum()];
        let layers = layers.iter().map(|l| (l.layer.to_string(), [l.neurons, l.unstable]));
        for (layer, [neurons, unstable]) in layers.chain([("all".to_string(), all)]) {
            let mut row = vec![EXACT.to_string(), layer];
            row.push(format!("{} of {neurons}", neurons - unstable));
            row.resize(9, String::new());
            rows.push(row);
        }
    }
    let header =
        ["bounds", "layer", "stable", "redundant", "big-M max", "sum", "root", "root gap", "time"];
    table(&header, 1, rows)
}

fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_string(),
        size if (1e-3..1e5).contains(&size) => format!("{value:.3}"),
        _ => format!("{value:.3e}"),
    }
}

/// One line a method of bounds; the figures that do not depend on it in every line.
fn csv(analysis: &Analysis) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "network",
        "inputs",
        "outputs",
        "neurons",
        "multiplications",
        "tighten",
        "stable_share",
        "unstable",
        "redundant",
        "big_m_max",
        "big_m_sum",
        "relaxation_bound",
        "root_gap",
        "bounds_seconds",
        "best_known",
        "regions",
        "regions_at_least",
        "regions_at_most",
        "unstable_exactly",
        "chord_pieces",
        "lipschitz_at_least",
        "lipschitz_local",
        "lipschitz_global",
        "sensitivity_monte_carlo",
        "sensitivity_jacobian",
        "lz_labels",
        "lz_output0",
        "lz_output0_bytes",
    ];
    writer.write_record(header)?;
    let optional = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let regions = analysis.regions.as_ref();
    let output = analysis.complexity.outputs.first();
    let unstable = analysis.stability.as_ref();
    let unstable = unstable.map(|layers| layers.iter().map(|layer| layer.unstable).sum());
    for method in &analysis.methods {
        writer.write_record([
            analysis.network.clone(),
            analysis.inputs.to_string(),
            analysis.outputs.to_string(),
            analysis.neurons.to_string(),
            analysis.multiplications.to_string(),
            method.tighten.to_string(),
            method.stable_share.to_string(),
            method.unstable.to_string(),
            method.redundant.to_string(),
            method.big_m_max.to_string(),
            method.big_m_sum.to_string(),
            optional(method.relaxation.map(|root| root.bound)),
            optional(method.root_gap),
            method.seconds.to_string(),
            optional(analysis.best_known),
            regions.and_then(|r| r.patterns).map(|p| p.to_string()).unwrap_or_default(),
            regions.map(|r| r.at_least.to_string()).unwrap_or_default(),
            optional(regions.map(|r| r.at_most)),
            unstable.map(|count: usize| count.to_string()).unwrap_or_default(),
            optional(analysis.chords.map(|chords| chords.mean)),
            analysis.lipschitz.sampled.to_string(),
            optional(analysis.lipschitz.local),
            optional(analysis.lipschitz.global),
            analysis.sensitivity.monte_carlo.to_string(),
            analysis.sensitivity.jacobian_mean.to_string(),
            optional(analysis.complexity.labels.map(|labels| labels.normalised)),
            optional(output.map(|output| output.normalised)),
            output.map(|output| output.compressed_bytes.to_string()).unwrap_or_default(),
        ])?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
