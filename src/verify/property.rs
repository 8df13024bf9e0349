//! A property of a network: boxes of inputs, and what an output there must not be.
//!
//! A part of the query is a box and a list of formulas. What is searched is a closed set a bit
//! larger than what the query says: strict relations count as their closed ones, `!=` as true,
//! and decimals that are no `f64` are rounded outward. Whether a point is a counterexample is told
//! by the query itself (`witness.rs`).

use std::sync::Arc;

use thiserror::Error;

use super::Counterexample;
use super::ball::Ball;
use super::networks::{self, Misfit};
use crate::io::vnnlib::{
    Atom, Formula, InputBounds, Joined, Parts, PartsError, Position, Query, Relation, VnnlibError,
    Warning,
};
use crate::network::{Network, NetworkError, Precision};
use crate::num::IntervalBox;
use crate::num::decimal::Decimal;
use crate::problem::{Constraint, Expression, Variable};

/// Conjunctions at most that a formula is written as; one that would become more is searched as
/// a whole.
const MOST_ALTERNATIVES: usize = 1 << 10;

/// What is asked of a network: whether some point of some part is a counterexample.
#[derive(Clone, Debug)]
pub struct Property {
    pub(super) network: Arc<Network>,
    /// Where the query is about several networks, or values inside one.
    pub(super) joined: Option<Joined>,
    /// In the order of the file.
    pub(super) parts: Vec<Part>,
    /// Bounds that exclude each other: parts without a point.
    pub(super) empty: Vec<Warning>,
}

/// A box of inputs, and what holds of a counterexample in it.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// As the query states it.
    pub bounds: Vec<InputBounds>,
    /// With its ends rounded outward.
    pub domain: IntervalBox,
    /// Where inputs lie besides.
    pub ball: Option<Ball>,
    /// All of them hold.
    pub formulas: Vec<Formula>,
    /// At least one of these holds.
    pub alternatives: Vec<Alternative>,
}

/// Constraints all of which hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Alternative {
    /// In closed form.
    pub constraints: Vec<Constraint>,
}

/// Why a query is no property of a network.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum PropertyError {
    /// Its parts cannot be told.
    #[error(transparent)]
    Parts(#[from] PartsError),
    /// A network is not what it declares.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// Coefficients that add up to what is out of range.
    #[error(transparent)]
    Query(#[from] VnnlibError),
    /// The networks together are none.
    #[error("the networks together: {0}")]
    Networks(#[from] NetworkError),
    /// A coefficient that is no number of double precision, however the condition is scaled.
    #[error("{position}: the coefficients have more digits than double precision holds")]
    Digits {
        /// Of the condition.
        position: Position,
    },
}

impl Property {
    /// Matches a query with its network, whose outputs have the hidden values of the query behind
    /// them.
    ///
    /// # Errors
    /// [`PropertyError`].
    pub fn new(network: impl Into<Arc<Network>>, query: &Query) -> Result<Self, PropertyError> {
        Self::of_networks(&[network.into()], query)
    }

    /// Matches a query with its networks, one for each that it declares.
    ///
    /// # Errors
    /// [`PropertyError`].
    pub fn of_networks(networks: &[Arc<Network>], query: &Query) -> Result<Self, PropertyError> {
        networks::check(&query.networks, networks)?;
        let joined = Joined::of(query)?;
        let (network, query) = match &joined {
            None => (networks[0].clone(), query),
            Some(joined) => (Arc::new(networks::together(networks, joined)?), &joined.query),
        };
        let parts = Parts::of(query)?;
        let of_part = |part| Part::new(parts.bounds(part), parts.formulas(part).cloned().collect());
        let of_parts: Result<_, PropertyError> = parts.parts().iter().map(of_part).collect();
        let (parts, empty) = (of_parts?, parts.empty().to_vec());
        Ok(Self { network, joined, parts, empty })
    }

    /// The values of all variables of the query, by their numbers, at a counterexample.
    pub fn values(&self, found: &Counterexample) -> Vec<f64> {
        let joined = [&found.input[..], &found.output].concat();
        match &self.joined {
            None => joined,
            Some(query) => query.values(&joined),
        }
    }

    /// The network; of several, all of them as one.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// Number of parts: boxes with conditions of their own.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Parts of the query without a point, because bounds exclude each other.
    pub fn empty(&self) -> &[Warning] {
        &self.empty
    }
}

impl Part {
    /// Whether each input has a number of the type within its bounds.
    pub fn has_numbers(&self, precision: Precision) -> bool {
        self.bounds.iter().all(|bounds| bounds.numbers(precision).is_some())
    }

    /// The part within bounds, none of which exclude each other.
    pub fn new(bounds: Vec<InputBounds>, formulas: Vec<Formula>) -> Result<Self, PropertyError> {
        let ends = bounds.iter().map(|bounds| {
            let ends = bounds.outward();
            (ends.lower(), ends.upper())
        });
        let (lower, upper) = ends.unzip();
        let domain = IntervalBox::new(lower, upper).expect("ends in order");
        let alternatives = alternatives(&formulas, bounds.len())?;
        Ok(Self { bounds, domain, ball: None, formulas, alternatives })
    }
}

/// The alternatives of a list of formulas all of which hold: multiplied out where that are few,
/// or a single one that bends.
fn alternatives(formulas: &[Formula], inputs: usize) -> Result<Vec<Alternative>, PropertyError> {
    let whole = Formula::All(formulas.to_vec());
    match count(&whole).filter(|&count| count <= MOST_ALTERNATIVES) {
        Some(_) => multiplied_out(&whole, inputs),
        None => {
            let constraints = formulas.iter().map(|formula| {
                let excess = excess(formula, inputs)?;
                Ok(excess.map(|excess| {
                    let slack = slack(&excess);
                    Constraint::new(excess, f64::NEG_INFINITY, slack)
                }))
            });
            let constraints: Vec<Option<Constraint>> =
                constraints.collect::<Result<_, PropertyError>>()?;
            Ok(vec![Alternative { constraints: constraints.into_iter().flatten().collect() }])
        }
    }
}

/// Conjunctions that a formula is written as; `None` where they are too many to count.
fn count(formula: &Formula) -> Option<usize> {
    match formula {
        Formula::Atom(_) => Some(1),
        Formula::Any(list) => {
            list.iter().try_fold(0_usize, |sum, formula| sum.checked_add(count(formula)?))
        }
        Formula::All(list) => {
            list.iter().try_fold(1_usize, |product, formula| product.checked_mul(count(formula)?))
        }
    }
}

fn multiplied_out(formula: &Formula, inputs: usize) -> Result<Vec<Alternative>, PropertyError> {
    match formula {
        Formula::Atom(atom) => Ok(match closed(atom, inputs)? {
            Closed::Rows(constraints) => vec![Alternative { constraints }],
            Closed::Never => Vec::new(),
        }),
        Formula::Any(list) => {
            let mut all = Vec::new();
            for formula in list {
                all.extend(multiplied_out(formula, inputs)?);
            }
            Ok(all)
        }
        Formula::All(list) => {
            let mut all = vec![Alternative { constraints: Vec::new() }];
            for formula in list {
                let factors = multiplied_out(formula, inputs)?;
                let joined = all.iter().flat_map(|first| {
                    factors.iter().map(|second| Alternative {
                        constraints: [&first.constraints[..], &second.constraints[..]].concat(),
                    })
                });
                all = joined.collect();
            }
            Ok(all)
        }
    }
}

/// An expression that is at most 0 where a formula holds, up to the rounding of differences of
/// constants ([`slack`]); `None` where it always holds.
fn excess(formula: &Formula, inputs: usize) -> Result<Option<Expression>, PropertyError> {
    let never = || Expression::number(1.0);
    match formula {
        Formula::Atom(atom) => Ok(match closed(atom, inputs)? {
            Closed::Never => Some(never()),
            Closed::Rows(rows) => Expression::largest(rows.iter().map(over).collect()),
        }),
        Formula::Any(list) => {
            let mut all = Vec::new();
            for formula in list {
                match excess(formula, inputs)? {
                    Some(excess) => all.push(excess),
                    None => return Ok(None),
                }
            }
            Ok(Some(Expression::smallest(all).unwrap_or_else(never)))
        }
        Formula::All(list) => {
            let mut all = Vec::new();
            for formula in list {
                all.extend(excess(formula, inputs)?);
            }
            Ok(Expression::largest(all))
        }
    }
}

/// More than the rounding of constants in an expression comes to; 0 where there are none.
pub(super) fn slack(expression: &Expression) -> f64 {
    /// Operations on each, in units of rounding.
    const OPERATIONS: f64 = 256.0;
    OPERATIONS * f64::EPSILON * constants(expression)
}

fn constants(expression: &Expression) -> f64 {
    let bends = expression.bends().iter().map(|(bend, c)| c.abs() * constants(bend));
    expression.constant().abs() + bends.sum::<f64>()
}

/// The coefficients of an atom times a power of ten that makes numbers of double precision of
/// all of them, and that power.
fn exact_coefficients(atom: &Atom) -> Option<(Vec<f64>, Decimal)> {
    /// 10²² is the largest power of ten that is one itself.
    const MOST_PLACES: usize = 22;
    (0..=MOST_PLACES).find_map(|places| {
        let power = Decimal::parse(&format!("1e{places}")).ok()?;
        let scaled = atom.terms.iter().map(|(_, coefficient)| {
            let scaled = coefficient.times(&power).ok()?;
            let nearest = scaled.nearest();
            scaled.compare(nearest).is_eq().then_some(nearest)
        });
        Some((scaled.collect::<Option<Vec<f64>>>()?, power))
    })
}

/// By how much a constraint of [`closed`] is missed, or less: its constant is rounded down.
pub(super) fn over(constraint: &Constraint) -> Expression {
    constraint.expression().clone().minus(Expression::number(constraint.upper()))
}

/// An atom as rows, each at most a number.
enum Closed {
    Rows(Vec<Constraint>),
    Never,
}

/// The closed set of an atom: whole coefficients, and constants rounded outward.
fn closed(atom: &Atom, inputs: usize) -> Result<Closed, PropertyError> {
    match atom.is_always() {
        Some(true) => return Ok(Closed::Rows(Vec::new())),
        Some(false) => return Ok(Closed::Never),
        None => {}
    }
    let digits = || PropertyError::Digits { position: atom.position };
    let (coefficients, scale) = exact_coefficients(atom).ok_or_else(digits)?;
    let constant = atom.constant.times(&scale).map_err(|_| digits())?;
    let terms = atom.terms.iter().zip(&coefficients).map(|((variable, _), &coefficient)| {
        let variable = match variable.0.checked_sub(inputs) {
            None => Variable::Input(variable.0),
            Some(output) => Variable::Output(output),
        };
        (variable, coefficient)
    });
    let row = Expression::new(terms, 0.0);
    let at_most = Constraint::new(row.clone(), f64::NEG_INFINITY, constant.rounded_up());
    Ok(Closed::Rows(match atom.relation {
        Relation::AtMost | Relation::Less => vec![at_most],
        Relation::Equal => {
            let limit = -constant.rounded_down();
            vec![at_most, Constraint::new(row.times(-1.0), f64::NEG_INFINITY, limit)]
        }
        Relation::NotEqual => Vec::new(),
    }))
}
