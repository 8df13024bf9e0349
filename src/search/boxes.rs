//! Boxes of inputs: halved along the input that promises most, each bounded by planes below the
//! objective; where few neurons are open, closed by linear programs over their phases.

use super::columns::around;
use super::kept::Kept;
use super::layout::{Layout, Note, Part, Room};
use super::leaves::MOST_HALVED;
use super::node::Shown;
use super::phases::{Choice, Phase};
use super::script::Script;
use super::tape::Tape;
use super::{Bounded, Target};
use crate::bounds::{NeuronBounds, read_neurons};
use crate::control::Clock;
use crate::network::ReluGraph;
use crate::num::Interval;
use crate::problem::{OBJECTIVE, Part as ProblemPart, Problem};
use crate::proof::Cut;

/// Multiplications that bounding a part comes to besides the network's own multiplications.
const PART_WORK: f64 = 2e4;

/// An input, where one end of its range is put, and whether that is the upper one.
pub(super) type End = (usize, f64, bool);

/// The boxes of a problem.
#[derive(Debug)]
pub struct Boxes<'a> {
    pub(super) problem: &'a Problem,
    pub(super) whole: &'a ProblemPart,
    pub(super) layout: Layout,
    /// Inputs that the question reads.
    pub(super) is_read: Vec<bool>,
    pub(super) has_constraints: bool,
    /// Bounds over all of the box.
    ranges: Box<[f64]>,
    is_traced: bool,
}

impl<'a> Boxes<'a> {
    /// The boxes of a problem, given bounds of its neurons over all of `whole`.
    pub fn new(
        problem: &'a Problem,
        whole: &'a ProblemPart,
        bounds: &NeuronBounds,
        clock: Clock,
    ) -> Self {
        Self::on(&Tape::default(), problem, whole, bounds, clock)
    }

    /// The same, given the tape of the graph's first nodes.
    pub fn on(
        first: &Tape,
        problem: &'a Problem,
        whole: &'a ProblemPart,
        bounds: &NeuronBounds,
        clock: Clock,
    ) -> Self {
        let graph = problem.graph();
        let read = read_neurons(graph, bounds, problem.rows());
        let tape = first.and(graph, bounds);
        let ranges = tape.flat(bounds, graph);
        let mut is_read = vec![false; tape.length];
        for (step, read) in tape.steps.iter().zip(&read) {
            is_read[step.span()].copy_from_slice(read);
        }
        let mut is_integer = vec![false; problem.domain().len()];
        problem.integer().iter().for_each(|&index| is_integer[index] = true);
        let rows = problem.rows().index();
        let mut layout = Layout::new(tape, rows, whole.rows.clone(), is_read, is_integer);
        let is_read = read[graph.input().index()].clone();
        layout.clock = clock;
        let has_constraints = problem.limited_rows(whole).next().is_some();
        let is_traced = false;
        let mut boxes =
            Self { problem, whole, layout, is_read, ranges, has_constraints, is_traced };
        let varying = boxes.varying([whole.domain.lower(), whole.domain.upper()]);
        boxes.layout.takes_phases = varying > MOST_HALVED;
        boxes
    }

    /// The boxes of an objective that is the least of some other rows, which are bounded one by one
    /// where boxes are halved.
    pub fn of_alternatives(mut self, rows: std::ops::Range<usize>) -> Self {
        if !self.layout.takes_phases && rows.len() > 1 {
            self.layout.alternatives = rows.collect();
        }
        self
    }

    /// Keeps parts for a [`Trace`](super::Trace), if there is one.
    pub fn traced(self, is_traced: bool) -> Self {
        Self { is_traced, ..self }
    }

    /// All of the box.
    pub fn root(&self, target: Target) -> Vec<Bounded<Kept>> {
        vec![self.bounded(self.all(), target, &mut self.layout.room())]
    }

    /// The part that is all of the box.
    pub(super) fn all(&self) -> Part {
        let mut part = self.layout.part(self.ranges.clone());
        // Its bounds are known already.
        part.first = self.layout.tape.steps.len();
        part
    }

    pub(super) fn graph(&self) -> &'a ReluGraph {
        self.problem.graph()
    }

    /// Bounds a part.
    pub(super) fn bounded(&self, mut part: Part, target: Target, room: &mut Room) -> Bounded<Kept> {
        let mut bounded = Bounded::nothing();
        bounded.before = self.is_traced.then(|| self.layout.keep(part.clone()));
        if self.is_traced {
            room.script = Script::Written(Vec::new());
        }
        let before = room.rows.work;
        let shown = self.layout.bound(&mut part, target, room);
        if let Some(before) = &mut bounded.before {
            let Note { from, programs, .. } =
                part.note.take().map(|note| *note).unwrap_or_default();
            let (number, target, lemmas) = (None, Some(target), room.script.take());
            before.note = Some(Box::new(Note { number, from, lemmas, target, programs }));
        }
        bounded.work = PART_WORK + room.rows.work - before;
        bounded.cut = room.cut;
        match shown {
            Shown::Closed(least) => {
                bounded.least = least;
                return bounded;
            }
            Shown::Bounds(point) => bounded.points.extend(point),
        }
        let [lower, upper] = self.layout.domain(&part);
        if self.has_constraints {
            bounded.points.push(lower.iter().zip(upper).map(|(l, u)| 0.5 * l + 0.5 * u).collect());
        }
        if lower == upper {
            return self.at_a_point(lower, bounded, part.least);
        }
        bounded.least = part.least;
        bounded.part = Some(self.layout.keep(part));
        bounded
    }

    /// A part of a single point: its rows, as close as can be told.
    pub(super) fn at_a_point(
        &self,
        point: &[f64],
        mut bounded: Bounded<Kept>,
        least: f64,
    ) -> Bounded<Kept> {
        let Some(rows) = self.graph().bounds_at(point, self.problem.rows()) else {
            bounded.least = least;
            return bounded;
        };
        if let Some(rows) = rows.within(&self.whole.rows) {
            bounded.least = rows.lower()[OBJECTIVE].max(least);
        }
        bounded
    }

    /// The part in two: by the phase of a neuron where phases are divided, or along an input.
    fn in_two(&self, part: &Part) -> Option<[Part; 2]> {
        match part.choice {
            Some(Choice { below, above }) => {
                Some([below, above].map(|phase| self.on_side(part, phase)))
            }
            None => self.halves(part).map(|cuts| cuts.map(|cut| self.at_an_end(part, cut))),
        }
    }

    /// The part on one side of a kink.
    pub(super) fn on_side(&self, part: &Part, phase: Phase) -> Part {
        self.cut_out(self.layout.on_side(part, phase), self.layout.cut(&phase))
    }

    /// The part with one end of an input moved.
    pub(super) fn at_an_end(&self, part: &Part, (index, end, is_upper): End) -> Part {
        let mut half = part.clone();
        half.depth += 1;
        half.first = 0;
        self.layout.domain_mut(&mut half)[usize::from(is_upper)][index] = end;
        self.cut_out(half, Cut::Input { index, end, is_upper })
    }

    /// A part that was made of another by a cut.
    fn cut_out(&self, mut half: Part, cut: Cut) -> Part {
        if let Some(note) = half.note.as_deref_mut() {
            let (number, programs) = (note.number, note.programs);
            *note = Note { from: number.map(|number| (number, cut)), programs, ..Note::default() };
        }
        half
    }

    /// Both halves of a part along the input that promises most; none where nothing is left to
    /// halve.
    fn halves(&self, part: &Part) -> Option<[End; 2]> {
        let [lower, upper] = self.layout.domain(part);
        let mut order: Vec<usize> = (0..lower.len()).filter(|&i| self.is_read[i]).collect();
        let width = |i: usize| upper[i] - lower[i];
        order.sort_by(|&a, &b| {
            let by_score = part.scores[b].total_cmp(&part.scores[a]);
            by_score.then(width(b).total_cmp(&width(a))).then(a.cmp(&b))
        });
        order.into_iter().find_map(|input| {
            let range = Interval::new(lower[input], upper[input])?;
            let [left, right] = halves(range, self.layout.is_integer[input])?;
            Some([(input, left, true), (input, right, false)])
        })
    }
}

/// Where the lower half of a range ends and the upper one begins; those of an integer share no
/// point. `None` where there is nothing between the ends.
pub fn halves(range: Interval, is_integer: bool) -> Option<[f64; 2]> {
    let (low, high) = (range.lower(), range.upper());
    let middle = 0.5 * low + 0.5 * high;
    let [left, right] = if is_integer { around(middle) } else { [middle; 2] };
    let is_between = low <= left && right <= high && left < high && right > low;
    is_between.then_some([left, right])
}

impl Boxes<'_> {
    /// Both halves of a part, bounded, or what programs show of it.
    pub(super) fn divide(&self, kept: Kept, target: Target, room: &mut Room) -> Vec<Bounded<Kept>> {
        let mut part = self.layout.take(kept);
        let mut shown = Vec::new();
        if let Some(is_last_resort) = self.is_for_programs(&part) {
            let closed = self.by_programs(&part, target.enough, is_last_resort);
            let is_closed = closed.least >= target.enough || self.is_affine(&part);
            part.least = closed.least;
            if let Some(note) = part.note.as_deref_mut() {
                note.programs = Some(target.enough);
            }
            // What is not closed goes on in parts.
            let least = if is_closed { closed.least } else { f64::INFINITY };
            let is_told = is_closed && self.is_traced;
            let before = is_told.then(|| self.layout.keep(part.clone()));
            shown.push(Bounded { least, before, ..closed });
            if is_closed {
                return shown;
            }
        }
        match self.in_two(&part) {
            Some(parts) => {
                shown.extend(parts.into_iter().map(|part| self.bounded(part, target, room)));
            }
            None => {
                let domain = self.layout.domain(&part);
                let mut closed = match self.varying(domain) {
                    // Nothing that is read varies: one point is as good as another.
                    0 => self.at_a_point(domain[0], Bounded::nothing(), part.least),
                    _ => Bounded { least: part.least, ..Bounded::nothing() },
                };
                closed.before = self.is_traced.then(|| self.layout.keep(part));
                shown.push(closed);
            }
        }
        shown
    }
}
