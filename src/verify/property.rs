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
use crate::bounds::L1Ball;
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

/// Constraints at most that are made by multiplying out, over all parts.
const MOST_CONSTRAINTS: usize = 1 << 18;

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
    pub formulas: Arc<Vec<Formula>>,
    /// At least one of these holds.
    pub alternatives: Arc<Vec<Alternative>>,
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
        let (of_parts, empty) = (with_conditions(&parts)?, parts.empty().to_vec());
        Ok(Self { network, joined, parts: of_parts, empty })
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

    /// The ball around the one that inputs lie in, where there is one.
    pub fn outer(&self) -> Option<&L1Ball> {
        self.ball.as_ref().map(|ball| &ball.outer)
    }

    /// The part within bounds, none of which exclude each other.
    pub fn new(bounds: Vec<InputBounds>, formulas: Vec<Formula>) -> Result<Self, PropertyError> {
        let alternatives = alternatives(&formulas, bounds.len(), MOST_CONSTRAINTS)?;
        Ok(Self::within(bounds, Arc::new(formulas), Arc::new(alternatives)))
    }

    /// The part where formulas hold, which are written as these alternatives.
    fn within(
        bounds: Vec<InputBounds>,
        formulas: Arc<Vec<Formula>>,
        alternatives: Arc<Vec<Alternative>>,
    ) -> Self {
        let ends = bounds.iter().map(|bounds| {
            let ends = bounds.outward();
            (ends.lower(), ends.upper())
        });
        let (lower, upper) = ends.unzip();
        let domain = IntervalBox::new(lower, upper).expect("ends in order");
        Self { bounds, domain, ball: None, formulas, alternatives }
    }
}

/// The parts of a query. Thousands of boxes with the same formulas have them once.
fn with_conditions(parts: &Parts<'_>) -> Result<Vec<Part>, PropertyError> {
    let mut made: Vec<Part> = Vec::new();
    let mut last: Vec<&Formula> = Vec::new();
    let mut room = MOST_CONSTRAINTS;
    for part in parts.parts() {
        let formulas: Vec<&Formula> = parts.formulas(part).collect();
        let is_same = last.len() == formulas.len()
            && last.iter().zip(&formulas).all(|(a, b)| std::ptr::eq(*a, *b));
        let bounds = parts.bounds(part);
        let (own, alternatives) = match made.last().filter(|_| is_same) {
            Some(Part { formulas, alternatives, .. }) => (formulas.clone(), alternatives.clone()),
            None => {
                let own: Vec<Formula> = formulas.iter().map(|&formula| formula.clone()).collect();
                let alternatives = alternatives(&own, bounds.len(), room)?;
                if let [_, _, ..] = &alternatives[..] {
                    let made = alternatives.iter().map(|made| made.constraints.len());
                    room = room.saturating_sub(made.sum());
                }
                (Arc::new(own), Arc::new(alternatives))
            }
        };
        made.push(Part::within(bounds, own, alternatives));
        last = formulas;
    }
    Ok(made)
}

/// The alternatives of a list of formulas all of which hold: multiplied out where that are few, of
/// no more than `most` constraints, or a single one that bends.
fn alternatives(
    formulas: &[Formula],
    inputs: usize,
    most: usize,
) -> Result<Vec<Alternative>, PropertyError> {
    let whole = Formula::All(formulas.to_vec());
    let is_few = |count: usize| {
        let constraints = count.saturating_mul(whole.atoms());
        count <= 1 || (count <= MOST_ALTERNATIVES && constraints <= most)
    };
    match count(&whole).is_some_and(is_few) {
        true => multiplied_out(&whole, inputs),
        false => {
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
                let mut factors = multiplied_out(formula, inputs)?;
                // Of one there is nothing to copy: a long conjunction takes linear time.
                if let ([first], [second]) = (&mut all[..], &mut factors[..]) {
                    first.constraints.append(&mut second.constraints);
                    continue;
                }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::vnnlib::read;

    /// Each of `n` disjunctions has a box in each branch, beside a condition there if it is not
    /// empty; then many conditions of all parts.
    fn parts(n: usize, own: &str) -> Vec<Part> {
        let mut text = "(declare-const X_0 Real) (declare-const Y_0 Real)
            (assert (and (>= X_0 0) (<= X_0 1)))"
            .to_string();
        for bit in 0..n {
            let half = f64::from(1_u32 << bit).recip() / 4.0;
            text += &format!("(assert (or (<= X_0 {}) (and (<= X_0 1){own})))", 1.0 - half);
        }
        (0..500).for_each(|i| text += &format!("(assert (<= Y_0 {i}))"));
        let query = read(text.as_bytes()).expect("a query");
        with_conditions(&Parts::of(&query).expect("boxes")).expect("parts")
    }

    fn lists(parts: &[Part]) -> usize {
        1 + parts.windows(2).filter(|two| !Arc::ptr_eq(&two[0].formulas, &two[1].formulas)).count()
    }

    /// 2¹² boxes of a file of 20 kB, with 500 conditions each: one list of them.
    #[test]
    fn formulas_of_all_parts_are_there_once() {
        let parts = parts(12, "");
        assert_eq!((parts.len(), lists(&parts)), (1 << 12, 1));
        assert_eq!(
            (parts[0].formulas.len(), parts[0].alternatives[0].constraints.len()),
            (500, 500)
        );
        assert!(Arc::ptr_eq(&parts[0].alternatives, &parts[4095].alternatives));
    }

    /// With others in half of the branches, as many as 2¹² lists would be two million conditions.
    #[test]
    fn formulas_do_not_multiply_without_end() {
        let parts = parts(12, " (<= Y_0 -1)");
        let conditions: usize = parts.iter().map(|part| part.formulas.len()).sum();
        assert!(parts.len() > 256 && conditions < 1 << 19, "{} {conditions}", parts.len());
    }

    /// 2¹⁰ alternatives of 600 constraints each; without the 600, they are multiplied out.
    #[test]
    fn alternatives_do_not_multiply_without_end() {
        let either = "(assert (or (<= Y_0 1) (>= Y_0 2)))".repeat(10);
        for (conditions, alternatives) in [(590, 1), (1, 1 << 10)] {
            let text = "(declare-const X_0 Real) (declare-const Y_0 Real)
                (assert (and (>= X_0 0) (<= X_0 1)))"
                .to_string()
                + &either
                + &"(assert (<= Y_0 3))".repeat(conditions);
            let query = read(text.as_bytes()).expect("a query");
            let parts = with_conditions(&Parts::of(&query).expect("a box")).expect("parts");
            let [part] = &parts[..] else { panic!("{} parts", parts.len()) };
            assert_eq!(part.alternatives.len(), alternatives);
        }
    }
}
