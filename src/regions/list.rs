//! Linear regions as a file: one JSON object a line.
//!
//! ```json
//! {"pattern":["+-+","-+"],"weights":[[1.5,-2]],"bias":[0.25],"point":[0.1,0.2],"vertices":[[0,0],[1,0],[0,1]]}
//! ```
//!
//! `pattern` has a word a layer and a sign a neuron: `-` inactive, `+` active, `c` at its
//! ceiling. The outputs in the region are `weights · x + bias`; `vertices` are those in the
//! inputs that vary, counter-clockwise, where there are two of them.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::Cell;
use crate::io::{FileError, Output};
use crate::network::Phase;

/// A file of regions under construction: it appears complete or not at all.
#[derive(Debug)]
pub struct CellFile {
    output: Output,
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
        Ok(Self { output: Output::create(path)? })
    }

    /// Adds a region.
    ///
    /// # Errors
    /// [`FileError::System`].
    pub fn add(&mut self, cell: &Cell) -> Result<(), FileError> {
        let line = Line {
            pattern: cell.pattern.iter().map(|layer| layer.iter().map(sign).collect()).collect(),
            weights: cell.weights.outer_iter().map(|row| row.to_vec()).collect(),
            bias: cell.bias.to_vec(),
            point: &cell.point,
            vertices: cell.vertices.as_deref(),
        };
        let written = serde_json::to_writer(&mut self.output, &line).map_err(io::Error::from);
        let written = written.and_then(|()| self.output.write_all(b"\n"));
        written.map_err(|error| self.output.failed(&error))
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// [`FileError::System`].
    pub fn finish(self) -> Result<(), FileError> {
        self.output.commit()
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
