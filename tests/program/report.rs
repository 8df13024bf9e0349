//! Reports of batch runs: the forms in which they are given, and what stands in them.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use temp_dir::TempDir;

/// Two instances, and two tools: the second takes longer, and fails on the second instance.
fn batch(folder: &TempDir, name: &str, delay: &str) -> PathBuf {
    let network = Path::new(env!("CARGO_MANIFEST_DIR")).join("networks/peaks-2x25.onnx");
    for name in ["a", "b"] {
        let text = format!("network = {network:?}\n");
        fs::write(folder.child(format!("{name}.toml")), text).expect("an instance");
    }
    let tool = |name: &str, script: &str| {
        format!(
            "[[variant]]\nname = '{name}'\ncommand = ['sh', '-c', '''{script}''', '{{instance}}']\n\
             [variant.output]\noptimal = 'optimal'\nvalue = 'value:'\nbound = 'bound:'\n"
        )
    };
    let answer = "echo optimal value: 1; echo bound: 1";
    let slow = format!("sleep {delay}; case $0 in *b.toml) exit 1;; esac; {answer}");
    let suite = format!(
        "instances = ['?.toml']\nseeds = [0, 1]\n{}{}[[variant]]\nname = 'taut'\n\
         options = ['--solver', 'milp']\n",
        tool("quick", answer),
        tool("slow & 100%", &slow)
    );
    fs::write(folder.child("suite.toml"), suite).expect("a suite");
    let out = folder.child(name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.arg("bench").arg(folder.child("suite.toml")).arg("-o").arg(&out).arg("--quiet");
    // Values of the tools are not those of the network.
    assert_eq!(command.output().expect("a run").status.code(), Some(1));
    out
}

fn report(folders: &[&Path], more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.arg("report").args(folders).args(more).output().expect("a run")
}

fn record(output: &Output) -> Value {
    let error = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no answer: {error}"))
}

#[test]
fn a_batch_is_told_in_every_form() {
    let folder = TempDir::new().expect("a folder");
    let out = batch(&folder, "out", "0.05");
    let path = |name: &str| folder.child(name).display().to_string();
    let [html, csv, markdown, latex, figures] =
        ["r.html", "r.csv", "r.md", "r.tex", "figures"].map(path);
    let options = [
        "-o",
        &html,
        "--csv",
        &csv,
        "--markdown",
        &markdown,
        "--latex",
        &latex,
        "--figures",
        &figures,
        "--format",
        "json",
    ];
    let output = report(&[&out], &options);
    // Contradictions come first: the tools know nothing of the network.
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("contradiction: a.toml: "), "{error}");
    let record = record(&output);
    assert!(!record["report"]["contradictions"].as_array().expect("a list").is_empty());
    let variants = record["report"]["variants"].as_array().expect("a list");
    let of = |name: &str| variants.iter().find(|v| v["variant"] == name).expect(name);
    let (quick, slow) = (of("quick"), of("slow & 100%"));
    assert_eq!((&quick["solved"], &quick["failed"]), (&4.into(), &0.into()));
    assert_eq!((&slow["solved"], &slow["failed"]), (&2.into(), &2.into()));
    let mean = |variant: &Value| variant["mean_seconds"].as_f64().expect("a mean");
    assert!(mean(quick) < mean(slow));
    let read = |path: &str| fs::read_to_string(path).expect("a file");
    assert_eq!(read(&csv).lines().count(), 4);
    assert_eq!(read(&markdown).lines().count(), 5);
    assert!(read(&latex).contains("slow \\& 100\\% & 4 & 2 & 0 & 2 &"), "{}", read(&latex));
    let page = read(&html);
    assert!(page.contains("slow &amp; 100%") && page.contains("cannot all be true"));
    for address in ["http://", "https://"] {
        // Names of formats are no addresses that a browser asks.
        let asked = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!asked.contains(address), "{address}");
    }
    let names: Vec<String> = fs::read_dir(&figures)
        .expect("a folder")
        .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
        .collect();
    for name in ["profile", "cactus", "scatter", "big-m"] {
        for extension in ["svg", "pdf"] {
            assert!(names.contains(&format!("{name}.{extension}")), "{names:?}");
        }
    }
    let pdf = fs::read(Path::new(&figures).join("profile.pdf")).expect("a file");
    assert!(pdf.starts_with(b"%PDF-") && pdf.ends_with(b"%%EOF"));
}

#[test]
fn two_batches_stand_against_each_other() {
    let folder = TempDir::new().expect("a folder");
    let first = batch(&folder, "first", "0.3");
    let output = report(&[&first, &first], &["--pair", "--format", "json"]);
    let pairs = &record(&output)["pairing"]["pairs"];
    // Of 12 runs, those of the slow tool on b fail.
    assert_eq!((&pairs["runs"], &pairs["solved"]), (&12.into(), &10.into()));
    assert_eq!(pairs["mean_ratio"]["value"], 1.0);
    let alone = report(&[&first], &["--pair"]);
    let error = String::from_utf8_lossy(&alone.stderr).into_owned();
    assert!(error.contains("--pair: found 1 folder, expected 2"), "{error}");
}

#[test]
fn what_is_no_batch_is_said() {
    let folder = TempDir::new().expect("a folder");
    for (path, expected) in [
        (folder.path().to_path_buf(), "no records in it"),
        (folder.child("nowhere"), "No such file or directory"),
    ] {
        let output = report(&[&path], &[]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && error.contains(expected), "{error}");
    }
    fs::write(folder.child("runs.jsonl"), "{\"schema\": 1}\n{}\n").expect("a file");
    let error = String::from_utf8_lossy(&report(&[folder.path()], &[]).stderr).into_owned();
    assert!(error.contains("runs.jsonl:1: missing field"), "{error}");
}
