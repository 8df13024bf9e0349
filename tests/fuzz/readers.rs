//! Every reader of files against bytes that libFuzzer makes: an answer or an error, in little time
//! and memory. `run` starts it; the environment variable `TAUT_READER` says which reader.

#![no_main]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use taut::io::{
    FORMATS, load_bounds, read_box, read_instance, read_network, read_points, read_problem,
    stored_box, vnnlib,
};
use taut::network::{Metadata, Network};
use taut::num::IntervalBox;
use taut::problem::{Problem, QuestionText};
use taut::verify::Property;

/// Most inputs of a network that is computed too.
const MOST_INPUTS: usize = 1000;

/// A reader and, where it reads files only, the name that the bytes get.
const READERS: &[(&str, &str, fn(&[u8], &Path))] = &[
    ("onnx", "", |bytes, _| network("onnx", bytes)),
    ("json", "", |bytes, _| network("json", bytes)),
    ("nnet", "", |bytes, _| network("nnet", bytes)),
    ("npz", "", |bytes, _| network("npz", bytes)),
    ("gz", "n.json.gz", |_, path| drop(read_network(path))),
    ("instance", "i.toml", |_, path| {
        drop(read_instance(path));
        drop(read_problem(path));
    }),
    ("box", "b.csv", |_, path| drop(read_box(path, &PROBLEM.0))),
    ("omlt", "n.onnx.bounds.json", |_, path| {
        drop(stored_box(&PROBLEM.0, &path.with_file_name("n.onnx")));
    }),
    ("bounds", "s.json", |_, path| drop(load_bounds(path, &PROBLEM.1))),
    ("points", "p.csv", |_, path| drop(read_points(path, &PROBLEM.1.vocabulary()))),
    ("vnnlib", "", |bytes, _| query(bytes)),
    ("question", "", |bytes, _| question(bytes)),
];

/// What the files beside a network are read for: two inputs, ReLUs, one output.
static PROBLEM: LazyLock<(Network, Problem)> = LazyLock::new(|| {
    let json = include_bytes!("seeds/json/small.json");
    let format = FORMATS.iter().find(|format| format.name() == "json").expect("the format");
    let read = || format.read(json, "small").expect("a network");
    let domain = IntervalBox::new(vec![-1.0; 2], vec![1.0; 2]).expect("a box");
    let problem = Problem::parse(read(), domain, &QuestionText::default()).expect("a question");
    // Without its box, so that one beside it is looked for.
    let network = read().with_metadata(Metadata::default()).expect("no names");
    (network, problem)
});

static READER: LazyLock<(fn(&[u8], &Path), PathBuf)> = LazyLock::new(|| {
    let wanted = std::env::var("TAUT_READER").unwrap_or_default();
    let names: Vec<&str> = READERS.iter().map(|(name, ..)| *name).collect();
    let found = READERS.iter().find(|(name, ..)| *name == wanted);
    let (_, file, reader) = found.unwrap_or_else(|| panic!("TAUT_READER: one of {names:?}"));
    let folder = std::env::temp_dir().join(format!("taut-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    // What an instance may name.
    let network = include_bytes!("seeds/json/small.json");
    std::fs::write(folder.join("small.json"), network).expect("a network");
    (*reader, if file.is_empty() { PathBuf::new() } else { folder.join(file) })
});

/// What is read is printed and read again as the same.
fn query(bytes: &[u8]) {
    let Ok(read) = vnnlib::read(bytes) else { return };
    let printed = vnnlib::print(&read);
    let again = vnnlib::read(printed.as_bytes()).expect("what was printed");
    assert_eq!((&again.networks, &again.assertions), (&read.networks, &read.assertions));
    drop(Property::new(PROBLEM.1.network().clone(), &read));
}

/// As an objective and as a constraint; what is read has a value.
fn question(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let vocabulary = PROBLEM.1.vocabulary();
    if let Ok(expression) = vocabulary.expression(text) {
        let _ = expression.evaluate(&[0.25, -0.5], &[0.75]);
        assert!(expression.numbers().iter().all(|number| number.is_finite()));
    }
    let constraints = vec![text.to_string()];
    let objective = Some("y0".to_string());
    let text = QuestionText { constraints, objective, ..QuestionText::default() };
    let domain = PROBLEM.1.domain().clone();
    drop(Problem::parse(PROBLEM.1.network().clone(), domain, &text));
}

fn network(format: &str, bytes: &[u8]) {
    let format = FORMATS.iter().find(|other| other.name() == format).expect("the format");
    let Ok(network) = format.read(bytes, "fuzz") else { return };
    if network.inputs() > MOST_INPUTS {
        return;
    }
    let values = network.evaluate_point(&vec![0.25; network.inputs()]);
    assert_eq!(values.len(), network.outputs());
    if let Ok(graph) = network.lower() {
        assert_eq!(graph.size(graph.output()), network.outputs());
    }
    for format in FORMATS {
        drop(format.write(&network));
    }
}

fuzz_target!(|bytes: &[u8]| {
    let (reader, path) = &*READER;
    if path != Path::new("") {
        std::fs::write(path, bytes).expect("a file");
    }
    reader(bytes, path);
});
