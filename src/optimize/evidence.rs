//! What a method has found, before anybody has judged it.

use super::{MethodRecord, ProofCounts, Work};
use crate::bounds::NeuronBounds;
use crate::control::StoppedBy;
use crate::problem::Candidate;
use crate::solve::TerminationStatus;

/// What a solver says of the problem.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// It has closed the gap.
    Optimal,
    /// There is no point.
    Infeasible,
    /// A limit or an interrupt came first.
    Stopped(StoppedBy),
    /// Nothing; what went wrong.
    Failed(String),
}

impl Claim {
    /// What the end of a solve claims.
    pub fn of(status: TerminationStatus) -> Self {
        match status {
            TerminationStatus::Optimal => Self::Optimal,
            TerminationStatus::Infeasible => Self::Infeasible,
            TerminationStatus::Stopped(reason) => Self::Stopped(reason),
        }
    }
}

/// What a method has found. Values of the objective are signed so that less is better.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Which method it was.
    pub method: MethodRecord,
    /// What it took.
    pub work: Work,
    /// Points, feasible or not.
    pub points: Vec<Candidate>,
    /// The solver's point, and its own figure for the value there.
    pub proposed: Option<Candidate>,
    /// See `proposed`.
    pub figure: Option<f64>,
    /// Bounds of the neurons over the whole domain, if there are any.
    pub bounds: Option<NeuronBounds>,
    /// A proven bound of the objective, perhaps infinite.
    pub proven: f64,
    /// The solver's bound.
    pub claimed: Option<f64>,
    /// What the solver says.
    pub claim: Claim,
    /// Why the solver's word is worth little here.
    pub doubt: Option<String>,
    /// What proves that there is no point.
    pub empty: Option<String>,
    /// What a careful reader should know.
    pub warnings: Vec<String>,
    /// What proving the solver's word again took.
    pub proof: Option<ProofCounts>,
}

impl Evidence {
    /// Nothing yet.
    pub fn new(method: MethodRecord) -> Self {
        Self {
            method,
            work: Work::default(),
            points: Vec::new(),
            proposed: None,
            figure: None,
            bounds: None,
            proven: f64::NEG_INFINITY,
            claimed: None,
            claim: Claim::Optimal,
            doubt: None,
            empty: None,
            warnings: Vec::new(),
            proof: None,
        }
    }

    /// A proof that there is no point.
    pub fn empty(method: MethodRecord, reason: String) -> Self {
        Self { empty: Some(reason), ..Self::new(method) }
    }

    /// Takes a proven bound into account.
    pub fn prove(&mut self, bound: f64) {
        // One that overflowed is none.
        if self.proven.is_nan() || bound > self.proven {
            self.proven = bound;
        }
    }
}
