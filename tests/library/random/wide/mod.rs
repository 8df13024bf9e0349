//! Networks and questions of every kind: the search, mixed-integer programs and the enumeration
//! of the regions against enumeration in rational arithmetic.

mod judge;

use std::collections::BTreeMap;
use std::thread;

use taut::control::{Limits, Silent};
use taut::encode::ENCODINGS;
use taut::optimize::{
    Answer, KnownPoint, Method, OptimizeError, OptimizeOptions, Status, optimize,
};
use taut::regions::RegionError;
use taut::scale::SCALINGS;
use taut::solve::SolveOptions;
use taut::tighten::Tightening;

use crate::exact::wide::wide_case;
use crate::exact::{self, Activation, Case};
use crate::random::build;
use judge::judge;

/// Cases of the search, which takes a moment.
const CASES: u64 = 3000;

/// Cases of all methods, which take minutes.
const ALL_CASES: u64 = 10_000;

/// Parts of a search: more come where the gap that is asked for is finer than rounding.
const NODES: u64 = 20_000;

/// What a case may have: its name, and whether a case has it.
type Kind = (&'static str, fn(&Case) -> bool);

const KINDS: [Kind; 12] = [
    ("any", |_| true),
    ("skip connections", |case| case.layers.iter().any(|layer| !layer.skips.is_empty())),
    ("max-pooling", |case| case.layers.iter().any(|layer| layer.group() > 1)),
    ("clipped", |case| has_activation(case, |a| matches!(a, Activation::Clip(_)))),
    ("leaky", |case| has_activation(case, |a| matches!(a, Activation::Leaky(_)))),
    ("huge weights", |case| weights(case).any(|weight| weight >= 1e3)),
    ("tiny weights", |case| weights(case).any(|weight| 0.0 < weight && weight <= 1e-4)),
    ("fixed inputs", |case| widths(case).any(|(width, _)| width == 0.0)),
    ("narrow, wide or far boxes", |case| {
        widths(case).any(|(width, far)| (0.0 < width && width < 0.01) || far > 30.0)
    }),
    ("integer inputs", |case| !case.integer.is_empty()),
    ("conditions on inputs", |case| {
        case.constraints.iter().any(|constraint| constraint.inputs.iter().any(|c| *c != 0.0))
    }),
    ("conditions on outputs", |case| {
        case.constraints.iter().any(|constraint| constraint.outputs.iter().any(|c| *c != 0.0))
    }),
];

fn has_activation(case: &Case, is_sought: fn(&Activation) -> bool) -> bool {
    case.layers.iter().any(|layer| is_sought(&layer.activation))
}

fn weights(case: &Case) -> impl Iterator<Item = f64> {
    case.layers.iter().flat_map(|layer| layer.weights.iter().flatten()).map(|weight| weight.abs())
}

/// Width and distance from 0 of every input.
fn widths(case: &Case) -> impl Iterator<Item = (f64, f64)> {
    let ends = case.lower.iter().zip(&case.upper);
    ends.map(|(lower, upper)| (upper - lower, lower.abs().max(upper.abs())))
}

/// What became of the answers of a method.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    decided: usize,
    infeasible: usize,
    certified: usize,
    open: usize,
    refused: usize,
}

/// By kind and method; what was wrong.
#[derive(Default)]
struct Tally {
    counts: BTreeMap<(usize, &'static str), Counts>,
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        for (key, more) in other.counts {
            let counts = self.counts.entry(key).or_default();
            counts.decided += more.decided;
            counts.infeasible += more.infeasible;
            counts.certified += more.certified;
            counts.open += more.open;
            counts.refused += more.refused;
        }
        self.wrong.extend(other.wrong);
    }

    fn of(&self, kind: &str, method: Method) -> Counts {
        let kind = KINDS.iter().position(|(name, _)| *name == kind).expect("a listed kind");
        self.counts.get(&(kind, method.name())).copied().unwrap_or_default()
    }
}

/// How a question of these cases is asked, in turns.
fn options(method: Method, seed: u64) -> OptimizeOptions {
    let turn = usize::try_from(seed).expect("a small seed");
    let tightenings = Tightening::all();
    OptimizeOptions {
        method,
        encoding: ENCODINGS[turn % ENCODINGS.len()],
        tighten: tightenings[turn / ENCODINGS.len() % tightenings.len()],
        scale: SCALINGS.get(turn % (SCALINGS.len() + 1)).copied(),
        known_point: KnownPoint::ALL[turn / 4 % KnownPoint::ALL.len()],
        solve: SolveOptions {
            relative_gap: 1e-6,
            absolute_gap: (turn % 2 == 0).then_some(1e-6),
            threads: 1 + turn / 2 % 2,
            ..SolveOptions::default()
        },
        limits: Limits { nodes: Some(NODES), ..Limits::default() },
        ..OptimizeOptions::default()
    }
}

/// Asks all methods of some cases.
fn survey(seeds: impl Iterator<Item = u64>, methods: &[Method]) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let case = wide_case(seed);
        let Some(question) = build::question(&case) else { continue };
        let problem = build::problem(&case, question);
        let optimum = exact::solve(&case);
        for &method in methods {
            let mut counts = Counts::default();
            match optimize(&problem, &options(method, seed), &mut Silent) {
                Err(OptimizeError::Regions(
                    RegionError::Integer { .. } | RegionError::OutputConstraint { .. },
                )) => continue,
                Err(error @ OptimizeError::Contradiction { .. }) => {
                    tally.wrong.push(format!("seed {seed}, {}: {error}", method.name()));
                }
                Err(error) => {
                    println!("seed {seed}, {}: {error}", method.name());
                    counts.refused = 1;
                }
                Ok(answer) => match judge(&case, &answer, optimum.as_ref()) {
                    Ok(is_decided) => {
                        counts.decided = usize::from(is_decided);
                        counts.open = usize::from(!is_decided);
                        counts.infeasible = usize::from(answer.status == Status::Infeasible);
                        counts.certified = usize::from(answer.bound_by == Some("certified"));
                        if !is_decided {
                            let Answer { status, objective, bound, nodes, .. } = &answer;
                            let expected = optimum.as_ref().map(|optimum| optimum.value);
                            println!(
                                "seed {seed}, {}: open, {status:?} with value {objective:?} and \
                                 bound {bound:?} after {nodes} nodes, expected {expected:?}",
                                method.name()
                            );
                        }
                    }
                    Err(what) => {
                        tally.wrong.push(format!("seed {seed}, {}: {what}", method.name()));
                    }
                },
            }
            let kinds = KINDS.iter().enumerate().filter(|(_, (_, is_of))| is_of(&case));
            let counts = kinds.map(|(kind, _)| ((kind, method.name()), counts)).collect();
            tally.add(Tally { counts, wrong: Vec::new() });
        }
    }
    tally
}

/// The same on all cores.
fn survey_all(cases: u64, methods: &[Method]) -> Tally {
    let threads = thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let mut tally = Tally::default();
    thread::scope(|scope| {
        let work = |first| survey((first..cases).step_by(threads as usize), methods);
        let workers: Vec<_> = (0..threads).map(|first| scope.spawn(move || work(first))).collect();
        for worker in workers {
            tally.add(worker.join().expect("a survey"));
        }
    });
    tally.wrong.sort();
    tally
}

/// The search takes part in everything, and what it certifies holds without any tolerance.
#[test]
fn the_search_agrees_with_exact_enumeration_and_its_bounds_hold() {
    let tally = survey(0..CASES, &[Method::Search]);
    assert!(tally.wrong.is_empty(), "{} wrong:\n{}", tally.wrong.len(), tally.wrong.join("\n"));
    let all = tally.of("any", Method::Search);
    assert!(all.decided as u64 * 10 > CASES * 9 && all.infeasible > 200, "{all:?}");
    assert!(all.certified as u64 * 10 > CASES * 8 && all.refused == 0, "{all:?}");
    // What is open has units of 1e9 beside ordinary ones, but for few.
    assert!(all.open * 200 < all.decided, "{all:?}");
    for (kind, _) in KINDS {
        let counts = tally.of(kind, Method::Search);
        assert!(counts.decided > 100, "{kind}: {counts:?}");
    }
}

/// Search, programs and both enumerations: no two of them contradict each other.
#[test]
#[ignore = "takes minutes: 10 000 networks by all methods"]
fn all_methods_agree_with_exact_enumeration() {
    let methods = [Method::Search, Method::Milp, Method::Enumerate];
    let tally = survey_all(ALL_CASES, &methods);
    println!("{:28} {:10} decided infeasible certified open refused", "cases", "method");
    for (&(kind, method), counts) in &tally.counts {
        let Counts { decided, infeasible, certified, open, refused } = counts;
        let kind = KINDS[kind].0;
        println!(
            "{kind:28} {method:10} {decided:7} {infeasible:10} {certified:9} {open:4} {refused:7}"
        );
    }
    assert!(tally.wrong.is_empty(), "{} wrong:\n{}", tally.wrong.len(), tally.wrong.join("\n"));
}
