//! Losses of a training against epochs, on a logarithmic scale.

use super::axis::Axis;
use super::canvas::{Canvas, Contour, Paint, Stroke};
use super::figure::{Figure, INK, Mark};
use super::size::PictureSize;
use crate::train::{EpochRecord, TrainingPhase};

/// The two lines, whose colours differ in lightness too.
const TRAINING: Stroke = Stroke::new(Paint { light: [49, 104, 142], dark: [88, 166, 255] }, 1.5);
const VALIDATION: Stroke = Stroke::new(Paint { light: [224, 123, 0], dark: [255, 166, 77] }, 1.5);

/// The epoch whose weights were kept.
const BEST: Stroke = Stroke { is_dashed: true, ..Stroke::new(INK, 1.0) };

/// Most points of a line for each unit of the canvas: more could not be told apart.
const DENSITY: f64 = 2.0;

/// A picture of the losses on training and validation samples; losses that are not positive
/// are left out, as they have no place on the scale. `best` is the epoch whose weights were
/// kept, of the last phase.
pub fn curves(
    title: &str,
    records: &[EpochRecord],
    best: Option<usize>,
    size: Option<PictureSize>,
) -> Canvas {
    let epochs = epochs(records);
    let lines = [
        ("training", TRAINING, points(&epochs, records, |record| Some(record.train_loss))),
        ("validation", VALIDATION, points(&epochs, records, |record| record.validation_loss)),
    ];
    let last_phase = records.last().map(|record| record.phase);
    let best = best.and_then(|best| {
        let is_best =
            |record: &&EpochRecord| record.epoch == best && Some(record.phase) == last_phase;
        records.iter().position(|record| is_best(&record)).map(|place| epochs[place])
    });
    let mut legend: Vec<(Mark, String)> = Vec::new();
    for (name, stroke, points) in &lines {
        if !points.is_empty() {
            legend.push((Mark::Line(*stroke, None), name.to_string()));
        }
    }
    if let Some(best) = best {
        legend.push((Mark::Line(BEST, None), format!("best: epoch {best}")));
    }
    let axes = axes(&epochs, lines.iter().flat_map(|(.., points)| points));
    let mut figure = Figure::new(title, size, axes, &legend, None);
    figure.grid();
    let (corner, [width, height]) = figure.frame();
    if let Some(best) = best {
        let [x, _] = figure.place([best, 0.0]);
        let ends = vec![[x, corner[1]], [x, corner[1] + height]];
        figure.canvas.draw(vec![Contour::open(ends)], BEST);
    }
    for (_, stroke, points) in lines {
        let line = points.into_iter().map(|point| figure.place(point)).collect();
        let line = thinned(line, width * DENSITY);
        figure.canvas.draw(vec![Contour::open(line)], stroke);
    }
    figure.axes();
    figure.canvas
}

/// The epoch of each record; those of fine-tuning follow those before it.
fn epochs(records: &[EpochRecord]) -> Vec<f64> {
    let trained = records.iter().filter(|record| record.phase == TrainingPhase::Train);
    let before = trained.map(|record| record.epoch).max().unwrap_or(0);
    let epoch = |record: &EpochRecord| match record.phase {
        TrainingPhase::Train => record.epoch as f64,
        TrainingPhase::FineTune => (before + record.epoch) as f64,
    };
    records.iter().map(epoch).collect()
}

fn axes<'a>(epochs: &[f64], points: impl Iterator<Item = &'a [f64; 2]>) -> [Axis; 2] {
    let (first, last) = (epochs.first().unwrap_or(&0.0), epochs.last().unwrap_or(&0.0));
    let ends = (f64::INFINITY, f64::NEG_INFINITY);
    let (low, high) = points.fold(ends, |(low, high), [_, log]| (low.min(*log), high.max(*log)));
    let (low, high) = if low <= high { (low, high) } else { (-1.0, 0.0) };
    [
        Axis::whole("epoch".to_string(), *first, last.max(first + 1.0), 8),
        Axis::logarithmic("loss".to_string(), low, high, 8),
    ]
}

/// Epoch of a record and logarithm of its loss.
fn points(
    epochs: &[f64],
    records: &[EpochRecord],
    loss: impl Fn(&EpochRecord) -> Option<f64>,
) -> Vec<[f64; 2]> {
    let losses = epochs.iter().zip(records);
    let positive = losses.filter_map(|(&epoch, record)| {
        loss(record).filter(|&loss| loss > 0.0).map(|loss| [epoch, loss.log10()])
    });
    positive.collect()
}

/// A line with at most four points a column, of so many columns: the first and the last, the
/// highest and the lowest of what lies in it.
fn thinned(line: Vec<[f64; 2]>, columns: f64) -> Vec<[f64; 2]> {
    if line.len() as f64 <= 2.0 * columns {
        return line;
    }
    let width = (line[line.len() - 1][0] - line[0][0]) / columns;
    let column = |point: &[f64; 2]| (point[0] / width).floor();
    let mut kept = Vec::new();
    for points in line.chunk_by(|a, b| column(a) == column(b)) {
        let by_height = |&a: &usize, &b: &usize| points[a][1].total_cmp(&points[b][1]);
        let (low, high) =
            ((0..points.len()).min_by(by_height), (0..points.len()).max_by(by_height));
        let mut places = vec![0, low.unwrap_or(0), high.unwrap_or(0), points.len() - 1];
        places.sort_unstable();
        places.dedup();
        kept.extend(places.into_iter().map(|place| points[place]));
    }
    kept
}
