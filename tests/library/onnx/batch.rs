//! Inputs with several rows in front: a batch where no layer mixes them, else one input.

use ndarray::arr2;
use taut::io::{Beside, NetworkFormat, Onnx, ReadOptions};
use taut::network::{Batch, Network};

use crate::support::onnx::{Dimension, FLOAT, Model, Node, floats, int64s, value_info};
use crate::support::{read, read_error};

fn network(model: &Model) -> Network {
    read("onnx", &model.encode())
}

/// That a network is that of one of `rows` rows, from `inputs` to `outputs`.
fn one_row(network: &Network, rows: usize, inputs: usize, outputs: usize) {
    assert_eq!(network.batch(), Some(&Batch::OneRow { rows }));
    assert_eq!((network.inputs(), network.outputs()), (inputs, outputs));
}

/// That all rows are one input, for what happens at a node.
fn all_rows(network: &Network, inputs: usize, node: &str) {
    let Some(Batch::AllRows { node: found, .. }) = network.batch() else {
        panic!("{:?}", network.batch())
    };
    assert_eq!((found.as_str(), network.inputs()), (node, inputs));
}

/// `y = relu(x W + b)` with `W = [[1, 2, 3], [4, 5, 6]]`; the bias and its shape by name.
fn dense(rows: i64, bias: &[f32], bias_shape: &[i64]) -> Model {
    Model::from_x_to_y(&[rows, 2])
        .constant(floats("w", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
        .constant(floats("b", bias_shape, bias))
        .with(Node::new("Gemm", &["x", "w", "b"], "a", "dense"))
        .node("Relu", &["a"], "y")
}

#[test]
fn dense_layers_take_rows_apart() {
    let bias = [0.5, -20.0, 1.0];
    let gemm = network(&dense(32, &bias, &[3]));
    one_row(&gemm, 32, 2, 3);
    // By hand: 1·2 + 4·1 + 0.5, 2·2 + 5·1 − 20, 3·2 + 6·1 + 1.
    assert_eq!(gemm.evaluate(arr2(&[[2.0, 1.0]]).view()), arr2(&[[6.5, 0.0, 13.0]]));
    let matmul = Model::from_x_to_y(&[32, 2])
        .constant(floats("w", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
        .constant(floats("b", &[1, 3], &bias))
        .node("MatMul", &["x", "w"], "p")
        .node("Add", &["b", "p"], "a")
        .node("Relu", &["a"], "y");
    let matmul = network(&matmul);
    one_row(&matmul, 32, 2, 3);
    assert_eq!(matmul.evaluate(arr2(&[[2.0, 1.0]]).view()), arr2(&[[6.5, 0.0, 13.0]]));
    // A skip connection, and a product from the right of three axes.
    let skip = Model::from_x_to_y(&[4, 5, 2])
        .constant(floats("w", &[2, 2], &[1.0, 0.0, 1.0, 1.0]))
        .node("MatMul", &["x", "w"], "p")
        .node("Sub", &["p", "x"], "y");
    one_row(&network(&skip), 4, 10, 10);
}

/// What a property of a whole file asks for. By hand: 1·2 + 4·1 + 0.5, … and 1·1 + 4·0 + 0.5, ….
#[test]
fn all_rows_are_read_where_they_are_asked_for() {
    let options = ReadOptions { all_rows: true, ..ReadOptions::default() };
    let bytes = dense(2, &[0.5, -20.0, 1.0], &[3]).encode();
    let read = Onnx.read_by(bytes, "both", &Beside::default(), &options);
    let network = read.expect("a network");
    assert_eq!((network.batch(), network.inputs(), network.outputs()), (None, 4, 6));
    let outputs = network.evaluate(arr2(&[[2.0, 1.0, 1.0, 0.0]]).view());
    assert_eq!(outputs, arr2(&[[6.5, 0.0, 13.0, 1.5, 0.0, 4.0]]));
}

#[test]
fn constants_may_differ_between_rows() {
    let twice = [0.5, -20.0, 1.0, 0.5, -20.0, 1.0];
    one_row(&network(&dense(2, &twice, &[2, 3])), 2, 2, 3);
    let different = [0.5, -20.0, 1.0, 0.5, -20.0, 2.0];
    all_rows(&network(&dense(2, &different, &[2, 3])), 4, "dense");
    one_row(&network(&dense(2, &[3.0], &[1, 1])), 2, 2, 3);
    // One number per row.
    all_rows(&network(&dense(2, &[1.0, 2.0], &[2, 1])), 4, "dense");
}

#[test]
fn images_are_taken_apart() {
    let images = |target: &[i64]| {
        Model::from_x_to_y(&[8, 1, 2, 2])
            .constant(floats("k", &[2, 1, 1, 1], &[1.0, -1.0]))
            .constant(int64s("shape", target))
            .node("Conv", &["x", "k"], "c")
            .node("Relu", &["c"], "r")
            .with(Node::new("MaxPool", &["r"], "p", "pool").integers("kernel_shape", &[1, 2]))
            .with(Node::new("Reshape", &["p", "shape"], "y", "view"))
    };
    for target in [&[8, 4][..], &[8, -1], &[-1, 4], &[0, -1], &[0, 2, 2], &[32]] {
        let network = network(&images(target));
        one_row(&network, 8, 4, 4);
        let found = network.evaluate(arr2(&[[1.0, 2.0, -3.0, -4.0]]).view());
        assert_eq!(found, arr2(&[[2.0, 0.0, 0.0, 4.0]]), "{target:?}");
    }
    let mixed = images(&[1, -1]).encode();
    let error = read_error("onnx", &mixed).to_string();
    assert!(error.contains("expected one image"), "{error}");
    let end = "the input has 8 rows, which are a batch for some layers and mixed at node 'view': \
               expected a network exported for a batch of 1 or of free size";
    assert!(error.ends_with(end), "{error}");
}

#[test]
fn flattening_behind_the_first_axis_keeps_rows() {
    let flatten = |axis: i64| {
        let node = Node::new("Flatten", &["x"], "y", "flat").integer("axis", axis);
        network(&Model::from_x_to_y(&[3, 2, 2]).with(node))
    };
    one_row(&flatten(1), 3, 4, 4);
    one_row(&flatten(2), 3, 4, 4);
    one_row(&flatten(-1), 3, 4, 4);
    all_rows(&flatten(0), 12, "flat");
    all_rows(&flatten(-3), 12, "flat");
}

#[test]
fn rows_that_interact_stay_together() {
    let weights = || floats("w", &[64, 1], &[1.0; 64]);
    let reshaped = Model::from_x_to_y(&[32, 2])
        .constant(weights())
        .constant(int64s("shape", &[1, 64]))
        .node("Relu", &["x"], "r")
        .with(Node::new("Reshape", &["r", "shape"], "v", "view"))
        .node("MatMul", &["v", "w"], "y");
    let reshaped = network(&reshaped);
    all_rows(&reshaped, 64, "view");
    assert_eq!(reshaped.outputs(), 1);
    // A vector of 64 numbers is still 32 rows; a product over all of them is not.
    let vector = Model::from_x_to_y(&[32, 2])
        .constant(weights())
        .constant(int64s("shape", &[-1]))
        .node("Reshape", &["x", "shape"], "v")
        .with(Node::new("MatMul", &["v", "w"], "y", "sum"));
    all_rows(&network(&vector), 64, "sum");
    let left = Model::from_x_to_y(&[32, 2])
        .constant(floats("w", &[1, 32], &[1.0; 32]))
        .with(Node::new("MatMul", &["w", "x"], "y", "left"));
    all_rows(&network(&left), 64, "left");
    let transposed = |axes: &[i64]| {
        let node = Node::new("Transpose", &["x"], "y", "turn").integers("perm", axes);
        network(&Model::from_x_to_y(&[4, 2, 3]).with(node))
    };
    all_rows(&transposed(&[1, 0, 2]), 24, "turn");
    one_row(&transposed(&[0, 2, 1]), 4, 6, 6);
    let gathered = |axis: i64| {
        let node = Node::new("Gather", &["x", "i"], "y", "pick").integer("axis", axis);
        network(&Model::from_x_to_y(&[4, 3]).constant(int64s("i", &[2, 0])).with(node))
    };
    all_rows(&gathered(0), 12, "pick");
    one_row(&gathered(1), 4, 3, 2);
    let padded = |pads: &[i64]| {
        let node = Node::new("Pad", &["x", "p"], "y", "pad");
        network(&Model::from_x_to_y(&[4, 3]).constant(int64s("p", pads)).with(node))
    };
    all_rows(&padded(&[0, 0, 1, 0]), 12, "pad");
    one_row(&padded(&[0, 1, 0, 1]), 4, 3, 5);
    // Operands whose rows lie along different axes.
    let crossed = Model::from_x_to_y(&[3, 3])
        .constant(int64s("shape", &[3, 1, 3]))
        .node("Reshape", &["x", "shape"], "v")
        .with(Node::new("Max", &["x", "v"], "y", "cross"));
    all_rows(&network(&crossed), 9, "cross");
}

#[test]
fn a_box_or_names_for_all_elements_say_that_they_are_the_input() {
    let input_box = r#"{"lower": [-1, -1, -1, -1], "upper": [1, 1, 1, 1]}"#;
    let model = dense(2, &[0.0; 3], &[3]).metadata("taut.input_box", input_box);
    let network = network(&model);
    assert_eq!((network.batch(), network.inputs()), (None, 4));
}

#[test]
fn free_batches_are_one_row() {
    for free in [Dimension::Symbol("batch"), Dimension::Symbol("unk__6"), Dimension::Missing] {
        let model = Model::default()
            .described_input(value_info("x", FLOAT, &[free, Dimension::Number(2)]))
            .output("y", FLOAT)
            .node("Relu", &["x"], "y");
        let network = network(&model);
        assert_eq!((network.batch(), network.inputs()), (None, 2), "{free:?}");
    }
}
