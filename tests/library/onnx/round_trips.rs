//! Networks that are written and read again.

use std::path::{Path, PathBuf};

use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use taut::io::{read_network, write_network};
use taut::network::Network;

use crate::onnx::activations::{clip_by_attributes, clip_by_operands, leaky};
use crate::onnx::choices::{gathered, of_constant, relu_below};
use crate::onnx::files::{computed_constants, constant_nodes, documented};
use crate::onnx::operators::{
    inexact_factors, left_product_of_columns, padded, reshaped, residual, scaled, transposed,
};
use crate::onnx::windows::{Kernel, PLAIN, Pads, Windows};
use crate::onnx::{TRANSPOSED, read_model, two_layers};
use crate::support::onnx::{FLOAT, Model, floats, int64s};
use crate::support::read;

#[test]
fn what_is_read_can_be_written_and_read_again() {
    let samples = [
        ("two layers", two_layers()),
        ("factors", inexact_factors()),
        ("residual", residual()),
        ("left product", left_product_of_columns()),
        ("constant nodes", constant_nodes()),
        ("computed constants", computed_constants()),
        ("leaky", leaky(Some(0.2))),
        ("clip", clip_by_attributes(Some(-1.0), Some(0.5))),
        ("clip below", clip_by_operands(Some(-1.0), None)),
        ("clip above", clip_by_operands(None, Some(0.5))),
        ("clip inexact", clip_by_operands(Some(-0.1), Some(1e10))),
        ("reshape", reshaped(int64s("shape", &[0, -1]))),
        ("transpose", transposed(&[1, 2, 3], Some(&[0, 2, 1]))),
        ("transpose all", transposed(&[1, 2, 3], None)),
        ("pad", padded(&[0, 1, 0, 2], None)),
        ("pad by a value", padded(&[0, 1, 1, 0], Some(-1.5))),
        ("mul", scaled("Mul", &["x", "c"], &[2], &[1.5, 0.3])),
        ("mul from the left", scaled("Mul", &["c", "x"], &[2, 1], &[1.5, 0.3])),
        ("div", scaled("Div", &["x", "c"], &[2], &[-4.0, 0.3081])),
        ("max", of_constant("Max", &["x", "c"], &[2, 1], &[1.0, -0.5])),
        ("min from the left", of_constant("Min", &["c", "x"], &[], &[0.25])),
        ("ceilings", relu_below(&[1.5, 0.25])),
        ("gather", gathered(&[2, 2], &[2, 1], &[1, -1], Some(1))),
        ("documented", documented()),
    ];
    for (name, model) in samples {
        assert_round_trips(name, &read_model(&model));
    }
}

#[test]
fn windows_survive_a_round_trip() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let pads = ["SAME_UPPER", "SAME_LOWER", "VALID"].map(Pads::Automatic);
    for pads in pads.into_iter().chain([Pads::Explicit([1, 0, 0, 1])]) {
        for (strides, dilations) in [([1, 1], [1, 1]), ([2, 2], [1, 1]), ([1, 2], [2, 1])] {
            let round_up = pads != Pads::Automatic("VALID");
            let windows =
                Windows { strides, dilations, pads, round_up, count_padding: round_up, ..PLAIN };
            for op in ["AveragePool", "MaxPool"] {
                let model = windows.pool(op);
                assert_round_trips(&format!("{op}, {windows:?}"), &read_model(&model));
            }
            for groups in [1, 2] {
                let kernel = Kernel::random(&windows, 4, groups, &mut random);
                let model = kernel.model(&windows);
                assert_round_trips(&format!("Conv, {windows:?}"), &read_model(&model));
            }
        }
    }
}

#[test]
fn leaky_relu_with_the_default_slope_survives_a_round_trip() {
    assert_round_trips("leaky relu", &read_model(&leaky(None)));
}

#[test]
fn the_networks_of_the_repository_can_be_written_and_read_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("networks");
    let folders = [folder.join("study"), folder].map(|folder| folder.read_dir().unwrap());
    let paths = folders.into_iter().flatten().map(|entry| entry.unwrap().path());
    let is_network = |path: &PathBuf| path.extension() == Some("onnx".as_ref());
    let networks: Vec<_> = paths.filter(is_network).collect();
    assert!(networks.len() >= 4, "{networks:?}");
    for path in networks {
        assert_round_trips(&path.display().to_string(), &read_network(&path).unwrap());
    }
}

#[test]
fn an_input_may_have_the_name_that_a_writer_gives_to_a_value() {
    assert_round_trips("value1", &read_model(&relu_of_product("value1")));
}

#[test]
fn an_input_may_have_the_name_that_a_writer_gives_to_a_constant() {
    let name = "value1.operand1";
    assert_round_trips(name, &read_model(&relu_of_product(name)));
}

/// Gemm and Relu of an input of the given name.
fn relu_of_product(input: &str) -> Model {
    Model::default()
        .input(input, FLOAT, &[1, 2])
        .output("y", FLOAT)
        .constant(floats("t", &[2, 3], &TRANSPOSED))
        .node("Gemm", &[input, "t"], "a")
        .node("Relu", &["a"], "y")
}

/// ONNX → ONNX and ONNX → JSON → ONNX: the same function to the last bit, the
/// same metadata.
fn assert_round_trips(name: &str, network: &Network) {
    let folder = temp_dir::TempDir::new().unwrap();
    let through = |network: &Network, file: &str| {
        let path = folder.path().join(file);
        write_network(network, &path).unwrap_or_else(|error| panic!("{name}: {error}"));
        read_network(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let json = through(network, "copy.json");
    for (way, copy) in [
        ("ONNX", through(network, "copy.onnx")),
        ("ONNX twice", through(&through(network, "copy.onnx"), "copy.onnx")),
        ("JSON then ONNX", through(&json, "copy.onnx")),
        ("JSON", json),
    ] {
        assert_same(&format!("{name}, through {way}"), network, &copy);
    }
}

fn assert_same(what: &str, network: &Network, copy: &Network) {
    assert_eq!(copy.metadata(), network.metadata(), "{what}");
    assert_eq!(copy.input_name(), network.input_name(), "{what}");
    assert_eq!(copy.input_shape(), network.input_shape(), "{what}");
    assert_eq!(copy.output_shape(), network.output_shape(), "{what}");
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let points =
        Array2::from_shape_simple_fn((100, network.inputs()), || rng.random_range(-3.0..3.0));
    let bits = |network: &Network| {
        [network.evaluate(points.view()), network.lower().unwrap().evaluate(points.view())]
            .map(|outputs| outputs.mapv(f64::to_bits))
    };
    assert_eq!(bits(copy), bits(network), "{what}");
}

#[test]
fn a_slope_that_onnx_cannot_hold_is_refused() {
    let file = r#"{"format": "taut-network", "version": 1, "input": {"name": "x", "shape": [1, 2]},
        "layers": [{"name": "leaky", "op": "LeakyRelu", "attributes": {"alpha": 0.01},
                    "operands": ["x"], "output": "y"}], "output": "y"}"#;
    let folder = temp_dir::TempDir::new().unwrap();
    let path = folder.path().join("leaky.onnx");
    let error = write_network(&read("json", file.as_bytes()), &path).unwrap_err().to_string();
    let expected = format!(
        "{}: node 'leaky': found attribute 'alpha' = 0.01; expected a number of single precision, \
         such as 0.009999999776482582",
        path.display()
    );
    assert_eq!(error, expected);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing is left behind");
}
