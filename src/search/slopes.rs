//! Planes below the objective: one for each set of slopes below open neurons, which are adaptive,
//! then those of the network's own pass at the lowest corner of the first plane, then led uphill
//! in a few steps (Danskin's rule, as in α-CROWN).

use super::Target;
use super::layout::{Layout, Part, Room};
use super::lines::Lines;
use super::planes::{Bundle, Plane};
use super::rows::Ask;
use super::tape::Kind;
use crate::problem::OBJECTIVE;

/// Uphill steps of the slopes.
const STEPS: usize = 3;

/// First step, and what one shrinks by.
const FIRST_STEP: f64 = 0.5;
const DECAY: f64 = 0.75;

/// What a derivative is compared with, as a share of the largest.
const SHARE_OF_LARGEST: f64 = 0.05;

impl Layout {
    /// Planes below the objective, each with better slopes; a point worth a try.
    pub fn climb(
        &self,
        part: &Part,
        bundle: &mut Bundle,
        helpers: &[Plane],
        target: Target,
        room: &mut Room,
    ) -> Option<Vec<f64>> {
        let tape = &self.tape;
        let domain = self.domain(part);
        let (lower, upper) = part.ranges.split_at(tape.length);
        let start = tape.steps[self.rows].start;
        bundle.least = bundle.least.max(lower[start + OBJECTIVE]);
        room.below.copy_from_slice(&room.lines.below);
        let mut point = None;
        let mut step = FIRST_STEP;
        for round in 0..STEPS + 2 {
            let (chosen, below) = (&[(OBJECTIVE, 1.0)], &room.below[..]);
            let ask = Ask { step: self.rows, chosen, below, keeps_trace: true };
            room.rows.substitute(tape, &room.lines, [lower, upper], &ask);
            room.work += self.work_of_a_row[self.rows];
            let mut plane = room.rows.plane(tape, 0);
            for helper in helpers {
                if let Some(better) = plane.aided(helper, domain[0], domain[1]) {
                    plane = better;
                }
            }
            let corner = plane.lowest_corner(domain[0], domain[1]);
            let is_last = round == STEPS + 1 || part.open == 0;
            bundle.add(plane, domain);
            if round == 0 {
                let value = self.evaluate(&corner, &mut room.values)[OBJECTIVE];
                let is_good = value < target.best && self.keeps_limits(&room.values);
                point = is_good.then(|| corner.clone());
            }
            if is_last || bundle.least >= target.enough {
                break;
            }
            if round == 0 {
                self.slopes_at(&room.values, &room.lines, &mut room.below);
            } else {
                self.relaxed_values(&corner, room);
                self.slopes_uphill(step, room);
                step *= DECAY;
            }
        }
        point
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
        let largest = self.free_neurons(&room.lines).map(derivative);
        let largest = largest.fold(0.0f64, |largest, g| largest.max(g.abs()));
        if largest == 0.0 || !largest.is_finite() {
            return;
        }
        for (at, pre) in self.free_neurons(&room.lines) {
            let g = derivative((at, pre));
            let change = step * g / (g.abs() + SHARE_OF_LARGEST * largest);
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
