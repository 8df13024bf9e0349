//! Parts as they wait: what cannot be told again, in few bytes.
//!
//! Of neurons, only the ranges of affine steps stand in memory, in `f32` rounded outward: they
//! are narrowed again in any case, and those of activations follow from them. What a part is
//! (its box, and the planes that prove its bound) is kept to the last bit.

use std::sync::Arc;

use super::interval::Centered;
use super::layout::{Layout, Note, OpenRow, Part};
use super::phases::{Choice, Phase};
use super::tape::{Kind, Step};

/// A part that waits.
#[derive(Debug)]
pub struct Kept {
    /// Lower and upper ends of the inputs, and their scores.
    inputs: Box<[f64]>,
    /// Lower and upper ends of affine steps, rounded outward.
    ranges: Box<[f32]>,
    /// See [`Part::below`]: whatever rounding makes of a slope, the plane is drawn again.
    below: Box<[f32]>,
    open_rows: Box<[OpenRow]>,
    phases: Box<[Phase]>,
    choice: Option<Choice>,
    least: f64,
    open: usize,
    /// How often a part was divided for it.
    pub depth: usize,
    /// See [`Part::note`].
    pub note: Option<Box<Note>>,
}

impl Layout {
    /// A part as it waits.
    pub fn keep(&self, part: Part) -> Kept {
        let (lower, upper) = part.ranges.split_at(self.tape.length);
        let [inputs_lower, inputs_upper] = self.domain(&part);
        let ends = self.affine().flat_map(|step| {
            let ends = lower[step.span()].iter().map(|end| down(*end));
            ends.chain(upper[step.span()].iter().map(|end| -down(-end)))
        });
        Kept {
            inputs: [inputs_lower, inputs_upper, &part.scores].concat().into(),
            ranges: ends.collect(),
            below: part.below.iter().map(|slope| *slope as f32).collect(),
            open_rows: part.open_rows.into(),
            phases: part.phases.into(),
            choice: part.choice,
            least: part.least,
            open: part.open,
            depth: part.depth,
            note: part.note,
        }
    }

    /// A part that has waited.
    pub fn take(&self, kept: Kept) -> Part {
        let inputs = self.inputs();
        let mut ranges = vec![0.0; 2 * self.tape.length].into_boxed_slice();
        let (lower, upper) = ranges.split_at_mut(self.tape.length);
        let mut rest = &kept.ranges[..];
        for step in self.affine() {
            for to in [&mut *lower, &mut *upper] {
                let (ends, others) = rest.split_at(step.size);
                to[step.span()].iter_mut().zip(ends).for_each(|(to, end)| *to = f64::from(*end));
                rest = others;
            }
        }
        lower[..inputs].copy_from_slice(&kept.inputs[..inputs]);
        upper[..inputs].copy_from_slice(&kept.inputs[inputs..2 * inputs]);
        let mut part = Part {
            ranges,
            open_rows: kept.open_rows.into(),
            least: kept.least,
            scores: kept.inputs[2 * inputs..].to_vec(),
            open: kept.open,
            depth: kept.depth,
            phases: Vec::new(),
            below: kept.below.iter().map(|slope| f64::from(*slope)).collect(),
            first: 0,
            choice: kept.choice,
            note: kept.note,
        };
        for phase in &kept.phases {
            self.narrow_to(&mut part, *phase);
        }
        let (lower, upper) = part.ranges.split_at_mut(self.tape.length);
        for step in &self.tape.steps {
            if let Kind::Activation { from, .. } = step.kind {
                Centered::activate(step, &self.tape.steps[from], lower, upper);
            }
        }
        part.phases = kept.phases.into();
        part
    }

    /// The box of a part that waits.
    pub fn kept_domain<'a>(&self, kept: &'a Kept) -> [&'a [f64]; 2] {
        let inputs = self.inputs();
        [&kept.inputs[..inputs], &kept.inputs[inputs..2 * inputs]]
    }

    /// Bytes that a part takes as it waits.
    pub fn bytes(&self) -> usize {
        let inputs = self.inputs();
        let neurons: usize = self.affine().map(|step| step.size).sum();
        let phases = if self.takes_phases { PHASES } else { 0 };
        let rows = self.alternatives.len();
        let slopes = if self.takes_phases { self.tape.length } else { 0 };
        // The heap has room for up to twice as many, each with its bound and number.
        2 * (size_of::<Kept>() + 2 * size_of::<u64>())
            + ALLOCATIONS * size_of::<[usize; 2]>()
            + size_of::<f64>() * (3 * inputs + (inputs + 1) * self.most_planes() * rows)
            + size_of::<OpenRow>() * rows
            + size_of::<f32>() * (2 * neurons + slopes)
            + size_of::<Phase>() * phases
    }

    fn affine(&self) -> impl Iterator<Item = &Step> {
        let steps = self.tape.steps.iter().map(Arc::as_ref);
        steps.filter(|step| matches!(step.kind, Kind::Affine(_)))
    }
}

/// Pieces of memory of a part, each of which costs two words more.
const ALLOCATIONS: usize = 6;

/// Phases that a part has taken, for an estimate of its size.
const PHASES: usize = 32;

/// The nearest number of `f32` that is not above.
fn down(value: f64) -> f32 {
    let nearest = value as f32;
    if f64::from(nearest) > value { nearest.next_down() } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_down() {
        let numbers = [0.1, -0.1, 1.0, -1e300, 1e300, 1e-300, -1e-300, 0.0, f64::NEG_INFINITY];
        for value in numbers {
            let below = down(value);
            assert!(f64::from(below) <= value && f64::from(below.next_up()) > value, "{value}");
        }
    }
}
