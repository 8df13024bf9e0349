//! Experiments for readers: a row for each machine of each variant.

use std::fmt::{self, Write};

use taut::control::StoppedBy;
use taut::train::rbm::renormalisation::Spread;

use super::Record;
use crate::cli::console::HEADING;
use crate::cli::page::Page;
use crate::cli::record::Head;
use crate::cli::session::Report;
use crate::cli::text::{count, seconds};

impl Report for Record {
    fn text(&self, head: &Head, out: &mut Page) -> fmt::Result {
        text(self, head, out)
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.stopped_by
    }
}

fn text(record: &Record, head: &Head, text: &mut Page) -> fmt::Result {
    let name = head.network.as_deref().unwrap_or_default();
    let (done, planned) = (record.found.runs.len(), record.planned);
    text.headline(HEADING, &format!("{name}: {done} of {}", count(planned, "stack")))?;
    text.stopped(record.stopped_by)?;
    let layers: Vec<String> = record.recipe.stack.layers.iter().map(usize::to_string).collect();
    writeln!(text, "  layers   {}", layers.join("-"))?;
    writeln!(text, "  epochs   {}", record.epochs)?;
    if let Some(spins) = record.found.runs.iter().find_map(|run| run.spins.as_ref()) {
        let (energy, magnetisation) = (spins.energy, spins.magnetisation);
        writeln!(
            text,
            "  energy   {:.4} ± {:.4} a spin (exactly {:.4})",
            energy.value, energy.standard_error, spins.exact_energy
        )?;
        writeln!(
            text,
            "  |m|      {:.4} ± {:.4}",
            magnetisation.value, magnetisation.standard_error
        )?;
    }
    let majority = record.found.runs.iter().find_map(|run| run.majority_overlap);
    if let Some(overlap) = majority {
        writeln!(text, "  overlap  {overlap:.3} by the sign of each sample alone")?;
    }
    writeln!(text, "  time     {}", seconds(record.seconds))?;
    for path in &record.written {
        writeln!(text, "  wrote    {}", path.display())?;
    }
    match record.found.layers.is_empty() {
        true => Ok(()),
        false => table(record, text),
    }
}

fn table(record: &Record, text: &mut Page) -> fmt::Result {
    let has_couplings = record.found.layers.iter().any(|layer| layer.coupling.is_some());
    let mut header = vec!["stacks", "units", "radius", "growth", "places", "overlap"];
    if has_couplings {
        header.extend(["coupling", "exact"]);
    }
    let rows: Vec<Vec<String>> = record
        .found
        .layers
        .iter()
        .map(|layer| {
            let mut row = vec![
                format!("{} × {}", layer.seeds, layer.variant.name()),
                layer.units.to_string(),
                spread(layer.radius, 2),
                layer.growth.map_or("-".to_string(), |growth| format!("{:.2}", growth.median)),
                spread(layer.participation, 1),
                layer.overlap.map_or("-".to_string(), |overlap| format!("{:.3}", overlap.median)),
            ];
            if has_couplings {
                let number = |value: Option<f64>| value.map_or("-".into(), |v| format!("{v:.4}"));
                row.push(number(layer.coupling.map(|coupling| coupling.median)));
                row.push(number(layer.exact_coupling));
            }
            row
        })
        .collect();
    text.table(&header, (2, 1), &rows)
}

/// Median, and where half of the numbers lie.
fn spread(spread: Option<Spread>, places: usize) -> String {
    spread.map_or("-".to_string(), |Spread { median, low, high }| {
        format!("{median:.places$} ({low:.places$} to {high:.places$})")
    })
}
