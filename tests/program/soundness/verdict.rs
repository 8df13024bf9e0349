//! What an answer is worth beside the known one.

use std::process::Output;

use serde_json::Value;
use taut::problem::{Problem, Sense, Variable};

use crate::soundness::sizes::sizes_of_outputs;
use crate::soundness::{Case, Expected};

/// Relative gap at which an answer counts as optimal: the default.
const RELATIVE_GAP: f64 = 1e-4;

/// Absolute gap at which an answer counts as optimal: the default.
const ABSOLUTE_GAP: f64 = 1e-6;

/// Share of a number's size that a bound or a value may be off, beside the gap.
const TOLERANCE: f64 = 1e-6;

/// Share of the size of a constraint by which a point may miss it. The size is that of the
/// terms and the right side, an output standing for the sum of the terms behind it.
const CONDITION_TOLERANCE: f64 = 1e-8;

/// Exit status of an answer.
const ANSWERED: i32 = 0;

/// Exit status of an answer that is open.
const UNANSWERED: i32 = 3;

/// What an answer is worth.
pub enum Verdict {
    /// The known one.
    Right,
    /// Nothing wrong, but not all that was asked for.
    Open(String),
    /// A wrong word, or none at all.
    Wrong(String),
}

/// Holds the output of a run against the known answer.
pub fn judge(case: &Case, problem: &Problem, output: &Output) -> Verdict {
    if !matches!(output.status.code(), Some(ANSWERED | UNANSWERED)) {
        let message = String::from_utf8_lossy(&output.stderr);
        return Verdict::Wrong(format!("{}: {}", output.status, message.trim()));
    }
    let answer: Value = match serde_json::from_slice(&output.stdout) {
        Ok(answer) => answer,
        Err(error) => return Verdict::Wrong(format!("no JSON: {error}")),
    };
    let status = answer["status"].as_str().unwrap_or("none");
    let [value, bound] = ["objective", "bound"].map(|key| answer[key].as_f64());
    let found = format!("{status}, value {value:?}, bound {bound:?}");
    match mistake(case, problem, &answer) {
        Some(what) => Verdict::Wrong(format!("{found}: {what}")),
        None if status == "optimal" || status == "infeasible" => Verdict::Right,
        None if status == "feasible" && case.status == Expected::Feasible => Verdict::Right,
        None => Verdict::Open(found),
    }
}

/// What is wrong with an answer, if anything is.
fn mistake(case: &Case, problem: &Problem, answer: &Value) -> Option<String> {
    let status = answer["status"].as_str().unwrap_or("none");
    if case.status == Expected::Infeasible {
        let right = ["infeasible", "unknown"].contains(&status);
        return (!right).then(|| "there is no point".to_string());
    }
    if !["optimal", "feasible", "unknown"].contains(&status) {
        return Some("there is a point".to_string());
    }
    let point: Option<Vec<f64>> = serde_json::from_value(answer["input"].clone()).ok();
    if point.is_none() && status != "unknown" {
        return Some("no point".to_string());
    }
    let value = answer["objective"].as_f64();
    point.and_then(|point| mistake_of_point(problem, point, value?)).or_else(|| {
        let known = case.value?;
        mistake_of_bound(problem.sense(), known, answer["bound"].as_f64())
            .or_else(|| mistake_of_value(case, known, value.filter(|_| status == "optimal")?))
    })
}

/// A bound that the optimum beats.
fn mistake_of_bound(sense: Sense, known: f64, bound: Option<f64>) -> Option<String> {
    let beyond = match sense {
        Sense::Minimize => bound? - known,
        Sense::Maximize => known - bound?,
    };
    let wrong = beyond > TOLERANCE * known.abs();
    wrong.then(|| format!("the bound is beyond {known} by {beyond:e}"))
}

/// A value called optimal that is further from the optimum than was asked for.
fn mistake_of_value(case: &Case, known: f64, value: f64) -> Option<String> {
    let gap = (RELATIVE_GAP * known.abs()).max(case.absolute_gap.unwrap_or(ABSOLUTE_GAP));
    let distance = (value - known).abs();
    let wrong = distance > gap + TOLERANCE * known.abs();
    wrong.then(|| format!("the value is {distance:e} from {known}"))
}

/// A point outside the box, one that misses a constraint, or one with another value.
fn mistake_of_point(problem: &Problem, point: Vec<f64>, value: f64) -> Option<String> {
    if !problem.domain().contains(&point) {
        return Some(format!("{point:?} is not in the box"));
    }
    let candidate = problem.confirmed(problem.evaluate(point));
    if (candidate.objective - value).abs() > TOLERANCE * value.abs() {
        return Some(format!("the value at the point is {}", candidate.objective));
    }
    let sizes = sizes_of_outputs(problem.graph(), &candidate.input);
    problem.constraints().iter().find_map(|constraint| {
        let terms = constraint.expression().terms();
        let size = |&(variable, coefficient): &(Variable, f64)| match variable {
            Variable::Input(index) => (coefficient * candidate.input[index]).abs(),
            Variable::Output(index) => coefficient.abs() * sizes[index],
        };
        let size: f64 = terms.iter().map(size).sum();
        let left = constraint.expression().evaluate(&candidate.input, &candidate.output);
        let misses = |excess: f64, right: f64| {
            right.is_finite() && excess > CONDITION_TOLERANCE * (size + right.abs())
        };
        let (lower, upper) = (constraint.lower(), constraint.upper());
        (misses(lower - left, lower) || misses(left - upper, upper))
            .then(|| format!("the point misses {constraint}: {left}"))
    })
}
