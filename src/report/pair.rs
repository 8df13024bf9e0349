//! Two batches of the same runs, pair by pair: is a change faster?

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::bench::{Measure, Outcome, Record};
use crate::num::statistics::{Estimate, bootstrap, mean, median};

/// Runs that are named one by one.
const MOVERS: usize = 10;

/// Times below this, in seconds, count as this: a process takes as long to start.
const LEAST_SECONDS: f64 = 1e-3;

/// Two batches, and perhaps a control.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pairing {
    /// The first batch against the second.
    pub pairs: Pairs,
    /// The first batch against another of the same program: what noise alone does.
    pub control: Option<Pairs>,
}

/// How the second of two batches differs from the first. Ratios are second to first: below 1, the
/// second is faster.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pairs {
    /// Runs that both have.
    pub runs: usize,
    /// Those that both have solved: ratios are of these.
    pub solved: usize,
    /// Runs of the first alone, and of the second alone.
    pub unpaired: [usize; 2],
    /// Runs whose outcome is another one.
    pub status_changes: Vec<StatusChange>,
    /// Sum of the seconds of the second, relative to that of the first.
    pub pooled_ratio: Option<f64>,
    /// Median of the ratios.
    pub median_ratio: Option<f64>,
    /// Geometric mean of the ratios, with an interval by a bootstrap over the instances.
    pub mean_ratio: Option<Estimate>,
    /// The runs that changed most, in seconds.
    pub movers: Vec<Mover>,
    /// Share of all changes, in seconds, that is theirs.
    pub movers_share: Option<f64>,
}

/// A run that ended in another way.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct StatusChange {
    /// The run.
    pub run: String,
    /// How it ended in the first batch, and in the second.
    pub outcomes: [Outcome; 2],
}

/// A run, and what it took in both batches.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Mover {
    /// The run.
    pub run: String,
    /// Seconds in the first batch, and in the second.
    pub seconds: [f64; 2],
}

impl Pairs {
    /// Pairs runs of the same name: instance, variant, seed.
    pub fn of(first: &[Record], second: &[Record], measure: Measure) -> Self {
        let others: BTreeMap<&str, &Record> =
            second.iter().map(|record| (record.run.as_str(), record)).collect();
        let both: Vec<[&Record; 2]> = first
            .iter()
            .filter_map(|record| Some([record, *others.get(record.run.as_str())?]))
            .collect();
        let change = |[a, b]: &[&Record; 2]| {
            let (run, outcomes) = (a.run.clone(), [a.outcome, b.outcome]);
            (a.outcome != b.outcome).then_some(StatusChange { run, outcomes })
        };
        let seconds =
            |pair: &[&Record; 2]| pair.map(|record| measure.of(record, 1.0).max(LEAST_SECONDS));
        let solved: Vec<(&Record, [f64; 2])> = both
            .iter()
            .filter(|pair| pair.iter().all(|record| record.outcome.is_solved()))
            .map(|pair| (pair[0], seconds(pair)))
            .collect();
        let ratios = || solved.iter().map(|(_, [a, b])| b / a);
        let sums = solved.iter().fold([0.0; 2], |[x, y], (_, [a, b])| [x + a, y + b]);
        let mut movers: Vec<Mover> = (solved.iter())
            .map(|(record, seconds)| Mover { run: record.run.clone(), seconds: *seconds })
            .collect();
        movers.sort_by(|a, b| b.size().total_cmp(&a.size()));
        let moved: f64 = movers.iter().map(Mover::size).sum();
        movers.truncate(MOVERS);
        let named: f64 = movers.iter().map(Mover::size).sum();
        Self {
            runs: both.len(),
            solved: solved.len(),
            unpaired: [first.len() - both.len(), second.len() - both.len()],
            status_changes: both.iter().filter_map(change).collect(),
            pooled_ratio: (!solved.is_empty()).then(|| sums[1] / sums[0]),
            median_ratio: median(ratios()),
            mean_ratio: mean_ratio(&solved),
            movers,
            movers_share: (moved > 0.0).then(|| named / moved),
        }
    }

    /// What the interval of the mean ratio says.
    pub fn verdict(&self) -> &'static str {
        match self.mean_ratio {
            None => "no run was solved in both",
            Some(ratio) if ratio.high < 1.0 => "faster",
            Some(ratio) if ratio.low > 1.0 => "slower",
            Some(_) => "no difference that stands out of the noise",
        }
    }
}

impl Mover {
    /// How much it changed, in seconds.
    fn size(&self) -> f64 {
        (self.seconds[1] - self.seconds[0]).abs()
    }
}

/// Runs of the same instance depend on each other.
fn mean_ratio(solved: &[(&Record, [f64; 2])]) -> Option<Estimate> {
    let mut instances: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (record, [a, b]) in solved {
        instances.entry(&record.instance).or_default().push((b / a).ln());
    }
    let instances: Vec<Vec<f64>> = instances.into_values().collect();
    let figure = |drawn: &[usize]| {
        mean(drawn.iter().flat_map(|&place| instances[place].iter().copied())).map(f64::exp)
    };
    bootstrap(instances.len(), figure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::test_record;

    fn batch(factor: f64) -> Vec<Record> {
        let run = |index: u32| {
            let mut record = test_record("v", Outcome::Optimal, None, None);
            record.run = format!("run {index}");
            record.instance = format!("instance {}", index / 2);
            record.seconds = factor * f64::from(index + 1);
            record.limit_seconds = Some(1000.0);
            record
        };
        (0..20).map(run).collect()
    }

    #[test]
    fn ratios_by_hand() {
        let first = batch(1.0);
        let mut second = batch(0.5);
        second[0].outcome = Outcome::Open;
        second[1].run = "another".to_string();
        let pairs = Pairs::of(&first, &second, Measure::Wall);
        assert_eq!((pairs.runs, pairs.solved, pairs.unpaired), (19, 18, [1, 1]));
        let outcomes = [Outcome::Optimal, Outcome::Open];
        assert_eq!(pairs.status_changes, [StatusChange { run: "run 0".to_string(), outcomes }]);
        let ratio = pairs.mean_ratio.expect("a ratio");
        for found in [pairs.pooled_ratio, pairs.median_ratio, Some(ratio.low), Some(ratio.high)] {
            assert!(found.is_some_and(|ratio| (ratio - 0.5).abs() < 1e-12), "{found:?}");
        }
        assert_eq!(pairs.verdict(), "faster");
        // The largest: runs 10 to 19 change by 5.5 to 10 of 103.5 s.
        assert_eq!(pairs.movers[0], Mover { run: "run 19".to_string(), seconds: [20.0, 10.0] });
        assert_eq!(pairs.movers.len(), 10);
        assert!(pairs.movers_share.is_some_and(|share| (share - 77.5 / 103.5).abs() < 1e-12));
    }

    #[test]
    fn a_batch_is_no_faster_than_itself() {
        let pairs = Pairs::of(&batch(1.0), &batch(1.0), Measure::Wall);
        assert_eq!(pairs.verdict(), "no difference that stands out of the noise");
        assert_eq!(pairs.movers_share, None);
        let nothing = Pairs::of(&[], &batch(1.0), Measure::Wall);
        assert_eq!((nothing.verdict(), nothing.unpaired), ("no run was solved in both", [0, 20]));
    }
}
