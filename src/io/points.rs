//! Points from CSV files: one line a point, one column an input.
//!
//! A header names the inputs, in any order; without one, columns are in the order of the inputs.

use std::path::Path;

use super::boxes::table_reader;
use super::{FileError, FormatError, content, read_bytes};
use crate::message::excerpt;
use crate::problem::Vocabulary;

/// Reads points for a network with these inputs.
///
/// # Errors
/// [`FileError`], with the line.
pub fn read_points(path: &Path, vocabulary: &Vocabulary<'_>) -> Result<Vec<Vec<f64>>, FileError> {
    let bytes = read_bytes(path)?;
    parse(&bytes, vocabulary).map_err(|cause| content(path, cause))
}

fn parse(bytes: &[u8], vocabulary: &Vocabulary<'_>) -> Result<Vec<Vec<f64>>, FormatError> {
    let inputs = vocabulary.inputs;
    let refused = |line: u64, found: String, expected: String| FormatError::Content {
        place: format!("line {line}"),
        found,
        expected,
    };
    let mut reader = table_reader(bytes)?;
    let mut columns: Vec<usize> = (0..inputs).collect();
    let mut points = Vec::new();
    for (position, record) in (1..).zip(reader.records()) {
        let at = record.as_ref().ok().and_then(|record| record.position());
        let line = at.map_or(position, csv::Position::line);
        let record = record
            .map_err(|error| refused(line, error.to_string(), format!("{inputs} numbers")))?;
        if record.len() != inputs {
            let expected = format!("{inputs}, one for each input");
            let fields = if record.len() == 1 { "field" } else { "fields" };
            return Err(refused(line, format!("{} {fields}", record.len()), expected));
        }
        let is_header = position == 1 && record.iter().all(|field| field.parse::<f64>().is_err());
        if is_header {
            columns = header(&record, vocabulary).map_err(|what| {
                refused(line, what, "names of the inputs, each once".to_string())
            })?;
            continue;
        }
        let mut point = vec![0.0; inputs];
        for (field, &input) in record.iter().zip(&columns) {
            let number = field.parse().ok().filter(|number: &f64| number.is_finite());
            point[input] = number.ok_or_else(|| {
                refused(line, format!("'{}'", excerpt(field)), "a number".to_string())
            })?;
        }
        points.push(point);
    }
    match points.is_empty() {
        true => Err(refused(1, "no point".to_string(), "one a line".to_string())),
        false => Ok(points),
    }
}

/// The input of each column.
fn header(record: &csv::StringRecord, vocabulary: &Vocabulary<'_>) -> Result<Vec<usize>, String> {
    let mut columns = Vec::new();
    for name in record {
        let input = match vocabulary.variable_of_name(name) {
            Ok(variable) => variable.input().ok_or_else(|| format!("'{name}', an output"))?,
            Err(_) => vocabulary.input(name)?,
        };
        if columns.contains(&input) {
            return Err(format!("'{}' twice", excerpt(name)));
        }
        columns.push(input);
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Vec<f64>>, String> {
        let names = ["heat", "fuel flow"].map(str::to_string);
        let vocabulary =
            Vocabulary { inputs: 2, outputs: 1, input_names: &names, output_names: &[] };
        parse(text.as_bytes(), &vocabulary).map_err(|error| error.to_string())
    }

    #[test]
    fn points_are_read_by_name_or_in_order() {
        assert_eq!(read("1,2\n3,4\n"), Ok(vec![vec![1.0, 2.0], vec![3.0, 4.0]]));
        assert_eq!(read("fuel flow, heat\n1,2\n"), Ok(vec![vec![2.0, 1.0]]));
        assert_eq!(read("x1,x0\n1,2\n"), Ok(vec![vec![2.0, 1.0]]));
    }

    #[test]
    fn errors_name_the_line() {
        let error = |text: &str| read(text).unwrap_err();
        assert!(error("1,2\n3\n").contains("line 2: found 1 field;"), "{}", error("1,2\n3\n"));
        assert!(error("1,2\n3,nan\n").contains("line 2: found 'nan'; expected a number"));
        assert!(error("heat,heat\n1,2\n").contains("line 1: found 'heat' twice"));
        assert!(error("heat,cold\n1,2\n").contains("unknown variable 'cold'"));
        assert!(error("").contains("no point"));
    }
}
