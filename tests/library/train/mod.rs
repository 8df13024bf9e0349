//! The trainer: derivatives against differences, bits against bits, values by hand.

mod compress;
mod extremes;
mod gradients;
mod optimizers;
mod rbm;
mod recipes;
mod runs;
mod stops;
mod support;
