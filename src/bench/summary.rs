//! Variants of a suite, by what their records show together.

use schemars::JsonSchema;
use serde::Serialize;

use super::record::Record;

/// The shift of geometric means, in seconds.
pub const SHIFT: f64 = 1.0;

/// What the records of a variant show.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Summary {
    /// The variant.
    pub variant: String,
    /// Its records.
    pub runs: usize,
    /// Those that answered the question.
    pub solved: usize,
    /// Those killed for their time or memory.
    pub killed: usize,
    /// Those that crashed, failed or said nothing that can be read.
    pub failed: usize,
    /// Geometric mean of seconds, shifted by 1 s; what is not solved counts as its time limit.
    pub mean_seconds: f64,
    /// Mean of seconds, where what is not solved counts as twice its time limit (PAR2).
    pub par2_seconds: f64,
}

/// One summary a variant, in the order given.
pub fn summaries<'a>(variants: impl Iterator<Item = &'a str>, records: &[Record]) -> Vec<Summary> {
    let of = |variant: &str| {
        let records: Vec<&Record> = records.iter().filter(|r| r.variant == variant).collect();
        let count = |test: fn(&Record) -> bool| records.iter().filter(|r| test(r)).count();
        let mean = |value: &dyn Fn(&Record) -> f64| {
            records.iter().map(|r| value(r)).sum::<f64>() / records.len() as f64
        };
        let seconds = |unsolved: f64| {
            move |r: &Record| match r.outcome.is_solved() {
                true => r.seconds.min(r.limit_seconds),
                false => unsolved * r.limit_seconds,
            }
        };
        let in_time = seconds(1.0);
        Summary {
            variant: variant.to_string(),
            runs: records.len(),
            solved: count(|r| r.outcome.is_solved()),
            killed: count(|r| r.outcome.is_killed()),
            failed: count(|r| r.outcome.is_failure()),
            mean_seconds: mean(&|r| (in_time(r) + SHIFT).ln()).exp() - SHIFT,
            par2_seconds: mean(&seconds(2.0)),
        }
    };
    variants.map(of).filter(|summary| summary.runs > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::check::tests::record;
    use crate::bench::record::Outcome;

    /// By hand: shifted by 1 s, 1 s and 7 s have the mean √(2 · 8) − 1 = 3.
    #[test]
    fn means_are_shifted_and_what_is_open_counts_as_its_limit() {
        let mut records = [
            record("a", Outcome::Optimal, Some(1.0), Some(1.0)),
            record("a", Outcome::Timeout, None, None),
            record("b", Outcome::Crashed, None, None),
        ];
        records.iter_mut().for_each(|record| record.limit_seconds = 7.0);
        let found = summaries(["a", "b", "c"].into_iter(), &records);
        assert_eq!(found.len(), 2);
        let Summary { runs, solved, killed, failed, mean_seconds, par2_seconds, .. } = found[0];
        assert_eq!((runs, solved, killed, failed), (2, 1, 1, 0));
        assert!((mean_seconds - 3.0).abs() < 1e-12 && (par2_seconds - 7.5).abs() < 1e-12);
        assert_eq!((found[1].failed, found[1].par2_seconds), (1, 14.0));
    }
}
