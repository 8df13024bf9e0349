//! Recipes and states that are refused, and with which words.

use std::fs;

use taut::control::Clock;
use taut::train::TrainError;
use taut::train::gan::{GanRecipe, Unwatched, play, prepare};

#[test]
fn recipes_are_refused_by_key() {
    let cases = [
        ("[game]\nloss = 'wasserstein'", "unknown variant `wasserstein`"),
        ("[data]\nsource = 'ring'\nmodes = 0", "data.modes: found 0; expected 1 to 1000"),
        ("[data]\nsource = 'ring'\nspread = 0", "data.spread: found 0; expected a number above 0"),
        ("[data]\nsource = 'ring'\nradius = nan", "data.radius: found NaN; expected"),
        ("[data]\nsource = 'ring'\nside = 3", "unknown field `side`"),
        ("[data]\nsource = 'grid'\nside = 32", "data.side: found 32; expected 1 to 31"),
        ("[data]\nsource = 'spiral'", "unknown variant `spiral`"),
        ("[game]\nr1 = nan", "game.r1: found NaN; expected a number from 0"),
        ("[game]\nlatent = 0", "game.latent: found 0; expected at least 1"),
        ("[generator]\nhidden = [4, 0]", "generator.hidden, layer 2: found 0"),
        ("[generator]\nactivation = 'gelu'", "unknown variant `gelu`"),
        ("[init]\nmethod = 'warm'", "unknown variant `warm`"),
        ("[init]\nweights = 'calculated'", "init.weights: found 'calculated'; expected one of he"),
        (
            "[init]\nmethod = 'cooperative'\n[training]\nsteps = 400",
            "cooperative.steps: found 500; expected 1 to 400",
        ),
        ("[cooperative]\nlangevin_steps = 0", "cooperative.langevin_steps: found 0"),
        ("[cooperative]\nlangevin_step = -1", "cooperative.langevin_step: found -1"),
        ("[cooperative]\nlangevin_noise = inf", "cooperative.langevin_noise: found inf"),
        ("[cooperative]\ndeviation = 0", "cooperative.deviation: found 0"),
        ("[training]\ngenerator_rate = nan", "training.generator_rate: found NaN"),
        ("[training]\ndiscriminator_rate = 0", "training.discriminator_rate: found 0"),
        ("[training]\nsteps = 0", "training.steps: found 0"),
        ("[training]\nbatch = 65537", "training.batch: found 65537; expected at most 65536"),
        ("[training]\nschedule = 'plateau'", "training.schedule: found a schedule of epochs"),
        ("[training]\nbeta1 = 1", "training.beta1: found 1"),
        ("[training]\nthreads = 0", "training.threads: found 0"),
        ("[evaluation]\nsamples = 1", "evaluation.samples: found 1; expected 2 to 10000"),
        ("[evaluation]\npanels = 13", "evaluation.panels: found 13; expected 1 to 12"),
        ("[evaluation]\nevery = 0", "evaluation.every: found 0"),
    ];
    for (text, expected) in cases {
        let error = GanRecipe::from_toml(text).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

/// The header of an IDX file of bytes, and its elements.
fn idx(sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, u8::try_from(sizes.len()).unwrap()];
    file.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    file.extend(bytes);
    file
}

#[test]
fn images_that_cannot_be_pooled_or_are_too_few() {
    let folder = temp_dir::TempDir::new().unwrap();
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
    write("images", idx(&[12, 4, 6], &[7; 12 * 24]));
    write("labels", idx(&[12], &[0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]));
    write("colours", idx(&[2, 3, 2, 2], &[7; 24]));
    write("two", idx(&[2], &[0, 1]));
    let cases = [
        ("images", "labels", "pool = 3", "data.pool: found 3; expected a divisor of the 4 rows"),
        ("colours", "two", "", "expected one channel"),
        ("images", "two", "", "2 labels; expected 12"),
        ("none", "labels", "", "No such file"),
        ("images", "labels", "samples = 9", "data.samples: found 9; expected at least 10"),
    ];
    for (images, labels, more, expected) in cases {
        let text = format!("[data]\nsource='idx'\nimages='{images}'\nlabels='{labels}'\n{more}");
        let recipe = GanRecipe::from_toml(&text).unwrap();
        let error = prepare(&recipe, folder.path(), &Clock::unlimited()).expect_err(&text);
        assert!(error.to_string().contains(expected), "{text}: {error}");
    }
    // With nothing wrong they are read, and measured by a classifier.
    let text = "[data]\nsource='idx'\nimages='images'\nlabels='labels'\n[training]\nsteps=2";
    let recipe = GanRecipe::from_toml(text).unwrap();
    let world = prepare(&recipe, folder.path(), &Clock::unlimited()).unwrap().unwrap();
    assert_eq!((world.source.width(), world.source.modes()), (2 * 3, 3));
    let played = play(&recipe, &world, None, &Clock::unlimited(), &mut Unwatched).unwrap();
    assert!(played.report.metrics.unwrap().frechet.unwrap() >= 0.0);
}

#[test]
fn a_game_that_diverges_says_whose_loss_it_was() {
    let text = "[training]\nprecision = 'f32'\ngenerator_rate = 1e30\n[evaluation]\nsamples = 2";
    let recipe = GanRecipe::from_toml(text).unwrap();
    let clock = Clock::unlimited();
    let world = prepare(&recipe, ".".as_ref(), &clock).unwrap().unwrap();
    let error = play(&recipe, &world, None, &clock, &mut Unwatched).unwrap_err();
    assert!(matches!(error, TrainError::GameDiverged { step: 1.., .. }), "{error}");
    assert!(error.to_string().contains("the game diverged: the loss of the "), "{error}");
}

#[test]
fn a_state_of_another_network_is_refused() {
    let recipe = |hidden: usize| {
        let text = format!(
            "[generator]\nhidden = [{hidden}]\n[training]\nsteps = 2\n[evaluation]\nsamples = 2"
        );
        GanRecipe::from_toml(&text).unwrap()
    };
    let clock = Clock::unlimited();
    let world = prepare(&recipe(3), ".".as_ref(), &clock).unwrap().unwrap();
    let state = play(&recipe(3), &world, None, &clock, &mut Unwatched).unwrap().state;
    let error = play(&recipe(4), &world, state, &clock, &mut Unwatched).unwrap_err();
    // 2 · 3 + 3 + 3 · 2 + 2 against 2 · 4 + 4 + 4 · 2 + 2.
    assert_eq!(
        error.to_string(),
        "the checkpoint has 17 parameters; expected 22, as in the recipe"
    );
}
