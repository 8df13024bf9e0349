//! A query, as both versions of VNN-LIB state it.

use std::fmt;

use super::error::{Position, Warning};
use crate::num::decimal::Decimal;

/// Networks by their inputs and outputs, and what is asserted of these: a point satisfies the
/// query if all assertions hold there.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Of the language.
    pub version: Version,
    /// In the order of the file; one in a file of version 1.0.
    pub networks: Vec<NetworkDeclaration>,
    /// In the order of the file.
    pub assertions: Vec<Formula>,
    /// In the order of the file.
    pub warnings: Vec<Warning>,
}

/// A version of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// 1 or 2.
    pub major: u32,
    /// Of 1.0 and of 2.0 it is 0.
    pub minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What a query says of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkDeclaration {
    /// Empty in version 1.0, which names no network.
    pub name: String,
    /// To a network in front of it.
    pub relation: NetworkRelation,
    /// At least one.
    pub inputs: Vec<Tensor>,
    /// Values inside the network.
    pub hidden: Vec<Tensor>,
    /// At least one.
    pub outputs: Vec<Tensor>,
}

impl NetworkDeclaration {
    /// Inputs, hidden values, outputs.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.inputs.iter().chain(&self.hidden).chain(&self.outputs)
    }
}

/// How a network is related to another one, by its number in [`Query::networks`]. That has no
/// relation itself, and inputs and outputs of the same types and shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkRelation {
    /// Not at all.
    None,
    /// It is the same network, at another point.
    EqualTo(usize),
    /// It has the same graph; weights and biases may be others.
    IsomorphicTo(usize),
}

/// An input, an output, or a value inside a network. Two are equal that say the same, wherever
/// they stand.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Its name in the query; `X` or `Y` in version 1.0.
    pub name: String,
    /// Its name in the ONNX file, where the query says it; each hidden one has it.
    pub onnx_name: Option<String>,
    /// Of its elements.
    pub element_type: ElementType,
    /// Empty for a scalar; no dimension is 0.
    pub shape: Vec<usize>,
    /// Its first element; the others follow, the last index fastest.
    pub first: Variable,
    /// Where it is declared in the file; in version 1.0 its last element.
    pub position: Position,
}

impl PartialEq for Tensor {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.onnx_name, self.element_type, &self.shape, self.first)
            == (&other.name, &other.onnx_name, other.element_type, &other.shape, other.first)
    }
}

impl Eq for Tensor {}

impl Tensor {
    /// Number of elements.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }

    /// The number of an element, where the variable is one.
    pub fn element(&self, variable: Variable) -> Option<usize> {
        variable.0.checked_sub(self.first.0).filter(|&element| element < self.count())
    }
}

/// Types of elements that are supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    /// Real numbers, whatever the file of the network has.
    Real,
    /// IEEE 754 binary16.
    Float16,
    /// IEEE 754 binary32.
    Float32,
    /// IEEE 754 binary64.
    Float64,
}

/// The types by name, as they are printed.
pub(super) const ELEMENT_TYPES: &[(&str, ElementType)] = &[
    ("real", ElementType::Real),
    ("float16", ElementType::Float16),
    ("float32", ElementType::Float32),
    ("float64", ElementType::Float64),
];

impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = ELEMENT_TYPES.iter().find(|(_, element_type)| element_type == self);
        f.write_str(named.map_or("", |(name, _)| name))
    }
}

/// An element of a tensor. They are numbered through: network by network, in each its inputs,
/// hidden values and outputs, and each row by row. In a query of one network that has no hidden
/// values, inputs are 0, …, n − 1, and outputs n, …
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Variable(pub usize);

/// What can hold at a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Formula {
    /// All of them.
    All(Vec<Formula>),
    /// At least one of them.
    Any(Vec<Formula>),
    /// A linear condition.
    Atom(Atom),
}

impl Formula {
    /// How many conditions it has.
    pub fn atoms(&self) -> usize {
        match self {
            Self::All(formulas) | Self::Any(formulas) => formulas.iter().map(Self::atoms).sum(),
            Self::Atom(_) => 1,
        }
    }
}

/// `Σ coefficient · variable (relation) constant`. Two are equal that say the same, wherever they
/// stand.
#[derive(Clone, Debug)]
pub struct Atom {
    /// Ascending by variable, and no coefficient is 0. Without terms, the atom is true or false
    /// everywhere.
    pub terms: Vec<(Variable, Decimal)>,
    /// Those of `>=` and `>` are turned; where sides may be exchanged (`==`, `!=`), the first
    /// coefficient is positive.
    pub relation: Relation,
    /// The right-hand side.
    pub constant: Decimal,
    /// Where it begins in the file.
    pub position: Position,
}

impl PartialEq for Atom {
    fn eq(&self, other: &Self) -> bool {
        (&self.terms, self.relation, &self.constant)
            == (&other.terms, other.relation, &other.constant)
    }
}

impl Eq for Atom {}

impl Atom {
    /// Whether it holds everywhere or nowhere; `None` where it has terms.
    pub fn is_always(&self) -> Option<bool> {
        let zero = || Decimal::ZERO.cmp(&self.constant);
        self.terms.is_empty().then(|| self.relation.holds(zero()))
    }
}

/// How the left-hand side compares with the right-hand side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// ≤
    AtMost,
    /// <
    Less,
    /// =
    Equal,
    /// ≠
    NotEqual,
}

impl Relation {
    /// Whether it holds where the sides compare so.
    pub fn holds(self, left_to_right: std::cmp::Ordering) -> bool {
        match self {
            Self::AtMost => left_to_right.is_le(),
            Self::Less => left_to_right.is_lt(),
            Self::Equal => left_to_right.is_eq(),
            Self::NotEqual => left_to_right.is_ne(),
        }
    }
}

impl Query {
    /// All tensors, in the order of their variables.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.networks.iter().flat_map(NetworkDeclaration::tensors)
    }

    /// Number of variables.
    pub fn variable_count(&self) -> usize {
        self.tensors().map(Tensor::count).sum()
    }

    /// A variable as the query spells it: `X_3`, or `X[0,1]`.
    ///
    /// # Panics
    /// If the query has no such variable.
    pub fn name(&self, variable: Variable) -> String {
        let in_tensor = |tensor| Tensor::element(tensor, variable).map(|at| (tensor, at));
        let (tensor, element) = self.tensors().find_map(in_tensor).expect("a variable");
        if self.version.major == 1 {
            return format!("{}_{element}", tensor.name);
        }
        let mut rest = element;
        let mut indices = Vec::new();
        for size in tensor.shape.iter().rev() {
            indices.push((rest % size).to_string());
            rest /= size;
        }
        indices.reverse();
        match indices.is_empty() {
            true => tensor.name.clone(),
            false => format!("{}[{}]", tensor.name, indices.join(",")),
        }
    }
}
