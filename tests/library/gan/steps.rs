//! Twenty steps of each kind against PyTorch, in double precision. `steps.json` has what
//! `benchmarks/pytorch/gan.py steps` wrote: weights, random numbers, losses before each step and
//! weights after the last.

use std::collections::BTreeMap;

use serde::Deserialize;
use taut::train::gan::langevin::Langevin;
use taut::train::gan::player::{Player, Role};
use taut::train::gan::step::{Draws, Kind, Players, StepSize, Stepper};
use taut::train::gan::{GameLoss, GanRecipe};

/// Largest deviation, relative to `1 + |number|`: rounding, which steps of Adam make grow.
const TOLERANCE: f64 = 1e-6;

#[derive(Deserialize)]
struct Reference {
    rates: [f64; 2],
    betas: [f64; 2],
    r1: f64,
    langevin: LangevinSteps,
    hidden: Vec<usize>,
    generator: Vec<f64>,
    discriminator: Vec<f64>,
    draws: BTreeMap<String, Vec<Vec<f64>>>,
    kinds: BTreeMap<String, Outcome>,
}

#[derive(Deserialize)]
struct LangevinSteps {
    steps: usize,
    step: f64,
    noise: f64,
    deviation: f64,
}

#[derive(Deserialize)]
struct Outcome {
    losses: Vec<[f64; 2]>,
    generator: Vec<f64>,
    discriminator: Vec<f64>,
}

fn close(name: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let is_close = (found - expected).abs() <= TOLERANCE * (1.0 + expected.abs());
        assert!(is_close, "{name}, {index}: {found}, expected {expected}");
    }
}

fn recipe(reference: &Reference) -> GanRecipe {
    let mut recipe = GanRecipe::default();
    for player in [&mut recipe.generator, &mut recipe.discriminator] {
        player.hidden = reference.hidden.clone();
        player.activation = taut::train::ActivationName::LeakyRelu;
        player.slope = 0.2;
    }
    [recipe.training.beta1, recipe.training.beta2] = reference.betas;
    recipe
}

#[test]
fn twenty_steps_of_each_kind_are_those_of_pytorch() {
    let reference: Reference = serde_json::from_str(include_str!("steps.json")).unwrap();
    let recipe = recipe(&reference);
    let LangevinSteps { steps, step, noise, deviation } = reference.langevin;
    let langevin = Langevin { steps, step, noise, deviation };
    let game = |loss, r1| Kind::Adversarial { loss, r1 };
    let kinds = [
        ("non-saturating", game(GameLoss::NonSaturating, reference.r1)),
        ("hinge", game(GameLoss::Hinge, 0.0)),
        ("cooperative", Kind::Cooperative(langevin)),
    ];
    for (name, kind) in kinds {
        let outcome = &reference.kinds[name];
        assert_eq!(outcome.losses.len(), 20);
        let player = |role, parameters: &[f64]| {
            let mut player = Player::<f64>::new(role, &recipe, 2).unwrap();
            player.model.parameters_mut().copy_from_slice(parameters);
            player
        };
        let mut players = Players {
            generator: player(Role::Generator, &reference.generator),
            discriminator: player(Role::Discriminator, &reference.discriminator),
        };
        let batch = reference.draws["latent"][0].len() / 2;
        let mut stepper = Stepper::new(kind, &players, batch, 1);
        let settings = recipe.training.settings();
        for (index, expected) in outcome.losses.iter().enumerate() {
            let given = |name: &str, room: &mut Vec<f64>| {
                if !room.is_empty() {
                    room.copy_from_slice(&reference.draws[name][index]);
                }
            };
            let fill = |_: usize, draws: &mut Draws<f64>| {
                given("real", &mut draws.real);
                given("latent", &mut draws.latent);
                given("again", &mut draws.again);
                given("noise", &mut draws.noise);
            };
            let number = index as u64 + 1;
            let (of_kind, rates, settings) = (number, reference.rates, &settings);
            let size = StepSize { number, of_kind, rates, settings };
            let losses = stepper.step(&mut players, size, &fill).unwrap();
            close(&format!("{name}, losses before step {number}"), &losses, expected);
        }
        let found = players.generator.model.parameters();
        close(&format!("{name}, generator"), found, &outcome.generator);
        let found = players.discriminator.model.parameters();
        close(&format!("{name}, discriminator"), found, &outcome.discriminator);
    }
}
