//! Limits and interrupts are heard wherever a second can pass: propagation, first points,
//! sampling, encoding, walks. Before there was one clock for all of them, the first of these
//! questions took more than a minute with a limit of three seconds.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use ndarray::{Array1, Array2};
use taut::analyze::{AnalyzeOptions, analyze};
use taut::control::{Clock, Limits, Silent, StoppedBy};
use taut::encode::{BigM, MultipleChoice};
use taut::network::{Activation, DenseLayer, Network};
use taut::num::IntervalBox;
use taut::optimize::{Certify, Method, OptimizeOptions, Status, optimize};
use taut::problem::{Problem, QuestionText};
use taut::regions::{self, RegionOptions};
use taut::tighten::{TightenOptions, Tightening};
use taut::train::data::DataSource;
use taut::train::{Recipe, Unobserved, train};

/// Far more than a loaded machine takes to notice, far less than these questions take.
const GRACE: Duration = Duration::from_secs(4);

const LIMIT: Duration = Duration::from_millis(150);

/// A dense network whose weights look random: multiples of 1/64 by Knuth's MMIX generator.
fn network(sizes: &[usize]) -> Network {
    let mut state = 2026u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 58) as f64 - 31.5) / 64.0
    };
    let last = sizes.len() - 2;
    let layers = sizes.windows(2).enumerate().map(|(number, pair)| DenseLayer {
        weights: Array2::from_shape_simple_fn((pair[1], pair[0]), &mut next)
            * (2.0 / pair[0] as f64).sqrt(),
        bias: Array1::from_shape_simple_fn(pair[1], &mut next),
        activation: if number == last { Activation::Linear } else { Activation::Relu },
    });
    Network::dense("wide", layers.collect()).expect("layers that fit")
}

fn problem(sizes: &[usize], question: &QuestionText) -> Problem {
    let domain = IntervalBox::new(vec![-1.0; sizes[0]], vec![1.0; sizes[0]]).expect("a box");
    Problem::parse(network(sizes), domain, question).expect("a question that fits")
}

fn wide() -> Problem {
    problem(&[50, 1500, 1500, 1500, 1], &QuestionText::default())
}

fn within<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    assert!(started.elapsed() < LIMIT + GRACE, "{what}: {:?}", started.elapsed());
    result
}

#[test]
fn every_method_of_bounds_keeps_its_limit_and_says_so() {
    let problem = wide();
    let whole = problem.whole().expect("a box");
    let limits = Limits::of_time(LIMIT);
    let options = TightenOptions { limits, ..TightenOptions::default() };
    let interval = Tightening::all()[0].bounds(&problem, whole, &TightenOptions::default());
    let interval = interval.expect("bounds").bounds;
    for method in Tightening::all().into_iter().skip(1) {
        let found = within(method.name(), || method.bounds(&problem, whole, &options));
        let found = found.expect("bounds");
        assert_eq!(found.stopped_by, Some(StoppedBy::TimeLimit), "{}", method.name());
        // What is left out has the bounds of interval propagation.
        for (id, _) in problem.graph().nodes() {
            let (found, known) = (found.bounds.of(id), interval.of(id));
            assert!(found.lower().iter().zip(known.lower()).all(|(a, b)| a >= b));
            assert!(found.upper().iter().zip(known.upper()).all(|(a, b)| a <= b));
        }
    }
}

#[test]
fn an_optimum_that_takes_long_is_what_is_known_at_the_limit() {
    let problem = wide();
    for (name, tighten) in [("crown", 1), ("alpha", 2), ("lp", 3)] {
        for parts in [1, 4] {
            let options = OptimizeOptions {
                tighten: Tightening::all()[tighten],
                parts,
                limits: Limits::of_time(LIMIT),
                ..OptimizeOptions::milp()
            };
            let answer = within(name, || optimize(&problem, &options, &mut Silent));
            let answer = answer.expect("an answer");
            assert_eq!(answer.stopped_by, Some(StoppedBy::TimeLimit), "{name} {parts}");
            // The midpoint is tried in any case, and intervals give a bound.
            assert_eq!(answer.status, Status::Feasible, "{name} {parts}");
            assert!(answer.bound.expect("a bound") <= answer.objective.expect("a point"));
        }
    }
}

#[test]
fn encodings_with_copies_of_columns_hear_the_clock() {
    let problem = wide();
    for encoding in [&BigM as &'static dyn taut::encode::ReluEncoding, &MultipleChoice] {
        let options = OptimizeOptions {
            encoding,
            tighten: Tightening::all()[0],
            limits: Limits::of_time(LIMIT),
            ..OptimizeOptions::milp()
        };
        let answer = within("encode", || optimize(&problem, &options, &mut Silent));
        assert_eq!(answer.expect("an answer").stopped_by, Some(StoppedBy::TimeLimit));
    }
}

#[test]
fn an_interrupt_before_the_start_is_an_answer() {
    static STOP: AtomicBool = AtomicBool::new(true);
    let problem = wide();
    let limits = Limits { stop: Some(&STOP), ..Limits::default() };
    for method in Method::ALL {
        let options = OptimizeOptions { method, limits, ..OptimizeOptions::default() };
        let answer = within(method.name(), || optimize(&problem, &options, &mut Silent));
        let answer = answer.expect("an answer");
        assert_eq!(answer.stopped_by, Some(StoppedBy::Interrupt), "{}", method.name());
        assert_eq!(answer.status, Status::Feasible, "{}", method.name());
    }
    let analysis = within("analyze", || {
        analyze(&problem, &AnalyzeOptions { limits, ..AnalyzeOptions::default() })
    });
    let analysis = analysis.expect("an analysis");
    assert_eq!(analysis.stopped_by, Some(StoppedBy::Interrupt));
    assert!(analysis.methods.is_empty() && analysis.chords.is_none());
}

#[test]
fn samples_and_walks_over_regions_keep_the_limit() {
    let problem = wide();
    for method in [regions::Method::Sample, regions::Method::Enumerate] {
        let limits = Limits::of_time(LIMIT);
        let options = RegionOptions { method, limits, ..RegionOptions::default() };
        let found = within(method.name(), || regions::count(&problem, &options));
        let found = found.expect("a count");
        assert_eq!(found.stopped_by, Some(StoppedBy::TimeLimit), "{}", method.name());
        assert!(!found.exact);
    }
}

#[test]
fn a_training_keeps_the_limit_within_an_epoch_and_measures_nothing_after_it() {
    // An epoch takes many times the limit.
    let recipe = "[data]\nsource = 'function'\nsamples = 20000\n\
                  [network]\nhidden = [1500, 1500]\n[training]\nepochs = 4\n";
    let recipe = Recipe::from_toml(recipe).expect("a recipe");
    let data = recipe.data.load(".".as_ref(), recipe.seed).expect("data");
    let found = within("training", || {
        let clock = Clock::start(&Limits::of_time(LIMIT));
        train(&recipe, &data, None, &clock, &mut Unobserved).expect("a training")
    });
    assert_eq!(found.report.stopped_by, Some(StoppedBy::TimeLimit));
    assert_eq!(found.report.epochs, 0);
    assert_eq!(found.report.train, None);
}

#[test]
fn many_constraints_are_no_way_around_the_limit() {
    // 10^5 of them, half on outputs; none excludes the midpoint.
    let constraints = (0..100_000).map(|i| match i % 2 {
        0 => format!("x{} + x{} <= {}", i % 20, (i + 7) % 20, 2 + i),
        _ => format!("y0 - x{} <= {}", i % 20, 1000 + i),
    });
    let question = QuestionText { constraints: constraints.collect(), ..QuestionText::default() };
    let problem = problem(&[20, 30, 1], &question);
    let limits = Limits::of_time(LIMIT);
    let options = OptimizeOptions { limits, ..OptimizeOptions::default() };
    let answer = within("constraints", || optimize(&problem, &options, &mut Silent));
    assert_eq!(answer.expect("an answer").stopped_by, Some(StoppedBy::TimeLimit));
}

#[test]
fn parts_lose_nothing_that_the_whole_proves() {
    // y0 of rosenbrock4-2x25 reaches far below: by linear programs over the whole box no point
    // has y0 ≤ −1e6, whatever it is divided into and however little time is left for that.
    let path = "instances/rosenbrock4-2x25.toml";
    let known = taut::io::read_problem(path.as_ref()).expect("an instance");
    let question =
        QuestionText { constraints: vec!["y0 <= -1000000".to_string()], ..QuestionText::default() };
    let network = known.network().clone();
    let problem = Problem::parse(network, known.domain().clone(), &question).expect("a problem");
    for parts in [1, 64] {
        let options = OptimizeOptions {
            tighten: Tightening::all()[3],
            parts,
            limits: Limits::of_time(Duration::from_secs(20)),
            ..OptimizeOptions::milp()
        };
        let answer = optimize(&problem, &options, &mut Silent).expect("an answer");
        assert_eq!(answer.status, Status::Infeasible, "{parts}: {:?}", answer.warnings);
    }
}

#[test]
fn a_memory_limit_is_a_status_too() {
    let problem = taut::io::read_problem("instances/peaks-2x25.toml".as_ref()).expect("a problem");
    // One open part of a proof takes more than a byte.
    let limits = Limits { memory: Some(1), ..Limits::default() };
    let certify = Certify::Always;
    let methods = [(Method::Milp, 1), (Method::Milp, 4), (Method::Search, 1), (Method::Auto, 1)];
    for (method, parts) in methods {
        let options =
            OptimizeOptions { method, parts, certify, limits, ..OptimizeOptions::default() };
        let answer = optimize(&problem, &options, &mut Silent).expect("an answer");
        assert_eq!(answer.stopped_by, Some(StoppedBy::MemoryLimit), "{} {parts}", method.name());
        assert_eq!(answer.status, Status::Feasible);
        let known = problem.reference().expect("a known answer").objective;
        assert!(answer.bound.expect("a bound") <= known && answer.bound_by == Some("certified"));
    }
    // The patterns of all regions take more than a thousand bytes; a count keeps none.
    let limits = Limits { memory: Some(1000), ..Limits::default() };
    for (pieces, expected) in [(true, Some(StoppedBy::MemoryLimit)), (false, None)] {
        let options = RegionOptions { pieces, limits, ..RegionOptions::default() };
        let found = regions::count(&problem, &options).expect("a count");
        assert_eq!((found.stopped_by, found.exact), (expected, expected.is_none()), "{pieces}");
    }
}
