//! Parts of Taut against the plain matrix products in them, in one run.
//!
//! `make bench` prints times; what counts is the ratio of the two lines of a
//! group. Claims of speed go to `PERFORMANCE.md` beside this file.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ndarray::{Array1, Array2, Array4};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use taut::bounds::PROPAGATORS;
use taut::network::{
    Activation, Convolution, DenseLayer, Linear, Network, ReluGraph, Window, WindowAxis,
};
use taut::num::IntervalBox;
use taut::problem::{Problem, QuestionText};
use taut::tighten::{Method, TightenOptions, tighten};

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
        node = graph.affine(vec![(node, Linear::dense(matrix.clone()))], bias);
        node = graph.relu(node);
        weights.push(matrix);
    }
    graph.set_output(node);
    let domain = IntervalBox::new(vec![-0.1; width], vec![0.1; width]).expect("a box");
    Dense { weights, graph, domain }
}

/// Every propagation method against the two products per layer that any
/// interval method needs at least: one per side.
fn propagation(criterion: &mut Criterion) {
    for (layers, width) in [(6, 256), (4, 1024)] {
        let network = dense(layers, width);
        let mut group = criterion.benchmark_group(format!("bounds of {layers} × {width}"));
        group.sample_size(10);
        group.bench_function("two matrix-vector products per layer", |bencher| {
            let (lower, upper) = (Array1::from_elem(width, -0.1), Array1::from_elem(width, 0.1));
            bencher.iter(|| {
                let step = |x: Array1<f64>, w: &Array2<f64>| w.dot(&x).mapv(|a| a.max(0.0));
                let end = |x: &Array1<f64>| network.weights.iter().fold(x.clone(), step);
                (end(&lower), end(&upper))
            });
        });
        // With every neuron unstable, a backward pass from layer t has two rows a
        // neuron and t − 1 products (the first substitution is a copy).
        group.bench_function("the matrix products of crown", |bencher| {
            let rows = Array2::from_elem((2 * width, width), 0.5);
            let products = layers * (layers - 1) / 2;
            let weights = network.weights.iter().cycle().take(products);
            bencher.iter(|| weights.clone().map(|w| rows.dot(w)[(0, 0)]).sum::<f64>());
        });
        for &propagator in PROPAGATORS {
            if propagator.name() == "alpha" {
                continue; // Forty passes: minutes at these sizes.
            }
            let id = BenchmarkId::from_parameter(propagator.name());
            group.bench_function(id, |bencher| {
                bencher.iter(|| propagator.propagate(&network.graph, &network.domain));
            });
        }
        group.finish();
    }
}

/// Products with a convolution of 16 × 32 × 32 to 32 channels, 3 × 3, against a
/// dense product of as many multiplications, 32 × 144 by 144 × 1024 an image.
fn convolution(criterion: &mut Criterion) {
    const IMAGES: usize = 8;
    let axis = WindowAxis::new(32, 3, [1, 1], [1, 1], false).expect("a window in the image");
    let kernel = Array4::from_shape_fn((32, 16, 3, 3), |(m, c, i, j)| {
        ((m + 3 * c + 5 * i + 7 * j) % 11) as f64 - 5.0
    });
    let window = Window { height: axis, width: axis };
    let linear = Linear::Convolution(Convolution::new(window, 1, kernel.into_shared()));
    let matrix = Array2::from_elem((32, 144), 0.5);
    let mut group = criterion.benchmark_group(format!("convolution of {IMAGES} images"));
    group.bench_function("dense products of as many multiplications", |bencher| {
        let pixels = Array2::from_elem((144, 1024), 0.25);
        bencher.iter(|| (0..IMAGES).map(|_| matrix.dot(&pixels)).collect::<Vec<_>>());
    });
    group.bench_function("add_product", |bencher| {
        let x = Array2::from_elem((IMAGES, linear.inputs()), 0.25);
        let mut out = Array2::zeros((IMAGES, linear.outputs()));
        bencher.iter(|| linear.add_product(x.view(), out.view_mut()));
    });
    group.bench_function("rows_times", |bencher| {
        let rows = Array2::from_elem((IMAGES, linear.outputs()), 0.25);
        bencher.iter(|| linear.rows_times(&rows));
    });
    group.bench_function("rows_times, rows of a 3 × 3 neighbourhood", |bencher| {
        let near = |&(_, output): &(usize, usize)| {
            let (row, column) = (output % 1024 / 32, output % 32);
            (10..13).contains(&row) && (10..13).contains(&column)
        };
        let rows = Array2::from_shape_fn((IMAGES, linear.outputs()), |place| {
            f64::from(u8::from(near(&place)))
        });
        bencher.iter(|| linear.rows_times(&rows));
    });
    group.finish();
}

/// Linear programs that bound every open neuron, by one and two workers, against
/// deriving the same bounds again from the multipliers kept, which is what
/// certification costs (and the relaxation, once a layer).
fn tightening(criterion: &mut Criterion) {
    for (layers, width) in [(2, 25), (2, 50), (3, 50)] {
        let problem = random_problem(layers, width);
        let run = |threads| {
            let options = TightenOptions { threads, slack: 0.0, ..TightenOptions::default() };
            tighten(&problem, problem.whole().expect("a box"), &[Method::Linear], &options)
                .expect("bounds")
        };
        let tightened = run(1);
        let programs: usize = tightened.layers.iter().map(|layer| layer.solved).sum();
        let mut group =
            criterion.benchmark_group(format!("{programs} programs of {layers} × {width}"));
        group.sample_size(20);
        group.bench_function("one worker", |bencher| bencher.iter(|| run(1)));
        group.bench_function("two workers", |bencher| bencher.iter(|| run(2)));
        group.bench_function("bounds from the multipliers", |bencher| {
            bencher.iter(|| {
                let proofs = tightened.certificates.iter();
                proofs.map(|proof| proof.check(&problem)).collect::<Result<Vec<()>, _>>()
            });
        });
        group.finish();
    }
}

/// A dense network of two inputs on `[−1, 1]²` with weights of He's variance and
/// small biases.
fn random_problem(layers: usize, width: usize) -> Problem {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let mut uniform = || (random.next_u64() >> 11) as f64 * 2f64.powi(-52) - 1.0;
    let sizes: Vec<usize> =
        [2].into_iter().chain(std::iter::repeat_n(width, layers)).chain([1]).collect();
    let layer = |(position, pair): (usize, &[usize])| {
        let bound = (6.0 / pair[0] as f64).sqrt();
        let last = position == layers;
        DenseLayer {
            weights: Array2::from_shape_simple_fn((pair[1], pair[0]), || bound * uniform()),
            bias: Array1::from_shape_simple_fn(pair[1], || 0.1 * uniform()),
            activation: if last { Activation::Linear } else { Activation::Relu },
        }
    };
    let layers = sizes.windows(2).enumerate().map(layer).collect();
    let network = Network::dense("random", layers).expect("a network");
    let domain = IntervalBox::new(vec![-1.0; 2], vec![1.0; 2]).expect("a box");
    Problem::parse(network, domain, &QuestionText::default()).expect("a problem")
}

criterion_group!(benches, propagation, convolution, tightening);
criterion_main!(benches);
