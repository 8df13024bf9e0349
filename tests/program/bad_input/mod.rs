//! Bad input of every kind, given to the program: exit status 1, nothing on
//! stdout, and on stderr one message that says what was found, where, and what
//! was expected.
//!
//! Every run has its own folder as working directory, so that the messages name
//! files without their temporary path.

mod formats;
mod long;
mod networks;
mod operators;
mod problems;
mod windows;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use temp_dir::TempDir;

use crate::support::onnx::{Model, Node, floats};

/// The operators of JSON files that are named where another one is found.
const SUPPORTED: &str = "supported: Add, AveragePool, Clip, Concat, Conv, Div, Flatten, Gather, \
                         Gemm, Identity, LeakyRelu, MatMul, Max, MaxPool, Min, Mul, Pad, Relu, \
                         Reshape, Sub, Transpose";

/// The extensions of network files, as messages name them.
const NETWORKS: &str = ".json, .onnx, .nnet, .npz; packed: .gz behind it";

/// Runs the program in `folder`.
fn taut(folder: &Path, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_taut");
    Command::new(program).args(arguments).current_dir(folder).output().expect("the program runs")
}

/// That the program refuses, with this message and nothing else.
fn assert_refused(folder: &Path, arguments: &[&str], message: &str) {
    let output = taut(folder, arguments);
    let stderr = String::from_utf8(output.stderr).expect("messages are text");
    assert_eq!(stderr, format!("error: {message}\n"), "{arguments:?}");
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{arguments:?}");
}

fn folder_with(files: &[(&str, &[u8])]) -> TempDir {
    let folder = temp_dir::TempDir::new().expect("a temporary folder");
    for (name, content) in files {
        fs::write(folder.path().join(name), content).expect("a file in the folder");
    }
    folder
}

/// That `taut info` refuses a network file, with this message behind its name.
fn assert_file_refused(name: &str, content: &[u8], message: &str) {
    let folder = folder_with(&[(name, content)]);
    assert_refused(folder.path(), &["info", name], &format!("{name}: {message}"));
}

fn assert_model_refused(model: Model, message: &str) {
    assert_file_refused("net.onnx", &model.encode(), message);
}

/// `y = x w + b` for `x` of shape [1, 2].
fn dense() -> Model {
    with_constants().with(gemm())
}

/// [`dense`] without its node.
fn with_constants() -> Model {
    let bias = floats("b", &[1], &[0.5]);
    Model::from_x_to_y(&[1, 2]).constant(floats("w", &[2, 1], &[1.0, -2.0])).constant(bias)
}

fn gemm() -> Node {
    Node::new("Gemm", &["x", "w", "b"], "y", "dense")
}

#[test]
fn files_that_cannot_be_read() {
    let folder = folder_with(&[("net.txt", b"")]);
    for name in ["directory", "directory.onnx", "directory.toml"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let network = format!("a network file ({NETWORKS})");
    let problem = format!("an instance file (.toml) or {network}");
    let unknown = "not a file of a known kind by its extension; expected";
    let folder_for = "is a directory; expected a file:";
    let cases = [
        ("info", "missing.onnx", "no such file".to_string()),
        ("minimize", "missing.toml", "no such file".to_string()),
        ("info", "directory", format!("{folder_for} {network}")),
        ("info", "directory.onnx", format!("{folder_for} {network}")),
        ("minimize", "directory", format!("{folder_for} {problem}")),
        ("minimize", "directory.toml", format!("{folder_for} {problem}")),
        ("info", "net.txt", format!("{unknown} {network}")),
        ("info", "net", format!("{unknown} {network}")),
        ("info", "net.txt.gz", format!("{unknown} {network}")),
        ("minimize", "net.txt", format!("{unknown} {problem}")),
    ];
    for (command, file, message) in cases {
        assert_refused(folder.path(), &[command, file], &format!("{file}: {message}"));
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    let folder = folder_with(&[]);
    let cases: [&[&str]; 7] = [
        &[],
        &["solve"],
        &["info"],
        &["info", "net.onnx", "--colour"],
        &["minimize", "net.onnx", "--seed", "-1"],
        &["minimize", "net.onnx", "--backend", "abacus"],
        &["minimize", "net.onnx", "--gap", "wide"],
    ];
    for arguments in cases {
        let output = taut(folder.path(), arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(stderr.contains("--help"), "{arguments:?}: {stderr}");
    }
}
