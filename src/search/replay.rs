//! A tree of proofs, followed: what it proves, derived again without a search.

use std::collections::HashMap;

use thiserror::Error;

use super::Target;
use super::boxes::Boxes;
use super::layout::Part;
use super::script::Script;
use crate::bounds::{BoundsError, Crown, Propagator};
use crate::control::Clock;
use crate::problem::Problem;
use crate::proof::{self, Cut, Tree};

/// Why a tree proves nothing.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ReplayError {
    /// There is nothing to search.
    #[error("the problem has an empty box")]
    Empty,
    /// The network's values overflow.
    #[error(transparent)]
    Bounds(#[from] BoundsError),
    /// A part that does not come from one before it.
    #[error("part {part}: expected to be cut out of a part before it that was divided")]
    From {
        /// The part.
        part: usize,
    },
    /// Parts that do not cover what they were cut out of.
    #[error("part {part}: expected two parts that cover it")]
    Cover {
        /// The part that was divided.
        part: usize,
    },
}

/// The bound that a tree proves of the objective, signed so that it is to be made small; infinite
/// where no point meets the constraints.
///
/// Nothing in the tree is believed: slopes, weights and cuts are choices, each of which gives a
/// valid bound, and what follows from them is computed again, rounded outward.
///
/// # Errors
/// [`ReplayError`].
pub fn replay(problem: &Problem, tree: &Tree) -> Result<f64, ReplayError> {
    let whole = problem.whole().ok_or(ReplayError::Empty)?;
    let bounds = Crown.propagate(problem.graph(), &whole.domain)?;
    let Some(rows) = bounds.of(problem.rows()).within(&whole.rows) else {
        return Ok(f64::INFINITY);
    };
    let bounds = bounds.with(problem.rows(), rows);
    let boxes = Boxes::new(problem, whole, &bounds, Clock::unlimited());
    let mut room = boxes.layout.room();
    // Parts that were divided, and the cuts of what has come out of them.
    let mut open: HashMap<usize, (Part, Vec<Cut>)> = HashMap::new();
    let mut least = f64::INFINITY;
    for (number, part) in tree.parts.iter().enumerate() {
        let proof::Part { from, best, enough, lemmas, programs, is_divided } = part;
        let part = match from {
            None if number == 0 => boxes.all(),
            None => return Err(ReplayError::From { part: number }),
            Some((parent, cut)) => {
                let error = ReplayError::From { part: number };
                let (parent_part, cuts) = open.get_mut(parent).ok_or(error.clone())?;
                cuts.push(*cut);
                let cut_out = boxes.cut(parent_part, *cut).ok_or(error.clone())?;
                if cuts.len() == 2 {
                    let (_, cuts) = open.remove(parent).ok_or(error.clone())?;
                    if !boxes.is_covered(&cuts) {
                        return Err(ReplayError::Cover { part: *parent });
                    }
                }
                cut_out
            }
        };
        room.script = Script::Followed(lemmas.clone().into_iter());
        let target = Target { best: *best, enough: *enough };
        let bounded = boxes.bounded(part, target, &mut room);
        least = least.min(bounded.cut);
        let Some(kept) = bounded.part else {
            least = least.min(bounded.least);
            continue;
        };
        let mut part = boxes.layout.take(kept);
        if let (Some(enough), Some(is_last_resort)) = (programs, boxes.is_for_programs(&part)) {
            part.least = boxes.by_programs(&part, *enough, is_last_resort).least;
        }
        match is_divided {
            true => drop(open.insert(number, (part, Vec::new()))),
            false => least = least.min(boxes.closed(&part)),
        }
    }
    match open.keys().min() {
        None if tree.parts.is_empty() => Err(ReplayError::Cover { part: 0 }),
        None => Ok(least),
        Some(part) => Err(ReplayError::Cover { part: *part }),
    }
}

impl Boxes<'_> {
    /// What was cut out of a part.
    fn cut(&self, part: &Part, cut: Cut) -> Option<Part> {
        match cut {
            Cut::Phase { node, index, kink, side } => {
                let phase = self.layout.side(node, index, kink, side)?;
                Some(self.on_side(part, phase))
            }
            Cut::Input { index, end, is_upper } => {
                let [lower, upper] = self.layout.domain(part);
                let is_inside = index < lower.len() && lower[index] <= end && end <= upper[index];
                is_inside.then(|| self.at_an_end(part, (index, end, is_upper)))
            }
        }
    }

    /// Whether two cuts leave nothing out.
    fn is_covered(&self, cuts: &[Cut]) -> bool {
        match *cuts {
            [
                Cut::Input { index, end: a, is_upper: true },
                Cut::Input { index: other, end: b, is_upper: false },
            ] => {
                let is_integer = self.layout.is_integer.get(index) == Some(&true);
                index == other && b <= a + if is_integer { 1.0 } else { 0.0 }
            }
            [
                Cut::Phase { node, index, kink, side: a },
                Cut::Phase { node: n, index: i, kink: k, side: b },
            ] => node == n && index == i && kink == k && a == -b,
            _ => false,
        }
    }

    /// What bounds a part that was not divided: where nothing varies, its value.
    fn closed(&self, part: &Part) -> f64 {
        let domain = self.layout.domain(part);
        match self.varying(domain) {
            0 => self.at_a_point(domain[0], super::Bounded::nothing(), part.least).least,
            _ => part.least,
        }
    }
}
