//! Attributes of convolution and pooling, and what moves and scales elements.

use crate::bad_input::assert_model_refused;
use crate::support::onnx::{INT64, Model, Node, floats, int64s};

/// An image of one channel with 4 × 5 pixels, weights of 2 × 2 and 3 × 3.
fn image() -> Model {
    Model::from_x_to_y(&[1, 1, 4, 5])
        .constant(floats("w", &[2, 1, 2, 2], &[1.0; 8]))
        .constant(floats("wide", &[2, 1, 3, 3], &[1.0; 18]))
        .constant(floats("line", &[2, 1, 2], &[1.0; 4]))
        .constant(floats("cube", &[2, 1, 2, 2, 2], &[1.0; 16]))
        .constant(floats("deep", &[2, 3, 2, 2], &[1.0; 24]))
        .constant(floats("b", &[2], &[1.0; 2]))
        .constant(floats("b3", &[3], &[1.0; 3]))
}

fn conv() -> Node {
    Node::new("Conv", &["x", "w", "b"], "y", "conv")
}

fn conv_of(operands: &[&str]) -> Node {
    Node::new("Conv", operands, "y", "conv")
}

fn pool(op: &str) -> Node {
    Node::new(op, &["x"], "y", "pool").integers("kernel_shape", &[2, 2])
}

fn assert_refused(cases: impl IntoIterator<Item = (Node, &'static str)>) {
    for (node, message) in cases {
        let message = format!("node '{}' {message}", node.name());
        assert_model_refused(image().with(node), &message);
    }
}

#[test]
fn convolutions_that_are_not_supported() {
    assert_refused([
        (
            conv().integer("group", 0),
            "(Conv): attribute 'group' is 0; expected a divisor of the 2 output channels",
        ),
        (
            conv().integer("group", 3),
            "(Conv): attribute 'group' is 3; expected a divisor of the 2 output channels",
        ),
        (
            conv().integer("group", 2),
            "(Conv): an image of shape [1, 1, 4, 5]; expected 2 channels for weights of shape [2, 1, 2, 2], \
             group 2",
        ),
        (
            conv_of(&["x", "deep"]),
            "(Conv): an image of shape [1, 1, 4, 5]; expected 3 channels for weights of shape [2, 3, 2, 2], \
             group 1",
        ),
        (
            conv_of(&["x", "line"]),
            "(Conv): operand 1 is a constant of shape [2, 1, 2]; expected outputs × channels / \
             group × height × width (images in two dimensions)",
        ),
        (
            conv_of(&["x", "cube"]),
            "(Conv): operand 1 is a constant of shape [2, 1, 2, 2, 2]; expected outputs × channels \
             / group × height × width (images in two dimensions)",
        ),
        (
            conv_of(&["x", "w", "b3"]),
            "(Conv): operand 2 is a constant of shape [3]; expected shape [2]",
        ),
        (
            conv_of(&["x", "x"]),
            "(Conv): operand 1 is computed from the network's input; expected a constant tensor of \
             numbers",
        ),
        (
            conv().integers("kernel_shape", &[2, 3]),
            "(Conv): attribute 'kernel_shape' is [2, 3]; expected [2, 2], the size of the weights",
        ),
        (
            conv().integer("ceil_mode", 1),
            "(Conv): attribute 'ceil_mode' is not supported; supported: group, kernel_shape, \
             strides, dilations, auto_pad, pads",
        ),
        (
            conv_of(&["x", "wide"]).integers("dilations", &[2, 1]),
            "(Conv): a window of [3, 3] with dilations [2, 1] over an image of 4 × 5 with pads [0, \
             0, 0, 0]; expected a window no larger than the padded image",
        ),
        (
            conv_of(&["x", "wide"]).integers("dilations", &[1, 3]).text("auto_pad", "VALID"),
            "(Conv): a window of [3, 3] with dilations [1, 3] over an image of 4 × 5 with auto_pad \
             VALID; expected a window no larger than the padded image",
        ),
    ]);
}

#[test]
fn windows_with_wrong_numbers() {
    for op in ["Conv", "AveragePool", "MaxPool"] {
        let node = || if op == "Conv" { conv() } else { pool(op) };
        let numbers = |count: usize, least: usize| {
            format!(
                "expected {count} whole numbers from {least} to 4194304 (images in two dimensions)"
            )
        };
        let cases: [(&str, &[i64], String); 8] = [
            ("strides", &[0, 1], numbers(2, 1)),
            ("strides", &[2], numbers(2, 1)),
            ("strides", &[1, 1, 1], numbers(2, 1)),
            ("strides", &[1, i64::MAX], numbers(2, 1)),
            ("dilations", &[1, 0], numbers(2, 1)),
            ("dilations", &[1, -1], numbers(2, 1)),
            ("pads", &[0, -1, 0, 0], numbers(4, 0)),
            ("pads", &[1, 1], numbers(4, 0)),
        ];
        for (name, values, expected) in cases {
            let node = node().integers(name, values);
            let message = format!(
                "node '{}' ({op}): attribute '{name}' is {values:?}; {expected}",
                node.name()
            );
            assert_model_refused(image().with(node), &message);
        }
    }
}

#[test]
fn windows_with_two_kinds_of_padding() {
    for op in ["Conv", "AveragePool", "MaxPool"] {
        let node = || if op == "Conv" { conv() } else { pool(op) };
        for (pads, message) in [
            (
                "FULL",
                "attribute 'auto_pad' is 'FULL'; expected NOTSET, VALID, SAME_UPPER or SAME_LOWER",
            ),
            (
                "SAME_UPPER",
                "attribute 'pads' is [0, 0, 0, 0]; expected none beside auto_pad SAME_UPPER",
            ),
        ] {
            let node = node().text("auto_pad", pads).integers("pads", &[0; 4]);
            let message = format!("node '{}' ({op}): {message}", node.name());
            assert_model_refused(image().with(node), &message);
        }
        let node = node().text("auto_pad", "VALID").integers("pads", &[1, 0, 0, 0]);
        let message = format!(
            "node '{}' ({op}): attribute 'pads' is [1, 0, 0, 0]; expected none beside auto_pad VALID",
            node.name()
        );
        assert_model_refused(image().with(node), &message);
    }
}

#[test]
fn pooling_that_is_not_supported() {
    let of = |op, shape: &[i64]| Node::new(op, &["x"], "y", "pool").integers("kernel_shape", shape);
    assert_refused([
        (
            Node::new("MaxPool", &["x"], "y", "pool"),
            "(MaxPool): attribute 'kernel_shape' is missing; expected 2 whole numbers from 1 to \
             4194304 (images in two dimensions)",
        ),
        (
            of("AveragePool", &[2]),
            "(AveragePool): attribute 'kernel_shape' is [2]; expected 2 whole numbers from 1 to \
             4194304 (images in two dimensions)",
        ),
        (
            of("MaxPool", &[2, 2, 2]),
            "(MaxPool): attribute 'kernel_shape' is [2, 2, 2]; expected 2 whole numbers from 1 to \
             4194304 (images in two dimensions)",
        ),
        (
            of("MaxPool", &[5, 1]),
            "(MaxPool): a window of [5, 1] with dilations [1, 1] over an image of 4 × 5 with pads \
             [0, 0, 0, 0]; expected a window no larger than the padded image",
        ),
        (
            pool("MaxPool").integer("storage_order", 1),
            "(MaxPool): attribute 'storage_order' is 1; expected 0",
        ),
        (
            pool("MaxPool").integer("count_include_pad", 1),
            "(MaxPool): attribute 'count_include_pad' is not supported; supported: ceil_mode, \
             kernel_shape, strides, dilations, auto_pad, pads, storage_order",
        ),
        (
            pool("AveragePool").integer("ceil_mode", 2),
            "(AveragePool): attribute 'ceil_mode' is 2; expected 0 or 1",
        ),
        (
            pool("AveragePool").integer("ceil_mode", 1).text("auto_pad", "VALID"),
            "(AveragePool): attribute 'ceil_mode' is 1; expected 0 where auto_pad is VALID",
        ),
        (
            pool("MaxPool").integers("strides", &[4, 1]).text("auto_pad", "SAME_UPPER"),
            "(MaxPool): windows of [2, 2], strides [4, 1], that need no padding with auto_pad \
             SAME_UPPER; expected explicit pads, or windows that reach the end of the image",
        ),
        (
            pool("AveragePool").integers("pads", &[0, 0, 3, 0]),
            "(AveragePool): only padding under the windows of output row 4; expected a pixel of \
             the image under every window",
        ),
    ]);
    let positions = pool("MaxPool").and_output("positions");
    assert_model_refused(
        image().with(positions).output("positions", INT64),
        "node 'pool' (MaxPool): found output 1, 'positions', that others read; expected only \
         output 0 to be read",
    );
    let line = Model::from_x_to_y(&[1, 1, 4]).with(pool("MaxPool"));
    let message = "node 'pool' (MaxPool): attribute 'kernel_shape' is [2, 2]; expected 1 whole \
                   numbers for an image of this shape";
    assert_model_refused(line, message);
}

#[test]
fn windows_that_unfold_beyond_memory() {
    let side = 2048;
    let pool = |op| Node::new(op, &["x"], "y", "pool").integers("kernel_shape", &[side / 2; 2]);
    for op in ["AveragePool", "MaxPool"] {
        let model = Model::from_x_to_y(&[1, 1, side, side]).with(pool(op));
        let message = format!(
            "node 'pool' ({op}): 1101660160000 pixels in all windows together; expected at most \
             67108864"
        );
        assert_model_refused(model, &message);
    }
    let huge = conv().integers("pads", &[4_194_304; 4]);
    assert_model_refused(
        image().with(huge),
        "the output of node 'conv' has shape [1, 2, 8388611, 8388612]; expected dimensions from 1 \
         and at most 4194304 elements",
    );
}

#[test]
fn elements_that_are_moved_or_scaled_wrongly() {
    let transpose = Node::new("Transpose", &["x"], "y", "turn");
    let by = |values: &[f32]| floats("c", &[values.len() as i64], values);
    let model = |c, node| image().constant(c).constant(int64s("p", &[0; 7])).with(node);
    let cases = [
        (
            transpose.clone().integers("perm", &[0, 1, 1, 2]),
            "'turn' (Transpose): attribute 'perm' is [0, 1, 1, 2]; expected the numbers from 0 to \
             3, each once",
        ),
        (
            transpose.integers("perm", &[1, 0]),
            "'turn' (Transpose): a tensor of shape [1, 1, 4, 5] with perm [1, 0]; expected as many \
             axes in perm as the tensor has",
        ),
        (
            Node::new("Pad", &["x", "p"], "y", "pad").text("mode", "reflect"),
            "'pad' (Pad): pads [0, 0, 0, 0, 0, 0, 0] for axes [0, 1, 2, 3]; expected two whole \
             numbers an axis, none beyond 4194304",
        ),
        (
            Node::new("Pad", &["x", "p"], "y", "pad"),
            "'pad' (Pad): attribute 'pads' is [0, 0, 0, 0, 0, 0, 0]; expected two whole numbers an \
             axis, none negative or above 4194304",
        ),
        (
            Node::new("Pad", &["x"], "y", "pad").integers("pads", &[0, -1, 0, 0]),
            "'pad' (Pad): pads [0, -1, 0, 0] for axes [0, 1, 2, 3]; expected two whole numbers an \
             axis, none beyond 4194304",
        ),
        (
            Node::new("Pad", &["x"], "y", "pad").integers("pads", &[0; 4]),
            "'pad' (Pad): 4 pads for a tensor of shape [1, 1, 4, 5]; expected two an axis",
        ),
        (
            Node::new("Div", &["x", "c"], "y", "div"),
            "'div' (Div): operand 1 is a constant with 0; expected divisors whose inverse is a \
             normal number of double precision",
        ),
        (
            Node::new("Div", &["c", "x"], "y", "div"),
            "'div' (Div): operand 1 is computed from the network's input; expected a constant: a \
             quotient by a computed tensor is not piecewise linear",
        ),
        (
            Node::new("Mul", &["x", "x"], "y", "square"),
            "'square' (Mul): operand 1 is computed from the network's input; expected a constant: \
             a product of two computed tensors is not piecewise linear",
        ),
    ];
    for (node, message) in cases {
        let message = format!("node {message}");
        assert_model_refused(model(by(&[1.0, 2.0, 0.0, 3.0, 4.0]), node), &message);
    }
    let node = Node::new("Mul", &["x", "c"], "y", "mul");
    let message = "node 'mul' (Mul): operands of shapes [1, 1, 4, 5] and [3]; expected shapes that \
                   are equal or broadcast to each other";
    assert_model_refused(model(by(&[1.0; 3]), node), message);
}
