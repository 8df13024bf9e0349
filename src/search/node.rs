//! One part of the box: bounds of all neurons over it, planes below the objective, and where to
//! halve it.
//!
//! Of a part its parent knows much already: its bounds and planes hold. Interval propagation
//! comes first, then two rows of backward substitution for each neuron whose phase is open.
//! The objective has planes of its own, with slopes below open neurons that are adaptive, taken
//! from the network's own pass at the lowest corner, and then led uphill in a few steps
//! (Danskin's rule, as in α-CROWN). What no plane leaves is clipped off.

use std::sync::Arc;

use super::Target;
use super::interval::Centered;
use super::kernel::{ROWS, add_product};
use super::lines::Lines;
use super::planes::{clip, least};
use super::rows::{Ask, Plane, Rows};
use super::tape::{Kind, Matrix, Step, Tape};
use crate::num::Interval;
use crate::problem::OBJECTIVE;

/// Uphill steps of the slopes.
const STEPS: usize = 3;

/// First step, and what one shrinks by.
const FIRST_STEP: f64 = 0.5;
const DECAY: f64 = 0.75;

/// What a derivative is compared with, as a share of the largest.
const SHARE_OF_LARGEST: f64 = 0.05;

/// Planes that a part hands down, besides one for each four inputs.
const PLANES: usize = 4;

/// What a neuron between two planes counts beside an input that the objective reads.
const INDIRECT: f64 = 0.75;

/// A part of the box.
#[derive(Clone, Debug)]
pub struct Part {
    /// Bounds of all neurons: lower ends, then upper ones.
    pub ranges: Box<[f64]>,
    /// Planes below the objective.
    planes: Arc<[Plane]>,
    /// No value of the objective is less.
    pub least: f64,
    /// What halving along each input promises.
    pub scores: Vec<f64>,
    /// Neurons whose phase is open.
    pub open: usize,
    /// How often the box was halved for it.
    pub depth: usize,
}

/// What is asked of the network, laid out for a search.
#[derive(Debug)]
pub struct Layout {
    /// The network.
    pub tape: Tape,
    /// The step of the question's rows.
    pub rows: usize,
    /// One interval a row.
    limits: Vec<Interval>,
    /// Neurons that the question reads.
    is_read: Vec<bool>,
    /// Inputs that have to be whole numbers.
    pub is_integer: Vec<bool>,
    /// For each step the activations that read it.
    readers: Vec<Vec<usize>>,
    /// Coefficients of the inputs, in absolute value and of both sides, for neurons that
    /// nothing but affine maps comes before; `inputs` for each.
    steepness: Vec<f64>,
}

/// What a thread works with.
#[derive(Debug)]
pub struct Room {
    centered: Centered,
    lines: Lines,
    rows: Rows,
    /// Slopes below open neurons for the objective.
    below: Vec<f64>,
    /// Values of all neurons at a point.
    values: Vec<f64>,
    /// As in [`Layout`], for all neurons.
    steepness: Vec<f64>,
    /// Multiplications so far.
    pub work: f64,
    /// No value in what was clipped off is less; infinite where nothing was.
    pub cut: f64,
}

/// What bounding a part has shown.
pub enum Shown {
    /// It is done with: no value in it is less; infinite where it has no point.
    Closed(f64),
    /// Bounds, and a point worth a try.
    Bounds(Option<Vec<f64>>),
}

impl Layout {
    /// The layout of a question.
    pub fn new(
        tape: Tape,
        rows: usize,
        limits: Vec<Interval>,
        is_read: Vec<bool>,
        is_integer: Vec<bool>,
    ) -> Self {
        let mut readers = vec![Vec::new(); tape.steps.len()];
        for (index, step) in tape.steps.iter().enumerate() {
            if let Kind::Activation { from, .. } = step.kind {
                readers[from].push(index);
            }
        }
        let steepness = Vec::new();
        let mut layout = Self { tape, rows, limits, is_read, is_integer, readers, steepness };
        layout.steepness = layout.steepness_before_activations();
        layout
    }

    fn inputs(&self) -> usize {
        self.tape.steps[0].size
    }

    fn steepness_before_activations(&self) -> Vec<f64> {
        let inputs = self.inputs();
        let mut steepness = vec![0.0; self.tape.length * inputs];
        let (mut rows, lines) = (Rows::new(&self.tape), Lines::new(&self.tape));
        let nothing = vec![0.0; self.tape.length];
        for (index, step) in self.tape.steps.iter().enumerate() {
            let Kind::Affine(sum) = &step.kind else { continue };
            if sum.is_behind_activation {
                continue;
            }
            for neuron in 0..step.size {
                let chosen = [(neuron, 1.0)];
                let ranges = [&nothing[..]; 2];
                let ask = Ask { step: index, chosen: &chosen, below: &nothing, keeps_trace: false };
                rows.substitute(&self.tape, &lines, ranges, &ask);
                let to = &mut steepness[(step.start + neuron) * inputs..][..inputs];
                let slope = rows.slope(&self.tape, 0);
                to.iter_mut().zip(slope).for_each(|(to, a)| *to = 2.0 * a.abs());
            }
        }
        steepness
    }

    /// Room for a thread.
    pub fn room(&self) -> Room {
        Room {
            centered: Centered::new(&self.tape),
            lines: Lines::new(&self.tape),
            rows: Rows::new(&self.tape),
            below: vec![0.0; self.tape.length],
            values: vec![0.0; self.tape.length],
            steepness: self.steepness.clone(),
            work: 0.0,
            cut: f64::INFINITY,
        }
    }

    /// A part with known bounds, of which nothing else is known.
    pub fn part(&self, ranges: Box<[f64]>) -> Part {
        let scores = vec![0.0; self.inputs()];
        let least = f64::NEG_INFINITY;
        Part { ranges, planes: Arc::new([]), least, scores, open: 0, depth: 0 }
    }

    /// The box of a part.
    pub fn domain<'a>(&self, part: &'a Part) -> [&'a [f64]; 2] {
        let (lower, upper) = part.ranges.split_at(self.tape.length);
        [&lower[..self.inputs()], &upper[..self.inputs()]]
    }

    /// The box of a part, to be changed.
    pub fn domain_mut<'a>(&self, part: &'a mut Part) -> [&'a mut [f64]; 2] {
        let (lower, upper) = part.ranges.split_at_mut(self.tape.length);
        [&mut lower[..self.inputs()], &mut upper[..self.inputs()]]
    }

    /// Bounds a part, given what is known of the one that it was cut out of.
    pub fn bound(&self, part: &mut Part, target: Target, room: &mut Room) -> Shown {
        room.cut = f64::INFINITY;
        let mut bundle = Bundle::new(part.planes.to_vec());
        bundle.combine(self.domain(part));
        if !self.use_planes(part, &bundle, target, room) {
            return Shown::Closed(part.least);
        }
        if !self.narrow(part, room) {
            return Shown::Closed(f64::INFINITY);
        }
        let Some(helpers) = self.meet_limits(part, room) else {
            return Shown::Closed(f64::INFINITY);
        };
        let point = self.climb(part, &mut bundle, &helpers, target, room);
        if !self.use_planes(part, &bundle, target, room) {
            return Shown::Closed(part.least);
        }
        self.score(part, &bundle, room);
        part.planes = bundle.into_planes(PLANES + self.inputs() / 4).into();
        Shown::Bounds(point)
    }

    /// Takes what planes prove, and clips the box by them; whether there is anything left.
    fn use_planes(
        &self,
        part: &mut Part,
        bundle: &Bundle,
        target: Target,
        room: &mut Room,
    ) -> bool {
        let least = bundle.least.max(part.least);
        part.least = least;
        if least >= target.enough {
            return false;
        }
        if target.best.is_infinite() {
            return true;
        }
        for plane in &bundle.planes {
            let [lower, upper] = self.domain_mut(part);
            match clip(plane, target.best, lower, upper, &self.is_integer) {
                // Together, the planes leave nothing.
                None => {
                    part.least = target.best;
                    return false;
                }
                Some(true) => room.cut = room.cut.min(target.best),
                Some(false) => {}
            }
        }
        true
    }

    /// Bounds all neurons; whether there can be a point.
    fn narrow(&self, part: &mut Part, room: &mut Room) -> bool {
        let tape = &self.tape;
        let (lower, upper) = part.ranges.split_at_mut(tape.length);
        part.open = 0;
        for (index, step) in tape.steps.iter().enumerate() {
            match &step.kind {
                Kind::Input => {}
                Kind::Affine(sum) => {
                    if !room.centered.narrow(tape, step, sum, lower, upper) {
                        return false;
                    }
                    let is_bounded = sum.is_behind_activation && !self.readers[index].is_empty();
                    if is_bounded && !self.narrow_open(index, lower, upper, room) {
                        return false;
                    }
                }
                Kind::Activation { from, .. } => {
                    let pre = &tape.steps[*from];
                    Centered::activate(step, pre, lower, upper);
                    room.lines.draw(step, pre, lower, upper);
                    let read = |at: &usize| self.is_read[*at] && room.lines.is_open[*at];
                    part.open += step.span().filter(read).count();
                }
            }
            room.centered.take(step, lower, upper);
        }
        true
    }

    /// Bounds the neurons of an affine step whose phase is open by rows of their own.
    fn narrow_open(
        &self,
        index: usize,
        lower: &mut [f64],
        upper: &mut [f64],
        room: &mut Room,
    ) -> bool {
        let (tape, inputs) = (&self.tape, self.inputs());
        let step = &tape.steps[index];
        let is_open = |neuron: &usize| {
            let (l, u) = (lower[step.start + neuron], upper[step.start + neuron]);
            self.readers[index].iter().any(|&reader| {
                let Kind::Activation { ceilings, .. } = &tape.steps[reader].kind else {
                    return false;
                };
                let ceiling = ceilings[*neuron];
                let is_read = self.is_read[tape.steps[reader].start + neuron];
                is_read && (l < 0.0 && u > 0.0 || l < ceiling && u > ceiling)
            })
        };
        let open: Vec<usize> = (0..step.size).filter(is_open).collect();
        for pair in open.chunks(ROWS / 2) {
            let mut chosen = [(0, 0.0); ROWS];
            for (place, &neuron) in pair.iter().enumerate() {
                chosen[2 * place] = (neuron, 1.0);
                chosen[2 * place + 1] = (neuron, -1.0);
            }
            let chosen = &chosen[..2 * pair.len()];
            let ranges = [&*lower, &*upper];
            let below = &room.lines.below;
            let ask = Ask { step: index, chosen, below, keeps_trace: false };
            room.rows.substitute(tape, &room.lines, ranges, &ask);
            for (place, &neuron) in pair.iter().enumerate() {
                let at = step.start + neuron;
                let steepness = &mut room.steepness[at * inputs..][..inputs];
                steepness.fill(0.0);
                for (row, sign) in [(2 * place, 1.0), (2 * place + 1, -1.0)] {
                    let slope = room.rows.slope(tape, row);
                    steepness.iter_mut().zip(slope).for_each(|(sum, a)| *sum += a.abs());
                    let domain = [&lower[..inputs], &upper[..inputs]];
                    let bound = least(slope, room.rows.offset(row), domain);
                    match sign > 0.0 {
                        true => lower[at] = lower[at].max(bound),
                        false => upper[at] = upper[at].min(-bound),
                    }
                }
                if lower[at] > upper[at] {
                    return false;
                }
            }
        }
        room.work += (open.len() * 2) as f64 * self.work_of_a_row(index);
        true
    }

    /// Multiplications of a row from a step on.
    fn work_of_a_row(&self, index: usize) -> f64 {
        let steps = &self.tape.steps[..=index];
        let products = steps.iter().map(|step| match &step.kind {
            Kind::Affine(sum) => {
                let inputs = |(from, _): &(usize, Matrix)| self.tape.steps[*from].size;
                step.size * sum.terms.iter().map(inputs).sum::<usize>()
            }
            _ => step.size,
        });
        products.sum::<usize>() as f64
    }

    /// Whether the rows of the question that have limits can keep them; planes below what has
    /// to be at most 0.
    fn meet_limits(&self, part: &mut Part, room: &mut Room) -> Option<Vec<Plane>> {
        let tape = &self.tape;
        let start = tape.steps[self.rows].start;
        let mut helpers = Vec::new();
        for (row, limit) in self.limits.iter().enumerate().skip(1) {
            for (sign, most) in [(1.0, limit.upper()), (-1.0, -limit.lower())] {
                if most.is_infinite() {
                    continue;
                }
                let (lower, upper) = part.ranges.split_at(tape.length);
                let (below, chosen) = (&room.lines.below, [(row, sign)]);
                let ranges = [lower, upper];
                let ask = Ask { step: self.rows, chosen: &chosen, below, keeps_trace: false };
                room.rows.substitute(tape, &room.lines, ranges, &ask);
                room.work += self.work_of_a_row(self.rows);
                let mut plane = room.rows.plane(tape, 0);
                let [lower, upper] = self.domain_mut(part);
                clip(&plane, most, lower, upper, &self.is_integer)?;
                plane.offset = (plane.offset - most).next_down();
                helpers.push(plane);
            }
            let (lower, upper) = part.ranges.split_at_mut(tape.length);
            let at = start + row;
            lower[at] = lower[at].max(limit.lower());
            upper[at] = upper[at].min(limit.upper());
            if lower[at] > upper[at] {
                return None;
            }
        }
        Some(helpers)
    }

    /// Planes below the objective, each with better slopes; a point worth a try.
    fn climb(
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
            room.work += self.work_of_a_row(self.rows);
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

    /// The network's own pass at a point; the values of the rows.
    fn evaluate<'a>(&self, input: &[f64], values: &'a mut [f64]) -> &'a [f64] {
        self.forward(input, values, |step, pre, values| {
            let Kind::Activation { ceilings, .. } = &step.kind else { return };
            for (index, &ceiling) in ceilings.iter().enumerate() {
                values[step.start + index] = values[pre.start + index].max(0.0).min(ceiling);
            }
        });
        &values[self.tape.steps[self.rows].span()]
    }

    /// Values with every activation replaced by the line that row 0 met.
    fn relaxed_values(&self, input: &[f64], room: &mut Room) {
        let (trace, lines, below) = (room.rows.trace(), &room.lines, &room.below);
        self.forward(input, &mut room.values, |step, pre, values| {
            for index in 0..step.size {
                let (at, a) = (step.start + index, values[pre.start + index]);
                values[at] = match trace[at] >= 0.0 {
                    true => below[at] * a + lines.under[at],
                    false => lines.above[at] * a + lines.over[at],
                };
            }
        });
    }

    fn forward(
        &self,
        input: &[f64],
        values: &mut [f64],
        mut activate: impl FnMut(&Step, &Step, &mut [f64]),
    ) {
        let tape = &self.tape;
        values[..input.len()].copy_from_slice(input);
        for step in &tape.steps {
            match &step.kind {
                Kind::Input => {}
                Kind::Affine(sum) => {
                    let (before, here) = values.split_at_mut(step.start);
                    let here = &mut here[..sum.bias.len()];
                    here.copy_from_slice(&sum.bias);
                    for (from, matrix) in &sum.terms {
                        let x = &before[tape.steps[*from].span()];
                        match matrix {
                            Matrix::Dense { columns, .. } => add_product(columns, x, here),
                            Matrix::Structured(linear) => {
                                let x = ndarray::ArrayView2::from_shape((1, x.len()), x);
                                let to = &mut here[..step.size];
                                let to = ndarray::ArrayViewMut2::from_shape((1, step.size), to);
                                if let (Ok(x), Ok(to)) = (x, to) {
                                    linear.add_product(x, to);
                                }
                            }
                        }
                    }
                }
                Kind::Activation { from, .. } => activate(step, &tape.steps[*from], values),
            }
        }
    }

    /// Whether the rows of a pass keep their limits, as far as `f64` can tell.
    fn keeps_limits(&self, values: &[f64]) -> bool {
        let rows = &values[self.tape.steps[self.rows].span()];
        rows.iter().zip(&self.limits).all(|(value, limit)| limit.contains(*value))
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

    /// What halving along each input promises: how far the objective's plane moves along it,
    /// and how far the planes of the open neurons that it reads do.
    ///
    /// Source of the indirect part: Henriksen & Lomuscio, "DEEPSPLIT" (2021), doi
    /// 10.24963/ijcai.2021/351, as it stands in VeriNet.
    fn score(&self, part: &mut Part, bundle: &Bundle, room: &Room) {
        let inputs = self.inputs();
        let (lower, upper) = part.ranges.split_at(self.tape.length);
        part.scores.fill(0.0);
        let trace = room.rows.trace();
        for step in &self.tape.steps {
            let Kind::Activation { from, .. } = step.kind else { continue };
            let pre = self.tape.steps[from].start;
            for index in 0..step.size {
                let (at, pre) = (step.start + index, pre + index);
                let a = trace[at];
                if a == 0.0 || !room.lines.is_open[at] {
                    continue;
                }
                let (l, u) = (lower[pre], upper[pre]);
                let gap = room.lines.over[at].max(-l * u / (u - l));
                let impact = if a < 0.0 { -a * gap } else { 0.5 * a * gap };
                let weight = INDIRECT * impact / (u - l);
                let steepness = &room.steepness[pre * inputs..][..inputs];
                part.scores.iter_mut().zip(steepness).for_each(|(s, a)| *s += weight * a);
            }
        }
        if let Some(best) = bundle.planes.first() {
            part.scores.iter_mut().zip(&best.slope).for_each(|(s, a)| *s += a.abs());
        }
        let widths = lower[..inputs].iter().zip(&upper[..inputs]).map(|(l, u)| u - l);
        part.scores.iter_mut().zip(widths).for_each(|(s, width)| *s *= 0.5 * width);
    }
}

/// Planes below the objective, the best first, and what they prove together.
struct Bundle {
    planes: Vec<Plane>,
    least: f64,
}

impl Bundle {
    fn new(planes: Vec<Plane>) -> Self {
        Self { planes, least: f64::NEG_INFINITY }
    }

    /// Finds out what the planes prove over a box.
    fn combine(&mut self, domain: [&[f64]; 2]) {
        for plane in std::mem::take(&mut self.planes) {
            self.add(plane, domain);
        }
    }

    /// Adds a plane, and what it proves together with the best one.
    fn add(&mut self, plane: Plane, [lower, upper]: [&[f64]; 2]) {
        if plane.offset == f64::NEG_INFINITY {
            return;
        }
        let least = plane.least(lower, upper);
        let Some(best) = self.planes.first() else {
            self.least = self.least.max(least);
            self.planes.push(plane);
            return;
        };
        let known = best.least(lower, upper);
        let (base, other) = if least > known { (&plane, best) } else { (best, &plane) };
        let combined = base.combined(other, lower, upper);
        self.least = self.least.max(least).max(known);
        let place = usize::from(least <= known);
        self.planes.insert(place.min(self.planes.len()), plane);
        if let Some(combined) = combined {
            self.least = self.least.max(combined.least(lower, upper));
            self.planes.insert(0, combined);
        }
    }

    /// The best planes.
    fn into_planes(mut self, most: usize) -> Vec<Plane> {
        self.planes.truncate(most);
        self.planes
    }
}
