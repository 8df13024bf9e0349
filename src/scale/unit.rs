//! Big-M constants of 1: `s = 1 / M`.
//!
//! Every unstable neuron then has `max(−L, U) = 1`, from `√½` to `√2` after the rounding to
//! powers of two, whatever this does to the weights: those of the output become `wⱼ Mⱼ`.

use super::{Channel, Channels, Scaling};

/// Factors `1 / M`.
#[derive(Debug)]
pub struct UnitBigM;

impl Scaling for UnitBigM {
    fn name(&self) -> &'static str {
        "unit"
    }

    fn factors(&self, channels: &Channels) -> Vec<f64> {
        channels.all().iter().map(|channel: &Channel| channel.big_m_max.recip()).collect()
    }
}
