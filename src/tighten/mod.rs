//! Optimisation-based bound tightening: the range of each neuron over a
//! relaxation of the layers before it.
//!
//! Layers forward. For each neuron whose phase is still open, the linear program
//! over the triangle relaxation (bounds of the columns the best at hand, the
//! problem's constraints on inputs among the rows) gives its largest and least
//! pre-activation. A bound is never the solver's figure but the dual bound
//! re-derived from its multipliers ([`crate::milp::dual_bound`]), and these are
//! kept as a [`Certificate`].
//!
//! Constraints on outputs say something of every neuron before them: once all
//! layers are bounded, each is bounded again, inputs first, over the relaxation
//! of the whole network with these constraints among its rows. Whatever constraints
//! take part, the bounds hold for the inputs that satisfy them, and for no others.
//!
//! Progressive, so that few programs are solved: stable neurons are skipped; a
//! neuron whose upper bound falls to 0 needs no lower one; a side that a true
//! forward pass almost attains cannot gain. Source: Tjeng, Xiao, Tedrake,
//! "Evaluating robustness of neural networks with mixed integer programming"
//! (2019); Plate et al. (2025), eq. (8).

mod certificate;
mod layer;
mod pool;
mod record;
mod run;

use std::time::Duration;

use serde::Serialize;
use thiserror::Error;

use crate::bounds::{AlphaCrown, BoundsError, NeuronBounds, PROPAGATORS, Propagator};
use crate::control::{Clock, Limits, StoppedBy};
use crate::encode::EncodeError;
use crate::problem::{Part, Problem};
use crate::solve::SolveError;

pub use certificate::{Certificate, CertificateError, Lemma, Side};
pub use record::{BoundsRecord, LayerBounds, NodeBounds};
use run::{Pass, Run};

/// Settings of the tightening.
#[derive(Clone, Debug)]
pub struct TightenOptions {
    /// What bounds are sought for. Default: their width.
    pub goal: Goal,
    /// Time for propagation and all layers together. Running out of it is no error.
    /// Default: no limit.
    pub limits: Limits,
    /// Worker threads. The bounds do not depend on their number. Default 1.
    pub threads: usize,
    /// A side is left alone if a forward pass comes this close to it, as a share
    /// of the neuron's range. Default 0.01.
    pub slack: f64,
    /// Time for one mixed-integer program. Default 5 s.
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

/// Kind of programs that bound a neuron.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Linear programs over the triangle relaxation.
    #[default]
    Linear,
    /// Mixed-integer programs: the network as it is, by branch and bound over
    /// certified linear programs.
    MixedInteger,
}

impl Method {
    /// Name on the command line, where it is that of the strongest programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "lp",
            Self::MixedInteger => "milp",
        }
    }
}

/// What happened to the sides (two per neuron) of one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TightenCounts {
    /// Number of the layer, from 1; 0 for the inputs, one more than there are for
    /// the output.
    pub layer: usize,
    /// Whether constraints on outputs took part.
    pub with_outputs: bool,
    /// Kind of programs.
    pub method: Method,
    /// Sides of all its neurons.
    pub sides: usize,
    /// Not asked because the phase was proven before, or by the other side.
    pub skipped_stable: usize,
    /// Not asked because a forward pass almost attains the bound, or shows that
    /// the phase sought is not there.
    pub skipped_attained: usize,
    /// Not asked because the bounds are exact: interval bounds in a first layer.
    pub skipped_exact: usize,
    /// Not asked, or not to the end, because the time of the layer was over.
    pub skipped_time: usize,
    /// Programs solved to the end.
    pub solved: usize,
    /// Programs that were not.
    pub failed: usize,
    /// Simplex iterations.
    pub lp_iterations: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
}

impl TightenCounts {
    fn new(method: Method) -> Self {
        Self { method, ..Self::default() }
    }

    fn add(&mut self, other: &Self) {
        self.skipped_stable += other.skipped_stable;
        self.skipped_time += other.skipped_time;
        self.solved += other.solved;
        self.failed += other.failed;
        self.lp_iterations += other.lp_iterations;
    }
}

/// Tightened bounds, and what they cost.
#[derive(Clone, Debug)]
pub struct Tightened {
    /// Bounds of every node; where the problem has constraints on inputs, over the
    /// points that satisfy them.
    pub bounds: NeuronBounds,
    /// One entry per layer and kind of programs, in the order of the work.
    pub layers: Vec<TightenCounts>,
    /// What proves the bounds that linear programs have found, in the order of
    /// the work: the premises of each hold by propagation and by those before it.
    pub certificates: Vec<Certificate>,
    /// What ended the work before all sides were asked.
    pub stopped_by: Option<StoppedBy>,
}

impl Tightened {
    /// Bounds from elsewhere.
    pub fn of(bounds: NeuronBounds) -> Self {
        Self { bounds, layers: Vec::new(), certificates: Vec::new(), stopped_by: None }
    }
}

/// Why there are no tightened bounds.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum TightenError {
    /// No bounds to start from.
    #[error(transparent)]
    Bounds(BoundsError),
    /// The relaxation cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The relaxation cannot be solved.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// Constraints that exclude each other, which is proven, or bounds that do.
    #[error("no input satisfies the constraints, which the bounds of node {node} prove")]
    Infeasible {
        /// Index of the node in the canonical form.
        node: usize,
    },
}

impl From<BoundsError> for TightenError {
    fn from(error: BoundsError) -> Self {
        match error {
            BoundsError::Empty { node } => Self::Infeasible { node },
            BoundsError::Overflow { .. } => Self::Bounds(error),
        }
    }
}

/// A method that bounds every neuron: one of the propagations, or tightening.
#[derive(Clone, Copy, Debug)]
pub enum Tightening {
    /// Propagation through the network, without a solver.
    Propagation(&'static dyn Propagator),
    /// Linear programs over the triangle relaxation, after α-CROWN.
    LinearPrograms,
    /// Mixed-integer programs, after the linear ones.
    MixedIntegerPrograms,
}

impl Tightening {
    /// All methods, from the weakest to the strongest.
    pub fn all() -> Vec<Self> {
        let propagations = PROPAGATORS.iter().map(|&p| Self::Propagation(p));
        propagations.chain([Self::LinearPrograms, Self::MixedIntegerPrograms]).collect()
    }

    /// Name on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Propagation(propagator) => propagator.name(),
            Self::LinearPrograms => "lp",
            Self::MixedIntegerPrograms => "milp",
        }
    }

    /// Bounds of every neuron, and of the rows of the question, over a part of a problem.
    ///
    /// # Errors
    /// [`TightenError`].
    pub fn bounds(
        self,
        problem: &Problem,
        part: &Part,
        options: &TightenOptions,
    ) -> Result<Tightened, TightenError> {
        match self {
            Self::Propagation(propagator) => {
                let clock = Clock::start(&options.limits);
                let bounds = propagator.propagate_within(problem.graph(), &part.domain, &clock)?;
                let bounds = limited(problem, part, bounds)?;
                Ok(Tightened { stopped_by: clock.stopped(), ..Tightened::of(bounds) })
            }
            Self::LinearPrograms => tighten(problem, part, &[Method::Linear], options),
            Self::MixedIntegerPrograms => {
                tighten(problem, part, &[Method::Linear, Method::MixedInteger], options)
            }
        }
    }
}

/// The bounds with the rows of the question within the limits of a part.
///
/// # Errors
/// No row lies within its limit: the part has no point.
pub(crate) fn limited(
    problem: &Problem,
    part: &Part,
    bounds: NeuronBounds,
) -> Result<NeuronBounds, BoundsError> {
    let node = problem.rows();
    let rows = bounds.of(node).within(&part.rows);
    let rows = rows.ok_or(BoundsError::Empty { node: node.index() })?;
    Ok(bounds.with(node, rows))
}

/// The share of the time left that a pass over all layers may take, unless it is the last.
const PASS_SHARE: f64 = 0.5;

/// Tightens the bounds of every neuron whose phase α-CROWN leaves open, and of the
/// outputs, by programs of the given kinds: all layers by the first, then by the
/// next, whose bounds are never wider.
///
/// # Errors
/// [`TightenError`]. A single program that fails, or the end of the time, only
/// leaves bounds as they were.
pub fn tighten(
    problem: &Problem,
    part: &Part,
    methods: &[Method],
    options: &TightenOptions,
) -> Result<Tightened, TightenError> {
    let clock = Clock::start(&options.limits);
    let mut run = Run::new(problem, part, options, clock);
    let has_output_constraints = problem.limited_rows(part).any(|row| row.has_outputs());
    let rounds = if has_output_constraints { &[false, true][..] } else { &[false] };
    let passes: Vec<(bool, Method)> = rounds
        .iter()
        .flat_map(|&round| methods.iter().map(move |&method| (round, method)))
        .collect();
    let mut bounds = None;
    for (position, &(with_outputs, method)) in passes.iter().enumerate() {
        let is_last = position + 1 == passes.len();
        let clock = if is_last { clock } else { clock.share(PASS_SHARE) };
        let pass = Pass { method, with_outputs, clock };
        bounds = Some(match bounds {
            Some(bounds) if with_outputs => run.with_outputs(pass, bounds)?,
            bounds => run.forward(pass, bounds)?,
        });
    }
    match bounds {
        Some(bounds) => Ok(run.finish(bounds, &clock)),
        None => {
            let bounds = AlphaCrown.propagate_within(problem.graph(), &part.domain, &clock)?;
            Ok(run.finish(limited(problem, part, bounds)?, &clock))
        }
    }
}
