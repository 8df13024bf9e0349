//! The record of `taut bounds`.

use serde::Serialize;

use super::{Goal, TightenCounts, Tightened};
use crate::bounds::{LayerSummary, summarize};
use crate::control::StoppedBy;
use crate::network::NodeId;
use crate::problem::Problem;

/// Bounds and phases of all neurons, layer by layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BoundsRecord {
    /// Method of the bounds.
    pub tighten: String,
    /// What bounds were sought for.
    pub goal: &'static str,
    /// What ended the work before all was asked that the method asks.
    pub stopped_by: Option<StoppedBy>,
    /// Bounds of the inputs, which constraints may have narrowed.
    pub input: NodeBounds,
    /// One entry per layer of activations.
    pub layers: Vec<LayerBounds>,
    /// Bounds of the outputs.
    pub output: NodeBounds,
    /// Wall-clock seconds for all bounds.
    pub bounds_seconds: f64,
}

/// One layer of activations.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LayerBounds {
    /// Counts and big-M constants.
    #[serde(flatten)]
    pub summary: LayerSummary,
    /// Sum of the widths of the pre-activations.
    pub width: f64,
    /// Lower bounds of the pre-activations.
    pub lower: Vec<f64>,
    /// Upper bounds of the pre-activations.
    pub upper: Vec<f64>,
    /// The programs that tightened it, by kind.
    pub programs: Vec<TightenCounts>,
}

/// Bounds of inputs or outputs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NodeBounds {
    /// Lower bounds.
    pub lower: Vec<f64>,
    /// Upper bounds.
    pub upper: Vec<f64>,
    /// The programs that tightened them, by kind.
    pub programs: Vec<TightenCounts>,
}

impl BoundsRecord {
    /// The record of bounds that were found for `problem`.
    pub fn new(problem: &Problem, tighten: &str, tightened: &Tightened) -> Self {
        let (graph, bounds) = (problem.graph(), &tightened.bounds);
        let layers = graph.activation_layers().zip(summarize(graph, bounds));
        let programs = |layer: usize| {
            tightened.layers.iter().filter(|count| count.layer == layer).copied().collect()
        };
        let node = |id: NodeId, layer: usize| NodeBounds {
            lower: bounds.of(id).lower().to_vec(),
            upper: bounds.of(id).upper().to_vec(),
            programs: programs(layer),
        };
        let layers = layers.map(|(layer, summary)| {
            let range = bounds.of(layer.pre_activation);
            let ends = range.lower().iter().zip(range.upper());
            let programs = programs(summary.layer);
            LayerBounds {
                summary,
                width: ends.map(|(l, u)| u - l).sum(),
                lower: range.lower().to_vec(),
                upper: range.upper().to_vec(),
                programs,
            }
        });
        let layers: Vec<LayerBounds> = layers.collect();
        Self {
            tighten: tighten.to_string(),
            goal: Goal::default().name(),
            stopped_by: tightened.stopped_by,
            input: node(graph.input(), 0),
            output: node(graph.output(), layers.len() + 1),
            layers,
            bounds_seconds: 0.0,
        }
    }
}
