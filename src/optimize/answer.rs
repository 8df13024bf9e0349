//! What an optimisation gives back, as a record with a stable schema.

use std::borrow::Cow;
use std::ops::AddAssign;

use serde::Serialize;

use super::{Moment, PartCounts};
use crate::bounds::LayerSummary;
use crate::control::StoppedBy;
use crate::milp::ModelSize;

/// What is known about the optimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The gap is closed and a forward pass confirmed the point.
    Optimal,
    /// A point is known, the gap is open.
    Feasible,
    /// No point of the domain satisfies the constraints.
    Infeasible,
    /// Neither a point nor a proof that there is none.
    Unknown,
}

impl Status {
    /// Name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Optimal => "optimal",
            Self::Feasible => "feasible",
            Self::Infeasible => "infeasible",
            Self::Unknown => "unknown",
        }
    }
}

/// The answer to "what is the least (or largest) value?", with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answer {
    /// What is known.
    pub status: Status,
    /// What ended the search early.
    pub stopped_by: Option<StoppedBy>,
    /// Value of the objective at `input`, by a forward pass of the network as
    /// read.
    pub objective: Option<f64>,
    /// No feasible point has a better value.
    pub bound: Option<f64>,
    /// Who says so: `certified` holds for the real-arithmetic network, the name of a backend
    /// up to that backend's tolerances.
    pub bound_by: Option<&'static str>,
    /// Relative gap `|objective − bound| / |objective|`; `None` where the objective is 0 and
    /// the bound is not.
    pub gap: Option<f64>,
    /// The best point.
    pub input: Option<Vec<f64>>,
    /// The outputs there.
    pub output: Option<Vec<f64>>,
    /// How the point fared when evaluated.
    pub recheck: Option<Recheck>,
    /// The method, and how it was set.
    #[serde(flatten)]
    pub method: MethodRecord,
    /// When the backend's bound is proven again.
    pub certify: &'static str,
    /// What became of the parts of the domain, if it was divided; `model` and `layers`
    /// are those of the part with most binaries.
    pub parts: Option<PartCounts>,
    /// Nodes of the backend's search tree; regions, where these are enumerated.
    pub nodes: u64,
    /// The backend's simplex iterations.
    pub lp_iterations: u64,
    /// What proving the backend's word again took, if that was tried.
    pub proof: Option<ProofCounts>,
    /// Size of the mixed-integer program.
    pub model: ModelSize,
    /// Stable neurons and big-M constants, layer by layer, of the network that was
    /// encoded: the scaled one, if it was scaled.
    pub layers: Vec<LayerSummary>,
    /// How value and bound came about, in the direction of the question.
    pub history: Vec<Moment>,
    /// Time spent, by phase.
    pub seconds: Seconds,
    /// A claim of the backend that a forward pass refutes; the answer stands without it.
    pub refuted: Option<String>,
    /// What a careful reader should know.
    pub warnings: Vec<String>,
}

/// A method and its settings; `solver` in records.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "solver", rename_all = "lowercase")]
pub enum MethodRecord {
    /// A mixed-integer program.
    Milp(MilpRecord),
    /// All linear regions.
    Enumerate(EnumerateRecord),
    /// A branch and bound of Taut's own.
    Search(SearchRecord),
}

/// How a mixed-integer program was made and solved.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MilpRecord {
    /// Library behind it.
    pub backend: &'static str,
    /// Encoding of the unstable neurons.
    pub encoding: Cow<'static, str>,
    /// Method of the bounds.
    pub tighten: &'static str,
    /// Scaling of the network, or `none`.
    pub scale: &'static str,
    /// Setting of the backend's own heuristics.
    pub preset: &'static str,
    /// Whether the backend presolves.
    pub presolve: bool,
    /// What the backend was told of the point found before the solve.
    pub known_point: &'static str,
}

/// How regions were enumerated.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnumerateRecord {
    /// Method of the bounds that tell which neurons are stable.
    pub tighten: &'static str,
}

/// How the box was searched.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SearchRecord {
    /// Method of the bounds of the whole box, from which the search starts.
    pub tighten: &'static str,
}

impl MethodRecord {
    /// Name on the command line and in records.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Milp(_) => "milp",
            Self::Enumerate(_) => "enumerate",
            Self::Search(_) => "search",
        }
    }
}

/// What a method has done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// What became of the parts of the domain, if it was divided.
    pub parts: Option<PartCounts>,
    /// Nodes of the search tree; regions, where these are enumerated.
    pub nodes: u64,
    /// Simplex iterations.
    pub lp_iterations: u64,
    /// Size of the program.
    pub model: ModelSize,
    /// Layers of the network that was encoded.
    pub layers: Vec<LayerSummary>,
    /// Time spent, by phase.
    pub seconds: Seconds,
}

/// The point of the answer, evaluated by a forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Recheck {
    /// Whether box, integrality and constraints hold.
    pub feasible: bool,
    /// Difference between the solver's figure for its best point and the forward
    /// pass at the reported one, absolute; `None` if the solver has no point.
    pub objective_error: Option<f64>,
    /// Size of the numbers that the objective is made of there: what differences of values
    /// are compared with.
    pub objective_size: f64,
    /// Largest violation of a constraint, relative to the size of what it compares.
    pub violation: f64,
}

/// What a proof of Taut's own took ([`Certify`](super::Certify)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProofCounts {
    /// Parts of the box and linear programs.
    pub nodes: u64,
    /// Simplex iterations.
    pub lp_iterations: u64,
}

/// Wall-clock seconds by phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Seconds {
    /// Reading files.
    pub read: f64,
    /// Bound propagation.
    pub bounds: f64,
    /// Optimisation-based tightening.
    pub tighten: f64,
    /// Choosing factors and scaling the network.
    pub scale: f64,
    /// Search for a first point.
    pub incumbent: f64,
    /// Building the mixed-integer program, rounds of cuts included.
    pub encode: f64,
    /// In the solver.
    pub solve: f64,
    /// Polishing the solver's point.
    pub polish: f64,
    /// Proving what the solver says.
    pub certify: f64,
    /// All of it.
    pub total: f64,
}

impl AddAssign for Seconds {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.bounds += other.bounds;
        self.tighten += other.tighten;
        self.scale += other.scale;
        self.incumbent += other.incumbent;
        self.encode += other.encode;
        self.solve += other.solve;
        self.polish += other.polish;
        self.certify += other.certify;
        self.total += other.total;
    }
}
