//! Random points of a box.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::IntervalBox;
use super::random::uniform;

/// Uniform points of a box, one after the other; the same for the same seed.
#[derive(Debug)]
pub struct UniformPoints<'a> {
    domain: &'a IntervalBox,
    random: ChaCha8Rng,
}

impl<'a> UniformPoints<'a> {
    /// The points of a seed.
    pub fn new(domain: &'a IntervalBox, seed: u32) -> Self {
        Self { domain, random: ChaCha8Rng::seed_from_u64(seed.into()) }
    }
}

impl Iterator for UniformPoints<'_> {
    type Item = Vec<f64>;

    fn next(&mut self) -> Option<Vec<f64>> {
        let ends = self.domain.lower().iter().zip(self.domain.upper());
        let coordinates = ends.map(|(&l, &u)| {
            let t = uniform(&mut self.random);
            ((1.0 - t) * l + t * u).clamp(l, u)
        });
        Some(coordinates.collect())
    }
}
