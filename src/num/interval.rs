//! Closed intervals and boxes.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A closed interval `[lower, upper]` with `lower ≤ upper`, neither NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    lower: f64,
    upper: f64,
}

impl Interval {
    /// The interval `[lower, upper]`; `None` if it is empty or an end is NaN.
    pub fn new(lower: f64, upper: f64) -> Option<Self> {
        (lower <= upper).then_some(Self { lower, upper })
    }

    /// Lower end.
    pub fn lower(self) -> f64 {
        self.lower
    }

    /// Upper end.
    pub fn upper(self) -> f64 {
        self.upper
    }

    /// The least interval that contains this one and 0.
    #[must_use]
    pub fn with_zero(self) -> Self {
        Self { lower: self.lower.min(0.0), upper: self.upper.max(0.0) }
    }

    /// Whether `value` lies inside, ends included.
    pub fn contains(self, value: f64) -> bool {
        self.lower <= value && value <= self.upper
    }

    /// The numbers in both intervals; `None` if there are none.
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.lower.max(other.lower), self.upper.min(other.upper))
    }
}

/// A non-empty box of finite intervals, one a coordinate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "RawBox", into = "RawBox")]
pub struct IntervalBox {
    lower: Vec<f64>,
    upper: Vec<f64>,
}

/// The form of a box in files: two lists.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Box"))]
#[serde(deny_unknown_fields)]
struct RawBox {
    /// Lower bounds, one per coordinate.
    lower: Vec<f64>,
    /// Upper bounds, one per coordinate.
    upper: Vec<f64>,
}

/// Why two lists of numbers are not a box.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum BoxError {
    /// The lists differ in length.
    #[error(
        "the box has {lower} lower and {upper} upper bounds; expected as many of one as of the other"
    )]
    Lengths {
        /// Number of lower bounds.
        lower: usize,
        /// Number of upper bounds.
        upper: usize,
    },
    /// A bound is NaN or infinite.
    #[error(
        "the {side} bound of coordinate {index} of the box is {value}; expected a finite number"
    )]
    NotFinite {
        /// "lower" or "upper".
        side: &'static str,
        /// Coordinate, from 0.
        index: usize,
        /// What was found.
        value: f64,
    },
    /// A lower bound exceeds its upper bound.
    #[error("the box is empty in coordinate {index}: lower {lower} > upper {upper}")]
    Empty {
        /// Coordinate, from 0.
        index: usize,
        /// Lower bound found.
        lower: f64,
        /// Upper bound found.
        upper: f64,
    },
}

impl IntervalBox {
    /// The box `[lower₀, upper₀] × …`.
    ///
    /// # Errors
    /// Lists of different length, a bound that is not finite, `lower > upper`.
    pub fn new(lower: Vec<f64>, upper: Vec<f64>) -> Result<Self, BoxError> {
        if lower.len() != upper.len() {
            return Err(BoxError::Lengths { lower: lower.len(), upper: upper.len() });
        }
        for (index, (&l, &u)) in lower.iter().zip(&upper).enumerate() {
            for (side, value) in [("lower", l), ("upper", u)] {
                if !value.is_finite() {
                    return Err(BoxError::NotFinite { side, index, value });
                }
            }
            if l > u {
                return Err(BoxError::Empty { index, lower: l, upper: u });
            }
        }
        Ok(Self { lower, upper })
    }

    /// Number of coordinates.
    pub fn len(&self) -> usize {
        self.lower.len()
    }

    /// Whether the box has no coordinates.
    pub fn is_empty(&self) -> bool {
        self.lower.is_empty()
    }

    /// Lower bounds.
    pub fn lower(&self) -> &[f64] {
        &self.lower
    }

    /// Upper bounds.
    pub fn upper(&self) -> &[f64] {
        &self.upper
    }

    /// The interval of coordinate `index`.
    ///
    /// # Panics
    /// If `index` is out of range.
    pub fn interval(&self, index: usize) -> Interval {
        Interval { lower: self.lower[index], upper: self.upper[index] }
    }

    /// The coordinates whose interval has a width, in order.
    pub fn varying(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter(|&index| self.lower[index] < self.upper[index])
    }

    /// Whether `point` lies inside in every coordinate.
    pub fn contains(&self, point: &[f64]) -> bool {
        point.len() == self.len() && (0..self.len()).all(|i| self.interval(i).contains(point[i]))
    }

    /// The point of the box nearest to `point`.
    pub fn nearest(&self, point: &[f64]) -> Vec<f64> {
        let bounds = self.lower.iter().zip(&self.upper);
        point.iter().zip(bounds).map(|(&x, (&l, &u))| x.clamp(l, u)).collect()
    }

    /// The points in both boxes; `None` if there are none.
    ///
    /// # Panics
    /// If the boxes differ in dimension.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        assert_eq!(self.len(), other.len(), "coordinates of boxes");
        let lower = self.lower.iter().zip(&other.lower).map(|(a, b)| a.max(*b));
        let upper = self.upper.iter().zip(&other.upper).map(|(a, b)| a.min(*b));
        Self::new(lower.collect(), upper.collect()).ok()
    }

    /// The points of the box whose coordinates lie in these intervals, which may be without
    /// ends; `None` if there are none.
    ///
    /// # Panics
    /// If there is not one interval a coordinate.
    pub fn within(&self, intervals: &[Interval]) -> Option<Self> {
        assert_eq!(self.len(), intervals.len(), "intervals of a box");
        let lower = self.lower.iter().zip(intervals).map(|(l, other)| l.max(other.lower));
        let upper = self.upper.iter().zip(intervals).map(|(u, other)| u.min(other.upper));
        Self::new(lower.collect(), upper.collect()).ok()
    }

    /// The midpoint of the box.
    pub fn center(&self) -> Vec<f64> {
        // Halving first cannot overflow; the clamp undoes a rounding outward.
        let bounds = self.lower.iter().zip(&self.upper);
        bounds.map(|(&l, &u)| (0.5 * l + 0.5 * u).clamp(l, u)).collect()
    }
}

impl TryFrom<RawBox> for IntervalBox {
    type Error = BoxError;

    fn try_from(raw: RawBox) -> Result<Self, BoxError> {
        Self::new(raw.lower, raw.upper)
    }
}

impl From<IntervalBox> for RawBox {
    fn from(b: IntervalBox) -> Self {
        Self { lower: b.lower, upper: b.upper }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_refuses_what_is_not_a_box() {
        let lengths = IntervalBox::new(vec![0.0], vec![]);
        assert_eq!(lengths, Err(BoxError::Lengths { lower: 1, upper: 0 }));
        let empty = IntervalBox::new(vec![0.0, 2.0], vec![1.0, 1.0]).unwrap_err();
        assert_eq!(empty.to_string(), "the box is empty in coordinate 1: lower 2 > upper 1");
        let infinite = IntervalBox::new(vec![0.0], vec![f64::INFINITY]).unwrap_err();
        assert!(infinite.to_string().contains("upper bound of coordinate 0 of the box is inf"));
        assert!(IntervalBox::new(vec![f64::NAN], vec![0.0]).is_err());
    }
}
