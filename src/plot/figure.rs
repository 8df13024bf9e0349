//! What all pictures share: title, legend, frame and axes, in one style.

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Contour, Label, Paint, Stroke, Text};
use super::font::Font;
use super::size::PictureSize;

/// Width and height of a picture of no other size, in units of the canvas: pixels of a
/// browser, in which texts can be read where a telephone shows it at half the size.
pub(super) const SIZE: [f64; 2] = [640.0, 500.0];

/// Heights of the fonts.
pub(super) const TITLE: f64 = 18.0;
const NAME: f64 = 15.0;
pub(super) const WORDS: f64 = 14.0;

/// Space between the parts of a picture, and around it.
pub(super) const GAP: f64 = 8.0;
pub(super) const MARGIN: f64 = 12.0;

/// Length of a tick.
const TICK: f64 = 5.0;

/// Length of a line in the legend.
const SAMPLE: f64 = 26.0;

/// Height of a row of the legend.
const ROW: f64 = 22.0;

/// How far the base line of a text is below its middle, as a share of its height.
const MIDDLE: f64 = 0.35;

/// The ground.
pub const GROUND: Paint = Paint { light: [255, 255, 255], dark: [13, 17, 23] };

/// Texts, frames, ticks.
pub const INK: Paint = Paint { light: [31, 35, 40], dark: [230, 237, 243] };

/// Lines that lead the eye.
const GRID: Paint = Paint { light: [225, 228, 232], dark: [48, 54, 61] };

/// The best point: a star on every colour of the scale.
pub const STAR: Paint = Paint::both([255, 47, 160]);

/// A line of the legend, a ground, or a star.
#[derive(Clone, Copy, Debug)]
pub enum Mark {
    /// A line, on a ground of the picture where there is one.
    Line(Stroke, Option<Paint>),
    /// A ground.
    Area(Paint),
    /// The best point.
    Star,
}

/// A picture with its axes, into which data are drawn.
pub struct Figure {
    /// What is painted.
    pub canvas: Canvas,
    /// How wide texts are.
    pub font: Font,
    /// Left, top, width, height of the frame.
    frame: [f64; 4],
    axes: [Axis; 2],
}

impl Figure {
    /// The ground, the title and the legend of a picture, with room on the right of the frame
    /// for a scale of colours with the axis `bar`.
    pub fn new(
        title: &str,
        size: Option<PictureSize>,
        axes: [Axis; 2],
        legend: &[(Mark, String)],
        bar: Option<&Axis>,
    ) -> Self {
        let scale = size.map(|size| (size.width() / SIZE[0]).min(size.height() / SIZE[1]));
        let [width, height] = match (size, scale) {
            (Some(size), Some(scale)) => [size.width() / scale, size.height() / scale],
            _ => SIZE,
        };
        let shapes = Vec::new();
        let mut canvas =
            Canvas { title: title.to_string(), width, height, scale, ground: GROUND, shapes };
        let font = Font::new();
        let left = MARGIN + NAME + GAP + widest(&font, &axes[1]) + GAP + TICK;
        let room = width - left - MARGIN;
        let at = [left, MARGIN + TITLE];
        write(&mut canvas, at, Anchor::Start, TITLE, font.fitted(title, TITLE, room));
        let mut top = MARGIN + TITLE + 2.0 * GAP;
        top = write_legend(&mut canvas, &font, legend, [left, top], room);
        let below = TICK + 2.0 * GAP + WORDS + NAME + MARGIN;
        let right = bar.map_or(2.0 * MARGIN, |axis| bar_room(&font, axis));
        let frame = [left, top, width - left - right, height - top - below];
        Self { canvas, font, frame, axes }
    }

    /// A point of the axes on the canvas.
    pub fn place(&self, point: [f64; 2]) -> [f64; 2] {
        let [left, top, width, height] = self.frame;
        let [x, y] = [self.axes[0].share(point[0]), self.axes[1].share(point[1])];
        [left + x * width, top + (1.0 - y) * height]
    }

    /// The frame: its left upper corner and its sides.
    pub fn frame(&self) -> ([f64; 2], [f64; 2]) {
        let [left, top, width, height] = self.frame;
        ([left, top], [width, height])
    }

    /// Draws lines from the ticks across the frame.
    pub fn grid(&mut self) {
        let [left, top, width, height] = self.frame;
        let across = self.axes[0].ticks().map(|(share, _)| {
            let x = left + share * width;
            Contour::open(vec![[x, top], [x, top + height]])
        });
        let along = self.axes[1].ticks().map(|(share, _)| {
            let y = top + (1.0 - share) * height;
            Contour::open(vec![[left, y], [left + width, y]])
        });
        let lines = across.chain(along).collect();
        self.canvas.draw(lines, Stroke::new(GRID, 1.0));
    }

    /// Draws the frame, the ticks and the names of the axes.
    pub fn axes(&mut self) {
        let Self { canvas, font, frame: [left, top, width, height], axes: [x_axis, y_axis] } = self;
        let (left, top, width, height) = (*left, *top, *width, *height);
        let bottom = top + height;
        let mut lines = vec![Contour::rectangle([left, top], [width, height])];
        let mut end = f64::NEG_INFINITY;
        for (share, label) in x_axis.ticks() {
            let x = left + share * width;
            lines.push(Contour::open(vec![[x, bottom], [x, bottom + TICK]]));
            // A label that would touch the one before it is left out.
            let half = 0.5 * font.label_width(label, WORDS);
            if x - half > end {
                let at = [x, bottom + TICK + GAP + 0.5 * WORDS + 2.0];
                write(canvas, at, Anchor::Middle, WORDS, label.clone());
                end = x + half + GAP;
            }
        }
        for (share, label) in y_axis.ticks() {
            let y = bottom - share * height;
            lines.push(Contour::open(vec![[left - TICK, y], [left, y]]));
            let at = [left - TICK - 0.5 * GAP, y + MIDDLE * WORDS];
            write(canvas, at, Anchor::End, WORDS, label.clone());
        }
        canvas.draw(lines, Stroke::new(INK, 1.0));
        let at = [left + 0.5 * width, canvas.height - MARGIN];
        write(canvas, at, Anchor::Middle, NAME, font.fitted(&x_axis.name, NAME, width));
        let at = [MARGIN + 0.7 * NAME, top + 0.5 * height];
        let name = font.fitted(&y_axis.name, NAME, height);
        canvas.write(vertical(at, name));
    }

    /// Draws a scale of colours on the right of the frame, and the place of the best value.
    pub fn color_bar(&mut self, axis: &Axis, color: impl Fn(f64) -> Paint, best: Option<f64>) {
        let Self { canvas, font, frame: [left, top, width, height], .. } = self;
        let (x, bottom) = (*left + *width + BAR_GAP, *top + *height);
        let step = *height / f64::from(BAR_STEPS);
        for index in 0..BAR_STEPS {
            let y = *top + f64::from(index) * step;
            // A step reaches below its end, so that no seam is left.
            let deep = (bottom - y).min(1.5 * step);
            let share = 1.0 - (f64::from(index) + 0.5) / f64::from(BAR_STEPS);
            canvas.fill(vec![Contour::rectangle([x, y], [BAR, deep])], color(share));
        }
        let mut lines = vec![Contour::rectangle([x, *top], [BAR, *height])];
        for (share, label) in axis.ticks() {
            let y = bottom - share * *height;
            lines.push(Contour::open(vec![[x + BAR, y], [x + BAR + TICK, y]]));
            let at = [x + BAR + TICK + 0.5 * GAP, y + MIDDLE * WORDS];
            write(canvas, at, Anchor::Start, WORDS, label.clone());
        }
        canvas.draw(lines, Stroke::new(INK, 1.0));
        let at = [canvas.width - MARGIN, *top + 0.5 * *height];
        canvas.write(vertical(at, font.fitted(&axis.name, NAME, *height)));
        if let Some(value) = best {
            star(canvas, [x + 0.5 * BAR, bottom - axis.share(value) * *height]);
        }
    }

    /// Draws the best point.
    pub fn star(&mut self, point: [f64; 2]) {
        let at = self.place(point);
        star(&mut self.canvas, at);
    }
}

/// Width of a scale of colours, its distance from the frame, and the number of its colours.
const BAR: f64 = 16.0;
const BAR_GAP: f64 = 16.0;
const BAR_STEPS: u8 = 128;

/// The room that a scale of colours needs.
fn bar_room(font: &Font, axis: &Axis) -> f64 {
    BAR_GAP + BAR + TICK + GAP + widest(font, axis) + GAP + NAME + MARGIN
}

fn widest(font: &Font, axis: &Axis) -> f64 {
    axis.ticks().map(|(_, label)| font.label_width(label, WORDS)).fold(0.0, f64::max)
}

pub(super) fn write(
    canvas: &mut Canvas,
    at: [f64; 2],
    anchor: Anchor,
    size: f64,
    label: impl Into<Label>,
) {
    let label = label.into();
    canvas.write(Text { at, label, size, anchor, is_vertical: false, paint: INK });
}

fn vertical(at: [f64; 2], name: String) -> Text {
    let label = name.into();
    Text { at, label, size: NAME, anchor: Anchor::Middle, is_vertical: true, paint: INK }
}

/// Writes the entries of a legend side by side, in as many rows as they need; gives back
/// where the last row ends.
fn write_legend(
    canvas: &mut Canvas,
    font: &Font,
    legend: &[(Mark, String)],
    [left, top]: [f64; 2],
    room: f64,
) -> f64 {
    let (mut x, mut y) = (left, top);
    for (mark, text) in legend {
        let sample = if matches!(mark, Mark::Star) { 0.7 * SAMPLE } else { SAMPLE };
        let text = font.fitted(text, WORDS, room - sample - GAP);
        let width = sample + GAP + font.width(&text, WORDS);
        if x > left && x + width > left + room {
            (x, y) = (left, y + ROW);
        }
        let middle = y + 0.5 * WORDS;
        let mut ground = |paint| {
            let corner = [x, middle - 0.5 * WORDS];
            canvas.fill(vec![Contour::rectangle(corner, [sample, WORDS])], paint);
        };
        match *mark {
            Mark::Star => star(canvas, [x + 0.5 * sample, middle]),
            Mark::Area(paint) => ground(paint),
            Mark::Line(stroke, paint) => {
                paint.into_iter().for_each(&mut ground);
                let line = Contour::open(vec![[x, middle], [x + sample, middle]]);
                canvas.draw(vec![line], stroke);
            }
        }
        let at = [x + sample + 0.75 * GAP, middle + MIDDLE * WORDS];
        write(canvas, at, Anchor::Start, WORDS, text);
        x += width + 2.0 * GAP;
    }
    if legend.is_empty() { top } else { y + ROW + 0.5 * GAP }
}

fn star(canvas: &mut Canvas, [x, y]: [f64; 2]) {
    let corners = (0..10).map(|k| {
        let radius = if k % 2 == 0 { 9.0 } else { 3.8 };
        let angle = std::f64::consts::PI * (f64::from(k) / 5.0 - 0.5);
        [x + radius * angle.cos(), y + radius * angle.sin()]
    });
    let edge = Stroke::new(Paint::both([255, 255, 255]), 1.2);
    canvas.fill_and_draw(vec![Contour::closed(corners.collect())], STAR, edge);
}
