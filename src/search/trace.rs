//! What a search tells of its parts, where somebody asks: what became of each, and what was cut
//! off.
//!
//! Where nobody asks, nothing is kept. What is told is a part as the space knows it, with the
//! choices that bound it: boxes for a picture, or a tree of proofs.

use super::Target;
use super::boxes::Boxes;
use super::kept::Kept;
use super::layout::Note;
use crate::num::IntervalBox;
use crate::proof::{Part, Tree};

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Nothing in it is better than what is known, which a bound shows; or there was nothing
    /// left to divide.
    Bounded,
    /// Linear programs over the phases of its neurons have closed it.
    Solved,
    /// No point of it meets the constraints.
    Empty,
    /// It was cut off from another part: nothing in it is better than what is known, or no
    /// point of it meets the constraints.
    Cut,
    /// It was open when the search ended: its bound was good enough by then, or a limit came
    /// first.
    Open,
}

/// Hears of the parts of a search, in the same order for any number of threads.
///
/// A part that is kept is divided later or closed. So parts that are closed and what was cut off
/// cover what is searched.
pub trait Trace<P> {
    /// A part was bounded and stays as `left`; what that lacks was cut off.
    fn keep(&mut self, part: &P, left: &mut P);

    /// The search is done with a part.
    fn close(&mut self, part: &P, fate: Fate);
}

/// A box of inputs that a search is done with.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchedBox {
    /// The inputs.
    pub domain: IntervalBox,
    /// How often the whole box was halved for it.
    pub depth: usize,
    /// What became of it.
    pub fate: Fate,
}

/// Who hears of the boxes of a search.
pub type Listener<'a> = dyn FnMut(SearchedBox) + 'a;

/// Tells of boxes.
pub(crate) struct BoxTrace<'a, 'b> {
    boxes: &'a Boxes<'a>,
    listener: &'a mut Listener<'b>,
}

impl<'a, 'b> BoxTrace<'a, 'b> {
    /// Tells of the parts of `boxes`.
    pub fn new(boxes: &'a Boxes<'a>, listener: &'a mut Listener<'b>) -> Self {
        Self { boxes, listener }
    }

    fn tell(&mut self, ends: [&[f64]; 2], depth: usize, fate: Fate) {
        let [lower, upper] = ends.map(<[f64]>::to_vec);
        let domain = IntervalBox::new(lower, upper).expect("a part has inner points or is one");
        (self.listener)(SearchedBox { domain, depth, fate });
    }
}

impl Trace<Kept> for BoxTrace<'_, '_> {
    fn keep(&mut self, part: &Kept, left: &mut Kept) {
        let layout = &self.boxes.layout;
        for [lower, upper] in
            slabs(layout.kept_domain(part), layout.kept_domain(left), &layout.is_integer)
        {
            self.tell([&lower, &upper], part.depth, Fate::Cut);
        }
    }

    fn close(&mut self, part: &Kept, fate: Fate) {
        self.tell(self.boxes.layout.kept_domain(part), part.depth, fate);
    }
}

/// Grows a tree of proofs.
pub(crate) struct TreeTrace<'a> {
    tree: &'a mut Tree,
}

impl<'a> TreeTrace<'a> {
    /// Adds to `tree`, which is empty.
    pub fn new(tree: &'a mut Tree) -> Self {
        Self { tree }
    }

    fn add(&mut self, part: &Kept) -> Option<usize> {
        let note = part.note.as_deref()?;
        let target = note.target?;
        let (from, lemmas) = (note.from, note.lemmas.clone());
        if let Some((parent, _)) = from {
            let parent = &mut self.tree.parts[parent];
            parent.is_divided = true;
            parent.programs = note.programs;
        }
        let Target { best, enough } = target;
        let (programs, is_divided) = (None, false);
        self.tree.parts.push(Part { from, best, enough, lemmas, programs, is_divided });
        Some(self.tree.parts.len() - 1)
    }
}

impl Trace<Kept> for TreeTrace<'_> {
    fn keep(&mut self, part: &Kept, left: &mut Kept) {
        let number = self.add(part);
        left.note = Some(Box::new(Note { number, ..Note::default() }));
    }

    fn close(&mut self, part: &Kept, _: Fate) {
        let Some(note) = part.note.as_deref() else { return };
        match note.number {
            Some(number) => self.tree.parts[number].programs = note.programs,
            None => drop(self.add(part)),
        }
    }
}

/// What a box has and one within it has not, as boxes that share no inner points: along each
/// input what is below and what is above, of what is left along those before it.
fn slabs(
    whole: [&[f64]; 2],
    [lower, upper]: [&[f64]; 2],
    is_integer: &[bool],
) -> Vec<[Vec<f64>; 2]> {
    let [mut low, mut high] = whole.map(<[f64]>::to_vec);
    let mut slabs = Vec::new();
    for (i, &is_integer) in is_integer.iter().enumerate() {
        // Whole numbers belong to one side.
        let step = f64::from(u8::from(is_integer));
        if low[i] < lower[i] {
            let mut below = [low.clone(), high.clone()];
            below[1][i] = lower[i] - step;
            slabs.push(below);
        }
        if upper[i] < high[i] {
            let mut above = [low.clone(), high.clone()];
            above[0][i] = upper[i] + step;
            slabs.push(above);
        }
        (low[i], high[i]) = (lower[i], upper[i]);
    }
    slabs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: below and above along the first input, then along the second within those ends.
    #[test]
    fn a_frame_falls_into_four_boxes() {
        let whole = [&[0.0, 0.0][..], &[4.0, 4.0]];
        let inner = [&[1.0, 2.0][..], &[3.0, 3.0]];
        let boxes = |boxes: &[[[f64; 2]; 2]]| -> Vec<[Vec<f64>; 2]> {
            boxes.iter().map(|ends| ends.map(|end| end.to_vec())).collect()
        };
        let expected = boxes(&[
            [[0.0, 0.0], [1.0, 4.0]],
            [[3.0, 0.0], [4.0, 4.0]],
            [[1.0, 0.0], [3.0, 2.0]],
            [[1.0, 3.0], [3.0, 4.0]],
        ]);
        assert_eq!(slabs(whole, inner, &[false, false]), expected);
        let expected = boxes(&[
            [[0.0, 0.0], [0.0, 4.0]],
            [[4.0, 0.0], [4.0, 4.0]],
            [[1.0, 0.0], [3.0, 2.0]],
            [[1.0, 3.0], [3.0, 4.0]],
        ]);
        assert_eq!(slabs(whole, inner, &[true, false]), expected);
        assert!(slabs(whole, whole, &[false, false]).is_empty());
    }
}
