//! Operators and constants of ONNX files.

use crate::bad_input::{SUPPORTED, assert_model_refused, gemm, with_constants};
use crate::support::onnx::{FLOAT, FLOAT16, Message, Model, Node, floats, int64s, tensor};

/// [`dense`] with other weights.
fn with_weights(weights: Message) -> Model {
    let bias = floats("b", &[1], &[0.5]);
    Model::from_x_to_y(&[1, 2]).constant(weights).constant(bias).with(gemm())
}

#[test]
fn operators_that_are_not_supported() {
    let sigmoid = |name| with_constants().with(Node::new("Sigmoid", &["x"], "y", name));
    let message = |name| format!("node '{name}': operator 'Sigmoid' is not supported; {SUPPORTED}");
    assert_model_refused(sigmoid("squash"), &message("squash"));
    assert_model_refused(sigmoid(""), &message("#0"));
    let foreign = with_constants().with(gemm().domain("com.microsoft"));
    assert_model_refused(
        foreign,
        "node 'dense': found operator 'Gemm' of the domain 'com.microsoft'; expected an operator \
         of the ONNX standard",
    );
}

#[test]
fn operators_on_constants_that_are_not_supported() {
    for (op, operands) in [("Sqrt", &["w"][..]), ("ConstantOfShape", &["i"]), ("RandomNormal", &[])]
    {
        let model = with_constants()
            .constant(int64s("i", &[1, 2]))
            .with(Node::new(op, operands, "c", "fill"))
            .node("Add", &["x", "c"], "y");
        let message = format!("node 'fill': operator '{op}' is not supported; {SUPPORTED}");
        assert_model_refused(model, &message);
    }
}

#[test]
fn positions_outside_of_a_tensor() {
    for (axis, indices, message) in [
        (1, [0, 2], "index 2 along axis 1 of a tensor of shape [1, 2]; expected -2 to 1"),
        (
            1,
            [0, i64::MIN],
            "index -9223372036854775808 along axis 1 of a tensor of shape [1, 2]; expected -2 to 1",
        ),
        (2, [0, 0], "axis 2 of a tensor of shape [1, 2]; expected -2 to 1"),
    ] {
        let gather = Node::new("Gather", &["x", "i"], "y", "gather").integer("axis", axis);
        let model = with_constants().constant(int64s("i", &indices)).with(gather);
        assert_model_refused(model, &format!("node 'gather' (Gather): {message}"));
    }
}

#[test]
fn operators_that_are_used_wrongly() {
    let relu = |operands| Node::new("Relu", operands, "y", "relu");
    let cases = [
        (
            gemm().integer("broadcast", 1),
            "(Gemm): attribute 'broadcast' is not supported; supported: alpha, beta, transA, \
             transB",
        ),
        (gemm().integer("transA", 1), "(Gemm): attribute 'transA' is 1; expected 0"),
        (
            gemm().float("alpha", f32::NAN),
            "(Gemm): attribute 'alpha' is NaN; expected a finite number",
        ),
        (
            Node::new("Gemm", &["x"], "y", "dense"),
            "(Gemm): operand 1 is missing; expected a constant tensor of numbers",
        ),
        (
            relu(&["x"]).text("mode", "fast"),
            "(Relu): attribute 'mode' is not supported; supported: none",
        ),
        (
            relu(&["x", "w"]),
            "(Relu): operand 1 is a constant of shape [2, 1]; expected nothing beyond operand 0",
        ),
        (
            Node::new("MatMul", &["x", "x"], "y", "square"),
            "(MatMul): operand 1 is computed from the network's input; expected a constant tensor \
             of numbers",
        ),
        (
            Node::new("Reshape", &["x", "w"], "y", "reshape"),
            "(Reshape): operand 1 is a constant of shape [2, 1]; expected a constant list of whole \
             numbers",
        ),
        (
            Node::new("Gather", &["x", "w"], "y", "gather"),
            "(Gather): operand 1 is a constant of shape [2, 1]; expected a constant list of whole \
             numbers",
        ),
        (
            Node::new("Max", &["x", "x", "x"], "y", "max"),
            "(Max): operand 2 is computed from the network's input; expected nothing beyond \
             operand 1",
        ),
        (
            Node::new("Min", &["x"], "y", "min"),
            "(Min): operand 1 is missing; expected a constant tensor of numbers",
        ),
        (
            Node::new("Clip", &["x"], "y", "clip").float("min", 2.0).float("max", 1.0),
            "(Clip): limits min = 2, max = 1; expected min < max",
        ),
        (
            Node::new("Flatten", &["x"], "y", "flat").integer("axis", 3),
            "(Flatten): axis 3 of a tensor of shape [1, 2]; expected -2 to 2",
        ),
    ];
    for (node, message) in cases {
        let message = format!("node '{}' {message}", node.name());
        assert_model_refused(with_constants().with(node), &message);
    }
    let message = "node 'dense': found 2 outputs; expected one";
    assert_model_refused(with_constants().with(gemm().and_output("z")), message);
}

#[test]
fn constant_nodes_that_are_wrong() {
    let cases = [
        (
            Node::new("Constant", &[], "c", "text").text("value_string", "hello"),
            "found attribute 'value_string'; expected value, value_float, value_floats, value_int \
             or value_ints",
        ),
        (Node::new("Constant", &[], "c", "nothing"), "found 0 attributes; expected one"),
    ];
    for (node, message) in cases {
        let message = format!("node '{}' (Constant): {message}", node.name());
        let model = Model::from_x_to_y(&[1, 2]).with(node).node("Add", &["x", "c"], "y");
        assert_model_refused(model, &message);
    }
}

#[test]
fn weights_that_do_not_fit() {
    let cases = [
        (
            floats("w", &[2, 1], &[1.0, f32::NAN]),
            "operand 1 is a constant with NaN at [1, 0]; expected finite numbers",
        ),
        (
            floats("w", &[2, 1], &[f32::INFINITY, 1.0]),
            "operand 1 is a constant with inf at [0, 0]; expected finite numbers",
        ),
        (
            floats("w", &[3, 1], &[1.0; 3]),
            "a tensor of shape [1, 2] times weights 1 × 3; expected shape [rows, 3]",
        ),
        (floats("w", &[2], &[1.0; 2]), "operand 1 is a constant of shape [2]; expected a matrix"),
    ];
    for (weights, message) in cases {
        assert_model_refused(with_weights(weights), &format!("node 'dense' (Gemm): {message}"));
    }
    for shape in [[0, 1], [2, 0]] {
        let message = format!(
            "the constant 'w' has shape {shape:?}; expected dimensions from 1 and at most \
             268435456 elements"
        );
        assert_model_refused(with_weights(floats("w", &shape, &[])), &message);
    }
}

#[test]
fn constants_are_not_computed_from_nan() {
    // In ONNX, max(NaN, 0) is NaN; a fold that takes it for 0 hides it.
    for (op, operands) in [("Relu", &["nan"][..]), ("Clip", &["nan", "zero"])] {
        let model = Model::from_x_to_y(&[1, 2])
            .constant(floats("nan", &[1], &[f32::NAN]))
            .constant(floats("zero", &[], &[0.0]))
            .with(Node::new(op, operands, "c", "fold"))
            .node("Add", &["x", "c"], "y");
        let message = format!(
            "node 'fold' ({op}): operand 0 is a constant with NaN at [0]; expected finite numbers"
        );
        assert_model_refused(model, &message);
    }
}

#[test]
fn a_bias_that_does_not_fit() {
    let model = Model::from_x_to_y(&[1, 2])
        .constant(floats("w", &[2, 3], &[1.0; 6]))
        .constant(floats("b", &[2], &[1.0; 2]))
        .with(gemm());
    let message =
        "node 'dense' (Gemm): a bias of shape [2]; expected one that broadcasts to [1, 3]";
    assert_model_refused(model, message);
}

#[test]
fn constants_that_cannot_be_read() {
    let external = tensor("w", FLOAT, &[2, 1])
        .message(13, Message::default().bytes(1, "location").bytes(2, "weights.bin"))
        .integer(14, 1);
    let cases = [
        (external, "found data in another file; expected data inside this file"),
        (
            tensor("w", FLOAT16, &[2, 1]).bytes(9, [0; 4]),
            "found data of type float16; expected float, double, int32 or int64",
        ),
        (
            tensor("w", FLOAT, &[2, 1]).bytes(9, [0; 7]),
            "found 7 bytes; expected 2 elements for shape [2, 1]",
        ),
        (
            floats("w", &[1000, 1000], &[1.0; 4]),
            "found 4 numbers; expected 1000000 elements for shape [1000, 1000]",
        ),
        (
            floats("w", &[1 << 40, 1 << 40], &[1.0; 4]),
            "found dimensions [1099511627776, 1099511627776]; expected dimensions from 0 and at \
             most 2^31 elements",
        ),
        (
            floats("w", &[-2, 1], &[1.0; 2]),
            "found dimensions [-2, 1]; expected dimensions from 0 and at most 2^31 elements",
        ),
    ];
    for (weights, message) in cases {
        assert_model_refused(with_weights(weights), &format!("constant 'w': {message}"));
    }
}

#[test]
fn constants_that_unfold_beyond_memory() {
    // Two constants of 4 MiB whose sum would take 8 TiB.
    let large = 1 << 20;
    let ones = vec![1.0; large as usize];
    let model = Model::from_x_to_y(&[1, 2])
        .constant(floats("a", &[large, 1], &ones))
        .constant(floats("b", &[1, large], &ones))
        .with(Node::new("Add", &["a", "b"], "c", "sum"))
        .node("Add", &["x", "c"], "y");
    assert_model_refused(
        model,
        "the output of node 'sum' has shape [1048576, 1048576]; expected dimensions from 1 and at \
         most 4194304 elements",
    );
}

#[test]
fn tensors_that_unfold_beyond_memory() {
    let model = Model::from_x_to_y(&[1, 4096])
        .constant(floats("c", &[1025, 1], &[1.0; 1025]))
        .with(Node::new("Add", &["x", "c"], "y", "sum"));
    assert_model_refused(
        model,
        "the output of node 'sum' has shape [1025, 4096]; expected dimensions from 1 and at most \
         4194304 elements",
    );
}
