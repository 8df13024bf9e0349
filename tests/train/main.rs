//! The trainer: derivatives against differences, bits against bits, values by hand.

mod command;
mod compress;
mod gradients;
mod optimizers;
mod recipes;
mod runs;
mod support;
