//! The regions of a network.

use dashu_ratio::RBig;

use super::linear_program::{best_corner, maximize};
use super::rational::{Affine, Interval, exact, is_positive};
use super::{Activation, Case, Layer};

/// A part of the box on which the network is affine: the points of `bounds`
/// with `g <= 0` for all `rows`. The variables are the inputs that are not
/// fixed; `inputs` and `outputs` are forms in them.
pub struct Region {
    pub bounds: Vec<Interval>,
    pub rows: Vec<Affine>,
    pub inputs: Vec<Affine>,
    pub outputs: Vec<Affine>,
}

/// The regions the feasible box of the case falls into.
pub fn regions(case: &Case) -> Vec<Region> {
    let layers: Vec<ExactLayer> = case.layers.iter().map(ExactLayer::of).collect();
    let boxes = integer_slices(case);
    boxes.iter().flat_map(|intervals| regions_of_box(&layers, intervals)).collect()
}

/// The box of the case cut into the slices in which the integer inputs are fixed
/// to integers. None where an interval is empty.
pub(super) fn integer_slices(case: &Case) -> Vec<Vec<Interval>> {
    let bounds = case.lower.iter().zip(&case.upper);
    let whole: Vec<Interval> = bounds
        .map(|(&lower, &upper)| Interval { lower: exact(lower), upper: exact(upper) })
        .collect();
    if whole.iter().any(Interval::is_empty) {
        return Vec::new();
    }
    case.integer.iter().fold(vec![whole], |slices, &index| {
        slices.iter().flat_map(|slice| fix_to_integers(slice, index)).collect()
    })
}

fn fix_to_integers(intervals: &[Interval], index: usize) -> Vec<Vec<Interval>> {
    let fix = |value| {
        let mut fixed = intervals.to_vec();
        fixed[index] = value;
        fixed
    };
    intervals[index].integers().into_iter().map(fix).collect()
}

/// The regions of a box that has no integer inputs, or only fixed ones.
fn regions_of_box(layers: &[ExactLayer], intervals: &[Interval]) -> Vec<Region> {
    let inputs = input_forms(intervals);
    let is_free = |interval: &&Interval| !interval.is_single();
    let bounds: Vec<Interval> = intervals.iter().filter(is_free).cloned().collect();
    let mut explorer = Explorer { layers, bounds: &bounds, inputs: &inputs, regions: Vec::new() };
    explorer.explore(0, &mut vec![inputs.clone()], &mut Vec::new(), Cell::default());
    explorer.regions
}

/// Every input as a form in the inputs that are not fixed to a single value.
pub(super) fn input_forms(intervals: &[Interval]) -> Vec<Affine> {
    let free = intervals.iter().filter(|i| !i.is_single()).count();
    let mut next = 0..free;
    let form = |interval: &Interval| {
        if interval.is_single() {
            return Affine::constant(free, interval.lower.clone());
        }
        let index = next.next().expect("one variable per free input");
        Affine::variable(free, index)
    };
    intervals.iter().map(form).collect()
}

/// A [`Layer`] in rational numbers.
pub struct ExactLayer {
    pub layer: Layer,
    pub weights: Vec<Vec<RBig>>,
    pub bias: Vec<RBig>,
    /// Of a pre-activation; where the largest counts, of the next one less the largest so far.
    pub shape: Shape,
}

impl ExactLayer {
    pub fn of(layer: &Layer) -> Self {
        let exact_row = |row: &Vec<f64>| row.iter().copied().map(exact).collect();
        Self {
            layer: layer.clone(),
            weights: layer.weights.iter().map(exact_row).collect(),
            bias: layer.bias.iter().copied().map(exact).collect(),
            shape: Shape::of(layer.activation),
        }
    }
}

/// An activation as a continuous piecewise affine function of `a`: piece `k` is
/// `slope a + offset` between `bends[k - 1]` and `bends[k]`, the outer pieces
/// having no end.
pub struct Shape {
    pub bends: Vec<RBig>,
    pub pieces: Vec<Piece>,
}

pub struct Piece {
    pub slope: RBig,
    pub offset: RBig,
}

impl Shape {
    pub fn of(activation: Activation) -> Self {
        let (bends, pieces) = match activation {
            Activation::Linear => (vec![], vec![(1.0, 0.0)]),
            // max(a, b) = b + relu(a − b)
            Activation::Relu | Activation::Max(_) => (vec![0.0], vec![(0.0, 0.0), (1.0, 0.0)]),
            Activation::Leaky(alpha) => (vec![0.0], vec![(alpha, 0.0), (1.0, 0.0)]),
            Activation::Clip(ceiling) => {
                (vec![0.0, ceiling], vec![(0.0, 0.0), (1.0, 0.0), (0.0, ceiling)])
            }
        };
        let piece = |(slope, offset)| Piece { slope: exact(slope), offset: exact(offset) };
        Self {
            bends: bends.into_iter().map(exact).collect(),
            pieces: pieces.into_iter().map(piece).collect(),
        }
    }
}

/// A closed convex set that is not empty: the points of the box with `g <= 0`
/// for all `rows`, the newest last.
#[derive(Clone, Default)]
struct Cell {
    rows: Vec<Affine>,
    /// Some points of the cell.
    witnesses: Vec<Vec<RBig>>,
}

impl Cell {
    /// Whether the form is positive somewhere in the cell.
    fn reaches_above_zero(&mut self, form: &Affine, bounds: &[Interval]) -> bool {
        let in_box = form.at(&best_corner(form, bounds));
        if !is_positive(&in_box) {
            return false;
        }
        let is_above = |point: &Vec<RBig>| is_positive(&form.at(point));
        if self.rows.is_empty() || self.witnesses.iter().any(is_above) {
            return true;
        }
        let highest = maximize(form, &self.rows, bounds).expect("a cell is not empty");
        let found = is_above(&highest);
        self.witnesses.push(highest);
        found
    }

    /// The part of the cell with `g <= 0` for all the new rows.
    fn restricted(&self, new_rows: &[Affine]) -> Self {
        let satisfies =
            |point: &&Vec<RBig>| !new_rows.iter().any(|row| is_positive(&row.at(point)));
        Self {
            rows: self.rows.iter().chain(new_rows).cloned().collect(),
            witnesses: self.witnesses.iter().filter(satisfies).cloned().collect(),
        }
    }
}

/// On which sides of one bend a neuron's pre-activation has points of the cell.
struct Side {
    /// The pre-activation is smaller than the bend somewhere in the cell.
    goes_below: bool,
    /// The pre-activation is larger than the bend somewhere in the cell.
    goes_above: bool,
}

/// The depth-first walk over the neurons.
struct Explorer<'a> {
    layers: &'a [ExactLayer],
    bounds: &'a [Interval],
    inputs: &'a [Affine],
    regions: Vec<Region>,
}

impl Explorer<'_> {
    /// Splits the cell by the neurons that follow: those of layer `depth`, given the
    /// inputs and the values of the layers before it as forms, from number
    /// `outgoing.len()` on, and those of the later layers. `outgoing` holds the values
    /// of the neurons of the layer that are done with; both are left as they were.
    fn explore(
        &mut self,
        depth: usize,
        values: &mut Vec<Vec<Affine>>,
        outgoing: &mut Vec<Affine>,
        cell: Cell,
    ) {
        let Some(layer) = self.layers.get(depth) else {
            self.add_region(values.last().expect("the inputs at least"), cell);
            return;
        };
        let neuron = outgoing.len();
        if neuron == layer.layer.size() {
            values.push(outgoing.clone());
            self.explore(depth + 1, values, &mut Vec::new(), cell);
            values.pop();
            return;
        }
        for (part, value) in self.parts(layer, neuron, &layer.layer.incoming(values), cell) {
            outgoing.push(value);
            self.explore(depth, values, outgoing, part);
            outgoing.pop();
        }
    }

    /// The parts of the cell on which a neuron is affine, each with the form it takes
    /// there.
    fn parts(
        &self,
        layer: &ExactLayer,
        neuron: usize,
        incoming: &[Affine],
        cell: Cell,
    ) -> Vec<(Cell, Affine)> {
        let group = layer.layer.group();
        let argument = |row: usize| {
            let (weights, bias) = (&layer.weights[row], &layer.bias[row]);
            Affine::combination(self.bounds.len(), weights, incoming, bias)
        };
        let mut rows = neuron * group..(neuron + 1) * group;
        let first = argument(rows.next().expect("a group has a row"));
        if group == 1 {
            return self.split(&first, &layer.shape, cell);
        }
        rows.fold(vec![(cell, first)], |parts, row| {
            let next = argument(row);
            let compare = |(cell, largest): (Cell, Affine)| {
                let mut lead = next.clone();
                lead.add_multiple(&-RBig::ONE, &largest);
                let split = self.split(&lead, &layer.shape, cell).into_iter();
                let add = move |(cell, mut value): (Cell, Affine)| {
                    value.add_multiple(&RBig::ONE, &largest);
                    (cell, value)
                };
                split.map(add).collect::<Vec<_>>()
            };
            parts.into_iter().flat_map(compare).collect()
        })
    }

    /// The parts of the cell on which the activation is affine in the argument,
    /// each with the form it takes there. They cover the cell.
    ///
    /// A piece that the argument meets only in an end point of its range is left
    /// out: its neighbour covers these points. An argument that is constant and
    /// equal to a bend meets both neighbours in this way, and the lower one is
    /// kept.
    fn split(&self, argument: &Affine, shape: &Shape, mut cell: Cell) -> Vec<(Cell, Affine)> {
        let sides: Vec<Side> = shape
            .bends
            .iter()
            .map(|bend| Side {
                goes_below: cell.reaches_above_zero(&argument.below(bend), self.bounds),
                goes_above: cell.reaches_above_zero(&argument.above(bend), self.bounds),
            })
            .collect();
        pieces_met(&sides)
            .into_iter()
            .map(|index| {
                let piece = &shape.pieces[index];
                let rows = rows_of_piece(index, argument, shape, &sides);
                let value = argument.scaled(&piece.slope, &piece.offset);
                (cell.restricted(&rows), value)
            })
            .collect()
    }

    fn add_region(&mut self, outputs: &[Affine], cell: Cell) {
        self.regions.push(Region {
            bounds: self.bounds.to_vec(),
            rows: cell.rows,
            inputs: self.inputs.to_vec(),
            outputs: outputs.to_vec(),
        });
    }
}

/// The pieces between the bends that [`Explorer::split`] keeps, given the side of
/// every bend.
fn pieces_met(sides: &[Side]) -> Vec<usize> {
    let starts_below_end = |piece: usize| sides.get(piece).is_none_or(|side| side.goes_below);
    let ends_above_start = |piece: usize| piece == 0 || sides[piece - 1].goes_above;
    let met: Vec<usize> = (0..=sides.len())
        .filter(|&piece| ends_above_start(piece) && starts_below_end(piece))
        .collect();
    if met.is_empty() {
        let bend = sides.iter().position(|side| !side.goes_above);
        return vec![bend.expect("the argument is constant and equal to a bend")];
    }
    met
}

/// The rows that hold the argument within a piece of the activation, without
/// those that all of the cell satisfies.
fn rows_of_piece(index: usize, argument: &Affine, shape: &Shape, sides: &[Side]) -> Vec<Affine> {
    let mut rows = Vec::new();
    if index > 0 && sides[index - 1].goes_below {
        rows.push(argument.below(&shape.bends[index - 1]));
    }
    if index < sides.len() && sides[index].goes_above {
        rows.push(argument.above(&shape.bends[index]));
    }
    rows
}
