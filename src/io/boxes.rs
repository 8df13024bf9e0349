//! Boxes in CSV files: two columns, lower and upper; one line an input; a header
//! is allowed.

use std::path::Path;

use super::{FileError, FormatError, content, read_bytes};
use crate::num::IntervalBox;
use crate::problem::ProblemError;

/// Reads a box.
///
/// # Errors
/// [`FileError`], with the line.
pub fn read_box(path: &Path) -> Result<IntervalBox, FileError> {
    let bytes = read_bytes(path)?;
    parse(&bytes).map_err(|cause| content(path, cause))
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
            _ => return Err(refused(format!("'{}'", fields.join(",")))),
        }
    }
    IntervalBox::new(lower, upper).map_err(|error| ProblemError::Box(error).into())
}

#[cfg(test)]
mod tests {
    use super::*;

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
