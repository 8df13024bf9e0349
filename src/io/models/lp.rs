//! The LP format of CPLEX, in the part that all readers share.
//! <https://www.ibm.com/docs/en/icos/22.1.1?topic=cplex-lp-file-format-algebraic-representation>

use std::fmt::Write;

use super::{LONGEST_LINE, ModelFormat, comments, number};
use crate::milp::{Column, Kind, Model, VarId};
use crate::problem::Sense;
use crate::solve::{OBJECTIVE, PortableModel, Relation};

/// The format LP.
#[derive(Debug)]
pub struct Lp;

impl ModelFormat for Lp {
    fn name(&self) -> &'static str {
        "lp"
    }

    fn minimizes_only(&self) -> bool {
        false
    }

    fn write(&self, model: &PortableModel, sense: Sense, header: &[String]) -> String {
        let program = model.model();
        let mut text = comments(header, "\\");
        text += match sense {
            Sense::Minimize => "Minimize\n",
            Sense::Maximize => "Maximize\n",
        };
        let objective = program.objective.terms.iter();
        let objective: Vec<_> = objective.map(|&(id, c)| (id, sense.signed(c))).collect();
        text += &wrapped(OBJECTIVE, terms(program, &objective));
        text += "Subject To\n";
        for (name, row, relation, side) in model.rows() {
            let sign = match relation {
                Relation::Equal => "=",
                Relation::AtMost => "<=",
                Relation::AtLeast => ">=",
            };
            let side = format!("{sign} {}", number(side));
            text += &wrapped(name, terms(program, row).chain([side]));
        }
        text += "Bounds\n";
        program.columns().iter().for_each(|column| bounds(&mut text, column));
        let integers = program.columns().iter().filter(|column| column.kind == Kind::Integer);
        let names: Vec<&str> = integers.map(|column| column.name.as_str()).collect();
        if !names.is_empty() {
            // `Binaries` would replace the bounds.
            text += "Generals\n";
            names.iter().for_each(|name| text += &format!(" {name}\n"));
        }
        text + "End\n"
    }
}

fn terms(model: &Model, terms: &[(VarId, f64)]) -> impl Iterator<Item = String> {
    terms.iter().map(|&(column, c)| {
        let sign = if c.is_sign_negative() { '-' } else { '+' };
        format!("{sign} {} {}", number(c.abs()), model.column_at(column).name)
    })
}

/// `name: part part …` on lines of moderate length.
fn wrapped(name: &str, parts: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    let mut line = format!(" {name}:");
    for part in parts {
        if line.len() + 1 + part.len() > LONGEST_LINE {
            text += &line;
            text.push('\n');
            line = " ".to_string();
        }
        line.push(' ');
        line += &part;
    }
    text + &line + "\n"
}

fn bounds(text: &mut String, Column { name, bounds, .. }: &Column) {
    let (lower, upper) = (bounds.lower(), bounds.upper());
    let written = match (lower.is_finite(), upper.is_finite()) {
        _ if lower == upper => writeln!(text, " {name} = {}", number(lower)),
        (true, true) => writeln!(text, " {} <= {name} <= {}", number(lower), number(upper)),
        (true, false) => writeln!(text, " {name} >= {}", number(lower)),
        (false, true) => writeln!(text, " -inf <= {name} <= {}", number(upper)),
        (false, false) => writeln!(text, " {name} free"),
    };
    written.expect("a string takes what is written to it");
}
