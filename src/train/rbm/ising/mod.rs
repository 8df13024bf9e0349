//! The Ising model without a field: spins `±1` with `p(s) ∝ e^{J Σ s s'}` over neighbours, on a
//! ring ([`Ring`]) or a square lattice on a torus ([`Torus`]). `J` is the coupling in units of
//! the temperature; energies are in units of the coupling, for each spin.
//!
//! As a unit of a machine a spin is `(1 + s) / 2`.

pub mod exact;
mod observables;
mod ring;
mod wolff;

pub use observables::{
    Measured, autocorrelation_time, blocked, correlation_length, energy, magnetisation,
    row_correlations,
};
pub use ring::{Ring, decimated};
pub use wolff::Torus;

use super::Bits;

/// The spins of a row of units.
pub fn spins(bits: &Bits, row: usize) -> Vec<i8> {
    (0..bits.columns()).map(|unit| if bits.get(row, unit) { 1 } else { -1 }).collect()
}

/// Makes the units of a row those of spins.
fn put(bits: &mut Bits, row: usize, spins: &[i8]) {
    for (unit, _) in spins.iter().enumerate().filter(|(_, spin)| **spin > 0) {
        bits.set(row, unit);
    }
}
