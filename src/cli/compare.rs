//! `taut compare PROBLEM`.

use std::fmt::Write;
use std::time::Instant;

use taut::compare::{CompareOptions, Comparison, Row, Spread, compare, write_csv};
use taut::optimize::Certify;
use taut::problem::Sense;

use super::args::{self, Arguments, CompareArgs, TableFormat};
use super::console::tell;
use super::progress::Monitor;
use super::text::{count, number, ratio, seconds, table};
use super::{ANSWERED, FAILED, UNANSWERED, problem, settings};

/// Solves every combination and prints the table.
pub fn run(args: &CompareArgs, arguments: &Arguments) -> anyhow::Result<(String, u8)> {
    let started = Instant::now();
    let options = options(args)?;
    let sense = args.sense.map(|sense| match sense {
        args::Sense::Minimize => Sense::Minimize,
        args::Sense::Maximize => Sense::Maximize,
    });
    let problem = problem::read_with_objective(&args.problem, sense)?;
    let mut monitor = Monitor::start(arguments.quiet);
    let comparison = compare(&problem, &options, &mut monitor);
    drop(monitor);
    let comparison = comparison?;
    for contradiction in &comparison.contradictions {
        tell(&format!(
            "error: contradiction: {contradiction}; please report this with the instance"
        ));
    }
    let text = match args.format {
        TableFormat::Json => serde_json::to_string(&comparison)? + "\n",
        TableFormat::Csv => {
            let mut bytes = Vec::new();
            write_csv(&comparison, &mut bytes)?;
            String::from_utf8(bytes)?
        }
        TableFormat::Text => text(&comparison, started.elapsed().as_secs_f64())?,
    };
    let all_failed = comparison.rows.iter().all(|row| row.runs.is_empty());
    let code = match (comparison.contradictions.is_empty() && !all_failed, comparison.left_out) {
        (false, _) => FAILED,
        (true, 0) => ANSWERED,
        (true, _) => UNANSWERED,
    };
    Ok((text, code))
}

fn options(args: &CompareArgs) -> anyhow::Result<CompareOptions> {
    settings::count("seeds", usize::try_from(args.seeds)?, 1, "seeds")?;
    let time_limit = problem::time_limit("time limit", args.time_limit)?;
    let mut base = settings::options(&args.settings, args.tighten_time, time_limit)?;
    // Formulations are compared by what the solver does; the rows check each other.
    base.certify = Certify::Never;
    let first = args.settings.seed;
    Ok(CompareOptions {
        encodings: args.encoding.clone(),
        tightenings: args
            .tighten
            .iter()
            .map(|name| settings::tightening(name))
            .collect::<Result<_, _>>()?,
        scalings: args.scale.iter().map(|name| settings::scaling(name)).collect(),
        seeds: (0..args.seeds).map(|seed| first.saturating_add(seed)).collect(),
        base,
    })
}

fn text(comparison: &Comparison, elapsed: f64) -> anyhow::Result<String> {
    let mut text = String::new();
    let direction = match comparison.sense {
        Sense::Minimize => "minimum",
        Sense::Maximize => "maximum",
    };
    write!(text, "{direction} of {}", comparison.question)?;
    match comparison.objective {
        Some(objective) => writeln!(text, ", best value {}", number(objective))?,
        None => writeln!(text, ": no point known")?,
    }
    if let Some(bound) = comparison.bound {
        writeln!(text, "  bound   {}", number(bound))?;
    }
    let limit = comparison.time_limit.map_or("no time limit".to_string(), |s| format!("{s} s"));
    let seeds = count(comparison.seeds.len(), "seed");
    let threads = count(comparison.threads, "thread");
    writeln!(
        text,
        "  each    {limit}, {seeds}, {threads}, {}, preset {}, known point {}",
        comparison.backend, comparison.preset, comparison.known_point
    )?;
    writeln!(text, "  time    {}", seconds(elapsed))?;
    writeln!(text)?;
    text.push_str(&rows(comparison));
    for row in &comparison.rows {
        for error in &row.errors {
            writeln!(text, "  failed  {}: {error}", row.name())?;
        }
    }
    if comparison.left_out > 0 {
        let left = count(comparison.left_out, "combination");
        writeln!(text, "  stopped by an interrupt: {left} left out")?;
    }
    Ok(text)
}

const HEADER: [&str; 17] = [
    "bounds",
    "scale",
    "encoding",
    "status",
    "columns",
    "rows",
    "binaries",
    "nonzeros",
    "big-M",
    "root",
    "root gap",
    "nodes",
    "iterations",
    "value",
    "bound",
    "gap",
    "time",
];

/// Number of columns of words.
const WORDS: usize = 4;

fn rows(comparison: &Comparison) -> String {
    let several = comparison.seeds.len() > 1;
    let rows = comparison.rows.iter().map(|row| fields(row, several)).collect();
    table(&HEADER, WORDS, rows)
}

fn fields(row: &Row, several: bool) -> Vec<String> {
    let size = |of: fn(&taut::milp::ModelSize) -> usize| {
        row.model.as_ref().map_or(String::new(), |model| of(model).to_string())
    };
    let spread = |spread: Option<Spread>, text: &dyn Fn(f64) -> String| match spread {
        None => String::new(),
        Some(s) if several && s.min != s.max => {
            format!("{} ({}–{})", text(s.median), text(s.min), text(s.max))
        }
        Some(s) => text(s.median),
    };
    let median = |spread: Option<Spread>| spread.map_or(String::new(), |s| number(s.median));
    let status = match row.status {
        None => "failed".to_string(),
        Some(status) if several => {
            format!("{} {}/{}", status.name(), row.closed, row.runs.len())
        }
        Some(status) => status.name().to_string(),
    };
    let whole = |value: f64| format!("{value:.0}");
    vec![
        row.tighten.to_string(),
        row.scale.to_string(),
        row.encoding.to_string(),
        status,
        size(|model| model.columns),
        size(|model| model.rows),
        size(|model| model.binaries),
        size(|model| model.nonzeros),
        row.model.map_or(String::new(), |_| format!("{:.3}", row.big_m_max)),
        row.relaxation.map_or(String::new(), |r| format!("{:.4}", r.bound)),
        row.root_gap.map_or(String::new(), ratio),
        spread(row.nodes, &whole),
        spread(row.lp_iterations, &whole),
        median(row.objective),
        median(row.bound),
        row.gap.map_or(String::new(), |gap| ratio(gap.median)),
        spread(row.seconds.total, &seconds),
    ]
}
