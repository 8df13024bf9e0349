//! Ways to solve a case, drawn by its seed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde_json::Value as Json;
use taut::control::Limits;
use taut::control::Silent;
use taut::encode::{ENCODINGS, EncodeError};
use taut::optimize::{Answer, KnownPoint, OptimizeError, OptimizeOptions, optimize};
use taut::problem::Problem;
use taut::regions::RegionError;
use taut::scale::{SCALINGS, Scaling};
use taut::solve::{BACKENDS, Preset, SolveError, SolveOptions};
use taut::tighten::Tightening;

use crate::exact::random_case::Draw;
use crate::scales::case::Scaled;
use crate::scales::judge::{Gap, Mistake, Verdict, judge};

/// Seconds for a run, which a case of this size does not need.
const TIME_LIMIT: u64 = 5;

/// The gap of most runs, as a share.
const NARROW_GAP: f64 = 1e-6;

/// The default gap, at most.
const DEFAULT_GAP: Gap = Gap { relative: 1e-4, absolute: 1e-6 };

/// A way to solve a case.
pub struct Method {
    name: &'static str,
    enumerates: bool,
    /// The gap asked for; `None` for the default one.
    gap: Option<Gap>,
    options: OptimizeOptions,
}

/// The default method, one that is drawn, and enumeration.
pub fn methods(scaled: &Scaled) -> Vec<Method> {
    let mut draw = Draw::new(scaled.seed, 1);
    let limits = Limits::of_time(Duration::from_secs(TIME_LIMIT));
    let mut solve = SolveOptions::default();
    let gap = gap(&mut draw, scaled);
    if let Some(gap) = gap {
        solve.relative_gap = gap.relative;
        set(&mut solve.absolute_gap, gap.absolute);
    }
    let default = OptimizeOptions { solve, limits, ..OptimizeOptions::default() };
    let drawn = OptimizeOptions {
        method: taut::optimize::Method::Milp,
        backend: draw.pick(BACKENDS),
        encoding: draw.pick(ENCODINGS),
        tighten: draw.pick(&Tightening::all()),
        scale: draw.pick(&scalings()),
        known_point: draw.pick(&KnownPoint::ALL),
        parts: draw.pick(&[1, 1, 1, 1, 2, 3, 5, 8]),
        solve: SolveOptions {
            presolve: draw.chance(0.8),
            preset: draw.pick(&[Preset::Proof, Preset::Proof, Preset::Default]),
            seed: draw.pick(&[0, 0, 1, 2]),
            ..default.solve.clone()
        },
        ..default.clone()
    };
    let name = drawn.backend.name();
    vec![
        Method { name: Method::DEFAULT, enumerates: false, gap, options: default.clone() },
        Method { name, enumerates: false, gap, options: drawn },
        Method {
            name: "enumerate",
            enumerates: true,
            gap,
            options: OptimizeOptions { method: taut::optimize::Method::Enumerate, ..default },
        },
    ]
}

fn scalings() -> Vec<Option<&'static dyn Scaling>> {
    SCALINGS.iter().copied().map(Some).chain([None]).collect()
}

/// A narrow gap as share of the value and of the range of the objective, as a user asks for
/// who knows that range; or the default one.
fn gap(draw: &mut Draw, scaled: &Scaled) -> Option<Gap> {
    let absolute = NARROW_GAP * scaled.range;
    draw.chance(0.75).then_some(Gap { relative: NARROW_GAP, absolute })
}

/// Puts a number into an option, whether or not that may be left out.
fn set<T: From<f64>>(option: &mut T, number: f64) {
    *option = number.into();
}

impl Method {
    /// Name of the first method.
    pub const DEFAULT: &str = "default";

    /// Name in the table: default, enumerate, or the backend of drawn options.
    pub fn name(&self) -> String {
        self.name.to_string()
    }

    /// Options of the command line.
    pub fn arguments(&self) -> Vec<String> {
        let options = &self.options;
        let mut arguments = vec![format!("--time-limit={TIME_LIMIT}")];
        if let Some(gap) = self.gap {
            arguments.push(format!("--gap={}", gap.relative));
            arguments.push(format!("--absolute-gap={}", gap.absolute));
        }
        if self.enumerates {
            arguments.push("--solver=enumerate".to_string());
            return arguments;
        }
        arguments.extend([
            format!("--backend={}", options.backend.name()),
            format!("--encoding={}", options.encoding.name()),
            format!("--tighten={}", options.tighten.name()),
            format!("--scale={}", options.scale.map_or("none", Scaling::name)),
            format!("--known-point={}", options.known_point.name()),
            format!("--parts={}", options.parts),
            format!("--presolve={}", if options.solve.presolve { "on" } else { "off" }),
            format!("--preset={}", options.solve.preset.name()),
            format!("--seed={}", options.solve.seed),
            "--threads=1".to_string(),
        ]);
        arguments
    }

    /// Solves a problem; `None` if the method does not apply to it, an error if there is
    /// no answer.
    pub fn answer(&self, problem: &Problem) -> Option<Result<Answer, (Mistake, String)>> {
        let solve = || optimize(problem, &self.options, &mut Silent);
        match catch_unwind(AssertUnwindSafe(solve)) {
            Err(_) => Some(Err((Mistake::Panic, "see above".to_string()))),
            Ok(Err(error)) if does_not_apply(&error) => None,
            Ok(Err(error)) => Some(Err((mistake(&error), error.to_string()))),
            Ok(Ok(answer)) => Some(Ok(answer)),
        }
    }

    /// Solves the case and judges the answer; `None` if the method does not apply to it.
    pub fn verdict(&self, scaled: &Scaled, problem: &Problem) -> Option<Verdict> {
        Some(match self.answer(problem)? {
            Err((mistake, what)) => Verdict::Wrong(mistake, what),
            Ok(answer) => {
                // As a record, so that keys may come that this version does not have.
                let record: Json = serde_json::to_value(&answer).expect("a record");
                judge(scaled, self.gap.unwrap_or(DEFAULT_GAP), &record)
            }
        })
    }
}

fn does_not_apply(error: &OptimizeError) -> bool {
    matches!(
        error,
        OptimizeError::Encode(EncodeError::NotApplicable { .. })
            | OptimizeError::Regions(
                RegionError::Integer { .. } | RegionError::OutputConstraint { .. }
            )
    )
}

fn mistake(error: &OptimizeError) -> Mistake {
    match error {
        OptimizeError::Contradiction { .. } => Mistake::Contradiction,
        OptimizeError::Solve(SolveError::Number { .. }) => Mistake::Refused,
        _ => Mistake::Error,
    }
}
