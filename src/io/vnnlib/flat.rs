//! The names of version 1.0: `X_0`, `X_1`, … are the inputs, `Y_0`, `Y_1`, … the outputs.

use std::collections::BTreeMap;

use super::error::{Position, VnnlibError, refused};
use super::parser::{Names, Parser};
use super::query::{ElementType, NetworkDeclaration, NetworkRelation, Tensor, Variable};
use super::tokens::Kind;
use crate::message::excerpt;

/// What is declared so far.
#[derive(Debug, Default)]
pub(super) struct FlatNames {
    inputs: Declared,
    outputs: Declared,
}

/// Variables with one letter.
#[derive(Debug, Default)]
struct Declared {
    /// All below are declared.
    count: usize,
    /// Those above, with their places.
    above: BTreeMap<usize, Position>,
    /// The largest of all, with its place.
    last: Option<(usize, Position)>,
}

impl Declared {
    fn contains(&self, index: usize) -> bool {
        index < self.count || self.above.contains_key(&index)
    }

    /// Whether it was not declared before.
    fn add(&mut self, index: usize, position: Position) -> bool {
        if self.contains(index) {
            return false;
        }
        self.above.insert(index, position);
        if self.last.is_none_or(|(last, _)| last < index) {
            self.last = Some((index, position));
        }
        while self.above.remove(&self.count).is_some() {
            self.count += 1;
        }
        true
    }

    /// That no index is left out.
    fn check(&self, letter: char, end: Position) -> Result<(), VnnlibError> {
        if let Some((index, &position)) = self.above.first_key_value() {
            let found = format!("{letter}_{index}, and no {letter}_{}", self.count);
            return Err(refused(position, found, "each index from 0 on"));
        }
        if self.count == 0 {
            let found = format!("no declaration of {letter}_0");
            return Err(refused(end, found, "inputs X_0, X_1, … and outputs Y_0, Y_1, …"));
        }
        Ok(())
    }
}

/// Indices of outputs, while the number of inputs is not known.
const OUTPUTS: usize = 1 << 31;

impl FlatNames {
    /// Reads what follows `(declare-const`.
    pub(super) fn declare(
        &mut self,
        parser: &mut Parser<'_>,
        opened: Position,
    ) -> Result<(), VnnlibError> {
        let (name, position) = parser.name("X_i or Y_i")?;
        let (is_output, index) = parts(name, position)?;
        let expected = "the type Real";
        match parser.name(expected)? {
            ("Real" | "real", _) => {}
            (other, position) => {
                return Err(refused(position, format!("'{}'", excerpt(other)), expected));
            }
        }
        parser.close(opened)?;
        let declared = if is_output { &mut self.outputs } else { &mut self.inputs };
        match declared.add(index, position) {
            true => Ok(()),
            false => {
                Err(refused(position, format!("a second {name}"), "one declaration of each name"))
            }
        }
    }

    /// The network, when everything is declared.
    pub(super) fn network(&self, end: Position) -> Result<NetworkDeclaration, VnnlibError> {
        self.inputs.check('X', end)?;
        self.outputs.check('Y', end)?;
        let tensor = |name: &str, first, declared: &Declared| Tensor {
            name: name.to_string(),
            onnx_name: None,
            element_type: ElementType::Real,
            shape: vec![declared.count],
            first: Variable(first),
            position: declared.last.map_or(end, |(_, position)| position),
        };
        let inputs = self.inputs.count;
        Ok(NetworkDeclaration {
            name: String::new(),
            relation: NetworkRelation::None,
            inputs: vec![tensor("X", 0, &self.inputs)],
            hidden: Vec::new(),
            outputs: vec![tensor("Y", inputs, &self.outputs)],
        })
    }

    /// The number of a variable, when everything is declared.
    pub(super) fn number(&self, variable: Variable) -> Variable {
        match variable.0.checked_sub(OUTPUTS) {
            Some(output) => Variable(self.inputs.count + output),
            None => variable,
        }
    }
}

impl Names for FlatNames {
    fn variable(&self, parser: &mut Parser<'_>) -> Result<(Variable, ElementType), VnnlibError> {
        let (name, position) = parser.name("a variable")?;
        let (is_output, index) = parts(name, position)?;
        let declared = if is_output { &self.outputs } else { &self.inputs };
        if !declared.contains(index) {
            let expected = "a variable that is declared in front";
            return Err(refused(position, format!("'{name}'"), expected));
        }
        if parser.next.kind == Kind::OpenBracket {
            return Err(parser.unexpected("no indices, which version 1.0 does not have"));
        }
        Ok((Variable(index + if is_output { OUTPUTS } else { 0 }), ElementType::Real))
    }
}

/// Whether a name is that of an output, and its index.
fn parts(name: &str, position: Position) -> Result<(bool, usize), VnnlibError> {
    let number = |digits: &str| {
        let is_plain = !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && (digits == "0" || !digits.starts_with('0'));
        digits.parse().ok().filter(|&index| is_plain && index < OUTPUTS)
    };
    let letter_and_index = name.split_once('_').and_then(|(letter, digits)| match letter {
        "X" => Some((false, number(digits)?)),
        "Y" => Some((true, number(digits)?)),
        _ => None,
    });
    letter_and_index.ok_or_else(|| {
        refused(position, format!("'{}'", excerpt(name)), "X_i or Y_i with an index i, as 1.0 has")
    })
}
