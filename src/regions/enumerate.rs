//! Regions of a network of any number of inputs, neuron by neuron.
//!
//! Depth first, as in the plane: a cell on which a layer's pre-activations are
//! affine is split by that layer's bends one after the other. A cell is the set of
//! the points of the box where its rows are not negative; it has inner points.
//! Such a cell is split by a bend exactly if the bend's form is positive somewhere
//! in it and negative somewhere: the inner points near such points do the same.
//! Each side is decided by, in this order,
//! 1. known points of the cell, kept from earlier programs;
//! 2. a linear program in floating point: a certificate says no, a point of the
//!    cell that is checked with error bounds says yes, and is kept;
//! 3. the same program in exact arithmetic.
//!
//! Bends that do not cut a cell when its layer begins are not looked at again.
//! Memory is proportional to the depth.

use super::exact;
use super::exact_program::is_positive_somewhere;
use super::path::{Errors, Origin, Path};
use super::plan::{PASSED, Plan};
use super::simplex::{Largest, Rows, Simplex, value};
use super::walk::{EXACT_PIVOT, Leaf, PROGRAM, Sink, Worker, pivot_weight};
use crate::control::StoppedBy;

/// Known points of a cell, at most.
const MOST_POINTS: usize = 24;

/// How far from a vertex, as a share of the way to where the objective turns
/// negative, a point inside is sought.
const STEPS: [f64; 3] = [0.5, 0.1, 0.9];

#[derive(Clone, Debug)]
struct Cut {
    form: Vec<f64>,
    errors: Errors,
    origin: Origin,
    neuron: usize,
    bend: usize,
}

/// The polytope of a cell.
struct Polytope<'a> {
    rows: &'a Rows,
    /// Known points, one behind the other.
    points: &'a [f64],
    simplex: &'a mut Simplex,
}

impl Leaf for Polytope<'_> {
    fn point(&mut self) -> Vec<f64> {
        if !self.points.is_empty() {
            return mean(self.points, self.simplex.point.len());
        }
        match self.simplex.center(self.rows, self.rows.len()) {
            Ok(point) => point,
            Err(_) => self.simplex.point.clone(),
        }
    }

    fn vertices(&self) -> Option<Vec<[f64; 2]>> {
        None
    }

    fn positive(&mut self, form: &[f64], errors: Errors) -> Option<Vec<f64>> {
        match self.simplex.maximize(form, 1.0, errors, self.rows) {
            Largest::NotPositive => None,
            Largest::Attained | Largest::Unknown => Some(self.simplex.point.clone()),
        }
    }
}

/// The mean of points of `n` coordinates, one behind the other.
fn mean(points: &[f64], n: usize) -> Vec<f64> {
    let share = n as f64 / points.len() as f64;
    (0..n).map(|j| points[j..].iter().step_by(n).map(|x| x * share).sum()).collect()
}

/// One worker's walk over the cells.
pub(super) struct Enumerate<'p, 's, S> {
    path: Path<'p>,
    worker: Worker<'s>,
    sink: &'s mut S,
    /// The bends of each stage that cut the cell with which it began.
    cuts: Vec<Vec<Cut>>,
    /// The rows of the cell at hand, and where they come from: the sign says which
    /// side of the cut.
    rows: Rows,
    origins: Vec<(Origin, f64)>,
    /// Known points of the cells on the path, one behind the other.
    points: Vec<f64>,
    simplex: Simplex,
    /// Cuts on the path.
    depth: usize,
}

impl<'p, 's, S: Sink> Enumerate<'p, 's, S> {
    pub(super) fn new(plan: &'p Plan, worker: Worker<'s>, sink: &'s mut S) -> Self {
        Self {
            path: Path::new(plan),
            worker,
            sink,
            cuts: vec![Vec::new(); plan.stages.len()],
            rows: Rows::default(),
            origins: Vec::new(),
            points: Vec::new(),
            simplex: Simplex::new(&plan.lower, &plan.upper),
            depth: 0,
        }
    }

    fn dimension(&self) -> usize {
        self.path.plan.dimension()
    }

    /// Walks over all cells. `None` if the constraints leave no open set.
    pub(super) fn run(&mut self) -> Option<()> {
        let plan = self.path.plan;
        let center = plan.lower.iter().zip(&plan.upper).map(|(l, u)| 0.5 * l + 0.5 * u);
        self.points.extend(center);
        let mut start = 0;
        for index in 0..plan.constraints.len() {
            let cut = self.cut(Origin::Constraint(index), 0, 0);
            if !self.reaches(&cut, 1.0, start) {
                // Given up, or nothing left.
                return self.worker.is_halted().then_some(());
            }
            start = self.restrict(&cut, 1.0, start);
        }
        if !self.worker.is_root(0) || self.worker.claim() {
            self.stage(0, start);
        }
        Some(())
    }

    fn cut(&self, origin: Origin, neuron: usize, bend: usize) -> Cut {
        let mut form = vec![0.0; self.dimension() + 1];
        let errors = self.path.form(origin, &mut form);
        Cut { form, errors, origin, neuron, bend }
    }

    /// Splits the cell, whose points begin at `start`, by the neurons from `stage`
    /// on.
    fn stage(&mut self, stage: usize, start: usize) {
        if self.worker.is_halted() {
            return;
        }
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
            let points = &self.points[start..];
            let mut cell = Polytope { rows: &self.rows, points, simplex: &mut self.simplex };
            if !self.sink.take(&self.path, &mut cell) {
                self.worker.halt(StoppedBy::Visitor);
            }
        }
    }

    /// Decides the bends that do not cut the cell, and lists the others.
    fn find_cuts(&mut self, stage: usize, start: usize) {
        let plan = self.path.plan;
        self.cuts[stage].clear();
        let node = plan.stages[stage].input;
        for (i, neuron) in plan.stages[stage].neurons.iter().enumerate() {
            let Some(entry) = neuron.input else { continue };
            if self.worker.is_halted() {
                return;
            }
            let mut passed = neuron.passed;
            for bend in (0..2).filter(|&bend| neuron.cuts[bend]) {
                let origin = Origin::Bend { node, entry, level: neuron.level(bend) };
                let cut = self.cut(origin, i, bend);
                let above = self.reaches(&cut, 1.0, start);
                if above && self.reaches(&cut, -1.0, start) {
                    self.cuts[stage].push(cut);
                } else if above {
                    passed |= PASSED[bend];
                }
            }
            self.path.passed[stage][i] = passed;
        }
    }

    /// Splits the cell by the cuts of a stage from `first` on.
    fn cells(&mut self, stage: usize, first: usize, start: usize) {
        if self.worker.is_halted() {
            return;
        }
        let count = self.cuts[stage].len();
        for index in first..count {
            if self.worker.is_halted() {
                return;
            }
            let cut = std::mem::take(&mut self.cuts[stage][index].form);
            let cut = Cut { form: cut, ..self.cuts[stage][index] };
            let above = self.reaches(&cut, 1.0, start);
            let splits = above && self.reaches(&cut, -1.0, start);
            if splits {
                self.split(stage, index, &cut, start);
            } else {
                self.path.pass(stage, cut.neuron, cut.bend, above);
            }
            self.cuts[stage][index].form = cut.form;
            if splits {
                return;
            }
        }
        self.worker.step(1);
        self.stage(stage + 1, start);
    }

    fn split(&mut self, stage: usize, index: usize, cut: &Cut, start: usize) {
        let last = index + 1 == self.cuts[stage].len() && stage + 1 == self.cuts.len();
        if S::COUNT && last && !self.worker.is_shared(self.depth) {
            self.worker.found(2);
            return;
        }
        let (rows, end) = (self.rows.len(), self.points.len());
        self.depth += 1;
        for sign in [1.0, -1.0] {
            self.path.pass(stage, cut.neuron, cut.bend, sign > 0.0);
            if !self.worker.is_root(self.depth) || self.worker.claim() {
                let start = self.restrict_from(cut, sign, start, end);
                self.cells(stage, index + 1, start);
            }
            self.points.truncate(end);
            self.rows.truncate(rows, self.dimension() + 1);
            self.origins.truncate(rows);
        }
        self.depth -= 1;
    }

    fn restrict(&mut self, cut: &Cut, sign: f64, start: usize) -> usize {
        self.restrict_from(cut, sign, start, self.points.len())
    }

    /// Adds a row to the cell, and the known points that it leaves behind the
    /// others; returns where they begin.
    fn restrict_from(&mut self, cut: &Cut, sign: f64, start: usize, end: usize) -> usize {
        let n = self.dimension();
        self.rows.push(cut.form.iter().map(|f| sign * f), cut.errors, n + 1);
        self.origins.push((cut.origin, sign));
        let begin = self.points.len();
        for at in (start..end).step_by(n.max(1)) {
            if sign * value(&cut.form, &self.points[at..at + n]) > cut.errors.value {
                self.points.extend_from_within(at..at + n);
            }
        }
        begin
    }

    /// Whether `sign · cut` is positive somewhere in the cell; anything once the walk is
    /// halted.
    fn reaches(&mut self, cut: &Cut, sign: f64, start: usize) -> bool {
        let n = self.dimension();
        let mut points = self.points[start..].chunks_exact(n.max(1));
        if points.any(|point| sign * value(&cut.form, point) > cut.errors.value) {
            return true;
        }
        self.worker.step(PROGRAM * pivot_weight(n));
        if self.worker.is_halted() {
            return false;
        }
        match self.simplex.maximize(&cut.form, sign, cut.errors, &self.rows) {
            Largest::NotPositive => return false,
            Largest::Attained if self.keep_point(cut, sign, start) => return true,
            Largest::Attained | Largest::Unknown => {}
        }
        self.reaches_exactly(cut, sign)
    }

    /// Looks for a point of the cell with `sign · cut` positive, between the vertex
    /// of the program and the known points.
    fn keep_point(&mut self, cut: &Cut, sign: f64, start: usize) -> bool {
        let n = self.dimension();
        let largest = sign * value(&cut.form, &self.simplex.point);
        let is_above = largest > cut.errors.value;
        if !is_above || self.points.len() == start {
            return false;
        }
        let inside = mean(&self.points[start..], n);
        let least = sign * value(&cut.form, &inside);
        for step in STEPS {
            let share = step * (largest / (largest - least)).min(1.0);
            let ends = self.simplex.point.iter().zip(&inside);
            let point: Vec<f64> = ends.map(|(x, p)| x + share * (p - x)).collect();
            let above = sign * value(&cut.form, &point) > cut.errors.value;
            if above && self.is_inside(&point) {
                if self.points.len() >= start + MOST_POINTS * n {
                    self.points.copy_within(start + n.., start);
                    self.points.truncate(self.points.len() - n);
                }
                self.points.extend(point);
                return true;
            }
        }
        false
    }

    /// Whether a point is certainly inside the cell.
    fn is_inside(&self, point: &[f64]) -> bool {
        let plan = self.path.plan;
        let forms = self.rows.coefficients.chunks_exact(point.len() + 1);
        let mut bounds = point.iter().zip(plan.lower.iter().zip(&plan.upper));
        bounds.all(|(x, (l, u))| l < x && x < u)
            && forms.zip(&self.rows.errors).all(|(form, e)| value(form, point) > e.value)
    }

    #[cold]
    fn reaches_exactly(&mut self, cut: &Cut, sign: f64) -> bool {
        let sides = (0..self.dimension()).flat_map(|j| [Origin::Lower(j), Origin::Upper(j)]);
        let origins: Vec<(Origin, f64)> =
            sides.map(|side| (side, 1.0)).chain(self.origins.iter().copied()).collect();
        let mut signed = |(origin, sign): (Origin, f64)| {
            let form = self.path.exact(origin);
            let negate = |x: &exact::Number| if sign < 0.0 { -x.clone() } else { x.clone() };
            form.iter().map(negate).collect::<Vec<_>>()
        };
        let objective = signed((cut.origin, sign));
        let constant = objective.len() - 1;
        if objective[..constant].iter().all(exact::Number::is_zero) {
            return exact::sign(&objective[constant]).is_gt();
        }
        let rows: Vec<_> = origins.into_iter().map(signed).collect();
        // Neurons whose bends coincide are common, and quickly told.
        match rows.iter().find_map(|row| exact::ratio_sign(&objective, row)) {
            Some(sign) => sign.is_gt(),
            None => {
                let weight = EXACT_PIVOT * pivot_weight(self.dimension());
                let worker = &mut self.worker;
                let is_halted = || {
                    worker.step(weight);
                    worker.is_halted()
                };
                is_positive_somewhere(&objective, &rows, is_halted).unwrap_or(false)
            }
        }
    }
}
