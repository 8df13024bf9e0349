//! The linear regions of a network with two free inputs: coloured by value, with the
//! boundaries that the neurons of each layer draw, and the best point.

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Canvas, Contour, Paint, Stroke};
use super::chains::chains;
use super::color::color;
use super::edges::{Edges, Segment};
use super::figure::{Figure, Mark};
use super::plane::Plane;
use super::size::PictureSize;
use crate::problem::Problem;
use crate::regions::Cell;

/// More regions than these would be a grey surface and a file of many megabytes.
const MOST_REGIONS: usize = 500_000;

/// Up to so many regions, boundaries are drawn in their full width; beyond, they become
/// thinner, so that they do not hide what they separate.
const FULL_WIDTH_REGIONS: f64 = 2000.0;

/// Width of a line that hides the seams between neighbours of nearly one colour.
const SEAM: f64 = 0.5;

/// Number of the colours: neighbouring ones cannot be told apart.
const COLORS: usize = 256;

/// Strokes of the boundaries, from the first layer on; deeper ones share the last.
const STROKES: [Stroke; 5] = [
    Stroke::new(Paint::both([255, 255, 255]), 1.5),
    Stroke::new(Paint::both([0, 0, 0]), 0.8),
    Stroke::new(Paint::both([255, 112, 67]), 0.7),
    Stroke::new(Paint::both([144, 202, 249]), 0.5),
    Stroke::new(Paint::both([189, 189, 189]), 0.4),
];

/// A thinner line could not be told from its ground in the legend.
const LEGEND_STROKE: f64 = 1.2;

/// A picture in the making.
#[derive(Debug)]
pub struct RegionPlot<'a> {
    plane: Plane<'a>,
    /// The regions: corners, and the value of the objective at the inner point.
    polygons: Vec<(Vec<[f64; 2]>, f64)>,
    edges: Edges<'a>,
    /// The least and the largest value: an affine map takes them at corners.
    range: (f64, f64),
    best: Option<([f64; 2], f64)>,
}

impl<'a> RegionPlot<'a> {
    /// An empty picture.
    ///
    /// # Errors
    /// [`PlotError::NotPlanar`].
    pub fn new(problem: &'a Problem) -> Result<Self, PlotError> {
        let plane = Plane::new(problem)?;
        Ok(Self {
            plane,
            polygons: Vec::new(),
            edges: Edges::new(problem, plane.inputs),
            range: (f64::INFINITY, f64::NEG_INFINITY),
            best: None,
        })
    }

    /// Adds a region.
    ///
    /// # Errors
    /// [`PlotError::TooMany`].
    pub fn add(&mut self, cell: &Cell) -> Result<(), PlotError> {
        if self.polygons.len() == MOST_REGIONS {
            return Err(PlotError::TooMany { most: MOST_REGIONS, what: "linear regions" });
        }
        let problem = self.plane.problem;
        let value = |input: &[f64]| problem.objective().evaluate(input, &cell.outputs(input));
        let sense = problem.sense();
        for corner in cell.corners(problem.domain()) {
            let value = value(&corner);
            self.range = (self.range.0.min(value), self.range.1.max(value));
            let is_better = |best: f64| sense.signed(value) < sense.signed(best);
            if self.best.is_none_or(|(_, best)| is_better(best)) {
                self.best = Some((self.plane.place(&corner), value));
            }
        }
        let vertices: Vec<[f64; 2]> = cell.vertices.iter().flatten().copied().collect();
        self.edges.add(cell, &vertices);
        self.polygons.push((vertices, value(&cell.point)));
        Ok(())
    }

    /// The picture, with a title of its own or one that says what it shows.
    pub fn canvas(self, title: Option<&str>, size: Option<PictureSize>) -> Canvas {
        let words = ["linear region", "linear regions"];
        let count = self.polygons.len();
        let title = title.map_or_else(|| self.plane.title(count, words), str::to_string);
        let values = self.value_axis();
        let mut figure =
            Figure::new(&title, size, self.plane.axes(), &self.legend(), Some(&values));
        self.surface(&mut figure, &values);
        draw_lines(&mut figure, self.edges.finish(), count);
        figure.axes();
        figure.color_bar(&values, color, self.best.map(|(_, value)| value));
        if let Some((place, _)) = self.best {
            figure.star(place);
        }
        figure.canvas
    }

    fn value_axis(&self) -> Axis {
        let (low, high) = self.range;
        let (low, high) = if low <= high { (low, high) } else { (0.0, 0.0) };
        Axis::linear(self.plane.problem.objective_in_words(), low, high, 10)
    }

    /// What the lines and the star are.
    fn legend(&self) -> Vec<(Mark, String)> {
        let (layers, shown) = (self.edges.layers(), self.edges.layers().min(STROKES.len()));
        let ground = Some(color(0.4));
        let mut legend: Vec<(Mark, String)> = (0..shown)
            .map(|layer| {
                let deeper = if layer + 1 == shown && layers > shown { " and deeper" } else { "" };
                let stroke = STROKES[layer];
                let stroke = Stroke { width: stroke.width.max(LEGEND_STROKE), ..stroke };
                (Mark::Line(stroke, ground), format!("layer {}{deeper}", layer + 1))
            })
            .collect();
        legend.extend(self.best.map(|(place, value)| self.plane.star(place, value)));
        legend
    }

    /// One path for each colour.
    fn surface(&self, figure: &mut Figure, values: &Axis) {
        let mut contours = vec![Vec::new(); COLORS];
        for (polygon, value) in &self.polygons {
            let share = values.share(*value).clamp(0.0, 1.0);
            let points = polygon.iter().map(|&point| figure.place(point)).collect();
            let index = ((share * COLORS as f64) as usize).min(COLORS - 1);
            contours[index].push(Contour::closed(points));
        }
        for (index, contours) in contours.into_iter().enumerate() {
            if !contours.is_empty() {
                let paint = color((index as f64 + 0.5) / COLORS as f64);
                figure.canvas.fill_and_draw(contours, paint, Stroke::new(paint, SEAM));
            }
        }
    }
}

/// One path for each layer, the first layer on top.
fn draw_lines(figure: &mut Figure, boundaries: Vec<Vec<Segment>>, regions: usize) {
    let thin = (FULL_WIDTH_REGIONS / regions.max(1) as f64).sqrt().min(1.0);
    for (layer, lines) in boundaries.into_iter().enumerate().rev() {
        let segments = lines.iter().map(|ends| ends.map(|point| figure.place(point)));
        let contours = chains(&segments.collect::<Vec<Segment>>());
        if !contours.is_empty() {
            let stroke = STROKES[layer.min(STROKES.len() - 1)];
            figure.canvas.draw(contours, Stroke { width: stroke.width * thin, ..stroke });
        }
    }
}
