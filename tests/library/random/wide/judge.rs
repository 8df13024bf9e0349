//! What an answer is worth beside the exact optimum.

use taut::control::Silent;
use taut::optimize::{Answer, Method, Status, optimize};
use taut::problem::Sense;

use super::options;
use crate::exact::wide::wide_case;
use crate::exact::{self, Case, Optimum};
use crate::random::build;
use crate::random::values::rational;

/// Largest deviation from the exact value, relative to `1 + |value|`, where an answer counts as
/// the optimum.
const TOLERANCE: f64 = 1e-6;

/// The same relative to the sizes of all terms that the objective is made of.
const ROUNDING: f64 = 1e-13;

/// Whether an answer decides the question; an error where it is wrong. What is certified has to
/// hold in rational arithmetic, without any tolerance.
pub fn judge(case: &Case, answer: &Answer, optimum: Option<&Optimum>) -> Result<bool, String> {
    let found = || {
        let Answer { status, objective, bound, bound_by, .. } = answer;
        format!("{status:?} with value {objective:?} and bound {bound:?} by {bound_by:?}")
    };
    let Some(optimum) = optimum else {
        return match answer.status {
            Status::Infeasible => Ok(true),
            Status::Unknown => Ok(false),
            Status::Optimal | Status::Feasible => Err(format!("{}, not infeasible", found())),
        };
    };
    let expected = || format!("{}, expected {}", found(), optimum.value);
    let allowed = TOLERANCE * (1.0 + optimum.value.abs()) + ROUNDING * size(case, &optimum.point);
    let sense = if case.maximize { Sense::Maximize } else { Sense::Minimize };
    // How far a value is above the optimum, in the direction of the question.
    let above = |value: f64| sense.signed(value) - sense.signed(optimum.value);
    if answer.status == Status::Infeasible {
        return Err(expected());
    }
    if let Some(bound) = answer.bound {
        let exceeds = match sense {
            Sense::Minimize => rational(bound) > optimum.exact,
            Sense::Maximize => rational(bound) < optimum.exact,
        };
        let is_certified = answer.bound_by == Some("certified");
        if exceeds && (is_certified || above(bound) > allowed) {
            return Err(format!("{}: no bound", expected()));
        }
    }
    let is_better = |value: &f64| above(*value) < -allowed;
    if answer.objective.as_ref().is_some_and(is_better) {
        return Err(format!("{}: no value", expected()));
    }
    if answer.status != Status::Optimal {
        return Ok(false);
    }
    let is_close = |value: Option<f64>| value.is_some_and(|value| above(value).abs() <= allowed);
    match is_close(answer.objective) && is_close(answer.bound) {
        true => Ok(true),
        false => Err(expected()),
    }
}

/// The sizes of all terms that the objective is made of at a point, those of the layers before
/// included: what rounding is relative to.
fn size(case: &Case, point: &[f64]) -> f64 {
    let mut sizes: Vec<Vec<f64>> = vec![point.iter().map(|x| x.abs()).collect()];
    for layer in &case.layers {
        let incoming = layer.incoming(&sizes);
        let row = |(row, bias): (&Vec<f64>, &f64)| {
            row.iter().zip(&incoming).map(|(w, x)| w.abs() * x).sum::<f64>() + bias.abs()
        };
        let sums: Vec<f64> = layer.weights.iter().zip(&layer.bias).map(row).collect();
        let largest = |group: &[f64]| group.iter().copied().fold(0.0, f64::max);
        sizes.push(sums.chunks(layer.group()).map(largest).collect());
    }
    let coefficients = case.objective_inputs.iter().chain(&case.objective_outputs);
    let values = sizes[0].iter().chain(sizes.last().expect("the inputs at least"));
    coefficients.zip(values).map(|(c, size)| c.abs() * size).sum()
}

/// By hand: what would be wrong, by as little as can be told where it is certified.
#[test]
fn what_is_wrong_is_seen() {
    let (mut points, mut without) = (0, 0);
    for seed in 0..60 {
        let case = wide_case(seed);
        let Some(question) = build::question(&case) else { continue };
        let problem = build::problem(&case, question);
        let answer = optimize(&problem, &options(Method::Search, seed), &mut Silent);
        let answer = answer.expect("an answer");
        let optimum = exact::solve(&case);
        let is_right = |answer: &Answer| judge(&case, answer, optimum.as_ref()) == Ok(true);
        if !is_right(&answer) {
            continue;
        }
        let Some(optimum) = &optimum else {
            let status = Status::Feasible;
            assert!(judge(&case, &Answer { status, ..answer }, None).is_err(), "seed {seed}");
            without += 1;
            continue;
        };
        let worse = |steps: f64| if case.maximize { -steps } else { steps };
        let beyond = optimum.value + worse(1e-12 * (1.0 + optimum.value.abs()));
        let bound = Some(if case.maximize { beyond.next_down() } else { beyond.next_up() });
        let better = Some(optimum.value - worse(1e-3 * (1.0 + size(&case, &optimum.point))));
        for wrong in [
            Answer { status: Status::Infeasible, ..answer.clone() },
            Answer { bound, status: Status::Feasible, ..answer.clone() },
            Answer { objective: better, status: Status::Feasible, ..answer.clone() },
            Answer { bound: better, ..answer.clone() },
        ] {
            let verdict = judge(&case, &wrong, Some(optimum));
            assert!(verdict.is_err(), "seed {seed}: {verdict:?} of {wrong:?}");
        }
        points += 1;
    }
    assert!(points > 30 && without > 2, "{points} with a point, {without} without");
}
