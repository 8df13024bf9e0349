//! Boltzmann machines: steps against PyTorch, sums over all states against differences, samplers
//! against known values.

mod exact;
mod initial;
mod ising;
mod renormalisation;
mod steps;
