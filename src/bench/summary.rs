//! What the records of each variant come to, beside those of the others.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::record::{Measure, Record};
use crate::num::statistics::{mean, median, shifted_geometric_mean};

/// The shift of geometric means, in seconds, where nothing else is asked for.
pub const SHIFT: f64 = 1.0;

/// What the runs of a variant come to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Summary {
    /// The variant.
    pub variant: String,
    /// Its runs.
    pub runs: usize,
    /// Those that answered the question.
    pub solved: usize,
    /// Those killed for their time or memory.
    pub killed: usize,
    /// Those that crashed, failed or said nothing that can be read.
    pub failed: usize,
    /// Shifted geometric mean of the seconds of all runs.
    pub mean_seconds: f64,
    /// The same over the cases that every variant has solved; none where there are none.
    pub common_mean_seconds: Option<f64>,
    /// Mean of the seconds, where what is not solved counts as twice its limit (PAR2).
    pub par2_seconds: f64,
    /// Median of the seconds.
    pub median_seconds: f64,
    /// Least and largest mean of one seed alone; none of one seed.
    pub seed_means: Option<[f64; 2]>,
    /// Cases in which no variant was faster, ties among them.
    pub wins: usize,
    /// Median of the relative gaps of the runs that were not solved and have a value and a bound.
    pub median_gap: Option<f64>,
}

/// What a run shares with those of other variants that it is compared with.
pub fn case(record: &Record) -> (&str, u64) {
    (&record.instance, record.seed)
}

/// One summary a variant, that with the least mean first.
pub fn summaries(records: &[Record], measure: Measure, shift: f64) -> Vec<Summary> {
    let names: BTreeSet<&str> = records.iter().map(|record| record.variant.as_str()).collect();
    let mut solvers: BTreeMap<(&str, u64), usize> = BTreeMap::new();
    let mut fastest: BTreeMap<(&str, u64), f64> = BTreeMap::new();
    for record in records.iter().filter(|record| record.outcome.is_solved()) {
        *solvers.entry(case(record)).or_default() += 1;
        let best = fastest.entry(case(record)).or_insert(f64::INFINITY);
        *best = best.min(measure.of(record, 1.0));
    }
    let is_common = |record: &Record| solvers.get(&case(record)) == Some(&names.len());
    let is_best = |record: &Record| {
        let best = fastest.get(&case(record));
        record.outcome.is_solved() && best.is_some_and(|best| measure.of(record, 1.0) <= *best)
    };
    let summary = |name: &&str| {
        let of: Vec<&Record> = records.iter().filter(|record| record.variant == **name).collect();
        let count = |test: &dyn Fn(&Record) -> bool| of.iter().filter(|r| test(r)).count();
        let times = |unsolved: f64| of.iter().map(move |record| measure.of(record, unsolved));
        let common = of.iter().filter(|record| is_common(record));
        let open = of.iter().filter(|record| !record.outcome.is_solved());
        Summary {
            variant: name.to_string(),
            runs: of.len(),
            solved: count(&|record| record.outcome.is_solved()),
            killed: count(&|record| record.outcome.is_killed()),
            failed: count(&|record| record.outcome.is_failure()),
            mean_seconds: shifted_geometric_mean(times(1.0), shift).unwrap_or_default(),
            common_mean_seconds: shifted_geometric_mean(
                common.map(|record| measure.of(record, 1.0)),
                shift,
            ),
            par2_seconds: mean(times(2.0)).unwrap_or_default(),
            median_seconds: median(times(1.0)).unwrap_or_default(),
            seed_means: seed_means(&of, measure, shift),
            wins: count(&is_best),
            median_gap: median(open.map(|r| r.gap()).filter(|gap| gap.is_finite())),
        }
    };
    let mut summaries: Vec<Summary> = names.iter().map(summary).collect();
    summaries.sort_by(|a, b| a.mean_seconds.total_cmp(&b.mean_seconds));
    summaries
}

fn seed_means(records: &[&Record], measure: Measure, shift: f64) -> Option<[f64; 2]> {
    let mut seeds: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for record in records {
        seeds.entry(record.seed).or_default().push(measure.of(record, 1.0));
    }
    let means = seeds.values().filter_map(|times| shifted_geometric_mean(times.clone(), shift));
    let ends = [f64::INFINITY, f64::NEG_INFINITY];
    let ends = means.fold(ends, |[low, high], mean| [low.min(mean), high.max(mean)]);
    (seeds.len() > 1).then_some(ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::check::tests::record as test_record;
    use crate::bench::record::Outcome;

    fn run(variant: &str, instance: &str, seed: u64, seconds: Option<f64>) -> Record {
        let outcome = if seconds.is_some() { Outcome::Optimal } else { Outcome::Open };
        let mut record = test_record(variant, outcome, Some(2.0), Some(1.0));
        record.instance = instance.to_string();
        record.seed = seed;
        record.seconds = seconds.unwrap_or(9.0);
        record.limit_seconds = Some(7.0);
        record
    }

    /// By hand: with a shift of 1, the times 1, 7 (open), 1, 7 have the mean 3, and so has each
    /// seed; only the case (i, 0) is solved by both.
    #[test]
    fn summaries_by_hand() {
        let records = [
            run("a", "i", 0, Some(1.0)),
            run("a", "i", 1, Some(1.0)),
            run("a", "j", 0, None),
            run("a", "j", 1, None),
            run("b", "i", 0, Some(0.5)),
            run("b", "i", 1, None),
            run("b", "j", 0, None),
            run("b", "j", 1, None),
        ];
        let found = summaries(&records, Measure::Wall, 1.0);
        let [a, b] = &found[..] else { panic!("two variants") };
        assert_eq!((a.variant.as_str(), a.runs, a.solved, a.wins), ("a", 4, 2, 1));
        assert!((a.mean_seconds - 3.0).abs() < 1e-12, "{}", a.mean_seconds);
        assert!(a.seed_means.is_some_and(|m| m.iter().all(|m| (m - 3.0).abs() < 1e-12)));
        assert!(a.common_mean_seconds.is_some_and(|mean| (mean - 1.0).abs() < 1e-12));
        assert_eq!((a.par2_seconds, a.median_seconds), (7.5, 4.0));
        assert_eq!(a.median_gap, Some(0.5));
        assert_eq!((b.solved, b.wins), (1, 1));
        assert!(b.common_mean_seconds.is_some_and(|mean| (mean - 0.5).abs() < 1e-12));
    }
}
