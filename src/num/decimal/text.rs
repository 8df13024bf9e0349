//! Decimals as text.

use std::fmt;

use dashu_int::IBig;

use super::{Decimal, DecimalError, MOST_DIGITS};

impl Decimal {
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
}

/// Most digits that are an `i64` whatever they are.
const SMALL_DIGITS: usize = 18;

/// The number behind `e`; far too large ones stay far too large.
fn power(text: &str) -> Result<i64, DecimalError> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DecimalError::Syntax);
    }
    let power = digits.parse().unwrap_or(i64::MAX);
    Ok(if text.starts_with('-') { -power } else { power })
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
    use super::*;

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
}
