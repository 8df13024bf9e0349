//! Damaged files of both formats: an error or a network, never a panic.

use ndarray::Array2;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use crate::onnx::files::{computed_constants, constant_nodes, documented};
use crate::onnx::operators::residual;
use crate::onnx::read_model;
use crate::support::format;

const CASES: u32 = 2000;

/// Cases of `operators/` with what reads sizes and positions from the file.
const OPERATORS: &[&str] = &[
    "Conv-3d",
    "ConvTranspose-padding",
    "GatherND",
    "MaxPool-3d",
    "Pad-wrap",
    "ReduceMax-18-several",
    "Resize-13-half_pixel-floor",
    "Slice-10",
    "Split-18",
    "Tile",
    "Where-both",
    "folded-quantised-blocks",
    "folded-range",
    "inputs-two",
    "view-15",
];

fn config() -> Config {
    Config {
        cases: CASES,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..Config::default()
    }
}

/// Valid files with most of what a file can hold: name of the format, bytes.
fn valid_files() -> Vec<(&'static str, Vec<u8>)> {
    let models = [documented(), constant_nodes(), computed_constants(), residual()];
    let networks = models.iter().map(read_model);
    let json = networks.map(|network| ("json", format("json").write(&network).unwrap()));
    let operators = OPERATORS.iter().map(|name| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/library/onnx/operators");
        ("onnx", std::fs::read(format!("{folder}/{name}.onnx")).expect("a case"))
    });
    models.iter().map(|model| ("onnx", model.encode())).chain(json).chain(operators).collect()
}

/// Reads what may be anything and computes what can be read: only a panic is a
/// failure.
fn read_anything(name: &str, bytes: &[u8]) -> Result<(), TestCaseError> {
    match format(name).read(bytes, "damaged") {
        Ok(network) if network.inputs() < 1000 => {
            let point = Array2::zeros((1, network.inputs()));
            let outputs = network.evaluate(point.view());
            if let Ok(graph) = network.lower() {
                prop_assert_eq!(graph.evaluate(point.view()).dim(), outputs.dim());
            }
        }
        Ok(_) => {}
        Err(error) => prop_assert!(!error.to_string().is_empty()),
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn random_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_anything("onnx", &bytes)?;
        read_anything("json", &bytes)?;
    }

    #[test]
    fn truncated_files_do_not_panic(length: prop::sample::Index) {
        for (name, bytes) in valid_files() {
            read_anything(name, &bytes[..length.index(bytes.len())])?;
        }
    }

    #[test]
    fn damaged_files_do_not_panic(
        damage in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..8)
    ) {
        for (name, mut bytes) in valid_files() {
            for (position, byte) in &damage {
                let length = bytes.len();
                bytes[position.index(length)] = *byte;
            }
            read_anything(name, &bytes)?;
        }
    }
}
