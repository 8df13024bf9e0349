//! Figures of a trained network: how complex its answers are, and what Taut says of it.

use anyhow::Context;
use ndarray::{Array1, ArrayView1, s};
use taut::analyze::{LempelZiv, monte_carlo, quantised};
use taut::bounds::{Crown, Propagator, summarize};
use taut::control::Clock;
use taut::network::{Network, ReluGraph};
use taut::num::IntervalBox;
use taut::num::statistics::mean;
use taut::regions::sample_chords;
use taut::train::data::Dataset;

use crate::queries::{self, Query};
use crate::rows::Row;
use crate::suite::Figures;

/// Seed of perturbations and segments, the same for all networks.
const SEED: u32 = 0;

/// Fills the figures of a row. Those of the canonical form stay empty where there is none.
pub fn measure(
    network: Network,
    test: &Dataset,
    white: f64,
    figures: &Figures,
    row: &mut Row,
) -> anyhow::Result<()> {
    complexity(&network, test, figures, row);
    let inputs = network.inputs();
    let domain = IntervalBox::new(vec![0.0; inputs], vec![white; inputs])?;
    let points = test.inputs.slice(s![..figures.sensitivity.min(test.len()), ..]);
    row.sensitivity = Some(monte_carlo(&network, &domain, points, SEED));
    let graph = match network.lower() {
        Ok(graph) => graph,
        Err(error) => {
            row.note = error.to_string();
            return Ok(());
        }
    };
    let chords = sample_chords(&graph, &domain, figures.chords, SEED, &Clock::unlimited())?;
    row.chord_regions = chords.map(|chords| chords.mean);
    let points = test.inputs.outer_iter().take(figures.queries);
    let queries = points.map(|point| query(&network, point, white, figures.epsilon));
    let queries = queries.collect::<anyhow::Result<Vec<Query>>>()?;
    bounds(&graph, &queries, row)?;
    queries::ask(network, &queries, figures, row)
}

/// Lempel–Ziv complexity of the answers on the test digits, in their order.
fn complexity(network: &Network, test: &Dataset, figures: &Figures, row: &mut Row) {
    let points = test.inputs.slice(s![..figures.sequence.min(test.len()), ..]);
    let values = network.evaluate(points);
    let labels = values.outer_iter().map(|row| order(row)[0]);
    // Classes are 256 at most: labels of a file are bytes.
    let labels: Vec<u8> = labels.map(|class| u8::try_from(class).unwrap_or(u8::MAX)).collect();
    let labels = LempelZiv::of(&labels);
    let outputs = values.columns().into_iter().map(|column| quantised(&column.to_vec()));
    let outputs: Vec<LempelZiv> = outputs.map(|levels| LempelZiv::of(&levels)).collect();
    row.lz_label_bytes = Some(labels.compressed_bytes as f64);
    row.lz_labels = Some(labels.normalised);
    row.lz_output_bytes = Some(outputs.iter().map(|output| output.compressed_bytes as f64).sum());
    row.lz_outputs = mean(outputs.iter().map(|output| output.normalised));
}

/// The outputs from the largest on; the first of equal ones first.
fn order(outputs: ArrayView1<f64>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..outputs.len()).collect();
    order.sort_by(|&a, &b| outputs[b].total_cmp(&outputs[a]));
    order
}

/// The least lead of a point's class over the second one, around the point.
fn query(
    network: &Network,
    point: ArrayView1<f64>,
    white: f64,
    epsilon: f64,
) -> anyhow::Result<Query> {
    let outputs = Array1::from(network.evaluate_point(&point.to_vec()));
    let order = order(outputs.view());
    let (&first, &second) = order.first().zip(order.get(1)).context("two classes")?;
    let side = |shift: f64| point.iter().map(|x| (x + shift).clamp(0.0, white)).collect();
    Ok(Query { domain: IntervalBox::new(side(-epsilon), side(epsilon))?, classes: [first, second] })
}

/// Stable neurons and big-M constants in the boxes of the questions.
fn bounds(graph: &ReluGraph, queries: &[Query], row: &mut Row) -> anyhow::Result<()> {
    let (mut stable, mut big_m) = (Vec::new(), Vec::<f64>::new());
    for query in queries {
        let layers = summarize(graph, &Crown.propagate(graph, &query.domain)?);
        let neurons: usize = layers.iter().map(|layer| layer.neurons).sum();
        let unstable: usize = layers.iter().map(|layer| layer.unstable).sum();
        stable.push(1.0 - unstable as f64 / neurons.max(1) as f64);
        big_m.push(layers.iter().map(|layer| layer.big_m_mean * layer.unstable as f64).sum());
    }
    (row.stable_share, row.big_m) = (mean(stable), mean(big_m));
    Ok(())
}
