//! The programs `cbc` and `glpsol`, where they are installed.
//!
//! good_lp with lp-solvers writes the file that they read. It is not asked to call
//! them: it takes a program that was stopped for one that has found the optimum,
//! rounds all numbers to `f32`, and cannot stop a program.

mod cbc;
mod glpk;
mod process;
mod text;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

pub use cbc::CbcProgram;
pub use glpk::Glpsol;

use super::through_good_lp::{Allowance, Claim, weighed};
use super::{PortableModel, Solution, SolveError, SolveOptions, TerminationStatus};
use crate::control::{Clock, Observer};
use crate::milp::{Column, Model};
use process::Ended;
use text::{column_name, lp_text};

/// How to call a program and to read what it says.
struct Call {
    program: &'static str,
    /// The package of Debian that has it.
    package: &'static str,
    /// Files are named as below, in the current folder.
    arguments: Vec<String>,
    /// What to leave out in a second try, where it fails with all of them.
    at_fault: &'static [&'static str],
    allowance: Allowance,
    /// Reads the files in a folder.
    read: fn(&Path, &PortableModel) -> Result<Claim, Trouble>,
}

/// The model, for the program.
const MODEL: &str = "model.lp";
/// The solution, for readers.
const TEXT: &str = "solution.txt";
/// The solution with all digits.
const NUMBERS: &str = "numbers";
/// What the program prints.
const LOG: &str = "log.txt";

/// Why a program has no claim to make.
enum Trouble {
    /// It calls the model unbounded.
    Unbounded,
    /// What it says.
    Failed(String),
}

impl<T: Into<String>> From<T> for Trouble {
    fn from(what: T) -> Self {
        Self::Failed(what.into())
    }
}

fn solve(
    name: &'static str,
    model: &Model,
    (options, clock): (&SolveOptions, &Clock),
    observer: &mut dyn Observer,
    call: Call,
) -> Result<Solution, SolveError> {
    let failed = |what: String| SolveError::Failed { solver: name, what };
    let portable = PortableModel::new(model)?;
    let text = lp_text(&portable)?;
    // Removed when it is dropped.
    let folder = tempfile::Builder::new().prefix("taut-").tempdir();
    let folder = folder.map_err(|error| failed(format!("no temporary folder: {error}")))?;
    let path = folder.path();
    fs::write(path.join(MODEL), text).map_err(|error| failed(format!("{MODEL}: {error}")))?;
    let mut run = |arguments: &[String]| process::run(&call, arguments, path, clock, observer);
    let mut ended = run(&call.arguments).map_err(failed)?;
    if matches!(ended, Ended::Failed(_)) && !call.at_fault.is_empty() {
        let mut arguments = call.arguments.clone();
        arguments.retain(|argument| !call.at_fault.contains(&argument.as_str()));
        ended = run(&arguments).map_err(failed)?;
    }
    if let Some(log) = &options.log_file {
        fs::copy(path.join(LOG), log)
            .map_err(|error| failed(format!("{}: {error}", log.display())))?;
    }
    let claim = match ended {
        Ended::Failed(what) => return Err(failed(what)),
        Ended::Stopped(reason) => Claim::new(TerminationStatus::Stopped(reason), None),
        Ended::Itself => (call.read)(path, &portable).map_err(|trouble| match trouble {
            Trouble::Unbounded => SolveError::Unbounded,
            Trouble::Failed(what) => failed(what),
        })?,
    };
    weighed(model, &portable, name, claim, &call.allowance)
}

fn text_of(folder: &Path, name: &str) -> Result<String, String> {
    fs::read_to_string(folder.join(name)).map_err(|error| format!("{name}: {error}"))
}

/// The columns of `model` from numbers in the program's order.
fn in_order(model: &PortableModel, names: &[&str], numbers: &[f64]) -> Result<Vec<f64>, String> {
    if names.len() != numbers.len() {
        return Err(format!("{} names for {} numbers", names.len(), numbers.len()));
    }
    let values: HashMap<&str, f64> = names.iter().copied().zip(numbers.iter().copied()).collect();
    let program = model.model();
    let mut named = vec![false; program.columns().len()];
    let rows = program.rows().iter().flat_map(|row| &row.terms);
    let terms = rows.chain(&program.objective.terms);
    terms.for_each(|&(column, c)| named[column.index()] |= c != 0.0);
    let value = |(index, column): (usize, &Column)| {
        let name = column_name(index);
        match values.get(name.as_str()) {
            Some(&value) => Ok(value),
            None if named[index] => Err(format!("it tells no value of {name}")),
            // Not in the file either: any value will do.
            None => Ok(0.0_f64.max(column.bounds.lower()).min(column.bounds.upper())),
        }
    };
    program.columns().iter().enumerate().map(value).collect()
}

/// `      0 v      1.5   0`, with `**` in front of what is not feasible.
fn name_in_line(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().filter(|&word| word != "**");
    words.next()?;
    words.next()
}
