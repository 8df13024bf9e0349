//! The points that a command looks at, from arguments and from a file.

use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;
use taut::io::read_points;
use taut::network::Network;
use taut::problem::Vocabulary;

use super::domain::numbers;

/// Points.
#[derive(Args)]
pub struct PointArgs {
    /// A point: one number for all inputs, or one per input, separated by commas; repeatable.
    #[arg(long, value_name = "NUMBERS", allow_hyphen_values = true, help_heading = "Question")]
    input: Vec<String>,
    /// Points from a file: CSV with one line a point, perhaps with a header of the inputs' names.
    #[arg(long, value_name = "FILE", help_heading = "Question")]
    file: Option<PathBuf>,
}

impl PointArgs {
    /// Whether none is given.
    pub fn is_empty(&self) -> bool {
        self.input.is_empty() && self.file.is_none()
    }

    /// The points: those of arguments, then those of the file.
    pub fn read(&self, network: &Network) -> anyhow::Result<Vec<Vec<f64>>> {
        let points = self.input.iter().map(|text| numbers("--input", text, network.inputs()));
        let mut points = points.collect::<anyhow::Result<Vec<Vec<f64>>>>()?;
        let wrong = points.iter().flatten().find(|number| !number.is_finite());
        ensure!(wrong.is_none(), "--input: found {}, expected a number", wrong.unwrap_or(&0.0));
        if let Some(path) = &self.file {
            points.extend(read_points(path, &Vocabulary::of(network))?);
        }
        Ok(points)
    }
}
