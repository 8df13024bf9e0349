//! Trainings that are stopped, and go on.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Sender, channel};
use std::thread::{sleep, spawn};
use std::time::Duration;

use taut::control::{Clock, Limits, StoppedBy};
use taut::train::{EpochRecord, Schedule, State, TrainObserver, Unobserved, train};

use crate::train::support::{Watch, bits, data, recipe, stoppable};

const SMALL: &str = "title = 'small'\n[data]\nsource = 'function'\nsamples = 600\n\
                     [network]\nhidden = [12, 9]\n[training]\nepochs = 4\n";

/// An epoch takes a second or more; measuring on the samples for training, too.
const LARGE: &str = "[data]\nsource = 'function'\nsamples = 20000\n\
                     [network]\nhidden = [1500, 1500]\n[training]\nepochs = 4\n";

fn recipes() -> [String; 4] {
    [
        SMALL.to_string(),
        SMALL.replace("hidden", "dropout = 0.2\nhidden"),
        SMALL.replace("epochs = 4", "epochs = 4\noptimizer = 'sgd'\nschedule = 'plateau'"),
        // Stopped while fine-tuning: the first phase has one epoch.
        SMALL.replace("epochs = 4", "epochs = 1") + "[compress]\nprune = 0.5\nfine_tune_epochs = 4",
    ]
}

/// As it would come from a file.
fn from_file(state: State) -> State {
    let text = serde_json::to_string(&state).expect("a text");
    let read = serde_json::from_str(&text).expect("a state");
    assert_eq!(state, read);
    read
}

/// Stopped after two epochs and resumed, the run ends with the bits of one that was not.
#[test]
fn a_resumed_training_ends_like_an_uninterrupted_one() {
    let plateau = SMALL.replace(
        "epochs = 4",
        "epochs = 6\nschedule = 'plateau'\n\
                                               schedule_epochs = 1\nlearning_rate = 0.5",
    );
    let early = SMALL.replace("epochs = 4", "epochs = 500\npatience = 3\nlearning_rate = 0.5");
    let end = {
        let recipe = recipe(&early);
        train(&recipe, &data(&recipe), None, &Clock::unlimited(), &mut Unobserved).unwrap().report
    };
    assert!(end.early_stopping);
    let two = recipes().map(|text| (text, 2));
    // Before the first epoch, and where patience ends anyway.
    for (text, epoch) in two.into_iter().chain([(plateau, 0), (early, end.epochs)]) {
        let recipe = recipe(&text);
        let data = data(&recipe);
        let clock = Clock::unlimited();
        let whole = train(&recipe, &data, None, &clock, &mut Unobserved).unwrap();
        let mut watch = Watch { stop_after: Some(epoch), ..Watch::default() };
        let part = train(&recipe, &data, None, &clock, &mut watch).unwrap();
        assert_eq!(part.report.stopped_by, Some(StoppedBy::Interrupt));
        assert_eq!(part.report.epochs, epoch);
        assert_eq!(part.state, watch.state);
        let state = from_file(watch.state.unwrap());
        let rest = train(&recipe, &data, Some(state), &clock, &mut Unobserved).unwrap();
        assert_eq!(bits(&rest), bits(&whole));
        assert_eq!(rest.report, whole.report);
    }
}

/// Tells of every epoch after the first two.
struct Teller(Sender<()>);

impl TrainObserver for Teller {
    fn epoch(&mut self, record: &EpochRecord, _: &mut dyn FnMut() -> State) -> ControlFlow<()> {
        if record.epoch >= 2 {
            // Nobody listens any more to the later ones.
            self.0.send(()).ok();
        }
        ControlFlow::Continue(())
    }
}

/// The stop comes from another thread, some milliseconds after the second epoch; wherever in
/// an epoch it falls, the rest must make up for it.
#[test]
fn a_training_that_is_stopped_within_an_epoch_goes_on_to_the_same_bits() {
    for (number, text) in recipes().into_iter().enumerate() {
        let mut recipe = recipe(&text.replace("samples = 600", "samples = 20000\ntest = 0.01"));
        recipe.training.patience = 0;
        // A cosine looks at the number of epochs, which is changed below.
        if recipe.training.schedule == Schedule::Cosine {
            recipe.training.schedule = Schedule::Constant;
        }
        let data = data(&recipe);
        // Epochs of the last phase, without end for the one that is stopped.
        let with = |epochs: usize| {
            let mut recipe = recipe.clone();
            match recipe.compress.prune {
                None => recipe.training.epochs = Some(epochs),
                Some(_) => recipe.compress.fine_tune_epochs = epochs,
            }
            recipe
        };
        for wait in [0, 1, 3, 7] {
            let (stop, clock) = stoppable();
            let (sender, receiver) = channel();
            let stopper = spawn(move || {
                receiver.recv().expect("an epoch");
                sleep(Duration::from_millis(wait));
                stop.store(true, Relaxed);
            });
            let part = train(&with(usize::MAX), &data, None, &clock, &mut Teller(sender)).unwrap();
            stopper.join().unwrap();
            assert_eq!(part.report.stopped_by, Some(StoppedBy::Interrupt), "{number}, {wait} ms");
            let state = from_file(part.state.expect("weights"));
            assert!(state.epoch >= 2, "{number}: {}", state.epoch);
            assert_eq!(part.report.epochs, state.epoch);
            let recipe = with(state.epoch + 2);
            let clock = Clock::unlimited();
            let rest = train(&recipe, &data, Some(state), &clock, &mut Unobserved).unwrap();
            let whole = train(&recipe, &data, None, &clock, &mut Unobserved).unwrap();
            assert_eq!(bits(&rest), bits(&whole), "{number}, {wait} ms");
            assert_eq!(rest.report, whole.report, "{number}, {wait} ms");
        }
    }
}

/// A state to go on from is known, and so is its network.
#[test]
fn a_resumed_training_that_is_stopped_at_once_has_lost_nothing() {
    let recipe = recipe(SMALL);
    let data = data(&recipe);
    let mut watch = Watch { stop_after: Some(3), ..Watch::default() };
    let part = train(&recipe, &data, None, &Clock::unlimited(), &mut watch).unwrap();
    let over = Clock::start(&Limits::of_time(Duration::ZERO));
    let again = train(&recipe, &data, part.state.clone(), &over, &mut Unobserved).unwrap();
    assert_eq!(again.report.stopped_by, Some(StoppedBy::TimeLimit));
    assert_eq!(bits(&again), bits(&part));
    assert_eq!(again.state, part.state);
    assert_eq!(again.report.best_loss, part.report.best_loss);
}

/// Without time there are no weights: a constant, which is the mean of the targets.
#[test]
fn a_training_without_any_time_gives_a_network_of_zeros() {
    for method in ["he", "glorot", "orthogonal", "uniform", "calculated"] {
        let recipe = recipe(&format!("{SMALL}[init]\nmethod = '{method}'"));
        let data = data(&recipe);
        let over = Clock::start(&Limits::of_time(Duration::ZERO));
        let found = train(&recipe, &data, None, &over, &mut Unobserved).unwrap();
        let report = &found.report;
        assert_eq!(report.stopped_by, Some(StoppedBy::TimeLimit));
        assert_eq!((report.epochs, report.best_loss, found.state.is_none()), (0, None, true));
        assert_eq!((report.parameters, report.zeros), (163, 162));
        let value = |x: [f64; 2]| found.network.evaluate_point(&x)[0];
        let mean = found.network.metadata().scaling.as_ref().unwrap().output_mean[0];
        assert!((value([0.0, 0.0]) - mean).abs() < 1e-6 && value([0.0, 0.0]) == value([1.0, 1.0]));
    }
}

/// Stops the clock, but not the training: that has ended by itself.
struct Late(&'static AtomicBool);

impl TrainObserver for Late {
    fn epoch(&mut self, _: &EpochRecord, _: &mut dyn FnMut() -> State) -> ControlFlow<()> {
        self.0.store(true, Relaxed);
        ControlFlow::Continue(())
    }
}

#[test]
fn a_stop_after_the_last_epoch_only_matters_where_metrics_are_left_out() {
    for (text, stopped_by) in [(SMALL, None), (LARGE, Some(StoppedBy::Interrupt))] {
        let recipe = recipe(&text.replace("epochs = 4", "epochs = 0"));
        let (stop, clock) = stoppable();
        let found = train(&recipe, &data(&recipe), None, &clock, &mut Late(stop)).unwrap();
        assert_eq!(found.report.stopped_by, stopped_by);
        assert_eq!(found.report.train.is_none(), stopped_by.is_some());
        assert!(found.report.best_loss.is_some() && found.state.is_some());
    }
}
