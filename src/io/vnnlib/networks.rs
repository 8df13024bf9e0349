//! The declarations of version 2.0: networks with named tensors.

use std::collections::BTreeMap;

use super::error::{Position, VnnlibError, refused, unsupported};
use super::parser::{Names, Parser};
use super::query::{
    ELEMENT_TYPES, ElementType, NetworkDeclaration, NetworkRelation, Tensor, Variable,
};
use super::tokens::Kind;
use crate::message::excerpt;

/// What is declared so far.
#[derive(Debug, Default)]
pub(super) struct Networks {
    pub(super) declared: Vec<NetworkDeclaration>,
    tensors: BTreeMap<String, Tensor>,
    /// Number of variables.
    count: usize,
}

/// Most variables: what an index of 32 bits holds.
const MOST_VARIABLES: usize = u32::MAX as usize;

/// What a network declares, in this order.
const KINDS: [&str; 3] = ["declare-input", "declare-hidden", "declare-output"];

impl Networks {
    /// Reads what follows `(declare-network`.
    pub(super) fn declare(
        &mut self,
        parser: &mut Parser<'_>,
        opened: Position,
    ) -> Result<(), VnnlibError> {
        let (name, position) = new_name(parser, "a name of the network")?;
        if self.declared.iter().any(|network| network.name == name) {
            let expected = "a name that no other network has";
            return Err(refused(
                position,
                format!("a second network '{}'", excerpt(name)),
                expected,
            ));
        }
        let mut network = NetworkDeclaration {
            name: name.to_string(),
            relation: NetworkRelation::None,
            inputs: Vec::new(),
            hidden: Vec::new(),
            outputs: Vec::new(),
        };
        let mut kind = 0;
        let mut related = None;
        while parser.goes_on() {
            let inner = parser.open("'(' of a declaration of the network, or ')'")?;
            let (word, position) = parser.name(&KINDS.join(", "))?;
            if let "equal-to" | "isomorphic-to" = word
                && network.inputs.is_empty()
                && related.is_none()
            {
                network.relation = self.relation(parser, word == "equal-to")?;
                related = Some(position);
            } else {
                let Some(found) = KINDS[kind..].iter().position(|keyword| *keyword == word) else {
                    return Err(unknown_declaration(word, position, kind, related.is_some()));
                };
                kind += found;
                let tensor = self.tensor(parser, kind == 1)?;
                [&mut network.inputs, &mut network.hidden, &mut network.outputs][kind].push(tensor);
            }
            parser.close(inner)?;
        }
        self.check(&network, parser.next.position, related)?;
        parser.close(opened)?;
        self.declared.push(network);
        Ok(())
    }

    /// Reads the name of a network in front.
    fn relation(
        &self,
        parser: &mut Parser<'_>,
        is_equal: bool,
    ) -> Result<NetworkRelation, VnnlibError> {
        let (name, position) = parser.name("the name of a network in front")?;
        let named = |network: &NetworkDeclaration| network.name == name;
        let found = format!("'{}'", excerpt(name));
        let Some(number) = self.declared.iter().position(named) else {
            return Err(refused(position, found, "the name of a network in front"));
        };
        if self.declared[number].relation != NetworkRelation::None {
            let expected = "a network that is itself not related to another one";
            return Err(refused(position, found, expected));
        }
        Ok(match is_equal {
            true => NetworkRelation::EqualTo(number),
            false => NetworkRelation::IsomorphicTo(number),
        })
    }

    /// Reads name, type, shape and ONNX name of a tensor.
    fn tensor(&mut self, parser: &mut Parser<'_>, is_hidden: bool) -> Result<Tensor, VnnlibError> {
        let (name, at) = new_name(parser, "a name of the tensor")?;
        if self.tensors.contains_key(name) {
            let found = format!("a second declaration of '{}'", excerpt(name));
            return Err(refused(at, found, "a name that nothing else has"));
        }
        let element_type = element_type(parser)?;
        let mut count: usize = 1;
        let mut shape = Vec::new();
        for (size, position) in parser.brackets("'[' of the shape")? {
            count = match count.checked_mul(size) {
                Some(0) => return Err(refused(position, "'0'", "a dimension of 1 or more")),
                Some(count) if count + self.count <= MOST_VARIABLES => count,
                _ => {
                    let expected = format!("at most {MOST_VARIABLES} in all tensors");
                    return Err(refused(position, "more elements", expected));
                }
            };
            shape.push(size);
        }
        let onnx_name = match parser.next.kind {
            Kind::Quoted(text) => Some(text.to_string()),
            _ if is_hidden => {
                let expected = "the name of the value in the ONNX file, between quotes";
                return Err(parser.unexpected(expected));
            }
            _ => None,
        };
        if onnx_name.is_some() {
            parser.take()?;
        }
        let first = Variable(self.count);
        let name = name.to_string();
        let tensor = Tensor { name, onnx_name, element_type, shape, first, position: at };
        self.count += count;
        self.tensors.insert(tensor.name.clone(), tensor.clone());
        Ok(tensor)
    }

    /// That a network has inputs and outputs, named all or none, and those of the one it is
    /// related to.
    fn check(
        &self,
        network: &NetworkDeclaration,
        end: Position,
        related: Option<Position>,
    ) -> Result<(), VnnlibError> {
        for (tensors, keyword) in [(&network.inputs, KINDS[0]), (&network.outputs, KINDS[2])] {
            if tensors.is_empty() {
                let found = format!("a network without {keyword}");
                return Err(refused(end, found, "inputs and outputs"));
            }
        }
        let ends = || network.inputs.iter().chain(&network.outputs);
        let named = ends().filter(|tensor| tensor.onnx_name.is_some()).count();
        if ![0, ends().count()].contains(&named) {
            let found = format!("ONNX names of {named} of {} inputs and outputs", ends().count());
            return Err(refused(end, found, "all of them or none"));
        }
        let (NetworkRelation::EqualTo(number) | NetworkRelation::IsomorphicTo(number)) =
            network.relation
        else {
            return Ok(());
        };
        let other = &self.declared[number];
        let forms = |tensors: &[Tensor]| -> Vec<String> {
            let form = |tensor: &Tensor| format!("{} {:?}", tensor.element_type, tensor.shape);
            tensors.iter().map(form).collect()
        };
        for (what, own, theirs) in [
            ("inputs", &network.inputs, &other.inputs),
            ("outputs", &network.outputs, &other.outputs),
        ] {
            let (own, theirs) = (forms(own), forms(theirs));
            if own != theirs {
                let name = excerpt(&other.name);
                let expected = format!("{} as '{name}' has", theirs.join(", "));
                let found = format!("the {what} {}", own.join(", "));
                return Err(refused(related.unwrap_or(end), found, expected));
            }
        }
        Ok(())
    }

    /// An element of a tensor, and its type; `None` for indices stands for a name alone.
    fn element(
        &self,
        name: &str,
        position: Position,
        indices: Option<&[(usize, Position)]>,
    ) -> Result<(Variable, ElementType), VnnlibError> {
        let quoted = format!("'{}'", excerpt(name));
        let Some(tensor) = self.tensors.get(name) else {
            return Err(refused(position, quoted, "the name of a tensor that is declared"));
        };
        let rank = tensor.shape.len();
        let given = indices.unwrap_or_default();
        if given.len() != rank || (indices.is_some() && rank == 0) {
            let found = match indices {
                None => format!("{quoted} without indices"),
                Some([_]) => format!("{quoted} with 1 index"),
                Some(indices) => format!("{quoted} with {} indices", indices.len()),
            };
            let expected = match rank {
                0 => "none, since it is a scalar".to_string(),
                _ => format!("{rank}, since its shape is {:?}", tensor.shape),
            };
            return Err(refused(position, found, expected));
        }
        let mut element = 0;
        for (&(index, position), &size) in given.iter().zip(&tensor.shape) {
            if index >= size {
                let expected =
                    format!("an index below {size}, since its shape is {:?}", tensor.shape);
                return Err(refused(position, format!("the index {index} of {quoted}"), expected));
            }
            element = element * size + index;
        }
        Ok((Variable(tensor.first.0 + element), tensor.element_type))
    }
}

impl Names for Networks {
    fn variable(&self, parser: &mut Parser<'_>) -> Result<(Variable, ElementType), VnnlibError> {
        let (name, position) = parser.name("a variable")?;
        let indices = match parser.next.kind {
            Kind::OpenBracket => Some(parser.brackets("indices")?),
            _ => None,
        };
        self.element(name, position, indices.as_deref())
    }
}

/// Names of formulas are not free.
fn new_name<'a>(
    parser: &mut Parser<'a>,
    expected: &str,
) -> Result<(&'a str, Position), VnnlibError> {
    match parser.next.kind {
        Kind::Name("and" | "or") => Err(parser.unexpected(expected)),
        _ => parser.name(expected),
    }
}

fn element_type(parser: &mut Parser<'_>) -> Result<ElementType, VnnlibError> {
    let names: Vec<&str> = ELEMENT_TYPES.iter().map(|(name, _)| *name).collect();
    let expected = format!("one of the types {}", names.join(", "));
    let (name, position) = parser.name(&expected)?;
    // As the document spells it; the grammar has the small letter.
    let name = if name == "Real" { "real" } else { name };
    match ELEMENT_TYPES.iter().find(|(known, _)| *known == name) {
        Some((_, element_type)) => Ok(*element_type),
        None => Err(unsupported(position, format!("the type '{}'", excerpt(name)), expected)),
    }
}

fn unknown_declaration(
    word: &str,
    position: Position,
    kind: usize,
    is_related: bool,
) -> VnnlibError {
    let found = format!("'{}'", excerpt(word));
    match KINDS.contains(&word) {
        true => refused(position, found + " behind what comes later", KINDS.join(", then ")),
        false if word == "equal-to" || word == "isomorphic-to" => {
            let expected = match is_related {
                true => "one relation",
                false => "the relation in front of the inputs",
            };
            refused(position, found, expected)
        }
        false => refused(position, found, KINDS[kind..].join(", ")),
    }
}
