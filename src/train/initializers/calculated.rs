//! Weights calculated from comparisons of samples: [`crate::train::calculated`].

use rand_chacha::ChaCha8Rng;

use super::{Initializer, LayerWeights, Start};
use crate::train::TrainError;
use crate::train::calculated::calculated;

#[derive(Debug)]
pub(super) struct Calculated;

impl Initializer for Calculated {
    fn name(&self) -> &'static str {
        "calculated"
    }

    fn initialize(
        &self,
        start: &Start<'_>,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<LayerWeights>, TrainError> {
        if !start.network.convolutions.is_empty() {
            let expected = "another method for a network with convolutions";
            return Err(TrainError::key("init.method", "'calculated'", expected));
        }
        let function = start.network.function();
        Ok(calculated(&start.network.hidden, |a| function.value(a), start.data, random))
    }
}
