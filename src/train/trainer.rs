//! The loop: epochs of mini-batches in random order, with early stopping and the best
//! weights kept.
//!
//! A batch is cut into shards of 128 samples, whatever the number of threads;
//! each shard has its own gradient, and these are added in order. So every number of
//! threads gives the same bits.
//!
//! What an epoch does counts when it is over: a limit or an interrupt meanwhile leaves the
//! training where the epoch before it ended.

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::compress::Mask;
use super::error::TrainError;
use super::loss::Goals;
use super::model::{Model, Pass};
use super::optimizers::{Optimizer, Step};
use super::penalties::Penalties;
use super::samples::{Samples, real};
use super::scalar::{Scalar, narrow, wide};
use super::schedule::learning_rate;
use super::settings::TrainingRecipe;
use super::state::{EpochRecord, State};
use super::{Halt, Stream, TrainObserver, TrainingPhase};
use crate::control::{Clock, StoppedBy};
use crate::num::vectorized;

/// Samples that are computed at once: enough for matrix products at full speed, few
/// enough that a batch of 256 keeps two threads busy.
const SHARD_ROWS: usize = 128;

/// What is the same in all phases of a training.
#[derive(Debug)]
pub struct Setup<'a, S: Scalar> {
    /// Samples that the parameters are fitted to.
    pub train: &'a Samples<S>,
    /// Samples that tell when to stop; may be none.
    pub validation: &'a Samples<S>,
    /// The optimisation.
    pub settings: &'a TrainingRecipe,
    /// How the parameters follow the gradient.
    pub optimizer: &'static dyn Optimizer<S>,
    /// What is added to the loss.
    pub penalties: &'a Penalties<S>,
    /// Of the random numbers.
    pub seed: u64,
    /// When it has to end.
    pub clock: &'a Clock,
}

/// How a training ended.
#[derive(Debug)]
pub struct Ended {
    /// Where it stands; none where there were no weights to begin with yet.
    pub state: Option<State>,
    /// What ended it before its end.
    pub stopped_by: Option<StoppedBy>,
    /// Whether patience did.
    pub early_stopping: bool,
}

impl Ended {
    /// Ended before its end.
    pub fn stopped(reason: StoppedBy, state: Option<State>) -> Self {
        Self { state, stopped_by: Some(reason), early_stopping: false }
    }
}

/// Trains a model for one phase.
#[derive(Debug)]
pub struct Trainer<'a, S: Scalar> {
    model: &'a mut Model<S>,
    setup: &'a Setup<'a, S>,
    mask: Mask,
    shards: Vec<Shard<S>>,
    evaluation: Shard<S>,
    pool: Option<ThreadPool>,
    memories: Vec<Vec<S>>,
    /// Epochs of the phase, where nothing ends it before.
    most_epochs: usize,
    /// At the end of the last epoch, but for what `kept` has.
    state: State,
    kept: Kept<S>,
}

/// Parameters and memories at the end of the last epoch.
#[derive(Debug)]
struct Kept<S> {
    parameters: Vec<S>,
    memories: Vec<Vec<S>>,
}

/// The memory for some samples of a batch.
#[derive(Debug)]
struct Shard<S> {
    pass: Pass<S>,
    goals: Goals<S>,
    loss: f64,
    /// What ended the training before these samples were computed.
    stopped_by: Option<StoppedBy>,
}

impl<S: Scalar> Shard<S> {
    fn new(model: &Model<S>, samples: &Samples<S>) -> Self {
        let goals = samples.goals.room(SHARD_ROWS, model.outputs());
        Self { pass: Pass::new(model, SHARD_ROWS), goals, loss: 0.0, stopped_by: None }
    }

    fn forward(&mut self, model: &Model<S>, from: &Samples<S>, samples: &[usize], batch: usize) {
        let width = model.inputs();
        let rows = self.pass.input(samples.len()).chunks_exact_mut(width);
        for (row, &sample) in rows.zip(samples) {
            row.copy_from_slice(&from.inputs[sample * width..][..width]);
        }
        self.goals.gather(&from.goals, samples, model.outputs());
        model.forward(&mut self.pass);
        let (values, gradient) = self.pass.output_gradient();
        self.loss = self.goals.loss(values, gradient, model.outputs(), batch);
    }
}

impl<'a, S: Scalar> Trainer<'a, S> {
    /// A trainer that goes on from a state of this model, and keeps the parameters of the
    /// mask at 0.
    pub fn new(
        model: &'a mut Model<S>,
        setup: &'a Setup<'a, S>,
        mask: Mask,
        mut state: State,
    ) -> Self {
        let (settings, train) = (setup.settings, setup.train);
        let parameters = narrow(&std::mem::take(&mut state.parameters));
        model.parameters_mut().copy_from_slice(&parameters);
        let memories = std::mem::take(&mut state.memories);
        let memories: Vec<Vec<S>> = memories.iter().map(|memory| narrow(memory)).collect();
        let count = settings.batch.min(train.count).div_ceil(SHARD_ROWS);
        let pool = match settings.threads.min(count) {
            0 | 1 => None,
            // Without threads of their own the shards take turns.
            threads => ThreadPoolBuilder::new().num_threads(threads).build().ok(),
        };
        Self {
            shards: (0..count).map(|_| Shard::new(model, train)).collect(),
            evaluation: Shard::new(model, train),
            kept: Kept { parameters, memories: memories.clone() },
            memories,
            most_epochs: 0,
            model,
            setup,
            mask,
            pool,
            state,
        }
    }

    /// Trains until a reason to stop; the model then has its best parameters.
    ///
    /// # Errors
    /// [`TrainError::Diverged`].
    pub fn run(
        mut self,
        epochs: usize,
        observer: &mut dyn TrainObserver,
    ) -> Result<Ended, TrainError> {
        self.most_epochs = epochs;
        let (stopped_by, early_stopping) = match self.epochs(observer) {
            Ok(early_stopping) => (None, early_stopping),
            Err(Halt::Stopped(reason)) => (Some(reason), false),
            Err(Halt::Failed(error)) => return Err(error),
        };
        let state = self.snapshot();
        self.model.parameters_mut().copy_from_slice(&narrow(&state.best));
        Ok(Ended { state: Some(state), stopped_by, early_stopping })
    }

    /// All epochs that are left; gives back whether patience ended before them.
    fn epochs(&mut self, observer: &mut dyn TrainObserver) -> Result<bool, Halt> {
        if self.state.best_loss.is_none() {
            let record = self.before()?;
            self.tell(&record, observer)?;
        }
        loop {
            let patience = self.setup.settings.patience;
            if patience > 0 && self.state.epoch - self.state.best_epoch >= patience {
                return Ok(true);
            }
            if self.state.epoch >= self.most_epochs {
                return Ok(false);
            }
            let record = self.epoch()?;
            self.tell(&record, observer)?;
        }
    }

    fn tell(
        &self,
        record: &EpochRecord,
        observer: &mut dyn TrainObserver,
    ) -> Result<(), StoppedBy> {
        match observer.epoch(record, &mut || self.snapshot()).is_break() {
            true => Err(StoppedBy::Interrupt),
            false => Ok(()),
        }
    }

    /// The state at the end of the last epoch.
    fn snapshot(&self) -> State {
        State {
            parameters: wide(&self.kept.parameters),
            memories: self.kept.memories.iter().map(|memory| wide(memory)).collect(),
            ..self.state.clone()
        }
    }

    /// Looks at the weights to begin with: they may be the best.
    fn before(&mut self) -> Result<EpochRecord, Halt> {
        let train_loss = self.loss(self.setup.train)?;
        let validation_loss = self.validation_loss()?;
        let loss = validation_loss.unwrap_or(train_loss);
        let learning_rate = learning_rate(self.setup.settings, 0, self.most_epochs, 0);
        Place { epoch: 0, step: 0, rate: learning_rate }.check(loss)?;
        self.judge(loss);
        Ok(EpochRecord {
            phase: self.state.phase,
            epoch: 0,
            steps: 0,
            train_loss,
            penalty: 0.0,
            validation_loss,
            learning_rate,
        })
    }

    fn epoch(&mut self) -> Result<EpochRecord, Halt> {
        let settings = self.setup.settings;
        let State { epoch, reductions, .. } = self.state;
        let rate = learning_rate(settings, epoch, self.most_epochs, reductions);
        let mut place = Place { epoch: self.state.epoch + 1, step: self.state.steps, rate };
        let order = self.shuffle(place.epoch);
        let (mut loss, mut penalty, batches) = (0.0, 0.0, order.chunks(settings.batch));
        let batch_count = real(batches.len());
        for batch in batches {
            place.step += 1;
            let [own, added] = self.step(batch, place)?;
            loss += own * real(batch.len());
            penalty += added;
        }
        let train_loss = loss / real(self.setup.train.count);
        let validation_loss = self.validation_loss()?;
        let loss = validation_loss.unwrap_or(train_loss);
        place.check(loss)?;
        // From here on nothing ends the epoch any more.
        self.keep(place);
        self.judge(loss);
        Ok(EpochRecord {
            phase: self.state.phase,
            epoch: place.epoch,
            steps: place.step,
            train_loss,
            penalty: penalty / batch_count,
            validation_loss,
            learning_rate: rate,
        })
    }

    /// The order of the samples in an epoch; the shards get random numbers of their own.
    fn shuffle(&mut self, epoch: usize) -> Vec<usize> {
        let phase = match self.state.phase {
            TrainingPhase::Train => 0,
            TrainingPhase::FineTune => 1,
        };
        let (seed, part) = (self.setup.seed, 2 * bits(epoch) + phase);
        for (index, shard) in self.shards.iter_mut().enumerate() {
            let part = part << 32 | bits(index) << 8;
            let random = |layer| Stream::Dropout.numbered(seed, part | bits(layer));
            shard.pass.randomize(|layer| Some(random(layer)));
        }
        let mut random = Stream::Shuffle.numbered(seed, part);
        crate::num::random::permutation(&mut random, self.setup.train.count)
    }

    /// Makes the end of an epoch the state.
    fn keep(&mut self, place: Place) {
        (self.state.epoch, self.state.steps) = (place.epoch, place.step);
        self.kept.parameters.copy_from_slice(self.model.parameters());
        for (kept, memory) in self.kept.memories.iter_mut().zip(&self.memories) {
            kept.copy_from_slice(memory);
        }
    }

    /// One step; gives back the loss of the batch and the penalties.
    fn step(&mut self, batch: &[usize], place: Place) -> Result<[f64; 2], Halt> {
        let (model, train, clock) = (&*self.model, self.setup.train, self.setup.clock);
        let count = batch.len().div_ceil(SHARD_ROWS);
        let shards = &mut self.shards[..count];
        let work = |(shard, samples): (&mut Shard<S>, &[usize])| {
            shard.stopped_by = clock.stopped();
            if shard.stopped_by.is_none() {
                shard.forward(model, train, samples, batch.len());
                model.backward(&mut shard.pass);
            }
        };
        match &self.pool {
            Some(pool) if count > 1 => pool.install(|| {
                shards.par_iter_mut().zip(batch.par_chunks(SHARD_ROWS)).for_each(work);
            }),
            _ => shards.iter_mut().zip(batch.chunks(SHARD_ROWS)).for_each(work),
        }
        if let Some(reason) = shards.iter().find_map(|shard| shard.stopped_by) {
            return Err(reason.into());
        }
        let loss: f64 = shards.iter().map(|shard| shard.loss).sum();
        let (first, others) = shards.split_first_mut().expect("a batch has samples");
        let gradient = first.pass.gradient_mut();
        for other in others {
            add(gradient, other.pass.gradient());
        }
        let Setup { settings, penalties, optimizer, .. } = self.setup;
        let penalty = penalties.add(self.model.parameters(), gradient);
        place.check(loss + penalty)?;
        self.mask.apply(gradient);
        if let Some(most) = settings.clip_norm {
            shorten(gradient, most);
        }
        let parameters = self.model.parameters_mut();
        let step = Step { number: place.step, rate: place.rate, settings };
        optimizer.step(step, parameters, gradient, &mut self.memories);
        self.mask.apply(parameters);
        Ok([loss, penalty])
    }

    /// Notes whether a loss is the least so far.
    fn judge(&mut self, loss: f64) {
        let state = &mut self.state;
        state.plateau += 1;
        if state.best_loss.is_none_or(|least| loss < least) {
            for (best, parameter) in state.best.iter_mut().zip(&self.kept.parameters) {
                *best = parameter.wide();
            }
            (state.best_loss, state.best_epoch, state.plateau) = (Some(loss), state.epoch, 0);
        } else if state.plateau >= self.setup.settings.schedule_epochs {
            (state.reductions, state.plateau) = (state.reductions + 1, 0);
        }
    }

    fn validation_loss(&mut self) -> Result<Option<f64>, StoppedBy> {
        let validation = self.setup.validation;
        (validation.count > 0).then(|| self.loss(validation)).transpose()
    }

    fn loss(&mut self, samples: &Samples<S>) -> Result<f64, StoppedBy> {
        let order: Vec<usize> = (0..samples.count).collect();
        let mut loss = 0.0;
        for rows in order.chunks(SHARD_ROWS) {
            self.setup.clock.go_on()?;
            self.evaluation.forward(self.model, samples, rows, samples.count);
            loss += self.evaluation.loss;
        }
        Ok(loss)
    }
}

/// Where in a phase a loss comes from.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// From 1; 0 is before the first.
    epoch: usize,
    /// Steps so far, this one included.
    step: u64,
    /// Learning rate.
    rate: f64,
}

impl Place {
    /// Checks a loss.
    ///
    /// # Errors
    /// [`TrainError::Diverged`].
    fn check(self, loss: f64) -> Result<(), TrainError> {
        let Self { epoch, step, rate } = self;
        match loss.is_finite() {
            true => Ok(()),
            false => Err(TrainError::Diverged { loss, epoch, step, rate }),
        }
    }
}

/// A count, in the bits that streams of random numbers have.
fn bits(count: usize) -> u64 {
    u64::try_from(count).expect("a count has at most 64 bits")
}

fn add<S: Scalar>(sums: &mut [S], numbers: &[S]) {
    vectorized(
        #[inline(always)]
        || {
            for (sum, &number) in sums.iter_mut().zip(numbers) {
                *sum += number;
            }
        },
    );
}

/// Shortens a gradient to a Euclidean norm. Source: Pascanu, Mikolov, Bengio (2013),
/// arXiv:1211.5063, algorithm 1.
fn shorten<S: Scalar>(gradient: &mut [S], most: f64) {
    let norm = gradient.iter().map(|g| g.wide() * g.wide()).sum::<f64>().sqrt();
    if norm > most {
        let factor = S::of(most / norm);
        gradient.iter_mut().for_each(|g| *g *= factor);
    }
}
