//! How the times of variants go with properties of the instances.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::Regions;
use crate::bench::{Measure, Record, Summary};
use crate::bounds::LayerSummary;
use crate::num::statistics::{Estimate, median, spearman_estimate};

/// Fewest instances that a correlation is told of.
const FEWEST: usize = 5;

/// How the time of a variant goes with a property of the instances.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Correlation {
    /// The variant.
    pub variant: String,
    /// The property.
    pub property: String,
    /// Instances that have it.
    pub instances: usize,
    /// Spearman's rank correlation of it and the median seconds, with an interval by a bootstrap
    /// over the instances.
    pub spearman: Estimate,
    /// The pairs: property and seconds.
    #[serde(skip)]
    pub pairs: Vec<[f64; 2]>,
}

/// Properties by their names, of each instance.
type Properties = BTreeMap<String, BTreeMap<String, f64>>;

pub(super) fn correlations(
    records: &[Record],
    regions: &Regions,
    variants: &[Summary],
    measure: Measure,
) -> Vec<Correlation> {
    let mut properties: Properties = BTreeMap::new();
    for (instance, count) in regions {
        let property = properties.entry("linear regions".to_string()).or_default();
        property.insert(instance.clone(), *count);
    }
    for record in records {
        for (name, value) in of_answer(record) {
            properties.entry(name).or_default().insert(record.instance.clone(), value);
        }
    }
    let mut found = Vec::new();
    for Summary { variant, .. } in variants {
        let times = times(records, variant, measure);
        for (property, values) in &properties {
            let pairs: Vec<[f64; 2]> =
                times.iter().filter_map(|(i, t)| Some([*values.get(*i)?, *t])).collect();
            if pairs.len() < FEWEST {
                continue;
            }
            if let Some(estimate) = spearman_estimate(&pairs) {
                found.push(Correlation {
                    variant: variant.clone(),
                    property: property.clone(),
                    instances: pairs.len(),
                    spearman: estimate,
                    pairs,
                });
            }
        }
    }
    found
}

/// The median seconds of a variant over the seeds, by instance.
fn times<'a>(records: &'a [Record], variant: &str, measure: Measure) -> BTreeMap<&'a str, f64> {
    let mut times: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for record in records.iter().filter(|record| record.variant == variant) {
        times.entry(&record.instance).or_default().push(measure.of(record, 1.0));
    }
    times.into_iter().filter_map(|(i, times)| Some((i, median(times)?))).collect()
}

/// What an answer of Taut tells of its network on the box. How many neurons are stable is a
/// property of bounds, whose method belongs to its name.
fn of_answer(record: &Record) -> Vec<(String, f64)> {
    let Some((layers, bounds)) = layers(record) else { return Vec::new() };
    let neurons: usize = layers.iter().map(|layer| layer.neurons).sum();
    let unstable: usize = layers.iter().map(|layer| layer.unstable).sum();
    let stable_share = 1.0 - unstable as f64 / neurons.max(1) as f64;
    vec![
        (format!("stable share, {bounds} bounds"), stable_share),
        (
            format!("sum of big-M, {bounds} bounds"),
            layers.iter().map(LayerSummary::big_m_sum).sum(),
        ),
    ]
}

/// The layers that an answer tells of, and the method of their bounds.
pub(super) fn layers(record: &Record) -> Option<(Vec<LayerSummary>, String)> {
    let layers = record.told("/layers").filter(|layers: &Vec<_>| !layers.is_empty())?;
    Some((layers, record.told("/tighten")?))
}
