//! Linear regions as a file: one JSON object a line.
//!
//! ```json
//! {"pattern":["+-+","-+"],"weights":[[1.5,-2]],"bias":[0.25],"point":[0.1,0.2],"vertices":[[0,0],[1,0],[0,1]]}
//! ```
//!
//! `pattern` has a word a layer and a sign a neuron: `-` inactive, `+` active, `c` at its
//! ceiling. The outputs in the region are `weights · x + bias`; `vertices` are those in the
//! inputs that vary, counter-clockwise, where there are two of them.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Cell;
use crate::io::FileError;
use crate::network::Phase;

/// A file of regions under construction: it appears complete or not at all.
#[derive(Debug)]
pub struct CellFile {
    path: PathBuf,
    partial: PathBuf,
    writer: Option<BufWriter<File>>,
}

#[derive(Serialize)]
struct Line<'a> {
    pattern: Vec<String>,
    weights: Vec<Vec<f64>>,
    bias: Vec<f64>,
    point: &'a [f64],
    #[serde(skip_serializing_if = "Option::is_none")]
    vertices: Option<&'a [[f64; 2]]>,
}

impl CellFile {
    /// Begins a file.
    ///
    /// # Errors
    /// [`FileError::System`].
    pub fn create(path: &Path) -> Result<Self, FileError> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let mut file = Self { path: path.to_path_buf(), partial: partial.into(), writer: None };
        let opened = File::create(&file.partial);
        file.writer = Some(BufWriter::new(opened.map_err(|error| file.system(&error))?));
        Ok(file)
    }

    /// Adds a region.
    ///
    /// # Errors
    /// [`FileError::System`].
    ///
    /// # Panics
    /// After [`finish`](Self::finish).
    pub fn add(&mut self, cell: &Cell) -> Result<(), FileError> {
        let line = Line {
            pattern: cell.pattern.iter().map(|layer| layer.iter().map(sign).collect()).collect(),
            weights: cell.weights.outer_iter().map(|row| row.to_vec()).collect(),
            bias: cell.bias.to_vec(),
            point: &cell.point,
            vertices: cell.vertices.as_deref(),
        };
        let writer = self.writer.as_mut().expect("a file that is not finished");
        let written = serde_json::to_writer(&mut *writer, &line).map_err(std::io::Error::from);
        written.and_then(|()| writer.write_all(b"\n")).map_err(|error| self.system(&error))
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// [`FileError::System`].
    pub fn finish(mut self) -> Result<(), FileError> {
        let mut writer = self.writer.take().expect("a file that is not finished");
        let done = writer.flush().and_then(|()| std::fs::rename(&self.partial, &self.path));
        done.map_err(|error| self.system(&error))
    }

    fn system(&self, error: &std::io::Error) -> FileError {
        FileError::System { path: self.path.clone(), what: error.to_string() }
    }
}

impl Drop for CellFile {
    fn drop(&mut self) {
        if self.writer.take().is_some() {
            // Nothing to do if even this fails.
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}

fn sign(phase: &Phase) -> char {
    match phase {
        Phase::Inactive => '-',
        Phase::Active => '+',
        Phase::Saturated => 'c',
        Phase::Unstable => unreachable!("a region decides every phase"),
    }
}
