//! Whole games: bits against bits, stops, and whether anything is learnt.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use taut::control::{Clock, Limits, StoppedBy};
use taut::train::gan::{
    EvaluationRecord, GanInit, GanObserver, GanRecipe, GanStage, GanState, Played, Unwatched,
    World, play, prepare,
};

/// A small game that begins with cooperative steps; 128 samples in a step are two shards.
const SMALL: &str = "seed = 3\n[generator]\nhidden = [8, 8]\n[discriminator]\nhidden = [8, 8]\n\
                     activation = 'leaky-relu'\n[game]\nr1 = 0.1\n[init]\n\
                     method = 'cooperative'\n[cooperative]\nsteps = 25\nlangevin_steps = 3\n\
                     [training]\nsteps = 60\nschedule = 'cosine'\n[evaluation]\nevery = 10\n\
                     samples = 60";

fn recipe(text: &str) -> GanRecipe {
    GanRecipe::from_toml(text).unwrap_or_else(|error| panic!("{error}"))
}

fn world(recipe: &GanRecipe) -> World {
    prepare(recipe, ".".as_ref(), &Clock::unlimited()).unwrap().unwrap()
}

fn played(recipe: &GanRecipe, resume: Option<GanState>) -> Played {
    let clock = Clock::unlimited();
    play(recipe, &world(recipe), resume, &clock, &mut Unwatched).unwrap()
}

/// All weights of the three networks, and the records.
fn bits(played: &Played) -> String {
    let networks = [&played.generator, &played.discriminator, &played.score];
    let layers = networks.iter().flat_map(|network| network.layers());
    let weights: String = layers.map(|view| format!("{:?}\n", view.layer.operator())).collect();
    let state = played.state.as_ref().unwrap();
    format!("{weights}{:?}{:?}", state.records, state.panels)
}

/// Stops after so many looks, and keeps the state.
struct Until(usize, Option<GanState>);

impl GanObserver for Until {
    fn look(
        &mut self,
        _: &EvaluationRecord,
        state: &mut dyn FnMut() -> GanState,
    ) -> ControlFlow<()> {
        self.0 -= 1;
        match self.0 {
            0 => {
                self.1 = Some(state());
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

#[test]
fn a_recipe_gives_the_same_bits_with_any_threads_and_wherever_it_was_stopped() {
    let recipe = recipe(SMALL);
    let expected = bits(&played(&recipe, None));
    let mut threads = recipe.clone();
    threads.training.threads = 2;
    assert_eq!(bits(&played(&threads, None)), expected, "two threads");
    // Looks at 0, 10, 20, 25, 30, …, 60: before the first step, within the cooperative steps,
    // at their end, in the game, at its end.
    for looks in [1, 2, 4, 6, 8] {
        let mut until = Until(looks, None);
        let clock = Clock::unlimited();
        let stopped = play(&recipe, &world(&recipe), None, &clock, &mut until).unwrap();
        assert_eq!(stopped.report.stopped_by, Some(StoppedBy::Interrupt));
        let state = until.1.unwrap();
        // As a file keeps it.
        let text = serde_json::to_string(&state).unwrap();
        let state: GanState = serde_json::from_str(&text).unwrap();
        assert_eq!(state.step, stopped.report.steps);
        assert_eq!(bits(&played(&recipe, Some(state))), expected, "{looks} looks");
    }
    let mut other = recipe.clone();
    other.seed = 4;
    assert_ne!(bits(&played(&other, None)), expected, "another seed");
}

#[test]
fn looks_have_the_stage_and_the_losses_of_the_steps_before_them() {
    let recipe = recipe(SMALL);
    let state = played(&recipe, None).state.unwrap();
    let steps: Vec<u64> = state.records.iter().map(|record| record.step).collect();
    assert_eq!(steps, [0, 10, 20, 25, 30, 40, 50, 60]);
    let is_game = |record: &&EvaluationRecord| record.stage == GanStage::Adversarial;
    assert_eq!(state.records.iter().filter(is_game).count(), 4);
    assert!(state.records[0].generator_loss.is_none());
    assert!(state.records[1..].iter().all(|record| record.generator_loss.is_some()));
    let panels: Vec<u64> = state.panels.iter().map(|panel| panel.step).collect();
    assert_eq!((panels[0], panels.len(), panels[panels.len() - 1]), (0, 6, 60), "{panels:?}");
}

#[test]
fn a_stop_keeps_the_last_look() {
    let recipe = recipe(&SMALL.replace("steps = 60", "steps = 1000000"));
    static STOP: AtomicBool = AtomicBool::new(false);
    let clock = Clock::start(&Limits { stop: Some(&STOP), ..Limits::default() });
    struct Stopping;
    impl GanObserver for Stopping {
        fn look(
            &mut self,
            record: &EvaluationRecord,
            _: &mut dyn FnMut() -> GanState,
        ) -> ControlFlow<()> {
            if record.step == 40 {
                STOP.store(true, Ordering::Relaxed);
            }
            ControlFlow::Continue(())
        }
    }
    let played = play(&recipe, &world(&recipe), None, &clock, &mut Stopping).unwrap();
    assert_eq!(played.report.stopped_by, Some(StoppedBy::Interrupt));
    assert_eq!((played.report.steps, played.state.unwrap().step), (40, 40));
    // Stopped before there were weights.
    let played = play(&recipe, &world(&recipe), None, &clock, &mut Unwatched).unwrap();
    assert!(played.state.is_none() && played.report.metrics.is_none());
    assert_eq!(played.report.stopped_by, Some(StoppedBy::Interrupt));
}

/// A single mode that fills most of the plane in view is found by either way: what is made lies
/// within 3 deviations of it.
#[test]
fn a_wide_mode_is_learnt() {
    let text = "[data]\nsource = 'ring'\nmodes = 1\nradius = 1\nspread = 0.5\n[generator]\n\
                hidden = [16]\n[discriminator]\nhidden = [16]\n[game]\nr1 = 0.1\n\
                [cooperative]\nsteps = 100\n[training]\nsteps = 400\n[evaluation]\n\
                samples = 200";
    for method in GanInit::ALL {
        let mut recipe = recipe(text);
        recipe.init.method = method;
        let report = played(&recipe, None).report;
        let metrics = report.metrics.unwrap();
        assert_eq!((metrics.modes, report.modes), (1, 1));
        assert!(metrics.good > 0.95 && metrics.mmd.unwrap() < 0.1, "{method:?}: {metrics:?}");
    }
}
