//! Regions of a network of two free inputs: convex polygons, split neuron by
//! neuron.
//!
//! Depth first: a polygon on which a layer's pre-activations are affine is cut by
//! the lines of that layer's bends one after the other, each piece that is left by
//! those of the next layer, and so on. Memory is proportional to the depth.
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

use super::exact;
use super::path::{Errors, Origin, Path};
use super::plan;
use super::walk::{Leaf, Sink, Worker};
use crate::control::StoppedBy;
use plan::Plan;

/// Covers the rounding of a bound's own computation.
const INFLATE: f64 = 1.0 + 1e-12;

/// A line by its level (0: the domain, `k + 1`: stage `k`) and place there.
#[derive(Clone, Copy, Debug)]
struct Line {
    level: u32,
    index: u32,
}

#[derive(Clone, Copy, Debug)]
struct Vertex {
    /// The computed coordinates, inside the box.
    at: [f64; 2],
    /// Bounds on their errors.
    error: [f64; 2],
    /// The line of the edge that begins here, counter-clockwise.
    line: Line,
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

/// A line with its computed form.
#[derive(Clone, Copy, Debug)]
struct Cut {
    form: [f64; 3],
    errors: Errors,
    origin: Origin,
    /// Neuron and bend of the stage; 0 for the domain.
    neuron: u32,
    bend: u8,
}

impl Cut {
    fn at(&self, point: [f64; 2]) -> f64 {
        self.form[0] * point[0] + self.form[1] * point[1] + self.form[2]
    }
}

/// Where a polygon lies.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    Above,
    /// Or on the line, for a form that is 0 everywhere.
    Below,
    Both,
}

/// One worker's walk over the polygons.
pub(super) struct Planar<'p, 's, S> {
    path: Path<'p>,
    worker: Worker<'s>,
    sink: &'s mut S,
    /// The lines of each level that may cut the polygon at hand.
    levels: Vec<Vec<Cut>>,
    /// The polygons on the path, one behind the other.
    vertices: Vec<Vertex>,
    /// The sides of the vertices of the last polygon looked at.
    signs: Vec<Ordering>,
    /// Cuts on the path.
    depth: usize,
    /// Per stage: the errors of each bend of each neuron.
    errors: Vec<Vec<[Errors; 2]>>,
    ranges: Vec<[f64; 2]>,
}

impl<'p, 's, S: Sink> Planar<'p, 's, S> {
    pub(super) fn new(plan: &'p Plan, worker: Worker<'s>, sink: &'s mut S) -> Self {
        let path = Path::new(plan);
        let of_stage = |stage: &plan::Stage| {
            let of_neuron = |neuron: &plan::Neuron| {
                [0, 1].map(|bend| match neuron.input {
                    Some(input) if neuron.cuts[bend] => {
                        path.bend_errors(stage.input, input, neuron.level(bend))
                    }
                    _ => Errors::default(),
                })
            };
            stage.neurons.iter().map(of_neuron).collect()
        };
        let errors = plan.stages.iter().map(of_stage).collect();
        let levels = vec![Vec::new(); plan.stages.len() + 1];
        Self {
            path,
            worker,
            sink,
            levels,
            vertices: Vec::new(),
            signs: Vec::new(),
            depth: 0,
            errors,
            ranges: Vec::new(),
        }
    }

    /// Walks over all cells. `None` if the constraints leave no open set.
    pub(super) fn run(&mut self) -> Option<()> {
        self.start();
        for index in 0..self.path.plan.constraints.len() {
            let line = self.add_cut(Origin::Constraint(index));
            match self.side(line, 0) {
                Side::Above => {}
                Side::Below => return None,
                Side::Both => {
                    let above = self.split(line, 0);
                    self.vertices.drain(..above);
                }
            }
        }
        if !self.worker.is_root(0) || self.worker.claim() {
            self.stage(0, 0);
        }
        Some(())
    }

    /// The box, counter-clockwise.
    fn start(&mut self) {
        let sides = [Origin::Lower(1), Origin::Upper(0), Origin::Upper(1), Origin::Lower(0)];
        let lines = sides.map(|side| self.add_cut(side));
        let (l, u) = (&self.path.plan.lower, &self.path.plan.upper);
        let corners = [[l[0], l[1]], [u[0], l[1]], [u[0], u[1]], [l[0], u[1]]];
        for (at, line) in corners.into_iter().zip(lines) {
            self.vertices.push(Vertex { at, error: [0.0; 2], line });
        }
    }

    fn add_cut(&mut self, origin: Origin) -> Line {
        let mut form = [0.0; 3];
        let errors = self.path.form(origin, &mut form);
        self.levels[0].push(Cut { form, errors, origin, neuron: 0, bend: 0 });
        line(0, self.levels[0].len() - 1)
    }

    fn cut(&self, line: Line) -> &Cut {
        &self.levels[line.level as usize][line.index as usize]
    }

    /// Splits the polygon that ends the list by the neurons from `stage` on.
    fn stage(&mut self, stage: usize, start: usize) {
        if stage == self.path.plan.stages.len() {
            self.leaf(start);
            return;
        }
        self.path.enter(stage);
        self.find_cuts(stage, start);
        self.cells(stage, 0, start);
    }

    fn leaf(&mut self, start: usize) {
        if self.worker.is_shared(self.depth) && !self.worker.claim() {
            return;
        }
        self.worker.found(1);
        if !S::COUNT {
            self.path.enter(self.path.plan.stages.len());
            let mut polygon = Polygon(&self.vertices[start..]);
            if !self.sink.take(&self.path, &mut polygon) {
                self.worker.halt(StoppedBy::Visitor);
            }
        }
    }

    /// Decides the bends that do not come near the polygon, and lists the others.
    fn find_cuts(&mut self, stage: usize, start: usize) {
        let plan = self.path.plan;
        let (middle, radius) = self.bounding_box(start);
        let node = plan.stages[stage].input;
        let forms = &self.path.forms[node];
        let (stride, coefficients) = (forms.stride, &forms.coefficients);
        let (g0, rest) = coefficients.split_at(stride);
        let (g1, c) = rest.split_at(stride);
        self.ranges.clear();
        self.ranges.extend(g0.iter().zip(g1).zip(c).map(|((g0, g1), c)| {
            let value = g0 * middle[0] + g1 * middle[1] + c;
            [value, g0.abs() * radius[0] + g1.abs() * radius[1]]
        }));
        let cuts = &mut self.levels[stage + 1];
        cuts.clear();
        for (i, neuron) in plan.stages[stage].neurons.iter().enumerate() {
            let Some(entry) = neuron.input else { continue };
            let mut passed = neuron.passed;
            let [value, spread] = self.ranges[entry];
            for bend in 0..2 {
                if !neuron.cuts[bend] {
                    continue;
                }
                let level = neuron.level(bend);
                let errors = self.errors[stage][i][bend];
                let above = value - level;
                let is_below = above + spread < -errors.value;
                if above - spread > errors.value {
                    passed |= plan::PASSED[bend];
                } else if !is_below {
                    let form = [g0[entry], g1[entry], c[entry] - level];
                    let origin = Origin::Bend { node, entry, level };
                    let (neuron, bend) = (i as u32, bend as u8);
                    cuts.push(Cut { form, errors, origin, neuron, bend });
                }
            }
            self.path.passed[stage][i] = passed;
        }
    }

    /// Middle and half the size, rounded up, of a box around a polygon.
    fn bounding_box(&self, start: usize) -> ([f64; 2], [f64; 2]) {
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for vertex in &self.vertices[start..] {
            for d in 0..2 {
                low[d] = low[d].min(vertex.at[d] - vertex.error[d]);
                high[d] = high[d].max(vertex.at[d] + vertex.error[d]);
            }
        }
        let plan = self.path.plan;
        let mut middle = [0.0; 2];
        let mut radius = [0.0; 2];
        for d in 0..2 {
            middle[d] = (0.5 * low[d] + 0.5 * high[d]).clamp(plan.lower[d], plan.upper[d]);
            let size = (high[d] - middle[d]).max(middle[d] - low[d]);
            let scale = plan.lower[d].abs().max(plan.upper[d].abs());
            radius[d] = size * INFLATE + scale * (4.0 * f64::EPSILON);
        }
        (middle, radius)
    }

    /// Splits the polygon that ends the list by the cuts of a stage from `first` on.
    fn cells(&mut self, stage: usize, first: usize, start: usize) {
        if self.worker.is_halted() {
            return;
        }
        let count = self.levels[stage + 1].len();
        for index in first..count {
            let line = line(stage + 1, index);
            let Cut { neuron, bend, .. } = *self.cut(line);
            let (neuron, bend) = (neuron as usize, usize::from(bend));
            match self.side(line, start) {
                Side::Above => self.path.pass(stage, neuron, bend, true),
                Side::Below => self.path.pass(stage, neuron, bend, false),
                Side::Both => {
                    let last = index + 1 == count && stage + 1 == self.path.plan.stages.len();
                    if S::COUNT && last && !self.worker.is_shared(self.depth) {
                        self.worker.found(2);
                        return;
                    }
                    let below = self.vertices.len();
                    let above = self.split(line, start);
                    self.depth += 1;
                    for (start, passed) in [(above, true), (below, false)] {
                        self.path.pass(stage, neuron, bend, passed);
                        if !self.worker.is_root(self.depth) || self.worker.claim() {
                            self.cells(stage, index + 1, start);
                        }
                        self.vertices.truncate(start);
                    }
                    self.depth -= 1;
                    return;
                }
            }
        }
        self.worker.step(1);
        self.stage(stage + 1, start);
    }

    /// On which side of a line the polygon that ends the list lies; where on both,
    /// `signs` holds the side of each vertex.
    fn side(&mut self, line: Line, start: usize) -> Side {
        let cut = *self.cut(line);
        let slope = [cut.form[0].abs(), cut.form[1].abs()];
        self.signs.clear();
        let (mut above, mut below) = (false, false);
        for position in start..self.vertices.len() {
            let vertex = &self.vertices[position];
            let value = cut.at(vertex.at);
            let doubt =
                cut.errors.value + (slope[0] * vertex.error[0] + slope[1] * vertex.error[1]);
            let sign = if value > doubt {
                Ordering::Greater
            } else if value < -doubt {
                Ordering::Less
            } else {
                self.exact_sign(cut.origin, position, start)
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

    /// The sign at a vertex, decided in exact arithmetic.
    #[cold]
    fn exact_sign(&mut self, origin: Origin, position: usize, start: usize) -> Ordering {
        let last = self.vertices.len() - 1;
        let before = if position == start { last } else { position - 1 };
        let lines = [before, position].map(|at| self.vertices[at].line);
        let [first, second] = lines.map(|line| {
            let origin = self.cut(line).origin;
            self.path.exact(origin)
        });
        let third = self.path.exact(origin);
        exact::sign_at_crossing(&first, &second, &third)
    }

    /// Appends the parts of the polygon below and above a line that cuts it, and
    /// returns where the second begins.
    fn split(&mut self, line: Line, start: usize) -> usize {
        let count = self.vertices.len() - start;
        let mut above = 0;
        // The crossings of the line with edges that it passes between their ends:
        // on the way down and up.
        let mut crossings = [None; 2];
        for i in 0..count {
            let next = if i + 1 == count { 0 } else { i + 1 };
            let way = match (self.signs[i], self.signs[next]) {
                (Ordering::Greater, Ordering::Less) => 0,
                (Ordering::Less, Ordering::Greater) => 1,
                _ => continue,
            };
            crossings[way] = Some(self.crossing(self.vertices[start + i].line, line));
        }
        let [down, up] = crossings;
        for part in [Ordering::Less, Ordering::Greater] {
            let (leave, enter) = if part == Ordering::Greater { (down, up) } else { (up, down) };
            for i in 0..count {
                let next = if i + 1 == count { 0 } else { i + 1 };
                let vertex = self.vertices[start + i];
                let (here, there) = (self.signs[i], self.signs[next]);
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
            if part == Ordering::Less {
                above = self.vertices.len();
            }
        }
        above
    }

    /// The crossing of two lines, inside the box, as the beginning of an edge on the
    /// second.
    fn crossing(&self, edge: Line, line: Line) -> Vertex {
        let plan = self.path.plan;
        let cuts = [edge, line].map(|line| self.cut(line));
        let [f, g] = cuts.map(|cut| cut.form);
        let (first, second) = (f[0] * g[1], f[1] * g[0]);
        let area = first - second;
        let area_error = 4.0 * f64::EPSILON * (first.abs() + second.abs()) + f64::MIN_POSITIVE;
        let least_area = area.abs() - area_error;
        let quotients = [(f[1] * g[2] - g[1] * f[2]) / area, (g[0] * f[2] - f[0] * g[2]) / area];
        let mut at = [0.0; 2];
        for d in 0..2 {
            let inside = quotients[d].clamp(plan.lower[d], plan.upper[d]);
            at[d] = if inside.is_nan() { plan.lower[d] } else { inside };
        }
        let [e, h] = cuts.map(|cut| cut.at(at).abs() + cut.errors.form + cut.errors.value);
        let mut error = [0.0; 2];
        for (d, other) in [(0, 1), (1, 0)] {
            let numerator = g[other].abs() * e + f[other].abs() * h;
            let bound = numerator / least_area * INFLATE + f64::MIN_POSITIVE;
            // Both points lie in the box.
            let width = (plan.upper[d] - plan.lower[d]).next_up();
            error[d] = if least_area > 0.0 { bound.min(width) } else { width };
        }
        Vertex { at, error, line }
    }
}

fn line(level: usize, index: usize) -> Line {
    let fits = |number: usize| u32::try_from(number).expect("fewer neurons than addresses");
    Line { level: fits(level), index: fits(index) }
}
