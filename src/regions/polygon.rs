//! Cells of two free inputs: convex polygons.
//!
//! What must be exact is whether a line cuts the open polygon: whether its form is
//! positive at one vertex and negative at another. A vertex is known as the
//! crossing of its two edges' lines. Its coordinates are computed with Cramer's
//! rule from the computed forms, with a proven bound on their errors: at the true
//! vertex `v` and the computed one `w`, both in the box, the computed forms `f`
//! satisfy `|f(v)| ≤ e` (the errors of their coefficients) and `|f(w)| ≤ r` (the
//! residuals), so `|v − w| ≤ |G⁻¹| (e + r)` for the matrix `G` of their slopes. The
//! sign of a third form at `w` is believed where it is larger than its own error
//! plus `|g| · |v − w|`. Otherwise three determinants of exact forms decide
//! ([`exact::sign_at_crossing`]).
//!
//! Polygons are strictly convex and no two edges lie on one line: a line that
//! cuts the open polygon contains no edge of it.

use std::cmp::Ordering;

use super::path::{Errors, Origin, Path};
use super::plan::PASSED;
use super::walk::{Cut, Cuts, Place, Shape, Side, Trail};
use super::{Leaf, exact};

type Form = [f64; 3];

/// Covers the rounding of a bound's own computation.
const INFLATE: f64 = 1.0 + 1e-12;

#[derive(Clone, Copy, Debug)]
struct Vertex {
    /// The computed coordinates, inside the box.
    at: [f64; 2],
    /// Bounds on their errors.
    error: [f64; 2],
    /// The line of the edge that begins here, counter-clockwise.
    line: Place,
}

/// The polygon of a cell.
struct Polygon<'a>(&'a [Vertex]);

impl Leaf for Polygon<'_> {
    fn point(&mut self) -> Vec<f64> {
        let share = 1.0 / self.0.len() as f64;
        (0..2).map(|d| self.0.iter().map(|vertex| vertex.at[d] * share).sum()).collect()
    }

    fn vertices(&self) -> Option<Vec<[f64; 2]>> {
        Some(self.0.iter().map(|vertex| vertex.at).collect())
    }

    fn positive(&mut self, form: &[f64], errors: Errors) -> Option<Vec<f64>> {
        let mut largest = (0.0, None);
        for vertex in self.0 {
            let [x, y] = vertex.at;
            let doubt = form[0].abs() * vertex.error[0] + form[1].abs() * vertex.error[1];
            // The error bounds have room for the rounding of this sum.
            let value = form[0] * x + form[1] * y + form[2] + (doubt + errors.value);
            if value > largest.0 {
                largest = (value, Some(vertex.at.to_vec()));
            }
        }
        largest.1
    }
}

/// The polygons on a path of the walk.
pub struct Polygons {
    /// One behind the other.
    vertices: Vec<Vertex>,
    /// The sides of the vertices of the last polygon looked at.
    signs: Vec<Ordering>,
    ranges: Vec<[f64; 2]>,
    /// The box.
    lower: [f64; 2],
    upper: [f64; 2],
}

impl Shape for Polygons {
    type Form = Form;

    /// The box, counter-clockwise.
    fn new(path: &Path, cuts: &mut Cuts<Form>) -> Self {
        let sides = [Origin::Lower(1), Origin::Upper(0), Origin::Upper(1), Origin::Lower(0)];
        let lines = sides.map(|side| cuts.add(Cut::new(path, side, 0, 0)));
        let [l, u] = [&path.plan.lower, &path.plan.upper].map(|ends| [ends[0], ends[1]]);
        let corners = [[l[0], l[1]], [u[0], l[1]], [u[0], u[1]], [l[0], u[1]]];
        let corners = corners.into_iter().zip(lines);
        let vertices = corners.map(|(at, line)| Vertex { at, error: [0.0; 2], line }).collect();
        Self { vertices, signs: Vec::new(), ranges: Vec::new(), lower: l, upper: u }
    }

    /// On which side of a line the polygon that ends the list lies; where on both,
    /// `signs` holds the side of each vertex.
    fn side(
        &mut self,
        trail: &mut Trail,
        cuts: &Cuts<Form>,
        cut: &Cut<Form>,
        start: usize,
    ) -> Side {
        let slope = [cut.form[0].abs(), cut.form[1].abs()];
        self.signs.clear();
        let (mut above, mut below) = (false, false);
        let polygon = &self.vertices[start..];
        for (position, vertex) in polygon.iter().enumerate() {
            let value = value(&cut.form, vertex.at);
            let doubt =
                cut.errors.value + (slope[0] * vertex.error[0] + slope[1] * vertex.error[1]);
            let sign = if value > doubt {
                Ordering::Greater
            } else if value < -doubt {
                Ordering::Less
            } else {
                let before = if position == 0 { polygon.len() - 1 } else { position - 1 };
                let edges = [&polygon[before], vertex].map(|vertex| cuts.at(vertex.line).origin);
                exact_sign(&mut trail.path, edges, cut.origin)
            };
            above |= sign == Ordering::Greater;
            below |= sign == Ordering::Less;
            self.signs.push(sign);
        }
        match (above, below) {
            (true, true) => Side::Both,
            (true, false) => Side::Above,
            (false, _) => Side::Below,
        }
    }

    fn split(&mut self, cuts: &Cuts<Form>, line: Place, start: usize) -> [usize; 2] {
        let end = self.vertices.len();
        self.signs.push(self.signs[0]);
        // The crossings of the line with edges that it passes between their ends:
        // on the way down and up.
        let mut crossings = [None; 2];
        for (i, ends) in self.signs.windows(2).enumerate() {
            let way = match ends {
                [Ordering::Greater, Ordering::Less] => 0,
                [Ordering::Less, Ordering::Greater] => 1,
                _ => continue,
            };
            crossings[way] = Some(self.crossing(cuts, self.vertices[start + i].line, line));
        }
        let [down, up] = crossings;
        let parts = [(Ordering::Less, up, down), (Ordering::Greater, down, up)];
        let [below, above] = parts.map(|(part, leave, enter)| {
            let begin = self.vertices.len();
            for i in 0..end - start {
                let vertex = self.vertices[start + i];
                let (here, there) = (self.signs[i], self.signs[i + 1]);
                let outside = part.reverse();
                if here == part {
                    self.vertices.push(vertex);
                    if there == outside
                        && let Some(at) = leave
                    {
                        self.vertices.push(Vertex { line, ..at });
                    }
                } else if here == Ordering::Equal {
                    let line = if there == outside { line } else { vertex.line };
                    self.vertices.push(Vertex { line, ..vertex });
                } else if there == part
                    && let Some(at) = enter
                {
                    self.vertices.push(Vertex { line: vertex.line, ..at });
                }
            }
            begin
        });
        [above, below]
    }

    fn leave(&mut self, start: usize) {
        self.vertices.truncate(start);
    }

    fn leaf(&mut self, start: usize) -> impl Leaf {
        Polygon(&self.vertices[start..])
    }

    /// Decides the bends that do not come near the polygon, and lists the others.
    fn find_cuts(&mut self, trail: &mut Trail, cuts: &mut Cuts<Form>, stage: usize, start: usize) {
        let path = &mut trail.path;
        let plan = path.plan;
        let (middle, radius) = self.bounding_box(start);
        let node = plan.stages[stage].input;
        let forms = &path.forms[node];
        let (stride, coefficients) = (forms.stride, &forms.coefficients);
        let (g0, rest) = coefficients.split_at(stride);
        let (g1, c) = rest.split_at(stride);
        self.ranges.clear();
        self.ranges.extend(g0.iter().zip(g1).zip(c).map(|((g0, g1), c)| {
            let value = g0 * middle[0] + g1 * middle[1] + c;
            [value, g0.abs() * radius[0] + g1.abs() * radius[1]]
        }));
        let cuts = cuts.of_stage(stage);
        for (i, neuron) in plan.stages[stage].neurons.iter().enumerate() {
            let Some(entry) = neuron.input else { continue };
            let mut passed = neuron.passed;
            let [value, spread] = self.ranges[entry];
            for bend in (0..2).filter(|&bend| neuron.cuts[bend]) {
                let level = neuron.level(bend);
                let errors = neuron.errors[bend];
                let above = value - level;
                let is_below = above + spread < -errors.value;
                if above - spread > errors.value {
                    passed |= PASSED[bend];
                } else if !is_below {
                    let form = [g0[entry], g1[entry], c[entry] - level];
                    let origin = Origin::Bend { node, entry, level };
                    let (neuron, bend) = (i as u32, bend as u8);
                    cuts.push(Cut { form, errors, origin, neuron, bend });
                }
            }
            path.passed[stage][i] = passed;
        }
    }
}

impl Polygons {
    /// Middle and half the size, rounded up, of a box around a polygon.
    fn bounding_box(&self, start: usize) -> ([f64; 2], [f64; 2]) {
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for vertex in &self.vertices[start..] {
            for d in 0..2 {
                low[d] = low[d].min(vertex.at[d] - vertex.error[d]);
                high[d] = high[d].max(vertex.at[d] + vertex.error[d]);
            }
        }
        let mut middle = [0.0; 2];
        let mut radius = [0.0; 2];
        for d in 0..2 {
            middle[d] = (0.5 * low[d] + 0.5 * high[d]).clamp(self.lower[d], self.upper[d]);
            let size = (high[d] - middle[d]).max(middle[d] - low[d]);
            let scale = self.lower[d].abs().max(self.upper[d].abs());
            radius[d] = size * INFLATE + scale * (4.0 * f64::EPSILON);
        }
        (middle, radius)
    }

    /// The crossing of two lines, inside the box, as the beginning of an edge on the
    /// second.
    fn crossing(&self, cuts: &Cuts<Form>, edge: Place, line: Place) -> Vertex {
        let cuts = [edge, line].map(|line| cuts.at(line));
        let [f, g] = cuts.map(|cut| cut.form);
        let (first, second) = (f[0] * g[1], f[1] * g[0]);
        let area = first - second;
        let area_error = 4.0 * f64::EPSILON * (first.abs() + second.abs()) + f64::MIN_POSITIVE;
        let least_area = area.abs() - area_error;
        let quotients = [(f[1] * g[2] - g[1] * f[2]) / area, (g[0] * f[2] - f[0] * g[2]) / area];
        let mut at = [0.0; 2];
        for d in 0..2 {
            let inside = quotients[d].clamp(self.lower[d], self.upper[d]);
            at[d] = if inside.is_nan() { self.lower[d] } else { inside };
        }
        let [e, h] =
            cuts.map(|cut| value(&cut.form, at).abs() + cut.errors.form + cut.errors.value);
        let mut error = [0.0; 2];
        for (d, other) in [(0, 1), (1, 0)] {
            let numerator = g[other].abs() * e + f[other].abs() * h;
            let bound = numerator / least_area * INFLATE + f64::MIN_POSITIVE;
            // Both points lie in the box.
            let width = (self.upper[d] - self.lower[d]).next_up();
            error[d] = if least_area > 0.0 { bound.min(width) } else { width };
        }
        Vertex { at, error, line }
    }
}

/// The value of a form at a point.
fn value(form: &Form, point: [f64; 2]) -> f64 {
    form[0] * point[0] + form[1] * point[1] + form[2]
}

/// The sign of a cut where two edges cross, decided in exact arithmetic.
#[cold]
fn exact_sign(path: &mut Path, edges: [Origin; 2], cut: Origin) -> Ordering {
    let [first, second] = edges.map(|edge| path.exact(edge));
    exact::sign_at_crossing(&first, &second, &path.exact(cut))
}
