//! Batch runs: whatever a run does is a record, and whenever a batch is killed it goes on without
//! losing or doubling one.
#![cfg(unix)]

mod folders;
mod questions;
mod slurm;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
use temp_dir::TempDir;

use crate::support::onnx::{external, raw};

/// A folder with an instance and a suite.
struct Campaign {
    folder: TempDir,
}

impl Campaign {
    fn new(suite: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let network = Path::new(env!("CARGO_MANIFEST_DIR")).join("networks/peaks-2x25.onnx");
        for name in ["a", "b"] {
            let text = format!(
                "network = {:?}\n[reference]\nobjective = -3.60634224\nsource = \"docs\"\n",
                network
            );
            fs::write(folder.child(format!("{name}.toml")), text).expect("an instance");
        }
        fs::write(folder.child("suite.toml"), suite).expect("a suite");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
        command.arg("bench").arg(self.path("suite.toml")).arg("-o").arg(self.path("out"));
        command.args(more).args(["--format", "json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, more: &[&str]) -> Output {
        self.command(more).output().expect("a run")
    }

    /// The lines of a journal; every one has to be whole.
    fn records(&self, journal: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path("out").join(journal)).unwrap_or_default();
        assert!(text.is_empty() || text.ends_with('\n'), "a torn line: {text}");
        text.lines().map(|line| serde_json::from_str(line).expect("a record")).collect()
    }
}

fn summary(output: &Output) -> Value {
    let error = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no answer: {error}"))
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Another program that says a value and a bound.
fn tool(name: &str, script: &str) -> String {
    format!(
        "[[variant]]\nname = '{name}'\ncommand = ['sh', '-c', '''{script}''']\n\
         [variant.output]\noptimal = 'status: optimal'\nvalue = 'value:'\nbound = 'bound:'\n"
    )
}

const GOOD: &str = "echo status: optimal; echo value: -3.60634224; echo bound: -3.6064";

#[test]
fn every_instance_is_run_under_every_variant_with_every_seed() {
    let tool = tool("tool", GOOD);
    let campaign = Campaign::new(&format!(
        "instances = ['?.toml']\nseeds = [0, 7]\ntime_limit = 60\n[cross]\nsolver = ['search']\n{tool}"
    ));
    let output = campaign.run(&[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let records = campaign.records("runs.jsonl");
    assert_eq!(records.len(), 8);
    for record in &records {
        assert_eq!(record["outcome"], "optimal", "{record}");
        assert!((record["value"].as_f64().expect("a value") + 3.60634224).abs() < 1e-6);
        assert_eq!(record["reference"], -3.60634224);
        if cfg!(target_os = "linux") {
            assert!(record["cpu_seconds"].as_f64().is_some_and(|seconds| seconds >= 0.0));
        }
        assert!(record["instance_sha256"].as_str().is_some_and(|hash| hash.len() == 64));
        assert_eq!(record["answer"].is_object(), record["variant"] == "solver=search");
    }
    let summary = summary(&output);
    assert_eq!((&summary["runs"], &summary["done"]), (&8.into(), &8.into()));
    assert_eq!(summary["variants"][0]["solved"], 4);
    // A folder with records is not written over, and nothing is left to resume.
    let again = campaign.run(&[]);
    assert!(stderr(&again).contains("has 8 records; expected a new folder, or --resume"));
    assert!(campaign.run(&["--resume"]).status.success());
    // Wherever it is resumed from.
    let mut there = campaign.command(&["--resume"]);
    let there = there.current_dir(campaign.folder.path()).output().expect("a run");
    assert!(there.status.success(), "{}", stderr(&there));
    assert_eq!(campaign.records("runs.jsonl"), records);
    // In another order of shuffling, the runs are the same.
    let planned = campaign.run(&["--dry-run"]);
    let planned: Value = serde_json::from_slice(&planned.stdout).expect("a plan");
    let names = |list: &Value| -> BTreeSet<String> {
        let list = list.as_array().expect("a list").iter();
        list.map(|name| name.as_str().expect("a name").to_string()).collect()
    };
    let run: BTreeSet<String> =
        records.iter().map(|r| r["run"].as_str().expect("a name").to_string()).collect();
    assert_eq!(names(&planned["planned"]), run);
}

#[test]
fn whatever_a_run_does_is_a_record() {
    let tools = [
        tool("hangs", "trap '' TERM; while :; do sleep 1; done"),
        tool("crashes", "kill -SEGV $$"),
        tool("garbage", "head -c 3000 /dev/urandom"),
        tool("fails", "echo out of luck >&2; exit 4"),
        tool("eats", "x=$(head -c 300000000 /dev/zero | tr '\\0' x); sleep 60"),
        tool("says nothing", "true"),
        tool("fine", GOOD),
        "[[variant]]\nname = 'missing'\ncommand = ['/no/such/program']\noutput = { optimal = 'x' }\n"
            .to_string(),
    ];
    let campaign = Campaign::new(&format!(
        "instances = ['a.toml']\ntime_limit = 3\ngrace = 0.5\nmemory_limit_mb = 100\n{}",
        tools.concat()
    ));
    let output = campaign.run(&["--jobs", "2"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let records = campaign.records("runs.jsonl");
    let of = |variant: &str| {
        let found = records.iter().find(|record| record["variant"] == variant);
        found.unwrap_or_else(|| panic!("no record of {variant}"))
    };
    let has_proc = Path::new("/proc/self/stat").exists();
    let expected = [
        ("hangs", "timeout"),
        ("crashes", "crashed"),
        ("garbage", "unreadable"),
        ("fails", "failed"),
        ("eats", if has_proc { "memory" } else { "timeout" }),
        ("says nothing", "unreadable"),
        ("fine", "optimal"),
        ("missing", "not_started"),
    ];
    for (variant, outcome) in expected {
        assert_eq!(of(variant)["outcome"], outcome, "{}", of(variant));
    }
    assert_eq!(of("fails")["error"], "out of luck");
    assert_eq!(of("fails")["exit_status"], 4);
    assert!(of("missing")["error"].as_str().is_some_and(|text| text.contains("No such file")));
    assert_eq!(of("hangs")["value"], Value::Null);
}

#[test]
fn a_batch_that_is_killed_goes_on_where_it_was() {
    let slow = tool("slow", &format!("sleep 0.05; {GOOD}"));
    let campaign =
        Campaign::new(&format!("instances = ['?.toml']\nseeds = [{}]\n{slow}", list(30)));
    let shards = [["--shard", "1/2"], ["--shard", "2/2"]];
    for round in 0..6 {
        let started: Vec<Child> = shards
            .iter()
            .map(|shard| {
                let mut words = shard.to_vec();
                words.push("--resume");
                campaign.command(&words).spawn().expect("a batch")
            })
            .collect();
        sleep(Duration::from_millis(150 + 70 * round));
        for mut batch in started {
            batch.kill().expect("a signal");
            batch.wait().expect("its end");
        }
        // As after a crash in the middle of a line.
        let journal = campaign.path("out").join("runs-1-of-2.jsonl");
        let mut text = fs::read(&journal).expect("a journal");
        text.extend_from_slice(b"{\"schema\": 1, \"run\": \"a.to");
        fs::write(&journal, text).expect("a torn line");
    }
    for shard in shards {
        let output = campaign.run(&[shard[0], shard[1], "--resume"]);
        assert!(output.status.success(), "{}", stderr(&output));
    }
    let records: Vec<Value> = ["runs-1-of-2.jsonl", "runs-2-of-2.jsonl"]
        .iter()
        .flat_map(|journal| campaign.records(journal))
        .collect();
    let runs: BTreeSet<&str> = records.iter().filter_map(|record| record["run"].as_str()).collect();
    assert_eq!((records.len(), runs.len()), (60, 60));
}

fn list(count: usize) -> String {
    (0..count).map(|number| number.to_string()).collect::<Vec<_>>().join(", ")
}

#[test]
fn contradictions_come_first_and_fail() {
    let wrong = tool("wrong", "echo status: optimal; echo value: -3.5; echo bound: -3.5");
    let campaign = Campaign::new(&format!(
        "instances = ['a.toml']\n{wrong}[[variant]]\nname = 'taut'\noptions = ['--solver', 'search']\n"
    ));
    let output = campaign.run(&[]);
    assert_eq!(output.status.code(), Some(1));
    let error = stderr(&output);
    assert!(error.contains("contradiction: a.toml: 'taut' (seed 0) has a point"), "{error}");
    assert!(error.contains("'wrong' (seed 0) claims the bound -3.5"), "{error}");
    let found = summary(&output)["contradictions"].clone();
    assert_eq!(found.as_array().map(Vec::len), Some(2), "{found}");
}

#[test]
fn what_has_changed_is_noticed() {
    let fine = tool("fine", GOOD);
    let campaign = Campaign::new(&format!("instances = ['a.toml']\n{fine}"));
    assert!(campaign.run(&[]).status.success());
    let path = campaign.path("a.toml");
    let text = fs::read_to_string(&path).expect("an instance");
    fs::write(&path, format!("title = 'another'\n{text}")).expect("an instance");
    let error = stderr(&campaign.run(&["--resume"]));
    assert!(error.contains("a.toml has changed since the run 'a.toml | fine | seed 0'"), "{error}");
    fs::write(&path, text).expect("an instance");
    let suite = fs::read_to_string(campaign.path("suite.toml")).expect("a suite");
    fs::write(campaign.path("suite.toml"), suite.replace("-3.6064", "-4")).expect("a suite");
    let error = stderr(&campaign.run(&["--resume"]));
    assert!(error.contains("the command of 'fine' has changed"), "{error}");
    fs::write(campaign.path("suite.toml"), format!("time_limit = 9\n{suite}")).expect("a suite");
    let error = stderr(&campaign.run(&["--resume"]));
    assert!(error.contains("a limit, or the number of threads, has changed"), "{error}");
}

/// Also weights that lie beside the network's file.
#[test]
fn networks_that_have_changed_are_noticed() {
    let campaign = Campaign::new(&format!("instances = ['n.onnx']\n{}", tool("fine", GOOD)));
    fs::write(campaign.path("n.onnx"), external(&[("location", "w")]).encode()).expect("a network");
    let write = |last: f32| {
        let weights = [1.0, 0.5, -3.0, -1.0, 2.0, last];
        fs::write(campaign.path("w"), raw(&weights, f32::to_le_bytes)).expect("weights");
    };
    write(0.25);
    assert!(campaign.run(&[]).status.success());
    assert!(campaign.run(&["--resume"]).status.success());
    write(0.5);
    let error = stderr(&campaign.run(&["--resume"]));
    assert!(error.contains("the network of n.onnx has changed since the run"), "{error}");
    write(0.25);
    assert!(campaign.run(&["--resume"]).status.success());
}

#[test]
fn only_one_batch_writes_to_a_journal() {
    let slow = tool("slow", "sleep 30");
    let campaign = Campaign::new(&format!("instances = ['a.toml']\n{slow}"));
    let mut first = campaign.command(&[]).spawn().expect("a batch");
    let journal = campaign.path("out").join("runs.jsonl");
    while !journal.exists() {
        sleep(Duration::from_millis(10));
    }
    sleep(Duration::from_millis(200));
    let error = stderr(&campaign.run(&["--resume"]));
    // A signal is an interrupt: the run is not recorded, and the batch says what it has.
    let id = first.id().to_string();
    Command::new("kill").args(["-TERM", &id]).status().expect("a signal");
    let status = first.wait().expect("its end");
    assert!(error.contains("another run of this suite is writing to it"), "{error}");
    assert_eq!(status.code(), Some(3));
    assert_eq!(campaign.records("runs.jsonl").len(), 0);
}
