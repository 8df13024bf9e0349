//! Whole trainings.

use ndarray::{Array2, arr2};
use taut::control::Clock;
use taut::network::Precision;
use taut::train::data::{Dataset, Split, Targets};
use taut::train::{Metrics, TrainError, TrainingPhase, Unobserved, train};

use crate::train::support::{Watch, bits, data, recipe, trained};

const SMALL: &str = "title = 'small'\n[data]\nsource = 'function'\nsamples = 600\n\
                     [network]\nhidden = [12, 9]\n[training]\nepochs = 4\n";

#[test]
fn the_same_recipe_gives_the_same_bits_and_another_seed_others() {
    assert_eq!(bits(&trained(SMALL)), bits(&trained(SMALL)));
    assert_ne!(bits(&trained(SMALL)), bits(&trained(&format!("seed = 1\n{SMALL}"))));
}

#[test]
fn without_epochs_the_weights_are_those_to_begin_with() {
    for schedule in ["constant", "step", "cosine", "plateau"] {
        let text = SMALL.replace("epochs = 4", &format!("epochs = 0\nschedule = '{schedule}'"));
        let untrained = trained(&text);
        let report = &untrained.report;
        assert_eq!((report.epochs, report.best_epoch, report.steps), (0, 0, 0));
        // The weights to begin with know nothing of the targets: the variance of these is
        // not explained.
        let Some(Metrics::Regression(test)) = &report.test else { panic!("a regression") };
        assert!(test.rmse.is_finite() && test.r_squared.is_some_and(|r| r < 0.5), "{test:?}");
        assert_ne!(bits(&untrained), bits(&trained(SMALL)));
    }
}

/// A batch of several shards, the last of them short, with all that draws random numbers.
#[test]
fn one_two_and_three_threads_give_the_same_bits() {
    let with = |threads: usize| {
        trained(&format!(
            "[data]\nsource = 'function'\nsamples = 900\n[network]\nhidden = [40, 30]\n\
             dropout = 0.1\n[penalty]\nl1 = 1e-4\nstability = 1e-3\n\
             [training]\nepochs = 3\nbatch = 450\nthreads = {threads}"
        ))
    };
    let one = bits(&with(1));
    assert_eq!(one, bits(&with(2)));
    assert_eq!(one, bits(&with(3)));
}

#[test]
fn a_state_of_another_network_is_refused() {
    let recipe_of = |text: &str| recipe(text);
    let small = recipe_of(SMALL);
    let mut watch = Watch { stop_after: Some(1), ..Watch::default() };
    train(&small, &data(&small), None, &Clock::unlimited(), &mut watch).unwrap();
    let other = recipe_of(&SMALL.replace("[12, 9]", "[12, 8]"));
    let error = train(&other, &data(&other), watch.state, &Clock::unlimited(), &mut Unobserved)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the checkpoint has 163 parameters; expected 149, as in the recipe"
    );
}

/// Samples of `2 − 3x + 5y` at corners of a box, in units far from 1.
fn plane() -> Split {
    let inputs = Array2::from_shape_fn((64, 2), |(sample, input)| {
        1e3 * ((sample * (3 + 4 * input)) % 17) as f64 - 5e3
    });
    let values = inputs.map_axis(ndarray::Axis(1), |x| 2.0 - 3.0 * x[0] + 5.0 * x[1]);
    let values = values.insert_axis(ndarray::Axis(1));
    let part = Dataset {
        inputs,
        targets: Targets::Values { values, names: vec!["z".to_string()] },
        input_names: vec!["a".to_string(), "b".to_string()],
        shape: None,
        domain: None,
    };
    Split { train: part.clone(), validation: part.clone(), test: part }
}

/// An affine function is learnt to many digits, and the exported weights are those of the
/// raw units; expected from the formula.
#[test]
fn an_affine_function_is_found_in_raw_units() {
    let recipe = recipe(
        "[network]\nhidden = []\n[training]\nprecision = 'f64'\nepochs = 3000\nbatch = 64\n\
         learning_rate = 0.05\nschedule = 'cosine'\npatience = 0",
    );
    let found = train(&recipe, &plane(), None, &Clock::unlimited(), &mut Unobserved).unwrap();
    for (x, expected) in [([0.0, 0.0], 2.0), ([1e3, 0.0], -2998.0), ([0.0, 1e3], 5002.0)] {
        let value = found.network.evaluate_point(&x)[0];
        assert!((value - expected).abs() < 1e-2, "{x:?}: {value}, expected {expected}");
    }
    let metadata = found.network.metadata();
    assert_eq!(metadata.precision, Precision::F64);
    assert_eq!(metadata.input_names, ["a", "b"]);
    assert_eq!(metadata.input_box.as_ref().unwrap().lower(), [-5e3, -5e3]);
    let Some(Metrics::Regression(test)) = found.report.test else { panic!("a regression") };
    assert!(test.rmse < 1e-2 && test.r_squared.unwrap() > 1.0 - 1e-9, "{test:?}");
}

/// Exclusive or of two signs: no affine function separates the classes, so that only a
/// network whose hidden layers were trained has them all.
#[test]
fn exclusive_or_is_classified() {
    let points = arr2(&[[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
    let part = Dataset {
        inputs: points,
        targets: Targets::Classes {
            labels: vec![0, 1, 1, 0],
            names: vec!["same".to_string(), "different".to_string()],
        },
        input_names: vec!["a".to_string(), "b".to_string()],
        shape: None,
        domain: None,
    };
    let split = Split { train: part.clone(), validation: part.clone(), test: part };
    for activation in ["relu", "leaky-relu", "clipped-relu", "hard-tanh", "abs", "tanh", "sigmoid"]
    {
        let recipe = recipe(&format!(
            "[network]\nhidden = [16]\nactivation = '{activation}'\n[training]\nepochs = 400\n\
             learning_rate = 0.02\nbatch = 4"
        ));
        let found = train(&recipe, &split, None, &Clock::unlimited(), &mut Unobserved).unwrap();
        let Some(Metrics::Classification(test)) = found.report.test else { panic!("classes") };
        assert_eq!(test.accuracy, 1.0, "{activation}");
        assert_eq!(test.confusion, [[2, 0], [0, 2]]);
    }
}

#[test]
fn the_loss_falls_and_the_best_weights_are_kept() {
    let recipe = recipe(&SMALL.replace("epochs = 4", "epochs = 30\nbatch = 64"));
    let mut watch = Watch::default();
    let found = train(&recipe, &data(&recipe), None, &Clock::unlimited(), &mut watch).unwrap();
    let losses: Vec<f64> = watch.records.iter().map(|r| r.validation_loss.unwrap()).collect();
    assert_eq!(losses.len(), 31);
    assert!(losses[30] < 0.5 * losses[0], "{losses:?}");
    let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(found.report.best_loss, Some(least));
    assert_eq!((found.report.stopped_by, found.report.early_stopping), (None, false));
    assert_eq!(losses[found.report.best_epoch], least);
    // Loss in units of training: squared error over the variance of the targets.
    let Some(Metrics::Regression(m)) = found.report.validation else { panic!("a regression") };
    let scaling = found.network.metadata().scaling.clone().unwrap();
    let deviation = scaling.output_deviation[0];
    assert!((m.rmse - deviation * least.sqrt()).abs() < 1e-4 * m.rmse, "{m:?}");
}

#[test]
fn patience_ends_a_training_that_stagnates() {
    // Steps so long that the loss goes up and down.
    let text = SMALL.replace("epochs = 4", "epochs = 500\npatience = 3\nlearning_rate = 0.5");
    let found = trained(&text);
    assert_eq!((found.report.stopped_by, found.report.early_stopping), (None, true));
    assert!(found.report.epochs < 100);
}

#[test]
fn a_loss_that_explodes_is_an_error_with_its_place() {
    let text = SMALL.replace("epochs = 4", "epochs = 50\noptimizer = 'sgd'\nlearning_rate = 1e9");
    let recipe = recipe(&text);
    let error =
        train(&recipe, &data(&recipe), None, &Clock::unlimited(), &mut Unobserved).unwrap_err();
    let TrainError::Diverged { epoch, step, rate, .. } = error else { panic!("{error}") };
    assert!(epoch == 1 && step > 1 && rate == 1e9, "epoch {epoch}, step {step}");
}

/// L1 makes weights small; the stability loss makes more neurons stable.
#[test]
fn penalties_do_what_they_are_for() {
    let weights = |found: &taut::train::Trained| {
        let graph = found.network.lower().unwrap();
        let domain = found.network.metadata().input_box.clone().unwrap();
        let bounds = taut::bounds::PROPAGATORS[0].propagate(&graph, &domain).unwrap();
        let mut found = Vec::new();
        for layer in graph.activation_layers() {
            found.extend((0..graph.size(layer.node)).map(|i| bounds.pre_activation(layer, i)));
        }
        found
    };
    let with = |penalty: &str| {
        let text = SMALL.replace("epochs = 4", "epochs = 150");
        weights(&trained(&format!("{text}[penalty]\n{penalty}")))
    };
    let unstable = |bounds: &[taut::num::Interval]| {
        bounds.iter().filter(|b| b.lower() < 0.0 && b.upper() > 0.0).count()
    };
    let widths =
        |bounds: &[taut::num::Interval]| bounds.iter().map(|b| b.upper() - b.lower()).sum::<f64>();
    let plain = with("");
    for penalty in ["l1 = 5e-3", "l2 = 5e-3", "big_m = 5e-3"] {
        let found = widths(&with(penalty));
        assert!(found < 0.8 * widths(&plain), "{penalty}: {found} of {}", widths(&plain));
    }
    for penalty in ["stability = 1e-2", "unstable = 1e-2"] {
        let found = unstable(&with(penalty));
        assert!(found < unstable(&plain), "{penalty}: {found} of {}", unstable(&plain));
    }
}

/// The forward pass of training and that of the exported network are the same function.
#[test]
fn a_network_with_convolutions_is_exported_as_trained() {
    let inputs = Array2::from_shape_fn((40, 72), |(s, i)| ((s * 31 + i * 17) % 23) as f64 / 23.0);
    // The class is whether the left half of the first channel is brighter than the right.
    let side = |row: ndarray::ArrayView1<f64>| {
        let sum = |columns: std::ops::Range<usize>| -> f64 {
            (0..6).flat_map(|r| columns.clone().map(move |c| r * 6 + c)).map(|at| row[at]).sum()
        };
        usize::from(sum(0..3) > sum(3..6))
    };
    let labels = inputs.outer_iter().map(side).collect();
    let part = Dataset {
        inputs,
        targets: Targets::Classes { labels, names: vec!["right".into(), "left".into()] },
        input_names: (0..72).map(|i| format!("x{i}")).collect(),
        shape: Some(vec![2, 6, 6]),
        domain: None,
    };
    let split = Split { train: part.clone(), validation: part.clone(), test: part };
    for pool in ["max", "average"] {
        let recipe = recipe(&format!(
            "[network]\nhidden = [8]\nconvolutions = [{{channels = 4, padding = 1, pool = '{pool}'}}, \
             {{channels = 3, kernel = 2, stride = 2}}]\n[training]\nprecision = 'f64'\nepochs = 400"
        ));
        let found = train(&recipe, &split, None, &Clock::unlimited(), &mut Unobserved).unwrap();
        let Some(Metrics::Classification(m)) = &found.report.validation else { panic!("classes") };
        assert!(m.accuracy > 0.9, "{pool}: {}", m.accuracy);
        // The loss of the exported network is the one that training saw.
        let outputs = found.network.evaluate(split.train.inputs.view());
        let goals = taut::train::loss::Goals::<f64>::new(&split.train.targets);
        let mut gradient = vec![0.0; outputs.len()];
        let values: Vec<f64> = outputs.iter().copied().collect();
        let loss = goals.loss(&values, &mut gradient, 2, 40);
        let expected = found.report.best_loss.unwrap();
        assert!((loss - expected).abs() < 1e-12, "{pool}: {loss}, expected {expected}");
    }
}

/// By hand: 20 epochs at least and 2000 at most, else 80 000 steps: with 14 000 samples in
/// batches of 256, 55 an epoch, 1455 epochs.
#[test]
fn the_usual_number_of_epochs_depends_on_the_samples() {
    let usual = recipe("").training;
    for (samples, epochs) in [(1, 2000), (14_000, 1455), (100_000_000, 20)] {
        assert_eq!(usual.epochs_for(samples), epochs, "{samples}");
    }
    assert_eq!(recipe("[training]\nepochs = 3").training.epochs_for(14_000), 3);
}

/// On a cosine over its own epochs, not at the high rates of the training's begin.
#[test]
fn fine_tuning_has_a_schedule_of_its_own() {
    let text = SMALL.to_string() + "\n[compress]\nprune = 0.5\nfine_tune_epochs = 4\n";
    let recipe = recipe(&text);
    let mut watch = Watch::default();
    train(&recipe, &data(&recipe), None, &Clock::unlimited(), &mut watch).expect("a training");
    let last = watch.records.last().expect("records");
    assert_eq!((last.phase, last.epoch), (TrainingPhase::FineTune, 4));
    let expected = recipe.training.learning_rate * (1.0 - 0.5f64.sqrt()) / 2.0;
    assert!((last.learning_rate - expected).abs() < 1e-12, "{}", last.learning_rate);
}
