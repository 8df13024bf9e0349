//! `taut compare PROBLEM`.

use std::fmt::{self, Write};

use anyhow::bail;
use schemars::JsonSchema;
use serde::Serialize;
use taut::compare::{CompareOptions, Comparison, Row, Spread, compare, write_csv};
use taut::control::StoppedBy;
use taut::encode::ReluEncoding;
use taut::optimize::{Certify, Method};
use taut::problem::Sense;
use taut::tighten::Tightening;

use super::console::{CLOSED, OPEN, tell_error};
use super::format::TableArgs;
use super::page::Page;
use super::problem::{Objective, ProblemArgs};
use super::progress::Monitor;
use super::quantity;
use super::record::Head;
use super::session::{Report, Session};
use super::settings::{SettingsArgs, methods_but_auto, setting_of_programs};
use super::shared::{
    self, ScaleChoice, SenseArgs, TightenTimeArgs, encoding_help, encodings, scalings_or_none,
    tightenings,
};
use super::text::{count, number, number_above, number_below, ratio, seconds};
use super::{ANSWERED, FAILED, UNANSWERED};

/// Arguments of `compare`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    problem: ProblemArgs,
    #[command(flatten)]
    sense: SenseArgs,
    /// Methods that solve: milp has a row for each combination of the lists below, every other
    /// one a row of its own.
    #[arg(long, default_value = Method::Milp.name(), help_heading = "Method",
          value_name = "NAMES", value_delimiter = ',', value_parser = methods_but_auto())]
    solver: Vec<Method>,
    #[arg(help_heading = "Method", long, value_name = "NAMES", help = encoding_help(),
          value_delimiter = ',', value_parser = encodings(), hide_possible_values = true,
          default_value = "big-m,big-m+cuts,split,multiple-choice,partition:2")]
    encoding: Vec<&'static dyn ReluEncoding>,
    /// Methods that bound the neurons.
    #[arg(long, default_value = "crown", help_heading = "Method", value_name = "NAMES",
          value_delimiter = ',', value_parser = tightenings())]
    tighten: Vec<Tightening>,
    /// Scalings of the network before it is encoded.
    #[arg(help_heading = "Method", long, default_value = "none", value_name = "NAMES",
          value_delimiter = ',', value_parser = scalings_or_none())]
    scale: Vec<ScaleChoice>,
    /// Solves of each row, each with a seed of its own (a count).
    #[arg(long, value_name = "COUNT", default_value_t = 1, help_heading = "Method")]
    seeds: u32,
    #[command(flatten)]
    settings: SettingsArgs,
    /// Time limit for each solve, and for the bounds of each method (seconds, or with a
    /// unit: 500ms, 1.5m, 2h) [default: none].
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Limits",
          value_parser = quantity::seconds)]
    time_limit: Option<f64>,
    #[command(flatten)]
    tighten_time: TightenTimeArgs,
    #[command(flatten)]
    format: TableArgs,
}

/// The table, and the time it took with all that was read.
#[derive(Serialize, JsonSchema)]
pub struct Compared {
    #[serde(flatten)]
    comparison: Comparison,
    #[serde(skip)]
    seconds: f64,
    /// What is optimised, in the words of the question.
    #[serde(skip)]
    objective: String,
}

/// Solves by every method and prints the table.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form()?, |session| find(args, session))
}

fn find(args: &Args, session: &mut Session) -> anyhow::Result<Compared> {
    let options = options(args, session)?;
    let problem = args.problem.read(Objective::Best(args.sense.sense), session)?;
    let comparison = compare(&problem, &options, &mut Monitor)?;
    for contradiction in &comparison.contradictions {
        tell_error(&format!(
            "contradiction: {contradiction}; please report this with the instance"
        ));
    }
    let (seconds, objective) = (session.clock.seconds(), problem.objective_in_words());
    Ok(Compared { comparison, seconds, objective })
}

fn options(args: &Args, session: &mut Session) -> anyhow::Result<CompareOptions> {
    shared::count("seeds", usize::try_from(args.seeds)?, 1, "seeds")?;
    let time = shared::time_limit("time limit", args.time_limit)?;
    session.head.limits.time_seconds = time.map(|time| time.as_secs_f64());
    let mut base = args.settings.options(&args.tighten_time, time, session)?;
    // Formulations are compared by what the solver does; the rows check each other.
    base.certify = Certify::Never;
    // Where there is no program, the backend may still polish a point.
    if args.solver != [Method::Enumerate] {
        session.head.with_backend(base.backend);
    }
    if args.solver.contains(&Method::Milp) {
        args.tighten.iter().for_each(|&tighten| session.head.with_tightening(tighten));
    } else if let Some(option) = setting_of_programs(session) {
        bail!("{option} is a setting of programs; expected with milp in --solver");
    }
    let first = args.settings.seed;
    Ok(CompareOptions {
        methods: args.solver.clone(),
        encodings: args.encoding.clone(),
        tightenings: args.tighten.clone(),
        scalings: args.scale.clone(),
        seeds: (0..args.seeds).map(|seed| first.saturating_add(seed)).collect(),
        base,
    })
}

impl Report for Compared {
    fn text(&self, head: &Head, out: &mut Page) -> fmt::Result {
        text(self, head, out)
    }

    fn csv(&self, head: &Head) -> anyhow::Result<String> {
        let mut bytes = Vec::new();
        write_csv(&self.comparison, head.network.as_deref().unwrap_or_default(), &mut bytes)?;
        Ok(String::from_utf8(bytes)?)
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.comparison.stopped_by
    }

    fn exit(&self) -> u8 {
        let comparison = &self.comparison;
        let is_failed = |row: &Row| row.runs.is_empty() && row.stopped_by.is_none();
        let all_failed = comparison.left_out == 0 && comparison.rows.iter().all(is_failed);
        match (comparison.contradictions.is_empty() && !all_failed, comparison.is_closed()) {
            (false, _) => FAILED,
            (true, true) => ANSWERED,
            (true, false) => UNANSWERED,
        }
    }
}

fn text(compared: &Compared, head: &Head, text: &mut Page) -> fmt::Result {
    let comparison = &compared.comparison;
    let direction = match comparison.sense {
        Sense::Minimize => "minimum",
        Sense::Maximize => "maximum",
    };
    let best = match comparison.objective {
        Some(objective) => format!(", best value {}", number(objective)),
        None => ": no point known".to_string(),
    };
    let is_settled = comparison.is_closed() && comparison.contradictions.is_empty();
    let style = if is_settled { CLOSED } else { OPEN };
    text.headline(style, &format!("{direction} of {}{best}", compared.objective))?;
    let outward = outward(comparison.sense);
    if let Some(bound) = comparison.bound {
        writeln!(text, "  bound   {}", outward(bound))?;
    }
    let limit = comparison.time_limit.map_or("no time limit".to_string(), |s| format!("{s} s"));
    let seeds = count(comparison.seeds.len(), "seed");
    let threads = count(head.threads.unwrap_or(1), "thread");
    let Comparison { backend, preset, known_point, .. } = comparison;
    let programs = match comparison.solvers.contains(&Method::Milp.name()) {
        true => format!(", {backend}, preset {preset}, known point {known_point}"),
        false => String::new(),
    };
    writeln!(text, "  each    {limit}, {seeds}, {threads}{programs}")?;
    writeln!(text, "  time    {}", seconds(compared.seconds))?;
    rows(text, comparison)?;
    for row in &comparison.rows {
        for error in &row.errors {
            writeln!(text, "  failed  {}: {error}", row.name())?;
        }
    }
    match (comparison.stopped_by, comparison.left_out) {
        (Some(reason), left) if left > 0 => {
            let left = count(left, "row");
            writeln!(text, "  stopped by {}: {left} left out", reason.words())
        }
        (reason, _) => text.stopped(reason),
    }
}

const HEADER: [&str; 18] = [
    "solver",
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

/// Number of columns that tell the rows apart, and of columns of words.
const WORDS: (usize, usize) = (4, 5);

/// The table, without columns that say nothing in any row.
fn rows(text: &mut Page, comparison: &Comparison) -> fmt::Result {
    let rows: Vec<_> = comparison.rows.iter().map(|row| fields(row, comparison)).collect();
    let is_shown = |column: &usize| rows.iter().any(|row| !row[*column].is_empty());
    let shown: Vec<usize> = (0..HEADER.len()).filter(is_shown).collect();
    let header: Vec<&str> = shown.iter().map(|&column| HEADER[column]).collect();
    let cells = |row: &Vec<String>| shown.iter().map(|&column| row[column].clone()).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let among = |first: usize| shown.partition_point(|&column| column < first);
    text.table(&header, (among(WORDS.0), among(WORDS.1)), &rows)
}

/// How bounds are rounded: away from what is sought.
fn outward(sense: Sense) -> fn(f64) -> String {
    match sense {
        Sense::Minimize => number_below,
        Sense::Maximize => number_above,
    }
}

fn fields(row: &Row, comparison: &Comparison) -> Vec<String> {
    let several = comparison.seeds.len() > 1;
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
    let status = match row.status_in_words() {
        status if several && row.status.is_some() => {
            format!("{status} {}/{}", row.closed, row.runs.len())
        }
        status => status.to_string(),
    };
    let whole = |value: f64| format!("{value:.0}");
    // Where programs have no rows beside them, every row says the same.
    let has_others = comparison.solvers.iter().any(|name| *name != Method::Milp.name());
    vec![
        if has_others { row.solver.to_string() } else { String::new() },
        row.tighten.to_string(),
        row.scale.unwrap_or_default().to_string(),
        row.encoding.as_deref().unwrap_or_default().to_string(),
        status,
        size(|model| model.columns),
        size(|model| model.rows),
        size(|model| model.binaries),
        size(|model| model.nonzeros),
        row.big_m_max.map_or(String::new(), |big_m| format!("{big_m:.3}")),
        row.relaxation.map_or(String::new(), |r| format!("{:.4}", r.bound)),
        row.root_gap.map_or(String::new(), ratio),
        spread(row.nodes, &whole),
        spread(row.lp_iterations, &whole),
        median(row.objective),
        row.bound.map_or(String::new(), |bound| outward(comparison.sense)(bound.median)),
        row.gap.map_or(String::new(), |gap| ratio(gap.median)),
        spread(row.seconds.total, &seconds),
    ]
}
