//! Parts of Taut against the plain matrix products in them, in one run.
//!
//! `make bench` prints times; what counts is the ratio of the two lines of a
//! group. Claims of speed go to `PERFORMANCE.md` beside this file.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ndarray::{Array1, Array2};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use taut::bounds::PROPAGATORS;
use taut::network::{Linear, ReluGraph};
use taut::num::IntervalBox;

/// A dense network of equal layers with weights of He's variance.
struct Dense {
    weights: Vec<Array2<f64>>,
    graph: ReluGraph,
    domain: IntervalBox,
}

fn dense(layers: usize, width: usize) -> Dense {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let bound = (6.0 / width as f64).sqrt();
    let mut uniform = || ((random.next_u64() >> 11) as f64 * 2f64.powi(-52) - 1.0) * bound;
    let mut graph = ReluGraph::new(width);
    let mut node = graph.input();
    let mut weights = Vec::new();
    for _ in 0..layers {
        let matrix = Array2::from_shape_simple_fn((width, width), &mut uniform);
        let bias = Array1::zeros(width);
        node = graph.affine(vec![(node, Linear::Dense(matrix.clone()))], bias);
        node = graph.relu(node);
        weights.push(matrix);
    }
    graph.set_output(node);
    let domain = IntervalBox::new(vec![-0.1; width], vec![0.1; width]).expect("a box");
    Dense { weights, graph, domain }
}

/// Every propagation method against the two products per layer that any
/// interval method needs at least: one a side.
fn propagation(criterion: &mut Criterion) {
    for (layers, width) in [(6, 256), (4, 1024)] {
        let network = dense(layers, width);
        let mut group = criterion.benchmark_group(format!("bounds of {layers} × {width}"));
        group.sample_size(20);
        group.bench_function("two matrix-vector products a layer", |bencher| {
            let (lower, upper) = (Array1::from_elem(width, -0.1), Array1::from_elem(width, 0.1));
            bencher.iter(|| {
                let step = |x: Array1<f64>, w: &Array2<f64>| w.dot(&x).mapv(|a| a.max(0.0));
                let end = |x: &Array1<f64>| network.weights.iter().fold(x.clone(), step);
                (end(&lower), end(&upper))
            });
        });
        for &propagator in PROPAGATORS {
            let id = BenchmarkId::from_parameter(propagator.name());
            group.bench_function(id, |bencher| {
                bencher.iter(|| propagator.propagate(&network.graph, &network.domain));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, propagation);
criterion_main!(benches);
