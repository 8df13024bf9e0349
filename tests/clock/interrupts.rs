//! One rule for all commands: a limit, Ctrl-C or SIGTERM ends them with status 3, a reason and
//! what is known, also while files are read. What is expected follows from the rule alone.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How late a command may end. The rule says half a second after a limit and a second after an
/// interrupt; the rest is for a machine that is busy with other tests.
const SLACK: Duration = Duration::from_millis(1500);

fn spawn(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a run")
}

fn run(arguments: &[&str]) -> Output {
    spawn(arguments).wait_with_output().expect("an end")
}

fn signal(child: &Child, name: &str) {
    let kill = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(kill.expect("kill").success());
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The record of a run that something ended early.
fn stopped(output: &Output, reason: &str) -> Value {
    let (told, wrong) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(3), "{told}{wrong}");
    let record: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(record["stopped_by"], reason, "{told}");
    assert_eq!(record["schema"], 2);
    record
}

/// All commands on a file, with the option for JSON where it is not the text that is asked.
fn commands<'a>(file: &'a str, recipe: &'a str, folder: &'a Path) -> Vec<Vec<String>> {
    let at = |name: &str| folder.join(name).display().to_string();
    let (model, network, saved) = (at("out.mps"), at("out.json"), at("saved.json"));
    let known = "networks/peaks-2x25.onnx";
    [
        vec!["info", file],
        vec!["minimize", file],
        vec!["maximize", file, "--solver", "enumerate"],
        vec!["bounds", file, "--save", &saved],
        vec!["bounds", known, "--load", file],
        vec!["bounds", known, "--box", file],
        vec!["analyze", file],
        vec!["regions", file, "--method", "sample"],
        vec!["scale", file],
        vec!["compare", file],
        vec!["export", file, "-o", &model],
        vec!["convert", file, &network],
        vec!["convert", file, &network, "--prune"],
        vec!["train", recipe],
    ]
    .into_iter()
    .map(|words| words.into_iter().map(str::to_string).collect())
    .collect()
}

fn fifo(path: &Path) -> String {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
    path.display().to_string()
}

/// Waits until somebody reads a fifo; it stays open, and empty, as long as the file does.
fn reader_of(path: &str) -> fs::File {
    let (sender, receiver) = channel();
    let path = path.to_string();
    std::thread::spawn(move || sender.send(fs::File::options().write(true).open(path)));
    let opened = receiver.recv_timeout(Duration::from_secs(60)).expect("a reader");
    opened.expect("a fifo")
}

/// A file that never ends: only the signal can end the command.
#[test]
fn a_signal_ends_every_command_while_it_reads() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let file = fifo(&folder.path().join("endless.json"));
    let recipe = fifo(&folder.path().join("endless.toml"));
    for (turn, command) in commands(&file, &recipe, folder.path()).iter().enumerate() {
        let name = ["-INT", "-TERM"][turn % 2];
        let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        let child = spawn(&[&arguments[..], &["--format", "json"]].concat());
        let open = reader_of(if command[0] == "train" { &recipe } else { &file });
        let started = Instant::now();
        signal(&child, name);
        let output = child.wait_with_output().expect("an end");
        assert!(started.elapsed() < SLACK, "{command:?}: {:?}", started.elapsed());
        let record = stopped(&output, "interrupt");
        assert_eq!(record["command"], command[0].as_str());
        let optimizes = ["minimize", "maximize"].contains(&command[0].as_str());
        let status = if optimizes { Value::from("unknown") } else { Value::Null };
        assert_eq!(record["status"], status, "{command:?}");
        drop(open);
    }
    // What is written appears whole or not at all.
    let names = fs::read_dir(folder.path()).expect("a folder");
    let names: Vec<String> =
        names.map(|entry| entry.expect("an entry").file_name().display().to_string()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn a_time_limit_holds_for_reading() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let file = fifo(&folder.path().join("endless.json"));
    let recipe = "none.toml";
    for command in commands(&file, recipe, folder.path()) {
        // The limit of compare is that of a solve.
        if ["info", "compare", "train"].contains(&command[0].as_str()) {
            continue;
        }
        let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        let started = Instant::now();
        let output = run(&[&arguments[..], &["--time-limit", "0.3"]].concat());
        assert!(started.elapsed() < Duration::from_millis(300) + SLACK, "{command:?}");
        assert_eq!(output.status.code(), Some(3), "{command:?}");
        let expected = "unknown: stopped by the time limit while the files were read\n";
        assert_eq!(text(&output.stdout), expected, "{command:?}");
    }
    let table = ["analyze", &file, "--time-limit", "0.3", "--format", "csv"];
    assert_eq!(text(&run(&table).stdout), "stopped_by\ntime_limit\n");
}

/// Reading a million constraints takes seconds.
#[test]
fn a_time_limit_holds_for_a_large_instance() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let network = Path::new(env!("CARGO_MANIFEST_DIR")).join("networks/peaks-2x25.onnx");
    let constraints: String =
        (0..1_000_000).map(|i| format!("\"y0 + 3 x0 + {} x1 <= 1e6\",\n", 1 + i % 1000)).collect();
    let instance = format!("network = {network:?}\nconstraints = [\n{constraints}]\n");
    let path = folder.path().join("large.toml");
    fs::write(&path, instance).expect("a file");
    let path = path.to_str().expect("a path");
    let started = Instant::now();
    let output = run(&["minimize", path, "--time-limit", "1", "--format", "json"]);
    assert!(started.elapsed() < Duration::from_secs(1) + SLACK, "{:?}", started.elapsed());
    let record = stopped(&output, "time_limit");
    assert_eq!(record["status"], "unknown");
    assert_eq!(record["question"]["instance"], path);
    assert_eq!(record["limits"]["time_seconds"], 1.0);
}

/// The mixed-integer programs of this network take minutes.
const HARD: &str = "instances/peaks-2x50.toml";

/// Its known least value, by Gurobi.
const LEAST: f64 = -3.64452638;

#[test]
fn bounds_that_were_stopped_are_saved_and_hold() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let file = folder.path().join("bounds.json");
    let file = file.to_str().expect("a path");
    let milp = ["bounds", HARD, "--tighten", "milp", "--save", file];
    for limit in ["--tighten-time", "--time-limit"] {
        let json = run(&[&milp[..], &[limit, "0.5", "--format", "json"]].concat());
        let record = stopped(&json, "time_limit");
        let lower = record["output"]["lower"][0].as_f64().expect("a bound");
        assert!(lower <= LEAST + 1e-6, "{lower}");
        let loaded = run(&["bounds", HARD, "--load", file, "--format", "json"]);
        assert_eq!(loaded.status.code(), Some(0));
        let loaded: Value = serde_json::from_slice(&loaded.stdout).expect("JSON");
        assert_eq!(loaded["output"]["lower"], record["output"]["lower"]);
        assert_eq!(loaded["stopped_by"], Value::Null);
    }
    let readers = run(&[&milp[..], &["--tighten-time", "0.5"]].concat());
    assert!(text(&readers.stdout).contains("\n  stopped by the time limit\n"));
}

#[test]
fn what_stands_on_stopped_bounds_is_written_and_says_so() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (scaled, small, model) = (at("scaled.onnx"), at("small.onnx"), at("model.mps"));
    let proof = at("proof.json");
    for (arguments, file) in [
        (vec!["scale", HARD, "-o", &scaled], &scaled),
        (vec!["convert", HARD, &small, "--prune", "--bounds", &proof], &small),
        (vec!["export", HARD, "-o", &model], &model),
    ] {
        for limit in ["--tighten-time", "--time-limit"] {
            let more = ["--tighten", "milp", limit, "0.5"];
            let started = Instant::now();
            let json = run(&[&arguments[..], &more, &["--format", "json"]].concat());
            assert!(started.elapsed() < Duration::from_millis(500) + SLACK, "{arguments:?}");
            stopped(&json, "time_limit");
            assert!(fs::metadata(file).is_ok_and(|file| file.len() > 1000), "{arguments:?}");
            fs::remove_file(file).expect("a file");
        }
        let readers =
            run(&[&arguments[..], &["--tighten", "milp", "--tighten-time", "0.5"]].concat());
        let readers = text(&readers.stdout);
        assert!(readers.contains("stopped by the time limit"), "{readers}");
    }
}

#[test]
fn an_analysis_tells_in_every_format_what_came_first() {
    let analyze = ["analyze", HARD, "--tighten", "crown,milp", "--tighten-time", "0.5"];
    let run = |format: &str| run(&[&analyze[..], &["--format", format]].concat());
    stopped(&run("json"), "time_limit");
    let (readers, table) = (run("text"), run("csv"));
    assert_eq!((readers.status.code(), table.status.code()), (Some(3), Some(3)));
    let readers = text(&readers.stdout);
    assert!(readers.contains("\n  stopped by the time limit\n"), "{readers}");
    let mut table = csv::Reader::from_reader(table.stdout.as_slice());
    let header = table.headers().expect("a header").clone();
    let column = header.iter().position(|name| name == "stopped_by").expect("a column");
    let reasons: Vec<String> =
        table.records().map(|record| record.expect("a record")[column].to_string()).collect();
    assert_eq!(reasons, ["time_limit"; 2]);
}

#[test]
fn a_comparison_is_open_as_long_as_a_row_is() {
    let compare = ["compare", HARD, "--encoding", "big-m,split", "--tighten", "crown"];
    let limited = run(&[&compare[..], &["--time-limit", "0.5", "-v", "--format", "json"]].concat());
    let record = stopped(&limited, "time_limit");
    assert_eq!(record["rows"][0]["stopped_by"], "time_limit");
    assert_eq!(record["left_out"], 0);
    // With -v, each row is told when it is done.
    let told = text(&limited.stderr);
    for (place, encoding) in [("1/2", "big-m"), ("2/2", "split")] {
        let row = format!("{place} solver=milp tighten=crown scale=none encoding={encoding}:");
        assert!(told.contains(&row), "{told}");
    }
    let child = spawn(&[&compare[..], &["--format", "json"]].concat());
    std::thread::sleep(Duration::from_millis(1500));
    signal(&child, "-INT");
    let record = stopped(&child.wait_with_output().expect("an end"), "interrupt");
    let rows = record["rows"].as_array().expect("rows").len() as u64;
    assert_eq!(rows + record["left_out"].as_u64().expect("a count"), 2);
}

#[test]
fn regions_are_counted_until_something_comes_first() {
    // 366212 regions, by the known answer of the instance.
    let regions = ["regions", "instances/ackley5-2x25.toml", "--format", "json"];
    for (more, reason) in
        [(["--time-limit", "0.1"], "time_limit"), (["--cell-limit", "10"], "node_limit")]
    {
        let record = stopped(&run(&[&regions[..], &more].concat()), reason);
        assert_eq!(record["exact"], false);
        assert!(record["at_least"].as_u64().expect("a count") <= 366_212);
    }
    let sample = ["--method", "sample", "--samples", "1048576"];
    let child = spawn(&[&regions[..], &sample].concat());
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "-TERM");
    stopped(&child.wait_with_output().expect("an end"), "interrupt");
}

/// `timeout` sends one signal to the process and one to its group: both are the same wish. A
/// second one later on ends the process, as on a terminal.
#[test]
fn two_signals_at_once_are_one() {
    let hard = "instances/peaks-2x50.toml";
    let child = spawn(&["minimize", hard, "--solver", "milp", "--format", "json"]);
    std::thread::sleep(Duration::from_millis(700));
    for name in ["-TERM", "-TERM", "-INT"] {
        signal(&child, name);
        std::thread::sleep(Duration::from_millis(1));
    }
    stopped(&child.wait_with_output().expect("an end"), "interrupt");
}
