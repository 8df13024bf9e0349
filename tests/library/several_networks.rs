//! Properties of several networks and of values inside them, against answers by hand and against
//! the same property of one network whose weights are those of both in blocks.

use std::sync::Arc;

use ndarray::{Array1, Array2, arr1, arr2, s};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use taut::control::{Clock, Silent};
use taut::io::{Beside, NetworkFormat, Onnx, ReadOptions, vnnlib};
use taut::network::{Activation, DenseLayer, Metadata, Network, Precision};
use taut::num::random::uniform;
use taut::verify::{Counterexample, Property, Verdict, VerifyOptions, verify};

use crate::support::onnx::{Model, floats};

fn dense(layers: &[(Array2<f64>, Array1<f64>)], precision: Precision) -> Arc<Network> {
    let last = layers.len() - 1;
    let layers = layers.iter().enumerate().map(|(index, (weights, bias))| DenseLayer {
        weights: weights.clone(),
        bias: bias.clone(),
        activation: if index == last { Activation::Linear } else { Activation::Relu },
    });
    let network = Network::dense("net", layers.collect()).expect("a network");
    let metadata = Metadata { precision, ..Metadata::default() };
    Arc::new(network.with_metadata(metadata).expect("metadata"))
}

/// `scale · |x|`.
fn absolute(scale: f64) -> Arc<Network> {
    let hidden = (arr2(&[[1.0], [-1.0]]), arr1(&[0.0, 0.0]));
    dense(&[hidden, (arr2(&[[scale, scale]]), arr1(&[0.0]))], Precision::F64)
}

fn read(text: &str) -> vnnlib::Query {
    vnnlib::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Two networks of so many inputs and one output each, with these assertions.
fn two(relation: &str, inputs: usize, assertions: &str) -> vnnlib::Query {
    read(&format!(
        "(vnnlib-version <2.0>)
         (declare-network f (declare-input X real [{inputs}]) (declare-output Y real [1]))
         (declare-network g {relation} (declare-input V real [{inputs}]) (declare-output W real [1]))
         {assertions}"
    ))
}

fn property(networks: &[Arc<Network>], query: &vnnlib::Query) -> Property {
    Property::of_networks(networks, query).unwrap_or_else(|error| panic!("{error}"))
}

fn verdict(property: &Property) -> Verdict {
    let options = VerifyOptions::default();
    let found = verify(property, &options, &Clock::unlimited(), &mut Silent);
    found.unwrap_or_else(|error| panic!("{error}")).verdict
}

fn found(verdict: Verdict) -> Counterexample {
    match verdict {
        Verdict::Violated(found) => found,
        other => panic!("{other:?}"),
    }
}

const UNIT: &str = "(assert (and (>= X[0] -1.0) (<= X[0] 1.0)))";

/// By hand: g − f = |x| at one point for both, from 0 to 1.
#[test]
fn equal_inputs_are_one_input() {
    let networks = [absolute(1.0), absolute(2.0)];
    // Only X has bounds; V has those of X.
    let ask = |atom: &str| two("", 1, &format!("{UNIT}(assert (== X[0] V[0])) (assert {atom})"));
    let below = property(&networks, &ask("(<= W[0] (- Y[0] 0.001))"));
    assert_eq!(below.network().inputs(), 1);
    assert_eq!(verdict(&below), Verdict::Holds);
    let above = property(&networks, &ask("(>= W[0] (+ Y[0] 0.75))"));
    let values = above.values(&found(verdict(&above)));
    let [x, y, v, w] = values[..] else { panic!("{values:?}") };
    assert!(x == v && x.abs() >= 0.75 && x.abs() <= 1.0, "{values:?}");
    assert_eq!((y, w), (x.abs(), 2.0 * x.abs()));
}

/// By hand: |v| − |x| ≤ v − x where 0 ≤ x ≤ v, and 1 at x = 0, v = −1.
#[test]
fn a_network_at_two_points() {
    let networks = [absolute(1.0), absolute(1.0)];
    let other = "(assert (and (>= V[0] -1.0) (<= V[0] 1.0)))";
    let ask = |atoms: &str| two("(equal-to f)", 1, &format!("{UNIT}{other}{atoms}"));
    let apart = ask("(assert (>= W[0] (+ Y[0] 0.9)))");
    let apart = property(&networks, &apart);
    let values = apart.values(&found(verdict(&apart)));
    assert!(values[2].abs() - values[0].abs() >= 0.9, "{values:?}");
    let by_much =
        ask("(assert (>= X[0] 0.0)) (assert (<= X[0] V[0])) (assert (<= W[0] (- Y[0] 0.01)))");
    assert_eq!(verdict(&property(&networks, &by_much)), Verdict::Holds);
}

type Layer = (Array2<f64>, Array1<f64>);

fn random_layers(random: &mut ChaCha8Rng) -> Vec<Layer> {
    let mut matrix = |rows, columns| {
        Array2::from_shape_fn((rows, columns), |_| {
            // Numbers of single precision with few digits.
            ((2.0 * uniform(random) - 1.0) * 64.0).round() / 64.0
        })
    };
    let mut layer = |rows, columns| (matrix(rows, columns), matrix(rows, 1).column(0).to_owned());
    vec![layer(6, 2), layer(6, 6), layer(1, 6)]
}

/// The weights of two networks in blocks; both see the same input.
fn in_blocks(f: &[Layer], g: &[Layer]) -> Vec<Layer> {
    let pairs = f.iter().zip(g).enumerate();
    let joined = pairs.map(|(index, ((a, b), (c, d)))| {
        let bias = ndarray::concatenate![ndarray::Axis(0), *b, *d];
        if index == 0 {
            return (ndarray::concatenate![ndarray::Axis(0), *a, *c], bias);
        }
        let (rows, columns) = a.dim();
        let mut weights = Array2::zeros((rows + c.nrows(), columns + c.ncols()));
        weights.slice_mut(s![..rows, ..columns]).assign(a);
        weights.slice_mut(s![rows.., columns..]).assign(c);
        (weights, bias)
    });
    joined.collect()
}

/// The same verdict by a single network that is both, at 60 levels of the difference.
#[test]
fn two_networks_are_as_one_in_blocks() {
    let (mut sat, mut unsat) = (0, 0);
    for seed in 0..6 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let (f, g) = (random_layers(&mut random), random_layers(&mut random));
        let networks = [dense(&f, Precision::F32), dense(&g, Precision::F32)];
        let both = dense(&in_blocks(&f, &g), Precision::F32);
        for _ in 0..10 {
            let level = ((6.0 * uniform(&mut random) - 3.0) * 8.0).round() / 8.0;
            let bounds = |name: &str| -> String {
                (0..2)
                    .map(|i| format!("(assert (and (>= {name}[{i}] -1.0) (<= {name}[{i}] 1.0)))"))
                    .collect()
            };
            let same = "(assert (and (== X[0] V[0]) (== V[1] X[1])))";
            let apart = format!("(assert (>= (- W[0] Y[0]) {level}))");
            let query = two("(isomorphic-to f)", 2, &(bounds("X") + same + &apart));
            let single = read(&format!(
                "(vnnlib-version <2.0>)
                 (declare-network n (declare-input X real [2]) (declare-output Y real [2]))
                 {}(assert (>= (- Y[1] Y[0]) {level}))",
                bounds("X")
            ));
            let expected = verdict(&property(std::slice::from_ref(&both), &single));
            let joined = property(&networks, &query);
            match (verdict(&joined), expected) {
                (Verdict::Holds, Verdict::Holds) => unsat += 1,
                (Verdict::Violated(point), Verdict::Violated(_)) => {
                    let values = joined.values(&point);
                    let y = networks[0].evaluate_point(&values[..2])[0];
                    let w = networks[1].evaluate_point(&values[3..5])[0];
                    assert!(values[..2] == values[3..5] && w - y >= level - 1e-6, "{values:?}");
                    sat += 1;
                }
                (found, expected) => panic!("seed {seed}, {level}: {found:?}, {expected:?}"),
            }
        }
    }
    assert!(sat >= 10 && unsat >= 10, "{sat} sat, {unsat} unsat");
}

#[test]
fn networks_that_are_not_as_declared_are_refused() {
    let refused = |networks: &[Arc<Network>], query: &vnnlib::Query| {
        Property::of_networks(networks, query).expect_err("no property").to_string()
    };
    let asked = format!("{UNIT}(assert (== X[0] V[0])) (assert (>= W[0] Y[0]))");
    let one = refused(&[absolute(1.0)], &two("", 1, &asked));
    assert_eq!(one, "the query declares 2 networks; found 1");
    let longer = dense(
        &[
            (arr2(&[[1.0], [-1.0]]), arr1(&[0.0, 0.0])),
            (arr2(&[[1.0, 0.0], [0.0, 1.0]]), arr1(&[0.0, 0.0])),
            (arr2(&[[1.0, 1.0]]), arr1(&[0.0])),
        ],
        Precision::F64,
    );
    let isomorphic = two("(isomorphic-to f)", 1, &asked);
    let other = refused(&[absolute(1.0), longer], &isomorphic);
    assert!(
        other.starts_with("the network 'g' is declared isomorphic to 'f'; it differs"),
        "{other}"
    );
    let wide = dense(&[(arr2(&[[1.0, 1.0]]), arr1(&[0.0]))], Precision::F64);
    let size = refused(&[absolute(1.0), wide], &two("", 1, &asked));
    assert_eq!(size, "line 3, column 45: the query declares 1 input of 'g'; the network has 2");
    let single = dense(&[(arr2(&[[1.0]]), arr1(&[0.0]))], Precision::F32);
    let types = refused(&[absolute(1.0), single], &two("", 1, &asked));
    assert_eq!(types, "the networks have float64 and float32 numbers; expected one type");
}

/// `h = relu(x₀ − x₁)`, `y = 2 h − 1`; by hand: y ≥ 1 where h ≥ 1, and h ≤ 2 on the box.
#[test]
fn values_inside_a_network_are_asked_for() {
    let model = Model::from_x_to_y(&[1, 2])
        .constant(floats("w", &[2, 1], &[1.0, -1.0]))
        .constant(floats("two", &[], &[2.0]))
        .constant(floats("one", &[], &[1.0]))
        .node("MatMul", &["x", "w"], "a")
        .node("Relu", &["a"], "h")
        .node("Mul", &["h", "two"], "t")
        .node("Sub", &["t", "one"], "y");
    let network = |values: &[&str]| {
        let values = values.iter().map(ToString::to_string).collect();
        let options = ReadOptions { values, ..ReadOptions::default() };
        Onnx.read_by(model.clone().encode(), "net", &Beside::default(), &options)
    };
    let ask = |assertions: &str| {
        read(&format!(
            "(vnnlib-version <2.0>)
             (declare-network f (declare-input X float32 [1,2])
              (declare-hidden H float32 [1,1] \"h\") (declare-output Y float32 [1,1]))
             (assert (and (>= X[0,0] -1.0) (<= X[0,0] 1.0) (>= X[0,1] -1.0) (<= X[0,1] 1.0)))
             {assertions}"
        ))
    };
    let read = Arc::new(network(&["h"]).expect("a network"));
    let above = ask("(assert (>= H[0,0] 1.5)) (assert (<= Y[0,0] 1.75))");
    assert_eq!(verdict(&property(std::slice::from_ref(&read), &above)), Verdict::Holds);
    let below = ask("(assert (>= H[0,0] 1.5)) (assert (<= Y[0,0] 2.5))");
    let asked = property(&[read], &below);
    let values = asked.values(&found(verdict(&asked)));
    let [x, v, h, y] = values[..] else { panic!("{values:?}") };
    assert!(h >= 1.5 && y <= 2.5 && h == x - v && y == 2.0 * h - 1.0, "{values:?}");
    let unknown = network(&["relu"]).expect_err("no such value").to_string();
    let expected = "the value 'relu': found no node that computes it";
    assert!(unknown.starts_with(expected), "{unknown}");
}
