//! Lines that bound an activation over the range of its pre-activation.

use crate::network::{ActivationLayer, Phase};
use crate::num::IntervalBox;
use crate::num::rounding::below;

/// For each neuron of a layer, the slopes of the lines below and above it.
#[derive(Clone, Debug)]
pub struct Lines {
    neurons: Vec<Neuron>,
}

#[derive(Clone, Copy, Debug)]
struct Neuron {
    lower: f64,
    upper: f64,
    ceiling: Option<f64>,
    phase: Phase,
    slope_below: f64,
    slope_above: f64,
}

/// `coefficient · σ(a) ≥ slope · a + intercept` for all `a` in the range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Coefficient of the pre-activation.
    pub slope: f64,
    /// The constant.
    pub intercept: f64,
    /// Bound on the magnitude of what was rounded in the intercept.
    pub magnitude: f64,
}

impl Lines {
    /// Lines for a layer whose pre-activations lie in `bounds`.
    ///
    /// Slopes: below an unstable ReLU 1 if `U > −L`, else 0 (the smaller area);
    /// above it the chord `U / (U − L)`. Clipped ReLUs have their own (see
    /// [`slopes`]).
    pub fn new(layer: ActivationLayer<'_>, bounds: &IntervalBox) -> Self {
        let neuron = |index: usize| {
            let range = bounds.interval(index);
            let (lower, upper, ceiling) = (range.lower(), range.upper(), layer.ceiling(index));
            let phase = Phase::of(range, ceiling);
            let (slope_below, slope_above) = slopes(lower, upper, ceiling);
            Neuron { lower, upper, ceiling, phase, slope_below, slope_above }
        };
        Self { neurons: (0..bounds.len()).map(neuron).collect() }
    }

    /// Whether the line below a neuron may have any slope from 0 to 1: an unstable
    /// ReLU without a ceiling in reach.
    pub fn is_free(&self, index: usize) -> bool {
        let neuron = &self.neurons[index];
        neuron.phase == Phase::Unstable && neuron.ceiling.is_none_or(|c| c >= neuron.upper)
    }

    /// The slope of the line below a neuron.
    pub fn slope_below(&self, index: usize) -> f64 {
        self.neurons[index].slope_below
    }

    /// Number of neurons.
    pub fn len(&self) -> usize {
        self.neurons.len()
    }

    /// The line below `coefficient · σ` of a neuron.
    pub fn below(&self, index: usize, coefficient: f64) -> Line {
        self.below_with(index, coefficient, self.neurons[index].slope_below)
    }

    /// The line below `coefficient · σ` of a neuron, of the given slope, from 0 to
    /// 1, where the coefficient is positive.
    pub fn below_with(&self, index: usize, coefficient: f64, slope_below: f64) -> Line {
        let neuron = &self.neurons[index];
        match neuron.phase {
            _ if coefficient == 0.0 => Line { slope: 0.0, intercept: 0.0, magnitude: 0.0 },
            Phase::Inactive => Line { slope: 0.0, intercept: 0.0, magnitude: 0.0 },
            Phase::Active => {
                let size = neuron.lower.abs().max(neuron.upper.abs());
                Line { slope: coefficient, intercept: 0.0, magnitude: coefficient.abs() * size }
            }
            Phase::Saturated => {
                let intercept = coefficient * neuron.ceiling.unwrap_or(0.0);
                Line { slope: 0.0, intercept, magnitude: intercept.abs() }
            }
            Phase::Unstable => {
                let below = coefficient > 0.0;
                let slope = if below { slope_below } else { neuron.slope_above };
                neuron.line(coefficient, coefficient * slope)
            }
        }
    }
}

impl Neuron {
    fn value(&self, a: f64) -> f64 {
        a.max(0.0).min(self.ceiling.unwrap_or(f64::INFINITY))
    }

    /// The highest line of this slope below `coefficient · σ`: a piecewise
    /// linear function minus a line is least at a kink or an end.
    fn line(&self, coefficient: f64, slope: f64) -> Line {
        let at = |a: f64| coefficient * self.value(a) - slope * a;
        let mut intercept = at(self.lower).min(at(self.upper));
        if self.lower < 0.0 {
            intercept = intercept.min(0.0);
        }
        if let Some(ceiling) = self.ceiling
            && ceiling < self.upper
        {
            intercept = intercept.min(at(ceiling));
        }
        let size = self.lower.abs().max(self.upper.abs());
        Line { slope, intercept, magnitude: (coefficient.abs() + slope.abs()) * size }
    }
}

/// Slopes of the lines of least area below and above `min(max(a, 0), c)` on
/// `[l, u]`.
///
/// A clipped ReLU is convex at 0 and concave at `c`. Lines below it that touch pass
/// through the origin with slopes from 0 to `c/u`; lines above it pass through
/// `(c, c)` with slopes from 0 to `c/(c − l)`. The area is linear in the slope,
/// so one of the ends is best: which one, the midpoint of the range tells.
fn slopes(l: f64, u: f64, ceiling: Option<f64>) -> (f64, f64) {
    let chord = |rise: f64, run: f64| (rise / run).clamp(0.0, 1.0);
    let middle = 0.5 * l + 0.5 * u;
    match ceiling.filter(|&c| c < u) {
        None if u <= 0.0 || l >= 0.0 => (0.0, 0.0), // Stable: not asked for.
        None => (if u > -l { 1.0 } else { 0.0 }, chord(u, u - l)),
        Some(c) if l >= 0.0 => (chord(c - l, u - l), if middle < c { 1.0 } else { 0.0 }),
        Some(c) => (
            if middle > 0.0 { chord(c, u) } else { 0.0 },
            if middle < c { chord(c, c - l) } else { 0.0 },
        ),
    }
}

/// Slopes of the lines below and above a clipped ReLU on `[l, u]`, and intercepts that hold for
/// these slopes.
pub fn clip_lines(l: f64, u: f64, ceiling: f64) -> [f64; 4] {
    let (slope_below, slope_above) = slopes(l, u, Some(ceiling));
    let (ceiling, phase) = (Some(ceiling), Phase::Unstable);
    let neuron = Neuron { lower: l, upper: u, ceiling, phase, slope_below, slope_above };
    // A few roundings each.
    let intercept = |line: Line| below(line.intercept, 8.0 * f64::EPSILON * line.magnitude);
    let under = intercept(neuron.line(1.0, slope_below));
    let over = -intercept(neuron.line(-1.0, -slope_above));
    [slope_below, slope_above, under, over]
}

#[cfg(test)]
mod tests {
    use ndarray::arr1;

    use super::*;
    use crate::network::ReluGraph;

    #[test]
    fn lines_bound_the_activation_everywhere() {
        let ranges = [(-1.0, 2.0), (-3.0, 0.5), (-0.5, 9.0), (0.5, 3.0), (-2.0, 0.9), (1.5, 4.0)];
        for ceiling in [None, Some(1.0), Some(2.5)] {
            for (l, u) in ranges {
                let mut graph = ReluGraph::new(1);
                match ceiling {
                    None => graph.relu(graph.input()),
                    Some(c) => graph.clip(graph.input(), arr1(&[c])),
                };
                let layer = graph.activation_layers().next().unwrap();
                let bounds = IntervalBox::new(vec![l], vec![u]).unwrap();
                let lines = Lines::new(layer, &bounds);
                for coefficient in [-2.0, -0.3, 0.7, 3.0] {
                    let line = lines.below(0, coefficient);
                    let mut least = f64::INFINITY;
                    for step in 0..=1000 {
                        let a = l + (u - l) * f64::from(step) / 1000.0;
                        let value = coefficient * a.max(0.0).min(ceiling.unwrap_or(f64::INFINITY));
                        least = least.min(value - (line.slope * a + line.intercept));
                    }
                    let what = format!("{coefficient} on [{l}, {u}] under {ceiling:?}: {line:?}");
                    assert!(least >= -1e-12, "{what} is {least} above");
                    assert!(least < 0.02, "{what} does not touch: {least}");
                }
            }
        }
    }
}
