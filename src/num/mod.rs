//! Numbers: intervals with outward rounding, error bounds of floating-point
//! sums, directed rounding, and every tolerance of the project by name.

pub mod directed;
pub mod exact;
mod interval;
pub mod rounding;
pub mod tolerance;

pub use interval::{BoxError, Interval, IntervalBox};
