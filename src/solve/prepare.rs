//! What every backend needs done to the numbers of a model.

use super::SolveError;
use crate::milp::{Model, Row};
use crate::num::Interval;
use crate::num::tolerance::{INFINITE_TO_SOLVERS, LARGEST_COEFFICIENT, SMALLEST_COEFFICIENT};

/// The row without coefficients so small that a solver would drop them or
/// stumble over them: each is replaced by its range over the column's bounds,
/// which widens the row, so that the model stays a relaxation of what it was.
///
/// # Errors
/// A coefficient that is too large, or a tiny one on a column without bounds.
pub fn row(model: &Model, row: &Row) -> Result<Row, SolveError> {
    let (mut lower, mut upper) = (row.bounds.lower(), row.bounds.upper());
    let mut kept = row.clone();
    kept.terms.retain(|&(column, c)| {
        let tiny = c.abs() <= SMALLEST_COEFFICIENT;
        if tiny {
            let bounds = model.column_at(column).bounds;
            let ends = [c * bounds.lower(), c * bounds.upper()];
            lower = (lower - ends[0].max(ends[1])).next_down();
            upper = (upper - ends[0].min(ends[1])).next_up();
        }
        !tiny
    });
    for &(column, c) in &kept.terms {
        let column = &model.column_at(column).name;
        check_number(|| format!("the coefficient of {column} in {}", row.name), c)?;
    }
    // A limit that no finite value of the row meets for a solver.
    for (side, value, sign) in [("lower", lower, 1.0), ("upper", upper, -1.0)] {
        if sign * value >= INFINITE_TO_SOLVERS {
            return Err(SolveError::Number {
                place: format!("the {side} bound of {}", row.name),
                value,
                expected: format!("a magnitude below {INFINITE_TO_SOLVERS:e}"),
            });
        }
    }
    kept.bounds = Interval::new(lower, upper).ok_or_else(|| SolveError::Number {
        place: format!("a bound of {}", row.name),
        value: f64::NAN,
        expected: "a number, once its tiny coefficients are moved into it".to_string(),
    })?;
    Ok(kept)
}

/// That a number is one that the solvers take.
///
/// # Errors
/// [`SolveError::Number`], naming the place.
pub fn check_number(place: impl Fn() -> String, value: f64) -> Result<(), SolveError> {
    if value.abs() < LARGEST_COEFFICIENT {
        return Ok(());
    }
    let expected = format!("a magnitude below {LARGEST_COEFFICIENT:e}");
    Err(SolveError::Number { place: place(), value, expected })
}
