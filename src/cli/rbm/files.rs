//! What an experiment leaves in its folder at the end: figures, the table of units, pictures.

use std::path::PathBuf;

use taut::io::write_text;
use taut::plot::{self, Tile, TileRow};
use taut::train::rbm::renormalisation::{RbmRecipe, RbmState, RunReport, Shown};

use super::{Args, Found};
use crate::cli::text::count;

/// Its files in the folder, beside the pictures.
pub const RUNS: &str = "runs.json";
pub const UNITS: &str = "units.csv";

/// Writes figures, the table of units and, where a stack is done, the pictures.
pub(super) fn write_files(
    args: &Args,
    recipe: &RbmRecipe,
    state: &RbmState,
    found: &Found,
) -> anyhow::Result<Vec<PathBuf>> {
    let at = |name: &str| args.output.join(name);
    write_text(&at(RUNS), &(serde_json::to_string_pretty(found)? + "\n"))?;
    write_text(&at(UNITS), &units(&found.runs))?;
    let mut written = vec![at(RUNS), at(UNITS)];
    let shown: Vec<(&RunReport, &Shown)> = state
        .finished
        .iter()
        .filter_map(|finished| Some((&finished.report, finished.shown.as_ref()?)))
        .collect();
    let pictures = [
        ("fields", fields(&shown), "share of the row's largest"),
        ("samples", samples(&shown), "mean of a spin"),
    ];
    for (name, rows, scale) in pictures.into_iter().filter(|(_, rows, _)| !rows.is_empty()) {
        let path = at(name).with_extension(args.pictures);
        let title = format!("{}: {}", recipe.title, heading(name));
        plot::write(&path, &plot::tiles(&title, &rows, scale))?;
        written.push(path);
    }
    Ok(written)
}

fn heading(name: &str) -> &'static str {
    if name == "fields" { "receptive fields" } else { "samples, up and down again" }
}

/// One line a unit.
fn units(runs: &[RunReport]) -> String {
    let mut text = "seed,variant,layer,unit,row,column,radius,participation\n".to_string();
    let cell = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for run in runs {
        for (layer, report) in (1..).zip(&run.layers) {
            for (unit, field) in report.fields.iter().enumerate() {
                let [row, column] = [0, 1].map(|axis| cell(field.centroid.map(|c| c[axis])));
                let (radius, participation) = (cell(field.radius), cell(field.participation));
                let name = run.variant.name();
                let line = format!(
                    "{},{name},{layer},{unit},{row},{column},{radius},{participation}\n",
                    run.seed
                );
                text.push_str(&line);
            }
        }
    }
    text
}

/// Receptive fields, each row by its largest magnitude.
fn fields(shown: &[(&RunReport, &Shown)]) -> Vec<TileRow> {
    let mut rows = Vec::new();
    for (report, shown) in shown {
        for (layer, fields) in report.layers.iter().zip(&shown.fields) {
            let largest = fields.iter().flatten().fold(0.0f64, |most, r| most.max(r.abs()));
            let scale = if largest > 0.0 { 1.0 / largest } else { 0.0 };
            let label = format!("{}, {}", report.variant.name(), count(layer.units, "unit"));
            rows.push(TileRow { label, tiles: tiles(fields, shown, |r| scale * r) });
        }
    }
    rows
}

/// Samples of the stack as the recipe says, and what the layers leave of them.
fn samples(shown: &[(&RunReport, &Shown)]) -> Vec<TileRow> {
    let Some((report, shown)) = shown.first() else { return Vec::new() };
    let labels = std::iter::once("sample".to_string())
        .chain(report.layers.iter().map(|layer| format!("from {}", count(layer.units, "unit"))));
    let rows = labels.zip(&shown.samples).map(|(label, samples)| TileRow {
        label,
        tiles: tiles(samples, shown, |mean| 2.0 * mean - 1.0),
    });
    rows.filter(|row| !row.tiles.is_empty()).collect()
}

/// Units without places are a line.
fn tiles(rows: &[Vec<f64>], shown: &Shown, value: impl Fn(f64) -> f64) -> Vec<Tile> {
    let tile = |row: &Vec<f64>| Tile {
        sides: shown.sides.unwrap_or([1, row.len()]),
        values: row.iter().map(|&number| value(number)).collect(),
    };
    rows.iter().map(tile).collect()
}
