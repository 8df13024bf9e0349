//! A program without what solvers and readers of files disagree on.

use std::collections::HashSet;

use super::{SolveError, prepare};
use crate::milp::{Column, Kind, LinearExpression, Model, ModelSize, Row, VarId};
use crate::num::Interval;
use crate::num::tolerance::INFINITE_TO_SOLVERS;

/// A [`Model`] as MPS and LP files can hold it:
///
/// - names are unique, of letters, digits, `_` and `.`, and no words of the LP
///   format;
/// - there is a row; every row is `= b`, `≤ b` or `≥ b` and has a term;
/// - coefficients so small that solvers would drop them are replaced by their range,
///   as in Taut's own solves: trained networks have weights such as 1e-24;
/// - the objective has no constant;
/// - numbers are finite, and small enough not to be infinite to solvers.
///
/// A constant becomes a column fixed at 1. Rows that are always true are left
/// out. The columns of the model come first, in their order.
#[derive(Clone, Debug)]
pub struct PortableModel {
    model: Model,
}

/// One side of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `=`.
    Equal,
    /// `≤`.
    AtMost,
    /// `≥`.
    AtLeast,
}

/// Name of the objective; no row has it.
pub const OBJECTIVE: &str = "objective";

impl PortableModel {
    /// The portable form of `model`.
    ///
    /// # Errors
    /// A number that no file can hold, with its place.
    pub fn new(model: &Model) -> Result<Self, SolveError> {
        let mut builder = Builder {
            model: Model::default(),
            column_names: Names::default(),
            row_names: Names::default(),
            constant: None,
        };
        builder.row_names.unique(OBJECTIVE);
        model.columns().iter().try_for_each(|column| builder.column(column))?;
        model.rows().iter().try_for_each(|row| builder.row(model, row))?;
        if builder.model.rows().is_empty() {
            // Some readers of LP files know no program without rows.
            let constant = builder.constant();
            builder.add("none", &[(constant, 1.0)], (0.0, f64::INFINITY));
        }
        builder.objective(model)?;
        Ok(Self { model: builder.model })
    }

    /// How large it is.
    pub fn size(&self) -> ModelSize {
        self.model.size()
    }

    /// The program.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The rows: name, terms, relation, right-hand side.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &[(VarId, f64)], Relation, f64)> + Clone {
        self.model.rows().iter().map(|row| {
            let (lower, upper) = (row.bounds.lower(), row.bounds.upper());
            let (relation, side) = match (lower == upper, upper.is_finite()) {
                (true, _) => (Relation::Equal, lower),
                (false, true) => (Relation::AtMost, upper),
                (false, false) => (Relation::AtLeast, lower),
            };
            (row.name.as_str(), row.terms.as_slice(), relation, side)
        })
    }
}

struct Builder {
    model: Model,
    column_names: Names,
    row_names: Names,
    /// The column fixed at 1, once something needs it.
    constant: Option<VarId>,
}

impl Builder {
    fn column(&mut self, column: &Column) -> Result<(), SolveError> {
        let (lower, upper) = (column.bounds.lower(), column.bounds.upper());
        let place = |side: &str| format!("the {side} bound of {}", column.name);
        if lower != f64::NEG_INFINITY {
            check(|| place("lower"), lower)?;
        }
        if upper != f64::INFINITY {
            check(|| place("upper"), upper)?;
        }
        let name = self.column_names.unique(&column.name);
        self.model.column(Column { name, ..column.clone() });
        Ok(())
    }

    fn row(&mut self, model: &Model, row: &Row) -> Result<(), SolveError> {
        let Row { name, terms, bounds } = prepare::row(model, row)?;
        let (lower, upper) = (bounds.lower(), bounds.upper());
        if lower != f64::NEG_INFINITY {
            check(|| format!("the lower bound of {name}"), lower)?;
        }
        if upper != f64::INFINITY {
            check(|| format!("the upper bound of {name}"), upper)?;
        }
        if terms.is_empty() {
            if lower > 0.0 || upper < 0.0 {
                // Never true, like the row it stands for; LP files have no rows
                // without terms.
                let constant = self.constant();
                self.add(&name, &[(constant, 1.0)], (0.0, 0.0));
            }
            return Ok(());
        }
        match (lower.is_finite(), upper.is_finite()) {
            (true, true) if lower != upper => {
                self.add(&format!("{name}.lower"), &terms, (lower, f64::INFINITY));
                self.add(&format!("{name}.upper"), &terms, (f64::NEG_INFINITY, upper));
            }
            (false, false) => {}
            _ => self.add(&name, &terms, (lower, upper)),
        }
        Ok(())
    }

    fn add(&mut self, name: &str, terms: &[(VarId, f64)], (lower, upper): (f64, f64)) {
        let name = self.row_names.unique(name);
        let expression = LinearExpression { terms: terms.to_vec(), constant: 0.0 };
        self.model.range(name, expression, lower, upper);
    }

    fn objective(&mut self, model: &Model) -> Result<(), SolveError> {
        let mut terms = model.objective.terms.clone();
        for &(column, cost) in &terms {
            check(|| format!("the cost of {}", model.column_at(column).name), cost)?;
        }
        check(|| "the constant of the objective".to_string(), model.objective.constant)?;
        if model.objective.constant != 0.0 || model.columns().is_empty() {
            terms.push((self.constant(), model.objective.constant));
        }
        if terms.is_empty() {
            // An objective without terms is an error to some readers of LP files.
            let first = self.model.column_ids().next().expect("a column");
            terms.push((first, 0.0));
        }
        self.model.objective = LinearExpression { terms, constant: 0.0 };
        Ok(())
    }

    fn constant(&mut self) -> VarId {
        *self.constant.get_or_insert_with(|| {
            let name = self.column_names.unique("constant");
            let bounds = Interval::new(1.0, 1.0).expect("1 ≤ 1");
            self.model.column(Column { name, bounds, kind: Kind::Continuous })
        })
    }
}

fn check(place: impl Fn() -> String, value: f64) -> Result<(), SolveError> {
    if value.abs() < INFINITE_TO_SOLVERS {
        return Ok(());
    }
    let expected = format!("a magnitude below {INFINITE_TO_SOLVERS:e}, infinite to solvers");
    Err(SolveError::Number { place: place(), value, expected })
}

/// Names that are legal in every format and given once only.
#[derive(Default)]
struct Names {
    taken: HashSet<String>,
}

/// Characters of a name: the limit of the reader of CBC is near 100.
const LONGEST_NAME: usize = 60;

/// Words of the LP format.
const WORDS: &[&str] = &[
    "bin", "binaries", "binary", "bound", "bounds", "end", "free", "gen", "general", "generals",
    "inf", "infinity", "int", "integer", "integers", "max", "maximise", "maximize", "maximum",
    "min", "minimise", "minimize", "minimum", "nan", "obj", "rhs", "semi", "semis", "sin", "sos",
    "sos1", "sos2", "st", "such", "subject", "s.t.",
];

impl Names {
    fn unique(&mut self, wanted: &str) -> String {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let mut name: String =
            wanted.chars().take(LONGEST_NAME).map(|c| if legal(c) { c } else { '_' }).collect();
        let mut start = name.chars();
        let first = start.next();
        // `2 e5` could be one number, or a number and a name.
        let exponent = matches!(first, Some('e' | 'E'))
            && start.next().is_none_or(|c| c.is_ascii_digit() || c == '.');
        let letter = first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        if !letter || exponent || WORDS.contains(&name.to_lowercase().as_str()) {
            name.insert(0, '_');
        }
        let stem = name.clone();
        for number in 2.. {
            if self.taken.insert(name.clone()) {
                break;
            }
            name = format!("{stem}.{number}");
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn names_are_legal_and_unique() {
        let mut names = Names::default();
        let cases = [
            ("x0", "x0"),
            ("x0", "x0.2"),
            ("x0", "x0.3"),
            ("x0.2", "x0.2.2"),
            ("h1_0.above_a", "h1_0.above_a"),
            ("h1_0'", "h1_0_"),
            ("e5", "_e5"),
            ("E", "_E"),
            ("end", "_end"),
            ("Free", "_Free"),
            ("error", "error"),
            ("3x", "_3x"),
            (".x", "_.x"),
            ("", "_"),
            ("größe 1", "gr__e_1"),
        ];
        for (wanted, expected) in cases {
            assert_eq!(names.unique(wanted), expected, "{wanted}");
        }
        assert_eq!(names.unique(&"n".repeat(1000)).len(), super::LONGEST_NAME);
    }
}
