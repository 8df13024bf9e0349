//! Several journals in a folder.

use std::collections::BTreeSet;

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
