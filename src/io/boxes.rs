//! Boxes in files. CSV: two columns, lower and upper; one line an input; a header
//! is allowed. JSON: the list that OMLT writes beside a network
//! (`NAME.onnx.bounds.json`), `[{"key": 0, "lower_bound": -1, "upper_bound": 1}, …]`.

use std::path::Path;

use serde::Deserialize;

use super::{FileError, FormatError, content, read_bytes};
use crate::message::{excerpt, readable};
use crate::num::IntervalBox;
use crate::problem::ProblemError;

/// Reads a box.
///
/// # Errors
/// [`FileError`], with the line.
pub fn read_box(path: &Path) -> Result<IntervalBox, FileError> {
    let bytes = read_bytes(path)?;
    let json = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    let parsed = if json { parse_json(&bytes) } else { parse(&bytes) };
    parsed.map_err(|cause| content(path, cause))
}

/// An entry of OMLT's list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: usize,
    lower_bound: f64,
    upper_bound: f64,
}

fn parse_json(bytes: &[u8]) -> Result<IntervalBox, FormatError> {
    let mut entries: Vec<Entry> = serde_json::from_slice(bytes)
        .map_err(|error| FormatError::Syntax(readable(&error.to_string())))?;
    entries.sort_by_key(|entry| entry.key);
    let keys: Vec<usize> = entries.iter().map(|entry| entry.key).collect();
    if keys.iter().enumerate().any(|(position, &key)| position != key) {
        let expected = "each input once, counted from 0".to_string();
        let (place, found) = ("the keys".to_string(), excerpt(&format!("{keys:?}")).into_owned());
        return Err(FormatError::Content { place, found, expected });
    }
    let lower = entries.iter().map(|entry| entry.lower_bound).collect();
    let upper = entries.iter().map(|entry| entry.upper_bound).collect();
    IntervalBox::new(lower, upper).map_err(|error| ProblemError::Box(error).into())
}

fn parse(bytes: &[u8]) -> Result<IntervalBox, FormatError> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(bytes);
    let (mut lower, mut upper) = (Vec::new(), Vec::new());
    for (position, record) in reader.records().enumerate() {
        let line = record.as_ref().ok().and_then(|record| record.position()).map(|at| at.line());
        let refused = |found: String| FormatError::Content {
            place: line.map_or("a line".to_string(), |line| format!("line {line}")),
            found,
            expected: "two numbers, lower and upper".to_string(),
        };
        let record = record.map_err(|error| refused(error.to_string()))?;
        let fields: Vec<&str> = record.iter().collect();
        let numbers: Vec<Option<f64>> = fields.iter().map(|field| field.parse().ok()).collect();
        match numbers.as_slice() {
            [Some(l), Some(u)] => {
                lower.push(*l);
                upper.push(*u);
            }
            // A header has no numbers; a line with one has a slip in the other.
            [None, None] if position == 0 => {}
            _ => return Err(refused(format!("'{}'", excerpt(&fields.join(","))))),
        }
    }
    IntervalBox::new(lower, upper).map_err(|error| ProblemError::Box(error).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_of_omlt_are_read() {
        let text = br#"[{"key": 1, "lower_bound": 0, "upper_bound": 2.5},
                        {"key": 0, "lower_bound": -1.0, "upper_bound": 1}]"#;
        let expected = IntervalBox::new(vec![-1.0, 0.0], vec![1.0, 2.5]).unwrap();
        assert_eq!(parse_json(text).unwrap(), expected);
        let twice = br#"[{"key": 1, "lower_bound": 0, "upper_bound": 2}]"#;
        let error = parse_json(twice).unwrap_err().to_string();
        assert_eq!(error, "the keys: found [1]; expected each input once, counted from 0");
    }

    #[test]
    fn a_header_is_skipped_and_errors_name_the_line() {
        let expected = IntervalBox::new(vec![-1.0, 0.0], vec![1.0, 2.5]).unwrap();
        assert_eq!(parse(b"lower, upper\n-1, 1\n0,2.5\n").unwrap(), expected);
        assert_eq!(parse(b"-1,1\n0,2.5").unwrap(), expected);
        let error = parse(b"0,1\n0;1\n").unwrap_err().to_string();
        assert_eq!(error, "line 2: found '0;1'; expected two numbers, lower and upper");
        assert!(parse(b"2,1").unwrap_err().to_string().contains("empty in coordinate 0"));
    }
}
