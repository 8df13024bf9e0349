//! `taut robust`: points that keep their class, and those that do not.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use temp_dir::TempDir;

/// y₀ = relu(x₀), y₁ = relu(x₁), y₂ = −1.
const NETWORK: &str = r#"{"format": "taut-network", "version": 1, "input": {"name": "x", "shape": [1, 2]},
"layers": [
{"op": "Relu", "name": "h", "operands": ["x"], "output": "h"},
{"op": "Gemm", "name": "y", "output": "y",
 "operands": ["h", {"shape": [2, 3], "values": [1, 0, 0, 0, 1, 0]}, {"shape": [3], "values": [0, 0, -1]}]}],
"output": "y"}"#;

fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("net.json"), NETWORK).expect("a file");
    folder
}

fn taut(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command
        .current_dir(folder)
        .args(["robust", "net.json"])
        .args(arguments)
        .output()
        .expect("a run")
}

fn record(folder: &Path, arguments: &[&str]) -> Value {
    let output = taut(folder, &[arguments, &["--format", "json"]].concat());
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{errors}");
    serde_json::from_slice(&output.stdout).expect("a record")
}

/// By hand: at (0.75, 0.25) both inputs have to move by 0.25 until the classes are alike.
#[test]
fn a_point_keeps_its_class_up_to_half_of_the_difference() {
    let folder = folder();
    let at = folder.path();
    let found = record(at, &["--input", "0.75,0.25", "--epsilon", "0.3,0.2,0.1"]);
    let point = &found["points"][0];
    assert_eq!((&point["class"], &point["predicted"]), (&0.into(), &0.into()));
    assert_eq!(point["verdicts"], serde_json::json!(["robust", "robust", "broken"]));
    let broken = point["counterexample"].as_array().expect("a point");
    let [x, y] = [0, 1].map(|i| broken[i].as_f64().expect("a number"));
    assert!(y >= x && (x - 0.75).abs() <= 0.3 && (y - 0.25).abs() <= 0.3, "{x} {y}");
    assert_eq!(found["curve"][2]["broken"], 1);
    // No other class than 2 counts: −1 is far away.
    let other = record(at, &["--input", "0.75,0.25", "--epsilon", "0.3", "--target", "2"]);
    assert_eq!(other["points"][0]["verdicts"][0], "robust");
    // With an end at 0.65 the first input still falls below the second, which rises to 0.75.
    let kept = record(at, &["--input", "0.75,0.65", "--epsilon", "0.1", "--range", "0.65,0.8"]);
    assert_eq!(kept["points"][0]["verdicts"][0], "broken");
    // The changes add up to 0.5 at least.
    let sums = record(at, &["--input", "0.75,0.25", "--epsilon", "0.45,0.55", "--norm", "l1"]);
    assert_eq!(sums["norm"], "l1");
    let point = &sums["points"][0];
    assert_eq!(point["verdicts"], serde_json::json!(["robust", "broken"]));
    let broken = point["counterexample"].as_array().expect("a point");
    let [x, y] = [0, 1].map(|i| broken[i].as_f64().expect("a number"));
    assert!(y >= x && (x - 0.75).abs() + (y - 0.25).abs() <= 0.55, "{x} {y}");
    let closest = record(at, &["--input", "0.75,0.25", "--closest"]);
    let [low, high] =
        ["at_least", "at_most"].map(|key| closest["points"][0][key].as_f64().expect("a number"));
    assert!(low <= 0.25 && 0.25 <= high && high - low <= 1e-3, "{low} {high}");
}

/// Two images of two bytes, of which one has the label that the network says.
#[test]
fn images_make_a_curve() {
    let folder = folder();
    let at = folder.path();
    let images = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2][..], &[204, 51, 204, 51]];
    fs::write(at.join("images"), images.concat()).expect("a file");
    fs::write(at.join("labels"), [0, 0, 8, 1, 0, 0, 0, 2, 0, 1]).expect("a file");
    let files = ["--images", "images", "--labels", "labels"];
    let asked = [&files[..], &["--epsilon", "0.1,0.5", "--plot", "curve.svg"]].concat();
    let found = record(at, &asked);
    let shares = |key: &str| [0, 1].map(|place| found["curve"][place][key].clone());
    assert_eq!(shares("robust"), [1.into(), 0.into()] as [Value; 2]);
    assert_eq!(shares("certified_accuracy"), [0.5.into(), 0.0.into()] as [Value; 2]);
    assert!(
        fs::read_to_string(at.join("curve.svg")).expect("a picture").contains("robust, proven")
    );
    let table = taut(at, &[&files[..], &["--epsilon", "0.1", "--format", "csv"]].concat());
    let table = String::from_utf8(table.stdout).expect("text");
    assert_eq!(table, "epsilon,robust,broken,unknown,certified_accuracy\n0.1,1,1,0,0.5\n");
}

#[test]
fn what_is_no_question_is_refused() {
    let folder = folder();
    let refused = |arguments: &[&str], expected: &str| {
        let output = taut(folder.path(), arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(errors.contains(expected), "{errors}; expected {expected}");
        assert!(matches!(output.status.code(), Some(1 | 2)));
    };
    refused(&["--epsilon", "0.1"], "no point is given; expected --input, --file or --images");
    refused(&["--input", "1,2,3", "--epsilon", "0.1"], "found 3 numbers");
    refused(&["--input", "1", "--epsilon", "-1"], "expected a number from 0");
    refused(&["--input", "1", "--epsilon", "1", "--class", "3"], "the network has classes 0 to 2");
    refused(&["--input", "2", "--epsilon", "1", "--range", "0,1"], "input 0 of the point is 2");
    refused(&["--input", "1"], "--epsilon");
}
