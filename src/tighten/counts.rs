//! What became of the sides of a layer's neurons.

use serde::Serialize;

/// What bounds a neuron.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Linear programs over the triangle relaxation.
    #[default]
    Linear,
    /// Mixed-integer programs: the network as it is, by branch and bound over
    /// certified linear programs.
    MixedInteger,
    /// Branch and bound over boxes of inputs.
    Search,
}

impl Method {
    /// Name on the command line, where it is that of the strongest programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "lp",
            Self::MixedInteger => "milp",
            Self::Search => "search",
        }
    }

    /// What it asks of a neuron, in the plural.
    pub(super) fn tasks(self) -> &'static str {
        match self {
            Self::Linear | Self::MixedInteger => "programs",
            Self::Search => "searches",
        }
    }
}

/// What happened to the sides (two per neuron) of one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TightenCounts {
    /// Number of the layer, from 1; 0 for the inputs, one more than there are for
    /// the output.
    pub layer: usize,
    /// Whether constraints on outputs took part.
    pub with_outputs: bool,
    /// What bounded the neurons.
    pub method: Method,
    /// Sides of all its neurons.
    pub sides: usize,
    /// Not asked because the phase was proven before, or by the other side.
    pub skipped_stable: usize,
    /// Not asked because a forward pass almost attains the bound, or shows that
    /// the phase sought is not there.
    pub skipped_attained: usize,
    /// Not asked because the bounds are exact: interval bounds in a first layer.
    pub skipped_exact: usize,
    /// Not asked, or not to the end, because the time of the layer was over.
    pub skipped_time: usize,
    /// Programs solved to the end, or searches that came to one.
    pub solved: usize,
    /// Those that did not: what they have proven by then counts.
    pub failed: usize,
    /// Parts that branch and bound looked at.
    pub nodes: u64,
    /// Simplex iterations.
    pub lp_iterations: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
}

impl TightenCounts {
    pub(super) fn new(method: Method) -> Self {
        Self { method, ..Self::default() }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.skipped_stable += other.skipped_stable;
        self.skipped_time += other.skipped_time;
        self.solved += other.solved;
        self.failed += other.failed;
        self.nodes += other.nodes;
        self.lp_iterations += other.lp_iterations;
    }
}
