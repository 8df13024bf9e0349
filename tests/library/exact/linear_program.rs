//! Exact linear programs.

use dashu_ratio::RBig;

use super::rational::{Affine, Interval, is_positive};

/// A point of `{x in bounds : g(x) <= 0 for all rows g}` at which the objective
/// is largest, or `None` where that set is empty.
///
/// Seidel's incremental algorithm. The best corner of the box is optimal without
/// rows. Rows are added one by one; as long as the optimum `p` so far satisfies
/// the new row it stays optimal. If it does not, and a point `q` does, then the
/// segment from `p` to `q` meets the row's hyperplane in a point that is feasible
/// for all rows so far and, the objective being at its largest in `p`, no worse
/// than `q`. So the new optimum may be sought on the hyperplane, which is a
/// problem with one variable less.
///
/// This assumes nothing about the rows: they may repeat, contradict each other,
/// come in opposite pairs or be constant.
pub fn maximize(objective: &Affine, rows: &[Affine], bounds: &[Interval]) -> Option<Vec<RBig>> {
    let mut best = best_corner(objective, bounds);
    for (count, row) in rows.iter().enumerate() {
        if is_positive(&row.at(&best)) {
            best = maximize_on_hyperplane(objective, row, &rows[..count], bounds)?;
        }
    }
    Some(best)
}

/// [`maximize`] on the hyperplane `wall = 0` of the points with `wall <= 0`. The
/// wall must be violated somewhere, so a constant wall leaves no point at all.
fn maximize_on_hyperplane(
    objective: &Affine,
    wall: &Affine,
    rows: &[Affine],
    bounds: &[Interval],
) -> Option<Vec<RBig>> {
    let pivot = wall.slope.iter().position(|entry| !entry.is_zero())?;
    let replacement = wall.solved_for(pivot);
    let mut fewer_bounds = bounds.to_vec();
    let pivot_bounds = fewer_bounds.remove(pivot);
    let mut fewer_rows =
        vec![replacement.above(&pivot_bounds.upper), replacement.below(&pivot_bounds.lower)];
    fewer_rows.extend(rows.iter().map(|row| row.substitute(pivot, &replacement)));
    let fewer_objective = objective.substitute(pivot, &replacement);
    let mut point = maximize(&fewer_objective, &fewer_rows, &fewer_bounds)?;
    point.insert(pivot, replacement.at(&point));
    Some(point)
}

/// The corner of the box at which the objective is largest.
pub(crate) fn best_corner(objective: &Affine, bounds: &[Interval]) -> Vec<RBig> {
    let best_end = |(entry, interval): (&RBig, &Interval)| {
        let end = if is_positive(entry) { &interval.upper } else { &interval.lower };
        end.clone()
    };
    objective.slope.iter().zip(bounds).map(best_end).collect()
}
