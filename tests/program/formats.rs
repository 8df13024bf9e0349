//! Networks in other formats, packed, or from the standard input, through the program.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use temp_dir::TempDir;

use crate::support::onnx::{Model, Node};

/// Two inputs, y = 4 (relu(x₀') − relu(x₁')) + 2.5 with x₀' = x₀ and x₁' = (x₁ − 5) / 10, for
/// x₀ from −1 to 1 and x₁ from 0 to 10.
const NNET: &str = "// A network\n2,2,1,2,\n2,2,1,\n0,\n-1,0,\n1,10,\n0,5,2.5,\n1,10,4,\n1,0,\n0,1,\n0,\n0,\n1,-1,\n0,\n";

fn folder() -> TempDir {
    let folder = temp_dir::TempDir::new().expect("a folder");
    fs::write(folder.path().join("net.nnet"), NNET).expect("a file");
    folder
}

fn run(folder: &Path, arguments: &[&str], stdin: Option<&str>) -> Output {
    let stdin = match stdin {
        Some(name) => File::open(folder.join(name)).expect("a file").into(),
        None => Stdio::null(),
    };
    let program = env!("CARGO_BIN_EXE_taut");
    let mut command = Command::new(program);
    command.current_dir(folder).args(arguments).stdin(stdin).output().expect("a run")
}

/// What a run prints and warns of.
fn answered(folder: &Path, arguments: &[&str], stdin: Option<&str>) -> (String, String) {
    let output = run(folder, arguments, stdin);
    let errors = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {errors}");
    (String::from_utf8(output.stdout).expect("text"), errors)
}

fn record(folder: &Path, arguments: &[&str], stdin: Option<&str>) -> Value {
    let arguments = [arguments, &["--format", "json"]].concat();
    serde_json::from_str(&answered(folder, &arguments, stdin).0).expect("a record")
}

/// By hand: the least value is at x₀ ≤ 0 and x₁ = 10, where x₁' = 0.5: 4 (0 − 0.5) + 2.5 = 0.5.
/// In normalised units it is 0 − 0.5.
#[test]
fn nnet_files_in_both_units() {
    let folder = folder();
    let at = folder.path();
    for (units, value, upper) in [("raw", 0.5, 10.0), ("normalised", -0.5, 0.5)] {
        let arguments = ["minimize", "net.nnet", "--nnet-units", units];
        let record = record(at, &arguments, None);
        let found = record["objective"].as_f64().expect("a value");
        assert!((found - value).abs() < 1e-9, "{found}; expected {value}");
        assert_eq!(record["question"]["network"]["units"], units);
        assert_eq!(record["question"]["box"]["upper"][1], upper);
        let (text, errors) = answered(at, &arguments, None);
        let line = format!("inputs and outputs in {units} units of net.nnet\n");
        assert!(text.ends_with(&line) && errors.is_empty(), "{text}{errors}");
    }
    let default = record(at, &["info", "net.nnet"], None);
    assert_eq!(default["question"]["network"]["units"], "raw");
    assert_eq!(default["origin"], "NNet file, read in raw units");
    // Other files have none.
    let (converted, _) = answered(at, &["convert", "net.nnet", "net.json"], None);
    assert_eq!(converted, "wrote net.json\ninputs and outputs in raw units of net.nnet\n");
    let other = record(at, &["info", "net.json"], None);
    assert!(other["question"]["network"].get("units").is_none());
    assert_eq!(other["origin"], "NNet file, read in raw units");
}

#[test]
fn a_box_beyond_that_of_an_nnet_file_is_warned_of() {
    let folder = folder();
    let arguments = ["minimize", "net.nnet", "--lower=-1,0", "--upper=1,11"];
    let (_, errors) = answered(folder.path(), &arguments, None);
    assert!(errors.contains("net.nnet: input 1 may leave the range"), "{errors}");
    let arguments = ["minimize", "net.nnet", "--lower=-1,0", "--upper=0,10"];
    assert_eq!(answered(folder.path(), &arguments, None).1, "");
}

/// Every format, packed or not, holds the same network: with the same value at the same box.
#[test]
fn networks_go_from_format_to_format() {
    let folder = folder();
    let at = folder.path();
    let question = ["--lower=-1,-0.5", "--upper=1,0.5"];
    let mut from = "net.nnet".to_string();
    for name in
        ["a.onnx", "a.onnx.gz", "b.json.gz", "b.nnet.gz", "c.npz", "c.npz.gz", "d.nnet", "e.onnx"]
    {
        let arguments = ["convert", &from, name, "--nnet-units", "normalised"];
        let arguments = [&arguments[..], &question].concat();
        let (text, _) = answered(at, &arguments, None);
        assert!(text.starts_with(&format!("wrote {name}\n")), "{text}");
        let is_packed = fs::read(at.join(name)).expect("a file").starts_with(&[0x1f, 0x8b]);
        assert_eq!(is_packed, name.ends_with(".gz"), "{name}");
        let arguments = [&["minimize", name][..], &question].concat();
        let found = record(at, &arguments, None)["objective"].as_f64().expect("a value");
        assert!((found + 0.5).abs() < 1e-9, "{name}: {found}");
        from = name.to_string();
    }
}

/// What an archive has no place for is told.
#[test]
fn archives_leave_out_the_box() {
    let folder = folder();
    let at = folder.path();
    let arguments = ["convert", "net.nnet", "net.npz", "--nnet-units", "normalised"];
    let (_, errors) = answered(at, &arguments, None);
    assert!(errors.contains("net.npz: holds weights only"), "{errors}");
    let (_, errors) = answered(at, &["convert", "net.npz", "bare.npz"], None);
    assert_eq!(errors, "");
}

#[test]
fn networks_come_from_the_standard_input() {
    let folder = folder();
    let at = folder.path();
    for name in ["net.onnx", "net.json", "net.nnet.gz", "net.onnx.gz"] {
        answered(at, &["convert", "net.nnet", name], None);
    }
    for name in ["net.nnet", "net.onnx", "net.json", "net.nnet.gz", "net.onnx.gz"] {
        let record = record(at, &["minimize", "-"], Some(name));
        let found = record["objective"].as_f64().expect("a value");
        assert!((found - 0.5).abs() < 1e-9, "{name}: {found}");
        assert_eq!(record["question"]["network"]["path"], "-");
        let bytes = fs::read(at.join(name)).expect("a file");
        assert_eq!(record["question"]["network"]["sha256"], taut::io::sha256(&bytes).as_str());
    }
    answered(at, &["convert", "-", "copy.json"], Some("net.json"));
    let name = |file: &str| record(at, &["info", file], None)["network"].clone();
    assert_eq!((name("net.onnx.gz"), name("copy.json")), ("net".into(), "net".into()));
    // Files without a name of their own.
    assert_eq!(record(at, &["info", "-"], Some("net.nnet"))["network"], "stdin");
}

/// Programs that stand in for Python: what they say is compared with the network, by hand the
/// identity, at 20 points.
#[test]
#[cfg(unix)]
fn a_network_is_checked_against_what_a_program_says() {
    use std::os::unix::fs::PermissionsExt;
    let folder = temp_dir::TempDir::new().expect("a folder");
    let at = folder.path();
    let identity = r#"{"format": "taut-network", "version": 1, "input": {"name": "x", "shape": [1, 1]},
"layers": [{"op": "Identity", "name": "y", "operands": ["x"], "output": "y"}], "output": "y",
"box": {"lower": [0.25], "upper": [0.25]}}"#;
    fs::write(at.join("net.json"), identity).expect("a file");
    answered(at, &["convert", "net.json", "net.onnx"], None);
    let program = |name: &str, text: &str| {
        let path = at.join(name);
        fs::write(&path, format!("#!/bin/sh\ncat > /dev/null\n{text}\n")).expect("a program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a program");
    };
    let says = |value: &str| {
        let outputs = vec![format!("[{value}]"); 20].join(",");
        format!("echo '{{\"version\": \"1.2.3\", \"outputs\": [{outputs}]}}'")
    };
    program("same", &says("0.25"));
    program("other", &says("0.5"));
    program("none", "echo \"ModuleNotFoundError: No module named 'onnxruntime'\" >&2; exit 1");
    let python = |name: &str| at.join(name).to_string_lossy().into_owned();
    let asked =
        |name: &str| run(at, &["info", "net.onnx", "--check", "--python", &python(name)], None);
    let text = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let same = asked("same");
    assert_eq!(same.status.code(), Some(0));
    assert!(text(&same).contains("the same outputs as onnxruntime 1.2.3 at 20"), "{}", text(&same));
    let other = asked("other");
    assert_eq!(other.status.code(), Some(1));
    // By hand: 0.25 / 1.5.
    assert!(
        text(&other).contains("OTHER outputs") && text(&other).contains("1.7e-1"),
        "{}",
        text(&other)
    );
    let none = asked("none");
    let errors = String::from_utf8_lossy(&none.stderr);
    assert!(
        errors.contains("has no onnxruntime; expected one with it: python3 -m pip"),
        "{errors}"
    );
    let json = run(at, &["info", "net.json", "--check"], None);
    let errors = String::from_utf8_lossy(&json.stderr);
    assert!(errors.contains("onnxruntime reads .onnx files; found net.json"), "{errors}");
}

/// The new file is another function than the old one, which the answer itself says: warnings may
/// be off.
#[test]
fn what_is_written_without_its_last_operator_is_told() {
    let folder = folder();
    let at = folder.path();
    let model = Model::from_x_to_y(&[1, 2]).node("Relu", &["x"], "scores").with(Node::new(
        "Softmax",
        &["scores"],
        "y",
        "end",
    ));
    fs::write(at.join("net.onnx"), model.encode()).expect("a file");
    let without = "without the Softmax at the end (node 'end'): in place of 'y', the new file's \
                   outputs are the values before it\n";
    let (text, _) = answered(at, &["convert", "net.onnx", "new.onnx", "--quiet"], None);
    assert_eq!(text, format!("wrote new.onnx\n{without}"));
    let domain = ["--lower", "-1", "--upper", "1"];
    let prune = [&["convert", "net.onnx", "new.onnx", "--prune"][..], &domain].concat();
    assert!(answered(at, &prune, None).0.ends_with(without));
    let scale = [&["scale", "net.onnx", "-o", "new.onnx"][..], &domain].concat();
    assert!(answered(at, &scale, None).0.contains(&format!("  {without}")));
    let converted = record(at, &["convert", "net.onnx", "new.onnx"], None);
    assert_eq!(converted["set_aside"][0]["op"], "Softmax");
    let again = record(at, &["convert", "new.onnx", "net.json"], None);
    assert_eq!(again["set_aside"], serde_json::json!([]));
}
