//! The program `cbc`.

use std::fs;
use std::path::Path;

use super::super::through_good_lp::{Claim, cbc_parameters};
use super::super::{Backend, PortableModel, Solution, SolveError, SolveOptions, TerminationStatus};
use super::{Call, LOG, MODEL, NUMBERS, TEXT, Trouble, in_order, name_in_line, process, text_of};
use crate::control::{Clock, Observer, StoppedBy};
use crate::milp::Model;

/// The program `cbc` (Debian: coinor-cbc). It uses one thread, and takes no preset
/// and no start; the counts of the search are not read.
#[derive(Debug)]
pub struct CbcProgram;

impl Backend for CbcProgram {
    fn name(&self) -> &'static str {
        "cbc-program"
    }

    fn version(&self) -> String {
        process::version("cbc", "-quit", "Version: ")
    }

    fn run(
        &self,
        model: &Model,
        options: &SolveOptions,
        clock: &Clock,
        observer: &mut dyn Observer,
    ) -> Result<Solution, SolveError> {
        let (parameters, allowance) = cbc_parameters(options, clock);
        let mut arguments = vec![MODEL.to_string()];
        for (name, value) in parameters {
            arguments.extend([format!("-{name}"), value]);
        }
        // The text has the names in the program's order, all of them, but eight
        // digits; the other file has the numbers as they are.
        let rest =
            ["-printingOptions", "all", "-solve", "-solution", TEXT, "-saveSolution", NUMBERS];
        arguments.extend(rest.map(str::to_string));
        arguments.push("-quit".to_string());
        let call = Call {
            program: "cbc",
            package: "coinor-cbc",
            arguments,
            // CBC 2.10 crashes when it is to write it and the model was found
            // infeasible before the search.
            at_fault: &["-solution", TEXT],
            allowance,
            read: read_cbc,
        };
        super::solve(self.name(), model, (options, clock), observer, call)
    }
}

/// What its log says where it writes no solution.
const INFEASIBLE_BEFORE_SEARCH: &str = "Problem is infeasible - tightenPrimalBounds!";

fn read_cbc(folder: &Path, model: &PortableModel) -> Result<Claim, Trouble> {
    let log = text_of(folder, LOG)?;
    if log.contains("errors on input") {
        return Err("it could not read its file".into());
    }
    if log.contains(INFEASIBLE_BEFORE_SEARCH) {
        return Ok(Claim::new(TerminationStatus::Infeasible, None));
    }
    let text = text_of(folder, TEXT).unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    let starts = |words: &str| first.starts_with(words);
    let status = if starts("Optimal") {
        TerminationStatus::Optimal
    } else if starts("Infeasible") || starts("Integer infeasible") {
        return Ok(Claim::new(TerminationStatus::Infeasible, None));
    } else if starts("Unbounded") {
        return Err(Trouble::Unbounded);
    } else if starts("Stopped on time") {
        TerminationStatus::Stopped(StoppedBy::TimeLimit)
    } else if starts("Stopped on nodes") || log.contains("Stopped on node limit") {
        TerminationStatus::Stopped(StoppedBy::NodeLimit)
    } else {
        return Err(format!("it ended with '{first}'").into());
    };
    if first.contains("no integer solution") {
        return Ok(Claim::new(status, None));
    }
    let bytes = fs::read(folder.join(NUMBERS)).map_err(|error| error.to_string())?;
    let (rows, numbers) = cbc_numbers(&bytes).ok_or("the file of its numbers is cut off")?;
    let names: Vec<&str> = text.lines().skip(1 + rows).filter_map(name_in_line).collect();
    Ok(Claim::new(status, Some(in_order(model, &names, &numbers)?)))
}

/// Numbers of rows and columns, the objective, activities and multipliers of the
/// rows, then the values of the columns; all as in memory.
fn cbc_numbers(bytes: &[u8]) -> Option<(usize, Vec<f64>)> {
    let count = |at: usize| {
        let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(i32::from_ne_bytes(bytes)).ok()
    };
    let (rows, columns) = (count(0)?, count(4)?);
    let start = 16usize.checked_add(rows.checked_mul(16)?)?;
    let values = bytes.get(start..start.checked_add(columns.checked_mul(8)?)?)?;
    let numbers = values.chunks_exact(8).map(|b| f64::from_ne_bytes(b.try_into().expect("8")));
    Some((rows, numbers.collect()))
}
