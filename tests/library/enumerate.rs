//! The least value over all linear regions against mixed-integer programs.

use std::process::{Command, Output};

use ndarray::{arr1, arr2};
use serde_json::Value;
use taut::control::Silent;
use taut::io::write_network;
use taut::network::{Activation, DenseLayer, Network};
use taut::num::IntervalBox;
use taut::optimize::{Answer, Method, OptimizeOptions, Status, optimize};
use taut::problem::{Problem, QuestionText, Sense};
use tiny_skia::Pixmap;

fn network(name: &str) -> Problem {
    problem(name, QuestionText::default())
}

fn problem(name: &str, question: QuestionText) -> Problem {
    let path = format!("networks/{name}.onnx");
    let network = taut::io::read_network(path.as_ref()).expect("a network");
    let domain = network.metadata().input_box.clone().expect("a box");
    Problem::parse(network, domain, &question).expect("a problem")
}

/// The answer to an instance, and its objective, which is the known one: by Gurobi, SCIP and
/// HiGHS.
fn with_its_known_value(name: &str) -> (Answer, f64) {
    let problem = taut::io::read_problem(format!("instances/{name}.toml").as_ref());
    let problem = problem.expect("an instance");
    let known = problem.reference().expect("a known answer").objective;
    let answer = optimize(&problem, &enumerating(), &mut Silent).expect("an answer");
    assert_eq!(answer.status, Status::Optimal);
    let objective = answer.objective.expect("a value");
    assert!((objective - known).abs() < 1e-8, "{name}: {objective}, known {known}");
    (answer, objective)
}

#[test]
fn instances_in_the_plane_have_their_known_values() {
    for name in ["peaks-2x25", "peaks-2x50"] {
        let (answer, objective) = with_its_known_value(name);
        assert_eq!(answer.method.name(), "enumerate");
        assert!(answer.bound.expect("a bound") <= objective);
    }
}

#[test]
fn other_numbers_of_inputs_have_their_known_values() {
    for name in ["rosenbrock4-2x25", "ackley5-2x25"] {
        let (answer, _) = with_its_known_value(name);
        assert!(answer.gap.is_some_and(|gap| gap < 1e-8), "{:?}", answer.gap);
    }
    // One input: |x| as two neurons, least at its kink.
    let json = r#"{"format": "taut-network", "version": 1, "input": {"name": "x", "shape": [1, 1]},
        "layers": [
          {"name": "a", "op": "Gemm", "attributes": {"transB": 1}, "operands": ["x",
            {"shape": [2, 1], "values": [1, -1]}, {"shape": [2], "values": [0, 0]}], "output": "a"},
          {"name": "r", "op": "Relu", "operands": ["a"], "output": "r"},
          {"name": "y", "op": "Gemm", "attributes": {"transB": 1}, "operands": ["r",
            {"shape": [1, 2], "values": [1, 1]}, {"shape": [1], "values": [-3]}], "output": "y"}],
        "output": "y"}"#;
    let folder = temp_dir::TempDir::new().expect("a folder");
    let path = folder.path().join("absolute.json");
    std::fs::write(&path, json).expect("a file");
    let network = taut::io::read_network(&path).expect("a network");
    let domain = IntervalBox::new(vec![-1.0], vec![2.0]).expect("a box");
    let problem = Problem::parse(network, domain, &QuestionText::default()).expect("a problem");
    let answer = optimize(&problem, &enumerating(), &mut Silent);
    let answer = answer.expect("an answer");
    assert_eq!((answer.nodes, answer.status), (2, Status::Optimal));
    assert!((answer.objective.expect("a value") + 3.0).abs() < 1e-9);
}

#[test]
fn other_questions_agree_with_the_mixed_integer_program() {
    let questions = [
        QuestionText { sense: Sense::Maximize, ..QuestionText::default() },
        QuestionText {
            objective: Some("2 y0 - x0 + 3 x1 + 1".to_string()),
            ..QuestionText::default()
        },
        QuestionText {
            constraints: vec!["x0 + x1 <= 0.5".to_string(), "x0 - 2 x1 >= -1".to_string()],
            ..QuestionText::default()
        },
    ];
    for question in questions {
        let problem = problem("peaks-2x25", question.clone());
        let options = OptimizeOptions::milp();
        let by_regions = optimize(&problem, &enumerating(), &mut Silent).expect("an answer");
        let by_milp = optimize(&problem, &options, &mut Silent).expect("an answer");
        let (a, b) = (by_regions.objective.expect("a value"), by_milp.objective.expect("a value"));
        // The gap of the program.
        assert!((a - b).abs() <= 1e-4 * (1.0 + a.abs()), "{question:?}: {a}, {b}");
        assert_eq!(by_regions.status, Status::Optimal);
    }
}

#[test]
fn what_cannot_be_enumerated_is_refused_and_limits_are_statuses() {
    let question =
        QuestionText { constraints: vec!["y0 <= -1".to_string()], ..QuestionText::default() };
    let problem = problem("peaks-2x25", question);
    let error = optimize(&problem, &enumerating(), &mut Silent);
    assert!(
        error
            .expect_err("a constraint on outputs")
            .to_string()
            .contains("not linear in inputs alone")
    );
    let mut options = enumerating();
    options.limits.nodes = Some(10);
    let answer = optimize(&network("peaks-2x25"), &options, &mut Silent).expect("an answer");
    assert_eq!((answer.status, answer.bound), (Status::Feasible, None));
}

fn taut(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().expect("a run")
}

fn json(output: &Output) -> Value {
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn the_commands_agree_on_the_number_of_regions() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let (list, plot) = (folder.path().join("cells.jsonl"), folder.path().join("cells.svg"));
    let (list_name, plot_name) = (list.to_str().expect("a path"), plot.to_str().expect("a path"));
    let instance = "instances/peaks-2x25.toml";
    let counted = json(&taut(&["regions", instance, "--format", "json"]));
    let number = counted["patterns"].as_u64().expect("an exact count");
    assert_eq!((&counted["exact"], &counted["method"]), (&true.into(), &"planar".into()));
    let by_programs = ["regions", instance, "--method", "enumerate", "--format", "json"];
    assert_eq!(json(&taut(&by_programs))["patterns"].as_u64(), Some(number));
    let written = taut(&["regions", instance, "--list", list_name, "--plot", plot_name]);
    assert_eq!(written.status.code(), Some(0), "{}", String::from_utf8_lossy(&written.stderr));
    let cells = std::fs::read_to_string(&list).expect("a list");
    assert_eq!(cells.lines().count() as u64, number);
    for line in cells.lines() {
        let cell: Value = serde_json::from_str(line).expect("JSON");
        assert!(cell["vertices"].as_array().expect("vertices").len() >= 3);
    }
    let picture = std::fs::read_to_string(&plot).expect("a picture");
    // Regions have a line of their own colour; a few are too small to be seen.
    let is_surface = |line: &&str| line.contains(" stroke-width=\".5\" d=");
    let polygons = picture.lines().filter(is_surface).map(|line| line.matches('z').count());
    let polygons = polygons.sum::<usize>() as u64;
    assert!(polygons <= number && 50 * polygons > 49 * number, "{polygons} of {number}");
    assert!(picture.len() < 300_000, "{} bytes", picture.len());
    let answer = json(&taut(&["minimize", instance, "--solver", "enumerate", "--format", "json"]));
    assert_eq!(answer["nodes"].as_u64(), Some(number));
    let folder = std::fs::read_dir(folder.path()).expect("a folder");
    assert_eq!(folder.count(), 2, "nothing half-written is left");
}

/// Neurons that nothing reads divide cells, and not pieces.
#[test]
fn pieces_are_counted_where_asked_for() {
    let record = json(&taut(&["regions", "instances/peaks-2x25.toml", "--format", "json"]));
    assert!(record["pieces"].is_null() && record["maps"].is_null());
    // By hand: relu(x0) and relu(x1) divide the square into four, but y = relu(x0 + 1/2) has
    // two pieces; the slice x1 = 1/2 keeps both boundaries of x0.
    let folder = temp_dir::TempDir::new().expect("a folder");
    let file = folder.path().join("net.json");
    let (weights, bias) = (arr2(&[[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), arr1(&[0.0, 0.0, 0.5]));
    let hidden = DenseLayer { weights, bias, activation: Activation::Relu };
    let (weights, bias) = (arr2(&[[0.0, 0.0, 1.0]]), arr1(&[0.0]));
    let output = DenseLayer { weights, bias, activation: Activation::Linear };
    let network = Network::dense("half", vec![hidden, output]).expect("a network");
    write_network(&network, &file).expect("a file");
    let name = file.to_str().expect("a path");
    for (slice, patterns) in [(vec![], 6), (vec!["--upper=1,0.5", "--lower=-1,0.5"], 3)] {
        let domain = if slice.is_empty() { vec!["--lower=-1", "--upper=1"] } else { slice };
        let arguments = [&["regions", name, "--pieces", "--format", "json"], domain.as_slice()];
        let record = json(&taut(&arguments.concat()));
        let counts = ["patterns", "pieces", "maps"].map(|key| record[key].as_u64());
        assert_eq!(counts, [Some(patterns), Some(2), Some(2)]);
    }
}

#[test]
fn pictures_are_written_as_png_with_their_words() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let file = folder.path().join("regions.png");
    let name = file.to_str().expect("a path");
    let written = taut(&["regions", "instances/peaks-2x25.toml", "--plot", name]);
    assert_eq!(written.status.code(), Some(0), "{}", String::from_utf8_lossy(&written.stderr));
    let bytes = std::fs::read(&file).expect("a picture");
    assert!(bytes.len() < 2_000_000, "{} bytes", bytes.len());
    let pixels = Pixmap::decode_png(&bytes).expect("a PNG");
    let (white, width) = (255, pixels.width() as usize);
    let is_ink = |&pixel: &usize| pixels.pixels()[pixel].red() != white;
    // The title stands above the picture, which begins at a fifteenth of the height.
    let title = pixels.pixels().len() / 20;
    assert!((0..title).filter(is_ink).count() > 500, "the title is drawn");
    let middle = pixels.pixels().len() / 2;
    assert!((middle..middle + width / 2).filter(is_ink).count() > width / 4, "so are regions");
}

#[test]
fn a_slice_of_more_inputs_and_what_is_refused() {
    let instance = "instances/rosenbrock4-2x25.toml";
    let slice = ["regions", instance, "--slice", "0,3", "--at", "0.25", "--format", "json"];
    let record = json(&taut(&slice));
    assert_eq!(record["method"], "planar");
    assert!(record["patterns"].as_u64().expect("a count") > 10);
    let limited = taut(&["regions", instance, "--cell-limit", "5"]);
    assert_eq!(limited.status.code(), Some(3));
    let text = String::from_utf8_lossy(&limited.stdout).into_owned();
    assert!(text.starts_with("at least 5 linear regions, at most "), "{text}");
    for (arguments, expected) in [
        (vec!["--slice", "0"], "found 1 inputs, expected 2"),
        (vec!["--slice", "0,9"], "two different inputs below 4"),
        (vec!["--slice", "0,1", "--at", "7"], "outside the box"),
        (vec!["--plot", "/tmp/x.svg"], "a picture needs 2 inputs"),
        (vec!["--slice", "0,1", "--plot", "/tmp/x.gif"], "ends in .svg, .png, .pdf"),
        (vec!["--method", "sample", "--pieces"], "need an exact method"),
        (vec!["--method", "bounds", "--list", "/tmp/x"], "need an exact method"),
    ] {
        let refused = taut(&[&["regions", instance], arguments.as_slice()].concat());
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        assert!(message.contains(expected), "{message}");
    }
}

fn enumerating() -> OptimizeOptions {
    OptimizeOptions { method: Method::Enumerate, ..OptimizeOptions::default() }
}
