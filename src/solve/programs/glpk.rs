//! The program `glpsol`.

use std::path::Path;

use super::super::through_good_lp::{Allowance, Claim, GAP_SHARE};
use super::super::{Backend, PortableModel, Solution, SolveError, SolveOptions, TerminationStatus};
use super::{Call, LOG, MODEL, NUMBERS, TEXT, Trouble, in_order, name_in_line, process, text_of};
use crate::control::{Clock, Observer, StoppedBy};
use crate::milp::{Kind, Model};

/// The program `glpsol` of GLPK (Debian: glpk-utils). It takes no absolute gap, no
/// tolerances, no preset, start or threads, and refuses a limit on nodes. Its
/// integrality tolerance is 1e-5: with large big-M constants its points may need
/// more polishing than there is.
#[derive(Debug)]
pub struct Glpsol;

impl Backend for Glpsol {
    fn name(&self) -> &'static str {
        "glpsol"
    }

    fn version(&self) -> String {
        process::version("glpsol", "--version", "Solver ")
    }

    fn run(
        &self,
        model: &Model,
        options: &SolveOptions,
        clock: &Clock,
        observer: &mut dyn Observer,
    ) -> Result<Solution, SolveError> {
        if let Some(nodes) = options.limits.nodes {
            return Err(SolveError::Option {
                name: "node limit",
                found: nodes.to_string(),
                expected: "none: glpsol knows no such limit",
            });
        }
        let relative = GAP_SHARE * options.relative_gap;
        let gap = relative.to_string();
        let seed = options.seed.to_string();
        let arguments =
            ["--lp", MODEL, "-o", TEXT, "-w", NUMBERS, "--mipgap", &gap, "--seed", &seed];
        let mut arguments = arguments.map(str::to_string).to_vec();
        if let Some(limit) = clock.left() {
            // It takes whole seconds.
            let seconds = limit.as_secs_f64().ceil();
            arguments.extend(["--tmlim".to_string(), seconds.to_string()]);
        }
        // `1 + |objective|` is at most twice the larger of the two.
        let pruned = 2.0 * GLPK_OBJECTIVE_TOLERANCE;
        let allowance = Allowance { absolute: pruned, relative: relative.max(pruned) };
        let call = Call {
            program: "glpsol",
            package: "glpk-utils",
            arguments,
            at_fault: &[],
            allowance,
            read: read_glpk,
        };
        super::solve(self.name(), model, (options, clock), observer, call)
    }
}

/// GLPK prunes what is not better by this, relative to `1 + |objective|` (its
/// `tol_obj`).
const GLPK_OBJECTIVE_TOLERANCE: f64 = 1e-7;

fn read_glpk(folder: &Path, model: &PortableModel) -> Result<Claim, Trouble> {
    let log = text_of(folder, LOG)?;
    let says = |words: &str| log.contains(words);
    if says("NO PRIMAL FEASIBLE SOLUTION") || says("NO INTEGER FEASIBLE SOLUTION") {
        return Ok(Claim::new(TerminationStatus::Infeasible, None));
    }
    if says("UNBOUNDED") || says("NO DUAL FEASIBLE SOLUTION") {
        return Err(Trouble::Unbounded);
    }
    let numbers = text_of(folder, NUMBERS)?;
    let head = numbers.lines().find(|line| line.starts_with("s ")).unwrap_or_default();
    let words: Vec<&str> = head.split_whitespace().collect();
    let linear = model.model().columns().iter().all(|column| column.kind == Kind::Continuous);
    // With a gap left, the status is only "feasible".
    let within_gap = says("RELATIVE MIP GAP TOLERANCE REACHED");
    let late = says("TIME LIMIT EXCEEDED");
    let status = match words[..] {
        ["s", "bas", _, _, "f", "f", _] if linear => TerminationStatus::Optimal,
        ["s", "mip", _, _, "o", _] => TerminationStatus::Optimal,
        ["s", "mip", _, _, "f", _] if within_gap => TerminationStatus::Optimal,
        ["s", "mip", _, _, "f", _] if late => TerminationStatus::Stopped(StoppedBy::TimeLimit),
        ["s", "bas" | "mip", ..] if late => {
            return Ok(Claim::new(TerminationStatus::Stopped(StoppedBy::TimeLimit), None));
        }
        _ => return Err(format!("it ended with '{head}'").into()),
    };
    // `j 1 value` for a mixed-integer program, `j 1 b value multiplier` else.
    let field = if linear { 3 } else { 2 };
    let lines = numbers.lines().filter(|line| line.starts_with("j "));
    let values = lines.map(|line| line.split_whitespace().nth(field)?.parse().ok());
    let values: Vec<f64> = values.collect::<Option<_>>().ok_or("its numbers are not readable")?;
    let text = text_of(folder, TEXT)?;
    let table = text.lines().skip_while(|line| !line.contains("Column name")).skip(2);
    let names: Vec<&str> =
        table.take_while(|line| !line.trim().is_empty()).filter_map(name_in_line).collect();
    Ok(Claim::new(status, Some(in_order(model, &names, &values)?)))
}
