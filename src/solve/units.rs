//! Programs in units in which their numbers are of comparable size.
//!
//! The tolerances of solvers are absolute: a row or a bound may be missed by 1e-7,
//! whether the column counts hertz or grams, and presolve takes a column that is
//! narrower than that for a constant. So a program never reaches a solver in the
//! user's units. With a unit `2^eⱼ` and an origin `oⱼ` for each column, `2^rᵢ` for
//! each row and `2^g` for the objective it becomes
//!
//! ```text
//! xⱼ = oⱼ + 2^eⱼ x̃ⱼ ,   ãᵢⱼ = aᵢⱼ 2^(eⱼ − rᵢ) ,   c̃ⱼ = cⱼ 2^(eⱼ − g)
//! ```
//!
//! where `x̃ⱼ` is 1 to 2 wide, and the largest coefficient of each row and of the
//! objective lies between 1 and 2. Powers of two change no digit of a coefficient.
//! An origin other than 0, for columns that are narrow and far from it, rounds the
//! limits of rows, which is why nothing that a solver says in these units is a proof:
//! what is proven from multipliers is proven over the program as it was.
//! Integer columns keep their unit.

use std::ops::ControlFlow;

use super::{Solution, SolveOptions};
use crate::control::{Observer, Progress};
use crate::milp::{Column, Kind, LinearExpression, Model, VarId, dual_bound};
use crate::num::Interval;
use crate::num::power_of_two::{exponent, shifted};
use crate::num::tolerance::ABSOLUTE_GAP;

/// Units lie between 2^−300 and 2^300: a column beyond that is nothing beside all others,
/// and what is divided by its unit would overflow.
const LARGEST_EXPONENT: i32 = 300;

/// Constants and limits are at most so large in the unit of their row or objective (an
/// exponent): beside them solvers see no terms that are smaller.
const LARGEST_CONSTANT: i32 = 40;

/// A column that is this many times further from 0 than it is wide gets an origin of
/// its own.
const FAR: f64 = 16.0;

/// The units of a program.
#[derive(Clone, Debug)]
pub struct Units {
    columns: Vec<ColumnUnit>,
    /// Exponents `rᵢ`.
    rows: Vec<i32>,
}

/// `x = origin + 2^exponent x̃`.
#[derive(Clone, Copy, Debug)]
struct ColumnUnit {
    origin: f64,
    exponent: i32,
}

/// Costs in units of their own: `Σ cⱼ xⱼ = shift + 2^exponent Σ c̃ⱼ x̃ⱼ`.
#[derive(Clone, Copy, Debug)]
pub struct CostUnit {
    shift: f64,
    exponent: i32,
}

impl Units {
    /// Units that suit the bounds of the columns and the coefficients of the rows.
    pub fn of(model: &Model) -> Self {
        let mut columns: Vec<ColumnUnit> = model.columns().iter().map(ColumnUnit::of).collect();
        let shift = |terms: &[(VarId, f64)]| {
            terms.iter().map(|(id, a)| a * columns[id.index()].origin).sum::<f64>()
        };
        let rows = model.rows().iter().map(|row| shift(&row.terms));
        if !rows.chain([shift(&model.objective.terms)]).all(f64::is_finite) {
            // Numbers for which no origin helps.
            columns.iter_mut().for_each(|column| column.origin = 0.0);
        }
        let rows = model.rows().iter().map(|row| {
            let sizes = row.terms.iter();
            let sizes = sizes.map(|&(id, a)| shifted(a, columns[id.index()].exponent).abs());
            let of_terms = exponent(sizes.fold(0.0, f64::max));
            // Limits far beyond all terms decide the row; they must not overflow.
            let sides = [row.bounds.lower(), row.bounds.upper()].map(f64::abs);
            let nearest = sides.into_iter().filter(|side| side.is_finite()).reduce(f64::min);
            let of_limits = nearest.filter(|side| *side > 0.0).map_or(of_terms, exponent);
            let unit = of_terms.max(of_limits - LARGEST_CONSTANT);
            unit.clamp(-LARGEST_EXPONENT, f64::MAX_EXP)
        });
        Self { rows: rows.collect(), columns }
    }

    /// The program in these units.
    pub fn program(&self, model: &Model) -> Model {
        let mut program = Model::default();
        for (column, unit) in model.columns().iter().zip(&self.columns) {
            let bounds = unit.bounds_inside(column.bounds);
            program.column(Column { bounds, ..column.clone() });
        }
        for (row, &exponent) in model.rows().iter().zip(&self.rows) {
            let (terms, shift) = self.terms(&row.terms);
            let terms = terms.into_iter().map(|(id, a)| (id, shifted(a, -exponent)));
            let terms = terms.filter(|(_, a)| *a != 0.0).collect();
            let side = |side: f64| shifted(side - shift, -exponent);
            let (lower, upper) = (side(row.bounds.lower()), side(row.bounds.upper()));
            let expression = LinearExpression { terms, constant: 0.0 };
            program.range(row.name.clone(), expression, lower, upper);
        }
        let unit = self.objective_unit(model);
        let (terms, _) = self.terms(&model.objective.terms);
        let terms = terms.into_iter().map(|(id, c)| (id, shifted(c, -unit.exponent)));
        program.objective = LinearExpression {
            terms: terms.filter(|(_, c)| *c != 0.0).collect(),
            constant: unit.inside(model.objective.constant),
        };
        program
    }

    /// The unit of an objective without its constant.
    pub fn cost_unit(&self, costs: &[(VarId, f64)]) -> CostUnit {
        let (terms, shift) = self.terms(costs);
        let largest = terms.iter().map(|(_, c)| c.abs()).fold(0.0, f64::max);
        let exponent = exponent(largest).clamp(-LARGEST_EXPONENT, LARGEST_EXPONENT);
        CostUnit { shift, exponent }
    }

    /// The unit of the objective of `model`.
    fn objective_unit(&self, model: &Model) -> CostUnit {
        let unit = self.cost_unit(&model.objective.terms);
        let constant = exponent(model.objective.constant + unit.shift);
        CostUnit { exponent: unit.exponent.max(constant - LARGEST_CONSTANT), ..unit }
    }

    /// Costs in their unit.
    pub fn costs(&self, costs: &[f64], unit: CostUnit) -> Vec<f64> {
        let exponents = self.columns.iter().map(|column| column.exponent - unit.exponent);
        costs.iter().zip(exponents).map(|(&c, e)| shifted(c, e)).collect()
    }

    /// Bounds of a column in its unit.
    pub fn bounds(&self, column: VarId, bounds: Interval) -> Interval {
        self.columns[column.index()].bounds_inside(bounds)
    }

    /// A point of the program, one number per column, in the units of the model.
    pub fn point(&self, point: &[f64]) -> Vec<f64> {
        let values = point.iter().zip(&self.columns);
        values.map(|(&value, unit)| unit.origin + shifted(value, unit.exponent)).collect()
    }

    /// The multipliers of a program with costs in `unit`, as those of the model.
    pub fn multipliers(&self, multipliers: &[f64], unit: CostUnit) -> Vec<f64> {
        let rows = multipliers.iter().zip(&self.rows);
        rows.map(|(&y, &exponent)| shifted(y, unit.exponent - exponent)).collect()
    }

    /// The multipliers of a proof that there is no point, as those of the model.
    pub fn ray(&self, multipliers: &[f64]) -> Vec<f64> {
        self.multipliers(multipliers, CostUnit { shift: 0.0, exponent: 0 })
    }

    /// `Σ aⱼ xⱼ = Σ a'ⱼ x̃ⱼ + shift`.
    fn terms(&self, terms: &[(VarId, f64)]) -> (Vec<(VarId, f64)>, f64) {
        let unit = |id: &VarId| self.columns[id.index()];
        let shift = terms.iter().map(|(id, a)| a * unit(id).origin).sum();
        (terms.iter().map(|(id, a)| (*id, shifted(*a, unit(id).exponent))).collect(), shift)
    }

    /// The settings of a solve of the program instead of `model`.
    pub fn options(&self, model: &Model, options: &SolveOptions) -> SolveOptions {
        let unit = self.objective_unit(model);
        let start = options.start.iter().map(|&(id, value)| {
            let unit = self.columns[id.index()];
            (id, shifted(value - unit.origin, -unit.exponent))
        });
        let gap = match options.absolute_gap {
            Some(gap) => shifted(gap, -unit.exponent),
            None => ABSOLUTE_GAP.min(shifted(ABSOLUTE_GAP, -unit.exponent)),
        };
        SolveOptions { start: start.collect(), absolute_gap: Some(gap), ..options.clone() }
    }

    /// What a solution of the program says of `model`. The bound of a linear program
    /// is derived again from the multipliers.
    pub fn solution(&self, model: &Model, solution: Solution) -> Solution {
        let unit = self.objective_unit(model);
        let multipliers = self.multipliers(&solution.multipliers, unit);
        let bound = match multipliers.is_empty() {
            true => solution.objective_bound.map(|bound| unit.outside(bound)),
            false => certified(model, &multipliers),
        };
        let point = solution.point.map(|point| self.point(&point));
        Solution {
            objective: solution.objective.map(|value| unit.outside(value)),
            objective_bound: bound.filter(|bound| bound.is_finite()),
            point,
            multipliers,
            ..solution
        }
    }

    /// An observer of the program's progress that passes it on to one of the model's.
    pub fn observer<'a>(&self, model: &Model, inner: &'a mut dyn Observer) -> Translated<'a> {
        Translated { inner, unit: self.objective_unit(model) }
    }
}

impl ColumnUnit {
    fn of(column: &Column) -> Self {
        let (lower, upper) = (column.bounds.lower(), column.bounds.upper());
        let (width, size) = (upper - lower, lower.abs().max(upper.abs()));
        if !size.is_finite() {
            return Self { origin: 0.0, exponent: 0 };
        }
        if column.kind == Kind::Integer {
            let far = width > 0.0 && size >= FAR * width && lower.fract() == 0.0;
            return Self { origin: if far { lower } else { 0.0 }, exponent: 0 };
        }
        if width == 0.0 {
            return Self { origin: lower, exponent: 0 };
        }
        let exponent = exponent(width).clamp(-LARGEST_EXPONENT, LARGEST_EXPONENT);
        let middle = 0.5 * lower + 0.5 * upper;
        // A multiple of the unit, from which the ends differ by numbers of few digits.
        let origin = shifted(shifted(middle, -exponent).round(), exponent);
        Self { origin: if size >= FAR * width { origin } else { 0.0 }, exponent }
    }

    fn bounds_inside(self, bounds: Interval) -> Interval {
        let inside = |value: f64| shifted(value - self.origin, -self.exponent);
        Interval::new(inside(bounds.lower()), inside(bounds.upper())).expect("a monotone map")
    }
}

impl CostUnit {
    /// A value of the objective in this unit.
    pub fn inside(self, value: f64) -> f64 {
        shifted(value + self.shift, -self.exponent)
    }

    /// The value in the units of the model.
    pub fn outside(self, value: f64) -> f64 {
        shifted(value, self.exponent)
    }

    /// A value of `Σ cⱼ xⱼ` as one of `Σ c̃ⱼ x̃ⱼ`.
    pub fn without_shift(self, value: f64) -> f64 {
        shifted(value - self.shift, -self.exponent)
    }
}

/// The bound of a linear program that its multipliers prove.
fn certified(model: &Model, multipliers: &[f64]) -> Option<f64> {
    Some(dual_bound(model, &model.objective, multipliers))
}

/// Passes progress on in the units of the model.
pub struct Translated<'a> {
    inner: &'a mut dyn Observer,
    unit: CostUnit,
}

impl Observer for Translated<'_> {
    fn update(&mut self, progress: &Progress) -> ControlFlow<()> {
        self.inner.update(&Progress {
            objective: progress.objective.map(|value| self.unit.outside(value)),
            objective_bound: progress.objective_bound.map(|value| self.unit.outside(value)),
            ..*progress
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Silent;
    use crate::solve::{Backend, Highs, TerminationStatus};

    fn interval(lower: f64, upper: f64) -> Interval {
        Interval::new(lower, upper).expect("lower ≤ upper")
    }

    /// min 3 x + 1e-9 y with x + 1e-9 y ≥ 1e7 + 0.25, x in [1e7, 1e7 + 1/2], y in [0, 1e9]:
    /// y costs as much for its part of the row, a third of x, so by hand y = 2.5e8 at
    /// x = 1e7: 3e7 + 0.25.
    fn program() -> Model {
        let mut model = Model::default();
        let x = model.continuous("x".to_string(), interval(1e7, 1e7 + 0.5));
        let y = model.continuous("y".to_string(), interval(0.0, 1e9));
        let row = LinearExpression::new(vec![(x, 1.0), (y, 1e-9)], -1e7 - 0.25);
        model.at_least_zero("r".to_string(), row);
        model.objective = LinearExpression::new(vec![(x, 3.0), (y, 1e-9)], 0.0);
        model
    }

    #[test]
    fn numbers_are_of_comparable_size() {
        let model = program();
        let program = Units::of(&model).program(&model);
        for column in program.columns() {
            let width = column.bounds.upper() - column.bounds.lower();
            assert!((1.0..=2.0).contains(&width), "{column:?}");
            assert!(column.bounds.lower().abs() <= 2.0, "{column:?}");
        }
        let sizes = |terms: &[(VarId, f64)]| terms.iter().map(|t| t.1.abs()).fold(0.0, f64::max);
        assert!((1.0..2.0).contains(&sizes(&program.rows()[0].terms)));
        assert!((1.0..2.0).contains(&sizes(&program.objective.terms)));
    }

    #[test]
    fn a_point_there_and_back_is_the_same() {
        let model = program();
        let units = Units::of(&model);
        let ids: Vec<VarId> = model.column_ids().collect();
        for point in [[1e7, 0.0], [1e7 + 0.5, 1e9], [1e7 + 0.125, 2.5e8]] {
            let inside = ids
                .iter()
                .zip(&point)
                .map(|(&id, &value)| units.bounds(id, interval(value, value)).lower());
            assert_eq!(units.point(&inside.collect::<Vec<_>>()), point);
        }
    }

    #[test]
    fn value_bound_and_multipliers_come_back_in_the_units_of_the_model() {
        let model = program();
        let solution = Highs.solve(&model, &SolveOptions::default(), &mut Silent).expect("solved");
        assert_eq!(solution.status, TerminationStatus::Optimal);
        let close = |value: Option<f64>| value.is_some_and(|v| (v - 3e7 - 0.25).abs() < 1e-6);
        assert!(close(solution.objective) && close(solution.objective_bound), "{solution:?}");
        // By hand: a unit more of the right side costs what y costs for it, 1.
        assert!((solution.multipliers[0] - 1.0).abs() < 1e-9, "{solution:?}");
        let point = solution.point.expect("a point");
        assert!((point[0] - 1e7).abs() < 1e-6 && (point[1] - 2.5e8).abs() < 1.0, "{point:?}");
    }
}
