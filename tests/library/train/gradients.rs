//! Every derivative against central differences `(f(p + h) − f(p − h)) / 2h` in `f64`. The
//! functions are piecewise smooth; a step of 10⁻⁶ across a bend is unlikely, and random
//! numbers with a fixed seed make it not happen. The error of the quotient is of the order
//! `h²` and of rounding, `10⁻¹⁶/h`.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use taut::num::IntervalBox;
use taut::num::random::normal;
use taut::train::layers::{
    ActivationFunction, ActivationLayer, ConvLayer, DenseLayer, Dropout, ImageWindow, Pool,
    PoolLayer, TrainableLayer,
};
use taut::train::loss::Goals;
use taut::train::model::{Model, Pass};
use taut::train::penalties::{Surroundings, penalties};

const STEP: f64 = 1e-6;
const TOLERANCE: f64 = 1e-6;

type Layers = Vec<Box<dyn TrainableLayer<f64>>>;

fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| normal(&mut random)).collect()
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= TOLERANCE * (1.0 + expected.abs())
}

/// The loss of a batch of three samples; its derivatives by the parameters are left in the
/// pass.
fn loss(model: &Model<f64>, pass: &mut Pass<f64>, inputs: &[f64], goals: &Goals<f64>) -> f64 {
    pass.randomize(|layer| Some(ChaCha8Rng::seed_from_u64(7 + layer as u64)));
    pass.input(3).copy_from_slice(inputs);
    model.forward(pass);
    let (values, gradient) = pass.output_gradient();
    let loss = goals.loss(values, gradient, model.outputs(), 3);
    model.backward(pass);
    loss
}

fn check(name: &str, layers: Layers, goals: &dyn Fn(usize) -> Goals<f64>) {
    let mut model = Model::new(layers);
    let start = numbers(model.parameters().len(), 1);
    model.parameters_mut().copy_from_slice(&start);
    let inputs = numbers(3 * model.inputs(), 2);
    let goals = goals(model.outputs());
    let mut pass = Pass::new(&model, 5);
    loss(&model, &mut pass, &inputs, &goals);
    let gradient = pass.gradient().to_vec();
    assert!(gradient.iter().any(|&g| g != 0.0), "{name}: nothing to compare");
    for (at, &found) in gradient.iter().enumerate() {
        let mut at_distance = |distance: f64| {
            model.parameters_mut()[at] = start[at] + distance;
            let value = loss(&model, &mut pass, &inputs, &goals);
            model.parameters_mut()[at] = start[at];
            value
        };
        let expected = (at_distance(STEP) - at_distance(-STEP)) / (2.0 * STEP);
        assert!(close(found, expected), "{name}, parameter {at}: {found}, expected {expected}");
    }
}

fn values(outputs: usize) -> Goals<f64> {
    Goals::Values(numbers(3 * outputs, 3))
}

fn labels(outputs: usize) -> Goals<f64> {
    Goals::Labels((0..3).map(|sample| (2 * sample + 1) % outputs).collect())
}

fn dense(inputs: usize, outputs: usize) -> Box<dyn TrainableLayer<f64>> {
    Box::new(DenseLayer { inputs, outputs })
}

const ACTIVATIONS: [ActivationFunction; 7] = [
    ActivationFunction::Relu,
    ActivationFunction::LeakyRelu { slope: 0.3 },
    ActivationFunction::Clip { min: 0.0, max: 0.8 },
    ActivationFunction::Clip { min: -1.0, max: 1.0 },
    ActivationFunction::Abs,
    ActivationFunction::Tanh,
    ActivationFunction::Sigmoid,
];

#[test]
fn dense_layers_activations_and_both_losses() {
    for function in ACTIVATIONS {
        let layers = || -> Layers {
            vec![
                dense(4, 6),
                Box::new(ActivationLayer { elements: 6, function }),
                dense(6, 5),
                Box::new(ActivationLayer { elements: 5, function }),
                dense(5, 3),
            ]
        };
        check(&format!("{function:?}, squares"), layers(), &values);
        check(&format!("{function:?}, cross-entropy"), layers(), &labels);
    }
}

#[test]
fn dropout() {
    let layers: Layers =
        vec![dense(4, 8), Box::new(Dropout { elements: 8, probability: 0.4 }), dense(8, 2)];
    check("dropout", layers, &values);
}

#[test]
fn convolutions_and_pools() {
    for (pool, stride, padding) in
        [(Pool::Max, 1, 1), (Pool::Average, 1, 0), (Pool::Max, 2, 2), (Pool::Average, 2, 1)]
    {
        let function = ActivationFunction::LeakyRelu { slope: 0.1 };
        let first = ImageWindow { image: [2, 7, 6], kernel: 3, stride, padding };
        let [rows, columns] = first.places().unwrap();
        let second = ImageWindow { image: [3, rows, columns], kernel: 2, stride: 1, padding: 1 };
        let [rows, columns] = second.places().unwrap();
        let elements = 4 * rows * columns;
        let pooled = PoolLayer::new(pool, [4, rows, columns], 2).unwrap();
        let outputs = TrainableLayer::<f64>::size(&pooled).outputs;
        let layers: Layers = vec![
            Box::new(ConvLayer::new(first, 3).unwrap()),
            Box::new(ConvLayer::new(second, 4).unwrap()),
            Box::new(ActivationLayer { elements, function }),
            Box::new(pooled),
            dense(outputs, 3),
        ];
        check(&format!("{pool:?}, stride {stride}, padding {padding}"), layers, &labels);
    }
}

#[test]
fn penalties_and_their_values() {
    for function in ACTIVATIONS {
        let layers: Layers = vec![
            dense(2, 5),
            Box::new(ActivationLayer { elements: 5, function }),
            dense(5, 4),
            Box::new(ActivationLayer { elements: 4, function }),
            dense(4, 3),
            Box::new(ActivationLayer { elements: 3, function }),
            dense(3, 1),
        ];
        let model = Model::new(layers);
        let domain = IntervalBox::new(vec![-0.5, 0.1], vec![0.2, 0.6]).unwrap();
        let around = Surroundings { layers: model.weighted(), function, domain, dense: true };
        let mut parameters = numbers(model.parameters().len(), 5);
        for penalty in penalties::<f64>() {
            let Ok(layers) = penalty.layers(&around) else {
                assert!(!function.is_piecewise_linear(), "{}, {function:?}", penalty.name());
                continue;
            };
            let of_weights = matches!(penalty.name(), "l1" | "l2");
            assert!(of_weights || function.is_piecewise_linear(), "{}", penalty.name());
            let strengths: Vec<f64> = (1..=layers).map(|layer| 0.3 * layer as f64).collect();
            let value = |parameters: &[f64], gradient: &mut [f64]| {
                penalty.add(&around, &strengths, parameters, gradient)
            };
            let mut gradient = vec![0.0; parameters.len()];
            value(&parameters, &mut gradient);
            assert!(gradient.iter().any(|&g| g != 0.0), "{}: all 0", penalty.name());
            let mut ignored = gradient.clone();
            for at in 0..parameters.len() {
                let own = parameters[at];
                parameters[at] = own + STEP;
                let above = value(&parameters, &mut ignored);
                parameters[at] = own - STEP;
                let below = value(&parameters, &mut ignored);
                parameters[at] = own;
                let expected = (above - below) / (2.0 * STEP);
                let found = gradient[at];
                let name = penalty.name();
                assert!(
                    close(found, expected),
                    "{name}, {function:?}, {at}: {found}, expected {expected}"
                );
            }
        }
    }
}

/// Values and derivatives in single precision are those of the library in double precision.
#[test]
fn smooth_activations_in_single_precision() {
    for step in -400..=400i16 {
        let a = f64::from(step) / 16.0;
        let y = [a.tanh(), 1.0 / (1.0 + (-a).exp())];
        let expected = [[y[0], 1.0 - y[0] * y[0]], [y[1], y[1] * (1.0 - y[1])]];
        for (function, expected) in
            [ActivationFunction::Tanh, ActivationFunction::Sigmoid].into_iter().zip(expected)
        {
            let narrow = a as f32;
            let found = [function.value(narrow), function.derivative(narrow)].map(f64::from);
            let error = [0, 1].map(|part: usize| (found[part] - expected[part]).abs());
            assert!(error.iter().all(|e| *e < 3e-7), "{function:?} at {a}: {found:?}");
        }
    }
}

/// One neuron `a = 2x − 3y + 1` over `[−1, 1] × [0, 1]`: `a ∈ [−4, 3]`. Then `y = 5 relu(a)`.
#[test]
fn penalties_of_one_neuron_by_hand() {
    let function = ActivationFunction::Relu;
    let layers: Layers =
        vec![dense(2, 1), Box::new(ActivationLayer { elements: 1, function }), dense(1, 1)];
    let model = Model::new(layers);
    let domain = IntervalBox::new(vec![-1.0, 0.0], vec![1.0, 1.0]).unwrap();
    let around = Surroundings { layers: model.weighted(), function, domain, dense: true };
    let parameters = [2.0, -3.0, 1.0, 5.0, 0.0];
    let expected = [
        ("l1", 10.0),
        ("l2", 4.0 + 9.0 + 25.0),
        ("stability", -(1.0f64 - 12.0).tanh()),
        ("big_m", 7.0),
        ("unstable", 12.0 / 7.0),
    ];
    for penalty in penalties::<f64>() {
        let count = penalty.layers(&around).unwrap();
        let found = penalty.add(&around, &vec![1.0; count], &parameters, &mut [0.0; 5]);
        let (_, expected) = expected.iter().find(|(name, _)| *name == penalty.name()).unwrap();
        assert!(close(found, *expected), "{}: {found}", penalty.name());
    }
}

/// By hand: `((1 − 0)² + (2 − 4)²) / 2` for one sample of two outputs; cross-entropy of
/// equal scores of `k` classes is `log k`, also where `exp` would overflow.
#[test]
fn losses_by_hand() {
    let goals = Goals::Values(vec![0.0, 4.0]);
    let mut gradient = [0.0; 2];
    assert_eq!(goals.loss(&[1.0, 2.0], &mut gradient, 2, 1), 2.5);
    assert_eq!(gradient, [1.0, -2.0]);
    let goals = Goals::<f64>::Labels(vec![1]);
    let mut gradient = [0.0; 4];
    assert!(close(goals.loss(&[1e4; 4], &mut gradient, 4, 1), 4f64.ln()));
    assert_eq!(gradient, [0.25, -0.75, 0.25, 0.25]);
}
