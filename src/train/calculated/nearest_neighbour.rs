//! Networks that classify by the nearest prototype, without any training.
//!
//! With prototypes `sᵢ` of classes `cᵢ`, the comparison
//!
//! ```text
//! Δᵢⱼ(x) = ‖x − sⱼ‖² − ‖x − sᵢ‖² = 2 (sᵢ − sⱼ)·x + ‖sⱼ‖² − ‖sᵢ‖²
//! ```
//!
//! is affine, and `sᵢ` is nearest if it is positive for all `j`. So three layers do: one
//! unit a comparison of prototypes of different classes, one a prototype ("nearer than all
//! of other classes"), one a class:
//!
//! ```text
//! ReLU      vᵢⱼ = max(−γ Δᵢⱼ, 0)               uᵢ = max(1 − Σⱼ vᵢⱼ, 0)
//! clipped   tᵢⱼ = clip(½ + γ Δᵢⱼ), i < j       uᵢ = clip(1 − Σⱼ (1 − tᵢⱼ)),  tⱼᵢ = 1 − tᵢⱼ
//! both      score of class c = Σ uᵢ over its prototypes
//! ```
//!
//! with `clip(a) = min(max(a, 0), 1)`. The clipped form needs half the comparisons. Where
//! the nearest prototype `sᵢ` has `Δᵢⱼ ≥ 1/γ` for all `j` of other classes, its own `u` is
//! 1 and those of other classes are 0, so the largest score is that of the nearest
//! neighbour; closer to the border between classes the scores pass over. With ReLUs and
//! one prototype a class there is no such strip: the other scores are below 1 everywhere.
//!
//! Source: P. Geidarov, networks of comparisons with samples ("calculated weights"), Autom.
//! Remote Control 81(7) (2020), there with threshold units; the forms with ReLUs are
//! derived here.

use ndarray::{Array1, Array2};

use super::Prototypes;
use crate::control::{Clock, StoppedBy};
use crate::network::{Activation, DenseLayer};

/// The units that compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonUnits {
    /// Two ReLUs a pair.
    Relu,
    /// One ReLU with ceiling 1 a pair.
    Clipped,
}

/// The network that gives each class a score, the largest to that of the nearest
/// prototype, except where the squared distances to prototypes of two classes differ by
/// less than `1 / sharpness` (`γ`); with ReLUs and one prototype a class, without
/// exception.
///
/// ```
/// use ndarray::arr2;
/// use taut::control::Clock;
/// use taut::network::Network;
/// use taut::train::calculated::{ComparisonUnits, Prototypes, nearest_neighbour_network};
///
/// let points = arr2(&[[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]]);
/// let prototypes = Prototypes { points, classes: vec![0, 1, 1] };
/// let (units, clock) = (ComparisonUnits::Relu, Clock::unlimited());
/// let layers = nearest_neighbour_network(&prototypes, 1.0, units, &clock).expect("no limit");
/// let network = Network::dense("nearest", layers)?;
/// assert_eq!(network.evaluate_point(&[0.5, 0.0]), [1.0, 0.0]);
/// assert_eq!(network.evaluate_point(&[2.0, 2.0]), [0.0, 2.0]);
/// # Ok::<(), taut::network::NetworkError>(())
/// ```
///
/// # Errors
/// The clock has ended it.
///
/// # Panics
/// If there are fewer than two classes.
pub fn nearest_neighbour_network(
    prototypes: &Prototypes,
    sharpness: f64,
    comparison: ComparisonUnits,
    clock: &Clock,
) -> Result<Vec<DenseLayer>, StoppedBy> {
    let Prototypes { points, classes } = prototypes;
    let class_count = classes.iter().max().map_or(0, |class| class + 1);
    assert!(class_count >= 2, "classes of prototypes");
    let count = points.nrows();
    let pairs: Vec<(usize, usize)> = (0..count)
        .flat_map(|i| (0..count).map(move |j| (i, j)))
        .filter(|&(i, j)| classes[i] != classes[j])
        .filter(|&(i, j)| comparison == ComparisonUnits::Relu || i < j)
        .collect();
    // One unit a pair, in units of 1/γ.
    let (scale, offset) = match comparison {
        ComparisonUnits::Relu => (-sharpness, 0.0),
        ComparisonUnits::Clipped => (sharpness, 0.5),
    };
    let mut compare = zeros(pairs.len(), points.ncols(), comparison);
    // Of each prototype: 1 less what speaks against it.
    let mut all = zeros(count, pairs.len(), comparison);
    all.bias.fill(1.0);
    for (unit, &(i, j)) in pairs.iter().enumerate() {
        clock.go_on()?;
        let (weights, constant) = prototypes.bisector(i, j);
        compare.weights.row_mut(unit).assign(&(scale * weights));
        compare.bias[unit] = scale * constant + offset;
        match comparison {
            ComparisonUnits::Relu => all.weights[[i, unit]] = -1.0,
            ComparisonUnits::Clipped => {
                all.weights[[i, unit]] = 1.0;
                all.bias[i] -= 1.0;
                all.weights[[j, unit]] = -1.0;
            }
        }
    }
    let mut any = zeros(class_count, count, comparison);
    any.activation = Activation::Linear;
    for (prototype, &class) in classes.iter().enumerate() {
        any.weights[[class, prototype]] = 1.0;
    }
    Ok(vec![compare, all, any])
}

fn zeros(outputs: usize, inputs: usize, comparison: ComparisonUnits) -> DenseLayer {
    let activation = match comparison {
        ComparisonUnits::Relu => Activation::Relu,
        ComparisonUnits::Clipped => Activation::Clip { min: 0.0, max: 1.0 },
    };
    let (weights, bias) = (Array2::zeros((outputs, inputs)), Array1::zeros(outputs));
    DenseLayer { weights, bias, activation }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::network::Network;
    use crate::num::random::normal;

    /// Squared distances to the nearest prototype of each class.
    fn nearest(prototypes: &Prototypes, point: &[f64]) -> Vec<f64> {
        let mut nearest = vec![f64::INFINITY; 4];
        for (prototype, &class) in prototypes.points.outer_iter().zip(&prototypes.classes) {
            let distance = prototype.iter().zip(point).map(|(s, x)| (x - s).powi(2)).sum();
            nearest[class] = nearest[class].min(distance);
        }
        nearest
    }

    /// The expected class is found by measuring all distances.
    #[test]
    fn both_forms_tell_the_class_of_the_nearest_neighbour() {
        let mut random = ChaCha8Rng::seed_from_u64(8);
        let points = Array2::from_shape_simple_fn((12, 3), || normal(&mut random));
        let prototypes = Prototypes { points, classes: (0..12).map(|i| i % 4).collect() };
        let (sharpness, clock) = (200.0, Clock::unlimited());
        for (comparison, units) in [(ComparisonUnits::Relu, 108), (ComparisonUnits::Clipped, 54)] {
            let layers =
                nearest_neighbour_network(&prototypes, sharpness, comparison, &clock).unwrap();
            assert_eq!(layers[0].bias.len(), units);
            let network = Network::dense("nearest", layers).unwrap();
            let mut checked = 0;
            for _ in 0..5000 {
                let point: Vec<f64> = (0..3).map(|_| 2.0 * normal(&mut random)).collect();
                let distances = nearest(&prototypes, &point);
                let mut order: Vec<usize> = (0..4).collect();
                order.sort_by(|&a, &b| distances[a].total_cmp(&distances[b]));
                if distances[order[1]] - distances[order[0]] < 1.0 / sharpness {
                    continue;
                }
                let scores = network.evaluate_point(&point);
                for class in 0..4 {
                    let right = class == order[0];
                    assert_eq!(scores[class] >= 1.0, right, "{comparison:?} {point:?} {scores:?}");
                    assert!(right || scores[class] < 1e-9, "{comparison:?} {point:?} {scores:?}");
                }
                checked += 1;
            }
            assert!(checked > 4900, "{checked}");
        }
    }

    /// Flat slopes, and all points but ties up to rounding.
    #[test]
    fn one_prototype_a_class_needs_no_sharpness() {
        let mut random = ChaCha8Rng::seed_from_u64(9);
        let points = Array2::from_shape_simple_fn((4, 3), || normal(&mut random));
        let prototypes = Prototypes { points, classes: vec![2, 0, 3, 1] };
        let (units, clock) = (ComparisonUnits::Relu, Clock::unlimited());
        let layers = nearest_neighbour_network(&prototypes, 0.01, units, &clock).unwrap();
        let network = Network::dense("nearest", layers).unwrap();
        let mut checked = 0;
        for _ in 0..5000 {
            let point: Vec<f64> = (0..3).map(|_| 2.0 * normal(&mut random)).collect();
            let distances = nearest(&prototypes, &point);
            let scores = network.evaluate_point(&point);
            let first = (0..4).min_by(|&a, &b| distances[a].total_cmp(&distances[b])).unwrap();
            let others = (0..4).filter(|&class| class != first);
            if others.clone().all(|class| distances[class] - distances[first] > 1e-9) {
                assert_eq!(scores[first], 1.0);
                assert!(others.clone().all(|class| scores[class] < 1.0), "{scores:?}");
                checked += 1;
            }
        }
        assert!(checked > 4990, "{checked}");
    }
}
