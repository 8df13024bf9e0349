//! What products, sums and interpolations are refused, and why. Right values of those that are
//! read stand in `operators/`.

use crate::support::onnx::{Model, Node, floats, int64s};
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
        "attribute 'equation' is '...a->a'; expected letters, without '...'",
    );
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
    refused(resize("cubic"), "attribute 'mode' is 'cubic'; expected nearest or linear");
    refused(
        resize("linear").integer("antialias", 1),
        "attribute 'antialias' is 1; expected 0 where pixels become fewer",
    );
    refused(
        resize("linear").text("coordinate_transformation_mode", "tf_crop_and_resize"),
        "expected half_pixel, pytorch_half_pixel, half_pixel_symmetric, asymmetric or \
         align_corners with mode linear",
    );
    refused(
        resize("linear").text("coordinate_transformation_mode", "align_corners"),
        "scales [1.0, 1.0, 0.5] for lengths [1, 2, 3], align_corners; expected scales that make \
         whole lengths, or sizes",
    );
    refused(
        resize("nearest"),
        "scales [1.0, 1.0, 0.5] for lengths [1, 2, 3]; expected a whole number from 1 each",
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
