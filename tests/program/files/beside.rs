//! Files beside those that were named: OMLT's bounds of inputs are found, and nothing is
//! written over what is there.

use std::fs;
use std::path::Path;

use crate::files::{NETWORK, answered, names, output, refused};

/// `y0 = x0 + x1` without a box.
const SUM: &str = r#"{"format": "taut-network", "version": 1,
    "input": {"name": "x", "shape": [1, 2]}, "output": "y",
    "layers": [{"name": "sum", "op": "MatMul", "output": "y",
                "operands": ["x", {"shape": [2, 1], "values": [1, 1]}]}]}"#;

/// What OMLT writes, the second input first.
const BOUNDS: &str = r#"[{"key": [0, 1], "lower_bound": -2.0, "upper_bound": 3.0},
                         {"key": [0, 0], "lower_bound": -1.0, "upper_bound": 1.0}]"#;

/// `sum.onnx` in a new folder, perhaps with a file beside it.
fn folder(bounds: Option<&str>) -> temp_dir::TempDir {
    let folder = temp_dir::TempDir::new().expect("a folder");
    fs::write(folder.path().join("sum.json"), SUM).expect("a file");
    answered(folder.path(), &["convert", "sum.json", "sum.onnx"]);
    if let Some(bounds) = bounds {
        fs::write(folder.path().join("sum.onnx.bounds.json"), bounds).expect("a file");
    }
    folder
}

fn record(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let text = answered(folder, &[arguments, &["--format", "json"][..]].concat());
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn the_bounds_of_omlt_are_found_and_named() {
    let folder = folder(Some(BOUNDS));
    let folder = folder.path();
    let text = answered(folder, &["minimize", "sum.onnx"]);
    assert!(text.starts_with("minimum of y0 = -3\n"), "{text}");
    assert!(text.ends_with("box of inputs from sum.onnx.bounds.json\n"), "{text}");
    let answer = record(folder, &["maximize", "sum.onnx"]);
    assert_eq!(answer["objective"], 4.0);
    assert_eq!(answer["question"]["box_file"], "sum.onnx.bounds.json");
    assert_eq!(record(folder, &["info", "sum.onnx"])["input_box"]["lower"][1], -2.0);
    // The same by name, and from an instance without a box.
    let named = record(folder, &["maximize", "sum.onnx", "--box", "sum.onnx.bounds.json"]);
    assert_eq!(
        (&named["objective"], &named["question"]["box_file"]),
        (&answer["objective"], &answer["question"]["box_file"])
    );
    fs::write(folder.join("i.toml"), "network = 'sum.onnx'").expect("a file");
    assert_eq!(record(folder, &["maximize", "i.toml"])["objective"], 4.0);
    // What the user says, the instance or the network goes before it.
    let given = record(folder, &["maximize", "sum.onnx", "--lower=0", "--upper=5"]);
    assert_eq!(given["objective"], 10.0);
    assert!(given["question"]["box_file"].is_null());
    fs::write(folder.join("i.toml"), "network = 'sum.onnx'\nlower = [0, 0]\nupper = [7, 1]")
        .expect("a file");
    let instance = record(folder, &["maximize", "i.toml"]);
    assert_eq!(
        (&instance["objective"], &instance["question"]["box_file"]),
        (&8.0.into(), &"i.toml".into())
    );
    answered(folder, &["convert", "sum.onnx", "own.onnx", "--lower=0", "--upper=1"]);
    fs::copy(folder.join("sum.onnx.bounds.json"), folder.join("own.onnx.bounds.json"))
        .expect("a file");
    let own = record(folder, &["maximize", "own.onnx"]);
    assert_eq!(
        (&own["objective"], &own["question"]["box_file"]),
        (&2.0.into(), &"own.onnx".into())
    );
}

#[test]
fn what_lies_beside_a_network_and_is_no_box_is_an_error_where_it_is_needed() {
    let folder = folder(Some(r#"{"format": "taut-bounds"}"#));
    let folder = folder.path();
    let message = refused(folder, &["minimize", "sum.onnx"]);
    assert!(message.contains("sum.onnx.bounds.json: ") && message.contains("OMLT"), "{message}");
    answered(folder, &["minimize", "sum.onnx", "--lower=0", "--upper=1"]);
    fs::remove_file(folder.join("sum.onnx.bounds.json")).expect("a file");
    let message = refused(folder, &["minimize", "sum.onnx"]);
    assert!(message.contains("no box of inputs"), "{message}");
}

#[test]
fn pruning_writes_over_nothing_that_was_not_named() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let folder = folder.path();
    let prune = |more: &[&str]| {
        let arguments = ["convert", NETWORK, "out.onnx", "--prune"];
        output(folder, &[&arguments[..], more].concat())
    };
    // OMLT's file stays as it is.
    fs::write(folder.join("out.onnx.bounds.json"), "theirs").expect("a file");
    assert_eq!(prune(&[]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(folder.join("out.onnx.bounds.json")).expect("a file"), "theirs");
    assert_eq!(names(folder), ["out.onnx", "out.onnx.bounds.json", "out.onnx.pruning.json"]);
    // A second time, the file is there and nobody has named it.
    fs::write(folder.join("out.onnx.pruning.json"), "kept").expect("a file");
    let before = fs::read(folder.join("out.onnx")).expect("a file");
    let arguments = ["convert", NETWORK, "out.onnx", "--prune"];
    let message = refused(folder, &arguments);
    assert!(message.contains("out.onnx.pruning.json: there is such a file already"), "{message}");
    assert!(message.contains("--bounds FILE"), "{message}");
    assert_eq!(fs::read_to_string(folder.join("out.onnx.pruning.json")).expect("a file"), "kept");
    assert_eq!(fs::read(folder.join("out.onnx")).expect("a file"), before);
    // Named, it is replaced.
    assert_eq!(prune(&["--bounds", "out.onnx.pruning.json"]).status.code(), Some(0));
    let proof = fs::read_to_string(folder.join("out.onnx.pruning.json")).expect("a file");
    assert!(proof.contains("taut-bounds"), "{proof}");
    let message = refused(folder, &[&arguments[..], &["--bounds", "out.onnx"]].concat());
    assert!(message.contains("expected two files"), "{message}");
}
