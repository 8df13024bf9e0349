//! A box of inputs, from arguments.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use taut::io::{FileError, StoredBox, read_box, stored_box};
use taut::message::excerpt;
use taut::network::Network;
use taut::num::IntervalBox;

use super::text::count;

/// A box of inputs.
#[derive(Args, Clone)]
pub struct BoxArgs {
    /// Lower bounds of the inputs: one number for all, or one per input,
    /// separated by commas [default: those in the file].
    #[arg(help_heading = "Question", long, value_name = "NUMBERS", allow_hyphen_values = true)]
    pub lower: Option<String>,
    /// Upper bounds of the inputs, likewise [default: those in the file].
    #[arg(help_heading = "Question", long, value_name = "NUMBERS", allow_hyphen_values = true)]
    pub upper: Option<String>,
    /// Bounds of the inputs from a file: CSV with two columns, lower and upper,
    /// one line per input; or OMLT's NAME.onnx.bounds.json, which is also found by itself
    /// beside a network without a box.
    #[arg(help_heading = "Question", long = "box", value_name = "FILE", conflicts_with_all = ["lower", "upper"])]
    pub file: Option<PathBuf>,
}

impl BoxArgs {
    /// What is stored in files, unless arguments go before it.
    pub fn unless_given(
        &self,
        stored: impl FnOnce() -> Result<Option<StoredBox>, FileError>,
    ) -> Result<Option<StoredBox>, FileError> {
        let is_given = self.file.is_some() || (self.lower.is_some() && self.upper.is_some());
        if is_given { Ok(None) } else { stored() }
    }

    /// The box that arguments give, else the one stored with a network's file.
    pub fn read_or_stored(
        &self,
        network: &Network,
        path: &Path,
    ) -> anyhow::Result<Option<IntervalBox>> {
        let stored = self.unless_given(|| stored_box(network, path))?.map(|found| found.domain);
        Ok(self.read(network, stored.as_ref())?.or(stored))
    }

    /// The box that the arguments give, if any; a side that they do not give is that of the
    /// box in the files.
    pub fn read(
        &self,
        network: &Network,
        stored: Option<&IntervalBox>,
    ) -> anyhow::Result<Option<IntervalBox>> {
        if let Some(path) = &self.file {
            let domain = read_box(path, network)?;
            ensure!(
                domain.len() == network.inputs(),
                "{}: found {}; expected one per input of the network, {}",
                path.display(),
                count(domain.len(), "interval"),
                network.inputs()
            );
            return Ok(Some(domain));
        }
        if self.lower.is_none() && self.upper.is_none() {
            return Ok(None);
        }
        let side = |option: &str, text: &Option<String>, stored: Option<&[f64]>| match text {
            Some(text) => numbers(option, text, network.inputs()),
            None => stored.map(<[f64]>::to_vec).with_context(|| {
                format!(
                    "only one side of the box is given; expected {option} too, or a box in the file"
                )
            }),
        };
        let lower = side("--lower", &self.lower, stored.map(IntervalBox::lower))?;
        let upper = side("--upper", &self.upper, stored.map(IntervalBox::upper))?;
        Ok(Some(IntervalBox::new(lower, upper)?))
    }
}

/// One number for all inputs, or one per input.
pub fn numbers(option: &str, text: &str, inputs: usize) -> anyhow::Result<Vec<f64>> {
    let parse = |part: &str| {
        let part = part.trim();
        let number: Option<f64> = part.parse().ok();
        number.with_context(|| format!("{option}: found '{}', expected a number", excerpt(part)))
    };
    let numbers: Vec<f64> = text.split(',').map(parse).collect::<Result<_, _>>()?;
    match numbers.as_slice() {
        [number] => Ok(vec![*number; inputs]),
        _ if numbers.len() == inputs => Ok(numbers),
        _ => bail!(
            "{option}: found {} numbers, expected 1 or as many as the network has inputs, {inputs}",
            numbers.len()
        ),
    }
}
