//! Bounds of inputs, exact as the file states them.

use std::cmp::Ordering;

use super::query::{Atom, Relation};
use crate::network::Precision;
use crate::num::Interval;
use crate::num::decimal::Decimal;

/// One side of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputBound {
    /// The least or the largest value.
    pub value: Decimal,
    /// Whether the value itself is excluded.
    pub is_strict: bool,
}

/// Both sides of an input: at least one real number lies between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputBounds {
    /// The lower one.
    pub lower: InputBound,
    /// The upper one.
    pub upper: InputBound,
}

impl InputBounds {
    /// An interval that holds all real numbers within the bounds, and their ends.
    ///
    /// # Panics
    /// If the lower bound lies above the upper one.
    pub fn outward(&self) -> Interval {
        Interval::new(self.lower.value.rounded_down(), self.upper.value.rounded_up())
            .expect("a lower bound below the upper one")
    }

    /// From the least to the largest number of a type within the bounds; `None` where there is
    /// none.
    pub fn numbers(&self, precision: Precision) -> Option<Interval> {
        match precision {
            Precision::F64 => self.inward(),
            Precision::F32 => {
                let [lower, upper] = self.inward_single()?;
                Interval::new(lower.into(), upper.into())
            }
        }
    }

    /// From the least to the largest `f64` within the bounds; `None` where there is none, as
    /// between 0.1 and 0.1.
    pub fn inward(&self) -> Option<Interval> {
        let (lower, upper) = (self.lower.value.rounded_up(), self.upper.value.rounded_down());
        let lower = if self.lower.excludes(lower) { lower.next_up() } else { lower };
        let upper = if self.upper.excludes(upper) { upper.next_down() } else { upper };
        Interval::new(lower, upper)
    }

    /// The least and the largest `f32` within the bounds; `None` where there is none.
    pub fn inward_single(&self) -> Option<[f32; 2]> {
        let lower = self.lower.value.rounded_up_single();
        let upper = self.upper.value.rounded_down_single();
        let lower = if self.lower.excludes(lower.into()) { lower.next_up() } else { lower };
        let upper = if self.upper.excludes(upper.into()) { upper.next_down() } else { upper };
        (lower <= upper).then_some([lower, upper])
    }
}

impl InputBound {
    fn excludes(&self, value: f64) -> bool {
        self.is_strict && self.value.compare(value).is_eq()
    }
}

/// What is known of an input.
#[derive(Clone, Debug, Default)]
pub(super) struct Sides {
    pub(super) lower: Option<InputBound>,
    pub(super) upper: Option<InputBound>,
}

impl Sides {
    /// The bounds that an atom states for its only variable; `None` where it states none.
    pub(super) fn of(atom: &Atom) -> Option<Self> {
        let [(_, coefficient)] = &atom.terms[..] else { return None };
        let bound = |is_strict| {
            let value = atom.constant.divided_by(coefficient)?;
            Some(InputBound { value, is_strict })
        };
        let is_lower = coefficient.is_negative();
        let one_side = |bound| match is_lower {
            true => Self { lower: Some(bound), upper: None },
            false => Self { lower: None, upper: Some(bound) },
        };
        Some(match atom.relation {
            Relation::AtMost => one_side(bound(false)?),
            Relation::Less => one_side(bound(true)?),
            Relation::Equal => {
                let bound = bound(false)?;
                Self { lower: Some(bound.clone()), upper: Some(bound) }
            }
            Relation::NotEqual => return None,
        })
    }

    /// The tighter of both on each side.
    pub(super) fn narrow(&mut self, other: Self) {
        let tighter = |own: &mut Option<InputBound>, other: Option<InputBound>, side: Ordering| {
            let Some(other) = other else { return };
            let is_tighter = own.as_ref().is_none_or(|own| {
                let order = other.value.cmp(&own.value);
                order == side || (order.is_eq() && other.is_strict)
            });
            if is_tighter {
                *own = Some(other);
            }
        };
        tighter(&mut self.lower, other.lower, Ordering::Greater);
        tighter(&mut self.upper, other.upper, Ordering::Less);
    }

    /// Why no number is within, where none is.
    pub(super) fn contradiction(&self) -> Option<String> {
        let (lower, upper) = (self.lower.as_ref()?, self.upper.as_ref()?);
        let is_strict = lower.is_strict || upper.is_strict;
        let is_empty = match lower.value.cmp(&upper.value) {
            Ordering::Less => false,
            Ordering::Equal => is_strict,
            Ordering::Greater => true,
        };
        let word = |strict, with, without| if strict { with } else { without };
        is_empty.then(|| {
            let at_least = word(lower.is_strict, "above", "at least");
            let at_most = word(upper.is_strict, "below", "at most");
            format!("{at_least} {} and {at_most} {}", lower.value, upper.value)
        })
    }
}
