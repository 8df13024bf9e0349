//! The best way for a problem: Taut's own search, and a mixed-integer program where that does
//! not end.
//!
//! With few inputs the search is far ahead of any program. With many of them halving a box leads
//! nowhere, and the program comes at once. In between the search gets a share of the time and a
//! budget of work; what it has found and proven by then is where the program starts from, and
//! counts with what the program finds.

use super::search::{Searched, search};
use super::{Best, Evidence, OptimizeError, OptimizeOptions, incumbent, milp};
use crate::control::{Clock, Observer};
use crate::problem::{Candidate, Part, Problem};
use crate::search::MOST_HALVED;

/// Inputs that vary, up to which the search has all the time there is.
const FEW: usize = 5;

/// The share of the time that it has with more inputs, up to [`MOST_HALVED`].
const SHARE: f64 = 0.3;

/// Multiplications, as estimated: some ten seconds.
const WORK: f64 = 2e10;

/// Inputs of a part that vary.
fn varying(part: &Part) -> usize {
    let (lower, upper) = (part.domain.lower(), part.domain.upper());
    lower.iter().zip(upper).filter(|(l, u)| l < u).count()
}

/// How much is tried to find a first point: a search finds its own.
pub fn tries(part: &Part) -> incumbent::Tries {
    if varying(part) <= MOST_HALVED { incumbent::QUICK } else { incumbent::THOROUGH }
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
    let inputs = varying(whole);
    if inputs > MOST_HALVED {
        return milp::evidence(problem, whole, options, known, clock, observer);
    }
    let (share, work) = match inputs <= FEW {
        true => (*clock, f64::INFINITY),
        false => (clock.share(SHARE), WORK),
    };
    let Searched { evidence: searched, is_done } =
        search(problem, whole, options, known, (&share, work), observer)?;
    if is_done || clock.is_stopped() {
        return Ok(searched);
    }
    tracing::info!("auto: the search has not ended, a mixed-integer program goes on");
    let best = Best::of(problem, searched.points.iter().cloned());
    let mut evidence = milp::evidence(problem, whole, options, best.target(), clock, observer)?;
    evidence.prove(searched.proven);
    evidence.points.extend(searched.points);
    evidence.work.seconds.bounds += searched.work.seconds.bounds;
    evidence.work.seconds.solve += searched.work.seconds.solve;
    Ok(evidence)
}
