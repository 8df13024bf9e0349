//! `taut compare NETWORK PROPERTY`. The network and its properties are those of `verify.rs`, where
//! the verdicts come from: by hand.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::verify::folder;

pub fn taut(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(folder).args(arguments).output().expect("a run")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_number_of_threads_has_a_row_of_verdicts() {
    let folder = folder();
    let words = ["compare", "net.json", "sat.vnnlib", "--threads", "1,2", "--seeds", "3"];
    let output = taut(folder.path(), &[&words[..], &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let record: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&record["verdict"], &record["question"]["property"]),
        (&"sat".into(), &"sat.vnnlib".into())
    );
    assert!(record.get("sense").is_none() && record["threads"].is_null(), "{record}");
    let rows = record["rows"].as_array().expect("rows");
    let variants: Vec<&Value> = rows.iter().map(|row| &row["variant"]).collect();
    assert_eq!(variants, ["threads=1", "threads=2"]);
    for (row, threads) in rows.iter().zip(1..) {
        assert_eq!((&row["verdict"], &row["closed"]), (&"sat".into(), &3.into()));
        assert_eq!((&row["threads"], &row["parts"]), (&threads.into(), &1.into()));
        for key in ["solver", "encoding", "status", "model", "objective"] {
            assert!(row[key].is_null(), "{key}");
        }
        let runs = row["runs"].as_array().expect("runs");
        assert_eq!(runs.iter().map(|run| &run["seed"]).collect::<Vec<_>>(), [0, 1, 2]);
        for run in runs {
            let output = &run["answer"]["counterexample"]["output"];
            assert_eq!((&run["outcome"], &output[0]), (&"sat".into(), &1.0.into()));
        }
    }
    let table = text(&taut(folder.path(), &words).stdout);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "sat: sat.vnnlib", "{table}");
    let words = |line: usize| lines[line].split_whitespace().collect::<Vec<_>>();
    assert_eq!(words(4), ["threads", "verdict", "parts", "nodes", "time"], "{table}");
    assert_eq!(words(6)[..4], ["2", "sat", "3/3", "1"], "{table}");
}

#[test]
fn the_verdict_decides_the_exit_status() {
    let folder = folder();
    for (property, verdict, code) in [("unsat", "unsat", 0), ("border", "unknown", 3)] {
        let file = format!("{property}.vnnlib");
        // In either order, as `taut verify` takes them.
        for files in [["net.json", &file], [&file, "net.json"]] {
            let output = taut(folder.path(), &[&["compare"], &files[..]].concat());
            assert_eq!(output.status.code(), Some(code), "{files:?}");
            let told = text(&output.stdout);
            assert!(told.starts_with(&format!("{verdict}: {file}\n")), "{told}");
        }
    }
    let csv = ["compare", "net.json", "unsat.vnnlib", "--format", "csv"];
    let csv = text(&taut(folder.path(), &csv).stdout);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let row = reader.records().next().expect("a row").expect("fields");
    let field = |name: &str| &row[header.iter().position(|h| h == name).expect("a column")];
    assert_eq!((field("verdict"), field("closed"), field("solver")), ("unsat", "1", ""));
    let output = taut(folder.path(), &["compare", "net.json", "none.vnnlib"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("none.vnnlib"), "{}", text(&output.stderr));
}

/// Nothing that was typed is ignored: an option either means something for a property, or is
/// refused.
#[test]
fn what_a_property_has_no_use_for_is_refused() {
    let folder = folder();
    let refused = [
        ("--lower", "0"),
        ("--upper", "1"),
        ("--box", "box.csv"),
        ("--objective", "y0"),
        ("--constraint", "x0 <= 1"),
        ("--integer", "0"),
        ("--sense", "minimize"),
        ("--solver", "search"),
        ("--encoding", "big-m"),
        ("--tighten", "crown"),
        ("--tighten-time", "1"),
        ("--scale", "none"),
        ("--backend", "highs"),
        ("--preset", "proof"),
        ("--known-point", "start"),
        ("--presolve", "on"),
        ("--gap", "1e-4"),
        ("--absolute-gap", "1e-6"),
        ("--node-limit", "10"),
    ];
    let known = [
        "--nnet-units",
        "--seed",
        "--seeds",
        "--threads",
        "--time-limit",
        "--records",
        "--resume",
        "--format",
        "--output",
        "--verbose",
        "--quiet",
        "--color",
        "--help",
    ];
    let help = text(&taut(folder.path(), &["compare", "--help"]).stdout);
    let lines = help.lines().filter_map(|line| line.trim_start().strip_prefix('-'));
    let options =
        lines.filter_map(|line| line.split_once("--").or(line.strip_prefix('-').map(|l| ("", l))));
    let options = options.map(|(_, name)| {
        let end = name.find(|c: char| !(c.is_ascii_lowercase() || c == '-')).unwrap_or(name.len());
        format!("--{}", &name[..end])
    });
    let options: BTreeSet<String> = options.collect();
    let expected = refused.iter().map(|(option, _)| *option).chain(known);
    assert_eq!(options, expected.map(String::from).collect());
    for (option, value) in refused {
        let output = taut(folder.path(), &["compare", "net.json", "sat.vnnlib", option, value]);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{option}: {message}");
        assert!(message.contains("cannot be used with") && message.contains(option), "{message}");
    }
}
