//! `eˣ − 1` for `x ≤ 0` in arithmetic alone: no call and no branch, so that the compiler makes
//! vectors of loops over it, and the same bits on every machine.
//!
//! With `n` the whole number nearest to `x / ln 2` and `r = x − n ln 2`, `|r| ≤ ln 2 / 2`:
//! `eˣ − 1 = 2ⁿ (eʳ − 1) + (2ⁿ − 1)`, and `eʳ − 1` is its Taylor polynomial. `ln 2` is a number
//! of few digits, whose multiples are exact, and a rest. `n` comes into the low bits of a number
//! by adding `3/2` times the power of two from which on numbers are whole; shifted to the place
//! of the exponent they are `2ⁿ`. Source of these tricks: Cody, Waite, "Software manual for the
//! elementary functions" (1980).

macro_rules! decay {
    ($name:ident, $type:ty, $least:literal, $high:literal, $low:literal, $digits:literal,
     $bias:literal, [$($coefficient:expr),+]) => {
        #[inline(always)]
        #[allow(clippy::excessive_precision)]
        pub(super) fn $name(x: $type) -> $type {
            const WHOLE: $type = 1.5 * (1u64 << $digits) as $type;
            // Below, 2ⁿ would not be a normal number; what is not a number stays so.
            let x = if x < $least { $least } else { x };
            let shifted = x * std::f64::consts::LOG2_E as $type + WHOLE;
            let n = shifted - WHOLE;
            let r = (x - n * $high) - n * $low;
            let power = <$type>::from_bits((shifted.to_bits() + $bias) << $digits);
            let mut sum = 0.0;
            $(sum = (sum + 1.0 / $coefficient) * r;)+
            power * sum + (power - 1.0)
        }
    };
}

// Of a polynomial of degree 8 (15) the first term that is left out is below the last digit.
decay!(
    single,
    f32,
    -87.0,
    0.693_359_375,
    -2.121_944_4e-4,
    23,
    127,
    [40320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0]
);
decay!(
    double,
    f64,
    -708.0,
    0.693_147_180_369_123_816_490,
    1.908_214_929_270_587_700_02e-10,
    52,
    1023,
    [
        87_178_291_200.0,
        6_227_020_800.0,
        479_001_600.0,
        39_916_800.0,
        3_628_800.0,
        362_880.0,
        40320.0,
        5040.0,
        720.0,
        120.0,
        24.0,
        6.0,
        2.0,
        1.0
    ]
);

#[cfg(test)]
mod tests {
    /// Against the functions of the standard library, which are right to the last digit.
    #[test]
    fn values_are_those_of_the_library() {
        let mut x = 0.0f64;
        while x > -800.0 {
            let found = super::double(x);
            let expected = x.exp_m1();
            assert!((found - expected).abs() <= 4e-16 * expected.abs(), "{x}: {found} {expected}");
            let narrow = x as f32;
            let (found, expected) = (super::single(narrow), f64::from(narrow).exp_m1());
            let error = (f64::from(found) - expected).abs();
            assert!(error <= 2e-7 * expected.abs(), "{narrow}: {found} {expected}");
            x = x * 1.001 - 1e-9;
        }
        assert_eq!((super::single(0.0), super::double(0.0)), (0.0, 0.0));
        assert_eq!((super::single(f32::NEG_INFINITY), super::double(f64::MIN)), (-1.0, -1.0));
        assert!(super::single(f32::NAN).is_nan() && super::double(f64::NAN).is_nan());
    }
}
