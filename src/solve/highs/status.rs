//! How a linear program ended.

/// How a solve of a [`LinearProgram`](super::LinearProgram) ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LpStatus {
    /// At an optimum.
    Optimal,
    /// As soon as the optimum was known to be above the value asked for.
    Above,
    /// There is no point.
    Infeasible,
    /// By its clock.
    Stopped,
}
