//! Whether two cells on both sides of a hyperplane share a facet: whether there is a point
//! of the hyperplane inside everything else that bounds them.
//!
//! Floating point decides where it can: a linear program says that the two have no point in
//! common, with a certificate, or leads to a segment across the hyperplane on which all
//! other forms are certainly positive. Otherwise an input is eliminated by the equation of
//! the hyperplane, and exact arithmetic decides whether what is left is full-dimensional.

use super::exact::{self, Number};
use super::exact_program::is_positive_somewhere;
use super::path::{Errors, Origin, Path};
use super::plan::{PASSED, Plan};
use super::simplex::{Largest, Rows, Simplex, value};
use super::workers::Worker;

/// A bend of a neuron of the stage at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bend {
    pub neuron: usize,
    pub bend: usize,
}

/// A bend that one of two cells is bounded by.
#[derive(Clone, Copy, Debug)]
struct Wall {
    /// Which of the two.
    cell: usize,
    stage: usize,
    bend: Bend,
}

/// Decides about facets.
pub struct Facets<'p, 's> {
    pub path: Path<'p>,
    worker: Worker<'s>,
    simplex: Simplex,
}

impl<'p, 's> Facets<'p, 's> {
    pub fn new(plan: &'p Plan, worker: Worker<'s>) -> Self {
        Self { path: Path::new(plan), worker, simplex: Simplex::new(&plan.lower, &plan.upper) }
    }

    /// Counts a step of work; `None` once the walk is halted.
    pub fn step(&mut self) -> Option<()> {
        (!self.worker.program(self.path.plan.dimension())).then_some(())
    }

    fn origin(&self, stage: usize, bend: Bend) -> Origin {
        let stage = &self.path.plan.stages[stage];
        let neuron = stage.neurons[bend.neuron];
        let entry = neuron.input.expect("a neuron with a bend has a pre-activation");
        Origin::Bend { node: stage.input, entry, level: neuron.level(bend.bend) }
    }

    fn form(&self, origin: Origin) -> (Vec<f64>, Errors) {
        let mut form = vec![0.0; self.path.plan.dimension() + 1];
        let errors = self.path.form(origin, &mut form);
        (form, errors)
    }

    /// Adds the side of a cut that the sign says.
    fn push(&self, rows: &mut Rows, cut: Origin, sign: f64) {
        let (form, errors) = self.form(cut);
        rows.push(&form, sign, errors);
    }

    /// The bends of a stage by the hyperplane they lie on, under the phases that `pattern`
    /// has before that stage.
    pub fn hyperplanes(
        &mut self,
        pattern: &[u8],
        stage: usize,
        bends: &[Bend],
    ) -> Option<Vec<Vec<Bend>>> {
        self.path.replay(pattern);
        let (lower, upper) = (&self.path.plan.lower, &self.path.plan.upper);
        let forms: Vec<_> = bends.iter().map(|&bend| self.form(self.origin(stage, bend))).collect();
        let ends: Vec<_> =
            forms.iter().map(|(form, e)| (value(form, lower), value(form, upper), e)).collect();
        let mut planes: Vec<Vec<usize>> = Vec::new();
        for second in 0..bends.len() {
            self.step()?;
            let mut found = None;
            for (k, plane) in planes.iter().enumerate() {
                // Multiples of each other have the same ratio of values everywhere.
                let ((a, b, e), (c, d, f)) = (ends[plane[0]], ends[second]);
                let doubt =
                    e.value * (c.abs() + d.abs() + 2.0 * f.value) + f.value * (a.abs() + b.abs());
                let rounding = 4.0 * f64::EPSILON * ((a * d).abs() + (b * c).abs());
                if (a * d - b * c).abs() <= doubt + rounding
                    && self.coincide(stage, [bends[plane[0]], bends[second]])
                {
                    found = Some(k);
                    break;
                }
            }
            match found {
                Some(k) => planes[k].push(second),
                None => planes.push(vec![second]),
            }
        }
        Some(planes.iter().map(|plane| plane.iter().map(|&k| bends[k]).collect()).collect())
    }

    fn coincide(&mut self, stage: usize, bends: [Bend; 2]) -> bool {
        let [a, b] = bends.map(|bend| {
            let origin = self.origin(stage, bend);
            self.path.exact(origin)
        });
        exact::ratio_sign(&a, &b).is_some()
    }

    /// Whether two cells share a facet. Their patterns agree before `stage`, and there on
    /// all bends but some of `on`, which lie on one hyperplane.
    pub fn is_shared(&mut self, patterns: [&[u8]; 2], stage: usize, on: &[Bend]) -> Option<bool> {
        self.step()?;
        let n = self.path.plan.dimension();
        let mut rows = Rows::default();
        for index in 0..self.path.plan.constraints.len() {
            self.push(&mut rows, Origin::Constraint(index), 1.0);
        }
        let mut walls = Vec::new();
        for (cell, first) in [0, stage].into_iter().enumerate() {
            self.path.replay(patterns[cell]);
            for (at, bend) in self.bends(first) {
                if at == stage && on.contains(&bend) {
                    continue;
                }
                self.push(&mut rows, self.origin(at, bend), self.side(at, bend));
                walls.push(Wall { cell, stage: at, bend });
            }
        }
        let plane = self.origin(stage, on[0]);
        let (form, errors) = self.form(plane);
        let others = rows.len();
        [1.0, -1.0].into_iter().for_each(|sign| self.push(&mut rows, plane, sign));
        let center = self.simplex.center(&rows, others);
        if center == Err(Largest::NotPositive) {
            return Some(false);
        }
        rows.truncate(others, n + 1);
        if let Ok(point) = &center
            && self.crosses(&form, errors, &rows, point)
        {
            return Some(true);
        }
        // Two cells that only touch do so at a few walls: these come first.
        let point = center.unwrap_or_else(|_| self.simplex.point.clone());
        let forms = rows.coefficients.chunks_exact(n + 1).zip(&rows.errors);
        let is_tight = forms.map(|(form, e)| value(form, &point) <= e.value);
        let is_tight: Vec<bool> = is_tight.skip(others - walls.len()).collect();
        let (tight, loose): (Vec<_>, Vec<_>) =
            walls.into_iter().zip(is_tight).partition(|(_, is_tight)| *is_tight);
        let walls: Vec<Wall> = tight.into_iter().chain(loose).map(|(wall, _)| wall).collect();
        let plane = Wall { cell: 1, stage, bend: on[0] };
        self.is_shared_exactly(patterns, plane, &walls)
    }

    /// The bends that vary from region to region, of all stages from `first` on.
    fn bends(&self, first: usize) -> Vec<(usize, Bend)> {
        let mut bends = Vec::new();
        for (at, stage) in self.path.plan.stages.iter().enumerate().skip(first) {
            for (neuron, settings) in stage.neurons.iter().enumerate() {
                let bend = (0..2).filter(|&bend| settings.cuts[bend]);
                bends.extend(bend.map(|bend| (at, Bend { neuron, bend })));
            }
        }
        bends
    }

    /// On which side of a bend the pattern of the path lies.
    fn side(&self, stage: usize, bend: Bend) -> f64 {
        let passed = self.path.passed[stage][bend.neuron] & PASSED[bend.bend] != 0;
        if passed { 1.0 } else { -1.0 }
    }

    /// Whether a short segment about `point`, parallel to an axis, certainly crosses the
    /// hyperplane and lies inside the box and all rows.
    fn crosses(&self, form: &[f64], errors: Errors, rows: &Rows, point: &[f64]) -> bool {
        let steepest = (0..point.len()).max_by(|&i, &j| form[i].abs().total_cmp(&form[j].abs()));
        let Some(axis) = steepest.filter(|&axis| form[axis] != 0.0) else { return false };
        let reach = (value(form, point).abs() + 4.0 * errors.value) / form[axis];
        [1.0, -1.0].into_iter().all(|side| {
            let mut end = point.to_vec();
            end[axis] += side * reach;
            side * value(form, &end) > errors.value && self.simplex.is_inside(&end, rows)
        })
    }

    #[cold]
    fn is_shared_exactly(
        &mut self,
        patterns: [&[u8]; 2],
        plane: Wall,
        walls: &[Wall],
    ) -> Option<bool> {
        let plan = self.path.plan;
        let n = plan.dimension();
        self.path.replay(patterns[plane.cell]);
        let plane = self.path.exact(self.origin(plane.stage, plane.bend));
        let axis = (0..n).find(|&j| !plane[j].is_zero()).expect("a bend between two cells");
        let mut facet = Vec::new();
        for j in (0..n).filter(|&j| j != axis) {
            for side in [Origin::Lower(j), Origin::Upper(j)] {
                facet.push(eliminate(&self.path.exact(side), &plane, axis));
            }
        }
        let constraints = (0..plan.constraints.len()).map(Origin::Constraint);
        for origin in constraints.chain([Origin::Lower(axis), Origin::Upper(axis)]) {
            let row = eliminate(&self.path.exact(origin), &plane, axis);
            if !self.is_left(row, &mut facet)? {
                return Some(false);
            }
        }
        let mut replayed = None;
        for wall in walls {
            if replayed != Some(wall.cell) {
                self.path.replay(patterns[wall.cell]);
                replayed = Some(wall.cell);
            }
            let form = self.path.exact(self.origin(wall.stage, wall.bend));
            let sign = exact::number(self.side(wall.stage, wall.bend));
            let form: Vec<Number> = form.iter().map(|x| x * &sign).collect();
            if !self.is_left(eliminate(&form, &plane, axis), &mut facet)? {
                return Some(false);
            }
        }
        Some(true)
    }

    /// Whether a full-dimensional set still is one where `row` must not be negative; adds
    /// the row.
    fn is_left(&mut self, row: Vec<Number>, set: &mut Vec<Vec<Number>>) -> Option<bool> {
        let (constant, slope) = row.split_last().expect("a constant");
        if slope.iter().all(Number::is_zero) {
            return Some(exact::sign(constant).is_ge());
        }
        let known = set.iter().find_map(|other| exact::ratio_sign(&row, other));
        if let Some(sign) = known {
            return Some(sign.is_gt());
        }
        let n = slope.len() + 1;
        let is_left = is_positive_somewhere(&row, set, || self.worker.exact_pivot(n))?;
        set.push(row);
        Some(is_left)
    }
}

/// A form on the hyperplane where `plane` is 0, in the other inputs, up to a positive
/// factor.
fn eliminate(form: &[Number], plane: &[Number], axis: usize) -> Vec<Number> {
    let (pivot, factor) = match exact::sign(&plane[axis]) {
        std::cmp::Ordering::Less => (-plane[axis].clone(), -form[axis].clone()),
        _ => (plane[axis].clone(), form[axis].clone()),
    };
    let others = (0..form.len()).filter(|&j| j != axis);
    others.map(|j| &form[j] * &pivot - &plane[j] * &factor).collect()
}
