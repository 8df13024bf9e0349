//! Files of mixed-integer programs, and of their points, for other solvers.
//!
//! Every number is written with the digits that give the same `f64` when read
//! again. What readers disagree on is avoided ([`PortableModel`]): an objective's constant is a column
//! fixed at 1 (`constant`), a row with two different sides is two rows (MPS has
//! only their difference, which would be rounded), bounds are always written.

mod lp;
mod mps;
mod solution;

use std::fmt;
use std::path::Path;

pub use lp::Lp;
pub use mps::Mps;
pub use solution::{check_solution, write_solution};

use super::gzip::{Extensions, GZIP};
use super::{FileError, FormatError, content, is_directory, write_bytes};
use crate::milp::{Model, ModelSize};
use crate::problem::Sense;
use crate::solve::{PortableModel, SolveError};

/// A file format of mixed-integer programs, known by its file name extension.
pub trait ModelFormat: fmt::Debug + Sync {
    /// Name and file name extension.
    fn name(&self) -> &'static str;

    /// Whether a maximisation is written as the minimisation of the negated
    /// objective.
    fn minimizes_only(&self) -> bool;

    /// The text of a file that holds `model`, with the lines of `header` as
    /// comments at its head. The objective of the model is to be made small; where the question
    /// maximises, that is the objective negated.
    fn write(&self, model: &PortableModel, sense: Sense, header: &[String]) -> String;
}

/// Every format of mixed-integer programs.
pub const MODEL_FORMATS: &[&dyn ModelFormat] = &[&Mps, &Lp];

/// Writes a program and tells the size of what was written; the extension tells
/// the format, and `.gz` behind it that the file is packed. Its objective is that of a question
/// of this sense, negated to maximise. The file appears complete or not at all.
///
/// # Errors
/// [`FileError`]: no such format, a number that a file cannot hold, or the system
/// said no.
pub fn write_model(
    model: &Model,
    sense: Sense,
    header: &[String],
    path: &Path,
) -> Result<ModelSize, FileError> {
    let format = model_format(path)?;
    let model = portable(model, path)?;
    write_bytes(
        path,
        &Extensions::of(path).bytes(format.write(&model, sense, header).into_bytes()),
    )?;
    Ok(model.size())
}

fn portable(model: &Model, path: &Path) -> Result<PortableModel, FileError> {
    PortableModel::new(model).map_err(|error| content(path, refused(error)))
}

fn refused(error: SolveError) -> FormatError {
    match error {
        SolveError::Number { place, value, expected } => {
            FormatError::Content { place, found: format!("{value:e}"), expected }
        }
        other => FormatError::Syntax(other.to_string()),
    }
}

/// The format of a file, by its extension or, where that is `.gz`, by the one in front.
///
/// # Errors
/// No format has this extension.
pub fn model_format(path: &Path) -> Result<&'static dyn ModelFormat, FileError> {
    let extension = Extensions::of(path).format;
    MODEL_FORMATS.iter().copied().find(|format| format.name() == extension).ok_or_else(|| {
        if path.is_dir() {
            return is_directory(path);
        }
        let both = |format: &&dyn ModelFormat| {
            let name = format.name();
            format!(".{name}, .{name}.{GZIP}")
        };
        let supported: Vec<String> = MODEL_FORMATS.iter().map(both).collect();
        FileError::UnknownModelFormat { path: path.to_path_buf(), supported: supported.join(", ") }
    })
}

/// The shortest digits that give the same number when read again.
pub(super) fn number(value: f64) -> String {
    // `Debug` has an exponent where `Display` has hundreds of zeros.
    let text = format!("{value:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_string)
}

/// The lines of a header, each without line breaks and after `mark`.
fn comments(header: &[String], mark: &str) -> String {
    let line = |text: &String| {
        let clean: String =
            text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_LINE).collect();
        format!("{mark} {clean}").trim_end().to_string() + "\n"
    };
    header.iter().map(line).collect()
}

/// Characters of a line: some readers know no more than 255 bytes.
const LONGEST_LINE: usize = 80;
