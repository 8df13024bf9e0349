//! A question about a network: domain, objective, constraints; as text, typed, and as a node
//! of the network's graph.

mod bends;
mod constraint;
mod expression;
mod functions;
mod grammar;
mod neurons;
mod parser;
mod point;
mod rows;
mod value;
mod vocabulary;
mod words;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use constraint::Constraint;
pub use expression::{Expression, Variable};
pub(crate) use neurons::Neurons;
pub use parser::ExpressionError;
pub use point::Candidate;
pub use rows::{LimitedRow, OBJECTIVE, Part};
pub use vocabulary::Vocabulary;
pub use words::spelled;

use crate::network::{Network, NetworkError, NodeId, ReluGraph};
use crate::num::{BoxError, Interval, IntervalBox};

/// Direction of the optimisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Sense {
    /// Seek the least value.
    #[default]
    Minimize,
    /// Seek the largest value.
    Maximize,
}

impl Sense {
    /// Name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Minimize => "minimize",
            Self::Maximize => "maximize",
        }
    }
}

/// Why a problem without a [`whole`](Problem::whole) has no point.
pub const NO_WHOLE_NUMBER: &str = "no whole number lies in the box of an integer input";

/// A known answer, and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Optimal objective value.
    pub objective: f64,
    /// How it was found.
    pub source: String,
}

/// What is asked of a network: the least or largest value of an expression of its inputs and
/// outputs, for inputs that meet constraints.
#[derive(Clone, Debug, PartialEq)]
pub struct Question<Objective = Expression, Condition = Constraint> {
    /// Direction.
    pub sense: Sense,
    /// What is optimised.
    pub objective: Objective,
    /// Constraints on inputs and outputs.
    pub constraints: Vec<Condition>,
    /// Indices of the inputs that must be whole numbers.
    pub integer: Vec<usize>,
    /// A known answer.
    pub reference: Option<Reference>,
}

impl<Objective: Default, Condition> Default for Question<Objective, Condition> {
    fn default() -> Self {
        Self {
            sense: Sense::default(),
            objective: Objective::default(),
            constraints: Vec::new(),
            integer: Vec::new(),
            reference: None,
        }
    }
}

/// A question as text, before it is matched with a network; without an objective, it is about
/// `y0` where the network has one output.
pub type QuestionText = Question<Option<String>, String>;

/// A question about a network over a box.
#[derive(Clone, Debug)]
pub struct Problem {
    network: Arc<Network>,
    /// Of the network alone.
    network_graph: ReluGraph,
    /// With the rows of the question.
    graph: ReluGraph,
    rows: NodeId,
    domain: IntervalBox,
    /// `None` if an integer input has no whole number in its interval.
    whole: Option<Part>,
    question: Question,
    /// The objective as it was written.
    objective_text: Option<String>,
}

/// Why a question does not fit its network.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ProblemError {
    /// The box is not one.
    #[error(transparent)]
    Box(#[from] BoxError),
    /// The network has no canonical form.
    #[error(transparent)]
    Network(Box<NetworkError>),
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
    /// A variable that the network does not have.
    #[error("{variable} is no variable of a network with {inputs} inputs and {outputs} outputs")]
    Variable {
        /// The variable.
        variable: Variable,
        /// Inputs of the network.
        inputs: usize,
        /// Outputs of the network.
        outputs: usize,
    },
    /// Limits that exclude each other, or are no numbers.
    #[error("constraint '{constraint}': no number lies between its limits")]
    Limits {
        /// The constraint.
        constraint: String,
    },
    /// An integer input that does not exist, or twice.
    #[error("integer input {index}: {what}")]
    Integer {
        /// The index given.
        index: usize,
        /// What is wrong with it.
        what: String,
    },
}

impl From<NetworkError> for ProblemError {
    fn from(error: NetworkError) -> Self {
        Self::Network(Box::new(error))
    }
}

impl Problem {
    /// Matches a question with a network and the box of its inputs.
    ///
    /// # Errors
    /// [`ProblemError`].
    pub fn new(
        network: impl Into<Arc<Network>>,
        domain: IntervalBox,
        question: Question,
    ) -> Result<Self, ProblemError> {
        let network = network.into();
        let network_graph = network.lower()?;
        Self::of_graph(network, network_graph, domain, question)
    }

    fn of_graph(
        network: Arc<Network>,
        network_graph: ReluGraph,
        domain: IntervalBox,
        mut question: Question,
    ) -> Result<Self, ProblemError> {
        if domain.len() != network.inputs() {
            let (found, expected) = (domain.len(), network.inputs());
            return Err(ProblemError::BoxLength { found, expected });
        }
        question.integer.sort_unstable();
        check_integer(&question.integer, network.inputs())?;
        check_variables(&question, &network)?;
        check_limits(&question.constraints)?;
        let (graph, rows) = rows::append(&network_graph, &question);
        let whole = whole(&domain, &question);
        let objective_text = None;
        Ok(Self { network, network_graph, graph, rows, domain, whole, question, objective_text })
    }

    /// [`new`](Self::new) with a question as text.
    ///
    /// # Errors
    /// [`ProblemError`], with the place in the text.
    pub fn parse(
        network: impl Into<Arc<Network>>,
        domain: IntervalBox,
        question: &QuestionText,
    ) -> Result<Self, ProblemError> {
        let network = network.into();
        let objective_text = question.objective.as_ref().map(|text| text.trim().to_string());
        let question = question.parse(&network)?;
        Ok(Self { objective_text, ..Self::new(network, domain, question)? })
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
        let (with_rows, rows) = rows::append(&graph, &self.question);
        Self { network_graph: graph, graph: with_rows, rows, ..self.clone() }
    }

    /// Another question about the same network, over another box.
    ///
    /// # Errors
    /// [`ProblemError`].
    pub fn asking(&self, domain: IntervalBox, question: Question) -> Result<Self, ProblemError> {
        Self::of_graph(self.network.clone(), self.network_graph.clone(), domain, question)
    }

    /// The same question under one more constraint, without a known answer.
    ///
    /// # Errors
    /// [`ProblemError`].
    pub fn also(&self, constraint: Constraint) -> Result<Self, ProblemError> {
        let mut question = Question { reference: None, ..self.question.clone() };
        question.constraints.push(constraint);
        self.asking(self.domain.clone(), question)
    }

    /// The same question over another box, without a known answer.
    ///
    /// # Panics
    /// If the box has another number of inputs.
    pub fn over(&self, domain: IntervalBox) -> Self {
        assert_eq!(domain.len(), self.domain.len(), "inputs of a box");
        let question = Question { reference: None, ..self.question.clone() };
        let whole = whole(&domain, &question);
        Self { domain, whole, question, ..self.clone() }
    }

    /// The network as read.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The network in canonical form.
    pub fn network_graph(&self) -> &ReluGraph {
        &self.network_graph
    }

    /// The network in canonical form and, behind it, the [`rows`](Self::rows) of the question;
    /// the output is that of the network.
    pub fn graph(&self) -> &ReluGraph {
        &self.graph
    }

    /// The node of the graph whose row 0 ([`OBJECTIVE`]) is the objective, to be made small,
    /// and whose rows 1, 2, … are the constraints.
    pub fn rows(&self) -> NodeId {
        self.rows
    }

    /// The box with the bounds of integer inputs rounded inward, and the limits of the
    /// constraints; `None` if there is no whole number where one is needed, so that no point is
    /// feasible.
    pub fn whole(&self) -> Option<&Part> {
        self.whole.as_ref()
    }

    /// The box of the inputs as given.
    pub fn domain(&self) -> &IntervalBox {
        &self.domain
    }

    /// The box with the bounds of integer inputs rounded inward; `None` if it
    /// holds no whole number where one is needed, so that no point is feasible.
    pub fn integral_domain(&self) -> Option<&IntervalBox> {
        self.whole.as_ref().map(|whole| &whole.domain)
    }

    /// Direction of the optimisation.
    pub fn sense(&self) -> Sense {
        self.question.sense
    }

    /// What is optimised.
    pub fn objective(&self) -> &Expression {
        &self.question.objective
    }

    /// Constraints on inputs and outputs.
    pub fn constraints(&self) -> &[Constraint] {
        &self.question.constraints
    }

    /// Indices of the inputs that must be whole numbers, ascending.
    pub fn integer(&self) -> &[usize] {
        &self.question.integer
    }

    /// A known answer.
    pub fn reference(&self) -> Option<&Reference> {
        self.question.reference.as_ref()
    }

    /// The point nearest to `point` that lies in the box and has whole numbers
    /// where they are needed; `None` if there is none.
    pub fn nearest_input(&self, point: &[f64]) -> Option<Vec<f64>> {
        let mut rounded = point.to_vec();
        self.integer().iter().for_each(|&index| rounded[index] = rounded[index].round());
        Some(self.integral_domain()?.nearest(&rounded))
    }
}

/// All of a problem.
fn whole(domain: &IntervalBox, question: &Question) -> Option<Part> {
    let (mut lower, mut upper) = (domain.lower().to_vec(), domain.upper().to_vec());
    for &index in &question.integer {
        lower[index] = lower[index].ceil();
        upper[index] = upper[index].floor();
    }
    let domain = IntervalBox::new(lower, upper).ok()?;
    Some(Part::new(domain, &question.constraints))
}

fn check_variables(question: &Question, network: &Network) -> Result<(), ProblemError> {
    let (inputs, outputs) = (network.inputs(), network.outputs());
    let expressions = question.constraints.iter().map(Constraint::expression);
    let mut variables = expressions.chain([&question.objective]).flat_map(Expression::variables);
    let is_missing = |variable: Variable| match variable {
        Variable::Input(index) => index >= inputs,
        Variable::Output(index) => index >= outputs,
    };
    match variables.find(|&variable| is_missing(variable)) {
        Some(variable) => Err(ProblemError::Variable { variable, inputs, outputs }),
        None => Ok(()),
    }
}

fn check_limits(constraints: &[Constraint]) -> Result<(), ProblemError> {
    let is_empty = |c: &&Constraint| Interval::new(c.lower(), c.upper()).is_none();
    match constraints.iter().find(is_empty) {
        Some(constraint) => Err(ProblemError::Limits { constraint: constraint.to_string() }),
        None => Ok(()),
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
