//! Weights and biases uniform in `± limit`.

use ndarray::Array1;
use rand_chacha::ChaCha8Rng;

use super::{Initializer, LayerWeights, Start};
use crate::num::random;
use crate::train::Halt;

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
    ) -> Result<Vec<LayerWeights>, Halt> {
        let mut number = || start.settings.limit * (2.0 * random::uniform(random) - 1.0);
        let layers = start.shapes.iter().map(|&(rows, columns)| {
            let weights = start.filled((rows, columns), &mut number)?;
            Ok((weights, Array1::from_shape_simple_fn(rows, &mut number)))
        });
        layers.collect()
    }
}
