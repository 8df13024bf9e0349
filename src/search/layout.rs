//! What is asked of the network, laid out for a search; parts of its box, and room to work in.

use std::sync::Arc;

use super::Target;
use super::aligned::Aligned;
use super::envelope::Envelope;
use super::interval::Centered;
use super::lines::Lines;
use super::phases::{Choice, Phase};
use super::planes::Plane;
use super::rows::{Ask, Rows};
use super::script::Script;
use super::tape::{Kind, Matrix, Tape};
use crate::control::Clock;
use crate::num::Interval;
use crate::problem::OBJECTIVE;
use crate::proof::{Cut, Lemma};

/// Inputs up to which it is kept how steep the planes of each neuron are.
const MOST_STEEP: usize = 64;

/// Planes that a part hands down, besides one for each four inputs, but no more than twice.
const PLANES: usize = 4;

/// A part of the box.
#[derive(Clone, Debug)]
pub struct Part {
    /// Bounds of all neurons: lower ends, then upper ones.
    pub ranges: Box<[f64]>,
    /// The alternatives that it is not done with.
    pub open_rows: Vec<OpenRow>,
    /// No value of the objective is less.
    pub least: f64,
    /// What halving along each input promises.
    pub scores: Vec<f64>,
    /// Neurons whose phase is open.
    pub open: usize,
    /// How often a part was divided for it.
    pub depth: usize,
    /// Phases that it has taken, in their order.
    pub phases: Vec<Phase>,
    /// Slopes below open neurons that served its objective best; empty where none are handed
    /// down.
    pub below: Box<[f64]>,
    /// The first step that its last division narrows.
    pub first: usize,
    /// The neuron whose phase promises most.
    pub choice: Option<Choice>,
    /// Where it stands among the parts, where the search is traced.
    pub note: Option<Box<Note>>,
}

/// A row that is small enough at some points of a part, as far as is known.
#[derive(Clone, Debug)]
pub struct OpenRow {
    /// Which one.
    pub row: usize,
    /// Planes below it, each as its slope and its offset: one piece of memory.
    pub planes: Arc<[f64]>,
}

/// Where a part stands among those of a search, and what bounds it.
#[derive(Clone, Debug, Default)]
pub struct Note {
    /// Its number, once it has been told.
    pub number: Option<usize>,
    /// The part that it was cut out of, and how.
    pub from: Option<(usize, Cut)>,
    /// The choices that bound it.
    pub lemmas: Vec<Lemma>,
    /// What there was to prove.
    pub target: Option<Target>,
    /// What linear programs were to reach, where it went to them.
    pub programs: Option<f64>,
}

/// What is asked of the network, laid out for a search.
#[derive(Debug)]
pub struct Layout {
    /// The network.
    pub tape: Tape,
    /// The step of the question's rows.
    pub rows: usize,
    /// Rows the least of which is the objective: it alone, or alternatives, which are bounded
    /// row by row over the same neurons.
    pub alternatives: Vec<usize>,
    /// One interval a row.
    pub limits: Vec<Interval>,
    /// What ends long work on a single part.
    pub clock: Clock,
    /// Whether phases are divided.
    pub takes_phases: bool,
    /// Neurons that the question reads.
    pub is_read: Vec<bool>,
    /// Inputs that have to be whole numbers.
    pub is_integer: Vec<bool>,
    /// For each step the activations that read it.
    pub readers: Vec<Vec<usize>>,
    /// Multiplications of a step at a point.
    pub work_of_a_step: Vec<f64>,
    /// Those of a row that is led back from a step to the inputs, as if none were by 0.
    pub work_of_a_row: Vec<f64>,
    /// Coefficients of the inputs, in absolute value and of both sides, for neurons that
    /// nothing but affine maps comes before; `inputs` for each. Empty where there are many
    /// inputs, along which nothing is halved.
    pub steepness: Vec<f64>,
}

/// What a thread works with.
#[derive(Debug)]
pub struct Room {
    pub centered: Centered,
    pub lines: Lines,
    pub rows: Rows,
    /// Slopes below open neurons for the objective.
    pub below: Aligned,
    /// What it takes of phases.
    pub phases: Vec<Phase>,
    /// What planes leave together.
    pub envelope: Envelope,
    /// The slopes, and the phases, of the best row.
    pub best_below: Aligned,
    pub best_phases: Vec<Phase>,
    /// What halving the range of each neuron promises.
    pub promises: Aligned,
    /// Values of all neurons at a point.
    pub values: Aligned,
    /// As in [`Layout`], for all neurons.
    pub steepness: Vec<f64>,
    /// Of one row, for each input.
    pub scores: Vec<f64>,
    /// No value in what was clipped off is less; infinite where nothing was.
    pub cut: f64,
    /// What planes leave of a box for one row: its lower and its upper end.
    pub clipped: [Vec<f64>; 2],
    /// The box around what they leave for any row.
    pub hull: [Vec<f64>; 2],
    /// The choices for the part at hand.
    pub script: Script,
}

impl OpenRow {
    /// A row with planes below it.
    pub fn new(row: usize, planes: &[Plane]) -> Self {
        let numbers = planes.iter().flat_map(|plane| plane.slope.iter().chain([&plane.offset]));
        Self { row, planes: numbers.copied().collect() }
    }
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
        let work_of_a_step = work_of_steps(&tape);
        let sum = |sum: &mut f64, work: &f64| {
            *sum += work;
            Some(*sum)
        };
        let work_of_a_row = work_of_a_step.iter().scan(0.0, sum).collect();
        let mut layout = Self {
            tape,
            rows,
            alternatives: vec![OBJECTIVE],
            limits,
            clock: Clock::unlimited(),
            takes_phases: false,
            is_read,
            is_integer,
            readers,
            work_of_a_step,
            work_of_a_row,
            steepness: Vec::new(),
        };
        if layout.inputs() <= MOST_STEEP {
            layout.steepness = layout.steepness_before_activations();
        }
        layout
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.tape.steps[0].size
    }

    /// See [`Layout::steepness`].
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
                let ask = Ask {
                    step: index,
                    chosen: &chosen,
                    below: &nothing,
                    phases: &[],
                    keeps_trace: false,
                };
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
            below: Aligned::zeros(self.tape.length),
            phases: Vec::new(),
            envelope: Envelope::default(),
            best_below: Aligned::zeros(self.tape.length),
            best_phases: Vec::new(),
            promises: Aligned::zeros(self.tape.length),
            values: Aligned::zeros(self.tape.length),
            steepness: self.steepness.clone(),
            scores: vec![0.0; self.inputs()],
            cut: f64::INFINITY,
            clipped: Default::default(),
            hull: Default::default(),
            script: Script::Free,
        }
    }

    /// A part with known bounds, of which nothing else is known.
    pub fn part(&self, ranges: Box<[f64]>) -> Part {
        let scores = vec![0.0; self.inputs()];
        let least = f64::NEG_INFINITY;
        Part {
            ranges,
            open_rows: self.alternatives.iter().map(|&row| OpenRow::new(row, &[])).collect(),
            least,
            scores,
            open: 0,
            depth: 0,
            phases: Vec::new(),
            below: Box::new([]),
            first: 0,
            choice: None,
            note: None,
        }
    }

    /// Planes that a part hands down, at most.
    pub fn most_planes(&self) -> usize {
        PLANES + (self.inputs() / 4).min(PLANES)
    }

    /// Planes below a row that are known of a part.
    pub fn planes(&self, open: &OpenRow) -> Vec<Plane> {
        let plane = |numbers: &[f64]| {
            let (offset, slope) = numbers.split_last()?;
            Some(Plane { slope: slope.to_vec(), offset: *offset })
        };
        open.planes.chunks_exact(self.inputs() + 1).filter_map(plane).collect()
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
}

/// See [`Layout::work_of_a_step`].
fn work_of_steps(tape: &Tape) -> Vec<f64> {
    let works = tape.steps.iter().map(|step| match &step.kind {
        Kind::Affine(affine) => {
            let inputs = |(from, _): &(usize, Matrix)| tape.steps[*from].size;
            (step.size * affine.terms.iter().map(inputs).sum::<usize>()) as f64
        }
        _ => step.size as f64,
    });
    works.collect()
}
