//! Numbers: intervals with outward rounding, error bounds of floating-point
//! sums, directed rounding, random numbers, and every tolerance of the project by name.

pub mod directed;
pub mod exact;
mod interval;
pub mod random;
pub mod rounding;
pub mod tolerance;

pub use interval::{BoxError, Interval, IntervalBox};
