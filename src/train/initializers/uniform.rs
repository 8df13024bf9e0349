//! Weights and biases uniform in `± limit`.

use ndarray::{Array1, Array2};
use rand_chacha::ChaCha8Rng;

use super::{Initializer, LayerWeights, Start};
use crate::num::random;
use crate::train::TrainError;

#[derive(Debug)]
pub(super) struct Uniform;

impl Initializer for Uniform {
    fn name(&self) -> &'static str {
        "uniform"
    }

    fn initialize(
        &self,
        start: &Start<'_>,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<LayerWeights>, TrainError> {
        let mut number = || start.settings.limit * (2.0 * random::uniform(random) - 1.0);
        let layers = start.shapes.iter().map(|&(rows, columns)| {
            let weights = Array2::from_shape_simple_fn((rows, columns), &mut number);
            (weights, Array1::from_shape_simple_fn(rows, &mut number))
        });
        Ok(layers.collect())
    }
}
