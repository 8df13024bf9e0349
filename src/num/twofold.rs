//! Numbers of twice the digits: unevaluated sums of two `f64`.
//!
//! Sums and products keep about 104 bits, enough to tell what the rounding of a forward
//! pass in `f64` has left of a value. Source: Dekker, "A floating-point technique for
//! extending the available precision" (1971), doi 10.1007/BF01397083.

use super::exact::{two_product, two_sum};

/// `high + low`, where `high` is the sum rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Twofold {
    high: f64,
    low: f64,
}

impl Twofold {
    /// The nearest `f64`.
    pub fn rounded(self) -> f64 {
        self.high
    }

    /// Adds `weight · value`.
    pub fn add_product(&mut self, weight: f64, value: Self) {
        let (product, error) = two_product(weight, value.high);
        let (high, rest) = two_sum(self.high, product);
        let low = rest + (self.low + (error + weight * value.low));
        // Infinities leave no errors that mean anything.
        *self =
            if high.is_finite() { Self::normalized(high, low) } else { Self { high, low: 0.0 } };
    }

    /// The larger one.
    pub fn max(self, other: Self) -> Self {
        if self.is_less(other) { other } else { self }
    }

    /// The smaller one.
    pub fn min(self, other: Self) -> Self {
        if self.is_less(other) { self } else { other }
    }

    fn is_less(self, other: Self) -> bool {
        (self.high, self.low) < (other.high, other.low)
    }

    fn normalized(high: f64, low: f64) -> Self {
        let sum = high + low;
        Self { high: sum, low: low - (sum - high) }
    }
}

impl From<f64> for Twofold {
    fn from(value: f64) -> Self {
        Self { high: value, low: 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_f64_loses_is_kept() {
        // By hand: 1e16 + 1 − 1e16 is 1; (1 + 2⁻³⁰)² − 1 − 2⁻²⁹ is 2⁻⁶⁰.
        let mut sum = Twofold::default();
        for value in [1e16, 1.0, -1e16] {
            sum.add_product(1.0, value.into());
        }
        assert_eq!(sum.rounded(), 1.0);
        let a = 1.0 + 2f64.powi(-30);
        let mut sum = Twofold::default();
        sum.add_product(a, a.into());
        sum.add_product(-1.0, 1.0.into());
        sum.add_product(-1.0, 2f64.powi(-29).into());
        assert_eq!(sum.rounded(), 2f64.powi(-60));
    }

    #[test]
    fn products_of_sums_are_kept_too() {
        // By hand: 3 (1 + 2⁻⁷⁰) − 3 is 3 · 2⁻⁷⁰.
        let mut one_and_a_bit = Twofold::from(1.0);
        one_and_a_bit.add_product(1.0, 2f64.powi(-70).into());
        let mut sum = Twofold::default();
        sum.add_product(3.0, one_and_a_bit);
        sum.add_product(-3.0, 1.0.into());
        assert_eq!(sum.rounded(), 3.0 * 2f64.powi(-70));
    }

    #[test]
    fn order_looks_at_all_digits() {
        let mut above = Twofold::from(1.0);
        above.add_product(1.0, 2f64.powi(-80).into());
        assert_eq!(above.max(1.0.into()), above);
        assert_eq!(above.min(1.0.into()), 1.0.into());
        assert_eq!(Twofold::from(-1.0).max(0.0.into()).rounded(), 0.0);
    }
}
