//! The stacks one after the other, each machine by machine, epoch by epoch.

use std::path::Path;

use super::data::Samples;
use super::figures::measure;
use super::{Experiment, Finished, RbmEpochRecord, RbmObserver, RbmRecipe, RbmState, Variant};
use crate::control::{Clock, StoppedBy};
use crate::network::Precision;
use crate::train::rbm::{
    EpochFigures, Logistic, Machine, MachineState, RbmSettings, Rows, Stack, Threads, Training,
    Visible,
};
use crate::train::{Halt, TrainError};

/// Trains and measures the stacks of a recipe, whose files are relative to `folder`; goes on from
/// `resume` where there is one.
///
/// Where the clock ends it, the experiment stands at the end of the last epoch that was whole,
/// and what goes on from there ends with the bits of one that was never stopped.
///
/// # Errors
/// [`TrainError`].
pub fn run(
    recipe: &RbmRecipe,
    folder: &Path,
    resume: Option<RbmState>,
    clock: &Clock,
    observer: &mut dyn RbmObserver,
) -> Result<Experiment, TrainError> {
    recipe.validate()?;
    let state = resume.unwrap_or_default();
    match recipe.precision {
        Precision::F32 => Work::<f32>::new(recipe, folder, state, clock)?.carry_out(observer),
        Precision::F64 => Work::<f64>::new(recipe, folder, state, clock)?.carry_out(observer),
    }
}

/// An experiment under way.
struct Work<'a, S> {
    recipe: &'a RbmRecipe,
    folder: &'a Path,
    clock: &'a Clock,
    threads: Threads,
    finished: Vec<Finished>,
    stack: Stack<S>,
    /// The last epochs of its machines.
    lasts: Vec<Option<EpochFigures>>,
    machine: Option<MachineState<S>>,
    epochs: usize,
}

impl<'a, S: Logistic> Work<'a, S> {
    fn new(
        recipe: &'a RbmRecipe,
        folder: &'a Path,
        state: RbmState,
        clock: &'a Clock,
    ) -> Result<Self, TrainError> {
        let runs = recipe.runs();
        let reports = state.finished.iter().map(|finished| &finished.report);
        let known = reports.map(|report| (report.seed, report.variant));
        let layers = recipe.stack.layers.len();
        let fits = state.finished.len() <= runs.len()
            && known.eq(runs.iter().copied().take(state.finished.len()));
        let is_whole = state.finished.iter().all(|f| f.report.layers.len() == layers - 1);
        if !fits
            || !is_whole
            || state.machines.len() >= layers
            || state.lasts.len() != state.machines.len()
        {
            let found = "stacks of another recipe".to_string();
            let expected = format!("those of {} seeds and variants", runs.len());
            return Err(TrainError::Checkpoint { found, expected });
        }
        for (machine, pair) in state.machines.iter().zip(recipe.stack.layers.windows(2)) {
            machine.check([pair[0], pair[1]])?;
        }
        Ok(Self {
            recipe,
            folder,
            clock,
            threads: Threads::new(recipe.threads),
            finished: state.finished,
            stack: Stack { machines: state.machines.iter().map(Machine::narrow).collect() },
            lasts: state.lasts,
            machine: state.machine.as_ref().map(MachineState::narrow),
            epochs: state.epochs,
        })
    }

    fn carry_out(mut self, observer: &mut dyn RbmObserver) -> Result<Experiment, TrainError> {
        let runs = self.recipe.runs();
        let mut stopped_by = None;
        for &(seed, variant) in &runs[self.finished.len()..] {
            match self.stack(seed, variant, observer) {
                Ok(()) => {}
                Err(Halt::Stopped(reason)) => {
                    stopped_by = Some(reason);
                    break;
                }
                Err(Halt::Failed(error)) => return Err(error),
            }
        }
        Ok(Experiment { state: self.snapshot(self.machine.as_ref()), stopped_by })
    }

    /// Where it stands, with a machine that has begun.
    fn snapshot(&self, machine: Option<&MachineState<S>>) -> RbmState {
        RbmState {
            finished: self.finished.clone(),
            machines: self.stack.machines.iter().map(Machine::wide).collect(),
            lasts: self.lasts.clone(),
            machine: machine.map(MachineState::wide),
            epochs: self.epochs,
        }
    }

    /// The settings of a machine of the stack, from 1.
    fn settings(&self, variant: Variant, layer: usize) -> RbmSettings {
        let mut settings = self.recipe.rbm.clone();
        if variant == Variant::NoL1 {
            settings.l1 = 0.0;
        }
        if layer > 1 {
            settings.visible = Visible::Binary;
        }
        settings
    }

    /// What is left of a stack.
    fn stack(
        &mut self,
        seed: u64,
        variant: Variant,
        observer: &mut dyn RbmObserver,
    ) -> Result<(), Halt> {
        tracing::info!("samples: seed {seed}, {}", variant.name());
        let (data, visible) = (&self.recipe.data, self.recipe.rbm.visible);
        let mut samples = Samples::load(data, visible, (self.folder, seed), self.clock)?;
        let layers = &self.recipe.stack.layers;
        if samples.train.columns() != layers[0] {
            let expected = format!("{}, one a number of a sample", samples.train.columns());
            return Err(TrainError::key("stack.layers", layers[0], expected).into());
        }
        if variant == Variant::Shuffled {
            samples.shuffle(seed);
        }
        let mut rows = samples.train.clone();
        for (part, machine) in (0..).zip(&self.stack.machines) {
            rows = Stack::upward(machine, &rows, self.recipe.stack.upward, (seed, part));
        }
        for layer in self.stack.machines.len() + 1..layers.len() {
            let part = layer as u64 - 1;
            let (machine, last) = self.machine(&rows, (layer, part), (seed, variant), observer)?;
            self.lasts.push(last);
            rows = Stack::upward(&machine, &rows, self.recipe.stack.upward, (seed, part));
            self.stack.machines.push(machine);
        }
        let (report, shown) =
            measure(self.recipe, (seed, variant), &samples, &self.stack, &self.lasts);
        let stack = std::mem::take(&mut self.stack);
        self.lasts.clear();
        let machines: Vec<Machine<f64>> = stack.machines.iter().map(Machine::wide).collect();
        observer.stack(&report, &machines);
        let shown = (seed == self.recipe.seed).then_some(shown);
        self.finished.push(Finished { report, shown });
        Ok(())
    }

    /// What is left of a machine.
    fn machine(
        &mut self,
        rows: &Rows<S>,
        (layer, part): (usize, u64),
        (seed, variant): (u64, Variant),
        observer: &mut dyn RbmObserver,
    ) -> Result<(Machine<S>, Option<EpochFigures>), Halt> {
        let settings = self.settings(variant, layer);
        let hidden = self.recipe.stack.layers[layer];
        let state = match self.machine.take() {
            Some(state) => {
                state.check(rows, hidden, &settings)?;
                state
            }
            None => MachineState::first(rows, hidden, &settings, (seed, part)),
        };
        let mut training = Training::new(rows, &settings, (seed, part), state);
        while training.state().epoch < settings.epochs {
            let figures = match training.epoch(&self.threads, self.clock) {
                Ok(figures) => figures,
                Err(halt) => {
                    self.machine = Some(training.state().clone());
                    return Err(halt);
                }
            };
            self.epochs += 1;
            let EpochFigures { epoch, reconstruction, weight } = figures;
            let record = RbmEpochRecord { seed, variant, layer, epoch, reconstruction, weight };
            let mut state = || self.snapshot(Some(training.state()));
            if observer.epoch(&record, &mut state).is_break() {
                self.machine = Some(training.state().clone());
                return Err(StoppedBy::Interrupt.into());
            }
        }
        let last = training.state().last;
        Ok((training.finish(), last))
    }
}
