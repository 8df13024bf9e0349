//! The optimum over the regions.

use dashu_ratio::RBig;

use super::linear_program::maximize;
use super::rational::{Affine, exact};
use super::regions::Region;
use super::{Case, Constraint, Relation};

/// `inputs . x + outputs . y + constant` in rational numbers.
pub struct Expression {
    inputs: Vec<RBig>,
    outputs: Vec<RBig>,
    constant: RBig,
}

impl Expression {
    pub fn new(inputs: &[f64], outputs: &[f64], constant: f64) -> Self {
        Self {
            inputs: inputs.iter().copied().map(exact).collect(),
            outputs: outputs.iter().copied().map(exact).collect(),
            constant: exact(constant),
        }
    }

    /// The expression as a form in the variables of a region.
    pub fn on(&self, region: &Region) -> Affine {
        let dimension = region.bounds.len();
        let inputs = &region.inputs;
        let mut form = Affine::combination(dimension, &self.inputs, inputs, &self.constant);
        for (factor, output) in self.outputs.iter().zip(&region.outputs) {
            form.add_multiple(factor, output);
        }
        form
    }
}

/// The objective of a case and its direction.
pub struct Goal {
    pub objective: Expression,
    maximize: bool,
}

impl Goal {
    pub fn of(case: &Case) -> Self {
        let (inputs, outputs) = (&case.objective_inputs, &case.objective_outputs);
        Self {
            objective: Expression::new(inputs, outputs, case.objective_constant),
            maximize: case.maximize,
        }
    }

    fn is_better(&self, new: &RBig, old: &RBig) -> bool {
        if self.maximize { new > old } else { new < old }
    }
}

/// A feasible input and the value of the objective there.
pub struct Candidate {
    pub value: RBig,
    pub inputs: Vec<RBig>,
}

/// The best feasible point of all the regions.
pub fn best_over(regions: &[Region], goal: &Goal, constraints: &[Constraint]) -> Option<Candidate> {
    let mut best: Option<Candidate> = None;
    for region in regions {
        let Some(found) = best_in(region, goal, constraints) else {
            continue;
        };
        if best.as_ref().is_none_or(|best| goal.is_better(&found.value, &best.value)) {
            best = Some(found);
        }
    }
    best
}

/// The best feasible point of one region, by one linear program.
fn best_in(region: &Region, goal: &Goal, constraints: &[Constraint]) -> Option<Candidate> {
    let mut rows: Vec<Affine> =
        constraints.iter().flat_map(|constraint| constraint_rows(constraint, region)).collect();
    rows.extend(region.rows.iter().cloned());
    let objective = goal.objective.on(region);
    let point = if goal.maximize {
        maximize(&objective, &rows, &region.bounds)?
    } else {
        maximize(&objective.below(&RBig::ZERO), &rows, &region.bounds)?
    };
    Some(Candidate {
        value: objective.at(&point),
        inputs: region.inputs.iter().map(|input| input.at(&point)).collect(),
    })
}

/// The constraint as one or two rows `g <= 0` in the variables of the region.
pub fn constraint_rows(constraint: &Constraint, region: &Region) -> Vec<Affine> {
    let left = Expression::new(&constraint.inputs, &constraint.outputs, 0.0).on(region);
    let right = exact(constraint.right);
    match constraint.relation {
        Relation::AtMost => vec![left.above(&right)],
        Relation::AtLeast => vec![left.below(&right)],
        Relation::Equal => vec![left.above(&right), left.below(&right)],
    }
}
