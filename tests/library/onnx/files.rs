//! What surrounds the operators in a file: constants, the graph, metadata.

use taut::network::{Precision, Scaling};
use taut::num::IntervalBox;

use crate::onnx::{
    BIAS, POINTS, TRANSPOSED, WEIGHTS, check, dense, gemm, product, read_model, relu, two_layers,
    with_constants,
};
use crate::support::onnx::{
    DOUBLE, Dimension, FLOAT, Message, Model, Node, doubles, floats, int64s, raw, tensor,
    typed_doubles, typed_floats, value_info,
};
use crate::support::{assert_computes, format, read_error};

// --- Constants ----------------------------------------------------------------------

/// Weights, bias, factor and shape in Constant nodes, each with another attribute.
pub fn constant_nodes() -> Model {
    let constant = |output, name| Node::new("Constant", &[], output, name);
    Model::from_x_to_y(&[2, 1])
        .with(constant("w", "weights").tensor("value", floats("", &[3, 2], &WEIGHTS)))
        .with(constant("b", "bias").floats("value_floats", &BIAS))
        .with(constant("c", "").float("value_float", 0.1))
        .with(constant("shape", "").integers("value_ints", &[1, -1]))
        .with(Node::new("Reshape", &["x", "shape"], "row", ""))
        .with(Node::new("Gemm", &["row", "w", "b"], "a", "").integer("transB", 1))
        .node("Add", &["a", "c"], "y")
}

#[test]
fn constants_may_stand_in_constant_nodes() {
    let network = read_model(&constant_nodes());
    assert_eq!(network.layers().count(), 3);
    let shift = f64::from(0.1_f32);
    assert_computes(&network, &POINTS, |point| dense(point).map(|value| value + shift));
}

/// Weights and bias that are computed from constants, one way each:
/// `w = reshape(identity(flat)) + delta`, `b = relu(m k) − 1`.
pub fn computed_constants() -> Model {
    Model::from_x_to_y(&[1, 2])
        .constant(floats("flat", &[6], &[0.0, -2.0, -0.5, 1.0, -4.0, -0.75]))
        .constant(int64s("raw shape", &[3, -1]))
        .constant(floats("delta", &[], &[1.0]))
        .constant(floats("m", &[1, 2], &[2.0, 3.0]))
        .constant(floats("k", &[2, 3], &[0.0, -1.0, 1.5, 0.5, 0.5, 0.0]))
        .node("Identity", &["raw shape"], "shape")
        .node("Identity", &["flat"], "same")
        .node("Reshape", &["same", "shape"], "matrix")
        .node("Add", &["matrix", "delta"], "w")
        .node("MatMul", &["m", "k"], "mk")
        .node("Relu", &["mk"], "positive")
        .node("Sub", &["positive", "delta"], "b")
        .with(gemm(&["x", "w", "b"]).integer("transB", 1))
}

#[test]
fn constants_computed_from_constants_are_folded() {
    let network = read_model(&computed_constants());
    assert_eq!(network.layers().count(), 1);
    // m k = (1.5, −0.5, 3), so b = (0.5, −1, 2); w is WEIGHTS.
    assert_computes(&network, &POINTS, dense);
}

#[test]
fn constants_are_read_in_every_encoding() {
    let unpacked = TRANSPOSED.iter().fold(tensor("t", FLOAT, &[2, 3]), |t, &v| t.float(4, v));
    let packed_dims = Message::default().packed(1, &[2, 3]).integer(2, FLOAT).bytes(8, "t");
    let tensors = [
        floats("t", &[2, 3], &TRANSPOSED),
        typed_floats("t", &[2, 3], &TRANSPOSED),
        unpacked,
        packed_dims.bytes(9, raw(&TRANSPOSED, f32::to_le_bytes)),
    ];
    for tensor in tensors {
        let network =
            read_model(&Model::from_x_to_y(&[1, 2]).constant(tensor).with(gemm(&["x", "t"])));
        assert_eq!(network.metadata().precision, Precision::F32);
        assert_computes(&network, &POINTS, product);
    }
}

#[test]
fn networks_of_double_precision_keep_every_digit() {
    for weights in
        [doubles("w", &[2, 1], &[0.1, 1e-300]), typed_doubles("w", &[2, 1], &[0.1, 1e-300])]
    {
        let model = Model::default()
            .input("x", DOUBLE, &[1, 2])
            .output("y", DOUBLE)
            .constant(weights)
            .node("MatMul", &["x", "w"], "y");
        let network = read_model(&model);
        assert_eq!(network.metadata().precision, Precision::F64);
        assert_computes(&network, &POINTS, |[a, b]| [0.1 * a + 1e-300 * b]);
        assert_eq!(network.evaluate_point(&[0.0, 1.0]), [1e-300]);
    }
}

#[test]
fn initialisers_may_be_listed_among_the_inputs() {
    // As files before IR version 4 have to.
    let model = Model::default()
        .input("w", FLOAT, &[2, 3])
        .input("x", FLOAT, &[1, 2])
        .input("b", FLOAT, &[3])
        .output("y", FLOAT)
        .constant(floats("w", &[2, 3], &TRANSPOSED))
        .constant(floats("b", &[3], &BIAS))
        .with(gemm(&["x", "w", "b"]));
    check(&model, &POINTS, dense);
}

// --- The graph ------------------------------------------------------------------------

#[test]
fn nodes_that_the_output_does_not_need_are_dropped() {
    let model = two_layers().node("Sigmoid", &["h"], "unused").node("Relu", &["nowhere"], "too");
    assert_eq!(read_model(&model).layers().count(), 3);
}

#[test]
fn unused_nodes_of_any_kind_are_dropped() {
    let zero = floats("", &[], &[0.0]);
    let strange = [
        Node::new("Dropout", &["h"], "dropped", "two outputs").and_output("mask"),
        Node::new("Gelu", &["h"], "gelu", "another domain").domain("com.microsoft"),
        Node::new("ConstantOfShape", &["b"], "zeros", "a tensor").tensor("value", zero),
        Node::new("Constant", &[], "text", "a text").text("value_string", "hello"),
    ];
    let read = |node| format("onnx").read(&two_layers().with(node).encode(), "test");
    let outcomes = strange.map(|node| read(node).map(|network| network.layers().count()));
    assert_eq!(outcomes, [Ok(3), Ok(3), Ok(3), Ok(3)]);
}

#[test]
fn nodes_may_stand_in_any_order() {
    let model = with_constants()
        .node("Identity", &["sum"], "y")
        .node("Add", &["h", "h"], "sum")
        .node("Relu", &["a"], "h")
        .node("Gemm", &["x", "t", "b"], "a");
    check(&model, &POINTS, |point| dense(point).map(|value| 2.0 * relu(value)));
}

#[test]
fn a_symbolic_batch_is_one() {
    let batches = [
        Dimension::Symbol("batch"),
        Dimension::Number(0),
        Dimension::Number(-1),
        Dimension::Missing,
    ];
    for batch in batches {
        let model = Model::default()
            .described_input(value_info("x", FLOAT, &[batch, Dimension::Number(2)]))
            .output("y", FLOAT)
            .constant(floats("t", &[2, 3], &TRANSPOSED))
            .with(gemm(&["x", "t"]));
        let network = read_model(&model);
        assert_eq!(network.input_shape(), [1, 2], "{batch:?}");
        assert_computes(&network, &POINTS, product);
    }
}

#[test]
fn the_standard_domain_may_be_spelled_out_and_attribute_types_left_out() {
    let node = gemm(&["x", "w", "b"]).domain("ai.onnx").untyped_integer("transB", 1);
    check(&with_constants().with(node), &POINTS, dense);
}

#[test]
fn a_constant_and_a_constant_node_of_one_name_are_refused() {
    let node = Node::new("Constant", &[], "t", "again");
    let model = with_constants()
        .with(node.tensor("value", floats("", &[2, 3], &[0.0; 6])))
        .with(gemm(&["x", "t"]));
    let error = format("onnx").read(&model.encode(), "test").map(|_| "read").unwrap_err();
    assert!(error.to_string().contains("'t'"), "{error}");
}

/// That a network is refused in which `node` computes `c` from the constants
/// `a` and `b`. Their data are empty, so the file is small, but the result has
/// no elements or more than fit in memory.
fn assert_fold_is_refused(a: &[i64], b: Message, node: Node) {
    let model = Model::from_x_to_y(&[1, 2])
        .constant(tensor("a", FLOAT, a))
        .constant(b)
        .with(node)
        .node("Add", &["x", "c"], "y");
    let error = read_error("onnx", &model.encode()).to_string();
    assert!(error.contains("'fold'") || error.contains("constant"), "{error}");
}

#[test]
fn constants_without_elements_are_not_reshaped() {
    let node = Node::new("Reshape", &["a", "b"], "c", "fold").integer("allowzero", 1);
    assert_fold_is_refused(&[0], int64s("b", &[0, i64::MAX, 4]), node);
}

#[test]
fn constants_without_elements_are_not_added() {
    let node = Node::new("Add", &["a", "b"], "c", "fold");
    let b = tensor("b", FLOAT, &[0, 1, 1 << 31, 4]);
    assert_fold_is_refused(&[0, 1 << 31, 1, 4], b, node);
}

#[test]
fn constants_without_elements_are_not_multiplied() {
    let node = Node::new("MatMul", &["a", "b"], "c", "fold");
    assert_fold_is_refused(&[1 << 31, 0], tensor("b", FLOAT, &[0, 1 << 31]), node);
}

// --- Metadata ----------------------------------------------------------------------

/// A network with everything that a file can say about it.
pub fn documented() -> Model {
    two_layers()
        .metadata("taut.input_box", r#"{"lower": [-1, 0.1], "upper": [1, 0.30000000000000004]}"#)
        .metadata("taut.input_names", r#"["pressure", "heat"]"#)
        .metadata("taut.output_names", r#"["yield"]"#)
        .metadata("taut.scaling", r#"{"output_mean": [0.1], "output_deviation": [2]}"#)
        .metadata("taut.origin", "by hand, “quoted”")
        .metadata("somebody.else", "is skipped")
}

#[test]
fn metadata_are_read() {
    let network = read_model(&documented());
    let metadata = network.metadata();
    let input_box = IntervalBox::new(vec![-1.0, 0.1], vec![1.0, 0.1 + 0.2]).unwrap();
    assert_eq!(metadata.input_box, Some(input_box));
    assert_eq!(metadata.input_names, ["pressure", "heat"]);
    assert_eq!(metadata.output_names, ["yield"]);
    let scaling =
        Scaling { output_mean: vec![0.1], output_deviation: vec![2.0], ..Scaling::default() };
    assert_eq!(metadata.scaling, Some(scaling));
    assert_eq!(metadata.origin.as_deref(), Some("by hand, “quoted”"));
    assert_eq!(metadata.precision, Precision::F32);
}
