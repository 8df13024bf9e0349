//! Networks without their stable neurons: the same function on the domain.

use ndarray::{Array1, Array2, arr1, arr2};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use taut::bounds::{Crown, IntervalPropagation, Propagator};
use taut::network::{Linear, NodeId, ReluGraph};
use taut::num::IntervalBox;
use taut::prune::{PruneCounts, prune};

fn dense(rows: &[&[f64]]) -> Linear {
    let columns = rows[0].len();
    Linear::dense(Array2::from_shape_fn((rows.len(), columns), |(i, j)| rows[i][j]))
}

fn unit_box(size: usize) -> IntervalBox {
    IntervalBox::new(vec![-1.0; size], vec![1.0; size]).expect("a box")
}

fn neurons(graph: &ReluGraph) -> usize {
    graph.activation_layers().map(|layer| graph.size(layer.node)).sum()
}

#[test]
fn every_fate_by_hand() {
    // On [-1, 1]: x - 2 is inactive, x + 3 active, x unstable, and 5x unstable but unread;
    // y = 7·relu(x - 2) + 2·relu(x + 3) - relu(x) + 1 = 2x + 7 - relu(x).
    let mut graph = ReluGraph::new(1);
    let weights = dense(&[&[1.0], &[1.0], &[1.0], &[5.0]]);
    let a = graph.affine(vec![(graph.input(), weights)], arr1(&[-2.0, 3.0, 0.0, 0.0]));
    let h = graph.relu(a);
    let y = graph.affine(vec![(h, dense(&[&[7.0, 2.0, -1.0, 0.0]]))], arr1(&[1.0]));
    graph.set_output(y);
    let bounds = IntervalPropagation.propagate(&graph, &unit_box(1)).expect("bounds");
    let pruned = prune(&graph, &bounds).expect("a small network");
    assert_eq!(pruned.layers, [PruneCounts { constant: 1, merged: 1, unread: 1, kept: 1 }]);
    let mut expected = ReluGraph::new(1);
    let a = expected.affine(vec![(expected.input(), dense(&[&[1.0]]))], arr1(&[0.0]));
    let h = expected.relu(a);
    let terms = vec![(expected.input(), dense(&[&[2.0]])), (h, dense(&[&[-1.0]]))];
    let y = expected.affine(terms, arr1(&[7.0]));
    expected.set_output(y);
    assert_eq!(pruned.graph, expected);
}

#[test]
fn clipped_neurons_may_be_saturated() {
    // On [-1, 1] with ceilings 2.5: x + 4 is saturated, x + 1.25 active, 3x unstable.
    let mut graph = ReluGraph::new(1);
    let weights = dense(&[&[1.0], &[1.0], &[3.0]]);
    let a = graph.affine(vec![(graph.input(), weights)], arr1(&[4.0, 1.25, 0.0]));
    let h = graph.clip(a, arr1(&[2.5, 2.5, 2.5]));
    let y = graph.affine(vec![(h, dense(&[&[1.0, 10.0, 100.0]]))], arr1(&[0.0]));
    graph.set_output(y);
    let bounds = IntervalPropagation.propagate(&graph, &unit_box(1)).expect("bounds");
    let pruned = prune(&graph, &bounds).expect("a small network");
    assert_eq!(pruned.layers, [PruneCounts { constant: 1, merged: 1, unread: 0, kept: 1 }]);
    for x in [-1.0, -0.5, 0.0, 0.5, 0.75, 1.0f64] {
        let expected = 2.5 + 10.0 * (x + 1.25) + 100.0 * (3.0 * x).clamp(0.0, 2.5);
        assert_eq!(pruned.graph.evaluate(arr2(&[[x]]).view())[(0, 0)], expected);
    }
}

#[test]
fn a_network_of_stable_neurons_becomes_affine() {
    let mut graph = ReluGraph::new(2);
    let a =
        graph.affine(vec![(graph.input(), dense(&[&[1.0, 1.0], &[1.0, 0.0]]))], arr1(&[3.0, -4.0]));
    let h = graph.relu(a);
    // The output is an activation, and one of its neurons is constant.
    let b = graph.affine(vec![(h, dense(&[&[1.0, 5.0], &[-1.0, 1.0]]))], arr1(&[0.0, 0.0]));
    let y = graph.relu(b);
    graph.set_output(y);
    let bounds = IntervalPropagation.propagate(&graph, &unit_box(2)).expect("bounds");
    let pruned = prune(&graph, &bounds).expect("a small network");
    assert_eq!(neurons(&pruned.graph), 0);
    let found = pruned.graph.evaluate(arr2(&[[0.5, -0.25]]).view());
    assert_eq!(found, arr2(&[[3.25, 0.0]]));
    // Nothing but constants.
    let mut graph = ReluGraph::new(1);
    let a = graph.affine(vec![(graph.input(), dense(&[&[1.0]]))], arr1(&[-7.0]));
    let y = graph.relu(a);
    graph.set_output(y);
    let bounds = IntervalPropagation.propagate(&graph, &unit_box(1)).expect("bounds");
    let pruned = prune(&graph, &bounds).expect("a small network");
    assert_eq!(pruned.graph.evaluate(arr2(&[[0.5]]).view()), arr2(&[[0.0]]));
}

/// A random network with a skip connection, biases that make many neurons stable, and a
/// clipped layer.
fn random(seed: u64) -> ReluGraph {
    let mut draw = ChaCha8Rng::seed_from_u64(seed);
    let mut matrix = |rows: usize, columns: usize, size: f64| {
        Array2::from_shape_fn((rows, columns), |_| size * draw.random_range(-1.0..1.0))
    };
    let mut graph = ReluGraph::new(3);
    let layer = |graph: &mut ReluGraph,
                 from: &[(NodeId, usize)],
                 size: usize,
                 bias: f64,
                 matrix: &mut dyn FnMut(usize, usize, f64) -> Array2<f64>| {
        let terms = from.iter().map(|&(id, n)| (id, Linear::dense(matrix(size, n, 1.0))));
        let terms: Vec<_> = terms.collect();
        let bias: Array1<f64> = matrix(1, size, bias).row(0).to_owned();
        graph.affine(terms, bias)
    };
    let input = graph.input();
    let a = layer(&mut graph, &[(input, 3)], 12, 3.0, &mut matrix);
    let first = graph.relu(a);
    let b = layer(&mut graph, &[(first, 12)], 10, 12.0, &mut matrix);
    let second = graph.clip(b, Array1::from_elem(10, 6.0));
    let c = layer(&mut graph, &[(first, 12), (second, 10)], 8, 25.0, &mut matrix);
    let third = graph.relu(c);
    let y = layer(&mut graph, &[(third, 8), (input, 3)], 2, 1.0, &mut matrix);
    graph.set_output(y);
    graph
}

#[test]
fn random_networks_compute_the_same_on_their_domain() {
    let mut counts = PruneCounts::default();
    for seed in 0..200 {
        let graph = random(seed);
        let domain = unit_box(3);
        let bounds = Crown.propagate(&graph, &domain).expect("bounds");
        let pruned = prune(&graph, &bounds).expect("a small network");
        let kept: usize = pruned.layers.iter().map(|layer| layer.kept).sum();
        assert_eq!(neurons(&pruned.graph), kept);
        for layer in &pruned.layers {
            counts.constant += layer.constant;
            counts.merged += layer.merged;
            counts.unread += layer.unread;
            counts.kept += layer.kept;
        }
        let mut draw = ChaCha8Rng::seed_from_u64(seed);
        let points = Array2::from_shape_fn((500, 3), |_| draw.random_range(-1.0..=1.0));
        let (before, after) = (graph.evaluate(points.view()), pruned.graph.evaluate(points.view()));
        // Relative to the sum of what is added up, which is what rounding goes by.
        for (b, a) in before.iter().zip(&after) {
            assert!((a - b).abs() <= 1e-12 * (100.0 + b.abs()), "seed {seed}: {a}, before {b}");
        }
    }
    // Of 200 × 30 neurons.
    let PruneCounts { constant, merged, kept, .. } = counts;
    assert!(constant > 500 && merged > 500 && kept > 500, "{counts:?}");
}

#[test]
fn a_network_of_unstable_neurons_stays_as_it_is() {
    let graph = random(1);
    // So wide that every neuron is unstable.
    let domain = IntervalBox::new(vec![-1e6; 3], vec![1e6; 3]).expect("a box");
    let bounds = IntervalPropagation.propagate(&graph, &domain).expect("bounds");
    let pruned = prune(&graph, &bounds).expect("a small network");
    assert_eq!(pruned.graph, graph);
}

#[test]
fn shipped_networks_compute_the_same_on_a_million_points() {
    for name in ["peaks-2x25", "rosenbrock4-2x25", "ackley5-2x25", "peaks-2x50"] {
        let network = taut::io::read_network(format!("networks/{name}.onnx").as_ref());
        let network = network.expect("a network");
        let domain = network.metadata().input_box.clone().expect("a box");
        let graph = network.lower().unwrap();
        let bounds = Crown.propagate(&graph, &domain).expect("bounds");
        let pruned = prune(&graph, &bounds).expect("a small network");
        assert!(neurons(&pruned.graph) < neurons(&graph), "{name}");
        let mut draw = ChaCha8Rng::seed_from_u64(1);
        let (mut largest, mut worst) = (0.0f64, 0.0f64);
        for _ in 0..100 {
            let points = Array2::from_shape_fn((10_000, domain.len()), |(_, i)| {
                draw.random_range(domain.lower()[i]..=domain.upper()[i])
            });
            let before = graph.evaluate(points.view());
            let difference = &pruned.graph.evaluate(points.view()) - &before;
            largest = before.iter().fold(largest, |largest, y| largest.max(y.abs()));
            worst = difference.iter().fold(worst, |worst, d| worst.max(d.abs()));
        }
        // Relative to the largest output: near a zero of the function all digits are
        // rounding.
        assert!(worst <= 1e-12 * largest, "{name}: off by {worst}, outputs up to {largest}");
    }
}
