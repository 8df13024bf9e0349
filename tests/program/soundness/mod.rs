//! Questions in units far from 1 (hertz, pascal, outputs of 1e-8): no method may say a
//! wrong word, and the default options have to know the answer.
//!
//! The cases stand in `cases.toml`, their networks beside it. Each is asked of the
//! program as a user would:
//!
//! ```toml
//! [[case]]
//! name = "a-neuron-in-a-small-unit"
//! source = "by hand: relu(1e-8 x) 1e8 at x = 5"
//! file = "scaled-relu.onnx"
//! sense = "maximize"            # default: minimize
//! lower = [-3]                  # default: the box of the file
//! upper = [5]
//! objective = "y0"              # optional, as on the command line
//! constraints = []
//! options = ["--parts=7"]       # optional: more options, for every run
//! absolute_gap = 0              # optional: the option --absolute-gap
//! enumerate = true              # optional: --solver enumerate applies
//! once = "24 neurons"           # optional: why not every encoding is tried
//! status = "optimal"            # or "feasible": any point whose constraints hold; "infeasible"
//! value = 5                     # where the status is "optimal"
//! ```

mod sizes;
mod verdict;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;
use taut::encode::ENCODINGS;
use taut::num::IntervalBox;
use taut::problem::{Problem, QuestionText, Sense};
use taut::solve::BACKENDS;

use verdict::{Verdict, judge};

/// Seconds after which a run is left unanswered, which no case needs.
const TIME_LIMIT: &str = "60";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    source: String,
    file: String,
    #[serde(default)]
    sense: Sense,
    #[serde(default)]
    lower: Vec<f64>,
    #[serde(default)]
    upper: Vec<f64>,
    objective: Option<String>,
    #[serde(default)]
    constraints: Vec<String>,
    #[serde(default)]
    options: Vec<String>,
    absolute_gap: Option<f64>,
    #[serde(default)]
    enumerate: bool,
    once: Option<String>,
    status: Expected,
    value: Option<f64>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Expected {
    Optimal,
    Feasible,
    Infeasible,
}

impl Case {
    fn path(&self) -> PathBuf {
        folder().join(&self.file)
    }

    /// The command line, with the options of one method.
    fn arguments(&self, method: &[String]) -> Vec<String> {
        let list =
            |numbers: &[f64]| numbers.iter().map(f64::to_string).collect::<Vec<String>>().join(",");
        let command = match self.sense {
            Sense::Minimize => "minimize",
            Sense::Maximize => "maximize",
        };
        let mut arguments = vec![command.to_string(), self.path().display().to_string()];
        if !self.lower.is_empty() {
            arguments.push(format!("--lower={}", list(&self.lower)));
            arguments.push(format!("--upper={}", list(&self.upper)));
        }
        arguments.extend(self.objective.iter().map(|text| format!("--objective={text}")));
        arguments.extend(self.constraints.iter().map(|text| format!("--constraint={text}")));
        arguments.extend(self.absolute_gap.iter().map(|gap| format!("--absolute-gap={gap}")));
        arguments.extend(self.options.iter().chain(method).cloned());
        arguments.extend(["--time-limit", TIME_LIMIT, "--format", "json"].map(str::to_string));
        arguments
    }

    /// The question, for checks of points.
    fn problem(&self) -> Problem {
        let network = taut::io::read_network(&self.path()).expect("a network");
        let domain = match self.lower.is_empty() {
            true => network.metadata().input_box.clone().expect("a box in the file"),
            false => IntervalBox::new(self.lower.clone(), self.upper.clone()).expect("a box"),
        };
        let question = QuestionText {
            sense: self.sense,
            objective: self.objective.clone(),
            constraints: self.constraints.clone(),
            ..QuestionText::default()
        };
        Problem::parse(network, domain, &question).expect("a question that fits")
    }
}

/// The options of every method that a case is solved by, the default ones first.
fn methods(case: &Case, turn: usize) -> Vec<Vec<String>> {
    let backends: Vec<&str> = BACKENDS.iter().map(|solver| solver.name()).collect();
    let backend = |number: usize| format!("--backend={}", backends[number % backends.len()]);
    let mut methods = vec![vec![]];
    methods.extend((0..backends.len()).map(|number| vec![backend(number)]));
    if case.once.is_none() {
        // The default encoding has met every backend; the others meet one each.
        let others = ENCODINGS.iter().enumerate().skip(1);
        methods.extend(others.map(|(number, encoding)| {
            vec![backend(turn + number), format!("--encoding={}", encoding.name())]
        }));
    }
    if case.enumerate {
        methods.push(vec!["--solver=enumerate".to_string()]);
    }
    methods
}

#[test]
fn no_method_says_a_wrong_word() {
    let (mut runs, mut wrong) = (0, Vec::new());
    for (turn, case) in cases().iter().enumerate() {
        let problem = case.problem();
        for method in methods(case, turn) {
            runs += 1;
            if let Verdict::Wrong(what) = judge(case, &problem, &taut(&case.arguments(&method))) {
                wrong.push(format!("{} [{}]: {what}", case.name, method.join(" ")));
            }
        }
    }
    assert!(runs > 100, "only {runs} runs");
    assert!(wrong.is_empty(), "{} of {runs} runs:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn default_options_give_the_known_answers() {
    let mut failures = Vec::new();
    for case in cases() {
        match judge(&case, &case.problem(), &taut(&case.arguments(&[]))) {
            Verdict::Right => {}
            Verdict::Open(what) => failures.push(format!("{}: open: {what}", case.name)),
            Verdict::Wrong(what) => failures.push(format!("{}: {what}", case.name)),
        }
    }
    assert!(failures.is_empty(), "{} cases:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn cases_are_complete() {
    let cases = cases();
    for case in &cases {
        assert!(!case.source.is_empty(), "{}: where does the value come from?", case.name);
        assert_eq!(case.value.is_some(), case.status == Expected::Optimal, "{}", case.name);
    }
    let mut names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), cases.len(), "names are unique");
}

fn taut(arguments: &[String]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_taut")).args(arguments).output().expect("a run")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program/soundness")
}

fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string(folder().join("cases.toml")).expect("a readable file");
    toml::from_str::<Cases>(&text).unwrap_or_else(|error| panic!("{error}")).case
}
