//! The bounds of inputs that OMLT keeps beside a network
//! (`write_onnx_model_with_bounds` writes `NAME.onnx` and `NAME.onnx.bounds.json`):
//!
//! ```json
//! [{"key": 0, "lower_bound": -1.0, "upper_bound": 1.0}, …]
//! [{"key": [0, 4, 7], "lower_bound": 0.0, "upper_bound": 1.0}, …]
//! ```
//!
//! A key is the number of an input or, for images, its position along each axis. OMLT leaves
//! out an axis of the batch that has no fixed length, so axes of length 1 in front may be
//! missing. Inputs are numbered in row-major order. Python writes infinite bounds as
//! `Infinity`, which is no JSON; a box has no infinite sides anyway.

use serde::Deserialize;

use crate::io::FormatError;
use crate::message::{excerpt, readable};
use crate::num::IntervalBox;
use crate::problem::ProblemError;

/// What OMLT appends to the name of the network's file.
pub const SUFFIX: &str = ".bounds.json";

/// An entry of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: Key,
    lower_bound: Option<f64>,
    upper_bound: Option<f64>,
}

/// Which input an entry is about.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a key that is a whole number, or a list of them")]
enum Key {
    Number(i64),
    Position(Vec<i64>),
}

/// The box of a network whose input has the given shape.
///
/// # Errors
/// Text that is no such list; keys that are not each input once; bounds that are no interval.
pub fn parse(bytes: &[u8], shape: &[usize]) -> Result<IntervalBox, FormatError> {
    let entries: Vec<Entry> = serde_json::from_slice(bytes).map_err(|error| {
        not_finite(bytes).unwrap_or_else(|| {
            let what = readable(&error.to_string());
            FormatError::Syntax(format!(
                "{what}; expected the list that OMLT writes, such as \
                 [{{\"key\": 0, \"lower_bound\": -1, \"upper_bound\": 1}}]"
            ))
        })
    })?;
    let mut intervals = vec![None; shape.iter().product()];
    for Entry { key, lower_bound, upper_bound } in entries {
        let place = format!("key {}", key.text());
        let side = |bound: Option<f64>, name| {
            bound.ok_or_else(|| refused(format!("{name} of {place}"), "null", "a number"))
        };
        let interval = (side(lower_bound, "lower_bound")?, side(upper_bound, "upper_bound")?);
        let element = key.element(shape).ok_or_else(|| {
            let expected = format!("a key of an input of shape {shape:?}, counted from 0");
            refused("the keys".to_string(), key.text(), &expected)
        })?;
        if intervals[element].replace(interval).is_some() {
            return Err(refused(
                "the keys".to_string(),
                format!("{} twice", key.text()),
                "each once",
            ));
        }
    }
    if let Some(missing) = intervals.iter().position(Option::is_none) {
        let found = format!("none for input {}", position(missing, shape));
        let expected = format!("one for each of the {} inputs", intervals.len());
        return Err(refused("the keys".to_string(), found, &expected));
    }
    let (lower, upper) = intervals.into_iter().flatten().unzip();
    IntervalBox::new(lower, upper).map_err(|error| ProblemError::Box(error).into())
}

impl Key {
    /// The element of a tensor of that shape, in row-major order.
    fn element(&self, shape: &[usize]) -> Option<usize> {
        let elements: usize = shape.iter().product();
        let position = match self {
            Self::Number(number) => {
                return usize::try_from(*number).ok().filter(|&number| number < elements);
            }
            Self::Position(position) => position,
        };
        let (front, axes) = shape.split_at(shape.len().checked_sub(position.len())?);
        if position.is_empty() || front.iter().any(|&length| length != 1) {
            return None;
        }
        position.iter().zip(axes).try_fold(0, |element, (&place, &length)| {
            let place = usize::try_from(place).ok().filter(|&place| place < length)?;
            Some(element * length + place)
        })
    }

    fn text(&self) -> String {
        let text = match self {
            Self::Number(number) => number.to_string(),
            Self::Position(position) => format!("{position:?}"),
        };
        excerpt(&text).into_owned()
    }
}

/// An element as OMLT would name it: by its number, or its position in an image.
fn position(element: usize, shape: &[usize]) -> String {
    let batch = shape.iter().take_while(|&&length| length == 1).count();
    if shape.len() <= batch + 1 {
        return element.to_string();
    }
    let mut rest = element;
    let mut position: Vec<usize> = shape
        .iter()
        .rev()
        .map(|length| {
            let place = rest % length;
            rest /= length;
            place
        })
        .collect();
    position.reverse();
    format!("{position:?}")
}

/// The error for a number of Python's that is no JSON, if there is one.
fn not_finite(bytes: &[u8]) -> Option<FormatError> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (at, found) = ["-Infinity", "Infinity", "NaN"]
        .into_iter()
        .filter_map(|word| Some((text.find(word)?, word)))
        .min_by_key(|(at, _)| *at)?;
    let line = text[..at].matches('\n').count() + 1;
    let column = text[..at].chars().rev().take_while(|&c| c != '\n').count() + 1;
    Some(refused(format!("line {line} column {column}"), found, "a bound that is a finite number"))
}

fn refused(place: String, found: impl Into<String>, expected: &str) -> FormatError {
    FormatError::Content { place, found: found.into(), expected: expected.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, shape: &[usize]) -> Result<IntervalBox, String> {
        parse(text.as_bytes(), shape).map_err(|error| error.to_string())
    }

    fn entry(key: &str, lower: &str, upper: &str) -> String {
        format!(r#"{{"key": {key}, "lower_bound": {lower}, "upper_bound": {upper}}}"#)
    }

    #[test]
    fn numbers_and_positions_are_read_in_row_major_order() {
        let expected = IntervalBox::new(vec![-1.0, 0.0], vec![1.0, 2.5]).unwrap();
        let text = format!("[{}, {}]", entry("1", "0", "2.5"), entry("0", "-1.0", "1"));
        assert_eq!(found(&text, &[1, 2]).unwrap(), expected);
        assert_eq!(found(&text, &[2]).unwrap(), expected);
        // A tuple of one, as Python writes it, and with the axis of the batch.
        let text = format!("[{}, {}]", entry("[1]", "0", "2.5"), entry("[0]", "-1", "1"));
        assert_eq!(found(&text, &[1, 2]).unwrap(), expected);
        let text = format!("[{}, {}]", entry("[0, 1]", "0", "2.5"), entry("[0, 0]", "-1", "1"));
        assert_eq!(found(&text, &[1, 2]).unwrap(), expected);
        // An image of 1 × 2 × 3 pixels: element 3 row + column.
        let keys = [[1, 0], [0, 2], [0, 0], [1, 2], [0, 1], [1, 1]];
        let entries = keys.map(|[row, column]| {
            let value = (10 * row + column).to_string();
            entry(&format!("[0, {row}, {column}]"), &value, "20")
        });
        let image = found(&format!("[{}]", entries.join(",")), &[1, 1, 2, 3]).unwrap();
        assert_eq!(image.lower(), [0.0, 1.0, 2.0, 10.0, 11.0, 12.0]);
    }

    #[test]
    fn keys_and_bounds_that_make_no_box_are_named() {
        let one = |key: &str, lower: &str, upper: &str| {
            found(&format!("[{}]", entry(key, lower, upper)), &[1, 2]).unwrap_err()
        };
        let keys = "a key of an input of shape [1, 2], counted from 0";
        for key in ["2", "-1", "[2]", "[1, 0]", "[0, 0, 0]", "[]"] {
            assert_eq!(one(key, "0", "1"), format!("the keys: found {key}; expected {keys}"));
        }
        assert_eq!(
            one("0", "0", "1"),
            "the keys: found none for input 1; expected one for each of the 2 inputs"
        );
        let finite = "expected a bound that is a finite number";
        assert_eq!(
            one("0", "-Infinity", "1"),
            format!("line 1 column 28: found -Infinity; {finite}")
        );
        assert_eq!(one("0", "NaN", "1"), format!("line 1 column 28: found NaN; {finite}"));
        assert_eq!(
            one("[0, 1]", "null", "1"),
            "lower_bound of key [0, 1]: found null; expected a number"
        );
        assert!(one("0", "1e999", "1").contains("number out of range"));
        assert!(one("\"0\"", "0", "1").contains("expected a key that is a whole number"));
        let twice = format!("[{}, {}]", entry("0", "0", "1"), entry("[0, 0]", "0", "1"));
        assert_eq!(
            found(&twice, &[1, 2]).unwrap_err(),
            "the keys: found [0, 0] twice; expected each once"
        );
        let empty = format!("[{}, {}]", entry("0", "0", "1"), entry("1", "1", "0"));
        assert!(found(&empty, &[1, 2]).unwrap_err().contains("empty in coordinate 1"));
        let image = found("[]", &[1, 1, 2, 3]).unwrap_err();
        assert!(image.contains("none for input [0, 0, 0, 0]"), "{image}");
        let other = found(r#"{"format": "taut-bounds"}"#, &[1, 2]).unwrap_err();
        assert!(other.contains("expected the list that OMLT writes"), "{other}");
    }
}
