//! What random points and chords tell of the number of regions: a proven lower
//! bound, and estimates that are labelled as such.

use std::collections::HashMap;

use ndarray::{Array1, Array2};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Serialize;

use super::{RegionError, RegionOptions, count_graph, slice};
use crate::bounds::{IntervalPropagation, Propagator};
use crate::network::{Phase, ReluGraph};
use crate::num::directed::weighted_sum;
use crate::num::{Interval, IntervalBox, random};
use crate::problem::{Problem, Variable};

/// Patterns of random points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PatternSample {
    /// Distinct patterns seen: a lower bound on their number.
    pub patterns: u64,
    /// Points whose pattern is certain and that satisfy the problem's conditions.
    pub points: u64,
    /// Chao's estimate of the number of patterns, `S + f₁² / (2 f₂)` for `f₁`
    /// patterns seen once and `f₂` seen twice (source: Chao, "Nonparametric
    /// estimation of the number of classes in a population" (1984)). No bound.
    pub chao1: f64,
}

/// Patterns at uniform points of the box.
///
/// A pattern counts only where interval arithmetic proves that no pre-activation
/// is at a bend and that every condition holds with room: then its cell has inner
/// points.
///
/// # Errors
/// Conditions on outputs, integer inputs, bounds that overflow.
pub fn sample_patterns(
    problem: &Problem,
    points: usize,
    seed: u32,
) -> Result<PatternSample, RegionError> {
    super::plan::check(problem)?;
    let mut random = ChaCha8Rng::seed_from_u64(seed.into());
    let mut seen: HashMap<Vec<u8>, u64> = HashMap::new();
    for _ in 0..points {
        let point = uniform(problem.domain(), &mut random);
        if let Some(pattern) = certain_pattern(problem, &point)? {
            *seen.entry(pattern).or_default() += 1;
        }
    }
    let times = |wanted: u64| seen.values().filter(|&&times| times == wanted).count() as f64;
    let (once, twice, patterns) = (times(1), times(2), seen.len() as f64);
    let unseen = if twice > 0.0 { once * once / (2.0 * twice) } else { once * (once - 1.0) / 2.0 };
    let points = seen.values().sum();
    Ok(PatternSample { patterns: seen.len() as u64, points, chao1: patterns + unseen })
}

fn uniform(domain: &IntervalBox, random: &mut ChaCha8Rng) -> Vec<f64> {
    let ends = domain.lower().iter().zip(domain.upper());
    let coordinate = |(&l, &u): (&f64, &f64)| {
        let t = random::uniform(random);
        ((1.0 - t) * l + t * u).clamp(l, u)
    };
    ends.map(coordinate).collect()
}

/// The phases of all neurons at a point; `None` where one is in doubt, or a
/// condition.
fn certain_pattern(problem: &Problem, point: &[f64]) -> Result<Option<Vec<u8>>, RegionError> {
    let exactly = |x: f64| Interval::new(x, x).expect("a number");
    for condition in problem.constraints() {
        let terms = condition.expression().terms().iter().map(|&(variable, c)| match variable {
            Variable::Input(index) => (c, exactly(point[index])),
            Variable::Output(_) => unreachable!("refused before"),
        });
        let value = weighted_sum(terms);
        if value.lower() <= condition.lower() || value.upper() >= condition.upper() {
            return Ok(None);
        }
    }
    let graph = problem.graph();
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
pub struct ChordSample {
    /// Number of chords.
    pub chords: usize,
    /// Mean number of patterns on a chord, each counted exactly.
    pub mean: f64,
    /// Standard error of the mean.
    pub standard_error: f64,
}

/// Activation patterns on segments between two uniform points of the box.
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
) -> Result<ChordSample, RegionError> {
    assert!(chords > 0, "a mean needs a chord");
    let mut random = ChaCha8Rng::seed_from_u64(seed.into());
    let unit = IntervalBox::new(vec![0.0], vec![1.0]).expect("a box");
    let (mut sum, mut squares) = (0.0, 0.0);
    for _ in 0..chords {
        let from = Array1::from(uniform(domain, &mut random));
        let to = Array1::from(uniform(domain, &mut random));
        let way = Array2::from_shape_vec((from.len(), 1), (&to - &from).to_vec());
        let on_chord = slice(graph, from, way.expect("a column"));
        let found = count_graph(&on_chord, &unit, &RegionOptions::default())?.at_least as f64;
        sum += found;
        squares += found * found;
    }
    let number = chords as f64;
    let mean = sum / number;
    let variance = (squares / number - mean * mean).max(0.0) / (number - 1.0).max(1.0);
    Ok(ChordSample { chords, mean, standard_error: variance.sqrt() })
}
