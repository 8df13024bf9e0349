//! The search for a counterexample in one box under one conjunction, or several: the least excess,
//! as far as it takes to know its sign.

use super::attack::attack_again;
use super::group::Group;
use super::witness::Counterexample;
use crate::bounds::{BoundsError, Crown, NeuronBounds};
use crate::control::{Clock, Observer, StoppedBy};
use crate::num::sample::UniformPoints;
use crate::optimize::Regions;
use crate::problem::{Candidate, Problem};
use crate::search::{Boxes, Effort, Goal, Target, Threads, least};

/// What a search found.
pub struct Hunted {
    /// A counterexample.
    pub found: Option<Counterexample>,
    /// Whether there is none.
    pub is_closed: bool,
    /// Whether what is left has no inside: points on the border of the query only.
    pub is_border: bool,
    /// Parts.
    pub nodes: u64,
    /// What ended the search early, but for its share of the work.
    pub stopped_by: Option<StoppedBy>,
}

/// Parts between two attacks from other points, which take as long as a tenth of them.
const NEXT_ATTACK: u64 = 100;

/// Attacks for one that goes on from a local optimum to others, region by region.
const NEXT_DESCENT: u64 = 8;

/// A point whose excess is at most 0, and what there is to prove: that there is none.
struct Sought<'a, 'b> {
    problem: &'a Problem,
    regions: Option<Regions<'b>>,
    clock: Clock,
    /// Excess that is 0 up to the rounding of constants.
    slack: f64,
    is_found: &'b mut dyn FnMut(&[f64]) -> Option<Counterexample>,
    found: Option<Counterexample>,
    /// A point that might have been one, which is shown again from time to time: where nothing
    /// better comes, it may do.
    almost: Option<Vec<f64>>,
    /// The least excess so far.
    best: f64,
    starts: UniformPoints<'b>,
    attacks: u64,
}

impl Sought<'_, '_> {
    fn take(&mut self, point: Candidate) {
        if self.found.is_none() && point.cost <= self.slack {
            self.found = (self.is_found)(&point.input);
            self.almost.get_or_insert(point.input);
        }
    }

    /// Leads a point on to a local optimum, and looks at both.
    fn descend(&mut self, point: Candidate) {
        let lower = self.regions.as_ref().and_then(|r| r.descend_soon(&point, &self.clock));
        self.take(point);
        if let Some(lower) = lower {
            self.best = self.best.min(lower.cost);
            self.take(lower);
        }
    }
}

impl Goal for Sought<'_, '_> {
    fn offer(&mut self, point: &[f64]) {
        let Some(input) = self.problem.nearest_input(point) else { return };
        let point = self.problem.evaluate_canonical(input);
        match point.cost < self.best {
            true => {
                self.best = point.cost;
                self.descend(point);
            }
            false => self.take(point),
        }
    }

    fn target(&self) -> Target {
        match self.found {
            // Whatever is open is enough.
            Some(_) => Target { best: f64::NEG_INFINITY, enough: f64::NEG_INFINITY },
            None => {
                let above = self.slack.next_up();
                Target { best: above, enough: above }
            }
        }
    }

    fn explore(&mut self, nodes: u64) {
        if nodes < (self.attacks + 1) * NEXT_ATTACK || self.found.is_some() {
            return;
        }
        self.attacks = nodes / NEXT_ATTACK;
        self.found = self.almost.as_deref().and_then(&mut *self.is_found);
        if self.found.is_some() {
            return;
        }
        if self.attacks.is_multiple_of(NEXT_DESCENT) {
            if let Some(start) = self.starts.next() {
                self.descend(self.problem.evaluate_canonical(start));
            }
            return;
        }
        self.found = attack_again(self.problem, &mut self.starts, &self.clock, self.is_found);
    }
}

/// What a search may take.
#[derive(Clone, Copy)]
pub struct Share {
    /// Multiplications, as estimated.
    pub work: f64,
    pub threads: usize,
    /// Seed of its attacks.
    pub seed: u32,
}

/// Seeks a point whose excess is at most 0, given bounds of the graph's first nodes, or of none,
/// that are known.
///
/// # Errors
/// Bounds that overflow.
pub fn hunt(
    group: &Group<'_>,
    known: &NeuronBounds,
    Share { work, threads, seed }: Share,
    clock: &Clock,
    observer: &mut dyn Observer,
    is_found: &mut dyn FnMut(&[f64]) -> Option<Counterexample>,
) -> Result<Hunted, BoundsError> {
    let (problem, slack) = (&group.problem, group.slack());
    let whole = problem.whole().expect("no integer inputs");
    let in_ball = (&whole.domain, group.part.outer());
    let bounds = Crown.propagate_in(problem.graph(), in_ball, known, clock)?;
    // The tables of a large network take their time.
    if let Some(reason) = clock.stopped() {
        let nothing =
            Hunted { found: None, is_closed: false, is_border: false, nodes: 0, stopped_by: None };
        return Ok(Hunted { stopped_by: Some(reason), ..nothing });
    }
    let boxes = Boxes::new(problem, whole, &bounds, *clock).of_alternatives(group.rows.clone());
    let mut sought = Sought {
        problem,
        regions: Regions::new(problem, whole, &bounds),
        clock: *clock,
        slack,
        is_found,
        found: None,
        almost: None,
        best: f64::INFINITY,
        // Not those of the attack before.
        starts: UniformPoints::new(&whole.domain, seed.wrapping_add(1)),
        attacks: 0,
    };
    let effort = Effort { work, threads, ..Effort::until(*clock) };
    let roots = boxes.root(sought.target());
    let mut space = Threads::new(&boxes, threads);
    let Ok(found) = least(&mut space, roots, &mut sought, &effort, observer);
    let above = slack.next_up();
    let is_closed = sought.found.is_none() && found.least >= above;
    let stopped_by = found.stopped_by;
    let is_ended = stopped_by.is_some() || found.work > work;
    let is_border = !is_closed && sought.found.is_none() && !is_ended;
    Ok(Hunted { found: sought.found, is_closed, is_border, nodes: found.nodes, stopped_by })
}
