//! `taut gan` as a user meets it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use taut::io::read_network;

const RECIPE: &str = "title = 'small'\nseed = 3\n[generator]\nhidden = [8]\n[discriminator]\n\
                      hidden = [8]\n[cooperative]\nsteps = 20\nlangevin_steps = 2\n[training]\n\
                      steps = 50\n[evaluation]\nevery = 10\nsamples = 50\npanels = 3\n";

/// The files of a game.
const FILES: [&str; 5] =
    ["generator.onnx", "discriminator.onnx", "score.onnx", "log.jsonl", "checkpoint.json"];

fn taut(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(folder).arg("gan").args(arguments).output().expect("a run")
}

fn folder() -> temp_dir::TempDir {
    let folder = temp_dir::TempDir::new().expect("a folder");
    fs::write(folder.path().join("small.toml"), RECIPE).unwrap();
    folder
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// The bytes of what a game has written, but for the checkpoint, which tells the time.
fn bytes(game: &Path) -> Vec<Vec<u8>> {
    FILES[..4].iter().map(|name| fs::read(game.join(name)).expect(name)).collect()
}

#[test]
fn both_ways_side_by_side_with_networks_logs_and_a_picture() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let line = "small.toml -o out --seeds 2 --init plain,cooperative --plot p.svg --format json";
    let output = taut(folder.path(), &words(line));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let record: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&record["command"], &record["stopped_by"]), (&"gan".into(), &Value::Null));
    let runs = record["runs"].as_array().unwrap();
    let of = |run: &Value| format!("{}-seed{}", run["init"].as_str().unwrap(), run["seed"]);
    let names: Vec<String> = runs.iter().map(of).collect();
    assert_eq!(names, ["plain-seed3", "cooperative-seed3", "plain-seed4", "cooperative-seed4"]);
    for run in runs {
        assert_eq!((&run["steps"], &run["modes"]), (&50.into(), &8.into()));
        // 2 · 8 + 8 + 8 · 2 + 2 and 2 · 8 + 8 + 8 + 1.
        assert_eq!(run["parameters"], 42 + 33);
        assert!(run["metrics"]["mmd"].is_number() && run["metrics"]["frechet"].is_null());
    }
    let summary = record["summary"].as_array().unwrap();
    assert_eq!(summary.len(), 2);
    assert_eq!((&summary[1]["init"], &summary[1]["runs"]), (&"cooperative".into(), &2.into()));
    // Nothing covers eight modes in 50 steps.
    assert_eq!(summary[0]["failures"], 2);
    for name in &names {
        let game = at("out").join(name);
        let generator = read_network(&game.join("generator.onnx")).unwrap();
        let square = generator.metadata().input_box.as_ref().unwrap();
        assert_eq!((square.lower(), square.upper()), (&[-1.0, -1.0][..], &[1.0, 1.0][..]));
        let discriminator = read_network(&game.join("discriminator.onnx")).unwrap();
        let score = read_network(&game.join("score.onnx")).unwrap();
        let sample = generator.evaluate_single(&[0.25, -0.5]);
        let [one, two] =
            [discriminator.evaluate_single(&sample), score.evaluate_single(&[0.25, -0.5])];
        assert!((one[0] - two[0]).abs() < 1e-12, "{one:?}, {two:?}");
        let log = fs::read_to_string(game.join("log.jsonl")).unwrap();
        let steps: Vec<u64> = log
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["step"].as_u64().unwrap())
            .collect();
        assert_eq!(steps, [0, 10, 20, 30, 40, 50]);
    }
    let picture = fs::read_to_string(at("p.svg")).unwrap();
    assert_eq!(picture.matches(">step 50<").count(), 4);
    // Exact commands need no box.
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(at("out/plain-seed3")).args(["minimize", "score.onnx"]);
    assert_eq!(command.output().unwrap().status.code(), Some(0));
}

#[test]
fn the_same_bytes_with_two_threads_and_after_stops() {
    let folder = folder();
    let more = "--init cooperative --set training.steps=4000 --set evaluation.every=50";
    let whole = taut(folder.path(), &words(&format!("small.toml -o a {more}")));
    assert_eq!(whole.status.code(), Some(0), "{}", String::from_utf8_lossy(&whole.stderr));
    let game = |name: &str| folder.path().join(name).join("cooperative-seed3");
    let expected = bytes(&game("a"));
    taut(folder.path(), &words(&format!("small.toml -o b --threads 2 {more}")));
    assert_eq!(bytes(&game("b")), expected, "two threads");
    let mut stops = 0;
    let mut limit = 0.05;
    loop {
        let line = format!("small.toml -o c --resume --time-limit {limit} {more}");
        let part = taut(folder.path(), &words(&line));
        match part.status.code() {
            Some(0) => break,
            Some(3) => stops += 1,
            _ => panic!("{}", String::from_utf8_lossy(&part.stderr)),
        }
        limit *= 1.5;
    }
    assert!(stops > 0, "it was over before the first stop");
    assert_eq!(bytes(&game("c")), expected, "after {stops} stops");
    // A game that is over stays what it is; one without a checkpoint, as a kill may leave it,
    // begins again.
    let again = taut(folder.path(), &words(&format!("small.toml -o c --resume {more}")));
    assert_eq!(again.status.code(), Some(0));
    assert_eq!(bytes(&game("c")), expected, "once more");
    fs::remove_file(game("c").join("checkpoint.json")).unwrap();
    fs::write(game("c").join("log.jsonl"), "half a li").unwrap();
    taut(folder.path(), &words(&format!("small.toml -o c --resume {more}")));
    assert_eq!(bytes(&game("c")), expected, "after a kill");
}

#[test]
fn errors_say_what_was_found() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("file"), "").unwrap();
    fs::write(at("question.toml"), "network = 'a.onnx'\nlower = [0]\nupper = [1]").unwrap();
    fs::create_dir_all(at("there/plain-seed3")).unwrap();
    fs::write(at("there/plain-seed3/score.onnx"), "").unwrap();
    fs::create_dir_all(at("damaged/plain-seed3")).unwrap();
    fs::write(at("damaged/plain-seed3/checkpoint.json"), "{").unwrap();
    let stopped = taut(folder.path(), &words("small.toml -o other --set training.steps=60"));
    assert_eq!(stopped.status.code(), Some(0));
    let cases = [
        ("small.toml -o there", "there/plain-seed3: found a game; expected another folder"),
        ("small.toml -o file", "file/plain-seed3: found no folder and cannot make one"),
        ("small.toml -o damaged --resume", "damaged/plain-seed3/checkpoint.json: EOF"),
        ("small.toml -o other --resume", "checkpoint.json: the checkpoint has another recipe"),
        ("small.toml -o x --seeds 0", "--seeds: found 0; expected 1 to 10000"),
        ("small.toml -o x --init plain,plain", "--init: found 'plain' twice"),
        ("small.toml -o x --set game.loss=mean", "unknown variant `mean`"),
        ("small.toml -o x --set training.generator_rate=nan", "training.generator_rate: found NaN"),
        (
            "small.toml -o x --set cooperative.steps=51 --init cooperative",
            "found 51; expected 1 to 50",
        ),
        ("small.toml -o x --plot x.gif", "expected a file name that ends in .svg"),
        ("small.toml -o x --seeds 25 --plot x.svg", "more than 24 games"),
        ("question.toml -o x", "an instance, a question about a network"),
        ("none.toml -o x", "none.toml: No such file"),
        ("small.toml -o x --time-limit 0", "time limit is 0 s"),
        (
            "small.toml -o y --set training.generator_rate=1e30",
            "the game diverged: the loss of the ",
        ),
    ];
    for (line, expected) in cases {
        let output = taut(folder.path(), &words(line));
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{line}: {message}");
        assert!(message.contains(expected), "{line}: {message}");
        assert!(output.stdout.is_empty(), "{line}");
        assert!(!at("x").exists(), "{line} leaves a folder");
    }
}

/// One of the games of a command that diverges is a failure, not the end of the others.
#[test]
fn a_game_that_diverges_is_told_of() {
    let folder = folder();
    let line = "small.toml -o x --seeds 2 --set training.generator_rate=1e30 --format json";
    let output = taut(folder.path(), &words(line));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let record: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(record["summary"][0]["failures"], 2);
    let message = record["runs"][1]["diverged"].as_str().unwrap();
    assert!(message.starts_with("the game diverged: the loss of the "), "{message}");
    assert!(!folder.path().join("x/plain-seed3/generator.onnx").exists());
}
