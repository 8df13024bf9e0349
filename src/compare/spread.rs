//! Median and range.

use serde::Serialize;

use crate::num::statistics::median;

/// Median and range of a figure over the seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Spread {
    /// The median; of an even number of figures, the mean of the middle two.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// Of some figures; `None` if there are none.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let figures: Vec<f64> = figures.into_iter().collect();
        let median = median(figures.iter().copied())?;
        let min = figures.iter().copied().min_by(f64::total_cmp)?;
        let max = figures.iter().copied().max_by(f64::total_cmp)?;
        Some(Self { median, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_range_by_hand() {
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of([3.0]), Some(Spread { median: 3.0, min: 3.0, max: 3.0 }));
        let odd = Spread { median: 2.0, min: -1.0, max: 7.0 };
        assert_eq!(Spread::of([7.0, -1.0, 2.0]), Some(odd));
        let even = Spread { median: 3.0, min: 1.0, max: 9.0 };
        assert_eq!(Spread::of([9.0, 1.0, 2.0, 4.0]), Some(even));
    }
}
