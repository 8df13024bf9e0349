//! A bound on a linear program that holds whatever a solver says.
//!
//! For any multipliers `y` of the rows `r ≤ A x ≤ s` and a box `l ≤ x ≤ u`,
//!
//! ```text
//! c·x ≥ Σᵢ yᵢ (rᵢ if yᵢ > 0 else sᵢ) + Σⱼ min(dⱼ lⱼ, dⱼ uⱼ),   d = c − Aᵀy.
//! ```
//!
//! Good multipliers make it tight, no multipliers make it wrong. Every operation
//! is covered by an a-priori bound of its rounding. Source: Neumaier, Shcherbina,
//! "Safe bounds in linear and mixed-integer linear programming" (2004),
//! doi 10.1007/s10107-003-0433-3.

use super::{LinearExpression, Model};
use crate::num::rounding::{RangeSum, below, sum_error};

/// A residual cost `d` with what its rounding depends on.
#[derive(Clone, Copy, Default)]
struct Residual {
    value: f64,
    magnitude: f64,
    terms: usize,
}

impl Residual {
    fn add(&mut self, value: f64) {
        self.value += value;
        self.magnitude += value.abs();
        self.terms += 1;
    }
}

/// A lower bound of `objective` over all points that satisfy bounds and rows of
/// `model` (integrality aside), from one multiplier a row; −∞ where a residual
/// cost meets a column without a bound. Multipliers of the wrong sign for a
/// one-sided row count as 0.
///
/// # Panics
/// If the number of multipliers is not the number of rows.
pub fn dual_bound(model: &Model, objective: &LinearExpression, multipliers: &[f64]) -> f64 {
    assert_eq!(multipliers.len(), model.rows().len(), "multipliers of a model");
    let mut residuals = vec![Residual::default(); model.columns().len()];
    objective.terms.iter().for_each(|&(column, c)| residuals[column.index()].add(c));
    let mut sum = RangeSum::default();
    sum.add(1.0, objective.constant, objective.constant);
    for (row, &y) in model.rows().iter().zip(multipliers) {
        let side = if y > 0.0 { row.bounds.lower() } else { row.bounds.upper() };
        if y == 0.0 || !y.is_finite() || !side.is_finite() {
            continue;
        }
        sum.add(y, side, side);
        row.terms.iter().for_each(|&(column, a)| residuals[column.index()].add(-y * a));
    }
    let mut error = 0.0;
    for (column, residual) in model.columns().iter().zip(&residuals) {
        if residual.terms == 0 {
            continue;
        }
        let (lower, upper) = (column.bounds.lower(), column.bounds.upper());
        let size = lower.abs().max(upper.abs());
        if !size.is_finite() {
            return f64::NEG_INFINITY;
        }
        sum.add(residual.value, lower, upper);
        // One more term for the product behind each summand.
        error += sum_error(residual.terms + 1, residual.magnitude) * size;
    }
    let bound = below(sum.rounded_outward().0, error * (1.0 + 1e-10));
    if bound.is_nan() { f64::NEG_INFINITY } else { bound }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::Interval;

    /// min x + y with x + 2y ≥ 2, x, y ∈ [0, 4]: 1 at (0, 1), multiplier 1/2.
    fn program() -> (Model, LinearExpression) {
        let mut model = Model::default();
        let bounds = Interval::new(0.0, 4.0).unwrap();
        let [x, y] = ["x", "y"].map(|name| model.continuous(name.to_string(), bounds));
        let row = LinearExpression::new(vec![(x, 1.0), (y, 2.0)], -2.0);
        model.at_least_zero("r".to_string(), row);
        (model, LinearExpression::new(vec![(x, 1.0), (y, 1.0)], 0.0))
    }

    #[test]
    fn the_right_multiplier_gives_the_optimum() {
        let (model, objective) = program();
        let bound = dual_bound(&model, &objective, &[0.5]);
        assert!(bound <= 1.0 && bound > 1.0 - 1e-12, "{bound}");
    }

    #[test]
    fn any_other_multiplier_gives_a_weaker_bound() {
        let (model, objective) = program();
        for y in [-3.0, 0.0, 0.1, 0.4999, 0.5001, 1.0, 100.0, f64::NAN, f64::INFINITY] {
            let bound = dual_bound(&model, &objective, &[y]);
            assert!(bound <= 1.0, "{y}: {bound}");
        }
        // By hand: with 0.25, 0.25·2 + min(0.75 x) + min(0.5 y) = 0.5.
        assert!((dual_bound(&model, &objective, &[0.25]) - 0.5).abs() < 1e-12);
    }
}
