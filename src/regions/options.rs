//! What is counted, how, and within which limits.

use crate::control::Limits;

/// How regions are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The exact method for the number of inputs: planar for two, else enumerate.
    #[default]
    Auto,
    /// Exact, for two inputs: convex polygons.
    Planar,
    /// Exact, for any number of inputs: linear programs.
    Enumerate,
    /// An upper bound from the sizes of the layers and the stable neurons.
    Bounds,
    /// A lower bound and an estimate from random points, and the upper bound.
    Sample,
}

impl Method {
    /// All methods.
    pub const ALL: [Self; 5] =
        [Self::Auto, Self::Planar, Self::Enumerate, Self::Bounds, Self::Sample];

    /// Name on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Planar => "planar",
            Self::Enumerate => "enumerate",
            Self::Bounds => "bounds",
            Self::Sample => "sample",
        }
    }
}

/// Settings of the count.
#[derive(Clone, Debug)]
pub struct RegionOptions {
    /// How to count. Default: [`Method::Auto`].
    pub method: Method,
    /// Limits of the walk, whose nodes are the cells found. Default: none.
    pub limits: Limits,
    /// Whether [`count`](super::count) also counts linear pieces and distinct maps, which takes memory for
    /// the pattern of every cell. Default: no.
    pub pieces: bool,
    /// Worker threads. Counts do not depend on their number. Default 1.
    pub threads: usize,
    /// Random points of [`Method::Sample`]. Default 10 000.
    pub samples: usize,
    /// Seed of these points. Default 0.
    pub seed: u32,
}

impl Default for RegionOptions {
    fn default() -> Self {
        Self {
            method: Method::Auto,
            limits: Limits::default(),
            pieces: false,
            threads: 1,
            samples: 10_000,
            seed: 0,
        }
    }
}
