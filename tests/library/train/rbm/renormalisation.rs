//! The experiment: the same bits whenever it is ended and by however many threads, fields that
//! grow, couplings beside the exact ones, and what is refused.

use std::ops::ControlFlow;

use taut::control::{Clock, StoppedBy};
use taut::train::Resumable;
use taut::train::rbm::Machine;
use taut::train::rbm::renormalisation::{
    Experiment, RbmEpochRecord, RbmObserver, RbmRecipe, RbmState, RunReport, Variant, run,
    summaries,
};

/// Keeps what it sees; stops after so many epochs.
#[derive(Default)]
struct Watch {
    epochs: usize,
    stacks: Vec<Vec<Machine<f64>>>,
    stop_after: Option<usize>,
}

impl RbmObserver for Watch {
    fn epoch(
        &mut self,
        _: &RbmEpochRecord,
        state: &mut dyn FnMut() -> RbmState,
    ) -> ControlFlow<()> {
        self.epochs += 1;
        if self.stop_after == Some(self.epochs) {
            assert!(state().machine.is_some());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn stack(&mut self, _: &RunReport, machines: &[Machine<f64>]) {
        self.stacks.push(machines.to_vec());
    }
}

fn recipe(text: &str) -> RbmRecipe {
    RbmRecipe::from_toml(text).unwrap_or_else(|error| panic!("{error}"))
}

fn carried_out(recipe: &RbmRecipe, state: Option<RbmState>, watch: &mut Watch) -> Experiment {
    run(recipe, ".".as_ref(), state, &Clock::unlimited(), watch)
        .unwrap_or_else(|error| panic!("{error}"))
}

const SMALL: &str = "seeds = 2\ncontrols = ['shuffled', 'no_l1']\n[data]\nsource = 'ising'\n\
                     side = 6\nsamples = 300\ntest_samples = 40\n[stack]\nlayers = [36, 9, 4]\n\
                     [rbm]\nepochs = 4\nbatch = 70\n";

/// Ended after any of the epochs, written as text and read again.
#[test]
fn an_experiment_that_was_ended_has_the_same_end() {
    for more in ["", "persistent = true\nsteps = 2\n"] {
        let recipe = recipe(&format!("{SMALL}{more}"));
        let mut watch = Watch::default();
        let whole = carried_out(&recipe, None, &mut watch);
        assert_eq!((whole.state.epochs, watch.epochs), (6 * 2 * 4, 6 * 2 * 4));
        assert_eq!((whole.stopped_by, whole.state.finished.len()), (None, 6));
        let two = RbmRecipe { threads: 2, ..recipe.clone() };
        assert_eq!(carried_out(&two, None, &mut Watch::default()), whole);
        for stop in [1, 3, 4, 5, 8, 9, 23, 30] {
            let mut first = Watch { stop_after: Some(stop), ..Watch::default() };
            let part = carried_out(&recipe, None, &mut first);
            assert_eq!(part.stopped_by, Some(StoppedBy::Interrupt));
            assert_eq!(part.state.epochs, stop);
            let text = serde_json::to_string(&part.state).expect("JSON");
            let state: RbmState = serde_json::from_str(&text).expect("a state");
            assert_eq!(state, part.state);
            let mut rest = Watch::default();
            assert_eq!(carried_out(&two, Some(state), &mut rest), whole, "{more}{stop}");
            assert_eq!([first.stacks, rest.stacks].concat(), watch.stacks, "{more}{stop}");
        }
    }
}

/// More seeds go on behind those that are done; a state of another stack is refused.
#[test]
fn states_fit_their_recipe() {
    let one = recipe(&SMALL.replace("seeds = 2", "seeds = 1"));
    let two = recipe(SMALL);
    assert_eq!(one.essence(), two.essence());
    let first = carried_out(&one, None, &mut Watch::default());
    let both = carried_out(&two, Some(first.state.clone()), &mut Watch::default());
    assert_eq!(both, carried_out(&two, None, &mut Watch::default()));
    let refused = |recipe: &RbmRecipe, state: RbmState| {
        let ended =
            run(recipe, ".".as_ref(), Some(state), &Clock::unlimited(), &mut Watch::default());
        ended.expect_err("a state that does not fit").to_string()
    };
    assert!(refused(&one, both.state).contains("stacks of another recipe"));
    let mut watch = Watch { stop_after: Some(2), ..Watch::default() };
    let part = carried_out(&one, None, &mut watch).state;
    let other = recipe(&SMALL.replace("[36, 9, 4]", "[36, 8, 4]"));
    assert!(refused(&other, part).contains("36 visible, 9 hidden units"));
}

/// 8 × 8 spins: the fields of 16 units are blocks, those of 4 reach further; those of shuffled
/// samples are everywhere from the first layer on. (An even field has the radius 8/√6 = 3.27.)
#[test]
fn fields_grow_with_depth_and_those_of_shuffled_samples_do_not() {
    let recipe = recipe(
        "controls = ['shuffled']\n[data]\nsource = 'ising'\nside = 8\nsamples = 3000\n\
         test_samples = 300\n[stack]\nlayers = [64, 16, 4]\n[rbm]\nepochs = 60\n",
    );
    let mut watch = Watch::default();
    let found = carried_out(&recipe, None, &mut watch);
    let reports: Vec<&RunReport> = found.state.finished.iter().map(|f| &f.report).collect();
    let summaries = summaries(&reports);
    let of = |variant: Variant, layer: usize| {
        let own = |s: &&taut::train::rbm::renormalisation::Summary| {
            (s.variant, s.layer) == (variant, layer)
        };
        summaries.iter().find(own).expect("a layer")
    };
    let radius = |variant, layer| of(variant, layer).radius.expect("radii").median;
    let growth = |variant| of(variant, 2).growth.expect("radii").median;
    assert!(radius(Variant::Main, 1) < 1.8, "{summaries:?}");
    assert!(growth(Variant::Main) > 1.3, "{summaries:?}");
    assert!(radius(Variant::Shuffled, 1) > 2.6, "{summaries:?}");
    assert!(growth(Variant::Shuffled) < 1.25, "{summaries:?}");
    let overlap = |layer| of(Variant::Main, layer).overlap.expect("spins").median;
    let majority = reports[0].majority_overlap.expect("spins");
    assert!(overlap(1) > overlap(2) && overlap(1) > majority + 0.1, "{summaries:?} {majority}");
    // The samples are those of the model: Kaufman's energy.
    let spins = reports[0].spins.as_ref().expect("spins");
    let apart = (spins.energy.value - spins.exact_energy).abs();
    assert!(apart < 4.0 * spins.energy.standard_error, "{spins:?}");
}

/// Above a ring the exact couplings are those of the decimation: tanh J' = tanhᵇ J; the measured
/// ones fall with depth as they do.
#[test]
fn couplings_flow_on_a_ring() {
    let recipe = recipe(
        "[data]\nsource = 'ring'\nlength = 32\ncoupling = 1.2\nsamples = 2000\n[stack]\n\
         layers = [32, 16, 8]\n[rbm]\nepochs = 60\n",
    );
    let found = carried_out(&recipe, None, &mut Watch::default());
    let layers = &found.state.finished[0].report.layers;
    let couplings: Vec<_> = layers.iter().map(|l| l.coupling.expect("a coupling")).collect();
    let exact = |power: i32| 1.2_f64.tanh().powi(power).atanh();
    assert!((couplings[0].exact.unwrap() - exact(2)).abs() < 1e-12);
    assert!((couplings[1].exact.unwrap() - exact(4)).abs() < 1e-12);
    assert!(couplings[0].measured > couplings[1].measured, "{couplings:?}");
    assert!(couplings.iter().all(|c| c.measured > 0.0 && c.measured < 1.2), "{couplings:?}");
}

#[test]
fn recipes_that_make_no_sense_are_refused() {
    for (text, expected) in [
        ("seeds = 0", "seeds: found 0; expected 1 to 1000"),
        ("[stack]\nlayers = [256]", "stack.layers: found 1; expected 2 to 33 layers"),
        ("[stack]\nlayers = [100, 4]", "stack.layers: found 100; expected 256 units in the first"),
        ("controls = ['no_l1', 'no_l1']", "controls: found one of them twice"),
        ("controls = ['no_l2']", "TOML parse error"),
        ("[data]\nsource = 'ising'\nside = 1", "data.side: found 1; expected 2 to 512"),
        ("[data]\nsource = 'ising'\ncoupling = -0.4", "data.coupling: found -0.4; expected a"),
        ("[data]\nsource = 'spins'", "TOML parse error"),
        ("[rbm]\nvisible = 'gaussian'", "rbm.visible: found 'gaussian'; expected 'binary' for"),
        ("[rbm]\nmomentum = 1.0", "rbm.momentum: found 1; expected a number from 0, below 1"),
        ("[rbm]\nbatch = 0", "rbm.batch: found 0; expected 1 to 65536"),
        ("[rbm]\nsteps = 0", "rbm.steps: found 0; expected 1 to 10000"),
        ("[rbm]\nl1 = -1.0", "rbm.l1: found -1; expected a finite number from 0"),
        ("[rbm]\nepoch = 1", "TOML parse error"),
    ] {
        let found = RbmRecipe::from_toml(text).expect_err(text).to_string();
        assert!(found.starts_with(expected), "{text}\n{found}\nexpected: {expected}");
    }
}

/// A table of numbers beyond 0 and 1 is for Gaussian units, which see it in units of its own.
#[test]
fn tables_are_seen_by_units_of_their_kind() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let mut text = "a,b,c,d,y\n".to_string();
    for row in 0..60 {
        let x = f64::from(row % 7);
        text.push_str(&format!("{x},{},{},7,0\n", 10.0 * x + f64::from(row % 3), -x));
    }
    std::fs::write(folder.path().join("t.csv"), text).expect("a table");
    let table = "[data]\nsource = 'csv'\nfile = 't.csv'\ntargets = ['y']\n[stack]\n\
                 layers = [4, 2]\n[rbm]\nepochs = 3\nlearning_rate = 0.01\n";
    let with = |recipe: &RbmRecipe| {
        run(recipe, folder.path(), None, &Clock::unlimited(), &mut Watch::default())
    };
    let error = with(&recipe(table)).expect_err("numbers beyond 1").to_string();
    assert!(error.contains("expected numbers from 0 to 1 for binary units"), "{error}");
    let gaussian = format!("{table}visible = 'gaussian'\n");
    let found = with(&recipe(&gaussian)).expect("an experiment");
    let layer = &found.state.finished[0].report.layers[0];
    assert!(layer.radius.is_none() && layer.participation.is_some() && layer.overlap.is_none());
    let error = with(&recipe(&gaussian.replace("[4, 2]", "[5, 2]"))).expect_err("units");
    assert!(error.to_string().starts_with("stack.layers: found 5; expected 4"), "{error}");
}
