//! Weights calculated from comparisons of samples: [`crate::train::calculated`].

use rand_chacha::ChaCha8Rng;

use super::{Initializer, LayerWeights, Start};
use crate::train::calculated::calculated;
use crate::train::{Halt, TrainError};

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
    ) -> Result<Vec<LayerWeights>, Halt> {
        if !start.network.convolutions.is_empty() {
            let expected = "another method for a network with convolutions";
            return Err(TrainError::key("init.method", "'calculated'", expected).into());
        }
        let function = start.network.function();
        let (hidden, clock) = (&start.network.hidden, start.clock);
        Ok(calculated(hidden, |a| function.value(a), start.data, random, clock)?)
    }
}
