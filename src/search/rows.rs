//! Backward substitution over a tape: [`ROWS`] expressions of a step's neurons at once, bounded
//! from below. Formulas and error terms are those of `bounds/backward.rs`, with magnitudes over
//! the whole box.

use ndarray::Array2;

use super::aligned::Aligned;
use super::kernel::{ROWS, RowsTimes, Sums, ThroughLines};
use super::lines::Lines;
use super::phases::Phase;
use super::planes::Plane;
use super::tape::{Kind, Matrix, Step, Tape, padded};
use crate::num::rounding::below;

/// A block of rows on its way back to the inputs.
#[derive(Debug)]
pub struct Rows {
    /// Of each step, [`ROWS`] rows of coefficients, padded.
    coefficients: Aligned,
    /// Steps where coefficients have arrived.
    has_arrived: Vec<bool>,
    constant: [f64; ROWS],
    error: [f64; ROWS],
    /// Rows that are asked for.
    count: usize,
    /// What has arrived before.
    known: Aligned,
    /// Coefficients of a product that are not 0.
    factors: Vec<(usize, [f64; ROWS])>,
    /// Coefficients of the outputs of activations, of row 0, where they are kept.
    trace: Aligned,
    /// Multiplications so far.
    pub work: f64,
}

/// Which rows are led back, and how.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The affine step that they start at.
    pub step: usize,
    /// Its neurons, each with a sign of 1 or −1; at most [`ROWS`].
    pub chosen: &'a [(usize, f64)],
    /// Slopes of the lines below: those of the lines, or others from 0 to 1 where they are
    /// free.
    pub below: &'a [f64],
    /// What row 0 takes of phases.
    pub phases: &'a [Phase],
    /// Whether the coefficients that row 0 has at the outputs of activations are kept.
    pub keeps_trace: bool,
}

impl Rows {
    /// Room for the rows of a tape.
    pub fn new(tape: &Tape) -> Self {
        let widest = tape.steps.iter().map(|step| padded(step.size)).max().unwrap_or(0);
        Self {
            coefficients: Aligned::zeros(ROWS * tape.length),
            has_arrived: vec![false; tape.steps.len()],
            constant: [0.0; ROWS],
            error: [0.0; ROWS],
            count: 0,
            known: Aligned::zeros(ROWS * widest),
            factors: Vec::new(),
            trace: Aligned::zeros(tape.length),
            work: 0.0,
        }
    }

    /// Leads what is asked for back to the inputs.
    pub fn substitute(&mut self, tape: &Tape, lines: &Lines, ranges: [&[f64]; 2], ask: &Ask) {
        let Ask { step: target, chosen, below, phases, keeps_trace } = *ask;
        self.start(tape, target, chosen, ranges);
        if keeps_trace {
            self.trace.fill(0.0);
        }
        for (index, step) in tape.steps[..target].iter().enumerate().rev() {
            for phase in phases.iter().filter(|phase| phase.step == index) {
                self.take_phase(step, phase, ranges);
                self.has_arrived[index] = true;
            }
            if !self.has_arrived[index] {
                continue;
            }
            let width = padded(step.size);
            let block = ROWS * step.start..ROWS * (step.start + width);
            match &step.kind {
                Kind::Input => continue,
                Kind::Affine(_) => self.through_affine(tape, index, ranges),
                Kind::Activation { from, .. } => {
                    let from = *from;
                    let room = step.room();
                    if keeps_trace {
                        let first = &self.coefficients[block.start..][..width];
                        self.trace[room.clone()].copy_from_slice(first);
                    }
                    let mut sums = [[0.0; 2]; ROWS];
                    self.arrive(tape, from, ranges, |to, coefficients| {
                        let (before, behind) = coefficients.split_at_mut(block.start);
                        let rows = before[to].chunks_exact_mut(width).zip(behind.chunks(width));
                        for ((out, a), sums) in rows.zip(&mut sums) {
                            *sums = ThroughLines {
                                a,
                                out,
                                slopes: [&below[room.clone()], &lines.above[room.clone()]],
                                intercepts: [&lines.under[room.clone()], &lines.over[room.clone()]],
                                e: &lines.error[room.clone()],
                            }
                            .run();
                        }
                    });
                    for (row, [intercepts, error]) in sums[..self.count].iter().enumerate() {
                        self.constant[row] += intercepts;
                        self.error[row] += error + 8.0 * f64::EPSILON * self.constant[row].abs();
                    }
                }
            }
            self.has_arrived[index] = false;
        }
        let input = &mut self.has_arrived[0];
        if !*input {
            self.coefficients[..ROWS * padded(tape.steps[0].size)].fill(0.0);
        }
        *input = false;
    }

    /// The plane below a row that has been led back.
    pub fn plane(&self, tape: &Tape, row: usize) -> Plane {
        let slope = self.slope(tape, row).to_vec();
        Plane { slope, offset: self.offset(row) }
    }

    /// The plane's slope.
    pub fn slope(&self, tape: &Tape, row: usize) -> &[f64] {
        let size = tape.steps[0].size;
        &self.coefficients[row * padded(size)..][..size]
    }

    /// The plane's offset.
    pub fn offset(&self, row: usize) -> f64 {
        // Twice, for the rounding of the error terms themselves.
        let offset = below(self.constant[row], 2.0 * self.error[row]);
        if offset.is_finite() { offset } else { f64::NEG_INFINITY }
    }

    /// Coefficients of the outputs of activations that row 0 had.
    pub fn trace(&self) -> &[f64] {
        &self.trace
    }

    fn start(&mut self, tape: &Tape, target: usize, chosen: &[(usize, f64)], ranges: [&[f64]; 2]) {
        debug_assert!(!chosen.is_empty() && chosen.len() <= ROWS);
        let Kind::Affine(sum) = &tape.steps[target].kind else {
            unreachable!("rows start at affine steps");
        };
        // One row on its own, or a block.
        self.count = if chosen.len() == 1 { 1 } else { ROWS };
        self.constant = [0.0; ROWS];
        self.error = [0.0; ROWS];
        for (row, &(index, sign)) in chosen.iter().enumerate() {
            self.constant[row] = sign * sum.bias[index];
        }
        for (from, matrix) in &sum.terms {
            let width = padded(tape.steps[*from].size);
            self.arrive(tape, *from, ranges, |to, coefficients| {
                let to = &mut coefficients[to];
                to[chosen.len() * width..].fill(0.0);
                let rows = to.chunks_exact_mut(width).zip(chosen);
                match matrix {
                    // A copy with a sign: exact.
                    Matrix::Dense { rows: weights, .. } => rows.for_each(|(to, &(index, sign))| {
                        let weights = &weights[index * width..][..width];
                        to.iter_mut().zip(weights).for_each(|(to, w)| *to = sign * w);
                    }),
                    Matrix::Structured(linear) => {
                        let weights = linear.signed_rows(chosen);
                        rows.zip(weights.outer_iter()).for_each(|((to, _), weights)| {
                            to.iter_mut().zip(weights).for_each(|(to, w)| *to = *w);
                        });
                    }
                }
            });
        }
    }

    /// Adds what row 0 takes of a phase: a multiple of what is not above 0.
    fn take_phase(&mut self, step: &Step, phase: &Phase, [lower, upper]: [&[f64]; 2]) {
        let index = ROWS * step.start;
        let width = padded(step.size);
        if !self.has_arrived[phase.step] {
            self.coefficients[index..index + self.count * width].fill(0.0);
        }
        let taken = phase.multiplier * phase.side;
        let sum = &mut self.coefficients[index + phase.pre - step.start];
        *sum += taken;
        let largest = lower[phase.pre].abs().max(upper[phase.pre].abs());
        self.error[0] += f64::EPSILON * sum.abs() * largest;
        if phase.kink != 0.0 {
            let shift = taken * phase.kink;
            self.constant[0] -= shift;
            let magnitude = shift.abs() + self.constant[0].abs();
            self.error[0] += f64::EPSILON * magnitude + f64::MIN_POSITIVE;
        }
    }

    fn through_affine(&mut self, tape: &Tape, index: usize, ranges: [&[f64]; 2]) {
        let step = &tape.steps[index];
        let Kind::Affine(sum) = &step.kind else { return };
        let width = padded(step.size);
        let count = self.count;
        for row in 0..count {
            let a = &self.coefficients[ROWS * step.start + row * width..][..width];
            let [constant, error] = Sums { a, b: &sum.bias, e: &sum.backward_error }.run();
            self.constant[row] += constant;
            self.error[row] +=
                error + sum.underflow + 8.0 * f64::EPSILON * self.constant[row].abs();
        }
        let block = ROWS * step.start;
        let mut factors = std::mem::take(&mut self.factors);
        let mut work = 0.0;
        for (from, matrix) in &sum.terms {
            let inputs = padded(tape.steps[*from].size);
            self.arrive(tape, *from, ranges, |to, coefficients| {
                let (before, behind) = coefficients.split_at_mut(block);
                let (to, a) = (&mut before[to], &behind[..count * width]);
                match matrix {
                    Matrix::Dense { rows, .. } => {
                        let (stride, size, width) = (width, step.size, inputs);
                        let (w, out, factors) = (&rows[..], to, &mut factors);
                        let used = RowsTimes { a, stride, size, w, width, out, factors }.run();
                        work += (count * used * width) as f64;
                    }
                    Matrix::Structured(linear) => {
                        let shape = (count, step.size);
                        let a = Array2::from_shape_fn(shape, |(row, i)| a[row * width + i]);
                        let product = linear.rows_times(&a);
                        work += (count * linear.multiplications()) as f64;
                        for (from, to) in product.outer_iter().zip(to.chunks_exact_mut(inputs)) {
                            to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
                        }
                    }
                }
            });
        }
        self.factors = factors;
        self.work += work;
    }

    /// Lets `write` put coefficients to a step, where there may be some already.
    fn arrive(
        &mut self,
        tape: &Tape,
        to: usize,
        [lower, upper]: [&[f64]; 2],
        write: impl FnOnce(std::ops::Range<usize>, &mut [f64]),
    ) {
        let step = &tape.steps[to];
        let width = padded(step.size);
        let block = ROWS * step.start..ROWS * step.start + self.count * width;
        if !self.has_arrived[to] {
            self.has_arrived[to] = true;
            return write(block, &mut self.coefficients);
        }
        // What comes is summed up on its own, as its error term has it.
        let known = &mut self.known[..self.count * width];
        known.copy_from_slice(&self.coefficients[block.clone()]);
        write(block.clone(), &mut self.coefficients);
        for (row, (sum, known)) in self.coefficients[block]
            .chunks_exact_mut(width)
            .zip(known.chunks_exact(width))
            .enumerate()
        {
            let mut magnitude = 0.0;
            for (index, (sum, known)) in sum.iter_mut().zip(known).enumerate() {
                *sum += known;
                let at = step.start + index;
                magnitude += sum.abs() * lower[at].abs().max(upper[at].abs());
            }
            self.error[row] += f64::EPSILON * magnitude;
        }
    }
}
