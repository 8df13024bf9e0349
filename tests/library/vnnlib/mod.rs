//! Properties in VNN-LIB: what is read, what is refused and where, printing, the parts of a query.
//!
//! Forms of files are those of the public benchmarks of VNN-COMP; values are by hand.

mod networks;
mod parts;
mod random;
mod reading;
mod refused;
mod round_trip;

use taut::io::vnnlib::{Atom, Formula, Query, Relation, read};

/// Declarations of inputs and outputs in version 1.0.
fn declared(inputs: usize, outputs: usize) -> String {
    let declarations = |letter: &str, count: usize| -> String {
        (0..count).map(|i| format!("(declare-const {letter}_{i} Real)\n")).collect()
    };
    declarations("X", inputs) + &declarations("Y", outputs)
}

/// A query of version 1.0 with two inputs and two outputs.
fn flat(assertions: &str) -> Query {
    let text = declared(2, 2) + assertions;
    read(text.as_bytes()).unwrap_or_else(|error| panic!("{assertions}: {error}"))
}

fn error(text: &str) -> String {
    match read(text.as_bytes()) {
        Ok(query) => panic!("{text} was read as {query:?}"),
        Err(error) => error.to_string(),
    }
}

/// An atom as `2 X_0 -1 Y_1 <= 0.5`.
fn atom(query: &Query, atom: &Atom) -> String {
    let relation = match atom.relation {
        Relation::AtMost => "<=",
        Relation::Less => "<",
        Relation::Equal => "==",
        Relation::NotEqual => "!=",
    };
    let mut text = String::new();
    for (variable, coefficient) in &atom.terms {
        text += &format!("{coefficient} {} ", query.name(*variable));
    }
    format!("{text}{relation} {}", atom.constant)
}

/// A formula as `(a | b) & c`.
fn formula(query: &Query, of: &Formula) -> String {
    let (sign, formulas) = match of {
        Formula::All(formulas) => (" & ", formulas),
        Formula::Any(formulas) => (" | ", formulas),
        Formula::Atom(of) => return atom(query, of),
    };
    let formulas: Vec<String> = formulas.iter().map(|of| formula(query, of)).collect();
    format!("({})", formulas.join(sign))
}

/// All assertions, each as a text.
fn assertions(query: &Query) -> Vec<String> {
    query.assertions.iter().map(|of| formula(query, of)).collect()
}
