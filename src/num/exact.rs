//! Tests whether an operation on `f64` is exact, by error-free transformations.
//!
//! Lowering a network must not change its value over the reals, so a constant
//! is folded into another only where the result needs no rounding.
//! Source: Ogita, Rump, Oishi, "Accurate sum and dot product" (2005),
//! doi 10.1137/030601818, algorithms TwoSum and TwoProduct.

/// `a + b` as an unevaluated sum of the rounded result and its error.
pub fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    let error = (a - (sum - b_part)) + (b - b_part);
    (sum, error)
}

/// `a · b` as an unevaluated sum of the rounded result and its error; the error
/// is exact unless the product underflows.
pub fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

/// `a − b` where no rounding is needed, else `None`.
pub fn exact_difference(a: f64, b: f64) -> Option<f64> {
    let (difference, error) = two_sum(a, -b);
    (error == 0.0 && difference.is_finite()).then_some(difference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_is_given_only_where_it_is_exact() {
        // By hand: 1 − 0.25 is a dyadic number with two bits; 0.01 has 53
        // significant bits below 2^-6, so 1 − 0.01 would need 59.
        assert_eq!(exact_difference(1.0, 0.25), Some(0.75));
        assert_eq!(exact_difference(1.0, 0.01), None);
    }

    #[test]
    fn product_error_is_what_rounding_lost() {
        // (1 + 2^-30)² = 1 + 2^-29 + 2^-60; the last term does not fit.
        let a = 1.0 + 2f64.powi(-30);
        assert_eq!(two_product(a, a), (1.0 + 2f64.powi(-29), 2f64.powi(-60)));
    }
}
