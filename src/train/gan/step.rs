//! A step of both networks, on a batch cut into shards.
//!
//! A shard has 64 samples, whatever the number of threads; each has its own random numbers and
//! its own gradients, and these are added in order. So every number of threads gives the same
//! bits.

use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::data::GanSource;
use super::langevin::Langevin;
use super::losses::{self, GameLoss};
use super::player::Player;
use crate::num::random::{normal, uniform};
use crate::train::model::{Model, Pass};
use crate::train::scalar::Scalar;
use crate::train::{TrainError, TrainingRecipe};

/// Samples that are computed at once.
pub const SHARD_ROWS: usize = 64;

/// The random numbers of a shard in a step.
#[derive(Debug)]
pub struct Draws<S> {
    /// Samples of the data.
    pub real: Vec<S>,
    /// Latent points.
    pub latent: Vec<S>,
    /// In the game: those of the generator's own half of the step.
    pub again: Vec<S>,
    /// In cooperative steps: normal numbers, a list as long as the samples for each Langevin
    /// step.
    pub noise: Vec<S>,
}

impl<S: Scalar> Draws<S> {
    /// Draws them.
    pub fn draw(&mut self, source: &GanSource, random: &mut ChaCha8Rng) {
        source.draw(random, &mut self.real);
        latent(random, &mut self.latent);
        latent(random, &mut self.again);
        self.noise.iter_mut().for_each(|number| *number = S::of(normal(random)));
    }
}

/// Fills latent points: each coordinate uniform in `[−1, 1)`.
pub fn latent<S: Scalar>(random: &mut ChaCha8Rng, numbers: &mut [S]) {
    numbers.iter_mut().for_each(|z| *z = S::of(2.0 * uniform(random) - 1.0));
}

/// What a step is.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One step of the game.
    Adversarial {
        /// The losses.
        loss: GameLoss,
        /// Strength of R1.
        r1: f64,
    },
    /// The energy is fitted and teaches the generator.
    Cooperative(Langevin),
}

/// Which step it is, and how far it goes.
#[derive(Clone, Copy, Debug)]
pub struct StepSize<'a> {
    /// Number among all steps, from 1.
    pub number: u64,
    /// Number among those of its kind, from 1.
    pub of_kind: u64,
    /// Learning rates of generator and discriminator.
    pub rates: [f64; 2],
    /// The optimiser's other numbers.
    pub settings: &'a TrainingRecipe,
}

/// Both networks.
#[derive(Debug)]
pub struct Players<S: Scalar> {
    /// It makes samples.
    pub generator: Player<S>,
    /// It scores them.
    pub discriminator: Player<S>,
}

/// Takes steps of one kind.
#[derive(Debug)]
pub struct Stepper<S: Scalar> {
    kind: Kind,
    batch: usize,
    shards: Vec<Shard<S>>,
    pool: Option<ThreadPool>,
}

/// The memory for some samples of a batch.
#[derive(Debug)]
struct Shard<S> {
    draws: Draws<S>,
    generator: Pass<S>,
    discriminator: Pass<S>,
    /// For R1, where there is any.
    slope: Option<Pass<S>>,
    /// In cooperative steps: what Langevin steps made of the generator's samples.
    revised: Vec<S>,
    loss: f64,
}

/// How the random numbers of a shard come about: its index, and where they go.
pub type Fill<'a, S> = &'a (dyn Fn(usize, &mut Draws<S>) + Sync);

impl<S: Scalar> Stepper<S> {
    /// For batches of a size, on at most so many threads.
    pub fn new(kind: Kind, players: &Players<S>, batch: usize, threads: usize) -> Self {
        let count = batch.div_ceil(SHARD_ROWS);
        let rows = |index: usize| SHARD_ROWS.min(batch - index * SHARD_ROWS);
        let shards = (0..count).map(|index| Shard::new(kind, players, rows(index))).collect();
        let pool = match threads.min(count) {
            0 | 1 => None,
            // Without threads of their own the shards take turns.
            threads => ThreadPoolBuilder::new().num_threads(threads).build().ok(),
        };
        Self { kind, batch, shards, pool }
    }

    /// One step; gives back the losses of generator and discriminator before it.
    ///
    /// # Errors
    /// [`TrainError::GameDiverged`].
    pub fn step(
        &mut self,
        players: &mut Players<S>,
        size: StepSize<'_>,
        fill: Fill<'_, S>,
    ) -> Result<[f64; 2], TrainError> {
        match self.kind {
            Kind::Adversarial { loss, r1 } => self.adversarial(players, size, fill, (loss, r1)),
            Kind::Cooperative(langevin) => self.cooperative(players, size, fill, langevin),
        }
    }

    fn adversarial(
        &mut self,
        players: &mut Players<S>,
        size: StepSize<'_>,
        fill: Fill<'_, S>,
        (loss, r1): (GameLoss, f64),
    ) -> Result<[f64; 2], TrainError> {
        let batch = self.batch;
        let Players { generator, discriminator } = players;
        let (made_by, scored_by) = (&generator.model, &discriminator.model);
        self.each(|index, shard| {
            fill(index, &mut shard.draws);
            shard.judge(made_by, scored_by, (loss, r1), batch);
        });
        let of_discriminator = self.sum("discriminator", size.number, Shard::of_discriminator)?;
        let gradient = self.shards[0].discriminator.gradient();
        discriminator.follow(gradient, size.of_kind, size.rates[1], size.settings);
        let scored_by = &discriminator.model;
        self.each(|_, shard| shard.imitate(made_by, scored_by, loss, batch));
        let of_generator = self.sum("generator", size.number, Shard::of_generator)?;
        let gradient = self.shards[0].generator.gradient();
        generator.follow(gradient, size.of_kind, size.rates[0], size.settings);
        Ok([of_generator, of_discriminator])
    }

    fn cooperative(
        &mut self,
        players: &mut Players<S>,
        size: StepSize<'_>,
        fill: Fill<'_, S>,
        langevin: Langevin,
    ) -> Result<[f64; 2], TrainError> {
        let batch = self.batch;
        let Players { generator, discriminator } = players;
        let (made_by, energy) = (&generator.model, &discriminator.model);
        self.each(|index, shard| {
            fill(index, &mut shard.draws);
            shard.revise(made_by, energy, langevin, batch);
        });
        let of_energy = self.sum("discriminator", size.number, Shard::of_discriminator)?;
        let gradient = self.shards[0].discriminator.gradient();
        discriminator.follow(gradient, size.of_kind, size.rates[1], size.settings);
        self.each(|_, shard| shard.learn(made_by, batch));
        let of_generator = self.sum("generator", size.number, Shard::of_generator)?;
        let gradient = self.shards[0].generator.gradient();
        generator.follow(gradient, size.of_kind, size.rates[0], size.settings);
        Ok([of_generator, of_energy])
    }

    /// Works on all shards.
    fn each(&mut self, work: impl Fn(usize, &mut Shard<S>) + Sync) {
        let shards = &mut self.shards;
        match &self.pool {
            Some(pool) => pool.install(|| {
                shards.par_iter_mut().enumerate().for_each(|(index, shard)| work(index, shard));
            }),
            None => shards.iter_mut().enumerate().for_each(|(index, shard)| work(index, shard)),
        }
    }

    /// Adds the gradients of all shards to that of the first; gives back the loss.
    fn sum(
        &mut self,
        player: &'static str,
        step: u64,
        pass: fn(&mut Shard<S>) -> &mut Pass<S>,
    ) -> Result<f64, TrainError> {
        let loss: f64 = self.shards.iter().map(|shard| shard.loss).sum();
        if !loss.is_finite() {
            return Err(TrainError::GameDiverged { player, loss, step });
        }
        let (first, others) = self.shards.split_first_mut().expect("a batch has samples");
        let sums = pass(first).gradient_mut();
        for other in others {
            for (sum, &own) in sums.iter_mut().zip(pass(other).gradient()) {
                *sum += own;
            }
        }
        Ok(loss)
    }
}

impl<S: Scalar> Shard<S> {
    fn new(kind: Kind, players: &Players<S>, rows: usize) -> Self {
        let Players { generator, discriminator } = players;
        let (generator, discriminator) = (&generator.model, &discriminator.model);
        let numbers = |count: usize| vec![S::default(); count];
        let (samples, points) = (rows * discriminator.inputs(), rows * generator.inputs());
        let (again, noise, has_slope) = match kind {
            Kind::Adversarial { r1, .. } => (points, 0, r1 > 0.0),
            Kind::Cooperative(langevin) => (0, langevin.draws(samples), false),
        };
        Self {
            draws: Draws {
                real: numbers(samples),
                latent: numbers(points),
                again: numbers(again),
                noise: numbers(noise),
            },
            generator: Pass::new(generator, rows),
            // What is real beside what was made.
            discriminator: Pass::new(discriminator, 2 * rows).with_input_gradient(),
            slope: has_slope.then(|| Pass::new(discriminator, rows).with_input_gradient()),
            revised: Vec::new(),
            loss: 0.0,
        }
    }

    fn of_generator(&mut self) -> &mut Pass<S> {
        &mut self.generator
    }

    fn of_discriminator(&mut self) -> &mut Pass<S> {
        &mut self.discriminator
    }

    /// Samples of the generator, at the latent points of the draws.
    fn made(&mut self, generator: &Model<S>) -> Vec<S> {
        let points = &self.draws.latent;
        self.generator.input(points.len() / generator.inputs()).copy_from_slice(points);
        generator.forward(&mut self.generator).to_vec()
    }

    /// The discriminator's half of a step of the game.
    fn judge(
        &mut self,
        generator: &Model<S>,
        discriminator: &Model<S>,
        (loss, r1): (GameLoss, f64),
        batch: usize,
    ) {
        let made = self.made(generator);
        let (real, pass) = (&self.draws.real, &mut self.discriminator);
        self.loss = losses::discriminator(loss, discriminator, pass, (real, &made), batch);
        if let Some(slope) = &mut self.slope {
            let gradient = pass.gradient_mut();
            self.loss += losses::slope_penalty(r1, discriminator, slope, real, batch, gradient);
        }
    }

    /// The generator's half.
    fn imitate(
        &mut self,
        generator: &Model<S>,
        discriminator: &Model<S>,
        loss: GameLoss,
        batch: usize,
    ) {
        let points = &self.draws.again;
        self.generator.input(points.len() / generator.inputs()).copy_from_slice(points);
        let maker = (generator, &mut self.generator);
        self.loss = losses::generator(loss, maker, (discriminator, &mut self.discriminator), batch);
    }

    /// The energy's half of a cooperative step.
    fn revise(
        &mut self,
        generator: &Model<S>,
        energy: &Model<S>,
        langevin: Langevin,
        batch: usize,
    ) {
        let mut revised = self.made(generator);
        let (draws, pass) = (&mut self.draws, &mut self.discriminator);
        langevin.revise(energy, pass, &mut revised, &draws.noise);
        self.loss = losses::energy(energy, pass, (&draws.real, &revised), batch);
        self.revised = revised;
    }

    /// The generator's half: it learns what was revised.
    fn learn(&mut self, generator: &Model<S>, batch: usize) {
        let pass = &mut self.generator;
        self.loss = losses::teaching(generator, pass, &self.revised, batch);
    }
}
