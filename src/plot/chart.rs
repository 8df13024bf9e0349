//! Charts of numbers against numbers: lines, stairs or dots, on linear or logarithmic axes.

use super::axis::Axis;
use super::canvas::{Canvas, Contour, Paint, Stroke};
use super::figure::{Figure, INK, Mark};
use super::size::PictureSize;

/// Numbers against numbers.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What its axes measure.
    pub axes: [Scale; 2],
    /// The points, each list in a colour of its own.
    pub series: Vec<Series>,
    /// Lines that lead the eye, such as limits: between two points, which are moved to the frame
    /// where they lie beyond it.
    pub guides: Vec<[[f64; 2]; 2]>,
}

/// What an axis measures, and how.
#[derive(Clone, Debug)]
pub struct Scale {
    /// What.
    pub name: String,
    /// What equal steps on it are.
    pub steps: Steps,
    /// Numbers that it shows whatever the points are.
    pub holds: Vec<f64>,
}

/// What equal steps on an axis are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// Equal differences.
    Linear,
    /// Equal differences of whole numbers.
    Whole,
    /// Equal ratios: only positive numbers have a place.
    Logarithmic,
}

/// Points that belong together.
#[derive(Clone, Debug)]
pub struct Series {
    /// What they are.
    pub name: String,
    /// How they are drawn.
    pub style: Style,
    /// Where they are.
    pub points: Vec<[f64; 2]>,
}

/// How points are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Joined by straight lines.
    Line,
    /// Joined by lines along the axes: the height of a point holds up to the next.
    Stairs,
    /// Each by itself.
    Dots,
}

/// Colours that differ in lightness too, so that they are told apart in grey; after Okabe and
/// Ito (2008). Further series take them again, with dashes.
const PALETTE: [Paint; 7] = [
    Paint { light: [0, 90, 160], dark: [88, 166, 255] },
    Paint { light: [213, 94, 0], dark: [255, 155, 85] },
    Paint { light: [0, 130, 95], dark: [63, 200, 150] },
    Paint { light: [150, 60, 130], dark: [225, 140, 205] },
    Paint { light: [150, 115, 0], dark: [225, 190, 60] },
    Paint { light: [60, 60, 60], dark: [200, 200, 200] },
    Paint { light: [60, 165, 215], dark: [130, 215, 255] },
];

/// Width of a line, and half the width of a dot.
const WIDTH: f64 = 1.8;
const RADIUS: f64 = 2.6;

/// Most ticks of an axis.
const TICKS: usize = 8;

impl Scale {
    /// An axis of numbers.
    pub fn linear(name: impl Into<String>) -> Self {
        Self { name: name.into(), steps: Steps::Linear, holds: Vec::new() }
    }

    /// An axis of whole numbers.
    pub fn whole(name: impl Into<String>) -> Self {
        Self { steps: Steps::Whole, ..Self::linear(name) }
    }

    /// An axis of ratios.
    pub fn logarithmic(name: impl Into<String>) -> Self {
        Self { steps: Steps::Logarithmic, ..Self::linear(name) }
    }

    /// The same, with numbers that it shows in any case.
    #[must_use]
    pub fn holding(mut self, numbers: impl IntoIterator<Item = f64>) -> Self {
        self.holds.extend(numbers);
        self
    }

    /// Where a number is on the axis, if it has a place there.
    fn coordinate(&self, number: f64) -> Option<f64> {
        let coordinate = match self.steps {
            Steps::Linear | Steps::Whole => number,
            Steps::Logarithmic => number.log10(),
        };
        Some(coordinate).filter(|coordinate| coordinate.is_finite())
    }

    fn axis(&self, numbers: impl Iterator<Item = f64>) -> Axis {
        let numbers = numbers.chain(self.holds.iter().copied());
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        let (low, high) = numbers
            .filter_map(|number| self.coordinate(number))
            .fold(ends, |(low, high), at| (low.min(at), high.max(at)));
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        let axis = match self.steps {
            Steps::Linear => Axis::linear,
            Steps::Whole => Axis::whole,
            Steps::Logarithmic => Axis::logarithmic,
        };
        axis(self.name.clone(), low, high, TICKS)
    }
}

impl Chart {
    /// The picture. Points without a place on an axis, such as 0 on a logarithmic one, are left
    /// out.
    pub fn picture(&self, size: Option<PictureSize>) -> Canvas {
        let all = || self.series.iter().flat_map(|series| &series.points);
        let [x, y] = [0, 1].map(|side| self.axes[side].axis(all().map(|point| point[side])));
        let legend: Vec<(Mark, String)> = (self.series.iter().enumerate())
            .filter(|(_, series)| !series.name.is_empty())
            .map(|(index, series)| (series.mark(index), series.name.clone()))
            .collect();
        let mut figure = Figure::new(&self.title, size, [x, y], &legend, None);
        figure.grid();
        let dashed = Stroke { is_dashed: true, ..Stroke::new(INK, 1.0) };
        for ends in &self.guides {
            let line = self.placed(&figure, ends);
            let line = line.into_iter().map(|point| within(&figure, point)).collect();
            figure.canvas.draw(vec![Contour::open(line)], dashed);
        }
        for (index, series) in self.series.iter().enumerate() {
            let points = self.placed(&figure, &series.points);
            series.draw(&mut figure.canvas, index, points);
        }
        figure.axes();
        figure.canvas
    }

    /// Points on the canvas.
    fn placed(&self, figure: &Figure, points: &[[f64; 2]]) -> Vec<[f64; 2]> {
        let [x, y] = &self.axes;
        let place = |&[a, b]: &[f64; 2]| Some(figure.place([x.coordinate(a)?, y.coordinate(b)?]));
        points.iter().filter_map(place).collect()
    }
}

impl Series {
    fn draw(&self, canvas: &mut Canvas, index: usize, points: Vec<[f64; 2]>) {
        match self.style {
            Style::Dots => canvas.fill(points.into_iter().map(dot).collect(), paint(index)),
            Style::Line => canvas.draw(vec![Contour::open(points)], stroke(index)),
            Style::Stairs => canvas.draw(vec![Contour::open(stairs(&points))], stroke(index)),
        }
    }

    /// Its place in the legend.
    fn mark(&self, index: usize) -> Mark {
        match self.style {
            Style::Dots => Mark::Area(paint(index)),
            Style::Line | Style::Stairs => Mark::Line(stroke(index), None),
        }
    }
}

/// A point of the frame.
fn within(figure: &Figure, point: [f64; 2]) -> [f64; 2] {
    let ([left, top], [width, height]) = figure.frame();
    [point[0].clamp(left, left + width), point[1].clamp(top, top + height)]
}

fn paint(index: usize) -> Paint {
    PALETTE[index % PALETTE.len()]
}

fn stroke(index: usize) -> Stroke {
    let is_dashed = (index / PALETTE.len()) % 2 == 1;
    Stroke { is_dashed, ..Stroke::new(paint(index), WIDTH) }
}

/// A small octagon.
fn dot([x, y]: [f64; 2]) -> Contour {
    let corner = |k: u32| {
        let angle = std::f64::consts::FRAC_PI_4 * (f64::from(k) + 0.5);
        [x + RADIUS * angle.cos(), y + RADIUS * angle.sin()]
    };
    Contour::closed((0..8).map(corner).collect())
}

/// Points, and between them those where a stair turns.
fn stairs(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut line: Vec<[f64; 2]> =
        points.windows(2).flat_map(|pair| [pair[0], [pair[1][0], pair[0][1]]]).collect();
    line.extend(points.last());
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{Shape, svg};

    fn chart(style: Style, points: &[[f64; 2]]) -> Chart {
        let series = Series { name: "a".to_string(), style, points: points.to_vec() };
        Chart {
            title: "A chart".to_string(),
            axes: [Scale::linear("x"), Scale::logarithmic("y").holding([100.0])],
            series: vec![series],
            guides: vec![[[0.0, 100.0], [2.0, 100.0]]],
        }
    }

    /// What is filled or drawn with the first colour within the frame.
    fn contours(chart: &Chart) -> Vec<Contour> {
        let shapes = chart.picture(None).shapes.into_iter().rev();
        let colored = shapes.filter_map(|shape| match shape {
            Shape::Path { contours, fill, stroke } => {
                let paint = fill.or(stroke.map(|stroke| stroke.paint));
                (paint == Some(PALETTE[0])).then_some(contours)
            }
            Shape::Text(_) => None,
        });
        colored.take(1).flatten().collect()
    }

    #[test]
    fn points_without_a_place_are_left_out() {
        let points = [[0.0, 1.0], [1.0, 0.0], [2.0, 10.0], [f64::NAN, 1.0]];
        assert_eq!(contours(&chart(Style::Dots, &points)).len(), 2);
        let line = contours(&chart(Style::Line, &points));
        assert_eq!((line.len(), line[0].points.len()), (1, 2));
        // Up along an axis: the height of the first holds up to the second.
        let [first, turn, second] = contours(&chart(Style::Stairs, &points))[0].points[..] else {
            panic!("three points");
        };
        assert_eq!(turn, [second[0], first[1]]);
        assert!(second[0] > first[0] && second[1] < first[1]);
    }

    #[test]
    fn guides_end_at_the_frame() {
        let mut chart = chart(Style::Line, &[[0.0, 1.0], [2.0, 10.0]]);
        chart.guides = vec![[[-1e9, 100.0], [1e9, 100.0]]];
        let picture = chart.picture(None);
        let shapes = picture.shapes.iter().filter_map(|shape| match shape {
            Shape::Path { contours, stroke: Some(stroke), .. } if stroke.is_dashed => {
                Some(&contours[0].points)
            }
            _ => None,
        });
        let lines: Vec<&Vec<[f64; 2]>> = shapes.collect();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].iter().all(|[x, _]| (0.0..=picture.width).contains(x)), "{lines:?}");
    }

    #[test]
    fn an_empty_chart_is_a_picture() {
        let picture = svg(&chart(Style::Line, &[]).picture(None));
        assert!(picture.contains("A chart") && !picture.contains("NaN"), "{picture}");
    }
}
