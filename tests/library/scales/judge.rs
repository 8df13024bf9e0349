//! What an answer is worth beside the exact one.
//!
//! Wrong is only what no allowance for rounding excuses:
//!
//! - *infeasible* where there is a point, be it a single one;
//! - a *point* outside the box, not whole where it has to be, or missing a constraint by more
//!   than 1e-8 of its size and what a forward pass in doubles may be off; a value that is
//!   not that of the point;
//! - a *bound* that the exact optimum beats by more than 1e-6 of the size of the objective,
//!   or at all where it is called certified;
//! - a *value* called optimal that is worse than the exact optimum by more than the gap asked
//!   for and the same share. It may be better, as much as its point misses constraints,
//!   which is judged above: a point that is good enough gives a value that is.
//!
//! The size of a sum is that of its terms, an output standing for the sum of the terms of
//! its last layer. For bounds and values it is taken at the optimum, and no more than the
//! range of the objective over the box, so that a large constant excuses nothing. A
//! millionth of that share of the range is allowed besides: the optimum may be 0.
//! What is not wrong is *right* if it is all that was asked for, else *open*.

use dashu_ratio::RBig;
use serde_json::Value as Json;

use crate::exact::rational::{exact, rounded};
use crate::exact::{Constraint, Relation};
use crate::scales::case::Scaled;
use crate::scales::oracle::{Pass, Value};

/// Share of the size of a constraint by which a point may miss it.
const CONDITION_TOLERANCE: f64 = 1e-8;

/// Share of the size of the objective by which bounds and values may be off.
const TOLERANCE: f64 = 1e-6;

/// Share of the range of the objective that is allowed besides.
const RANGE_TOLERANCE: f64 = 1e-12;

/// The gap asked for.
#[derive(Clone, Copy, Debug)]
pub struct Gap {
    /// As a share of the value.
    pub relative: f64,
    /// In units of the objective.
    pub absolute: f64,
}

/// What an answer is worth.
#[derive(Debug)]
pub enum Verdict {
    /// All that was asked for.
    Right,
    /// Less, honestly; the figures.
    Open(Opening, String),
    /// A wrong word, or none at all; the details.
    Wrong(Mistake, String),
}

/// Kinds of open answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opening {
    /// A limit came first.
    Limit,
    /// The bound is not good enough, or the point.
    Gap,
    /// Neither a point nor a proof that there is none.
    NoPoint,
}

impl Opening {
    /// Name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Limit => "stopped by a limit",
            Self::Gap => "a point, the gap open",
            Self::NoPoint => "no point",
        }
    }

    fn of(status: &str, answer: &Json) -> Self {
        match status {
            _ if !answer["stopped_by"].is_null() => Self::Limit,
            "feasible" => Self::Gap,
            _ => Self::NoPoint,
        }
    }
}

/// Kinds of wrong answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mistake {
    /// Called infeasible, with a point.
    Infeasible,
    /// A point that is none of the problem, or that has another value.
    Point,
    /// A bound that the optimum beats by more than tolerances.
    Bound,
    /// A bound called certified that the optimum beats at all.
    Certified,
    /// A value called optimal that is too bad.
    Value,
    /// The error of that name.
    Contradiction,
    /// A number that the solver does not take.
    Refused,
    /// Any other error, but of methods that do not apply.
    Error,
    /// A panic.
    Panic,
}

impl Mistake {
    /// Name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Infeasible => "infeasible, with a point",
            Self::Point => "point or its value",
            Self::Bound => "bound",
            Self::Certified => "certified bound",
            Self::Value => "optimal, with a worse value",
            Self::Contradiction => "contradiction",
            Self::Refused => "a number refused",
            Self::Error => "another error",
            Self::Panic => "panic",
        }
    }
}

/// Nothing, or what is wrong.
type Judgement = Result<(), (Mistake, String)>;

/// Judges an answer as a record.
pub fn judge(scaled: &Scaled, gap: Gap, answer: &Json) -> Verdict {
    let status = answer["status"].as_str().expect("a status");
    match check(scaled, gap, status, answer) {
        Err((mistake, what)) => Verdict::Wrong(mistake, what),
        Ok(()) if status == "optimal" || status == "infeasible" => Verdict::Right,
        Ok(()) => Verdict::Open(Opening::of(status, answer), figures(scaled, answer)),
    }
}

fn check(scaled: &Scaled, gap: Gap, status: &str, answer: &Json) -> Judgement {
    if status == "infeasible" {
        return match &scaled.truth {
            Some(_) => Err((Mistake::Infeasible, "there is a point".to_string())),
            None => Ok(()),
        };
    }
    let point = numbers(&answer["input"]);
    let objective = answer["objective"].as_f64();
    let attained = match (point, objective) {
        (Some(point), Some(objective)) => Some(check_point(scaled, &point, objective)?),
        _ if status == "unknown" => None,
        _ => return Err((Mistake::Point, "there is none".to_string())),
    };
    if let (Some(attained), Some(objective), "optimal") = (attained, objective, status) {
        check_value(scaled, gap, &attained, objective)?;
    }
    check_bound(scaled, answer)
}

/// Value, bound and the exact optimum.
fn figures(scaled: &Scaled, answer: &Json) -> String {
    let known = scaled.truth.as_ref().map(|best| rounded(&best.value));
    let known = known.map_or("infeasible".to_string(), |value| value.to_string());
    format!("value {}, bound {}, exactly {known}", answer["objective"], answer["bound"])
}

fn numbers(list: &Json) -> Option<Vec<f64>> {
    let numbers = list.as_array()?.iter().map(|entry| entry.as_f64().expect("a number"));
    Some(numbers.collect())
}

/// The exact value of the objective at a point that is one of the problem.
fn check_point(scaled: &Scaled, point: &[f64], objective: f64) -> Result<Value, (Mistake, String)> {
    let case = &scaled.case;
    let wrong = |what: String| Err((Mistake::Point, format!("at {point:?} {what}")));
    for (input, &x) in point.iter().enumerate() {
        if !(case.lower[input] <= x && x <= case.upper[input]) {
            return wrong(format!("x{input} is not in the box"));
        }
        if case.integer.contains(&input) && x.fract() != 0.0 {
            return wrong(format!("x{input} is not whole"));
        }
    }
    let pass = Pass::new(case, point.iter().copied().map(exact).collect());
    for (number, constraint) in case.constraints.iter().enumerate() {
        let left = pass.left(constraint);
        let excess = rounded(&excess(constraint, &left.exact));
        let size = left.size + constraint.right.abs();
        if excess > CONDITION_TOLERANCE * size + left.rounding {
            let share = excess / size;
            return wrong(format!("constraint {number} is missed by {share:.1e} of its size"));
        }
    }
    let value = pass.objective(case);
    let error = rounded(&(exact(objective) - &value.exact)).abs();
    if error > value.rounding {
        return wrong(format!("the value is {}, not {objective}", rounded(&value.exact)));
    }
    Ok(value)
}

/// By how much the left side is on the wrong side of the right one.
fn excess(constraint: &Constraint, left: &RBig) -> RBig {
    let above = left - exact(constraint.right);
    match constraint.relation {
        Relation::AtMost => above,
        Relation::AtLeast => -above,
        Relation::Equal if above < RBig::ZERO => -above,
        Relation::Equal => above,
    }
}

/// What bounds and values may be off, beside the gap; the optimum has to exist.
fn allowance(scaled: &Scaled) -> f64 {
    let inputs = scaled.truth.as_ref().map(|best| best.inputs.clone());
    let best = Pass::new(&scaled.case, inputs.expect("an optimum")).objective(&scaled.case);
    TOLERANCE * best.size.min(scaled.range) + RANGE_TOLERANCE * scaled.range + best.rounding
}

fn check_bound(scaled: &Scaled, answer: &Json) -> Judgement {
    let (Some(best), Some(bound)) = (&scaled.truth, answer["bound"].as_f64()) else {
        return Ok(());
    };
    let known = rounded(&best.value);
    let beyond = rounded(&worse_by(scaled, &exact(bound)));
    if answer["bound_by"] == "certified" {
        let next = if scaled.case.maximize { known.next_down() } else { known.next_up() };
        let holds = if scaled.case.maximize { bound >= next } else { bound <= next };
        let what = format!("{bound} is beyond {known} by {beyond:.3e}");
        return if holds { Ok(()) } else { Err((Mistake::Certified, what)) };
    }
    let allowed = allowance(scaled);
    let what = || format!("{bound} is beyond {known} by {beyond:.3e}, allowed {allowed:.1e}");
    if beyond > allowed { Err((Mistake::Bound, what())) } else { Ok(()) }
}

fn check_value(scaled: &Scaled, gap: Gap, attained: &Value, objective: f64) -> Judgement {
    let Some(best) = &scaled.truth else { return Ok(()) };
    let worse = rounded(&worse_by(scaled, &attained.exact));
    let asked = (gap.relative * objective.abs()).max(gap.absolute);
    let allowed = asked + allowance(scaled) + attained.rounding;
    let known = rounded(&best.value);
    let what =
        || format!("{objective} is worse than {known} by {worse:.3e}, allowed {allowed:.1e}");
    if worse > allowed { Err((Mistake::Value, what())) } else { Ok(()) }
}

/// How much worse than the optimum a value is; as a bound, how far it is beyond it.
fn worse_by(scaled: &Scaled, value: &RBig) -> RBig {
    let best = &scaled.truth.as_ref().expect("an optimum").value;
    if scaled.case.maximize { best - value } else { value - best }
}
