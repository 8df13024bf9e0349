//! The rows as a page: a table of means for each of the suite's, and rank correlations.

use std::fmt::Write;

use taut::bench::Machine;
use taut::num::statistics::{Estimate, bootstrap, mean, spearman};

use crate::rows::Row;
use crate::suite::{Suite, Tables, product};

/// A figure of rows: its name, and its number.
type Column = (&'static str, fn(&Row) -> Option<f64>);

/// What a network is, before and after its training.
const FIGURES: [Column; 15] = [
    ("accuracy 0", |row| row.accuracy_0),
    ("1", |row| row.accuracy_1),
    ("5", |row| row.accuracy_5),
    ("end", |row| row.accuracy),
    ("epochs to level", |row| row.epochs_to_level),
    ("seconds to level", |row| row.seconds_to_level),
    ("training, s", |row| row.train_seconds),
    ("LZ labels, bytes", |row| row.lz_label_bytes),
    ("LZ76 labels", |row| row.lz_labels),
    ("LZ outputs, bytes", |row| row.lz_output_bytes),
    ("LZ76 outputs", |row| row.lz_outputs),
    ("sensitivity", |row| row.sensitivity),
    ("regions per chord", |row| row.chord_regions),
    ("stable share", |row| row.stable_share),
    ("big-M sum", |row| row.big_m),
];

/// How hard questions about it are.
const QUESTIONS: [Column; 6] = [
    ("search, s", |row| row.search_seconds),
    ("search parts", |row| row.search_parts),
    ("solved", |row| row.search_solved),
    ("MILP, s", |row| row.milp_seconds),
    ("MILP nodes", |row| row.milp_nodes),
    ("solved", |row| row.milp_solved),
];

/// Figures that may tell how hard questions are: the last of [`FIGURES`].
const DIAGNOSTICS: usize = 8;

/// Of [`QUESTIONS`], what they are to tell.
const HARDNESS: [usize; 2] = [0, 3];

/// Fewest networks that a correlation is told of.
const FEWEST: usize = 5;

/// The page.
pub fn page(suite: &Suite, rows: &[Row]) -> String {
    let mut page = format!("# {}\n\n", suite.title);
    let _ = writeln!(
        page,
        "Means over the seeds ± standard deviation, and how many there are of fewer; level: {} % \
         of the test digits; questions: {} a network, ε = {}. {}.",
        100.0 * suite.level,
        suite.figures.queries,
        suite.figures.epsilon,
        Machine::this().in_words()
    );
    for table in &suite.table {
        let own: Vec<&Row> = rows.iter().filter(|row| row.table == table.name).collect();
        let _ = writeln!(page, "\n## {}\n\n{}\n", table.name, table.about.trim());
        means(&mut page, table, &own, suite.seeds.len());
        if table.figures {
            correlations(&mut page, table, &own);
        }
        notes(&mut page, &own);
    }
    page
}

/// The names of a table's settings, in its order.
fn settings(table: &Tables) -> Vec<String> {
    let names = product(&table.axes).into_iter().map(|settings| {
        settings.iter().map(|setting| setting.name.as_str()).collect::<Vec<_>>().join(", ")
    });
    names.collect()
}

fn means(page: &mut String, table: &Tables, rows: &[&Row], seeds: usize) {
    let columns: Vec<&Column> = FIGURES
        .iter()
        .chain(&QUESTIONS)
        .filter(|(_, figure)| rows.iter().any(|row| figure(row).is_some()))
        .collect();
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let _ = writeln!(page, "| setting | {} |", names.join(" | "));
    let _ = writeln!(page, "| --- |{}", " --: |".repeat(names.len()));
    for setting in settings(table) {
        let own: Vec<&&Row> = rows.iter().filter(|row| row.setting == setting).collect();
        let cells = columns.iter().map(|(_, figure)| {
            cell(&own.iter().filter_map(|row| figure(row)).collect::<Vec<_>>(), seeds)
        });
        let _ = writeln!(page, "| {setting} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
}

/// Mean ± standard deviation; with the number of figures where seeds are missing.
fn cell(figures: &[f64], seeds: usize) -> String {
    let Some(center) = mean(figures.iter().copied()) else { return String::new() };
    let count = if figures.len() < seeds { format!(" ({})", figures.len()) } else { String::new() };
    if figures.len() < 2 {
        return format!("{}{count}", digits(center));
    }
    let squares: f64 = figures.iter().map(|figure| (figure - center).powi(2)).sum();
    let deviation = (squares / (figures.len() - 1) as f64).sqrt();
    format!("{} ± {}{count}", digits(center), digits(deviation))
}

/// Three digits that count.
fn digits(number: f64) -> String {
    let places = match number.abs() {
        0.0 => 0,
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        size if size >= 0.1 => 3,
        size if size >= 0.01 => 4,
        size if size >= 0.001 => 5,
        _ => return format!("{number:.1e}"),
    };
    format!("{number:.places$}")
}

/// How the ranks of diagnostics and of times go together, the best one first.
fn correlations(page: &mut String, table: &Tables, rows: &[&Row]) {
    let settings = settings(table);
    for (hard, hardness) in HARDNESS.map(|place| QUESTIONS[place]) {
        let mut found: Vec<(&str, usize, Estimate)> = Vec::new();
        for (name, figure) in &FIGURES[FIGURES.len() - DIAGNOSTICS..] {
            let units: Vec<Vec<[f64; 2]>> = settings
                .iter()
                .map(|setting| {
                    let own = rows.iter().filter(|row| row.setting == *setting);
                    own.filter_map(|row| Some([figure(row)?, hardness(row)?])).collect()
                })
                .filter(|unit: &Vec<_>| !unit.is_empty())
                .collect();
            let count = units.iter().map(Vec::len).sum();
            if count >= FEWEST
                && let Some(estimate) = correlation(&units)
            {
                found.push((name, count, estimate));
            }
        }
        if found.is_empty() {
            continue;
        }
        found.sort_by(|a, b| b.2.value.abs().total_cmp(&a.2.value.abs()));
        let _ = writeln!(
            page,
            "\nSpearman's rank correlation with {hard}, over all networks of the table, with 95 % \
             intervals by a bootstrap over its settings:\n\n| figure | networks | ρ | interval |\n\
             | --- | --: | --: | --- |"
        );
        for (name, count, Estimate { value, low, high }) in found {
            let _ = writeln!(page, "| {name} | {count} | {value:.2} | {low:.2} to {high:.2} |");
        }
    }
}

/// Of all pairs; those of one setting are drawn together, since they are alike.
fn correlation(units: &[Vec<[f64; 2]>]) -> Option<Estimate> {
    bootstrap(units.len(), |drawn| {
        let pairs = drawn.iter().flat_map(|&unit| units[unit].iter().copied());
        spearman(&pairs.collect::<Vec<_>>())
    })
}

/// Why figures are missing, each reason once.
fn notes(page: &mut String, rows: &[&Row]) {
    let mut told: Vec<(&str, &str)> = Vec::new();
    for row in rows.iter().filter(|row| !row.note.is_empty()) {
        if !told.iter().any(|(setting, _)| *setting == row.setting) {
            told.push((&row.setting, &row.note));
        }
    }
    if !told.is_empty() {
        page.push('\n');
    }
    for (setting, note) in told {
        let _ = writeln!(page, "- {setting}: {note}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_by_hand() {
        // Mean 2, squares 1 + 1 over one degree of freedom.
        assert_eq!(cell(&[1.0, 3.0], 2), "2.00 ± 1.41");
        assert_eq!((cell(&[0.5], 3), cell(&[], 3)), ("0.500 (1)".to_string(), String::new()));
        assert_eq!(
            (digits(0.0), digits(1234.5), digits(3e-5)),
            ("0".into(), "1234".into(), "3.0e-5".into())
        );
    }

    /// Two settings whose pairs rise: every resample with both of them, or one, rises too.
    #[test]
    fn correlations_over_settings() {
        let units = [vec![[1.0, 10.0], [2.0, 20.0]], vec![[3.0, 30.0], [4.0, 40.0]]];
        let found = correlation(&units).expect("a correlation");
        assert!((found.value - 1.0).abs() < 1e-12 && (found.low - 1.0).abs() < 1e-12);
    }
}
