//! The lines below and above every activation of a part, in flat arrays.
//!
//! The same lines as in [`crate::bounds`] (adaptive slopes, chords), with intercepts that hold
//! for the slopes as rounded: `σ(a) ≥ below · a + intercept_below` and
//! `σ(a) ≤ above · a + intercept_above` on the range of `a`. For any `s ∈ [0, 1]` and
//! `a ∈ [l, u]`, `max(a, 0) ≤ s a + max(−s l, (1 − s) u)`: convex, so largest at an end.

use super::aligned::Aligned;
use super::tape::{Kind, Step, Tape, padded};
use crate::bounds::clip_lines;

/// Lines of all activations; what is no activation has zeros.
#[derive(Debug)]
pub struct Lines {
    /// Slopes of the lines below.
    pub below: Aligned,
    /// Slopes of the lines above.
    pub above: Aligned,
    /// Intercepts of the lines below, at most 0.
    pub under: Aligned,
    /// Intercepts of the lines above.
    pub over: Aligned,
    /// For each unit of a coefficient, what rounding does at the line.
    pub error: Aligned,
    /// Whether a neuron's phase is open.
    pub is_open: Vec<bool>,
    /// Whether the line below it may have any slope from 0 to 1: an open ReLU without a ceiling
    /// in reach.
    pub is_free: Vec<bool>,
}

impl Lines {
    /// Room for the lines of a tape.
    pub fn new(tape: &Tape) -> Self {
        let zeros = || Aligned::zeros(tape.length);
        Self {
            below: zeros(),
            above: zeros(),
            under: zeros(),
            over: zeros(),
            error: zeros(),
            is_open: vec![false; tape.length],
            is_free: vec![false; tape.length],
        }
    }

    /// How far the lines of an open neuron are apart, whose pre-activation is in `[l, u]`.
    pub fn gap(&self, at: usize, l: f64, u: f64) -> f64 {
        self.over[at].max(-l * u / (u - l))
    }

    /// Draws the lines of an activation, given the ranges of its pre-activations.
    pub fn draw(&mut self, step: &Step, pre: &Step, lower: &[f64], upper: &[f64]) {
        let Kind::Activation { ceilings, .. } = &step.kind else { return };
        let relative = (padded(step.size) + 16) as f64 * f64::EPSILON;
        for (index, &ceiling) in ceilings.iter().enumerate() {
            let (l, u) = (lower[pre.start + index], upper[pre.start + index]);
            let at = step.start + index;
            let is_open = is_open(l, u, ceiling);
            let [below, above, under, over] = if u <= 0.0 {
                [0.0; 4]
            } else if l >= ceiling {
                [0.0, 0.0, ceiling, ceiling]
            } else if u <= ceiling {
                if l >= 0.0 { [1.0, 1.0, 0.0, 0.0] } else { relu(l, u) }
            } else {
                clip_lines(l, u, ceiling)
            };
            self.below[at] = below;
            self.above[at] = above;
            self.under[at] = under;
            self.over[at] = over;
            self.is_open[at] = is_open;
            self.is_free[at] = is_open && u <= ceiling;
            let size = if is_open { l.abs().max(u.abs()) } else { 0.0 };
            self.error[at] = relative * (under.abs() + over.abs() + size);
        }
    }
}

/// Whether the phase of a neuron with its pre-activation in `[l, u]` is open; the ceiling of a
/// plain ReLU is infinite.
pub fn is_open(l: f64, u: f64, ceiling: f64) -> bool {
    l < 0.0 && u > 0.0 || l < ceiling && u > ceiling
}

/// Slopes below and above an open ReLU, and the intercepts of both.
#[inline(always)]
fn relu(l: f64, u: f64) -> [f64; 4] {
    let below = if u > -l { 1.0 } else { 0.0 };
    let above = (u / (u - l)).clamp(0.0, 1.0);
    // Each product is rounded once or twice.
    let over = (-above * l).max((1.0 - above) * u);
    let over = over + 4.0 * f64::EPSILON * over + f64::MIN_POSITIVE;
    [below, above, 0.0, if over.is_finite() { over } else { u }]
}
