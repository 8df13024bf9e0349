//! The command line as a user or a script meets it.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest, Sha256};

/// A record is asked for.
const JSON: &str = "--format=json";

fn taut(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().expect("a run")
}

fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.lines().count(), 1, "one object on one line: {text}");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn json_has_the_documented_keys() {
    let output = taut(&["minimize", "instances/rosenbrock4-2x25.toml", "--solver=milp", JSON]);
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer = json(&output);
    let keys = |value: &Value| -> Vec<String> {
        value.as_object().expect("an object").keys().cloned().collect()
    };
    // The documented schema: keys may be added here, none may go.
    let documented = [
        "backend",
        "bound",
        "bound_by",
        "certify",
        "command",
        "encoding",
        "gap",
        "history",
        "input",
        "known_point",
        "layers",
        "limits",
        "lp_iterations",
        "machine",
        "model",
        "network",
        "nodes",
        "objective",
        "output",
        "parts",
        "preset",
        "presolve",
        "proof",
        "question",
        "recheck",
        "refuted",
        "scale",
        "schema",
        "seconds",
        "seed",
        "solver",
        "status",
        "stopped_by",
        "threads",
        "tighten",
        "versions",
        "warnings",
    ];
    assert_eq!(keys(&answer), documented);
    // A search has no settings of programs.
    let searched = json(&taut(&["minimize", "instances/rosenbrock4-2x25.toml", JSON]));
    assert_eq!(searched["solver"], "search");
    let program = ["backend", "encoding", "known_point", "preset", "presolve", "scale"];
    let without: Vec<&str> = documented.into_iter().filter(|key| !program.contains(key)).collect();
    assert_eq!(keys(&searched), without);
    assert_eq!(answer["schema"], 2);
    assert_eq!(answer["command"], "minimize");
    assert_eq!(answer["status"], "optimal");
    assert_eq!(answer["stopped_by"], Value::Null);
    assert_eq!(keys(&answer["versions"]), ["highs", "taut"]);
    assert_eq!(answer["recheck"]["feasible"], true);
    assert_eq!(
        keys(&answer["recheck"]),
        ["feasible", "objective_error", "objective_size", "violation"]
    );
    assert_eq!(keys(&answer["model"]), ["binaries", "columns", "integers", "nonzeros", "rows"]);
    assert_eq!(
        keys(&answer["layers"][0]),
        [
            "active",
            "big_m_max",
            "big_m_mean",
            "inactive",
            "layer",
            "neurons",
            "saturated",
            "unstable"
        ]
    );
    assert_eq!(
        keys(&answer["seconds"]),
        [
            "bounds",
            "certify",
            "encode",
            "incumbent",
            "polish",
            "read",
            "scale",
            "solve",
            "tighten",
            "total"
        ]
    );
    // Known answer of the instance; the default gap is 1e-4.
    let objective = answer["objective"].as_f64().expect("a number");
    assert!((objective + 1.27902011).abs() < 2e-4, "{objective}");
}

/// What every record begins with, in the order of the alphabet.
const HEAD: [&str; 9] = [
    "command", "limits", "machine", "network", "question", "schema", "seed", "threads", "versions",
];

/// The keys of a record up to the machine, which is the last of the head.
fn head_of(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let (before, after) = text.split_once("\"machine\":{").expect("a machine");
    let (machine, _) = after.split_once('}').expect("its end");
    let head = format!("{before}\"machine\":{{{machine}}}}}");
    let head: Value = serde_json::from_str(&head).expect("JSON");
    head.as_object().expect("an object").keys().cloned().collect()
}

fn sha256(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes);
    digits.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_record_begins_with_the_same_head() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (model, copy) = (at("model.lp"), at("copy.json"));
    let (instance, network) = ("instances/rosenbrock4-2x25.toml", "networks/rosenbrock4-2x25.onnx");
    let hash = sha256(&std::fs::read(network).expect("a network"));
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect();
    let mut inner: Vec<[Vec<String>; 3]> = Vec::new();
    for command in [
        vec!["info", network],
        vec!["minimize", instance],
        vec!["maximize", instance, "--lower=0", "--upper=0.1"],
        vec!["bounds", instance],
        vec!["analyze", instance, "--chords", "0", "--samples", "10", "--regions-time", "0.1"],
        vec!["regions", instance, "--method", "bounds"],
        vec!["scale", instance],
        vec!["compare", instance, "--encoding", "big-m"],
        vec!["export", instance, "-o", &model],
        vec!["convert", network, &copy],
        vec!["train", "--function", "peaks", "--epochs", "1", "--samples", "100"],
    ] {
        let output = taut(&[&command[..], &["-q", "--format", "json"]].concat());
        assert_eq!(head_of(&output), HEAD, "{command:?}");
        let record = json(&output);
        assert_eq!((&record["schema"], &record["command"]), (&2.into(), &command[0].into()));
        assert_eq!(record["versions"]["taut"], env!("CARGO_PKG_VERSION"));
        assert!(record["machine"]["os"].is_string() && record["machine"]["cores"].is_number());
        inner.push(["limits", "machine", "question"].map(|key| {
            let mut keys: Vec<String> = keys(&record[key]);
            // Left out where there is none, or one of many inputs.
            keys.retain(|key| key != "box");
            keys
        }));
        if command[0] != "train" {
            assert_eq!(record["question"]["network"]["sha256"], hash.as_str(), "{command:?}");
            assert!(record["question"]["box_sha256"].is_string(), "{command:?}");
        }
        let asks = command[1] == instance;
        assert_eq!(record["question"]["instance"].is_string(), asks, "{command:?}");
        assert_eq!(record["question"]["title"].is_string(), asks, "{command:?}");
        assert_eq!(record["question"]["objective"].is_string(), asks, "{command:?}");
    }
    assert!(inner.iter().all(|keys| keys == &inner[0]), "{inner:?}");
}

#[test]
fn the_head_tells_questions_apart() {
    let ask = |more: &[&str]| {
        let network = ["minimize", "networks/peaks-2x25.onnx", "--format", "json"];
        json(&taut(&[&network[..], more].concat()))
    };
    let small = ["--lower=-0.5", "--upper=0,0.5", "--constraint", "x0 <= 0.25", "--integer", "0"];
    let more = ["--objective", "y0 + x1", "--seed", "3", "--threads", "1", "--node-limit", "9"];
    let record = ask(&[&small[..], &more].concat());
    let question = &record["question"];
    let by_hand: Vec<u8> =
        [-0.5f64, -0.5, 0.0, 0.5].iter().flat_map(|end| end.to_le_bytes()).collect();
    assert_eq!(question["box_sha256"], sha256(&by_hand));
    assert_eq!(question["box"], serde_json::json!({"lower": [-0.5, -0.5], "upper": [0.0, 0.5]}));
    assert_eq!(question["sense"], "minimize");
    assert_eq!(question["objective"], "x1 + y0");
    assert_eq!(question["constraints"], serde_json::json!(["x0 <= 0.25"]));
    assert_eq!(question["integer"], serde_json::json!([0]));
    assert_eq!(question["network"]["path"], "networks/peaks-2x25.onnx");
    assert_eq!((&record["seed"], &record["threads"]), (&3.into(), &1.into()));
    assert_eq!(record["limits"]["nodes"], 9);
    let [one, other] =
        [["--lower=0", "--upper=0.1"], ["--lower=0", "--upper=0.2"]].map(|b| ask(&b));
    assert_ne!(one["question"]["box_sha256"], other["question"]["box_sha256"]);
}

#[test]
fn the_same_seed_gives_the_same_answer_and_counts() {
    let run = |threads: &str| {
        let output = taut(&[
            "minimize",
            "instances/peaks-2x25.toml",
            "--format",
            "json",
            "--seed",
            "3",
            "--threads",
            threads,
        ]);
        let mut answer = json(&output);
        let answer = answer.as_object_mut().expect("an object");
        // What belongs to clocks, and to what is heard several times a second.
        answer.remove("seconds");
        answer.remove("history");
        answer.remove("threads");
        answer.clone()
    };
    assert_eq!(run("1"), run("1"));
    assert_eq!(run("1"), run("2"));
}

#[test]
fn a_limit_is_no_error_but_exit_status_3() {
    let started = Instant::now();
    let output =
        taut(&["minimize", "instances/peaks-2x50.toml", "--solver=milp", "--time-limit=1.5", JSON]);
    assert_eq!(output.status.code(), Some(3));
    assert!(started.elapsed() < Duration::from_secs(8));
    let answer = json(&output);
    assert_eq!(answer["status"], "feasible");
    assert_eq!(answer["stopped_by"], "time_limit");
    // The known least value lies between bound and value.
    let known = -3.64452638;
    assert!(answer["bound"].as_f64().expect("a bound") <= known + 1e-6);
    assert!(answer["objective"].as_f64().expect("a value") >= known - 1e-6);
}

#[test]
fn the_time_limit_holds_for_tightening_too() {
    // Mixed-integer programs for 86 sides of neurons and the output take minutes.
    let started = Instant::now();
    let output = taut(&[
        "minimize",
        "instances/peaks-2x50.toml",
        "--tighten",
        "milp",
        "--time-limit",
        "1.5",
        "--format",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(3));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(json(&output)["stopped_by"], "time_limit");
}

#[test]
fn an_encoding_is_chosen_by_name() {
    let instance = "instances/rosenbrock4-2x25.toml";
    // The known answer of the instance; the default gap is 1e-4.
    for name in ["split", "partition:3"] {
        let output = taut(&["minimize", instance, "--encoding", name, "--format", "json"]);
        let answer = json(&output);
        assert_eq!(answer["encoding"], name);
        assert!((answer["objective"].as_f64().expect("a value") + 1.27902011).abs() < 2e-4);
    }
    for (name, expected) in [
        ("partition:0", "partition:N, where N is the number of groups of inputs from 1, or 'full'"),
        (
            "big-n",
            "supported: big-m, big-m+cuts, split, multiple-choice, partition:2, partition:4, ",
        ),
    ] {
        let output = taut(&["minimize", instance, "--encoding", name]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2));
        let found = format!("error: invalid value '{name}' for '--encoding <NAME>'");
        assert!(message.starts_with(&found) && message.contains(expected), "{message}");
    }
    let help = taut(&["minimize", "--help"]);
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let help: Vec<&str> = help.split_whitespace().collect();
    for name in taut::encode::encoding_names() {
        assert!(help.iter().any(|word| word.trim_matches([',', ';']) == name), "{name}");
    }
}

#[test]
fn infeasible_is_an_answer() {
    let output = taut(&["minimize", "instances/peaks-2x25.toml", "--constraint", "y0 <= -100"]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("infeasible: no point satisfies the constraints\n"), "{text}");
    // The known value was for another question.
    assert!(!text.contains("known"), "{text}");
}

#[test]
fn arguments_go_before_what_the_instance_says() {
    // By hand: over the single point (0.5, 0.25) the answer is a forward pass.
    let network = taut::io::read_network("networks/peaks-2x25.onnx".as_ref()).expect("a network");
    let expected = network.evaluate_point(&[0.5, 0.25])[0];
    let output = taut(&[
        "maximize",
        "instances/peaks-2x25.toml",
        "--lower=0.5,0.25",
        "--upper=0.5,0.25",
        "--objective",
        "-2 y0 + x0",
        "--format",
        "json",
    ]);
    let answer = json(&output);
    assert_eq!(answer["command"], "maximize");
    assert_eq!(answer["input"], serde_json::json!([0.5, 0.25]));
    let objective = answer["objective"].as_f64().expect("a number");
    assert!((objective - (0.5 - 2.0 * expected)).abs() < 1e-12);
}

#[test]
fn info_prints_text_json_and_dot() {
    let text = taut(&["info", "networks/peaks-2x25.onnx"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    // 2·25 + 25 + 25·25 + 25 + 25 + 1 = 751 parameters, 25 + 25 ReLUs.
    assert!(
        text.starts_with("peaks-2x25: 2 inputs → 1 output, 751 parameters, 50 ReLUs\n"),
        "{text}"
    );
    let info = json(&taut(&["info", "networks/peaks-2x25.onnx", "--format", "json"]));
    assert_eq!(info["parameters"], 751);
    assert_eq!(info["operators"], serde_json::json!({"Gemm": 3, "Relu": 2}));
    assert_eq!(info["input_box"]["lower"], serde_json::json!([-3.0, -3.0]));
    let dot = taut(&["info", "networks/peaks-2x25.onnx", "--dot"]);
    let dot = String::from_utf8_lossy(&dot.stdout).into_owned();
    assert!(dot.starts_with("digraph {") && dot.matches("->").count() == 5, "{dot}");
}

#[test]
fn bounds_are_saved_and_loaded_for_the_same_question_only() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let file = folder.path().join("bounds.json");
    let file = file.to_str().expect("a path");
    let instance = "instances/rosenbrock4-2x25.toml";
    let json_of = |arguments: &[&str]| {
        let output = taut(&[&["bounds", instance, "--format", "json"], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        json(&output)
    };
    let found = json_of(&["--tighten", "lp", "--save", file]);
    let loaded = json_of(&["--load", file]);
    assert_eq!(found["tighten"], "lp");
    assert_eq!(loaded["tighten"], "lp");
    for layer in 0..2 {
        for key in ["lower", "upper", "unstable", "big_m_max"] {
            assert_eq!(found["layers"][layer][key], loaded["layers"][layer][key], "{key}");
        }
    }
    // 25 neurons a layer; two inputs a neuron and side were asked or skipped.
    let programs = &found["layers"][1]["programs"][0];
    let count = |key: &str| programs[key].as_u64().expect("a count");
    let accounted =
        ["skipped_stable", "skipped_attained", "skipped_exact", "skipped_time", "solved", "failed"];
    assert_eq!(accounted.iter().map(|key| count(key)).sum::<u64>(), count("sides"));
    assert!(count("solved") > 10);
    // Another box, other constraints, another network.
    for (arguments, what) in [
        (vec!["bounds", instance, "--lower=-1", "--upper=1"], "the box"),
        (vec!["bounds", instance, "--constraint", "x0 <= 1"], "the constraints"),
        (vec!["bounds", "instances/ackley5-2x25.toml"], "the network"),
    ] {
        let output = taut(&[arguments, vec!["--load", file]].concat());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1));
        assert!(message.contains(&format!("bounds.json: {what}: found ")), "{message}");
    }
}

#[test]
fn a_scaled_network_is_written_and_has_the_same_least_value() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let file = folder.path().join("scaled.onnx");
    let file = file.to_str().expect("a path");
    let network = "networks/rosenbrock4-2x25.onnx";
    let output = taut(&["scale", network, "-o", file, "--tighten", "crown", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let record = json(&output);
    let words = [("command", "scale"), ("scale", "balance"), ("tighten", "crown")];
    words.into_iter().for_each(|(key, word)| assert_eq!(record[key], word));
    let figure = |when: &str, key: &str| record[when][key].as_f64().expect("a number");
    for key in ["big_m_max", "big_m_sum"] {
        assert!(figure("after", key) < figure("before", key), "{record}");
    }
    for key in ["coefficient_max", "coefficient_min", "coefficient_range"] {
        assert!(figure("after", key) > 0.0, "{record}");
    }
    let same = &record["unchanged"];
    assert_eq!(same["neurons"], 50);
    assert!(same["relaxation_area_mean"].as_f64().expect("a number") < 0.125, "{record}");
    // The same network, on the fly: the same model.
    let solve = |network: &str, scale: &str| {
        let scale = ["--scale", scale, "--format", "json"];
        json(&taut(&[&["minimize", network], &scale[..]].concat()))
    };
    let (written, scaled) = (solve(file, "none"), solve(network, "balance"));
    assert_eq!(scaled["scale"], "balance");
    assert_eq!(written["layers"], scaled["layers"]);
    assert_eq!(scaled["layers"][1]["unstable"], solve(network, "none")["layers"][1]["unstable"]);
    for answer in [written, scaled] {
        assert_eq!(answer["status"], "optimal");
        let objective = answer["objective"].as_f64().expect("a number");
        assert!((objective + 1.27902011).abs() < 2e-4, "{objective}");
    }
}

#[test]
fn scaling_needs_a_box() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let file = folder.path().join("boxless.json");
    let file = file.to_str().expect("a path");
    let content = r#"{"format": "taut-network", "version": 1, "input": {"name": "x", "shape": [1, 1]},
        "layers": [{"name": "relu", "op": "Relu", "operands": ["x"], "output": "y"}], "output": "y"}"#;
    std::fs::write(file, content).expect("a file");
    let refused = taut(&["scale", file]);
    assert_eq!(refused.status.code(), Some(1));
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(message.contains("no box of inputs"), "{message}");
    // The activation reads the input itself, which keeps its units.
    let text = taut(&["scale", file, "--lower=-1", "--upper", "1", "-o", file]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(
        text.starts_with("0 of 1 neurons in other units, by factors from 2^0 to 2^0"),
        "{text}"
    );
    let info = json(&taut(&["info", file, "--format", "json"]));
    assert_eq!(info["input_box"]["upper"], serde_json::json!([1.0]));
}

#[cfg(unix)]
#[test]
fn ctrl_c_prints_what_is_known() {
    let arguments = ["minimize", "instances/peaks-2x50.toml", "--solver=milp", JSON];
    let mut child = Command::new(env!("CARGO_BIN_EXE_taut"));
    let child = child.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a run");
    std::thread::sleep(Duration::from_millis(1500));
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("kill").success());
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(3));
    let answer = json(&output);
    assert_eq!(answer["stopped_by"], "interrupt");
    assert_eq!(answer["status"], "feasible");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What `taut` does where nobody reads its stderr: a pipe whose other end is closed, and
/// a device that is always full, where this user may make one.
#[cfg(unix)]
#[test]
fn a_stderr_that_takes_nothing_changes_no_status() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let full = folder.path().join("full");
    let made = Command::new("mknod").arg(&full).args(["c", "1", "7"]).output();
    let made = made.is_ok_and(|made| made.status.success())
        && std::fs::File::options().write(true).open(&full).is_ok();
    if !made {
        eprintln!("left out: mknod needs the rights of root");
    }
    let streams = || -> Vec<Stdio> {
        let (_, closed) = std::io::pipe().expect("a pipe");
        let full = made.then(|| std::fs::File::options().write(true).open(&full).expect("a node"));
        full.into_iter().map(Stdio::from).chain([closed.into()]).collect()
    };
    let instance = "instances/rosenbrock4-2x25.toml";
    let hard = "instances/peaks-2x50.toml";
    for (arguments, status) in [
        (vec!["info", "none.onnx"], 1),
        (vec!["--colour"], 2),
        (vec![], 2),
        // With a warning, and with messages of the log.
        (vec!["maximize", instance, "--lower=0", "--upper=0.1"], 0),
        (vec!["-vv", "minimize", instance], 0),
        (vec!["minimize", hard, "--solver=milp", "--time-limit=0.5"], 3),
    ] {
        for stream in streams() {
            let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
            command.current_dir(env!("CARGO_MANIFEST_DIR")).args(&arguments).stderr(stream);
            let output = command.stdout(Stdio::piped()).spawn().expect("a run");
            let output = output.wait_with_output().expect("an end");
            assert_eq!(output.status.code(), Some(status), "{arguments:?}");
            assert_eq!(output.stdout.is_empty(), matches!(status, 1 | 2), "{arguments:?}");
        }
    }
    // The answer is what was asked for: that it cannot be printed is an error.
    for arguments in [["info", "networks/peaks-2x25.onnx"], ["minimize", "--help"]] {
        let run = |stream: Stdio| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
            command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).stdout(stream);
            command.stderr(Stdio::piped()).spawn().expect("a run").wait_with_output()
        };
        let mut streams = streams();
        let closed = run(streams.pop().expect("a pipe")).expect("an end");
        assert_eq!((closed.status.code(), closed.stderr.len()), (Some(0), 0), "{arguments:?}");
        for full in streams {
            let full = run(full).expect("an end");
            let message = String::from_utf8_lossy(&full.stderr);
            assert_eq!(full.status.code(), Some(1), "{arguments:?}");
            assert!(message.starts_with("error: standard output: No space"), "{message}");
        }
    }
}

#[test]
fn help_names_unit_and_default_of_every_option() {
    let output = taut(&["minimize", "--help"]);
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    let options: Vec<&str> = help.split("\n      --").skip(1).collect();
    assert!(options.len() > 12, "{help}");
    for option in options {
        let name = option.split_whitespace().next().expect("a name");
        let no_default = ["box", "lower", "upper", "constraint"];
        if !no_default.contains(&name) {
            assert!(option.contains("[default: "), "--{name} has no default: {option}");
        }
    }
}

#[test]
fn scripts_for_shells_offer_what_the_lists_have() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = taut(&["completions", shell]);
        assert_eq!(script.status.code(), Some(0), "{shell}");
        let script = String::from_utf8(script.stdout).expect("text");
        assert!(script.contains("minimize") && script.contains("tighten-time"), "{shell}");
        // Elvish and PowerShell have no place for values in the scripts of clap.
        if !["elvish", "powershell"].contains(&shell) {
            let encodings = taut::encode::ENCODINGS.iter().map(|encoding| encoding.name());
            let backends = taut::solve::BACKENDS.iter().map(|backend| backend.name().into());
            let functions = taut::train::functions::FUNCTIONS.iter().map(|f| f.name.into());
            for name in encodings.chain(backends).chain(functions) {
                // Zsh sets a backslash before a colon.
                let found = script.contains(&*name) || script.contains(&name.replace(':', "\\:"));
                assert!(found, "{shell}: {name}");
            }
        }
    }
    let refused = taut(&["completions", "cmd"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn manual_pages_are_one_per_command() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let pages = at("share/man1");
    let written = taut(&["man", "-o", pages.to_str().expect("UTF-8")]);
    assert_eq!(written.status.code(), Some(0), "{}", String::from_utf8_lossy(&written.stderr));
    let help = String::from_utf8(taut(&["--help"]).stdout).expect("text");
    let commands = help.split("Commands:").nth(1).expect("a list").split("Options:").next();
    let is_command = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    let commands = commands.expect("a list").lines().filter(is_command);
    let names: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names.iter().filter(|name| **name != "help") {
        let page = std::fs::read_to_string(pages.join(format!("taut-{name}.1")));
        assert!(page.expect(name).contains(".SH SYNOPSIS"), "{name}");
    }
    let page = std::fs::read(pages.join("taut.1")).expect("the page of the program");
    assert_eq!(taut(&["man"]).stdout, page);
    std::fs::write(at("file"), "").expect("a file");
    let refused = taut(&["man", "-o", at("file").to_str().expect("UTF-8")]);
    assert_eq!(refused.status.code(), Some(1));
    let message = String::from_utf8(refused.stderr).expect("text");
    assert!(message.contains("found no folder and cannot make one"), "{message}");
}

#[test]
fn a_pruned_network_answers_as_before_on_its_domain() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let file = folder.path().join("small.onnx");
    let file = file.to_str().expect("a path");
    let written = taut(&["convert", "instances/rosenbrock4-2x25.toml", file, "--prune"]);
    assert_eq!(written.status.code(), Some(0), "{}", String::from_utf8_lossy(&written.stderr));
    let info = json(&taut(&["info", file, "--format", "json"]));
    assert!(
        info["origin"].as_str().expect("words").ends_with("pruned by crown bounds for its box")
    );
    // The bounds hold for the network as it was.
    let bounds = format!("{file}.pruning.json");
    let loaded = taut(&["bounds", "instances/rosenbrock4-2x25.toml", "--load", &bounds]);
    assert_eq!(loaded.status.code(), Some(0), "{}", String::from_utf8_lossy(&loaded.stderr));
    let answer = json(&taut(&["minimize", file, "--format", "json"]));
    assert!(answer["model"]["binaries"].as_u64().expect("a count") <= 42);
    let objective = answer["objective"].as_f64().expect("a number");
    assert!((objective + 1.27902011).abs() < 1e-6, "{objective}");
}

#[test]
fn a_divided_domain_has_the_same_optimum_and_its_limits() {
    let instance = "instances/peaks-2x50.toml";
    let divided = ["minimize", instance, "--tighten", "lp", "--parts", "16", "--format", "json"];
    let answer = json(&taut(&divided));
    assert_eq!(answer["status"], "optimal");
    let objective = answer["objective"].as_f64().expect("a number");
    // The instance's known answer, by Gurobi.
    assert!((objective + 3.64452638).abs() < 1e-6, "{objective}");
    assert_eq!(answer["parts"]["parts"], 16);
    let limited = ["minimize", instance, "--parts", "4", "--node-limit", "1", "--format", "json"];
    let output = taut(&limited);
    assert_eq!(output.status.code(), Some(3));
    let answer = json(&output);
    assert_eq!(answer["stopped_by"], "node_limit");
    assert!(answer["parts"]["left"].as_u64().expect("a count") > 0, "{answer}");
    let bound = answer["bound"].as_f64().expect("a number");
    assert!(bound < -3.64452638, "{bound}");
    for parts in ["0", "99999999999"] {
        let refused = taut(&["minimize", instance, "--parts", parts]);
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(message.contains("expected 1 to 1048576 parts"), "{message}");
    }
}
