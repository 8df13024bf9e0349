//! The loop: epochs of mini-batches in random order, with early stopping and the best
//! weights kept.
//!
//! A batch is cut into shards of 128 samples, whatever the number of threads;
//! each shard has its own gradient, and these are added in order. So every number of
//! threads gives the same bits.

use std::ops::ControlFlow;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::compress::Mask;
use super::data::Dataset;
use super::error::TrainError;
use super::loss::Goals;
use super::model::{Model, Pass};
use super::optimizers::{Optimizer, Step, optimizers};
use super::penalties::Penalties;
use super::scalar::{Scalar, vectorized};
use super::schedule::learning_rate;
use super::settings::TrainingRecipe;
use super::state::{EpochRecord, State, StoppedBy};
use super::{Phase, Stream, TrainObserver};

/// Samples that are computed at once: enough for matrix products at full speed, few
/// enough that a batch of 256 keeps two threads busy.
const SHARD_ROWS: usize = 128;

/// Samples of a dataset, as they are computed with.
#[derive(Debug)]
pub struct Samples<S> {
    inputs: Vec<S>,
    goals: Goals<S>,
    count: usize,
}

impl<S: Scalar> Samples<S> {
    /// Those of a dataset that is scaled for training.
    pub fn new(data: &Dataset) -> Self {
        let inputs = data.inputs.iter().map(|&x| S::of(x)).collect();
        Self { inputs, goals: Goals::new(&data.targets), count: data.len() }
    }
}

/// What is the same in all phases of a training.
#[derive(Debug)]
pub struct Task<'a, S: Scalar> {
    /// Samples that the parameters are fitted to.
    pub train: &'a Samples<S>,
    /// Samples that tell when to stop; may be none.
    pub validation: &'a Samples<S>,
    /// The optimisation.
    pub settings: &'a TrainingRecipe,
    /// What is added to the loss.
    pub penalties: &'a Penalties<S>,
    /// Of the random numbers.
    pub seed: u64,
}

/// Where a run begins.
#[derive(Debug)]
pub enum Begin {
    /// At the parameters that the model has.
    Fresh(Phase),
    /// Where another run stood.
    Resumed(State),
}

/// One phase of a training.
#[derive(Debug)]
pub struct Run<'a, S: Scalar> {
    model: &'a mut Model<S>,
    task: &'a Task<'a, S>,
    mask: Mask,
    optimizer: &'static dyn Optimizer<S>,
    shards: Vec<Shard<S>>,
    evaluation: Shard<S>,
    pool: Option<ThreadPool>,
    memories: Vec<Vec<S>>,
    state: State,
}

/// The memory for some samples of a batch.
#[derive(Debug)]
struct Shard<S> {
    pass: Pass<S>,
    goals: Goals<S>,
    loss: f64,
}

impl<S: Scalar> Shard<S> {
    fn new(model: &Model<S>, samples: &Samples<S>) -> Self {
        let goals = samples.goals.room(SHARD_ROWS, model.outputs());
        Self { pass: Pass::new(model, SHARD_ROWS), goals, loss: 0.0 }
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

impl<'a, S: Scalar> Run<'a, S> {
    /// A run that keeps the parameters of the mask at 0.
    ///
    /// # Errors
    /// The state is that of another network or optimiser.
    pub fn new(
        model: &'a mut Model<S>,
        task: &'a Task<'a, S>,
        mask: Mask,
        begin: Begin,
    ) -> Result<Self, TrainError> {
        let (settings, train) = (task.settings, task.train);
        let names = optimizers::<S>().iter();
        let Some(&optimizer) = names.clone().find(|o| o.name() == settings.optimizer) else {
            let expected = names.map(|o| o.name()).collect::<Vec<_>>().join(", ");
            return Err(TrainError::key("training.optimizer", &settings.optimizer, expected));
        };
        let state = match begin {
            Begin::Fresh(phase) => first_state(phase, model, optimizer.memories()),
            Begin::Resumed(state) => {
                check(&state, model.parameters().len(), optimizer.memories())?;
                model.parameters_mut().copy_from_slice(&narrow(&state.parameters));
                state
            }
        };
        let count = settings.batch.min(train.count).div_ceil(SHARD_ROWS);
        let pool = match settings.threads.min(count) {
            0 | 1 => None,
            // Without threads of their own the shards take turns.
            threads => ThreadPoolBuilder::new().num_threads(threads).build().ok(),
        };
        Ok(Self {
            shards: (0..count).map(|_| Shard::new(model, train)).collect(),
            evaluation: Shard::new(model, train),
            memories: state.memories.iter().map(|memory| narrow(memory)).collect(),
            model,
            task,
            mask,
            optimizer,
            pool,
            state,
        })
    }

    /// Trains until a reason to stop; the model then has its best parameters.
    ///
    /// # Errors
    /// [`TrainError::Diverged`].
    pub fn run(
        mut self,
        epochs: usize,
        observer: &mut dyn TrainObserver,
    ) -> Result<(State, StoppedBy), TrainError> {
        let mut stopped_by = StoppedBy::Epochs;
        if self.state.epoch == 0 {
            let record = self.before()?;
            if observer.epoch(&record, &mut || self.snapshot()).is_break() {
                return Ok((self.finish(), StoppedBy::Interrupt));
            }
        }
        while self.state.epoch < epochs {
            let record = self.epoch()?;
            if observer.epoch(&record, &mut || self.snapshot()) == ControlFlow::Break(()) {
                stopped_by = StoppedBy::Interrupt;
                break;
            }
            let patience = self.task.settings.patience;
            if patience > 0 && self.state.epoch - self.state.best_epoch >= patience {
                stopped_by = StoppedBy::Patience;
                break;
            }
        }
        Ok((self.finish(), stopped_by))
    }

    fn finish(self) -> State {
        self.model.parameters_mut().copy_from_slice(&narrow(&self.state.best));
        self.state
    }

    /// The state, with what is otherwise kept in the type of the computation.
    fn snapshot(&self) -> State {
        State {
            parameters: wide(self.model.parameters()),
            memories: self.memories.iter().map(|memory| wide(memory)).collect(),
            ..self.state.clone()
        }
    }

    /// Looks at the weights to begin with: they may be the best.
    fn before(&mut self) -> Result<EpochRecord, TrainError> {
        let train_loss = self.loss(self.task.train);
        let validation_loss = self.validation_loss();
        let rate = learning_rate(self.task.settings, 0, 0);
        self.judge(validation_loss.unwrap_or(train_loss), rate)?;
        Ok(EpochRecord {
            phase: self.state.phase,
            epoch: 0,
            steps: 0,
            train_loss,
            penalty: 0.0,
            validation_loss,
            learning_rate: rate,
        })
    }

    fn epoch(&mut self) -> Result<EpochRecord, TrainError> {
        let settings = self.task.settings;
        let rate = learning_rate(settings, self.state.epoch, self.state.reductions);
        self.state.epoch += 1;
        let epoch = self.state.epoch as u64;
        let phase = self.state.phase as u64;
        let mut random = Stream::Shuffle.numbered(self.task.seed, 2 * epoch + phase);
        let order = crate::num::random::permutation(&mut random, self.task.train.count);
        for (number, shard) in self.shards.iter_mut().enumerate() {
            shard.pass.randomize(|layer| {
                let part = (2 * epoch + phase) << 32 | (number as u64) << 8 | layer as u64;
                Some(Stream::Dropout.numbered(self.task.seed, part))
            });
        }
        let (mut loss, mut penalty, first) = (0.0, 0.0, self.state.steps);
        for batch in order.chunks(settings.batch) {
            self.state.steps += 1;
            let step = Step { number: self.state.steps, rate, settings };
            let [own, added] = self.step(batch, step)?;
            loss += own * batch.len() as f64;
            penalty += added;
        }
        let train_loss = loss / self.task.train.count as f64;
        let validation_loss = self.validation_loss();
        self.judge(validation_loss.unwrap_or(train_loss), rate)?;
        Ok(EpochRecord {
            phase: self.state.phase,
            epoch: self.state.epoch,
            steps: self.state.steps,
            train_loss,
            penalty: penalty / (self.state.steps - first) as f64,
            validation_loss,
            learning_rate: rate,
        })
    }

    /// One step; gives back the loss of the batch and the penalties.
    fn step(&mut self, batch: &[usize], step: Step<'_>) -> Result<[f64; 2], TrainError> {
        let (model, train) = (&*self.model, self.task.train);
        let count = batch.len().div_ceil(SHARD_ROWS);
        let shards = &mut self.shards[..count];
        let work = |(shard, samples): (&mut Shard<S>, &[usize])| {
            shard.forward(model, train, samples, batch.len());
            model.backward(&mut shard.pass);
        };
        match &self.pool {
            Some(pool) if count > 1 => pool.install(|| {
                shards.par_iter_mut().zip(batch.par_chunks(SHARD_ROWS)).for_each(work);
            }),
            _ => shards.iter_mut().zip(batch.chunks(SHARD_ROWS)).for_each(work),
        }
        let loss: f64 = shards.iter().map(|shard| shard.loss).sum();
        let (first, others) = shards.split_first_mut().expect("a batch has samples");
        let gradient = first.pass.gradient_mut();
        for other in others {
            add(gradient, other.pass.gradient());
        }
        let penalty = self.task.penalties.add(self.model.parameters(), gradient);
        if !(loss + penalty).is_finite() {
            return Err(self.diverged(loss + penalty, step.rate));
        }
        self.mask.apply(gradient);
        if let Some(most) = self.task.settings.clip_norm {
            shorten(gradient, most);
        }
        let parameters = self.model.parameters_mut();
        self.optimizer.step(step, parameters, gradient, &mut self.memories);
        self.mask.apply(parameters);
        Ok([loss, penalty])
    }

    /// Notes whether a loss is the least so far.
    fn judge(&mut self, loss: f64, rate: f64) -> Result<(), TrainError> {
        if !loss.is_finite() {
            return Err(self.diverged(loss, rate));
        }
        let state = &mut self.state;
        state.plateau += 1;
        if loss < state.best_loss {
            for (best, parameter) in state.best.iter_mut().zip(self.model.parameters()) {
                *best = parameter.wide();
            }
            (state.best_loss, state.best_epoch, state.plateau) = (loss, state.epoch, 0);
        } else if state.plateau >= self.task.settings.schedule_epochs {
            (state.reductions, state.plateau) = (state.reductions + 1, 0);
        }
        Ok(())
    }

    fn diverged(&self, loss: f64, rate: f64) -> TrainError {
        TrainError::Diverged { loss, epoch: self.state.epoch, step: self.state.steps, rate }
    }

    fn validation_loss(&mut self) -> Option<f64> {
        (self.task.validation.count > 0).then(|| self.loss(self.task.validation))
    }

    fn loss(&mut self, samples: &Samples<S>) -> f64 {
        let order: Vec<usize> = (0..samples.count).collect();
        let mut loss = 0.0;
        for rows in order.chunks(SHARD_ROWS) {
            self.evaluation.forward(self.model, samples, rows, samples.count);
            loss += self.evaluation.loss;
        }
        loss
    }
}

fn wide<S: Scalar>(numbers: &[S]) -> Vec<f64> {
    numbers.iter().map(|number| number.wide()).collect()
}

fn narrow<S: Scalar>(numbers: &[f64]) -> Vec<S> {
    numbers.iter().map(|&number| S::of(number)).collect()
}

fn first_state<S: Scalar>(phase: Phase, model: &Model<S>, memories: usize) -> State {
    let parameters = wide(model.parameters());
    State {
        phase,
        epoch: 0,
        steps: 0,
        memories: vec![vec![0.0; parameters.len()]; memories],
        best: parameters.clone(),
        parameters,
        best_loss: f64::INFINITY,
        best_epoch: 0,
        reductions: 0,
        plateau: 0,
    }
}

fn check(state: &State, parameters: usize, memories: usize) -> Result<(), TrainError> {
    let lists = [&state.parameters, &state.best].into_iter().chain(&state.memories);
    if let Some(list) = lists.into_iter().find(|list| list.len() != parameters) {
        let found = format!("{} parameters", list.len());
        return Err(TrainError::Checkpoint { found, expected: parameters.to_string() });
    }
    if state.memories.len() != memories {
        let found = format!("{} vectors of an optimiser", state.memories.len());
        return Err(TrainError::Checkpoint { found, expected: memories.to_string() });
    }
    Ok(())
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
