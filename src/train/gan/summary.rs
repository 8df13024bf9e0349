//! What several seeds come to, for each way to begin.

use serde::Serialize;

use super::{GanInit, GanReport};

/// Mean and spread of a figure over the seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeanSpread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation, with `n − 1` in the denominator; 0 of one figure.
    pub deviation: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl MeanSpread {
    /// Of some figures; none of none.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let figures: Vec<f64> = figures.into_iter().collect();
        let count = figures.len() as f64;
        let mean = crate::num::statistics::mean(figures.iter().copied())?;
        let squares = figures.iter().map(|figure| (figure - mean) * (figure - mean)).sum::<f64>();
        let deviation = if count > 1.0 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
        let min = figures.iter().copied().min_by(f64::total_cmp)?;
        let max = figures.iter().copied().max_by(f64::total_cmp)?;
        Some(Self { mean, deviation, min, max })
    }
}

/// What the games that begin in one way come to; those that diverged count as failures, and for
/// nothing else.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GanSummary {
    /// plain or cooperative.
    pub init: GanInit,
    /// Number of games.
    pub runs: usize,
    /// Those that do not cover all modes.
    pub failures: usize,
    /// Modes covered.
    pub modes: Option<MeanSpread>,
    /// Share of good samples.
    pub good: Option<MeanSpread>,
    /// Squared maximum mean discrepancy; of mixtures.
    pub mmd: Option<MeanSpread>,
    /// Fréchet distance; of images.
    pub frechet: Option<MeanSpread>,
    /// How long a game took (seconds).
    pub seconds: Option<MeanSpread>,
}

/// One summary for each way to begin that there are games of.
pub fn summaries(reports: &[GanReport]) -> Vec<GanSummary> {
    let summary = |init: GanInit| {
        let of: Vec<&GanReport> = reports.iter().filter(|report| report.init == init).collect();
        let metrics = || of.iter().filter_map(|report| report.metrics);
        (!of.is_empty()).then(|| GanSummary {
            init,
            runs: of.len(),
            failures: of.iter().filter(|report| !report.is_success()).count(),
            modes: MeanSpread::of(metrics().map(|metrics| metrics.modes as f64)),
            good: MeanSpread::of(metrics().map(|metrics| metrics.good)),
            mmd: MeanSpread::of(metrics().filter_map(|metrics| metrics.mmd)),
            frechet: MeanSpread::of(metrics().filter_map(|metrics| metrics.frechet)),
            seconds: MeanSpread::of(
                of.iter().filter(|report| report.diverged.is_none()).map(|report| report.seconds),
            ),
        })
    };
    GanInit::ALL.into_iter().filter_map(summary).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 2, 4, 9 have the mean 5 and squares 9 + 1 + 16 over 2.
    #[test]
    fn mean_and_deviation_by_hand() {
        let spread = MeanSpread { mean: 5.0, deviation: 13f64.sqrt(), min: 2.0, max: 9.0 };
        assert_eq!(MeanSpread::of([4.0, 2.0, 9.0]), Some(spread));
        let one = MeanSpread { mean: 3.0, deviation: 0.0, min: 3.0, max: 3.0 };
        assert_eq!(MeanSpread::of([3.0]), Some(one));
        assert_eq!(MeanSpread::of([]), None);
    }
}
