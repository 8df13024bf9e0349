//! Exact decimal numbers `d · 10ᵉ`, as files state them: 0.1 is one tenth, and not the `f64`
//! beside it. Their sums and products are decimals too, so no rounding ever happens; a number
//! is rounded where it is asked for, to a stated side.
//!
//! Up to 18 digits stand in the number itself, more on the heap.

use std::cmp::Ordering;
use std::fmt;

use dashu_int::{IBig, UBig};
use dashu_ratio::Relaxed;
use thiserror::Error;

/// Most digits of a number, and most places behind its point: those of the least `f64`, which
/// has 1074 places, and some more. Without a limit, a file of a few bytes could ask for any
/// amount of memory.
pub const MOST_DIGITS: usize = 1100;

/// An exact decimal number below the largest `f64` in magnitude.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal(Form);

/// `digits · 10^exponent`, where `digits` does not end in 0; 0 is 0 · 10⁰. Large are only those
/// whose digits are no `i64`. So equal numbers have equal forms.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Form {
    Small { digits: i64, exponent: i32 },
    Large(Box<(IBig, i32)>),
}

/// Why something is no [`Decimal`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum DecimalError {
    /// Not of the form `-12.5e-3`.
    #[error("not a number")]
    Syntax,
    /// Above every `f64`.
    #[error("too large for a number")]
    TooLarge,
    /// More than [`MOST_DIGITS`].
    #[error("a number with more than {MOST_DIGITS} digits")]
    TooLong,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self(Form::Small { digits: 0, exponent: 0 });
    /// One.
    pub const ONE: Self = Self(Form::Small { digits: 1, exponent: 0 });

    /// Reads `12`, `-0.5`, `.5`, `2.`, `1e-05`, `1E+3`: digits with a sign in front, a point
    /// and a power of ten, where there are some.
    ///
    /// # Errors
    /// [`DecimalError`]; `nan`, `inf` and `0x1` are no decimals.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let (mantissa, power) = match text.find(['e', 'E']) {
            None => (text, 0),
            Some(at) => (&text[..at], power(&text[at + 1..])?),
        };
        let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
        let (whole, places) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all = || whole.bytes().chain(places.bytes());
        if all().next().is_none() || !all().all(|byte| byte.is_ascii_digit()) {
            return Err(DecimalError::Syntax);
        }
        let significant = all().skip_while(|&byte| byte == b'0').count();
        if significant == 0 {
            return Ok(Self::ZERO);
        }
        if significant > MOST_DIGITS {
            return Err(DecimalError::TooLong);
        }
        let exponent = power.saturating_sub(i64::try_from(places.len()).unwrap_or(i64::MAX));
        let is_negative = unsigned.len() < mantissa.len();
        if significant <= SMALL_DIGITS {
            let digits = all().fold(0, |digits: i64, byte| 10 * digits + i64::from(byte - b'0'));
            return Self::small((if is_negative { -digits } else { digits }).into(), exponent);
        }
        let digits: String = all().map(char::from).collect();
        let digits = digits.parse::<IBig>().map_err(|_| DecimalError::Syntax)?;
        Self::large(if is_negative { -digits } else { digits }, exponent)
    }

    fn small(mut digits: i128, mut exponent: i64) -> Result<Self, DecimalError> {
        if digits == 0 {
            return Ok(Self::ZERO);
        }
        while digits % 10 == 0 {
            digits /= 10;
            exponent = exponent.saturating_add(1);
        }
        match i64::try_from(digits) {
            Ok(digits) => {
                Self(Form::Small { digits, exponent: in_range(exponent)? }).within_limits()
            }
            Err(_) => Self::large(digits.into(), exponent),
        }
    }

    fn large(mut digits: IBig, mut exponent: i64) -> Result<Self, DecimalError> {
        let ten = IBig::from(10);
        while !digits.is_zero() && (&digits % &ten).is_zero() {
            digits /= &ten;
            exponent = exponent.saturating_add(1);
        }
        match i64::try_from(&digits) {
            Ok(digits) => Self::small(digits.into(), exponent),
            Err(_) => Self(Form::Large(Box::new((digits, in_range(exponent)?)))).within_limits(),
        }
    }

    fn within_limits(self) -> Result<Self, DecimalError> {
        if let Form::Large(form) = &self.0
            && form.0.to_string().trim_start_matches('-').len() > MOST_DIGITS
        {
            return Err(DecimalError::TooLong);
        }
        // Small ones without a power of ten are the rule.
        let is_plain = matches!(self.0, Form::Small { exponent, .. } if exponent <= 0);
        if is_plain || self.nearest().is_finite() { Ok(self) } else { Err(DecimalError::TooLarge) }
    }

    fn parts(&self) -> (IBig, i32) {
        match &self.0 {
            Form::Small { digits, exponent } => ((*digits).into(), *exponent),
            Form::Large(form) => (**form).clone(),
        }
    }

    /// The number as a fraction.
    pub fn exact(&self) -> Relaxed {
        let (digits, exponent) = self.parts();
        let power = UBig::from(10u8).pow(exponent.unsigned_abs() as usize);
        match exponent < 0 {
            true => Relaxed::from_parts(digits, power),
            false => Relaxed::from(digits * power),
        }
    }

    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// Whether it is below 0.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Form::Small { digits, .. } => *digits < 0,
            Form::Large(form) => form.0 < IBig::ZERO,
        }
    }

    /// The sum.
    ///
    /// # Errors
    /// It is too large, or has too many digits.
    pub fn plus(&self, other: &Self) -> Result<Self, DecimalError> {
        if let (Form::Small { digits: a, exponent: i }, Form::Small { digits: b, exponent: j }) =
            (&self.0, &other.0)
            && let Some(sum) = small_sum((*a, *i), (*b, *j))
        {
            return Self::small(sum, (*i).min(*j).into());
        }
        let (sum, exponent) = sum(self.parts(), other.parts());
        Self::large(sum, exponent.into())
    }

    /// The product.
    ///
    /// # Errors
    /// It is too large, or has too many digits.
    pub fn times(&self, other: &Self) -> Result<Self, DecimalError> {
        if let (Form::Small { digits: a, exponent: i }, Form::Small { digits: b, exponent: j }) =
            (&self.0, &other.0)
        {
            return Self::small(i128::from(*a) * i128::from(*b), i64::from(*i) + i64::from(*j));
        }
        let ((a, i), (b, j)) = (self.parts(), other.parts());
        Self::large(a * b, i64::from(i) + i64::from(j))
    }

    /// The number with the other sign.
    #[must_use]
    pub fn negated(&self) -> Self {
        match &self.0 {
            Form::Small { digits, exponent } if *digits != i64::MIN => {
                Self(Form::Small { digits: -digits, exponent: *exponent })
            }
            _ => {
                let (digits, exponent) = self.parts();
                // What is no i64 may be one with the other sign: -2⁶³.
                Self::large(-digits, exponent.into()).expect("the same digits")
            }
        }
    }

    /// The quotient where it is a decimal for every numerator: the divisor has no prime
    /// factors but 2 and 5. None elsewhere, or where the quotient has too many digits.
    pub fn divided_by(&self, divisor: &Self) -> Option<Self> {
        if *divisor == Self::ONE {
            return Some(self.clone());
        }
        let Form::Small { mut digits, exponent } = divisor.0 else { return None };
        let mut quotient = self.times(&Self::power_of_ten(-exponent)?).ok()?;
        for (prime, inverse) in [(2, 5), (5, 2)] {
            let inverse = Self(Form::Small { digits: inverse, exponent: -1 });
            while digits != 0 && digits % prime == 0 {
                digits /= prime;
                quotient = quotient.times(&inverse).ok()?;
            }
        }
        match digits {
            1 => Some(quotient),
            -1 => Some(quotient.negated()),
            _ => None,
        }
    }

    fn power_of_ten(exponent: i32) -> Option<Self> {
        Self::small(1, exponent.into()).ok()
    }

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

/// Most digits that are an `i64` whatever they are.
const SMALL_DIGITS: usize = 18;

/// The powers of ten that are `f64`s.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The number behind `e`; far too large ones stay far too large.
fn power(text: &str) -> Result<i64, DecimalError> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DecimalError::Syntax);
    }
    let power = digits.parse().unwrap_or(i64::MAX);
    Ok(if text.starts_with('-') { -power } else { power })
}

fn in_range(exponent: i64) -> Result<i32, DecimalError> {
    const MOST: i32 = MOST_DIGITS as i32;
    match i32::try_from(exponent) {
        Ok(exponent) if exponent.abs() <= MOST => Ok(exponent),
        _ if exponent > 0 => Err(DecimalError::TooLarge),
        _ => Err(DecimalError::TooLong),
    }
}

/// The digits of a sum, with the lesser of the exponents, where an `i128` holds them.
fn small_sum((a, i): (i64, i32), (b, j): (i64, i32)) -> Option<i128> {
    let least = i.min(j);
    let shifted = |digits: i64, exponent: i32| {
        let power = 10i128.checked_pow(exponent.abs_diff(least))?;
        i128::from(digits).checked_mul(power)
    };
    shifted(a, i)?.checked_add(shifted(b, j)?)
}

/// Digits and exponent of a sum.
fn sum((a, i): (IBig, i32), (b, j): (IBig, i32)) -> (IBig, i32) {
    let least = i.min(j);
    let shifted = |digits: IBig, exponent: i32| {
        digits * UBig::from(10u8).pow(exponent.abs_diff(least) as usize)
    };
    (shifted(a, i) + shifted(b, j), least)
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Form::Small { digits: a, exponent: i }, Form::Small { digits: b, exponent: j }) =
            (&self.0, &other.0)
            && let Some(b) = b.checked_neg()
            && let Some(difference) = small_sum((*a, *i), (b, *j))
        {
            return difference.cmp(&0);
        }
        let (b, j) = other.parts();
        sum(self.parts(), (-b, j)).0.cmp(&IBig::ZERO)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<i32> for Decimal {
    fn from(value: i32) -> Self {
        Self::small(value.into(), 0).expect("few digits")
    }
}

/// All digits, without a power of ten.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (digits, exponent) = self.parts();
        let text = digits.to_string();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text.as_str()),
        };
        let places = exponent.unsigned_abs() as usize;
        if exponent >= 0 {
            return write!(f, "{sign}{digits}{:0<places$}", "");
        }
        let digits = format!("{digits:0>width$}", width = places + 1);
        let (whole, places) = digits.split_at(digits.len() - places);
        write!(f, "{sign}{whole}.{places}")
    }
}

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
    fn every_form_of_a_number_is_read() {
        // By hand.
        for (text, printed) in [
            ("-1", "-1"),
            ("1e-05", "0.00001"),
            ("1E+3", "1000"),
            (".5", "0.5"),
            ("2.", "2"),
            ("-0.0", "0"),
            ("0e999999999999999999999", "0"),
            ("007.2500", "7.25"),
            ("9223372036854775807", "9223372036854775807"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("123456789012345678901234567890.5", "123456789012345678901234567890.5"),
            ("1000000000000000000000000e-24", "1"),
        ] {
            assert_eq!(decimal(text).to_string(), printed, "{text}");
        }
        for text in ["", "-", ".", "e5", "1e", "1e+", "+1", "1.2.3", "nan", "inf", "0x1", "1_0"] {
            assert_eq!(Decimal::parse(text), Err(DecimalError::Syntax), "{text}");
        }
        for text in ["1e309", "-2e308", "1e99999999999999999999"] {
            assert_eq!(Decimal::parse(text), Err(DecimalError::TooLarge), "{text}");
        }
        let long = format!("0.{}", "3".repeat(MOST_DIGITS + 1));
        for text in ["1e-1101", "1e-99999999999999999999", &long] {
            assert_eq!(Decimal::parse(text), Err(DecimalError::TooLong), "{text}");
        }
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

    #[test]
    fn sums_products_and_quotients_are_exact() {
        // By hand: 0.1 + 0.2, which is not 0.3 in floating point.
        assert_eq!(decimal("0.1").plus(&decimal("0.2")), Ok(decimal("0.3")));
        assert_eq!(decimal("-0.3").times(&decimal("0.2")), Ok(decimal("-0.06")));
        let long = decimal("1e300").plus(&decimal("1e-300")).expect("601 digits");
        assert_eq!(long.plus(&decimal("-1e300")), Ok(decimal("1e-300")));
        assert_eq!(decimal("1e200").times(&decimal("1e200")), Err(DecimalError::TooLarge));
        assert_eq!(decimal("1e-800").times(&decimal("1e-800")), Err(DecimalError::TooLong));
        assert_eq!(decimal("1").divided_by(&decimal("-0.8")), Some(decimal("-1.25")));
        assert_eq!(decimal("1").divided_by(&decimal("3")), None);
        assert_eq!(decimal("3").divided_by(&decimal("0")), None);
    }

    /// Against fractions, which share no code with the short cuts.
    #[test]
    fn random_numbers_are_compared_and_rounded_as_fractions_are() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let mut draw = || {
            let digits = random.next_u64() >> index(&mut random, 60);
            let exponent = index(&mut random, 50) as i32 - 25;
            decimal(&format!("{}{digits}e{exponent}", if digits % 2 == 0 { "" } else { "-" }))
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
