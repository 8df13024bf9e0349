//! The exact optimum of a case, integer inputs with wide boxes included, and exact values
//! and sizes at a point.

use dashu_ratio::RBig;

use crate::exact::linear_program::maximize;
use crate::exact::optimum::{Candidate, Expression, Goal, constraint_rows};
use crate::exact::rational::{Affine, Interval, exact, rounded};
use crate::exact::regions::{ExactLayer, Region, regions};
use crate::exact::{Case, Constraint};

/// Boxes that are looked at in the search for whole numbers before it is given up.
const MOST_BOXES: usize = 400;

/// The regions of the case with all inputs real.
pub fn real_regions(case: &Case) -> Vec<Region> {
    regions(&Case { integer: Vec::new(), ..case.clone() })
}

/// The search for whole numbers was given up.
#[derive(Debug)]
pub struct Undecided;

/// The optimum of the case over its [`real_regions`].
pub fn optimum(case: &Case, regions: &[Region]) -> Result<Option<Candidate>, Undecided> {
    let single = |&&input: &&usize| case.lower[input] == case.upper[input];
    if case.integer.iter().filter(single).any(|&input| case.lower[input].fract() != 0.0) {
        return Ok(None);
    }
    let goal = Goal::of(case);
    let free = |input: usize| case.lower[input] < case.upper[input];
    let variable = |input: usize| (0..input).filter(|&other| free(other)).count();
    let whole = case.integer.iter().filter(|&&input| free(input)).map(|&input| variable(input));
    let mut search =
        Search { maximize: case.maximize, whole: whole.collect(), boxes: 0, best: None };
    for region in regions {
        let objective = goal.objective.on(region);
        let constraints = case.constraints.iter().flat_map(|c| constraint_rows(c, region));
        let rows: Vec<Affine> = constraints.chain(region.rows.iter().cloned()).collect();
        search.look_into(region, &objective, &rows)?;
    }
    Ok(search.best)
}

/// Branch and bound for whole numbers, in rational arithmetic.
struct Search {
    maximize: bool,
    /// The variables of a region that have to be whole.
    whole: Vec<usize>,
    boxes: usize,
    best: Option<Candidate>,
}

impl Search {
    fn look_into(
        &mut self,
        region: &Region,
        objective: &Affine,
        rows: &[Affine],
    ) -> Result<(), Undecided> {
        let sign = if self.maximize { RBig::ONE } else { -RBig::ONE };
        let aim = objective.scaled(&sign, &RBig::ZERO);
        let mut open = vec![region.bounds.clone()];
        while let Some(mut bounds) = open.pop() {
            self.round_inward(&mut bounds);
            if bounds.iter().any(Interval::is_empty) {
                continue;
            }
            let Some(point) = maximize(&aim, rows, &bounds) else { continue };
            let value = objective.at(&point);
            if !self.is_better(&value) {
                continue;
            }
            let split = self.whole.iter().find(|&&index| !point[index].is_int());
            let Some(&index) = split else {
                let inputs = region.inputs.iter().map(|input| input.at(&point)).collect();
                self.best = Some(Candidate { value, inputs });
                continue;
            };
            self.boxes += 1;
            if self.boxes > MOST_BOXES {
                return Err(Undecided);
            }
            let mut below = bounds.clone();
            below[index].upper = RBig::from(point[index].floor());
            bounds[index].lower = RBig::from(point[index].ceil());
            open.extend([below, bounds]);
        }
        Ok(())
    }

    fn round_inward(&self, bounds: &mut [Interval]) {
        for &index in &self.whole {
            bounds[index].lower = RBig::from(bounds[index].lower.ceil());
            bounds[index].upper = RBig::from(bounds[index].upper.floor());
        }
    }

    fn is_better(&self, value: &RBig) -> bool {
        self.best.as_ref().is_none_or(|best| match self.maximize {
            true => *value > best.value,
            false => *value < best.value,
        })
    }
}

/// Least and largest value of an expression over regions, without constraints, and where
/// they are attained.
pub fn extremes(expression: &Expression, regions: &[Region]) -> [Candidate; 2] {
    [-RBig::ONE, RBig::ONE].map(|sign| {
        let best_of = |region: &Region| {
            let form = expression.on(region);
            let aim = form.scaled(&sign, &RBig::ZERO);
            let point = maximize(&aim, &region.rows, &region.bounds).expect("not empty");
            let inputs = region.inputs.iter().map(|input| input.at(&point)).collect();
            Candidate { value: form.at(&point), inputs }
        };
        let better = |one: Candidate, other: Candidate| {
            let first =
                if sign > RBig::ZERO { one.value >= other.value } else { one.value <= other.value };
            if first { one } else { other }
        };
        regions.iter().map(best_of).reduce(better).expect("a box has regions")
    })
}

/// The network at a point.
pub struct Pass {
    inputs: Vec<RBig>,
    outputs: Vec<RBig>,
    /// `Σ |w h| + |b|` of the last layer, for each output.
    sizes: Vec<f64>,
    /// The same with the sums of the layers before it standing for `|h|`: what rounding
    /// errors are relative to.
    magnitudes: Vec<f64>,
    /// Roundings on the way from an input to an output, at most.
    roundings: f64,
}

impl Pass {
    pub fn new(case: &Case, inputs: Vec<RBig>) -> Self {
        let size = |value: &RBig| rounded(value).abs();
        let mut values = inputs.clone();
        let mut magnitudes: Vec<f64> = inputs.iter().map(size).collect();
        let (mut sizes, mut roundings) = (magnitudes.clone(), 0.0);
        for layer in &case.layers {
            let sum_of_sizes = |incoming: &[f64]| -> Vec<f64> {
                let rows = layer.weights.iter().zip(&layer.bias);
                let terms =
                    |row: &[f64]| row.iter().zip(incoming).map(|(w, h)| (w * h).abs()).sum();
                rows.map(|(row, bias)| {
                    let sum: f64 = terms(row);
                    bias.abs() + sum
                })
                .collect()
            };
            roundings += values.len() as f64 + 3.0;
            sizes = sum_of_sizes(&values.iter().map(size).collect::<Vec<f64>>());
            magnitudes = sum_of_sizes(&magnitudes);
            values = outputs_of(&ExactLayer::of(layer), &values);
        }
        Self { inputs, outputs: values, sizes, magnitudes, roundings }
    }

    /// The value of an expression.
    pub fn of(&self, inputs: &[f64], outputs: &[f64], constant: f64) -> Value {
        let numbers = || inputs.iter().zip(&self.inputs).chain(outputs.iter().zip(&self.outputs));
        let sum = numbers().fold(exact(constant), |sum, (&c, value)| sum + exact(c) * value);
        let of_inputs = self.inputs.iter().map(|value| rounded(value).abs());
        let total = |of_outputs: &[f64]| {
            let of_inputs = inputs.iter().zip(of_inputs.clone());
            let of_outputs = outputs.iter().zip(of_outputs.iter().copied());
            let terms = of_inputs.chain(of_outputs).map(|(c, size)| c.abs() * size);
            terms.sum::<f64>() + constant.abs()
        };
        let roundings = self.roundings + (inputs.len() + outputs.len()) as f64 + 2.0;
        Value {
            exact: sum,
            size: total(&self.sizes),
            // Twice, for the terms of second order and the sums above.
            rounding: f64::EPSILON * roundings * total(&self.magnitudes),
        }
    }

    /// The left side of a constraint.
    pub fn left(&self, constraint: &Constraint) -> Value {
        self.of(&constraint.inputs, &constraint.outputs, 0.0)
    }

    /// The objective.
    pub fn objective(&self, case: &Case) -> Value {
        self.of(&case.objective_inputs, &case.objective_outputs, case.objective_constant)
    }
}

/// The value of an expression at a point.
pub struct Value {
    pub exact: RBig,
    /// Sum of the sizes of its terms, that of an output being the sum of the terms in its
    /// last layer.
    pub size: f64,
    /// Largest error of a forward pass in doubles.
    pub rounding: f64,
}

fn outputs_of(layer: &ExactLayer, incoming: &[RBig]) -> Vec<RBig> {
    let argument = |(row, bias): (&Vec<RBig>, &RBig)| {
        row.iter().zip(incoming).fold(bias.clone(), |sum, (weight, value)| sum + weight * value)
    };
    let activate = |argument: RBig| {
        let bends = &layer.shape.bends;
        let piece = &layer.shape.pieces[bends.iter().filter(|bend| argument > **bend).count()];
        argument * &piece.slope + &piece.offset
    };
    layer.weights.iter().zip(&layer.bias).map(argument).map(activate).collect()
}
