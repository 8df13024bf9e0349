//! Samples of test functions.

use std::collections::BTreeSet;
use std::path::Path;

use taut::train::data::{Dataset, Targets};
use taut::train::functions::test_function;

use super::{error, load, sizes};

fn here() -> &'static Path {
    Path::new(".")
}

fn values(data: &Dataset) -> Vec<f64> {
    match &data.targets {
        Targets::Values { values, .. } => values.iter().copied().collect(),
        Targets::Classes { .. } => panic!("classes"),
    }
}

fn bits(data: &Dataset) -> BTreeSet<Vec<u64>> {
    let rows = data.inputs.outer_iter();
    rows.map(|row| row.iter().map(|x| x.to_bits()).collect()).collect()
}

#[test]
fn each_sample_is_a_point_of_the_box_with_the_value_of_the_function() {
    let text = "source = 'function'\nfunction = 'rosenbrock'\ndimension = 3\nlower = 0\n\
                upper = [1, 2, 3]\nsamples = 200\nvalidation = 0.25\ntest = 0.1";
    let split = load(text, here(), 7).unwrap();
    assert_eq!(sizes(&split), [130, 50, 20]);
    let rosenbrock = test_function("rosenbrock").unwrap();
    let mut points = BTreeSet::new();
    for part in [&split.train, &split.validation, &split.test] {
        let domain = part.domain.as_ref().unwrap();
        assert_eq!(
            (domain.lower(), domain.upper()),
            ([0.0; 3].as_slice(), [1.0, 2.0, 3.0].as_slice())
        );
        assert_eq!(part.input_names, ["x0", "x1", "x2"]);
        for (point, value) in part.inputs.outer_iter().zip(values(part)) {
            assert!(domain.contains(&point.to_vec()));
            assert_eq!(rosenbrock.evaluate(&point.to_vec()), value);
        }
        points.append(&mut bits(part));
    }
    assert_eq!(points.len(), 200, "no point is in two parts");
}

#[test]
fn the_seed_decides_everything() {
    let text = "source = 'function'\nsamples = 100\nnoise = 0.5";
    assert_eq!(load(text, here(), 1).unwrap(), load(text, here(), 1).unwrap());
    let (one, two) = (load(text, here(), 1).unwrap(), load(text, here(), 2).unwrap());
    assert!(bits(&one.train).is_disjoint(&bits(&two.train)));
}

/// 8500 numbers: the standard error of the deviation is 0.25 / √(2 · 8500) = 0.002.
#[test]
fn noise_has_the_deviation_asked_for_and_spares_the_test() {
    let plain = load("source = 'function'", here(), 3).unwrap();
    let noisy = load("source = 'function'\nnoise = 0.25", here(), 3).unwrap();
    assert_eq!(plain.test, noisy.test);
    assert_eq!(plain.train.inputs, noisy.train.inputs);
    let parts = [(&plain.train, &noisy.train), (&plain.validation, &noisy.validation)];
    let noise: Vec<f64> = parts
        .iter()
        .flat_map(|(plain, noisy)| values(plain).into_iter().zip(values(noisy)))
        .map(|(plain, noisy)| noisy - plain)
        .collect();
    let deviation = (noise.iter().map(|x| x * x).sum::<f64>() / noise.len() as f64).sqrt();
    // 85 % of 20 000.
    assert_eq!(noise.len(), 17_000);
    assert!((deviation - 0.25).abs() < 0.01, "{deviation}");
}

#[test]
fn bad_keys_are_refused_by_name() {
    let cases = [
        (
            "function = 'peeks'",
            "data.function: found 'peeks'; expected one of peaks, ackley, himmelblau",
        ),
        ("dimension = 3", "data.dimension: found 3; expected 2 for peaks"),
        (
            "function = 'rosenbrock'\ndimension = 1",
            "data.dimension: found 1; expected at least 2 for rosenbrock",
        ),
        (
            "function = 'ackley'\ndimension = 1000000000",
            "data.dimension: found 1000000000; expected at most 268435456",
        ),
        ("samples = 0", "data.samples: found 0; expected 1 to 134217728 for 2 inputs"),
        ("samples = 1000000000000", "data.samples: found 1000000000000; expected 1 to"),
        ("noise = -0.1", "data.noise: found -0.1; expected a finite number from 0"),
        ("noise = nan", "data.noise: found NaN"),
        ("validation = 1.0", "data.validation: found 1; expected a share from 0, below 1"),
        ("test = -0.5", "data.test: found -0.5; expected a share from 0, below 1"),
        (
            "validation = 0.5\ntest = 0.5",
            "data.validation: found 0.5, and test = 0.5; expected a sum of both below 1",
        ),
        (
            "lower = [0, 0, 0]",
            "data.lower: found 3 numbers; expected a number, or one for each of 2 inputs",
        ),
        (
            "upper = -3",
            "data.lower: found -2 for input 0, and upper = -3; expected finite numbers, lower < upper",
        ),
        ("upper = inf", "data.lower: found -2 for input 0, and upper = inf"),
        ("lower = -1e308\nupper = 1e308", "data.lower"),
        // The fourth power of 1e40 is a number, and still too large.
        ("function = 'himmelblau'\nupper = 1e40", "data.upper: found a box with"),
        ("upper = 1e200", "data.lower: found -2 for input 0, and upper = 1"),
        ("noise = 1e200", "data.noise: found 1"),
        (
            "sampling = 'grid'\nsamples = 99",
            "data.samples: found 99; expected a power of the points on a side, k^2 with k ≥ 2, for a grid: such as 100",
        ),
        (
            "function = 'rastrigin'\ndimension = 22\nsampling = 'sobol'",
            "data.sampling: found sobol for 22 inputs; expected at most 21 inputs for it",
        ),
        (
            "samples = 2",
            "the data: found 2 samples; expected at least 3: one each for training, validation, test",
        ),
    ];
    for (keys, expected) in cases {
        let found = error(&format!("source = 'function'\n{keys}"), here());
        assert!(found.starts_with(expected), "{keys}\n{found}");
    }
}
