//! What is proven of a problem, without a solver's word for anything.
//!
//! Best first over parts of the box: CROWN bounds each part; one that holds no point
//! as good as the best one known, or none at all, is done with; one in which few
//! neurons are open goes to a branch and bound over certified linear programs
//! ([`crate::tighten::search`]), which often closes it; what is left is halved. All of
//! it holds for the real-arithmetic network, rounding included, so the least bound of
//! all parts is a theorem, whenever the work ends.
//!
//! It is no rival of a MILP solver on large problems: it is told the best point, and has
//! only to show that there is no better one.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::parts::halves;
use super::{Best, Gap};
use crate::bounds::{BoundsError, NeuronBounds, read_neurons, refine};
use crate::control::{Clock, Observer, Progress, StoppedBy};
use crate::encode::{BigM, EncodedProblem, Encoder};
use crate::milp::VarId;
use crate::network::{NodeId, Phase, ReluGraph};
use crate::num::IntervalBox;
use crate::problem::{OBJECTIVE, Problem};
use crate::tighten::limited;
use crate::tighten::search::{Guide, Search, Until};

/// Open neurons for each input that varies, up to which a part goes to linear programs:
/// halving costs more the more inputs there are.
const OPEN_PER_INPUT: usize = 2;

/// Open neurons up to which the whole box goes to linear programs at once.
const OPEN_AT_ONCE: usize = 12;

/// With more inputs than this, halving the box leads nowhere.
const MOST_HALVED: usize = 16;

/// Linear programs for one part, unless there is no other way.
const NODES_OF_A_PART: u64 = 400;

/// What bounding a half of a part takes besides the network's own multiplications, in as
/// many: some microseconds.
const HALF_WORK: f64 = 2e4;

/// The same for handing a program to the simplex method, and for one solve of it.
const PROGRAM_WORK: f64 = 5e5;
const RELAXATION_WORK: f64 = 1e5;

/// Bytes of open parts, where no limit is set.
const MEMORY: usize = 1 << 30;

/// How often the observer hears of the progress.
const TICK: Duration = Duration::from_millis(100);

/// What was proven.
#[derive(Clone, Debug)]
pub(super) struct Proven<'a> {
    /// No point has a better value; `None` if that is proven of none at all.
    pub(super) bound: Option<f64>,
    /// Whether it is proven that there is no point.
    pub(super) is_empty: bool,
    /// The best points that are known, those told or better ones.
    pub(super) best: Best<'a>,
    /// What ended the work before the gap was closed.
    pub(super) stopped_by: Option<StoppedBy>,
    /// Parts and linear programs.
    pub(super) nodes: u64,
    /// Simplex iterations.
    pub(super) iterations: u64,
}

/// A part of the box: bounds of all neurons over it, and what they say of the objective,
/// as a least value.
struct Part {
    bounds: NeuronBounds,
    bound: f64,
}

/// What a proof may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Multiplications, as estimated: a limit in seconds alone would make answers depend on
    /// the machine.
    pub(super) work: f64,
    /// Bytes of open parts.
    pub(super) memory: Option<usize>,
    /// The clock.
    pub(super) clock: Clock,
}

/// Proves what it can of `problem`, given bounds of its neurons and perhaps a point.
pub(super) fn certify<'a>(
    problem: &'a Problem,
    bounds: &NeuronBounds,
    known: Best<'a>,
    gap: Gap,
    effort: Effort,
    observer: &mut dyn Observer,
) -> Proven<'a> {
    let mut work = Work {
        problem,
        gap,
        bytes: bytes_of_a_part(problem.graph()),
        effort,
        observer,
        heard: Instant::now(),
        best: known,
        read: read_neurons(problem.graph(), bounds, problem.rows()),
        spent: 0.0,
        stopped_by: None,
        nodes: 0,
        iterations: 0,
    };
    let least = work.least(bounds);
    Proven {
        bound: least.filter(|bound| bound.is_finite()),
        is_empty: least.is_none(),
        best: work.best,
        stopped_by: work.stopped_by,
        nodes: work.nodes,
        iterations: work.iterations,
    }
}

/// Two numbers per neuron, and what a node takes besides.
fn bytes_of_a_part(graph: &ReluGraph) -> usize {
    let node = |id| 2 * std::mem::size_of::<f64>() * graph.size(id);
    graph.nodes().map(|(id, _)| node(id) + std::mem::size_of::<IntervalBox>()).sum()
}

/// A proof under way.
struct Work<'a, 'o> {
    problem: &'a Problem,
    gap: Gap,
    effort: Effort,
    /// What an open part takes.
    bytes: usize,
    observer: &'o mut dyn Observer,
    /// When the observer heard last.
    heard: Instant,
    best: Best<'a>,
    /// The neurons that the question reads, inputs among them: the others play no part.
    read: Vec<Vec<bool>>,
    /// Multiplications so far.
    spent: f64,
    stopped_by: Option<StoppedBy>,
    nodes: u64,
    iterations: u64,
}

impl Work<'_, '_> {
    /// The least bound of all parts; `None` if there is no point.
    fn least(&mut self, bounds: &NeuronBounds) -> Option<f64> {
        let root = self.part(bounds.clone(), f64::NEG_INFINITY);
        let mut open: BinaryHeap<Part> = root.into_iter().collect();
        let mut parts = open.len();
        // The least bound of the parts that are done with.
        let mut closed = f64::INFINITY;
        while let Some(mut part) = open.pop() {
            if open.len() * self.bytes > self.effort.memory.unwrap_or(MEMORY) {
                self.stopped_by.get_or_insert(StoppedBy::MemoryLimit);
            }
            // No open part has a lower bound.
            if part.bound >= self.enough().min(closed) || self.is_over(part.bound) {
                closed = closed.min(part.bound);
                break;
            }
            self.try_point(&self.input_box(&part).center());
            if self.is_for_programs(&part, parts == 1) {
                match self.by_programs(&part) {
                    None => continue,
                    Some(bound) => part.bound = part.bound.max(bound),
                }
                if part.bound >= self.enough() {
                    closed = closed.min(part.bound);
                    continue;
                }
            }
            match self.split(&part) {
                Some(halves) => {
                    parts += 2;
                    open.extend(halves.into_iter().flatten());
                }
                None => closed = closed.min(part.bound),
            }
        }
        let is_empty = open.is_empty() && closed == f64::INFINITY;
        (!is_empty).then_some(closed)
    }

    /// The bound at which a part is done with.
    fn enough(&self) -> f64 {
        let best = self.best.target().map(|best| best.cost);
        best.map_or(f64::INFINITY, |value| value - self.gap.at(value))
    }

    /// A part, unless its bounds show that it has no point.
    fn part(&self, bounds: NeuronBounds, least: f64) -> Option<Part> {
        let whole = self.problem.whole()?;
        let bounds = limited(self.problem, whole, self.at_a_point(bounds)?).ok()?;
        let bound = bounds.of(self.problem.rows()).lower()[OBJECTIVE].max(least);
        Some(Part { bounds, bound })
    }

    /// Where only one input is left, the rows there, as close as can be told.
    fn at_a_point(&self, bounds: NeuronBounds) -> Option<NeuronBounds> {
        let graph = self.problem.graph();
        let domain = bounds.of(graph.input());
        if domain.lower() != domain.upper() {
            return Some(bounds);
        }
        let node = self.problem.rows();
        let Some(rows) = graph.bounds_at(domain.lower(), node) else { return Some(bounds) };
        let rows = rows.intersection(bounds.of(node))?;
        Some(bounds.with(node, rows))
    }

    fn input_box<'a>(&self, part: &'a Part) -> &'a IntervalBox {
        part.bounds.of(self.problem.graph().input())
    }

    /// Inputs of a part that vary, and its neurons whose phase is open.
    fn counts(&self, part: &Part) -> (usize, usize) {
        let domain = self.input_box(part);
        let graph = self.problem.graph();
        let is_read = |node: NodeId, index: usize| self.read[node.index()][index];
        let varies = |i: usize| domain.lower()[i] < domain.upper()[i] && is_read(graph.input(), i);
        let inputs = (0..domain.len()).filter(|&i| varies(i)).count();
        let open = graph.activation_layers().map(|layer| {
            let neurons = (0..graph.size(layer.node)).filter(|&i| is_read(layer.node, i));
            neurons.filter(|&i| part.bounds.phase(layer, i) == Phase::Unstable).count()
        });
        (inputs, open.sum())
    }

    fn is_for_programs(&self, part: &Part, is_whole: bool) -> bool {
        let (inputs, open) = self.counts(part);
        // One solve takes some iterations an open neuron, each through the whole program.
        let solve = 2.0 * open as f64 * self.problem.graph().weights() as f64;
        if self.spent + solve > self.effort.work {
            return false;
        }
        let few = if is_whole { OPEN_AT_ONCE } else { 0 };
        // At a single point there is nothing to solve.
        inputs > 0 && (open <= few.max(OPEN_PER_INPUT * inputs) || inputs > MOST_HALVED)
    }

    /// A bound of a part by linear programs, `None` if it has no point.
    fn by_programs(&mut self, part: &Part) -> Option<f64> {
        let graph = self.problem.graph();
        let whole = self.problem.whole()?;
        let encoder = Encoder::new(self.problem, whole).of_what_is_read(&part.bounds);
        let boxes = graph.nodes().map(|(id, _)| part.bounds.of(id).clone());
        // What cannot be encoded or solved leaves the bound as it is.
        let Ok(encoder) = encoder.with(boxes, &BigM) else { return Some(part.bound) };
        let EncodedProblem { model, inputs, .. } = encoder.finish();
        let Ok(mut search) = Search::new(&model) else { return Some(part.bound) };
        let is_last_resort = self.counts(part).0 > MOST_HALVED;
        let until = Until {
            clock: self.effort.clock,
            nodes: if is_last_resort { u64::MAX } else { NODES_OF_A_PART },
            enough: self.enough(),
        };
        let nonzeros = model.size().nonzeros as f64;
        self.spent += PROGRAM_WORK;
        let mut guide = Watch { work: self, inputs: &inputs, bound: part.bound, nonzeros };
        let found = search.least(&model.objective, None, until, &mut guide);
        let Ok(found) = found else { return Some(part.bound) };
        self.nodes += found.nodes;
        self.iterations += found.iterations;
        if found.is_empty { None } else { Some(found.bound.unwrap_or(part.bound)) }
    }

    /// Both halves of a part along the input that promises most, without those that have no
    /// point;
    /// `None` where nothing is left to halve.
    fn split(&mut self, part: &Part) -> Option<[Option<Part>; 2]> {
        let problem = self.problem;
        let domain = self.input_box(part);
        let scores = scores(problem, domain);
        let read = &self.read[problem.graph().input().index()];
        let wide = (0..domain.len()).filter(|&i| scores[i] > 0.0 && read[i]);
        let mut wide: Vec<usize> = wide.collect();
        wide.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
        let halves = wide.into_iter().find_map(|i| halves(domain, i, problem.integer()))?;
        let (_, open) = self.counts(part);
        self.spent += 2.0 * (HALF_WORK + problem.graph().weights() as f64 * (open + 1) as f64);
        self.nodes += 2;
        Some(halves.map(|half| {
            let graph = problem.graph();
            let known = part.bounds.clone().with(graph.input(), half.clone());
            match refine(graph, &half, &known, &self.effort.clock) {
                Ok(bounds) => self.part(bounds, part.bound),
                Err(BoundsError::Empty { .. }) => None,
                // What held for the whole part holds.
                Err(BoundsError::Overflow { .. }) => self.part(known, part.bound),
            }
        }))
    }

    /// Tries a point, moved into the box of the problem.
    fn try_point(&mut self, point: &[f64]) {
        let Some(input) = self.problem.nearest_input(point) else { return };
        self.best.offer(self.problem.evaluate(input));
    }

    /// Whether a limit or an interrupt ends the work; tells the observer of it.
    fn is_over(&mut self, bound: f64) -> bool {
        if self.heard.elapsed() >= TICK {
            self.heard = Instant::now();
            let progress = Progress {
                seconds: self.effort.clock.seconds(),
                objective: self.best.target().map(|best| best.cost),
                objective_bound: Some(bound).filter(|bound| bound.is_finite()),
                node_count: self.nodes,
                lp_iterations: self.iterations,
            };
            let told = self.effort.clock.tell(self.observer, &progress);
            self.stopped_by = self.stopped_by.or(told);
        }
        self.stopped_by = self.stopped_by.or_else(|| self.effort.clock.stopped());
        self.stopped_by.is_some() || self.spent > self.effort.work
    }
}

/// How much halving each input promises: its width beside that of the whole box, times how far
/// objective and constraints move along it, by gradients at a few points of the part; a share
/// of the width in any case, so that no input is forgotten where gradients are 0. Only inputs
/// that vary have a score.
fn scores(problem: &Problem, domain: &IntervalBox) -> Vec<f64> {
    /// Where along the diagonals gradients are taken, in halves of the width.
    const POINTS: [f64; 3] = [0.0, 0.5, -0.5];
    /// What the width counts beside the gradients.
    const SHARE_OF_WIDTH: f64 = 0.1;
    let whole = problem.domain();
    let width = |b: &IntervalBox, i: usize| b.upper()[i] - b.lower()[i];
    let center = domain.center();
    let mut weights = vec![SHARE_OF_WIDTH; domain.len()];
    for row in (1..=problem.constraints().len()).chain([OBJECTIVE]) {
        let mut moves = vec![0.0; domain.len()];
        for (number, at) in POINTS.iter().enumerate() {
            // Not all along the same diagonal.
            let side = |i: usize| if (i + number).is_multiple_of(2) { 0.5 * at } else { -0.5 * at };
            let coordinate = |i: usize| center[i] + side(i) * width(domain, i);
            let point: Vec<f64> = (0..domain.len()).map(coordinate).collect();
            let gradient = problem.gradient(row, &point);
            for (i, along) in moves.iter_mut().enumerate() {
                *along += gradient[i].abs() * width(whole, i);
            }
        }
        let largest = moves.iter().copied().fold(0.0, f64::max);
        if largest > 0.0 && largest.is_finite() {
            weights.iter_mut().zip(&moves).for_each(|(weight, along)| *weight += along / largest);
        }
    }
    let score = |i: usize| match width(domain, i) {
        0.0 => 0.0,
        own => weights[i] * own / width(whole, i),
    };
    (0..domain.len()).map(score).collect()
}

/// Learns from the linear programs of a part.
struct Watch<'w, 'a, 'o> {
    work: &'w mut Work<'a, 'o>,
    inputs: &'w [VarId],
    bound: f64,
    nonzeros: f64,
}

/// Passes over the entries of a program that the solve of one relaxation takes.
const PASSES: f64 = 40.0;

impl Guide for Watch<'_, '_, '_> {
    fn visit(&mut self, point: &[f64]) -> ControlFlow<(), f64> {
        if !point.is_empty() {
            let input: Vec<f64> = self.inputs.iter().map(|column| point[column.index()]).collect();
            self.work.try_point(&input);
        }
        self.work.spent += RELAXATION_WORK + PASSES * self.nonzeros;
        match self.work.is_over(self.bound) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(self.work.enough()),
        }
    }
}

/// The least bound comes first.
impl Ord for Part {
    fn cmp(&self, other: &Self) -> Ordering {
        other.bound.total_cmp(&self.bound)
    }
}

impl PartialOrd for Part {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Part {}
