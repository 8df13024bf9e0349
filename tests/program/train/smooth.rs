//! Networks with smooth activations: trained and evaluated, refused by what is exact.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const RECIPE: &str = "title = 'curves'\n[data]\nsource = 'function'\nsamples = 200\n\
                      [network]\nhidden = [4, 3]\nactivation = 'tanh'\n[training]\nepochs = 2\n";

const REFUSED: &str = "node 'activation2' (Tanh): it is smooth, not piecewise linear; expected \
                       Relu, LeakyRelu, PRelu, Clip, HardSigmoid, Abs or Max in its place, \
                       trained with it (piecewise linear)";

fn taut(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(folder).args(arguments).output().expect("a run")
}

/// A folder with the trained network as `net.onnx`.
fn trained() -> temp_dir::TempDir {
    let folder = temp_dir::TempDir::new().expect("a folder");
    fs::write(folder.path().join("curves.toml"), RECIPE).unwrap();
    let output = taut(folder.path(), &["train", "curves.toml", "-o", "net.onnx"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

fn refused(folder: &Path, arguments: &[&str], message: &str) {
    let output = taut(folder, arguments);
    assert_eq!(String::from_utf8_lossy(&output.stderr), format!("error: {message}\n"));
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
}

#[test]
fn exact_commands_refuse_it_by_name() {
    let folder = trained();
    let message = format!("net.onnx: {REFUSED}");
    for command in ["minimize", "bounds", "regions", "analyze", "scale", "robust"] {
        let more: &[&str] = match command {
            "scale" => &["-o", "scaled.onnx"],
            "robust" => &["--input", "0,0", "--epsilon", "0.1"],
            _ => &[],
        };
        refused(folder.path(), &[&[command, "net.onnx"], more].concat(), &message);
    }
    let instance = "title = 'least'\nnetwork = 'net.onnx'\nsense = 'minimize'\nobjective = 'y0'\n";
    fs::write(folder.path().join("least.toml"), instance).unwrap();
    refused(folder.path(), &["minimize", "least.toml"], &format!("least.toml: {message}"));
    refused(
        folder.path(),
        &["evaluate", "net.onnx", "--input", "0,0", "--gradient"],
        &format!("--gradient of net.onnx: {REFUSED}"),
    );
}

#[test]
fn it_is_evaluated_described_and_converted() {
    let folder = trained();
    let answer = |arguments: &[&str]| -> Value {
        let output = taut(folder.path(), &[arguments, &["--format", "json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let info = answer(&["info", "net.onnx"]);
    assert_eq!((&info["relus"], &info["operators"]["Tanh"]), (&Value::Null, &2.into()));
    assert_eq!(info["refused"], REFUSED);
    answer(&["convert", "net.onnx", "net.json"]);
    let at = |file| answer(&["evaluate", file, "--input", "0.5,-1"])["points"][0].clone();
    let point = at("net.onnx");
    assert_eq!((&at("net.json"), &point["pattern"]), (&point, &Value::Array(Vec::new())));
    assert!(point["output"][0].as_f64().unwrap().is_finite());
    refused(
        folder.path(),
        &["convert", "net.onnx", "net.nnet"],
        "net.nnet: layer 'activation2': found an operator Tanh; expected dense layers, one after \
         the other, with ReLU between them",
    );
}

#[test]
fn penalties_on_bounds_refuse_smooth_neurons() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    for activation in ["tanh", "sigmoid"] {
        for penalty in ["stability", "big_m", "unstable"] {
            let recipe =
                RECIPE.replace("tanh", activation) + &format!("[penalty]\n{penalty} = 1\n");
            fs::write(folder.path().join("curves.toml"), recipe).unwrap();
            refused(
                folder.path(),
                &["train", "curves.toml"],
                &format!(
                    "penalty.{penalty}: found a strength; expected none for tanh and sigmoid: \
                     their neurons are smooth, with no bend to be stable at"
                ),
            );
        }
    }
}

/// The slope 0.01 and the ceiling 0.1 are no numbers of single precision, which files hold.
#[test]
fn slopes_and_ceilings_of_a_recipe_are_written_as_files_hold_them() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    for (name, more) in [("leaky-relu", &[][..]), ("clipped-relu", &["--ceiling", "0.1"])] {
        let words = ["train", "--activation", name, "--samples", "50", "--epochs", "1"];
        let words = [&words[..], more, &["--hidden", "3", "-o", "net.onnx"]].concat();
        let output = taut(folder.path(), &words);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let output = taut(folder.path(), &["minimize", "net.onnx", "--format", "json"]);
        let record: Value = serde_json::from_slice(&output.stdout).expect("a record");
        assert_eq!(record["status"], "optimal", "{record}");
    }
}
