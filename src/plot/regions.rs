//! The linear regions of a network with two free inputs: coloured by value, with the
//! boundaries that the neurons of each layer draw, and the best point.

use std::fmt::Write;

use super::color::color;
use super::{PlotError, escaped};
use crate::network::Phase;
use crate::problem::{Problem, Sense};
use crate::regions::Cell;

/// More regions than these would be a grey surface and a file of many megabytes.
pub(super) const MOST_REGIONS: usize = 20_000;

/// Width and height of the drawing area, in pixels.
const SIDE: f64 = 800.0;
const LEFT: f64 = 70.0;
const TOP: f64 = 60.0;
const WIDTH: f64 = LEFT + SIDE + 210.0;
const HEIGHT: f64 = TOP + SIDE + 70.0;

/// How far beyond an edge the region on its other side is looked for, as a share of the
/// width of the domain.
const BEYOND: f64 = 1e-6;

/// Strokes of the boundaries, from the first layer on; deeper ones share the last.
const STROKES: [(&str, f64); 5] =
    [("#000000", 1.8), ("#d62728", 1.1), ("#ffffff", 0.8), ("#ff7f0e", 0.6), ("#c0c0c0", 0.4)];

/// A thinner line could not be told from its ground in the legend.
const LEGEND_STROKE: f64 = 1.6;

/// A picture in the making.
#[derive(Debug)]
pub struct RegionPlot<'a> {
    problem: &'a Problem,
    /// The two inputs that vary.
    axes: [usize; 2],
    cells: Vec<Cell>,
    /// The value of the objective in each, at its point.
    values: Vec<f64>,
    best: Option<(Vec<f64>, f64)>,
}

impl<'a> RegionPlot<'a> {
    /// An empty picture.
    ///
    /// # Errors
    /// [`PlotError::NotPlanar`].
    pub fn new(problem: &'a Problem) -> Result<Self, PlotError> {
        let domain = problem.domain();
        let free = (0..domain.len()).filter(|&i| domain.lower()[i] < domain.upper()[i]);
        let free: Vec<usize> = free.collect();
        let &[a, b] = free.as_slice() else {
            return Err(PlotError::NotPlanar { free: free.len() });
        };
        Ok(Self { problem, axes: [a, b], cells: Vec::new(), values: Vec::new(), best: None })
    }

    /// Adds a region.
    ///
    /// # Errors
    /// [`PlotError::TooMany`].
    pub fn add(&mut self, cell: &Cell) -> Result<(), PlotError> {
        if self.cells.len() == MOST_REGIONS {
            return Err(PlotError::TooMany);
        }
        self.values.push(self.problem.evaluate(cell.point.clone()).objective);
        let sense = self.problem.sense();
        for corner in cell.corners(self.problem.domain()) {
            let value = self.problem.objective().evaluate(&corner, &cell.outputs(&corner));
            let is_better = |best: f64| sense.signed(value) < sense.signed(best);
            if self.best.as_ref().is_none_or(|(_, best)| is_better(*best)) {
                self.best = Some((corner, value));
            }
        }
        self.cells.push(cell.clone());
        Ok(())
    }

    /// The picture.
    pub fn svg(&self) -> String {
        let mut svg = String::new();
        self.write(&mut svg).expect("a string takes all");
        svg
    }

    fn write(&self, svg: &mut String) -> std::fmt::Result {
        writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
             viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"Helvetica, Arial, sans-serif\" \
             font-size=\"15\">"
        )?;
        writeln!(svg, "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>")?;
        self.title(svg)?;
        let (low, high) = self.range();
        for (cell, value) in self.cells.iter().zip(&self.values) {
            let color = color(if high > low { (value - low) / (high - low) } else { 0.5 });
            let points = cell.vertices.iter().flatten().map(|v| self.place(*v));
            let points: Vec<String> = points.map(|[x, y]| format!("{x:.2},{y:.2}")).collect();
            // A stroke of the same colour hides the seams of the renderer.
            writeln!(
                svg,
                "<polygon points=\"{}\" fill=\"{color}\" stroke=\"{color}\" stroke-width=\".5\"/>",
                points.join(" ")
            )?;
        }
        self.boundaries(svg)?;
        self.axes(svg)?;
        self.color_bar(svg, low, high)?;
        self.best(svg)?;
        writeln!(svg, "</svg>")
    }

    fn title(&self, svg: &mut String) -> std::fmt::Result {
        let fixed = self.problem.domain().len() - 2;
        let slice = if fixed > 0 { format!(", {fixed} inputs fixed") } else { String::new() };
        writeln!(
            svg,
            "<text x=\"{LEFT}\" y=\"34\" font-size=\"20\">{}: {} linear regions{slice}</text>",
            escaped(self.problem.network().name()),
            self.cells.len()
        )
    }

    /// One path a layer, the first layer on top.
    fn boundaries(&self, svg: &mut String) -> std::fmt::Result {
        let layers = self.problem.network_graph().activation_layers().count();
        let mut paths = vec![String::new(); layers];
        for cell in &self.cells {
            let vertices: Vec<[f64; 2]> = cell.vertices.iter().flatten().copied().collect();
            for (index, &from) in vertices.iter().enumerate() {
                let to = vertices[(index + 1) % vertices.len()];
                if let Some(layer) = self.layer_behind(cell, from, to) {
                    let ([a, b], [c, d]) = (self.place(from), self.place(to));
                    write!(paths[layer], "M{a:.2} {b:.2}L{c:.2} {d:.2}")?;
                }
            }
        }
        for (layer, path) in paths.iter().enumerate().rev().filter(|(_, path)| !path.is_empty()) {
            let (color, width) = stroke(layer);
            writeln!(
                svg,
                "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" \
                 stroke-linecap=\"round\"/>"
            )?;
        }
        Ok(())
    }

    /// The first layer in which the region behind an edge differs, for an edge that this
    /// region has to draw: of the two, the one whose pattern comes first.
    fn layer_behind(&self, cell: &Cell, from: [f64; 2], to: [f64; 2]) -> Option<usize> {
        let domain = self.problem.domain();
        let width = |axis: usize| {
            let index = self.axes[axis];
            domain.upper()[index] - domain.lower()[index]
        };
        // The outer normal of an edge whose region is on its left, in units of the domain.
        let along = [(to[0] - from[0]) / width(0), (to[1] - from[1]) / width(1)];
        let length = along[0].hypot(along[1]);
        if length == 0.0 {
            return None;
        }
        let normal = [along[1] / length, -along[0] / length];
        let middle: [f64; 2] = std::array::from_fn(|axis| {
            0.5 * (from[axis] + to[axis]) + BEYOND * normal[axis] * width(axis)
        });
        let outside = self.input(cell, middle);
        if !domain.contains(&outside) {
            return None;
        }
        let other = self.problem.network_graph().pattern(&outside);
        let layer = (0..other.len()).find(|&layer| other[layer] != cell.pattern[layer])?;
        let key = |pattern: &[Phase]| pattern.iter().map(|&p| p as u8).collect::<Vec<u8>>();
        (key(&cell.pattern[layer]) < key(&other[layer])).then_some(layer)
    }

    fn axes(&self, svg: &mut String) -> std::fmt::Result {
        writeln!(
            svg,
            "<rect x=\"{LEFT}\" y=\"{TOP}\" width=\"{SIDE}\" height=\"{SIDE}\" fill=\"none\" \
             stroke=\"#000000\"/>"
        )?;
        let (domain, names) =
            (self.problem.domain(), &self.problem.network().metadata().input_names);
        let name = |index: usize| names.get(index).cloned().unwrap_or(format!("x{index}"));
        let bottom = TOP + SIDE;
        for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let value = |axis: usize| {
                let index = self.axes[axis];
                short((1.0 - share) * domain.lower()[index] + share * domain.upper()[index])
            };
            let (x, y) = (LEFT + share * SIDE, bottom - share * SIDE);
            writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                bottom + 22.0,
                value(0),
                LEFT - 8.0,
                y + 5.0,
                value(1)
            )?;
        }
        let (x, y) = (LEFT + 0.5 * SIDE, TOP + 0.5 * SIDE);
        writeln!(
            svg,
            "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text>\
             <text x=\"20\" y=\"{y}\" text-anchor=\"middle\" transform=\"rotate(-90 20 {y})\">{}</text>",
            bottom + 48.0,
            escaped(&name(self.axes[0])),
            escaped(&name(self.axes[1]))
        )
    }

    fn color_bar(&self, svg: &mut String, low: f64, high: f64) -> std::fmt::Result {
        const STEPS: usize = 64;
        let (x, height) = (LEFT + SIDE + 30.0, 320.0);
        writeln!(
            svg,
            "<text x=\"{x}\" y=\"{}\">{}</text>",
            TOP + 12.0,
            escaped(&self.problem.objective().to_string())
        )?;
        let top = TOP + 26.0;
        let step = height / STEPS as f64;
        for index in 0..STEPS {
            let share = 1.0 - (index as f64 + 0.5) / STEPS as f64;
            writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{:.2}\" width=\"24\" height=\"{:.2}\" fill=\"{}\"/>",
                top + index as f64 * step,
                step + 0.5,
                color(share)
            )?;
        }
        for share in [0.0, 0.5, 1.0] {
            writeln!(
                svg,
                "<text x=\"{}\" y=\"{:.1}\">{}</text>",
                x + 32.0,
                top + (1.0 - share) * height + 5.0,
                short(low + share * (high - low))
            )?;
        }
        let mut y = top + height + 50.0;
        writeln!(svg, "<text x=\"{x}\" y=\"{y}\">boundaries of</text>")?;
        let layers = self.problem.network_graph().activation_layers().count();
        for layer in 0..layers.min(STROKES.len()) {
            y += 26.0;
            let (color, width) = stroke(layer);
            let width = width.max(LEGEND_STROKE);
            let more = if layer + 1 == STROKES.len() && layers > STROKES.len() {
                " and deeper"
            } else {
                ""
            };
            // A light line needs a dark ground.
            writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{}\" width=\"30\" height=\"14\" fill=\"#21918c\"/>\
                 <path d=\"M{x} {}h30\" stroke=\"{color}\" stroke-width=\"{width}\"/>\
                 <text x=\"{}\" y=\"{y}\">layer {}{more}</text>",
                y - 12.0,
                y - 5.0,
                x + 38.0,
                layer + 1
            )?;
        }
        if let Some((_, value)) = &self.best {
            let word = match self.problem.sense() {
                Sense::Minimize => "minimum",
                Sense::Maximize => "maximum",
            };
            y += 44.0;
            star(svg, x + 15.0, y - 5.0)?;
            writeln!(svg, "<text x=\"{}\" y=\"{y}\">{word} {}</text>", x + 38.0, short(*value))?;
        }
        Ok(())
    }

    fn best(&self, svg: &mut String) -> std::fmt::Result {
        let Some((input, _)) = &self.best else { return Ok(()) };
        let [x, y] = self.place([input[self.axes[0]], input[self.axes[1]]]);
        star(svg, x, y)
    }

    fn range(&self) -> (f64, f64) {
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        self.values.iter().fold(ends, |(low, high), &value| (low.min(value), high.max(value)))
    }

    /// The input of a point of the plane; the other inputs are those of the cell.
    fn input(&self, cell: &Cell, point: [f64; 2]) -> Vec<f64> {
        let mut input = cell.point.clone();
        for (axis, coordinate) in self.axes.into_iter().zip(point) {
            input[axis] = coordinate;
        }
        input
    }

    /// A point of the plane in pixels.
    fn place(&self, point: [f64; 2]) -> [f64; 2] {
        let domain = self.problem.domain();
        let share: [f64; 2] = std::array::from_fn(|axis| {
            let index = self.axes[axis];
            let (low, high) = (domain.lower()[index], domain.upper()[index]);
            (point[axis] - low) / (high - low)
        });
        [LEFT + share[0] * SIDE, TOP + (1.0 - share[1]) * SIDE]
    }
}

fn stroke(layer: usize) -> (&'static str, f64) {
    STROKES[layer.min(STROKES.len() - 1)]
}

fn star(svg: &mut String, x: f64, y: f64) -> std::fmt::Result {
    let corners = (0..10).map(|k| {
        let radius = if k % 2 == 0 { 11.0 } else { 4.6 };
        let angle = std::f64::consts::PI * (f64::from(k) / 5.0 - 0.5);
        format!("{:.2},{:.2}", x + radius * angle.cos(), y + radius * angle.sin())
    });
    let corners: Vec<String> = corners.collect();
    writeln!(
        svg,
        "<polygon points=\"{}\" fill=\"#ff2fa0\" stroke=\"#ffffff\" stroke-width=\"1.2\"/>",
        corners.join(" ")
    )
}

/// A number for a label.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_string(),
        size if !(1e-3..1e5).contains(&size) => format!("{value:.2e}"),
        size => {
            let digits = (3.0 - size.log10().floor()).clamp(0.0, 6.0) as usize;
            let text = format!("{value:.digits$}");
            match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
                false => text,
            }
        }
    }
}
