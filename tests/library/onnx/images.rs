//! Whole networks with convolution and pooling: bounds contain what they compute,
//! and optima are those of the same networks made of dense layers.

use ndarray::{Array2, Axis, s};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use taut::bounds::{NeuronBounds, PROPAGATORS};
use taut::control::Silent;
use taut::network::{Network, ReluGraph};
use taut::num::IntervalBox;
use taut::optimize::{OptimizeOptions, Status, optimize};
use taut::problem::{Problem, QuestionText, Sense};
use taut::solve::SolveOptions;

use crate::onnx::read_model;
use crate::support::onnx::{Model, Node, floats};

fn numbers(random: &mut ChaCha8Rng, count: usize) -> Vec<f32> {
    (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
}

/// Two channels of 6 × 5 pixels: convolution with padding, ReLU, pooling, a
/// convolution of each channel with a skip connection, pooling, a dense layer.
fn residual(pooling: [&str; 2], random: &mut ChaCha8Rng) -> Network {
    let conv = |operands: &[&str], output: &str, group: i64| {
        Node::new("Conv", operands, output, output)
            .integers("pads", &[1, 1, 1, 1])
            .integer("group", group)
    };
    let pool = |op: &str, operand: &str, output: &str| {
        Node::new(op, &[operand], output, output)
            .integers("kernel_shape", &[3, 2])
            .integers("strides", &[2, 1])
            .integers("pads", &[1, 0, 0, 1])
    };
    let model = Model::from_x_to_y(&[1, 2, 6, 5])
        .constant(floats("k1", &[4, 2, 3, 3], &numbers(random, 72)))
        .constant(floats("b1", &[4], &numbers(random, 4)))
        .constant(floats("k2", &[4, 1, 3, 3], &numbers(random, 36)))
        .constant(floats("w", &[16, 3], &numbers(random, 48)))
        .with(conv(&["x", "k1", "b1"], "a1", 1))
        .node("Relu", &["a1"], "h1")
        .with(pool(pooling[0], "h1", "p1"))
        .with(conv(&["p1", "k2"], "a2", 4))
        .node("Add", &["a2", "p1"], "s")
        .node("Relu", &["s"], "h2")
        .with(pool(pooling[1], "h2", "p2").integers("dilations", &[1, 2]));
    read_model(&model.node("Flatten", &["p2"], "f").node("Gemm", &["f", "w"], "y"))
}

fn assert_contains(what: &str, graph: &ReluGraph, bounds: &NeuronBounds, points: &Array2<f64>) {
    for ((id, _), values) in graph.nodes().zip(graph.evaluate_all(points.view())) {
        for point in values.outer_iter() {
            for (index, &value) in point.iter().enumerate() {
                let interval = bounds.of(id).interval(index);
                // Up to the rounding of the sample itself.
                let slack = 1e-12 * (1.0 + value.abs());
                let inside = interval.lower() - slack <= value && value <= interval.upper() + slack;
                assert!(inside, "{what}, node {}, {index}: {value} {interval:?}", id.index());
            }
        }
    }
}

#[test]
fn bounds_contain_what_networks_with_windows_compute() {
    let mut random = ChaCha8Rng::seed_from_u64(9);
    for pooling in [["MaxPool"; 2], ["AveragePool"; 2], ["AveragePool", "MaxPool"]] {
        for radius in [0.01, 0.3, 2.0] {
            let network = residual(pooling, &mut random);
            let graph = network.lower().unwrap();
            let center: Vec<f64> = numbers(&mut random, 60).into_iter().map(f64::from).collect();
            let ends = |sign: f64| center.iter().map(|c| c + sign * radius).collect();
            let domain = IntervalBox::new(ends(-1.0), ends(1.0)).unwrap();
            let points = Array2::from_shape_fn((200, 60), |(sample, index)| {
                // Some samples are corners of the box.
                let t: f64 = random.random_range(-1.0..=1.0);
                center[index] + radius * if sample % 2 == 0 { t } else { t.signum() }
            });
            for &propagator in PROPAGATORS {
                let bounds = propagator.propagate(&graph, &domain).unwrap();
                let what = format!("{} of {pooling:?}, radius {radius}", propagator.name());
                assert_contains(&what, &graph, &bounds, &points);
            }
        }
    }
}

#[test]
fn gradients_are_those_of_differences() {
    let mut random = ChaCha8Rng::seed_from_u64(10);
    let network = residual(["MaxPool", "AveragePool"], &mut random);
    let graph = network.lower().unwrap();
    let points = Array2::from_shape_simple_fn((2, 60), || random.random_range(-1.0..1.0));
    let weights = ndarray::arr2(&[[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]]);
    let at_points =
        graph.gradients(&graph.evaluate_all(points.view()), graph.output(), weights.clone());
    // The values of one point serve all rows of weights.
    let first = graph.evaluate_all(points.slice(s![..1, ..]));
    let at_the_first = graph.gradients(&first, graph.output(), weights.clone());
    let step = 1e-7;
    for (gradients, places) in [(at_points, [0, 1]), (at_the_first, [0, 0])] {
        for (row, place) in places.into_iter().enumerate() {
            for (index, &slope) in gradients.row(row).iter().enumerate() {
                let moved = |by: f64| {
                    let mut point = points.slice(s![place..=place, ..]).to_owned();
                    point[(0, index)] += by;
                    network.evaluate(point.view()).index_axis(Axis(0), 0).dot(&weights.row(row))
                };
                let difference = (moved(step) - moved(-step)) / (2.0 * step);
                assert!((slope - difference).abs() < 1e-5, "{row} {index}: {slope} {difference}");
            }
        }
    }
}

/// Weights of the small network below.
struct Small {
    /// 2 × 1 × 2 × 2.
    kernel: Vec<f32>,
    bias: Vec<f32>,
    dense: Vec<f32>,
}

/// 3 × 3 pixels, a convolution to 2 channels of 2 × 2, the largest of each, ReLU
/// and a dense layer: 8 neurons.
fn with_windows(small: &Small) -> Network {
    let pool = Node::new("MaxPool", &["a"], "m", "pool").integers("kernel_shape", &[2, 2]);
    let model = Model::from_x_to_y(&[1, 1, 3, 3])
        .constant(floats("k", &[2, 1, 2, 2], &small.kernel))
        .constant(floats("b", &[2], &small.bias))
        .constant(floats("w", &[2, 1], &small.dense))
        .node("Conv", &["x", "k", "b"], "a")
        .with(pool)
        .node("Relu", &["m"], "h")
        .node("Flatten", &["h"], "f")
        .node("Gemm", &["f", "w"], "y");
    read_model(&model)
}

/// The same network from Gemm and Relu only, with `relu(max(a, b, c, d))` as
/// `relu(a) + relu(max(b, c, d) - relu(a))` and so on, one after the other.
fn dense_layers(small: &Small) -> Network {
    // Row by row the four values of each channel.
    let mut product = vec![0.0; 8 * 9];
    for (row, weights) in product.chunks_mut(9).enumerate() {
        let (channel, place) = (row / 4, row % 4);
        for tap in 0..4 {
            let pixel = (place / 2 + tap / 2) * 3 + place % 2 + tap % 2;
            weights[pixel] = small.kernel[channel * 4 + tap];
        }
    }
    let bias: Vec<f32> = (0..8).map(|row| small.bias[row / 4]).collect();
    let mut model = Model::from_x_to_y(&[1, 9])
        .constant(floats("c", &[8, 9], &product))
        .constant(floats("b", &[8], &bias))
        .with(Node::new("Gemm", &["x", "c", "b"], "a", "").integer("transB", 1));
    let mut selected = Vec::new();
    for place in 0..4 {
        let mut matrix = [0.0; 16];
        matrix[place * 2] = 1.0;
        matrix[(4 + place) * 2 + 1] = 1.0;
        let (constant, output) = (format!("s{place}"), format!("a{place}"));
        model = model.constant(floats(&constant, &[8, 2], &matrix)).node(
            "Gemm",
            &["a", &constant],
            &output,
        );
        selected.push(output);
    }
    model = model.node("Relu", &[&selected[0]], "h0");
    for (place, next) in selected.iter().enumerate().skip(1) {
        let before = format!("h{}", place - 1);
        let (difference, excess) = (format!("d{place}"), format!("e{place}"));
        model = model
            .node("Sub", &[next, &before], &difference)
            .node("Relu", &[&difference], &excess)
            .node("Add", &[&before, &excess], &format!("h{place}"));
    }
    read_model(&model.constant(floats("w", &[2, 1], &small.dense)).node("Gemm", &["h3", "w"], "y"))
}

#[test]
fn optima_are_those_of_dense_layers() {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    for _ in 0..4 {
        let small = Small {
            kernel: numbers(&mut random, 8),
            bias: numbers(&mut random, 2),
            dense: numbers(&mut random, 2),
        };
        let points = Array2::from_shape_simple_fn((2000, 9), || random.random_range(-1.0..1.0));
        for sense in [Sense::Minimize, Sense::Maximize] {
            let mut optima = Vec::new();
            for network in [with_windows(&small), dense_layers(&small)] {
                let sampled = network.evaluate(points.view());
                let domain = IntervalBox::new(vec![-1.0; 9], vec![1.0; 9]).unwrap();
                let question = QuestionText { sense, ..QuestionText::default() };
                let problem = Problem::parse(network, domain, &question).unwrap();
                let solve = SolveOptions { relative_gap: 1e-7, ..SolveOptions::default() };
                let options = OptimizeOptions { solve, ..OptimizeOptions::milp() };
                let answer = optimize(&problem, &options, &mut Silent).unwrap();
                assert_eq!(answer.status, Status::Optimal);
                let optimum = answer.objective.unwrap();
                let beats = |&value: &f64| sense.signed(value) < sense.signed(optimum);
                assert!(!sampled.iter().any(beats), "{sense:?}: a sample beats {optimum}");
                optima.push(optimum);
            }
            assert!((optima[0] - optima[1]).abs() < 1e-5, "{sense:?}: {optima:?}");
        }
    }
}
