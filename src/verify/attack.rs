//! A search for a counterexample by gradients: the corner that the plane at the middle points to,
//! then projected steps along signs of gradients from random points, longer first.
//!
//! Source: Madry and others, "Towards deep learning models resistant to adversarial attacks"
//! (2018), arXiv:1706.06083.

use crate::bounds::L1Ball;
use crate::control::Clock;
use crate::num::sample::UniformPoints;
use crate::problem::{OBJECTIVE, Problem};

/// Starts: the search, which attacks now and then, is soon there where networks are small.
const STARTS: usize = 4;
const STARTS_OF_LARGE: usize = 24;

/// Multiplications of a network that is large.
const LARGE: usize = 50_000;

/// Steps from each start.
const STEPS: usize = 40;

/// Multiplications that all of it may take: a second.
const MOST_WORK: f64 = 4e9;

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
    let weights = problem.graph().weights();
    let most = if weights > LARGE { STARTS_OF_LARGE } else { STARTS };
    // A pass forward and one back.
    let affordable = (MOST_WORK / (2.0 * weights.max(1) as f64)) as usize;
    let starts = (affordable / STEPS).clamp(1, most);
    let points = std::iter::once(domain.center()).chain(UniformPoints::new(domain, seed));
    points.take(starts).find_map(|start| climb(problem, start, clock, look))
}

/// The same from one point.
pub fn climb<T>(
    problem: &Problem,
    start: Vec<f64>,
    clock: &Clock,
    look: &mut dyn FnMut(&[f64]) -> Option<T>,
) -> Option<T> {
    let domain = problem.domain();
    let widths: Vec<f64> = domain.upper().iter().zip(domain.lower()).map(|(u, l)| u - l).collect();
    let mut step = FIRST_STEP;
    walk(problem, start, clock, look, |number, point, gradient| {
        // The first step of all goes to a corner.
        let length = if number == 0 { 1.0 } else { step };
        let moved = point.iter().zip(gradient).zip(&widths);
        let moved: Vec<f64> = moved.map(|((x, g), width)| x - length * width * sign(*g)).collect();
        step *= SHRINK;
        domain.nearest(&moved)
    })
}

/// The same in a ball: from its centre on towards the corners that planes point to, each step a
/// smaller share of the way.
///
/// Source: Frank and Wolfe, "An algorithm for quadratic programming" (1956).
pub fn attack_in<T>(
    problem: &Problem,
    ball: &L1Ball,
    clock: &Clock,
    look: &mut dyn FnMut(&[f64]) -> Option<T>,
) -> Option<T> {
    let domain = problem.domain();
    walk(problem, ball.center.clone(), clock, look, |number, point, gradient| {
        let corner = ball.corner(gradient, domain);
        let share = 2.0 / (number as f64 + 2.0);
        let towards = |(x, corner): (&f64, f64)| x + share * (corner - x);
        domain.nearest(&point.iter().zip(corner).map(towards).collect::<Vec<f64>>())
    })
}

/// Steps from a point until one is found or none leads on; `next` is the point behind a step of
/// that number, given the point before and the gradient there.
fn walk<T>(
    problem: &Problem,
    mut point: Vec<f64>,
    clock: &Clock,
    look: &mut dyn FnMut(&[f64]) -> Option<T>,
    mut next: impl FnMut(usize, &[f64], &[f64]) -> Vec<f64>,
) -> Option<T> {
    for number in 0..STEPS {
        if clock.is_stopped() {
            return None;
        }
        let (value, gradient) = problem.value_and_gradient(OBJECTIVE, &point);
        if value <= 0.0
            && let Some(found) = look(&point)
        {
            return Some(found);
        }
        let moved = next(number, &point, &gradient.to_vec());
        if moved == point {
            break;
        }
        point = moved;
    }
    None
}

fn sign(gradient: f64) -> f64 {
    if gradient == 0.0 { 0.0 } else { gradient.signum() }
}
