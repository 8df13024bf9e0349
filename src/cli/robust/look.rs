//! A look at one point: its verdict at each change, or the least change that breaks its class.

use std::sync::Arc;
use std::time::Duration;

use taut::control::{Clock, StoppedBy};
use taut::network::Network;
use taut::num::statistics::argmax;
use taut::verify::{Robustness, Unknown, Verdict, VerifyOptions, verify};

use super::{Args, PointRecord, Sample};
use crate::cli::progress::Monitor;

/// What all points share.
pub(super) struct Asked<'a> {
    pub network: Arc<Network>,
    pub args: &'a Args,
    pub range: Option<[f64; 2]>,
    /// Time for each point and each change.
    pub each: Option<Duration>,
    pub options: VerifyOptions,
    pub clock: Clock,
}

/// Relative distance of the two ends of the least change.
const CLOSE: f64 = 1e-3;

/// The first change that is tried for the least one, and how often it is doubled.
const FIRST_CHANGE: f64 = 1.0 / 256.0;
const DOUBLINGS: i32 = 40;

impl Asked<'_> {
    /// What is known of a point.
    pub fn look(&self, sample: &Sample, epsilons: &[f64]) -> anyhow::Result<PointRecord> {
        let outputs = self.network.evaluate_point(&sample.point);
        let predicted = argmax(outputs).expect("an output");
        let class = self.args.class.or(sample.label).unwrap_or(predicted);
        let network = self.network.clone();
        let robustness =
            Robustness::new(network, &sample.point, class, &self.args.target, self.range)?;
        let mut record = PointRecord {
            class,
            predicted,
            verdicts: Vec::new(),
            counterexample: None,
            at_least: None,
            at_most: None,
        };
        if self.args.closest {
            self.closest(&robustness, &mut record)?;
            return Ok(record);
        }
        for &epsilon in epsilons {
            let verdict = match record.verdicts.last() {
                // What breaks a class at a smaller change does so at a larger one.
                Some(&"broken") => "broken",
                _ => self.verdict(&robustness, epsilon, &mut record)?,
            };
            record.verdicts.push(verdict);
        }
        Ok(record)
    }

    fn verdict(
        &self,
        robustness: &Robustness,
        epsilon: f64,
        record: &mut PointRecord,
    ) -> anyhow::Result<&'static str> {
        let property = robustness.within(epsilon, self.args.norm)?;
        let clock = self.clock.at_most(self.each);
        Ok(match verify(&property, &self.options, &clock, &mut Monitor)?.verdict {
            Verdict::Holds => "robust",
            Verdict::Violated(point) => {
                record.counterexample = Some(point.input);
                "broken"
            }
            Verdict::Unknown(Unknown::Stopped(StoppedBy::TimeLimit)) => "timeout",
            Verdict::Unknown(_) => "unknown",
        })
    }

    /// Halves the distance between a change that is robust and one that is not.
    fn closest(&self, robustness: &Robustness, record: &mut PointRecord) -> anyhow::Result<()> {
        let (mut low, mut high) = (0.0, None);
        let mut next = FIRST_CHANGE;
        for _ in 0..DOUBLINGS {
            let verdict = self.verdict(robustness, next, record)?;
            record.verdicts = vec![verdict];
            match verdict {
                "robust" => low = next,
                "broken" => high = Some(next),
                _ => break,
            }
            next = match high {
                None => 2.0 * low,
                Some(high) if high - low <= CLOSE * high => break,
                Some(high) => 0.5 * (low + high),
            };
        }
        (record.at_least, record.at_most) = (Some(low), high);
        Ok(())
    }
}
