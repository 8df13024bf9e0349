//! A point of a program, for solvers to start from: the form of the solutions of MIPLIB, a line
//! `=obj= value` and then a line `column value` for each column.
//! <https://miplib.zib.de>
//!
//! It is the one form that HiGHS, SCIP and Gurobi all read. HiGHS knows no comments in it;
//! Gurobi says that it ignores `=obj=`.

use std::path::Path;

use super::{ModelFormat, number, portable};
use crate::io::{FileError, check_writable, is_directory, write_text};
use crate::milp::{Column, Model, VarId};
use crate::problem::Sense;

/// Extension of files of points.
const EXTENSION: &str = "sol";

/// Checks that a point can be written to a file of that name, before the work that leads to it.
///
/// # Errors
/// [`FileError`]: another extension, or the file cannot be written.
pub fn check_solution(path: &Path) -> Result<(), FileError> {
    match path.extension() {
        Some(extension) if extension.eq_ignore_ascii_case(EXTENSION) => check_writable(path),
        _ if path.is_dir() => Err(is_directory(path)),
        _ => Err(FileError::UnknownSolutionFormat { path: path.to_path_buf() }),
    }
}

/// Writes a point of `model`, one value a column; columns without a value are left out. The
/// names, and the value of the objective, are those of the file of the model in `format`, as
/// [`write_model`](super::write_model) writes it for a question of this sense.
///
/// # Errors
/// [`FileError`]: a number that the file of the model cannot hold, or the system said no.
pub fn write_solution(
    model: &Model,
    (format, sense): (&dyn ModelFormat, Sense),
    point: &[(VarId, f64)],
    path: &Path,
) -> Result<(), FileError> {
    let model = portable(model, path)?;
    let program = model.model();
    // A column that only the file has is fixed.
    let fixed = |Column { bounds, .. }: &Column| {
        Some(bounds.lower()).filter(|&lower| lower == bounds.upper())
    };
    let mut values: Vec<Option<f64>> = program.columns().iter().map(fixed).collect();
    for &(column, value) in point {
        values[column.index()] = Some(value);
    }
    let known: Vec<f64> = values.iter().map(|value| value.unwrap_or(0.0)).collect();
    let cost = program.objective.evaluate(&known);
    let objective = if format.minimizes_only() { cost } else { sense.signed(cost) };
    let mut text = format!("=obj= {}\n", number(objective));
    for (column, value) in program.columns().iter().zip(values) {
        if let Some(value) = value {
            text += &format!("{} {}\n", column.name, number(value));
        }
    }
    write_text(path, &text)
}
