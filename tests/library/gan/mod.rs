//! Games of two networks: derivatives against differences, steps against PyTorch, bits against
//! bits, and what exact methods say of a generator.

mod bad_input;
mod exact;
mod gradients;
mod runs;
mod steps;
