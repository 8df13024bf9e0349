//! Checks a point against a model.

use std::fmt;

use super::{Kind, Model};

/// A constraint that a point fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Name of the column or row.
    pub name: String,
    /// What is required of it.
    pub requirement: &'static str,
    /// By how much it fails, absolute.
    pub amount: f64,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} violated by {:e}", self.name, self.requirement, self.amount)
    }
}

/// All constraints of `model` that `point` (one number per column) fails by more
/// than `tolerance` (absolute): bounds, integrality, rows.
///
/// # Panics
/// If the number of coordinates is not the number of columns.
pub fn check(model: &Model, point: &[f64], tolerance: f64) -> Vec<Violation> {
    assert_eq!(point.len(), model.columns().len(), "coordinates of a point");
    let mut violations = Vec::new();
    let mut demand = |name: &str, requirement, amount: f64| {
        // Written so that NaN is a violation.
        let satisfied = amount <= tolerance;
        if !satisfied {
            violations.push(Violation { name: name.to_string(), requirement, amount });
        }
    };
    for (column, &value) in model.columns().iter().zip(point) {
        demand(&column.name, "lower bound", column.bounds.lower() - value);
        demand(&column.name, "upper bound", value - column.bounds.upper());
        if column.kind == Kind::Integer {
            demand(&column.name, "integrality", (value - value.round()).abs());
        }
    }
    for row in model.rows() {
        let value: f64 = row.terms.iter().map(|&(column, c)| c * point[column.index()]).sum();
        demand(&row.name, "row lower bound", row.bounds.lower() - value);
        demand(&row.name, "row upper bound", value - row.bounds.upper());
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::super::LinearExpression;
    use super::*;
    use crate::num::Interval;

    #[test]
    fn every_kind_of_violation_is_found() {
        let mut model = Model::default();
        let x = model.continuous("x".to_string(), Interval::new(0.0, 2.0).unwrap());
        let z = model.binary("z".to_string());
        // x − 2z ≤ 0
        let expression = LinearExpression::new(vec![(x, 1.0), (z, -2.0)], 0.0);
        model.at_most_zero("r".to_string(), expression);
        let names = |point: &[f64]| -> Vec<&'static str> {
            check(&model, point, 1e-9).iter().map(|v| v.requirement).collect()
        };
        assert!(names(&[2.0, 1.0]).is_empty());
        assert_eq!(names(&[1.0, 0.0]), ["row upper bound"]);
        assert_eq!(names(&[1.0, 0.5]), ["integrality"]);
        assert_eq!(names(&[2.5, 2.0]), ["upper bound", "upper bound"]);
        // NaN satisfies nothing: two bounds of x, two sides of the row.
        assert_eq!(names(&[f64::NAN, 1.0]).len(), 4);
    }
}
