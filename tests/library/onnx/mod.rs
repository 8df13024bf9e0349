//! Ordinary ONNX files, among them those that other tools cannot read: the
//! network computes what the ONNX standard says, as read and in canonical form,
//! and survives being written. Damaged files give an error.
//!
//! Expected values come from formulas written out by hand in each test. Weights
//! are small dyadic numbers unless rounding is the point.

mod activations;
mod batch;
mod cases;
mod choices;
mod convolution;
mod damaged;
mod exporters;
mod files;
mod forms;
mod images;
mod operators;
mod refused;
mod round_trips;
mod smooth;
mod steep;
mod windows;

use taut::network::Network;

use crate::support::onnx::{Model, Node, floats};
use crate::support::{assert_computes, read};

const POINTS: [[f64; 2]; 6] =
    [[0.0, 0.0], [2.0, 4.0], [-1.0, 0.5], [0.3, -0.7], [-3.25, -0.125], [1000.0, -7.0]];

/// Points for networks of four inputs.
const WIDE_POINTS: [[f64; 4]; 3] =
    [[1.0, 2.0, 3.0, 4.0], [-1.0, 0.5, 0.25, -8.0], [0.3, -0.7, 1.1, 100.0]];

/// Names for four inputs: where all have one, they are no batch.
const FOUR: &str = r#"["a", "b", "c", "d"]"#;

/// Weights out × in, row by row; see [`product`].
const WEIGHTS: [f32; 6] = [1.0, -1.0, 0.5, 2.0, -3.0, 0.25];

/// The same weights in × out.
const TRANSPOSED: [f32; 6] = [1.0, 0.5, -3.0, -1.0, 2.0, 0.25];

const BIAS: [f32; 3] = [0.5, -1.0, 2.0];

/// [`WEIGHTS`] times the point.
fn product([a, b]: [f64; 2]) -> [f64; 3] {
    [a - b, 0.5 * a + 2.0 * b, -3.0 * a + 0.25 * b]
}

/// [`WEIGHTS`] times the point plus [`BIAS`].
fn dense(point: [f64; 2]) -> [f64; 3] {
    let [p, q, r] = product(point);
    [p + 0.5, q - 1.0, r + 2.0]
}

fn relu(value: f64) -> f64 {
    if value > 0.0 { value } else { 0.0 }
}

fn read_model(model: &Model) -> Network {
    read("onnx", &model.encode())
}

fn check<const N: usize, const M: usize>(
    model: &Model,
    points: &[[f64; N]],
    expected: impl Fn([f64; N]) -> [f64; M],
) {
    assert_computes(&read_model(model), points, expected);
}

/// `x` of shape [1, 2], constants `w` (out × in), `t` (in × out) and `b`.
fn with_constants() -> Model {
    Model::from_x_to_y(&[1, 2])
        .constant(floats("w", &[3, 2], &WEIGHTS))
        .constant(floats("t", &[2, 3], &TRANSPOSED))
        .constant(floats("b", &[3], &BIAS))
}

fn gemm(operands: &[&str]) -> Node {
    Node::new("Gemm", operands, "y", "dense")
}

/// Gemm, Relu, Gemm without names.
fn two_layers() -> Model {
    with_constants()
        .constant(floats("v", &[3, 1], &[1.0, -2.0, 0.5]))
        .node("Gemm", &["x", "t", "b"], "a")
        .node("Relu", &["a"], "h")
        .node("Gemm", &["h", "v"], "y")
}
