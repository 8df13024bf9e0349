//! Terms, as they are read: linear forms with exact coefficients.

use super::error::{Position, VnnlibError, refused, unsupported};
use super::parser::{Names, Parser};
use super::query::{ElementType, Variable};
use super::tokens::Kind;
use crate::num::decimal::{Decimal, DecimalError};

/// `Σ coefficient · variable + constant`.
#[derive(Clone, Debug)]
pub(super) struct LinearForm {
    /// In any order; a variable may stand several times.
    pub(super) terms: Vec<(Variable, Decimal)>,
    pub(super) constant: Decimal,
    /// The type of its variables.
    element_type: Option<ElementType>,
}

impl LinearForm {
    pub(super) const ZERO: Self =
        Self { terms: Vec::new(), constant: Decimal::ZERO, element_type: None };

    /// Adds a form, or subtracts it.
    fn add(
        &mut self,
        mut other: Self,
        negative: bool,
        position: Position,
    ) -> Result<(), VnnlibError> {
        if negative {
            other.terms.iter_mut().for_each(|(_, factor)| *factor = factor.negated());
            other.constant = other.constant.negated();
        }
        self.add_type(other.element_type, position)?;
        let sum = self.constant.plus(&other.constant);
        self.constant = sum.map_err(|error| out_of_range(error, position))?;
        // The longer list stays where it is: a sum of sums of sums takes linear time.
        if self.terms.len() < other.terms.len() {
            std::mem::swap(&mut self.terms, &mut other.terms);
        }
        self.terms.append(&mut other.terms);
        Ok(())
    }

    /// Types are strict: variables of two do not meet in one atom.
    fn add_type(
        &mut self,
        other: Option<ElementType>,
        position: Position,
    ) -> Result<(), VnnlibError> {
        if let (Some(first), Some(second)) = (self.element_type, other)
            && first != second
        {
            let expected = format!("the type {first} of those in front");
            return Err(refused(position, format!("a variable of type {second}"), expected));
        }
        self.element_type = self.element_type.or(other);
        Ok(())
    }

    /// Multiplies by a constant.
    fn scale(&mut self, factor: &Decimal, position: Position) -> Result<(), VnnlibError> {
        let coefficients = self.terms.iter_mut().map(|(_, coefficient)| coefficient);
        for number in coefficients.chain([&mut self.constant]) {
            *number = number.times(factor).map_err(|error| out_of_range(error, position))?;
        }
        Ok(())
    }

    /// [`merge`] of its terms.
    pub(super) fn merge(&mut self, position: Position) -> Result<(), VnnlibError> {
        merge(&mut self.terms, position)
    }
}

/// Each variable once, ascending, and no coefficient 0.
pub(super) fn merge(
    terms: &mut Vec<(Variable, Decimal)>,
    position: Position,
) -> Result<(), VnnlibError> {
    // Stable, and at once for lists that are in order.
    terms.sort_by_key(|&(variable, _)| variable);
    let mut kept: usize = 0;
    for at in 0..terms.len() {
        let (variable, coefficient) = terms[at].clone();
        match terms[..kept].last_mut() {
            Some((last, sum)) if *last == variable => {
                let added = sum.plus(&coefficient);
                *sum = added.map_err(|error| out_of_range(error, position))?;
            }
            _ => {
                terms[kept] = (variable, coefficient);
                kept += 1;
            }
        }
    }
    terms.truncate(kept);
    terms.retain(|(_, coefficient)| !coefficient.is_zero());
    Ok(())
}

const EXPECTED: &str = "a number, a variable, or '(' of a sum, difference or product";

impl Parser<'_> {
    /// Adds the term that is next, or subtracts it.
    pub(super) fn term(
        &mut self,
        names: &dyn Names,
        negative: bool,
        into: &mut LinearForm,
    ) -> Result<(), VnnlibError> {
        let position = self.next.position;
        match self.next.kind {
            Kind::Number(text) => {
                let number = Decimal::parse(text).map_err(|error| {
                    let expected = "a finite number such as -1.5 or 1e-05";
                    refused(position, format!("{}, {error}", self.next.kind), expected)
                })?;
                self.take()?;
                let number = if negative { number.negated() } else { number };
                let sum = into.constant.plus(&number);
                into.constant = sum.map_err(|error| out_of_range(error, position))?;
                Ok(())
            }
            Kind::Name(_) => {
                let (variable, element_type) = names.variable(self)?;
                into.add_type(Some(element_type), position)?;
                let coefficient = if negative { Decimal::ONE.negated() } else { Decimal::ONE };
                into.terms.push((variable, coefficient));
                Ok(())
            }
            Kind::Open => self.operation(names, negative, into),
            _ => Err(self.unexpected(EXPECTED)),
        }
    }

    /// A sum, a difference or a product.
    fn operation(
        &mut self,
        names: &dyn Names,
        negative: bool,
        into: &mut LinearForm,
    ) -> Result<(), VnnlibError> {
        let opened = self.open(EXPECTED)?;
        match self.next.kind {
            Kind::Symbol("+") => {
                self.take()?;
                self.term(names, negative, into)?;
                while self.goes_on() {
                    self.term(names, negative, into)?;
                }
            }
            Kind::Symbol("-") => {
                self.take()?;
                let mut first = LinearForm::ZERO;
                self.term(names, false, &mut first)?;
                let is_alone = !self.goes_on();
                into.add(first, negative != is_alone, opened)?;
                while self.goes_on() {
                    self.term(names, !negative, into)?;
                }
            }
            Kind::Symbol("*") => {
                self.take()?;
                let product = self.product(names, opened)?;
                into.add(product, negative, opened)?;
            }
            _ => return Err(self.unexpected("+, - or * in front of its terms")),
        }
        self.close(opened)
    }

    /// The factors of a product, of which at most one has variables.
    fn product(&mut self, names: &dyn Names, opened: Position) -> Result<LinearForm, VnnlibError> {
        let mut constant = Decimal::ONE;
        let mut product: Option<LinearForm> = None;
        loop {
            let mut factor = LinearForm::ZERO;
            self.term(names, false, &mut factor)?;
            factor.merge(opened)?;
            if factor.terms.is_empty() {
                let times = constant.times(&factor.constant);
                constant = times.map_err(|error| out_of_range(error, opened))?;
            } else if product.is_none() {
                product = Some(factor);
            } else {
                let found = "a product of variables (theory POLY), which is not linear,";
                return Err(unsupported(opened, found, "linear terms (theory LIN)"));
            }
            if !self.goes_on() {
                break;
            }
        }
        match product {
            Some(mut product) => {
                product.scale(&constant, opened)?;
                Ok(product)
            }
            None => Ok(LinearForm { constant, ..LinearForm::ZERO }),
        }
    }
}

/// That what constants come to is no number.
pub(super) fn out_of_range(error: DecimalError, position: Position) -> VnnlibError {
    refused(position, format!("{error} where constants are computed"), "smaller numbers")
}
