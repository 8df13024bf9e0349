//! Games of two networks: a generator, which makes samples out of random points of a box, and a
//! discriminator, which scores samples; and their cooperative initialisation.
//!
//! Both are piecewise linear, so that all exact questions can be asked of them: which samples
//! the generator makes over its whole latent box, and how the discriminator scores them.
//!
//! The plain game is that of Goodfellow et al. (2014), with the losses in [`losses`].
//! Cooperative initialisation, after Zhao, Xie and others (2023), arXiv:2303.11649: the first
//! steps are those of cooperative learning (Xie et al. (2016), arXiv:1609.09408), in which the
//! discriminator is the energy of a density that is fitted to the data, with samples that
//! [`langevin`] steps make of those of the generator, which learns these in turn. Then the game
//! goes on with the weights of both. A recipe gives the same networks to the bit, with any
//! number of threads.
//!
//! ```
//! use taut::control::Clock;
//! use taut::train::gan::{GanRecipe, Unwatched, prepare, play};
//!
//! let text = "[generator]\nhidden = [8]\n[discriminator]\nhidden = [8]\n\
//!             [training]\nsteps = 20\n[evaluation]\nsamples = 50";
//! let (recipe, clock) = (GanRecipe::from_toml(text)?, Clock::unlimited());
//! let world = prepare(&recipe, ".".as_ref(), &clock)?.expect("time enough");
//! let played = play(&recipe, &world, None, &clock, &mut Unwatched)?;
//! assert_eq!((played.generator.inputs(), played.generator.outputs()), (2, 2));
//! assert_eq!((played.score.inputs(), played.score.outputs()), (2, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
pub mod data;
pub mod judge;
pub mod langevin;
pub mod losses;
pub mod metrics;
mod play;
pub mod player;
mod recipe;
mod report;
mod state;
pub mod step;
mod summary;

use std::ops::ControlFlow;
use std::path::Path;

pub use data::{GanData, GanSource, Mixture};
pub use judge::Judge;
pub use losses::GameLoss;
pub use metrics::GanMetrics;
pub use play::GanObserver;
pub use recipe::{
    CooperativeRecipe, EvaluationRecipe, GameRecipe, GanInit, GanInitRecipe, GanRecipe,
    GanTrainingRecipe, PlayerRecipe,
};
pub use report::{GanReport, Played};
pub use state::{EvaluationRecord, GanStage, GanState, SamplePanel};
pub use summary::{GanSummary, MeanSpread, summaries};

use super::{Halt, TrainError};
use crate::control::{Clock, StoppedBy};
use crate::network::Precision;

/// What generators are to make, and who says how well they do: the same for all seeds.
#[derive(Debug)]
pub struct World {
    /// What samples of the data are drawn from.
    pub source: GanSource,
    /// Who measures.
    pub judge: Judge,
}

/// Nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl GanObserver for Unwatched {
    fn look(&mut self, _: &EvaluationRecord, _: &mut dyn FnMut() -> GanState) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Reads the data, relative to `folder`, and prepares to measure; why it was stopped, where the
/// clock has ended it.
///
/// # Errors
/// [`TrainError`].
pub fn prepare(
    recipe: &GanRecipe,
    folder: &Path,
    clock: &Clock,
) -> Result<Result<World, StoppedBy>, TrainError> {
    let work = || {
        recipe.validate()?;
        let source = recipe.data.load(folder, clock)?;
        let judge = Judge::new(&source, recipe.evaluation.samples, clock)?;
        Ok(World { source, judge })
    };
    match work() {
        Ok(world) => Ok(Ok(world)),
        Err(Halt::Stopped(reason)) => Ok(Err(reason)),
        Err(Halt::Failed(error)) => Err(error),
    }
}

/// Plays a game; goes on from `resume` where there is one.
///
/// Where the clock ends it, the networks are those of the last look; a game that goes on from
/// [`Played::state`] ends with the bits of one that was never stopped.
///
/// # Errors
/// [`TrainError`].
pub fn play(
    recipe: &GanRecipe,
    world: &World,
    resume: Option<GanState>,
    clock: &Clock,
    observer: &mut dyn GanObserver,
) -> Result<Played, TrainError> {
    recipe.validate()?;
    let of = (&world.source, &world.judge);
    match recipe.training.precision {
        Precision::F32 => report::played(
            recipe,
            world,
            play::Game::<f32>::play(recipe, of, resume, clock, observer)?,
        ),
        Precision::F64 => report::played(
            recipe,
            world,
            play::Game::<f64>::play(recipe, of, resume, clock, observer)?,
        ),
    }
}
