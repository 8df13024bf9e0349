//! Patterns counted one by one in rational arithmetic.
//!
//! A pattern has a full-dimensional cell if its strict inequalities have a common
//! point in the open box: if the largest `t ≤ 1` such that every one of them holds
//! with slack `t` is positive. The patterns are the leaves of a tree over the
//! neurons; below a prefix without an open cell there is none.

use dashu_ratio::RBig;
use taut::network::{Activation, DenseLayer};

use crate::exact::linear_program::maximize;
use crate::exact::rational::{Affine, Interval, exact, is_positive};
use crate::regions::networks::Case;

/// The inputs of one activation pattern.
#[derive(Clone)]
pub struct Cell {
    /// Not negative in the cell, positive inside.
    rows: Vec<Affine>,
    /// A point inside.
    inside: Vec<RBig>,
    outputs: Vec<Affine>,
    /// Of all neurons, layer after layer: 0 below the first bend, 1 above it, 2 above the
    /// second.
    phases: Vec<usize>,
}

/// Every activation pattern with a full-dimensional cell.
pub struct Cells {
    pub cells: Vec<Cell>,
    bounds: Vec<Interval>,
}

/// The cells of a network; `None` if the domain has no inner point.
pub fn cells(case: &Case) -> Option<Cells> {
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
    for (coefficients, constant) in &case.constraints {
        let coefficients: Vec<RBig> = coefficients.iter().copied().map(exact).collect();
        rows.push(Affine::combination(free.len(), &coefficients, &inputs, &exact(*constant)));
    }
    let inside = inner_point(&rows, &bounds)?;
    let mut cells = Vec::new();
    let tree = Tree { layers: &case.layers, bounds: &bounds };
    let cell = Cell { rows, inside, outputs: Vec::new(), phases: Vec::new() };
    tree.collect(0, &inputs, cell, &mut cells);
    Some(Cells { cells, bounds })
}

impl Cells {
    /// Number of distinct affine maps.
    pub fn maps(&self) -> usize {
        self.pieces_where(|_, _| true)
    }

    /// Number of connected unions of cells that have one map and meet in facets.
    pub fn pieces(&self) -> usize {
        self.pieces_where(|a, b| self.dimension(a, b) + 1 == self.bounds.len() as isize)
    }

    /// Of each neuron the phase it has in all cells, if it is one.
    pub fn stable_phases(&self) -> Vec<Option<usize>> {
        let first = &self.cells[0].phases;
        let is_stable = |k: usize| self.cells.iter().all(|cell| cell.phases[k] == first[k]);
        (0..first.len()).map(|k| is_stable(k).then_some(first[k])).collect()
    }

    fn pieces_where(&self, is_near: impl Fn(&Cell, &Cell) -> bool) -> usize {
        let mut piece: Vec<usize> = (0..self.cells.len()).collect();
        for (i, a) in self.cells.iter().enumerate() {
            for (j, b) in self.cells.iter().enumerate().skip(i + 1) {
                let (old, new) = (piece[j], piece[i]);
                if old != new && a.outputs == b.outputs && is_near(a, b) {
                    piece.iter_mut().filter(|k| **k == old).for_each(|k| *k = new);
                }
            }
        }
        piece.sort_unstable();
        piece.dedup();
        piece.len()
    }

    /// Dimension of the intersection of two cells, boundaries included, −1 where it is
    /// empty: the number of inputs less the rank of the rows that are 0 on all of it.
    fn dimension(&self, a: &Cell, b: &Cell) -> isize {
        let zero = RBig::ZERO;
        let rows: Vec<&Affine> = a.rows.iter().chain(&b.rows).collect();
        let not_positive: Vec<Affine> = rows.iter().map(|row| row.below(&zero)).collect();
        let mut equations: Vec<Vec<RBig>> = Vec::new();
        let mut points: Vec<Vec<RBig>> = Vec::new();
        for row in rows {
            if points.iter().any(|point| is_positive(&row.at(point))) {
                continue;
            }
            let Some(point) = maximize(row, &not_positive, &self.bounds) else { return -1 };
            if !is_positive(&row.at(&point)) {
                equations.push(row.slope.clone());
            }
            points.push(point);
        }
        self.bounds.len() as isize - rank(equations) as isize
    }
}

/// By elimination.
fn rank(mut rows: Vec<Vec<RBig>>) -> usize {
    let mut rank = 0;
    for column in 0..rows.first().map_or(0, Vec::len) {
        let Some(pivot) = (rank..rows.len()).find(|&i| rows[i][column] != RBig::ZERO) else {
            continue;
        };
        rows.swap(rank, pivot);
        let pivot = rows[rank].clone();
        for row in &mut rows[rank + 1..] {
            let factor = &row[column] / &pivot[column];
            row.iter_mut().zip(&pivot).for_each(|(to, from)| *to -= &factor * from);
        }
        rank += 1;
    }
    rank
}

struct Tree<'a> {
    layers: &'a [DenseLayer],
    bounds: &'a [Interval],
}

impl Tree<'_> {
    /// Adds the patterns of the neurons that follow in an open cell, whose outputs are those
    /// of the neurons so far of the layer at `depth`.
    fn collect(&self, depth: usize, from: &[Affine], cell: Cell, cells: &mut Vec<Cell>) {
        let Some(layer) = self.layers.get(depth) else {
            cells.push(Cell { outputs: from.to_vec(), ..cell });
            return;
        };
        let neuron = cell.outputs.len();
        if neuron == layer.bias.len() {
            let next = Cell { outputs: Vec::new(), ..cell };
            return self.collect(depth + 1, &cell.outputs, next, cells);
        }
        let weights: Vec<RBig> = layer.weights.row(neuron).iter().copied().map(exact).collect();
        let bias = exact(layer.bias[neuron]);
        let a = Affine::combination(self.bounds.len(), &weights, from, &bias);
        for (phase, (constraints, value)) in phases(&a, layer.activation).into_iter().enumerate() {
            let mut cell = cell.clone();
            let holds = constraints.iter().all(|row| is_positive(&row.at(&cell.inside)));
            cell.rows.extend(constraints);
            if !holds {
                let Some(inside) = inner_point(&cell.rows, self.bounds) else { continue };
                cell.inside = inside;
            }
            cell.outputs.push(value);
            cell.phases.push(phase);
            self.collect(depth, from, cell, cells);
        }
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

/// A point at which all rows are positive.
fn inner_point(rows: &[Affine], bounds: &[Interval]) -> Option<Vec<RBig>> {
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
    let mut point = maximize(&objective, &margins, &bounds)?;
    is_positive(&point.pop()?).then_some(point)
}
