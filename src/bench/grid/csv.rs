//! The table as comma-separated values, one line per row.

use std::io::Write;

use super::{Comparison, Row};
use crate::control::StoppedBy;
use crate::num::statistics::Spread;

/// A column: its name, and its text in a row; empty where the row has no figure.
type Column = (&'static str, fn(&Row) -> String);

const COLUMNS: &[Column] = &[
    ("solver", |row| text(row.solver.as_deref())),
    ("tighten", |row| text(row.tighten.as_deref())),
    ("scale", |row| text(row.scale.as_deref())),
    ("encoding", |row| text(row.encoding.as_deref())),
    ("threads", |row| text(row.threads)),
    ("status", |row| text(row.status.as_deref())),
    ("verdict", |row| text(row.verdict.as_deref())),
    ("closed", |row| row.closed.to_string()),
    ("runs", |row| row.runs.len().to_string()),
    ("columns", |row| text(row.model.map(|model| model.columns))),
    ("rows", |row| text(row.model.map(|model| model.rows))),
    ("binaries", |row| text(row.model.map(|model| model.binaries))),
    ("nonzeros", |row| text(row.model.map(|model| model.nonzeros))),
    ("cuts", |row| text(row.cuts)),
    ("unstable", |row| text(row.unstable)),
    ("big_m_max", |row| text(row.big_m_max)),
    ("big_m_sum", |row| text(row.big_m_sum)),
    ("relaxation_bound", |row| text(row.relaxation.map(|r| r.bound))),
    ("root_gap", |row| text(row.root_gap)),
    ("relaxation_seconds", |row| text(row.relaxation.map(|r| r.seconds))),
    ("parts", |row| text(row.parts)),
];

/// A column with median and range over the seeds.
type SpreadColumn = (&'static str, fn(&Row) -> Option<Spread>);

const SPREADS: &[SpreadColumn] = &[
    ("nodes", |row| row.nodes),
    ("lp_iterations", |row| row.lp_iterations),
    ("objective", |row| row.objective),
    ("bound", |row| row.bound),
    ("gap", |row| row.gap),
    ("bounds_seconds", |row| row.seconds.bounds),
    ("encode_seconds", |row| row.seconds.encode),
    ("incumbent_seconds", |row| row.seconds.incumbent),
    ("solve_seconds", |row| row.seconds.solve),
    ("total_seconds", |row| row.seconds.total),
];

fn text(figure: Option<impl ToString>) -> String {
    figure.map(|figure| figure.to_string()).unwrap_or_default()
}

/// Writes the table with a header line. A figure that varies over the seeds has three
/// columns: `nodes` is the median, `nodes_min` and `nodes_max` the range. The name of the
/// network is the first column, so that tables can be joined.
///
/// # Errors
/// Those of the writer.
pub fn write_csv(
    comparison: &Comparison,
    network: &str,
    writer: impl Write,
) -> Result<(), csv::Error> {
    let mut writer = csv::Writer::from_writer(writer);
    let mut header = vec!["network".to_string()];
    header.extend(COLUMNS.iter().map(|(name, _)| (*name).to_string()));
    for (name, _) in SPREADS {
        header.extend(["", "_min", "_max"].map(|suffix| format!("{name}{suffix}")));
    }
    header.extend(["errors", "stopped_by"].map(str::to_string));
    writer.write_record(&header)?;
    for row in &comparison.rows {
        let mut fields = vec![network.to_string()];
        fields.extend(COLUMNS.iter().map(|(_, text)| text(row)));
        for (_, of) in SPREADS {
            let spread = of(row);
            fields.push(text(spread.map(|s| s.median)));
            fields.push(text(spread.map(|s| s.min)));
            fields.push(text(spread.map(|s| s.max)));
        }
        fields.push(row.errors.join("; "));
        fields.push(text(row.stopped_by.map(StoppedBy::name)));
        writer.write_record(&fields)?;
    }
    writer.flush()?;
    Ok(())
}
