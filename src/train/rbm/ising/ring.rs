//! Spins on a ring, exactly.
//!
//! With `t = tanh J`, `n` bonds between two spins weigh `1 + s s' tⁿ`, up to a factor. So the spin
//! behind `s` on a ring that closes at `s₁` after `n` more bonds has
//! `p(s') ∝ (1 + s s' t)(1 + s' s₁ tⁿ)`, and the spins left when every second one is summed over
//! are a ring with `tanh J' = t²`.

use rand_chacha::ChaCha8Rng;

use super::put;
use crate::num::random::uniform;
use crate::train::rbm::Bits;

/// A ring of spins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ring {
    /// Number of spins, from 2.
    pub length: usize,
    /// `J`.
    pub coupling: f64,
}

impl Ring {
    /// Independent samples, one a row.
    pub fn samples(self, count: usize, random: &mut ChaCha8Rng) -> Bits {
        let mut bits = Bits::zeros(count, self.length);
        for row in 0..count {
            put(&mut bits, row, &self.sample(random));
        }
        bits
    }

    fn sample(self, random: &mut ChaCha8Rng) -> Vec<i8> {
        let t = self.coupling.tanh();
        let first = if uniform(random) < 0.5 { 1 } else { -1 };
        let mut spins = vec![first];
        for place in 1..self.length {
            let left = i32::try_from(self.length - place).unwrap_or(i32::MAX);
            let (before, end) = (f64::from(spins[place - 1]), f64::from(first));
            let weight = |s: f64| (1.0 + before * s * t) * (1.0 + s * end * t.powi(left));
            let up = weight(1.0) / (weight(1.0) + weight(-1.0));
            spins.push(if uniform(random) < up { 1 } else { -1 });
        }
        spins
    }

    /// Exact `⟨s s'⟩` of two spins at a distance.
    pub fn correlation(self, distance: usize) -> f64 {
        let t = self.coupling.tanh();
        let power = |bonds: usize| t.powi(i32::try_from(bonds).unwrap_or(i32::MAX));
        let other = self.length - distance;
        (power(distance) + power(other)) / (1.0 + power(self.length))
    }
}

/// The coupling of a ring of which only every `factor`-th spin is left:
/// `tanh J' = tanh^factor J`.
pub fn decimated(coupling: f64, factor: usize) -> f64 {
    coupling.tanh().powi(i32::try_from(factor).unwrap_or(i32::MAX)).atanh()
}
