//! Steps of contrastive divergence against those of PyTorch, and bits against bits.

use serde_json::Value;
use taut::control::Clock;
use taut::train::TrainError;
use taut::train::rbm::{
    Bits, Chains, Contrast, Draws, Logistic, Machine, MachineState, RbmSettings, Rows, Side,
    Threads, Training, Visible, stride,
};

/// Random bits by their place, as `benchmarks/pytorch/rbm.py` has them.
struct Words;

impl Draws for Words {
    fn fill(&self, side: Side, turn: u64, first: usize, units: usize, words: &mut [u32]) {
        let side = match side {
            Side::Visible => 0_u32,
            Side::Hidden => 1,
        };
        for (row, words) in words.chunks_mut(stride(units)).enumerate() {
            for (unit, word) in words.iter_mut().enumerate() {
                let [turn, row, unit] = [turn as u32, (first + row) as u32, unit as u32];
                let x = side * 1_000_003 + turn * 8191 + row * 131 + unit * 7 + 1;
                let x = x.wrapping_mul(2_654_435_761);
                let x = (x ^ x >> 15).wrapping_mul(2_246_822_519);
                let x = (x ^ x >> 13).wrapping_mul(3_266_489_917);
                *word = x ^ x >> 16;
            }
        }
    }
}

/// The start and the batches of the script.
fn start<S: Logistic>(kind: Visible) -> Machine<S> {
    let weight = |place: usize| {
        let (i, j) = (place / 4, place % 4);
        S::of((((3 * i + 5 * j) % 11) as f64 - 5.0) / 20.0)
    };
    Machine {
        kind,
        weights: (0..24).map(weight).collect(),
        visible_bias: (0..6).map(|i| S::of((f64::from(i) - 2.0) / 10.0)).collect(),
        hidden_bias: (0..4).map(|j| S::of((1.0 - f64::from(j)) / 8.0)).collect(),
    }
}

fn batch<S: Logistic>(kind: Visible, number: usize) -> Rows<S> {
    let numbers = (0..30).map(|place| {
        let (row, unit) = (place / 6, place % 6);
        let value = (row * 5 + unit * 3 + number * 2 + row * unit) % 4;
        match kind {
            Visible::Binary => f64::from(u8::from(value < 2)),
            Visible::Gaussian => value as f64 / 2.0 - 1.0,
        }
    });
    Rows::of_numbers(&numbers.collect::<Vec<f64>>(), 6)
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().expect("a number")],
    }
}

fn largest_difference<S: Logistic>(found: &[S], expected: &Value) -> f64 {
    let expected = numbers(expected);
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(a, b)| (a.wide() - b).abs()).fold(0.0, f64::max)
}

fn follow<S: Logistic>(tolerance: f64) {
    let expected: Value = serde_json::from_str(include_str!("steps.json")).expect("JSON");
    for run in expected["runs"].as_array().expect("runs") {
        let kind: Visible = serde_json::from_value(run["kind"].clone()).expect("a kind");
        let settings: RbmSettings =
            serde_json::from_value(run["settings"].clone()).expect("settings");
        let settings = RbmSettings { visible: kind, ..settings };
        let mut contrast = Contrast::<S>::at_rest(start(kind));
        if settings.persistent {
            contrast.begin(&batch(kind, 0));
        }
        for (number, error) in numbers(&run["errors"]).into_iter().enumerate() {
            let batch = batch(kind, number);
            let found =
                contrast.step(&batch, &settings, &Words, number as u64, &Threads::default());
            if !settings.persistent {
                let found = found.expect("an error");
                assert!((found - error).abs() < tolerance, "{number}: {found} {error}");
            }
        }
        let machine = &contrast.machine;
        for (found, name) in [
            (&machine.weights, "weights"),
            (&machine.visible_bias, "visible_bias"),
            (&machine.hidden_bias, "hidden_bias"),
        ] {
            let difference = largest_difference(found, &run[name]);
            assert!(difference < tolerance, "{kind:?} {name}: {difference:e}");
        }
    }
}

/// Source of the numbers: `python benchmarks/pytorch/rbm.py steps`, PyTorch in double precision.
#[test]
fn twenty_steps_are_those_of_pytorch() {
    follow::<f64>(1e-12);
    follow::<f32>(2e-5);
}

/// Samples with a pattern, and noise.
fn rows(kind: Visible, count: usize, units: usize) -> Rows<f32> {
    let numbers = (0..count * units).map(|place| {
        let noise = (place * place + 7 * place) % 11;
        match kind {
            Visible::Binary => {
                f64::from(u8::from((place / units + place % units).is_multiple_of(3) && noise > 2))
            }
            Visible::Gaussian => noise as f64 / 5.0 - 1.0,
        }
    });
    Rows::of_numbers(&numbers.collect::<Vec<f64>>(), units)
}

/// Whole batches and a rest, chains that persist or not, units of both kinds: any number of
/// threads gives the same bits, and so does a training that went on from a state.
#[test]
fn threads_and_states_change_no_bit() {
    for (visible, persistent, steps) in [
        (Visible::Binary, false, 1),
        (Visible::Binary, true, 2),
        (Visible::Gaussian, false, 2),
        (Visible::Gaussian, true, 1),
    ] {
        let settings = RbmSettings {
            visible,
            persistent,
            steps,
            batch: 70,
            epochs: 4,
            learning_rate: 0.01,
            ..RbmSettings::default()
        };
        let rows = rows(visible, 200, 37);
        let first = || MachineState::first(&rows, 21, &settings, (5, 1));
        let clock = Clock::unlimited();
        let whole = |threads: usize| {
            let training = Training::new(&rows, &settings, (5, 1), first());
            training.run(&Threads::new(threads), &clock).expect("a machine")
        };
        let one = whole(1);
        assert_eq!(one, whole(2), "{visible:?} {persistent}");
        assert_eq!(one, whole(3), "{visible:?} {persistent}");
        let mut training = Training::new(&rows, &settings, (5, 1), first());
        for _ in 0..2 {
            training.epoch(&Threads::default(), &clock).expect("an epoch");
        }
        let text = serde_json::to_string(training.state()).expect("JSON");
        let state: MachineState<f32> = serde_json::from_str(&text).expect("a state");
        state.check(&rows, 21, &settings).expect("a state of these rows");
        let training = Training::new(&rows, &settings, (5, 1), state);
        let rest = training.run(&Threads::default(), &clock).expect("a machine");
        assert_eq!(one, rest, "{visible:?} {persistent}");
    }
}

/// Probabilities between 0 and 1 go the way of the products of numbers: where all are 0 or 1,
/// to the same machine up to rounding.
#[test]
fn bits_and_numbers_lead_to_the_same_machine() {
    let Rows::Bits(bits) = rows(Visible::Binary, 30, 20) else { panic!("bits") };
    let values = (0..30).flat_map(|row| bits.numbers(row).collect::<Vec<_>>()).collect();
    let settings = RbmSettings { learning_rate: 0.1, ..RbmSettings::default() };
    let machine = Machine {
        kind: Visible::Binary,
        weights: (0..100).map(|w| f64::from(w % 7) / 20.0 - 0.15).collect(),
        visible_bias: vec![0.1; 20],
        hidden_bias: vec![-0.2; 5],
    };
    let after = |batch: Rows<f64>| {
        let mut contrast = Contrast::at_rest(machine.clone());
        for step in 0..5 {
            contrast.step(&batch, &settings, &Words, step, &Threads::default());
        }
        assert!(matches!(contrast.ends(), Chains::Words(_)));
        contrast.machine
    };
    let [one, other] = [after(Rows::Bits(bits)), after(Rows::Reals { values, columns: 20 })];
    for (a, b) in one.weights.iter().zip(&other.weights) {
        assert!((a - b).abs() < 1e-12, "{a} {b}");
    }
}

#[test]
fn states_of_other_machines_are_refused_and_huge_rates_are_told() {
    let rows = rows(Visible::Binary, 20, 10);
    let settings = RbmSettings { persistent: true, batch: 8, ..RbmSettings::default() };
    let mut state = MachineState::first(&rows, 3, &settings, (0, 0));
    assert!(matches!(state.check(&rows, 4, &settings), Err(TrainError::Checkpoint { .. })));
    state.chains = Some(Chains::Words(vec![u16::MAX; 8]));
    assert!(matches!(state.check(&rows, 3, &settings), Err(TrainError::Checkpoint { .. })));
    state.chains = Some(Chains::Words(vec![1; Bits::zeros(8, 10).words().len()]));
    state.check(&rows, 3, &settings).expect("a state");
    let settings =
        RbmSettings { learning_rate: 1e38, momentum: 0.9, epochs: 50, ..RbmSettings::default() };
    let state = MachineState::first(&rows, 3, &settings, (0, 0));
    let ended = Training::new(&rows, &settings, (0, 0), state)
        .run(&Threads::default(), &Clock::unlimited());
    let error = format!("{ended:?}");
    assert!(error.contains("Diverged"), "{error}");
}
