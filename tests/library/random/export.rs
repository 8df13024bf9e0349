//! Files of programs: HiGHS reads them and finds the exact optimum, every number in them is
//! that of the program, and the columns of outputs are what the network computes.

use std::collections::HashMap;

use ndarray::{Array1, Array2};

use taut::bounds::{Crown, NeuronBounds, Propagator};
use taut::control::{Clock, Silent};
use taut::encode::{
    ENCODINGS, EncodedProblem, MOST_OUTPUTS, ReluEncoding, encode, encode_with_outputs,
};
use taut::io::{MODEL_FORMATS, ModelFormat, Mps, write_model};
use taut::milp::{Model, VarId, Violation, check};
use taut::network::{Activation, DenseLayer, Network};
use taut::num::IntervalBox;
use taut::problem::{Problem, QuestionText};
use taut::solve::{Backend, Highs, PortableModel, SolveOptions};

use crate::exact;
use crate::random::build;
use crate::support::highs_file::{self, Optimum};

/// Number of random networks.
const CASES: u64 = 150;

/// Largest deviation from the exact value, relative to `1 + |value|`.
const TOLERANCE: f64 = 1e-6;

/// Largest deviation of an output that is read from a forward pass at the inputs that are read,
/// likewise: a solver may miss every row by a little.
const READ_TOLERANCE: f64 = 1e-5;

fn crown(problem: &Problem) -> Option<NeuronBounds> {
    let domain = problem.integral_domain()?;
    Crown.propagate(problem.graph(), domain).ok()
}

fn with_outputs(
    problem: &Problem,
    bounds: &NeuronBounds,
    encoding: &dyn ReluEncoding,
) -> EncodedProblem {
    encode_with_outputs(problem, bounds, encoding, &Clock::unlimited()).expect("an encoding")
}

/// The places and names of the columns of outputs.
fn outputs(model: &Model) -> Vec<(VarId, &str)> {
    let named = model.column_ids().zip(model.columns()).map(|(id, c)| (id, c.name.as_str()));
    named.filter(|(_, name)| name.starts_with('y')).collect()
}

#[test]
fn highs_reads_the_files_and_finds_the_exact_optimum() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let mut compared = 0;
    let mut infeasible = 0;
    for seed in 0..CASES {
        let case = exact::random_case(seed);
        let Some(question) = build::question(&case) else { continue };
        let problem = build::problem(&case, question);
        let Some(bounds) = crown(&problem) else { continue };
        let expected = exact::solve(&case).map(|optimum| optimum.value);
        infeasible += usize::from(expected.is_none());
        for &encoding in ENCODINGS {
            let encoded = with_outputs(&problem, &bounds, encoding);
            let portable = PortableModel::new(&encoded.model).expect("numbers");
            for format in MODEL_FORMATS {
                let path = folder.path().join(format!("{seed}.{}", format.name()));
                write_model(&encoded.model, problem.sense(), &[], &path).expect("a file");
                let negated = case.maximize && format.minimizes_only();
                let sign = if negated { -1.0 } else { 1.0 };
                let what = format!("seed {seed}, {}, {}", encoding.name(), format.name());
                let optimum = highs_file::solve_with(&path, &[]);
                if let Some(Optimum { columns, .. }) = &optimum {
                    // Of the file there may be one more, the constant.
                    let names = portable.model().columns().iter().map(|column| &column.name);
                    let point = names.take(encoded.model.columns().len()).map(|n| columns[n]);
                    read_outputs(&problem, &encoded, &point.collect::<Vec<f64>>(), &what);
                }
                let found = optimum.map(|optimum| sign * optimum.objective);
                match (found, expected) {
                    (Some(found), Some(expected)) => {
                        let close = (found - expected).abs() <= TOLERANCE * (1.0 + expected.abs());
                        assert!(close, "{what}: {found}, expected {expected}");
                    }
                    (found, expected) => assert_eq!(found, expected, "{what}"),
                }
                compared += 1;
            }
        }
    }
    assert!(compared >= 200, "only {compared} files");
    assert!(infeasible > 0, "no infeasible case");
}

/// Compares the columns of outputs at a point with a forward pass.
fn read_outputs(problem: &Problem, encoded: &EncodedProblem, point: &[f64], what: &str) {
    let input = encoded.inputs.iter().map(|input| point[input.index()]).collect::<Vec<f64>>();
    let expected = problem.network().evaluate_point(&input);
    let columns = outputs(&encoded.model);
    assert_eq!(columns.len(), expected.len(), "{what}");
    for ((column, name), expected) in columns.into_iter().zip(expected) {
        let found = point[column.index()];
        let close = (found - expected).abs() <= READ_TOLERANCE * (1.0 + expected.abs());
        assert!(close, "{what}: {name} is {found}, by a forward pass {expected}");
    }
}

#[test]
fn a_forward_pass_fills_every_column() {
    let mut compared = 0;
    for seed in 0..CASES {
        let case = exact::random_case(seed);
        let Some(question) = build::question(&case) else { continue };
        let problem = build::problem(&case, question);
        let Some(bounds) = crown(&problem) else { continue };
        let domain = problem.integral_domain().expect("a box");
        let middle: Vec<f64> =
            domain.lower().iter().zip(domain.upper()).map(|(l, u)| l + (u - l) / 2.0).collect();
        let middle = problem.nearest_input(&middle).expect("a box");
        for &encoding in ENCODINGS {
            let encoded = with_outputs(&problem, &bounds, encoding);
            for input in [domain.lower().to_vec(), domain.upper().to_vec(), middle.clone()] {
                let values = encoded.assignment(problem.graph(), &input);
                let point: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
                let what = format!("seed {seed}, {}", encoding.name());
                assert_eq!(point.len(), encoded.model.columns().len(), "{what}");
                read_outputs(&problem, &encoded, &point, &what);
                // What the question forbids is not what the network computes.
                let broken = check(&encoded.model, &point, 1e-9);
                let of_network = |v: &&Violation| !v.name.starts_with("constraint");
                assert_eq!(broken.iter().find(of_network), None, "{what} at {input:?}");
                compared += 1;
            }
            let solved = encode(&problem, &bounds, encoding).expect("an encoding");
            assert_eq!(outputs(&solved.model), [], "those that Taut solves have none");
        }
    }
    assert!(compared >= 1000, "only {compared} points");
}

#[test]
fn of_very_many_outputs_those_that_the_question_names_have_columns() {
    for (count, expected) in [(MOST_OUTPUTS, MOST_OUTPUTS), (MOST_OUTPUTS + 1, 2)] {
        // y_j = j · max(x, 0)
        let ramp = Array2::from_shape_fn((count, 1), |(row, _)| row as f64);
        let layers = [(Array2::ones((1, 1)), Activation::Relu), (ramp, Activation::Linear)];
        let layers = layers.map(|(weights, activation)| {
            let bias = Array1::zeros(weights.nrows());
            DenseLayer { weights, bias, activation }
        });
        let network = Network::dense("ramp", layers.to_vec()).expect("a network");
        let question = QuestionText {
            objective: Some("y3".to_string()),
            constraints: vec!["y999 >= 7 x0".to_string()],
            ..QuestionText::default()
        };
        let domain = IntervalBox::new(vec![-1.0], vec![1.0]).expect("a box");
        let problem = Problem::parse(network, domain, &question).expect("a problem");
        let bounds = crown(&problem).expect("bounds");
        let encoded = with_outputs(&problem, &bounds, ENCODINGS[0]);
        let columns = outputs(&encoded.model);
        assert_eq!(columns.len(), expected);
        let names = [columns[columns.len() - 2].1, columns[columns.len() - 1].1];
        let last = if expected == 2 { ["y3", "y999"] } else { ["y998", "y999"] };
        assert_eq!(names, last);
    }
}

#[test]
fn highs_finds_the_optimum_of_the_instances() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    for name in ["ackley5-2x25", "peaks-2x25", "rosenbrock4-2x25"] {
        let path = format!("{}/instances/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let problem = taut::io::read_problem(path.as_ref()).expect("an instance");
        let bounds = crown(&problem).expect("bounds");
        let encoded = encode(&problem, &bounds, ENCODINGS[0]).expect("an encoding");
        let options = SolveOptions { relative_gap: 0.0, ..SolveOptions::default() };
        let direct = Highs.solve(&encoded.model, &options, &mut Silent).expect("a solution");
        let direct = direct.objective.expect("a point");
        for format in MODEL_FORMATS {
            let path = folder.path().join(format!("{name}.{}", format.name()));
            write_model(&encoded.model, problem.sense(), &[], &path).expect("a file");
            let found = highs_file::solve(&path).expect("a point");
            assert!((found - direct).abs() <= 2e-6, "{path:?}: {found}, directly {direct}");
        }
    }
}

#[test]
fn every_number_of_a_file_is_that_of_the_program() {
    for seed in 0..CASES {
        let case = exact::random_case(seed);
        let Some(question) = build::question(&case) else { continue };
        let problem = build::problem(&case, question);
        let Some(bounds) = crown(&problem) else { continue };
        let encoded = encode(&problem, &bounds, ENCODINGS[0]).expect("an encoding");
        let portable = PortableModel::new(&encoded.model).expect("numbers");
        let text = Mps.write(&portable, problem.sense(), &["a comment".to_string()]);
        compare_numbers(portable.model(), &text);
    }
}

/// Compares the entries of an MPS text with the coefficients, bit by bit.
fn compare_numbers(model: &Model, text: &str) {
    let mut entries: HashMap<(&str, &str), u64> = HashMap::new();
    for line in text.lines().filter(|line| line.starts_with(' ')) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (key, value) = match fields[..] {
            [kind @ ("LO" | "UP" | "FX"), _, column, value] => ((kind, column), value),
            [column, row, value] if column != "MARKER" => ((column, row), value),
            _ => continue,
        };
        if let Ok(value) = value.parse::<f64>() {
            assert_eq!(entries.insert(key, value.to_bits()), None, "{key:?} twice");
        }
    }
    let entry = |first: &str, second: &str| entries.get(&(first, second)).copied();
    let mut nonzeros = 0;
    let objective = ("objective", &model.objective.terms);
    let rows = model.rows().iter().map(|row| (row.name.as_str(), &row.terms));
    for (row, terms) in rows.chain([objective]) {
        for &(column, c) in terms {
            let column = &model.column_at(column).name;
            assert_eq!(entry(column, row), Some(c.to_bits()), "{column} in {row}");
            nonzeros += 1;
        }
    }
    for row in model.rows() {
        let side =
            if row.bounds.upper().is_finite() { row.bounds.upper() } else { row.bounds.lower() };
        let side = Some(side).filter(|&side| side != 0.0).map(f64::to_bits);
        assert_eq!(entry("RHS", &row.name), side, "{}", row.name);
        nonzeros += usize::from(side.is_some());
    }
    for column in model.columns() {
        let (lower, upper) = (column.bounds.lower(), column.bounds.upper());
        let expected = match lower == upper {
            true => vec![("FX", lower)],
            false => vec![("LO", lower), ("UP", upper)],
        };
        for (kind, value) in expected {
            assert_eq!(entry(kind, &column.name), Some(value.to_bits()), "{kind} {}", column.name);
            nonzeros += 1;
        }
    }
    // The rest gives columns without a coefficient an entry.
    let rest =
        entries.iter().filter(|(key, bits)| key.1 == "objective" && **bits << 1 == 0).count();
    assert!(nonzeros <= entries.len() && entries.len() <= nonzeros + rest);
}
