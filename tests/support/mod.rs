//! What several test targets share.

// Every program that includes this folder uses only a part of it.
#![allow(dead_code)]

pub mod highs_file;
pub mod onnx;
pub mod texts;

use std::array;

use ndarray::{Array2, ArrayView2};
use taut::bounds::{IntervalPropagation, Propagator};
use taut::io::{FORMATS, FormatError, NetworkFormat};
use taut::network::{Network, ReluGraph};
use taut::num::IntervalBox;
use taut::scale::{SCALINGS, scale};

/// The format with this file name extension.
pub fn format(name: &str) -> &'static dyn NetworkFormat {
    FORMATS.iter().copied().find(|format| format.name() == name).expect("a known format")
}

/// Reads bytes that hold a network.
pub fn read(format_name: &str, bytes: &[u8]) -> Network {
    format(format_name).read(bytes, "test").unwrap_or_else(|error| panic!("{error}"))
}

/// Reads bytes that hold no network.
pub fn read_error(format_name: &str, bytes: &[u8]) -> FormatError {
    format(format_name).read(bytes, "test").expect_err("the file is wrong")
}

/// That a network is the function `expected` at the given points, as read, in
/// canonical form, and written from that; and that scaling does not change a bit.
pub fn assert_computes<const N: usize, const M: usize>(
    network: &Network,
    points: &[[f64; N]],
    expected: impl Fn([f64; N]) -> [f64; M],
) {
    let graph = network.lower().unwrap();
    let written = Network::from_graph(&graph, network).unwrap_or_else(|error| panic!("{error}"));
    for &point in points {
        let batch = ArrayView2::from_shape((1, N), &point).expect("one row");
        let expected = expected(point);
        for (form, found) in [
            ("as read", network.evaluate(batch)),
            ("canonical", graph.evaluate(batch)),
            ("written", written.evaluate(batch)),
            ("canonical of written", written.lower().unwrap().evaluate(batch)),
        ] {
            assert_eq!(found.ncols(), M, "outputs, {form}");
            let found: [f64; M] = array::from_fn(|i| found[[0, i]]);
            let close = found.iter().zip(&expected).all(|(f, e)| close(*f, *e));
            assert!(close, "{form}, at {point:?}: {found:?}; expected {expected:?}");
        }
    }
    let batch = Array2::from(points.to_vec());
    let bits = |graph: &ReluGraph| graph.evaluate(batch.view()).mapv(f64::to_bits);
    let domain = IntervalBox::new(vec![-4.0; N], vec![4.0; N]).expect("a box");
    let bounds = IntervalPropagation.propagate(&graph, &domain).expect("bounds");
    for &scaling in SCALINGS {
        let scaled = scale(&graph, &bounds, scaling);
        assert_eq!(bits(&scaled.graph), bits(&graph), "{}", scaling.name());
    }
}

/// Equal up to a few roundings of `f64`: far closer than a decimal is to its
/// nearest number of single precision.
fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-14 * (1.0 + b.abs())
}
