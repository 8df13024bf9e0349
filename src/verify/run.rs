//! A property on its way through the stages.

use std::{ptr, slice};

use super::attack::{attack, attack_in};
use super::enumerate::{self, enumerate};
use super::group::{Group, Open};
use super::hunt::{Share, hunt};
use super::property::{Part, Property};
use super::witness::{Counterexample, Said, look};
use super::{Stage, StageRecord, Unknown, Verdict, Verified, VerifyError, VerifyOptions};
use crate::bounds::{AlphaCrown, BoundsError, Crown, NeuronBounds, Propagator};
use crate::control::{Clock, Observer};
use crate::problem::{Constraint, Expression, Problem, Question};

/// What is tried of each open alternative before the others have their turn.
#[derive(Clone, Copy)]
enum Turn {
    /// A search over boxes.
    Boxes(Share),
    /// The same; where inputs are many, behind bounds whose slopes are optimised.
    Tightened(Share),
    /// All linear regions.
    Regions,
}

/// Most conditions that are bounded in one pass.
const MOST_ROWS: usize = 4096;

/// Multiplications of the search for each of several alternatives before the others have their
/// turn, about a second; then as many as it takes.
const FIRST_TURN: f64 = 3e9;

/// Those before regions are enumerated, which takes some tenths of a second where it is worth it.
const BEFORE_REGIONS: f64 = 5e8;

/// Counterexamples that are some by little before one of them has to do.
const MOST_BARELY: usize = 16;

/// A property, and what is known of it so far.
pub(super) struct Run<'a> {
    property: &'a Property,
    /// About the network; others are made of it.
    base: Problem,
    options: &'a VerifyOptions,
    clock: Clock,
    stages: Vec<StageRecord>,
    nodes: u64,
    disagreement: Option<Counterexample>,
    /// The first counterexample that is one by little, and how many have been seen.
    barely: Option<Counterexample>,
    sightings: usize,
}

impl<'a> Run<'a> {
    /// Of a property with a first part.
    pub fn new(
        property: &'a Property,
        first: &Part,
        options: &'a VerifyOptions,
        clock: Clock,
    ) -> Result<Self, VerifyError> {
        let network = property.network().clone();
        let base = Problem::new(network, first.domain.clone(), Question::default())?;
        let (stages, nodes, sightings) = (Vec::new(), 0, 0);
        let (disagreement, barely) = (None, None);
        Ok(Self { property, base, options, clock, stages, nodes, disagreement, barely, sightings })
    }

    /// Goes through the stages.
    pub fn finish(mut self, observer: &mut dyn Observer) -> Result<Verified, VerifyError> {
        let verdict = match (self.verdict(observer)?, self.barely) {
            (Verdict::Unknown(_), Some(found)) => Verdict::Violated(found),
            (verdict, _) => verdict,
        };
        let parts = self.property.parts();
        Ok(Verified { verdict, stages: self.stages, parts, nodes: self.nodes })
    }

    fn verdict(&mut self, observer: &mut dyn Observer) -> Result<Verdict, VerifyError> {
        let all = self.property.parts.iter().flat_map(|part| {
            part.alternatives.iter().map(move |alternative| Open { part, alternative })
        });
        let all: Vec<Open<'a>> = all.collect();
        let (started, count) = (self.clock.seconds(), all.len());
        let open = self.bound(all)?;
        self.told(Stage::Bounds, (count, count - open.len()), started);
        if open.is_empty() {
            return Ok(Verdict::Holds);
        }
        let alone = open.iter().map(|open| Group::of(&self.base, slice::from_ref(open)));
        let alone = alone.collect::<Result<Vec<Group<'a>>, VerifyError>>()?;
        let (started, count) = (self.clock.seconds(), alone.len());
        let found = self.attack(&alone);
        self.told(Stage::Attack, (count, 0), started);
        if let Some(found) = found {
            return Ok(Verdict::Violated(found));
        }
        let (started, mut closed) = (self.clock.seconds(), 0);
        let groups = Group::joined(&self.base, &open, alone)?;
        let verdict = self.search(groups, &mut closed, observer)?;
        self.told(Stage::Search, (count, closed), started);
        Ok(verdict)
    }

    fn told(&mut self, stage: Stage, (alternatives, closed): (usize, usize), started: f64) {
        let seconds = self.clock.seconds() - started;
        self.stages.push(StageRecord { stage, alternatives, closed, seconds });
    }

    /// The alternatives that bounds leave open: of each part all conditions in one pass.
    fn bound(&self, open: Vec<Open<'a>>) -> Result<Vec<Open<'a>>, VerifyError> {
        let mut left = Vec::new();
        let mut open = open.into_iter().peekable();
        while let Some(first) = open.next() {
            let part = first.part;
            let mut group = vec![first];
            let mut rows = group[0].alternative.constraints.len();
            while let Some(next) = open.next_if(|next| ptr::eq(next.part, part)) {
                rows += next.alternative.constraints.len();
                group.push(next);
                if rows > MOST_ROWS {
                    break;
                }
            }
            left.extend(self.not_excluded(part, group)?);
        }
        Ok(left)
    }

    /// The alternatives of a part that bounds leave open.
    fn not_excluded(
        &self,
        part: &Part,
        group: Vec<Open<'a>>,
    ) -> Result<Vec<Open<'a>>, VerifyError> {
        let rows = group.iter().flat_map(|open| &open.alternative.constraints);
        let constraints: Vec<Constraint> = rows.cloned().collect();
        let question =
            Question { objective: Expression::number(0.0), constraints, ..Question::default() };
        let problem = self.base.asking(part.domain.clone(), question)?;
        let (whole, nothing) = ((&part.domain, part.outer()), NeuronBounds::default());
        let bounds = Crown.propagate_in(problem.graph(), whole, &nothing, &self.clock)?;
        let least = bounds.of(problem.rows()).lower();
        // Row 0 is the objective.
        let mut row = 1;
        let mut left = group;
        left.retain(|open| {
            let constraints = &open.alternative.constraints;
            let rows = &least[row..row + constraints.len()];
            row += constraints.len();
            let mut limits = rows.iter().zip(constraints);
            limits.all(|(least, constraint)| *least <= constraint.upper())
        });
        Ok(left)
    }

    /// Looks at a point; whether it is a counterexample.
    fn is_found(&mut self, part: &Part, point: &[f64]) -> Option<Counterexample> {
        match look(self.property.network(), self.base.network_graph(), part, point) {
            Said::Is(found) => Some(found),
            Said::IsBarely(found) => {
                self.sightings += 1;
                let first = self.barely.get_or_insert(found);
                (self.sightings >= MOST_BARELY).then(|| first.clone())
            }
            Said::Disagrees(found) => {
                self.disagreement.get_or_insert(found);
                None
            }
            Said::IsNone => None,
        }
    }

    fn attack(&mut self, alone: &[Group<'_>]) -> Option<Counterexample> {
        /// The share of the time left that all attacks may take.
        const SHARE: f64 = 0.1;
        let (clock, seed) = (self.clock.share(SHARE), self.options.seed);
        alone.iter().find_map(|Group { part, problem, .. }| {
            let mut is_found = |point: &[f64]| self.is_found(part, point);
            match part.outer() {
                None => attack(problem, seed, &clock, &mut is_found),
                Some(ball) => attack_in(problem, ball, &clock, &mut is_found),
            }
        })
    }

    /// Searches each group, and counts the alternatives that are closed.
    fn search(
        &mut self,
        groups: Vec<Group<'a>>,
        closed: &mut usize,
        observer: &mut dyn Observer,
    ) -> Result<Verdict, VerifyError> {
        let VerifyOptions { threads, seed } = *self.options;
        let of_work = |work| Turn::Boxes(Share { work, threads, seed });
        let has_regions = groups.iter().any(|group| enumerate::is_eligible(&group.problem));
        let has_wide = groups.iter().any(Group::is_wide);
        let last = Turn::Tightened(Share { work: f64::INFINITY, threads, seed });
        let turns = match (groups.len() > 1 || has_wide, has_regions) {
            (false, false) => vec![last],
            (true, false) => vec![of_work(FIRST_TURN), last],
            (_, true) => vec![of_work(BEFORE_REGIONS), Turn::Regions, last],
        };
        let mut open = groups;
        let mut border: Vec<&Part> = Vec::new();
        let nothing = NeuronBounds::default();
        // What is known of a part serves all of its alternatives.
        let mut tightened: Option<(&Part, NeuronBounds)> = None;
        for turn in turns {
            let mut left = Vec::new();
            for group in open {
                let (part, clock) = (group.part, self.clock);
                if let Some(reason) = clock.stopped() {
                    return Ok(self.unknown(Unknown::Stopped(reason)));
                }
                if matches!(turn, Turn::Tightened(_)) && group.is_wide() {
                    tightened = match tightened.take() {
                        Some((of, bounds)) if ptr::eq(of, part) => Some((of, bounds)),
                        _ => Some((part, self.tightened(part)?)),
                    };
                }
                let of_part = tightened.as_ref().filter(|(of, _)| ptr::eq(*of, part));
                let known = of_part.map_or(&nothing, |(_, bounds)| bounds);
                let mut is_found = |point: &[f64]| self.is_found(part, point);
                let hunted = match turn {
                    Turn::Boxes(share) | Turn::Tightened(share) => {
                        Some(hunt(&group, known, share, &clock, observer, &mut is_found)?)
                    }
                    Turn::Regions if enumerate::is_eligible(&group.problem) => {
                        enumerate(&group.problem, group.slack(), &clock, &mut is_found)
                    }
                    Turn::Regions => None,
                };
                let Some(hunted) = hunted else {
                    left.push(group);
                    continue;
                };
                self.nodes += hunted.nodes;
                if let Some(found) = hunted.found {
                    return Ok(Verdict::Violated(found));
                }
                match (hunted.is_closed, hunted.is_border) {
                    (true, _) => *closed += group.count,
                    (false, true) => border.push(part),
                    (false, false) => left.push(group),
                }
                if let Some(reason) = clock.stopped().or(hunted.stopped_by) {
                    return Ok(self.unknown(Unknown::Stopped(reason)));
                }
            }
            open = left;
        }
        let precision = self.property.network().metadata().precision;
        // Without a limit of work every search ends in one of both.
        border.extend(open.iter().map(|group| group.part));
        Ok(match border.iter().all(|part| part.has_numbers(precision)) {
            _ if border.is_empty() => Verdict::Holds,
            true => self.unknown(Unknown::Border),
            false => self.unknown(Unknown::NoNumber),
        })
    }

    /// Bounds of the network over a part, with slopes that are optimised.
    fn tightened(&self, part: &Part) -> Result<NeuronBounds, BoundsError> {
        /// The share of the time left that they may take.
        const SHARE: f64 = 0.2;
        let (graph, clock) = (self.base.network_graph(), self.clock.share(SHARE));
        AlphaCrown.propagate_within(graph, &part.domain, &clock)
    }

    fn unknown(&mut self, why: Unknown) -> Verdict {
        Verdict::Unknown(self.disagreement.take().map_or(why, Unknown::Disagreement))
    }
}
