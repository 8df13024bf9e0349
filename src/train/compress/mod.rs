//! Networks with simpler numbers: fewer weights, or weights and biases with fewer digits.

mod prune;
mod round;

pub use prune::{Mask, prune};
pub use round::{power_of_two, round_biases, round_weights};

use super::settings::CompressRecipe;
use super::stage::Stage;

/// Rounds the numbers of a finished network as the recipe says.
pub fn compress(stages: &mut [Stage], recipe: &CompressRecipe) {
    for stage in stages {
        let Some((weights, bias)) = stage.weights_mut() else { continue };
        if recipe.power_of_two {
            power_of_two(weights);
        }
        if let Some(bits) = recipe.weight_bits {
            round_weights(weights, bits);
        }
        if let Some(digits) = recipe.bias_digits {
            round_biases(bias, digits);
        }
    }
}
