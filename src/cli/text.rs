//! Text forms that several commands share.

/// Decimal places of numbers that are printed.
const PLACES: usize = 8;

/// What the roundings of some operations come to, relative to the result.
const ROUNDING: f64 = 1e-12;

/// A number with as many digits as a reader can use.
pub fn number(value: f64) -> String {
    decimal(value, PLACES)
}

/// The same, rounded so that what is read is at most the value: a lower bound stays one.
pub fn number_below(value: f64) -> String {
    towards(value, PLACES, f64::NEG_INFINITY)
}

/// The same, rounded so that what is read is at least the value.
pub fn number_above(value: f64) -> String {
    towards(value, PLACES, f64::INFINITY)
}

/// A number rounded to decimal places, or to so many digits behind the first where it is very
/// large or small.
pub fn decimal(value: f64, places: usize) -> String {
    match is_fixed(value) {
        _ if value == 0.0 => "0".to_string(),
        false => format!("{value:.places$e}"),
        true => {
            let text = format!("{value:.places$}");
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        }
    }
}

/// The same, rounded towards an infinity; all digits where rounding does not get there.
pub fn towards(value: f64, places: usize, infinity: f64) -> String {
    let is_beyond = |text: &String| {
        let read: f64 = text.parse().unwrap_or(f64::NAN);
        if infinity > 0.0 { read >= value } else { read <= value }
    };
    // Off by a rounding only: the next decimal would hide that.
    let nearest = decimal(value, places);
    if is_beyond(&nearest) {
        return nearest;
    }
    let is_close = |read: f64| (read - value).abs() <= ROUNDING * value.abs();
    if nearest.parse().is_ok_and(is_close) {
        return all_digits(value);
    }
    let exponent = if is_fixed(value) { 0.0 } else { value.abs().log10().floor() };
    let unit = 10f64.powf(exponent - places as f64).copysign(infinity);
    let next = decimal(value + unit, places);
    if is_beyond(&next) { next } else { all_digits(value) }
}

/// The shortest text that is read as this very number.
pub fn all_digits(value: f64) -> String {
    match is_fixed(value) {
        _ if value == 0.0 => "0".to_string(),
        true => value.to_string(),
        false => format!("{value:e}"),
    }
}

/// Whether a number is printed without an exponent.
fn is_fixed(value: f64) -> bool {
    value == 0.0 || (1e-4..1e7).contains(&value.abs())
}

/// A ratio such as a relative gap.
pub fn ratio(value: f64) -> String {
    match value {
        0.0 => "0".to_string(),
        v if v < 0.01 => format!("{v:.1e}"),
        v => format!("{v:.2}"),
    }
}

/// A time in the unit that suits it.
pub fn seconds(value: f64) -> String {
    match value {
        v if v < 0.01 => format!("{:.2} ms", v * 1e3),
        v if v < 1.0 => format!("{:.0} ms", v * 1e3),
        v => format!("{v:.2} s"),
    }
}

/// `3 neurons`, `1 neuron`.
pub fn count(number: usize, noun: &str) -> String {
    count_of(number as u64, noun)
}

/// The same of counts that may be larger than memory.
pub fn count_of(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_the_side_asked_for() {
        assert_eq!(number(-0.298552812), "-0.29855281");
        assert_eq!(number_below(-0.298552812), "-0.29855282");
        assert_eq!(number_above(-0.298552812), "-0.29855281");
        assert_eq!(number_below(2.0), "2");
        assert_eq!(number_above(0.1), "0.1");
        assert_eq!(number_above(-0.9999999999999998), "-0.9999999999999998");
        assert_eq!(number_above(123456789.123), "1.23456790e8");
        assert_eq!(number_below(-1.23456789123e-7), "-1.23456790e-7");
        for value in [1e-300, -7.3e-5, 0.1 + 0.2, 9999999.999999999, -1e300, 5e-324] {
            let read = |text: String| text.parse::<f64>().expect("a number");
            assert!(read(number_below(value)) <= value, "{value}");
            assert!(read(number_above(value)) >= value, "{value}");
            assert_eq!(read(all_digits(value)), value);
        }
    }
}
