//! Free-format MPS, one entry a line. It always minimises: the section `OBJSENSE`
//! for maximisation is overlooked by CBC 2.10 and refused by GLPK 5.0, so that a
//! maximisation is written with the negated objective, and a comment says so.
//! <https://lpsolve.sourceforge.net/5.5/mps-format.htm>

use std::fmt::Write;

use super::{ModelFormat, comments, number};
use crate::milp::{Column, Kind};
use crate::problem::Sense;
use crate::solve::{OBJECTIVE, PortableModel, Relation};

/// The format MPS.
#[derive(Debug)]
pub struct Mps;

impl ModelFormat for Mps {
    fn name(&self) -> &'static str {
        "mps"
    }

    fn minimizes_only(&self) -> bool {
        true
    }

    fn write(&self, model: &PortableModel, sense: Sense, header: &[String]) -> String {
        let mut text = comments(header, "*");
        if sense == Sense::Maximize {
            text += &comments(&["The objective is negated, to be minimised.".to_string()], "*");
        }
        text += "NAME taut\n";
        let written = rows(&mut text, model)
            .and_then(|()| columns(&mut text, model))
            .and_then(|()| right_hand_sides(&mut text, model))
            .and_then(|()| bounds(&mut text, model));
        written.expect("a string takes what is written to it");
        text + "ENDATA\n"
    }
}

fn rows(text: &mut String, model: &PortableModel) -> std::fmt::Result {
    writeln!(text, "ROWS\n N {OBJECTIVE}")?;
    for (name, _, relation, _) in model.rows() {
        let letter = match relation {
            Relation::Equal => 'E',
            Relation::AtMost => 'L',
            Relation::AtLeast => 'G',
        };
        writeln!(text, " {letter} {name}")?;
    }
    Ok(())
}

fn columns(text: &mut String, model: &PortableModel) -> std::fmt::Result {
    let columns = model.model().columns();
    let mut entries: Vec<Vec<(&str, f64)>> = vec![Vec::new(); columns.len()];
    for &(column, cost) in &model.model().objective.terms {
        entries[column.index()].push((OBJECTIVE, cost));
    }
    for (name, terms, _, _) in model.rows() {
        terms.iter().for_each(|&(column, c)| entries[column.index()].push((name, c)));
    }
    writeln!(text, "COLUMNS")?;
    let mut kind = Kind::Continuous;
    for (column, entries) in columns.iter().zip(&mut entries) {
        if column.kind != kind {
            kind = column.kind;
            marker(text, kind)?;
        }
        if entries.is_empty() {
            // A column exists by its entries.
            entries.push((OBJECTIVE, 0.0));
        }
        for &(row, c) in &*entries {
            writeln!(text, " {} {row} {}", column.name, number(c))?;
        }
    }
    if kind == Kind::Integer {
        marker(text, Kind::Continuous)?;
    }
    Ok(())
}

fn marker(text: &mut String, kind: Kind) -> std::fmt::Result {
    let word = match kind {
        Kind::Integer => "INTORG",
        Kind::Continuous => "INTEND",
    };
    writeln!(text, " MARKER 'MARKER' '{word}'")
}

fn right_hand_sides(text: &mut String, model: &PortableModel) -> std::fmt::Result {
    writeln!(text, "RHS")?;
    for (name, _, _, side) in model.rows().filter(|&(_, _, _, side)| side != 0.0) {
        writeln!(text, " RHS {name} {}", number(side))?;
    }
    Ok(())
}

fn bounds(text: &mut String, model: &PortableModel) -> std::fmt::Result {
    writeln!(text, "BOUNDS")?;
    for Column { name, bounds, .. } in model.model().columns() {
        let (lower, upper) = (bounds.lower(), bounds.upper());
        if lower == upper {
            writeln!(text, " FX BND {name} {}", number(lower))?;
            continue;
        }
        if !lower.is_finite() && !upper.is_finite() {
            writeln!(text, " FR BND {name}")?;
            continue;
        }
        match lower.is_finite() {
            true => writeln!(text, " LO BND {name} {}", number(lower))?,
            false => writeln!(text, " MI BND {name}")?,
        }
        match upper.is_finite() {
            true => writeln!(text, " UP BND {name} {}", number(upper))?,
            false => writeln!(text, " PL BND {name}")?,
        }
    }
    Ok(())
}
