//! From a problem to a program that a solver takes, in two steps: bounds, then
//! scaling, encoding and rounds of cuts. Solves, comparisons and exported files
//! all go this way.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{OptimizeError, OptimizeOptions, timed};
use crate::bounds::{LayerSummary, NeuronBounds, summarize};
use crate::encode::{CutCounts, CutOptions, EncodedProblem, ReluEncoding, encode};
use crate::num::IntervalBox;
use crate::problem::Problem;
use crate::scale::{Scaling, scale};
use crate::solve::{Highs, Silent, SolveOptions, Solver, TerminationStatus};
use crate::tighten::TightenError;

/// Time since the start of a run, and what its limit leaves.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    limit: Option<Duration>,
}

impl Clock {
    /// Starts now.
    pub fn start(limit: Option<Duration>) -> Self {
        Self { started: Instant::now(), limit }
    }

    /// As if it had started later, by the time that went to something else.
    pub fn later(self, aside: Duration) -> Self {
        Self { started: self.started + aside, ..self }
    }

    /// Seconds since the start.
    pub fn elapsed(self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// What is left; `None` without a limit.
    pub fn left(self) -> Option<Duration> {
        self.limit.map(|limit| limit.saturating_sub(self.started.elapsed()))
    }
}

/// Bounds of a problem's neurons. They depend neither on encoding nor on scaling.
#[derive(Clone, Debug)]
pub struct Bounded {
    /// The box, with integer inputs narrowed to whole numbers.
    pub domain: IntervalBox,
    /// The bounds.
    pub bounds: NeuronBounds,
    /// What they say of each layer.
    pub layers: Vec<LayerSummary>,
    /// Seconds of propagation.
    pub propagation_seconds: f64,
    /// Seconds of linear and mixed-integer programs.
    pub tighten_seconds: f64,
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

/// Bounds all neurons by the method of `options`. The time limit of the solve holds
/// here too.
///
/// # Errors
/// [`TightenError`].
pub fn bound(problem: &Problem, options: &OptimizeOptions) -> Result<Bounding, OptimizeError> {
    let Some(domain) = problem.integral_domain() else {
        let reason = "no whole number lies in the box of an integer input".to_string();
        return Ok(Bounding::Infeasible { reason, seconds: 0.0 });
    };
    let mut tightening = options.tightening.clone();
    let limits = [tightening.time_limit, options.solve.time_limit];
    tightening.time_limit = limits.into_iter().flatten().min();
    let mut seconds = 0.0;
    let tightened = timed(&mut seconds, || options.tighten.bounds(problem, &domain, &tightening));
    let tightened = match tightened {
        Err(error @ TightenError::Infeasible { .. }) => {
            return Ok(Bounding::Infeasible { reason: error.to_string(), seconds });
        }
        tightened => tightened?,
    };
    let tighten_seconds = tightened.layers.iter().map(|layer| layer.seconds).sum();
    Ok(Bounding::Bounded(Bounded {
        layers: summarize(problem.graph(), &tightened.bounds),
        domain,
        bounds: tightened.bounds,
        propagation_seconds: seconds - tighten_seconds,
        tighten_seconds,
    }))
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
/// The encoding does not apply to a neuron, or a relaxation cannot be solved.
pub fn formulate<'a>(
    problem: &'a Problem,
    bounds: &'a NeuronBounds,
    encoding: &dyn ReluEncoding,
    scaling: Option<&dyn Scaling>,
    time_left: Option<Duration>,
) -> Result<Formulated<'a>, OptimizeError> {
    let started = Instant::now();
    let (problem, bounds) = match scaling {
        None => (Cow::Borrowed(problem), Cow::Borrowed(bounds)),
        Some(scaling) => {
            let scaled = scale(problem.graph(), bounds, scaling);
            (Cow::Owned(problem.with_graph(scaled.graph)), Cow::Owned(scaled.bounds))
        }
    };
    let scale_seconds = if scaling.is_some() { started.elapsed().as_secs_f64() } else { 0.0 };
    let mut encode_seconds = 0.0;
    let (encoded, cuts) = timed(&mut encode_seconds, || -> Result<_, OptimizeError> {
        let mut encoded = encode(&problem, &bounds, encoding)?;
        let mut limits = CutOptions::default();
        if let Some(left) = time_left {
            limits.time_limit = limits.time_limit.min(left.saturating_sub(started.elapsed()));
        }
        // Without cuts the program is what it was.
        let cuts = encoded.separate(encoding, &limits).unwrap_or_else(|error| {
            tracing::info!("no cuts: {error}");
            CutCounts::default()
        });
        Ok((encoded, cuts))
    })?;
    let layers = summarize(problem.graph(), &bounds);
    Ok(Formulated { problem, bounds, layers, encoded, cuts, scale_seconds, encode_seconds })
}

/// The linear relaxation of a program, without branching, presolve or the solver's cuts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Relaxation {
    /// Its bound, proven by its multipliers.
    pub bound: f64,
    /// Simplex iterations.
    pub lp_iterations: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
}

impl Formulated<'_> {
    /// Solves the relaxation at the root by HiGHS; `None` if that takes longer than the
    /// limit, or fails.
    pub fn relaxation(&self, time_limit: Option<Duration>) -> Option<Relaxation> {
        let started = Instant::now();
        let settings = SolveOptions { time_limit, ..SolveOptions::default() };
        let program = self.encoded.model.clone().relaxed();
        let solution = Highs.solve(&program, &settings, &mut Silent);
        let solution = solution.ok().filter(|s| s.status == TerminationStatus::Optimal)?;
        Some(Relaxation {
            bound: solution.objective_bound?,
            lp_iterations: solution.lp_iterations,
            seconds: started.elapsed().as_secs_f64(),
        })
    }
}
