//! Sums and products rounded in a chosen direction: the exact result where it
//! has an `f64`, else the next number on the chosen side. Where a sum of a few
//! numbers becomes a coefficient, this is tighter than an a-priori bound, and
//! leaves alone what needs no rounding.

use super::Interval;
use super::exact::{two_product, two_sum};

/// Products below this magnitude may have an error that is no `f64`: the lowest
/// of the 106 bits of a product of magnitude 2⁻⁹⁶⁹ is 2⁻¹⁰⁷⁴.
pub const EXACT_ERRORS: f64 = 2.0 * f64::MIN_POSITIVE / f64::EPSILON;

/// `a + b`, rounded down.
pub fn sum_down(a: f64, b: f64) -> f64 {
    let (sum, error) = two_sum(a, b);
    // Written so that a NaN, after an overflow, counts as an error.
    if error >= 0.0 { sum } else { sum.next_down() }
}

/// `a + b`, rounded up.
pub fn sum_up(a: f64, b: f64) -> f64 {
    -sum_down(-a, -b)
}

/// `a · b`, rounded down.
pub fn product_down(a: f64, b: f64) -> f64 {
    let (product, error) = two_product(a, b);
    let exact = product.abs() >= EXACT_ERRORS || a == 0.0 || b == 0.0;
    if exact && error >= 0.0 { product } else { product.next_down() }
}

/// `a · b`, rounded up.
pub fn product_up(a: f64, b: f64) -> f64 {
    -product_down(-a, b)
}

/// The values of `Σ wᵢ xᵢ` for `xᵢ` in intervals.
///
/// # Panics
/// If a weight is NaN.
pub fn weighted_sum(terms: impl Iterator<Item = (f64, Interval)>) -> Interval {
    let (mut lower, mut upper) = (0.0, 0.0);
    for (weight, x) in terms {
        let (least, largest) =
            if weight < 0.0 { (x.upper(), x.lower()) } else { (x.lower(), x.upper()) };
        lower = sum_down(lower, product_down(weight, least));
        upper = sum_up(upper, product_up(weight, largest));
    }
    Interval::new(lower, upper).expect("rounded outward")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_number_is_not_rounded() {
        assert_eq!((sum_down(0.5, 0.25), sum_up(0.5, 0.25)), (0.75, 0.75));
        assert_eq!((product_down(-3.0, 0.5), product_up(-3.0, 0.5)), (-1.5, -1.5));
        assert_eq!((product_down(0.0, 1e-320), product_up(-0.1, 0.0)), (0.0, 0.0));
    }

    #[test]
    fn what_has_none_lies_between_neighbours() {
        // By hand: 1 + 2⁻⁶⁰, (1 + 2⁻³⁰)² = 1 + 2⁻²⁹ + 2⁻⁶⁰.
        let tiny = 2f64.powi(-60);
        assert_eq!((sum_down(1.0, tiny), sum_up(1.0, tiny)), (1.0, 1f64.next_up()));
        assert_eq!((sum_down(-1.0, -tiny), sum_up(-1.0, -tiny)), ((-1f64).next_down(), -1.0));
        let a = 1.0 + 2f64.powi(-30);
        let square = 1.0 + 2f64.powi(-29);
        assert_eq!((product_down(a, a), product_up(a, a)), (square, square.next_up()));
    }

    #[test]
    fn underflow_and_overflow_go_outward() {
        assert!(product_down(1e-200, 1e-200) < 0.0);
        assert!(product_up(1e-200, 1e-200) > 0.0);
        assert_eq!(product_down(1e200, 1e200), f64::MAX);
        assert_eq!(product_up(1e200, 1e200), f64::INFINITY);
        assert_eq!(sum_down(-f64::MAX, -f64::MAX), f64::NEG_INFINITY);
    }

    #[test]
    fn a_weighted_sum_contains_its_corners() {
        // By hand: 2 [0, 1] − 3 [−1, 2] = [−6, 5].
        let interval = |l, u| Interval::new(l, u).expect("l ≤ u");
        let terms = [(2.0, interval(0.0, 1.0)), (-3.0, interval(-1.0, 2.0))];
        assert_eq!(weighted_sum(terms.into_iter()), interval(-6.0, 5.0));
    }
}
