//! Multiplication by powers of two, which changes no digit of a number.

/// Exponents beyond this shift every number to 0 or infinity.
const LARGEST_SHIFT: i32 = 4000;

/// Exponents of one multiplication: powers of two that are normal numbers.
const LARGEST_STEP: i32 = 1000;

/// The exponent `e` with `2^e ≤ |value| < 2^(e+1)`; 0 for 0 and what is not finite.
pub fn exponent(value: f64) -> i32 {
    /// Bits of the fraction of an `f64`.
    const FRACTION: i32 = f64::MANTISSA_DIGITS as i32 - 1;
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    if !value.is_normal() {
        return exponent(value * f64::from(FRACTION).exp2()) - FRACTION;
    }
    let biased = (value.abs().to_bits() >> FRACTION) as i32;
    biased - (f64::MAX_EXP - 1)
}

/// `value · 2^exponent`: exact, unless the result is too small or too large for all its
/// digits.
pub fn shifted(value: f64, exponent: i32) -> f64 {
    let mut left = exponent.clamp(-LARGEST_SHIFT, LARGEST_SHIFT);
    let mut shifted = value;
    while left != 0 {
        let step = left.clamp(-LARGEST_STEP, LARGEST_STEP);
        shifted *= normal(step);
        left -= step;
    }
    shifted
}

/// `2^exponent` as a normal number, without a call of a library.
fn normal(exponent: i32) -> f64 {
    let biased =
        u64::try_from(exponent + f64::MAX_EXP - 1).expect("the exponent of a normal number");
    f64::from_bits(biased << (f64::MANTISSA_DIGITS - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_of_all_kinds_of_numbers() {
        // By hand; the least subnormal number is 2⁻¹⁰⁷⁴.
        for (value, expected) in [
            (1.0, 0),
            (-1.5, 0),
            (0.75, -1),
            (1024.0, 10),
            (f64::MAX, 1023),
            (f64::MIN_POSITIVE, -1022),
            (f64::from_bits(1), -1074),
            (f64::from_bits(3), -1073),
            (0.0, 0),
            (f64::INFINITY, 0),
        ] {
            assert_eq!(exponent(value), expected, "{value:e}");
        }
    }

    #[test]
    fn shifts_there_and_back_change_nothing() {
        for value in [1.0, -0.1, 3.7e200, 5e-290] {
            for exponent in [-40, -1, 0, 7, 300] {
                assert_eq!(
                    shifted(shifted(value, exponent), -exponent),
                    value,
                    "{value} {exponent}"
                );
            }
        }
        assert_eq!(shifted(3.0, -2), 0.75);
        assert_eq!(shifted(1.0, 2000), f64::INFINITY);
        assert_eq!(
            shifted(f64::from_bits(1), 2000),
            f64::from_bits(1) * 2f64.powi(1000) * 2f64.powi(1000)
        );
        assert_eq!(shifted(f64::INFINITY, -5000), f64::INFINITY);
    }
}
