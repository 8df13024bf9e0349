//! From a problem to a program that a solver takes, in two steps: bounds, then
//! scaling, encoding and rounds of cuts. Solves, comparisons and exported files
//! all go this way.

use std::borrow::Cow;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::{OptimizeError, OptimizeOptions, timed};
use crate::bounds::{LayerSummary, NeuronBounds, summarize};
use crate::control::{Clock, Silent, StoppedBy};
use crate::encode::{
    CutCounts, CutOptions, EncodeError, EncodedProblem, ReluEncoding, encode_with_outputs,
    encode_within,
};
use crate::problem::{NO_WHOLE_NUMBER, OBJECTIVE, Part, Problem};
use crate::scale::{Scaling, scale};
use crate::solve::{Backend, Highs, SolveOptions, TerminationStatus};
use crate::tighten::TightenError;

/// Bounds of a problem's neurons. They depend neither on encoding nor on scaling.
#[derive(Clone, Debug)]
pub struct Bounded {
    /// The bounds.
    pub bounds: NeuronBounds,
    /// What they say of each layer.
    pub layers: Vec<LayerSummary>,
    /// Seconds of propagation.
    pub propagation_seconds: f64,
    /// Seconds of linear and mixed-integer programs.
    pub tighten_seconds: f64,
    /// What ended that early.
    pub stopped_by: Option<StoppedBy>,
}

/// What bounding a problem comes to.
#[derive(Clone, Debug)]
pub enum Bounding {
    /// Bounds.
    Bounded(Bounded),
    /// A proof that there is no point.
    Infeasible {
        /// What proves it.
        reason: String,
        /// Seconds it took.
        seconds: f64,
    },
}

/// Bounds all neurons by the method of `options`, until the clock or its own limit ends that.
///
/// # Errors
/// [`TightenError`].
pub fn bound(
    problem: &Problem,
    options: &OptimizeOptions,
    clock: &Clock,
) -> Result<Bounding, OptimizeError> {
    let Some(whole) = problem.whole() else {
        let reason = NO_WHOLE_NUMBER.to_string();
        return Ok(Bounding::Infeasible { reason, seconds: 0.0 });
    };
    bound_part(problem, whole, options, clock)
}

/// [`bound`] for a part.
pub(super) fn bound_part(
    problem: &Problem,
    part: &Part,
    options: &OptimizeOptions,
    clock: &Clock,
) -> Result<Bounding, OptimizeError> {
    let mut tightening = options.tightening.clone();
    tightening.limits = clock.at_most(tightening.limits.time).limits();
    let mut seconds = 0.0;
    tracing::info!("bounds: by {}", options.tighten.name());
    let tightened = timed(&mut seconds, || options.tighten.bounds(problem, part, &tightening));
    let tightened = match tightened {
        Err(error @ TightenError::Infeasible { .. }) => {
            return Ok(Bounding::Infeasible { reason: error.to_string(), seconds });
        }
        tightened => tightened?,
    };
    let layers = summarize(problem.graph(), &tightened.bounds);
    tell_of_bounds(problem, &layers, &tightened.bounds);
    // The sum of nothing is −0.
    let tighten_seconds = 0.0 + tightened.layers.iter().map(|layer| layer.seconds).sum::<f64>();
    Ok(Bounding::Bounded(Bounded {
        layers,
        bounds: tightened.bounds,
        stopped_by: tightened.stopped_by,
        propagation_seconds: seconds - tighten_seconds,
        tighten_seconds,
    }))
}

pub(super) fn tell_of_bounds(problem: &Problem, layers: &[LayerSummary], bounds: &NeuronBounds) {
    let neurons: usize = layers.iter().map(|layer| layer.neurons).sum();
    let open: usize = layers.iter().map(|layer| layer.unstable).sum();
    let row = bounds.of(problem.rows()).interval(OBJECTIVE);
    let ends = [row.lower(), row.upper()].map(|end| problem.sense().signed(end));
    let [least, largest] = [ends[0].min(ends[1]), ends[0].max(ends[1])];
    tracing::info!(
        "bounds: {} of {neurons} neurons stable, objective within [{least:.6}, {largest:.6}]",
        neurons - open
    );
    for LayerSummary { layer, neurons, unstable, big_m_max, .. } in layers {
        tracing::debug!(
            "bounds: layer {layer}, {unstable} of {neurons} neurons unstable, largest big-M \
             {big_m_max:.3}"
        );
    }
}

/// A problem as a mixed-integer program, in the units in which it was encoded.
#[derive(Clone, Debug)]
pub struct Formulated<'a> {
    /// The problem, scaled if asked for.
    pub problem: Cow<'a, Problem>,
    /// The bounds, in the same units.
    pub bounds: Cow<'a, NeuronBounds>,
    /// What they say of each layer.
    pub layers: Vec<LayerSummary>,
    /// The program.
    pub encoded: EncodedProblem,
    /// What the rounds of cuts did.
    pub cuts: CutCounts,
    /// Seconds of scaling.
    pub scale_seconds: f64,
    /// Seconds of encoding, rounds of cuts included.
    pub encode_seconds: f64,
}

/// Scales, encodes, and separates cuts where the encoding has any.
///
/// # Errors
/// The encoding does not apply to a neuron, or the clock comes first.
///
/// # Panics
/// If an integer input has no whole number in its interval.
pub fn formulate<'a>(
    problem: &'a Problem,
    bounds: &'a NeuronBounds,
    encoding: &dyn ReluEncoding,
    scaling: Option<&dyn Scaling>,
    clock: &Clock,
) -> Result<Formulated<'a>, OptimizeError> {
    let part = problem.whole().expect("bounds are over a box with whole numbers");
    formulate_part(problem, part, bounds, (encoding, scaling), clock)
}

/// [`formulate`] with columns for the outputs of the network, for programs that others read
/// ([`encode_with_outputs`]).
///
/// # Errors
/// Those of [`formulate`].
///
/// # Panics
/// If an integer input has no whole number in its interval.
pub fn formulate_with_outputs<'a>(
    problem: &'a Problem,
    bounds: &'a NeuronBounds,
    encoding: &dyn ReluEncoding,
    scaling: Option<&dyn Scaling>,
    clock: &Clock,
) -> Result<Formulated<'a>, OptimizeError> {
    let encode = |problem: &_, bounds: &_| encode_with_outputs(problem, bounds, encoding, clock);
    formulate_by(problem, bounds, (encoding, scaling), clock, encode)
}

/// [`formulate`] for a part.
pub(super) fn formulate_part<'a>(
    problem: &'a Problem,
    part: &Part,
    bounds: &'a NeuronBounds,
    (encoding, scaling): (&dyn ReluEncoding, Option<&dyn Scaling>),
    clock: &Clock,
) -> Result<Formulated<'a>, OptimizeError> {
    let encode = |problem: &_, bounds: &_| encode_within(problem, part, bounds, encoding, clock);
    formulate_by(problem, bounds, (encoding, scaling), clock, encode)
}

fn formulate_by<'a>(
    problem: &'a Problem,
    bounds: &'a NeuronBounds,
    (encoding, scaling): (&dyn ReluEncoding, Option<&dyn Scaling>),
    clock: &Clock,
    encode: impl FnOnce(&Problem, &NeuronBounds) -> Result<EncodedProblem, EncodeError>,
) -> Result<Formulated<'a>, OptimizeError> {
    let started = Instant::now();
    tracing::info!("program: {} encoding", encoding.name());
    let (problem, bounds) = match scaling {
        None => (Cow::Borrowed(problem), Cow::Borrowed(bounds)),
        Some(scaling) => {
            let scaled = scale(problem.network_graph(), bounds, scaling);
            // Inputs and outputs keep their units, and so does the question.
            let of_question = problem.graph().nodes().skip(problem.network_graph().nodes().count());
            let bounds =
                of_question.fold(scaled.bounds, |all, (id, _)| all.and(bounds.of(id).clone()));
            (Cow::Owned(problem.with_graph(scaled.graph)), Cow::Owned(bounds))
        }
    };
    let scale_seconds = if scaling.is_some() { started.elapsed().as_secs_f64() } else { 0.0 };
    let mut encode_seconds = 0.0;
    let (encoded, cuts) = timed(&mut encode_seconds, || -> Result<_, OptimizeError> {
        let mut encoded = encode(&problem, &bounds)?;
        let mut limits = CutOptions::default();
        limits.limits = clock.at_most(limits.limits.time).limits();
        // Without cuts the program is what it was.
        let cuts = encoded.separate(encoding, &limits).unwrap_or_else(|error| {
            tracing::debug!("program: no cuts, {error}");
            CutCounts::default()
        });
        Ok((encoded, cuts))
    })?;
    let layers = summarize(problem.graph(), &bounds);
    let size = encoded.model.size();
    tracing::info!(
        "program: {} columns ({} binaries), {} rows, {} nonzeros",
        size.columns,
        size.binaries,
        size.rows,
        size.nonzeros
    );
    Ok(Formulated { problem, bounds, layers, encoded, cuts, scale_seconds, encode_seconds })
}

/// The linear relaxation of a program, without branching, presolve or the solver's cuts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Relaxation {
    /// Its bound, proven by its multipliers.
    pub bound: f64,
    /// Simplex iterations.
    pub lp_iterations: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
}

impl Formulated<'_> {
    /// Solves the relaxation at the root by HiGHS; `None` if the clock ends that, or it
    /// fails.
    pub fn relaxation(&self, clock: &Clock) -> Option<Relaxation> {
        let started = Instant::now();
        let program = self.encoded.model.clone().relaxed();
        tracing::info!("relaxation: at the root");
        let solution = Highs.solve_within(&program, &SolveOptions::default(), clock, &mut Silent);
        let solution = solution.ok().filter(|s| s.status == TerminationStatus::Optimal)?;
        Some(Relaxation {
            bound: self.problem.sense().signed(solution.objective_bound?),
            lp_iterations: solution.lp_iterations,
            seconds: started.elapsed().as_secs_f64(),
        })
    }
}
