//! Methods that need no program, in rows beside the formulations.

use serde_json::Value;
use taut::bench::{CompareOptions, Comparison};
use taut::encode::{BigM, Split};
use taut::num::IntervalBox;
use taut::optimize::{Method, OptimizeOptions};
use taut::problem::{Problem, QuestionText};

use super::command::taut;
use super::{Listener, OPTIMAL, compare_by, instance, options, program, run, table};

/// Peaks over a quarter of its box, where programs take a moment.
fn quarter(question: QuestionText) -> Problem {
    let network = taut::io::read_network("networks/peaks-2x25.onnx".as_ref()).expect("a network");
    let domain = IntervalBox::new(vec![0.0; 2], vec![1.5; 2]).expect("a box");
    Problem::parse(network, domain, &question).expect("a problem")
}

fn with(methods: &[Method], options: CompareOptions) -> CompareOptions {
    CompareOptions { methods: methods.to_vec(), ..options }
}

const ALL: [Method; 3] = [Method::Search, Method::Milp, Method::Enumerate];

fn names(comparison: &Comparison) -> Vec<String> {
    comparison.rows.iter().map(|row| row.variant.clone()).collect()
}

/// Three methods that share no bound find the same value; what a method does not have is empty.
#[test]
fn every_method_has_its_rows_in_the_order_asked_for() {
    let asked = with(&ALL, CompareOptions { seeds: vec![1, 2], ..options(&[&BigM, &Split]) });
    let comparison = run(&quarter(QuestionText::default()), &asked);
    let [big_m, split] = ["big-m", "split"].map(program);
    let expected = ["solver=search", &big_m, &split, "solver=enumerate"];
    assert_eq!(names(&comparison), expected);
    let solvers = comparison.solving.as_ref().map(|solving| &solving.solvers[..]);
    assert_eq!(solvers, Some(&["search", "milp", "enumerate"][..]));
    assert_eq!((comparison.left_out, &comparison.contradictions[..]), (0, &[][..]));
    assert!(comparison.is_closed());
    let best = comparison.objective.expect("a value");
    let field = table(&comparison);
    for (index, row) in comparison.rows.iter().enumerate() {
        let (name, solver) = (&row.variant, row.solver.as_deref().expect("a method"));
        let is_program = solver == "milp";
        assert_eq!((row.status.as_deref(), row.closed), (OPTIMAL, 2), "{name}");
        let value = row.objective.expect("a value").median;
        assert!((value - best).abs() <= 1e-4 * best.abs(), "{name}: {value}, {best}");
        assert!(row.nodes.expect("a count").min > 0.0, "{name}");
        for column in ["scale", "encoding", "columns", "cuts", "unstable", "big_m_sum"] {
            assert_eq!(field(index, column).is_empty(), !is_program, "{name}: {column}");
        }
        for column in ["relaxation_bound", "root_gap", "encode_seconds"] {
            assert_eq!(field(index, column).is_empty(), !is_program, "{name}: {column}");
        }
        assert_eq!(field(index, "solver"), solver);
        assert_eq!(field(index, "lp_iterations").is_empty(), solver == "enumerate", "{name}");
        assert!(!field(index, "total_seconds_max").is_empty(), "{name}");
    }
}

#[test]
fn a_method_that_does_not_know_the_question_is_a_row_that_says_why() {
    let question =
        QuestionText { constraints: vec!["y0 >= 0.5".to_string()], ..QuestionText::default() };
    let asked = CompareOptions { seeds: vec![1, 2], ..with(&ALL, options(&[&BigM])) };
    let comparison = run(&quarter(question), &asked);
    let [search, milp, enumerate] = comparison.rows.as_slice() else { panic!("three rows") };
    assert_eq!([&search.status, &milp.status].map(Option::as_deref), [OPTIMAL; 2]);
    assert_eq!((&enumerate.status, enumerate.errors.len()), (&None, 1), "once, not for every seed");
    assert!(enumerate.errors[0].contains("not linear in inputs alone"), "{:?}", enumerate.errors);
    assert!(comparison.is_closed() && comparison.contradictions.is_empty());
}

#[test]
fn a_limit_leaves_a_row_open_and_an_interrupt_the_rest_out() {
    let mut asked = with(&ALL, options(&[&BigM]));
    asked.base = OptimizeOptions::default();
    asked.base.limits.nodes = Some(1);
    let problem = instance("rosenbrock4-2x25");
    let comparison = run(&problem, &asked);
    for row in [&comparison.rows[0], &comparison.rows[2]] {
        assert_eq!(row.stopped_by.map(|reason| reason.name()), Some("node_limit"));
        assert_eq!(row.status.as_deref(), Some("feasible"), "{}", row.variant);
    }
    assert!(!comparison.is_closed() && comparison.contradictions.is_empty());
    // Stopped in the second row: nobody tells of the third.
    let mut listener = Listener { names: Vec::new(), stop_after: 2 };
    let asked = with(&[Method::Search, Method::Milp, Method::Enumerate], options(&[&BigM]));
    let stopped = compare_by(&instance("peaks-2x50"), &asked, &mut listener);
    assert_eq!((stopped.rows.len(), stopped.left_out), (2, 1));
    assert_eq!(listener.names[1..], ["crown", &program("big-m")]);
}

#[test]
fn the_command_shows_methods_with_the_columns_that_they_have() {
    let box_of = ["--lower", "0", "--upper", "1.5"];
    let ask = |more: &[&str]| {
        let output = taut(&[&["compare", "networks/peaks-2x25.onnx"], &box_of[..], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let header = |text: &str| {
        let line = text.lines().find(|line| line.contains("status")).expect("a header");
        line.split_whitespace().map(str::to_string).collect::<Vec<_>>()
    };
    let text = ask(&["--solver", "search,enumerate"]);
    let columns = ["solver", "bounds", "status", "nodes", "iterations", "value", "bound"];
    assert_eq!(header(&text)[..7], columns, "{text}");
    assert!(!text.contains("preset"), "{text}");
    let text = ask(&["--encoding", "big-m"]);
    assert_eq!(header(&text)[..4], ["bounds", "scale", "encoding", "status"], "{text}");
    let json = ask(&["--solver", "search,milp", "--encoding", "big-m", "--format", "json"]);
    let record: Value = serde_json::from_str(&json).expect("JSON");
    let [search, milp] = &record["rows"].as_array().expect("rows")[..] else { panic!("{json}") };
    assert_eq!((&search["solver"], &milp["solver"]), (&"search".into(), &"milp".into()));
    for key in ["encoding", "scale", "model", "cuts", "unstable", "big_m_max", "relaxation"] {
        assert!(search[key].is_null() && !milp[key].is_null(), "{key}");
    }
}
