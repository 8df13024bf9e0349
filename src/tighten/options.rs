//! What is sought, and what it may take.

use std::time::Duration;

use super::Method;
use crate::control::Limits;

/// How close a search comes to what a forward pass attains, as a share of the neuron's range:
/// close enough to call the range known, for less than twice the parts that 0.01 takes.
const CLOSE: f64 = 1e-4;

/// The same where a slack of 0 is asked for: what rounding and linear programs leave.
const CLOSEST: f64 = 1e-7;

/// Settings of the tightening.
#[derive(Clone, Debug)]
pub struct TightenOptions {
    /// What bounds are sought for. Default: their width.
    pub goal: Goal,
    /// Time for propagation and all layers together; nodes of one mixed-integer program, nodes
    /// and memory of one search. Running out of it is no error. Default: no limit.
    pub limits: Limits,
    /// Worker threads. The bounds do not depend on their number. Default 1.
    pub threads: usize,
    /// A side is left alone if a forward pass comes this close to it, as a share
    /// of the neuron's range, and programs go no further. A search comes closer: to 1e-4 of the
    /// range, or to a slack that is less. Default 0.01.
    pub slack: f64,
    /// Time for one mixed-integer program, or one search. Default 5 s.
    pub neuron_time: Duration,
    /// Seed of the points that the forward passes start from. Default 0.
    pub seed: u32,
}

impl Default for TightenOptions {
    fn default() -> Self {
        Self {
            goal: Goal::default(),
            limits: Limits::default(),
            threads: 1,
            slack: 0.01,
            neuron_time: Duration::from_secs(5),
            seed: 0,
        }
    }
}

impl TightenOptions {
    /// How close a forward pass has to come to a bound, by a method, as a share of the neuron's
    /// range.
    pub(super) fn slack_of(&self, method: Method) -> f64 {
        match method {
            Method::Linear | Method::MixedInteger => self.slack,
            Method::Search => self.slack.clamp(CLOSEST, CLOSE),
        }
    }
}

/// What bounds are sought for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    /// Narrow intervals: small big-M constants and stable neurons.
    #[default]
    Width,
    /// Stable neurons only: a program stops as soon as it has proven a phase, and
    /// none is asked where forward passes show two. The outputs are bounded as
    /// ever.
    Phase,
}

impl Goal {
    /// All goals.
    pub const ALL: [Self; 2] = [Self::Width, Self::Phase];

    /// Name on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Width => "width",
            Self::Phase => "phase",
        }
    }
}
