//! Optimisation-based bound tightening: the range of each neuron over the layers before it, or
//! over a relaxation of them.
//!
//! Layers forward. For each neuron whose phase is still open, the linear program
//! over the triangle relaxation (bounds of the columns the best at hand, the
//! problem's constraints on inputs among the rows) gives its largest and least
//! pre-activation. A bound is never the solver's figure but the dual bound
//! re-derived from its multipliers ([`crate::milp::dual_bound`]), and these are
//! kept as a [`Certificate`].
//!
//! The network as it is, not a relaxation, is what mixed-integer programs bound, and Taut's own
//! search over boxes ([`crate::search`]), which is by far the faster where there are few inputs.
//! What either proves is rounded outward in all its steps, but the proofs are not kept: they
//! are trees.
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
mod counts;
mod ground;
mod layer;
mod options;
mod pool;
mod programs;
mod record;
mod run;
mod searches;
mod workers;

use thiserror::Error;

use crate::bounds::{AlphaCrown, BoundsError, NeuronBounds, PROPAGATORS, Propagator};
use crate::control::{Clock, StoppedBy};
use crate::encode::EncodeError;
use crate::problem::{Part, Problem};
use crate::search::MOST_HALVED;
use crate::solve::SolveError;

pub use certificate::{Certificate, CertificateError, Lemma, Side};
pub use counts::{Method, TightenCounts};
pub use options::{Goal, TightenOptions};
pub use record::{BoundsRecord, LayerBounds, NodeBounds};
use run::{Pass, Run};

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
    /// Taut's own search, after α-CROWN; mixed-integer programs where more inputs vary than it
    /// can halve.
    Search,
}

impl Tightening {
    /// All methods, from the weakest to the strongest; the last two are exact.
    pub fn all() -> Vec<Self> {
        let propagations = PROPAGATORS.iter().map(|&p| Self::Propagation(p));
        let others = [Self::LinearPrograms, Self::MixedIntegerPrograms, Self::Search];
        propagations.chain(others).collect()
    }

    /// Whether nothing but a gap stands between its bounds and the range of a neuron.
    pub fn is_exact(self) -> bool {
        matches!(self, Self::MixedIntegerPrograms | Self::Search)
    }

    /// Name on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Propagation(propagator) => propagator.name(),
            Self::LinearPrograms => "lp",
            Self::MixedIntegerPrograms => "milp",
            Self::Search => "search",
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
            Self::Search if part.varying() > MOST_HALVED => {
                let inputs = part.varying();
                tracing::warn!(
                    "{inputs} inputs vary, and a search halves at most {MOST_HALVED}: the neurons \
                     are bounded by mixed-integer programs"
                );
                Self::MixedIntegerPrograms.bounds(problem, part, options)
            }
            Self::Search => tighten(problem, part, &[Method::Search], options),
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
/// outputs, by the given methods: all layers by the first, then by the
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
