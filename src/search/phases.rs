//! Phases of neurons that a part has taken: on one side of a kink, an activation is a line, and
//! the side itself helps every bound (the multipliers of β-CROWN).
//!
//! Source: Wang, Zhang, Xu, Lin, Jana, Hsieh, Kolter, "Beta-CROWN" (2021), arXiv:2103.06624.

use std::sync::Arc;

use super::branch::loss;
use super::layout::{Layout, Part, Room};
use super::planes::clip;
use super::rows::Ask;
use super::tape::{Kind, Matrix, Step, Sum, Tape, padded};
use crate::proof::Cut;

/// What a neuron counts for what later ones lose because its planes are apart.
const INDIRECT: f64 = 0.75;

/// What the plane below a neuron counts beside the one above it: its slope is chosen well.
const BELOW: f64 = 0.1;

/// One side of a kink of an activation: `side · (a − kink) ≤ 0` for the pre-activation `a`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// The step of the pre-activation.
    pub step: usize,
    /// Its place in flat arrays.
    pub pre: usize,
    /// The activation's place in flat arrays.
    pub at: usize,
    /// Where the activation bends.
    pub kink: f64,
    /// 1 below the kink, −1 above it.
    pub side: f64,
    /// How much of it the row of the objective takes; not negative.
    pub multiplier: f64,
}

/// A neuron whose phase may be divided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Its side below the kink.
    pub below: Phase,
    /// Its side above.
    pub above: Phase,
}

impl Layout {
    /// Clips the box by the phase that a part has taken last; whether anything is left.
    pub fn keeps_last_phase(&self, part: &mut Part, room: &mut Room) -> bool {
        let Some(&phase) = part.phases.last() else { return true };
        let tape = &self.tape;
        if part.first != phase.step + 1 || phase.step == 0 {
            return true;
        }
        // The lines of earlier steps are those of the part that was divided.
        for step in &tape.steps[..phase.step] {
            if let Kind::Activation { from, .. } = step.kind {
                let (lower, upper) = part.ranges.split_at(tape.length);
                room.lines.draw(step, &tape.steps[from], lower, upper);
            }
        }
        let (lower, upper) = part.ranges.split_at(tape.length);
        let chosen = [(phase.pre - tape.steps[phase.step].start, phase.side)];
        let below = &room.lines.below;
        let ask = Ask { step: phase.step, chosen: &chosen, below, phases: &[], keeps_trace: false };
        room.rows.substitute(tape, &room.lines, [lower, upper], &ask);
        let plane = room.rows.plane(tape, 0);
        let [lower, upper] = self.domain_mut(part);
        clip(&plane, phase.side * phase.kink, lower, upper, &self.is_integer).is_some()
    }

    /// Chooses the neuron whose phase promises most for the row that has been led back last. What
    /// a neuron between two planes loses is what the row loses at it, and what later ones lose
    /// because its planes are apart.
    ///
    /// Source: Henriksen & Lomuscio, "DEEPSPLIT" (2021), doi 10.24963/ijcai.2021/351.
    pub fn choose(&self, part: &mut Part, room: &mut Room) {
        let (lower, upper) = part.ranges.split_at(self.tape.length);
        let trace = room.rows.trace();
        let promises = &mut room.promises;
        promises.fill(0.0);
        let mut best: Option<(f64, usize, usize, usize)> = None;
        for (index, step) in self.tape.steps.iter().enumerate().rev() {
            match &step.kind {
                Kind::Input => {}
                Kind::Affine(sum) => spread(&self.tape, step, sum, promises),
                Kind::Activation { from, .. } => {
                    let pre = &self.tape.steps[*from];
                    for neuron in 0..step.size {
                        let (at, pre) = (step.start + neuron, pre.start + neuron);
                        if !room.lines.is_open[at] || !self.is_read[at] {
                            continue;
                        }
                        let (l, u) = (lower[pre], upper[pre]);
                        let gap = room.lines.gap(at, l, u);
                        let impact = loss(trace[at], gap, BELOW) + promises[at] * gap;
                        promises[pre] += INDIRECT * impact / (u - l);
                        if best.is_none_or(|(most, ..)| impact > most) {
                            best = Some((impact, index, neuron, *from));
                        }
                    }
                }
            }
        }
        part.choice = best.map(|(_, index, neuron, from)| {
            let (step, before) = (&self.tape.steps[index], &self.tape.steps[from]);
            let (at, pre) = (step.start + neuron, before.start + neuron);
            let kink = self.kink(step, neuron, lower[pre], upper[pre]);
            let (a, alpha) = (trace[at].max(0.0), room.below[at]);
            let [below, above] = match kink == 0.0 {
                true => [a * alpha, a * (1.0 - alpha)],
                false => [0.0; 2],
            };
            let phase =
                |side: f64, multiplier: f64| Phase { step: from, pre, at, kink, side, multiplier };
            Choice { below: phase(1.0, below), above: phase(-1.0, above) }
        });
    }

    /// Where an open activation bends, the more so if it does in two places.
    fn kink(&self, step: &Step, neuron: usize, lower: f64, upper: f64) -> f64 {
        let Kind::Activation { ceilings, .. } = &step.kind else { return 0.0 };
        let ceiling = ceilings[neuron];
        let depth = |kink: f64| (kink - lower).min(upper - kink);
        if upper > ceiling && depth(ceiling) > depth(0.0) { ceiling } else { 0.0 }
    }

    /// The part on one side of a kink.
    pub fn on_side(&self, part: &Part, phase: Phase) -> Part {
        let mut part = part.clone();
        part.depth += 1;
        part.first = phase.step + 1;
        part.choice = None;
        self.narrow_to(&mut part, phase);
        part.phases.push(phase);
        part
    }

    /// How a part on one side of a kink is cut out.
    pub fn cut(&self, phase: &Phase) -> Cut {
        let is_at = |step: &Arc<Step>| step.span().contains(&phase.at);
        let node = self.tape.steps.iter().position(is_at).unwrap_or(phase.step);
        let index = phase.at - self.tape.steps[node].start;
        Cut::Phase { node, index, kink: phase.kink, side: phase.side }
    }

    /// The side of a kink of a neuron of an activation; `None` where there is no such neuron.
    pub fn side(&self, node: usize, index: usize, kink: f64, side: f64) -> Option<Phase> {
        let step = self.tape.steps.get(node)?;
        let Kind::Activation { from, .. } = step.kind else { return None };
        let is_one = index < step.size && kink.is_finite() && side.abs() == 1.0;
        let pre = self.tape.steps[from].start + index;
        let at = step.start + index;
        is_one.then_some(Phase { step: from, pre, at, kink, side, multiplier: 0.0 })
    }

    /// Narrows the range of a neuron to one side of a kink.
    pub fn narrow_to(&self, part: &mut Part, phase: Phase) {
        let (lower, upper) = part.ranges.split_at_mut(self.tape.length);
        match phase.side > 0.0 {
            true => upper[phase.pre] = upper[phase.pre].min(phase.kink),
            false => lower[phase.pre] = lower[phase.pre].max(phase.kink),
        }
    }
}

/// Adds to what each operand promises what the neurons of an affine step do.
fn spread(tape: &Tape, step: &Step, sum: &Sum, promises: &mut [f64]) {
    let (before, here) = promises.split_at_mut(step.start);
    for (neuron, &promise) in here[..step.size].iter().enumerate() {
        if promise == 0.0 {
            continue;
        }
        for (from, matrix) in &sum.terms {
            let operand = &tape.steps[*from];
            let to = &mut before[operand.span()];
            match matrix {
                Matrix::Dense { rows, .. } => {
                    let width = padded(operand.size);
                    let row = &rows[neuron * width..][..operand.size];
                    to.iter_mut().zip(row).for_each(|(to, w)| *to += promise * w.abs());
                }
                Matrix::Structured(linear) => {
                    linear.row(neuron).into_iter().for_each(|(i, w)| to[i] += promise * w.abs());
                }
            }
        }
    }
}
