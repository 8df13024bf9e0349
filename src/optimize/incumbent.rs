//! A first feasible point, without a solver: samples of the domain, then
//! projected gradient steps from the best of them.
//!
//! Any forward pass is a feasible point of a problem without constraints on the
//! outputs; a MILP solver may need minutes to find one.

use crate::control::Clock;
use crate::num::IntervalBox;
use crate::num::sample::UniformPoints;
use crate::problem::{Candidate, OBJECTIVE, Problem};

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub struct Tries {
    /// Number of samples, less for networks so large that they would take long.
    samples: usize,
    /// Number of samples improved by gradient steps.
    starts: usize,
    /// Gradient steps from each start; the step is halved where it does not help.
    steps: usize,
}

/// What a MILP solver gains from, for which points are hard to find.
pub const THOROUGH: Tries = Tries { samples: 512, starts: 8, steps: 60 };

/// What a search needs, which descends from the point and finds others on its way.
pub const QUICK: Tries = Tries { samples: 24, starts: 1, steps: 0 };

/// Most multiplications spent on samples: some tens of milliseconds.
const SAMPLE_BUDGET: usize = 50_000_000;

/// The share of the time left that it takes at most.
const MOST_TIME: f64 = 0.25;

/// First step, as a share of the width of the domain.
const FIRST_STEP: f64 = 0.1;

/// The best feasible point found; `None` if no sample is feasible.
pub fn find(
    problem: &Problem,
    domain: &IntervalBox,
    seed: u32,
    tries: Tries,
    clock: &Clock,
) -> Option<Candidate> {
    let clock = clock.share(MOST_TIME);
    let mut samples = samples(problem, domain, seed, tries, &clock);
    samples.retain(|candidate| candidate.feasible);
    // A stable sort: equal values keep the order in which they were drawn.
    samples.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    samples.truncate(tries.starts);
    let improved = samples.into_iter().map(|start| descend(problem, domain, start, tries, &clock));
    improved.reduce(|best, next| if next.cost < best.cost { next } else { best })
}

/// The midpoint in any case, and uniform samples of the domain.
fn samples(
    problem: &Problem,
    domain: &IntervalBox,
    seed: u32,
    tries: Tries,
    clock: &Clock,
) -> Vec<Candidate> {
    let affordable = SAMPLE_BUDGET / problem.network_graph().weights().max(1);
    let count = affordable.clamp(tries.starts, tries.samples);
    let points = std::iter::once(domain.center()).chain(UniformPoints::new(domain, seed));
    let mut samples = Vec::new();
    for point in points.take(count) {
        samples.extend(problem.nearest_input(&point).map(|point| problem.evaluate(point)));
        if clock.is_stopped() {
            break;
        }
    }
    samples
}

/// Projected gradient steps with halving; never worse than `start`.
fn descend(
    problem: &Problem,
    domain: &IntervalBox,
    start: Candidate,
    tries: Tries,
    clock: &Clock,
) -> Candidate {
    let widths: Vec<f64> = domain.upper().iter().zip(domain.lower()).map(|(u, l)| u - l).collect();
    let mut best = start;
    let mut direction = scaled_direction(problem, &widths, &best);
    let mut step = FIRST_STEP;
    for _ in 0..tries.steps {
        let Some(direction_now) = direction.as_ref().filter(|_| !clock.is_stopped()) else {
            break;
        };
        let moved = best.input.iter().zip(direction_now);
        let moved: Vec<f64> = moved.map(|(x, d)| x + step * d).collect();
        let Some(point) = problem.nearest_input(&moved) else { break };
        let next = problem.evaluate(point);
        if next.feasible && next.cost < best.cost {
            best = next;
            direction = scaled_direction(problem, &widths, &best);
        } else {
            step *= 0.5;
        }
    }
    best
}

/// The direction of best change in the metric of the box, of length 1 there:
/// `widthᵢ² gᵢ / ‖width · g‖`; `None` where the gradient vanishes.
fn scaled_direction(problem: &Problem, widths: &[f64], at: &Candidate) -> Option<Vec<f64>> {
    let gradient = problem.gradient(OBJECTIVE, &at.input);
    let norm = gradient.iter().zip(widths).map(|(g, w)| (g * w).powi(2)).sum::<f64>().sqrt();
    let step = |(g, w): (&f64, &f64)| -g * w * w / norm;
    (norm > 0.0 && norm.is_finite()).then(|| gradient.iter().zip(widths).map(step).collect())
}
