//! Decimals beside floating-point numbers: compared, and rounded to a side.

use std::cmp::Ordering;

use dashu_ratio::Relaxed;

use super::{Decimal, Form};

impl Decimal {
    /// The nearest `f64`, an even one between two.
    pub fn nearest(&self) -> f64 {
        if let Some((digits, exponent)) = self.short() {
            let power = EXACT_POWERS[exponent.unsigned_abs() as usize];
            return if exponent < 0 { digits / power } else { digits * power };
        }
        let text = match &self.0 {
            Form::Small { digits, exponent } => format!("{digits}e{exponent}"),
            Form::Large(form) => format!("{}e{}", form.0, form.1),
        };
        text.parse().expect("digits and a power of ten")
    }

    /// Digits and exponent, where both the digits and ten to the exponent are `f64`s.
    fn short(&self) -> Option<(f64, i32)> {
        let Form::Small { digits, exponent } = self.0 else { return None };
        let is_short = digits.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS
            && (exponent.unsigned_abs() as usize) < EXACT_POWERS.len();
        // Exact: at most 53 bits.
        is_short.then_some((digits as f64, exponent))
    }

    /// How the number compares with an `f64`, which may be infinite.
    ///
    /// # Panics
    /// If that is NaN.
    pub fn compare(&self, value: f64) -> Ordering {
        assert!(!value.is_nan(), "a comparison with NaN");
        if value.is_infinite() {
            return 0.0.partial_cmp(&value).expect("no NaN");
        }
        let Some((digits, exponent)) = self.short() else {
            let value = Relaxed::try_from(value).expect("a finite number");
            return self.exact().cmp(&value);
        };
        // One rounding keeps the sign: both sides are multiples of the least `f64`.
        let power = EXACT_POWERS[exponent.unsigned_abs() as usize];
        let difference = match exponent < 0 {
            true => -value.mul_add(power, -digits),
            false => digits.mul_add(power, -value),
        };
        difference.partial_cmp(&0.0).expect("no NaN")
    }

    /// The largest `f64` that is not above the number.
    pub fn rounded_down(&self) -> f64 {
        let nearest = self.nearest();
        if self.compare(nearest).is_lt() { nearest.next_down() } else { nearest }
    }

    /// The least `f64` that is not below the number.
    pub fn rounded_up(&self) -> f64 {
        let nearest = self.nearest();
        if self.compare(nearest).is_gt() { nearest.next_up() } else { nearest }
    }

    /// The largest `f32` that is not above the number.
    pub fn rounded_down_single(&self) -> f32 {
        let double = self.rounded_down();
        // To the nearest, and from there to the side that is asked for.
        let single = double as f32;
        if f64::from(single) > double { single.next_down() } else { single }
    }

    /// The least `f32` that is not below the number.
    pub fn rounded_up_single(&self) -> f32 {
        -self.negated().rounded_down_single()
    }
}

/// The powers of ten that are `f64`s.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;
    use crate::num::random::index;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).expect("a number")
    }

    #[test]
    fn a_tenth_lies_below_its_nearest_number() {
        // The f64 0.1 is 0.1000000000000000055511151231257827…, and the f32 is
        // 0.100000001490116…, the one below 0.0999999940395…
        let tenth = decimal("0.1");
        assert_eq!(tenth.nearest(), 0.1);
        assert_eq!((tenth.rounded_down(), tenth.rounded_up()), (0.1f64.next_down(), 0.1));
        let single = (tenth.rounded_down_single(), tenth.rounded_up_single());
        assert_eq!(single, (0.1f32.next_down(), 0.1f32));
        let tenth = tenth.negated();
        assert_eq!((tenth.rounded_down(), tenth.rounded_up()), (-0.1, (-0.1f64).next_up()));
        for exact in ["0.5", "-3", "0.1000000000000000055511151231257827021181583404541015625"] {
            let number = decimal(exact);
            assert_eq!(
                (number.rounded_down(), number.rounded_up()),
                (number.nearest(), number.nearest())
            );
        }
    }

    #[test]
    fn the_least_and_the_largest_are_rounded_to_their_side() {
        let tiny = decimal("1e-400");
        assert_eq!((tiny.rounded_down(), tiny.rounded_up()), (0.0, f64::from_bits(1)));
        assert_eq!(
            (tiny.rounded_down_single(), tiny.rounded_up_single()),
            (0.0, f32::from_bits(1))
        );
        let huge = decimal("1e300");
        assert_eq!(
            (huge.rounded_down_single(), huge.rounded_up_single()),
            (f32::MAX, f32::INFINITY)
        );
        assert_eq!(huge.compare(f64::INFINITY), Ordering::Less);
        assert_eq!(huge.compare(f64::NEG_INFINITY), Ordering::Greater);
        // The largest f64 is 1.7976931348623157081…e308.
        let above = decimal("1.79769313486231571e308");
        assert_eq!((above.rounded_down(), above.rounded_up()), (f64::MAX, f64::INFINITY));
    }

    /// Against fractions, which share no code with the short cuts.
    #[test]
    fn random_numbers_are_compared_and_rounded_as_fractions_are() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let mut draw = || {
            let digits = random.next_u64() >> index(&mut random, 60);
            let exponent = index(&mut random, 50) as i32 - 25;
            decimal(&format!(
                "{}{digits}e{exponent}",
                if digits.is_multiple_of(2) { "" } else { "-" }
            ))
        };
        for _ in 0..3000 {
            let (a, b) = (draw(), draw());
            assert_eq!(a.cmp(&b), a.exact().cmp(&b.exact()), "{a} {b}");
            assert_eq!(a.plus(&b).expect("few digits").exact(), a.exact() + b.exact(), "{a} {b}");
            assert_eq!(a.times(&b).expect("few digits").exact(), a.exact() * b.exact(), "{a} {b}");
            let (down, up) = (a.rounded_down(), a.rounded_up());
            let fraction = |value: f64| Relaxed::try_from(value).expect("finite");
            assert!(fraction(down) <= a.exact() && a.exact() <= fraction(up), "{a}");
            assert!(up == down || up == down.next_up(), "{a}");
            assert!(a.nearest() == down || a.nearest() == up, "{a}");
            let (down, up) = (a.rounded_down_single(), a.rounded_up_single());
            assert!(a.compare(down.into()).is_ge() && a.compare(up.into()).is_le(), "{a}");
            assert!(up == down || up == down.next_up(), "{a}");
            assert_eq!(decimal(&a.to_string()), a);
        }
    }
}
