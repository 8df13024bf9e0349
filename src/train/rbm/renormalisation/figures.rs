//! What a stack shows when it is done.

use serde::{Deserialize, Serialize};

use super::data::{Samples, SpinFigures};
use super::lattice::FieldFigures;
use super::{RbmRecipe, Variant};
use crate::num::statistics::median;
use crate::train::rbm::ising::decimated;
use crate::train::rbm::{EpochFigures, Logistic, Rows, Stack, Upward, Visible};

/// Most units and samples that a picture shows of a layer.
const SHOWN: usize = 8;

/// The middle of many numbers, and where half of them lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// A quarter of them is below.
    pub low: f64,
    /// A quarter of them is above.
    pub high: f64,
}

impl Spread {
    /// Of numbers; none of none.
    pub fn new(numbers: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut numbers: Vec<f64> = numbers.into_iter().collect();
        numbers.sort_by(f64::total_cmp);
        let half = numbers.len().div_ceil(2);
        Some(Self {
            median: median(numbers.iter().copied())?,
            low: median(numbers[..half].iter().copied())?,
            high: median(numbers[numbers.len() - half..].iter().copied())?,
        })
    }
}

/// The coupling of neighbouring hidden units above a ring of spins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Coupling {
    /// That of a ring whose neighbours are as correlated as those units on average, in the order
    /// of the centres of their fields: the inverse hyperbolic tangent of that.
    pub measured: f64,
    /// That of the exact decimation to as many spins; none where they do not divide the ring.
    pub exact: Option<f64>,
}

/// A layer of a stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LayerReport {
    /// Units.
    pub units: usize,
    /// Visible units of the stack for each of them.
    pub compression: f64,
    /// Mean square of the difference between samples and the ends of the chains that began at
    /// them, in the last epoch of the machine below; none where chains persist.
    pub reconstruction: Option<f64>,
    /// Mean magnitude of the weights of that machine.
    pub weight: f64,
    /// Radii of the receptive fields, in places; none where units have no places.
    pub radius: Option<Spread>,
    /// Participation ratios of the fields; none where all are 0.
    pub participation: Option<Spread>,
    /// Mean of `s s'` over spins of samples that were not learnt and what is left of them after a
    /// way up to this layer and down again, each unit by its mean and in the end up or down: 1
    /// where nothing is lost; none for Gaussian units or without such samples.
    pub overlap: Option<f64>,
    /// Above a ring of spins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupling: Option<Coupling>,
    /// The receptive field of each unit.
    pub fields: Vec<FieldFigures>,
}

/// A stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunReport {
    /// Its seed.
    pub seed: u64,
    /// Which of the stacks of that seed.
    pub variant: Variant,
    /// What its samples show of the model, before they are shuffled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spins: Option<SpinFigures>,
    /// Overlap of the samples that were not learnt with what most of their own units are: a
    /// stack that keeps no more than one sign reaches as much.
    pub majority_overlap: Option<f64>,
    /// The hidden layers, from below.
    pub layers: Vec<LayerReport>,
}

impl RunReport {
    /// Median radius of a hidden layer, from 0, over that of the first; none without radii.
    fn growth(&self, layer: usize) -> Option<f64> {
        Some(self.layers[layer].radius?.median / self.layers[0].radius?.median)
    }
}

/// What pictures show of a stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// Rows and columns of the units that are seen; none where they have no places.
    pub sides: Option<[usize; 2]>,
    /// Of each hidden layer the fields of the first units.
    pub fields: Vec<Vec<Vec<f64>>>,
    /// The first samples, then what each hidden layer leaves of them: means of units.
    pub samples: Vec<Vec<Vec<f64>>>,
}

/// The figures of a stack that is done, and what pictures show of it.
pub(super) fn measure<S: Logistic>(
    recipe: &RbmRecipe,
    (seed, variant): (u64, Variant),
    samples: &Samples<S>,
    stack: &Stack<S>,
    lasts: &[Option<EpochFigures>],
) -> (RunReport, Shown) {
    let visible = recipe.stack.layers[0];
    let is_binary = recipe.rbm.visible == Visible::Binary;
    let can_compare = is_binary && samples.test.count() > 0;
    let row = |rows: &Rows<S>, index: usize| rows.row(index);
    let few = |rows: &Rows<S>| -> Vec<Vec<f64>> {
        (0..rows.count().min(SHOWN)).map(|index| row(rows, index)).collect()
    };
    let mut shown = Shown {
        sides: samples.lattice.map(|lattice| lattice.sides),
        fields: Vec::new(),
        samples: vec![few(&samples.test)],
    };
    let mut layers = Vec::new();
    let mut drawn = samples.test.clone();
    for (layer, machine) in (1..).zip(&stack.machines) {
        let fields = stack.fields(layer);
        let figures: Vec<FieldFigures> =
            fields.iter().map(|field| FieldFigures::new(field, samples.lattice)).collect();
        let back = stack.down(stack.up(&samples.test, layer), layer);
        shown.samples.push(few(&back));
        drawn = Stack::upward(machine, &drawn, Upward::Samples, (seed, MEASURED + layer as u64));
        let coupling = samples.ring.filter(|_| variant != Variant::Shuffled).and_then(|coupling| {
            let exact = visible.is_multiple_of(figures.len());
            Some(Coupling {
                measured: neighbours(&drawn, &figures)?.atanh(),
                exact: exact.then(|| decimated(coupling, visible / figures.len())),
            })
        });
        let last = lasts.get(layer - 1).copied().flatten();
        layers.push(LayerReport {
            units: figures.len(),
            compression: visible as f64 / figures.len() as f64,
            reconstruction: last.and_then(|figures| figures.reconstruction),
            weight: machine.mean_weight(),
            radius: Spread::new(figures.iter().filter_map(|field| field.radius)),
            participation: Spread::new(figures.iter().filter_map(|field| field.participation)),
            overlap: can_compare.then(|| overlap(&samples.test, &back)),
            coupling: coupling.filter(|coupling| coupling.measured.is_finite()),
            fields: figures,
        });
        shown.fields.push(fields.into_iter().take(SHOWN).collect());
    }
    let majority = || {
        let each = (0..samples.test.count()).map(|index| {
            let sample = row(&samples.test, index);
            let mean = sample.iter().map(|&unit| spin(unit)).sum::<f64>() / visible as f64;
            mean.abs()
        });
        each.sum::<f64>() / samples.test.count() as f64
    };
    let report = RunReport {
        seed,
        variant,
        spins: samples.figures.clone(),
        majority_overlap: can_compare.then(majority),
        layers,
    };
    (report, shown)
}

/// Part of the random numbers of a seed that samples are measured by.
const MEASURED: u64 = 1 << 40;

/// Up or down.
fn spin(unit: f64) -> f64 {
    if unit >= 0.5 { 1.0 } else { -1.0 }
}

/// Mean of `s s'`.
fn overlap<S: Logistic>(samples: &Rows<S>, back: &Rows<S>) -> f64 {
    let rows = (0..samples.count()).map(|row| {
        let pairs = samples.row(row).into_iter().zip(back.row(row));
        pairs.map(|(a, b)| spin(a) * spin(b)).sum::<f64>()
    });
    rows.sum::<f64>() / (samples.count() * samples.columns()) as f64
}

/// Mean magnitude of the correlation of units that are neighbours by the centres of their
/// fields; none where there are fewer than three that have one and change.
fn neighbours<S: Logistic>(rows: &Rows<S>, fields: &[FieldFigures]) -> Option<f64> {
    let means = rows.means();
    let mut order: Vec<(f64, usize)> = fields
        .iter()
        .enumerate()
        .filter(|(unit, _)| means[*unit] > 0.0 && means[*unit] < 1.0)
        .filter_map(|(unit, field)| Some((field.centroid?[1], unit)))
        .collect();
    if order.len() < 3 {
        return None;
    }
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut products = vec![0.0; order.len()];
    for row in 0..rows.count() {
        let units = rows.row(row);
        for (place, product) in products.iter_mut().enumerate() {
            let [a, b] = [order[place].1, order[(place + 1) % order.len()].1];
            *product += (units[a] - means[a]) * (units[b] - means[b]);
        }
    }
    let deviation = |unit: usize| (means[unit] * (1.0 - means[unit])).sqrt();
    let correlations = products.iter().enumerate().map(|(place, product)| {
        let [a, b] = [order[place].1, order[(place + 1) % order.len()].1];
        (product / rows.count() as f64 / deviation(a) / deviation(b)).abs()
    });
    Some(correlations.sum::<f64>() / order.len() as f64)
}

/// A layer of all stacks of a variant.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Summary {
    /// The variant.
    pub variant: Variant,
    /// The hidden layer, from 1.
    pub layer: usize,
    /// Its units.
    pub units: usize,
    /// Stacks that are done.
    pub seeds: usize,
    /// Radii of the fields of all of them.
    pub radius: Option<Spread>,
    /// The median radius over that of the first hidden layer, one a stack; none without radii.
    pub growth: Option<Spread>,
    /// Participation ratios likewise.
    pub participation: Option<Spread>,
    /// The overlaps, one a stack.
    pub overlap: Option<Spread>,
    /// The measured couplings, one a stack; above a ring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupling: Option<Spread>,
    /// That of the exact decimation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact_coupling: Option<f64>,
}

/// What the stacks of each variant show together, layer by layer.
pub fn summaries(runs: &[&RunReport]) -> Vec<Summary> {
    let mut summaries = Vec::new();
    for variant in [Variant::Main, Variant::Shuffled, Variant::NoL1] {
        let own: Vec<&&RunReport> = runs.iter().filter(|run| run.variant == variant).collect();
        let Some(first) = own.first() else { continue };
        for index in 0..first.layers.len() {
            let layers = || own.iter().map(move |run| &run.layers[index]);
            let fields = || layers().flat_map(|layer| &layer.fields);
            let couplings = || layers().filter_map(|layer| layer.coupling);
            summaries.push(Summary {
                variant,
                layer: index + 1,
                units: first.layers[index].units,
                seeds: own.len(),
                radius: Spread::new(fields().filter_map(|field| field.radius)),
                growth: Spread::new(own.iter().filter_map(|run| run.growth(index))),
                participation: Spread::new(fields().filter_map(|field| field.participation)),
                overlap: Spread::new(layers().filter_map(|layer| layer.overlap)),
                coupling: Spread::new(couplings().map(|coupling| coupling.measured)),
                exact_coupling: couplings().find_map(|coupling| coupling.exact),
            });
        }
    }
    summaries
}
