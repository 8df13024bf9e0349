//! Conv, AveragePool and MaxPool over many geometries, against the definitions of
//! the standard (`windows.rs`).

use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use taut::network::Network;

use crate::onnx::read_model;
use crate::onnx::windows::{Kernel, PLAIN, Pads, Windows};
use crate::support::onnx::{FLOAT, Model, Node, floats};
use crate::support::read_error;

/// That a network is `expected` at random points, in both forms, and has outputs
/// of this shape.
fn assert_images(
    what: &str,
    network: &Network,
    shape: &[usize],
    random: &mut ChaCha8Rng,
    expected: impl Fn(&[f64]) -> Vec<f64>,
) {
    assert_eq!(network.output_shape(), shape, "{what}");
    let points =
        Array2::from_shape_simple_fn((3, network.inputs()), || random.random_range(-2.0..2.0));
    let (read, canonical) =
        (network.evaluate(points.view()), network.lower().unwrap().evaluate(points.view()));
    for (index, point) in points.outer_iter().enumerate() {
        let expected = expected(&point.to_vec());
        for (form, found) in [("as read", &read), ("canonical", &canonical)] {
            assert_eq!(found.ncols(), expected.len(), "{what}, {form}");
            for (output, (f, e)) in found.row(index).iter().zip(&expected).enumerate() {
                assert!(
                    (f - e).abs() <= 1e-13 * (1.0 + e.abs()),
                    "{what}, {form}: {output}, {f} {e}"
                );
            }
        }
    }
}

/// Random geometries whose windows fit, with a source of numbers.
fn geometries(count: usize) -> (Vec<Windows>, ChaCha8Rng) {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let mut fitting = Vec::new();
    while fitting.len() < count {
        let windows = Windows::random(&mut random);
        if windows.size().is_some() {
            fitting.push(windows);
        }
    }
    (fitting, random)
}

#[test]
fn convolutions() {
    let (geometries, mut random) = geometries(300);
    for windows in geometries {
        let windows = Windows { round_up: false, ..windows };
        let channels = windows.image[0];
        for groups in [1, channels] {
            let outputs = groups * random.random_range(1..=2);
            let kernel = Kernel::random(&windows, outputs, groups, &mut random);
            let network = read_model(&kernel.model(&windows));
            let [height, width] = windows.size().unwrap();
            let what = format!("{windows:?} in {groups} groups");
            assert_images(&what, &network, &[1, outputs, height, width], &mut random, |x| {
                kernel.convolve(&windows, x)
            });
        }
    }
}

#[test]
fn averages() {
    let (geometries, mut random) = geometries(300);
    let mut checked = [0; 2];
    for windows in geometries.into_iter().filter(|windows| !windows.ends_early()) {
        if windows.has_empty_window() && !windows.count_padding {
            continue;
        }
        checked[usize::from(windows.count_padding)] += 1;
        let [height, width] = windows.size().unwrap();
        let network = read_model(&windows.pool("AveragePool"));
        let shape = [1, windows.image[0], height, width];
        assert_images(&format!("{windows:?}"), &network, &shape, &mut random, |x| {
            windows.pooled(x, |pixels, places| {
                let count = if windows.count_padding { places } else { pixels.len() };
                pixels.iter().sum::<f64>() / count as f64
            })
        });
    }
    assert!(checked.iter().all(|&count| count > 80), "{checked:?}");
}

#[test]
fn maxima() {
    let (geometries, mut random) = geometries(300);
    let mut checked = 0;
    for windows in geometries {
        if windows.has_empty_window() || windows.ends_early() {
            continue;
        }
        checked += 1;
        let [height, width] = windows.size().unwrap();
        let network = read_model(&windows.pool("MaxPool"));
        let shape = [1, windows.image[0], height, width];
        assert_images(&format!("{windows:?}"), &network, &shape, &mut random, |x| {
            windows.pooled(x, |pixels, _| pixels.iter().copied().fold(f64::MIN, f64::max))
        });
    }
    assert!(checked > 150, "{checked}");
}

#[test]
fn a_tree_of_maxima_has_one_node_a_level() {
    for (kernel, levels, neurons) in
        [([1, 1], 0, 0), ([2, 2], 2, 3 * 4), ([4, 4], 4, 15), ([3, 3], 4, 8), ([1, 4], 2, 3 * 4)]
    {
        let windows = Windows { image: [1, 4, 4], kernel, strides: kernel, ..PLAIN };
        let graph = read_model(&windows.pool("MaxPool")).lower().unwrap();
        let sizes: Vec<usize> =
            graph.activation_layers().map(|layer| graph.size(layer.node)).collect();
        assert_eq!(sizes.len(), levels, "{kernel:?}");
        assert_eq!(sizes.iter().sum::<usize>(), neurons, "{kernel:?}");
    }
    // Overlapping windows share the maxima of their rows: 4 × 2 × 1 in rows, then
    // 3 × 3 × 1; one by one they would be 9 × 3.
    let windows = Windows { image: [1, 4, 4], kernel: [2, 2], ..PLAIN };
    let graph = read_model(&windows.pool("MaxPool")).lower().unwrap();
    let sizes: Vec<usize> = graph.activation_layers().map(|l| graph.size(l.node)).collect();
    assert_eq!(sizes, [12, 9]);
}

#[test]
fn the_windows_of_the_standard_by_hand() {
    // The example of the standard for SAME_UPPER and SAME_LOWER, and one for
    // ceil_mode: 3 × 3 pixels 1 to 9, windows of 2 × 2, stride 2.
    let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
    let windows = Windows { image: [1, 3, 3], kernel: [2, 2], strides: [2, 2], ..PLAIN };
    let at = |windows: &Windows, op: &str| read_model(&windows.pool(op)).evaluate_point(&x);
    let upper = Windows { pads: Pads::Automatic("SAME_UPPER"), ..windows.clone() };
    assert_eq!(at(&upper, "AveragePool"), [3.0, 4.5, 7.5, 9.0]);
    let lower = Windows { pads: Pads::Automatic("SAME_LOWER"), ..windows.clone() };
    assert_eq!(at(&lower, "AveragePool"), [1.0, 2.5, 5.5, 7.0]);
    let padded = Windows { count_padding: true, ..lower };
    assert_eq!(at(&padded, "AveragePool"), [0.25, 1.25, 2.75, 7.0]);
    let ceil = Windows { round_up: true, ..windows.clone() };
    assert_eq!(at(&ceil, "MaxPool"), [5.0, 6.0, 8.0, 9.0]);
    // What lies beyond the padding does not count.
    let ceil = Windows { count_padding: true, ..ceil };
    assert_eq!(at(&ceil, "AveragePool"), [3.0, 4.5, 7.5, 9.0]);
    assert_eq!(at(&windows, "MaxPool"), [5.0]);
}

#[test]
fn attributes_may_be_left_out() {
    let model = Model::from_x_to_y(&[1, 1, 2, 3])
        .constant(floats("w", &[1, 1, 1, 2], &[1.0, -2.0]))
        .node("Conv", &["x", "w"], "y");
    let x = [1.0, 2.0, 4.0, -1.0, 0.5, 0.25];
    assert_eq!(read_model(&model).evaluate_point(&x), [-3.0, -6.0, -2.0, 0.0]);
    let pool = Node::new("MaxPool", &["x"], "y", "").integers("kernel_shape", &[2, 2]);
    let model = Model::from_x_to_y(&[1, 1, 2, 3]).with(pool);
    assert_eq!(read_model(&model).evaluate_point(&x), [2.0, 4.0]);
}

#[test]
fn convolutions_of_constants_are_folded() {
    let model = Model::from_x_to_y(&[1, 1, 1, 2])
        .constant(floats("c", &[1, 1, 1, 3], &[1.0, 2.0, 4.0]))
        .constant(floats("w", &[1, 1, 1, 2], &[1.0, -2.0]))
        .node("Conv", &["c", "w"], "d")
        .node("Add", &["x", "d"], "y");
    assert_eq!(read_model(&model).evaluate_point(&[10.0, 20.0]), [7.0, 14.0]);
}

#[test]
fn windows_without_pixels_are_refused_where_they_mean_nothing() {
    let windows =
        Windows { image: [1, 2, 2], kernel: [1, 1], pads: Pads::Explicit([0, 1, 0, 0]), ..PLAIN };
    for op in ["MaxPool", "AveragePool"] {
        assert_eq!(
            read_error("onnx", &windows.pool(op).encode()).to_string(),
            format!(
                "node 'windows' ({op}): only padding under the windows of output column 0; \
                 expected a pixel of the image under every window"
            )
        );
    }
    let counted = Windows { count_padding: true, ..windows };
    let network = read_model(&counted.pool("AveragePool"));
    assert_eq!(network.evaluate_point(&[1.0, 2.0, 3.0, 4.0]), [0.0, 1.0, 2.0, 0.0, 3.0, 4.0]);
}

#[test]
fn several_images_are_refused() {
    let node = Node::new("MaxPool", &["x"], "y", "pool").integers("kernel_shape", &[2, 2]);
    let names = r#"["a", "b", "c", "d", "e", "f", "g", "h"]"#;
    let model = Model::default().input("x", FLOAT, &[2, 1, 2, 2]).output("y", FLOAT).with(node);
    // With a name for each pixel, the two images are one input.
    assert_eq!(
        read_error("onnx", &model.metadata("taut.input_names", names).encode()).to_string(),
        "node 'pool' (MaxPool): a tensor of shape [2, 1, 2, 2]; expected one image, [1, channels, \
         height, width]"
    );
}
