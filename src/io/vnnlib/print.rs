//! Queries as text.

use std::fmt::Write;

use super::query::{Atom, Formula, NetworkRelation, Query, Relation, Tensor, Variable};
use crate::num::decimal::Decimal;

/// The text of a query, in its version, which [`read`](super::read) reads as the same query:
/// other tools do, too. Constants have all their digits.
///
/// # Panics
/// If an atom has a variable that the query has not, or a conjunction or disjunction is empty.
pub fn print(query: &Query) -> String {
    let mut text = String::new();
    if query.version.major == 1 {
        for variable in 0..query.variable_count() {
            put(
                &mut text,
                format_args!("(declare-const {} Real)\n", query.name(Variable(variable))),
            );
        }
    } else {
        put(&mut text, format_args!("(vnnlib-version <{}>)\n", query.version));
        networks(&mut text, query);
    }
    for formula in &query.assertions {
        text += "(assert ";
        print_formula(&mut text, query, formula);
        text += ")\n";
    }
    text
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a text takes what is written to it");
}

fn networks(text: &mut String, query: &Query) {
    for network in &query.networks {
        put(text, format_args!("(declare-network {}\n", network.name));
        let relation = match network.relation {
            NetworkRelation::None => None,
            NetworkRelation::EqualTo(other) => Some(("equal-to", other)),
            NetworkRelation::IsomorphicTo(other) => Some(("isomorphic-to", other)),
        };
        if let Some((relation, other)) = relation {
            put(text, format_args!("    ({relation} {})\n", query.networks[other].name));
        }
        for (keyword, tensors) in [
            ("declare-input", &network.inputs),
            ("declare-hidden", &network.hidden),
            ("declare-output", &network.outputs),
        ] {
            tensors.iter().for_each(|tensor| declaration(text, keyword, tensor));
        }
        *text += ")\n";
    }
}

fn declaration(text: &mut String, keyword: &str, tensor: &Tensor) {
    let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
    let (name, shape) = (&tensor.name, shape.join(","));
    put(text, format_args!("    ({keyword} {name} {} [{shape}]", tensor.element_type));
    if let Some(name) = &tensor.onnx_name {
        put(text, format_args!(" \"{name}\""));
    }
    *text += ")\n";
}

fn print_formula(text: &mut String, query: &Query, formula: &Formula) {
    let (word, formulas) = match formula {
        Formula::All(formulas) => ("and", formulas),
        Formula::Any(formulas) => ("or", formulas),
        Formula::Atom(atom) => return print_atom(text, query, atom),
    };
    assert!(!formulas.is_empty(), "{word} of nothing");
    put(text, format_args!("({word}"));
    for formula in formulas {
        text.push(' ');
        print_formula(text, query, formula);
    }
    text.push(')');
}

/// The first variable stands on the left, without a minus; so bounds and comparisons of two
/// variables look as people write them.
fn print_atom(text: &mut String, query: &Query, atom: &Atom) {
    let is_turned = atom.terms.first().is_some_and(|(_, coefficient)| coefficient.is_negative());
    let relation = match (atom.relation, is_turned) {
        (Relation::AtMost, false) => "<=",
        (Relation::AtMost, true) => ">=",
        (Relation::Less, false) => "<",
        (Relation::Less, true) => ">",
        (Relation::Equal, _) => "==",
        (Relation::NotEqual, _) => "!=",
    };
    let turned = |number: &Decimal| if is_turned { number.negated() } else { number.clone() };
    let terms = atom.terms.iter().map(|(variable, coefficient)| {
        let (name, coefficient) = (query.name(*variable), turned(coefficient));
        match coefficient == Decimal::ONE {
            true => name,
            false => format!("(* {} {name})", number(&coefficient)),
        }
    });
    let terms: Vec<String> = terms.collect();
    let constant = number(&turned(&atom.constant));
    let (left, right) = match (&terms[..], &atom.terms[..]) {
        ([], _) => ("0.0".to_string(), constant),
        ([first, _], [(_, a), (second, b)]) if is_difference(a, b, &atom.constant) => {
            (first.clone(), query.name(*second))
        }
        ([term], _) => (term.clone(), constant),
        _ => (format!("(+ {})", terms.join(" ")), constant),
    };
    put(text, format_args!("({relation} {left} {right})"));
}

/// Whether an atom compares two variables.
fn is_difference(first: &Decimal, second: &Decimal, constant: &Decimal) -> bool {
    constant.is_zero() && *first == second.negated() && [first, second].contains(&&Decimal::ONE)
}

/// With a point, as constants of real variables have it.
fn number(number: &Decimal) -> String {
    let text = number.to_string();
    if text.contains('.') { text } else { text + ".0" }
}
