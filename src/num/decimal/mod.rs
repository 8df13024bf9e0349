//! Exact decimal numbers `d · 10ᵉ`, as files state them: 0.1 is one tenth, and not the `f64`
//! beside it. Their sums and products are decimals too, so no rounding ever happens; a number
//! is rounded where it is asked for, to a stated side.
//!
//! Up to 18 digits stand in the number itself, more on the heap.

mod rounding;
mod text;

use std::cmp::Ordering;

use dashu_int::{IBig, UBig};
use dashu_ratio::Relaxed;
use thiserror::Error;

/// Most digits of a number, and most places behind its point: those of the least `f64`, which
/// has 1074 places, and some more. Without a limit, a file of a few bytes could ask for any
/// amount of memory.
pub const MOST_DIGITS: usize = 1100;

/// An exact decimal number whose nearest `f64` is finite.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).expect("a number")
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
}
