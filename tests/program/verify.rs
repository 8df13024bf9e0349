//! `taut verify`: what people and programs type, and what they read.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use temp_dir::TempDir;

use crate::support::onnx::Model;

/// y₀ = relu(x₀) − relu(x₁), y₁ = relu(x₁), in double precision.
const NETWORK: &str = r#"{"format": "taut-network", "version": 1, "input": {"name": "x", "shape": [1, 2]},
"layers": [
{"op": "Relu", "name": "h", "operands": ["x"], "output": "h"},
{"op": "Gemm", "name": "y", "output": "y",
 "operands": ["h", {"shape": [2, 2], "values": [1, 0, -1, 1]}, {"shape": [2], "values": [0, 0]}]}],
"output": "y"}"#;

/// `f` at two points, of which the second is not below the first.
const AT_TWO_POINTS: &str = "(vnnlib-version <2.0>)\n\
(declare-network f (declare-input X float64 [1,2]) (declare-output Y float64 [1,2]))\n\
(declare-network g (equal-to f) (declare-input V float64 [1,2]) (declare-output W float64 [1,2]))\n\
(assert (and (>= X[0,0] -1.0) (<= X[0,0] 1.0) (>= X[0,1] -1.0) (<= X[0,1] 1.0)))\n\
(assert (and (>= V[0,0] -1.0) (<= V[0,0] 1.0) (== V[0,1] X[0,1]) (>= V[0,0] X[0,0])))\n";

const BOX: &str = "(declare-const X_0 Real)\n(declare-const X_1 Real)\n(declare-const Y_0 Real)\n\
(declare-const Y_1 Real)\n(assert (>= X_0 -1))\n(assert (<= X_0 1))\n(assert (>= X_1 -1))\n\
(assert (<= X_1 1))\n";

const OF_VERSION_2: &str = "(vnnlib-version <2.0>)\n(declare-network f\n\
(declare-input X real [1,2])\n(declare-output Y real [1,2]))\n\
(assert (and (>= X[0,0] -1.0) (<= X[0,0] 1.0) (>= X[0,1] -1.0) (<= X[0,1] 1.0)))\n\
(assert (>= Y[0,0] 1.0))\n";

pub fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("a file");
    };
    write("net.json", NETWORK);
    write("sat.vnnlib", &format!("{BOX}(assert (>= Y_0 1.0))\n"));
    write("unsat.vnnlib", &format!("{BOX}(assert (>= Y_0 1.5))\n"));
    write("border.vnnlib", &format!("{BOX}(assert (> Y_1 1.0))\n"));
    write("nowhere.vnnlib", &format!("{BOX}(assert (>= X_0 2.0))\n"));
    write("two.vnnlib", OF_VERSION_2);
    folder
}

fn taut(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(folder).args(arguments).output().expect("a run")
}

fn told(output: &Output) -> (String, String, Option<i32>) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

/// By hand: a box with nothing in it, and a condition that holds nowhere.
#[test]
fn a_property_without_a_point_is_answered() {
    let folder = folder();
    for (name, text) in [
        ("empty.vnnlib", format!("{BOX}(assert (>= X_0 2))\n")),
        ("false.vnnlib", format!("{BOX}(assert (<= 1 0))\n")),
    ] {
        fs::write(folder.path().join(name), text).expect("a file");
        let (text, errors, code) = told(&taut(folder.path(), &["verify", "net.json", name]));
        assert_eq!((text.as_str(), code), ("unsat\n", Some(0)), "{errors}");
        assert!(errors.contains("no point: "), "{errors}");
    }
}

/// By hand: x₀ is in one of the gaps' neighbours; of 2⁵ combinations 6 have a point.
#[test]
fn boxes_without_a_point_do_not_fill_the_screen() {
    let folder = folder();
    let gaps: String = [-0.8, -0.4, 0.0, 0.4, 0.8]
        .map(|at| format!("(assert (or (<= X_0 {at}) (>= X_0 {})))\n", at + 0.1))
        .concat();
    let text = format!("{BOX}{gaps}(assert (>= Y_0 1.5))\n");
    fs::write(folder.path().join("gaps.vnnlib"), text).expect("a file");
    let (text, errors, code) = told(&taut(folder.path(), &["verify", "net.json", "gaps.vnnlib"]));
    assert_eq!((text.as_str(), code), ("unsat\n", Some(0)), "{errors}");
    assert_eq!(errors.lines().count(), 4, "{errors}");
    assert!(errors.lines().last().is_some_and(|line| line.contains("other boxes")), "{errors}");
}

/// By hand: y₀ is 1 only where x₀ = 1 and x₁ ≤ 0, and nowhere more.
#[test]
fn the_verdict_is_the_first_word_and_the_point_follows() {
    let folder = folder();
    let at = folder.path();
    let (text, _, code) = told(&taut(at, &["verify", "net.json", "sat.vnnlib"]));
    assert_eq!(code, Some(0));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["sat", "((X_0 1)"], "{text}");
    assert!(lines[2].starts_with(" (X_1 ") && lines[3] == " (Y_0 1)", "{text}");
    assert_eq!(lines[4..], [" (Y_1 0))"], "{text}");
    let (text, _, code) = told(&taut(at, &["verify", "net.json", "unsat.vnnlib"]));
    assert_eq!((text.as_str(), code), ("unsat\n", Some(0)));
    let (text, _, code) = told(&taut(at, &["verify", "net.json", "nowhere.vnnlib"]));
    assert_eq!((text.as_str(), code), ("unsat\n", Some(0)), "without a point there is no other");
    let (text, _, code) = told(&taut(at, &["verify", "net.json", "border.vnnlib"]));
    assert!(text.starts_with("unknown\n  what is left lies on the border"), "{text}");
    assert_eq!(code, Some(3));
}

#[test]
fn the_form_of_the_standard_and_its_assignments() {
    let folder = folder();
    let at = folder.path();
    let standard = ["verify", "two.vnnlib", "--network", "f=net.json", "--timeout", "20"];
    let (text, errors, code) = told(&taut(at, &standard));
    assert_eq!(code, Some(0), "{errors}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..3], ["sat", "X real [1,2]", "1"], "{text}");
    assert_eq!(lines[4..], ["Y real [1,2]", "1", "0"], "{text}");
    let of_file = told(&taut(at, &["verify", "net.json", "two.vnnlib"])).0;
    assert_eq!(of_file, text);
}

#[test]
fn records_files_and_reasons() {
    let folder = folder();
    let at = folder.path();
    let asked = ["verify", "net.json", "unsat.vnnlib", "--format", "json"];
    let record: Value = serde_json::from_slice(&taut(at, &asked).stdout).expect("a record");
    assert_eq!((&record["verdict"], &record["decided_by"]), (&"unsat".into(), &"bounds".into()));
    assert_eq!(record["question"]["property"], "unsat.vnnlib");
    let asked = ["verify", "net.json", "sat.vnnlib", "--counterexample", "point.txt", "--explain"];
    let (text, _, _) = told(&taut(at, &asked));
    assert!(text.contains("\n  decided by "), "{text}");
    let written = fs::read_to_string(at.join("point.txt")).expect("a file");
    assert!(written.starts_with("sat\n((X_0 1)\n"), "{written}");
    assert!(text.starts_with(&written), "{text}{written}");
}

/// `y = relu(x)` of two rows: a property may speak of both, or of any one.
#[test]
fn rows_of_a_batch_are_those_that_the_property_declares() {
    let folder = folder();
    let at = folder.path();
    let model = Model::from_x_to_y(&[2, 1]).node("Relu", &["x"], "y");
    fs::write(at.join("rows.onnx"), model.encode()).expect("a file");
    let write = |name: &str, shape: &str, asserted: &str| {
        let text = format!(
            "(vnnlib-version <2.0>)\n(declare-network f\n(declare-input X float32 [{shape}])\n\
             (declare-output Y float32 [{shape}]))\n(assert (and {asserted}))\n"
        );
        fs::write(at.join(name), text).expect("a file");
    };
    let bounds = "(>= X[0,0] -1.0) (<= X[0,0] 1.0)";
    let both = format!("{bounds} (>= X[1,0] -1.0) (<= X[1,0] 1.0)");
    write("both.vnnlib", "2,1", &format!("{both} (>= Y[0,0] 1.0) (<= Y[1,0] 0.0)"));
    write("one.vnnlib", "1,1", &format!("{bounds} (>= Y[0,0] 1.0)"));
    let (text, errors, _) = told(&taut(at, &["verify", "rows.onnx", "both.vnnlib"]));
    assert!(text.starts_with("sat\nX float32 [2,1]\n1\n"), "{text}{errors}");
    let (text, errors, _) = told(&taut(at, &["verify", "rows.onnx", "one.vnnlib"]));
    assert_eq!(text, "sat\nX float32 [1,1]\n1\nY float32 [1,1]\n1\n");
    assert!(errors.contains("read as one of them"), "{errors}");
}

/// The lines of the standard's chapter on solvers.
#[test]
fn capabilities_are_told_line_by_line() {
    let told = |capability: &str| {
        let (text, errors, code) = told(&taut(Path::new("."), &["supports", capability]));
        assert_eq!((errors.as_str(), code), ("", Some(0)));
        text.lines().map(str::to_string).collect::<Vec<String>>()
    };
    assert_eq!(told("--vnnlib-versions"), ["1.0", "2.0"]);
    assert_eq!(told("--hidden-node-theories"), ["NH", "H"]);
    assert_eq!(told("--serialise-assignments"), ["true"]);
    let versions = told("--onnx-opset-versions");
    let versions: Vec<i64> = versions.iter().map(|v| v.parse().expect("a number")).collect();
    assert!(matches!(versions[..], [oldest, newest] if oldest < newest), "{versions:?}");
    let operators = told("--onnx-operators");
    let has = |name: &str| operators.iter().any(|operator| operator == name);
    assert!(has("Relu") && has("Conv") && has("Constant"), "{operators:?}");
    // They jump or are smooth, but of constants.
    assert!(!has("Equal") && !has("Sqrt") && !has("Sigmoid"), "{operators:?}");
    for wrong in [&["supports"][..], &["supports", "--all"]] {
        assert_eq!(taut(Path::new("."), wrong).status.code(), Some(2));
    }
    let shown = taut(Path::new("."), &["supports"]).stderr;
    let questions = String::from_utf8_lossy(&shown);
    assert!(questions.contains("--onnx-operators"), "{questions}");
    assert!(questions.contains("--vnnlib-versions"), "{questions}");
}

#[test]
fn files_that_are_none_are_refused() {
    let folder = folder();
    let at = folder.path();
    fs::write(at.join("wrong.vnnlib"), format!("{BOX}(assert (>= Y_0 Y_7))\n")).expect("a file");
    fs::write(at.join("open.vnnlib"), BOX.replace("(assert (<= X_1 1))", "")).expect("a file");
    let refused = |arguments: &[&str], expected: &str| {
        let (_, errors, code) = told(&taut(at, &[&["verify"], arguments].concat()));
        assert!(errors.contains(expected), "{errors}; expected {expected}");
        assert!(matches!(code, Some(1 | 2)), "{code:?}");
    };
    refused(&["net.json", "wrong.vnnlib"], "line 9");
    refused(&["net.json", "open.vnnlib"], "has no upper bound");
    refused(&["net.json"], "found one file; expected a network and a property");
    refused(&["sat.vnnlib", "--network", "net.json"], "expected NAME=FILE");
    refused(&["net.json", "none.vnnlib"], "none.vnnlib");
    refused(&[], "NETWORK");
}

/// By hand: y₀ grows with x₀ by at most 1 where x₀ goes from 0 to 1.
#[test]
fn properties_of_a_network_at_two_points() {
    let folder = folder();
    let at = folder.path();
    let write = |name: &str, text: &str| fs::write(at.join(name), text).expect("a file");
    write("falls.vnnlib", &format!("{AT_TWO_POINTS}(assert (<= W[0,0] (- Y[0,0] 0.01)))\n"));
    write("grows.vnnlib", &format!("{AT_TWO_POINTS}(assert (>= W[0,0] (+ Y[0,0] 1.0)))\n"));
    let verify = |arguments: &[&str]| told(&taut(at, &[&["verify"], arguments].concat()));
    let (text, errors, code) = verify(&["net.json", "falls.vnnlib"]);
    assert_eq!((text.as_str(), code), ("unsat\n", Some(0)), "{errors}");
    let (text, _, _) = verify(&["grows.vnnlib", "--network", "f=net.json"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!([lines[0], lines[1], lines[7]], ["sat", "X float64 [1,2]", "V float64 [1,2]"]);
    // x₀ ≤ 0 and v₀ = 1.
    assert_eq!([lines[8], lines[9]], ["1", lines[3]], "{text}");
    let list = "[('f', 'net.json')]";
    assert_eq!(verify(&[list, "falls.vnnlib"]).0, "unsat\n");
    // The standard's files: a tensor of double precision begins with its shape and type.
    let (text, _, _) =
        verify(&["net.json", "grows.vnnlib", "--serialise-assignments", "assignment"]);
    assert_eq!(text, "sat\n");
    let tensor = fs::read(at.join("assignment/V.pb")).expect("a tensor");
    let elements = &tensor[tensor.len() - 16..];
    assert!(elements.starts_with(&1.0_f64.to_le_bytes()), "{tensor:?}");
    assert!(["X", "Y", "W"].iter().all(|name| at.join(format!("assignment/{name}.pb")).is_file()));
    let record: Value =
        serde_json::from_str(&verify(&["net.json", "grows.vnnlib", "--format", "json"]).0)
            .expect("a record");
    assert_eq!(record["counterexample"]["input"].as_array().map(Vec::len), Some(4));
    let refused = |arguments: &[&str], expected: &str| {
        let (_, errors, code) = verify(arguments);
        assert!(errors.contains(expected) && code == Some(1), "{errors}; expected {expected}");
    };
    refused(&["falls.vnnlib", "--network", "g=net.json"], "equal to 'f', whose file it has");
    refused(&["falls.vnnlib", "--network", "h=net.json"], "expected 'f'");
    refused(&["falls.vnnlib", "--network", "f=net.json", "--network", "f=net.json"], "twice");
    refused(&["[('f' 'net.json')]", "falls.vnnlib"], "expected [('NAME', 'FILE'), …]");
    refused(&["net.json", "falls.vnnlib", "--strict"], "'X' is of type float64; expected real");
    assert_eq!(verify(&["net.json", "two.vnnlib", "--strict"]).2, Some(0));
    write("other.vnnlib", &AT_TWO_POINTS.replace("equal-to", "isomorphic-to"));
    refused(&["net.json", "other.vnnlib"], "expected 2, one each for 'f', 'g'");
    assert_eq!(told(&taut(at, &["--name"])), ("Taut\n".to_string(), String::new(), Some(0)));
}
