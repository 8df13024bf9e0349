//! JSON Schemas: every file and record of the project fits, and what readers refuse does not.
//! Whether something fits is said by the crate jsonschema.

use std::path::{Path, PathBuf};
use std::process::Command;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::texts::{INSTANCES, NO_INSTANCES, NO_RECIPES, RECIPES};
use crate::{ROOT, program};

fn taut(arguments: &[&str]) -> String {
    let output = Command::new(program()).current_dir(ROOT).args(arguments).output();
    let output = output.expect("a run");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(output.status.code(), Some(0 | 3)), "{arguments:?}: {message}");
    String::from_utf8(output.stdout).expect("text")
}

fn schema(arguments: &[&str]) -> Validator {
    let text = taut(&[&["schema"], arguments].concat());
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    assert!(jsonschema::meta::is_valid(&schema), "{arguments:?} is no schema");
    jsonschema::validator_for(&schema).expect("a schema")
}

fn errors(schema: &Validator, value: &Value) -> Vec<String> {
    schema.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

fn toml_value(text: &str) -> Value {
    toml::from_str(text).expect("TOML")
}

fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(toml_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files
}

/// Whether a recipe is one of a game of two networks.
fn is_of_a_game(recipe: &Value) -> bool {
    recipe.get("generator").is_some()
}

/// Every file of a folder fits; the least number of them is known.
fn all_fit(folder: &str, subject: &str, least: usize) {
    let [schema, game] = [subject, "gan"].map(|subject| schema(&[subject]));
    let files = toml_files(&Path::new(ROOT).join(folder));
    assert!(files.len() >= least, "{} files", files.len());
    for file in files {
        let value = toml_value(&std::fs::read_to_string(&file).expect("text"));
        let schema = if is_of_a_game(&value) { &game } else { &schema };
        assert_eq!(errors(schema, &value), [""; 0], "{}", file.display());
    }
}

/// The same texts are read and refused in the tests of the library.
#[test]
fn instances_fit_and_what_the_reader_refuses_does_not() {
    all_fit("instances", "instance", 100);
    let schema = schema(&["instance"]);
    for text in INSTANCES {
        assert_eq!(errors(&schema, &toml_value(text)), [""; 0], "{text}");
    }
    for wrong in NO_INSTANCES {
        assert!(!schema.is_valid(&toml_value(wrong)), "{wrong}");
    }
    // Half a box is refused when the box is asked for.
    assert!(!schema.is_valid(&toml_value("network = 'a.onnx'\nlower = [1]")));
}

#[test]
fn recipes_fit_and_what_the_reader_refuses_does_not() {
    all_fit("networks", "recipe", 100);
    let schema = schema(&["recipe"]);
    for text in RECIPES {
        assert_eq!(errors(&schema, &toml_value(text)), [""; 0], "{text}");
    }
    for wrong in NO_RECIPES {
        assert!(!schema.is_valid(&toml_value(wrong)), "{wrong}");
    }
}

/// Recipes in `benchmarks/` fit a schema, and texts that the reader refuses do not.
fn benchmarks_fit(subject: &str, names: [&str; 3], refused: [&str; 3]) {
    let schema = schema(&[subject]);
    for name in names {
        let path = Path::new(ROOT).join(format!("benchmarks/{subject}-{name}.toml"));
        let value = toml_value(&std::fs::read_to_string(path).expect("a recipe"));
        assert_eq!(errors(&schema, &value), [""; 0], "{name}");
    }
    for wrong in refused {
        assert!(!schema.is_valid(&toml_value(wrong)), "{wrong}");
    }
}

#[test]
fn recipes_of_games_fit_and_what_the_reader_refuses_does_not() {
    let refused = ["[game]\nloss = 'mean'", "[data]\nsource = 'ring'\nside = 3", "epochs = 3"];
    benchmarks_fit("gan", ["ring", "grid", "digits"], refused);
}

#[test]
fn recipes_of_machines_fit_and_what_the_reader_refuses_does_not() {
    let refused = ["[rbm]\nvisible = 'spins'", "[stack]\nlayers = 'many'", "epochs = 3"];
    benchmarks_fit("rbm", ["ising", "ising-40", "ring"], refused);
}

#[test]
fn suites_fit_and_what_the_reader_refuses_does_not() {
    let schema = schema(&["suite"]);
    let text =
        std::fs::read_to_string(Path::new(ROOT).join("benchmarks/smoke.toml")).expect("a suite");
    assert_eq!(errors(&schema, &toml_value(&text)), [""; 0]);
    let more = "instances = ['a.csv']\nquestion = 'regions'\n[slurm]\noptions = ['--qos=low']\n\
                [[variant]]\nname = 'x'\ncommand = ['x']\noutput = { sat = 'sat' }";
    assert_eq!(errors(&schema, &toml_value(more)), [""; 0]);
    for wrong in [
        "seeds = [1]",
        "instances = 'a.toml'",
        "instances = ['a.toml']\nlimit = 3",
        "instances = ['a.toml']\nquestion = 'all'",
        "instances = ['a.toml']\n[slurm]\npartition = 'long'",
    ] {
        assert!(!schema.is_valid(&toml_value(wrong)), "{wrong}");
    }
}

#[test]
fn records_of_every_command_fit_theirs_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_string();
    let [pruned, proof, program, records] = ["a.onnx", "b.json", "c.mps", "d"].map(file);
    let [batch, merged, games, rows] = ["e", "f", "g", "h"].map(file);
    std::fs::create_dir(&batch).expect("a folder");
    std::fs::write(Path::new(&batch).join("runs.jsonl"), "").expect("a journal");
    let point = file("c.sol");
    let [spins, stacks] = ["spins.toml", "g"].map(file);
    let recipe = "[data]\nsource = 'ising'\nside = 4\n[stack]\nlayers = [16, 4]\n[rbm]\nepochs = 2";
    std::fs::write(&spins, recipe).expect("a recipe");
    let (peaks, rosenbrock) = ("instances/peaks-2x25.toml", "instances/rosenbrock4-2x25.toml");
    let runs: &[&[&str]] = &[
        &["info", "networks/peaks-2x25.onnx"],
        &["minimize", rosenbrock],
        &["minimize", peaks, "--solver", "enumerate"],
        &["maximize", rosenbrock, "--time-limit", "1e-9"],
        &["bounds", rosenbrock, "--tighten", "lp"],
        &["analyze", rosenbrock, "--regions-time", "0.1", "--tighten", "crown"],
        &["regions", peaks, "--pieces"],
        &["regions", rosenbrock, "--method", "bounds"],
        &["scale", rosenbrock],
        &["train", "--samples", "50", "--epochs", "2", "--hidden", "4", "--l1", "0.1"],
        &["rbm", &spins, "-o", &stacks],
        &["gan", "benchmarks/gan-ring.toml", "-o", &games, "--set", "training.steps=2"],
        &["convert", rosenbrock, &pruned, "--prune", "--bounds", &proof],
        &["compare", rosenbrock, "--encoding", "big-m,split", "--seeds", "2", "--records", &rows],
        &["compare", peaks, "--solver", "search,enumerate"],
        &["compare", "networks/peaks-2x25.onnx", "instances/peaks-2x25.vnnlib", "--seeds", "2"],
        &["export", rosenbrock, "-o", &program],
        &["export", peaks, "-o", &program, "--solution", &point],
        &["bench", "benchmarks/smoke.toml", "-o", &records, "--dry-run"],
        &["bench", "benchmarks/smoke.toml", "-o", &records],
        &["report", &records],
        &["report", &records, &records, "--pair"],
        &["bench", "status", &batch, "benchmarks/smoke.toml"],
        &["bench", "merge", &batch, "-o", &merged],
    ];
    let all = schema(&["record"]);
    for run in runs {
        let text = taut(&[run, &["--format", "json"][..]].concat());
        let record: Value = serde_json::from_str(&text).expect("JSON");
        let own = record["command"].as_str().expect("a name");
        assert!(own.starts_with(run[0]), "{own}");
        let own = schema(&["record", "--command", own]);
        assert_eq!(errors(&own, &record), [""; 0], "{run:?}");
        assert_eq!(errors(&all, &record), [""; 0], "{run:?}");
        let other = if run[0] == "info" { "scale" } else { "info" };
        assert!(!schema(&["record", "--command", other]).is_valid(&record), "{run:?}");
        // Every key of the head counts.
        for key in ["command", "question", "machine", "seed"] {
            let mut changed = record.clone();
            changed[key] = json!("what it is not");
            assert!(!all.is_valid(&changed), "{run:?}: {key}");
            changed.as_object_mut().expect("an object").remove(key);
            assert!(key == "seed" || !own.is_valid(&changed), "{run:?}: without {key}");
        }
    }
    // The lines of a journal have a schema of their own.
    let run = schema(&["run"]);
    for (folder, count) in [(&records, 8), (&rows, 4)] {
        let journal = Path::new(folder).join("runs.jsonl");
        let lines = std::fs::read_to_string(journal).expect("a journal");
        for line in lines.lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            assert_eq!(errors(&run, &line), [""; 0]);
        }
        assert_eq!(lines.lines().count(), count);
    }
    assert!(!run.is_valid(&json!({ "schema": 1 })));
}
