//! Operators that choose: Max, Min and Gather.

use taut::network::{Node as GraphNode, ReluGraph};

use crate::onnx::{FOUR, POINTS, WIDE_POINTS, check, read_model};
use crate::support::onnx::{INT64, Model, Node, floats, int64s, raw, tensor};

/// Max or Min of `x`, of shape [1, 2], and a constant.
pub fn of_constant(op: &str, operands: &[&str], dims: &[i64], values: &[f32]) -> Model {
    Model::from_x_to_y(&[1, 2]).constant(floats("c", dims, values)).node(op, operands, "y")
}

#[test]
fn max_and_min_with_a_constant_on_either_side() {
    for operands in [["x", "c"], ["c", "x"]] {
        let max = of_constant("Max", &operands, &[2], &[-1.0, 0.5]);
        check(&max, &POINTS, |[a, b]| [a.max(-1.0), b.max(0.5)]);
        let min = of_constant("Min", &operands, &[], &[0.25]);
        check(&min, &POINTS, |point| point.map(|a| a.min(0.25)));
    }
}

#[test]
fn max_and_min_broadcast() {
    check(&of_constant("Max", &["x", "c"], &[2, 1], &[1.0, -1.0]), &POINTS, |[a, b]| {
        [a.max(1.0), b.max(1.0), a.max(-1.0), b.max(-1.0)]
    });
    let narrow = Model::from_x_to_y(&[1, 4])
        .constant(int64s("i", &[0]))
        .with(Node::new("Gather", &["x", "i"], "first", "").integer("axis", 1))
        .node("Min", &["first", "x"], "y");
    check(&narrow, &WIDE_POINTS, |point| point.map(|a| a.min(point[0])));
}

#[test]
fn max_with_limits_too_large_to_shift_by() {
    let limits = [f32::MIN, 3.0];
    check(&of_constant("Max", &["x", "c"], &[2], &limits), &POINTS, |[a, b]| [a, b.max(3.0)]);
    let limits = [f32::MAX, 3.0];
    check(&of_constant("Min", &["x", "c"], &[2], &limits), &POINTS, |[a, b]| [a, b.min(3.0)]);
}

#[test]
fn max_and_min_of_two_computed_tensors() {
    for (op, choose) in [("Max", f64::max as fn(f64, f64) -> f64), ("Min", f64::min)] {
        let model = Model::from_x_to_y(&[1, 2])
            .constant(floats("c", &[2], &[-2.0, 0.5]))
            .node("Mul", &["x", "c"], "scaled")
            .node(op, &["x", "scaled"], "y");
        check(&model, &POINTS, |[a, b]| [choose(a, -2.0 * a), choose(b, 0.5 * b)]);
    }
}

/// `min(max(x, 0), c)`.
pub fn relu_below(ceilings: &[f32; 2]) -> Model {
    Model::from_x_to_y(&[1, 2])
        .constant(floats("c", &[2], ceilings))
        .node("Relu", &["x"], "r")
        .node("Min", &["r", "c"], "y")
}

fn activations(graph: &ReluGraph) -> Vec<bool> {
    let nodes = graph.nodes().filter_map(|(_, node)| match node {
        GraphNode::Relu { .. } => Some(false),
        GraphNode::Clip { .. } => Some(true),
        GraphNode::Input { .. } | GraphNode::Affine(_) => None,
    });
    nodes.collect()
}

#[test]
fn min_of_a_relu_is_one_clipped_relu() {
    let ceilings = [1.5, 0.25];
    check(&relu_below(&ceilings), &POINTS, |[a, b]| [a.clamp(0.0, 1.5), b.clamp(0.0, 0.25)]);
    assert_eq!(activations(&read_model(&relu_below(&ceilings)).lower().unwrap()), [true]);
    // A limit that is no ceiling.
    let limits = [1.5, -1.0];
    check(&relu_below(&limits), &POINTS, |[a, _]| [a.clamp(0.0, 1.5), -1.0]);
    assert_eq!(activations(&read_model(&relu_below(&limits)).lower().unwrap()), [false, false]);
}

#[test]
fn a_relu_that_others_read_too_stays() {
    let model = Model::from_x_to_y(&[1, 2])
        .constant(floats("c", &[2], &[1.5, 0.25]))
        .node("Relu", &["x"], "r")
        .node("Min", &["r", "c"], "m")
        .node("Add", &["r", "m"], "y");
    check(&model, &POINTS, |[a, b]| {
        [a.max(0.0) + a.clamp(0.0, 1.5), b.max(0.0) + b.clamp(0.0, 0.25)]
    });
    assert_eq!(activations(&read_model(&model).lower().unwrap()), [false, true]);
}

/// Gather of `x`.
pub fn gathered(shape: &[i64], dims: &[i64], indices: &[i64], axis: Option<i64>) -> Model {
    let bytes = raw(indices, i64::to_le_bytes);
    let node = Node::new("Gather", &["x", "i"], "y", "gather");
    Model::from_x_to_y(shape).constant(tensor("i", INT64, dims).bytes(9, bytes)).with(match axis {
        None => node,
        Some(axis) => node.integer("axis", axis),
    })
}

#[test]
fn gather_takes_slices_along_an_axis() {
    let matrix = |axis| gathered(&[2, 2], &[1], &[1], axis).metadata("taut.input_names", FOUR);
    check(&gathered(&[1, 4], &[3], &[3, 0, 3], Some(1)), &WIDE_POINTS, |[a, _, _, d]| [d, a, d]);
    check(&gathered(&[1, 4], &[2], &[-1, -4], Some(-1)), &WIDE_POINTS, |[a, _, _, d]| [d, a]);
    check(&matrix(None), &WIDE_POINTS, |[_, _, c, d]| [c, d]);
    check(&matrix(Some(1)), &WIDE_POINTS, |[_, b, _, d]| [b, d]);
}

#[test]
fn gather_puts_the_axes_of_the_indices_in_place_of_its_own() {
    let scalar = gathered(&[1, 4], &[], &[2], Some(1));
    assert_eq!(read_model(&scalar).output_shape(), [1]);
    check(&scalar, &WIDE_POINTS, |[_, _, c, _]| [c]);
    let square = gathered(&[1, 4, 1], &[2, 2], &[0, 1, 3, 2], Some(1));
    assert_eq!(read_model(&square).output_shape(), [1, 2, 2, 1]);
    check(&square, &WIDE_POINTS, |[a, b, c, d]| [a, b, d, c]);
}
