//! Limits are statuses; what cannot be counted is refused by name.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use taut::control::{Limits, StoppedBy};
use taut::io::read_problem;
use taut::problem::{Problem, QuestionText};
use taut::regions::{Method, RegionOptions, count, visit};

use crate::regions::networks::{Random, he};

#[test]
fn a_limit_of_cells_gives_a_lower_bound() {
    for (inputs, threads) in [(2, 1), (2, 2), (3, 1), (3, 2)] {
        let problem = he(inputs, &[10, 10], 3);
        let whole = count(&problem, &RegionOptions { threads, ..RegionOptions::default() });
        let patterns = whole.expect("a count").patterns.expect("no limit");
        let limited = |limit| {
            let limits = Limits { nodes: Some(limit), ..Limits::default() };
            let options = RegionOptions { threads, limits, ..RegionOptions::default() };
            count(&problem, &options).expect("a count")
        };
        let found = limited(patterns - 1);
        assert_eq!((found.patterns, found.at_least), (None, patterns - 1));
        assert_eq!(found.stopped_by, Some(StoppedBy::NodeLimit));
        assert!(found.at_most >= patterns as f64);
        assert_eq!(limited(patterns).patterns, Some(patterns));
    }
}

#[test]
fn time_and_interrupts_end_a_count() {
    static STOP: AtomicBool = AtomicBool::new(true);
    let problem = he(3, &[40, 40, 40], 1);
    let limits = Limits::of_time(Duration::ZERO);
    let options = RegionOptions { limits, ..RegionOptions::default() };
    let found = count(&problem, &options).expect("a count");
    assert_eq!((found.exact, found.stopped_by), (false, Some(StoppedBy::TimeLimit)));
    let options = RegionOptions {
        limits: Limits { stop: Some(&STOP), ..Limits::default() },
        ..RegionOptions::default()
    };
    let found = count(&problem, &options).expect("a count");
    assert_eq!((found.exact, found.stopped_by), (false, Some(StoppedBy::Interrupt)));
}

#[test]
fn a_visitor_may_have_seen_enough() {
    let mut seen = 0;
    let found = visit(&he(2, &[20], 1), &RegionOptions::default(), &mut |_| {
        seen += 1;
        if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(found.expect("a count").stopped_by, Some(StoppedBy::Visitor));
    assert_eq!(seen, 3);
}

fn refusal(question: QuestionText) -> String {
    let case = Random::new(1).case(2, 6);
    let domain = taut::num::IntervalBox::new(vec![-1.0; 2], vec![1.0; 2]).expect("a box");
    let network = taut::network::Network::dense("random", case.layers).expect("a network");
    let problem = Problem::parse(network, domain, &question).expect("a problem");
    count(&problem, &RegionOptions::default()).expect_err("a refusal").to_string()
}

#[test]
fn what_cannot_be_counted_is_refused() {
    let with = |constraint: &str| QuestionText {
        constraints: vec![constraint.to_string()],
        ..QuestionText::default()
    };
    assert!(refusal(with("y0 >= 0")).contains("not linear in inputs alone"));
    for flat in ["x0 + x1 = 0", "x0 + x1 >= 2", "x0 >= 3"] {
        assert!(refusal(with(flat)).contains("inner points"), "{flat}");
    }
    let integer = QuestionText { integer: vec![1], ..QuestionText::default() };
    assert!(refusal(integer).contains("x1 is integer"));
    let options = RegionOptions { method: Method::Planar, ..RegionOptions::default() };
    let error = count(&he(3, &[4], 1), &options).expect_err("three inputs");
    assert!(error.to_string().contains("found: 3"), "{error}");
}

#[test]
fn a_shipped_instance_has_as_many_regions_by_both_methods() {
    let problem = read_problem("instances/peaks-2x25.toml".as_ref()).expect("an instance");
    let found = [Method::Planar, Method::Enumerate].map(|method| {
        let options = RegionOptions { method, ..RegionOptions::default() };
        count(&problem, &options).expect("a count").patterns
    });
    assert_eq!(found[0], found[1]);
}

#[test]
fn a_time_limit_holds_with_hundreds_of_inputs() {
    let problem = he(300, &[48, 48], 5);
    let limit = Duration::from_millis(300);
    let options = RegionOptions { limits: Limits::of_time(limit), ..RegionOptions::default() };
    let started = Instant::now();
    let found = count(&problem, &options).expect("a count");
    assert_eq!((found.exact, found.stopped_by), (false, Some(StoppedBy::TimeLimit)));
    assert!(found.at_least >= 1);
    // One exact program without a look at the clock would take a minute.
    assert!(started.elapsed() < 20 * limit, "{:?}", started.elapsed());
}
