//! Every loss of a game against central differences `(f(p + h) − f(p − h)) / 2h` in `f64`, as in
//! `train/gradients.rs`: bends are far from the random numbers of a fixed seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use taut::num::random::normal;
use taut::train::gan::GameLoss;
use taut::train::gan::losses;
use taut::train::layers::{
    ActivationFunction, ActivationLayer, ConvLayer, DenseLayer, Dropout, ImageWindow, Pool,
    PoolLayer, TrainableLayer,
};
use taut::train::model::{Model, Pass};

const STEP: f64 = 1e-6;
const TOLERANCE: f64 = 1e-6;

/// Samples of a pass, and of the batch that it is a share of.
const ROWS: usize = 3;
const BATCH: usize = 7;

const ACTIVATIONS: [ActivationFunction; 5] = [
    ActivationFunction::Relu,
    ActivationFunction::LeakyRelu { slope: 0.3 },
    ActivationFunction::Clip { min: 0.0, max: 0.8 },
    ActivationFunction::Clip { min: -1.0, max: 1.0 },
    ActivationFunction::Abs,
];

fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| normal(&mut random)).collect()
}

fn filled(layers: Vec<Box<dyn TrainableLayer<f64>>>, seed: u64) -> Model<f64> {
    let mut model = Model::new(layers);
    let start = numbers(model.parameters().len(), seed);
    model.parameters_mut().copy_from_slice(&start);
    model
}

fn dense(widths: &[usize], function: ActivationFunction, seed: u64) -> Model<f64> {
    let mut layers: Vec<Box<dyn TrainableLayer<f64>>> = Vec::new();
    for (number, pair) in widths.windows(2).enumerate() {
        layers.push(Box::new(DenseLayer { inputs: pair[0], outputs: pair[1] }));
        if number + 2 < widths.len() {
            layers.push(Box::new(ActivationLayer { elements: pair[1], function }));
        }
    }
    filled(layers, seed)
}

fn pass(model: &Model<f64>, rows: usize) -> Pass<f64> {
    Pass::new(model, rows).with_input_gradient()
}

/// A loss of a model, and its derivatives by the parameters.
type Loss<'a> = &'a mut dyn FnMut(&Model<f64>) -> (f64, Vec<f64>);

/// Compares the derivatives that `loss` leaves with differences of what it gives back, by the
/// parameters of a model.
fn check(name: &str, model: &mut Model<f64>, loss: Loss<'_>) {
    let (_, gradient) = loss(model);
    assert!(gradient.iter().any(|&g| g != 0.0), "{name}: nothing to compare");
    for (at, &found) in gradient.iter().enumerate() {
        let own = model.parameters()[at];
        let mut at_distance = |distance: f64| {
            model.parameters_mut()[at] = own + distance;
            let (value, _) = loss(model);
            model.parameters_mut()[at] = own;
            value
        };
        let expected = (at_distance(STEP) - at_distance(-STEP)) / (2.0 * STEP);
        let is_close = (found - expected).abs() <= TOLERANCE * (1.0 + expected.abs());
        assert!(is_close, "{name}, parameter {at}: {found}, expected {expected}");
    }
}

#[test]
fn losses_of_the_discriminator() {
    for function in ACTIVATIONS {
        let mut model = dense(&[2, 5, 4, 1], function, 1);
        let (real, made) = (numbers(2 * ROWS, 2), numbers(2 * ROWS, 3));
        let mut pass = pass(&model, 2 * ROWS);
        for loss in [GameLoss::NonSaturating, GameLoss::Hinge] {
            check(&format!("{loss:?}, {function:?}"), &mut model, &mut |model| {
                let value = losses::discriminator(loss, model, &mut pass, (&real, &made), BATCH);
                (value, pass.gradient().to_vec())
            });
        }
        check(&format!("energy, {function:?}"), &mut model, &mut |model| {
            let value = losses::energy(model, &mut pass, (&real, &made), BATCH);
            (value, pass.gradient().to_vec())
        });
    }
}

#[test]
fn losses_of_the_generator() {
    for function in ACTIVATIONS {
        let mut generator = dense(&[3, 5, 4, 2], function, 4);
        let discriminator = dense(&[2, 5, 1], function, 5);
        let (points, revised) = (numbers(3 * ROWS, 6), numbers(2 * ROWS, 7));
        let (mut made, mut judge) = (pass(&generator, ROWS), pass(&discriminator, ROWS));
        for loss in [GameLoss::NonSaturating, GameLoss::Hinge] {
            check(&format!("{loss:?}, {function:?}"), &mut generator, &mut |generator| {
                made.input(ROWS).copy_from_slice(&points);
                let maker = (generator, &mut made);
                let value = losses::generator(loss, maker, (&discriminator, &mut judge), BATCH);
                (value, made.gradient().to_vec())
            });
        }
        check(&format!("teaching, {function:?}"), &mut generator, &mut |generator| {
            made.input(ROWS).copy_from_slice(&points);
            generator.forward(&mut made);
            let value = losses::teaching(generator, &mut made, &revised, BATCH);
            (value, made.gradient().to_vec())
        });
    }
}

/// Over all kinds of layers; the value against differences by the input too.
#[test]
fn the_slope_penalty() {
    let function = ActivationFunction::LeakyRelu { slope: 0.3 };
    let mut models: Vec<(String, Model<f64>)> = ACTIVATIONS
        .iter()
        .map(|&function| (format!("{function:?}"), dense(&[2, 5, 4, 1], function, 8)))
        .collect();
    for kind in [Pool::Max, Pool::Average] {
        let window = ImageWindow { image: [1, 5, 6], kernel: 2, stride: 1, padding: 1 };
        let pooled = PoolLayer::new(kind, [2, 6, 7], 2).unwrap();
        let width = TrainableLayer::<f64>::size(&pooled).outputs;
        let layers: Vec<Box<dyn TrainableLayer<f64>>> = vec![
            Box::new(ConvLayer::new(window, 2).unwrap()),
            Box::new(ActivationLayer { elements: 2 * 6 * 7, function }),
            Box::new(pooled),
            Box::new(DenseLayer { inputs: width, outputs: 6 }),
            Box::new(Dropout { elements: 6, probability: 0.4 }),
            Box::new(DenseLayer { inputs: 6, outputs: 1 }),
        ];
        models.push((format!("{kind:?}"), filled(layers, 9)));
    }
    for (name, mut model) in models {
        let real = numbers(model.inputs() * ROWS, 10);
        let mut pass = pass(&model, ROWS);
        let mut slope = |model: &Model<f64>| {
            // The same neurons are dropped every time.
            pass.randomize(|layer| Some(ChaCha8Rng::seed_from_u64(layer as u64)));
            let mut gradient = vec![0.0; model.parameters().len()];
            let value = losses::slope_penalty(0.7, model, &mut pass, &real, BATCH, &mut gradient);
            (value, gradient)
        };
        let (value, _) = slope(&model);
        check(&format!("R1, {name}"), &mut model, &mut slope);
        let mut squares = 0.0;
        for at in 0..real.len() {
            let mut output = |distance: f64| {
                let mut moved = real.clone();
                moved[at] += distance;
                pass.randomize(|layer| Some(ChaCha8Rng::seed_from_u64(layer as u64)));
                pass.input(ROWS).copy_from_slice(&moved);
                model.forward(&mut pass)[at / model.inputs()]
            };
            let slope = (output(STEP) - output(-STEP)) / (2.0 * STEP);
            squares += slope * slope;
        }
        let expected = 0.7 / (2.0 * BATCH as f64) * squares;
        assert!((value - expected).abs() <= 1e-6 * (1.0 + expected), "{name}: {value}, {expected}");
    }
}
