//! Questions in other units and by other commands than `minimize`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use temp_dir::TempDir;

/// h = relu(x₀ − x₁), y₀ = h + 1, y₁ = −2 h, over a box from −1 to 1.
const NETWORK: &str = r#"{"format": "taut-network", "version": 1, "input": {"name": "x", "shape": [1, 2]},
"layers": [
{"op": "Gemm", "name": "a", "output": "a",
 "operands": ["x", {"shape": [2, 1], "values": [1, -1]}, {"shape": [1], "values": [0]}]},
{"op": "Relu", "name": "h", "operands": ["a"], "output": "h"},
{"op": "Gemm", "name": "y", "output": "y",
 "operands": ["h", {"shape": [1, 2], "values": [1, -2]}, {"shape": [2], "values": [1, 0]}]}],
"output": "y", "box": {"lower": [-1, -1], "upper": [1, 1]}}"#;

/// Raw: x₀ = (X₀ − 10) / 2, x₁ = (X₁ − 20) / 4, Y₀ = 5 y₀, Y₁ = 20 y₁ − 10.
const INSTANCE: &str = "network = 'net.json'
inputs = ['fuel flow', 'air']
outputs = ['heat', 'cost']
objective = 'heat'
sense = 'maximize'
constraints = ['cost >= -30']
";

const TABLE: &str = "[scaling]
inputs = { mean = [10, 20], deviation = [2, 4] }
outputs = { lower = [0, -10], upper = [5, 10] }
";

const SKLEARN: &str = r#"{"inputs": {"mean_": [10, 20], "scale_": [2, 4]},
"outputs": {"data_min_": [0, -10], "data_max_": [5, 10]}}"#;

const OMLT: &str = r#"{"offset_inputs": {"0": 10, "1": 20}, "factor_inputs": [2, 4],
"offset_outputs": [0, -10], "factor_outputs": {"0": 5, "1": 20}}"#;

fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("a file");
    };
    write("net.json", NETWORK);
    write("sklearn.json", SKLEARN);
    write("omlt.json", OMLT);
    write("table.toml", &format!("{INSTANCE}{TABLE}"));
    write("sklearn.toml", &format!("{INSTANCE}scaling = 'sklearn.json'\n"));
    write("omlt.toml", &format!("{INSTANCE}scaling = 'omlt.json'\n"));
    folder
}

fn taut(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(folder).args(arguments).output().expect("a run")
}

fn record(folder: &Path, arguments: &[&str]) -> Value {
    let output = taut(folder, &[arguments, &["--format", "json"]].concat());
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {errors}");
    serde_json::from_slice(&output.stdout).expect("a record")
}

fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let output = taut(folder, arguments);
    assert_ne!(output.status.code(), Some(0), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("a list");
    list.iter().map(|number| number.as_f64().expect("a number")).collect()
}

fn close(found: &[f64], expected: &[f64]) -> bool {
    found.len() == expected.len()
        && found.iter().zip(expected).all(|(f, e)| (f - e).abs() <= 1e-4 * (1.0 + e.abs()))
}

/// By hand: Y₁ = −40 h − 10 ≥ −30 where h ≤ 0.5, so that Y₀ = 5 (h + 1) is at most 7.5; without
/// the constraint it is 15, where h = 2 at X = (12, 16), a corner of the stored box in raw units.
#[test]
fn questions_and_answers_are_in_the_units_of_the_instance() {
    let folder = folder();
    for file in ["table.toml", "sklearn.toml", "omlt.toml"] {
        let answer = record(folder.path(), &["maximize", file]);
        assert!(close(&[answer["objective"].as_f64().expect("a value")], &[7.5]), "{answer}");
        assert!(close(&numbers(&answer["output"]), &[7.5, -30.0]), "{answer}");
        assert_eq!(answer["question"]["objective"], "y0");
        let domain = &answer["question"]["box"];
        assert!(close(&numbers(&domain["lower"]), &[8.0, 16.0]), "{domain}");
        assert!(close(&numbers(&domain["upper"]), &[12.0, 24.0]), "{domain}");
        let point = record(folder.path(), &["evaluate", file, "--input", "12,16", "--gradient"]);
        let point = &point["points"][0];
        assert!(close(&numbers(&point["output"]), &[15.0, -90.0]), "{point}");
        // By hand: Y₀ = 5 ((X₀ − 10) / 2 − (X₁ − 20) / 4 + 1) = 2.5 X₀ − 1.25 X₁ + 5.
        let map = &point["affine"][0];
        assert!(close(&numbers(&map["gradient"]), &[2.5, -1.25]), "{map}");
        assert!(close(&[map["constant"].as_f64().expect("a number")], &[5.0]), "{map}");
        assert_eq!(point["pattern"][0], "1");
    }
    let text = taut(folder.path(), &["maximize", "omlt.toml"]);
    let text = String::from_utf8(text.stdout).expect("text");
    assert!(text.starts_with("maximum of heat = 7.5\n"), "{text}");
    assert!(text.contains("fuel flow = "), "{text}");
    let quoted = ["maximize", "omlt.toml", "--constraint", "\"fuel flow\" + air <= 20"];
    let none = record(folder.path(), &quoted);
    assert_eq!(none["status"], "infeasible", "24 is the least sum");
}

/// By hand, in the units of the network: |y₀ − 1.5| is 0 where h = 0.5; the least change of
/// (0, 0) that makes h at least 1 is 0.5 in both inputs, 1 in all; h = 3 is nowhere.
#[test]
fn nearest_points_and_any_points() {
    let folder = folder();
    let at = folder.path();
    let nearest = record(at, &["nearest", "net.json", "--to", "1.5,-1"]);
    assert!(close(&numbers(&nearest["output"]), &[1.5, -1.0]), "{nearest}");
    for (norm, distance) in [("linf", 0.5), ("l1", 1.0)] {
        let arguments =
            ["nearest", "net.json", "--from", "0", "--norm", norm, "--constraint", "y0 >= 2"];
        let nearest = record(at, &arguments);
        assert!(
            close(&[nearest["objective"].as_f64().expect("a value")], &[distance]),
            "{nearest}"
        );
    }
    let found = record(at, &["find", "net.json", "--constraint", "y0 >= 2 or y0 <= 0"]);
    assert!(numbers(&found["output"])[0] >= 2.0 - 1e-6, "{found}");
    let none = record(at, &["find", "net.json", "--constraint", "y0 >= 4 or y0 <= 0"]);
    assert_eq!(none["status"], "infeasible");
    assert!(refusal(at, &["find", "net.json", "--objective", "y0"]).contains("any point"));
    let wrong = refusal(at, &["nearest", "net.json", "--to", "1,2,3"]);
    assert!(wrong.contains("lists of different lengths, 2 and 3"), "{wrong}");
}

/// By hand: y₀ is largest, 3, at (1, −1) only; 0.5 away from there in an input it is 2.5, then
/// all points of the box that are 5 away from one point are none.
#[test]
fn a_pool_has_the_best_points_that_are_apart() {
    let folder = folder();
    let pool = |apart: &str| {
        let question = ["maximize", "net.json", "--objective", "y0"];
        record(folder.path(), &[&question[..], &["--pool", "3", "--apart", apart]].concat())
    };
    let near = pool("0.5");
    let values: Vec<f64> = std::iter::once(&near)
        .chain(near["pool"].as_array().expect("points"))
        .map(|answer| answer["objective"].as_f64().expect("a value"))
        .collect();
    assert!(close(&values, &[3.0, 2.5, 2.5]), "{values:?}");
    let far = pool("5");
    assert_eq!(far["pool"][0]["status"], "infeasible");
    assert_eq!(far["pool"].as_array().map(Vec::len), Some(1));
}

#[test]
fn names_and_scalings_that_do_not_fit_are_refused() {
    let folder = folder();
    let refused = |instance: &str, expected: &str| {
        fs::write(folder.path().join("wrong.toml"), instance).expect("a file");
        let found = refusal(folder.path(), &["minimize", "wrong.toml"]);
        assert!(found.contains(expected), "{found}; expected {expected}");
    };
    let with = |line: &str| format!("network = 'net.json'\nobjective = 'y0'\n{line}\n");
    refused(&with("inputs = ['a']"), "number of input names: 1; expected none or 2");
    refused(&with("scaling = 'network'"), "none in the file of the network 'net'");
    refused(&with("scaling = 'none.json'"), "none.json");
    let of_inputs = |side: &str| with(&format!("[scaling]\ninputs = {{ {side} }}"));
    refused(&of_inputs("mean = [1, 2, 3]"), "'mean' of the inputs: found 3 numbers; expected one");
    refused(&of_inputs("mean = 1, lower = 2"), "the scaling of the inputs: found both");
    refused(&of_inputs("lower = 2"), "found not both of lower and upper");
    refused(&of_inputs("deviation = [1, 0]"), "deviations of inputs: found 0; expected positive");
    refused(&of_inputs("lower = 1, upper = 1"), "deviations of inputs: found 0; expected positive");
}
