//! The parts of a query of one network: boxes of inputs, each with what else has to hold there.
//! A point satisfies the query if and only if it satisfies one of its parts.
//!
//! Bounds `±X_i <= c` that every point keeps narrow one box. A disjunction some branch of which
//! bounds inputs (as of property 6 of ACAS Xu) gives one part a branch, and where there are several
//! of them, one for each choice of branches that is not empty, as long as these are not more than
//! [`MOST_PARTS`] and have not too many formulas. All other disjunctions stay formulas: a dozen of
//! them over outputs is not multiplied out.

use std::collections::{BTreeMap, VecDeque};

use thiserror::Error;

use super::bounds::{InputBounds, Sides};
use super::error::{Position, Warning};
use super::query::{Atom, Formula, Query, Tensor, Variable};

/// Most parts that several disjunctions make together. One alone may have more branches.
pub const MOST_PARTS: usize = 1 << 14;

/// Most inputs and conditions that several disjunctions multiply to, over all parts: some hundred
/// megabytes, whatever a file of some kilobytes asks for.
const MOST_HELD: usize = 1 << 18;

/// The parts of a query.
#[derive(Clone, Debug)]
pub struct Parts<'q> {
    query: &'q Query,
    /// Number of inputs that the query declares: any, whatever it says of them.
    inputs: usize,
    /// Of the inputs that all parts bound.
    sides: BTreeMap<usize, Sides>,
    /// Hold in all parts.
    formulas: Vec<&'q Formula>,
    parts: Vec<Part<'q>>,
    empty: Vec<Warning>,
}

/// A part of a query.
#[derive(Clone, Debug, Default)]
pub struct Part<'q> {
    /// Where its branch begins: the last one, if there are several.
    pub position: Option<Position>,
    /// Of the inputs that it narrows.
    sides: BTreeMap<usize, Sides>,
    formulas: Vec<&'q Formula>,
    /// Disjunctions that are still to be divided by.
    open: VecDeque<&'q Formula>,
    /// Why it has no point.
    contradiction: Option<Warning>,
}

/// Why a query has no parts.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PartsError {
    /// It is not about one network.
    #[error("the query declares {found} networks; expected one")]
    Networks {
        /// How many there are.
        found: usize,
    },
    /// An input may take any value on one side.
    #[error("input {input} has no {side} bound{}; expected bounds of every input", branch(*position))]
    Unbounded {
        /// Its name.
        input: String,
        /// `lower` or `upper`.
        side: &'static str,
        /// Where the branch begins, if it lacks the bound in a part only.
        position: Option<Position>,
    },
}

fn branch(position: Option<Position>) -> String {
    position.map_or_else(String::new, |position| format!(" in the branch at {position}"))
}

impl<'q> Parts<'q> {
    /// Divides a query.
    ///
    /// # Errors
    /// It has several networks, or an input without a bound.
    pub fn of(query: &'q Query) -> Result<Self, PartsError> {
        let [network] = &query.networks[..] else {
            return Err(PartsError::Networks { found: query.networks.len() });
        };
        let inputs = network.inputs.iter().map(Tensor::count).sum();
        let mut root = Part::default();
        for formula in &query.assertions {
            root.assert(formula, query, inputs);
        }
        let sides = std::mem::take(&mut root.sides);
        let formulas = std::mem::take(&mut root.formulas);
        let (divided, empty) = (Vec::new(), Vec::new());
        let mut parts = Self { query, inputs, sides, formulas, parts: divided, empty };
        parts.divide(root);
        parts.check()?;
        Ok(parts)
    }

    /// Breadth first: the parts of one disjunction stand in the order of its branches.
    fn divide(&mut self, root: Part<'q>) {
        let common: usize = self.formulas.iter().map(|formula| formula.atoms()).sum();
        let size = |part: &Part<'q>| {
            let own = part.formulas.iter().map(|formula| formula.atoms()).sum::<usize>();
            // Where it has no others, it shares those of all parts.
            self.inputs + if own > 0 { common + own } else { 0 }
        };
        let (mut made, mut empty) = (Vec::new(), Vec::new());
        let mut held = size(&root);
        let mut queue = VecDeque::from([root]);
        while let Some(mut part) = queue.pop_front() {
            if let Some(warning) = part.contradiction.take() {
                held -= size(&part);
                empty.push(warning);
                continue;
            }
            let Some(formula) = part.open.pop_front() else {
                made.push(part);
                continue;
            };
            let Formula::Any(branches) = formula else { continue };
            let others = queue.len() + made.len();
            let is_one_of_many = others > 0 && others + branches.len() > MOST_PARTS;
            let divided = (!is_one_of_many).then(|| part.divided(branches, self));
            let all =
                |divided: &[Part<'q>]| held - size(&part) + divided.iter().map(size).sum::<usize>();
            match divided.map(|divided| (all(&divided), divided)) {
                Some((all, divided)) if others == 0 || all <= MOST_HELD => {
                    held = all;
                    queue.extend(divided);
                }
                _ => {
                    held -= size(&part);
                    part.formulas.push(formula);
                    held += size(&part);
                    queue.push_back(part);
                }
            }
        }
        (self.parts, self.empty) = (made, empty);
    }

    /// That every input has both bounds in every part.
    fn check(&self) -> Result<(), PartsError> {
        let is_open = |sides: &Sides| sides.lower.is_none() || sides.upper.is_none();
        let nothing = Sides::default();
        let common = |input| self.sides.get(&input).unwrap_or(&nothing);
        // Of more than a part bounds, one is open in it: the rest may be any number.
        let most = self.parts.iter().map(|part| part.sides.len()).max().unwrap_or(0) + 1;
        let open = (0..self.inputs).filter(|&input| is_open(common(input))).take(most);
        let open: Vec<usize> = open.collect();
        for part in &self.parts {
            for &input in &open {
                let sides = part.sides.get(&input).unwrap_or_else(|| common(input));
                if is_open(sides) {
                    let side = if sides.lower.is_none() { "lower" } else { "upper" };
                    let input = self.query.name(Variable(input));
                    return Err(PartsError::Unbounded { input, side, position: part.position });
                }
            }
        }
        Ok(())
    }

    /// The parts that have points within their boxes; none where the query has no point.
    pub fn parts(&self) -> &[Part<'q>] {
        &self.parts
    }

    /// What was left out, because bounds exclude each other.
    pub fn empty(&self) -> &[Warning] {
        &self.empty
    }

    /// The bounds of each input in a part.
    ///
    /// # Panics
    /// If it is a part of another query.
    pub fn bounds(&self, part: &Part<'q>) -> Vec<InputBounds> {
        let both = |input| {
            let sides = part.sides.get(&input).or_else(|| self.sides.get(&input)).cloned();
            let Sides { lower, upper } = sides.expect("a bound");
            let (lower, upper) = lower.zip(upper).expect("both bounds");
            InputBounds { lower, upper }
        };
        (0..self.inputs).map(both).collect()
    }

    /// What has to hold within the bounds of a part: all of them.
    pub fn formulas(&self, part: &Part<'q>) -> impl Iterator<Item = &'q Formula> {
        let all: Vec<&'q Formula> = self.formulas.iter().chain(&part.formulas).copied().collect();
        all.into_iter()
    }
}

impl<'q> Part<'q> {
    /// A part for each branch of a disjunction.
    fn divided(&self, branches: &'q [Formula], all: &Parts<'q>) -> Vec<Self> {
        let of = |branch| {
            let mut divided = self.clone();
            divided.position = position(branch);
            divided.narrow_from(branch, all);
            divided
        };
        branches.iter().map(of).collect()
    }

    /// Asserts a branch, with what all parts know of the inputs that it narrows.
    fn narrow_from(&mut self, branch: &'q Formula, all: &Parts<'q>) {
        let mut own = Self::default();
        own.assert(branch, all.query, all.inputs);
        for (input, narrowed) in own.sides {
            let known = || all.sides.get(&input).cloned().unwrap_or_default();
            let known = self.sides.entry(input).or_insert_with(known);
            known.narrow(narrowed);
            if let Some(text) = known.contradiction()
                && let Some(position) = self.position
            {
                own.contradiction
                    .get_or_insert_with(|| no_point(all.query, input, &text, position));
            }
        }
        self.formulas.extend(own.formulas);
        self.open.extend(own.open);
        self.contradiction = own.contradiction;
    }

    fn assert(&mut self, formula: &'q Formula, query: &Query, inputs: usize) {
        match formula {
            Formula::All(formulas) => {
                formulas.iter().for_each(|formula| self.assert(formula, query, inputs));
            }
            Formula::Any(formulas) => match &formulas[..] {
                [only] => self.assert(only, query, inputs),
                _ if bounds_inputs(formula, inputs) => self.open.push_back(formula),
                _ => self.formulas.push(formula),
            },
            Formula::Atom(atom) => match (atom.is_always(), input_bound(atom, inputs)) {
                (Some(true), _) => {}
                (Some(false), _) => {
                    let text = "no point: a condition without variables does not hold".to_string();
                    let warning = Warning { position: atom.position, text };
                    self.contradiction.get_or_insert(warning);
                }
                (None, Some((input, narrowed))) => {
                    let sides = self.sides.entry(input).or_default();
                    sides.narrow(narrowed);
                    if let Some(text) = sides.contradiction() {
                        let warning = no_point(query, input, &text, atom.position);
                        self.contradiction.get_or_insert(warning);
                    }
                }
                (None, None) => self.formulas.push(formula),
            },
        }
    }
}

fn no_point(query: &Query, input: usize, text: &str, position: Position) -> Warning {
    Warning { position, text: format!("no point: {} is {text}", query.name(Variable(input))) }
}

/// Whether a formula is a bound of an input, or has one in it.
fn bounds_inputs(formula: &Formula, inputs: usize) -> bool {
    match formula {
        Formula::All(formulas) | Formula::Any(formulas) => {
            formulas.iter().any(|formula| bounds_inputs(formula, inputs))
        }
        Formula::Atom(atom) => input_bound(atom, inputs).is_some(),
    }
}

/// The input that an atom bounds, and how.
fn input_bound(atom: &Atom, inputs: usize) -> Option<(usize, Sides)> {
    let (Variable(input), _) = *atom.terms.first()?;
    if input < inputs { Some((input, Sides::of(atom)?)) } else { None }
}

/// Where the first condition of a formula begins.
fn position(formula: &Formula) -> Option<Position> {
    match formula {
        Formula::All(formulas) | Formula::Any(formulas) => position(formulas.first()?),
        Formula::Atom(atom) => Some(atom.position),
    }
}
