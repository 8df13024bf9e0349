//! What products, sums and interpolations are refused, and why. Right values of those that are
//! read stand in `operators/`.

use crate::support::onnx::{Message, Model, Node, floats, int64s};
use crate::support::read_error;

fn refused(node: Node, message: &str) {
    let model = Model::of_operator_set(18)
        .input("x", 1, &[1, 2, 3])
        .output("y", 1)
        .constant(floats("w", &[2, 3], &[1.0; 6]))
        .constant(floats("scales", &[3], &[1.0, 1.0, 0.5]))
        .constant(int64s("axis", &[3]))
        .with(node);
    let error = read_error("onnx", &model.encode()).to_string();
    assert!(error.ends_with(message), "{error}");
}

fn node(op: &str, operands: &[&str]) -> Node {
    Node::new(op, operands, "y", "node")
}

#[test]
fn products_of_einsum() {
    let einsum = |operands: &[&str], equation| node("Einsum", operands).text("equation", equation);
    refused(
        einsum(&["x", "x"], "abc,abc->a"),
        "operand 1 is computed from the network's input; expected a constant tensor of numbers: a \
         product of two computed tensors is not piecewise linear",
    );
    let expected = "expected one or two operands, each letter once in each and in the result";
    for (operands, equation) in [
        (&["x"][..], "aab->ab"),
        (&["x"], "abc->abb"),
        (&["x"], "abc->abd"),
        (&["x", "w"], "abc->ab"),
        (&["x", "w", "w"], "abc,bc,bc->ab"),
    ] {
        let message = format!("attribute 'equation' is '{equation}'; {expected}");
        refused(einsum(operands, equation), &message);
    }
    refused(
        einsum(&["x"], "...a->a"),
        "attribute 'equation' is '...a->a'; expected '...' in the result too",
    );
    for equation in ["a...b...->ab", "a..b->ab", "a1->a"] {
        let message = format!(
            "attribute 'equation' is '{equation}'; expected letters, and '...' at most once in a \
             term"
        );
        refused(einsum(&["x"], equation), &message);
    }
    refused(einsum(&["x", "w"], "abc,ab->a"), "axes 'a' of 1 and 2; expected one length");
    refused(
        einsum(&["x", "w"], "ab,ab->a"),
        "2 letters for a tensor of shape [1, 2, 3]; expected one an axis",
    );
}

#[test]
fn several_matrices_that_do_not_fit() {
    let model = Model::of_operator_set(18)
        .input("x", 1, &[1, 2, 4, 3])
        .output("y", 1)
        .constant(floats("several", &[3, 3, 1], &[1.0; 9]))
        .with(node("MatMul", &["x", "several"]));
    let error = read_error("onnx", &model.encode()).to_string();
    let message = "a tensor of shape [1, 2, 4, 3] and one of [1, 3, 3, 1]; expected axes in front \
                   of the last two that broadcast";
    assert!(error.ends_with(message), "{error}");
}

#[test]
fn interpolations() {
    let resize = |mode| node("Resize", &["x", "", "scales"]).text("mode", mode);
    refused(resize("area"), "attribute 'mode' is 'area'; expected nearest, linear or cubic");
    refused(
        resize("cubic").integer("antialias", 1),
        "attribute 'antialias' is 1; expected 0 where pixels become fewer",
    );
    refused(
        resize("linear").integer("antialias", 1),
        "attribute 'antialias' is 1; expected 0 where pixels become fewer",
    );
    refused(
        resize("linear").text("coordinate_transformation_mode", "tf_crop_and_resize"),
        "expected half_pixel, pytorch_half_pixel, half_pixel_symmetric, asymmetric or \
         align_corners with mode linear or cubic",
    );
    refused(
        resize("linear").text("coordinate_transformation_mode", "align_corners"),
        "scales [1.0, 1.0, 0.5] for lengths [1, 2, 3], align_corners; expected scales that make \
         whole lengths, or sizes",
    );
    for mode in ["nearest", "linear", "cubic"] {
        let kept = node("Resize", &["x", "", "kept"]).text("mode", mode);
        let model = Model::of_operator_set(18)
            .input("x", 1, &[1, 2, 3])
            .output("y", 1)
            .constant(floats("kept", &[3], &[1.0, 1.25, 1.0]))
            .with(kept);
        let error = read_error("onnx", &model.encode()).to_string();
        let expected = "scales [1.0, 1.25, 1.0] that leave lengths [1, 2, 3] as they are; \
                        expected scales of 1, or others that change a length";
        assert!(error.ends_with(expected), "{error}");
    }
    refused(
        resize("nearest").text("nearest_mode", "middle"),
        "attribute 'nearest_mode' is 'middle'; expected round_prefer_floor, round_prefer_ceil, \
         floor or ceil",
    );
}

/// Found by a fuzzer.
#[test]
fn interpolations_beyond_memory() {
    let sizes = i64::MAX / 4;
    let model = Model::of_operator_set(18)
        .input("x", 1, &[1, 2, 3])
        .output("y", 1)
        .constant(int64s("sizes", &[1, 2, sizes]))
        .with(node("Resize", &["x", "", "", "sizes"]).text("mode", "linear"));
    let error = read_error("onnx", &model.encode()).to_string();
    let shape = format!("the output of node 'node' has shape [1, 2, {sizes}]");
    assert!(error.contains(&shape) && error.contains("4194304"), "{error}");
}

#[test]
fn sums_along_axes_that_there_are_not() {
    refused(node("CumSum", &["x", "axis"]), "axis 3 of a tensor with 3 axes; expected -3 to 2");
    refused(node("CumSum", &["x"]), "0 whole numbers as operand 1; expected one");
}

#[test]
fn elements_that_are_replaced() {
    let scatter = |op| node(op, &["x", "at", "u"]);
    let message = |at: Vec<i64>, dims: &[i64], updates: &[i64], node: Node| {
        let count: i64 = updates.iter().product();
        let model = Model::of_operator_set(18)
            .input("x", 1, &[1, 4])
            .output("y", 1)
            .constant(int64s("flat", &at))
            .constant(int64s("shape", dims))
            .constant(floats("u", updates, &vec![1.0; count as usize]))
            .with(Node::new("Reshape", &["flat", "shape"], "at", ""))
            .with(node);
        read_error("onnx", &model.encode()).to_string()
    };
    for (error, expected) in [
        (
            message(vec![0, 1], &[1, 2], &[1], scatter("ScatterND").text("reduction", "add")),
            "attribute 'reduction' is 'add'; expected none",
        ),
        (
            message(vec![0, 1, 0, 1], &[2, 2], &[2], scatter("ScatterND")),
            "a position that is written twice; expected each once: the standard leaves open which \
             counts",
        ),
        (
            message(vec![0, 4], &[1, 2], &[1], scatter("ScatterND")),
            "index 4 along an axis of 4; expected -4 to 3",
        ),
        (
            message(vec![0, 1], &[1, 2], &[2], scatter("ScatterND")),
            "positions of shape [1, 2] for [2] in a tensor of shape [1, 4]; expected a last axis \
             with a number for each of the first axes",
        ),
        (
            message(vec![0, 1], &[1, 2], &[2, 1], scatter("ScatterElements").integer("axis", 1)),
            "positions of shape [1, 2] for [2, 1] in a tensor of shape [1, 4]; expected one for \
             each, none longer but for the axis",
        ),
        (
            message(vec![0], &[1, 1], &[1, 1], node("ScatterElements", &["x", "x", "u"])),
            "expected constant positions: a choice by what depends on the input is not piecewise \
             linear",
        ),
    ] {
        assert!(error.ends_with(expected), "{error}");
    }
    refused(
        node("OneHot", &["x", "axis", "w"]),
        "it jumps, so it is not piecewise linear; \
         expected the network up to it: export without it",
    );
}

#[test]
fn sparse_tensors() {
    let error = |indices: &[i64], dims: &[i64]| {
        let values = floats("s", &[2], &[1.0, 2.0]);
        let sparse = Message::default().message(1, values).message(2, int64s("", indices));
        let model = Model::from_x_to_y(&[1, 3])
            .graph_field(15, sparse.packed(3, dims))
            .with(node("Add", &["x", "s"]));
        read_error("onnx", &model.encode()).to_string()
    };
    let expected = "expected a list of values, with one index or one an axis for each, inside \
                    the tensor and in ascending order; at most 4194304 elements";
    for (indices, dims) in
        [(&[0, 3][..], &[3][..]), (&[-1, 0], &[3]), (&[1, 0], &[3]), (&[1, 1], &[3]), (&[0], &[3])]
    {
        let error = error(indices, dims);
        assert!(error.ends_with(expected), "{error}");
    }
    // Small in the file, and beyond memory.
    let error = error(&[0, 1], &[1 << 30]);
    assert!(error.ends_with(expected), "{error}");
}

#[test]
fn functions_that_a_file_defines() {
    let call = |operands: &[&str]| node("F", operands).domain("own");
    let model = || Model::of_operator_set(18).input("x", 1, &[1, 2]).output("y", 1);
    let body = || Node::new("Relu", &["t"], "u", "");
    let again = || Node::new("F", &["t"], "u", "").domain("own");
    for (model, expected) in [
        (
            model().function("F", 17, body()).with(call(&["x"])),
            "the function 'F': found operator set 17 in a file of 18; expected the same",
        ),
        (
            model().function("F", 18, body()).with(call(&["x", "x"])),
            "node 'node': found 2 operands of the function 'F'; expected at most 1",
        ),
        (
            model().function("F", 18, again()).with(call(&["x"])),
            "found the function 'F' inside 64 others; expected functions that do not call each \
             other for ever",
        ),
        (
            model().function("F", 18, body()).with(call(&["x"]).and_output("z")),
            "node 'node': found 2 outputs of the function 'F'; expected at most 1",
        ),
        (
            model().function("F", 18, Node::new("Exp", &["t"], "u", "")).with(call(&["x"])),
            "node 'node/#0' (Exp): it is smooth, not piecewise linear; expected Relu, LeakyRelu, \
             PRelu, Clip, HardSigmoid, Abs or Max in its place, trained with it (piecewise linear)",
        ),
    ] {
        let error = read_error("onnx", &model.encode()).to_string();
        assert!(error.ends_with(expected), "{error}");
    }
}
