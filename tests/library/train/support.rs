//! Small data and recipes.

use std::sync::atomic::AtomicBool;

use taut::control::{Clock, Limits};
use taut::train::data::{DataSource, Split};
use taut::train::{EpochRecord, Recipe, State, TrainObserver, Trained, Unobserved, train};

/// A recipe with more TOML after a small head.
pub fn recipe(text: &str) -> Recipe {
    Recipe::from_toml(text).unwrap_or_else(|error| panic!("{error}"))
}

pub fn data(recipe: &Recipe) -> Split {
    recipe.data.load(".".as_ref(), recipe.seed).expect("data of a test")
}

pub fn trained(text: &str) -> Trained {
    let recipe = recipe(text);
    train(&recipe, &data(&recipe), None, &Clock::unlimited(), &mut Unobserved)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The bits of all weights.
pub fn bits(trained: &Trained) -> String {
    let layers = trained.network.layers();
    layers.map(|view| format!("{:?}\n", view.layer.operator())).collect()
}

/// What stops a clock, and the clock.
pub fn stoppable() -> (&'static AtomicBool, Clock) {
    let stop: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
    (stop, Clock::start(&Limits { stop: Some(stop), ..Limits::default() }))
}

/// Keeps what it sees; stops after an epoch, if asked.
#[derive(Default)]
pub struct Watch {
    pub records: Vec<EpochRecord>,
    pub state: Option<State>,
    pub stop_after: Option<usize>,
}

impl TrainObserver for Watch {
    fn epoch(
        &mut self,
        record: &EpochRecord,
        state: &mut dyn FnMut() -> State,
    ) -> std::ops::ControlFlow<()> {
        self.records.push(*record);
        if self.stop_after == Some(record.epoch) {
            self.state = Some(state());
            return std::ops::ControlFlow::Break(());
        }
        std::ops::ControlFlow::Continue(())
    }
}
