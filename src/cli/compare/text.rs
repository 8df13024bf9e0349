//! The table of a comparison for readers.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use taut::bench::{Comparison, Row, Solving};
use taut::num::statistics::Spread;
use taut::optimize::Method;
use taut::problem::Sense;
use taut::report::Table;

use super::Compared;
use crate::cli::console::{CLOSED, OPEN};
use crate::cli::page::Page;
use crate::cli::record::Head;
use crate::cli::text::{count, number, number_above, number_below, ratio, seconds};

/// The answer for readers.
pub fn text(compared: &Compared, head: &Head, text: &mut Page) -> fmt::Result {
    let comparison = &compared.comparison;
    let is_settled = comparison.is_closed() && comparison.contradictions.is_empty();
    let style = if is_settled { CLOSED } else { OPEN };
    text.headline(style, &headline(comparison, &compared.asked))?;
    if let Some(bound) = comparison.bound {
        writeln!(text, "  bound   {}", outward(comparison)(bound))?;
    }
    let limit = comparison.time_limit.map_or("no time limit".to_string(), |s| format!("{s} s"));
    let seeds = count(comparison.seeds.len(), "seed");
    let threads = head.threads.map(|threads| format!(", {}", count(threads, "thread")));
    let programs = comparison.solving.as_ref().filter(|s| has(s, |name| name == MILP));
    let programs = programs.map(|Solving { backend, preset, known_point, .. }| {
        format!(", {backend}, preset {preset}, known point {known_point}")
    });
    let [threads, programs] = [threads, programs].map(Option::unwrap_or_default);
    writeln!(text, "  each    {limit}, {seeds}{threads}{programs}")?;
    writeln!(text, "  time    {}", seconds(compared.seconds))?;
    rows(text, comparison)?;
    for row in &comparison.rows {
        for error in &row.errors {
            writeln!(text, "  failed  {}: {error}", row.variant)?;
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

const HEADER: [&str; 21] = [
    "solver",
    "bounds",
    "scale",
    "encoding",
    "threads",
    "status",
    "verdict",
    "columns",
    "rows",
    "binaries",
    "nonzeros",
    "big-M",
    "root",
    "root gap",
    "parts",
    "nodes",
    "iterations",
    "value",
    "bound",
    "gap",
    "time",
];

/// Number of columns that tell the rows apart, and of columns of words.
const WORDS: (usize, usize) = (5, 7);

/// The table, without columns that say nothing in any row.
fn rows(text: &mut Page, comparison: &Comparison) -> fmt::Result {
    let rows = comparison.rows.iter().map(|row| fields(row, comparison)).collect();
    let Table { header, rows } = Table { header: HEADER.to_vec(), rows }.told();
    let among = |first: usize| HEADER[..first].iter().filter(|name| header.contains(name)).count();
    text.table(&header, (among(WORDS.0), among(WORDS.1)), &rows)
}

/// What all rows say together.
fn headline(comparison: &Comparison, asked: &str) -> String {
    let Some(solving) = &comparison.solving else {
        return format!("{}: {asked}", comparison.verdict.unwrap_or("unknown"));
    };
    let direction = match solving.sense {
        Sense::Minimize => "minimum",
        Sense::Maximize => "maximum",
    };
    match comparison.objective {
        Some(objective) => format!("{direction} of {asked}, best value {}", number(objective)),
        None => format!("{direction} of {asked}: no point known"),
    }
}

/// Name of the method of programs.
const MILP: &str = Method::Milp.name();

/// Whether there is a method of a name.
fn has(solving: &Solving, is_sought: impl Fn(&str) -> bool) -> bool {
    solving.solvers.iter().any(|name| is_sought(name))
}

/// How bounds are rounded: away from what is sought.
fn outward(comparison: &Comparison) -> fn(f64) -> String {
    match comparison.solving.as_ref().map(|solving| solving.sense) {
        Some(Sense::Maximize) => number_above,
        Some(Sense::Minimize) | None => number_below,
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
    let is_failed = row.status.is_none() && row.verdict.is_none();
    let status = match row.status_in_words() {
        status if several && !is_failed => format!("{status} {}/{}", row.closed, row.runs.len()),
        status => status.to_string(),
    };
    let [status, verdict] = match comparison.solving {
        Some(_) => [status, String::new()],
        None => [String::new(), status],
    };
    let whole = |value: f64| format!("{value:.0}");
    // Where programs have no rows beside them, every row says the same.
    let has_others = comparison.solving.as_ref().is_some_and(|s| has(s, |name| name != MILP));
    let threads: BTreeSet<_> = comparison.rows.iter().map(|row| row.threads).collect();
    let threads = row.threads.filter(|_| threads.len() > 1);
    let word = |word: &Option<String>| word.clone().unwrap_or_default();
    vec![
        if has_others { word(&row.solver) } else { String::new() },
        word(&row.tighten),
        word(&row.scale),
        word(&row.encoding),
        threads.map_or(String::new(), |threads| threads.to_string()),
        status,
        verdict,
        size(|model| model.columns),
        size(|model| model.rows),
        size(|model| model.binaries),
        size(|model| model.nonzeros),
        row.big_m_max.map_or(String::new(), |big_m| format!("{big_m:.3}")),
        row.relaxation.map_or(String::new(), |r| format!("{:.4}", r.bound)),
        row.root_gap.map_or(String::new(), ratio),
        row.parts.map_or(String::new(), |parts| parts.to_string()),
        spread(row.nodes, &whole),
        spread(row.lp_iterations, &whole),
        median(row.objective),
        row.bound.map_or(String::new(), |bound| outward(comparison)(bound.median)),
        row.gap.map_or(String::new(), |gap| ratio(gap.median)),
        spread(row.seconds.total, &seconds),
    ]
}
