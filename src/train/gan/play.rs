//! The loop: cooperative steps where the recipe has them, then the game, with a look at the
//! generator every so many steps.
//!
//! What happens counts when it was looked at: a limit or an interrupt meanwhile leaves the game
//! where the look before it was.

use std::ops::ControlFlow;
use std::time::Instant;

use ndarray::Array2;

use super::data::GanSource;
use super::judge::{Judge, outputs_of};
use super::player::{Player, Role};
use super::recipe::GanRecipe;
use super::state::{EvaluationRecord, GanStage, GanState, SamplePanel};
use super::step::{Draws, Kind, Players, StepSize, Stepper, latent};
use crate::control::{Clock, StoppedBy};
use crate::train::scalar::Scalar;
use crate::train::{Halt, Stream, TrainError, TrainingRecipe, learning_rate};

/// Watches a game.
pub trait GanObserver {
    /// Called before the first step and at every look; `state` makes what
    /// [`play`](fn@super::play) can go on from. `Break` ends the game, as an interrupt does.
    fn look(
        &mut self,
        record: &EvaluationRecord,
        state: &mut dyn FnMut() -> GanState,
    ) -> ControlFlow<()>;
}

/// Samples in a picture, of a mixture and of images.
const PICTURED: usize = 400;
const PICTURED_IMAGES: usize = 25;

/// What random numbers of a seed are for, in the lowest bits of their number.
#[derive(Clone, Copy)]
enum Use {
    /// A shard of a step.
    Step { step: u64, shard: usize },
    /// The latent points that the generator is looked at by.
    Look,
}

impl Use {
    fn number(self) -> u64 {
        match self {
            Self::Look => 0,
            // At most 2⁴⁰ steps and 2¹⁰ shards.
            Self::Step { step, shard } => {
                step << 12 | u64::try_from(shard).expect("at most 1024 shards") << 1 | 1
            }
        }
    }
}

/// A game under way.
pub struct Game<'a, S: Scalar> {
    recipe: &'a GanRecipe,
    source: &'a GanSource,
    judge: &'a Judge,
    clock: &'a Clock,
    players: Players<S>,
    settings: TrainingRecipe,
    /// At the last look, but for the time.
    state: GanState,
    began: Instant,
}

/// How a game ended.
#[derive(Debug)]
pub struct Ended<S: Scalar> {
    /// The networks, as they were at the last look.
    pub players: Players<S>,
    /// Where it stands; none where there were no weights to begin with yet.
    pub state: Option<GanState>,
    /// What ended it before its end.
    pub stopped_by: Option<StoppedBy>,
}

impl<'a, S: Scalar> Game<'a, S> {
    /// Plays from the beginning, or from where another stood, to the end.
    ///
    /// # Errors
    /// [`TrainError::GameDiverged`]; a state of another game.
    pub fn play(
        recipe: &'a GanRecipe,
        (source, judge): (&'a GanSource, &'a Judge),
        resume: Option<GanState>,
        clock: &'a Clock,
        observer: &mut dyn GanObserver,
    ) -> Result<Ended<S>, TrainError> {
        let player = |role| Player::new(role, recipe, source.width());
        let mut players = Players {
            generator: player(Role::Generator)?,
            discriminator: player(Role::Discriminator)?,
        };
        let (settings, began) = (recipe.training.settings(), Instant::now());
        let is_new = resume.is_none();
        let state = match resume {
            Some(state) => {
                players.generator.restore(&state.generator)?;
                players.discriminator.restore(&state.discriminator)?;
                if state.step > recipe.training.steps || state.records.is_empty() {
                    let found = format!("{} steps", state.step);
                    let expected = format!("0 to {}, with records", recipe.training.steps);
                    return Err(TrainError::Checkpoint { found, expected });
                }
                state
            }
            None => {
                let begun = players.generator.begin(Role::Generator, recipe, clock);
                let begun = begun
                    .and_then(|()| players.discriminator.begin(Role::Discriminator, recipe, clock));
                match begun {
                    Ok(()) => GanState::default(),
                    Err(Halt::Stopped(reason)) => {
                        return Ok(Ended { players, state: None, stopped_by: Some(reason) });
                    }
                    Err(Halt::Failed(error)) => return Err(error),
                }
            }
        };
        let mut game = Self { recipe, source, judge, clock, players, settings, state, began };
        let stopped_by = match game.run(is_new, observer) {
            Ok(()) => None,
            Err(Halt::Stopped(reason)) => Some(reason),
            Err(Halt::Failed(error)) => return Err(error),
        };
        game.players.generator.restore(&game.state.generator)?;
        game.players.discriminator.restore(&game.state.discriminator)?;
        Ok(Ended { players: game.players, state: Some(game.state), stopped_by })
    }

    fn run(&mut self, is_new: bool, observer: &mut dyn GanObserver) -> Result<(), Halt> {
        if is_new {
            self.look(None, 0.0, observer)?;
        }
        let (first, all) = (self.recipe.cooperative_steps(), self.recipe.training.steps);
        let cooperative = Kind::Cooperative(self.recipe.cooperative.langevin());
        self.stage(GanStage::Cooperative, cooperative, (0, first), observer)?;
        let game = &self.recipe.game;
        let adversarial = Kind::Adversarial { loss: game.loss, r1: game.r1 };
        self.stage(GanStage::Adversarial, adversarial, (first, all), observer)
    }

    /// The steps of a kind, which has those behind `begin` up to `end`.
    fn stage(
        &mut self,
        stage: GanStage,
        kind: Kind,
        (begin, end): (u64, u64),
        observer: &mut dyn GanObserver,
    ) -> Result<(), Halt> {
        if self.state.step >= end {
            return Ok(());
        }
        let training = &self.recipe.training;
        let mut stepper = Stepper::new(kind, &self.players, training.batch, training.threads);
        while self.state.step < end {
            let from = self.state.step;
            if from == begin && begin > 0 {
                // Another loss, which Adam's means say nothing of.
                self.players.generator.forget();
                self.players.discriminator.forget();
            }
            let (every, began) = (self.recipe.evaluation.every, Instant::now());
            let to = (from - from % every).saturating_add(every).min(end);
            let mut sums = [0.0; 2];
            for number in from + 1..=to {
                self.clock.go_on()?;
                let losses = self.step(&mut stepper, number, begin, end)?;
                sums = [sums[0] + losses[0], sums[1] + losses[1]];
            }
            let seconds = match stage {
                GanStage::Cooperative => began.elapsed().as_secs_f64(),
                GanStage::Adversarial => 0.0,
            };
            let count = (to - from) as f64;
            self.state.step = to;
            self.look(Some((stage, sums.map(|sum| sum / count))), seconds, observer)?;
        }
        Ok(())
    }

    fn step(
        &mut self,
        stepper: &mut Stepper<S>,
        number: u64,
        begin: u64,
        end: u64,
    ) -> Result<[f64; 2], TrainError> {
        let of_kind = number - begin;
        let is_cooperative = begin < self.recipe.cooperative_steps();
        let rates = match is_cooperative {
            true => [self.recipe.cooperative.generator_rate, self.recipe.cooperative.energy_rate],
            false => self.rates(of_kind - 1, end - begin),
        };
        let (seed, source) = (self.recipe.seed, self.source);
        let fill = |shard: usize, draws: &mut Draws<S>| {
            let number = Use::Step { step: number, shard }.number();
            draws.draw(source, &mut Stream::Game.numbered(seed, number));
        };
        let size = StepSize { number, of_kind, rates, settings: &self.settings };
        stepper.step(&mut self.players, size, &fill)
    }

    /// Learning rates of a step of the game, from 0.
    fn rates(&self, step: u64, steps: u64) -> [f64; 2] {
        let training = &self.recipe.training;
        let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        [training.generator_rate, training.discriminator_rate].map(|rate| {
            let settings = TrainingRecipe {
                learning_rate: rate,
                schedule: training.schedule,
                ..self.settings.clone()
            };
            learning_rate(&settings, number(step), number(steps), 0)
        })
    }

    /// Looks at the generator, makes what was done the state, and tells of it.
    fn look(
        &mut self,
        losses: Option<(GanStage, [f64; 2])>,
        cooperative_seconds: f64,
        observer: &mut dyn GanObserver,
    ) -> Result<(), Halt> {
        let samples = self.samples();
        let metrics = self.judge.measure(samples.view());
        let first = match self.recipe.cooperative_steps() {
            0 => GanStage::Adversarial,
            _ => GanStage::Cooperative,
        };
        let record = EvaluationRecord {
            step: self.state.step,
            stage: losses.map_or(first, |(stage, _)| stage),
            generator_loss: losses.map(|(_, losses)| losses[0]),
            discriminator_loss: losses.map(|(_, losses)| losses[1]),
            metrics,
        };
        if self.is_pictured(record.step) {
            let most = match self.source {
                GanSource::Mixture(_) => PICTURED,
                GanSource::Images(_) => PICTURED_IMAGES,
            };
            let samples = samples.iter().copied().take(most * self.source.width()).collect();
            self.state.panels.push(SamplePanel { step: record.step, samples });
        }
        self.state.generator = self.players.generator.state();
        self.state.discriminator = self.players.discriminator.state();
        self.state.records.push(record);
        self.state.cooperative_seconds += cooperative_seconds;
        self.state.seconds += self.began.elapsed().as_secs_f64();
        self.began = Instant::now();
        match observer.look(&record, &mut || self.state.clone()).is_break() {
            true => Err(StoppedBy::Interrupt.into()),
            false => Ok(()),
        }
    }

    /// Samples of the generator, at the same latent points every time.
    fn samples(&self) -> Array2<f64> {
        let (count, width) = (self.recipe.evaluation.samples, self.recipe.game.latent);
        let mut points = vec![0.0; count * width];
        latent(&mut Stream::Game.numbered(self.recipe.seed, Use::Look.number()), &mut points);
        let points = Array2::from_shape_vec((count, width), points).expect("rows of points");
        outputs_of(&self.players.generator.model, points.view())
    }

    /// Whether the look after so many steps has a picture: the first that come behind equal
    /// parts of the training.
    fn is_pictured(&self, step: u64) -> bool {
        let (taken, panels) =
            (self.state.panels.len() as u64, self.recipe.evaluation.panels as u64);
        if step == self.recipe.training.steps {
            return true;
        }
        taken + 1 < panels && step >= self.recipe.training.steps / (panels - 1) * taken
    }
}
