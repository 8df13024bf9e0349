//! A search for a counterexample by gradients: the corner that the plane at the middle points to,
//! then projected steps along signs of gradients from random points, longer first.
//!
//! Source: Madry and others, "Towards deep learning models resistant to adversarial attacks"
//! (2018), arXiv:1706.06083.

use crate::control::Clock;
use crate::num::sample::UniformPoints;
use crate::problem::{OBJECTIVE, Problem};

/// Starts, steps from each.
const STARTS: usize = 16;
const STEPS: usize = 40;

/// Multiplications that all of it may take: some tenths of a second.
const MOST_WORK: f64 = 1e9;

/// First step, as a share of the width of the box, and what the next is beside one.
const FIRST_STEP: f64 = 0.25;
const SHRINK: f64 = 0.9;

/// Seeks a point whose objective is at most 0 from the middle of the box and from random points;
/// each that seems to be one is shown to `look`, whose answer ends the attack.
pub fn attack<T>(
    problem: &Problem,
    seed: u32,
    clock: &Clock,
    look: &mut dyn FnMut(&[f64]) -> Option<T>,
) -> Option<T> {
    let domain = problem.domain();
    // A pass forward and one back.
    let work = 2.0 * problem.graph().weights() as f64;
    let affordable = (MOST_WORK / work.max(1.0)) as usize;
    let starts = (affordable / STEPS).clamp(1, STARTS);
    let points = std::iter::once(domain.center()).chain(UniformPoints::new(domain, seed));
    points.take(starts).find_map(|start| climb(problem, start, clock, look))
}

/// The same from one point.
pub fn climb<T>(
    problem: &Problem,
    mut point: Vec<f64>,
    clock: &Clock,
    look: &mut dyn FnMut(&[f64]) -> Option<T>,
) -> Option<T> {
    let domain = problem.domain();
    let widths: Vec<f64> = domain.upper().iter().zip(domain.lower()).map(|(u, l)| u - l).collect();
    let mut step = FIRST_STEP;
    for number in 0..STEPS {
        if clock.is_stopped() {
            return None;
        }
        if problem.evaluate_canonical(point.clone()).cost <= 0.0
            && let Some(found) = look(&point)
        {
            return Some(found);
        }
        let gradient = problem.gradient(OBJECTIVE, &point);
        // The first step of all goes to a corner.
        let length = if number == 0 { 1.0 } else { step };
        let moved = point.iter().zip(&gradient).zip(&widths);
        let moved: Vec<f64> = moved.map(|((x, g), width)| x - length * width * sign(*g)).collect();
        let next = domain.nearest(&moved);
        if next == point {
            break;
        }
        point = next;
        step *= SHRINK;
    }
    None
}

fn sign(gradient: f64) -> f64 {
    if gradient == 0.0 { 0.0 } else { gradient.signum() }
}
