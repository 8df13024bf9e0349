//! `taut compare`: its lists, and what it refuses.

use std::process::{Command, Output};

use serde_json::Value;

pub fn taut(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().expect("a run")
}

#[test]
fn the_command_prints_json_and_takes_lists() {
    let output = taut(&[
        "compare",
        "instances/rosenbrock4-2x25.toml",
        "--encoding",
        "big-m,partition:3",
        "--tighten",
        "interval,crown",
        "--scale",
        "none,balance",
        "--seed",
        "7",
        "--seeds",
        "2",
        "--format",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let record: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(record["command"], "compare");
    assert_eq!(record["seeds"], serde_json::json!([7, 8]));
    let rows = record["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 8);
    assert_eq!(rows[0]["encoding"], "big-m");
    assert_eq!(rows[1]["encoding"], "partition:3");
    assert_eq!(rows[7]["scale"], "balance");
    assert_eq!(rows[7]["runs"].as_array().map(Vec::len), Some(2));
}

#[test]
fn wrong_lists_are_refused_by_name() {
    let problem = "instances/rosenbrock4-2x25.toml";
    for (arguments, expected) in [
        (vec!["--encoding", "big-m,foo"], "unknown encoding 'foo'"),
        (vec!["--tighten", "crown,foo"], "invalid value 'foo'"),
        (vec!["--scale", "none,foo"], "invalid value 'foo'"),
        (vec!["--seeds", "0"], "seeds is 0"),
        (vec!["--solver", "milp,foo"], "invalid value 'foo'"),
        (vec!["--solver", "auto"], "possible values: milp, search, enumerate"),
        (
            vec!["--solver", "search,enumerate", "--encoding", "big-m"],
            "--encoding is a setting of programs; expected with milp in --solver",
        ),
        (
            vec!["--solver", "search", "--tighten-time", "1"],
            "--tighten-time is a setting of programs; expected with milp in --solver",
        ),
        (vec!["--encoding", "big-m,split,big-m"], "encoding=big-m' occurs twice"),
        (vec!["--solver", "search", "--threads", "1,2,1"], "threads=1' occurs twice"),
        (vec!["--threads", "1,0"], "threads is 0"),
        (vec!["--resume"], "--records <DIR>"),
    ] {
        let output = taut(&[&["compare", problem], arguments.as_slice()].concat());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(matches!(output.status.code(), Some(1 | 2)), "{arguments:?}");
        assert!(message.contains(expected), "{message}");
    }
}
