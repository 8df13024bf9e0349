//! Penalties on the bounds `L ≤ a ≤ U` of pre-activations that interval arithmetic gives
//! over the box of the inputs; each is a sum over the hidden neurons.
//!
//! - stability: `−tanh(1 + L U)`, low where `L` and `U` have the same sign. Source: Xiao,
//!   Tjeng, Shafiullah, Madry (2019), arXiv:1809.03008 (RS loss).
//! - big_m: `U − L`, the sum of the two big-M constants of a neuron.
//! - unstable: `max(U, 0) · max(−L, 0) / (U − L)`, the largest distance of the triangle
//!   relaxation from the ReLU, 0 for stable neurons.
//!
//! For a layer with centres `m` and radii `r` of its inputs, `μ = W m + b`, `ρ = |W| r`,
//! `L = μ − ρ`, `U = μ + ρ`. With `p = ∂/∂L + ∂/∂U` and `q = ∂/∂U − ∂/∂L`, the derivatives
//! are `∂/∂W = p mᵀ + sign(W) ∘ q rᵀ`, `∂/∂b = p`, `∂/∂m = Wᵀ p`, `∂/∂r = |W|ᵀ q`. They are
//! computed in `f64`.
//!
//! The bend that counts is that at 0, for all activations.

use super::{Penalty, Surroundings};
use crate::train::layers::ActivationFunction;
use crate::train::scalar::Scalar;

/// A sum over the bounds of hidden neurons.
#[derive(Debug)]
pub(super) struct BoundPenalty {
    name: &'static str,
    /// `(L, U)` to the value, and its derivatives by `L` and `U`.
    neuron: fn(f64, f64) -> [f64; 3],
}

pub(super) const STABILITY: BoundPenalty = BoundPenalty {
    name: "stability",
    neuron: |lower, upper| {
        let t = (1.0 + lower * upper).tanh();
        let slope = t * t - 1.0;
        [-t, slope * upper, slope * lower]
    },
};

pub(super) const BIG_M: BoundPenalty =
    BoundPenalty { name: "big_m", neuron: |lower, upper| [upper - lower, -1.0, 1.0] };

pub(super) const UNSTABLE: BoundPenalty = BoundPenalty {
    name: "unstable",
    neuron: |lower, upper| {
        if lower >= 0.0 || upper <= 0.0 {
            return [0.0; 3];
        }
        let (below, above) = (-lower / (upper - lower), upper / (upper - lower));
        [above * -lower, -above * above, below * below]
    },
};

/// Bounds of a layer, with what is needed for the derivatives.
struct Bounded {
    center: Vec<f64>,
    radius: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl<S: Scalar> Penalty<S> for BoundPenalty {
    fn name(&self) -> &'static str {
        self.name
    }

    fn layers(&self, around: &Surroundings) -> Result<usize, &'static str> {
        let hidden = around.layers.len() - 1;
        match around.dense && hidden > 0 {
            false => Err("none for a network with convolutions or without hidden layers"),
            true if !around.function.is_piecewise_linear() => Err(
                "none for tanh and sigmoid: their neurons are smooth, with no bend to be stable at",
            ),
            true => Ok(hidden),
        }
    }

    fn add(
        &self,
        around: &Surroundings,
        strengths: &[f64],
        parameters: &[S],
        gradient: &mut [S],
    ) -> f64 {
        let bounded = forward(around, strengths.len(), parameters);
        let mut value = 0.0;
        // By the bounds after the activation, from the layer above.
        let mut from_above: Vec<(f64, f64)> = Vec::new();
        for (index, layer) in bounded.iter().enumerate().rev() {
            let mut slopes = Vec::with_capacity(layer.lower.len());
            for (neuron, (&lower, &upper)) in layer.lower.iter().zip(&layer.upper).enumerate() {
                let [own, by_lower, by_upper] = (self.neuron)(lower, upper);
                value += strengths[index] * own;
                let after = from_above.get(neuron).copied().unwrap_or_default();
                let (l, u) = through(around.function, lower, upper, after);
                let strength = strengths[index];
                slopes.push((strength * by_lower + l, strength * by_upper + u));
            }
            from_above = backward(&around.layers[index], layer, &slopes, parameters, gradient);
        }
        value
    }
}

/// Bounds of the first layers.
fn forward<S: Scalar>(around: &Surroundings, count: usize, parameters: &[S]) -> Vec<Bounded> {
    let mut ends = (around.domain.lower().to_vec(), around.domain.upper().to_vec());
    let mut bounded = Vec::with_capacity(count);
    for layer in &around.layers[..count] {
        let pairs = || ends.0.iter().zip(&ends.1);
        let center: Vec<f64> = pairs().map(|(l, u)| (l + u) / 2.0).collect();
        let radius: Vec<f64> = pairs().map(|(l, u)| (u - l) / 2.0).collect();
        let (mut lower, mut upper) = (Vec::new(), Vec::new());
        let rows = parameters[layer.weights.clone()].chunks_exact(layer.columns);
        for (row, b) in rows.zip(&parameters[layer.bias.clone()]) {
            let (mut mean, mut spread) = (b.wide(), 0.0);
            for ((w, m), r) in row.iter().zip(&center).zip(&radius) {
                mean += w.wide() * m;
                spread += w.wide().abs() * r;
            }
            lower.push(mean - spread);
            upper.push(mean + spread);
        }
        let after = lower.iter().zip(&upper).map(|(&l, &u)| image(around.function, l, u));
        ends = after.unzip();
        bounded.push(Bounded { center, radius, lower, upper });
    }
    bounded
}

/// The image of an interval under an activation.
fn image(function: ActivationFunction, lower: f64, upper: f64) -> (f64, f64) {
    let (l, u) = (function.value(lower), function.value(upper));
    match lower < 0.0 && upper > 0.0 {
        // Not monotone: |a|, and leaky ReLU of negative slope.
        true if l > 0.0 || function.value(-1.0) > 0.0 => (0.0, l.max(u)),
        _ => (l.min(u), l.max(u)),
    }
}

/// Derivatives by `L` and `U` from those by the ends of the image.
fn through(
    function: ActivationFunction,
    lower: f64,
    upper: f64,
    (by_least, by_largest): (f64, f64),
) -> (f64, f64) {
    let (l, u) = (function.value(lower), function.value(upper));
    let (slope_l, slope_u) = (function.derivative(lower), function.derivative(upper));
    let (least, _) = image(function, lower, upper);
    let largest_is_lower = l > u;
    let mut slopes = match largest_is_lower {
        true => (slope_l * by_largest, 0.0),
        false => (0.0, slope_u * by_largest),
    };
    // The least value may be attained inside, where the ends do not matter.
    if least == l.min(u) {
        if largest_is_lower {
            slopes.1 += slope_u * by_least;
        } else {
            slopes.0 += slope_l * by_least;
        }
    }
    slopes
}

/// Adds the derivatives by a layer's parameters; gives back those by the lower and upper
/// ends of its inputs.
fn backward<S: Scalar>(
    layer: &crate::train::model::Weighted,
    bounded: &Bounded,
    slopes: &[(f64, f64)],
    parameters: &[S],
    gradient: &mut [S],
) -> Vec<(f64, f64)> {
    let mut ends = vec![(0.0, 0.0); layer.columns];
    for (row, &(by_lower, by_upper)) in slopes.iter().enumerate() {
        let (p, q) = (by_lower + by_upper, by_upper - by_lower);
        let start = layer.weights.start + row * layer.columns;
        let weights = &parameters[start..start + layer.columns];
        let gradient_row = &mut gradient[start..start + layer.columns];
        let inputs = bounded.center.iter().zip(&bounded.radius);
        for (((w, g), (m, r)), end) in weights.iter().zip(gradient_row).zip(inputs).zip(&mut ends) {
            let w = w.wide();
            let sign = if w == 0.0 { 0.0 } else { w.signum() };
            *g += S::of(p * m + sign * q * r);
            // m = (l + u)/2 and r = (u − l)/2.
            let (by_center, by_radius) = (w * p, w.abs() * q);
            end.0 += (by_center - by_radius) / 2.0;
            end.1 += (by_center + by_radius) / 2.0;
        }
        gradient[layer.bias.start + row] += S::of(p);
    }
    ends
}
