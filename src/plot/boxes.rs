//! The boxes of a search over two inputs: coloured by depth, with the best point.

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Canvas, Contour, Paint, Stroke};
use super::color::color;
use super::figure::{Figure, INK, Mark};
use super::plane::Plane;
use super::size::PictureSize;
use crate::problem::Problem;
use crate::search::{Fate, SearchedBox};

/// More boxes than these would be a grey surface and a file of many megabytes.
const MOST_BOXES: usize = 500_000;

/// Up to so many boxes, edges are drawn in their full width; beyond, they become thinner, so
/// that they do not hide what they separate.
const FULL_WIDTH_BOXES: f64 = 2000.0;

/// The edges of boxes.
const EDGE: Stroke = Stroke::new(Paint::both([255, 255, 255]), 0.6);

/// What was cut off, and where no point meets the constraints: none of the scale's colours.
const CUT: Paint = Paint { light: [225, 228, 232], dark: [48, 54, 61] };
const EMPTY: Paint = Paint { light: [250, 205, 180], dark: [122, 66, 48] };

/// The limits of constraints on inputs.
const LIMIT: Stroke = Stroke { is_dashed: true, ..Stroke::new(INK, 1.2) };

/// A picture in the making.
#[derive(Debug)]
pub struct BoxPlot<'a> {
    plane: Plane<'a>,
    /// Two corners, depth, and whether there is no point.
    boxes: Vec<([[f64; 2]; 2], usize, bool)>,
    /// What was not cut off, drawn or not.
    count: usize,
    has_cuts: bool,
}

impl<'a> BoxPlot<'a> {
    /// An empty picture.
    ///
    /// # Errors
    /// [`PlotError::NotPlanar`].
    pub fn new(problem: &'a Problem) -> Result<Self, PlotError> {
        Ok(Self { plane: Plane::new(problem)?, boxes: Vec::new(), count: 0, has_cuts: false })
    }

    /// Adds a box.
    pub fn add(&mut self, part: &SearchedBox) {
        let is_empty = match part.fate {
            // What no box covers.
            Fate::Cut => {
                self.has_cuts = true;
                return;
            }
            Fate::Empty => true,
            Fate::Bounded | Fate::Solved | Fate::Open => false,
        };
        self.count += 1;
        if self.count <= MOST_BOXES {
            self.boxes.push((self.plane.corners(&part.domain), part.depth, is_empty));
        }
    }

    /// The picture, with the best point and its value, and with a title of its own or one that
    /// says what it shows.
    ///
    /// # Errors
    /// [`PlotError::TooMany`].
    pub fn canvas(
        self,
        best: Option<(&[f64], f64)>,
        title: Option<&str>,
        size: Option<PictureSize>,
    ) -> Result<Canvas, PlotError> {
        if self.count > MOST_BOXES {
            return Err(PlotError::TooMany { most: MOST_BOXES, what: "boxes" });
        }
        let words = ["box of the search", "boxes of the search"];
        let title = title.map_or_else(|| self.plane.title(self.count, words), str::to_string);
        let best = best.map(|(point, value)| (self.plane.place(point), value));
        let deepest = self.boxes.iter().map(|(_, depth, _)| *depth).max().unwrap_or(0).max(1);
        let depths = Axis::whole("depth".to_string(), 0.0, deepest as f64, 8);
        let legend = self.legend(best);
        let mut figure = Figure::new(&title, size, self.plane.axes(), &legend, Some(&depths));
        self.surface(&mut figure, deepest);
        let limits = self.plane.limits().into_iter();
        let limits = limits.map(|ends| Contour::open(ends.map(|end| figure.place(end)).into()));
        let limits: Vec<Contour> = limits.collect();
        if !limits.is_empty() {
            figure.canvas.draw(limits, LIMIT);
        }
        figure.axes();
        figure.color_bar(&depths, color, None);
        if let Some((place, _)) = best {
            figure.star(place);
        }
        Ok(figure.canvas)
    }

    /// Whether there was nothing to search: bounds have shown that there is no point.
    fn is_unsearched(&self) -> bool {
        self.boxes.is_empty() && !self.has_cuts
    }

    /// What the star, the grounds and the lines are.
    fn legend(&self, best: Option<([f64; 2], f64)>) -> Vec<(Mark, String)> {
        let mut legend: Vec<_> =
            best.map(|(place, value)| self.plane.star(place, value)).into_iter().collect();
        if self.has_cuts {
            legend.push((Mark::Area(CUT), "cut off".to_string()));
        }
        if self.is_unsearched() || self.boxes.iter().any(|(.., is_empty)| *is_empty) {
            legend.push((Mark::Area(EMPTY), "no point meets the constraints".to_string()));
        }
        if !self.plane.limits().is_empty() {
            legend.push((Mark::Line(LIMIT, None), "constraint".to_string()));
        }
        legend
    }

    /// One path for each depth, and one for what is empty, on what was cut off.
    fn surface(&self, figure: &mut Figure, deepest: usize) {
        let (corner, sides) = figure.frame();
        if self.has_cuts || self.is_unsearched() {
            let ground = if self.has_cuts { CUT } else { EMPTY };
            figure.canvas.fill(vec![Contour::rectangle(corner, sides)], ground);
        }
        let mut contours = vec![Vec::new(); deepest + 1];
        let mut empty = Vec::new();
        for (ends, depth, is_empty) in &self.boxes {
            let [[left, bottom], [right, top]] = ends.map(|end| figure.place(end));
            let contour = Contour::rectangle([left, top], [right - left, bottom - top]);
            match is_empty {
                true => empty.push(contour),
                false => contours[*depth].push(contour),
            }
        }
        let thin = (FULL_WIDTH_BOXES / self.count.max(1) as f64).sqrt().min(1.0);
        let edge = Stroke { width: EDGE.width * thin, ..EDGE };
        let paints = (0..=deepest).map(|depth| color(depth as f64 / deepest as f64));
        for (contours, paint) in contours.into_iter().zip(paints).chain([(empty, EMPTY)]) {
            if !contours.is_empty() {
                figure.canvas.fill_and_draw(contours, paint, edge);
            }
        }
    }
}
