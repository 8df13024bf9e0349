//! The walk over all cells of a domain, neuron by neuron, whatever their shape.
//!
//! Depth first: a cell on which a layer's pre-activations are affine is split by that
//! layer's bends one after the other, each part that is left by those of the next layer,
//! and so on. Bends that do not cut a cell when its layer begins are not looked at again.
//! Memory is proportional to the depth.

use super::path::{Errors, Origin, Path};
use super::plan::{PASSED, Plan};
use super::workers::Worker;
use super::{Leaf, Sink};
use crate::control::StoppedBy;

/// A hyperplane with its computed form.
#[derive(Clone, Copy, Debug)]
pub struct Cut<F> {
    pub form: F,
    pub errors: Errors,
    pub origin: Origin,
    /// Neuron and bend of the stage; 0 for the domain.
    pub neuron: u32,
    pub bend: u8,
}

/// A cut by its level (0: the domain, `k + 1`: stage `k`) and place there.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    level: u32,
    index: u32,
}

/// The cuts of each level that may cut the cell at hand.
pub struct Cuts<F>(Vec<Vec<Cut<F>>>);

impl<F> Cuts<F> {
    #[inline]
    pub fn at(&self, place: Place) -> &Cut<F> {
        &self.0[place.level as usize][place.index as usize]
    }

    /// Those of a stage.
    #[inline]
    pub fn of_stage(&mut self, stage: usize) -> &mut Vec<Cut<F>> {
        &mut self.0[stage + 1]
    }

    /// Adds one of the domain.
    pub fn add(&mut self, cut: Cut<F>) -> Place {
        self.0[0].push(cut);
        Place::new(0, self.0[0].len() - 1)
    }
}

impl<F: TryFrom<Vec<f64>>> Cut<F> {
    pub fn new(path: &Path, origin: Origin, neuron: usize, bend: usize) -> Self {
        let mut form = vec![0.0; path.plan.dimension() + 1];
        let errors = path.form(origin, &mut form);
        let form = F::try_from(form).ok().expect("a form of the free inputs");
        Self { form, errors, origin, neuron: neuron as u32, bend: bend as u8 }
    }
}

impl Place {
    fn new(level: usize, index: usize) -> Self {
        let fits = |number: usize| u32::try_from(number).expect("fewer neurons than addresses");
        Self { level: fits(level), index: fits(index) }
    }
}

/// Where a cell lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Side {
    Above,
    /// Or on the cut, for a form that is 0 everywhere.
    Below,
    Both,
}

/// What a walk knows where it is.
pub struct Trail<'p, 's> {
    pub path: Path<'p>,
    pub worker: Worker<'s>,
}

/// The cells on a path of the walk, each known by where it begins in one stack, at whose end
/// the cell at hand lies.
pub trait Shape: Sized {
    /// Coefficients of a cut, the constant last.
    type Form: TryFrom<Vec<f64>>;

    /// The whole box; adds its sides to the cuts if they are looked at later.
    fn new(path: &Path, cuts: &mut Cuts<Self::Form>) -> Self;

    /// On which side of a cut the cell lies; once the walk is halted, only [`Side::Both`] is
    /// certain.
    fn side(
        &mut self,
        trail: &mut Trail,
        cuts: &Cuts<Self::Form>,
        cut: &Cut<Self::Form>,
        start: usize,
    ) -> Side;

    /// Appends the parts of the cell below and above a cut whose side was just asked for,
    /// and returns where that above and that below begin.
    fn split(&mut self, cuts: &Cuts<Self::Form>, place: Place, start: usize) -> [usize; 2];

    /// Makes a part of a split the cell at hand, the one above first.
    #[inline]
    fn enter(&mut self, _cut: &Cut<Self::Form>, _above: bool) {}

    /// Forgets a part.
    fn leave(&mut self, start: usize);

    /// The cell, when all neurons are decided.
    fn leaf(&mut self, start: usize) -> impl Leaf;

    /// Decides the bends of a stage that do not cut the cell, and lists the others.
    fn find_cuts(
        &mut self,
        trail: &mut Trail,
        cuts: &mut Cuts<Self::Form>,
        stage: usize,
        start: usize,
    ) {
        let plan = trail.path.plan;
        let node = plan.stages[stage].input;
        for (i, neuron) in plan.stages[stage].neurons.iter().enumerate() {
            let Some(entry) = neuron.input else { continue };
            if trail.worker.is_halted() {
                return;
            }
            let mut passed = neuron.passed;
            for bend in (0..2).filter(|&bend| neuron.cuts[bend]) {
                let origin = Origin::Bend { node, entry, level: neuron.level(bend) };
                let cut = Cut::new(&trail.path, origin, i, bend);
                match self.side(trail, cuts, &cut, start) {
                    Side::Above => passed |= PASSED[bend],
                    Side::Below => {}
                    Side::Both => cuts.of_stage(stage).push(cut),
                }
            }
            trail.path.passed[stage][i] = passed;
        }
    }
}

/// One worker's walk over the cells.
pub struct Walk<'p, 's, 'k, S, G: Shape> {
    trail: Trail<'p, 's>,
    cuts: Cuts<G::Form>,
    shape: G,
    sink: &'k mut S,
    /// Cuts on the path.
    depth: usize,
}

impl<'p, 's, 'k, S: Sink, G: Shape> Walk<'p, 's, 'k, S, G> {
    pub fn new(plan: &'p Plan, worker: Worker<'s>, sink: &'k mut S) -> Self {
        let mut cuts = Cuts((0..=plan.stages.len()).map(|_| Vec::new()).collect());
        let path = Path::new(plan);
        let shape = G::new(&path, &mut cuts);
        Self { trail: Trail { path, worker }, cuts, shape, sink, depth: 0 }
    }

    /// Walks over all cells. `None` if the constraints leave no open set.
    pub fn run(mut self) -> Option<()> {
        let plan = self.trail.path.plan;
        let mut start = 0;
        for index in 0..plan.constraints.len() {
            let cut = Cut::new(&self.trail.path, Origin::Constraint(index), 0, 0);
            let place = self.cuts.add(cut);
            if self.shape.side(&mut self.trail, &self.cuts, self.cuts.at(place), start)
                == Side::Below
            {
                // Given up, or nothing left.
                return self.trail.worker.is_halted().then_some(());
            }
            [start, _] = self.shape.split(&self.cuts, place, start);
            self.shape.enter(self.cuts.at(place), true);
        }
        if self.trail.worker.enters(self.depth) {
            self.stage(0, start);
        }
        Some(())
    }

    /// Splits the cell at hand by the neurons from `stage` on.
    fn stage(&mut self, stage: usize, start: usize) {
        if self.trail.worker.is_halted() {
            return;
        }
        if stage == self.trail.path.plan.stages.len() {
            self.leaf(start);
            return;
        }
        self.trail.path.enter(stage);
        self.cuts.of_stage(stage).clear();
        self.shape.find_cuts(&mut self.trail, &mut self.cuts, stage, start);
        self.cells(stage, 0, start);
    }

    fn leaf(&mut self, start: usize) {
        let Trail { path, worker } = &mut self.trail;
        if !worker.takes_leaf(self.depth) {
            return;
        }
        worker.found(1);
        if !S::COUNT {
            path.enter(path.plan.stages.len());
            if !self.sink.take(path, &mut self.shape.leaf(start)) {
                worker.halt(StoppedBy::Visitor);
            }
        }
    }

    /// Splits the cell at hand by the cuts of a stage from `first` on.
    fn cells(&mut self, stage: usize, first: usize, start: usize) {
        if self.trail.worker.is_halted() {
            return;
        }
        for index in first..self.cuts.of_stage(stage).len() {
            let place = Place::new(stage + 1, index);
            match self.shape.side(&mut self.trail, &self.cuts, self.cuts.at(place), start) {
                Side::Both => return self.split(stage, index, start),
                side => self.pass(stage, place, side == Side::Above),
            }
        }
        self.trail.worker.step(1);
        self.stage(stage + 1, start);
    }

    /// Marks the bend of a cut as passed or not.
    #[inline]
    fn pass(&mut self, stage: usize, place: Place, passed: bool) {
        let &Cut { neuron, bend, .. } = self.cuts.at(place);
        self.trail.path.pass(stage, neuron as usize, bend.into(), passed);
    }

    /// Walks over the two parts of a cell.
    fn split(&mut self, stage: usize, index: usize, start: usize) {
        let plan = self.trail.path.plan;
        let is_last =
            index + 1 == self.cuts.of_stage(stage).len() && stage + 1 == plan.stages.len();
        if S::COUNT && is_last && !self.trail.worker.is_shared(self.depth) {
            self.trail.worker.found(2);
            return;
        }
        let place = Place::new(stage + 1, index);
        let [above, below] = self.shape.split(&self.cuts, place, start);
        self.depth += 1;
        for (start, is_above) in [(above, true), (below, false)] {
            self.pass(stage, place, is_above);
            self.shape.enter(self.cuts.at(place), is_above);
            if self.trail.worker.enters(self.depth) {
                self.cells(stage, index + 1, start);
            }
            self.shape.leave(start);
        }
        self.depth -= 1;
    }
}
