//! A case as a file and command lines.

use std::path::{Path, PathBuf};
use std::process::Command;

use taut::optimize::Answer;
use taut::problem::{QuestionText, Sense};

use crate::exact::rational::rounded;
use crate::random::build;
use crate::scales::case::{Scaled, scaled};
use crate::scales::method::{Method, methods};
use crate::scales::number;

/// The network of a case in a file of the folder for temporary files.
fn write(scaled: &Scaled) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(format!("scales-{}.json", scaled.seed));
    taut::io::write_network(&build::network(&scaled.case), &path).expect("a file");
    path
}

/// The arguments that ask the question of a case by a method.
fn arguments(
    scaled: &Scaled,
    question: &QuestionText,
    path: &Path,
    method: &Method,
) -> Vec<String> {
    let list =
        |numbers: &[f64]| numbers.iter().map(f64::to_string).collect::<Vec<String>>().join(",");
    let command = match question.sense {
        Sense::Minimize => "minimize",
        Sense::Maximize => "maximize",
    };
    let mut arguments = vec![command.to_string(), path.display().to_string()];
    arguments.push(format!("--lower={}", list(&scaled.case.lower)));
    arguments.push(format!("--upper={}", list(&scaled.case.upper)));
    arguments.extend(question.objective.iter().map(|text| format!("--objective={}", text.trim())));
    let constraints = question.constraints.iter();
    arguments.extend(constraints.map(|text| format!("--constraint={}", text.trim())));
    if !question.integer.is_empty() {
        let indices: Vec<String> = question.integer.iter().map(usize::to_string).collect();
        arguments.push(format!("--integer={}", indices.join(",")));
    }
    arguments.extend(method.arguments());
    arguments
}

fn quoted(argument: &String) -> String {
    if argument.contains([' ', '<', '>']) { format!("'{argument}'") } else { argument.clone() }
}

/// The seed is in the environment; the program has to see what the library sees.
#[test]
fn a_dumped_case_is_the_same_question() {
    let scaled = scaled(number("TAUT_SCALES_DUMP", 0)).expect("an answer of the oracle");
    let question = build::question(&scaled.case).expect("variables in every constraint");
    let problem = build::problem(&scaled.case, question.clone());
    let path = write(&scaled);
    println!("{:?}", scaled.oddities);
    match &scaled.truth {
        None => println!("exactly: infeasible"),
        Some(best) => {
            let inputs: Vec<f64> = best.inputs.iter().map(rounded).collect();
            println!("exactly: {:e} at {inputs:?}", rounded(&best.value));
        }
    }
    for method in methods(&scaled) {
        let arguments = arguments(&scaled, &question, &path, &method);
        let line: Vec<String> = arguments.iter().map(quoted).collect();
        println!("\ntaut {}\n{:?}", line.join(" "), method.verdict(&scaled, &problem));
        let Some(Ok(answer)) = method.answer(&problem) else { continue };
        compare(&answer, &arguments);
    }
}

/// That the program gives the same answer.
fn compare(answer: &Answer, arguments: &[String]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    let output = command.args(arguments).args(["--format", "json"]).output().expect("a run");
    let record: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(record["status"], answer.status.name());
    assert_eq!(record["objective"].as_f64(), answer.objective);
    assert_eq!(record["bound"].as_f64(), answer.bound);
}
