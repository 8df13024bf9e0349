//! Pictures, as SVG, PNG and PDF.
//!
//! A picture is a [`Canvas`]: shapes and texts as data, which `figure.rs` gives axes, a
//! title and a legend. Each format has one writer, which knows nothing else.

mod axis;
mod boxes;
mod canvas;
mod chains;
mod chart;
mod color;
mod curves;
mod edges;
mod figure;
mod font;
mod pdf;
mod plane;
mod png;
mod regions;
mod samples;
mod size;
mod svg;
mod tiles;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::io::{FileError, check_writable, write_bytes, write_text};
use crate::message::excerpt;
pub use boxes::BoxPlot;
pub use canvas::{Anchor, Canvas, Contour, Label, Paint, Shape, Stroke, Text};
pub use chart::{Chart, Scale, Series, Steps, Style};
pub use curves::curves;
pub use pdf::pdf;
pub use png::png;
pub use regions::RegionPlot;
pub use samples::SamplePlot;
pub use size::PictureSize;
pub use svg::svg;
pub use tiles::{Tile, TileRow, tiles};

/// Extensions of the files that [`write()`] writes.
pub const EXTENSIONS: [&str; 3] = ["svg", "png", "pdf"];

/// Why there is no picture.
#[derive(Debug, Error)]
pub enum PlotError {
    /// Not two inputs that vary.
    #[error("a picture needs 2 inputs whose intervals have a width; found {free}")]
    NotPlanar {
        /// Their number.
        free: usize,
    },
    /// Too many regions or boxes.
    #[error(
        "a picture of more than {most} {what} shows nothing; expected fewer: try a smaller box"
    )]
    TooMany {
        /// The most that are shown.
        most: usize,
        /// What they are.
        what: &'static str,
    },
    /// A file name that says nothing of a format for pictures.
    #[error("{}: expected a file name that ends in .{}", path.display(), EXTENSIONS.join(", ."))]
    Extension {
        /// The file.
        path: PathBuf,
    },
    /// A size that no picture has.
    #[error("found '{}', expected {}, such as 1200x900", excerpt(found), Self::sizes())]
    Size {
        /// The text.
        found: String,
    },
    /// The PNG cannot be made.
    #[error("the picture cannot be drawn: {what}")]
    Png {
        /// Why.
        what: String,
    },
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Checks the extension of a file for pictures.
///
/// # Errors
/// [`PlotError::Extension`].
pub fn check_extension(path: &Path) -> Result<(), PlotError> {
    match EXTENSIONS.iter().any(|&known| path.extension() == Some(known.as_ref())) {
        true => Ok(()),
        false => Err(PlotError::Extension { path: path.to_path_buf() }),
    }
}

/// Checks that a picture can be written to a file of that name, before the work that leads
/// to the picture.
///
/// # Errors
/// [`PlotError::Extension`] or [`PlotError::File`].
pub fn check_output(path: &Path) -> Result<(), PlotError> {
    check_extension(path)?;
    Ok(check_writable(path)?)
}

/// Writes a picture in the format that the file's extension says.
///
/// # Errors
/// [`PlotError`].
pub fn write(path: &Path, canvas: &Canvas) -> Result<(), PlotError> {
    check_extension(path)?;
    match path.extension().and_then(OsStr::to_str) {
        Some("svg") => write_text(path, &svg(canvas))?,
        Some("pdf") => write_bytes(path, &pdf(canvas))?,
        _ => write_bytes(path, &png(canvas)?)?,
    }
    Ok(())
}
