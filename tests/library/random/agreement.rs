//! Every backend with every encoding and every bound against exact enumeration
//! in rational arithmetic; scalings by turns, and what the solver is told of the
//! point known before.
//!
//! The default encoding meets every bound on every network. The others meet every
//! network once, with the bounds taking turns: all pairs are met, in a fifth of the
//! time.

use taut::control::Silent;
use taut::encode::ENCODINGS;
use taut::optimize::{
    Answer, KnownPoint, Method, OptimizeError, OptimizeOptions, Status, optimize,
};
use taut::problem::{Problem, Sense};
use taut::regions::RegionError;
use taut::scale::{SCALINGS, Scaling};
use taut::solve::{BACKENDS, Backend, SolveOptions};
use taut::tighten::Tightening;

use crate::exact;
use crate::random::build;

/// Number of random networks.
const CASES: u64 = 600;

/// The same for backends that start a program for each solve, which takes longer
/// than the solve.
#[cfg(feature = "lp-solvers")]
const CASES_OF_PROGRAMS: u64 = 300;

/// Largest deviation from the exact value, relative to `1 + |value|`.
const TOLERANCE: f64 = 1e-6;

#[test]
fn highs_agrees_with_exact_enumeration() {
    agrees_with_exact_enumeration("highs", CASES);
}

#[test]
fn microlp_agrees_with_exact_enumeration() {
    agrees_with_exact_enumeration("microlp", CASES);
}

#[test]
#[cfg(feature = "cbc")]
fn cbc_agrees_with_exact_enumeration() {
    agrees_with_exact_enumeration("cbc", CASES);
}

#[test]
#[cfg(feature = "lp-solvers")]
fn cbc_program_agrees_with_exact_enumeration() {
    agrees_with_exact_enumeration("cbc-program", CASES_OF_PROGRAMS);
}

/// GLPK takes a binary that is off by 1e-5 for whole, which Taut notices: some gaps
/// stay open, but nothing may be wrong.
#[test]
#[cfg(feature = "lp-solvers")]
fn glpsol_agrees_with_exact_enumeration_or_leaves_the_gap_open() {
    let (runs, failures) = failures("glpsol", CASES_OF_PROGRAMS);
    let open = |failure: &&String| failure.contains(&format!(": {OPEN}: "));
    let wrong: Vec<_> = failures.iter().filter(|failure| !open(failure)).collect();
    assert!(wrong.is_empty(), "{} wrong:\n{wrong:#?}", wrong.len());
    assert!(failures.len() * 50 < runs, "{} of {runs} open", failures.len());
}

#[test]
fn every_solver_is_tested_here() {
    let names: Vec<&str> = BACKENDS.iter().map(|solver| solver.name()).collect();
    let tested = [
        "highs",
        "microlp",
        #[cfg(feature = "cbc")]
        "cbc",
        #[cfg(feature = "lp-solvers")]
        "cbc-program",
        #[cfg(feature = "lp-solvers")]
        "glpsol",
    ];
    assert_eq!(names, tested, "a new solver needs a test above");
}

/// The domain in 2 to 9 parts, on bounds that take part in excluding them.
#[test]
fn divided_domains_agree_with_exact_enumeration() {
    let (mut excluded, mut solved) = (0, 0);
    for seed in 0..CASES {
        let case = exact::random_case(seed);
        let expected = exact::solve(&case).map(|optimum| optimum.value);
        let Some(question) = build::question(&case) else { continue };
        let problem = build::problem(&case, question);
        let turn = seed as usize;
        let tightenings = Tightening::all();
        let options = OptimizeOptions {
            tighten: tightenings[turn % tightenings.len()],
            known_point: KnownPoint::ALL[turn % KnownPoint::ALL.len()],
            parts: 2 + turn % 8,
            solve: SolveOptions {
                relative_gap: 1e-6,
                absolute_gap: Some(1e-6),
                ..SolveOptions::default()
            },
            ..OptimizeOptions::milp()
        };
        let outcome = optimize(&problem, &options, &mut Silent);
        let answer = outcome.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        if let Err(what) = compare(&problem, &answer, expected, options.backend) {
            panic!("seed {seed}, {} parts, {}: {what}", options.parts, options.tighten.name());
        }
        let counts = answer.parts.unwrap_or_default();
        assert_eq!(counts.left, 0, "seed {seed}");
        assert_eq!(counts.excluded + counts.solved, counts.parts, "seed {seed}");
        excluded += counts.excluded;
        solved += counts.solved;
    }
    assert!(excluded > 300 && solved > 300, "{excluded} excluded, {solved} solved");
}

/// Enumeration of the regions in floating point, wherever there is such a thing: no integer
/// inputs, no constraints on outputs, a domain with inner points.
#[test]
fn enumeration_of_regions_agrees_with_exact_enumeration() {
    let (mut enumerated, mut without_programs) = (0, 0);
    for seed in 0..CASES {
        let case = exact::random_case(seed);
        let Some(question) = build::question(&case) else { continue };
        let problem = build::problem(&case, question);
        let solve = SolveOptions { absolute_gap: Some(1e-6), ..SolveOptions::default() };
        let method = Method::Enumerate;
        let options = OptimizeOptions { method, solve, ..OptimizeOptions::default() };
        let answer = match optimize(&problem, &options, &mut Silent) {
            Err(OptimizeError::Regions(
                RegionError::Integer { .. } | RegionError::OutputConstraint { .. },
            )) => continue,
            answer => answer.unwrap_or_else(|error| panic!("seed {seed}: {error}")),
        };
        // The constraints leave no inner point, perhaps none at all.
        if answer.status == Status::Unknown && answer.stopped_by.is_none() {
            continue;
        }
        let expected = exact::solve(&case).map(|optimum| optimum.value);
        if let Err(what) = compare(&problem, &answer, expected, options.backend) {
            panic!("seed {seed}: {what}");
        }
        enumerated += 1;
        without_programs += u32::from(problem.domain().len() == 2);
    }
    assert!(enumerated > 200, "only {enumerated} networks");
    assert!(without_programs > 50, "only {without_programs} networks with two inputs");
}

fn agrees_with_exact_enumeration(name: &str, cases: u64) {
    let (_, failures) = failures(name, cases);
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// How many runs there were, and what was not as expected.
fn failures(name: &str, cases: u64) -> (usize, Vec<String>) {
    let backend = *BACKENDS.iter().find(|solver| solver.name() == name).expect("a listed solver");
    let tightenings = Tightening::all();
    let mut failures = Vec::new();
    let (mut compared, mut infeasible, mut runs) = (0, 0, 0);
    for seed in 0..cases {
        let case = exact::random_case(seed);
        let expected = exact::solve(&case).map(|optimum| optimum.value);
        infeasible += u64::from(expected.is_none());
        let Some(question) = build::question(&case) else { continue };
        compared += 1;
        let scale = scaling(seed);
        // Every pair with a scaling, in turn.
        let known_point = KnownPoint::ALL[(seed as usize / 4) % KnownPoint::ALL.len()];
        for (number, &encoding) in ENCODINGS.iter().enumerate() {
            let turn = (seed as usize + number) % tightenings.len();
            let met = if number == 0 { 0..tightenings.len() } else { turn..turn + 1 };
            for tighten in tightenings[met].iter().copied() {
                let problem = build::problem(&case, question.clone());
                let solve = SolveOptions {
                    relative_gap: 1e-6,
                    absolute_gap: Some(1e-6),
                    ..SolveOptions::default()
                };
                let options = OptimizeOptions {
                    backend,
                    encoding,
                    tighten,
                    scale,
                    known_point,
                    solve,
                    ..OptimizeOptions::milp()
                };
                runs += 1;
                let outcome = optimize(&problem, &options, &mut Silent);
                let verdict = outcome
                    .map_err(|error| error.to_string())
                    .and_then(|answer| compare(&problem, &answer, expected, backend));
                if let Err(what) = verdict {
                    let scale = scale.map_or("none", Scaling::name);
                    let known = known_point.name();
                    let method =
                        format!("{} on {}, {scale}, {known}", encoding.name(), tighten.name());
                    failures.push(format!("seed {seed}, {method}: {what}"));
                }
            }
        }
    }
    assert!(compared * 6 >= cases * 5, "only {compared} networks");
    assert!(infeasible > cases / 20, "only {infeasible} infeasible cases: the test says little");
    (runs, failures)
}

/// Every scaling and none, by turns: all of them on every network would take four
/// times as long.
fn scaling(seed: u64) -> Option<&'static dyn Scaling> {
    let turn = usize::try_from(seed).expect("a small seed") % (SCALINGS.len() + 1);
    SCALINGS.get(turn).copied()
}

/// Word for an answer that is open, but right as far as it goes.
const OPEN: &str = "open";

/// That status and value are those of the oracle, and that the bound holds.
fn compare(
    problem: &Problem,
    answer: &Answer,
    expected: Option<f64>,
    backend: &dyn Backend,
) -> Result<(), String> {
    let Some(expected) = expected else {
        return match answer.status {
            Status::Infeasible => Ok(()),
            other => Err(format!("{}: {other:?}, expected infeasible", backend.name())),
        };
    };
    let allowed = TOLERANCE * (1.0 + expected.abs());
    let close = |value: Option<f64>| value.is_some_and(|v| (v - expected).abs() <= allowed);
    if answer.status != Status::Optimal || !close(answer.objective) || !close(answer.bound) {
        let minimize = problem.sense() == Sense::Minimize;
        let below = |v: f64| v <= expected + allowed;
        let above = |v: f64| v >= expected - allowed;
        let bound = answer.bound.is_none_or(|v| if minimize { below(v) } else { above(v) });
        let value = answer.objective.is_none_or(|v| if minimize { above(v) } else { below(v) });
        let kind = match answer.status {
            Status::Feasible | Status::Unknown if bound && value => OPEN,
            _ => "wrong",
        };
        return Err(format!(
            "{kind}: {:?} with value {:?} and bound {:?}, expected optimal with {expected}",
            answer.status, answer.objective, answer.bound
        ));
    }
    Ok(())
}
