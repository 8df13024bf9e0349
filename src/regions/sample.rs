//! What random points and chords tell of the number of regions: a proven lower
//! bound, and estimates that are labelled as such.

use std::collections::HashMap;

use ndarray::{Array1, Array2};
use serde::Serialize;

use super::{RegionError, RegionOptions, count_graph, exact, plan, slice};
use crate::bounds::{IntervalPropagation, Propagator};
use crate::control::{Clock, PROGRESS};
use crate::network::{Phase, ReluGraph};
use crate::num::IntervalBox;
use crate::num::sample::UniformPoints;
use crate::problem::Problem;

/// Patterns of random points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PatternSample {
    /// Distinct patterns seen: a lower bound on their number.
    pub patterns: u64,
    /// Points whose pattern is certain and that satisfy the problem's constraints.
    pub points: u64,
    /// Points drawn: all that were asked for, unless the clock came first.
    pub points_drawn: usize,
    /// Chao's estimate of the number of patterns, `S + f₁² / (2 f₂)` for `f₁`
    /// patterns seen once and `f₂` seen twice (source: Chao, "Nonparametric
    /// estimation of the number of classes in a population" (1984)). No bound.
    pub chao1: f64,
}

/// Patterns at uniform points of the box, or at those that come before the clock ends it.
///
/// A pattern counts only where interval arithmetic proves that no pre-activation
/// is at a bend, and every constraint that free inputs decide holds with room: then its
/// cell has inner points.
///
/// # Errors
/// Constraints on outputs, integer inputs, bounds that overflow.
pub fn sample_patterns(
    problem: &Problem,
    points: usize,
    seed: u32,
    clock: &Clock,
) -> Result<PatternSample, RegionError> {
    plan::check(problem)?;
    let free: Vec<usize> = problem.domain().varying().collect();
    let rows = plan::rows(problem.constraints(), problem.domain());
    let has_room = |point: &[f64]| {
        let free = || free.iter().map(|&i| exact::number(point[i]));
        rows.iter().all(|row| exact::sign(&exact::value(row, free())).is_gt())
    };
    let mut drawn = UniformPoints::new(problem.domain(), seed);
    let mut seen: HashMap<Vec<u8>, u64> = HashMap::new();
    let mut points_drawn = 0;
    while points_drawn < points && !clock.is_stopped() {
        points_drawn += 1;
        tracing::trace!(target: PROGRESS, "{points_drawn} of {points} points");
        let Some(point) = drawn.next() else { break };
        if has_room(&point)
            && let Some(pattern) = certain_pattern(problem.network_graph(), &point)?
        {
            *seen.entry(pattern).or_default() += 1;
        }
    }
    let times = |wanted: u64| seen.values().filter(|&&times| times == wanted).count() as f64;
    let (once, twice, patterns) = (times(1), times(2), seen.len() as f64);
    let unseen = if twice > 0.0 { once * once / (2.0 * twice) } else { once * (once - 1.0) / 2.0 };
    let points = seen.values().sum();
    Ok(PatternSample {
        patterns: seen.len() as u64,
        points,
        points_drawn,
        chao1: patterns + unseen,
    })
}

/// The phases of all neurons at a point; `None` where one is in doubt.
fn certain_pattern(graph: &ReluGraph, point: &[f64]) -> Result<Option<Vec<u8>>, RegionError> {
    let at = IntervalBox::new(point.to_vec(), point.to_vec()).expect("a point of a box");
    let bounds = IntervalPropagation.propagate(graph, &at)?;
    let mut pattern = Vec::new();
    for layer in graph.activation_layers() {
        for i in 0..graph.size(layer.node) {
            let a = bounds.pre_activation(layer, i);
            if a.contains(0.0) || layer.ceiling(i).is_some_and(|ceiling| a.contains(ceiling)) {
                return Ok(None);
            }
            pattern.push(match bounds.phase(layer, i) {
                Phase::Inactive => 0,
                Phase::Active => 1,
                Phase::Saturated => 2,
                Phase::Unstable => return Ok(None),
            });
        }
    }
    Ok(Some(pattern))
}

/// Regions met on random chords of the box.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChordSample {
    /// Number of chords.
    pub chords: usize,
    /// Mean number of patterns on a chord, each counted exactly.
    pub mean: f64,
    /// Standard error of the mean.
    pub standard_error: f64,
}

/// Activation patterns on segments between two uniform points of the box, or on those of them
/// that come before the clock ends it; `None` if there are none.
///
/// # Errors
/// Bounds that overflow.
///
/// # Panics
/// If there is no chord.
pub fn sample_chords(
    graph: &ReluGraph,
    domain: &IntervalBox,
    chords: usize,
    seed: u32,
    clock: &Clock,
) -> Result<Option<ChordSample>, RegionError> {
    assert!(chords > 0, "a mean needs a chord");
    let mut ends = UniformPoints::new(domain, seed);
    let unit = IntervalBox::new(vec![0.0], vec![1.0]).expect("a box");
    let (mut sum, mut squares) = (0.0, 0.0);
    let options = RegionOptions { limits: clock.limits(), ..RegionOptions::default() };
    let mut walked = 0;
    while walked < chords && !clock.is_stopped() {
        tracing::trace!(target: PROGRESS, "{walked} of {chords} segments");
        let (Some(from), Some(to)) = (ends.next(), ends.next()) else { break };
        let (from, to) = (Array1::from(from), Array1::from(to));
        let way = Array2::from_shape_vec((from.len(), 1), (&to - &from).to_vec());
        let on_chord = slice(graph, from, way.expect("a column"));
        let found = count_graph(&on_chord, &unit, &options)?;
        if found.stopped_by.is_some() || clock.is_stopped() {
            break;
        }
        let found = found.at_least as f64;
        sum += found;
        squares += found * found;
        walked += 1;
    }
    let number = walked as f64;
    let mean = sum / number;
    let variance = (squares / number - mean * mean).max(0.0) / (number - 1.0).max(1.0);
    let standard_error = variance.sqrt();
    Ok((walked > 0).then_some(ChordSample { chords: walked, mean, standard_error }))
}
