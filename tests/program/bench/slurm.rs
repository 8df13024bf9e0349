//! A suite as a job array of a real Slurm, which tests/slurm/start.sh starts on this machine.
//! Where Slurm is not installed or does not start, the tests say so and are skipped.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use temp_dir::TempDir;

use super::{Campaign, GOOD, list, stderr, summary, tool};

/// Longest time that anything may take here.
const PATIENCE: Duration = Duration::from_secs(120);

/// A Slurm that ends with this.
struct Cluster {
    folder: TempDir,
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slurm").join(name)
}

impl Cluster {
    fn start() -> Option<Self> {
        let cluster = Self { folder: TempDir::new().expect("a folder") };
        let output = Command::new("sh").arg(script("start.sh")).arg(cluster.folder.path()).output();
        let output = output.expect("a shell");
        if !output.status.success() {
            eprintln!("skipped: {}", stderr(&output));
            return None;
        }
        Some(cluster)
    }

    /// A program that talks to it.
    fn ask(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SLURM_CONF", self.folder.child("slurm.conf"));
        command
    }

    fn bench(&self, campaign: &Campaign, more: &[&str]) -> Command {
        let mut command = campaign.command(&[&["--engine", "slurm"], more].concat());
        command.env("SLURM_CONF", self.folder.child("slurm.conf"));
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = Command::new("sh").arg(script("stop.sh")).arg(self.folder.path()).status();
    }
}

/// All records of a folder, by their runs, without what differs from one time to the next.
fn found(folder: &Path) -> BTreeMap<String, Vec<Value>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a journal");
        // A line that is just being written is none.
        for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            let record: Value = serde_json::from_str(line).expect("a record");
            let keys = ["instance", "variant", "seed", "outcome", "value", "bound", "exit_status"];
            let values = keys.iter().map(|key| record[key].clone()).collect();
            let run = record["run"].as_str().expect("a name").to_string();
            assert!(found.insert(run, values).is_none(), "a double: {record}");
        }
    }
    found
}

/// Waits until a folder has so many records.
fn wait_for(folder: &Path, least: usize, batch: &mut Child) {
    let started = Instant::now();
    while found(folder).len() < least {
        assert!(started.elapsed() < PATIENCE, "only {} records", found(folder).len());
        assert!(batch.try_wait().expect("a look").is_none(), "it has ended before");
        sleep(Duration::from_millis(20));
    }
}

fn hundred() -> Campaign {
    let slow = tool("slow", &format!("sleep 0.1; {GOOD}"));
    Campaign::new(&format!("instances = ['?.toml']\nseeds = [{}]\n{slow}", list(50)))
}

#[test]
fn a_job_array_that_is_cancelled_goes_on_to_the_records_of_a_local_run() {
    let Some(cluster) = Cluster::start() else { return };
    let local = hundred();
    assert!(local.run(&["--jobs", "4"]).status.success());
    let expected = found(&local.path("out"));
    assert_eq!(expected.len(), 100);

    let campaign = hundred();
    let out = campaign.path("out");
    let mut batch = cluster.bench(&campaign, &["--jobs", "4"]).spawn().expect("a batch");
    wait_for(&out, 20, &mut batch);
    let kept = fs::read_to_string(out.join("slurm.json")).expect("what is kept");
    let kept: Value = serde_json::from_str(&kept).expect("JSON");
    assert_eq!(kept["shares"], 4);
    let job = kept["job"].as_str().expect("a job");
    // While it is at work, nobody else is, and what it does can be seen.
    let mut status = cluster.ask(env!("CARGO_BIN_EXE_taut"));
    status.args(["bench", "status", "--format", "json"]).arg(&out).arg(campaign.path("suite.toml"));
    let status = status.output();
    let status = summary(&status.expect("a status"));
    assert_eq!((&status["runs"], &status["slurm"]["job"]), (&100.into(), &job.into()));
    let states = status["slurm"]["states"].as_object().expect("states");
    assert!(states.contains_key("RUNNING"), "{status}");
    let error =
        stderr(&cluster.bench(&campaign, &["--jobs", "3", "--resume"]).output().expect("a run"));
    assert!(error.contains("with 4 shares is still at work"), "{error}");

    assert!(cluster.ask("scancel").arg(job).status().expect("scancel").success());
    let output = batch.wait_with_output().expect("its end");
    // Cut short, and no run is recorded as if it had failed by itself.
    let cut = found(&out);
    assert!((20..100).contains(&cut.len()), "{} records", cut.len());
    assert!(cut.iter().all(|(run, values)| expected[run] == *values), "{cut:?}");
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("has ended and left"), "{}", stderr(&output));

    // With another number of shares, in journals of their own.
    let output = cluster.bench(&campaign, &["--jobs", "3", "--resume"]).output().expect("a run");
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(summary(&output)["done"], 100);
    assert_eq!(found(&out), expected);
    // Nothing is left to submit.
    let output = cluster.bench(&campaign, &["--resume"]).output().expect("a run");
    assert!(output.status.success(), "{}", stderr(&output));
    let again = fs::read_to_string(out.join("slurm.json")).expect("what is kept");
    assert!(again.contains("\"shares\":3"), "{again}");
    assert!(cluster.bench(&campaign, &[]).output().expect("a run").status.code() == Some(1));
}

#[test]
fn an_interrupt_leaves_the_job_array_alone() {
    let Some(cluster) = Cluster::start() else { return };
    let campaign = hundred();
    let out = campaign.path("out");
    let mut batch = cluster.bench(&campaign, &["--jobs", "2"]);
    let mut batch = batch.stdout(Stdio::null()).spawn().expect("a batch");
    wait_for(&out, 1, &mut batch);
    let id = batch.id().to_string();
    Command::new("kill").args(["-TERM", &id]).status().expect("a signal");
    let output = batch.wait_with_output().expect("its end");
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("goes on"), "{}", stderr(&output));
    assert!(found(&out).len() < 100);
    let output = cluster.bench(&campaign, &["--resume"]).output().expect("a run");
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!((&summary(&output)["done"], found(&out).len()), (&100.into(), 100));
    let logs = ["slurm-1.out", "slurm-2.out"].map(|log| fs::metadata(out.join(log)).is_ok());
    assert_eq!(logs, [true, true]);
}
