//! A machine that follows its samples, epoch by epoch.
//!
//! What an epoch does counts when it is over: a limit or an interrupt meanwhile leaves the
//! machine where the epoch before it ended.

use serde::{Deserialize, Serialize};

use super::contrast::{Contrast, Velocity};
use super::draws::EpochDraws;
use super::logistic::Logistic;
use super::machine::Machine;
use super::rows::{Chains, Rows};
use super::settings::RbmSettings;
use super::threads::Threads;
use crate::control::Clock;
use crate::num::random::permutation;
use crate::train::{Halt, TrainError};

/// Epochs of a machine, so that the random numbers of several do not meet.
const EPOCHS: u64 = 1 << 32;

/// Where the training of a machine stands at the end of an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineState<S> {
    /// The machine.
    pub machine: Machine<S>,
    /// How fast its numbers change.
    pub velocity: Velocity<S>,
    /// Where the chains stand, if they persist.
    pub chains: Option<Chains<S>>,
    /// Epochs done.
    pub epoch: usize,
    /// The last of them.
    pub last: Option<EpochFigures>,
}

/// An epoch of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochFigures {
    /// Its number, from 1.
    pub epoch: usize,
    /// Mean square of the difference between samples and the ends of the chains that began at
    /// them; none where chains persist.
    pub reconstruction: Option<f64>,
    /// Mean magnitude of the weights.
    pub weight: f64,
}

/// The training of one machine.
#[derive(Debug)]
pub struct Training<'a, S> {
    rows: &'a Rows<S>,
    settings: &'a RbmSettings,
    seed: u64,
    part: u64,
    contrast: Contrast<S>,
    state: MachineState<S>,
}

impl<S: Logistic> MachineState<S> {
    /// A machine of random weights for rows and so many hidden units, before its first epoch;
    /// `part` tells the machines of a seed apart.
    ///
    /// The bias of a binary visible unit begins at the logarithm of the odds of its mean (as
    /// Hinton advises), that of a Gaussian one at its mean.
    pub fn first(
        rows: &Rows<S>,
        hidden: usize,
        settings: &RbmSettings,
        (seed, part): (u64, u64),
    ) -> Self {
        /// Least and largest mean, so that no bias is infinite.
        const LEAST: f64 = 0.01;
        let shape = [rows.columns(), hidden];
        let mut random = EpochDraws::other(seed, part * EPOCHS);
        let mut machine = Machine::random(settings.visible, shape, settings.deviation, &mut random);
        for (bias, mean) in machine.visible_bias.iter_mut().zip(rows.means()) {
            *bias = S::of(match settings.visible {
                super::Visible::Binary => {
                    let mean = mean.clamp(LEAST, 1.0 - LEAST);
                    (mean / (1.0 - mean)).ln()
                }
                super::Visible::Gaussian => mean,
            });
        }
        let velocity = [shape[0] * hidden, shape[0], hidden].map(|count| vec![S::default(); count]);
        Self { machine, velocity, chains: None, epoch: 0, last: None }
    }

    /// The same state in double precision.
    pub fn wide(&self) -> MachineState<f64> {
        let wide = |numbers: &Vec<S>| crate::train::scalar::wide(numbers);
        let chains = self.chains.as_ref().map(|chains| match chains {
            Chains::Words(words) => Chains::Words(words.clone()),
            Chains::Numbers(numbers) => Chains::Numbers(wide(numbers)),
        });
        let (epoch, last) = (self.epoch, self.last);
        let velocity = self.velocity.each_ref().map(wide);
        MachineState { machine: self.machine.wide(), velocity, chains, epoch, last }
    }

    /// The state in these numbers.
    pub fn narrow(state: &MachineState<f64>) -> Self {
        let narrow = |numbers: &Vec<f64>| crate::train::scalar::narrow(numbers);
        let chains = state.chains.as_ref().map(|chains| match chains {
            Chains::Words(words) => Chains::Words(words.clone()),
            Chains::Numbers(numbers) => Chains::Numbers(narrow(numbers)),
        });
        let (epoch, last) = (state.epoch, state.last);
        let velocity = state.velocity.each_ref().map(narrow);
        Self { machine: Machine::narrow(&state.machine), velocity, chains, epoch, last }
    }

    /// Checks a state that was read, for such rows and so many hidden units.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`].
    pub fn check(
        &self,
        rows: &Rows<S>,
        hidden: usize,
        settings: &RbmSettings,
    ) -> Result<(), TrainError> {
        let shape @ [visible, _] = [rows.columns(), hidden];
        self.machine.check(shape)?;
        let lengths = self.velocity.each_ref().map(Vec::len);
        let batch = settings.batch.min(rows.count());
        let chains = match (&self.chains, settings.visible) {
            (None, _) => self.epoch == 0 || !settings.persistent,
            (Some(Chains::Words(words)), super::Visible::Binary) => {
                super::Bits::of_words(batch, visible, words.clone()).is_some()
            }
            (Some(Chains::Numbers(numbers)), super::Visible::Gaussian) => {
                numbers.len() == batch * visible
            }
            (Some(_), _) => false,
        };
        match lengths == [visible * hidden, visible, hidden] && chains {
            true => Ok(()),
            false => Err(TrainError::Checkpoint {
                found: "speeds or chains of another machine".to_string(),
                expected: format!("those of {visible} visible and {hidden} hidden units"),
            }),
        }
    }
}

impl<'a, S: Logistic> Training<'a, S> {
    /// Goes on from a state, with the random numbers of a part of a seed.
    ///
    /// # Panics
    /// If there are no rows.
    pub fn new(
        rows: &'a Rows<S>,
        settings: &'a RbmSettings,
        (seed, part): (u64, u64),
        mut state: MachineState<S>,
    ) -> Self {
        assert!(rows.count() > 0, "rows to learn");
        let chains = state.chains.take();
        let contrast = Contrast::new(state.machine.clone(), state.velocity.clone(), chains);
        let mut training = Self { rows, settings, seed, part, contrast, state };
        training.keep();
        training
    }

    /// Where it stands at the end of the last epoch.
    pub fn state(&self) -> &MachineState<S> {
        &self.state
    }

    /// The machine at the end of the last epoch.
    pub fn finish(self) -> Machine<S> {
        self.state.machine
    }

    /// All epochs that are left.
    ///
    /// # Errors
    /// As for [`Training::epoch`].
    pub fn run(mut self, threads: &Threads, clock: &Clock) -> Result<Machine<S>, Halt> {
        while self.state.epoch < self.settings.epochs {
            self.epoch(threads, clock)?;
        }
        Ok(self.finish())
    }

    /// One more epoch.
    ///
    /// # Errors
    /// The clock has ended it, or the weights are no numbers any more.
    pub fn epoch(&mut self, threads: &Threads, clock: &Clock) -> Result<EpochFigures, Halt> {
        let epoch = self.state.epoch + 1;
        let part = self.part * EPOCHS + epoch as u64;
        let draws = EpochDraws::new(self.seed, part);
        let mut random = EpochDraws::other(self.seed, part);
        let order = permutation(&mut random, self.rows.count());
        if self.settings.persistent && self.state.epoch == 0 {
            let first = &order[..self.settings.batch.min(order.len())];
            self.contrast.begin(&self.rows.select(first));
        }
        let mut batch = self.rows.select(&[]);
        let (mut errors, mut measured) = (0.0, 0);
        for (step, chosen) in (0..).zip(order.chunks(self.settings.batch)) {
            clock.go_on()?;
            match (&mut batch, self.rows) {
                (Rows::Bits(batch), Rows::Bits(rows)) => batch.gather(rows, chosen),
                (batch, rows) => *batch = rows.select(chosen),
            }
            let error = self.contrast.step(&batch, self.settings, &draws, step, threads);
            if let Some(error) = error {
                errors += error * chosen.len() as f64;
                measured += chosen.len();
            }
        }
        let weight = self.contrast.machine.mean_weight();
        let steps = order.len().div_ceil(self.settings.batch) as u64;
        if !weight.is_finite() {
            let rate = self.settings.learning_rate;
            let step = steps * epoch as u64;
            return Err(TrainError::Diverged { loss: weight, epoch, step, rate }.into());
        }
        let reconstruction = (measured > 0).then(|| errors / measured as f64);
        let figures = EpochFigures { epoch, reconstruction, weight };
        (self.state.epoch, self.state.last) = (epoch, Some(figures));
        self.keep();
        Ok(figures)
    }

    /// Makes the end of an epoch the state.
    fn keep(&mut self) {
        let Contrast { machine, velocity, .. } = &self.contrast;
        self.state.machine.clone_from(machine);
        self.state.velocity.clone_from(velocity);
        let persist = self.settings.persistent && self.state.epoch > 0;
        self.state.chains = persist.then(|| self.contrast.ends().clone());
    }
}
