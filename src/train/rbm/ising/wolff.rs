//! Spins on a torus, by clusters.
//!
//! A cluster grows from a random spin over neighbours of the same sign, each with the
//! probability `1 − e^{−2J}`, and is turned. Source: Wolff, "Collective Monte Carlo updating for
//! spin systems" (1989).

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use super::put;
use crate::control::{Clock, StoppedBy};
use crate::num::random::index;
use crate::train::rbm::Bits;

/// Times that all spins are turned, on average, before the first sample.
const WARM_UP: usize = 200;

/// A square lattice on a torus, and its spins.
#[derive(Debug)]
pub struct Torus {
    side: usize,
    spins: Vec<i8>,
    /// A neighbour joins where a random word is below it.
    threshold: u64,
    random: ChaCha8Rng,
    cluster: Vec<usize>,
}

impl Torus {
    /// A lattice of `side × side` spins at a coupling from 0, warmed up.
    ///
    /// # Errors
    /// The clock has ended it.
    ///
    /// # Panics
    /// If the side is below 2.
    pub fn new(
        side: usize,
        coupling: f64,
        mut random: ChaCha8Rng,
        clock: &Clock,
    ) -> Result<(Self, f64), StoppedBy> {
        assert!(side > 1, "a lattice");
        let joins = -(-2.0 * coupling).exp_m1();
        let threshold = (joins * 2f64.powi(32)) as u64;
        let spins = (0..side * side).map(|_| if random.next_u32() & 1 == 0 { 1 } else { -1 });
        let spins = spins.collect();
        let mut torus = Self { side, spins, threshold, random, cluster: Vec::new() };
        let (mut turned, mut clusters) = (0, 0.0);
        while turned < WARM_UP * side * side {
            clock.go_on()?;
            turned += torus.turn();
            clusters += 1.0;
        }
        let mean = turned as f64 / clusters;
        Ok((torus, mean))
    }

    /// The spins, row by row.
    pub fn spins(&self) -> &[i8] {
        &self.spins
    }

    /// Turns a cluster; gives back its size.
    pub fn turn(&mut self) -> usize {
        let (side, count) = (self.side, self.spins.len());
        let start = index(&mut self.random, count);
        let sign = self.spins[start];
        self.spins[start] = -sign;
        self.cluster.clear();
        self.cluster.push(start);
        let mut size = 0;
        while let Some(place) = self.cluster.pop() {
            size += 1;
            let (row, column) = (place / side * side, place % side);
            let left = row + if column == 0 { side - 1 } else { column - 1 };
            let right = row + if column + 1 == side { 0 } else { column + 1 };
            let up = if place < side { place + count - side } else { place - side };
            let down = if place + side >= count { place + side - count } else { place + side };
            for neighbour in [left, right, up, down] {
                if self.spins[neighbour] == sign
                    && u64::from(self.random.next_u32()) < self.threshold
                {
                    self.spins[neighbour] = -sign;
                    self.cluster.push(neighbour);
                }
            }
        }
        size
    }

    /// Samples of a lattice, one a row; between two of them as many clusters are turned as have
    /// `sweeps` times as many spins as the lattice, on average. (To turn until so many spins have
    /// been turned would prefer what follows a large cluster.)
    ///
    /// # Errors
    /// The clock has ended it.
    pub fn samples(
        (side, coupling): (usize, f64),
        (count, sweeps): (usize, f64),
        random: ChaCha8Rng,
        clock: &Clock,
    ) -> Result<Bits, StoppedBy> {
        let (mut torus, mean) = Self::new(side, coupling, random, clock)?;
        let clusters = (sweeps * (side * side) as f64 / mean).ceil().max(1.0) as usize;
        let mut bits = Bits::zeros(count, side * side);
        for row in 0..count {
            clock.go_on()?;
            for _ in 0..clusters {
                torus.turn();
            }
            put(&mut bits, row, &torus.spins);
        }
        Ok(bits)
    }
}
