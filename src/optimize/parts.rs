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

use super::{
    Best, Claim, Evidence, OptimizeError, OptimizeOptions, Seconds, blank, incumbent,
    objective_bound, timed, whole,
};
use crate::bounds::{Crown, Propagator};
use crate::control::{Clock, Observer, StoppedBy};
use crate::num::IntervalBox;
use crate::num::tolerance::CUTOFF_MARGIN;
use crate::problem::{Candidate, Constraint, Problem, Sense};
use crate::solve::SolveError;
use crate::tighten::TightenError;

/// Networks with more inputs are halved along the widest side, in units of the domain:
/// trying every input would take longer than it saves.
const MOST_TRIED: usize = 16;

/// Most parts: more is a slip of the keyboard.
const MOST_PARTS: usize = 1 << 20;

/// What became of the parts of the domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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
struct Part {
    domain: IntervalBox,
    bound: f64,
}

/// What the parts show, each solved by a program of its own.
pub fn evidence(
    problem: &Problem,
    options: &OptimizeOptions,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<Evidence, OptimizeError> {
    if !(1..=MOST_PARTS).contains(&options.parts) {
        let found = options.parts.to_string();
        let expected = "1 to 1048576 parts";
        return Err(SolveError::Option { name: "parts", found, expected }.into());
    }
    let mut answer = blank(problem, options);
    let Some(domain) = problem.integral_domain() else {
        let reason = "no whole number lies in the box of an integer input";
        return Ok(Evidence::empty(answer, reason.to_string()));
    };
    let first = timed(&mut answer.seconds.incumbent, || {
        incumbent::find(problem, &domain, options.solve.seed, clock)
    });
    let parts = timed(&mut answer.seconds.bounds, || divide(problem, domain, options, clock))?;
    let counts = PartCounts { parts: parts.len(), ..PartCounts::default() };
    let best = Best::of(problem, first.clone());
    let evidence = Evidence::new(answer, first);
    let mut work =
        Work { problem, options, clock, counts, best, evidence, proven: None, claimed: None };
    for part in &parts {
        work.solve(part, observer)?;
    }
    Ok(work.finish())
}

/// The state between two parts.
struct Work<'a> {
    problem: &'a Problem,
    options: &'a OptimizeOptions,
    clock: &'a Clock,
    counts: PartCounts,
    best: Best<'a>,
    evidence: Evidence,
    /// The worst proven bound of the parts so far; `None`: none of them has a point.
    proven: Option<f64>,
    /// The same, with what the solver says of them.
    claimed: Option<f64>,
}

impl Work<'_> {
    fn solve(&mut self, part: &Part, observer: &mut dyn Observer) -> Result<(), OptimizeError> {
        let sense = self.problem.sense();
        let known = self.best.target().map(|best| best.objective);
        if known.is_some_and(|known| !sense.better(part.bound, known)) {
            self.counts.excluded += 1;
            self.weaken(Some(part.bound), Some(part.bound));
            return Ok(());
        }
        let mut options = OptimizeOptions { parts: 1, ..self.options.clone() };
        let nodes = self.evidence.answer.nodes;
        let left = self.options.limits.nodes.map(|limit| limit.saturating_sub(nodes));
        options.limits.nodes = left;
        let no_nodes = (left == Some(0)).then_some(StoppedBy::NodeLimit);
        if let Some(reason) = self.clock.stopped().or(no_nodes) {
            self.stop(reason);
        }
        if matches!(self.evidence.claim, Claim::Stopped(_)) {
            self.counts.left += 1;
            self.weaken(Some(part.bound), Some(part.bound));
            return Ok(());
        }
        let constraint = self.best.target().and_then(|best| as_good_as(self.problem, best));
        let within = self.problem.within(part.domain.clone(), constraint);
        let found = whole(&within, &options, self.clock, observer)?;
        match found.answer.model.columns {
            0 => self.counts.excluded += 1,
            _ => self.counts.solved += 1,
        }
        // Where nothing here is better than what was known, that is the bound; where nothing
        // was known, there is no point.
        let proven = if sense.better(found.proven, part.bound) { part.bound } else { found.proven };
        let (proven, claimed) = match (&found.empty, &found.claim) {
            (Some(_), _) => (known, known),
            (None, Claim::Infeasible) => (Some(proven), known),
            (None, _) => {
                let claimed = found.claimed.filter(|&bound| sense.better(proven, bound));
                (Some(proven), Some(claimed.unwrap_or(proven)))
            }
        };
        self.weaken(proven, claimed);
        self.absorb(found);
        Ok(())
    }

    fn stop(&mut self, reason: StoppedBy) {
        if !matches!(self.evidence.claim, Claim::Stopped(_)) {
            self.evidence.claim = Claim::Stopped(reason);
        }
    }

    /// Takes the bounds of one more part into account.
    fn weaken(&mut self, proven: Option<f64>, claimed: Option<f64>) {
        let sense = self.problem.sense();
        let worse = |worst: Option<f64>, bound: Option<f64>| match (worst, bound) {
            (Some(worst), Some(bound)) if !sense.better(bound, worst) => Some(worst),
            (worst, bound) => bound.or(worst),
        };
        self.proven = worse(self.proven, proven);
        self.claimed = worse(self.claimed, claimed);
    }

    fn absorb(&mut self, found: Evidence) {
        let answer = &mut self.evidence.answer;
        answer.nodes += found.answer.nodes;
        answer.lp_iterations += found.answer.lp_iterations;
        answer.seconds = sum(&answer.seconds, &found.answer.seconds);
        let model = found.answer.model;
        if model.binaries >= answer.model.binaries && model.columns > 0 {
            answer.model = model;
            answer.layers = found.answer.layers;
        }
        self.evidence.doubt = self.evidence.doubt.take().or(found.doubt);
        match found.claim {
            Claim::Stopped(reason) => self.stop(reason),
            Claim::Failed(what) if self.evidence.claim == Claim::Optimal => {
                self.evidence.claim = Claim::Failed(what);
            }
            _ => {}
        }
        for point in found.points {
            // Under the constraints of the problem, without that of the cut-off.
            self.best.offer(self.problem.evaluate(point.input));
        }
    }

    fn finish(mut self) -> Evidence {
        self.evidence.answer.parts = Some(self.counts);
        self.evidence.points.extend(self.best.into_points());
        match self.proven {
            Some(bound) => self.evidence.prove(self.problem.sense(), bound),
            None => {
                let reason = "no part of the domain has a point that meets the constraints";
                self.evidence.empty = Some(reason.to_string());
            }
        }
        self.evidence.claimed = self.claimed;
        if self.claimed.is_none() && self.evidence.claim == Claim::Optimal {
            self.evidence.claim = Claim::Infeasible;
        }
        self.evidence
    }
}

/// The constraint that a point is as good as the best one; `None` where every point is.
fn as_good_as(problem: &Problem, best: &Candidate) -> Option<Constraint> {
    let (objective, known) = (problem.objective(), best.objective);
    let margin = CUTOFF_MARGIN * problem.objective_size(&best.input);
    let (lower, upper) = match problem.sense() {
        Sense::Minimize => (f64::NEG_INFINITY, known + margin),
        Sense::Maximize => (known - margin, f64::INFINITY),
    };
    let constant = objective.terms().is_empty();
    (!constant).then(|| Constraint::new(objective.clone(), lower, upper))
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
    domain: IntervalBox,
    options: &OptimizeOptions,
    clock: &Clock,
) -> Result<Vec<Part>, OptimizeError> {
    let sense = problem.sense();
    let bound = |domain: &IntervalBox| {
        let bounds =
            Crown.propagate_within(problem.graph(), domain, clock).map_err(TightenError::from)?;
        Ok::<f64, OptimizeError>(objective_bound(problem, &bounds))
    };
    let mut done = Vec::new();
    let mut parts = vec![Part { bound: bound(&domain)?, domain: domain.clone() }];
    while done.len() + parts.len() < options.parts && !clock.is_stopped() {
        let worst = (0..parts.len()).reduce(|worst, next| {
            if sense.better(parts[next].bound, parts[worst].bound) { next } else { worst }
        });
        let Some(worst) = worst else { break };
        let part = parts.swap_remove(worst);
        let mut chosen: Option<[Part; 2]> = None;
        for input in sides(&part.domain, &domain) {
            let Some(halves) = halves(&part.domain, input, problem.integer()) else { continue };
            let [a, b] = [&halves[0], &halves[1]].map(bound);
            let [left, right] = halves;
            let halves = [Part { bound: a?, domain: left }, Part { bound: b?, domain: right }];
            let least = |halves: &[Part; 2]| {
                let [a, b] = [halves[0].bound, halves[1].bound];
                if sense.better(a, b) { a } else { b }
            };
            // The input whose worse half is best.
            if chosen.as_ref().is_none_or(|best| sense.better(least(best), least(&halves))) {
                chosen = Some(halves);
            }
        }
        match chosen {
            Some(halves) => parts.extend(halves),
            None => done.push(part),
        }
    }
    parts.append(&mut done);
    // A stable sort: equal bounds stay in order.
    parts.sort_by(|a, b| match sense {
        Sense::Minimize => a.bound.total_cmp(&b.bound),
        Sense::Maximize => b.bound.total_cmp(&a.bound),
    });
    Ok(parts)
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

/// Both halves of a box along an input; those of an integer input share no point. `None`
/// where there is nothing between the ends.
pub fn halves(domain: &IntervalBox, input: usize, integer: &[usize]) -> Option<[IntervalBox; 2]> {
    let (low, high) = (domain.lower()[input], domain.upper()[input]);
    let middle = 0.5 * low + 0.5 * high;
    let (left, right) = match integer.contains(&input) {
        // Beyond 2⁵³ not every whole number has a successor: then both halves share one.
        true => match (middle.floor(), middle.floor() + 1.0) {
            (floor, next) if next - floor == 1.0 => (floor, next),
            (floor, _) => (floor, floor),
        },
        false => (middle, middle),
    };
    if !(low <= left && right <= high && left < high && right > low) {
        return None;
    }
    let (mut upper, mut lower) = (domain.upper().to_vec(), domain.lower().to_vec());
    (upper[input], lower[input]) = (left, right);
    let left = IntervalBox::new(domain.lower().to_vec(), upper).ok()?;
    let right = IntervalBox::new(lower, domain.upper().to_vec()).ok()?;
    Some([left, right])
}
