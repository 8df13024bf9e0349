//! Losses of a training against epochs, on a logarithmic scale.

use std::fmt::Write;

use super::escaped;
use crate::train::EpochRecord;

/// Size of the picture (pixels), and its margins.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;

/// Colours of the two lines, which differ in lightness too.
const TRAINING: &str = "#35608d";
const VALIDATION: &str = "#e07b00";

/// A picture of the losses on training and validation samples; records whose loss is not
/// positive are left out, as they have no place on the scale.
pub fn curves_svg(title: &str, records: &[EpochRecord]) -> String {
    let mut svg = String::new();
    write(&mut svg, title, records).expect("a string takes all");
    svg
}

fn write(svg: &mut String, title: &str, records: &[EpochRecord]) -> std::fmt::Result {
    let training: Vec<(f64, f64)> = points(records, |record| Some(record.train_loss));
    let validation: Vec<(f64, f64)> = points(records, |record| record.validation_loss);
    let logs = || training.iter().chain(&validation).map(|&(_, log)| log);
    // Whole powers of ten, and one of them at least.
    let low = logs().fold(f64::INFINITY, f64::min).floor();
    let (low, high) = match low.is_finite() {
        true => (low, logs().fold(low, f64::max).ceil().max(low + 1.0)),
        false => (-1.0, 0.0),
    };
    let last = records.len().max(2) as f64 - 1.0;
    let x = |position: f64| LEFT + position / last * (WIDTH - LEFT - RIGHT);
    let y = |log: f64| HEIGHT - BOTTOM - (log - low) / (high - low) * (HEIGHT - TOP - BOTTOM);
    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">"
    )?;
    writeln!(svg, "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>")?;
    writeln!(svg, "<text x=\"{LEFT}\" y=\"22\" font-size=\"14\">{}</text>", escaped(title))?;
    let mut power = low;
    while power <= high {
        let (at, end) = (y(power), WIDTH - RIGHT);
        writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{end}\" y2=\"{at:.1}\" stroke=\"#dddddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">1e{power}</text>",
            LEFT - 6.0,
            at + 4.0
        )?;
        power += 1.0;
    }
    for share in [0.0, 0.5, 1.0] {
        let position = (share * last).round();
        writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{position}</text>",
            x(position),
            HEIGHT - BOTTOM + 18.0
        )?;
    }
    let middle = (LEFT + WIDTH - RIGHT) / 2.0;
    let below = HEIGHT - 10.0;
    writeln!(svg, "<text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">epoch</text>")?;
    let lines =
        [("training loss", TRAINING, &training), ("validation loss", VALIDATION, &validation)];
    for (row, (name, color, points)) in (0..).map(f64::from).zip(lines) {
        if points.is_empty() {
            continue;
        }
        let list: Vec<String> =
            points.iter().map(|&(at, log)| format!("{:.1},{:.1}", x(at), y(log))).collect();
        let list = list.join(" ");
        writeln!(
            svg,
            "<polyline points=\"{list}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.5\"/>"
        )?;
        let (at, baseline) = (WIDTH - RIGHT - 100.0, TOP + 14.0 + 16.0 * row);
        writeln!(svg, "<text x=\"{at}\" y=\"{baseline}\" fill=\"{color}\">{name}</text>")?;
    }
    writeln!(svg, "</svg>")
}

/// Position of a record and logarithm of its loss.
fn points(records: &[EpochRecord], loss: impl Fn(&EpochRecord) -> Option<f64>) -> Vec<(f64, f64)> {
    let losses = records.iter().enumerate();
    let positive = losses.filter_map(|(position, record)| {
        loss(record).filter(|&loss| loss > 0.0).map(|loss| (position as f64, loss.log10()))
    });
    positive.collect()
}
