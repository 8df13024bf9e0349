//! Files as exporters write them, with values from elsewhere.
//!
//! `formats/` holds one kind of file each, with the first outputs by onnxruntime or the least
//! value by rational arithmetic; `operators/` each operator in its old and new forms with the
//! outputs of onnxruntime 1.32 (`benchmarks/exporters/make_cases.py` makes it).

use std::path::{Path, PathBuf};

use ndarray::ArrayView2;
use serde::Deserialize;
use taut::io::read_network;
use taut::network::{Batch, Network};

use crate::support::assert_computes;

/// Points and the outputs there, each flat: inputs and outputs in the order of the file.
#[derive(Deserialize)]
struct Case {
    points: Vec<Vec<f64>>,
    values: Vec<Vec<f64>>,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/library/onnx").join(name)
}

fn models(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of cases");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    paths.sort();
    paths
}

/// What is wrong with a network, as read and in canonical form: values further from those that
/// are expected than single precision explains.
fn difference(network: &Network, case: &Case) -> Option<String> {
    let graph = network.lower().unwrap();
    // Of a batch, each row is a point of its own.
    let rows = match network.batch() {
        Some(Batch::OneRow { rows }) => *rows,
        _ => 1,
    };
    let points = case.points.iter().flat_map(|point| point.chunks(point.len() / rows));
    let values = case.values.iter().flat_map(|values| values.chunks(values.len() / rows));
    for (point, expected) in points.zip(values) {
        if (point.len(), expected.len()) != (network.inputs(), network.outputs()) {
            return Some(format!(
                "{} inputs and {} outputs for {} and {}",
                network.inputs(),
                network.outputs(),
                point.len(),
                expected.len()
            ));
        }
        let batch = ArrayView2::from_shape((1, point.len()), point).expect("one row");
        let size = expected.iter().fold(1.0, |size: f64, value| size.max(value.abs()));
        for values in [network.evaluate(batch), graph.evaluate(batch)] {
            let far = values.iter().zip(expected).find(|(a, b)| {
                let close = (*a - *b).abs() <= 1e-5 * size;
                !close
            });
            if let Some((found, expected)) = far {
                return Some(format!("found {found}, expected {expected}"));
            }
        }
    }
    None
}

/// Right, refused and wrong files of a folder, the last two with what was said.
fn outcomes(folder: &Path) -> (usize, Vec<String>, Vec<String>) {
    let (mut right, mut refused, mut wrong) = (0, Vec::new(), Vec::new());
    for path in models(folder) {
        let text = std::fs::read_to_string(path.with_extension("json")).expect("values");
        let case: Case = serde_json::from_str(&text).expect("points and values");
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        match read_network(&path) {
            Err(error) => refused.push(format!("{name}: {error}")),
            Ok(network) => match difference(&network, &case) {
                None => right += 1,
                Some(what) => wrong.push(format!("{name}: {what}")),
            },
        }
    }
    (right, refused, wrong)
}

#[test]
fn operators_compute_what_onnxruntime_does() {
    let (right, refused, wrong) = outcomes(&folder("operators"));
    assert_eq!((refused, wrong), (Vec::new(), Vec::new()));
    assert!(right > 100, "{right} cases");
}

#[test]
#[ignore = "by hand: TAUT_CASES names a folder that benchmarks/exporters/make_cases.py made"]
fn cases_of_any_folder() {
    let path = std::env::var_os("TAUT_CASES").expect("TAUT_CASES, a folder of cases");
    let (right, refused, wrong) = outcomes(Path::new(&path));
    refused.iter().for_each(|line| println!("refused {line}"));
    wrong.iter().for_each(|line| println!("WRONG {line}"));
    println!("{right} right, {} refused, {} wrong", refused.len(), wrong.len());
    assert_eq!(wrong, Vec::<String>::new());
}

/// Evenly spaced values from −1 to 1 over all elements of the input.
fn evenly(count: usize) -> Vec<f64> {
    if count == 1 {
        return vec![0.25];
    }
    (0..count).map(|i| -1.0 + 2.0 * i as f64 / (count - 1) as f64).collect()
}

/// File, first outputs by onnxruntime.
const FORMATS: &[(&str, &[f64])] = &[
    ("batchnorm", &[0.146450]),
    ("clip-cast-nodes", &[0.100509]),
    ("clip-inf-max", &[0.100509]),
    ("clip-min-above-max", &[0.651161]),
    ("dropout-13", &[-0.146264]),
    ("dropout-7-mask", &[-0.146264]),
    ("external", &[-0.559914]),
    ("fp16-weights-cast", &[-0.900598]),
    ("functions", &[-0.515369]),
    ("gemm-transA", &[-0.223487]),
    ("gemm-weights-left", &[-0.223487]),
    ("max-three", &[-0.223487]),
    ("reducesum-output", &[-0.223487]),
    ("relu-as-half-abs", &[-0.223487]),
    ("relu-as-prelu", &[-0.223487]),
    ("sklearn-mlp", &[-0.672084]),
    ("sklearn-mlp-double", &[-0.672084]),
    ("sklearn-pipe-standard", &[-0.759274]),
    ("slice-inputs", &[-0.223487]),
    // By hand too: relu of (−3.5, 0, 0.5), times (1, −2, 4).
    ("sparse-initialiser", &[2.0]),
    ("split-concat", &[-0.223487]),
    ("squeeze-13", &[-0.506631]),
    ("sum-op", &[-0.223487]),
    ("two-outputs", &[0.544875, 0.424306]),
    ("unsqueeze-13", &[-0.506631]),
    ("unused-bool-initialiser", &[-0.223487]),
    ("unused-string-initialiser", &[-0.223487]),
    ("view-shape-13", &[-0.385511]),
    ("view-shape-18", &[-0.385511]),
];

#[test]
fn files_of_all_kinds_have_their_values() {
    for (name, expected) in FORMATS {
        let network = read_network(&folder("formats").join(format!("{name}.onnx")))
            .unwrap_or_else(|error| panic!("{error}"));
        let point = evenly(network.inputs());
        let batch = ArrayView2::from_shape((1, point.len()), &point).expect("one row");
        for values in [network.evaluate(batch), network.lower().unwrap().evaluate(batch)] {
            let close = values.iter().zip(*expected).all(|(a, b)| (a - b).abs() < 2e-6);
            assert!(values.len() == expected.len() && close, "{name}: {values}, {expected:?}");
        }
    }
}

/// Both inputs at 0.25: by onnxruntime.
#[test]
fn two_inputs_are_one_vector() {
    let network = read_network(&folder("formats").join("two-inputs-concat.onnx")).unwrap();
    assert_eq!(network.metadata().input_names, ["p", "q"]);
    let value = network.evaluate_point(&[0.25, 0.25])[0];
    assert!((value + 0.251808).abs() < 2e-6, "{value}");
    assert_computes(&network, &[[0.25, 0.25]], |_| [value]);
}

/// The first of 50 rows of evenly spaced values: by onnxruntime.
#[test]
fn a_batch_of_fifty_is_one_row() {
    let network = read_network(&folder("formats").join("batch-50.onnx")).unwrap();
    assert_eq!((network.inputs(), network.outputs()), (5, 5));
    let row = &evenly(250)[..5];
    let value = network.evaluate_point(row)[0];
    assert!((value - 0.482065).abs() < 2e-6, "{value}");
}

#[test]
fn outputs_keep_their_names() {
    let network = read_network(&folder("formats").join("two-outputs.onnx")).unwrap();
    assert_eq!(network.metadata().output_names, ["y", "z"]);
    assert_eq!(network.output_shape(), [1, 2]);
}
