//! Patterns counted one by one in rational arithmetic.
//!
//! A pattern has a full-dimensional cell if its strict inequalities have a common
//! point in the open box: if the largest `t ≤ 1` such that every one of them holds
//! with slack `t` is positive. The patterns are the leaves of a tree over the
//! neurons; below a prefix without an open cell there is none.

use dashu::rational::RBig;
use taut::network::{Activation, DenseLayer};

use crate::linear_program::maximize;
use crate::networks::Case;
use crate::rational::{Affine, Interval, exact, is_positive};

/// Number of activation patterns with a full-dimensional cell; `None` if the
/// domain has no inner point.
pub fn patterns(case: &Case) -> Option<usize> {
    let (lower, upper) = (case.domain.lower(), case.domain.upper());
    let is_free = |j: &usize| lower[*j] < upper[*j];
    let free: Vec<usize> = (0..lower.len()).filter(is_free).collect();
    let inputs: Vec<Affine> = (0..lower.len())
        .map(|j| match free.iter().position(|&i| i == j) {
            Some(position) => Affine::variable(free.len(), position),
            None => Affine::constant(free.len(), exact(lower[j])),
        })
        .collect();
    let bounds = free.iter().map(|&j| Interval { lower: exact(lower[j]), upper: exact(upper[j]) });
    let bounds: Vec<Interval> = bounds.collect();
    let mut rows: Vec<Affine> = Vec::new();
    for (j, bound) in bounds.iter().enumerate() {
        let input = Affine::variable(free.len(), j);
        rows.push(input.above(&bound.lower));
        rows.push(input.below(&bound.upper));
    }
    for (coefficients, constant) in &case.conditions {
        let coefficients: Vec<RBig> = coefficients.iter().copied().map(exact).collect();
        rows.push(Affine::combination(free.len(), &coefficients, &inputs, &exact(*constant)));
    }
    is_open(&rows, &bounds).then(|| {
        Tree { layers: &case.layers, bounds: &bounds }.count(0, &inputs, Vec::new(), &rows)
    })
}

struct Tree<'a> {
    layers: &'a [DenseLayer],
    bounds: &'a [Interval],
}

impl Tree<'_> {
    /// Patterns of the neurons that follow, in the open cell `rows > 0`.
    fn count(&self, depth: usize, from: &[Affine], done: Vec<Affine>, rows: &[Affine]) -> usize {
        let Some(layer) = self.layers.get(depth) else { return 1 };
        let neuron = done.len();
        if neuron == layer.bias.len() {
            return self.count(depth + 1, &done, Vec::new(), rows);
        }
        let weights: Vec<RBig> = layer.weights.row(neuron).iter().copied().map(exact).collect();
        let bias = exact(layer.bias[neuron]);
        let a = Affine::combination(self.bounds.len(), &weights, from, &bias);
        let mut total = 0;
        for (conditions, value) in phases(&a, layer.activation) {
            let rows: Vec<Affine> = rows.iter().cloned().chain(conditions).collect();
            if is_open(&rows, self.bounds) {
                let mut done = done.clone();
                done.push(value);
                total += self.count(depth, from, done, &rows);
            }
        }
        total
    }
}

/// The phases of a neuron: what is positive in each, and the output there. A
/// pre-activation that is constant and at a bend has the phase below only.
fn phases(a: &Affine, activation: Activation) -> Vec<(Vec<Affine>, Affine)> {
    let zero = RBig::ZERO;
    let dimension = a.slope.len();
    let is_constant = |value: &RBig| *a == Affine::constant(dimension, value.clone());
    let low = if is_constant(&zero) { vec![] } else { vec![a.below(&zero)] };
    let nothing = Affine::constant(dimension, zero.clone());
    match activation {
        Activation::Linear => vec![(vec![], a.clone())],
        Activation::Relu => vec![(low, nothing), (vec![a.clone()], a.clone())],
        Activation::LeakyRelu { alpha } => {
            vec![(low, a.scaled(&exact(alpha), &zero)), (vec![a.clone()], a.clone())]
        }
        Activation::Clip { max, .. } => {
            let ceiling = exact(max);
            let mut middle = vec![a.clone()];
            if !is_constant(&ceiling) {
                middle.push(a.below(&ceiling));
            }
            let top = Affine::constant(dimension, ceiling.clone());
            vec![(low, nothing), (middle, a.clone()), (vec![a.above(&ceiling)], top)]
        }
    }
}

/// Whether all rows are positive at some point.
fn is_open(rows: &[Affine], bounds: &[Interval]) -> bool {
    let dimension = bounds.len();
    let mut bounds = bounds.to_vec();
    bounds.push(Interval { lower: RBig::ZERO, upper: RBig::ONE });
    // t − row(x) ≤ 0
    let margin = |row: &Affine| {
        let mut slope: Vec<RBig> = row.slope.iter().map(|g| -g).collect();
        slope.push(RBig::ONE);
        Affine { slope, offset: -&row.offset }
    };
    let margins: Vec<Affine> = rows.iter().map(margin).collect();
    let objective = Affine::variable(dimension + 1, dimension);
    let best = maximize(&objective, &margins, &bounds);
    best.is_some_and(|point| is_positive(&point[dimension]))
}
