//! How good the samples of a generator are.
//!
//! - Modes covered: those of a mixture in whose neighbourhood, within 3 standard deviations,
//!   more than 1 % of the samples lie; classes of images that more than 1 % of them are taken
//!   for by a classifier. A good sample is in such a neighbourhood, or of a class with a
//!   probability of at least 0.9. (Within 3 deviations of its centre lie 98.9 % of a normal
//!   density in the plane, so the data themselves have such a share of good samples.)
//! - MMD², the squared maximum mean discrepancy, unbiased, between samples `xᵢ` and others `yⱼ`,
//!   `n` each: `1/(n(n−1)) Σ_{i≠j} (k(xᵢ,xⱼ) + k(yᵢ,yⱼ)) − 2/n² Σ_{i,j} k(xᵢ,yⱼ)` with
//!   `k(a,b) = exp(−‖a−b‖²/(2h²))`, where the bandwidth `h` is the median distance between two
//!   samples of the data: the same for every generator. It may be slightly below 0. Source:
//!   Gretton et al., "A kernel two-sample test" (2012), equation 3 and section 8.
//! - Fréchet distance of normal densities that have the means and covariances of features:
//!   `‖μ − ν‖² + tr(C + D − 2 (√C D √C)^½)`. Source: Heusel et al. (2017), arXiv:1706.08500,
//!   equation 6; there, as here, it is called a distance and is a square.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use super::data::{Mixture, NEIGHBOURHOOD};
use crate::num::statistics::median;
use crate::num::symmetric::root;

/// Share of the samples that a mode must have to be covered.
pub const COVERED: f64 = 0.01;

/// Least probability of its class that makes an image good.
pub const SURE: f64 = 0.9;

/// How good samples are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GanMetrics {
    /// Modes covered: those with more than 1 % of the samples.
    pub modes: usize,
    /// Share of good samples.
    pub good: f64,
    /// Squared maximum mean discrepancy, unbiased; of mixtures.
    pub mmd: Option<f64>,
    /// Fréchet distance of the features of a classifier; of images.
    pub frechet: Option<f64>,
}

/// Modes covered, and the share of good samples, out of the mode of each sample.
pub fn coverage(modes: usize, nearest: impl IntoIterator<Item = Option<usize>>) -> (usize, f64) {
    let mut counts = vec![0.0; modes];
    let (mut good, mut all) = (0.0, 0.0);
    for mode in nearest {
        all += 1.0;
        if let Some(mode) = mode {
            counts[mode] += 1.0;
            good += 1.0;
        }
    }
    let covered = counts.iter().filter(|&&count| count > COVERED * all).count();
    (covered, if all > 0.0 { good / all } else { 0.0 })
}

impl Mixture {
    /// The mode in whose neighbourhood a point is: the nearest, if it is near enough.
    pub fn mode_of(&self, point: [f64; 2]) -> Option<usize> {
        let distance = |center: &[f64; 2]| (point[0] - center[0]).hypot(point[1] - center[1]);
        let by_distance = |a: &usize, b: &usize| {
            distance(&self.centers[*a]).total_cmp(&distance(&self.centers[*b]))
        };
        let nearest = (0..self.centers.len()).min_by(by_distance)?;
        (distance(&self.centers[nearest]) <= NEIGHBOURHOOD * self.spread).then_some(nearest)
    }
}

/// The samples of the data that others are compared with by MMD².
#[derive(Clone, Debug, PartialEq)]
pub struct Discrepancy {
    /// samples × coordinates.
    samples: Array2<f64>,
    /// `1/(2h²)`.
    factor: f64,
    /// Mean of the kernel over pairs of them.
    own: f64,
}

impl Discrepancy {
    /// From at least 2 samples.
    pub fn new(samples: Array2<f64>) -> Self {
        let squares = pairs(samples.view());
        let h = median(squares.iter().map(|square| square.sqrt())).unwrap_or_default();
        // Samples that are all the same are told apart from anything else.
        let factor = 1.0 / (2.0 * h * h).max(f64::MIN_POSITIVE);
        let own = mean(squares.iter().map(|square| (-factor * square).exp()));
        Self { samples, factor, own }
    }

    /// MMD² to at least 2 other samples.
    pub fn to(&self, others: ArrayView2<f64>) -> f64 {
        let kernel = |square: f64| (-self.factor * square).exp();
        let of_others = mean(pairs(others).into_iter().map(kernel));
        let rows = || self.samples.outer_iter();
        let across = rows().flat_map(|x| others.outer_iter().map(move |y| (x, y)));
        let between =
            mean(across.map(|(x, y)| {
                kernel(x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum::<f64>())
            }));
        self.own + of_others - 2.0 * between
    }
}

/// Squared distances of all pairs of rows.
fn pairs(rows: ArrayView2<f64>) -> Vec<f64> {
    let mut squares = Vec::with_capacity(rows.nrows() * rows.nrows().saturating_sub(1) / 2);
    for (index, x) in rows.outer_iter().enumerate() {
        for y in rows.outer_iter().skip(index + 1) {
            squares.push(x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum());
        }
    }
    squares
}

fn mean(numbers: impl Iterator<Item = f64>) -> f64 {
    crate::num::statistics::mean(numbers).unwrap_or_default()
}

/// Mean and covariance of features.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    mean: Array1<f64>,
    covariance: Array2<f64>,
}

impl Moments {
    /// Of at least 2 samples (samples × features); the covariance is the unbiased one.
    pub fn new(features: ArrayView2<f64>) -> Self {
        let count = features.nrows() as f64;
        let mean = features.sum_axis(Axis(0)) / count;
        let centered = &features - &mean;
        let covariance = centered.t().dot(&centered) / (count - 1.0);
        Self { mean, covariance }
    }

    /// The Fréchet distance to others.
    pub fn frechet(&self, other: &Self) -> f64 {
        let apart = (&self.mean - &other.mean).mapv(|d| d * d).sum();
        let own = root(self.covariance.view());
        let cross = root(own.dot(&other.covariance).dot(&own).view());
        let trace = |matrix: &Array2<f64>| matrix.diag().sum();
        apart + trace(&self.covariance) + trace(&other.covariance) - 2.0 * trace(&cross)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;

    use super::*;

    /// By hand: of 200 samples, 3 in the first mode, 2 in the second (1 %, which is not more),
    /// none in the third.
    #[test]
    fn coverage_by_hand() {
        let modes = (0..200).map(|sample| match sample {
            0..3 => Some(0),
            3..5 => Some(1),
            _ => None,
        });
        assert_eq!(coverage(3, modes), (1, 0.025));
        assert_eq!(coverage(3, []), (0, 0.0));
        let mixture = Mixture { centers: vec![[0.0, 0.0], [1.0, 0.0]], spread: 0.25 };
        assert_eq!(mixture.mode_of([0.0, 0.75]), Some(0));
        assert_eq!(mixture.mode_of([0.0, 0.76]), None);
        assert_eq!(mixture.mode_of([0.6, 0.0]), Some(1));
        assert_eq!(mixture.mode_of([f64::NAN, 0.0]), None);
    }

    /// By hand: the data 0 and 2 have h = 2, so k = exp(−d²/8). With 0 and 4:
    /// e^(−1/2) + e^(−2) − ½(1 + e^(−2) + e^(−1/2) + e^(−1/2)).
    #[test]
    fn discrepancy_by_hand() {
        let data = Discrepancy::new(arr2(&[[0.0], [2.0]]));
        let found = data.to(arr2(&[[0.0], [4.0]]).view());
        let (half, two) = ((-0.5f64).exp(), (-2f64).exp());
        assert!((found - (half + two - 0.5 * (1.0 + two + 2.0 * half))).abs() < 1e-15, "{found}");
    }

    /// By hand: covariances diag(4, 1) and diag(1, 9), which commute, so the distance is
    /// ‖μ − ν‖² + (2 − 1)² + (1 − 3)².
    #[test]
    fn frechet_by_hand() {
        let corners = |a: f64, b: f64, x: f64| {
            // Three samples around (x, 0) with covariance diag(a², b²).
            let (a, b) = (a * 2f64.sqrt(), b * 2f64.sqrt());
            let (half, side) = (0.5, 0.75f64.sqrt());
            let third = (2.0 / 3.0f64).sqrt();
            let (a, b) = (a * third, b * third);
            arr2(&[[x + a, 0.0], [x - half * a, side * b], [x - half * a, -side * b]])
        };
        let first = Moments::new(corners(2.0, 1.0, 0.0).view());
        assert!(
            (&first.covariance - &arr2(&[[4.0, 0.0], [0.0, 1.0]])).iter().all(|e| e.abs() < 1e-14)
        );
        let second = Moments::new(corners(1.0, 3.0, 2.0).view());
        assert!((first.frechet(&second) - (4.0 + 1.0 + 4.0)).abs() < 1e-12);
        assert!(first.frechet(&first).abs() < 1e-12);
    }

    /// Covariances that do not commute, by the closed form of two rows:
    /// tr √M = √(tr M + 2 √det M), with M = √C D √C, whose trace is tr CD.
    #[test]
    fn frechet_of_turned_densities() {
        let moments = |covariance| Moments { mean: Array1::zeros(2), covariance };
        let c = moments(arr2(&[[2.0, 1.0], [1.0, 3.0]]));
        let d = moments(arr2(&[[4.0, -1.0], [-1.0, 1.0]]));
        let (trace, determinant) = (8.0 - 1.0 - 1.0 + 3.0, 5.0f64 * 3.0);
        let expected = 5.0 + 5.0 - 2.0 * (trace + 2.0 * determinant.sqrt()).sqrt();
        assert!((c.frechet(&d) - expected).abs() < 1e-13);
    }
}
