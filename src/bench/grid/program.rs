//! One run: a program on shared bounds, a method that has no parts to share, a property.

use std::fmt::Display;
use std::time::Instant;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::control::{Clock, Limits, Observer};
use crate::encode::EncodeError;
use crate::optimize::{
    Answer, Bounding, Formulated, OptimizeError, OptimizeOptions, Status, answer, formulate,
    infeasible, optimize,
};
use crate::problem::Problem;
use crate::verify::{Property, Verdict, Verified, VerifyOptions, verify};

/// What came of a run.
pub(super) struct Solved {
    /// The answer as a record; where something went wrong, what was known by then.
    pub answer: Option<Value>,
    /// What went wrong.
    pub error: Option<String>,
}

impl Solved {
    /// An answer, or an error.
    fn of(answer: Result<impl Serialize, impl Display>) -> Self {
        match answer {
            Ok(answer) => Self { answer: serde_json::to_value(answer).ok(), error: None },
            Err(error) => Self { answer: None, error: Some(error.to_string()) },
        }
    }

    fn with(mut self, told: &Map<String, Value>) -> Self {
        if let Value::Object(answer) = self.answer.get_or_insert_with(|| json!({})) {
            answer.extend(told.clone());
        }
        self
    }
}

/// Verifies a property.
pub(super) fn verified(
    property: &Property,
    options: &VerifyOptions,
    limits: &Limits,
    observer: &mut dyn Observer,
) -> Solved {
    let clock = Clock::start(limits);
    let found = verify(property, options, &clock, observer);
    Solved::of(found.map(|Verified { verdict, stages, parts, nodes }| {
        let point = match &verdict {
            Verdict::Violated(point) => {
                Some(json!({ "input": point.input, "output": point.output }))
            }
            Verdict::Holds | Verdict::Unknown(_) => None,
        };
        // As `taut verify` tells it.
        json!({
            "verdict": verdict.name(),
            "counterexample": point,
            "stages": stages,
            "parts": parts,
            "nodes": nodes,
            "stopped_by": verdict.stopped_by(),
            "seconds": clock.seconds(),
        })
    }))
}

/// Solves by a method that has no parts to share.
pub(super) fn solved_as_a_whole(
    problem: &Problem,
    options: &OptimizeOptions,
    seed: u32,
    observer: &mut dyn Observer,
) -> Solved {
    let mut options = options.clone();
    options.solve.seed = seed;
    Solved::of(optimize(problem, &options, observer))
}

/// A formulation, which is solved with one seed after the other.
pub(super) struct Program<'a> {
    pub problem: &'a Problem,
    /// What others may share.
    pub bounding: &'a Result<Bounding, OptimizeError>,
    pub options: &'a OptimizeOptions,
    /// What is told of it with every seed, once it is known; it is the same for all of them.
    pub told: Option<Map<String, Value>>,
}

impl Program<'_> {
    /// Solves with a seed.
    pub fn solve(&mut self, seed: u32, observer: &mut dyn Observer) -> Solved {
        let problem = self.problem;
        let mut options = self.options.clone();
        options.solve.seed = seed;
        let bounded = match self.bounding {
            Err(error) => return failed(error),
            Ok(Bounding::Infeasible { reason, seconds }) => {
                let found = infeasible(problem, &options, reason.clone(), &Clock::unlimited());
                return Solved::of(found.map(|mut answer| {
                    (answer.seconds.bounds, answer.seconds.total) = (*seconds, *seconds);
                    answer
                }));
            }
            Ok(Bounding::Bounded(bounded)) => bounded,
        };
        let clock = Clock::start(&options.limits);
        let (encoding, scale) = (options.encoding, options.scale);
        let formulated = match formulate(problem, &bounded.bounds, encoding, scale, &clock) {
            Ok(formulated) => formulated,
            Err(OptimizeError::Encode(EncodeError::Stopped(reason))) => {
                let answer = json!({ "status": Status::Unknown, "stopped_by": reason });
                return Solved { answer: Some(answer), error: None };
            }
            Err(error) => return failed(&error),
        };
        // Not part of the solve.
        let aside = Instant::now();
        let relaxing = Clock::start(&options.limits);
        let told = self.told.get_or_insert_with(|| told(&formulated, &relaxing));
        let clock = clock.later(aside.elapsed());
        let answer = answer(problem, bounded, &formulated, &options, &clock, observer);
        let answer = answer.map(|mut answer| {
            answer.seconds.total += answer.seconds.bounds + answer.seconds.tighten;
            answer
        });
        Solved::of(answer).with(told)
    }
}

fn failed(error: &OptimizeError) -> Solved {
    Solved::of(Err::<Answer, _>(error))
}

/// What a record tells of a program whatever comes of the solve.
fn told(formulated: &Formulated<'_>, clock: &Clock) -> Map<String, Value> {
    let told = json!({
        "model": formulated.encoded.model.size(),
        "layers": formulated.layers,
        "cuts": formulated.cuts.rows,
        "relaxation": formulated.relaxation(clock),
    });
    match told {
        Value::Object(told) => told,
        _ => unreachable!("it is written as an object"),
    }
}
