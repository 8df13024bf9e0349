//! Tables as some benchmarks hold them: steps so steep that they jump within a rounding, by
//! weights of 1e16 in double precision.
//!
//! `y = Σ vᵢ (relu(1e16 (x − tᵢ)) − relu(1e16 (x − tᵢ) − 1))` with `t = 1/8, 2/8, 3/8` and `v = 1, 1,
//! −1/2`: 0 up to 1/8, then 1, 2, and 3/2 from 3/8 on, with slopes between them.

use taut::control::Silent;
use taut::num::IntervalBox;
use taut::optimize::{Method, OptimizeOptions, Status, optimize};
use taut::problem::{Problem, QuestionText, Sense};

use crate::onnx::read_model;
use crate::support::onnx::{DOUBLE, Model, doubles};

fn table() -> Model {
    let steep = 1e16;
    Model::default()
        .input("x", DOUBLE, &[1, 1])
        .output("y", DOUBLE)
        .constant(doubles("w", &[1, 3], &[steep; 3]))
        .constant(doubles("b", &[3], &[-0.125 * steep, -0.25 * steep, -0.375 * steep]))
        .constant(doubles("minus", &[1], &[-1.0]))
        .constant(doubles("v", &[3, 1], &[1.0, 1.0, -0.5]))
        .node("Gemm", &["x", "w", "b"], "c")
        .node("Add", &["c", "minus"], "d")
        .node("Relu", &["c"], "r")
        .node("Relu", &["d"], "s")
        .node("Sub", &["r", "s"], "u")
        .node("MatMul", &["u", "v"], "y")
}

/// Every method is right or leaves the gap open: no bound beyond the least value, no value below.
#[test]
fn steps_that_jump_within_a_rounding() {
    let mut proven = 0;
    // Boxes, least and largest values in them, by hand. On the last two, `c − 1` is rounded.
    for (lower, upper, least, largest) in [
        (0.0, 0.1, 0.0, 0.0),
        (0.0, 1.0, 0.0, 2.0),
        (0.2, 0.7, 1.0, 2.0),
        (0.5, 0.875, 1.5, 1.5),
        (2.0, 10.0, 1.5, 1.5),
        (-10.0, 100.0, 0.0, 2.0),
    ] {
        for (sense, expected) in [(Sense::Minimize, least), (Sense::Maximize, largest)] {
            for method in [Method::Search, Method::Milp, Method::Enumerate] {
                let domain = IntervalBox::new(vec![lower], vec![upper]).expect("a box");
                let question = QuestionText { sense, ..QuestionText::default() };
                let problem = Problem::parse(read_model(&table()), domain, &question);
                let problem = problem.expect("a question that fits");
                let options = OptimizeOptions { method, ..OptimizeOptions::default() };
                let what = format!("{sense:?} by {method:?} in [{lower}, {upper}]");
                let answer = optimize(&problem, &options, &mut Silent);
                let answer = answer.unwrap_or_else(|error| panic!("{what}: {error}"));
                let sign = if sense == Sense::Minimize { 1.0 } else { -1.0 };
                let bound = answer.bound.expect("a bound");
                assert!(sign * bound <= sign * expected, "{what}: bound {bound}");
                let value = answer.objective.expect("a point");
                assert!(sign * value >= sign * expected, "{what}: value {value}");
                if answer.status == Status::Optimal {
                    assert!((value - expected).abs() <= 2e-4, "{what}: value {value}");
                    proven += 1;
                }
            }
        }
    }
    // At least where the network is flat.
    assert!(proven >= 18, "{proven} proven");
}
