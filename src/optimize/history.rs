//! How value and bound came about while a method was at work.

use std::ops::ControlFlow;

use serde::Serialize;

use super::Answer;
use crate::control::{Observer, Progress};
use crate::problem::Sense;

/// Most moments that are kept: where there are more, every second goes.
const MOST: usize = 128;

/// What was known at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Moment {
    /// Time since the start.
    pub seconds: f64,
    /// Value of the best point, as the method said then.
    pub objective: Option<f64>,
    /// The bound, likewise: of the last moment it is that of the answer, of those before it may be
    /// a backend's word.
    pub bound: Option<f64>,
}

/// Passes progress on in the direction of the problem, and keeps what is new in it: within, less
/// is better.
pub struct Told<'a> {
    sense: Sense,
    inner: &'a mut dyn Observer,
    history: Vec<Moment>,
}

impl<'a> Told<'a> {
    /// Of a problem with that direction.
    pub fn new(sense: Sense, inner: &'a mut dyn Observer) -> Self {
        Self { sense, inner, history: Vec::new() }
    }

    /// An answer with what led to it.
    pub fn complete(mut self, mut answer: Answer) -> Answer {
        let Answer { objective, bound, .. } = answer;
        self.keep(Moment { seconds: answer.seconds.total, objective, bound });
        answer.history = self.history;
        answer
    }

    fn keep(&mut self, moment: Moment) {
        let known = |moment: &Moment| (moment.objective, moment.bound);
        if self.history.last().map(known).unwrap_or_default() == known(&moment) {
            return;
        }
        if self.history.len() == MOST {
            let mut place = 0;
            self.history.retain(|_| {
                place += 1;
                place % 2 == 1
            });
        }
        self.history.push(moment);
    }
}

impl Observer for Told<'_> {
    fn update(&mut self, progress: &Progress) -> ControlFlow<()> {
        let signed = |value: Option<f64>| value.map(|value| self.sense.signed(value));
        let progress = Progress {
            objective: signed(progress.objective),
            objective_bound: signed(progress.objective_bound),
            ..*progress
        };
        let Progress { seconds, objective, objective_bound: bound, .. } = progress;
        self.keep(Moment { seconds, objective, bound });
        self.inner.update(&progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Silent;

    #[test]
    fn what_is_new_is_kept_and_signed() {
        let silent = &mut Silent;
        let mut told = Told::new(Sense::Maximize, silent);
        for step in 0..1000 {
            for seconds in [f64::from(step), f64::from(step) + 0.5] {
                let progress = Progress {
                    seconds,
                    objective_bound: Some(f64::from(step) - 1000.0),
                    ..Progress::default()
                };
                assert!(told.update(&progress).is_continue());
            }
        }
        let history = &told.history;
        assert!((MOST / 2..=MOST).contains(&history.len()), "{}", history.len());
        let first = Moment { seconds: 0.0, objective: None, bound: Some(1000.0) };
        assert_eq!(history[0], first);
        // Of two that say the same, the first counts.
        assert!(history.iter().all(|moment| moment.bound == Some(1000.0 - moment.seconds)));
    }
}
