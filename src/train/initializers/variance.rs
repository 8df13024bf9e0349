//! Normal weights that keep the variance from layer to layer.
//!
//! - he: standard deviation `g / √in`. Source: He, Zhang, Ren, Sun (2015),
//!   arXiv:1502.01852, equation 10.
//! - glorot: uniform in `± √(6 / (in + out))`. Source: Glorot and Bengio (2010),
//!   "Understanding the difficulty of training deep feedforward neural networks", equation 16.

use rand_chacha::ChaCha8Rng;

use super::{Initializer, LayerWeights, Start};
use crate::num::random::{normal, uniform};
use crate::train::Halt;

#[derive(Debug)]
pub(super) struct He;

impl Initializer for He {
    fn name(&self) -> &'static str {
        "he"
    }

    fn initialize(
        &self,
        start: &Start<'_>,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<LayerWeights>, Halt> {
        start.each(|(rows, columns), gain| {
            let deviation = gain / (columns as f64).sqrt();
            start.filled((rows, columns), || deviation * normal(random))
        })
    }
}

#[derive(Debug)]
pub(super) struct Glorot;

impl Initializer for Glorot {
    fn name(&self) -> &'static str {
        "glorot"
    }

    fn initialize(
        &self,
        start: &Start<'_>,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<LayerWeights>, Halt> {
        start.each(|(rows, columns), _| {
            let limit = (6.0 / (rows + columns) as f64).sqrt();
            start.filled((rows, columns), || limit * (2.0 * uniform(random) - 1.0))
        })
    }
}
