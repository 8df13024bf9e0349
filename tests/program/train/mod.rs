//! `taut train` as a user meets it.

mod smooth;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use taut::io::read_network;
use taut::train::data::DataRecipe;
use taut::train::{Recipe, Schedule};

fn taut(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(folder).arg("train").args(arguments).output().expect("a run")
}

fn folder() -> temp_dir::TempDir {
    temp_dir::TempDir::new().expect("a folder")
}

const RECIPE: &str = "title = 'small'\nseed = 3\n[data]\nsource = 'function'\nsamples = 500\n\
                      [network]\nhidden = [8]\n[training]\nepochs = 3\n[penalty]\nl1 = 1e-4\n";

#[test]
fn flags_and_recipe_give_the_same_file() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("small.toml"), RECIPE).unwrap();
    let first = taut(folder.path(), &["small.toml", "-o", "a.onnx"]);
    assert_eq!(first.status.code(), Some(0), "{}", String::from_utf8_lossy(&first.stderr));
    assert!(first.stderr.is_empty());
    let flags = "--function peaks --samples 500 --hidden 8 --epochs 3 --seed 3 --l1 1e-4 \
                 --title small --threads 2 -o b.onnx";
    let second = taut(folder.path(), &flags.split_whitespace().collect::<Vec<_>>());
    assert_eq!(second.status.code(), Some(0), "{}", String::from_utf8_lossy(&second.stderr));
    assert_eq!(fs::read(at("a.onnx")).unwrap(), fs::read(at("b.onnx")).unwrap());
    let settings = ["small.toml", "--set", "seed=4", "--set", "training.batch=32", "-o", "c.onnx"];
    taut(folder.path(), &settings);
    assert_ne!(fs::read(at("a.onnx")).unwrap(), fs::read(at("c.onnx")).unwrap());
    let network = read_network(&at("a.onnx")).unwrap();
    assert_eq!(network.metadata().input_box.as_ref().unwrap().upper(), [2.0, 2.0]);
    assert!(network.metadata().origin.as_ref().unwrap().contains("recipe \"small\", seed 3"));
}

#[test]
fn json_log_and_curves() {
    let folder = folder();
    fs::write(folder.path().join("small.toml"), RECIPE).unwrap();
    let arguments = ["small.toml", "--format", "json", "--log", "l.jsonl", "--plot", "p.svg"];
    let output = taut(folder.path(), &arguments);
    let record: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&record["command"], &record["stopped_by"]), (&"train".into(), &Value::Null));
    assert_eq!(record["early_stopping"], false);
    // 350 samples for training in batches of 256: 2 steps in each epoch.
    assert_eq!((&record["epochs"], &record["steps"]), (&3.into(), &6.into()));
    assert_eq!(record["samples"], serde_json::json!([350, 75, 75]));
    assert_eq!(record["parameters"], 2 * 8 + 8 + 8 + 1);
    for key in ["train", "validation", "test"] {
        assert!(record[key]["rmse"].as_f64().unwrap() > 0.0);
    }
    assert!(record["seconds"]["train"].as_f64().unwrap() > 0.0);
    assert_eq!(record["recipe"]["training"]["optimizer"], "adam");
    let log = fs::read_to_string(folder.path().join("l.jsonl")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let epochs: Vec<&Value> = lines.iter().map(|line| &line["epoch"]).collect();
    assert_eq!(epochs, [0, 1, 2, 3]);
    assert_eq!(lines[3]["train_loss"], record["train_loss"]);
    let picture = fs::read_to_string(folder.path().join("p.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n"));
    // The lines, and their samples in the legend.
    assert_eq!(picture.matches(" stroke-width=\"1.5\"").count(), 4);
}

#[test]
fn errors_name_the_key_and_leave_no_file() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("small.toml"), RECIPE).unwrap();
    fs::write(at("typo.toml"), RECIPE.replace("epochs", "epoch")).unwrap();
    fs::write(at("table.csv"), "a,y\n1,2\nNaN,3\n").unwrap();
    fs::write(at("csv.toml"), "[data]\nsource='csv'\nfile='table.csv'\ntargets=['y']\n").unwrap();
    let cases: [(&[&str], &str); 10] = [
        (&["typo.toml"], "error: typo.toml: TOML parse error at line 9, column 1"),
        (&["none.toml"], "error: none.toml: No such file"),
        (&["csv.toml"], "error: table.csv: "),
        (
            &["small.toml", "--learning-rate", "-1"],
            "error: small.toml: training.learning_rate: found -1",
        ),
        (
            &["small.toml", "--set", "training.lerning=1"],
            "error: small.toml: unknown field `lerning`",
        ),
        (&["small.toml", "--set", "seed"], "error: --set seed: expected TABLE.KEY=VALUE"),
        (
            &["small.toml", "--optimizer", "sgd", "--learning-rate", "1e9", "--epochs", "99"],
            "error: the training diverged: the loss is",
        ),
        (&["small.toml", "--set", "output=1"], "error: small.toml: unknown field `output`"),
        (&["small.toml", "--resume", "small.toml"], "error: small.toml: "),
        (&["--function", "valley"], "error: the flags: data.function: found 'valley'"),
    ];
    for (arguments, expected) in cases {
        let output = taut(folder.path(), &[arguments, &["-o", "out.onnx"]].concat());
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}\n{message}");
        assert!(message.starts_with(expected), "{arguments:?}\n{message}\nexpected: {expected}");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 4, "{arguments:?}: {left:?}");
    }
    let output = taut(folder.path(), &["small.toml", "-o", "out.txt"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("supported: .json, .onnx"), "{message}");
    let output = taut(folder.path(), &["small.toml", "-o", "no/out.onnx"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("the folder does not exist"), "{message}");
}

/// A value of 1e308 in the table; its place stands in the message.
#[test]
fn a_value_too_large_to_train_with_is_named_by_its_place() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/program/train"));
    let output = taut(folder, &["tiny.toml", "--epochs", "1"]);
    assert_eq!(output.status.code(), Some(1));
    let expected = "error: tiny.csv: line 3, column 'b': found '1e308'; expected a magnitude of \
                    at most 1e100\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
}

/// A folder with `small.toml`, whose training does not end by itself.
fn folder_with_endless_training() -> temp_dir::TempDir {
    let folder = folder();
    let recipe = RECIPE.replace("epochs = 3", "epochs = 1000000\nschedule = 'constant'");
    fs::write(folder.path().join("small.toml"), recipe).unwrap();
    folder
}

/// Ctrl-C: the best weights so far, status 3; resumed, the bytes of an uninterrupted run.
#[cfg(unix)]
#[test]
fn an_interrupt_keeps_what_there_is_and_the_training_can_go_on() {
    let folder = folder_with_endless_training();
    let at = |name: &str| folder.path().join(name);
    let arguments = ["small.toml", "-o", "part.onnx", "--checkpoint", "c.json", "--log", "l.jsonl"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_taut"))
        .current_dir(folder.path())
        .arg("train")
        .args(arguments)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let lines = || fs::read_to_string(at("l.jsonl")).unwrap_or_default().lines().count();
    while lines() < 10 {
        assert!(begun.elapsed() < Duration::from_secs(30), "no epochs in the log");
        std::thread::sleep(Duration::from_millis(5));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert!(read_network(&at("part.onnx")).is_ok());
    let done = lines() - 1;
    let epochs = (done + 5).to_string();
    let resumed = taut(
        folder.path(),
        &["small.toml", "--epochs", &epochs, "--resume", "c.json", "-o", "a.onnx"],
    );
    assert_eq!(resumed.status.code(), Some(0), "{}", String::from_utf8_lossy(&resumed.stderr));
    taut(folder.path(), &["small.toml", "--epochs", &epochs, "-o", "b.onnx"]);
    assert_eq!(fs::read(at("a.onnx")).unwrap(), fs::read(at("b.onnx")).unwrap());
    let other = taut(folder.path(), &["small.toml", "--batch", "32", "--resume", "c.json"]);
    let message = String::from_utf8_lossy(&other.stderr);
    assert!(message.contains("c.json: the checkpoint has another recipe"), "{message}");
}

/// A limit on time is a status: what there is, exit status 3, and a state to go on from.
#[test]
fn a_time_limit_keeps_what_there_is() {
    let folder = folder_with_endless_training();
    let at = |name: &str| folder.path().join(name);
    let arguments = ["small.toml", "-o", "part.onnx", "--checkpoint", "c.json", "--format", "json"];
    let limited = [&arguments[..], &["--time-limit", "0.3"]].concat();
    let output = taut(folder.path(), &limited);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let record: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&record["stopped_by"], &record["early_stopping"]),
        (&"time_limit".into(), &false.into())
    );
    assert!(record["test"]["rmse"].as_f64().unwrap() > 0.0);
    let taken = record["seconds"]["total"].as_f64().unwrap();
    assert!((0.3..5.0).contains(&taken), "{taken} s");
    assert!(read_network(&at("part.onnx")).is_ok());
    let epochs = record["epochs"].as_u64().unwrap().to_string();
    let resumed = ["small.toml", "--epochs", &epochs, "--resume", "c.json", "-o", "again.onnx"];
    assert_eq!(taut(folder.path(), &resumed).status.code(), Some(0));
    assert_eq!(fs::read(at("part.onnx")).unwrap(), fs::read(at("again.onnx")).unwrap());
    let text = taut(folder.path(), &["small.toml", "--time-limit", "0.3"]);
    assert!(
        String::from_utf8_lossy(&text.stdout).contains(" (stopped by the time limit); best after")
    );
    let none = taut(folder.path(), &["small.toml", "--time-limit", "0"]);
    assert_eq!(none.status.code(), Some(1));
    let expected = "error: time limit is 0 s; expected more than 0 seconds\n";
    assert_eq!(String::from_utf8_lossy(&none.stderr), expected);
}

/// Words, texts that are none, unicode, and nothing at all; usable in questions.
#[test]
fn names_of_columns_are_kept_in_every_format() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let rows: String = (0..40).map(|k| format!("{k},{},{},1,{k}\n", k * k % 7, k % 3)).collect();
    fs::write(at("a.csv"), format!(",fuel flow,größe,price,price €\n{rows}")).unwrap();
    let recipe = "[data]\nsource = 'csv'\nfile = 'a.csv'\ntargets = ['price €']\n\
                  [network]\nhidden = [3]\n[training]\nepochs = 2\n";
    fs::write(at("a.toml"), recipe).unwrap();
    for file in ["a.onnx", "a.json"] {
        let output = taut(folder.path(), &["a.toml", "-o", file]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let network = read_network(&at(file)).unwrap();
        assert_eq!(network.metadata().input_names, ["", "fuel flow", "größe", "price"]);
        assert_eq!(network.metadata().output_names, ["price €"]);
        let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
        let objective = "\"price €\" - 2 \"fuel flow\" + größe + x0 + price";
        command.current_dir(folder.path()).args(["minimize", file, "--objective", objective]);
        let output = command.output().expect("a run");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        for name in ["x0 = ", ", fuel flow = ", "größe = ", "price = ", " price € = "] {
            assert!(text.contains(name), "{name}: {text}");
        }
    }
}

/// The help says what the recipes' defaults are.
#[test]
fn the_help_tells_the_defaults() {
    let help = Command::new(env!("CARGO_BIN_EXE_taut")).args(["train", "--help"]).output();
    let help = String::from_utf8(help.expect("a run").stdout).expect("text");
    let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let Recipe { data, training, .. } = Recipe::default();
    let DataRecipe::Function(data) = data else { panic!("a function") };
    let usual = [
        format!("Number of samples (a count) [default: {} of", data.samples),
        format!("Samples in a step (a count) [default: {}]", training.batch),
        format!("Learning rate at first [default: {:e}]", training.learning_rate),
        format!("before training stops (a count; 0: never) [default: {}]", training.patience),
        "cosine, plateau [default: cosine]".to_string(),
    ];
    for text in usual {
        assert!(words.contains(&text), "{text}: {words}");
    }
    assert_eq!(training.schedule, Schedule::Cosine);
}
