//! Pictures, as SVG.

mod color;
mod regions;

pub use regions::{MOST_REGIONS, PlotError, RegionPlot};
