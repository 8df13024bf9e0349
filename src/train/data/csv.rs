//! A table in a CSV file, with a header; columns are chosen by their names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use csv::StringRecord;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::split::{Shares, limit};
use super::{DataError, DataSource, Dataset, LARGEST, MOST_NUMBERS, Split, Targets};
use crate::message::excerpt;
use crate::train::Stream;

/// Largest file that is read: 2 GiB.
const MOST_BYTES: u64 = 1 << 31;

/// The keys of `source = "csv"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CsvData {
    /// The file, by the folder of the recipe. Its first line names the columns.
    pub file: PathBuf,
    /// A file with the test set. Default: none; then `test` is the share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_file: Option<PathBuf>,
    /// What separates columns: one ASCII character. Default: a comma.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// Columns that are the inputs, in this order. Default: all that are not targets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
    /// Columns of numbers that are learnt; or else `class`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// Column of words or numbers that name a class; or else `targets`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Number of samples kept for training, drawn at random: from 1. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<usize>,
    /// Share of the samples for validation: from 0, below 1. Default: 0.15.
    #[serde(default = "super::split::usual_share")]
    pub validation: f64,
    /// Share of the samples for the test: from 0, below 1. Default: 0.15, or none where
    /// there is a file with the test set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<f64>,
}

fn comma() -> char {
    ','
}

impl CsvData {
    fn shares(&self) -> Result<Shares, DataError> {
        Shares::beside(self.validation, self.test, self.test_file.is_some())
    }

    /// The samples of a file; `classes` are those of another file where they are known.
    fn read(&self, path: &Path, classes: Option<&[String]>) -> Result<Dataset, DataError> {
        let table = Table::read(path, self.delimiter)?;
        let targets = match &self.class {
            Some(class) => std::slice::from_ref(class),
            None => &self.targets,
        };
        let others = table.header.iter().filter(|name| !targets.iter().any(|t| t == name));
        let input_names: Vec<String> = match self.inputs.as_slice() {
            [] => others.map(str::to_string).collect(),
            names => names.to_vec(),
        };
        if input_names.is_empty() {
            let found = format!("no columns but {}", excerpt(&targets.join(", ")));
            return Err(DataError::content(path, "the header", found, "a column for inputs"));
        }
        let inputs = table.numbers(&input_names)?;
        let targets = match &self.class {
            None => Targets::Values { values: table.numbers(targets)?, names: targets.to_vec() },
            Some(class) => table.classes(class, classes)?,
        };
        Ok(Dataset { inputs, targets, input_names, shape: None, domain: None })
    }
}

impl DataSource for CsvData {
    fn validate(&self) -> Result<(), DataError> {
        if !self.delimiter.is_ascii() || matches!(self.delimiter, '"' | '\n' | '\r') {
            let found = format!("{:?}", self.delimiter);
            return Err(DataError::key(
                "delimiter",
                found,
                "an ASCII character such as ',' or ';'",
            ));
        }
        if self.targets.is_empty() != self.class.is_some() {
            let found = match &self.class {
                Some(class) => {
                    let targets = format!("{:?}", self.targets);
                    format!("{} beside class = '{}'", excerpt(&targets), excerpt(class))
                }
                None => "none, and no class".to_string(),
            };
            return Err(DataError::key("targets", found, "either targets or a class"));
        }
        let mut seen = BTreeSet::new();
        let used = self.inputs.iter().chain(&self.targets).chain(&self.class);
        for name in used {
            if !seen.insert(name) {
                return Err(DataError::key(
                    "inputs",
                    format!("'{}' twice", excerpt(name)),
                    "each column once",
                ));
            }
        }
        if self.samples == Some(0) {
            return Err(DataError::key("samples", 0, "at least 1"));
        }
        self.shares()?.check()
    }

    fn load(&self, folder: &Path, seed: u64) -> Result<Split, DataError> {
        self.validate()?;
        let data = self.read(&folder.join(&self.file), None)?;
        let mut split = self.shares()?.split(&data, &mut Stream::Split.random(seed))?;
        if let Some(file) = &self.test_file {
            // With all columns as inputs, the header of the first file decides.
            let inputs = data.input_names.clone();
            let classes = self.class.is_some().then(|| data.targets.names());
            split.test = Self { inputs, ..self.clone() }.read(&folder.join(file), classes)?;
        }
        limit(&mut split, self.samples)?;
        Ok(split)
    }
}

/// The fields of a file.
struct Table<'a> {
    path: &'a Path,
    text: String,
    header: StringRecord,
    records: Vec<StringRecord>,
}

impl<'a> Table<'a> {
    fn read(path: &'a Path, delimiter: char) -> Result<Self, DataError> {
        let text = read_text(path)?;
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .delimiter(u8::try_from(delimiter).expect("checked to be ASCII"))
            .from_reader(text.as_bytes());
        let failed = |error: csv::Error| DataError::content(path, "the text", error, "CSV");
        let header = reader.headers().map_err(failed)?.clone();
        let records: Vec<StringRecord> =
            reader.into_records().collect::<Result<_, csv::Error>>().map_err(failed)?;
        let table = Self { path, text, header, records };
        let columns = table.header.len();
        if table.records.is_empty() {
            return Err(DataError::content(path, "line 2", "the end", "a line of numbers"));
        }
        if table.records.len().saturating_mul(columns) > MOST_NUMBERS {
            let found = format!("{} lines of {columns} columns", table.records.len());
            let expected = format!("at most {MOST_NUMBERS} fields");
            return Err(DataError::content(path, "the text", found, expected));
        }
        match table.records.iter().find(|record| record.len() != columns) {
            None => Ok(table),
            Some(record) => {
                let found = format!("{} columns", record.len());
                let expected = format!("{columns}, as in the header");
                Err(DataError::content(path, table.line(record), found, expected))
            }
        }
    }

    /// Where a record begins. The reader's own count of lines lags behind empty lines and
    /// the line ends of Windows.
    fn line(&self, record: &StringRecord) -> String {
        let start = record.position().map_or(0, csv::Position::byte);
        let start = usize::try_from(start).expect("a place in memory");
        let ends = self.text[start..].bytes().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        line(&self.text.as_bytes()[..start + ends.count()])
    }

    /// Position of a column.
    fn column(&self, name: &str) -> Result<usize, DataError> {
        let mut columns = (0..self.header.len()).filter(|&column| &self.header[column] == name);
        match (columns.next(), columns.next()) {
            (Some(column), None) => Ok(column),
            (first, _) => {
                let times = if first.is_some() { "several columns" } else { "no column" };
                let names: Vec<&str> = self.header.iter().collect();
                let names = names.join(", ");
                let found = format!("{times} '{}' among {}", excerpt(name), excerpt(&names));
                Err(DataError::content(self.path, "the header", found, "one"))
            }
        }
    }

    /// Columns as numbers (records × names).
    fn numbers(&self, names: &[String]) -> Result<Array2<f64>, DataError> {
        let columns = names.iter().map(|name| self.column(name));
        let columns = columns.collect::<Result<Vec<usize>, DataError>>()?;
        let mut numbers = Array2::zeros((self.records.len(), columns.len()));
        for (mut row, record) in numbers.outer_iter_mut().zip(&self.records) {
            for (number, &column) in row.iter_mut().zip(&columns) {
                *number = match record[column].parse::<f64>() {
                    Ok(number) if number.abs() <= LARGEST => number,
                    Ok(number) if number.is_finite() => {
                        let expected = format!("a magnitude of at most {LARGEST:e}");
                        return Err(self.refused(record, column, &expected));
                    }
                    _ => return Err(self.refused(record, column, "a finite number")),
                };
            }
        }
        Ok(numbers)
    }

    /// A column as classes: those given, or else all there are, in order of number where
    /// all are numbers and of the alphabet otherwise.
    fn classes(&self, name: &str, known: Option<&[String]>) -> Result<Targets, DataError> {
        let column = self.column(name)?;
        for record in &self.records {
            if record[column].is_empty() {
                return Err(self.refused(record, column, "a class"));
            }
        }
        let names: Vec<String> = match known {
            Some(known) => known.to_vec(),
            None => {
                let fields = self.records.iter().map(|record| record[column].to_string());
                let mut names: Vec<String> =
                    fields.collect::<BTreeSet<String>>().into_iter().collect();
                let number = |name: &String| name.parse::<f64>().ok().filter(|x| x.is_finite());
                if names.iter().all(|name| number(name).is_some()) {
                    names.sort_by(|a, b| number(a).partial_cmp(&number(b)).expect("numbers"));
                }
                names
            }
        };
        if names.len() < 2 {
            let place = format!("column '{}'", excerpt(name));
            let found = format!("only class '{}'", excerpt(&names[0]));
            return Err(DataError::content(self.path, place, found, "at least two classes"));
        }
        let places: BTreeMap<&str, usize> =
            names.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
        let labels = self.records.iter().map(|record| {
            places.get(&record[column]).copied().ok_or_else(|| {
                let names = names.join(", ");
                let expected = format!("a class of the samples for training: {}", excerpt(&names));
                self.refused(record, column, &expected)
            })
        });
        let labels = labels.collect::<Result<_, DataError>>()?;
        Ok(Targets::Classes { labels, names })
    }

    fn refused(&self, record: &StringRecord, column: usize, expected: &str) -> DataError {
        let field = &record[column];
        let found = match field {
            "" => "nothing".to_string(),
            field => format!("'{}'", excerpt(field)),
        };
        let place = format!("{}, column '{}'", self.line(record), excerpt(&self.header[column]));
        DataError::content(self.path, place, found, expected)
    }
}

/// The line after some text.
fn line(before: &[u8]) -> String {
    format!("line {}", 1 + before.iter().filter(|&&byte| byte == b'\n').count())
}

/// The text of a file, without the mark of UTF-8 that some programs begin it with.
fn read_text(path: &Path) -> Result<String, DataError> {
    let failed = |error| DataError::system(path, &error);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MOST_BYTES {
        let expected = format!("at most {MOST_BYTES} bytes");
        return Err(DataError::content(path, "the file", "more", expected));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let place = line(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        DataError::content(path, place, "other bytes", "text in UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text))
}
