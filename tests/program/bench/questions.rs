//! What else a suite can ask: numbers of regions, and properties.

use std::fs;
use std::path::Path;

use super::{Campaign, stderr, summary, tool};

/// The number of the page on regions, which two ways of counting agree on.
const PEAKS: u32 = 970;

#[test]
fn regions_are_counted_and_two_numbers_contradict_each_other() {
    let suite = |count: u32| {
        let other = format!("echo status: optimal; echo value: {count}; echo bound: {count}");
        let other = tool("other", &other);
        format!(
            "instances = ['a.toml']\nquestion = 'regions'\n[cross]\n\
             method = ['planar', 'enumerate']\n\
             [[variant]]\nname = 'few'\noptions = ['--cell-limit', '7']\n{other}"
        )
    };
    let campaign = Campaign::new(&suite(PEAKS));
    let output = campaign.run(&[]);
    assert!(output.status.success(), "{}", stderr(&output));
    for record in campaign.records("runs.jsonl") {
        let is_few = record["variant"] == "few";
        assert_eq!(record["outcome"], if is_few { "open" } else { "optimal" }, "{record}");
        let count = record["value"].as_f64();
        assert_eq!(count, (!is_few).then_some(f64::from(PEAKS)), "{record}");
        assert_eq!(record["bound"].as_f64(), count, "{record}");
        // The instance's reference is a least value.
        assert!(record["reference"].is_null() && record["sense"] == "minimize", "{record}");
        assert_eq!(record["question"], "regions");
        if record["variant"] != "other" {
            assert_eq!(record["command"][1], "regions");
            assert_eq!(record["answer"]["command"], "regions");
        }
    }
    let campaign = Campaign::new(&suite(PEAKS + 1));
    let output = campaign.run(&[]);
    assert_eq!(output.status.code(), Some(1));
    let error = stderr(&output);
    assert!(error.contains("counts 970 regions, but 'other' (seed 0) counts 971"), "{error}");
}

#[test]
fn another_question_is_not_gone_on_with() {
    let fine = tool("fine", super::GOOD);
    let campaign = Campaign::new(&format!("instances = ['a.toml']\n{fine}"));
    assert!(campaign.run(&[]).status.success());
    let suite = format!("question = 'regions'\ninstances = ['a.toml']\n{fine}");
    fs::write(campaign.path("suite.toml"), suite).expect("a suite");
    let error = stderr(&campaign.run(&["--resume"]));
    assert!(error.contains("the question has changed since the run"), "{error}");
}

/// A program that answers properties as VNN-COMP has it.
fn verifier(name: &str, script: &str) -> String {
    format!(
        "[[variant]]\nname = '{name}'\ncommand = ['sh', '-c', '''{script}''']\n\
         [variant.output]\nsat = 'sat'\nunsat = 'unsat'\n"
    )
}

/// Two properties of a network: one that holds, by what stands in it, and one that does not.
fn listed(variants: &str) -> Campaign {
    let suite = format!("instances = ['set/instances.csv']\ntime_limit = 20\n{variants}");
    let campaign = Campaign::new(&suite);
    let network = Path::new(env!("CARGO_MANIFEST_DIR")).join("networks/peaks-2x25.onnx");
    fs::create_dir_all(campaign.path("set/vnnlib")).expect("a folder");
    fs::copy(network, campaign.path("set/net.onnx")).expect("a network");
    for name in ["holds", "fails"] {
        fs::write(campaign.path(&format!("set/vnnlib/{name}.vnnlib")), name).expect("a property");
    }
    let list = "net.onnx,vnnlib/holds.vnnlib,7\n./net.onnx,./vnnlib/fails.vnnlib,100\n";
    fs::write(campaign.path("set/instances.csv"), list).expect("a list");
    campaign
}

const HOLDS: &str = "set/net.onnx set/vnnlib/holds.vnnlib";
const FAILS: &str = "set/net.onnx set/vnnlib/fails.vnnlib";

#[test]
fn properties_of_a_list_go_to_other_programs() {
    let reads = "test -s {network} && grep -q holds {property} && echo unsat || echo sat";
    let tools = [
        verifier("reads", reads),
        verifier("late", "echo timeout"),
        verifier("dumb", "echo saturated"),
        verifier("echoes", "echo {instance} within {limit} is unknown"),
    ];
    let campaign = listed(&tools.concat());
    let output = campaign.run(&[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let records = campaign.records("runs.jsonl");
    assert_eq!(records.len(), 8);
    for record in &records {
        let holds = record["instance"] == HOLDS;
        assert!(holds || record["instance"] == FAILS, "{record}");
        // The smaller of the suite's limit and that of the list.
        assert_eq!(record["limit_seconds"], if holds { 7.0 } else { 20.0 });
        let expected = match record["variant"].as_str() {
            Some("reads") if holds => "unsat",
            Some("reads") => "sat",
            Some("dumb") => "unreadable",
            _ => "open",
        };
        assert_eq!(record["outcome"], expected, "{record}");
        if record["variant"] == "echoes" {
            let (name, limit) = if holds { (HOLDS, 7) } else { (FAILS, 20) };
            let expected = format!("echo {name} within {limit} is unknown");
            assert_eq!(record["command"][2], expected);
        }
        assert!(record["sense"].is_null() && record["question"] == "property", "{record}");
    }
    let variants = summary(&output)["variants"].as_array().expect("a list").clone();
    let of = |name: &str| variants.iter().find(|variant| variant["variant"] == name).expect(name);
    assert_eq!((&of("reads")["solved"], &of("dumb")["failed"]), (&2.into(), &2.into()));
    // A property is part of what was run.
    fs::write(campaign.path("set/vnnlib/fails.vnnlib"), "another").expect("a property");
    let error = stderr(&campaign.run(&["--resume"]));
    assert!(error.contains("set/vnnlib/fails.vnnlib has changed since the run"), "{error}");
}

#[test]
fn sat_beside_unsat_is_a_contradiction() {
    let tools = [verifier("one", "echo unsat"), verifier("other", "echo no unsat: sat")];
    let output = listed(&tools.concat()).run(&[]);
    assert_eq!(output.status.code(), Some(1));
    let found = summary(&output)["contradictions"].clone();
    let expected = "'other' (seed 0) finds a counterexample (sat), but 'one' (seed 0) finds none";
    assert_eq!(found.as_array().map(Vec::len), Some(2), "{found}");
    assert!(found[0]["what"].as_str().is_some_and(|what| what.starts_with(expected)), "{found}");
}

/// The least value of the network in the box is -3.606, as its instance says.
#[test]
fn taut_answers_properties_itself_and_others_stand_against_it() {
    let own = "[[variant]]\nname = 'own'\n";
    let campaign = listed(&format!("{own}{}", verifier("holds", "echo unsat")));
    for (name, at_most) in [("holds", -3.7), ("fails", -3.6)] {
        let text = format!(
            "(declare-const X_0 Real)\n(declare-const X_1 Real)\n(declare-const Y_0 Real)\n\
             (assert (and (>= X_0 -3) (<= X_0 3) (>= X_1 -3) (<= X_1 3)))\n\
             (assert (<= Y_0 {at_most}))\n"
        );
        fs::write(campaign.path(&format!("set/vnnlib/{name}.vnnlib")), text).expect("a property");
    }
    let output = campaign.run(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let records = campaign.records("runs.jsonl");
    assert_eq!(records.len(), 4);
    for record in records.iter().filter(|record| record["variant"] == "own") {
        let expected = if record["instance"] == HOLDS { "unsat" } else { "sat" };
        assert_eq!(record["outcome"], expected, "{record}");
        assert_eq!(record["command"][1], "verify");
        assert_eq!(record["answer"]["verdict"], expected);
        assert!(record["own_seconds"].is_number(), "{record}");
    }
    let found = summary(&output)["contradictions"].clone();
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found[0]["instance"], FAILS);
}

#[test]
fn what_cannot_answer_a_property_is_refused_by_name() {
    let output = listed(&verifier("reads", "cat {lower}")).run(&[]);
    assert_eq!(output.status.code(), Some(1));
    let error = stderr(&output);
    let expected = format!("variant 'reads' on '{HOLDS}': a property has no '{{lower}}'");
    assert!(error.contains(&expected) && error.lines().count() == 1, "{error}");
    let asks = verifier("asks", "cat {property}");
    let campaign = Campaign::new(&format!("instances = ['a.toml']\n{asks}"));
    let error = stderr(&campaign.run(&[]));
    assert!(error.contains("variant 'asks' on 'a.toml': there is no '{property}'"), "{error}");
}
