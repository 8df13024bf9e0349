//! Operators that compute sums and products, and those that change shapes.

use crate::onnx::{
    BIAS, FOUR, POINTS, TRANSPOSED, WEIGHTS, WIDE_POINTS, check, dense, gemm, product, read_model,
    relu, two_layers, with_constants,
};
use crate::support::onnx::{
    DOUBLE, FLOAT, Message, Model, Node, doubles, floats, int32s, int64s, typed_int32s,
    typed_int64s,
};
use crate::support::read_error;

// --- Gemm ---------------------------------------------------------------------

#[test]
fn gemm_needs_neither_alpha_nor_beta_nor_names() {
    check(&with_constants().node("Gemm", &["x", "t", "b"], "y"), &POINTS, dense);
    let transposed = Node::new("Gemm", &["x", "w", "b"], "y", "").integer("transB", 1);
    check(&with_constants().with(transposed), &POINTS, dense);
    let explicit = gemm(&["x", "t", "b"]).integer("transA", 0).integer("transB", 0);
    check(&with_constants().with(explicit.float("alpha", 1.0).float("beta", 1.0)), &POINTS, dense);
}

#[test]
fn unnamed_nodes_are_called_by_position() {
    let network = read_model(&two_layers());
    let names: Vec<&str> = network.layers().map(|layer| layer.name).collect();
    assert_eq!(names, ["#0", "#1", "#2"]);
}

#[test]
fn a_network_of_two_layers() {
    check(&two_layers(), &POINTS, |point| {
        let [p, q, r] = dense(point).map(relu);
        [p - 2.0 * q + 0.5 * r]
    });
}

#[test]
fn gemm_with_an_exact_alpha() {
    let model = with_constants().with(gemm(&["x", "t", "b"]).float("alpha", 0.5));
    check(&model, &POINTS, |point| {
        let [p, q, r] = product(point);
        [0.5 * p + 0.5, 0.5 * q - 1.0, 0.5 * r + 2.0]
    });
}

/// `0.1 x W + 0.3 b` in `f64`, where the products of the factors with weights
/// and biases need rounding.
pub fn inexact_factors() -> Model {
    Model::default()
        .input("x", DOUBLE, &[1, 2])
        .output("y", DOUBLE)
        .constant(doubles("w", &[2, 2], &[0.7, 1.0 / 3.0, -2.1, 1e-3]))
        .constant(doubles("b", &[2], &[0.9, -1.0 / 7.0]))
        .with(gemm(&["x", "w", "b"]).float("alpha", 0.1).float("beta", 0.3))
}

#[test]
fn gemm_with_factors_that_round() {
    // The factors are stored in single precision: 0.1 is 0.100000001490….
    let (alpha, beta) = (f64::from(0.1_f32), f64::from(0.3_f32));
    check(&inexact_factors(), &POINTS, |[a, b]| {
        [alpha * (0.7 * a - 2.1 * b) + beta * 0.9, alpha * (a / 3.0 + 1e-3 * b) - beta / 7.0]
    });
}

#[test]
fn gemm_without_bias() {
    check(&with_constants().with(gemm(&["x", "t"])), &POINTS, product);
    // An empty name stands for an operand that is left out.
    check(&with_constants().with(gemm(&["x", "t", ""])), &POINTS, product);
    check(&with_constants().with(gemm(&["x", "t"]).float("beta", 7.0)), &POINTS, product);
}

#[test]
fn gemm_with_a_bias_of_any_shape_that_fits() {
    for dims in [&[3][..], &[1, 3]] {
        let bias = floats("c", dims, &BIAS);
        check(&with_constants().constant(bias).with(gemm(&["x", "t", "c"])), &POINTS, dense);
    }
    for dims in [&[][..], &[1], &[1, 1]] {
        let bias = floats("c", dims, &[0.25]);
        let model = with_constants().constant(bias).with(gemm(&["x", "t", "c"]));
        check(&model, &POINTS, |point| product(point).map(|value| value + 0.25));
    }
}

#[test]
fn gemm_of_several_rows() {
    let model = |dims: &[i64], bias: &[f32]| {
        Model::from_x_to_y(&[2, 2])
            .constant(floats("t", &[2, 3], &TRANSPOSED))
            .constant(floats("c", dims, bias))
            .with(gemm(&["x", "t", "c"]))
            .metadata("taut.input_names", FOUR)
    };
    let rows = |[a, b, c, d]: [f64; 4], bias: [f64; 6]| -> [f64; 6] {
        let products = [product([a, b]), product([c, d])].concat();
        std::array::from_fn(|i| products[i] + bias[i])
    };
    let full = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
    check(&model(&[2, 3], &full.map(|v| v as f32)), &WIDE_POINTS, |x| rows(x, full));
    let down = [1.0, 1.0, 1.0, 2.0, 2.0, 2.0];
    check(&model(&[2, 1], &[1.0, 2.0]), &WIDE_POINTS, |x| rows(x, down));
    let across = [0.5, -1.0, 2.0, 0.5, -1.0, 2.0];
    check(&model(&[3], &BIAS), &WIDE_POINTS, |x| rows(x, across));
}

// --- MatMul, Add, Sub -----------------------------------------------------------

#[test]
fn matmul_and_add_with_a_bias_of_either_shape_on_either_side() {
    for dims in [&[3][..], &[1, 3]] {
        for operands in [["p", "c"], ["c", "p"]] {
            let model = with_constants()
                .constant(floats("c", dims, &BIAS))
                .node("MatMul", &["x", "t"], "p")
                .node("Add", &operands, "y");
            check(&model, &POINTS, dense);
        }
    }
}

#[test]
fn matmul_with_the_matrix_on_the_left() {
    for (shape, expected) in [(&[1, 2, 1][..], &[1, 3, 1][..]), (&[2, 1], &[3, 1]), (&[2], &[3])] {
        let model = Model::from_x_to_y(shape).constant(floats("w", &[3, 2], &WEIGHTS)).node(
            "MatMul",
            &["w", "x"],
            "y",
        );
        assert_eq!(read_model(&model).output_shape(), expected);
        check(&model, &POINTS, product);
    }
}

/// `W x` for `x` of shape [1, 2, 2]: every column is multiplied.
pub fn left_product_of_columns() -> Model {
    Model::from_x_to_y(&[1, 2, 2]).constant(floats("w", &[3, 2], &WEIGHTS)).node(
        "MatMul",
        &["w", "x"],
        "y",
    )
}

#[test]
fn matmul_with_the_matrix_on_the_left_of_several_columns() {
    check(&left_product_of_columns(), &WIDE_POINTS, |[a, b, c, d]| {
        let ([p, q, r], [s, t, u]) = (product([a, c]), product([b, d]));
        [p, s, q, t, r, u]
    });
}

#[test]
fn matmul_of_a_vector_and_of_a_stack_of_rows() {
    let model = |shape: &[i64]| {
        Model::from_x_to_y(shape).constant(floats("t", &[2, 3], &TRANSPOSED)).node(
            "MatMul",
            &["x", "t"],
            "y",
        )
    };
    assert_eq!(read_model(&model(&[2])).output_shape(), [3]);
    check(&model(&[2]), &POINTS, product);
    let stack = model(&[2, 1, 2]).metadata("taut.input_names", FOUR);
    assert_eq!(read_model(&stack).output_shape(), [2, 1, 3]);
    check(&stack, &WIDE_POINTS, |[a, b, c, d]| {
        let ([p, q, r], [s, t, u]) = (product([a, b]), product([c, d]));
        [p, q, r, s, t, u]
    });
}

#[test]
fn sub_with_the_constant_on_either_side() {
    let model = |operands: &[&str], dims: &[i64], values: &[f32]| {
        Model::from_x_to_y(&[1, 2]).constant(floats("c", dims, values)).node("Sub", operands, "y")
    };
    let pair = [1.5, -2.0];
    check(&model(&["x", "c"], &[2], &pair), &POINTS, |[a, b]| [a - 1.5, b + 2.0]);
    check(&model(&["c", "x"], &[1, 2], &pair), &POINTS, |[a, b]| [1.5 - a, -2.0 - b]);
    check(&model(&["c", "x"], &[], &[3.0]), &POINTS, |[a, b]| [3.0 - a, 3.0 - b]);
}

/// `relu(x W + b) + x V` and minus the sum of a third branch of one number.
pub fn residual() -> Model {
    with_constants()
        .constant(floats("v", &[2, 3], &[1.0, 0.0, 0.25, 0.0, -1.0, 4.0]))
        .constant(floats("u", &[2, 1], &[0.5, -0.5]))
        .node("Gemm", &["x", "t", "b"], "a")
        .node("Relu", &["a"], "h")
        .node("MatMul", &["x", "v"], "shortcut")
        .node("Add", &["h", "shortcut"], "sum")
        .node("MatMul", &["x", "u"], "one")
        .node("Sub", &["one", "sum"], "y")
}

#[test]
fn residual_connections_add_computed_tensors_and_broadcast() {
    check(&residual(), &POINTS, |[a, b]| {
        let [p, q, r] = dense([a, b]).map(relu);
        let one = 0.5 * a - 0.5 * b;
        [one - (p + a), one - (q - b), one - (r + 0.25 * a + 4.0 * b)]
    });
}

#[test]
fn a_tensor_may_be_added_to_itself_and_subtracted_from_itself() {
    let model = |op| Model::from_x_to_y(&[1, 2]).node(op, &["x", "x"], "y");
    check(&model("Add"), &POINTS, |[a, b]| [2.0 * a, 2.0 * b]);
    check(&model("Sub"), &POINTS, |_| [0.0, 0.0]);
}

#[test]
fn an_operand_of_higher_rank_adds_axes() {
    // Column (2 × 1) plus row (1 × 2) is 2 × 2: y = (a + 1, b + 1, a + 10, b + 10).
    let model = Model::from_x_to_y(&[1, 2]).constant(floats("c", &[1, 2, 1], &[1.0, 10.0])).node(
        "Add",
        &["x", "c"],
        "y",
    );
    assert_eq!(read_model(&model).output_shape(), [1, 2, 2]);
    check(&model, &POINTS, |[a, b]| [a + 1.0, b + 1.0, a + 10.0, b + 10.0]);
}

pub fn scaled(op: &str, operands: &[&str], dims: &[i64], values: &[f32]) -> Model {
    Model::from_x_to_y(&[1, 2]).constant(floats("c", dims, values)).node(op, operands, "y")
}

#[test]
fn mul_by_a_constant_on_either_side() {
    let pair = [1.5, -2.0];
    for operands in [["x", "c"], ["c", "x"]] {
        check(&scaled("Mul", &operands, &[2], &pair), &POINTS, |[a, b]| [1.5 * a, -2.0 * b]);
        check(&scaled("Mul", &operands, &[], &[0.0]), &POINTS, |_| [0.0, 0.0]);
        let column = scaled("Mul", &operands, &[2, 1], &pair);
        assert_eq!(read_model(&column).output_shape(), [2, 2]);
        check(&column, &POINTS, |[a, b]| [1.5 * a, 1.5 * b, -2.0 * a, -2.0 * b]);
    }
}

#[test]
fn div_by_a_constant() {
    let model = scaled("Div", &["x", "c"], &[2], &[-4.0, 0.3081]);
    check(&model, &POINTS, |[a, b]| [a / -4.0, b / f64::from(0.3081_f32)]);
    // Powers of two are exact.
    let network = read_model(&scaled("Div", &["x", "c"], &[], &[0.125]));
    assert_eq!(network.evaluate_point(&[0.1, 7.3]), [0.1 * 8.0, 7.3 * 8.0]);
}

// --- Shapes -----------------------------------------------------------------------

#[test]
fn flatten_along_any_axis() {
    let shapes = [(0, [1, 4]), (1, [1, 4]), (2, [2, 2]), (-1, [2, 2]), (-2, [1, 4]), (3, [4, 1])];
    for (axis, expected) in shapes {
        let node = Node::new("Flatten", &["x"], "y", "flat").integer("axis", axis);
        let model = Model::from_x_to_y(&[1, 2, 2]).with(node);
        assert_eq!(read_model(&model).output_shape(), expected, "axis {axis}");
        check(&model, &WIDE_POINTS, |x| x);
    }
    let default = Model::from_x_to_y(&[1, 2, 2]).node("Flatten", &["x"], "y");
    assert_eq!(read_model(&default).output_shape(), [1, 4]);
}

#[test]
fn reshape_with_what_is_left_and_what_is_kept() {
    let targets: [(&[i64], &[usize]); 6] = [
        (&[1, 4], &[1, 4]),
        (&[-1, 2], &[2, 2]),
        (&[0, -1], &[1, 4]),
        (&[0, 0, -1], &[1, 2, 2]),
        (&[-1], &[4]),
        (&[4, 1, -1], &[4, 1, 1]),
    ];
    for (target, expected) in targets {
        let model = reshaped(int64s("shape", target));
        assert_eq!(read_model(&model).output_shape(), expected, "{target:?}");
        check(&model, &WIDE_POINTS, |x| x);
    }
}

pub fn reshaped(target: Message) -> Model {
    let model = Model::from_x_to_y(&[1, 2, 2]).constant(target);
    model.with(Node::new("Reshape", &["x", "shape"], "y", "reshape"))
}

#[test]
fn reshape_takes_its_target_in_every_encoding() {
    let targets = [
        int64s("shape", &[-1, 2]),
        typed_int64s("shape", &[-1, 2]),
        int32s("shape", &[-1, 2]),
        typed_int32s("shape", &[-1, 2]),
    ];
    for target in targets {
        assert_eq!(read_model(&reshaped(target)).output_shape(), [2, 2]);
    }
}

#[test]
fn reshape_with_allowzero_takes_zero_at_its_word() {
    let model = |target: &[i64]| {
        let node = Node::new("Reshape", &["x", "shape"], "y", "reshape").integer("allowzero", 1);
        let model = Model::of_operator_set(14).input("x", FLOAT, &[1, 2, 2]).output("y", FLOAT);
        model.constant(int64s("shape", target)).with(node)
    };
    assert_eq!(read_model(&model(&[-1, 4])).output_shape(), [1, 4]);
    check(&model(&[-1, 4]), &WIDE_POINTS, |x| x);
    let error = read_error("onnx", &model(&[0, 4]).encode()).to_string();
    assert_eq!(
        error,
        "node 'reshape' (Reshape): a tensor of shape [1, 2, 2] to be reshaped to [0, 4]; \
         expected a target with as many elements and at most one -1"
    );
}

pub fn transposed(shape: &[i64], axes: Option<&[i64]>) -> Model {
    let node = Node::new("Transpose", &["x"], "y", "transpose");
    Model::from_x_to_y(shape).with(match axes {
        None => node,
        Some(axes) => node.integers("perm", axes),
    })
}

#[test]
fn transpose_moves_axes() {
    check(&transposed(&[1, 2, 2], Some(&[0, 2, 1])), &WIDE_POINTS, |[a, b, c, d]| [a, c, b, d]);
    check(&transposed(&[2, 2], None), &WIDE_POINTS, |[a, b, c, d]| [a, c, b, d]);
    check(&transposed(&[4], None), &WIDE_POINTS, |x| x);
    // Channels last to channels first and back.
    let first = transposed(&[1, 3, 2, 2], Some(&[0, 3, 1, 2]));
    assert_eq!(read_model(&first).output_shape(), [1, 2, 3, 2]);
    let points = [std::array::from_fn::<f64, 12, _>(|i| i as f64)];
    check(&first, &points, |x| [0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11].map(|i| x[i]));
    let reversed = transposed(&[1, 2, 3, 2], None);
    assert_eq!(read_model(&reversed).output_shape(), [2, 3, 2, 1]);
    check(&reversed, &points, |x| [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11].map(|i| x[i]));
}

#[test]
fn transposed_constants_are_folded() {
    let model = with_constants()
        .with(Node::new("Transpose", &["w"], "wt", "").integers("perm", &[1, 0]))
        .with(gemm(&["x", "wt", "b"]));
    check(&model, &POINTS, dense);
}

pub fn padded(pads: &[i64], value: Option<f32>) -> Model {
    let model = Model::from_x_to_y(&[1, 2]).constant(int64s("pads", pads));
    match value {
        None => model.node("Pad", &["x", "pads"], "y"),
        Some(value) => {
            model.constant(floats("v", &[], &[value])).node("Pad", &["x", "pads", "v"], "y")
        }
    }
}

#[test]
fn pad_surrounds_by_a_value() {
    check(&padded(&[0, 1, 0, 2], None), &POINTS, |[a, b]| [0.0, a, b, 0.0, 0.0]);
    check(&padded(&[0, 1, 1, 0], Some(-1.5)), &POINTS, |[a, b]| [-1.5, a, b, -1.5, -1.5, -1.5]);
    check(&padded(&[0; 4], Some(3.0)), &POINTS, |x| x);
    // Operand left out by name, mode stated, and the form of old files.
    let node = Node::new("Pad", &["x", "p", ""], "y", "").text("mode", "constant");
    let model = Model::from_x_to_y(&[1, 2]).constant(int64s("p", &[0, 0, 0, 1])).with(node);
    check(&model, &POINTS, |[a, b]| [a, b, 0.0]);
    let node = Node::new("Pad", &["x"], "y", "").integers("pads", &[0, 1, 0, 0]);
    let old = Model::of_operator_set(9).input("x", FLOAT, &[1, 2]).output("y", FLOAT);
    let old = old.with(node.float("value", 0.5).text("mode", "constant"));
    check(&old, &POINTS, |[a, b]| [0.5, a, b]);
}

#[test]
fn identity_changes_nothing() {
    let model = with_constants()
        .node("Identity", &["x"], "same")
        .node("Gemm", &["same", "t", "b"], "a")
        .node("Identity", &["a"], "y");
    check(&model, &POINTS, dense);
}

#[test]
fn a_network_without_nodes_returns_its_input() {
    let model = Model::default().input("x", FLOAT, &[1, 2]).output("x", FLOAT);
    check(&model, &POINTS, |x| x);
}
