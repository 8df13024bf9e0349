//! The same network in any of the forms that exporters choose among: always the same function,
//! and the same least value.
//!
//! A random case (`exact`) is written with a random choice at every place: operator set, type of
//! numbers, batch, layout of the input, where constants stand and in which form, which operators a
//! layer becomes, what does nothing stands between them. Expected values are those of the case's
//! own forward pass, the least values those of exact enumeration.

mod activations;
mod constants;
mod layers;
mod passing;

use std::collections::BTreeMap;
use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use taut::control::Silent;
use taut::io::read_network;
use taut::network::Network;
use taut::num::IntervalBox;
use taut::optimize::{OptimizeOptions, Status, optimize};
use taut::problem::Problem;
use taut::solve::SolveOptions;

use crate::exact::random_case::Draw;
use crate::exact::{self, Activation, Case};
use crate::random::build;
use crate::support::onnx::{DOUBLE, Dimension, FLOAT, Model, Node, value_info};

/// Number of networks; another one by the environment variable `TAUT_FORMS`.
const CASES: u64 = 300;

/// Of how many networks the least value is compared for one.
const MINIMA: u64 = 20;

/// Largest deviation of a value, relative to `1 + ` the largest sum on the way: roundings of sums
/// in another order.
const TOLERANCE: f64 = 1e-12;

/// The same of the least value: the gap at which the search ends.
const GAP: f64 = 1e-6;

#[test]
fn networks_in_any_form_are_the_same_function() {
    let cases = std::env::var("TAUT_FORMS").map_or(CASES, |text| text.parse().expect("a number"));
    let folder = temp_dir::TempDir::new().expect("a folder");
    let mut chosen = BTreeMap::new();
    for seed in 0..cases {
        let case = in_single_precision(Draw::new(seed, 0).case());
        let forms = written(&case, seed, folder.path());
        let what = format!("seed {seed}, {:?}", forms.chosen);
        let network = read_network(&folder.path().join("model.onnx"));
        let network = network.unwrap_or_else(|error| panic!("{what}: {error}"));
        same_values(&network, &case, seed, &what);
        if seed % MINIMA == 0 {
            same_minimum(network, &case, &what);
        }
        for form in forms.chosen {
            *chosen.entry(form).or_insert(0) += 1;
        }
    }
    let rare: Vec<_> = chosen.iter().filter(|(_, count)| **count * 300 < cases).collect();
    assert!(rare.is_empty() && chosen.len() > 60, "{} forms; rare ones: {rare:?}", chosen.len());
}

/// The case with numbers that every type of a file holds, without conditions and whole numbers.
fn in_single_precision(mut case: Case) -> Case {
    let single = |value: &mut f64| *value = f64::from(*value as f32);
    for layer in &mut case.layers {
        layer.weights.iter_mut().flatten().chain(&mut layer.bias).for_each(single);
        if let Activation::Leaky(alpha) = &mut layer.activation {
            single(alpha);
        }
    }
    case.constraints.clear();
    case.integer.clear();
    case
}

fn same_values(network: &Network, case: &Case, seed: u64, what: &str) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let graph = network.lower().unwrap();
    for _ in 0..4 {
        let point: Vec<f64> = case.lower.iter().map(|_| random.random_range(-4.0..4.0)).collect();
        let expected = exact::evaluate(case, &point);
        let values = exact::values(case, &point);
        // Weights are at most 20, and sums have some tens of terms.
        let size = 100.0 * values.iter().flatten().fold(1.0, |most: f64, v| most.max(v.abs()));
        let batch = ndarray::ArrayView2::from_shape((1, point.len()), &point).expect("a row");
        for (form, found) in [("read", network.evaluate(batch)), ("lowered", graph.evaluate(batch))]
        {
            assert_eq!(found.len(), expected.len(), "{what}: outputs");
            let far = found.iter().zip(&expected).any(|(f, e)| (f - e).abs() > TOLERANCE * size);
            assert!(!far, "{what}, {form}, at {point:?}: {found}; expected {expected:?}");
        }
    }
}

fn same_minimum(network: Network, case: &Case, what: &str) {
    let expected = exact::solve(case).expect("a box has points").value;
    let domain = IntervalBox::new(case.lower.clone(), case.upper.clone()).expect("a box");
    let question = build::question(case).expect("no conditions");
    let problem = Problem::parse(network, domain, &question).expect("a question that fits");
    let solve =
        SolveOptions { relative_gap: GAP, absolute_gap: Some(GAP), ..SolveOptions::default() };
    let options = OptimizeOptions { solve, ..OptimizeOptions::default() };
    let answer = optimize(&problem, &options, &mut Silent);
    let answer = answer.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(answer.status, Status::Optimal, "{what}");
    for value in [answer.objective, answer.bound] {
        let value = value.expect("a value");
        let close = (value - expected).abs() <= 2.0 * GAP * (1.0 + expected.abs());
        assert!(close, "{what}: {value}; expected {expected}");
    }
}

/// Writes the case to `model.onnx` in a folder, with weights beside it.
fn written(case: &Case, seed: u64, folder: &Path) -> Forms {
    let mut forms = Forms::new(seed, case.lower.len());
    let mut values = vec![forms.input(case.lower.len())];
    for layer in &case.layers {
        let value = forms.layer(&values, layer);
        values.push(value);
    }
    let last = values.pop().expect("the input at least");
    let output = forms.apply("Identity", &[&last.name]);
    let model = std::mem::take(&mut forms.model).output(&output, forms.kind);
    std::fs::write(folder.join("model.onnx"), model.encode()).expect("a file");
    std::fs::write(folder.join("weights"), &forms.beside).expect("a file");
    forms
}

/// A value of the file: rows × `size`.
#[derive(Clone, Debug)]
struct Value {
    name: String,
    size: usize,
}

/// The first axis of the input.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Batch {
    One,
    Symbol,
    Missing,
    Three,
}

/// A file that is being written, and what was chosen.
struct Forms {
    random: ChaCha8Rng,
    model: Model,
    operator_set: i64,
    /// Type of the numbers.
    kind: i64,
    batch: Batch,
    /// Of the names.
    style: usize,
    names: usize,
    /// The content of the file of weights.
    beside: Vec<u8>,
    chosen: Vec<&'static str>,
}

impl Forms {
    fn new(seed: u64, inputs: usize) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0xf02);
        let operator_set = random.random_range(8..=22);
        let kind = if random.random_bool(0.5) { FLOAT } else { DOUBLE };
        let batches = [Batch::One, Batch::Symbol, Batch::Missing, Batch::Three];
        let batch = batches[random.random_range(0..4)];
        let style = random.random_range(0..4);
        let model = Model::of_operator_set(operator_set);
        let mut forms = Self {
            random,
            model,
            operator_set,
            kind,
            batch,
            style,
            names: inputs,
            beside: Vec::new(),
            chosen: Vec::new(),
        };
        forms.chosen.push(match batch {
            Batch::One => "batch: one",
            Batch::Symbol => "batch: symbol",
            Batch::Missing => "batch: missing",
            Batch::Three => "batch: three",
        });
        forms.chosen.push(if kind == FLOAT { "type: float" } else { "type: double" });
        forms
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.random.random_bool(probability)
    }

    /// One of the forms, which is noted.
    fn choose(&mut self, forms: &[&'static str]) -> &'static str {
        let form = forms[self.random.random_range(0..forms.len())];
        self.chosen.push(form);
        form
    }

    fn name(&mut self) -> String {
        self.names += 1;
        let number = self.names;
        match self.style {
            0 => format!("v{number}"),
            1 => format!("/layers.{number}/Out_output_0"),
            2 => number.to_string(),
            _ => format!("größe {number}:0"),
        }
    }

    /// Adds a node; the name of its value.
    fn apply(&mut self, op: &str, operands: &[&str]) -> String {
        self.apply_with(op, operands, |node| node)
    }

    fn apply_with(
        &mut self,
        op: &str,
        operands: &[&str],
        attributes: impl FnOnce(Node) -> Node,
    ) -> String {
        let output = self.name();
        let name = if self.chance(0.5) { String::new() } else { format!("{op}_{output}") };
        self.add(attributes(Node::new(op, operands, &output, &name)));
        output
    }

    fn add(&mut self, node: Node) {
        self.model = std::mem::take(&mut self.model).with(node);
    }

    /// Adds a node of two operands whose order does not matter.
    fn of_two(&mut self, op: &str, a: &str, b: &str) -> String {
        let operands = if self.chance(0.5) { [a, b] } else { [b, a] };
        self.apply(op, &operands)
    }

    /// The input, rows × `size` in the end.
    fn input(&mut self, size: usize) -> Value {
        let rows = match self.batch {
            Batch::One => Dimension::Number(1),
            Batch::Symbol => Dimension::Symbol("batch"),
            Batch::Missing => Dimension::Missing,
            Batch::Three => Dimension::Number(3),
        };
        let size_of = Dimension::Number(i64::try_from(size).expect("a small size"));
        let one = Dimension::Number(1);
        let form = self.choose(&["input: matrix", "input: matrix", "input: image", "input: list"]);
        let shape = match form {
            "input: matrix" => vec![rows, size_of],
            "input: image" => vec![rows, one, size_of, one],
            _ => vec![rows, one, size_of],
        };
        let name = self.name();
        self.model =
            std::mem::take(&mut self.model).described_input(value_info(&name, self.kind, &shape));
        let input = Value { name, size };
        match form {
            "input: matrix" => input,
            "input: image" => self.flat(input),
            _ => {
                let name = self.squeezed(&input.name, &[1]);
                Value { name, ..input }
            }
        }
    }
}
