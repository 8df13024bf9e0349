//! A question about a network: domain, objective, constraints.

mod expression;
mod parser;
mod point;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use expression::{Constraint, Expression, Variable};
pub use parser::{ExpressionError, Vocabulary};
pub use point::Candidate;

use crate::network::{Network, ReluGraph};
use crate::num::{BoxError, IntervalBox};

/// Direction of the optimisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sense {
    /// Seek the least value.
    #[default]
    Minimize,
    /// Seek the largest value.
    Maximize,
}

impl Sense {
    /// Whether `a` is a better objective value than `b`.
    pub fn better(self, a: f64, b: f64) -> bool {
        match self {
            Self::Minimize => a < b,
            Self::Maximize => a > b,
        }
    }

    /// The worst conceivable objective value.
    pub fn worst(self) -> f64 {
        match self {
            Self::Minimize => f64::INFINITY,
            Self::Maximize => f64::NEG_INFINITY,
        }
    }
}

/// A known answer, and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Optimal objective value.
    pub objective: f64,
    /// How it was found.
    pub source: String,
}

/// A question as text, before it is matched with a network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Question {
    /// Direction.
    pub sense: Sense,
    /// Objective; `y0` if absent and the network has one output.
    pub objective: Option<String>,
    /// Constraints over inputs and outputs.
    pub constraints: Vec<String>,
    /// Indices of the inputs that must be whole numbers.
    pub integer: Vec<usize>,
    /// A known answer.
    pub reference: Option<Reference>,
}

/// Optimise a linear expression of inputs and outputs of a network over a box,
/// subject to linear constraints over inputs and outputs.
#[derive(Clone, Debug)]
pub struct Problem {
    network: Arc<Network>,
    graph: ReluGraph,
    domain: IntervalBox,
    sense: Sense,
    objective: Expression,
    constraints: Vec<Constraint>,
    integer: Vec<usize>,
    reference: Option<Reference>,
}

/// Why a question does not fit its network.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ProblemError {
    /// The box is not one.
    #[error(transparent)]
    Box(#[from] BoxError),
    /// The box has the wrong number of coordinates.
    #[error("coordinates of the box: {found}; inputs of the network: {expected}")]
    BoxLength {
        /// Coordinates of the box.
        found: usize,
        /// Inputs of the network.
        expected: usize,
    },
    /// No objective, and no obvious one.
    #[error(
        "no objective is given and the network has {outputs} outputs; expected one such as \"y0 - y1\""
    )]
    NoObjective {
        /// Outputs of the network.
        outputs: usize,
    },
    /// The objective cannot be read.
    #[error("objective {0}")]
    Objective(ExpressionError),
    /// A constraint cannot be read.
    #[error("constraint {0}")]
    Constraint(ExpressionError),
    /// An integer input that does not exist, or twice.
    #[error("integer input {index}: {what}")]
    Integer {
        /// The index given.
        index: usize,
        /// What is wrong with it.
        what: String,
    },
}

impl Problem {
    /// Matches a question with a network and the box of its inputs.
    ///
    /// # Errors
    /// [`ProblemError`].
    pub fn new(
        network: Network,
        domain: IntervalBox,
        question: Question,
    ) -> Result<Self, ProblemError> {
        if domain.len() != network.inputs() {
            let (found, expected) = (domain.len(), network.inputs());
            return Err(ProblemError::BoxLength { found, expected });
        }
        let vocabulary = Vocabulary {
            inputs: network.inputs(),
            outputs: network.outputs(),
            input_names: &network.metadata().input_names,
            output_names: &network.metadata().output_names,
        };
        let objective = match (&question.objective, network.outputs()) {
            (Some(text), _) => vocabulary.expression(text).map_err(ProblemError::Objective)?,
            (None, 1) => Expression::new([(Variable::Output(0), 1.0)], 0.0),
            (None, outputs) => return Err(ProblemError::NoObjective { outputs }),
        };
        let constraints = question.constraints.iter();
        let constraints = constraints
            .map(|text| vocabulary.constraint(text).map_err(ProblemError::Constraint))
            .collect::<Result<_, _>>()?;
        let mut integer = question.integer;
        integer.sort_unstable();
        check_integer(&integer, network.inputs())?;
        let graph = network.lower();
        let (sense, reference) = (question.sense, question.reference);
        let network = Arc::new(network);
        Ok(Self { network, graph, domain, sense, objective, constraints, integer, reference })
    }

    /// The same question with another canonical form of the network, such as a
    /// scaled one; the network as read stays. That both are the same function is up
    /// to the caller.
    ///
    /// # Panics
    /// If the numbers of inputs or outputs differ.
    pub fn with_graph(&self, graph: ReluGraph) -> Self {
        let ends = |graph: &ReluGraph| [graph.input(), graph.output()].map(|id| graph.size(id));
        assert_eq!(ends(&graph), ends(&self.graph), "inputs and outputs of a network");
        Self { graph, ..self.clone() }
    }

    /// The same question over another box, with one more constraint; without a known
    /// answer.
    ///
    /// # Panics
    /// If the box has another number of inputs.
    pub fn within(&self, domain: IntervalBox, constraint: Option<Constraint>) -> Self {
        assert_eq!(domain.len(), self.domain.len(), "inputs of a box");
        let mut problem = Self { domain, reference: None, ..self.clone() };
        problem.constraints.extend(constraint);
        problem
    }

    /// The network as read.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The network in canonical form.
    pub fn graph(&self) -> &ReluGraph {
        &self.graph
    }

    /// The box of the inputs as given.
    pub fn domain(&self) -> &IntervalBox {
        &self.domain
    }

    /// The box with the bounds of integer inputs rounded inward; `None` if it
    /// holds no whole number where one is needed, so that no point is feasible.
    pub fn integral_domain(&self) -> Option<IntervalBox> {
        let (mut lower, mut upper) = (self.domain.lower().to_vec(), self.domain.upper().to_vec());
        for &index in &self.integer {
            lower[index] = lower[index].ceil();
            upper[index] = upper[index].floor();
        }
        IntervalBox::new(lower, upper).ok()
    }

    /// Direction of the optimisation.
    pub fn sense(&self) -> Sense {
        self.sense
    }

    /// What is optimised.
    pub fn objective(&self) -> &Expression {
        &self.objective
    }

    /// Constraints on inputs and outputs.
    pub fn constraints(&self) -> &[Constraint] {
        &self.constraints
    }

    /// Which outputs objective and constraints speak of: one flag an output.
    pub fn read_outputs(&self) -> Vec<bool> {
        let mut read = vec![false; self.network.outputs()];
        let constraints = self.constraints.iter().map(Constraint::expression);
        for (variable, _) in constraints.chain([&self.objective]).flat_map(Expression::terms) {
            if let Variable::Output(index) = variable {
                read[*index] = true;
            }
        }
        read
    }

    /// Whether objective and constraints speak of an input themselves.
    pub fn speaks_of_input(&self, index: usize) -> bool {
        let constraints = self.constraints.iter().map(Constraint::expression);
        let mut terms = constraints.chain([&self.objective]).flat_map(Expression::terms);
        terms.any(|(variable, _)| *variable == Variable::Input(index))
    }

    /// Indices of the inputs that must be whole numbers, ascending.
    pub fn integer(&self) -> &[usize] {
        &self.integer
    }

    /// A known answer.
    pub fn reference(&self) -> Option<&Reference> {
        self.reference.as_ref()
    }

    /// The point nearest to `point` that lies in the box and has whole numbers
    /// where they are needed; `None` if there is none.
    pub fn nearest_input(&self, point: &[f64]) -> Option<Vec<f64>> {
        let mut rounded = point.to_vec();
        self.integer.iter().for_each(|&index| rounded[index] = rounded[index].round());
        Some(self.integral_domain()?.nearest(&rounded))
    }
}

fn check_integer(integer: &[usize], inputs: usize) -> Result<(), ProblemError> {
    if let Some(&index) = integer.iter().find(|&&index| index >= inputs) {
        let what = format!("the network has {inputs} inputs, counted from 0");
        return Err(ProblemError::Integer { index, what });
    }
    match integer.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            Err(ProblemError::Integer { index: pair[0], what: "it is listed twice".to_string() })
        }
        None => Ok(()),
    }
}
