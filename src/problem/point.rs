//! A point of a problem: its value, and whether it meets the constraints.
//!
//! The network as read is evaluated in `f64`. Where rounding could hide whether a constraint is
//! met, or shows in the objective, its canonical form is evaluated in twice the digits: what is
//! said of a point is said of the network over the real numbers.

use ndarray::{Array1, Array2, ArrayView2};

use super::{Constraint, Expression, Problem, Variable};
use crate::num::tolerance::{
    CONSTRAINT_FEASIBILITY, FORWARD_ROUNDING, GRAINS_OF_INPUTS, GRAINS_OF_OUTPUTS,
    ROUNDING_FEASIBILITY, SHARE_OF_TERMS,
};
use crate::num::twofold::Twofold;

/// A point, evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The inputs.
    pub input: Vec<f64>,
    /// The outputs.
    pub output: Vec<f64>,
    /// Value of the objective.
    pub objective: f64,
    /// The same, as it is to be made small ([`Sense::signed`](super::Sense::signed)).
    pub cost: f64,
    /// Largest violation of a constraint, relative to the size of what it compares.
    pub violation: f64,
    /// Whether box, integrality and, up to [`CONSTRAINT_FEASIBILITY`], constraints hold.
    pub feasible: bool,
    /// Whether constraints hold up to the rounding of the point's own coordinates.
    pub exact: bool,
}

/// What a violation of a constraint comes to.
struct Violation {
    /// Relative to the size of what is compared.
    relative: f64,
    is_tolerable: bool,
    is_rounding: bool,
}

impl Problem {
    /// Evaluates the network as read at a point; where there are constraints on outputs, in
    /// twice the digits if rounding could hide a violation.
    ///
    /// # Panics
    /// If the number of coordinates is not the number of inputs.
    pub fn evaluate(&self, input: Vec<f64>) -> Candidate {
        let output = self.network.evaluate_point(&input);
        let candidate = self.candidate(input, output, None);
        // Constraints on outputs are met by the network over the real numbers or not at all.
        match self.constraints().iter().any(|c| c.expression().has_outputs()) {
            true => self.confirmed(candidate),
            false => candidate,
        }
    }

    /// Evaluates the canonical form, in place of the network as read, at a point, in `f64`.
    ///
    /// # Panics
    /// If the number of coordinates is not the number of inputs.
    pub(crate) fn evaluate_canonical(&self, input: Vec<f64>) -> Candidate {
        let output = &self.values(&input)[self.graph.output().index()];
        let output = output.iter().copied().collect();
        self.candidate(input, output, None)
    }

    /// The same point, in twice the digits where rounding shows.
    pub fn confirmed(&self, candidate: Candidate) -> Candidate {
        if !self.shows_rounding(&candidate) {
            return candidate;
        }
        let outputs = self.graph.evaluate_accurately(&candidate.input, self.graph.output());
        let rounded = outputs.iter().map(|output| output.rounded()).collect();
        self.candidate(candidate.input, rounded, Some(&outputs))
    }

    /// Whether the rounding of a forward pass shows in the objective, or could decide a
    /// constraint.
    fn shows_rounding(&self, candidate: &Candidate) -> bool {
        let Candidate { input, output, .. } = candidate;
        let errors = self.graph.rounding_errors(&self.values(input), self.graph.output()).to_vec();
        let no_errors = vec![0.0; input.len()];
        let error = |expression: &Expression| {
            let terms = expression.numbers().len() as f64 + 1.0;
            let sum = terms * f64::EPSILON * expression.size(input, output);
            expression.spread(&no_errors, &errors) + sum
        };
        let decides = |constraint: &Constraint| {
            let value = constraint.expression().evaluate(input, output);
            let (distance, limit) = constraint.distance(value);
            let error = error(constraint.expression());
            let is_small = error <= FORWARD_ROUNDING * limit;
            // A number that is none has to be looked at again.
            error.is_nan() || !is_small && distance.abs() <= 4.0 * error
        };
        let error = error(self.objective());
        let is_large = error > FORWARD_ROUNDING * candidate.objective.abs();
        error.is_nan() || is_large || self.constraints().iter().any(decides)
    }

    fn candidate(
        &self,
        input: Vec<f64>,
        output: Vec<f64>,
        accurate: Option<&[Twofold]>,
    ) -> Candidate {
        let value = |expression: &Expression| match accurate {
            Some(outputs) => expression.evaluate_accurately(&input, outputs),
            None => expression.evaluate(&input, &output),
        };
        let objective = value(self.objective());
        let mut slopes = Slopes::new(self, &input);
        let violations: Vec<Violation> = self
            .constraints()
            .iter()
            .filter_map(|constraint| {
                let (excess, limit) = constraint.excess(value(constraint.expression()))?;
                Some(self.violation(constraint, (excess, limit), &mut slopes, &output))
            })
            .collect();
        let integral = self.integer().iter().all(|&index| input[index].fract() == 0.0);
        let inside = self.domain.contains(&input) && integral;
        Candidate {
            objective,
            cost: self.sense().signed(objective),
            violation: violations.iter().map(|v| v.relative).fold(0.0, f64::max),
            feasible: inside && violations.iter().all(|v| v.is_tolerable),
            exact: inside && violations.iter().all(|v| v.is_rounding),
            input,
            output,
        }
    }

    /// Relates an excess over a limit to the limit, to the terms compared, and to the steps
    /// between neighbouring points.
    fn violation(
        &self,
        constraint: &Constraint,
        (excess, limit): (f64, f64),
        slopes: &mut Slopes<'_>,
        output: &[f64],
    ) -> Violation {
        let expression = constraint.expression();
        let grain = slopes.grain(expression, output);
        let (tolerance, grains, terms) = match expression.has_outputs() {
            true => {
                let terms = SHARE_OF_TERMS * expression.size(slopes.input, output);
                (CONSTRAINT_FEASIBILITY, GRAINS_OF_OUTPUTS, terms)
            }
            // No forward pass stands between the constraint and the point.
            false => (ROUNDING_FEASIBILITY, GRAINS_OF_INPUTS, 0.0),
        };
        let size = limit + terms + grains / tolerance * grain;
        let relative = excess / size;
        Violation {
            relative: if relative.is_nan() { f64::INFINITY } else { relative },
            is_tolerable: excess <= tolerance * size,
            is_rounding: excess <= GRAINS_OF_INPUTS * (grain + f64::EPSILON * limit),
        }
    }

    /// The gradient of a [row](Self::rows) at a point; where a neuron sits at a kink, that of
    /// its flat piece.
    ///
    /// # Panics
    /// If there is no such row, or the number of coordinates is not the number of inputs.
    pub fn gradient(&self, row: usize, input: &[f64]) -> Array1<f64> {
        let point = ArrayView2::from_shape((1, input.len()), input).expect("one row");
        self.values_and_gradients(row, point).1.row(0).to_owned()
    }

    /// The values of a [row](Self::rows) at points (points × inputs) in `f64`, and its gradients
    /// (points × inputs) as [`gradient`](Self::gradient) has them, by one pass forward and one
    /// back.
    ///
    /// # Panics
    /// If there is no such row, or the number of columns is not the number of inputs.
    pub fn values_and_gradients(
        &self,
        row: usize,
        points: ArrayView2<f64>,
    ) -> (Array1<f64>, Array2<f64>) {
        let values = self.graph.evaluate_all(points);
        let mut weights = Array2::zeros((points.nrows(), self.graph.size(self.rows)));
        weights.column_mut(row).fill(1.0);
        let of_row = values[self.rows.index()].column(row).to_owned();
        (of_row, self.graph.gradients(&values, self.rows, weights))
    }

    /// A point near one that misses constraints by a tolerance, which meets them up to rounding:
    /// Newton steps towards the limits that are missed. `None` where a few of them do not do.
    pub fn repaired(&self, point: &Candidate) -> Option<Candidate> {
        /// Steps at most.
        const STEPS: usize = 8;
        /// How far a step goes beyond the limit, as a share of its length.
        const BEYOND: f64 = 1e-3;
        let mut point = point.clone();
        for _ in 0..STEPS {
            let mut input = point.input.clone();
            for (index, constraint) in self.constraints().iter().enumerate() {
                let value = constraint.expression().evaluate(&input, &point.output);
                let Some((excess, _)) = constraint.excess(value) else { continue };
                let gradient = self.gradient(index + 1, &input);
                let is_free = |j: &usize| !self.integer().contains(j);
                let norm: f64 = (0..input.len()).filter(is_free).map(|j| gradient[j].powi(2)).sum();
                let towards = if value > constraint.upper() { -1.0 } else { 1.0 };
                let step = towards * (1.0 + BEYOND) * excess / norm;
                if step.is_finite() {
                    let free = (0..input.len()).filter(is_free);
                    free.for_each(|j| input[j] += step * gradient[j]);
                }
            }
            point = self.confirmed(self.evaluate(self.nearest_input(&input)?));
            if point.exact {
                return Some(point);
            }
        }
        None
    }

    /// Whether a point meets all constraints by more than a tolerance could change.
    pub fn meets_clearly(&self, point: &Candidate) -> bool {
        let Candidate { input, output, .. } = point;
        point.violation == 0.0
            && self.constraints().iter().all(|constraint| {
                let expression = constraint.expression();
                let (distance, limit) = constraint.distance(expression.evaluate(input, output));
                distance > CONSTRAINT_FEASIBILITY * (limit + expression.size(input, output))
            })
    }

    /// The size of the numbers that the objective is made of at a point, the sums behind
    /// outputs included.
    ///
    /// # Panics
    /// If the number of coordinates is not the number of inputs.
    pub fn objective_size(&self, input: &[f64]) -> f64 {
        let sums = self.graph.magnitudes(&self.values(input)).to_vec();
        self.objective().size(input, &sums)
    }

    /// The values of all nodes of the canonical form at a point.
    fn values(&self, input: &[f64]) -> Vec<Array2<f64>> {
        let batch = ArrayView2::from_shape((1, input.len()), input).expect("one row");
        self.graph.evaluate_all(batch)
    }
}

/// How fast expressions move at a point; what is computed once serves all of them.
struct Slopes<'a> {
    problem: &'a Problem,
    input: &'a [f64],
    /// Values of all nodes, once they are needed.
    values: Option<Vec<Array2<f64>>>,
    /// Gradients of the outputs, likewise.
    outputs: Vec<Option<Array1<f64>>>,
}

impl<'a> Slopes<'a> {
    fn new(problem: &'a Problem, input: &'a [f64]) -> Self {
        let outputs = vec![None; problem.network().outputs()];
        Self { problem, input, values: None, outputs }
    }

    /// How far an expression moves between the point and its neighbours in `f64`.
    fn grain(&mut self, expression: &Expression, output: &[f64]) -> f64 {
        let expression = expression.linear_at(self.input, output);
        let mut inputs: Vec<(usize, f64)> = Vec::new();
        let mut gradient: Option<Array1<f64>> = None;
        for &(variable, coefficient) in expression.terms() {
            match variable {
                Variable::Input(index) => inputs.push((index, coefficient)),
                Variable::Output(index) => {
                    let size = self.input.len();
                    let sum = gradient.get_or_insert_with(|| Array1::zeros(size));
                    sum.scaled_add(coefficient, self.of_output(index));
                }
            }
        }
        match gradient {
            None => inputs.iter().map(|&(index, slope)| self.step(index, slope)).sum(),
            Some(mut gradient) => {
                inputs.iter().for_each(|&(index, slope)| gradient[index] += slope);
                gradient.iter().enumerate().map(|(index, &slope)| self.step(index, slope)).sum()
            }
        }
    }

    /// How far a slope leads from an input to its neighbour.
    fn step(&self, index: usize, slope: f64) -> f64 {
        // Whole numbers have no neighbours to round to.
        let is_whole = self.problem.integer().binary_search(&index).is_ok();
        let x = self.input[index].abs();
        if is_whole { 0.0 } else { (slope * (x.next_up() - x)).abs() }
    }

    fn of_output(&mut self, index: usize) -> &Array1<f64> {
        let (problem, input) = (self.problem, self.input);
        let values = self.values.get_or_insert_with(|| problem.values(input));
        self.outputs[index].get_or_insert_with(|| {
            let graph = problem.network_graph();
            let mut weights = Array2::zeros((1, graph.size(graph.output())));
            weights[(0, index)] = 1.0;
            graph.gradients(values, graph.output(), weights).row(0).to_owned()
        })
    }
}
