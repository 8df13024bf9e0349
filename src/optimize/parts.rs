//! The domain in parts: each with bounds, a formulation and a solve of its own.
//!
//! Bounds are much closer on a smaller box, and most parts hold no point as good as the
//! best one known: under the constraint `objective ≤ known value` (for a minimum), their
//! bounds alone often prove that there is none. What is left are a few small programs.
//! The bound of the whole is the worst of the parts.
//!
//! All of it is one search: the part with the worst CROWN bound comes next. As long as there are
//! fewer than asked for it is halved, along the input that improves this bound most; then a
//! program closes it, told of the best point so far. Splitting the box before a solver sees it:
//! Bunel, Turkaslan, Torr, Kohli, Kumar, "A unified view of piecewise linear neural network
//! verification" (2018).

use serde::Serialize;

use super::known_point::cutoff;
use super::{Best, Bounding, Claim, Evidence, OptimizeError, OptimizeOptions, bound, milp, timed};
use crate::bounds::{Crown, Propagator};
use crate::control::{Clock, Observer, Silent, StoppedBy};
use crate::num::IntervalBox;
use crate::problem::{Candidate, OBJECTIVE, Part, Problem};
use crate::search::{self, Bounded, Divided, Effort, Enough, Found, Space, Target, least};
use crate::solve::SolveError;
use crate::tighten::{TightenError, Tightening};

/// Networks with more inputs are halved along the widest side, in units of the domain:
/// trying every input would take longer than it saves.
const MOST_TRIED: usize = 16;

/// Most parts: more is a slip of the keyboard.
const MOST_PARTS: usize = 1 << 20;

/// What became of the parts of the domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartCounts {
    /// All of them.
    pub parts: usize,
    /// Without a point as good as the one known, by bounds alone.
    pub excluded: usize,
    /// Given to the solver.
    pub solved: usize,
    /// Not looked at any more when a limit or an interrupt came.
    pub left: usize,
}

/// A part and its CROWN bound.
struct Piece {
    domain: IntervalBox,
    bound: f64,
}

/// What the parts show, each solved by a program of its own, given a point perhaps.
pub fn evidence(
    problem: &Problem,
    whole: &Part,
    options: &OptimizeOptions,
    known: Option<&Candidate>,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<Evidence, OptimizeError> {
    if !(1..=MOST_PARTS).contains(&options.parts) {
        let found = options.parts.to_string();
        let expected = "1 to 1048576 parts";
        return Err(SolveError::Option { name: "parts", found, expected }.into());
    }
    let mut evidence = Evidence::new(milp::record(options));
    // What the whole proves needs no parts. Where a point is known, that is no contradiction,
    // and the parts give better bounds than programs over the whole.
    let tighten = match known.is_some() {
        true => Tightening::Propagation(&Crown),
        false => options.tighten,
    };
    let of_whole = OptimizeOptions { tighten, ..options.clone() };
    match bound(problem, &of_whole, &clock.share(SHARE_OF_THE_WHOLE))? {
        Bounding::Infeasible { reason, seconds } => {
            evidence.work.seconds.bounds = seconds;
            evidence.empty = Some(reason);
            return Ok(evidence);
        }
        Bounding::Bounded(bounded) => {
            evidence.work.seconds.bounds = bounded.propagation_seconds;
            evidence.work.seconds.tighten = bounded.tighten_seconds;
            evidence.prove(bounded.bounds.of(problem.rows()).lower()[OBJECTIVE]);
            evidence.bounds = Some(bounded.bounds);
        }
    }
    tracing::info!("parts: divides the box into {}", options.parts);
    let counts = PartCounts { parts: 1, ..PartCounts::default() };
    let best = Best::of(problem, known.cloned());
    let bounds = [f64::INFINITY; 2];
    let mut division =
        Division { problem, whole, options, clock, observer, counts, best, evidence, bounds };
    let root = division.piece(whole.domain.clone())?;
    let roots = vec![Bounded::open(root.bound, root)];
    let effort = Effort {
        nodes: options.limits.nodes.unwrap_or(u64::MAX),
        memory: options.limits.memory,
        ..Effort::until(*clock)
    };
    // What is enough the space knows itself, and the programs tell the observer.
    let mut goal = Enough { bound: f64::INFINITY, visit: |_: &[f64]| {} };
    let found = least(&mut division, roots, &mut goal, &effort, &mut Silent)?;
    Ok(division.finish(&found))
}

/// The share of the time left that bounds of the whole may take before it is divided.
const SHARE_OF_THE_WHOLE: f64 = 0.5;

/// The domain, halved until there are parts enough, and what programs show of these.
struct Division<'a> {
    problem: &'a Problem,
    whole: &'a Part,
    options: &'a OptimizeOptions,
    clock: &'a Clock,
    observer: &'a mut dyn Observer,
    counts: PartCounts,
    best: Best<'a>,
    evidence: Evidence,
    /// The least proven bound of the parts that are done with, and the least that the solver
    /// claims; infinite: none has a point.
    bounds: [f64; 2],
}

impl Space for Division<'_> {
    type Part = Piece;
    type Error = OptimizeError;

    fn divide(&mut self, piece: Piece, _: Target) -> Divided<Self> {
        Ok(match self.halve(&piece)? {
            Some(halves) => halves.map(|half| Bounded::open(half.bound, half)).into(),
            None => vec![self.close(&piece)?],
        })
    }

    fn bytes(&self) -> usize {
        size_of::<Piece>() + 2 * size_of::<f64>() * self.whole.domain.len()
    }
}

impl Division<'_> {
    /// A piece, bounded.
    fn piece(&mut self, domain: IntervalBox) -> Result<Piece, OptimizeError> {
        let mut seconds = 0.0;
        let graph = self.problem.graph();
        let bounds = timed(&mut seconds, || Crown.propagate_within(graph, &domain, self.clock));
        self.evidence.work.seconds.bounds += seconds;
        let bounds = bounds.map_err(TightenError::from)?;
        let bound = bounds.of(self.problem.rows()).lower()[OBJECTIVE];
        Ok(Piece { domain, bound })
    }

    /// Both halves of a piece along the input whose worse half is best, unless there are parts
    /// enough or nothing is left to halve.
    fn halve(&mut self, piece: &Piece) -> Result<Option<[Piece; 2]>, OptimizeError> {
        if self.counts.parts >= self.options.parts || self.is_stopped() {
            return Ok(None);
        }
        let mut chosen: Option<[Piece; 2]> = None;
        for input in sides(&piece.domain, &self.whole.domain) {
            let halves = halves(&piece.domain, input, self.problem.integer());
            let Some([left, right]) = halves else { continue };
            let halves = [self.piece(left)?, self.piece(right)?];
            let least = |halves: &[Piece; 2]| halves[0].bound.min(halves[1].bound);
            if chosen.as_ref().is_none_or(|best| least(&halves) > least(best)) {
                chosen = Some(halves);
            }
        }
        self.counts.parts += usize::from(chosen.is_some());
        Ok(chosen)
    }

    /// Lets a program close a piece; its bounds are kept aside, as most of them are only claimed.
    /// A piece that needs no program, or gets none any more, ends the search with its own bound:
    /// no other piece has a lower one.
    fn close(&mut self, piece: &Piece) -> Result<Bounded<Piece>, OptimizeError> {
        let known = self.known();
        if piece.bound >= known || self.is_stopped() {
            return Ok(Bounded { least: piece.bound, nodes: 0, ..Bounded::nothing() });
        }
        let mut options = self.options.clone();
        let nodes = self.evidence.work.nodes;
        options.limits.nodes = options.limits.nodes.map(|limit| limit.saturating_sub(nodes));
        let PartCounts { parts, excluded, solved, .. } = self.counts;
        tracing::info!("parts: {} of {parts}, {excluded} of them excluded", excluded + solved + 1);
        let mut part = Part { domain: piece.domain.clone(), rows: self.whole.rows.clone() };
        if let Some(best) = self.best.target() {
            part = part.at_most(cutoff(self.problem, best));
        }
        let known_here = self.best.target().filter(|best| part.domain.contains(&best.input));
        let found =
            milp::evidence(self.problem, &part, &options, known_here, self.clock, self.observer)?;
        match found.work.model.columns {
            0 => self.counts.excluded += 1,
            _ => self.counts.solved += 1,
        }
        // Where nothing here is better than what was known, that is the bound; where nothing
        // was known, there is no point.
        let proven = found.proven.max(piece.bound);
        let (proven, claimed) = match (&found.empty, &found.claim) {
            (Some(_), _) => (known, known),
            (None, Claim::Infeasible) => (proven, known),
            (None, _) => (proven, found.claimed.map_or(proven, |bound| bound.max(proven))),
        };
        self.weaken(proven, claimed);
        let nodes = found.work.nodes;
        self.absorb(found);
        Ok(Bounded { nodes, ..Bounded::nothing() })
    }

    /// The value of the best point; infinite without one.
    fn known(&self) -> f64 {
        self.best.target().map_or(f64::INFINITY, |best| best.cost)
    }

    fn is_stopped(&self) -> bool {
        matches!(self.evidence.claim, Claim::Stopped(_))
    }

    fn stop(&mut self, reason: StoppedBy) {
        if !self.is_stopped() {
            self.evidence.claim = Claim::Stopped(reason);
        }
    }

    /// Takes the bounds of one more part into account.
    fn weaken(&mut self, proven: f64, claimed: f64) {
        let [least_proven, least_claimed] = self.bounds;
        self.bounds = [least_proven.min(proven), least_claimed.min(claimed)];
    }

    fn absorb(&mut self, found: Evidence) {
        let work = &mut self.evidence.work;
        work.nodes += found.work.nodes;
        work.lp_iterations += found.work.lp_iterations;
        work.seconds += found.work.seconds;
        let model = found.work.model;
        if model.binaries >= work.model.binaries && model.columns > 0 {
            work.model = model;
            work.layers = found.work.layers;
        }
        self.evidence.doubt = self.evidence.doubt.take().or(found.doubt);
        match found.claim {
            Claim::Stopped(reason) => self.stop(reason),
            Claim::Failed(what) if self.evidence.claim == Claim::Optimal => {
                self.evidence.claim = Claim::Failed(what);
            }
            _ => {}
        }
        found.points.into_iter().for_each(|point| self.best.offer(point));
    }

    fn finish(mut self, found: &Found) -> Evidence {
        // Those that no program was asked about; none of them has a lower bound.
        let rest = self.counts.parts - self.counts.excluded - self.counts.solved;
        match found.least >= self.known() {
            true => self.counts.excluded += rest,
            false => {
                self.counts.left = rest;
                found.stopped_by.into_iter().for_each(|reason| self.stop(reason));
            }
        }
        self.weaken(found.least, found.least);
        self.evidence.work.parts = Some(self.counts);
        self.evidence.points.extend(self.best.into_points());
        let [proven, claimed] = self.bounds;
        if proven == f64::INFINITY {
            let reason = "no part of the domain has a point that meets the constraints";
            self.evidence.empty = Some(reason.to_string());
        } else {
            self.evidence.prove(proven);
        }
        self.evidence.claimed = Some(claimed).filter(|bound| *bound < f64::INFINITY);
        if claimed == f64::INFINITY && self.evidence.claim == Claim::Optimal {
            self.evidence.claim = Claim::Infeasible;
        }
        self.evidence
    }
}

/// The inputs to try.
fn sides(part: &IntervalBox, domain: &IntervalBox) -> Vec<usize> {
    let width = |b: &IntervalBox, i: usize| b.upper()[i] - b.lower()[i];
    let wide: Vec<usize> = (0..part.len()).filter(|&i| width(part, i) > 0.0).collect();
    if wide.len() <= MOST_TRIED {
        return wide;
    }
    let share = |&i: &usize| width(part, i) / width(domain, i);
    wide.into_iter().max_by(|a, b| share(a).total_cmp(&share(b))).into_iter().collect()
}

/// Both halves of a box along an input. `None` where there is nothing between the ends.
fn halves(domain: &IntervalBox, input: usize, integer: &[usize]) -> Option<[IntervalBox; 2]> {
    let [left, right] = search::halves(domain.interval(input), integer.contains(&input))?;
    let (mut upper, mut lower) = (domain.upper().to_vec(), domain.lower().to_vec());
    (upper[input], lower[input]) = (left, right);
    let left = IntervalBox::new(domain.lower().to_vec(), upper).ok()?;
    let right = IntervalBox::new(lower, domain.upper().to_vec()).ok()?;
    Some([left, right])
}
