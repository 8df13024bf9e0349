//! Networks with simpler numbers.

use ndarray::{arr1, arr2};
use taut::network::{Constant, Operand};
use taut::train::Trained;
use taut::train::compress::{power_of_two, round_biases, round_weights};

use crate::train::support::trained;

const SMALL: &str = "[data]\nsource = 'function'\nsamples = 400\n[network]\nhidden = [10, 8]\n\
                     [training]\nepochs = 3\n";

/// By hand. Three bits: multiples −3 … 3 of a power of two; the largest, 6.5, needs unit 2
/// (6.5 / 2 = 3.25 → 3).
#[test]
fn rounding_by_hand() {
    let mut weights = arr2(&[[6.5, -1.1, 0.9], [0.0, 3.1, -6.0]]);
    round_weights(&mut weights, 3);
    assert_eq!(weights, arr2(&[[6.0, -2.0, 0.0], [0.0, 4.0, -6.0]]));
    let mut weights = arr2(&[[6.5, -1.1, 1.5], [0.0, -2.9, 1e-9]]);
    power_of_two(&mut weights);
    assert_eq!(weights, arr2(&[[8.0, -1.0, 2.0], [0.0, -2.0, 0.0]]));
    let mut bias = arr1(&[1.2345, -0.0049, 7.0]);
    round_biases(&mut bias, 2);
    assert_eq!(bias, arr1(&[1.23, -0.0, 7.0]));
    let mut zero = arr2(&[[0.0]]);
    round_weights(&mut zero, 8);
    power_of_two(&mut zero);
    assert_eq!(zero, arr2(&[[0.0]]));
}

/// The weight matrices of the exported network.
fn weights(found: &Trained) -> Vec<Vec<f64>> {
    let layers = found.network.layers();
    let operands = layers.map(|view| view.layer.operator().operands);
    let matrices = operands.filter_map(|operands| match operands.get(1) {
        Some(Operand::Constant(Constant::Float(values))) if values.ndim() == 2 => {
            Some(values.iter().copied().collect())
        }
        _ => None,
    });
    matrices.collect()
}

/// 60 % of 20 and of 80 weights; the last layer is left alone. Fine-tuning keeps them at 0.
#[test]
fn pruned_weights_stay_zero() {
    for epochs in [0, 3] {
        let compress = format!("[compress]\nprune = 0.6\nfine_tune_epochs = {epochs}");
        let found = trained(&format!("{SMALL}{compress}"));
        let zeros = |layer: &Vec<f64>| layer.iter().filter(|&&w| w == 0.0).count();
        let zeros: Vec<usize> = weights(&found).iter().map(zeros).collect();
        assert_eq!(zeros, [12, 48, 0]);
        assert!(found.report.zeros >= 60);
    }
}

#[test]
fn exported_weights_are_powers_of_two_or_have_few_bits() {
    let found = trained(&format!("{SMALL}[compress]\npower_of_two = true"));
    for weight in weights(&found).concat() {
        assert!(weight == 0.0 || weight.abs().log2().fract() == 0.0, "{weight}");
    }
    let found = trained(&format!("{SMALL}[compress]\nweight_bits = 5"));
    for layer in weights(&found) {
        let least = layer.iter().map(|w| w.abs()).filter(|&w| w > 0.0).fold(f64::MAX, f64::min);
        // Some power of two of which all are multiples up to 15.
        let units = (-40..40).map(|k| 2f64.powi(k));
        let fits =
            |unit: f64| layer.iter().all(|w| (w / unit).fract() == 0.0 && (w / unit).abs() <= 15.0);
        assert!(units.clone().any(fits), "least {least}, {layer:?}");
    }
}
