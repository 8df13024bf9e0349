//! `--solution`: the best point of an exported problem, as a start for the solver of its file.

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;
use taut::control::StoppedBy;
use taut::io::{ModelFormat, write_solution};
use taut::optimize::{Formulated, OptimizeOptions, Status, optimize_within};
use taut::problem::Problem;
use taut::solve::SolveOptions;
use taut::tighten::TightenOptions;

use super::optimize::sentence;
use super::page::Page;
use super::progress::Monitor;
use super::session::Session;

/// The best point, as a record.
#[derive(Serialize, JsonSchema)]
pub struct Solution {
    /// The file that was written; none where no point was found.
    file: Option<PathBuf>,
    /// What is known of the optimum.
    status: Status,
    /// What ended the search for the point early.
    pub stopped_by: Option<StoppedBy>,
    /// Value of the question's objective at the point, by a forward pass of the network as read.
    objective: Option<f64>,
    /// No feasible point has a better value.
    bound: Option<f64>,
    /// The same in a sentence.
    #[serde(skip)]
    sentence: String,
}

/// Seeks the best point, and writes the values that it gives to the columns of a program in a
/// file of this format.
///
/// # Errors
/// Those of the optimisation; the file cannot be written.
pub fn write(
    path: &Path,
    problem: &Problem,
    (formulated, format): (&Formulated<'_>, &dyn ModelFormat),
    threads: usize,
    session: &mut Session,
) -> anyhow::Result<Solution> {
    let options = OptimizeOptions {
        tightening: TightenOptions { threads, ..TightenOptions::default() },
        solve: SolveOptions { threads, ..SolveOptions::default() },
        ..OptimizeOptions::default()
    };
    session.head.with_backend(options.backend);
    session.head.seed = Some(options.solve.seed.into());
    let answer = optimize_within(problem, &options, &session.clock, &mut Monitor)?;
    if let Some(input) = &answer.input {
        let Formulated { encoded, problem: in_units, .. } = formulated;
        let point = encoded.assignment(in_units.graph(), input);
        write_solution(&encoded.model, (format, problem.sense()), &point, path)?;
    }
    let (_, sentence) = sentence(&answer, problem);
    Ok(Solution {
        file: answer.input.is_some().then(|| path.to_path_buf()),
        status: answer.status,
        stopped_by: answer.stopped_by,
        objective: answer.objective,
        bound: answer.bound,
        sentence,
    })
}

impl Solution {
    /// Whether there is no more to know of the optimum.
    pub fn is_answered(&self) -> bool {
        matches!(self.status, Status::Optimal | Status::Infeasible)
    }

    /// For readers.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn text(&self, out: &mut Page) -> fmt::Result {
        match &self.file {
            Some(file) => writeln!(out, "wrote {}: {}", file.display(), self.sentence)?,
            None => writeln!(out, "no point written, {}", self.sentence)?,
        }
        out.stopped(self.stopped_by)
    }
}
