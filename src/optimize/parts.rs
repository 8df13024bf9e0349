//! The domain in parts: each with bounds, a formulation and a solve of its own.
//!
//! Bounds are much closer on a smaller box, and most parts hold no point as good as the
//! best one known: under the condition `objective ≤ known value` (for a minimum), their
//! bounds alone often prove that there is none. What is left are a few small programs.
//! The bound of the whole is the worst of the parts.
//!
//! Parts come from bisection: the one with the worst CROWN bound is halved next, along the
//! input that improves this bound most. Splitting the box before a solver sees it: Bunel,
//! Turkaslan, Torr, Kohli, Kumar, "A unified view of piecewise linear neural network
//! verification" (2018).

use serde::Serialize;

use super::{
    Answer, Clock, OptimizeError, OptimizeOptions, Recheck, Seconds, Status, StoppedBy, blank,
    incumbent, optimize, propagated_bound, settle, timed,
};
use crate::bounds::{Crown, Propagator};
use crate::num::IntervalBox;
use crate::num::tolerance::CUTOFF_MARGIN;
use crate::problem::{Candidate, Constraint, Problem, Sense};
use crate::solve::{Observer, SolveError};
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

/// [`optimize`], part by part.
pub fn optimize_parts(
    problem: &Problem,
    options: &OptimizeOptions,
    clock: Clock,
    observer: &mut dyn Observer,
) -> Result<Answer, OptimizeError> {
    if !(1..=MOST_PARTS).contains(&options.parts) {
        let found = options.parts.to_string();
        let expected = "1 to 1048576 parts";
        return Err(SolveError::Option { name: "parts", found, expected }.into());
    }
    let mut answer = blank(problem, options);
    let Some(domain) = problem.integral_domain() else {
        answer.status = Status::Infeasible;
        return Ok(answer);
    };
    let first = timed(&mut answer.seconds.incumbent, || {
        incumbent::find(problem, &domain, options.solve.seed)
    });
    let parts = timed(&mut answer.seconds.bounds, || divide(problem, domain, options, clock))?;
    let best = first.filter(|point| point.feasible);
    let counts = PartCounts { parts: parts.len(), ..PartCounts::default() };
    let mut work = Work { problem, options, clock, answer, counts, best, bound: None };
    for part in &parts {
        work.solve(part, observer)?;
    }
    work.finish()
}

/// The state between two parts.
struct Work<'a> {
    problem: &'a Problem,
    options: &'a OptimizeOptions,
    clock: Clock,
    answer: Answer,
    counts: PartCounts,
    best: Option<Candidate>,
    /// The worst bound of the parts so far.
    bound: Option<f64>,
}

impl Work<'_> {
    fn solve(&mut self, part: &Part, observer: &mut dyn Observer) -> Result<(), OptimizeError> {
        let sense = self.problem.sense();
        let known = self.best.as_ref().map(|best| best.objective);
        if known.is_some_and(|known| !sense.better(part.bound, known)) {
            self.counts.excluded += 1;
            self.weaken(part.bound);
            return Ok(());
        }
        let mut options = OptimizeOptions { parts: 1, ..self.options.clone() };
        options.solve.time_limit = self.clock.left();
        options.solve.node_limit =
            self.options.solve.node_limit.map(|limit| limit.saturating_sub(self.answer.nodes));
        let limit = match (options.solve.time_limit, options.solve.node_limit) {
            (Some(left), _) if left.is_zero() => Some(StoppedBy::TimeLimit),
            (_, Some(0)) => Some(StoppedBy::NodeLimit),
            _ => None,
        };
        self.answer.stopped_by = self.answer.stopped_by.or(limit);
        if self.answer.stopped_by.is_some() {
            self.counts.left += 1;
            self.weaken(part.bound);
            return Ok(());
        }
        let condition = known.and_then(|known| as_good_as(self.problem, known));
        let within = self.problem.within(part.domain.clone(), condition);
        let found = optimize(&within, &options, observer)?;
        match found.model.columns {
            0 => self.counts.excluded += 1,
            _ => self.counts.solved += 1,
        }
        match (found.status, known) {
            // Nothing here is better than what was known.
            (Status::Infeasible, Some(known)) => self.weaken(known),
            (Status::Infeasible, None) => {}
            _ => {
                let bounds = [found.bound.unwrap_or(part.bound), part.bound];
                let better = sense.better(bounds[0], bounds[1]);
                self.weaken(if better { bounds[1] } else { bounds[0] });
            }
        }
        self.absorb(found);
        Ok(())
    }

    /// Takes the bound of one more part into account.
    fn weaken(&mut self, bound: f64) {
        let sense = self.problem.sense();
        let worst = self.bound.filter(|worst| !sense.better(bound, *worst));
        self.bound = Some(worst.unwrap_or(bound));
    }

    fn absorb(&mut self, found: Answer) {
        let answer = &mut self.answer;
        answer.nodes += found.nodes;
        answer.lp_iterations += found.lp_iterations;
        answer.seconds = sum(&answer.seconds, &found.seconds);
        answer.stopped_by = answer.stopped_by.or(found.stopped_by);
        if found.model.binaries >= answer.model.binaries && found.model.columns > 0 {
            answer.model = found.model;
            answer.layers = found.layers;
        }
        if let Some(point) = found.input.map(|input| self.problem.evaluate(input)) {
            let sense = self.problem.sense();
            let is_better =
                self.best.as_ref().is_none_or(|best| sense.better(point.objective, best.objective));
            if point.feasible && is_better {
                answer.recheck = found.recheck;
                self.best = Some(point);
            }
        }
        if found.status != Status::Infeasible {
            let new = found.warnings.into_iter().filter(|text| !answer.warnings.contains(text));
            let new: Vec<String> = new.collect();
            answer.warnings.extend(new);
        }
    }

    fn finish(mut self) -> Result<Answer, OptimizeError> {
        self.answer.parts = Some(self.counts);
        self.answer.seconds.total = self.clock.elapsed();
        match (self.best, self.bound) {
            (Some(best), Some(bound)) => {
                // Where no part had a better one, the point found first is the answer.
                self.answer.recheck.get_or_insert(Recheck {
                    feasible: best.feasible,
                    objective_error: None,
                    violation: best.violation,
                });
                settle(&mut self.answer, self.problem.sense(), best, bound, self.options)?;
            }
            (None, Some(bound)) => {
                self.answer.status = Status::Unknown;
                self.answer.bound = Some(bound);
            }
            // Every part is infeasible, and no point was known.
            (_, None) => self.answer.status = Status::Infeasible,
        }
        Ok(self.answer)
    }
}

/// The condition that a point is as good as one of value `known`; `None` where every point
/// is.
fn as_good_as(problem: &Problem, known: f64) -> Option<Constraint> {
    let objective = problem.objective();
    let margin = CUTOFF_MARGIN * (1.0 + known.abs());
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
        total: a.total + b.total,
    }
}

/// The domain in so many parts, or fewer where nothing is left to halve, the one with the
/// worst bound first.
fn divide(
    problem: &Problem,
    domain: IntervalBox,
    options: &OptimizeOptions,
    clock: Clock,
) -> Result<Vec<Part>, OptimizeError> {
    let sense = problem.sense();
    let bound = |domain: &IntervalBox| {
        let bounds = Crown.propagate(problem.graph(), domain).map_err(TightenError::from)?;
        Ok::<f64, OptimizeError>(propagated_bound(problem, &bounds))
    };
    let mut done = Vec::new();
    let mut parts = vec![Part { bound: bound(&domain)?, domain: domain.clone() }];
    while done.len() + parts.len() < options.parts && clock.left().is_none_or(|l| !l.is_zero()) {
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
fn halves(domain: &IntervalBox, input: usize, integer: &[usize]) -> Option<[IntervalBox; 2]> {
    let (low, high) = (domain.lower()[input], domain.upper()[input]);
    let middle = 0.5 * low + 0.5 * high;
    let (left, right) = match integer.contains(&input) {
        true => (middle.floor(), middle.floor() + 1.0),
        false => (middle, middle),
    };
    if !(low <= left && right <= high && (left < high || right > low) && low < high) {
        return None;
    }
    let (mut upper, mut lower) = (domain.upper().to_vec(), domain.lower().to_vec());
    (upper[input], lower[input]) = (left, right);
    let left = IntervalBox::new(domain.lower().to_vec(), upper).ok()?;
    let right = IntervalBox::new(lower, domain.upper().to_vec()).ok()?;
    Some([left, right])
}
