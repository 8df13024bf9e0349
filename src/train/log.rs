//! The log of a training: one [`EpochRecord`] as a JSON object a line, written as soon as
//! the epoch is done.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::EpochRecord;

/// A log file.
#[derive(Debug)]
pub struct TrainingLog {
    file: File,
}

impl TrainingLog {
    /// A new log, or one that goes on at the end of the file.
    ///
    /// # Errors
    /// The system says no.
    pub fn open(path: &Path, append: bool) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let options = options.create(true).write(true).append(append).truncate(!append);
        Ok(Self { file: options.open(path)? })
    }

    /// Adds a line.
    ///
    /// # Errors
    /// The system says no.
    pub fn add(&mut self, record: &EpochRecord) -> io::Result<()> {
        let line = serde_json::to_string(record).map_err(io::Error::other)? + "\n";
        self.file.write_all(line.as_bytes())
    }
}
