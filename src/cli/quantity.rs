//! Quantities as people type them: times, shares and sizes of memory, with a unit or without.

/// What a time may look like.
const TIMES: &str = "a time: seconds, or with a unit such as 500ms, 90s, 1.5m, 2h";

/// A time in seconds: `90`, `90s`, `1.5m`, `2h`, `500ms`, `1h30m`.
///
/// # Errors
/// What is expected.
pub fn seconds(text: &str) -> Result<f64, String> {
    let unit = |unit: &str| match unit {
        "ms" => Some(1e-3),
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1.0),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(60.0),
        "h" | "hr" | "hour" | "hours" => Some(3600.0),
        "d" | "day" | "days" => Some(86400.0),
        _ => None,
    };
    if let Ok(seconds) = text.trim().parse() {
        return Ok(seconds);
    }
    let mut rest = text.trim();
    let mut sum = 0.0;
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.' || c == '-');
        let (name, after) = split(after.trim_start(), char::is_alphabetic);
        let number: f64 = number.parse().map_err(|_| format!("expected {TIMES}"))?;
        let unit = unit(&name.to_lowercase()).ok_or_else(|| format!("expected {TIMES}"))?;
        // As whole as what was typed: 500 thousandths are 0.5.
        sum += if unit < 1.0 { number / (1.0 / unit) } else { number * unit };
        rest = after.trim_start();
    }
    match text.trim().is_empty() {
        true => Err(format!("expected {TIMES}")),
        false => Ok(sum),
    }
}

/// A ratio: `1e-4`, `0.01%`.
///
/// # Errors
/// What is expected.
pub fn ratio(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let (number, parts) = match text.strip_suffix('%') {
        Some(number) => (number.trim_end(), 100.0),
        None => (text, 1.0),
    };
    let number: Result<f64, _> = number.parse();
    let expected = |_| "expected a ratio such as 1e-4 or 0.01%".to_string();
    number.map(|number| number / parts).map_err(expected)
}

/// Memory in megabytes: `500`, `500MB`, `2GB`.
///
/// # Errors
/// What is expected.
pub fn megabytes(text: &str) -> Result<usize, String> {
    let (digits, unit) = split(text.trim(), |c| c.is_ascii_digit());
    let factor = match unit.trim().to_lowercase().as_str() {
        "" | "m" | "mb" => Some(1),
        "g" | "gb" => Some(1000),
        "t" | "tb" => Some(1_000_000),
        _ => None,
    };
    let number: Option<usize> = digits.parse().ok();
    let found = number.zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    found.ok_or_else(|| {
        "expected a size of memory: megabytes, or with a unit such as 500MB, 2GB".to_string()
    })
}

/// The start of a text whose characters are of a kind, and the rest.
fn split(text: &str, is_of_kind: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !is_of_kind(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, expected) in [
            ("90", 90.0),
            ("90s", 90.0),
            ("0.5", 0.5),
            ("1.5m", 90.0),
            ("2h", 7200.0),
            ("500ms", 0.5),
            ("1h30m", 5400.0),
            ("1 h 30 min", 5400.0),
            ("90 S", 90.0),
            ("1d", 86400.0),
            ("1e3", 1000.0),
            ("-1", -1.0),
            ("-1s", -1.0),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in ["", " ", "s", "1x", "1m30", "1..5s", "one", "1ms2", "1m-"] {
            assert_eq!(seconds(text), Err(format!("expected {TIMES}")), "{text}");
        }
    }

    #[test]
    fn ratios_and_sizes_have_units() {
        assert_eq!(ratio("1%"), Ok(0.01));
        assert_eq!(ratio("1e-4"), Ok(1e-4));
        assert!(ratio("wide").is_err() && ratio("%").is_err());
        assert_eq!(megabytes("500"), Ok(500));
        assert_eq!(megabytes("2GB"), Ok(2000));
        assert_eq!(megabytes("2 mb"), Ok(2));
        assert!(megabytes("-1").is_err() && megabytes("2kg").is_err() && megabytes("").is_err());
        assert!(megabytes("99999999999999999999TB").is_err());
    }
}
