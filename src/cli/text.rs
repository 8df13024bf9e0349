//! Text forms that several commands share.

use std::fmt::{self, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use taut::control::StoppedBy;

/// A table without lines: names on the left, numbers on the right.
pub fn table(header: &[&str], left: usize, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header.iter().copied());
    rows.into_iter().for_each(|row| {
        table.add_row(row);
    });
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if index == 0 { 2 } else { 0 }, 2));
        if index >= left {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_string()).collect();
    lines.join("\n") + "\n"
}

/// The line that tells what came first, if something did.
pub fn stopped(reason: Option<StoppedBy>, out: &mut String) -> fmt::Result {
    reason.map_or(Ok(()), |reason| writeln!(out, "  stopped by {}", reason.words()))
}

/// A number with as many digits as a reader can use.
pub fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_string(),
        magnitude if !(1e-4..1e7).contains(&magnitude) => format!("{value:.8e}"),
        _ => {
            let text = format!("{value:.8}");
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        }
    }
}

/// A ratio such as a relative gap.
pub fn ratio(value: f64) -> String {
    match value {
        0.0 => "0".to_string(),
        v if v < 0.01 => format!("{v:.1e}"),
        v => format!("{v:.2}"),
    }
}

/// A time in the unit that suits it.
pub fn seconds(value: f64) -> String {
    match value {
        v if v < 0.01 => format!("{:.2} ms", v * 1e3),
        v if v < 1.0 => format!("{:.0} ms", v * 1e3),
        v => format!("{v:.2} s"),
    }
}

/// `3 neurons`, `1 neuron`.
pub fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}
