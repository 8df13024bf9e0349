//! Cells of any number of inputs: polytopes, known by their rows and by points in them.
//!
//! A cell is the set of the points of the box where its rows are not negative; it has
//! inner points. Such a cell is split by a bend exactly if the bend's form is positive
//! somewhere in it and negative somewhere: the inner points near such points do the same.
//! Each side is decided by, in this order,
//! 1. known points of the cell, kept from earlier programs;
//! 2. a linear program in floating point: a certificate says no, a point of the
//!    cell that is checked with error bounds says yes, and is kept;
//! 3. the same program in exact arithmetic.

use super::exact_program::is_positive_somewhere;
use super::path::{Errors, Origin, Path};
use super::plan::Plan;
use super::simplex::{Largest, Rows, Simplex, value};
use super::walk::{Cut, Cuts, Place, Shape, Side, Trail};
use super::{Leaf, exact};

type Form = Vec<f64>;

/// Known points of a cell, at most.
const MOST_POINTS: usize = 24;

/// How far from a vertex, as a share of the way to where the objective turns
/// negative, a point inside is sought.
const STEPS: [f64; 3] = [0.5, 0.1, 0.9];

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

/// The cells on a path of the walk.
pub struct Polytopes {
    /// The rows of the cell at hand, and where they come from: the sign says which
    /// side of the cut.
    rows: Rows,
    origins: Vec<(Origin, f64)>,
    /// Known points of the cells on the path, one behind the other.
    points: Vec<f64>,
    simplex: Simplex,
}

impl Shape for Polytopes {
    type Form = Form;

    fn new(path: &Path, _: &mut Cuts<Form>) -> Self {
        let Plan { lower, upper, .. } = path.plan;
        Self {
            rows: Rows::default(),
            origins: Vec::new(),
            points: lower.iter().zip(upper).map(|(l, u)| 0.5 * l + 0.5 * u).collect(),
            simplex: Simplex::new(lower, upper),
        }
    }

    fn side(&mut self, trail: &mut Trail, _: &Cuts<Form>, cut: &Cut<Form>, start: usize) -> Side {
        if !self.reaches(trail, cut, 1.0, start) {
            Side::Below
        } else if self.reaches(trail, cut, -1.0, start) {
            Side::Both
        } else {
            Side::Above
        }
    }

    /// Each part keeps the known points in it.
    fn split(&mut self, cuts: &Cuts<Form>, place: Place, start: usize) -> [usize; 2] {
        let cut = cuts.at(place);
        let (n, end) = (self.dimension(), self.points.len());
        let [below, above] = [-1.0, 1.0].map(|sign| {
            let begin = self.points.len();
            for at in (start..end).step_by(n.max(1)) {
                if sign * value(&cut.form, &self.points[at..at + n]) > cut.errors.value {
                    self.points.extend_from_within(at..at + n);
                }
            }
            begin
        });
        [above, below]
    }

    fn enter(&mut self, cut: &Cut<Form>, above: bool) {
        let sign = if above { 1.0 } else { -1.0 };
        self.rows.push(&cut.form, sign, cut.errors);
        self.origins.push((cut.origin, sign));
    }

    fn leave(&mut self, start: usize) {
        self.points.truncate(start);
        self.origins.pop();
        self.rows.truncate(self.origins.len(), self.dimension() + 1);
    }

    fn leaf(&mut self, start: usize) -> impl Leaf {
        let points = &self.points[start..];
        Polytope { rows: &self.rows, points, simplex: &mut self.simplex }
    }
}

impl Polytopes {
    fn dimension(&self) -> usize {
        self.simplex.point.len()
    }

    /// Whether `sign · cut` is positive somewhere in the cell; `false` may be wrong once the
    /// walk is halted.
    fn reaches(&mut self, trail: &mut Trail, cut: &Cut<Form>, sign: f64, start: usize) -> bool {
        let n = self.dimension();
        let mut points = self.points[start..].chunks_exact(n.max(1));
        if points.any(|point| sign * value(&cut.form, point) > cut.errors.value) {
            return true;
        }
        if trail.worker.program(n) {
            return false;
        }
        match self.simplex.maximize(&cut.form, sign, cut.errors, &self.rows) {
            Largest::NotPositive => return false,
            Largest::Attained if self.keep_point(cut, sign, start) => return true,
            Largest::Attained | Largest::Unknown => {}
        }
        self.reaches_exactly(trail, cut, sign)
    }

    /// Looks for a point of the cell with `sign · cut` positive, between the vertex
    /// of the program and the known points.
    fn keep_point(&mut self, cut: &Cut<Form>, sign: f64, start: usize) -> bool {
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
            if above && self.simplex.is_inside(&point, &self.rows) {
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

    #[cold]
    fn reaches_exactly(&self, trail: &mut Trail, cut: &Cut<Form>, sign: f64) -> bool {
        let sides = (0..self.dimension()).flat_map(|j| [Origin::Lower(j), Origin::Upper(j)]);
        let origins: Vec<(Origin, f64)> =
            sides.map(|side| (side, 1.0)).chain(self.origins.iter().copied()).collect();
        let mut signed = |(origin, sign): (Origin, f64)| {
            let form = trail.path.exact(origin);
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
                let is_halted = || trail.worker.exact_pivot(self.dimension());
                is_positive_somewhere(&objective, &rows, is_halted).unwrap_or(false)
            }
        }
    }
}
