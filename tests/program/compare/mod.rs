//! Comparisons of formulations: rows that agree, and what happens where one fails.

mod command;
mod methods;
mod properties;
mod records;

use std::borrow::Cow;
use std::ops::ControlFlow;

use taut::bench::{
    CompareObserver, CompareOptions, Comparison, Kept, Outcome, Row, compare, write_csv,
};
use taut::bounds::{Crown, IntervalPropagation};
use taut::control::{Observer, Progress};
use taut::encode::{
    BigM, BigMCuts, EncodeError, EncodedNeuron, MultipleChoice, Partition, ReluEncoding,
    ReluNeuron, Split,
};
use taut::milp::Model;
use taut::optimize::{Method, OptimizeOptions};
use taut::problem::{Problem, QuestionText, Sense};
use taut::scale::{SCALINGS, Scaling};
use taut::tighten::Tightening;

/// Stops at the first progress after so many combinations have begun.
struct Listener {
    names: Vec<String>,
    stop_after: usize,
}

impl Listener {
    fn patient() -> Self {
        Self { names: Vec::new(), stop_after: usize::MAX }
    }
}

impl Observer for Listener {
    fn update(&mut self, _: &Progress) -> ControlFlow<()> {
        match self.names.len() > self.stop_after {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

impl CompareObserver for Listener {
    fn combination(&mut self, _: usize, _: usize, name: &str) {
        self.names.push(name.to_string());
    }
}

const OPTIMAL: Option<&str> = Some("optimal");

fn instance(name: &str) -> Problem {
    taut::io::read_problem(format!("instances/{name}.toml").as_ref()).expect("an instance")
}

fn options(encodings: &[&'static dyn ReluEncoding]) -> CompareOptions {
    CompareOptions {
        methods: vec![Method::Milp],
        encodings: encodings.to_vec(),
        tightenings: vec![Tightening::Propagation(&Crown)],
        scalings: vec![None],
        threads: vec![1],
        seeds: vec![0],
        base: OptimizeOptions::default(),
    }
}

fn run(problem: &Problem, options: &CompareOptions) -> Comparison {
    compare_by(problem, options, &mut Listener::patient())
}

fn compare_by(problem: &Problem, options: &CompareOptions, listener: &mut Listener) -> Comparison {
    compare(problem, options, Kept::in_memory(("an instance".as_ref(), None)), listener)
        .expect("valid options")
}

/// What a run of a row says at a key of its answer.
fn told(row: &Row, run: usize, key: &str) -> u64 {
    row.runs[run].told(key).expect("a number")
}

/// What the formulation of these names on CROWN bounds is called.
fn program(encoding: &str) -> String {
    format!("solver=milp tighten=crown scale=none encoding={encoding}")
}

#[test]
fn every_combination_has_a_row_and_all_agree() {
    let problem = instance("rosenbrock4-2x25");
    let known = problem.reference().expect("from three solvers").objective;
    let scalings: Vec<_> = SCALINGS.iter().map(|&scaling| Some(scaling)).chain([None]).collect();
    let options = CompareOptions {
        tightenings: vec![
            Tightening::Propagation(&IntervalPropagation),
            Tightening::Propagation(&Crown),
        ],
        scalings: scalings.clone(),
        ..options(&[&BigM, &Split, PARTITION, &BigMCuts])
    };
    let comparison = run(&problem, &options);
    assert_eq!(comparison.rows.len(), 2 * 4 * 4);
    assert_eq!(comparison.contradictions, [""; 0]);
    let mut names: Vec<String> = comparison.rows.iter().map(|row| row.variant.clone()).collect();
    names.dedup();
    assert_eq!(names.len(), comparison.rows.len(), "each combination once");
    for row in &comparison.rows {
        let name = &row.variant;
        assert_eq!((row.status.as_deref(), row.closed), (OPTIMAL, 1), "{name}");
        let objective = row.objective.expect("a value").median;
        assert!((objective - known).abs() < 1e-6, "{name}: {objective}");
        assert!(row.seconds.total.expect("a time").median > 0.0, "{name}");
    }
    // What theory says of the roots: scaling changes none (big-M+cuts stops early, so
    // it may end elsewhere); split is big-M; partitions are between.
    let per_method = comparison.rows.chunks(4 * 4);
    for rows in per_method {
        let root = |scale: &str, encoding: &str| {
            let (scale, encoding) = (Some(scale), Some(encoding));
            let is_sought =
                |row: &&Row| row.scale.as_deref() == scale && row.encoding.as_deref() == encoding;
            let row = rows.iter().find(is_sought);
            row.and_then(|row| row.relaxation).expect("a relaxation").bound
        };
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-7 * (1.0 + b.abs());
        for scale in scalings.iter().map(|s| s.map_or("none", Scaling::name)) {
            for encoding in ["big-m", "split", "partition:2"] {
                assert!(close(root(scale, encoding), root("none", encoding)), "{scale} {encoding}");
            }
            assert!(close(root(scale, "big-m"), root(scale, "split")), "{scale}");
            assert!(root(scale, "big-m") + 1e-3 < root(scale, "partition:2"), "{scale}");
            assert!(root(scale, "big-m") + 1e-3 < root(scale, "big-m+cuts"), "{scale}");
            assert!(root(scale, "partition:2") < known, "{scale}");
        }
    }
}

#[test]
fn seeds_give_medians_and_ranges() {
    let problem = instance("rosenbrock4-2x25");
    let seeds = vec![3, 5, 8];
    let comparison = run(&problem, &CompareOptions { seeds, ..options(&[&BigM, &Split]) });
    for row in &comparison.rows {
        assert_eq!(row.closed, 3);
        assert_eq!(row.runs.iter().map(|run| run.seed).collect::<Vec<_>>(), [3, 5, 8]);
        let mut nodes: Vec<u64> = (0..3).map(|run| told(row, run, "/nodes")).collect();
        nodes.sort_unstable();
        let spread = row.nodes.expect("nodes");
        let found = [spread.min, spread.median, spread.max];
        assert_eq!(found, [0, 1, 2].map(|i| nodes[i] as f64));
    }
}

const PARTITION: &dyn ReluEncoding = &Partition::new(2);

/// An encoding that knows no neuron.
#[derive(Debug)]
struct Refuses;

impl ReluEncoding for Refuses {
    fn name(&self) -> Cow<'static, str> {
        "refuses".into()
    }

    fn encode(&self, neuron: &ReluNeuron<'_>, _: &mut Model) -> Result<EncodedNeuron, EncodeError> {
        let (neuron, why) = (neuron.label.to_string(), "it never does".to_string());
        Err(EncodeError::NotApplicable { encoding: self.name(), neuron, why })
    }
}

/// Big-M that forgets that a neuron can be on: it cuts off points.
#[derive(Debug)]
struct Wrong;

impl ReluEncoding for Wrong {
    fn name(&self) -> Cow<'static, str> {
        "wrong".into()
    }

    fn encode(
        &self,
        neuron: &ReluNeuron<'_>,
        model: &mut Model,
    ) -> Result<EncodedNeuron, EncodeError> {
        let encoded = BigM.encode(neuron, model)?;
        model.fix(encoded.output, 0.0);
        Ok(encoded)
    }
}

#[test]
fn a_combination_that_fails_is_a_row_and_not_the_end() {
    let problem = instance("rosenbrock4-2x25");
    let comparison = run(&problem, &options(&[&Refuses, &BigM]));
    let [refused, solved] = comparison.rows.as_slice() else { panic!("two rows") };
    assert_eq!((refused.status.as_deref(), refused.runs.len()), (None, 1));
    assert_eq!(refused.runs[0].outcome, Outcome::Failed);
    let message = "the encoding 'refuses' does not apply to neuron 1_1: it never does";
    assert_eq!(refused.errors, [message]);
    assert_eq!(solved.status.as_deref(), OPTIMAL);
    assert_eq!(comparison.contradictions, [""; 0]);
}

#[test]
fn a_wrong_encoding_is_a_contradiction() {
    let problem = instance("rosenbrock4-2x25");
    let comparison = run(&problem, &options(&[&BigM, &Wrong]));
    assert_eq!(comparison.rows[0].errors, [""; 0]);
    assert!(!comparison.contradictions.is_empty());
    let found = &comparison.contradictions[0];
    assert!(found.contains(&program("wrong")), "{found}");
}

#[test]
fn an_interrupt_keeps_the_rows_that_are_there() {
    let problem = instance("peaks-2x50");
    let mut listener = Listener { names: Vec::new(), stop_after: 1 };
    let options = options(&[&BigM, &Split, &MultipleChoice]);
    let comparison = compare_by(&problem, &options, &mut listener);
    // Bounds, then the first combination, which is stopped while it is solved.
    assert_eq!(listener.names, ["crown", &program("big-m")]);
    assert_eq!((comparison.rows.len(), comparison.left_out), (1, 2));
    let row = &comparison.rows[0];
    assert_eq!(row.status.as_deref(), Some("feasible"));
    assert!(row.objective.is_some() && row.bound.is_some());
}

#[test]
fn a_limit_is_a_status_and_the_largest_value_can_be_asked_for() {
    let network = taut::io::read_network("networks/peaks-2x25.onnx".as_ref()).expect("a network");
    let domain = network.metadata().input_box.clone().expect("a box");
    let question = QuestionText { sense: Sense::Maximize, ..QuestionText::default() };
    let problem = Problem::parse(network, domain, &question).expect("a problem");
    let mut options = options(&[&BigM]);
    options.base.limits.nodes = Some(1);
    let comparison = run(&problem, &options);
    let row = &comparison.rows[0];
    assert_eq!((row.status.as_deref(), row.closed), (Some("feasible"), 0));
    let (objective, bound) = (row.objective.expect("a value"), row.bound.expect("a bound"));
    let relaxation = row.relaxation.expect("a relaxation").bound;
    assert!(objective.median < bound.median && bound.median <= relaxation + 1e-6);
    assert_eq!(comparison.contradictions, [""; 0]);
}

#[test]
fn an_infeasible_problem_is_infeasible_in_every_row() {
    let network = taut::io::read_network("networks/peaks-2x25.onnx".as_ref()).expect("a network");
    let domain = network.metadata().input_box.clone().expect("a box");
    // The least value is -3.6.
    let question =
        QuestionText { constraints: vec!["y0 <= -4".to_string()], ..QuestionText::default() };
    let problem = Problem::parse(network, domain, &question).expect("a problem");
    let comparison = run(&problem, &options(&[&BigM, &Split]));
    for row in &comparison.rows {
        assert_eq!((row.status.as_deref(), row.closed), (Some("infeasible"), 1));
    }
    assert_eq!((comparison.objective, comparison.contradictions.len()), (None, 0));
}

/// The table as CSV: what a row has in the column of that name.
fn table(comparison: &Comparison) -> impl Fn(usize, &str) -> String {
    let mut bytes = Vec::new();
    write_csv(comparison, "some network", &mut bytes).expect("a vector takes all");
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.headers().expect("a header").clone();
    let records: Vec<csv::StringRecord> = reader.records().map(|r| r.expect("a record")).collect();
    assert_eq!(records.len(), comparison.rows.len());
    move |row, name| {
        let column = header.iter().position(|h| h == name).expect("a column of that name");
        records[row][column].to_string()
    }
}

#[test]
fn csv_has_as_many_fields_as_columns() {
    let comparison = run(&instance("rosenbrock4-2x25"), &options(&[&BigM, &Refuses]));
    let field = table(&comparison);
    assert_eq!(field(0, "encoding"), "big-m");
    assert_eq!(field(0, "status"), "optimal");
    let objective: f64 = field(0, "objective").parse().expect("a number");
    assert_eq!(Some(objective), comparison.objective);
    assert_eq!(field(0, "nodes"), field(0, "nodes_max"));
    assert_eq!((field(1, "status"), field(1, "columns")), (String::new(), String::new()));
    assert!(field(1, "errors").contains("it never does"));
}
