//! Whether a property holds: is there a point of a box whose outputs are in an unsafe set?
//!
//! Stage by stage, each for what the one before has left open: bounds of all conditions over each
//! part of the property at once; an attack, which seeks a counterexample by gradients; the search
//! of [`crate::search`], which finds one or proves that there is none; and in between, where
//! inputs are few, a walk over all linear regions.
//!
//! `Violated` has a point that was looked at in exact arithmetic (`witness.rs`), `Holds` a proof
//! over the real numbers for a closed set that holds the query's.

mod attack;
mod ball;
mod enumerate;
mod group;
mod hunt;
mod networks;
mod property;
mod robust;
mod run;
mod witness;

use serde::Serialize;
use thiserror::Error;

pub use networks::Misfit;
pub use property::{Property, PropertyError};
pub use robust::{Norm, Robustness, RobustnessError};
use run::Run;
pub use witness::Counterexample;

use crate::bounds::BoundsError;
use crate::control::{Clock, Observer, StoppedBy};
use crate::problem::ProblemError;

/// How to verify.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// Threads. Default: 1.
    pub threads: usize,
    /// Seed of the attack. Default: 0.
    pub seed: u32,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self { threads: 1, seed: 0 }
    }
}

/// What is known of a property.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// No point satisfies the query: `unsat`.
    Holds,
    /// This one does: `sat`.
    Violated(Counterexample),
    /// Neither is known, and why.
    Unknown(Unknown),
}

impl Verdict {
    /// Name in records, as the competition has it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Holds => "unsat",
            Self::Violated(_) => "sat",
            Self::Unknown(Unknown::Stopped(StoppedBy::TimeLimit)) => "timeout",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The limit, or the interrupt, that came first.
    pub fn stopped_by(&self) -> Option<StoppedBy> {
        match self {
            Self::Unknown(Unknown::Stopped(reason)) => Some(*reason),
            _ => None,
        }
    }
}

/// Why nothing is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Unknown {
    /// A limit, or an interrupt.
    Stopped(StoppedBy),
    /// A point is a counterexample over the real numbers and not in the type of the network, or
    /// the other way round.
    Disagreement(Counterexample),
    /// What is left lies on the border of what the query says.
    Border,
    /// No number of the network's type lies within the bounds of an input, such as 0.1 and 0.1.
    NoNumber,
}

/// The stages, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Bounds over whole parts.
    Bounds,
    /// Gradients.
    Attack,
    /// Branch and bound.
    Search,
}

impl Stage {
    /// Name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bounds => "bounds",
            Self::Attack => "attack",
            Self::Search => "search",
        }
    }
}

/// What a stage did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StageRecord {
    /// Which one.
    pub stage: Stage,
    /// Alternatives (parts with one conjunction each) that it began with.
    pub alternatives: usize,
    /// Alternatives of which it has shown that they have no point.
    pub closed: usize,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// What verifying found.
#[derive(Clone, Debug)]
pub struct Verified {
    /// What is known.
    pub verdict: Verdict,
    /// The stages that took place.
    pub stages: Vec<StageRecord>,
    /// Boxes of the property.
    pub parts: usize,
    /// Parts of the search.
    pub nodes: u64,
}

/// Why a property cannot be looked at.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// Its numbers overflow.
    #[error(transparent)]
    Bounds(#[from] BoundsError),
    /// A condition is none on numbers of double precision.
    #[error(transparent)]
    Problem(#[from] ProblemError),
}

/// Verifies a property.
///
/// # Errors
/// [`VerifyError`].
pub fn verify(
    property: &Property,
    options: &VerifyOptions,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<Verified, VerifyError> {
    match property.parts.first() {
        None => Ok(Verified { verdict: Verdict::Holds, stages: Vec::new(), parts: 0, nodes: 0 }),
        Some(first) => Run::new(property, first, options, *clock)?.finish(observer),
    }
}
