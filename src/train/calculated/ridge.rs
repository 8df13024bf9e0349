//! Ridge regression.

use ndarray::{Array2, ArrayView2, Axis};

use super::product;
use crate::control::{Clock, StoppedBy};
use crate::train::initializers::LayerWeights;

/// Weights (targets × features) and bias that minimise
/// `Σ ‖W f + b − y‖² / N + λ ‖W‖²` over samples of features `f` and targets `y` (samples ×
/// features, samples × targets), with `λ` the given share of the mean variance of the
/// features. Solved by the normal equations `(C + λ I) Wᵀ = D` with the covariances `C`
/// of the features and `D` of features and targets.
///
/// # Errors
/// The clock has ended it.
///
/// # Panics
/// If there are no samples, or a number is not finite, or the share is not positive.
pub fn ridge(
    features: ArrayView2<f64>,
    targets: ArrayView2<f64>,
    share: f64,
    clock: &Clock,
) -> Result<LayerWeights, StoppedBy> {
    assert!(share > 0.0, "the share of the variance");
    let count = features.nrows() as f64;
    let feature_means = features.mean_axis(Axis(0)).expect("samples");
    let target_means = targets.mean_axis(Axis(0)).expect("samples");
    let centred = &features - &feature_means;
    let mut covariance = product(centred.t(), centred.view(), clock)? / count;
    let mixed = product(centred.t(), (&targets - &target_means).view(), clock)? / count;
    let variance = covariance.diag().sum() / covariance.nrows() as f64;
    // Features that never change have any weights; these become 0.
    let penalty = if variance > 0.0 { share * variance } else { 1.0 };
    for diagonal in covariance.diag_mut() {
        *diagonal += penalty;
    }
    let weights =
        solve(covariance, mixed, clock)?.reversed_axes().as_standard_layout().into_owned();
    let bias = target_means - weights.dot(&feature_means);
    Ok((weights, bias))
}

/// The solution `X` of `A X = B` for a positive definite `A`, by Cholesky's method.
fn solve(mut a: Array2<f64>, mut b: Array2<f64>, clock: &Clock) -> Result<Array2<f64>, StoppedBy> {
    let n = a.nrows();
    // The lower half of A becomes L with A = L Lᵀ.
    for column in 0..n {
        clock.go_on()?;
        for row in column..n {
            let known: f64 = (0..column).map(|k| a[[row, k]] * a[[column, k]]).sum();
            let rest = a[[row, column]] - known;
            a[[row, column]] = if row == column { rest.sqrt() } else { rest / a[[column, column]] };
        }
    }
    for mut x in b.columns_mut() {
        clock.go_on()?;
        for row in 0..n {
            let known: f64 = (0..row).map(|k| a[[row, k]] * x[k]).sum();
            x[row] = (x[row] - known) / a[[row, row]];
        }
        for row in (0..n).rev() {
            let known: f64 = (row + 1..n).map(|k| a[[k, row]] * x[k]).sum();
            x[row] = (x[row] - known) / a[[row, row]];
        }
    }
    Ok(b)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, arr2};

    use super::*;

    /// Without a limit.
    fn ridge(
        features: ArrayView2<f64>,
        targets: ArrayView2<f64>,
        share: f64,
    ) -> (Array2<f64>, Array1<f64>) {
        super::ridge(features, targets, share, &Clock::unlimited()).expect("no limit")
    }

    /// By hand: features −1, 0, 1 with variance 2/3, targets 0, 3, 6: the covariance is 2,
    /// so the weight is 2 / (2/3 + λ), with λ = 1/2 · 2/3.
    #[test]
    fn one_feature_by_hand() {
        let features = arr2(&[[9.0], [10.0], [11.0]]);
        let targets = arr2(&[[0.0, 1.0], [3.0, 1.0], [6.0, 1.0]]);
        let (weights, bias) = ridge(features.view(), targets.view(), 0.5);
        assert!((weights[[0, 0]] - 2.0).abs() < 1e-12 && weights[[1, 0]] == 0.0);
        assert!((bias[0] - (3.0 - 20.0)).abs() < 1e-12 && bias[1] == 1.0);
    }

    /// An affine map is found again where the penalty is tiny; the gradient of the
    /// penalised sum vanishes where it is not.
    #[test]
    fn several_features() {
        let features =
            Array2::from_shape_fn((20, 3), |(i, j)| ((i * i + 3 * i * j + j) as f64).sin());
        let map = arr2(&[[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]]);
        let targets = features.dot(&map.t()) + &Array1::from(vec![7.0, -1.0]);
        let (weights, bias) = ridge(features.view(), targets.view(), 1e-13);
        assert!((&weights - &map).iter().all(|e| e.abs() < 1e-9), "{weights}");
        assert!((bias[0] - 7.0).abs() < 1e-9 && (bias[1] + 1.0).abs() < 1e-9);

        let (weights, bias) = ridge(features.view(), targets.view(), 0.1);
        let residuals = features.dot(&weights.t()) + &bias - &targets;
        let variance = features.var_axis(Axis(0), 0.0).sum() / 3.0;
        let gradient = residuals.t().dot(&features) / 20.0 + 0.1 * variance * &weights;
        assert!(gradient.iter().all(|g| g.abs() < 1e-12), "{gradient}");
    }

    #[test]
    fn features_that_never_change_are_not_used() {
        let (weights, bias) =
            ridge(arr2(&[[2.0], [2.0]]).view(), arr2(&[[1.0], [3.0]]).view(), 1e-3);
        assert_eq!((weights[[0, 0]], bias[0]), (0.0, 2.0));
    }
}
