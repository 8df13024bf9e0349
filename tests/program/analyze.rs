//! Figures of networks that can be worked out by hand, and how they are ordered.

use std::process::{Command, Output};

use ndarray::{Array2, arr1, arr2};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use taut::analyze::{AnalyzeOptions, analyze, global, local, samples, sensitivity};
use taut::bounds::{Crown, IntervalPropagation, Propagator};
use taut::control::Clock;
use taut::network::{Linear, ReluGraph};
use taut::num::IntervalBox;

/// `x ↦ B relu(A x + a)`.
fn two_layers(a: Array2<f64>, bias: &[f64], b: Array2<f64>) -> ReluGraph {
    let outputs = b.nrows();
    let mut graph = ReluGraph::new(a.ncols());
    let first = graph.affine(vec![(graph.input(), Linear::dense(a))], arr1(bias));
    let neurons = graph.relu(first);
    let output = graph.affine(vec![(neurons, Linear::dense(b))], arr1(&vec![0.0; outputs]));
    graph.set_output(output);
    graph
}

#[test]
fn lipschitz_bounds_by_hand() {
    // y = 3 relu(2x + 5) - relu(4x) + 7 relu(x - 9) on [-1, 1]: active, unstable, inactive.
    // The slope is 6 or 2; the interval of slopes is 6 - [0, 4].
    let graph =
        two_layers(arr2(&[[2.0], [4.0], [1.0]]), &[5.0, 0.0, -9.0], arr2(&[[3.0, -1.0, 7.0]]));
    let domain = IntervalBox::new(vec![-1.0], vec![1.0]).expect("a box");
    let bounds = IntervalPropagation.propagate(&graph, &domain).expect("bounds");
    let found = local(&graph, &bounds, &Clock::unlimited()).expect("no limit");
    assert!((6.0..6.0 * 1.000_001).contains(&found), "{found}");
    // ‖(2, 4, 1)‖ ‖(3, -1, 7)‖ = √21 √59.
    let expected = (21.0f64 * 59.0).sqrt();
    let found = global(&graph, &Clock::unlimited()).expect("no limit");
    assert!((expected..1.000_001 * expected).contains(&found), "{found}, expected {expected}");
    let points = samples(&domain, 200, 1);
    let s = sensitivity(&graph, &domain, &points, 1, &Clock::unlimited());
    assert_eq!(s.gradient_max, 6.0);
    // A width of the domain is 2.
    assert_eq!(s.jacobian_max, 12.0);
    assert!((4.0..12.0).contains(&s.jacobian_mean), "{s:?}");
}

#[test]
fn a_linear_map_is_as_sensitive_as_its_matrix() {
    // All neurons are active on the box: y = (3x₀, 4x₁).
    let graph =
        two_layers(arr2(&[[1.0, 0.0], [0.0, 1.0]]), &[9.0, 9.0], arr2(&[[3.0, 0.0], [0.0, 4.0]]));
    let domain = IntervalBox::new(vec![0.0, 0.0], vec![1.0, 1.0]).expect("a box");
    let points = samples(&domain, 20_000, 3);
    let s = sensitivity(&graph, &domain, &points, 3, &Clock::unlimited());
    assert!((s.jacobian_mean - 5.0).abs() < 1e-9 && (s.jacobian_max - 5.0).abs() < 1e-12, "{s:?}");
    // E √(9η₀² + 16η₁²) by numerical integration over the angle: √(π/2) · mean of
    // √(9cos² + 16sin²) = 1.25331 · 3.51830.
    assert!((s.monte_carlo - 4.40953).abs() < 0.06, "{s:?}");
}

#[test]
fn bounds_on_the_lipschitz_constant_are_in_order() {
    for seed in 0..40 {
        let mut draw = ChaCha8Rng::seed_from_u64(seed);
        let mut matrix =
            |m: usize, n: usize| Array2::from_shape_fn((m, n), |_| draw.random_range(-1.0..1.0));
        let mut graph = ReluGraph::new(3);
        let mut from = graph.input();
        for (outputs, inputs) in [(9, 3), (7, 9)] {
            let weights = Linear::dense(matrix(outputs, inputs));
            let bias = matrix(1, outputs).row(0).to_owned();
            let affine = graph.affine(vec![(from, weights)], bias);
            from = if seed % 2 == 0 {
                graph.relu(affine)
            } else {
                graph.clip(affine, arr1(&vec![0.7; outputs]))
            };
        }
        let skip = Linear::dense(matrix(2, 3));
        let output = vec![(from, Linear::dense(matrix(2, 7))), (graph.input(), skip)];
        let output = graph.affine(output, arr1(&[0.0, 0.0]));
        graph.set_output(output);
        let domain = IntervalBox::new(vec![-0.5; 3], vec![0.5; 3]).expect("a box");
        let bounds = Crown.propagate(&graph, &domain).expect("bounds");
        let point = samples(&domain, 300, 7);
        let s = sensitivity(&graph, &domain, &point, 7, &Clock::unlimited());
        let (here, anywhere) = (
            local(&graph, &bounds, &Clock::unlimited()).expect("no limit"),
            global(&graph, &Clock::unlimited()).expect("no limit"),
        );
        assert!(s.gradient_max <= here, "seed {seed}: {} > {here}", s.gradient_max);
        // Pairs of points prove lower bounds too, for all outputs together.
        let values = graph.evaluate(point.view());
        for i in 1..300 {
            let norm = |a: &Array2<f64>| {
                let difference = &a.row(i) - &a.row(i - 1);
                difference.dot(&difference).sqrt()
            };
            let slope = norm(&values) / norm(&point);
            assert!(slope <= here && slope <= anywhere, "seed {seed}: {slope}, {here}, {anywhere}");
        }
    }
}

#[test]
fn an_instance_is_analysed() {
    let problem = taut::io::read_problem("instances/rosenbrock4-2x25.toml".as_ref());
    let problem = problem.expect("an instance");
    let analysis = analyze(&problem, &AnalyzeOptions::default()).expect("figures");
    let names: Vec<&str> = analysis.methods.iter().map(|method| method.tighten).collect();
    assert_eq!(names, ["interval", "crown", "alpha", "lp"]);
    // Closer bounds: fewer unstable neurons, smaller constants, a closer relaxation.
    for pair in analysis.methods.windows(2) {
        assert!(pair[1].unstable <= pair[0].unstable);
        assert!(pair[1].redundant >= pair[0].redundant);
        assert!(pair[1].big_m_sum <= pair[0].big_m_sum);
        assert!(pair[1].root_gap <= pair[0].root_gap);
    }
    // As `taut convert --prune --tighten lp` says: 4 constant, 2 linear, 3 unread.
    assert_eq!(analysis.methods[3].redundant, 9);
    let regions = analysis.regions.expect("a count");
    assert!(regions.exact && regions.patterns > Some(1000), "{regions:?}");
    assert!(regions.patterns.expect("exact") as f64 <= regions.at_most);
    let lipschitz = &analysis.lipschitz;
    assert!(lipschitz.sampled <= lipschitz.local.expect("bounds"));
    assert!(lipschitz.sampled <= lipschitz.global.expect("a small network"));
    let output = &analysis.complexity.outputs[0];
    assert_eq!(output.length, 1000);
    assert!(analysis.complexity.labels.is_none(), "one output has no labels");
}

fn taut(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().expect("a run")
}

#[test]
fn the_command_prints_a_table_a_record_and_csv() {
    let instance = "instances/peaks-2x25.toml";
    let text = taut(&["analyze", instance]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("regions") && text.contains("root gap"), "{text}");
    let json = taut(&["analyze", instance, "--format", "json", "--tighten", "crown"]);
    let record: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(record["command"], "analyze");
    assert_eq!(record["methods"].as_array().map(Vec::len), Some(1));
    let csv = taut(&["analyze", instance, "--format", "csv"]);
    let mut reader = csv::Reader::from_reader(csv.stdout.as_slice());
    assert_eq!(reader.records().filter(|record| record.is_ok()).count(), 4);
}
