//! The corpus: problems with known answers, each run by every backend with
//! every encoding on every bound (trained networks with fewer combinations).
//!
//! The cases stand in the `.toml` files beside this one. A case either names an
//! instance file of the repository or describes a dense network:
//!
//! ```toml
//! [[case]]
//! name = "absolute-value"
//! source = "by hand: |x| is least at 0"
//! status = "optimal"            # or "infeasible"
//! value = 0
//! lower = [-1]
//! upper = [2]
//! sense = "minimize"            # objective, constraints, integer: as in instances
//! layers = [                    # activation: linear, relu, leaky, clip
//!   { weights = [[1], [-1]], bias = [0, 0], activation = "relu" },
//!   { weights = [[1, 1]], bias = [0], activation = "linear" },
//! ]
//! skip = { microlp = "too slow" }   # optional: backends left out, and why
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use ndarray::{Array1, Array2};
use serde::Deserialize;
use taut::control::Silent;
use taut::encode::ENCODINGS;
use taut::network::{Activation, Network};
use taut::num::IntervalBox;
use taut::optimize::{Answer, OptimizeOptions, Status, optimize};
use taut::problem::{Problem, QuestionText, Sense};
use taut::solve::{BACKENDS, SolveOptions};
use taut::tighten::Tightening;

/// Largest deviation from the known value, relative to `1 + |value|`.
const TOLERANCE: f64 = 1e-6;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Corpus {
    case: Vec<Case>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    source: String,
    status: Expected,
    value: Option<f64>,
    instance: Option<String>,
    #[serde(default)]
    lower: Vec<f64>,
    #[serde(default)]
    upper: Vec<f64>,
    #[serde(default)]
    sense: Sense,
    objective: Option<String>,
    #[serde(default)]
    constraints: Vec<String>,
    #[serde(default)]
    integer: Vec<usize>,
    #[serde(default)]
    layers: Vec<DenseLayer>,
    #[serde(default)]
    skip: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Expected {
    Optimal,
    Infeasible,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct DenseLayer {
    weights: Vec<Vec<f64>>,
    bias: Vec<f64>,
    activation: ActivationName,
    /// Slope below zero of a leaky layer.
    alpha: Option<f64>,
    /// Limits of a clipped layer.
    min: Option<f64>,
    max: Option<f64>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ActivationName {
    Linear,
    Relu,
    Leaky,
    Clip,
}

#[test]
fn every_method_gives_the_known_answers() {
    let mut failures = Vec::new();
    let mut runs = 0;
    for case in cases() {
        assert!(!case.source.is_empty(), "{}: where does the value come from?", case.name);
        for &backend in BACKENDS {
            if case.skip.contains_key(backend.name()) {
                continue;
            }
            for (number, &encoding) in ENCODINGS.iter().enumerate() {
                for tighten in Tightening::all() {
                    // Minutes on trained networks, with nothing to prove there.
                    if case.instance.is_some() && tighten.name() == "milp" {
                        continue;
                    }
                    // The larger encodings take seconds there, half a minute in microlp.
                    let once = backend.name() == "highs" && tighten.name() == "crown";
                    if case.instance.is_some() && number > 0 && !once {
                        continue;
                    }
                    let solve = SolveOptions { relative_gap: 1e-6, ..SolveOptions::default() };
                    let options = OptimizeOptions {
                        backend,
                        encoding,
                        tighten,
                        solve,
                        ..OptimizeOptions::milp()
                    };
                    let answer = optimize(&problem(&case), &options, &mut Silent);
                    runs += 1;
                    let verdict = answer
                        .map_err(|error| error.to_string())
                        .and_then(|answer| compare(&case, &answer));
                    if let Err(what) = verdict {
                        let method = [backend.name(), &encoding.name(), tighten.name()].join(", ");
                        failures.push(format!("{} ({method}): {what}", case.name));
                    }
                }
            }
        }
    }
    assert!(runs >= 50, "only {runs} runs");
    assert!(failures.is_empty(), "{} of {runs}:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn names_are_unique() {
    let mut names: Vec<String> = cases().into_iter().map(|case| case.name).collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/library/corpus");
    let entries = std::fs::read_dir(folder).expect("the folder of the corpus");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = paths.filter(|p| p.extension().is_some_and(|e| e == "toml")).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).expect("a readable file");
        let corpus: Corpus =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        corpus.case
    };
    paths.iter().flat_map(read).collect()
}

fn compare(case: &Case, answer: &Answer) -> Result<(), String> {
    let found =
        format!("{:?}, value {:?}, bound {:?}", answer.status, answer.objective, answer.bound);
    let Some(value) = case.value.filter(|_| case.status == Expected::Optimal) else {
        let infeasible = answer.status == Status::Infeasible;
        return if infeasible { Ok(()) } else { Err(format!("{found}, expected infeasible")) };
    };
    let close = |v: f64| (v - value).abs() <= TOLERANCE * (1.0 + value.abs());
    let both = answer.objective.is_some_and(close) && answer.bound.is_some_and(close);
    match answer.status == Status::Optimal && both {
        true => Ok(()),
        false => Err(format!("{found}, expected optimal with {value}")),
    }
}

fn problem(case: &Case) -> Problem {
    if let Some(instance) = &case.instance {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(instance);
        let problem = taut::io::read_problem(&path).expect("an instance");
        let reference = problem.reference().expect("a known answer").objective;
        assert_eq!(Some(reference), case.value, "{instance}");
        return problem;
    }
    let domain = IntervalBox::new(case.lower.clone(), case.upper.clone()).expect("a box");
    let question = QuestionText {
        sense: case.sense,
        objective: case.objective.clone(),
        constraints: case.constraints.clone(),
        integer: case.integer.clone(),
        reference: None,
    };
    Problem::parse(network(case), domain, &question).expect("a question that fits")
}

fn network(case: &Case) -> Network {
    let layers = case.layers.iter().map(|layer| {
        let shape = (layer.weights.len(), layer.weights[0].len());
        let weights = Array2::from_shape_vec(shape, layer.weights.concat()).expect("a matrix");
        let activation = match layer.activation {
            ActivationName::Linear => Activation::Linear,
            ActivationName::Relu => Activation::Relu,
            ActivationName::Leaky => Activation::LeakyRelu { alpha: layer.alpha.expect("a slope") },
            ActivationName::Clip => Activation::Clip {
                min: layer.min.expect("a limit"),
                max: layer.max.expect("a limit"),
            },
        };
        taut::network::DenseLayer { weights, bias: Array1::from(layer.bias.clone()), activation }
    });
    Network::dense(&case.name, layers.collect()).expect("a network")
}
