//! Why questions about a network are easy or hard: sizes, big-M constants, stable neurons,
//! linear regions, Lipschitz bounds, sensitivity and complexity, side by side.
//!
//! These are the indicators that Plate et al., "An analysis of optimization problems
//! involving ReLU neural networks" (2025), set against solver times, with those of Guan
//! (2024) for the complexity of the outputs. What a figure is stands at the field that
//! holds it.

mod lempel_ziv;
mod lipschitz;
mod sensitivity;

use std::time::Duration;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};
use serde::Serialize;
use thiserror::Error;

pub use lempel_ziv::{LEVELS, LempelZiv, quantised};
pub use lipschitz::{global, is_small, local};
use sensitivity::CHUNK;
pub use sensitivity::{PERTURBATION, Sensitivity, monte_carlo, samples, sensitivity};

use crate::bounds::LayerSummary;
use crate::bounds::NeuronBounds;
use crate::control::{Clock, Limits, StoppedBy};
use crate::encode::{BigM, EncodeError};
use crate::num::statistics::argmax;
use crate::optimize::{
    Bounding, OptimizeError, OptimizeOptions, Relaxation, bound, first_point, formulate,
    relative_gap,
};
use crate::problem::Problem;
use crate::prune::redundancy;
use crate::regions::{
    ChordSample, LayerStability, Method, RegionCount, RegionError, RegionOptions, count,
    sample_chords, stability,
};
use crate::tighten::{TightenOptions, Tightening};

/// What to measure.
#[derive(Clone, Debug)]
pub struct AnalyzeOptions {
    /// Methods of the bounds. Default: all but the exact ones.
    pub tightenings: Vec<Tightening>,
    /// Limits and settings of these.
    pub tightening: TightenOptions,
    /// How regions are counted, and its limits. Default: a minute, 10⁷ cells.
    pub regions: RegionOptions,
    /// Points for sensitivity and complexity. Default 1000.
    pub samples: usize,
    /// Segments for the complexity along chords. Default 100.
    pub chords: usize,
    /// Seed of points and segments. Default 0.
    pub seed: u32,
    /// Limits of the whole. Default: none.
    pub limits: Limits,
}

impl Default for AnalyzeOptions {
    fn default() -> Self {
        let tightenings = Tightening::all().into_iter();
        Self {
            tightenings: tightenings.filter(|tighten| !tighten.is_exact()).collect(),
            tightening: TightenOptions::default(),
            regions: RegionOptions {
                limits: Limits {
                    nodes: Some(10_000_000),
                    ..Limits::of_time(Duration::from_secs(60))
                },
                ..RegionOptions::default()
            },
            samples: 1000,
            chords: 100,
            seed: 0,
            limits: Limits::default(),
        }
    }
}

/// The figures of one network on one domain.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Analysis {
    /// What ended the work, or a part of it, early; figures that it left out are none.
    pub stopped_by: Option<StoppedBy>,
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
    /// Number of neurons with an activation, of the canonical form.
    pub neurons: usize,
    /// Multiplications of one forward pass of the canonical form.
    pub multiplications: usize,
    /// The best value known of the objective: the known answer, or that of a point that
    /// samples and gradient steps find.
    pub best_known: Option<f64>,
    /// One entry per method of bounds.
    pub methods: Vec<MethodFigures>,
    /// Linear regions in the domain.
    pub regions: Option<RegionCount>,
    /// Which neurons are stable, exactly: by their phases in all regions; `None` where these
    /// were not enumerated.
    pub stability: Option<Vec<LayerStability>>,
    /// Why the regions were not counted.
    pub regions_error: Option<String>,
    /// Linear pieces along random segments of the domain.
    pub chords: Option<ChordSample>,
    /// Lipschitz bounds.
    pub lipschitz: Lipschitz,
    /// Change of the outputs under small changes of the inputs.
    pub sensitivity: Sensitivity,
    /// Complexity of the outputs on a fixed sequence of random points.
    pub complexity: Complexity,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// What one method of bounds says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MethodFigures {
    /// Name of the method.
    pub tighten: &'static str,
    /// Stable neurons and big-M constants, layer by layer.
    pub layers: Vec<LayerSummary>,
    /// Share of neurons whose phase is proven.
    pub stable_share: f64,
    /// Neurons whose phase is open.
    pub unstable: usize,
    /// Neurons that the domain makes superfluous: constant, linear, or read by no output
    /// ([`redundancy`]).
    pub redundant: usize,
    /// Largest big-M constant.
    pub big_m_max: f64,
    /// Sum of the big-M constants.
    pub big_m_sum: f64,
    /// The linear relaxation of the big-M encoding on these bounds.
    pub relaxation: Option<Relaxation>,
    /// Relative distance of its bound from the best value known.
    pub root_gap: Option<f64>,
    /// What ended the work on the bounds early.
    pub stopped_by: Option<StoppedBy>,
    /// Seconds for the bounds.
    pub seconds: f64,
}

/// Bounds on the Lipschitz constant, in the Euclidean norms of inputs and outputs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Lipschitz {
    /// It is at most that anywhere: products of spectral norms; `None` for networks with
    /// matrices too large to be written out.
    pub global: Option<f64>,
    /// It is at most that on the domain, on the last bounds of `methods`; `None` without any,
    /// or likewise.
    pub local: Option<f64>,
    /// It is at least that: the longest gradient of one output at the sampled points.
    pub sampled: f64,
}

/// Lempel–Ziv complexity of what the network says of random points, in the order in which
/// they were drawn.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Complexity {
    /// The index of the largest output, point by point; `None` with a single output, or
    /// more than 256.
    pub labels: Option<LempelZiv>,
    /// Each output on [`LEVELS`] levels between its 1 % and 99 % quantiles.
    pub outputs: Vec<LempelZiv>,
}

/// Why there is no analysis.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum AnalyzeError {
    /// No bounds, or no relaxation.
    #[error(transparent)]
    Optimize(#[from] OptimizeError),
    /// More points than the memory is meant for.
    #[error(
        "samples is {samples}; expected at most {most} points for {numbers} inputs and outputs"
    )]
    Samples {
        /// Points asked for.
        samples: usize,
        /// Points allowed.
        most: usize,
        /// Inputs and outputs of the network.
        numbers: usize,
    },
    /// No point satisfies the constraints.
    #[error("there is nothing to analyse: {reason}")]
    Infeasible {
        /// What proves it.
        reason: String,
    },
}

/// Measures `problem`. What the limits leave no time for is left out.
///
/// # Errors
/// [`AnalyzeError`]. Regions that cannot be counted are a field of the answer.
pub fn analyze(problem: &Problem, options: &AnalyzeOptions) -> Result<Analysis, AnalyzeError> {
    let clock = Clock::start(&options.limits);
    check_samples(problem, options.samples)?;
    let graph = problem.network_graph();
    let domain = problem.integral_domain().unwrap_or_else(|| problem.domain());
    let best_known = problem.reference().map(|known| known.objective);
    let best_known = best_known
        .or_else(|| first_point(problem, options.seed, &clock).map(|point| point.objective));
    let mut methods: Vec<MethodFigures> = Vec::new();
    let mut local_bound = None;
    for &tighten in &options.tightenings {
        if clock.is_stopped() {
            break;
        }
        let (figures, bounds) = method_figures(problem, tighten, options, best_known, &clock)?;
        methods.push(figures);
        local_bound = if is_small(graph) { local(graph, &bounds, &clock) } else { None };
    }
    tracing::info!("sensitivity: {} random points", options.samples);
    let points = samples(domain, options.samples, options.seed);
    let sensitivity = sensitivity(graph, domain, &points, options.seed, &clock);
    let (regions, regions_error, stability) = match clock.is_stopped() {
        true => (None, None, None),
        false => match count_or_sample(problem, &options.regions, &clock) {
            Ok((regions, stability)) => (Some(regions), None, stability),
            Err(error) => (None, Some(error.to_string()), None),
        },
    };
    let chords = match options.chords {
        0 => None,
        chords => {
            tracing::info!("chords: regions on {chords} random segments");
            sample_chords(graph, domain, chords, options.seed, &clock).unwrap_or(None)
        }
    };
    tracing::info!("complexity: of the outputs");
    let values = outputs(problem, points.slice(s![..sensitivity.points, ..]));
    let class = |row: ArrayView1<f64>| argmax(row.iter().copied()).expect("an output");
    // Labels of more classes are not looked at.
    let labels = || values.outer_iter().map(|row| class(row) as u8).collect::<Vec<u8>>();
    let outputs = values.columns().into_iter().map(|column| quantised(&column.to_vec()));
    let layers = graph.activation_layers();
    let stopped_by = clock.stopped();
    let of_methods = methods.iter().find_map(|method| method.stopped_by);
    let of_regions = regions.as_ref().and_then(|regions| regions.stopped_by);
    Ok(Analysis {
        stopped_by: stopped_by.or(of_methods).or(of_regions),
        inputs: graph.size(graph.input()),
        outputs: graph.size(graph.output()),
        neurons: layers.map(|layer| graph.size(layer.node)).sum(),
        multiplications: graph.weights(),
        best_known,
        methods,
        regions_error,
        stability,
        regions,
        chords,
        lipschitz: Lipschitz {
            global: if is_small(graph) { global(graph, &clock) } else { None },
            local: local_bound,
            sampled: sensitivity.gradient_max,
        },
        sensitivity,
        complexity: Complexity {
            labels: (2..=LEVELS).contains(&values.ncols()).then(|| LempelZiv::of(&labels())),
            outputs: outputs.map(|levels| LempelZiv::of(&levels)).collect(),
        },
        seconds: clock.seconds(),
    })
}

/// Most numbers that the sampled points and their outputs may have, 1 GiB of them.
const MOST_NUMBERS: usize = 1 << 27;

fn check_samples(problem: &Problem, samples: usize) -> Result<(), AnalyzeError> {
    let numbers = problem.network().inputs() + problem.network().outputs();
    let most = MOST_NUMBERS / numbers;
    match samples <= most {
        true => Ok(()),
        false => Err(AnalyzeError::Samples { samples, most, numbers }),
    }
}

/// What the network computes at points (points × inputs).
fn outputs(problem: &Problem, points: ArrayView2<f64>) -> Array2<f64> {
    let mut values = Array2::zeros((points.nrows(), problem.network().outputs()));
    let rows = values.axis_chunks_iter_mut(Axis(0), CHUNK);
    for (mut rows, points) in rows.zip(points.axis_chunks_iter(Axis(0), CHUNK)) {
        rows.assign(&problem.network().evaluate(points));
    }
    values
}

/// The exact count with the stable neurons or, where its limits come first, the better lower
/// bound of it and of random points.
fn count_or_sample(
    problem: &Problem,
    options: &RegionOptions,
    clock: &Clock,
) -> Result<(RegionCount, Option<Vec<LayerStability>>), RegionError> {
    let own = clock.at_most(options.limits.time);
    let limits = Limits { nodes: options.limits.nodes, ..own.limits() };
    let options = &RegionOptions { limits, ..options.clone() };
    let (counted, stability) = stability(problem, options)?;
    if counted.exact {
        return Ok((counted, stability));
    }
    // The walk may have used up its time, not that of the whole.
    let limits = clock.limits();
    let options = RegionOptions { method: Method::Sample, limits, ..options.clone() };
    let sampled = count(problem, &options)?;
    let at_least = counted.at_least.max(sampled.at_least);
    Ok((RegionCount { at_least, estimate: sampled.estimate, ..counted }, None))
}

fn method_figures(
    problem: &Problem,
    tighten: Tightening,
    options: &AnalyzeOptions,
    best_known: Option<f64>,
    clock: &Clock,
) -> Result<(MethodFigures, NeuronBounds), AnalyzeError> {
    let settings = OptimizeOptions {
        tighten,
        tightening: options.tightening.clone(),
        ..OptimizeOptions::default()
    };
    let bounded = match bound(problem, &settings, clock)? {
        Bounding::Bounded(bounded) => bounded,
        Bounding::Infeasible { reason, .. } => return Err(AnalyzeError::Infeasible { reason }),
    };
    let relaxation = match formulate(problem, &bounded.bounds, &BigM, None, clock) {
        Ok(formulated) => formulated.relaxation(&clock.within(RELAXATION_TIME)),
        Err(OptimizeError::Encode(EncodeError::Stopped(_))) => None,
        Err(error) => return Err(error.into()),
    };
    let layers = bounded.layers;
    let neurons: usize = layers.iter().map(|layer| layer.neurons).sum();
    let unstable: usize = layers.iter().map(|layer| layer.unstable).sum();
    let redundant = redundancy(problem.network_graph(), &bounded.bounds).into_iter();
    let sums = layers.iter().map(LayerSummary::big_m_sum);
    let figures = MethodFigures {
        tighten: tighten.name(),
        stable_share: (neurons - unstable) as f64 / neurons.max(1) as f64,
        unstable,
        redundant: redundant.map(|layer| layer.constant + layer.merged + layer.unread).sum(),
        big_m_max: layers.iter().map(|layer| layer.big_m_max).fold(0.0, f64::max),
        // The sum of nothing is −0.
        big_m_sum: 0.0 + sums.sum::<f64>(),
        root_gap: relaxation.zip(best_known).map(|(root, best)| relative_gap(best, root.bound)),
        relaxation,
        stopped_by: bounded.stopped_by,
        seconds: bounded.propagation_seconds + bounded.tighten_seconds,
        layers,
    };
    Ok((figures, bounded.bounds))
}

/// Most time for a relaxation.
const RELAXATION_TIME: Duration = Duration::from_secs(60);
