//! How good predictions are.

use ndarray::{Array2, ArrayView2, Axis, Zip};
use serde::Serialize;

/// Errors of predicted numbers, over all samples and targets together, in units of the
/// targets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegressionMetrics {
    /// Root mean square of the errors.
    pub rmse: f64,
    /// Mean magnitude of the errors.
    pub mae: f64,
    /// Coefficient of determination, `1 − Σ(y − ŷ)² / Σ(y − ȳ)²` with the mean `ȳ` of each
    /// target over the samples; absent where the targets are constant.
    pub r_squared: Option<f64>,
}

/// How often the right class was predicted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClassificationMetrics {
    /// Share of samples whose class was predicted.
    pub accuracy: f64,
    /// Entry `[i][j]`: number of samples of class `i` that were taken for class `j`.
    pub confusion: Vec<Vec<usize>>,
}

impl RegressionMetrics {
    /// Compares predictions with targets (both samples × targets); `None` if there are no
    /// samples.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn new(predictions: ArrayView2<f64>, targets: ArrayView2<f64>) -> Option<Self> {
        assert_eq!(predictions.dim(), targets.dim(), "predictions of targets");
        let means = targets.mean_axis(Axis(0))?;
        let count = targets.len() as f64;
        let errors = &predictions - &targets;
        let squares = errors.iter().map(|e| e * e).sum::<f64>();
        let spread = (&targets - &means).iter().map(|d| d * d).sum::<f64>();
        Some(Self {
            rmse: (squares / count).sqrt(),
            mae: errors.iter().map(|e| e.abs()).sum::<f64>() / count,
            r_squared: (spread > 0.0).then(|| 1.0 - squares / spread),
        })
    }
}

impl ClassificationMetrics {
    /// Compares the largest score of each sample (scores: samples × classes; the first of
    /// equal ones) with the labels; `None` if there are no samples.
    ///
    /// # Panics
    /// If there are not as many labels as rows of scores, or a label is no class.
    pub fn new(scores: ArrayView2<f64>, labels: &[usize]) -> Option<Self> {
        assert_eq!(scores.nrows(), labels.len(), "labels of samples");
        if labels.is_empty() {
            return None;
        }
        let classes = scores.ncols();
        let mut confusion = Array2::<usize>::zeros((classes, classes));
        Zip::from(scores.rows()).and(labels).for_each(|scores, &label| {
            let predicted = (1..classes)
                .fold(0, |best, class| if scores[class] > scores[best] { class } else { best });
            confusion[[label, predicted]] += 1;
        });
        let right: usize = confusion.diag().sum();
        let confusion = confusion.outer_iter().map(|row| row.to_vec()).collect();
        Some(Self { accuracy: right as f64 / labels.len() as f64, confusion })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, arr2};

    use super::*;

    /// By hand: errors 1, 0 and −2, 2; means 2 and 10, so Σ(y − ȳ)² = 1 + 1 + 100 + 100.
    #[test]
    fn regression_by_hand() {
        let targets = arr2(&[[1.0, 0.0], [3.0, 20.0]]);
        let predictions = arr2(&[[2.0, -2.0], [3.0, 22.0]]);
        let metrics = RegressionMetrics::new(predictions.view(), targets.view()).unwrap();
        assert_eq!(metrics.rmse, 1.5);
        assert_eq!(metrics.mae, 1.25);
        assert_eq!(metrics.r_squared, Some(1.0 - 9.0 / 202.0));
        let constant = arr2(&[[1.0], [1.0]]);
        let metrics = RegressionMetrics::new(constant.view(), constant.view()).unwrap();
        assert_eq!((metrics.rmse, metrics.r_squared), (0.0, None));
        let none = Array2::zeros((0, 2));
        assert_eq!(RegressionMetrics::new(none.view(), none.view()), None);
    }

    #[test]
    fn classification_by_hand() {
        let scores = arr2(&[[2.0, 1.0, 0.0], [0.0, 1.0, 1.0], [-3.0, -2.0, -1.0], [5.0, 4.0, 5.0]]);
        let metrics = ClassificationMetrics::new(scores.view(), &[0, 2, 2, 0]).unwrap();
        assert_eq!(metrics.accuracy, 0.75);
        assert_eq!(metrics.confusion, [[2, 0, 0], [0, 0, 0], [0, 1, 1]]);
        let none = Array2::zeros((0, 3));
        assert_eq!(ClassificationMetrics::new(none.view(), &[]), None);
    }
}
