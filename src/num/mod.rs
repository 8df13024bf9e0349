//! Numbers: intervals with outward rounding, error bounds of floating-point
//! sums, directed rounding, exact decimals, powers of two, twice the digits, random numbers, what
//! many numbers come to, and every tolerance of the project by name.

pub mod decimal;
pub mod directed;
pub mod exact;
mod interval;
pub mod power_of_two;
pub mod random;
pub mod rounding;
pub mod sample;
pub mod statistics;
pub mod symmetric;
pub mod tolerance;
pub mod twofold;
mod vectors;

pub use interval::{BoxError, Interval, IntervalBox};
pub(crate) use vectors::vectorized;
