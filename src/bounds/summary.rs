//! What bounds say about each layer: stable neurons and big-M constants.

use serde::{Deserialize, Serialize};

use super::NeuronBounds;
use crate::network::{ActivationLayer, Phase, ReluGraph};

/// Counts and big-M constants of one layer of activations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LayerSummary {
    /// Number of the layer, from 1.
    pub layer: usize,
    /// Number of neurons.
    pub neurons: usize,
    /// Neurons proven to be on the identity piece.
    pub active: usize,
    /// Neurons proven to output 0.
    pub inactive: usize,
    /// Clipped neurons proven to output their ceiling.
    pub saturated: usize,
    /// The rest.
    pub unstable: usize,
    /// Largest big-M constant `max(−L, U)` of the unstable neurons; 0 if there
    /// are none.
    pub big_m_max: f64,
    /// Mean of the big-M constants of the unstable neurons; 0 if there are none.
    pub big_m_mean: f64,
}

impl LayerSummary {
    /// Sum of the big-M constants of the unstable neurons.
    pub fn big_m_sum(&self) -> f64 {
        self.big_m_mean * self.unstable as f64
    }
}

/// One summary a layer of activations.
pub fn summarize(graph: &ReluGraph, bounds: &NeuronBounds) -> Vec<LayerSummary> {
    let layers = graph.activation_layers().enumerate();
    let summary = |(position, layer): (usize, ActivationLayer)| {
        let neurons = graph.size(layer.node);
        let mut count = [0; 4];
        let mut big_m: Vec<f64> = Vec::new();
        for index in 0..neurons {
            let phase = bounds.phase(layer, index);
            count[phase as usize] += 1;
            if phase == Phase::Unstable {
                let a = bounds.pre_activation(layer, index);
                big_m.push(a.upper().max(-a.lower()));
            }
        }
        LayerSummary {
            layer: position + 1,
            neurons,
            active: count[Phase::Active as usize],
            inactive: count[Phase::Inactive as usize],
            saturated: count[Phase::Saturated as usize],
            unstable: count[Phase::Unstable as usize],
            big_m_max: big_m.iter().copied().fold(0.0, f64::max),
            // The sum of nothing is −0.
            big_m_mean: (0.0 + big_m.iter().sum::<f64>()) / big_m.len().max(1) as f64,
        }
    };
    layers.map(summary).collect()
}
