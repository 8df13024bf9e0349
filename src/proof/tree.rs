//! The parts of a search.

use std::mem::size_of;

/// Units of a slope.
pub const SLOPE_UNITS: u8 = 128;

/// Units of a weight.
pub const WEIGHT_UNITS: u16 = 1024;

/// What a search has shown of a box: its parts, each after the one that it was cut out of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// The parts; all of the box first.
    pub parts: Vec<Part>,
}

/// A part of the box, and what bounds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The number of the part that it was cut out of, and how; `None` for all of the box.
    pub from: Option<(usize, Cut)>,
    /// The best value known: what is above it was clipped off.
    pub best: f64,
    /// The bound that was enough.
    pub enough: f64,
    /// Planes below the objective, and their combinations, in their order.
    pub lemmas: Vec<Lemma>,
    /// The bound that certified linear programs over the phases of its open neurons were to reach,
    /// where it went to them.
    pub programs: Option<f64>,
    /// Whether it was cut in two.
    pub is_divided: bool,
}

/// How a part was cut out of another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cut {
    /// One end of an input's interval.
    Input {
        /// The input.
        index: usize,
        /// The end that it got.
        end: f64,
        /// Whether that is the upper one.
        is_upper: bool,
    },
    /// One side of a kink of an activation: `side · (a − kink) ≤ 0` for the pre-activation `a`.
    Phase {
        /// The node of the activation.
        node: usize,
        /// The neuron.
        index: usize,
        /// The kink.
        kink: f64,
        /// 1 below it, −1 above.
        side: f64,
    },
}

/// One step of a proof. Numbers are those that the search has used, which are coarse on purpose:
/// any will do, and a checker in exact arithmetic has the less to multiply.
#[derive(Clone, Debug, PartialEq)]
pub enum Lemma {
    /// A plane by backward substitution.
    Plane {
        /// Slopes of the lines below those open neurons whose slope is free, in the order of
        /// nodes and neurons, in units of 1 / [`SLOPE_UNITS`].
        slopes: Vec<u8>,
        /// Multipliers of the phases that the part has taken, in their order, with the 8 bits of
        /// a `bf16`.
        multipliers: Vec<f32>,
    },
    /// A combination of planes: their places, those handed down first and then those drawn, in
    /// the order of the last combination, and their weights, the largest first, in units of
    /// 1 / [`WEIGHT_UNITS`].
    Combination(Vec<(u16, u16)>),
}

impl Tree {
    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        let lemma = |lemma: &Lemma| {
            size_of::<Lemma>()
                + match lemma {
                    Lemma::Plane { slopes, multipliers } => {
                        slopes.len() + size_of::<f32>() * multipliers.len()
                    }
                    Lemma::Combination(weights) => size_of::<(u16, u16)>() * weights.len(),
                }
        };
        let part = |part: &Part| size_of::<Part>() + part.lemmas.iter().map(lemma).sum::<usize>();
        self.parts.iter().map(part).sum()
    }
}
