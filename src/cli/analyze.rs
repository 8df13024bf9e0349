//! `taut analyze PROBLEM`.

use std::fmt::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use taut::analyze::{Analysis, AnalyzeOptions, LempelZiv, MethodFigures, analyze};
use taut::control::{Limits, StoppedBy};
use taut::problem::Variable;
use taut::regions::RegionOptions;
use taut::solve::Highs;
use taut::tighten::{TightenOptions, Tightening};

use super::console::HEADING;
use super::format::TableArgs;
use super::page::Page;
use super::problem::{Objective, ProblemArgs};
use super::quantity;
use super::record::Head;
use super::session::{Report, Session};
use super::shared::{self, ThreadsArgs, TightenTimeArgs, TimeLimitArgs, tightenings};
use super::text::{count, number, number_above, ratio, seconds};

/// Arguments of `analyze`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    problem: ProblemArgs,
    /// Methods that bound the neurons.
    #[arg(long, default_value = "interval,crown,alpha,lp", help_heading = "Method",
          value_name = "NAMES", value_delimiter = ',', value_parser = tightenings())]
    tighten: Vec<Tightening>,
    /// Points for sensitivity and complexity (a count).
    #[arg(long, value_name = "COUNT", default_value_t = 1000, help_heading = "Method")]
    samples: usize,
    /// Segments on which linear pieces are counted (a count).
    #[arg(long, value_name = "COUNT", default_value_t = 100, help_heading = "Method")]
    chords: usize,
    /// Seed of points and segments (a whole number).
    #[arg(long, value_name = "SEED", default_value_t = 0, help_heading = "Method")]
    seed: u32,
    #[command(flatten)]
    tighten_time: TightenTimeArgs,
    /// Time for counting regions (seconds, or with a unit).
    #[arg(
        long,
        value_name = "TIME",
        default_value = "60",
        allow_hyphen_values = true,
        help_heading = "Limits",
        value_parser = quantity::seconds
    )]
    regions_time: f64,
    #[command(flatten)]
    time_limit: TimeLimitArgs,
    #[command(flatten)]
    threads: ThreadsArgs,
    #[command(flatten)]
    format: TableArgs,
}

/// Measures and prints.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form()?, |session| find(args, session))
}

/// The figures, and what the outputs are called.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Analysis")]
pub struct Analyzed {
    #[serde(flatten)]
    analysis: Analysis,
    #[serde(skip)]
    outputs: Vec<String>,
}

fn find(args: &Args, session: &mut Session) -> anyhow::Result<Analyzed> {
    args.time_limit.read(session)?;
    let options = options(args, session)?;
    let problem = args.problem.read(Objective::Best(None), session)?;
    let options = AnalyzeOptions { limits: session.limits(None), ..options };
    let analysis = analyze(&problem, &options)?;
    let name = |index| problem.vocabulary().name(Variable::Output(index));
    Ok(Analyzed { outputs: (0..analysis.outputs).map(name).collect(), analysis })
}

fn options(args: &Args, session: &mut Session) -> anyhow::Result<AnalyzeOptions> {
    let threads = args.threads.read(session)?;
    let regions_time = shared::time("regions time", args.regions_time)?;
    // For the relaxation at the root.
    session.head.with_backend(&Highs);
    session.head.seed = Some(args.seed.into());
    session.head.limits.regions_seconds = Some(regions_time.as_secs_f64());
    let tighten_time = args.tighten_time.read(session)?;
    let regions = AnalyzeOptions::default().regions;
    let limits = Limits { time: Some(regions_time), ..regions.limits };
    Ok(AnalyzeOptions {
        tightenings: args.tighten.clone(),
        tightening: TightenOptions {
            threads,
            limits: Limits { time: tighten_time, ..Limits::default() },
            ..TightenOptions::default()
        },
        regions: RegionOptions { threads, limits, ..regions },
        samples: shared::count("samples", args.samples, 0, "points")?,
        chords: shared::count("chords", args.chords, 0, "segments")?,
        seed: args.seed,
        ..AnalyzeOptions::default()
    })
}

impl Report for Analyzed {
    fn text(&self, head: &Head, out: &mut Page) -> fmt::Result {
        text(self, head, out)
    }

    fn csv(&self, head: &Head) -> anyhow::Result<String> {
        csv(&self.analysis, head)
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.analysis.stopped_by
    }
}

/// Writes lines of the figures.
type Lines = fn(&Analyzed, &mut Page) -> fmt::Result;

/// The figures in the order in which they are printed, what tells most of the time of a solver
/// first: docs/initialisation.md has their rank correlations.
const LINES: [Lines; 6] = [stable, chords, regions, lipschitz, sensitivity, complexity];

fn text(analyzed: &Analyzed, head: &Head, text: &mut Page) -> fmt::Result {
    let analysis = &analyzed.analysis;
    let line = format!(
        "{}: {}, {}, {}, {}",
        head.network.as_deref().unwrap_or_default(),
        count(analysis.inputs, "input"),
        count(analysis.outputs, "output"),
        count(analysis.neurons, "neuron"),
        count(analysis.multiplications, "multiplication")
    );
    text.headline(HEADING, &line)?;
    LINES.iter().try_for_each(|lines| lines(analyzed, text))?;
    if let Some(best) = analysis.best_known {
        writeln!(text, "  best known   {}", number(best))?;
    }
    text.stopped(analysis.stopped_by)?;
    writeln!(text, "  time         {}", seconds(analysis.seconds))?;
    methods(text, analysis)
}

/// Exactly where regions tell, else by the last of the methods.
fn stable(Analyzed { analysis, .. }: &Analyzed, text: &mut Page) -> fmt::Result {
    let by_bounds = || {
        let method = analysis.methods.last()?;
        let neurons: usize = method.layers.iter().map(|layer| layer.neurons).sum();
        Some((neurons, method.unstable, format!("by {}", method.tighten)))
    };
    let exact = analysis.stability.as_ref().map(|layers| {
        let [neurons, unstable] = [
            layers.iter().map(|layer| layer.neurons).sum(),
            layers.iter().map(|layer| layer.unstable).sum(),
        ];
        (neurons, unstable, "exactly".to_string())
    });
    match exact.or_else(by_bounds) {
        Some((neurons, unstable, how)) => {
            writeln!(text, "  stable       {} of {neurons} neurons, {how}", neurons - unstable)
        }
        None => Ok(()),
    }
}

fn regions(Analyzed { analysis, .. }: &Analyzed, text: &mut Page) -> fmt::Result {
    match (&analysis.regions, &analysis.regions_error) {
        (Some(found), _) => match found.patterns {
            Some(patterns) => writeln!(text, "  regions      {patterns}, exactly"),
            None => writeln!(
                text,
                "  regions      at least {}, at most {}",
                found.at_least,
                number_above(found.at_most)
            ),
        },
        (None, error) => {
            writeln!(text, "  regions      {}", error.as_deref().unwrap_or("not counted"))
        }
    }
}

fn chords(Analyzed { analysis, .. }: &Analyzed, text: &mut Page) -> fmt::Result {
    let Some(chords) = &analysis.chords else { return Ok(()) };
    writeln!(
        text,
        "  chords       {:.1} ± {:.1} linear pieces between two random points",
        chords.mean, chords.standard_error
    )
}

fn lipschitz(Analyzed { analysis, .. }: &Analyzed, text: &mut Page) -> fmt::Result {
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
    )
}

fn sensitivity(Analyzed { analysis, .. }: &Analyzed, text: &mut Page) -> fmt::Result {
    let s = &analysis.sensitivity;
    writeln!(
        text,
        "  sensitivity  {} by small steps, {} by the Jacobian (largest {}), in outputs per width of \
         the box",
        short(s.monte_carlo),
        short(s.jacobian_mean),
        short(s.jacobian_max)
    )
}

fn complexity(Analyzed { analysis, outputs }: &Analyzed, text: &mut Page) -> fmt::Result {
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
        writeln!(text, "{}", words(&outputs[index], output))?;
    }
    Ok(())
}

/// Outputs whose complexity is printed.
const MOST_OUTPUTS: usize = 3;

/// What the lines of stable neurons by enumeration are called.
const EXACT: &str = "regions";

/// One line per method and layer, and one for all layers.
fn methods(text: &mut Page, analysis: &Analysis) -> fmt::Result {
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
    text.table(&header, (2, 1), &rows)
}

fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_string(),
        size if (1e-3..1e5).contains(&size) => format!("{value:.3}"),
        _ => format!("{value:.3e}"),
    }
}

/// A column: its name, and its text; empty where there is no figure.
type Column<T> = (&'static str, fn(&T) -> String);

/// Sizes, which do not depend on the method of bounds.
const SIZES: [Column<Analysis>; 4] = [
    ("inputs", |a| a.inputs.to_string()),
    ("outputs", |a| a.outputs.to_string()),
    ("neurons", |a| a.neurons.to_string()),
    ("multiplications", |a| a.multiplications.to_string()),
];

/// What depends on the method of bounds.
const METHOD: [Column<MethodFigures>; 9] = [
    ("tighten", |m| m.tighten.to_string()),
    ("stable_share", |m| m.stable_share.to_string()),
    ("unstable", |m| m.unstable.to_string()),
    ("redundant", |m| m.redundant.to_string()),
    ("big_m_max", |m| m.big_m_max.to_string()),
    ("big_m_sum", |m| m.big_m_sum.to_string()),
    ("relaxation_bound", |m| optional(m.relaxation.map(|root| root.bound))),
    ("root_gap", |m| optional(m.root_gap)),
    ("bounds_seconds", |m| m.seconds.to_string()),
];

/// What does not, after that.
const REST: [Column<Analysis>; 15] = [
    ("best_known", |a| optional(a.best_known)),
    ("regions", |a| optional(a.regions.as_ref().and_then(|regions| regions.patterns))),
    ("regions_at_least", |a| optional(a.regions.as_ref().map(|regions| regions.at_least))),
    ("regions_at_most", |a| optional(a.regions.as_ref().map(|regions| regions.at_most))),
    ("unstable_exactly", |a| {
        let layers = a.stability.as_ref();
        optional(layers.map(|layers| layers.iter().map(|layer| layer.unstable).sum::<usize>()))
    }),
    ("chord_pieces", |a| optional(a.chords.map(|chords| chords.mean))),
    ("lipschitz_at_least", |a| a.lipschitz.sampled.to_string()),
    ("lipschitz_local", |a| optional(a.lipschitz.local)),
    ("lipschitz_global", |a| optional(a.lipschitz.global)),
    ("sensitivity_monte_carlo", |a| a.sensitivity.monte_carlo.to_string()),
    ("sensitivity_jacobian", |a| a.sensitivity.jacobian_mean.to_string()),
    ("lz_labels", |a| optional(a.complexity.labels.map(|labels| labels.normalised))),
    ("lz_output0", |a| optional(a.complexity.outputs.first().map(|output| output.normalised))),
    ("lz_output0_bytes", |a| {
        optional(a.complexity.outputs.first().map(|output| output.compressed_bytes))
    }),
    ("stopped_by", |a| optional(a.stopped_by.map(StoppedBy::name))),
];

fn optional(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// One line per method of bounds, or one without a method; the figures that do not depend on it
/// in every line.
fn csv(analysis: &Analysis, head: &Head) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let sizes = SIZES.iter().map(|(name, _)| *name);
    let names = sizes.chain(METHOD.iter().map(|(name, _)| *name));
    let names = names.chain(REST.iter().map(|(name, _)| *name));
    writer.write_record(std::iter::once("network").chain(names))?;
    let methods = analysis.methods.iter().map(Some);
    let none = analysis.methods.is_empty().then_some(None);
    for method in methods.chain(none) {
        let mut fields = vec![head.network.clone().unwrap_or_default()];
        fields.extend(SIZES.iter().map(|(_, text)| text(analysis)));
        fields.extend(METHOD.iter().map(|(_, text)| method.map(text).unwrap_or_default()));
        fields.extend(REST.iter().map(|(_, text)| text(analysis)));
        writer.write_record(&fields)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
