//! The domain in parts: each with bounds, a formulation and a solve of its own.
//!
//! Bounds are much closer on a smaller box, and most parts hold no point as good as the
//! best one known: under the constraint `objective ≤ known value` (for a minimum), their
//! bounds alone often prove that there is none. What is left are a few small programs.
//! The bound of the whole is the worst of the parts.
//!
//! Parts come from bisection: the one with the worst CROWN bound is halved next, along the
//! input that improves this bound most. Splitting the box before a solver sees it: Bunel,
//! Turkaslan, Torr, Kohli, Kumar, "A unified view of piecewise linear neural network
//! verification" (2018).

use serde::Serialize;

use super::known_point::cutoff;
use super::{
    Best, Bounding, Claim, Evidence, OptimizeError, OptimizeOptions, Seconds, bound, milp, timed,
};
use crate::bounds::{Crown, Propagator};
use crate::control::{Clock, Observer, StoppedBy};
use crate::num::IntervalBox;
use crate::problem::{Candidate, OBJECTIVE, Part, Problem};
use crate::search;
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
    let mut seconds = 0.0;
    tracing::info!("parts: divides the box into {}", options.parts);
    let pieces = timed(&mut seconds, || divide(problem, whole, options, clock))?;
    evidence.work.seconds.bounds += seconds;
    let counts = PartCounts { parts: pieces.len(), ..PartCounts::default() };
    let best = Best::of(problem, known.cloned());
    let (proven, claimed) = (f64::INFINITY, f64::INFINITY);
    let mut work =
        Progression { problem, whole, options, clock, counts, best, evidence, proven, claimed };
    for piece in &pieces {
        work.solve(piece, observer)?;
    }
    Ok(work.finish())
}

/// The share of the time left that bounds of the whole may take before it is divided.
const SHARE_OF_THE_WHOLE: f64 = 0.5;

/// The state between two parts.
struct Progression<'a> {
    problem: &'a Problem,
    whole: &'a Part,
    options: &'a OptimizeOptions,
    clock: &'a Clock,
    counts: PartCounts,
    best: Best<'a>,
    evidence: Evidence,
    /// The least proven bound of the parts so far; infinite: none of them has a point.
    proven: f64,
    /// The same, with what the solver says of them.
    claimed: f64,
}

impl Progression<'_> {
    fn solve(&mut self, piece: &Piece, observer: &mut dyn Observer) -> Result<(), OptimizeError> {
        let known = self.best.target().map_or(f64::INFINITY, |best| best.cost);
        if piece.bound >= known {
            self.counts.excluded += 1;
            self.weaken(piece.bound, piece.bound);
            return Ok(());
        }
        let mut options = self.options.clone();
        let nodes = self.evidence.work.nodes;
        options.limits.nodes = options.limits.nodes.map(|limit| limit.saturating_sub(nodes));
        let no_nodes = (options.limits.nodes == Some(0)).then_some(StoppedBy::NodeLimit);
        if let Some(reason) = self.clock.stopped().or(no_nodes) {
            self.stop(reason);
        }
        if matches!(self.evidence.claim, Claim::Stopped(_)) {
            self.counts.left += 1;
            self.weaken(piece.bound, piece.bound);
            return Ok(());
        }
        let PartCounts { parts, excluded, solved, .. } = self.counts;
        tracing::info!("parts: {} of {parts}, {excluded} of them excluded", excluded + solved + 1);
        let part = self.part(piece);
        let known_here = self.best.target().filter(|best| part.domain.contains(&best.input));
        let found =
            milp::evidence(self.problem, &part, &options, known_here, self.clock, observer)?;
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
        self.absorb(found);
        Ok(())
    }

    /// What of a piece may be as good as the best point.
    fn part(&self, piece: &Piece) -> Part {
        let part = Part { domain: piece.domain.clone(), rows: self.whole.rows.clone() };
        match self.best.target() {
            Some(best) => part.at_most(cutoff(self.problem, best)),
            None => part,
        }
    }

    fn stop(&mut self, reason: StoppedBy) {
        if !matches!(self.evidence.claim, Claim::Stopped(_)) {
            self.evidence.claim = Claim::Stopped(reason);
        }
    }

    /// Takes the bounds of one more part into account.
    fn weaken(&mut self, proven: f64, claimed: f64) {
        self.proven = self.proven.min(proven);
        self.claimed = self.claimed.min(claimed);
    }

    fn absorb(&mut self, found: Evidence) {
        let work = &mut self.evidence.work;
        work.nodes += found.work.nodes;
        work.lp_iterations += found.work.lp_iterations;
        work.seconds = sum(&work.seconds, &found.work.seconds);
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

    fn finish(mut self) -> Evidence {
        self.evidence.work.parts = Some(self.counts);
        self.evidence.points.extend(self.best.into_points());
        if self.proven == f64::INFINITY {
            let reason = "no part of the domain has a point that meets the constraints";
            self.evidence.empty = Some(reason.to_string());
        } else {
            self.evidence.prove(self.proven);
        }
        self.evidence.claimed = Some(self.claimed).filter(|bound| *bound < f64::INFINITY);
        if self.claimed == f64::INFINITY && self.evidence.claim == Claim::Optimal {
            self.evidence.claim = Claim::Infeasible;
        }
        self.evidence
    }
}

fn sum(a: &Seconds, b: &Seconds) -> Seconds {
    Seconds {
        read: a.read + b.read,
        bounds: a.bounds + b.bounds,
        tighten: a.tighten + b.tighten,
        scale: a.scale + b.scale,
        incumbent: a.incumbent + b.incumbent,
        encode: a.encode + b.encode,
        solve: a.solve + b.solve,
        polish: a.polish + b.polish,
        certify: a.certify + b.certify,
        total: a.total + b.total,
    }
}

/// The domain in so many parts, or fewer where nothing is left to halve, the one with the
/// worst bound first.
fn divide(
    problem: &Problem,
    whole: &Part,
    options: &OptimizeOptions,
    clock: &Clock,
) -> Result<Vec<Piece>, OptimizeError> {
    let piece = |domain: IntervalBox| {
        let bounds = Crown.propagate_within(problem.graph(), &domain, clock);
        let bounds = bounds.map_err(TightenError::from)?;
        let bound = bounds.of(problem.rows()).lower()[OBJECTIVE];
        Ok::<Piece, OptimizeError>(Piece { domain, bound })
    };
    let mut done = Vec::new();
    let mut pieces = vec![piece(whole.domain.clone())?];
    while done.len() + pieces.len() < options.parts && !clock.is_stopped() {
        let by_bound = |&a: &usize, &b: &usize| {
            let (a, b): (&Piece, &Piece) = (&pieces[a], &pieces[b]);
            a.bound.total_cmp(&b.bound)
        };
        let Some(worst) = (0..pieces.len()).min_by(by_bound) else { break };
        let worst = pieces.swap_remove(worst);
        let mut chosen: Option<[Piece; 2]> = None;
        for input in sides(&worst.domain, &whole.domain) {
            let Some([a, b]) = halves(&worst.domain, input, problem.integer()) else { continue };
            let halves = [piece(a)?, piece(b)?];
            let least = |halves: &[Piece; 2]| halves[0].bound.min(halves[1].bound);
            // The input whose worse half is best.
            if chosen.as_ref().is_none_or(|best| least(&halves) > least(best)) {
                chosen = Some(halves);
            }
        }
        match chosen {
            Some(halves) => pieces.extend(halves),
            None => done.push(worst),
        }
    }
    pieces.append(&mut done);
    // A stable sort: equal bounds stay in order.
    pieces.sort_by(|a, b| a.bound.total_cmp(&b.bound));
    Ok(pieces)
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
