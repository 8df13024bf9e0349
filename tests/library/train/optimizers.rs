//! Two steps of every optimiser and the rates of every schedule, by hand.

use taut::train::optimizers::{Step, optimizers};
use taut::train::{Recipe, Schedule, TrainingRecipe, learning_rate};

fn two_steps(name: &str, text: &str) -> f64 {
    let text = format!("[training]\noptimizer = '{name}'\nlearning_rate = 0.1\n{text}");
    let settings = Recipe::from_toml(&text).unwrap().training;
    let optimizer = optimizers::<f64>().iter().find(|o| o.name() == name).unwrap();
    let mut memory = vec![vec![0.0]; optimizer.memories()];
    let mut parameters = [2.0];
    for (number, gradient) in [(1, 3.0), (2, -1.0)] {
        let step = Step { number, rate: 0.1, settings: &settings };
        optimizer.step(step, &mut parameters, &[gradient], &mut memory);
    }
    parameters[0]
}

fn assert_close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-7, "{found}, expected {expected}");
}

/// Momentum ½: `m = 3`, `p = 2 − 0.3`; `m = 1.5 − 1`, `p = 1.7 − 0.05`.
#[test]
fn sgd() {
    assert_close(two_steps("sgd", "momentum = 0.5"), 1.65);
    // Decay ½ adds p/2 to g: m = 4, p = 1.6; m = 2 + (−1 + 0.8) = 1.8, p = 1.42.
    assert_close(two_steps("sgd", "momentum = 0.5\nweight_decay = 0.5"), 1.42);
}

/// The first step is the rate times the sign. Second step with β₁ = ½, β₂ = ¾:
/// `m = 1.5/2 − ½ = 0.25`, over `1 − ¼`: ⅓; `v = ¾ · 2.25 + ¼ = 1.9375`, over `1 − 9/16`:
/// 31/7.
#[test]
fn adam_and_adamw() {
    let expected = 1.9 - 0.1 / 3.0 / (31.0f64 / 7.0).sqrt();
    assert_close(two_steps("adam", "beta1 = 0.5\nbeta2 = 0.75"), expected);
    // AdamW with decay ½ multiplies by 1 − 0.05 before each step.
    let first = 2.0 * 0.95 - 0.1;
    let expected = first * 0.95 - 0.1 / 3.0 / (31.0f64 / 7.0).sqrt();
    let found = two_steps("adamw", "beta1 = 0.5\nbeta2 = 0.75\nweight_decay = 0.5");
    assert_close(found, expected);
}

#[test]
fn schedules() {
    let text = "[training]\nlearning_rate = 1.0\nepochs = 100\nschedule_epochs = 10";
    let settings = Recipe::from_toml(text).unwrap().training;
    let rate = |schedule: Schedule, epoch| {
        learning_rate(&TrainingRecipe { schedule, ..settings.clone() }, epoch, 100, 3)
    };
    assert_eq!(rate(Schedule::Constant, 70), 1.0);
    assert_eq!([9, 10, 29].map(|epoch| rate(Schedule::Step, epoch)), [1.0, 0.5, 0.25]);
    assert_eq!(rate(Schedule::Plateau, 7), 0.125);
    assert_eq!(rate(Schedule::Cosine, 0), 1.0);
    assert_close(rate(Schedule::Cosine, 50), 0.5);
    assert_close(rate(Schedule::Cosine, 75), (1.0 - 0.5f64.sqrt()) / 2.0);
}
