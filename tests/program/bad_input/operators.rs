//! Operators and constants of ONNX files.

use crate::bad_input::{assert_model_refused, gemm, with_constants};
use crate::support::onnx::{COMPLEX64, FLOAT, Message, Model, Node, floats, int64s, tensor};

/// [`dense`] with other weights.
fn with_weights(weights: Message) -> Model {
    let bias = floats("b", &[1], &[0.5]);
    Model::from_x_to_y(&[1, 2]).constant(weights).constant(bias).with(gemm())
}

#[test]
fn operators_that_are_not_supported() {
    let piecewise = "expected Relu, LeakyRelu, PRelu, Clip, HardSigmoid, Abs or Max in its place, \
                     trained with it (piecewise linear)";
    let smooth = |op: &str, name: &str| {
        let model = with_constants().with(Node::new(op, &["x"], "s", name));
        let label = if name.is_empty() { "#0" } else { name };
        let message =
            format!("node '{label}' ({op}): it is smooth, not piecewise linear; {piecewise}");
        assert_model_refused(model.node("Relu", &["s"], "y"), &message);
    };
    smooth("Softplus", "squash");
    smooth("Softmax", "");
    smooth("Gelu", "curve");
    let before = "expected the network up to it: export without it";
    for (op, message) in [
        ("Sign", format!("it jumps, so it is not piecewise linear; {before}")),
        ("TopK", format!("it sorts by what depends on the input; {before}")),
        (
            "LayerNormalization",
            "it divides by what it measures of its input, which is not piecewise linear; expected \
             BatchNormalization in inference, or fixed scales"
                .to_string(),
        ),
        (
            "Loop",
            "it holds graphs of its own; expected an export without loops and branches (static \
             shapes, unrolled)"
                .to_string(),
        ),
    ] {
        let model = with_constants().with(Node::new(op, &["x"], "y", "last"));
        assert_model_refused(model, &format!("node 'last' ({op}): {message}"));
    }
    let foreign = with_constants().with(gemm().domain("com.microsoft"));
    assert_model_refused(
        foreign,
        "node 'dense': found operator 'Gemm' of the domain 'com.microsoft'; expected an operator \
         of the ONNX standard",
    );
}

#[test]
fn operators_on_constants_that_are_not_supported() {
    let model = with_constants().with(Node::new("RandomNormal", &[], "c", "fill")).node(
        "Add",
        &["x", "c"],
        "y",
    );
    assert_model_refused(
        model,
        "node 'fill' (RandomNormal): it is random; expected constants there",
    );
    let model = with_constants()
        .constant(int64s("i", &[1 << 40, 2]))
        .with(Node::new("ConstantOfShape", &["i"], "c", "fill"))
        .node("Add", &["x", "c"], "y");
    let message = "the output of node 'fill' has shape [1099511627776, 2]; expected dimensions \
                   from 1 and at most 4194304 elements";
    assert_model_refused(model, message);
    let model = with_constants()
        .constant(int64s("i", &[i64::MAX]))
        .with(Node::new("Add", &["i", "i"], "j", "overflow"))
        .with(Node::new("Gather", &["x", "j"], "y", "pick"));
    let message = "node 'overflow' (Add): a result that is no number of type int64; expected one \
                   that is";
    assert_model_refused(model, message);
}

#[test]
fn operator_sets_that_are_not_known() {
    let model = |version| {
        let model = Model::of_operator_set(version).input("x", FLOAT, &[1, 2]).output("y", FLOAT);
        model.with(Node::new("Relu", &["x"], "y", "relu"))
    };
    assert_model_refused(
        model(29),
        "the file: found version 29 of the standard operator set; expected 1 to 28: export for an \
         older one (opset_version)",
    );
    assert_model_refused(
        model(5),
        "node 'relu' (Relu): the form of operator set 5; expected that of 6 or newer",
    );
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
        (
            gemm().integer("transA", 1),
            "(Gemm): a tensor of shape [2, 1] times a matrix of 1 outputs × 2 inputs; expected 2 \
             entries along the contracted axis",
        ),
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
             of numbers: a product of two computed tensors is not piecewise linear",
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
    let message = "node 'dense' (Gemm): found output 1, 'z', that others read; expected only \
                   output 0 to be read";
    assert_model_refused(with_constants().with(gemm().and_output("z")).output("z", FLOAT), message);
}

#[test]
fn constant_nodes_that_are_wrong() {
    let cases = [
        (
            Node::new("Constant", &[], "c", "text").text("value_string", "hello"),
            "attribute 'value_string' is not supported; supported: value, sparse_value, value_float, \
             value_floats, value_int, value_ints",
        ),
        (
            Node::new("Constant", &[], "c", "nothing"),
            "no attribute; expected one of value, sparse_value, value_float, value_floats, value_int, \
             value_ints",
        ),
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
        (
            external,
            "found data in the file 'weights.bin', which is not there; expected a file beside the \
             model that holds them, as the exporter wrote it (or export with external_data=False)",
        ),
        (
            tensor("w", COMPLEX64, &[2, 1]).bytes(9, [0; 16]),
            "found data of type complex64; expected numbers (float16 to double, bfloat16), whole \
             numbers or bool",
        ),
        (
            tensor("w", FLOAT, &[2, 1]).bytes(9, [0; 7]),
            "found 7 bytes; expected 2 elements for shape [2, 1]",
        ),
        (
            floats("w", &[1000, 1000], &[1.0; 4]),
            "found 16 bytes; expected 1000000 elements for shape [1000, 1000]",
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
