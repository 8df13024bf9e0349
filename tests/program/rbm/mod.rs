//! `taut rbm` as a user meets it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn taut(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(folder).arg("rbm").args(arguments).output().expect("a run")
}

const RECIPE: &str = "title = 'spins'\ncontrols = ['shuffled', 'no_l1']\n[data]\nsource = 'ising'\n\
                      side = 6\nsamples = 400\ntest_samples = 50\n[stack]\nlayers = [36, 9, 4]\n\
                      [rbm]\nepochs = 20\n";

fn folder(recipe: &str) -> temp_dir::TempDir {
    let folder = temp_dir::TempDir::new().expect("a folder");
    fs::write(folder.path().join("spins.toml"), recipe).expect("a recipe");
    folder
}

/// Files by name, with their bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect();
    files.sort();
    files
}

#[test]
fn figures_pictures_and_record() {
    let folder = folder(RECIPE);
    let output = taut(folder.path(), &["spins.toml", "-o", "out", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let record: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&record["command"], &record["stopped_by"]), (&"rbm".into(), &Value::Null));
    assert_eq!((&record["epochs"], &record["planned"]), (&120.into(), &3.into()));
    assert_eq!(record["runs"].as_array().map(Vec::len), Some(3));
    assert_eq!(record["layers"].as_array().map(Vec::len), Some(6));
    assert_eq!(record["runs"][0]["layers"][0]["fields"].as_array().map(Vec::len), Some(9));
    assert!(record["layers"][0]["radius"]["median"].as_f64().expect("a radius") > 0.0);
    let out = folder.path().join("out");
    let names: Vec<String> = files(&out).into_iter().map(|(name, _)| name).collect();
    let expected = [
        "checkpoint.json",
        "fields.svg",
        "log.jsonl",
        "runs.json",
        "samples.svg",
        "stack-0-main.json",
        "stack-0-no_l1.json",
        "stack-0-shuffled.json",
        "units.csv",
    ];
    assert_eq!(names, expected);
    let read = |name: &str| fs::read_to_string(out.join(name)).expect("a file");
    assert_eq!(read("log.jsonl").lines().count(), 120);
    // A header and 9 + 4 units of each stack.
    assert_eq!(read("units.csv").lines().count(), 1 + 3 * 13);
    assert!(read("fields.svg").starts_with("<svg"));
    let text = taut(folder.path(), &["spins.toml", "-o", "again", "--set", "rbm.epochs=1"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.starts_with("spins: 3 of 3 stacks\n  layers   36-9-4\n"), "{text}");
    assert!(text.contains("1 × shuffled"), "{text}");
}

/// Ended by a limit, gone on with, with another number of threads: the same bytes in every file.
#[test]
fn a_run_that_was_ended_goes_on_to_the_same_files() {
    let recipe =
        RECIPE.replace("epochs = 20", "epochs = 60").replace("samples = 400", "samples = 2000");
    let folder = folder(&recipe);
    let whole = taut(folder.path(), &["spins.toml", "-o", "whole"]);
    assert_eq!(whole.status.code(), Some(0), "{}", String::from_utf8_lossy(&whole.stderr));
    let limited = ["spins.toml", "-o", "part", "--time-limit", "150ms", "--threads", "2"];
    let mut part = taut(folder.path(), &limited);
    let mut ended = 0;
    while part.status.code() == Some(3) && ended < 200 {
        ended += 1;
        part = taut(folder.path(), &[&limited[..], &["--resume"]].concat());
    }
    assert_eq!(part.status.code(), Some(0), "{}", String::from_utf8_lossy(&part.stderr));
    let [whole, part] = ["whole", "part"].map(|name| files(&folder.path().join(name)));
    for ((name, one), (other_name, other)) in whole.iter().zip(&part) {
        assert_eq!(name, other_name);
        assert!(one == other, "{name} differs after {ended} ends");
    }
    assert_eq!(whole.len(), part.len());
}

#[test]
fn errors_name_the_key_and_the_file() {
    let folder = folder(RECIPE);
    for (arguments, expected) in [
        (&["none.toml", "-o", "out"][..], "error: none.toml: No such file"),
        (&["spins.toml", "-o", "out", "--seeds", "0"], "error: spins.toml: seeds: found 0"),
        (
            &["spins.toml", "-o", "out", "--set", "rbm.rate=1"],
            "error: spins.toml: unknown field `rate`",
        ),
        (&["spins.toml", "-o", "out", "--resume"], "error: out/checkpoint.json: No such file"),
        (&["spins.toml", "-o", "spins.toml"], "error: spins.toml: File exists"),
    ] {
        let output = taut(folder.path(), arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.starts_with(expected), "{arguments:?}: {error}");
        assert_eq!(output.status.code(), Some(1));
    }
    taut(folder.path(), &["spins.toml", "-o", "out", "--set", "rbm.epochs=1"]);
    let output = taut(folder.path(), &["spins.toml", "-o", "out", "--resume"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("the checkpoint has another recipe"), "{error}");
}
