//! Samples of generators over their training: a row for each game, a column for each look.

use super::PlotError;
use super::canvas::{Anchor, Canvas, Contour, Paint, Stroke};
use super::figure::{GAP, GROUND, INK, MARGIN, SIZE, TITLE, WORDS, write};
use super::font::Font;
use super::size::PictureSize;
use crate::train::gan::{GanSource, Mixture, SamplePanel};

/// Most games in a picture.
const MOST_ROWS: usize = 24;

/// What the generator made, and the modes that it is to make.
const MADE: Paint = Paint { light: [0, 90, 160], dark: [88, 166, 255] };
const MODE: Paint = Paint { light: [213, 94, 0], dark: [255, 155, 85] };

/// Half the width of a sample, and the least radius of a mode.
const RADIUS: f64 = 1.1;
const LEAST_MODE: f64 = 3.0;

/// How far beyond the box of the data a picture of a mixture goes, as a share of its side.
const BEYOND: f64 = 0.15;

/// Images along a side of a panel.
const ALONG: usize = 5;

/// Steps of grey, the ground not counted.
const GREYS: usize = 8;

/// A picture in the making.
#[derive(Debug)]
pub struct SamplePlot<'a> {
    source: &'a GanSource,
    rows: Vec<(String, Vec<SamplePanel>)>,
}

impl<'a> SamplePlot<'a> {
    /// Of samples like those of a source.
    pub fn new(source: &'a GanSource) -> Self {
        Self { source, rows: Vec::new() }
    }

    /// Checks that so many games find room.
    ///
    /// # Errors
    /// [`PlotError::TooMany`].
    pub fn check(rows: usize) -> Result<(), PlotError> {
        match rows <= MOST_ROWS {
            true => Ok(()),
            false => Err(PlotError::TooMany { most: MOST_ROWS, what: "games" }),
        }
    }

    /// Adds a game: what it is called, and its samples over the training.
    pub fn add(&mut self, name: String, panels: Vec<SamplePanel>) {
        self.rows.push((name, panels));
    }

    /// The picture. Its height follows from its width and the number of rows, and a size that
    /// was asked for is filled as far as that goes.
    pub fn canvas(&self, title: &str, size: Option<PictureSize>) -> Canvas {
        let columns = self.rows.iter().map(|(_, panels)| panels.len()).max().unwrap_or(0).max(1);
        let width = SIZE[0].max(2.0 * MARGIN + 110.0 * columns as f64);
        let side = (width - 2.0 * MARGIN - GAP * (columns - 1) as f64) / columns as f64;
        let side = side.min(200.0);
        let row = side + 2.0 * WORDS + 2.0 * GAP;
        let top = MARGIN + TITLE + GAP;
        let height = top + row * self.rows.len().max(1) as f64 + MARGIN;
        let scale = size.map(|size| (size.width() / width).min(size.height() / height));
        let (shapes, ground) = (Vec::new(), GROUND);
        let mut canvas = Canvas { title: title.to_string(), width, height, scale, ground, shapes };
        let font = Font::new();
        let room = width - 2.0 * MARGIN;
        let at = [MARGIN, MARGIN + TITLE];
        write(&mut canvas, at, Anchor::Start, TITLE, font.fitted(title, TITLE, room));
        for (index, (name, panels)) in self.rows.iter().enumerate() {
            let y = top + row * index as f64 + WORDS + GAP;
            let name = font.fitted(name, WORDS, room);
            write(&mut canvas, [MARGIN, y], Anchor::Start, WORDS, name);
            for (column, panel) in panels.iter().enumerate() {
                let corner = [MARGIN + (side + GAP) * column as f64, y + 0.5 * GAP];
                self.panel(&mut canvas, &panel.samples, corner, side);
                let below = [corner[0] + 0.5 * side, corner[1] + side + WORDS];
                let step = font.fitted(&format!("step {}", panel.step), WORDS, side);
                write(&mut canvas, below, Anchor::Middle, WORDS, step);
            }
        }
        canvas
    }

    fn panel(&self, canvas: &mut Canvas, samples: &[f64], corner: [f64; 2], side: f64) {
        match self.source {
            GanSource::Mixture(mixture) => {
                let far = (1.0 + BEYOND) * self.source.domain().upper()[0];
                scatter(canvas, mixture, samples, (corner, side, far));
            }
            GanSource::Images(data) => {
                let sides = match data.shape.as_deref() {
                    Some(&[_, rows, columns]) => [rows, columns],
                    _ => [1, data.inputs.ncols()],
                };
                images(canvas, sides, samples, corner, side);
            }
        }
        let frame = Contour::rectangle(corner, [side; 2]);
        canvas.draw(vec![frame], Stroke::new(INK, 0.8));
    }
}

/// Samples over circles around the modes; those beyond the frame are left out.
fn scatter(
    canvas: &mut Canvas,
    mixture: &Mixture,
    samples: &[f64],
    ([left, top], side, far): ([f64; 2], f64, f64),
) {
    let unit = 0.5 * side / far;
    let place = |x: f64, y: f64| [left + (x + far) * unit, top + (far - y) * unit];
    let radius = (3.0 * mixture.spread * unit).max(LEAST_MODE);
    let modes = mixture.centers.iter().map(|&[x, y]| polygon(place(x, y), radius, 16));
    canvas.draw(modes.collect(), Stroke::new(MODE, 1.0));
    let inside = samples.chunks_exact(2).filter(|x| x.iter().all(|x| x.abs() <= far));
    let dots = inside.map(|x| polygon(place(x[0], x[1]), RADIUS, 6)).collect();
    canvas.fill(dots, MADE);
}

/// The first images side by side, black on white; what is beyond 0 and 1 counts as these.
fn images(
    canvas: &mut Canvas,
    [rows, columns]: [usize; 2],
    samples: &[f64],
    [left, top]: [f64; 2],
    side: f64,
) {
    let cell = side / ALONG as f64;
    let pixel = cell / (rows.max(columns) + 1) as f64;
    let mut by_grey: Vec<Vec<Contour>> = vec![Vec::new(); GREYS];
    let shown = samples.chunks_exact(rows * columns).take(ALONG * ALONG);
    for (number, image) in shown.enumerate() {
        let x = left + cell * (number % ALONG) as f64 + 0.5 * pixel;
        let y = top + cell * (number / ALONG) as f64 + 0.5 * pixel;
        for (at, &value) in image.iter().enumerate() {
            let grey = (value.clamp(0.0, 1.0) * GREYS as f64).round() as usize;
            if grey > 0 {
                let corner = [x + pixel * (at % columns) as f64, y + pixel * (at / columns) as f64];
                by_grey[grey - 1].push(Contour::rectangle(corner, [pixel; 2]));
            }
        }
    }
    for (index, pixels) in by_grey.into_iter().enumerate() {
        let share = (index + 1) as f64 / GREYS as f64;
        let mix = |ground: u8, ink: u8| {
            (f64::from(ground) + share * (f64::from(ink) - f64::from(ground))).round() as u8
        };
        let [light, dark] = [(GROUND.light, INK.light), (GROUND.dark, INK.dark)]
            .map(|(ground, ink)| [0, 1, 2].map(|channel| mix(ground[channel], ink[channel])));
        canvas.fill(pixels, Paint { light, dark });
    }
}

/// A regular polygon, nearly a circle.
fn polygon([x, y]: [f64; 2], radius: f64, corners: u32) -> Contour {
    let corner = |k: u32| {
        let angle = std::f64::consts::TAU * f64::from(k) / f64::from(corners);
        [x + radius * angle.cos(), y + radius * angle.sin()]
    };
    Contour::closed((0..corners).map(corner).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{Shape, svg};

    fn filled(canvas: &Canvas, paint: Paint) -> Vec<Contour> {
        let shapes = canvas.shapes.iter().filter_map(|shape| match shape {
            Shape::Path { contours, fill: Some(fill), .. } if *fill == paint => Some(contours),
            _ => None,
        });
        shapes.flatten().cloned().collect()
    }

    /// Two games with two looks each, three samples a look, of which one is far out.
    #[test]
    fn each_sample_within_the_frame_is_a_dot() {
        let source = GanSource::Mixture(Mixture { centers: vec![[2.0, 0.0]], spread: 0.1 });
        let mut plot = SamplePlot::new(&source);
        for name in ["plain, seed 0", "cooperative, seed 0"] {
            let samples = vec![0.0, 0.0, 2.0, -1.0, 90.0, 0.0];
            let panels = [0, 10].map(|step| SamplePanel { step, samples: samples.clone() });
            plot.add(name.to_string(), panels.to_vec());
        }
        let canvas = plot.canvas("Rings", None);
        assert_eq!(filled(&canvas, MADE).len(), 8);
        let picture = svg(&canvas);
        for text in ["Rings", "plain, seed 0", "cooperative, seed 0"] {
            assert_eq!(picture.matches(&format!(">{text}<")).count().min(1), 1, "{text}");
        }
        assert_eq!(picture.matches(">step 10<").count(), 2, "{picture}");
        assert!(SamplePlot::check(24).is_ok() && SamplePlot::check(25).is_err());
    }

    /// A picture of no game, or of a game without looks, is a picture.
    #[test]
    fn an_empty_picture() {
        let source = GanSource::Mixture(Mixture { centers: vec![[2.0, 0.0]], spread: 0.1 });
        let mut plot = SamplePlot::new(&source);
        assert!(!svg(&plot.canvas("none", None)).contains("NaN"));
        plot.add("nothing".to_string(), Vec::new());
        assert!(!svg(&plot.canvas("none", None)).contains("NaN"));
    }
}
