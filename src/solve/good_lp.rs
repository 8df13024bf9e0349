//! Embedding a model in a larger one written with the crate `good_lp`.
//!
//! A surrogate is often one part of an optimisation problem. [`Embedding`] adds
//! the columns and rows of a [`Model`] to `good_lp`'s variables and constraints,
//! so that the rest of the problem can be written with its expressions and
//! solved by any solver that it supports.

use good_lp::{Constraint, Expression, ProblemVariables, Variable, constraint, variable};

use super::{SolveError, prepare};
use crate::milp::{Column, Kind, LinearExpression, Model, VarId};

/// A [`Model`] whose columns are variables of a `good_lp` problem.
///
/// ```
/// use good_lp::{Expression, ProblemVariables, Solution, SolverModel, highs};
/// use taut::bounds::{IntervalPropagation, Propagator};
/// use taut::encode::{BigM, encode};
/// use taut::solve::Embedding;
///
/// let problem = taut::io::read_problem("instances/rosenbrock4-2x25.toml".as_ref())?;
/// let domain = problem.integral_domain().expect("no integer inputs");
/// let bounds = IntervalPropagation.propagate(problem.graph(), &domain)?;
/// let encoded = encode(&problem, &bounds, &BigM)?;
///
/// // Least value of x0 + x1 where the surrogate predicts at most −1.
/// let mut variables = ProblemVariables::new();
/// let embedding = Embedding::new(&encoded.model, &mut variables);
/// let x = |index: usize| Expression::from(embedding.variable(encoded.inputs[index]));
/// let prediction = embedding.expression(&encoded.model.objective);
/// let model = variables.minimise(x(0) + x(1)).using(highs);
/// let model = embedding.constraints()?.into_iter().fold(model, |m, c| m.with(c));
/// let solution = model.with(prediction.clone().leq(-1.0)).solve()?;
/// assert!(solution.eval(prediction) <= -1.0 + 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Embedding<'a> {
    model: &'a Model,
    variables: Vec<Variable>,
}

impl<'a> Embedding<'a> {
    /// Adds a variable for each column of `model`.
    pub fn new(model: &'a Model, variables: &mut ProblemVariables) -> Self {
        Self::named(model, variables, |column| column.name.clone())
    }

    /// The same, with other names for the variables.
    pub(super) fn named(
        model: &'a Model,
        variables: &mut ProblemVariables,
        name: impl Fn(&Column) -> String,
    ) -> Self {
        let add = |column: &Column| {
            let definition =
                variable().name(name(column)).min(column.bounds.lower()).max(column.bounds.upper());
            variables.add(match column.kind {
                Kind::Continuous => definition,
                Kind::Integer => definition.integer(),
            })
        };
        Self { model, variables: model.columns().iter().map(add).collect() }
    }

    /// The variable of a column.
    ///
    /// # Panics
    /// If the column is not one of the model.
    pub fn variable(&self, column: VarId) -> Variable {
        self.variables[column.index()]
    }

    /// An expression over columns as one over variables.
    ///
    /// # Panics
    /// If a column is not one of the model.
    pub fn expression(&self, expression: &LinearExpression) -> Expression {
        self.terms(&expression.terms) + expression.constant
    }

    /// The rows, to be added with `with`; coefficients too small for a solver
    /// are replaced by their range.
    ///
    /// # Errors
    /// A coefficient too large for a solver.
    pub fn constraints(&self) -> Result<Vec<Constraint>, SolveError> {
        let mut constraints = Vec::new();
        for row in self.model.rows() {
            let row = prepare::row(self.model, row)?;
            let (lower, upper) = (row.bounds.lower(), row.bounds.upper());
            let left = self.terms(&row.terms);
            if lower == upper {
                constraints.push(constraint::eq(left, lower));
                continue;
            }
            if lower.is_finite() {
                constraints.push(left.clone().geq(lower));
            }
            if upper.is_finite() {
                constraints.push(left.leq(upper));
            }
        }
        Ok(constraints)
    }

    fn terms(&self, terms: &[(VarId, f64)]) -> Expression {
        terms.iter().map(|&(column, c)| self.variables[column.index()] * c).sum()
    }
}
