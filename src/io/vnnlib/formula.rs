//! Formulas: conjunctions and disjunctions of linear conditions.

use super::error::VnnlibError;
use super::parser::{Names, Parser};
use super::query::{Atom, Formula, Relation, Variable};
use super::term::LinearForm;
use super::tokens::Kind;
use crate::num::decimal::Decimal;

const EXPECTED: &str = "and, or, or a relation (<= < >= > == = !=) in front of its terms";

impl Parser<'_> {
    /// The formula that is next.
    pub(super) fn formula(&mut self, names: &dyn Names) -> Result<Formula, VnnlibError> {
        let opened = self.open("'(' of a formula")?;
        let formula = match self.next.kind {
            Kind::Name("and") => Formula::All(self.formulas(names)?),
            Kind::Name("or") => Formula::Any(self.formulas(names)?),
            Kind::Symbol(symbol) => {
                let Some((relation, turned)) = relation(symbol) else {
                    return Err(self.unexpected(EXPECTED));
                };
                self.take()?;
                let mut form = LinearForm::ZERO;
                self.term(names, turned, &mut form)?;
                self.term(names, !turned, &mut form)?;
                form.merge(opened)?;
                let constant = form.constant.negated();
                let is_turned = match form.terms.first() {
                    Some((_, coefficient)) => coefficient.is_negative(),
                    None => constant.is_negative(),
                };
                let has_sides = matches!(relation, Relation::AtMost | Relation::Less);
                let (terms, constant) = match is_turned && !has_sides {
                    true => (form.terms.iter().map(turned_term).collect(), constant.negated()),
                    // A list of its own length: a file may have millions of them.
                    false => (form.terms.to_vec(), constant),
                };
                Formula::Atom(Atom { terms, relation, constant, position: opened })
            }
            _ => return Err(self.unexpected(EXPECTED)),
        };
        self.close(opened)?;
        Ok(formula)
    }

    /// What `and` or `or` joins.
    fn formulas(&mut self, names: &dyn Names) -> Result<Vec<Formula>, VnnlibError> {
        self.take()?;
        let mut formulas = vec![self.formula(names)?];
        while self.goes_on() {
            formulas.push(self.formula(names)?);
        }
        formulas.shrink_to_fit();
        Ok(formulas)
    }
}

fn turned_term((variable, coefficient): &(Variable, Decimal)) -> (Variable, Decimal) {
    (*variable, coefficient.negated())
}

/// The relation of a symbol, and whether it is turned.
fn relation(symbol: &str) -> Option<(Relation, bool)> {
    Some(match symbol {
        "<=" => (Relation::AtMost, false),
        ">=" => (Relation::AtMost, true),
        "<" => (Relation::Less, false),
        ">" => (Relation::Less, true),
        "==" | "=" => (Relation::Equal, false),
        "!=" => (Relation::NotEqual, false),
        _ => return None,
    })
}
