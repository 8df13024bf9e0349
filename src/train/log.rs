//! The log of a training: a JSON object a line, such as an
//! [`EpochRecord`](super::EpochRecord), written as soon as the epoch is done.

use std::fs::File;
use std::io::{self, Write};

use serde::Serialize;

/// A log file.
#[derive(Debug)]
pub struct TrainingLog {
    file: File,
}

impl TrainingLog {
    /// A log that goes on where the file is.
    pub fn new(file: File) -> Self {
        Self { file }
    }

    /// Adds a line.
    ///
    /// # Errors
    /// The system says no.
    pub fn add(&mut self, record: &impl Serialize) -> io::Result<()> {
        let line = serde_json::to_string(record).map_err(io::Error::other)? + "\n";
        self.file.write_all(line.as_bytes())
    }
}
