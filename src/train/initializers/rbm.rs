//! Weights of a greedy stack of restricted Boltzmann machines ([`crate::train::rbm`]).
//!
//! The inputs, brought to `[0, 1]`, are what the first machine sees; the means `σ(c + Wᵀv)` of
//! its hidden units are what the second sees, and so on. With their `W` and `c`, layer by layer:
//!
//! - ReLU: `max(Wᵀx + c, 0)`;
//! - clipped ReLU of ceiling `C`: `C/4 (Wᵀx + c) + C/2`, the tangent of `C σ` at 0.
//!
//! The last layer is the ridge regression of the targets, or of scores of the classes, on the
//! values of the last hidden layer. Source: after Hinton and Salakhutdinov, "Reducing the
//! dimensionality of data with neural networks" (2006); Nair and Hinton, "Rectified linear units
//! improve restricted Boltzmann machines" (2010), for ReLU.

use ndarray::{Array1, Array2};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use serde::{Deserialize, Serialize};

use super::{Initializer, LayerWeights, Start};
use crate::train::calculated::{RIDGE, aims, product, ridge};
use crate::train::rbm::{MachineState, RbmSettings, Rows, Threads, Training};
use crate::train::settings::ActivationName;
use crate::train::{Halt, TrainError};

/// Fewest inputs that a machine makes sense of.
const FEWEST_INPUTS: usize = 16;

/// The table `[init.rbm]`: how the machines of the method rbm follow the samples, in batches of
/// 100 with the momentum 0.5 and chains of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RbmInit {
    /// Passes over the samples, for each machine: from 0. Default: 10.
    pub epochs: usize,
    /// Learning rate: above 0. Default: 0.1.
    pub learning_rate: f64,
    /// Strength of the sum of the magnitudes of the weights: from 0. Default: 2e-4.
    pub l1: f64,
}

impl Default for RbmInit {
    fn default() -> Self {
        Self { epochs: 10, learning_rate: 0.1, l1: 2e-4 }
    }
}

impl RbmInit {
    /// Whether nothing was changed.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// All settings of a machine.
    pub fn settings(&self) -> RbmSettings {
        let Self { epochs, learning_rate, l1 } = *self;
        RbmSettings { epochs, learning_rate, l1, ..RbmSettings::default() }
    }
}

#[derive(Debug)]
pub(super) struct Rbm;

impl Initializer for Rbm {
    fn name(&self) -> &'static str {
        "rbm"
    }

    fn initialize(
        &self,
        start: &Start<'_>,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<LayerWeights>, Halt> {
        let [lower, width] = units(start)?;
        let settings = start.settings.rbm.settings();
        let (data, clock) = (start.data, start.clock);
        let function = start.network.function();
        let scaled: Vec<f64> = data.inputs.iter().map(|x| (x - lower) / width).collect();
        let mut rows: Rows<f32> = Rows::of_numbers(&scaled, data.inputs.ncols());
        let mut values = data.inputs.clone();
        let (mut layers, seed) = (Vec::new(), random.next_u64());
        for (part, &hidden) in (0..).zip(&start.network.hidden) {
            let state = MachineState::first(&rows, hidden, &settings, (seed, part));
            let training = Training::new(&rows, &settings, (seed, part), state);
            let machine = training.run(&Threads::default(), clock)?;
            rows = Rows::Reals { values: machine.hidden_means(&rows), columns: hidden };
            let machine = machine.wide();
            let weights = Array2::from_shape_vec((machine.visible(), hidden), machine.weights);
            let weights = weights.expect("the weights of this machine").reversed_axes();
            let weights = weights.as_standard_layout().into_owned();
            let bias = Array1::from(machine.hidden_bias);
            let (weights, bias) = match part {
                0 => in_units(weights, bias, [lower, width]),
                _ => (weights, bias),
            };
            let (weights, bias) = match start.network.activation {
                ActivationName::ClippedRelu => {
                    let ceiling = start.network.ceiling;
                    // What is below already has the ceiling as its unit.
                    let factor = if part == 0 { ceiling / 4.0 } else { 0.25 };
                    (weights * factor, (bias / 4.0 + 0.5) * ceiling)
                }
                _ => (weights, bias),
            };
            let before = product(values.view(), weights.t(), clock)? + &bias;
            values = before.mapv_into(|a| function.value(a));
            layers.push((weights, bias));
        }
        layers.push(ridge(values.view(), aims(&data.targets).view(), RIDGE, clock)?);
        Ok(layers)
    }
}

/// Weights and bias for `x` of those for `(x − lower) / width`.
fn in_units(
    weights: Array2<f64>,
    bias: Array1<f64>,
    [lower, width]: [f64; 2],
) -> (Array2<f64>, Array1<f64>) {
    let weights = weights / width;
    let bias = bias - weights.sum_axis(ndarray::Axis(1)) * lower;
    (weights, bias)
}

/// Least value and width of the interval of all inputs, `[0, 1]` or `[−1, 1]`.
///
/// # Errors
/// What a machine makes no sense of, by its key.
fn units(start: &Start<'_>) -> Result<[f64; 2], TrainError> {
    let refuse = |key: &str, found: String, expected: &str| {
        Err(TrainError::key(key, found, format!("{expected}; or another init.method than 'rbm'")))
    };
    let (network, data) = (start.network, start.data);
    if !network.convolutions.is_empty() {
        let found = format!("{} of them", network.convolutions.len());
        return refuse("network.convolutions", found, "none: a machine sees all inputs alike");
    }
    if network.hidden.is_empty() {
        return refuse("network.hidden", "no layer".to_string(), "a layer that a machine fills");
    }
    if !matches!(network.activation, ActivationName::Relu | ActivationName::ClippedRelu) {
        let name = serde_json::to_value(network.activation).unwrap_or_default();
        let found = format!("'{}'", name.as_str().unwrap_or_default());
        return refuse(
            "network.activation",
            found,
            "relu or clipped-relu, which units of 0 and 1 become",
        );
    }
    if data.shape.is_none() && data.domain.is_some() {
        let found = "points of a test function".to_string();
        return refuse(
            "data",
            found,
            "images or a table: evenly spread points have nothing in common",
        );
    }
    let inputs = data.inputs.ncols();
    if inputs < FEWEST_INPUTS {
        let expected = format!("at least {FEWEST_INPUTS}, which have something in common");
        return refuse("data", format!("{inputs} inputs"), &expected);
    }
    let outside = |lower: f64| data.inputs.iter().find(|x| !(lower..=1.0).contains(*x));
    match (outside(0.0), outside(-1.0)) {
        (None, _) => Ok([0.0, 1.0]),
        (_, None) => Ok([-1.0, 2.0]),
        (_, Some(input)) => refuse(
            "data",
            format!("an input that is {input} in units of training"),
            "inputs from 0 to 1 or from -1 to 1, such as training.input_scaling = 'box' makes them",
        ),
    }
}
