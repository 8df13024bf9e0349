//! The size of a picture.

use std::str::FromStr;

use super::PlotError;

/// Shortest and longest side of a picture, in pixels: below, nothing can be read; above, the
/// pixels of a PNG take more than some hundred megabytes.
const SIDES: std::ops::RangeInclusive<u16> = 200..=8000;

/// Width and height of a picture in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureSize {
    width: u16,
    height: u16,
}

impl PictureSize {
    /// The width in pixels.
    pub fn width(self) -> f64 {
        self.width.into()
    }

    /// The height in pixels.
    pub fn height(self) -> f64 {
        self.height.into()
    }
}

impl FromStr for PictureSize {
    type Err = PlotError;

    fn from_str(text: &str) -> Result<Self, PlotError> {
        let sides = text.split_once(['x', 'X', '×']);
        let side = |text: &str| text.trim().parse().ok().filter(|side| SIDES.contains(side));
        match sides.map(|(width, height)| (side(width), side(height))) {
            Some((Some(width), Some(height))) => Ok(Self { width, height }),
            _ => Err(PlotError::Size { found: text.to_string() }),
        }
    }
}

impl PlotError {
    /// What a size may be.
    pub(super) fn sizes() -> String {
        format!("WIDTHxHEIGHT in pixels, both from {} to {}", SIDES.start(), SIDES.end())
    }
}
