//! Data and settings of extreme size: a network or an error, and never a panic.

use ndarray::Array2;
use taut::control::Clock;
use taut::train::data::{Dataset, Split, Targets};
use taut::train::{Metrics, Recipe, TrainError, Trained, Unobserved, train};

use crate::train::support::{data, recipe};

/// y = |x| at nine points, in units of `scale`.
fn bent(scale: f64) -> Split {
    let at = |row: usize| (row as f64 - 4.0) * scale;
    let dataset = Dataset {
        inputs: Array2::from_shape_fn((9, 1), |(row, _)| at(row)),
        targets: Targets::Values {
            values: Array2::from_shape_fn((9, 1), |(row, _)| at(row).abs()),
            names: vec!["height".to_string()],
        },
        input_names: vec!["way".to_string()],
        shape: None,
        domain: None,
    };
    let none = dataset.select(&[]);
    Split { train: dataset, validation: none.clone(), test: none }
}

fn bent_recipe(precision: &str) -> Recipe {
    recipe(&format!("[network]\nhidden = [6]\n[training]\nepochs = 300\nprecision = '{precision}'"))
}

fn r_squared(trained: &Trained) -> f64 {
    let Some(Metrics::Regression(metrics)) = &trained.report.train else { panic!("a regression") };
    metrics.r_squared.expect("targets that differ")
}

/// The units of the data do not matter, as long as the numbers of that precision have room
/// for them; else the column is named.
#[test]
fn data_in_any_units_are_learnt_or_refused() {
    for (precision, least, most) in [("f32", 1e-36, 1e34), ("f64", 1e-99, 1e99)] {
        let recipe = bent_recipe(precision);
        for exponent in [-300, -120, -95, -60, -35, -25, -3, 0, 3, 25, 35, 60, 95, 120, 150] {
            let scale = 10f64.powi(exponent);
            let trained = train(&recipe, &bent(scale), None, &Clock::unlimited(), &mut Unobserved);
            if (least..=most).contains(&scale) {
                let trained =
                    trained.unwrap_or_else(|error| panic!("{precision} {scale}: {error}"));
                assert!(r_squared(&trained) > 0.9, "{precision} {scale}: {}", r_squared(&trained));
                continue;
            }
            match trained {
                Err(TrainError::Key { key, expected, .. }) => {
                    assert_eq!(key, "data, column 'way'", "{precision} {scale}");
                    assert_eq!(expected.contains("'f64'"), precision == "f32", "{expected}");
                }
                // Squares of so small numbers are 0, and the column counts as constant.
                _ if exponent == -300 => {}
                other => panic!("{precision} {scale}: {other:?}"),
            }
        }
    }
}

#[test]
fn weights_that_are_no_numbers_to_begin_with_are_refused() {
    let recipe = recipe("[init]\nmethod = 'uniform'\nlimit = 1e39\n[data]\nsource = 'function'");
    let error = train(&recipe, &data(&recipe), None, &Clock::unlimited(), &mut Unobserved)
        .expect_err("no weights");
    let error = error.to_string();
    assert!(error.starts_with("init.method: found 'uniform', which makes a weight"), "{error}");
    assert!(error.ends_with("inf; expected finite weights to begin with"), "{error}");
}

/// A network of other numbers than expected may come out, or an error; both are fine.
#[test]
fn settings_of_extreme_size_are_no_panic() {
    let huge = [
        "[training]\nlearning_rate = X",
        "[training]\noptimizer = 'sgd'\nlearning_rate = X",
        "[training]\nepsilon = X",
        "[training]\noptimizer = 'adamw'\nweight_decay = X",
        "[training]\nclip_norm = X",
        "[network]\nactivation = 'leaky-relu'\nslope = X",
        "[network]\nactivation = 'leaky-relu'\nslope = -X",
        "[network]\nactivation = 'clipped-relu'\nceiling = X",
        "[network]\nactivation = 'leaky-relu'\nslope = X\n[init]\nmethod = 'calculated'",
        "[init]\nmethod = 'uniform'\nlimit = X",
        "[penalty]\nl1 = X",
        "[penalty]\nl2 = X",
        "[penalty]\nstability = X",
        "[penalty]\nbig_m = X",
        "[penalty]\nunstable = X",
        "[init]\nmethod = 'uniform'\nlimit = X\n[penalty]\nunstable = 1.0\nstability = 1.0",
    ];
    for setting in huge {
        for size in ["1e-308", "1e-30", "1e30", "1e38", "1e150", "1e308"] {
            for precision in ["f32", "f64"] {
                let setting = setting.replace('X', size);
                let mut recipe = recipe(&setting);
                recipe.training.epochs = Some(2);
                recipe.training.precision = bent_recipe(precision).training.precision;
                let trained =
                    train(&recipe, &bent(1.0), None, &Clock::unlimited(), &mut Unobserved);
                let finite = |trained: Trained| trained.network.evaluate_point(&[0.5])[0];
                assert!(trained.map_or(true, |t| !finite(t).is_nan()), "{precision}\n{setting}");
            }
        }
    }
}
