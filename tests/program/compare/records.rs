//! `taut compare … --records DIR`: what is kept, gone on from and read by `taut report`.

use std::fs;
use std::path::Path;

use serde_json::Value;
use taut::bench::{CompareOptions, Kept, compare, read_folder};
use taut::encode::{BigM, Split};
use temp_dir::TempDir;

use super::properties::taut;
use super::{Listener, instance, options};
use crate::verify;

fn journal(folder: &Path) -> String {
    fs::read_to_string(folder.join("kept/runs.jsonl")).expect("a journal")
}

/// Exit status, answer and errors.
fn told(folder: &Path, words: &[&str], more: &[&str]) -> (Option<i32>, String, String) {
    let output = taut(folder, &[words, more].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A folder with an instance of its own.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    for file in ["networks/rosenbrock4-2x25.onnx", "instances/rosenbrock4-2x25.toml"] {
        let (from, to) = (Path::new(env!("CARGO_MANIFEST_DIR")).join(file), folder.child(file));
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::copy(from, to).expect("a copy");
    }
    folder
}

const WORDS: [&str; 10] = [
    "compare",
    "instances/rosenbrock4-2x25.toml",
    "--solver",
    "milp,search",
    "--encoding",
    "big-m,split",
    "--seeds",
    "2",
    "--records",
    "kept",
];

#[test]
fn rows_are_records_that_are_gone_on_from_and_reported() {
    let folder = folder();
    let at = folder.path();
    let (code, first, error) = told(at, &WORDS, &["--format", "csv"]);
    assert_eq!(code, Some(0), "{error}");
    let (kept, records) = (journal(at), read_folder(&folder.child("kept")).expect("records"));
    assert_eq!(records.len(), 6);
    let big_m = "solver=milp tighten=crown scale=none encoding=big-m";
    let run = format!("instances/rosenbrock4-2x25.toml | {big_m} | seed 0");
    assert_eq!((&records[0].run, &*records[0].variant), (&run, big_m));
    assert!(records[0].told::<f64>("/relaxation/bound").is_some());
    assert_eq!(records[0].reference, instance("rosenbrock4-2x25").reference().map(|r| r.objective));
    let (code, _, error) = told(at, &WORDS, &[]);
    assert!(code == Some(1) && error.contains("has 6 records; expected a new folder"), "{error}");
    // Nothing is run again: not even times change.
    let csv = ["--format", "csv", "--resume"];
    assert_eq!(told(at, &WORDS, &csv), (Some(0), first.clone(), String::new()));
    assert_eq!(journal(at), kept);
    // What is torn is done again.
    fs::write(folder.child("kept/runs.jsonl"), &kept[..kept.len() - 20]).expect("a cut");
    let (code, again, _) = told(at, &WORDS, &csv);
    let rows = |table: &str| table.lines().map(|line| line[..60].to_string()).collect::<Vec<_>>();
    assert_eq!((code, rows(&again)), (Some(0), rows(&first)));
    let now = journal(at);
    assert_eq!((now.lines().count(), &now[..now.len() / 2]), (6, &kept[..now.len() / 2]));
    let (code, table, error) = told(at, &["report", "kept"], &[]);
    assert_eq!(code, Some(0), "{error}");
    assert!(table.starts_with("6 runs, no contradiction") && table.contains(big_m), "{table}");
}

#[test]
fn records_of_something_else_are_refused() {
    let folder = folder();
    let at = folder.path();
    assert_eq!(told(at, &WORDS, &["-q"]).0, Some(0));
    let (code, _, error) = told(at, &WORDS, &["--resume", "--gap", "0.1"]);
    assert_eq!(code, Some(1));
    assert!(error.contains("the command has changed since the run 'instances/"), "{error}");
    let text = fs::read_to_string(folder.child(WORDS[1])).expect("an instance");
    fs::write(folder.child(WORDS[1]), text + "# a word more\n").expect("an instance");
    let (code, _, error) = told(at, &WORDS, &["--resume"]);
    assert_eq!(code, Some(1));
    assert!(error.contains("rosenbrock4-2x25.toml has changed since the run"), "{error}");
}

/// The journal says of one run the opposite of what is true.
#[test]
fn verdicts_that_differ_come_first() {
    let folder = verify::folder();
    let at = folder.path();
    let words = ["compare", "net.json", "unsat.vnnlib", "--seeds", "2", "--records", "kept"];
    assert_eq!(told(at, &words, &[]).0, Some(0));
    let lines = journal(at);
    let (first, second) = lines.split_once('\n').expect("two lines");
    let mut record: Value = serde_json::from_str(first).expect("JSON");
    assert_eq!(record["outcome"], "unsat");
    record["outcome"] = "sat".into();
    fs::write(folder.child("kept/runs.jsonl"), format!("{record}\n{second}")).expect("a journal");
    let (code, table, error) = told(at, &words, &["--resume"]);
    let expected = "error: contradiction: 'default' (seed 0) finds a counterexample (sat), but \
                    'default' (seed 1) finds none (unsat)";
    assert!(code == Some(1) && error.starts_with(expected), "{error}");
    assert!(table.starts_with("unknown: unsat.vnnlib\n"), "{table}");
}

#[test]
fn a_run_that_was_interrupted_leaves_no_record() {
    let folder = TempDir::new().expect("a folder");
    let file = Path::new("instances/peaks-2x50.toml");
    let kept = Kept::in_folder(folder.path(), false, (file, None), Vec::new()).expect("a folder");
    let mut listener = Listener { names: Vec::new(), stop_after: 1 };
    let asked: CompareOptions = options(&[&BigM, &Split]);
    let stopped = compare(&instance("peaks-2x50"), &asked, kept, &mut listener).expect("a table");
    assert_eq!((stopped.rows.len(), stopped.left_out), (1, 1));
    assert_eq!(stopped.rows[0].runs.len(), 1, "what is known is shown");
    assert_eq!(read_folder(folder.path()).expect("a journal"), []);
}
