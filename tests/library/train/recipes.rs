//! Recipes that are wrong get one clear error.

use taut::control::Clock;
use taut::train::{Recipe, TrainError, Unobserved, train};

use crate::train::support::{data, recipe};

#[test]
fn keys_that_are_wrong_are_named_with_what_is_expected() {
    let cases = [
        (
            "[training]\nlearning_rate = -1.0",
            "training.learning_rate: found -1; expected a finite number above 0",
        ),
        (
            "[training]\nlearning_rate = nan",
            "training.learning_rate: found NaN; expected a finite number above 0",
        ),
        ("[training]\nbatch = 0", "training.batch: found 0; expected at least 1"),
        (
            "[training]\noptimizer = 'lbfgs'",
            "training.optimizer: found 'lbfgs'; expected one of adam, adamw, sgd",
        ),
        (
            "[training]\nmomentum = 1.0",
            "training.momentum: found 1; expected a number from 0, below 1",
        ),
        ("[network]\nhidden = [10, 0]", "network.hidden, layer 2: found 0; expected at least 1"),
        ("[network]\nhidden = [100000]", "network.hidden, layer 1: found 100000; expected at most"),
        (
            "[network]\nconvolutions = [{ channels = 4, kernel = 5000 }]",
            "network.convolutions, number 1: kernel: found 5000; expected at most 1024",
        ),
        (
            "[network]\ndropout = [0.1]",
            "network.dropout: found 1 numbers; expected a number, or 2 of them, one a hidden layer",
        ),
        ("[network]\ndropout = 1.0", "network.dropout: found 1; expected a number from 0, below 1"),
        ("[network]\nceiling = 0.0", "network.ceiling: found 0; expected a finite number above 0"),
        (
            "[init]\nmethod = 'xavier'",
            "init.method: found 'xavier'; expected one of he, glorot, orthogonal, uniform, calculated, rbm",
        ),
        (
            "[penalty]\nl3 = 1.0",
            "penalty: found 'l3'; expected one of l1, l2, stability, big_m, unstable",
        ),
        ("[penalty]\nl1 = -1e-3", "penalty.l1: found -0.001; expected a number from 0"),
        ("[compress]\nprune = 1.0", "compress.prune: found 1; expected a number from 0, below 1"),
        ("[compress]\nweight_bits = 1", "compress.weight_bits: found 1; expected 2 to 24"),
        (
            "[compress]\nweight_bits = 4\npower_of_two = true",
            "compress: found weight_bits and power_of_two; expected one of them",
        ),
        ("[data]\nsource = 'function'\nvalidation = 1.0", "data.validation: found 1; expected"),
    ];
    for (text, expected) in cases {
        let found = Recipe::from_toml(text).expect_err(text).to_string();
        assert!(found.starts_with(expected), "{text}\n{found}\nexpected: {expected}");
    }
}

#[test]
fn unknown_keys_and_wrong_types_tell_line_and_column() {
    for (text, parts) in [
        ("[training]\nlerning_rate = 1.0", ["line 2, column 1", "unknown field `lerning_rate`"]),
        ("[network]\nhidden = 'many'", ["line 2, column 10", "expected a sequence"]),
        ("seed = -1", ["line 1, column 8", "-1"]),
        ("[training]\nepochs = 1\nepochs = 2", ["line 3, column 1", "duplicate key"]),
    ] {
        let found = Recipe::from_toml(text).expect_err(text).to_string();
        assert!(parts.iter().all(|part| found.contains(part)), "{text}\n{found}");
    }
}

#[test]
fn what_does_not_fit_the_data_or_the_network_is_refused() {
    let small = "[data]\nsource = 'function'\nsamples = 60\n";
    for (text, expected) in [
        (
            "[network]\nhidden = [60000, 60000]",
            "network.hidden: found a network of 3600240000 numbers or more; expected at most",
        ),
        (
            "[training]\ntask = 'classification'",
            "training.task: found 'classification'; expected 'regression'",
        ),
        (
            "[network]\nconvolutions = [{channels = 2}]",
            "training.input_scaling: found a scaling; expected none",
        ),
        (
            "[network]\nconvolutions = [{channels = 2}]\n[training]\ninput_scaling = 'none'",
            "network.convolutions: found a convolution; expected none for data that are not images",
        ),
        (
            "[penalty]\nl1 = [1.0, 2.0]",
            "penalty.l1: found 2 numbers; expected a number, or 3 of them",
        ),
        (
            "[penalty]\nstability = [1.0]",
            "penalty.stability: found 1 numbers; expected a number, or 2 of them",
        ),
        (
            "[network]\nhidden = []\n[penalty]\nbig_m = 1.0",
            "penalty.big_m: found a strength; expected none",
        ),
    ] {
        let recipe = recipe(&format!("{small}{text}"));
        let error = train(&recipe, &data(&recipe), None, &Clock::unlimited(), &mut Unobserved)
            .expect_err(text);
        assert!(matches!(error, TrainError::Key { .. }));
        assert!(error.to_string().starts_with(expected), "{text}\n{error}");
    }
}

/// What is written by a recipe is read as the same recipe.
#[test]
fn a_recipe_survives_its_own_text() {
    let text = "title = 't'\nseed = 3\n[data]\nsource = 'function'\nfunction = 'ackley'\n\
                [network]\nhidden = [5]\ndropout = [0.1]\n[penalty]\nl1 = 1e-4\nl2 = [0.0, 1e-3]\n\
                [training]\nclip_norm = 2.0\n[compress]\nprune = 0.5";
    let recipe = recipe(text);
    let again = Recipe::from_toml(&toml::to_string(&recipe).unwrap()).unwrap();
    assert_eq!(again, recipe);
}
