//! What a part of a text means: a number, a list of numbers, the place of a maximum, or a
//! condition; numbers are expressions of inputs and outputs.

use super::{Constraint, Expression};

/// What a part of a text means.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Number(Expression),
    List(Vec<Expression>),
    /// `argmax( )` of a list.
    Place(Vec<Expression>),
    Condition(Condition),
}

impl Value {
    /// What it is called.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::List(_) => "a list",
            Self::Place(_) => "a place",
            Self::Condition(_) => "a condition",
        }
    }

    /// Applies an operation of two numbers, to lists number by number.
    pub(super) fn with(
        self,
        other: Self,
        of_two: impl Fn(Expression, Expression) -> Result<Expression, String>,
    ) -> Result<Self, String> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => of_two(a, b).map(Self::Number),
            (Self::List(a), Self::List(b)) if a.len() == b.len() => a
                .into_iter()
                .zip(b)
                .map(|(a, b)| of_two(a, b))
                .collect::<Result<_, _>>()
                .map(Self::List),
            (Self::List(a), Self::List(b)) => {
                Err(format!("lists of different lengths, {} and {}", a.len(), b.len()))
            }
            (Self::List(a), Self::Number(b)) => a
                .into_iter()
                .map(|a| of_two(a, b.clone()))
                .collect::<Result<_, _>>()
                .map(Self::List),
            (Self::Number(a), Self::List(b)) => b
                .into_iter()
                .map(|b| of_two(a.clone(), b))
                .collect::<Result<_, _>>()
                .map(Self::List),
            (a, b) => {
                let wrong = if matches!(a, Self::Number(_) | Self::List(_)) { b } else { a };
                Err(format!("{} stands where a number is expected", wrong.noun()))
            }
        }
    }
}

/// A condition on inputs and outputs; a closed set.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    /// `lower ≤ expression ≤ upper`.
    Between(Expression, f64, f64),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

impl Condition {
    /// `expression ≤ 0`.
    pub(super) fn at_most_zero(expression: Expression) -> Self {
        Self::Between(expression, f64::NEG_INFINITY, 0.0)
    }

    /// Both, as one list where it can be one.
    pub(super) fn and(self, other: Self) -> Self {
        match self {
            Self::All(mut all) => {
                all.push(other);
                Self::All(all)
            }
            first => Self::All(vec![first, other]),
        }
    }

    /// Either, as one list where it can be one.
    pub(super) fn or(self, other: Self) -> Self {
        match self {
            Self::Any(mut any) => {
                any.push(other);
                Self::Any(any)
            }
            first => Self::Any(vec![first, other]),
        }
    }

    /// The numbers in it.
    pub(super) fn expressions(&self) -> Vec<(&Expression, [f64; 2])> {
        match self {
            Self::Between(expression, lower, upper) => vec![(expression, [*lower, *upper])],
            Self::All(list) | Self::Any(list) => list.iter().flat_map(Self::expressions).collect(),
        }
    }

    /// Constraints that hold together exactly where it holds. What is convex becomes linear
    /// ones; alternatives become the smallest of what each would have at most 0.
    pub(super) fn constraints(self) -> Vec<Constraint> {
        match self {
            Self::All(list) => list.into_iter().flat_map(Self::constraints).collect(),
            Self::Any(_) => at_most(&self.excess(), 0.0).collect(),
            Self::Between(expression, lower, upper) if expression.bends().is_empty() => {
                vec![Constraint::new(expression, lower, upper)]
            }
            Self::Between(expression, lower, upper) => {
                let sides = [(expression.clone(), upper), (expression.times(-1.0), -lower)];
                let limited = sides.iter().filter(|(_, limit)| limit.is_finite());
                limited.flat_map(|(side, limit)| at_most(side, *limit)).collect()
            }
        }
    }

    /// An expression that is at most 0 exactly where the condition holds.
    fn excess(self) -> Expression {
        let excesses = |list: Vec<Self>| list.into_iter().map(Self::excess).collect();
        match self {
            Self::Between(expression, lower, upper) => {
                let above = expression.clone().minus(Expression::number(upper));
                let below = Expression::number(lower).minus(expression);
                match (lower.is_finite(), upper.is_finite()) {
                    (true, true) => below.max(above),
                    (true, false) => below,
                    (false, _) => above,
                }
            }
            Self::All(list) => Expression::largest(excesses(list)).expect("a condition"),
            Self::Any(list) => Expression::smallest(excesses(list)).expect("a condition"),
        }
    }
}

/// The constraints `plane ≤ upper` of an expression; those that always hold are left out.
fn at_most(expression: &Expression, upper: f64) -> impl Iterator<Item = Constraint> {
    let says_nothing = move |plane: &Expression| plane.is_constant() && plane.constant() <= upper;
    let planes = expression.planes().into_iter().filter(move |plane| !says_nothing(plane));
    planes.map(move |plane| Constraint::new(plane, f64::NEG_INFINITY, upper))
}
