//! Linear regions against counts by other means.

mod brute;
mod counts;
mod fixed;
mod limits;
#[path = "../random/exact/linear_program.rs"]
mod linear_program;
mod networks;
#[path = "../random/exact/rational.rs"]
#[allow(dead_code)]
mod rational;
mod subdivision;
