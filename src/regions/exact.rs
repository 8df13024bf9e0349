//! Exact arithmetic, for what floating point cannot decide.
//!
//! Weights are dyadic, so forms along a region, their determinants and their
//! values at dyadic points are dyadic too. [`Relaxed`] divides out powers of two
//! and nothing else: all that is needed, and no greatest common divisors.

use std::cmp::Ordering;

use dashu_ratio::Relaxed;

/// An exact rational number.
pub type Number = Relaxed;

/// The number that `value` stores.
///
/// # Panics
/// If it is not finite; weights and boxes are.
pub fn number(value: f64) -> Number {
    Number::try_from(value).expect("a finite number")
}

/// How a number compares with 0.
pub fn sign(number: &Number) -> Ordering {
    number.cmp(&Number::ZERO)
}

/// The value of a form `[g…, c]` at a point.
pub fn value(form: &[Number], point: impl Iterator<Item = Number>) -> Number {
    let (constant, slope) = form.split_last().expect("a constant");
    slope.iter().zip(point).fold(constant.clone(), |sum, (g, x)| sum + g * x)
}

/// Sign of `third` at the point where `first` and `second` are 0, two lines that
/// cross: forms `[g₀, g₁, c]`. With Cramer's rule only determinants are needed.
pub fn sign_at_crossing(first: &[Number], second: &[Number], third: &[Number]) -> Ordering {
    let minor = |i: usize, j: usize| &first[i] * &second[j] - &first[j] * &second[i];
    let area = minor(0, 1);
    let value = &third[0] * minor(1, 2) - &third[1] * minor(0, 2) + &third[2] * &area;
    match sign(&area) {
        Ordering::Less => sign(&value).reverse(),
        _ => sign(&value),
    }
}

/// Sign of the factor where `form` is a multiple of `row`, which is not 0.
pub fn ratio_sign(form: &[Number], row: &[Number]) -> Option<Ordering> {
    let pivot = row.iter().position(|x| !x.is_zero())?;
    let is_multiple = form.iter().zip(row).all(|(f, r)| f * &row[pivot] == &form[pivot] * r);
    is_multiple.then(|| sign(&(&form[pivot] * &row[pivot])))
}

/// Adds `factor · form`.
pub fn add_multiple(sum: &mut [Number], factor: f64, form: &[Number]) {
    let factor = number(factor);
    for (to, from) in sum.iter_mut().zip(form) {
        if !from.is_zero() {
            *to += &factor * from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_are_told_with_their_sign() {
        let row = form([0.0, 2.0, -3.0]);
        assert_eq!(ratio_sign(&form([0.0, 1.0, -1.5]), &row), Some(Ordering::Greater));
        assert_eq!(ratio_sign(&form([0.0, -4.0, 6.0]), &row), Some(Ordering::Less));
        assert_eq!(ratio_sign(&form([0.0, -4.0, 6.5]), &row), None);
        assert_eq!(ratio_sign(&form([1.0, 2.0, -3.0]), &row), None);
    }

    fn form(coefficients: [f64; 3]) -> Vec<Number> {
        coefficients.map(number).to_vec()
    }

    #[test]
    fn sign_of_a_line_at_a_crossing() {
        // By hand: x = 1 and y = 2 cross at (1, 2); x + y − 3 is 0 there.
        let lines = [form([1.0, 0.0, -1.0]), form([0.0, -1.0, 2.0])];
        for (constant, expected) in
            [(-3.0, Ordering::Equal), (-2.5, Ordering::Greater), (-4.0, Ordering::Less)]
        {
            let third = form([1.0, 1.0, constant]);
            assert_eq!(sign_at_crossing(&lines[0], &lines[1], &third), expected);
            assert_eq!(sign_at_crossing(&lines[1], &lines[0], &third), expected);
        }
    }
}
