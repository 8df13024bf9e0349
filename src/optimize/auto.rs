//! The best way for a problem: Taut's own search, and a mixed-integer program now and then where
//! that takes long.
//!
//! With few inputs the search is far ahead of any program. With more, some problems are easier
//! for a program, and nobody knows which: so it is tried beside the search, for as long as the
//! search has had so far, from the search's best point on. Where its bound is ahead by then it
//! goes on to the end; else the search does, until the next try, a few times later.

use std::ops::ControlFlow;

use super::search::{Aside, Beside, Searched, search};
use super::{Claim, Evidence, OptimizeError, OptimizeOptions, incumbent, milp};
use crate::control::{Clock, Observer, Progress};
use crate::problem::{Candidate, Part, Problem};
use crate::search::MOST_HALVED;

/// Inputs that vary, up to which the search is alone.
const FEW: usize = 5;

/// Seconds of search before the first try of a program, and the share of the time that they are
/// at most.
const FIRST: f64 = 5.0;
const SHARE: f64 = 0.2;

/// The time of search before another try, in units of that before the last one.
const LATER: f64 = 4.0;

/// How much is tried to find a first point: a search finds its own.
pub fn tries(part: &Part) -> incumbent::Tries {
    if part.varying() <= MOST_HALVED { incumbent::QUICK } else { incumbent::THOROUGH }
}

/// What the best way shows, given a point perhaps.
pub fn evidence(
    problem: &Problem,
    whole: &Part,
    options: &OptimizeOptions,
    known: Option<&Candidate>,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<Evidence, OptimizeError> {
    let left = clock.left().map_or(f64::INFINITY, |left| SHARE * left.as_secs_f64());
    let due = match whole.varying() <= FEW {
        true => f64::INFINITY,
        false => FIRST.min(left),
    };
    let (start, spent) = (clock.seconds(), 0.0);
    let mut programs =
        Programs { problem, whole, options, clock, start, spent, due, shown: None, error: None };
    let Searched { evidence: searched, is_done } =
        search(problem, whole, options, known, clock, Beside::only(&mut programs), observer)?;
    let Programs { shown, error, .. } = programs;
    match (shown, error) {
        (Some(Shown { evidence, is_settled }), _) if !is_done => {
            Ok(joined(searched, evidence, is_settled))
        }
        (_, Some(error)) if !is_done => Err(error),
        _ => Ok(searched),
    }
}

/// What both have shown, where the search has not settled the question.
fn joined(searched: Evidence, mut program: Evidence, is_settled: bool) -> Evidence {
    let is_ahead = program.claimed.is_some_and(|bound| bound > searched.proven);
    let is_stopped = matches!(program.claim, Claim::Stopped(_));
    if (!is_settled || is_stopped) && !is_ahead {
        let mut evidence = searched;
        if is_settled {
            evidence.claim = program.claim;
        }
        evidence.points.extend(program.points);
        return evidence;
    }
    program.prove(searched.proven);
    program.points.extend(searched.points);
    program.work.seconds.bounds += searched.work.seconds.bounds;
    program.work.seconds.solve += searched.work.seconds.solve;
    if !is_settled {
        program.claim = searched.claim;
    }
    program
}

/// What a program has shown, and whether that settles the question.
struct Shown {
    evidence: Evidence,
    is_settled: bool,
}

/// Programs beside a search. Times are in seconds.
struct Programs<'a> {
    problem: &'a Problem,
    whole: &'a Part,
    options: &'a OptimizeOptions,
    clock: &'a Clock,
    /// When the search began, by the clock.
    start: f64,
    /// What programs have had.
    spent: f64,
    /// How long the search has had at the next try.
    due: f64,
    /// What the last program has shown.
    shown: Option<Shown>,
    error: Option<OptimizeError>,
}

impl Aside for Programs<'_> {
    fn settles(
        &mut self,
        best: Option<&Candidate>,
        progress: &Progress,
        observer: &mut dyn Observer,
    ) -> bool {
        let now = self.clock.seconds();
        let searched = now - self.start - self.spent;
        if searched < self.due {
            return false;
        }
        self.due = LATER * searched;
        tracing::info!("auto: {searched:.1} s of search, now a mixed-integer program for as long");
        let bound = progress.objective_bound.unwrap_or(f64::NEG_INFINITY);
        let mut judge = Judge { inner: observer, until: now + searched, bound, is_behind: false };
        let (problem, whole, options) = (self.problem, self.whole, self.options);
        let shown = milp::evidence(problem, whole, options, best, self.clock, &mut judge);
        let is_behind = judge.is_behind;
        self.spent += self.clock.seconds() - now;
        match shown {
            Ok(evidence) => {
                let is_settled = !is_behind && !matches!(evidence.claim, Claim::Failed(_));
                self.shown = Some(Shown { evidence, is_settled });
                is_settled
            }
            Err(error) => {
                self.error = Some(error);
                true
            }
        }
    }
}

/// Ends a program that has had its time and whose bound is behind.
struct Judge<'a> {
    inner: &'a mut dyn Observer,
    until: f64,
    /// The bound of the search.
    bound: f64,
    is_behind: bool,
}

impl Observer for Judge<'_> {
    fn update(&mut self, progress: &Progress) -> ControlFlow<()> {
        let ahead = progress.objective_bound.filter(|bound| *bound > self.bound);
        if progress.seconds > self.until && ahead.is_none() {
            self.is_behind = true;
            return ControlFlow::Break(());
        }
        let objective_bound = ahead.or(Some(self.bound).filter(|bound| bound.is_finite()));
        self.inner.update(&Progress { objective_bound, ..*progress })
    }
}
