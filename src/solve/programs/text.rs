//! The file that a program reads, written by good_lp and lp-solvers.

use std::cell::RefCell;
use std::rc::Rc;

use good_lp::SolverModel;
use good_lp::solvers::lp_solvers::LpSolver;
use lp_solvers::lp_format::{AsVariable, LpProblem};
use lp_solvers::solvers::{self, SolverTrait};

use super::super::through_good_lp::build;
use super::super::{PortableModel, SolveError};

/// The model in the LP format, columns `v`, `v2`, `v3`, … in their order.
pub(super) fn lp_text(model: &PortableModel) -> Result<String, SolveError> {
    for column in model.model().columns() {
        if column.bounds.lower() == f64::NEG_INFINITY && column.bounds.upper().is_finite() {
            // lp-solvers writes `v <= 1`, which leaves the lower bound at 0.
            return Err(SolveError::Number {
                place: format!("the lower bound of {}", column.name),
                value: f64::NEG_INFINITY,
                expected: "a number, or no upper bound either".to_string(),
            });
        }
    }
    let capture = Capture::default();
    // Fails in any case: the text is all that is asked for.
    let _ = build(model, LpSolver(capture.clone()))?.solve();
    let text = capture.text.take().expect("lp-solvers names columns v, v2, v3, …");
    Ok(with_exponents(&text))
}

/// Longest word of the text that a program has to read.
const LONGEST_WORD: usize = 30;

/// The text with exponents in long numbers: GLPK reads 255 characters at most, and
/// lp-solvers writes 5e-324 with all its zeros.
fn with_exponents(text: &str) -> String {
    let short = |word: &str| match word.parse::<f64>() {
        Ok(number) if word.len() > LONGEST_WORD => format!("{number:+e}"),
        _ => word.to_string(),
    };
    let line = |line: &str| line.split(' ').map(short).collect::<Vec<_>>().join(" ") + "\n";
    text.lines().map(line).collect()
}

/// Keeps the text that a program would read, if its names are as expected.
#[derive(Clone, Default)]
struct Capture {
    text: Rc<RefCell<Option<String>>>,
}

impl SolverTrait for Capture {
    fn run<'a, P: LpProblem<'a>>(&self, problem: &'a P) -> Result<solvers::Solution, String> {
        // The numbers of the solution are found by these names.
        if problem.variables().enumerate().all(|(index, v)| v.name() == column_name(index)) {
            *self.text.borrow_mut() = Some(problem.display_lp().to_string());
        }
        Err("captured".to_string())
    }
}

/// The name that lp-solvers gives to the column at `index`.
pub(super) fn column_name(index: usize) -> String {
    match index {
        0 => "v".to_string(),
        _ => format!("v{}", index + 1),
    }
}
