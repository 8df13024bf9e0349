//! Boxes of inputs: halved along the input that promises most, each bounded by planes below the
//! objective; where few neurons are open, closed by linear programs over their phases.

use std::ops::ControlFlow;

use super::columns::{Guide, Search, Until};
use super::node::{Layout, Part, Room, Shown};
use super::tape::Tape;
use super::{Bounded, Space, Target};
use crate::bounds::{NeuronBounds, read_neurons};
use crate::control::Clock;
use crate::encode::{BigM, EncodedProblem, Encoder};
use crate::milp::VarId;
use crate::network::ReluGraph;
use crate::num::{Interval, IntervalBox};
use crate::problem::{OBJECTIVE, Part as ProblemPart, Problem};

/// With so many inputs that vary or fewer, halving is the better way to close a part.
const FEW_INPUTS: usize = 2;

/// Open neurons for each input that varies, up to which a part goes to linear programs.
const OPEN_PER_INPUT: usize = 1;

/// The same where halving may go on for long: with constraints, whose planes do not close a part
/// where they cross, and in parts that have been halved so often for each input, as along a
/// ridge on which the objective hardly changes.
const OPEN_PER_INPUT_OF_LONG: usize = 2;
const LONG: usize = 8;

/// With more inputs than this, halving the box leads nowhere.
const MOST_HALVED: usize = 16;

/// Linear programs for one part, unless there is no other way.
const NODES_OF_A_PART: u64 = 400;

/// Multiplications that handing a program to the simplex method comes to, and one solve of it
/// besides passes over its entries.
const PROGRAM_WORK: f64 = 5e5;
const RELAXATION_WORK: f64 = 1e5;
const PASSES: f64 = 40.0;

/// The same for what bounding a part takes besides the network's own multiplications.
const PART_WORK: f64 = 2e4;

/// The boxes of a problem.
#[derive(Debug)]
pub struct Boxes<'a> {
    problem: &'a Problem,
    whole: &'a ProblemPart,
    layout: Layout,
    /// Inputs that the question reads.
    is_read: Vec<bool>,
    ranges: Box<[f64]>,
    has_constraints: bool,
    clock: Clock,
}

impl<'a> Boxes<'a> {
    /// The boxes of a problem, given bounds of its neurons over all of `whole`.
    pub fn new(
        problem: &'a Problem,
        whole: &'a ProblemPart,
        bounds: &NeuronBounds,
        clock: Clock,
    ) -> Self {
        let graph = problem.graph();
        let read = read_neurons(graph, bounds, problem.rows());
        let tape = Tape::new(graph, bounds);
        let ranges = tape.flat(bounds, graph);
        let mut is_read = vec![false; tape.length];
        for (step, read) in tape.steps.iter().zip(&read) {
            is_read[step.span()].copy_from_slice(read);
        }
        let mut is_integer = vec![false; problem.domain().len()];
        problem.integer().iter().for_each(|&index| is_integer[index] = true);
        let rows = problem.rows().index();
        let layout = Layout::new(tape, rows, whole.rows.clone(), is_read, is_integer);
        let is_read = read[graph.input().index()].clone();
        let has_constraints = problem.limited_rows(whole).next().is_some();
        Self { problem, whole, layout, is_read, ranges, has_constraints, clock }
    }

    /// All of the box.
    pub fn root(&self, target: Target) -> Vec<Bounded<Part>> {
        let part = self.layout.part(self.ranges.clone());
        vec![self.bounded(part, target, &mut self.layout.room())]
    }

    fn graph(&self) -> &'a ReluGraph {
        self.problem.graph()
    }

    /// Bounds a part.
    fn bounded(&self, mut part: Part, target: Target, room: &mut Room) -> Bounded<Part> {
        let before = room.work;
        let shown = self.layout.bound(&mut part, target, room);
        let mut bounded = Bounded::nothing();
        bounded.work = PART_WORK + room.work - before;
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
        bounded.part = Some(part);
        bounded
    }

    /// Whether the objective is affine over a part, and nothing else is asked for: what keeps it
    /// open is rounding, which halving does not help against.
    fn is_affine(&self, part: &Part) -> bool {
        let [lower, upper] = self.layout.domain(part);
        let mut varying = (0..lower.len()).filter(|&i| lower[i] < upper[i]);
        let has_integers = varying.any(|i| self.layout.is_integer[i]);
        part.open == 0 && !self.has_constraints && !has_integers
    }

    /// A part of a single point: its rows, as close as can be told.
    fn at_a_point(&self, point: &[f64], mut bounded: Bounded<Part>, least: f64) -> Bounded<Part> {
        let Some(rows) = self.graph().bounds_at(point, self.problem.rows()) else {
            bounded.least = least;
            return bounded;
        };
        if let Some(rows) = rows.within(&self.whole.rows) {
            bounded.least = rows.lower()[OBJECTIVE].max(least);
        }
        bounded
    }

    /// Inputs that vary.
    fn varying(&self, part: &Part) -> usize {
        let [lower, upper] = self.layout.domain(part);
        (0..lower.len()).filter(|&i| lower[i] < upper[i] && self.is_read[i]).count()
    }

    /// Whether a part is one for linear programs, and whether there is no other way.
    fn is_for_programs(&self, part: &Part) -> Option<bool> {
        let inputs = self.varying(part);
        let is_last_resort = inputs > MOST_HALVED || self.is_affine(part);
        let is_long = self.has_constraints || part.depth > LONG * inputs;
        let most = match is_long {
            true => OPEN_PER_INPUT_OF_LONG * inputs,
            false if inputs > FEW_INPUTS => OPEN_PER_INPUT * inputs,
            false => return is_last_resort.then_some(true),
        };
        let is_small = part.open <= most && inputs > 0;
        (is_last_resort || is_small).then_some(is_last_resort)
    }

    /// A bound of a part by linear programs.
    fn by_programs(&self, part: &Part, enough: f64, is_last_resort: bool) -> Bounded<()> {
        let mut bounded = Bounded::nothing();
        bounded.least = part.least;
        let Some(bounds) = self.neuron_bounds(part) else { return bounded };
        let encoder = Encoder::new(self.problem, self.whole).of_what_is_read(&bounds);
        let boxes = self.graph().nodes().map(|(id, _)| bounds.of(id).clone());
        // What cannot be encoded or solved leaves the bound as it is.
        let Ok(encoder) = encoder.with(boxes, &BigM) else { return bounded };
        let EncodedProblem { model, inputs, .. } = encoder.finish();
        let Ok(mut search) = Search::new(&model) else { return bounded };
        let nodes = if is_last_resort { u64::MAX } else { NODES_OF_A_PART };
        let until = Until { clock: self.clock, nodes, enough };
        let nonzeros = model.size().nonzeros as f64;
        let mut points = Points { inputs: &inputs, found: Vec::new() };
        let Ok(found) = search.least(&model.objective, None, until, &mut points) else {
            return bounded;
        };
        bounded.points = points.found;
        bounded.programs = [found.nodes, found.iterations];
        bounded.work = PROGRAM_WORK + found.nodes as f64 * (RELAXATION_WORK + PASSES * nonzeros);
        bounded.least = match found.is_empty {
            true => f64::INFINITY,
            false => found.bound.map_or(part.least, |bound| bound.max(part.least)),
        };
        bounded
    }

    fn neuron_bounds(&self, part: &Part) -> Option<NeuronBounds> {
        let (lower, upper) = part.ranges.split_at(self.layout.tape.length);
        let boxes =
            self.layout.tape.steps.iter().map(|step| {
                IntervalBox::new(lower[step.span()].to_vec(), upper[step.span()].to_vec())
            });
        Some(NeuronBounds::new(boxes.collect::<Result<_, _>>().ok()?))
    }

    /// Both halves of a part along the input that promises most; none where nothing is left to
    /// halve.
    fn halves(&self, part: &Part) -> Option<[Part; 2]> {
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
            let mut parts = [part.clone(), part.clone()];
            parts.iter_mut().for_each(|half| half.depth += 1);
            self.layout.domain_mut(&mut parts[0])[1][input] = left;
            self.layout.domain_mut(&mut parts[1])[0][input] = right;
            Some(parts)
        })
    }
}

/// Where the lower half of a range ends and the upper one begins; those of an integer share no
/// point. `None` where there is nothing between the ends.
pub fn halves(range: Interval, is_integer: bool) -> Option<[f64; 2]> {
    let (low, high) = (range.lower(), range.upper());
    let middle = 0.5 * low + 0.5 * high;
    let [left, right] = match is_integer {
        // Beyond 2⁵³ not every whole number has a successor: then both halves share one.
        true => match (middle.floor(), middle.floor() + 1.0) {
            (floor, next) if next - floor == 1.0 => [floor, next],
            (floor, _) => [floor, floor],
        },
        false => [middle, middle],
    };
    let is_between = low <= left && right <= high && left < high && right > low;
    is_between.then_some([left, right])
}

impl Space for Boxes<'_> {
    type Part = Part;
    type Scratch = Room;

    fn scratch(&self) -> Room {
        self.layout.room()
    }

    fn divide(&self, mut part: Part, target: Target, room: &mut Room) -> Vec<Bounded<Part>> {
        let mut shown = Vec::new();
        if let Some(is_last_resort) = self.is_for_programs(&part) {
            let closed = self.by_programs(&part, target.enough, is_last_resort);
            let is_closed = closed.least >= target.enough || self.is_affine(&part);
            part.least = closed.least;
            // What is not closed goes on in parts.
            let least = if is_closed { closed.least } else { f64::INFINITY };
            shown.push(Bounded { least, ..closed.without_part() });
            if is_closed {
                return shown;
            }
        }
        match self.halves(&part) {
            Some(parts) => {
                shown.extend(parts.into_iter().map(|part| self.bounded(part, target, room)));
            }
            None => shown.push(Bounded { least: part.least, ..Bounded::nothing() }),
        }
        shown
    }

    fn bytes(&self) -> usize {
        let planes = (self.layout.is_integer.len() + 4) * (self.layout.is_integer.len() / 4 + 4);
        size_of::<f64>() * (2 * self.layout.tape.length + planes + self.layout.is_integer.len())
    }
}

/// Keeps the points of relaxations.
struct Points<'a> {
    inputs: &'a [VarId],
    found: Vec<Vec<f64>>,
}

impl Guide for Points<'_> {
    fn visit(&mut self, point: &[f64]) -> ControlFlow<(), f64> {
        if !point.is_empty() {
            self.found.push(self.inputs.iter().map(|column| point[column.index()]).collect());
        }
        ControlFlow::Continue(f64::INFINITY)
    }
}
