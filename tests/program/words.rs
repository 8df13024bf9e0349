//! What people type and what they are told: names, ranges, units, files of other kinds, and
//! answers in the words of the question.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use ndarray::array;
use serde_json::Value;
use temp_dir::TempDir;

use taut::io::{read_network, write_network};
use taut::network::{Activation, DenseLayer, Metadata, Network};
use taut::num::IntervalBox;
use taut::problem::{Problem, QuestionText};

fn taut(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(folder).args(arguments).output().expect("a run")
}

fn told(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// A folder with copies of two networks and their instances.
fn folder() -> TempDir {
    let folder = temp_dir::TempDir::new().expect("a folder");
    for name in ["networks/peaks-2x25.onnx", "networks/rosenbrock4-2x25.onnx"] {
        let file = name.strip_prefix("networks/").expect("a name");
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        fs::copy(from, folder.path().join(file)).expect("a copy");
    }
    let instance =
        "network = 'peaks-2x25.onnx'\nlower = [-1, -1]\nupper = [1, 1]\nsense = 'minimize'";
    fs::write(folder.path().join("ask.toml"), instance).expect("an instance");
    // Without a direction it asks for none.
    let either = instance.split("\nsense").next().expect("a start");
    fs::write(folder.path().join("either.toml"), either).expect("an instance");
    let recipe = "[data]\nfunction = 'peaks'\n[network]\nhidden = [5]";
    fs::write(folder.path().join("make.toml"), recipe).expect("a recipe");
    folder
}

/// `y_k = k |x_0|` for outputs 0 to 13 and inputs 0 to 13.
fn wide() -> Network {
    let mut both = ndarray::Array2::zeros((2, 14));
    (both[[0, 0]], both[[1, 0]]) = (1.0, -1.0);
    let times = ndarray::Array2::from_shape_fn((14, 2), |(k, _)| k as f64);
    let hidden = DenseLayer { weights: both, bias: array![0.0, 0.0], activation: Activation::Relu };
    let bias = ndarray::Array1::zeros(14);
    let outputs = DenseLayer { weights: times, bias, activation: Activation::Linear };
    Network::dense("wide", vec![hidden, outputs]).expect("a network")
}

/// `cost = |a + 2 b|` of inputs with these names.
fn named(names: [&str; 2]) -> Network {
    let weights = array![[1.0, 2.0], [-1.0, -2.0]];
    let hidden = DenseLayer { weights, bias: array![0.0, 0.0], activation: Activation::Relu };
    let (weights, bias) = (array![[1.0, 1.0]], array![0.0]);
    let sum = DenseLayer { weights, bias, activation: Activation::Linear };
    let network = Network::dense("named", vec![hidden, sum]).expect("a network");
    let metadata = Metadata {
        input_names: names.map(str::to_string).to_vec(),
        output_names: vec!["cost".to_string()],
        input_box: IntervalBox::new(vec![-1.0, -1.0], vec![2.0, 3.0]).ok(),
        ..Metadata::default()
    };
    network.with_metadata(metadata).expect("names")
}

/// The numbers of a line such as `  at      x0 = 1, x1 = 2`.
fn numbers(answer: &str, label: &str) -> Vec<f64> {
    let line = answer.lines().find_map(|line| line.strip_prefix(label)).expect("a line");
    let number = |part: &str| part.split_once(" = ").expect("a value").1.parse().expect("a number");
    line.split(", ").map(number).collect()
}

/// Boxes with more digits than are printed, constraints that hold with equality at the best
/// point, whole numbers: what is printed is read as a point of the question.
#[test]
fn a_point_is_feasible_as_it_is_printed() {
    let folder = folder();
    let mut numbers_of = 0x9e37_79b9_7f4a_7c15_u64;
    let mut uniform = || {
        numbers_of = numbers_of.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (numbers_of >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut tight = 0;
    for turn in 0..24 {
        let (file, inputs) = [("peaks-2x25.onnx", 2), ("rosenbrock4-2x25.onnx", 4)][turn % 2];
        let lower: Vec<f64> = (0..inputs).map(|_| -1.0 + uniform()).collect();
        let width = [1.0, 1.0, 1e-11][turn % 3];
        let upper: Vec<f64> = lower.iter().map(|lower| lower + width * uniform()).collect();
        let middle: f64 = lower.iter().zip(&upper).take(2).map(|(l, u)| 0.5 * l + 0.5 * u).sum();
        let constraint = match turn % 4 {
            0 => None,
            1 => Some(format!("x0 + x1 <= {middle}")),
            2 => Some(format!("3 x1 - x0 >= {}", 3.0 * lower[1] - lower[0])),
            _ => Some("y0 >= -0.31234567891234".to_string()),
        };
        let join = |ends: &[f64]| ends.iter().map(f64::to_string).collect::<Vec<_>>().join(",");
        let bounds = [format!("--lower={}", join(&lower)), format!("--upper={}", join(&upper))];
        let mut words = vec!["minimize", file, &bounds[0], &bounds[1], "--objective=y0 - x0 - x1"];
        words.extend(constraint.iter().flat_map(|text| ["--constraint", text]));
        let (answer, errors) = told(&taut(folder.path(), &words));
        if answer.starts_with("infeasible") {
            continue;
        }
        assert!(answer.starts_with("minimum of y0 - x0 - x1 = "), "{answer}{errors}");
        let point = numbers(&answer, "  at      ");
        let network = read_network(&folder.path().join(file)).expect("a network");
        let question = QuestionText {
            objective: Some("y0".to_string()),
            constraints: constraint.iter().cloned().collect(),
            ..QuestionText::default()
        };
        let domain = IntervalBox::new(lower, upper).expect("a box");
        assert!(domain.contains(&point), "{words:?}: {answer}");
        let problem = Problem::parse(network, domain, &question).expect("a question");
        let read = problem.evaluate(point.clone());
        assert!(read.exact, "{words:?}: {answer}");
        tight += usize::from(point.iter().zip(problem.domain().upper()).any(|(x, u)| u - x < 1e-7));
    }
    assert!(tight > 6, "points at the edge: {tight}");
    let whole = ["minimize", "rosenbrock4-2x25.onnx", "--integer=0-1", "--lower=-1.7"];
    let (answer, _) = told(&taut(folder.path(), &whole));
    let point = numbers(&answer, "  at      ");
    assert!(point[..2].iter().all(|x| x.fract() == 0.0), "{answer}");
}

/// What is printed as a bound is one.
#[test]
fn bounds_are_rounded_outward() {
    let folder = folder();
    for (command, side) in [("minimize", -1.0), ("maximize", 1.0)] {
        let words = [command, "ask.toml", "--upper=0.7312345678912"];
        let (answer, _) = told(&taut(folder.path(), &words));
        let json = taut(folder.path(), &[&words[..], &["--format=json"]].concat());
        let record: Value = serde_json::from_slice(&json.stdout).expect("JSON");
        let line = answer.lines().nth(1).expect("a bound");
        let told = line.split([' ', ',']).find_map(|word| word.parse::<f64>().ok());
        let beyond = (told.expect("a number") - record["bound"].as_f64().expect("a bound")) * side;
        assert!((0.0..1e-7).contains(&beyond), "{answer}");
    }
    let (answer, _) = told(&taut(folder.path(), &["bounds", "ask.toml"]));
    let json = taut(folder.path(), &["bounds", "ask.toml", "--format=json"]);
    let record: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    let line = answer.lines().find(|line| line.starts_with("  y0 in [")).expect("a line");
    let ends: Vec<f64> =
        line.split(['[', ',', ']']).filter_map(|word| word.trim().parse().ok()).collect();
    let exact = |end: &str| record["output"][end][0].as_f64().expect("an end");
    assert!(ends[0] <= exact("lower") && ends[1] >= exact("upper"), "{line}");
}

#[test]
fn what_the_question_names_is_always_shown() {
    let folder = folder();
    write_network(&wide(), &folder.path().join("wide.json")).expect("a file");
    let words = ["minimize", "wide.json", "--lower=0", "--upper=2", "--objective", "y11 - 11 x13"];
    let words = [&words[..], &["--constraint", "y13 <= 13", "--integer", "12"]].concat();
    let (answer, errors) = told(&taut(folder.path(), &words));
    // By hand: x0 = 0, x13 = 2.
    assert!(answer.starts_with("minimum of y11 - 11 x13 = -22\n"), "{answer}{errors}");
    let inputs = answer.lines().find(|line| line.starts_with("  at ")).expect("a point");
    assert!(inputs.contains(", x9 = ") && inputs.contains(", …, x12 = "), "{inputs}");
    assert!(inputs.ends_with(", x13 = 2 (2 more)"), "{inputs}");
    let outputs = answer.lines().find(|line| line.starts_with("  output ")).expect("outputs");
    assert!(outputs.ends_with(", y9 = 0, …, y11 = 0, …, y13 = 0 (2 more)"), "{outputs}");
}

/// The first input is called `x1`.
#[test]
fn answers_speak_the_names_of_the_file() {
    let folder = folder();
    write_network(&named(["x1", "x2"]), &folder.path().join("net.json")).expect("a file");
    let run = |words: &[&str]| {
        let words = [&["maximize", "net.json"], words].concat();
        told(&taut(folder.path(), &words))
    };
    // By hand: |2 + 2 · 3| at the upper corner.
    let (answer, _) = run(&[]);
    assert!(answer.starts_with("maximum of cost = 8\n"), "{answer}");
    assert!(answer.contains("\n  at      x1 = 2, x2 = 3\n  output  cost = 8\n"), "{answer}");
    for objective in ["x1", "X1", "x[0]"] {
        let (answer, _) = run(&["--objective", objective]);
        assert!(answer.starts_with(&format!("maximum of {objective} = 2\n")), "{answer}");
    }
    let (_, error) = run(&["--objective", "x0"]);
    assert!(error.contains("the inputs are x1, x2; x[0] is the first of them"), "{error}");
    let (answer, _) = run(&["--integer=x2", "--upper=2,2.5", "--constraint", "COST <= 5.5"]);
    assert!(answer.starts_with("maximum of cost = 5.5\n"), "{answer}");
    assert_eq!(numbers(&answer, "  at      ")[1].fract(), 0.0, "{answer}");
    // What the record says can be asked again.
    let (record, _) = run(&["--objective", "x2 + cost", "--format=json"]);
    let record: Value = serde_json::from_str(&record).expect("JSON");
    let again = record["question"]["objective"].as_str().expect("an objective");
    assert_eq!(again, "x[1] + y0");
    assert!(run(&["--objective", again]).0.starts_with("maximum of x[1] + y0 = 11\n"));
    let (answer, _) = told(&taut(folder.path(), &["bounds", "net.json"]));
    assert!(answer.contains("\n  cost in ["), "{answer}");
}

#[test]
fn what_a_person_would_type_works() {
    let folder = folder();
    let peaks = "peaks-2x25.onnx";
    let commands: &[&[&str]] = &[
        &["minimize", peaks, "--integer", "x0"],
        &["minimize", peaks, "--integer", "0-1"],
        &["minimize", peaks, "--integer", "x0 - x1"],
        &["minimize", peaks, "--integer", "X_1, 0"],
        &["minimize", peaks, "--time-limit", "1m"],
        &["minimize", peaks, "--time-limit=90s", "--gap", "1%"],
        &["minimize", peaks, "--lower=-1"],
        &["minimize", peaks, "--lower", "-2", "--upper", "2"],
        &["minimize", peaks, "--lower", "-2,", "-1", "--upper", "2 , 1"],
        &["minimize", peaks, "--objective", "y"],
        &["minimize", peaks, "--objective", "-Y0 + x_1*2"],
        &["minimize", peaks, "--constraint", "x0 \u{2264} 1"],
        &["minimize", peaks, "--memory-limit", "2GB"],
        &["minimize", peaks, "--tighten", "LP", "--backend", "HiGHS", "--format", "JSON"],
        &["minimize", peaks, "--encoding", "BigM", "--tighten", "IBP"],
        &["min", peaks],
        &["maximise", "either.toml"],
        &["analyse", "ask.toml", "--samples", "10", "--regions-time", "500ms"],
        &["regions", "rosenbrock4-2x25.onnx", "--slice", "x0,x3"],
        &["bounds", "ask.toml", "-o", "bounds.json"],
        &["compare", "ask.toml", "--encoding", "big-m", "-o", "x.csv", "--time-limit", "1m"],
        &["train", "--function", "Peaks", "--samples", "50", "--epochs", "1", "--optimizer", "SGD"],
    ];
    for words in commands {
        let (answer, errors) = told(&taut(folder.path(), words));
        assert!(!answer.is_empty() && errors.is_empty(), "{words:?}: {errors}");
    }
}

#[test]
fn what_cannot_work_says_what_does() {
    let folder = folder();
    for name in ["p.vnnlib", "m.pt", "m.h5", "m.keras", "m.pkl", "m.csv", "m.tflite", "empty.csv"] {
        fs::write(folder.path().join(name), "").expect("a file");
    }
    fs::create_dir(folder.path().join("dir")).expect("a folder");
    fs::write(folder.path().join("latin.csv"), b"# caf\xc3\xa9\n-1, 1 # caf\xe9\n")
        .expect("a file");
    let peaks = "peaks-2x25.onnx";
    let problem = "expected an instance file (.toml) or a network file (.json, .onnx, .nnet, \
                   .npz; packed: .gz behind it)";
    let cases: &[(&[&str], &[&str])] = &[
        (&["minimize", "p.vnnlib"], &["taut verify NETWORK p.vnnlib", problem]),
        (&["minimize", "m.pt"], &["torch.onnx.export(", "\"m.onnx\"", problem]),
        (&["minimize", "m.h5"], &["tf2onnx.convert --keras m.h5 --output m.onnx"]),
        (&["info", "m.keras"], &["tf2onnx.convert --keras", "expected a network file"]),
        (&["bounds", "m.tflite"], &["tf2onnx.convert --tflite"]),
        (&["regions", "m.pkl"], &["skl2onnx.to_onnx"]),
        (&["minimize", "m.csv"], &["--box", problem]),
        (&["minimize", "dir"], &["is a directory", "expected a file"]),
        (&["minimize", "make.toml"], &["a recipe", "taut train make.toml -o NETWORK.onnx"]),
        (&["train", "ask.toml"], &["an instance", "taut minimize ask.toml", "a recipe file"]),
        (&["train", peaks], &["a network, which is what a training makes"]),
        (&["train", "dir"], &["is a directory"]),
        (&["info", "ask.toml"], &["a TOML file", "expected a network file"]),
        (&["convert", "new.onnx", peaks], &["new.onnx: no such file", "expected IN, then OUT"]),
        (&["minimize", peaks, "--integer", "y0"], &["y0 is an output", "x0 to x1"]),
        (&["minimize", peaks, "--integer", "0-7"], &["found '0-7'", "2 inputs"]),
        (&["minimize", peaks, "--time-limit", "1x"], &["1.5m, 2h"]),
        (&["minimize", peaks, "--threads", "all"], &["expected a whole number"]),
        (&["minimize", peaks, "--seed", "-1"], &["'-1'", "--seed"]),
        (&["minimize", peaks, "--absolute-gap", "wide"], &["expected a number"]),
        (&["minimize", peaks, "--timelimit", "5"], &["'--time-limit'"]),
        (&["minimize", peaks, "--tighten", "crwn"], &["'crown'"]),
        (&["minimize", peaks, "--box", "latin.csv"], &["latin.csv: line 2: found other bytes"]),
        (&["evaluate", peaks, "--file", "latin.csv"], &["line 2", "expected text in UTF-8"]),
        (&["nearest", peaks], &["--to <NUMBERS>", "--from <NUMBERS>"]),
        (&["minimize", peaks, "--box", "empty.csv"], &["empty.csv: found 0 intervals", "2"]),
        (&["minimize", peaks, "-o", "x.xls"], &["x.xls", "expected one of .txt, .json"]),
        (&["bounds", peaks, "--load", peaks], &["no JSON object", "taut bounds --save"]),
    ];
    for (words, parts) in cases {
        let (answer, error) = told(&taut(folder.path(), words));
        assert_eq!(answer, "", "{words:?}");
        assert!(error.starts_with("error: "), "{words:?}: {error}");
        for part in *parts {
            assert!(error.contains(part), "{words:?}: {error}");
        }
        // Not to do what was just done, nor what nobody can.
        let wrong = [&format!("taut {} {}", words[0], words[1]), "as a value, use"];
        assert!(!wrong.iter().any(|wrong| error.contains(*wrong)), "{words:?}: {error}");
    }
}

#[test]
fn an_answer_goes_to_a_file_too() {
    let folder = folder();
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("a file");
    let run = |words: &[&str]| told(&taut(folder.path(), words)).0;
    let text = run(&["minimize", "ask.toml", "-o", "answer.txt", "--color", "always"]);
    assert!(text.contains('\x1b') && text.ends_with("\n  wrote   answer.txt\n"), "{text}");
    let written = read("answer.txt");
    assert!(written.starts_with("minimum of y0 = ") && !written.contains('\x1b'), "{written}");
    run(&["info", "peaks-2x25.onnx", "--output", "info.json"]);
    let record: Value = serde_json::from_str(&read("info.json")).expect("JSON");
    assert_eq!(record["command"], "info");
    let one = ["--encoding", "big-m"];
    let printed =
        run(&[&["compare", "ask.toml", "--format=csv", "-o", "x.csv"], &one[..]].concat());
    assert_eq!(printed.lines().count(), 2, "{printed}");
    assert_eq!(read("x.csv"), printed);
    // Nothing is written where there is no answer.
    run(&["minimize", "ask.toml", "-o", "none.txt", "--constraint", "x9 <= 1"]);
    assert!(!folder.path().join("none.txt").exists());
}

#[test]
fn a_run_tells_its_story_where_it_is_asked_for() {
    let folder = folder();
    let silent = taut(folder.path(), &["minimize", "ask.toml"]);
    assert_eq!(told(&silent).1, "");
    let (_, story) = told(&taut(folder.path(), &["minimize", "ask.toml", "--solver=milp", "-v"]));
    let mut rest = story.as_str();
    for step in [
        "read: ask.toml",
        "problem: ",
        "first point: value ",
        "bounds: by crown",
        "neurons stable, objective within [",
        "program: big-m encoding",
        " columns (",
        "solve: by highs",
        "solve: highs closes the gap after ",
        "proof: bound ",
    ] {
        let at = rest.find(step).unwrap_or_else(|| panic!("no '{step}' in {story}"));
        rest = &rest[at..];
    }
    let (_, searched) = told(&taut(folder.path(), &["minimize", "ask.toml", "-v"]));
    assert!(searched.contains("bounds: by crown"), "{searched}");
    assert!(searched.contains("search: bound "), "{searched}");
    let (_, more) = told(&taut(folder.path(), &["minimize", "ask.toml", "--solver=milp", "-vv"]));
    assert!(more.lines().count() > story.lines().count(), "{more}");
    let (_, warning) = told(&taut(folder.path(), &["maximize", "ask.toml"]));
    assert_eq!(warning, "warning: ask.toml asks to minimize; the command decides: maximize\n");
}
