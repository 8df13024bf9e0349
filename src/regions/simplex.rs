//! Small dense linear programs in floating point: the largest value of a form
//! over a cell, with a certificate where it is not positive.
//!
//! Dual simplex method with the inverse of the basis, `n × n` for `n` inputs
//! however many rows there are. The corner of the box that is best for the
//! objective is dual feasible, and each pivot exchanges a row of the basis for one
//! that the vertex violates, so that the bound falls until it is small enough or
//! the vertex lies in the cell. Any multipliers `λ ≥ 0` of the rows `g · x + c ≥ 0`
//! bound the objective: `f(x) ≤ f(x) + Σ λ (g · x + c)`, and that is a form whose
//! largest value over the box is seen at once. This is what is certified, rounding
//! errors included (source: Neumaier, Shcherbina, "Safe bounds in linear and
//! mixed-integer linear programming" (2004)); nothing else of the method has to be
//! exact.

pub use super::path::Errors;
use crate::num::rounding::sum_error;

/// Pivots before giving up, a free input.
const PIVOTS: usize = 20;

/// Entries of a pivot column below this share of the largest are noise.
const PIVOT: f64 = 1e-11;

/// Rows `g · x + c ≥ 0` that bound a cell within the box.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Row after row: `g`, then `c`.
    pub coefficients: Vec<f64>,
    pub errors: Vec<Errors>,
    /// One over the norm of `g`.
    pub scales: Vec<f64>,
}

impl Rows {
    /// Adds the row `sign · form`.
    pub fn push(&mut self, form: &[f64], sign: f64, errors: Errors) {
        self.coefficients.extend(form.iter().map(|f| sign * f));
        let norm = form[..form.len() - 1].iter().map(|g| g * g).sum::<f64>().sqrt();
        self.scales.push(if norm > 0.0 { 1.0 / norm } else { 0.0 });
        self.errors.push(errors);
    }

    pub fn truncate(&mut self, rows: usize, size: usize) {
        self.coefficients.truncate(rows * size);
        self.errors.truncate(rows);
        self.scales.truncate(rows);
    }

    pub fn len(&self) -> usize {
        self.errors.len()
    }
}

/// The value of a form `g`, `c` at a point.
#[inline]
pub fn value(form: &[f64], point: &[f64]) -> f64 {
    let last = point.len();
    form[..last].iter().zip(point).map(|(g, x)| g * x).sum::<f64>() + form[last]
}

/// What a program says about the largest value of its objective.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Largest {
    /// Certified: it is not positive.
    NotPositive,
    /// It seems to be attained at [`Simplex::point`].
    Attained,
    /// The method got lost.
    Unknown,
}

/// A constraint of the basis.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Basic {
    Lower(usize),
    Upper(usize),
    Row(usize),
}

/// Storage of the method, used again for each program.
#[derive(Debug)]
pub struct Simplex {
    lower: Vec<f64>,
    upper: Vec<f64>,
    basis: Vec<Basic>,
    multipliers: Vec<f64>,
    /// Columns of the inverse of the matrix whose rows are the basis.
    inverse: Vec<f64>,
    /// The vertex.
    pub point: Vec<f64>,
    column: Vec<f64>,
    sum: Vec<f64>,
    objective: Vec<f64>,
}

impl Simplex {
    pub fn new(lower: &[f64], upper: &[f64]) -> Self {
        let n = lower.len();
        Self {
            lower: lower.to_vec(),
            upper: upper.to_vec(),
            basis: vec![Basic::Lower(0); n],
            multipliers: vec![0.0; n],
            inverse: vec![0.0; n * n],
            point: vec![0.0; n],
            column: vec![0.0; n],
            sum: vec![0.0; n + 1],
            objective: vec![0.0; n + 1],
        }
    }

    /// Whether a point is certainly inside the box and all rows.
    pub fn is_inside(&self, point: &[f64], rows: &Rows) -> bool {
        let forms = rows.coefficients.chunks_exact(point.len() + 1);
        let mut bounds = point.iter().zip(self.lower.iter().zip(&self.upper));
        bounds.all(|(x, (l, u))| l < x && x < u)
            && forms.zip(&rows.errors).all(|(form, e)| value(form, point) > e.value)
    }

    /// The largest value of `sign · form` over the part of the box in which all
    /// rows are non-negative.
    pub fn maximize(&mut self, form: &[f64], sign: f64, errors: Errors, rows: &Rows) -> Largest {
        self.objective.iter_mut().zip(form).for_each(|(to, f)| *to = sign * f);
        self.start();
        let n = self.point.len();
        for _ in 0..=PIVOTS * (n + 1) {
            let bound = value(&self.objective, &self.point);
            if bound <= errors.value && self.is_certified(errors, rows) {
                return Largest::NotPositive;
            }
            let Some((entering, violation)) = self.violated(rows) else {
                return Largest::Attained;
            };
            if !self.pivot(entering, violation, rows) {
                return Largest::Unknown;
            }
        }
        Largest::Unknown
    }

    /// Where a form is greatest over the cell, nearly: nothing is certified. `None` where the
    /// method gets lost, or the cell is empty.
    pub fn highest(&mut self, form: &[f64], rows: &Rows) -> Option<&[f64]> {
        // A bound that is never good enough.
        let errors = Errors { form: 0.0, value: f64::NEG_INFINITY };
        let largest = self.maximize(form, 1.0, errors, rows);
        (largest == Largest::Attained).then_some(&self.point)
    }

    /// The rows that the vertex lies on, and their multipliers.
    pub fn tight_rows(&self) -> impl Iterator<Item = (usize, f64)> {
        self.basis.iter().zip(&self.multipliers).filter_map(|(basic, &multiplier)| match basic {
            Basic::Row(row) => Some((*row, multiplier)),
            Basic::Lower(_) | Basic::Upper(_) => None,
        })
    }

    /// A point in the middle of the cell: the mean of the vertices that are extreme along
    /// the axes and, where these all lie on one of the first `walls` rows, of one that is
    /// far from it.
    ///
    /// # Errors
    /// [`Largest::NotPositive`], certified, if the cell is empty; [`Largest::Unknown`].
    pub fn center(&mut self, rows: &Rows, walls: usize) -> Result<Vec<f64>, Largest> {
        let n = self.point.len();
        let mut sum = vec![0.0; n];
        let mut count = 0.0;
        let mut form = vec![0.0; n + 1];
        for j in 0..n {
            // Positive in all of the box: it is not positive in the cell only if that is
            // empty.
            let width = self.upper[j] - self.lower[j];
            for (sign, end) in [(1.0, self.lower[j]), (-1.0, self.upper[j])] {
                form.fill(0.0);
                (form[j], form[n]) = (1.0, sign * width - end);
                match self.maximize(&form, sign, Errors::default(), rows) {
                    Largest::Attained => {}
                    failed => return Err(failed),
                }
                sum.iter_mut().zip(&self.point).for_each(|(to, x)| *to += x);
                count += 1.0;
            }
        }
        for wall in 0..walls {
            let row = &rows.coefficients[wall * (n + 1)..][..n + 1];
            let center: Vec<f64> = sum.iter().map(|x| x / count).collect();
            if value(row, &center) <= rows.errors[wall].value
                && self.maximize(row, 1.0, rows.errors[wall], rows) == Largest::Attained
            {
                sum.iter_mut().zip(&self.point).for_each(|(to, x)| *to += x);
                count += 1.0;
            }
        }
        Ok(sum.iter().map(|x| x / count).collect())
    }

    fn start(&mut self) {
        let n = self.point.len();
        self.inverse.fill(0.0);
        for j in 0..n {
            let slope = self.objective[j];
            self.multipliers[j] = slope.abs();
            (self.basis[j], self.inverse[j * n + j], self.point[j]) = if slope > 0.0 {
                (Basic::Upper(j), -1.0, self.upper[j])
            } else {
                (Basic::Lower(j), 1.0, self.lower[j])
            };
        }
    }

    /// The constraint that the vertex violates most, with the violation, negative.
    fn violated(&self, rows: &Rows) -> Option<(Basic, f64)> {
        let n = self.point.len();
        let mut most = (0.0, None);
        for j in 0..n {
            let tolerance = 8.0 * f64::EPSILON * self.lower[j].abs().max(self.upper[j].abs());
            let sides = [
                (Basic::Lower(j), self.point[j] - self.lower[j]),
                (Basic::Upper(j), self.upper[j] - self.point[j]),
            ];
            for (side, slack) in sides {
                if slack < -tolerance && slack < most.0 && !self.basis.contains(&side) {
                    most = (slack, Some((side, slack)));
                }
            }
        }
        let forms = rows.coefficients.chunks_exact(n + 1);
        for (r, (form, (errors, scale))) in
            forms.zip(rows.errors.iter().zip(&rows.scales)).enumerate()
        {
            let slack = value(form, &self.point);
            if slack < -errors.value
                && slack * scale < most.0
                && !self.basis.contains(&Basic::Row(r))
            {
                most = (slack * scale, Some((Basic::Row(r), slack)));
            }
        }
        most.1
    }

    /// Exchanges a constraint of the basis for a violated one.
    fn pivot(&mut self, entering: Basic, violation: f64, rows: &Rows) -> bool {
        let n = self.point.len();
        for k in 0..n {
            let column = &self.inverse[k * n..][..n];
            self.column[k] = match entering {
                Basic::Lower(j) => column[j],
                Basic::Upper(j) => -column[j],
                Basic::Row(r) => {
                    let slope = &rows.coefficients[r * (n + 1)..][..n];
                    slope.iter().zip(column).map(|(g, m)| g * m).sum()
                }
            };
        }
        let largest = self.column.iter().fold(0.0, |most: f64, a| most.max(a.abs()));
        let mut leaving = None;
        let mut step = f64::INFINITY;
        for k in 0..n {
            let entry = self.column[k];
            if entry > PIVOT * largest && self.multipliers[k] < step * entry {
                step = self.multipliers[k] / entry;
                leaving = Some(k);
            }
        }
        let Some(leaving) = leaving else { return false };
        let scale = 1.0 / self.column[leaving];
        for j in 0..n {
            let entry = self.inverse[leaving * n + j] * scale;
            self.inverse[leaving * n + j] = entry;
            self.point[j] -= violation * entry;
            for k in (0..n).filter(|&k| k != leaving) {
                self.inverse[k * n + j] -= self.column[k] * entry;
            }
        }
        for k in 0..n {
            self.multipliers[k] = (self.multipliers[k] - step * self.column[k]).max(0.0);
        }
        self.multipliers[leaving] = step;
        self.basis[leaving] = entering;
        true
    }

    /// Whether the multipliers prove that the objective is not positive.
    fn is_certified(&mut self, errors: Errors, rows: &Rows) -> bool {
        let n = self.point.len();
        self.sum.copy_from_slice(&self.objective);
        let reach = |j: usize, l: &[f64], u: &[f64]| l[j].abs().max(u[j].abs());
        let mut magnitude = self.objective[n].abs();
        for j in 0..n {
            magnitude += self.objective[j].abs() * reach(j, &self.lower, &self.upper);
        }
        let mut doubt = errors.form;
        for (basic, &multiplier) in self.basis.iter().zip(&self.multipliers) {
            let Basic::Row(r) = *basic else { continue };
            let row = &rows.coefficients[r * (n + 1)..][..n + 1];
            for (j, g) in row.iter().enumerate() {
                let product = multiplier * g;
                self.sum[j] += product;
                let reach = if j < n { reach(j, &self.lower, &self.upper) } else { 1.0 };
                magnitude += product.abs() * reach;
            }
            doubt += multiplier * rows.errors[r].form;
        }
        let mut bound = self.sum[n];
        for j in 0..n {
            bound += (self.sum[j] * self.lower[j]).max(self.sum[j] * self.upper[j]);
        }
        // Each coefficient is a sum of up to n + 1 products, the bound one of n + 1;
        // `doubt` has a factor of two to spare.
        bound + doubt + sum_error(4 * n + 4, magnitude) <= 0.0
    }
}
