//! The commands of a file, one behind the other: version, declarations, assertions.

use super::error::{Position, VnnlibError, Warning, refused, unsupported};
use super::flat::FlatNames;
use super::networks::Networks;
use super::parser::Parser;
use super::query::{Formula, Query, Version};
use super::tokens::Kind;
use crate::message::excerpt;

/// The minor version of 2 whose language this is.
const MINOR: u32 = 0;

const DIALECTS: &str = "(declare-const X_0 Real) of VNN-LIB 1.0 or (vnnlib-version <2.0>) of 2.0";

/// Reads a query.
pub(super) fn read(text: &[u8]) -> Result<Query, VnnlibError> {
    let mut parser = Parser::new(text)?;
    let opened = parser.open(DIALECTS)?;
    let (command, position) = parser.name(DIALECTS)?;
    match command {
        "declare-const" => flat(parser, opened),
        "vnnlib-version" => networks(parser, opened),
        "declare-network" => {
            let expected = "(vnnlib-version <2.0>) in front of it, or declare-const of VNN-LIB 1.0";
            Err(refused(position, "declare-network without a version", expected))
        }
        _ => Err(refused(position, format!("'{}'", excerpt(command)), DIALECTS)),
    }
}

/// The rest of a file of version 1.0, behind the first `(declare-const`.
fn flat(mut parser: Parser<'_>, opened: Position) -> Result<Query, VnnlibError> {
    let mut names = FlatNames::default();
    names.declare(&mut parser, opened)?;
    let mut assertions = Vec::new();
    while parser.next.kind != Kind::End {
        let opened = parser.open("'(' of declare-const or assert, or the end of the file")?;
        let (command, position) = parser.name("declare-const or assert")?;
        match command {
            "declare-const" => names.declare(&mut parser, opened)?,
            "assert" => {
                assertions.push(parser.formula(&names)?);
                parser.close(opened)?;
            }
            _ => {
                let found = format!("'{}'", excerpt(command));
                return Err(refused(position, found, "declare-const or assert"));
            }
        }
    }
    let end = parser.next.position;
    let networks = vec![names.network(end)?];
    check_asserted(&assertions, end)?;
    assertions.iter_mut().for_each(|formula| renumber(formula, &names));
    Ok(Query { version: Version { major: 1, minor: 0 }, networks, assertions, warnings: vec![] })
}

/// The rest of a file of version 2, behind `(vnnlib-version`.
fn networks(mut parser: Parser<'_>, opened: Position) -> Result<Query, VnnlibError> {
    let mut warnings = Vec::new();
    let version = version(&mut parser, &mut warnings)?;
    parser.close(opened)?;
    let mut networks = Networks::default();
    let mut assertions = Vec::new();
    while parser.next.kind != Kind::End {
        let expected = match (assertions.is_empty(), networks.declared.is_empty()) {
            (true, true) => "declare-network",
            (true, false) => "declare-network or assert",
            (false, _) => "assert",
        };
        if parser.next.kind != Kind::Open {
            let expected = format!("'(' of {expected}, or the end of the file");
            return Err(parser.unexpected(expected));
        }
        let opened = parser.open(expected)?;
        let (command, position) = parser.name(expected)?;
        match command {
            "declare-network" if assertions.is_empty() => networks.declare(&mut parser, opened)?,
            "assert" if !networks.declared.is_empty() => {
                assertions.push(parser.formula(&networks)?);
                parser.close(opened)?;
            }
            _ => {
                let found = format!("'{}'", excerpt(command));
                return Err(refused(position, found, expected));
            }
        }
    }
    check_asserted(&assertions, parser.next.position)?;
    Ok(Query { version, networks: networks.declared, assertions, warnings })
}

/// A query that asserts nothing is a file that was cut off.
fn check_asserted(assertions: &[Formula], end: Position) -> Result<(), VnnlibError> {
    match assertions.is_empty() {
        true => Err(refused(end, "no assertion", "(assert …)")),
        false => Ok(()),
    }
}

/// Reads `<2.0>`, or `2.0` with a warning.
fn version(parser: &mut Parser<'_>, warnings: &mut Vec<Warning>) -> Result<Version, VnnlibError> {
    const EXPECTED: &str = "a version such as <2.0>";
    let position = parser.next.position;
    let has_brackets = parser.next.kind == Kind::Symbol("<");
    if has_brackets {
        parser.take()?;
    }
    let Kind::Number(text) = parser.next.kind else { return Err(parser.unexpected(EXPECTED)) };
    let numbers = text.split_once('.').and_then(|(major, minor)| {
        let number = |digits: &str| digits.parse::<u32>().ok();
        Some((number(major)?, number(minor)?))
    });
    let Some((major, minor)) = numbers else { return Err(parser.unexpected(EXPECTED)) };
    parser.take()?;
    if has_brackets {
        parser.expect(Kind::Symbol(">"), "'>' behind the version")?;
    } else {
        let text = format!("the version {text} without < and >");
        warnings.push(Warning { position, text });
    }
    if major != 2 {
        let expected = "a version 2; files of VNN-LIB 1.0 state none";
        return Err(unsupported(position, format!("version {major}.{minor}"), expected));
    }
    if minor != MINOR {
        let text = format!("version {major}.{minor}, read as {major}.{MINOR}");
        warnings.push(Warning { position, text });
    }
    Ok(Version { major, minor })
}

/// Gives variables of version 1.0 their numbers, when all are declared.
fn renumber(formula: &mut Formula, names: &FlatNames) {
    match formula {
        Formula::All(formulas) | Formula::Any(formulas) => {
            formulas.iter_mut().for_each(|formula| renumber(formula, names));
        }
        Formula::Atom(atom) => {
            for (variable, _) in &mut atom.terms {
                *variable = names.number(*variable);
            }
        }
    }
}
