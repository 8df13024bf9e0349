//! Planes below the objective, one for each set of slopes below open neurons: adaptive ones
//! first, then those of the network's own pass at the point where the planes so far are lowest,
//! then those of its relaxed pass there (Danskin's rule), as in Kelley's method of cutting
//! planes. Where phases are divided, slopes and multipliers are handed down from part to part,
//! and led uphill from there in a few steps (as in α- and β-CROWN).

use super::Target;
use super::layout::{Layout, Part, Room};
use super::lines::Lines;
use super::node::LONG_ROW;
use super::phases::Phase;
use super::planes::{Bundle, Plane};
use super::rows::Ask;
use super::tape::Kind;
use crate::problem::OBJECTIVE;
use crate::proof::{Lemma, SLOPE_UNITS};

/// Planes of a part, at most.
const PLANES: usize = 10;

/// What a plane has to add to the bound, as a share of what is missing, for another one to be
/// worth its time.
const WORTH: f64 = 0.1;

/// Planes where slopes are handed down.
const PLANES_ON: usize = 3;

/// What a multiplier is changed by, as a share of the largest coefficient, at least.
const LEAST_SCALE: f64 = 0.05;

/// First step, and what one shrinks by.
const FIRST_STEP: f64 = 0.5;
const DECAY: f64 = 0.75;

/// What a derivative is compared with, as a share of the largest.
const SHARE_OF_LARGEST: f64 = 0.05;

impl Layout {
    /// Planes below a row, each with better slopes; a point worth a try.
    pub fn climb(
        &self,
        part: &Part,
        row: usize,
        bundle: &mut Bundle,
        helpers: &[Plane],
        target: Target,
        room: &mut Room,
    ) -> Option<Vec<f64>> {
        let tape = &self.tape;
        let at = tape.steps[self.rows].start + row;
        bundle.least = bundle.least.max(part.ranges[at]);
        let is_handed_down = self.start_slopes(part, room);
        if room.script.is_followed() {
            self.follow(part, row, bundle, helpers, room);
            return None;
        }
        let most = if self.takes_phases { PLANES_ON } else { PLANES };
        let (mut point, mut step) = (None, FIRST_STEP);
        let (mut best, mut best_value) = (f64::NEG_INFINITY, target.best);
        for round in 0..most {
            let before = bundle.least;
            self.add_plane((part, row), bundle, helpers, &mut best, room);
            let Some(corner) = self.combine(bundle, part, room) else { break };
            let value = self.evaluate(&corner, &mut room.values)[OBJECTIVE];
            room.rows.work += self.work_of_a_row[self.rows];
            if value < best_value && self.keeps_limits(&room.values) {
                best_value = value;
                point = Some(corner.clone());
            }
            let missing = target.enough - bundle.least;
            let is_slow = !self.takes_phases && bundle.least - before < WORTH * missing;
            let is_fixed = part.open == 0 && room.phases.is_empty();
            let is_stopped = self.work_of_a_row[self.rows] > LONG_ROW && self.clock.is_stopped();
            if missing <= 0.0 || is_slow && round > 0 || is_fixed || is_stopped {
                break;
            }
            if round == 0 && !is_handed_down {
                self.slopes_at(&room.values, &room.lines, &mut room.below);
                continue;
            }
            self.relaxed_values(&corner, room);
            room.rows.work += self.work_of_a_row[self.rows];
            match self.takes_phases {
                true => {
                    self.phases_uphill(step, room);
                    self.slopes_uphill(step, room);
                    step *= DECAY;
                }
                false => self.slopes_at(&room.values, &room.lines, &mut room.below),
            }
        }
        point
    }

    /// The planes that are known to serve.
    fn follow(
        &self,
        part: &Part,
        row: usize,
        bundle: &mut Bundle,
        helpers: &[Plane],
        room: &mut Room,
    ) {
        let mut best = f64::NEG_INFINITY;
        while let Some((slopes, multipliers)) = room.script.plane() {
            let Room { below, lines, phases, .. } = &mut *room;
            // Any slopes from 0 to 1 will do, and any multipliers that are not negative.
            for ((at, _), slope) in self.free_neurons(lines).zip(slopes) {
                below[at] = f64::from(slope.min(SLOPE_UNITS)) / f64::from(SLOPE_UNITS);
            }
            for (phase, multiplier) in phases.iter_mut().zip(multipliers) {
                phase.multiplier = f64::from(multiplier).max(0.0);
            }
            self.add_plane((part, row), bundle, helpers, &mut best, room);
            self.combine(bundle, part, room);
        }
    }

    /// Adds the plane of the slopes at hand, given the best value of one so far.
    fn add_plane(
        &self,
        (part, row): (&Part, usize),
        bundle: &mut Bundle,
        helpers: &[Plane],
        best: &mut f64,
        room: &mut Room,
    ) {
        let Room { below, lines, phases, .. } = &mut *room;
        if self.takes_phases {
            // What is used is what can be stored.
            for (at, _) in self.free_neurons(lines) {
                below[at] = f64::from(in_units(below[at])) / f64::from(SLOPE_UNITS);
            }
            for phase in phases.iter_mut() {
                phase.multiplier = f64::from(in_bf16(phase.multiplier));
            }
        }
        let plane = self.plane_below(part, row, helpers, room);
        let [lower, upper] = self.domain(part);
        let least = plane.least(lower, upper);
        if self.takes_phases && least > *best {
            *best = least;
            room.best_below.copy_from_slice(&room.below);
            room.best_phases.clone_from(&room.phases);
        }
        let Room { below, lines, phases, script, .. } = room;
        script.write(|| Lemma::Plane {
            slopes: self.free_neurons(lines).map(|(at, _)| in_units(below[at])).collect(),
            multipliers: phases.iter().map(|phase| phase.multiplier as f32).collect(),
        });
        bundle.add(plane);
    }

    /// Finds out what planes prove together over a part, and where they are lowest; `None` if
    /// there are none.
    pub fn combine(&self, bundle: &mut Bundle, part: &Part, room: &mut Room) -> Option<Vec<f64>> {
        if bundle.planes().is_empty() {
            return None;
        }
        let (domain, envelope) = (self.domain(part), &mut room.envelope);
        let weights = room.script.combination().unwrap_or_else(|| {
            envelope.solve(bundle.planes(), domain);
            envelope.weights()
        });
        bundle.combine(&weights, domain);
        room.script.write(|| Lemma::Combination(weights));
        Some(room.envelope.point.clone())
    }

    /// The plane below a row, of the slopes at hand.
    fn plane_below(&self, part: &Part, row: usize, helpers: &[Plane], room: &mut Room) -> Plane {
        let (lower, upper) = part.ranges.split_at(self.tape.length);
        let (chosen, below, phases) = (&[(row, 1.0)], &room.below[..], &room.phases[..]);
        let ask = Ask { step: self.rows, chosen, below, phases, keeps_trace: true };
        room.rows.substitute(&self.tape, &room.lines, [lower, upper], &ask);
        let plane = room.rows.plane(&self.tape, 0);
        let [lower, upper] = self.domain(part);
        helpers.iter().fold(plane, |plane, helper| {
            let aided = plane.aided(helper, lower, upper);
            aided.unwrap_or(plane)
        })
    }

    /// Slopes and multipliers to begin with; whether they are those that served the part that
    /// this one was cut out of.
    fn start_slopes(&self, part: &Part, room: &mut Room) -> bool {
        room.phases.clone_from(&part.phases);
        room.below.copy_from_slice(&room.lines.below);
        let Room { below, lines, .. } = room;
        for (at, _) in self.free_neurons(lines) {
            if let Some(&slope) = part.below.get(at) {
                below[at] = slope;
            }
        }
        if self.takes_phases {
            room.best_below.copy_from_slice(&room.below);
            room.best_phases.clone_from(&room.phases);
        }
        !part.below.is_empty()
    }

    /// One step of the multipliers along the derivative of the bound.
    fn phases_uphill(&self, step: f64, room: &mut Room) {
        let (trace, values) = (room.rows.trace(), &room.values);
        let derivative = |phase: &Phase| phase.side * (values[phase.pre] - phase.kink);
        let Some(largest) = largest(room.phases.iter().map(derivative)) else { return };
        let unit = trace.iter().fold(0.0f64, |largest, a| largest.max(a.abs()));
        for phase in &mut room.phases {
            let scale = trace[phase.at].abs().max(LEAST_SCALE * unit);
            let change = uphill(step * scale, derivative(phase), largest);
            phase.multiplier = (phase.multiplier + change).max(0.0);
        }
    }

    /// Slopes below open neurons as they are at a point.
    fn slopes_at(&self, values: &[f64], lines: &Lines, below: &mut [f64]) {
        for (at, pre) in self.free_neurons(lines) {
            below[at] = if values[pre] > 0.0 { 1.0 } else { 0.0 };
        }
    }

    /// One step of the slopes along the derivative of the bound.
    fn slopes_uphill(&self, step: f64, room: &mut Room) {
        let (trace, values) = (room.rows.trace(), &room.values);
        let derivative = |(at, pre): (usize, usize)| trace[at].max(0.0) * values[pre];
        let derivatives = self.free_neurons(&room.lines).map(derivative);
        let Some(largest) = largest(derivatives) else { return };
        for (at, pre) in self.free_neurons(&room.lines) {
            let change = uphill(step, derivative((at, pre)), largest);
            room.below[at] = (room.below[at] + change).clamp(0.0, 1.0);
        }
    }

    /// Open neurons whose line below may have any slope from 0 to 1, and their pre-activations.
    fn free_neurons<'a>(&'a self, lines: &'a Lines) -> impl Iterator<Item = (usize, usize)> + 'a {
        self.tape.steps.iter().flat_map(move |step| {
            let pre = match &step.kind {
                Kind::Activation { from, .. } => Some(self.tape.steps[*from].start),
                _ => None,
            };
            pre.into_iter().flat_map(move |pre| {
                let of = move |index: usize| (step.start + index, pre + index);
                let is_free = move |(at, _): &(usize, usize)| lines.is_free[*at];
                (0..step.size).map(of).filter(is_free)
            })
        })
    }
}

/// A slope from 0 to 1 in the units of a proof.
fn in_units(slope: f64) -> u8 {
    (slope * f64::from(SLOPE_UNITS)).round() as u8
}

/// A number with the 8 bits of a `bf16`, rounded towards 0.
fn in_bf16(number: f64) -> f32 {
    f32::from_bits((number as f32).to_bits() & 0xFFFF_0000)
}

/// The largest magnitude of derivatives; `None` where there is nowhere to go.
fn largest(derivatives: impl Iterator<Item = f64>) -> Option<f64> {
    let largest = derivatives.fold(0.0f64, |largest, g| largest.max(g.abs()));
    (largest != 0.0 && largest.is_finite()).then_some(largest)
}

/// What a step changes along a derivative.
fn uphill(step: f64, derivative: f64, largest: f64) -> f64 {
    step * derivative / (derivative.abs() + SHARE_OF_LARGEST * largest)
}
