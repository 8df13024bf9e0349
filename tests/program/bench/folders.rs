//! Several journals in a folder.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};

use serde_json::Value;

use super::{Campaign, GOOD, list, stderr, summary, tool};

/// Other shares have run before: what they have is done, and what they say counts.
#[test]
fn runs_may_be_shared_otherwise_when_they_go_on() {
    let fine = tool("fine", GOOD);
    let suite = format!("instances = ['a.toml']\nseeds = [{}]\n{fine}", list(8));
    let campaign = Campaign::new(&suite);
    assert!(campaign.run(&["--shard", "2/4"]).status.success());
    let error = stderr(&campaign.run(&["--shard", "1/2"]));
    assert!(error.contains("runs-2-of-4.jsonl: has 2 records; expected a new folder"), "{error}");
    for shard in [&["--shard", "1/3"][..], &["--shard", "2/3"], &[]] {
        let output = campaign.run(&[shard, &["--resume"]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let summary = summary(&output);
        assert_eq!(summary["done"], summary["runs"]);
    }
    let journals = ["runs-2-of-4.jsonl", "runs-1-of-3.jsonl", "runs-2-of-3.jsonl", "runs.jsonl"];
    let records: Vec<_> = journals.iter().flat_map(|journal| campaign.records(journal)).collect();
    let runs: BTreeSet<&str> = records.iter().filter_map(|record| record["run"].as_str()).collect();
    assert_eq!((records.len(), runs.len()), (8, 8));
}

/// One share has a bound that a point of the other beats.
#[test]
fn shares_contradict_each_other() {
    let wrong = "echo status: optimal; echo value: -2.6; echo bound: -2.6";
    let tools = [tool("fine", GOOD), tool("wrong", wrong)].concat();
    let campaign = Campaign::new(&format!("instances = ['a.toml']\n{tools}"));
    for shard in ["1/2", "2/2"] {
        campaign.run(&["--shard", shard]);
    }
    for shard in ["1/2", "2/2"] {
        let output = campaign.run(&["--shard", shard, "--resume"]);
        assert_eq!(output.status.code(), Some(1));
        let error = stderr(&output);
        let expected = "'fine' (seed 0) has a point of value -3.60634224, but 'wrong' (seed 0)";
        assert!(error.contains(expected), "{error}");
    }
}

/// `taut bench status` or `merge` on folders of a campaign.
fn about(campaign: &Campaign, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(campaign.folder.path()).arg("bench").args(words);
    command.args(["--format", "json"]).output().expect("a run")
}

/// Both shares of 8 runs, each in a folder of its own: "one" and "two".
fn apart(variants: &str, seeds: usize) -> Campaign {
    let seeds = list(seeds);
    let campaign = Campaign::new(&format!("instances = ['a.toml']\nseeds = [{seeds}]\n{variants}"));
    for (shard, name) in [("1/2", "one"), ("2/2", "two")] {
        campaign.run(&["--shard", shard]);
        fs::rename(campaign.path("out"), campaign.path(name)).expect("a folder");
    }
    campaign
}

#[test]
fn folders_become_one_that_goes_on() {
    let campaign = apart(&tool("fine", GOOD), 8);
    let output = about(&campaign, &["merge", "one", "two", "one", "-o", "out"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let merged = summary(&output);
    assert_eq!((&merged["records"], &merged["doubles"]), (&8.into(), &4.into()));
    assert_eq!(merged["variants"][0]["solved"], 8);
    assert_eq!(campaign.records("runs.jsonl").len(), 8);
    // Nothing is left to do, nor written over.
    let output = campaign.run(&["--resume"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!((&summary(&output)["done"], &summary(&output)["runs"]), (&8.into(), &8.into()));
    let error = stderr(&about(&campaign, &["merge", "one", "two", "-o", "out"]));
    assert!(error.contains("runs.jsonl: has 8 records; expected a new folder"), "{error}");
    // Another record of a run that is there already.
    fs::create_dir(campaign.path("three")).expect("a folder");
    let journal = campaign.path("two/runs-2-of-2.jsonl");
    let text = fs::read_to_string(&journal).expect("a journal");
    let other = text.replacen("\"value\":-3.60634224", "\"value\":-3.6", 1);
    assert_ne!(text, other);
    fs::write(campaign.path("three/runs.jsonl"), other).expect("a journal");
    let error = stderr(&about(&campaign, &["merge", "two", "three", "-o", "four"]));
    let expected = "two/runs-2-of-2.jsonl and three/runs.jsonl have different records of the run";
    assert!(error.contains(expected) && !campaign.path("four").exists(), "{error}");
    fs::create_dir(campaign.path("empty")).expect("a folder");
    let error = stderr(&about(&campaign, &["merge", "one", "empty", "-o", "four"]));
    assert!(error.contains("empty: found no journal"), "{error}");
}

/// A record of a newer version is kept as it is, and differs from one without what it says more.
#[test]
fn what_a_newer_version_says_is_kept() {
    let campaign = apart(&tool("fine", GOOD), 2);
    let journal = campaign.path("one/runs-1-of-2.jsonl");
    let text = fs::read_to_string(&journal).expect("a journal");
    let newer = text.replacen("{\"schema\"", "{\"newer\": [1,  2], \"schema\"", 1);
    assert_ne!(text, newer);
    fs::write(&journal, &newer).expect("a journal");
    let output = about(&campaign, &["merge", "one", "two", "-o", "out"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let other = fs::read_to_string(campaign.path("two/runs-2-of-2.jsonl")).expect("a journal");
    let merged = fs::read_to_string(campaign.path("out/runs.jsonl")).expect("a journal");
    assert_eq!(merged, newer + &other);
    fs::create_dir(campaign.path("three")).expect("a folder");
    fs::write(campaign.path("three/runs.jsonl"), text).expect("a journal");
    let error = stderr(&about(&campaign, &["merge", "one", "three", "-o", "four"]));
    assert!(error.contains("have different records of the run"), "{error}");
}

#[test]
fn contradictions_of_folders_come_first() {
    let wrong = "echo status: optimal; echo value: -2.6; echo bound: -2.6";
    let campaign = apart(&[tool("fine", GOOD), tool("wrong", wrong)].concat(), 1);
    let output = about(&campaign, &["merge", "one", "two", "-o", "out"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("contradiction: a.toml: 'fine' (seed 0)"));
    assert_eq!(campaign.records("runs.jsonl").len(), 2);
}

#[test]
fn the_status_tells_what_is_done_and_what_is_at_work() {
    let tools = [tool("fine", GOOD), tool("fails", "exit 4")].concat();
    let campaign = apart(&tools, 4);
    let of = |words: &[&str]| -> Value { summary(&about(&campaign, words)) };
    let status = of(&["status", "one"]);
    assert_eq!((&status["runs"], &status["done"]), (&Value::Null, &4.into()));
    let status = of(&["status", "one", "suite.toml"]);
    assert_eq!((&status["runs"], &status["slurm"]), (&8.into(), &Value::Null));
    let journal = &status["journals"][0];
    let outcomes = ["optimal", "failed"].map(|name| journal["outcomes"][name].as_u64());
    assert_eq!(outcomes.iter().flatten().sum::<u64>(), 4, "{journal}");
    assert_eq!((&journal["is_running"], &journal["is_torn"]), (&false.into(), &false.into()));
    assert!(journal["last_seconds"].as_f64().is_some_and(|seconds| seconds < 600.0), "{journal}");
    // As a batch does that adds to it.
    let path = campaign.path("one/runs-1-of-2.jsonl");
    let text = fs::read_to_string(&path).expect("a journal") + "{\"schema\"";
    fs::write(&path, text).expect("a torn line");
    let file = fs::File::open(&path).expect("a journal");
    file.lock().expect("a lock");
    let journal = &of(&["status", "one"])["journals"][0];
    assert_eq!((&journal["is_running"], &journal["is_torn"]), (&true.into(), &true.into()));
    let error = stderr(&about(&campaign, &["status", "."]));
    assert!(error.contains(".: found no journal"), "{error}");
}

/// As a scheduler ends a job: the signal reaches the run, and then the batch.
#[test]
#[cfg(target_os = "linux")]
fn a_run_that_a_signal_ends_before_its_batch_is_no_record() {
    // The second process needs a moment to leave the group of the run, which ends as a whole.
    let ended = "setsid sh -c \"sleep 0.4; kill -TERM $PPID\" & sleep 0.3; kill -TERM $$";
    let campaign = Campaign::new(&format!("instances = ['a.toml']\n{}", tool("ended", ended)));
    let output = campaign.run(&[]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert_eq!(summary(&output)["stopped_by"], "interrupt");
    assert_eq!(campaign.records("runs.jsonl").len(), 0);
    // A signal to the run alone is its own matter.
    let ended = "kill -TERM $$";
    let campaign = Campaign::new(&format!("instances = ['a.toml']\n{}", tool("ended", ended)));
    assert!(campaign.run(&[]).status.success());
    assert_eq!(campaign.records("runs.jsonl")[0]["outcome"], "crashed");
}
