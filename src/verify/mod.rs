//! Whether a property holds: is there a point of a box whose outputs are in an unsafe set?
//!
//! Stage by stage, each for what the one before has left open: bounds of all conditions over each
//! part of the property at once; an attack, which seeks a counterexample by gradients; the search
//! of [`crate::search`], which finds one or proves that there is none.
//!
//! `Violated` has a point that was looked at in exact arithmetic (`witness.rs`), `Holds` a proof
//! over the real numbers for a closed set that holds the query's.

mod attack;
mod hunt;
mod property;
mod robust;
mod witness;

use serde::Serialize;
use thiserror::Error;

use attack::attack;
use hunt::{Share, hunt};
use property::{Alternative, Part, over, slack};
pub use property::{Property, PropertyError};
pub use robust::{Robustness, RobustnessError};
pub use witness::Counterexample;
use witness::{Said, look};

use crate::bounds::{BoundsError, Crown, Propagator};
use crate::control::{Clock, Observer, StoppedBy};
use crate::network::{Precision, ReluGraph};
use crate::problem::{Constraint, Expression, Problem, ProblemError, Question};

/// How to verify.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// Threads. Default: 1.
    pub threads: usize,
    /// Seed of the attack. Default: 0.
    pub seed: u32,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self { threads: 1, seed: 0 }
    }
}

/// What is known of a property.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// No point satisfies the query: `unsat`.
    Holds,
    /// This one does: `sat`.
    Violated(Counterexample),
    /// Neither is known, and why.
    Unknown(Unknown),
}

/// Why nothing is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Unknown {
    /// A limit, or an interrupt.
    Stopped(StoppedBy),
    /// A point is a counterexample over the real numbers and not in the type of the network, or
    /// the other way round.
    Disagreement(Counterexample),
    /// What is left lies on the border of what the query says.
    Border,
    /// No number of the network's type lies within the bounds of an input, such as 0.1 and 0.1.
    NoNumber,
}

/// The stages, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Bounds over whole parts.
    Bounds,
    /// Gradients.
    Attack,
    /// Branch and bound.
    Search,
}

impl Stage {
    /// Name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bounds => "bounds",
            Self::Attack => "attack",
            Self::Search => "search",
        }
    }
}

/// What a stage did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StageRecord {
    /// Which one.
    pub stage: Stage,
    /// Alternatives (parts with one conjunction each) that it began with.
    pub alternatives: usize,
    /// Alternatives of which it has shown that they have no point.
    pub closed: usize,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// What verifying found.
#[derive(Clone, Debug)]
pub struct Verified {
    /// What is known.
    pub verdict: Verdict,
    /// The stages that took place.
    pub stages: Vec<StageRecord>,
    /// Boxes of the property.
    pub parts: usize,
    /// Parts of the search.
    pub nodes: u64,
}

/// Why a property cannot be looked at.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// Its numbers overflow.
    #[error(transparent)]
    Bounds(#[from] BoundsError),
    /// A condition is none on numbers of double precision.
    #[error(transparent)]
    Problem(#[from] ProblemError),
}

/// A part with one of its alternatives, which is still open.
struct Open<'a> {
    part: &'a Part,
    alternative: &'a Alternative,
}

/// Most conditions that are bounded in one pass.
const MOST_ROWS: usize = 4096;

/// Multiplications of the search for each of several alternatives before the others have their
/// turn, about a second; then as many as it takes.
const FIRST_TURN: f64 = 3e9;

/// Counterexamples that are some by little before one of them has to do.
const MOST_BARELY: usize = 16;

/// Verifies a property.
///
/// # Errors
/// [`VerifyError`].
pub fn verify(
    property: &Property,
    options: &VerifyOptions,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<Verified, VerifyError> {
    let mut run = Run {
        property,
        graph: property.network().lower(),
        stages: Vec::new(),
        nodes: 0,
        disagreement: None,
        barely: None,
        sightings: 0,
    };
    let verdict = match (run.verdict(options, clock, observer)?, run.barely) {
        (Verdict::Unknown(_), Some(found)) => Verdict::Violated(found),
        (verdict, _) => verdict,
    };
    let parts = property.parts();
    Ok(Verified { verdict, stages: run.stages, parts, nodes: run.nodes })
}

struct Run<'a> {
    property: &'a Property,
    graph: ReluGraph,
    stages: Vec<StageRecord>,
    nodes: u64,
    disagreement: Option<Counterexample>,
    /// The first counterexample that is one by little, and how many have been seen.
    barely: Option<Counterexample>,
    sightings: usize,
}

impl<'a> Run<'a> {
    fn verdict(
        &mut self,
        options: &VerifyOptions,
        clock: &Clock,
        observer: &mut dyn Observer,
    ) -> Result<Verdict, VerifyError> {
        let base = self.base()?;
        let Some(base) = base else { return Ok(Verdict::Holds) };
        let all = self.property.parts.iter().flat_map(|part| {
            part.alternatives.iter().map(move |alternative| Open { part, alternative })
        });
        let open: Vec<Open<'a>> = all.collect();
        let open =
            self.timed(Stage::Bounds, clock, open, |run, open| run.bound(&base, open, clock))?;
        let mut problems = Vec::new();
        for Open { part, alternative } in open {
            problems.push((part, self.problem(&base, part, alternative)?));
        }
        if problems.is_empty() {
            return Ok(Verdict::Holds);
        }
        let started = clock.seconds();
        let found = self.attack(&problems, options, clock);
        self.told(Stage::Attack, (problems.len(), 0), clock.seconds() - started);
        if let Some(found) = found {
            return Ok(Verdict::Violated(found));
        }
        let (started, alternatives, mut closed) = (clock.seconds(), problems.len(), 0);
        let verdict = self.search(problems, &mut closed, options, clock, observer)?;
        self.told(Stage::Search, (alternatives, closed), clock.seconds() - started);
        Ok(verdict)
    }

    /// A problem about the network, from which others are made; `None` where there is no part.
    fn base(&self) -> Result<Option<Problem>, VerifyError> {
        let Some(part) = self.property.parts.first() else { return Ok(None) };
        let network = self.property.network().clone();
        Ok(Some(Problem::new(network, part.domain.clone(), Question::default())?))
    }

    fn told(&mut self, stage: Stage, (alternatives, closed): (usize, usize), seconds: f64) {
        self.stages.push(StageRecord { stage, alternatives, closed, seconds });
    }

    fn timed(
        &mut self,
        stage: Stage,
        clock: &Clock,
        open: Vec<Open<'a>>,
        work: impl FnOnce(&mut Self, Vec<Open<'a>>) -> Result<Vec<Open<'a>>, VerifyError>,
    ) -> Result<Vec<Open<'a>>, VerifyError> {
        let (started, before) = (clock.seconds(), open.len());
        let open = work(self, open)?;
        self.told(stage, (before, before - open.len()), clock.seconds() - started);
        Ok(open)
    }

    /// The alternatives that bounds leave open: of each part all conditions in one pass.
    fn bound(
        &mut self,
        base: &Problem,
        open: Vec<Open<'a>>,
        clock: &Clock,
    ) -> Result<Vec<Open<'a>>, VerifyError> {
        let mut left = Vec::new();
        let mut open = open.into_iter().peekable();
        while let Some(first) = open.next() {
            let part = first.part;
            let mut group = vec![first];
            let mut rows = group[0].alternative.constraints.len();
            while let Some(next) = open.next_if(|next| std::ptr::eq(next.part, part)) {
                rows += next.alternative.constraints.len();
                group.push(next);
                if rows > MOST_ROWS {
                    break;
                }
            }
            left.extend(excluded(base, part, group, clock)?);
        }
        Ok(left)
    }

    /// The least excess of an alternative over its part.
    fn problem(
        &self,
        base: &Problem,
        part: &Part,
        alternative: &Alternative,
    ) -> Result<Problem, VerifyError> {
        let rows = alternative.constraints.iter().map(over).collect();
        let objective = Expression::largest(rows).unwrap_or_default();
        let question = Question { objective, ..Question::default() };
        Ok(base.asking(part.domain.clone(), question)?)
    }

    /// Looks at a point; whether it is a counterexample.
    fn is_found(&mut self, part: &Part, point: &[f64]) -> Option<Counterexample> {
        match look(self.property.network(), &self.graph, part, point) {
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

    fn attack(
        &mut self,
        problems: &[(&Part, Problem)],
        options: &VerifyOptions,
        clock: &Clock,
    ) -> Option<Counterexample> {
        /// The share of the time left that all attacks may take.
        const SHARE: f64 = 0.1;
        let clock = clock.share(SHARE);
        problems.iter().find_map(|(part, problem)| {
            attack(problem, options.seed, &clock, &mut |point| self.is_found(part, point))
        })
    }

    /// Searches each alternative, and counts those that are closed.
    fn search(
        &mut self,
        problems: Vec<(&Part, Problem)>,
        closed: &mut usize,
        options: &VerifyOptions,
        clock: &Clock,
        observer: &mut dyn Observer,
    ) -> Result<Verdict, VerifyError> {
        let turns =
            if problems.len() > 1 { &[FIRST_TURN, f64::INFINITY][..] } else { &[f64::INFINITY] };
        let mut open = problems;
        let mut border: Vec<&Part> = Vec::new();
        for &work in turns {
            let mut left = Vec::new();
            for (part, problem) in open {
                let slack = slack(problem.objective());
                let share = Share { work, threads: options.threads, seed: options.seed };
                let mut is_found = |point: &[f64]| self.is_found(part, point);
                let hunted = hunt(&problem, slack, share, clock, observer, &mut is_found)?;
                self.nodes += hunted.nodes;
                if let Some(found) = hunted.found {
                    return Ok(Verdict::Violated(found));
                }
                match (hunted.is_closed, hunted.is_border) {
                    (true, _) => *closed += 1,
                    (false, true) => border.push(part),
                    (false, false) => left.push((part, problem)),
                }
                if let Some(reason) = clock.stopped().or(hunted.stopped_by) {
                    return Ok(self.unknown(Unknown::Stopped(reason)));
                }
            }
            open = left;
        }
        let is_single = self.property.network().metadata().precision == Precision::F32;
        // Without a limit of work every search ends in one of both.
        border.extend(open.iter().map(|(part, _)| *part));
        Ok(match border.iter().all(|part| part.has_numbers(is_single)) {
            _ if border.is_empty() => Verdict::Holds,
            true => self.unknown(Unknown::Border),
            false => self.unknown(Unknown::NoNumber),
        })
    }

    fn unknown(&mut self, why: Unknown) -> Verdict {
        Verdict::Unknown(self.disagreement.take().map_or(why, Unknown::Disagreement))
    }
}

/// The alternatives of a part that bounds leave open.
fn excluded<'a>(
    base: &Problem,
    part: &Part,
    group: Vec<Open<'a>>,
    clock: &Clock,
) -> Result<Vec<Open<'a>>, VerifyError> {
    let rows = group.iter().flat_map(|open| &open.alternative.constraints);
    let constraints: Vec<Constraint> = rows.cloned().collect();
    let question =
        Question { objective: Expression::number(0.0), constraints, ..Question::default() };
    let problem = base.asking(part.domain.clone(), question)?;
    let bounds = Crown.propagate_within(problem.graph(), &part.domain, clock)?;
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
