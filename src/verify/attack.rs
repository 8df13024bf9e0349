//! A search for a counterexample by gradients: the corner that the plane at the middle points to,
//! then projected steps along signs of gradients from random points, longer first.
//!
//! Source: Madry and others, "Towards deep learning models resistant to adversarial attacks"
//! (2018), arXiv:1706.06083.

use ndarray::Array2;

use crate::bounds::L1Ball;
use crate::control::Clock;
use crate::num::sample::UniformPoints;
use crate::problem::{OBJECTIVE, Problem};

/// Starts: the search, which attacks now and then, is soon there where networks are small.
const STARTS: usize = 4;
const STARTS_OF_LARGE: usize = 24;

/// Multiplications of a network that is large.
const LARGE: usize = 50_000;

/// Starts of a large network that take hardly longer together than one.
const TOGETHER: usize = 8;

/// Steps from each start.
const STEPS: i32 = 40;

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
    let (domain, starts) = (problem.domain(), starts(problem, [STARTS, STARTS_OF_LARGE]));
    let points = std::iter::once(domain.center()).chain(UniformPoints::new(domain, seed));
    climb(problem, points.take(starts).collect(), clock, look)
}

/// The same from the next of some points.
pub fn attack_again<T>(
    problem: &Problem,
    points: &mut UniformPoints<'_>,
    clock: &Clock,
    look: &mut dyn FnMut(&[f64]) -> Option<T>,
) -> Option<T> {
    let starts = points.take(starts(problem, [1, TOGETHER]));
    climb(problem, starts.collect(), clock, look)
}

/// Starts for a small network and for a large one, as far as the work allows.
fn starts(problem: &Problem, [of_small, of_large]: [usize; 2]) -> usize {
    let weights = problem.graph().weights();
    // A pass forward and one back.
    let work = 2.0 * f64::from(STEPS) * weights.max(1) as f64;
    ((MOST_WORK / work) as usize).clamp(1, if weights > LARGE { of_large } else { of_small })
}

/// Steps along the signs of gradients, from several points.
fn climb<T>(
    problem: &Problem,
    starts: Vec<Vec<f64>>,
    clock: &Clock,
    look: &mut dyn FnMut(&[f64]) -> Option<T>,
) -> Option<T> {
    let domain = problem.domain();
    let widths: Vec<f64> = domain.upper().iter().zip(domain.lower()).map(|(u, l)| u - l).collect();
    walk(problem, starts, clock, look, |number, point, gradient| {
        // The first step of all goes to a corner.
        let length = if number == 0 { 1.0 } else { FIRST_STEP * SHRINK.powi(number) };
        let moved = point.iter().zip(gradient).zip(&widths);
        let moved: Vec<f64> = moved.map(|((x, g), width)| x - length * width * sign(*g)).collect();
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
    walk(problem, vec![ball.center.clone()], clock, look, |number, point, gradient| {
        let corner = ball.corner(gradient, domain);
        let share = 2.0 / (f64::from(number) + 2.0);
        let towards = |(x, corner): (&f64, f64)| x + share * (corner - x);
        domain.nearest(&point.iter().zip(corner).map(towards).collect::<Vec<f64>>())
    })
}

/// Steps from all points at once, which are products of matrices, until one is found or none
/// leads on; `next` is the point behind a step of that number, given the point before and the
/// gradient there.
fn walk<T>(
    problem: &Problem,
    mut points: Vec<Vec<f64>>,
    clock: &Clock,
    look: &mut dyn FnMut(&[f64]) -> Option<T>,
    next: impl Fn(i32, &[f64], &[f64]) -> Vec<f64>,
) -> Option<T> {
    let inputs = problem.domain().len();
    for number in 0..STEPS {
        if points.is_empty() || clock.is_stopped() {
            break;
        }
        let all = Array2::from_shape_vec((points.len(), inputs), points.concat()).expect("points");
        let (values, gradients) = problem.values_and_gradients(OBJECTIVE, all.view());
        let mut moved = Vec::with_capacity(points.len());
        for ((point, value), gradient) in points.into_iter().zip(values).zip(gradients.outer_iter())
        {
            if value <= 0.0
                && let Some(found) = look(&point)
            {
                return Some(found);
            }
            let to = next(number, &point, &gradient.to_vec());
            if to != point {
                moved.push(to);
            }
        }
        points = moved;
    }
    None
}

fn sign(gradient: f64) -> f64 {
    if gradient == 0.0 { 0.0 } else { gradient.signum() }
}
