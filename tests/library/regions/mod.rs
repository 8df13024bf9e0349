//! Linear regions against counts by other means.

mod brute;
mod counts;
mod fixed;
mod limits;
mod networks;
mod subdivision;
