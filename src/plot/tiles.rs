//! Small multiples: rows of tiles, each a matrix of numbers in colours, with one scale of
//! colours for all of them.

use super::canvas::{Anchor, Canvas, Contour, Label, Paint, Stroke, Text};
use super::figure::{GROUND, INK};
use super::font::Font;

/// A matrix of numbers from −1 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// Rows and columns.
    pub sides: [usize; 2],
    /// Row by row.
    pub values: Vec<f64>,
}

/// Tiles side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct TileRow {
    /// What they are.
    pub label: String,
    /// The tiles.
    pub tiles: Vec<Tile>,
}

/// Width of a picture, in units of the canvas.
const WIDTH: f64 = 640.0;

/// Heights of the fonts.
const TITLE: f64 = 18.0;
const WORDS: f64 = 13.0;

/// Room around the picture, for labels, between tiles, for the scale of colours.
const MARGIN: f64 = 12.0;
const LABELS: f64 = 128.0;
const GAP: f64 = 5.0;
const BAR: f64 = 14.0;
const BAR_ROOM: f64 = 96.0;

/// Largest side of a tile.
const LARGEST: f64 = 88.0;

/// How far a place reaches below its neighbours, so that no seam is left.
const OVERLAP: f64 = 0.25;

/// Colours of the scale on each side of its middle.
const STEPS: i16 = 16;

/// Ends and middle of the scale: blue, white, red, told apart by the colour-blind and of one
/// lightness at equal magnitude. Source: Brewer's RdBu.
const COLORS: [[u8; 3]; 5] =
    [[33, 102, 172], [146, 197, 222], [247, 247, 247], [244, 165, 130], [178, 24, 43]];

/// A picture of rows of tiles; `scale` says what the colours are.
pub fn tiles(title: &str, rows: &[TileRow], scale: &str) -> Canvas {
    let font = Font::new();
    let most = rows.iter().map(|row| row.tiles.len()).max().unwrap_or(1).max(1) as f64;
    let room = WIDTH - 2.0 * MARGIN - LABELS - BAR_ROOM;
    let side = (room / most - GAP).min(LARGEST);
    let top = MARGIN + TITLE + 2.0 * GAP;
    let heights = rows.iter().map(|row| height(row, side) + GAP);
    let bottom = top + heights.sum::<f64>().max(LARGEST);
    let (height_of_all, scale_of_pixels) = (bottom + MARGIN, None);
    let mut canvas = Canvas {
        title: title.to_string(),
        width: WIDTH,
        height: height_of_all,
        scale: scale_of_pixels,
        ground: GROUND,
        shapes: Vec::new(),
    };
    let words = font.fitted(title, TITLE, WIDTH - 2.0 * MARGIN);
    write(&mut canvas, [MARGIN, MARGIN + TITLE], Anchor::Start, TITLE, words);
    let mut y = top;
    for row in rows {
        let middle = y + 0.5 * height(row, side) + 0.35 * WORDS;
        let label = font.fitted(&row.label, WORDS, LABELS - 2.0 * GAP);
        write(&mut canvas, [MARGIN, middle], Anchor::Start, WORDS, label);
        for (place, tile) in row.tiles.iter().enumerate() {
            let x = MARGIN + LABELS + place as f64 * (side + GAP);
            draw(&mut canvas, tile, [x, y], side);
        }
        y += height(row, side) + GAP;
    }
    bar(
        &mut canvas,
        &font,
        [WIDTH - MARGIN - BAR_ROOM + 3.0 * GAP, top],
        bottom - GAP - top,
        scale,
    );
    canvas
}

/// Height of a row: tiles of one row of places are not squeezed to a line.
fn height(row: &TileRow, side: f64) -> f64 {
    let ratio = |tile: &Tile| tile.sides[0] as f64 / tile.sides[1].max(1) as f64;
    let tallest = row.tiles.iter().map(ratio).fold(0.0, f64::max);
    (side * tallest).clamp(WORDS, 2.0 * LARGEST)
}

/// Draws a tile: the places of each colour as one shape, neighbours in a row as one rectangle.
fn draw(canvas: &mut Canvas, tile: &Tile, [left, top]: [f64; 2], width: f64) {
    let [rows, columns] = tile.sides;
    let own = TileRow { label: String::new(), tiles: vec![tile.clone()] };
    let all = height(&own, width);
    let step = [width / columns.max(1) as f64, all / rows.max(1) as f64];
    let levels: Vec<i16> = tile.values.iter().map(|&value| level(value)).collect();
    for wanted in -STEPS..=STEPS {
        let mut places = Vec::new();
        for (row, levels) in levels.chunks(columns.max(1)).enumerate() {
            let mut column = 0;
            for run in levels.chunk_by(|a, b| a == b) {
                if run[0] == wanted {
                    let [x, y] = [column as f64 * step[0], row as f64 * step[1]];
                    let wide = (run.len() as f64 * step[0] + OVERLAP).min(width - x);
                    let high = (step[1] + OVERLAP).min(all - y);
                    places.push(Contour::rectangle([left + x, top + y], [wide, high]));
                }
                column += run.len();
            }
        }
        if !places.is_empty() {
            canvas.fill(places, color(wanted));
        }
    }
    let frame = Contour::rectangle([left, top], [width, all]);
    canvas.draw(vec![frame], Stroke::new(INK, 0.6));
}

/// The step of the scale that a number from −1 to 1 lies on.
fn level(value: f64) -> i16 {
    let steps = f64::from(STEPS);
    let level = (value.clamp(-1.0, 1.0) * steps).round();
    // What is no number has the colour of 0.
    if level.is_nan() { 0 } else { level as i16 }
}

/// The colour of a step.
fn color(level: i16) -> Paint {
    let share = f64::from(level + STEPS) / f64::from(2 * STEPS);
    let place = share * (COLORS.len() - 1) as f64;
    let index = (place.floor() as usize).min(COLORS.len() - 2);
    let rest = place - index as f64;
    let mix = |channel: usize| {
        let [a, b] = [index, index + 1].map(|at| f64::from(COLORS[at][channel]));
        (a + rest * (b - a)).round() as u8
    };
    Paint::both([mix(0), mix(1), mix(2)])
}

/// Draws the scale of colours.
fn bar(canvas: &mut Canvas, font: &Font, [left, top]: [f64; 2], height: f64, name: &str) {
    let height = height.min(2.0 * LARGEST);
    let step = height / f64::from(2 * STEPS + 1);
    for (place, level) in (-STEPS..=STEPS).rev().enumerate() {
        let y = top + place as f64 * step;
        // A step reaches below its end, so that no seam is left.
        let deep = (top + height - y).min(1.5 * step);
        canvas.fill(vec![Contour::rectangle([left, y], [BAR, deep])], color(level));
    }
    let frame = Contour::rectangle([left, top], [BAR, height]);
    canvas.draw(vec![frame], Stroke::new(INK, 1.0));
    for (share, label) in [(0.0, "1"), (0.5, "0"), (1.0, "−1")] {
        let at = [left + BAR + GAP, top + share * height + 0.35 * WORDS];
        write(canvas, at, Anchor::Start, WORDS, label.to_string());
    }
    let label = Label::from(font.fitted(name, WORDS, height));
    canvas.write(Text {
        at: [canvas.width - MARGIN, top + 0.5 * height],
        label,
        size: WORDS,
        anchor: Anchor::Middle,
        is_vertical: true,
        paint: INK,
    });
}

fn write(canvas: &mut Canvas, at: [f64; 2], anchor: Anchor, size: f64, text: String) {
    let label = text.into();
    canvas.write(Text { at, label, size, anchor, is_vertical: false, paint: INK });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Shape;

    /// By hand: four places of three colours, of which two that are alike and neighbours are one
    /// rectangle.
    #[test]
    fn a_tile_has_a_shape_for_each_colour() {
        let tile = Tile { sides: [2, 2], values: vec![1.0, 1.0, -1.0, f64::NAN] };
        let rows = [TileRow { label: "one".to_string(), tiles: vec![tile] }];
        let canvas = tiles("A title", &rows, "share");
        let bars = 2 * usize::try_from(STEPS).expect("small") + 1;
        let fills = canvas.shapes.iter().filter_map(|shape| match shape {
            Shape::Path { contours, fill: Some(paint), .. } => Some((contours.len(), paint.light)),
            _ => None,
        });
        let fills: Vec<_> = fills.collect();
        assert_eq!(fills.len(), 3 + bars);
        assert_eq!(fills[..3], [(1, COLORS[0]), (1, COLORS[2]), (1, COLORS[4])]);
    }
}
