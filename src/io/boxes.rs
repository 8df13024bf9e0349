//! Boxes in files. CSV: two columns, lower and upper; one line per input; a header is
//! allowed. JSON: the list of OMLT, in [`omlt`].

mod omlt;

use std::path::{Path, PathBuf};

use super::{FileError, FormatError, content, is_stdin, read_bytes};
use crate::message::excerpt;
use crate::network::Network;
use crate::num::IntervalBox;
use crate::problem::ProblemError;

/// A box of inputs, and the file that it stands in.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredBox {
    /// The box.
    pub domain: IntervalBox,
    /// The file.
    pub file: PathBuf,
}

/// Reads a box for a network.
///
/// # Errors
/// [`FileError`], with the line or the key.
pub fn read_box(path: &Path, network: &Network) -> Result<IntervalBox, FileError> {
    let bytes = read_bytes(path)?;
    let json = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    let parsed = if json { omlt::parse(&bytes, network.input_shape()) } else { parse(&bytes) };
    parsed.map_err(|cause| content(path, cause))
}

/// The box in a network's own file, else the one that OMLT writes beside it, to
/// `NETWORK.bounds.json`; `None` where there is neither.
///
/// # Errors
/// [`FileError`]: the file beside it is not what OMLT writes, or does not fit the network.
pub fn stored_box(network: &Network, path: &Path) -> Result<Option<StoredBox>, FileError> {
    if let Some(domain) = network.metadata().input_box.clone() {
        return Ok(Some(StoredBox { domain, file: path.to_path_buf() }));
    }
    if is_stdin(path) {
        return Ok(None);
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(omlt::SUFFIX);
    let file = PathBuf::from(beside);
    if !file.is_file() {
        return Ok(None);
    }
    Ok(Some(StoredBox { domain: read_box(&file, network)?, file }))
}

/// The lines of a CSV file that people write by hand: blanks and comments (`#`) do not count, and
/// the first line may be a header or not.
///
/// # Errors
/// The line with the first byte that is no UTF-8.
pub(super) fn table_reader(bytes: &[u8]) -> Result<csv::Reader<&[u8]>, FormatError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let breaks = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
        FormatError::Content {
            place: format!("line {}", breaks + 1),
            found: "other bytes".to_string(),
            expected: "text in UTF-8".to_string(),
        }
    })?;
    Ok(csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(bytes))
}

fn parse(bytes: &[u8]) -> Result<IntervalBox, FormatError> {
    let mut reader = table_reader(bytes)?;
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
    fn a_header_is_skipped_and_errors_name_the_line() {
        let expected = IntervalBox::new(vec![-1.0, 0.0], vec![1.0, 2.5]).unwrap();
        assert_eq!(parse(b"lower, upper\n-1, 1\n0,2.5\n").unwrap(), expected);
        assert_eq!(parse(b"-1,1\n0,2.5").unwrap(), expected);
        let error = parse(b"0,1\n0;1\n").unwrap_err().to_string();
        assert_eq!(error, "line 2: found '0;1'; expected two numbers, lower and upper");
        assert!(parse(b"2,1").unwrap_err().to_string().contains("empty in coordinate 0"));
    }
}
