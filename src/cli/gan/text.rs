//! Games for readers: a row each, and a row for each way to begin.

use std::fmt::{self, Write};

use taut::control::StoppedBy;
use taut::train::gan::{GanMetrics, GanReport, GanSummary, MeanSpread};

use super::Games;
use crate::cli::console::HEADING;
use crate::cli::page::Page;
use crate::cli::record::Head;
use crate::cli::session::Report;
use crate::cli::text::{count, decimal, seconds};

impl Report for Games {
    fn text(&self, head: &Head, out: &mut Page) -> fmt::Result {
        let title = head.network.as_deref().unwrap_or_default();
        out.headline(HEADING, &headline(title, &self.runs))?;
        out.stopped(self.stopped_by)?;
        for path in &self.written {
            writeln!(out, "  wrote   {}", path.display())?;
        }
        if let Some(accuracy) = self.classifier_accuracy {
            writeln!(out, "  judge   a classifier, right on {:.2} %", 100.0 * accuracy)?;
        }
        let distance = match self.runs.iter().find_map(|run| run.metrics) {
            Some(GanMetrics { frechet: Some(_), .. }) => "Fréchet",
            _ => "MMD²",
        };
        let header = ["init", "seed", "modes", "good", distance, "steps", "time"];
        let rows: Vec<Vec<String>> = self.runs.iter().map(row).collect();
        if !rows.is_empty() {
            out.table(&header, (2, 1), &rows)?;
        }
        if self.runs.len() > 1 {
            let header = ["init", "games", "failures", "modes", "good", distance, "seconds"];
            let rows: Vec<Vec<String>> = self.summary.iter().map(summary_row).collect();
            out.table(&header, (1, 1), &rows)?;
            writeln!(out, "\nmean ± standard deviation; a failure covers fewer than all modes")?;
        }
        Ok(())
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.stopped_by
    }
}

fn headline(title: &str, runs: &[GanReport]) -> String {
    match runs {
        [] => format!("{title}: no game was begun"),
        [run] => match run.metrics {
            Some(metrics) => format!("{title}: {} of {} modes", metrics.modes, run.modes),
            None => format!("{title}: {}", run.diverged.as_deref().unwrap_or("nothing to measure")),
        },
        _ => {
            let successes = runs.iter().filter(|run| run.is_success()).count();
            format!("{title}: all modes in {successes} of {}", count(runs.len(), "game"))
        }
    }
}

fn row(run: &GanReport) -> Vec<String> {
    let mut cells = vec![run.init.name().to_string(), run.seed.to_string()];
    match run.metrics {
        Some(metrics) => cells.extend([
            format!("{} of {}", metrics.modes, run.modes),
            format!("{:.1} %", 100.0 * metrics.good),
            metrics.frechet.or(metrics.mmd).map_or("-".to_string(), |m| decimal(m, 4)),
        ]),
        None => cells.extend(["diverged", "-", "-"].map(str::to_string)),
    }
    cells.extend([run.steps.to_string(), seconds(run.seconds)]);
    cells
}

fn summary_row(summary: &GanSummary) -> Vec<String> {
    let spread = |spread: Option<MeanSpread>, factor: f64, places: usize| {
        spread.map_or("-".to_string(), |MeanSpread { mean, deviation, .. }| {
            format!("{:.places$} ± {:.places$}", factor * mean, factor * deviation)
        })
    };
    vec![
        summary.init.name().to_string(),
        summary.runs.to_string(),
        summary.failures.to_string(),
        spread(summary.modes, 1.0, 1),
        spread(summary.good, 100.0, 1) + " %",
        spread(summary.frechet.or(summary.mmd), 1.0, 4),
        spread(summary.seconds, 1.0, 1),
    ]
}
