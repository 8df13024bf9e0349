//! Whether a form is positive somewhere in a cell, in exact arithmetic.
//!
//! The dual simplex method of [`super::simplex`] in rational numbers, with Bland's
//! rule (least index first, for what enters and what leaves), which cannot cycle
//! (source: Bland, "New finite pivoting rules for the simplex method" (1977)).

use std::cmp::Ordering;

use dashu_ratio::RBig;

use super::exact::Number;

/// Whether `objective` is positive at a point of the set where all `rows` are not
/// negative; forms `[g…, c]`. The first `2 n` rows are the sides of the box, for
/// each input the lower and the upper one, and the set is not empty. `None` if
/// `is_halted`, asked before each pivot, says so.
pub fn is_positive_somewhere(
    objective: &[Number],
    rows: &[Vec<Number>],
    mut is_halted: impl FnMut() -> bool,
) -> Option<bool> {
    let exact = |form: &[Number]| form.iter().map(|x| x.clone().canonicalize()).collect();
    let objective: Vec<RBig> = exact(objective);
    let rows: Vec<Vec<RBig>> = rows.iter().map(|row| exact(row)).collect();
    let n = objective.len() - 1;
    let mut basis: Vec<usize> =
        (0..n).map(|j| 2 * j + usize::from(objective[j] > RBig::ZERO)).collect();
    let mut inverse = vec![vec![RBig::ZERO; n]; n];
    let mut multipliers: Vec<RBig> = Vec::new();
    let mut point: Vec<RBig> = Vec::new();
    for j in 0..n {
        let row = &rows[basis[j]];
        inverse[j][j] = RBig::ONE / &row[j];
        multipliers.push(-&objective[j] / &row[j]);
        point.push(-&row[n] / &row[j]);
    }
    loop {
        if is_halted() {
            return None;
        }
        if value(&objective, &point) <= RBig::ZERO {
            return Some(false);
        }
        let Some(entering) = rows.iter().position(|row| value(row, &point) < RBig::ZERO) else {
            return Some(true);
        };
        let column: Vec<RBig> = inverse.iter().map(|m| slope(&rows[entering], m)).collect();
        let ratios = (0..n).filter(|&k| column[k] > RBig::ZERO);
        let ratios = ratios.map(|k| (&multipliers[k] / &column[k], k));
        let least = ratios.min_by(|a, b| match a.0.cmp(&b.0) {
            Ordering::Equal => basis[a.1].cmp(&basis[b.1]),
            order => order,
        });
        // Without one the rows exclude each other, and the cell would be empty.
        let Some((step, leaving)) = least else { return Some(false) };
        let violation = value(&rows[entering], &point);
        let direction: Vec<RBig> =
            inverse[leaving].iter().map(|entry| entry / &column[leaving]).collect();
        for j in 0..n {
            point[j] -= &violation * &direction[j];
            for k in (0..n).filter(|&k| k != leaving) {
                inverse[k][j] -= &column[k] * &direction[j];
            }
        }
        for k in 0..n {
            multipliers[k] -= &step * &column[k];
        }
        inverse[leaving] = direction;
        multipliers[leaving] = step;
        basis[leaving] = entering;
    }
}

fn slope(form: &[RBig], point: &[RBig]) -> RBig {
    let products = form.iter().zip(point).filter(|(g, x)| !g.is_zero() && !x.is_zero());
    products.fold(RBig::ZERO, |sum, (g, x)| sum + g * x)
}

fn value(form: &[RBig], point: &[RBig]) -> RBig {
    slope(form, point) + &form[point.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::exact::number;

    #[test]
    fn a_form_on_a_triangle() {
        // By hand: x, y ≥ 0 and x + y ≤ 1 within [0, 2]²; the largest value of
        // x + 2 y − c is 2 − c, at (0, 1).
        let form = |coefficients: [f64; 3]| coefficients.map(number).to_vec();
        let rows = [
            [1.0, 0.0, 0.0],
            [-1.0, 0.0, 2.0],
            [0.0, 1.0, 0.0],
            [0.0, -1.0, 2.0],
            [-1.0, -1.0, 1.0],
            [-2.0, -2.0, 2.0],
        ];
        let rows = rows.map(form);
        for (constant, expected) in [(-1.9, true), (-2.0, false), (-2.1, false)] {
            let found = is_positive_somewhere(&form([1.0, 2.0, constant]), &rows, || false);
            assert_eq!(found, Some(expected));
        }
        assert_eq!(is_positive_somewhere(&form([0.0; 3]), &rows, || false), Some(false));
        assert_eq!(is_positive_somewhere(&form([0.0; 3]), &rows, || true), None);
    }
}
