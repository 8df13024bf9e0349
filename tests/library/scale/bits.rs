//! The forward pass of a scaled network, bit by bit.

use ndarray::Array2;
use taut::bounds::{Crown, IntervalPropagation, Propagator};
use taut::network::{Activation, Linear, Network, Node, ReluGraph};
use taut::scale::{Balance, Figures, LARGEST_EXPONENT, SCALINGS, Scaled, scale};

use crate::scale::networks::{DEEP, Draw, image_network, with_extremes};
use crate::scale::{interval_bounds, unit_box};
use crate::support;

fn bits(values: Array2<f64>) -> Array2<u64> {
    values.mapv(f64::to_bits)
}

#[test]
fn a_million_forward_passes_give_the_same_bits() {
    // So small that the values stay in the cache.
    const BATCH: usize = 1000;
    let mut draw = Draw::new(1);
    let network = draw.network(&DEEP, 0.5, Activation::Relu);
    let graph = network.lower().unwrap();
    let scaled = scale(&graph, &interval_bounds(&graph), &Balance);
    let written = Network::from_graph(&scaled.graph, &network).expect("a network");
    let moved = scaled.factors.iter().flatten().filter(|&&factor| factor != 1.0).count();
    assert!(moved > 150, "only {moved} factors");
    for batch in 0..1000 {
        let points = draw.points(BATCH, 2);
        let expected = bits(network.evaluate(points.view()));
        assert_eq!(bits(written.evaluate(points.view())), expected, "batch {batch}");
        if batch < 50 {
            assert_eq!(bits(graph.evaluate(points.view())), expected);
            assert_eq!(bits(scaled.graph.evaluate(points.view())), expected);
        }
    }
}

fn convolutions(graph: &ReluGraph) -> usize {
    let linears = graph.nodes().flat_map(|(_, node)| match node {
        Node::Affine(affine) => affine.terms.iter().map(|(_, linear)| linear).collect(),
        _ => Vec::new(),
    });
    linears.filter(|linear| matches!(linear, Linear::Convolution(_))).count()
}

#[test]
fn convolutions_and_skip_connections_keep_their_structure() {
    let network = image_network();
    let graph = network.lower().unwrap();
    let bounds = interval_bounds(&graph);
    let points = Draw::new(2).points(500, network.inputs());
    let expected = graph.evaluate(points.view());
    let plain = Network::from_graph(&graph, &network).expect("a network");
    assert!(close(&plain.evaluate(points.view()), &expected));
    for &scaling in SCALINGS {
        let scaled = scale(&graph, &bounds, scaling);
        assert_eq!(convolutions(&scaled.graph), 2);
        let kinds = |graph: &ReluGraph| -> Vec<_> {
            graph.nodes().map(|(_, node)| std::mem::discriminant(node)).collect()
        };
        assert_eq!(kinds(&scaled.graph), kinds(&graph));
        let moved = scaled.factors.iter().flatten().filter(|&&factor| factor != 1.0).count();
        assert!(moved > 10, "{}: {moved} factors", scaling.name());
        assert_eq!(bits(scaled.graph.evaluate(points.view())), bits(expected.clone()));
        let written = Network::from_graph(&scaled.graph, &network).expect("a network");
        let (a, b) = (written.evaluate(points.view()), plain.evaluate(points.view()));
        assert_eq!(bits(a), bits(b), "{}", scaling.name());
        assert_eq!(written.input_shape(), network.input_shape());
        assert_eq!(convolutions(&written.lower().unwrap()), 2);
        assert!(close(&written.lower().unwrap().evaluate(points.view()), &expected));
    }
    let before = Figures::new(&graph, &bounds).big_m_sum;
    let scaled = scale(&graph, &bounds, &Balance);
    let after = Figures::new(&scaled.graph, &scaled.bounds).big_m_sum;
    assert!(after < before, "{after} {before}");
}

fn close(a: &Array2<f64>, b: &Array2<f64>) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-12 * (1.0 + b.abs()))
}

#[test]
fn a_ceiling_for_each_neuron_survives_a_file() {
    let clip = Activation::Clip { min: 0.0, max: 0.7 };
    let network = Draw::new(4).network(&[2, 10, 10, 1], 0.5, clip);
    let graph = network.lower().unwrap();
    let points = Draw::new(2).points(1000, 2);
    for &scaling in SCALINGS {
        let scaled = scale(&graph, &interval_bounds(&graph), scaling);
        let written = Network::from_graph(&scaled.graph, &network).expect("a network");
        let expected = bits(network.evaluate(points.view()));
        for name in ["json", "onnx"] {
            let format = support::format(name);
            let bytes = format.write(&written).expect("a file");
            let again = format.read(&bytes, "again").expect("a network");
            assert_eq!(bits(again.evaluate(points.view())), expected);
            assert_eq!(again.lower().unwrap(), scaled.graph, "{} in {name}", scaling.name());
        }
    }
}

#[test]
fn the_scaled_networks_of_the_repository_give_the_same_bits() {
    for name in ["peaks-2x25", "peaks-2x50", "ackley5-2x25", "rosenbrock4-2x25"] {
        let path = format!("{}/networks/{name}.onnx", env!("CARGO_MANIFEST_DIR"));
        let network = taut::io::read_network(path.as_ref()).expect("a network");
        let domain = network.metadata().input_box.clone().expect("a box");
        let graph = network.lower().unwrap();
        let bounds = Crown.propagate(&graph, &domain).expect("bounds");
        let points = 3.0 * Draw::new(1).points(1000, network.inputs());
        for &scaling in SCALINGS {
            let scaled = scale(&graph, &bounds, scaling);
            let written = Network::from_graph(&scaled.graph, &network).expect("a network");
            let (a, b) = (written.evaluate(points.view()), network.evaluate(points.view()));
            assert_eq!(bits(a), bits(b), "{name} by {}", scaling.name());
        }
    }
}

#[test]
fn extreme_numbers_do_not_break_a_bit() {
    let cases: [(&[f64], Activation); 5] = [
        (&[1e-300, 1e-200], Activation::Relu),
        (&[1e100, 1e-100], Activation::Relu),
        (&[1e100], Activation::Clip { min: 0.0, max: 1e-280 }),
        (&[1e300, 1e-300], Activation::Clip { min: 0.0, max: 1e-5 }),
        (&[1e300, 1e-300], Activation::Clip { min: 0.0, max: 1.0 }),
    ];
    let (mut moved, mut compared) = (0, 0);
    for (sizes, activation) in cases {
        for seed in 0..20 {
            let graph = with_extremes(seed, sizes, activation).lower().unwrap();
            let domain = unit_box(2);
            let Ok(bounds) = IntervalPropagation.propagate(&graph, &domain) else { continue };
            compared += 1;
            let points = Draw::new(seed).points(200, 2);
            let expected = graph.evaluate(points.view());
            for &scaling in SCALINGS {
                let scaled = scale(&graph, &bounds, scaling);
                moved += scaled.factors.iter().flatten().filter(|&&f| f != 1.0).count();
                assert_numbers_are_scaled(&graph, &scaled);
                let found = bits(scaled.graph.evaluate(points.view()));
                assert_eq!(found, bits(expected.clone()), "{sizes:?} {seed} {}", scaling.name());
            }
        }
    }
    assert!(compared > 50 && moved > 1000, "{compared} networks, {moved} factors");
}

/// That every number is the old one times its factors, and back.
fn assert_numbers_are_scaled(graph: &ReluGraph, scaled: &Scaled) {
    let exact = |old: f64, new: f64, factor: f64| {
        assert!(factor.log2().abs() <= 2.0 * f64::from(LARGEST_EXPONENT));
        assert_eq!((old * factor, new / factor), (new, old));
        assert!(new == old || new == 0.0 || new.is_normal(), "{new}");
    };
    for ((id, old), (_, new)) in graph.nodes().zip(scaled.graph.nodes()) {
        let rows = &scaled.factors[id.index()];
        match (old, new) {
            (Node::Affine(old), Node::Affine(new)) => {
                (0..rows.len()).for_each(|row| exact(old.bias[row], new.bias[row], rows[row]));
                for ((input, old), (_, new)) in old.terms.iter().zip(&new.terms) {
                    let columns = &scaled.factors[input.index()];
                    for row in 0..rows.len() {
                        let pairs = old.row(row).into_iter().zip(new.row(row));
                        for ((column, old), (same, new)) in pairs {
                            assert_eq!(column, same);
                            exact(old, new, rows[row] / columns[column]);
                        }
                    }
                }
            }
            (Node::Clip { ceiling: old, .. }, Node::Clip { ceiling: new, .. }) => {
                (0..rows.len()).for_each(|row| exact(old[row], new[row], rows[row]));
            }
            (old, new) => assert_eq!(old, new),
        }
    }
}
