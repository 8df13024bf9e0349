//! An exact oracle for tiny piecewise-linear networks.
//!
//! [`solve`] minimises or maximises a linear expression of the inputs `x` and
//! the outputs `y = N(x)` of a network over a box, under linear constraints on
//! `x` and `y` and with some inputs integer. It is the yardstick the results of
//! the mixed-integer models are held against.
//!
//! # Method
//!
//! Every neuron is affine on each of a few pieces of its pre-activation, so the
//! box falls into closed convex *cells* on which all neurons, and hence the
//! outputs, are affine in `x`:
//!
//! 1. Integer inputs take each integer of their interval in turn; inputs whose
//!    interval is a single point leave the problem as constants.
//! 2. A depth-first walk over the neurons, layer by layer, splits the current
//!    cell `{x in box : g_i(x) <= 0}` at a bend of the neuron's activation if
//!    the pre-activation lies strictly on both sides of it within the cell. That
//!    is decided by exact linear programs, often spared by the range over the box
//!    or by a point already known to lie in the cell.
//! 3. On each cell left at the end (a [`Region`]) the constraints and the
//!    objective are affine in `x`: one exact linear program gives the best value
//!    there, and the best over all regions is the optimum.
//!
//! The cells are closed and their common boundaries belong to both sides, which
//! changes nothing because the network is continuous.
//!
//! # Why it is independent
//!
//! There is no big-M, no binary variable, no branch and bound and no tolerance:
//! the linear programs are solved by Seidel's incremental algorithm
//! ([`maximize`]) in rational numbers. Every `f64` of a [`Case`] stands for
//! exactly the number it stores (so the slope `0.1` is the double next to 1/10),
//! and only the final answer is rounded. Nothing here uses the crate under test.

// Every test target that includes this file uses only a part of it.
#![allow(dead_code)]

use dashu::rational::RBig;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The function a layer applies to each of its pre-activations `a`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `a`
    Linear,
    /// `max(a, 0)`
    Relu,
    /// `a` where `a >= 0`, `alpha a` elsewhere.
    Leaky(f64),
    /// `min(max(a, 0), c)` with a ceiling `c > 0`.
    Clip(f64),
}

/// A dense layer `activation(weights v + bias)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// One row per neuron, one column per incoming value.
    pub weights: Vec<Vec<f64>>,
    /// One entry per neuron.
    pub bias: Vec<f64>,
    pub activation: Activation,
}

/// How the left side of a [`Constraint`] relates to its right side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    AtMost,
    AtLeast,
    Equal,
}

/// `inputs . x + outputs . y  relation  right`
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    pub inputs: Vec<f64>,
    pub outputs: Vec<f64>,
    pub relation: Relation,
    pub right: f64,
}

/// An optimisation problem over the inputs `x` and outputs `y` of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub layers: Vec<Layer>,
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
    /// The indices of the inputs that must be integers.
    pub integer: Vec<usize>,
    pub constraints: Vec<Constraint>,
    pub maximize: bool,
    pub objective_inputs: Vec<f64>,
    pub objective_outputs: Vec<f64>,
    pub objective_constant: f64,
}

/// The exact answer to a [`Case`], rounded to the nearest doubles.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    pub value: f64,
    /// An input that attains `value`.
    pub point: Vec<f64>,
    /// The number of regions the box fell into.
    pub cells: usize,
}

/// The optimum of the case, or `None` where no input is feasible.
///
/// # Panics
///
/// If the sizes of the case do not fit together or a number is not finite.
pub fn solve(case: &Case) -> Option<Optimum> {
    check_sizes(case);
    let regions = regions(case);
    let best = best_over(&regions, &Goal::of(case), &case.constraints)?;
    Some(Optimum {
        value: rounded(&best.value),
        point: best.inputs.iter().map(rounded).collect(),
        cells: regions.len(),
    })
}

/// The outputs of the network at `x`, by a forward pass in doubles.
pub fn evaluate(case: &Case, x: &[f64]) -> Vec<f64> {
    let mut values = x.to_vec();
    for layer in &case.layers {
        let neurons = layer.weights.iter().zip(&layer.bias);
        values = neurons
            .map(|(weights, bias)| activate(layer.activation, dot(weights, &values) + bias))
            .collect();
    }
    values
}

/// The number of values the network of the case puts out.
fn output_count(case: &Case) -> usize {
    case.layers.last().map_or(case.lower.len(), |layer| layer.bias.len())
}

fn check_sizes(case: &Case) {
    let inputs = case.lower.len();
    let outputs = output_count(case);
    assert_eq!(case.upper.len(), inputs, "one upper bound per input");
    assert!(case.integer.iter().all(|&index| index < inputs));
    let mut incoming = inputs;
    for layer in &case.layers {
        assert_eq!(layer.weights.len(), layer.bias.len(), "one bias per neuron");
        assert!(layer.weights.iter().all(|row| row.len() == incoming));
        incoming = layer.bias.len();
    }
    for constraint in &case.constraints {
        assert_eq!(constraint.inputs.len(), inputs);
        assert_eq!(constraint.outputs.len(), outputs);
    }
    assert_eq!(case.objective_inputs.len(), inputs);
    assert_eq!(case.objective_outputs.len(), outputs);
}

fn activate(activation: Activation, a: f64) -> f64 {
    match activation {
        Activation::Linear => a,
        Activation::Relu => a.max(0.0),
        Activation::Leaky(alpha) => a * if a < 0.0 { alpha } else { 1.0 },
        Activation::Clip(ceiling) => a.clamp(0.0, ceiling),
    }
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(l, r)| l * r).sum()
}

// ---------------------------------------------------------------------------
// Rational numbers and affine forms
// ---------------------------------------------------------------------------

/// The rational number a double stores.
fn exact(number: f64) -> RBig {
    RBig::try_from(number).expect("the numbers of a case are finite")
}

/// The double nearest to a rational number.
fn rounded(number: &RBig) -> f64 {
    number.to_f64().value()
}

fn is_positive(number: &RBig) -> bool {
    *number > RBig::ZERO
}

/// The affine form `x -> slope . x + offset`.
#[derive(Clone, Debug, PartialEq)]
struct Affine {
    slope: Vec<RBig>,
    offset: RBig,
}

impl Affine {
    fn constant(dimension: usize, offset: RBig) -> Self {
        let slope = vec![RBig::ZERO; dimension];
        Self { slope, offset }
    }

    /// The form `x -> x_index`.
    fn variable(dimension: usize, index: usize) -> Self {
        let mut form = Self::constant(dimension, RBig::ZERO);
        form.slope[index] = RBig::ONE;
        form
    }

    /// `offset + sum_i factors_i forms_i` over forms in `dimension` variables.
    fn combination(dimension: usize, factors: &[RBig], forms: &[Affine], offset: &RBig) -> Self {
        let mut sum = Self::constant(dimension, offset.clone());
        for (factor, form) in factors.iter().zip(forms) {
            sum.add_multiple(factor, form);
        }
        sum
    }

    fn add_multiple(&mut self, factor: &RBig, other: &Affine) {
        if factor.is_zero() {
            return;
        }
        for (own, other) in self.slope.iter_mut().zip(&other.slope) {
            add_product(own, factor, other);
        }
        add_product(&mut self.offset, factor, &other.offset);
    }

    /// `factor self + shift`
    fn scaled(&self, factor: &RBig, shift: &RBig) -> Self {
        Self {
            slope: self.slope.iter().map(|entry| entry * factor).collect(),
            offset: &self.offset * factor + shift,
        }
    }

    /// `self - level`, which is at most zero where the form is at most `level`.
    fn above(&self, level: &RBig) -> Self {
        self.scaled(&RBig::ONE, &-level)
    }

    /// `level - self`, which is at most zero where the form is at least `level`.
    fn below(&self, level: &RBig) -> Self {
        self.scaled(&-RBig::ONE, level)
    }

    fn at(&self, point: &[RBig]) -> RBig {
        let mut value = self.offset.clone();
        for (entry, coordinate) in self.slope.iter().zip(point) {
            add_product(&mut value, entry, coordinate);
        }
        value
    }

    /// Solves `self = 0` for `x_index`: the form in the other variables that
    /// `x_index` equals there. The slope in `x_index` must not be zero.
    fn solved_for(&self, index: usize) -> Self {
        let mut rest = self.clone();
        let pivot = rest.slope.remove(index);
        rest.scaled(&(-RBig::ONE / pivot), &RBig::ZERO)
    }

    /// The form in the other variables that remains once `x_index` is replaced.
    fn substitute(&self, index: usize, replacement: &Affine) -> Self {
        let mut rest = self.clone();
        let factor = rest.slope.remove(index);
        rest.add_multiple(&factor, replacement);
        rest
    }
}

/// `sum += left * right`, at no cost where a factor is zero.
fn add_product(sum: &mut RBig, left: &RBig, right: &RBig) {
    if !left.is_zero() && !right.is_zero() {
        *sum += left * right;
    }
}

/// A closed interval.
#[derive(Clone, Debug, PartialEq)]
struct Interval {
    lower: RBig,
    upper: RBig,
}

impl Interval {
    fn single(number: RBig) -> Self {
        let lower = number.clone();
        Self { lower, upper: number }
    }

    fn is_empty(&self) -> bool {
        self.lower > self.upper
    }

    fn is_single(&self) -> bool {
        self.lower == self.upper
    }

    /// The integers of the interval, each as an interval of its own.
    fn integers(&self) -> Vec<Interval> {
        let mut found = Vec::new();
        let mut next = RBig::from(self.lower.ceil());
        while next <= self.upper {
            found.push(Interval::single(next.clone()));
            next += RBig::ONE;
        }
        found
    }
}

// ---------------------------------------------------------------------------
// Exact linear programs
// ---------------------------------------------------------------------------

/// A point of `{x in bounds : g(x) <= 0 for all rows g}` at which the objective
/// is largest, or `None` where that set is empty.
///
/// Seidel's incremental algorithm. The best corner of the box is optimal without
/// rows. Rows are added one by one; as long as the optimum `p` so far satisfies
/// the new row it stays optimal. If it does not, and a point `q` does, then the
/// segment from `p` to `q` meets the row's hyperplane in a point that is feasible
/// for all rows so far and, the objective being at its largest in `p`, no worse
/// than `q`. So the new optimum may be sought on the hyperplane, which is a
/// problem with one variable less.
///
/// This assumes nothing about the rows: they may repeat, contradict each other,
/// come in opposite pairs or be constant.
fn maximize(objective: &Affine, rows: &[Affine], bounds: &[Interval]) -> Option<Vec<RBig>> {
    let mut best = best_corner(objective, bounds);
    for (count, row) in rows.iter().enumerate() {
        if is_positive(&row.at(&best)) {
            best = maximize_on_hyperplane(objective, row, &rows[..count], bounds)?;
        }
    }
    Some(best)
}

/// [`maximize`] on the hyperplane `wall = 0` of the points with `wall <= 0`. The
/// wall must be violated somewhere, so a constant wall leaves no point at all.
fn maximize_on_hyperplane(
    objective: &Affine,
    wall: &Affine,
    rows: &[Affine],
    bounds: &[Interval],
) -> Option<Vec<RBig>> {
    let pivot = wall.slope.iter().position(|entry| !entry.is_zero())?;
    let replacement = wall.solved_for(pivot);
    let mut fewer_bounds = bounds.to_vec();
    let pivot_bounds = fewer_bounds.remove(pivot);
    let mut fewer_rows =
        vec![replacement.above(&pivot_bounds.upper), replacement.below(&pivot_bounds.lower)];
    fewer_rows.extend(rows.iter().map(|row| row.substitute(pivot, &replacement)));
    let fewer_objective = objective.substitute(pivot, &replacement);
    let mut point = maximize(&fewer_objective, &fewer_rows, &fewer_bounds)?;
    point.insert(pivot, replacement.at(&point));
    Some(point)
}

/// The corner of the box at which the objective is largest.
fn best_corner(objective: &Affine, bounds: &[Interval]) -> Vec<RBig> {
    let best_end = |(entry, interval): (&RBig, &Interval)| {
        let end = if is_positive(entry) { &interval.upper } else { &interval.lower };
        end.clone()
    };
    objective.slope.iter().zip(bounds).map(best_end).collect()
}

// ---------------------------------------------------------------------------
// The regions of a network
// ---------------------------------------------------------------------------

/// A part of the box on which the network is affine: the points of `bounds`
/// with `g <= 0` for all `rows`. The variables are the inputs that are not
/// fixed; `inputs` and `outputs` are forms in them.
struct Region {
    bounds: Vec<Interval>,
    rows: Vec<Affine>,
    inputs: Vec<Affine>,
    outputs: Vec<Affine>,
}

/// The regions the feasible box of the case falls into.
fn regions(case: &Case) -> Vec<Region> {
    let layers: Vec<ExactLayer> = case.layers.iter().map(ExactLayer::of).collect();
    let boxes = integer_slices(case);
    boxes.iter().flat_map(|intervals| regions_of_box(&layers, intervals)).collect()
}

/// The box of the case cut into the slices in which the integer inputs are fixed
/// to integers. None where an interval is empty.
fn integer_slices(case: &Case) -> Vec<Vec<Interval>> {
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
    explorer.explore(0, &inputs, &mut Vec::new(), Cell::default());
    explorer.regions
}

/// Every input as a form in the inputs that are not fixed to a single value.
fn input_forms(intervals: &[Interval]) -> Vec<Affine> {
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
struct ExactLayer {
    weights: Vec<Vec<RBig>>,
    bias: Vec<RBig>,
    shape: Shape,
}

impl ExactLayer {
    fn of(layer: &Layer) -> Self {
        let exact_row = |row: &Vec<f64>| row.iter().copied().map(exact).collect();
        Self {
            weights: layer.weights.iter().map(exact_row).collect(),
            bias: layer.bias.iter().copied().map(exact).collect(),
            shape: Shape::of(layer.activation),
        }
    }
}

/// An activation as a continuous piecewise affine function of `a`: piece `k` is
/// `slope a + offset` between `bends[k - 1]` and `bends[k]`, the outer pieces
/// having no end.
struct Shape {
    bends: Vec<RBig>,
    pieces: Vec<Piece>,
}

struct Piece {
    slope: RBig,
    offset: RBig,
}

impl Shape {
    fn of(activation: Activation) -> Self {
        let (bends, pieces) = match activation {
            Activation::Linear => (vec![], vec![(1.0, 0.0)]),
            Activation::Relu => (vec![0.0], vec![(0.0, 0.0), (1.0, 0.0)]),
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
    /// Splits the cell by the neurons that follow: those of layer `depth`, whose
    /// incoming values are given as forms, from number `outgoing.len()` on, and
    /// those of the later layers. `outgoing` holds the values of the neurons of
    /// the layer that are done with and is left as it was.
    fn explore(
        &mut self,
        depth: usize,
        incoming: &[Affine],
        outgoing: &mut Vec<Affine>,
        cell: Cell,
    ) {
        let Some(layer) = self.layers.get(depth) else {
            self.add_region(incoming, cell);
            return;
        };
        let neuron = outgoing.len();
        if neuron == layer.bias.len() {
            self.explore(depth + 1, outgoing, &mut Vec::new(), cell);
            return;
        }
        let (weights, bias) = (&layer.weights[neuron], &layer.bias[neuron]);
        let dimension = self.bounds.len();
        let argument = Affine::combination(dimension, weights, incoming, bias);
        for (part, value) in self.split(&argument, &layer.shape, cell) {
            outgoing.push(value);
            self.explore(depth, incoming, outgoing, part);
            outgoing.pop();
        }
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

// ---------------------------------------------------------------------------
// The optimum over the regions
// ---------------------------------------------------------------------------

/// `inputs . x + outputs . y + constant` in rational numbers.
struct Expression {
    inputs: Vec<RBig>,
    outputs: Vec<RBig>,
    constant: RBig,
}

impl Expression {
    fn new(inputs: &[f64], outputs: &[f64], constant: f64) -> Self {
        Self {
            inputs: inputs.iter().copied().map(exact).collect(),
            outputs: outputs.iter().copied().map(exact).collect(),
            constant: exact(constant),
        }
    }

    /// The expression as a form in the variables of a region.
    fn on(&self, region: &Region) -> Affine {
        let dimension = region.bounds.len();
        let inputs = &region.inputs;
        let mut form = Affine::combination(dimension, &self.inputs, inputs, &self.constant);
        for (factor, output) in self.outputs.iter().zip(&region.outputs) {
            form.add_multiple(factor, output);
        }
        form
    }
}

/// The objective of a case and its direction.
struct Goal {
    objective: Expression,
    maximize: bool,
}

impl Goal {
    fn of(case: &Case) -> Self {
        let (inputs, outputs) = (&case.objective_inputs, &case.objective_outputs);
        Self {
            objective: Expression::new(inputs, outputs, case.objective_constant),
            maximize: case.maximize,
        }
    }

    fn is_better(&self, new: &RBig, old: &RBig) -> bool {
        if self.maximize { new > old } else { new < old }
    }
}

/// A feasible input and the value of the objective there.
struct Candidate {
    value: RBig,
    inputs: Vec<RBig>,
}

/// The best feasible point of all the regions.
fn best_over(regions: &[Region], goal: &Goal, constraints: &[Constraint]) -> Option<Candidate> {
    let mut best: Option<Candidate> = None;
    for region in regions {
        let Some(found) = best_in(region, goal, constraints) else {
            continue;
        };
        if best.as_ref().is_none_or(|best| goal.is_better(&found.value, &best.value)) {
            best = Some(found);
        }
    }
    best
}

/// The best feasible point of one region, by one linear program.
fn best_in(region: &Region, goal: &Goal, constraints: &[Constraint]) -> Option<Candidate> {
    let mut rows: Vec<Affine> =
        constraints.iter().flat_map(|constraint| constraint_rows(constraint, region)).collect();
    rows.extend(region.rows.iter().cloned());
    let objective = goal.objective.on(region);
    let point = if goal.maximize {
        maximize(&objective, &rows, &region.bounds)?
    } else {
        maximize(&objective.below(&RBig::ZERO), &rows, &region.bounds)?
    };
    Some(Candidate {
        value: objective.at(&point),
        inputs: region.inputs.iter().map(|input| input.at(&point)).collect(),
    })
}

/// The constraint as one or two rows `g <= 0` in the variables of the region.
fn constraint_rows(constraint: &Constraint, region: &Region) -> Vec<Affine> {
    let left = Expression::new(&constraint.inputs, &constraint.outputs, 0.0).on(region);
    let right = exact(constraint.right);
    match constraint.relation {
        Relation::AtMost => vec![left.above(&right)],
        Relation::AtLeast => vec![left.below(&right)],
        Relation::Equal => vec![left.above(&right), left.below(&right)],
    }
}

// ---------------------------------------------------------------------------
// Random cases
// ---------------------------------------------------------------------------

/// How far constraints are moved to see whether the answer hangs on a hair.
const NUDGE: f64 = 1e-4;

/// How much moving them may change the optimum, relative to `1 + |optimum|`.
const STEADINESS: f64 = 1e-2;

/// A random case that a solver with tolerances can be held to: see [`is_steady`].
pub fn random_case(seed: u64) -> Case {
    let mut attempts = (0..).map(|attempt| {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(attempt);
        Draw { random }.case()
    });
    attempts.find(is_steady).expect("attempts do not end")
}

/// Whether the case stays feasible or infeasible, and its optimum about the same,
/// when all constraints are loosened by [`NUDGE`] and when all inequalities are
/// tightened by it.
fn is_steady(case: &Case) -> bool {
    if case.constraints.is_empty() {
        return true;
    }
    let (regions, goal) = (regions(case), Goal::of(case));
    let value = |constraints: &[Constraint]| {
        let best = best_over(&regions, &goal, constraints);
        best.map(|candidate| rounded(&candidate.value))
    };
    let value_moved_by = |distance| {
        let moved = case.constraints.iter().flat_map(|c| loosened(c, distance));
        value(&moved.collect::<Vec<_>>())
    };
    let original = value(&case.constraints);
    [NUDGE, -NUDGE].into_iter().all(|distance| is_close(original, value_moved_by(distance)))
}

fn is_close(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() < STEADINESS * (1.0 + one.abs()),
        (None, None) => true,
        _ => false,
    }
}

/// The constraint moved by a distance, away from the feasible points if that is
/// positive. An equation becomes a band then, and stays as it is otherwise.
fn loosened(constraint: &Constraint, distance: f64) -> Vec<Constraint> {
    let with = |relation, right| Constraint { relation, right, ..constraint.clone() };
    let at_most = with(Relation::AtMost, constraint.right + distance);
    let at_least = with(Relation::AtLeast, constraint.right - distance);
    match constraint.relation {
        Relation::AtMost => vec![at_most],
        Relation::AtLeast => vec![at_least],
        Relation::Equal if distance > 0.0 => vec![at_most, at_least],
        Relation::Equal => vec![constraint.clone()],
    }
}

/// The grid of numbers `multiple / steps_per_unit` up to `limit` in size.
#[derive(Clone, Copy)]
struct Grid {
    steps_per_unit: i32,
    limit: i32,
}

/// Weights and biases of most layers.
const FINE: Grid = Grid { steps_per_unit: 8, limit: 2 };

/// Weights and biases of the occasional layer with large numbers.
const COARSE: Grid = Grid { steps_per_unit: 2, limit: 20 };

/// Coefficients of objectives and constraints.
const COEFFICIENT: Grid = Grid { steps_per_unit: 2, limit: 2 };

/// The largest number of bends of all activations of a random network.
const MOST_BENDS: usize = 12;

/// Draws the parts of a random case.
struct Draw {
    random: ChaCha8Rng,
}

impl Draw {
    fn case(&mut self) -> Case {
        let mut case = Case {
            layers: Vec::new(),
            lower: Vec::new(),
            upper: Vec::new(),
            integer: Vec::new(),
            constraints: Vec::new(),
            maximize: self.chance(0.5),
            objective_inputs: Vec::new(),
            objective_outputs: Vec::new(),
            objective_constant: 0.0,
        };
        self.add_inputs(&mut case);
        if self.chance(0.25) {
            self.make_inputs_integer(&mut case);
        }
        self.add_layers(&mut case);
        self.add_objective(&mut case);
        if self.chance(1.0 / 3.0) {
            self.add_constraints(&mut case);
        }
        case
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.random.random_bool(probability)
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.random.random_range(0..choices.len())]
    }

    fn on_grid(&mut self, grid: Grid) -> f64 {
        let most = grid.limit * grid.steps_per_unit;
        f64::from(self.random.random_range(-most..=most)) / f64::from(grid.steps_per_unit)
    }

    /// A multiple of 1/4 between two integers.
    fn quarters(&mut self, from: i32, to: i32) -> f64 {
        f64::from(self.random.random_range(4 * from..=4 * to)) / 4.0
    }

    /// Numbers of a grid, each replaced by zero with the given probability.
    fn sparse(&mut self, count: usize, grid: Grid, zeros: f64) -> Vec<f64> {
        let mut entry = || {
            let number = self.on_grid(grid);
            if self.chance(zeros) { 0.0 } else { number }
        };
        (0..count).map(|_| entry()).collect()
    }

    // The inputs

    fn add_inputs(&mut self, case: &mut Case) {
        let inputs = self.pick(&[1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4]);
        let large = self.chance(0.12);
        for _ in 0..inputs {
            let (least, most) = if large { (-10, -8) } else { (-3, 1) };
            let start = self.quarters(least, most);
            let width = if large { 20.0 } else { self.quarters(1, 4) };
            case.lower.push(start);
            case.upper.push((start + width).min(10.0));
        }
        match self.random.random_range(0..16) {
            0 => case.upper.clone_from(&case.lower),
            1 | 2 => case.upper[0] = case.lower[0],
            _ => {}
        }
    }

    /// Makes one or two inputs integer and narrows their bounds. At times there is
    /// no integer between those of the first.
    fn make_inputs_integer(&mut self, case: &mut Case) {
        let inputs = case.lower.len();
        let count = self.pick(&[1, 1, 2]).min(inputs);
        let first = self.random.random_range(0..inputs);
        case.integer = (0..count).map(|step| (first + step) % inputs).collect();
        for &index in &case.integer {
            if case.lower[index] < case.upper[index] {
                case.upper[index] = case.lower[index] + self.quarters(1, 6);
            }
        }
        if self.chance(0.08) {
            (case.lower[first], case.upper[first]) = (0.25, 0.75);
        }
    }

    /// A point of the box, integer where it must be if that is possible.
    fn point(&mut self, case: &Case) -> Vec<f64> {
        let mut coordinate = |index: usize| {
            let (lower, upper) = (case.lower[index], case.upper[index]);
            let eighths = f64::from(self.random.random_range(0..=8));
            let value = lower + eighths / 8.0 * (upper - lower);
            if case.integer.contains(&index) {
                return value.floor().max(lower.ceil());
            }
            value
        };
        (0..case.lower.len()).map(&mut coordinate).collect()
    }

    // The network

    fn add_layers(&mut self, case: &mut Case) {
        let outputs = self.pick(&[1, 1, 2, 3]);
        let mut bends = if self.chance(0.6) {
            self.random.random_range(10..=MOST_BENDS)
        } else {
            self.random.random_range(2..10)
        };
        let bent_output = outputs < bends && self.chance(0.15);
        if bent_output {
            bends -= outputs;
        }
        self.add_hidden_layers(case, bends);
        if bent_output {
            self.add_layer(case, outputs, Activation::Relu, FINE);
        } else {
            self.add_linear_layer(case, outputs);
        }
    }

    /// Adds one to three layers that share the given number of bends about evenly.
    fn add_hidden_layers(&mut self, case: &mut Case, bends: usize) {
        let count = self.pick(&[1, 1, 1, 2, 2, 2, 2, 3, 3]).min(bends);
        let coarse = self.random.random_range(0..12);
        let mut left = bends;
        for index in 0..count {
            let share = self.share(left, count - index);
            let (activation, cost) = self.activation(share);
            let grid = if index == coarse { COARSE } else { FINE };
            self.add_layer(case, share / cost, activation, grid);
            left -= share;
        }
    }

    /// One of `parts` shares of the bends: the last takes all, the others leave
    /// at least one for each that follows.
    fn share(&mut self, bends: usize, parts: usize) -> usize {
        if parts == 1 {
            return bends;
        }
        let even = bends / parts;
        let most = (even + 1).min(bends + 1 - parts);
        self.random.random_range((even - 1).max(1)..=most)
    }

    /// An activation and its number of bends, which is at most `limit`.
    fn activation(&mut self, limit: usize) -> (Activation, usize) {
        match self.random.random_range(0..10) {
            0..2 => (Activation::Leaky(self.pick(&[0.25, 0.5, 0.01, 0.1])), 1),
            2..4 if limit >= 2 => (Activation::Clip(self.pick(&[0.5, 1.0, 2.0, 6.0])), 2),
            _ => (Activation::Relu, 1),
        }
    }

    fn add_linear_layer(&mut self, case: &mut Case, width: usize) {
        let incoming = output_count(case);
        case.layers.push(Layer {
            weights: (0..width).map(|_| self.sparse(incoming, FINE, 0.1)).collect(),
            bias: self.sparse(width, FINE, 0.1),
            activation: Activation::Linear,
        });
    }

    fn add_layer(&mut self, case: &mut Case, width: usize, activation: Activation, grid: Grid) {
        let mut layer = Layer { weights: Vec::new(), bias: Vec::new(), activation };
        for _ in 0..width {
            let (weights, bias) = self.neuron(case, &layer, grid);
            layer.weights.push(weights);
            layer.bias.push(bias);
        }
        case.layers.push(layer);
    }

    /// The weights and the bias of a neuron that comes after those of the layer so
    /// far: at times a repetition, constant, or far from its bend.
    fn neuron(&mut self, case: &Case, so_far: &Layer, grid: Grid) -> (Vec<f64>, f64) {
        let incoming = output_count(case);
        let weights = self.sparse(incoming, grid, 0.12);
        let last = so_far.weights.last().zip(so_far.bias.last());
        match self.random.random_range(0..33) {
            0 => (vec![0.0; incoming], 0.0),
            1 => (vec![0.0; incoming], -self.quarters(1, 3)),
            2 => (weights, -100.0),
            3 => (weights, 100.0),
            4 => last.map_or((weights, 0.0), |(weights, bias)| (weights.clone(), *bias)),
            5..15 => (weights, self.on_grid(grid)),
            _ => {
                let bias = self.central_bias(case, &weights, grid);
                (weights, bias)
            }
        }
    }

    /// A bias that puts the bend of the next neuron near a random point of the box.
    fn central_bias(&mut self, case: &Case, weights: &[f64], grid: Grid) -> f64 {
        let incoming = evaluate(case, &self.point(case));
        let steps = f64::from(grid.steps_per_unit);
        (-dot(weights, &incoming) * steps).round() / steps
    }

    // The objective and the constraints

    fn add_objective(&mut self, case: &mut Case) {
        let (inputs, outputs) = (case.lower.len(), output_count(case));
        let input_zeros = if self.chance(0.3) { 0.2 } else { 1.0 };
        case.objective_inputs = self.sparse(inputs, COEFFICIENT, input_zeros);
        case.objective_outputs = self.sparse(outputs, COEFFICIENT, 0.05);
        if self.chance(0.25) {
            case.objective_constant = self.quarters(-8, 8);
        }
    }

    /// Adds one to three constraints, most of which hold at a common point.
    fn add_constraints(&mut self, case: &mut Case) {
        let anchor = self.point(case);
        let forbidding = self.chance(0.2);
        for _ in 0..self.random.random_range(1..=3) {
            let constraint = self.constraint(case, &anchor);
            case.constraints.push(constraint);
        }
        if forbidding {
            let last = case.constraints.pop();
            case.constraints.extend(last.map(|last| self.forbidding(case, last)));
        }
    }

    /// A constraint that holds at the anchor.
    fn constraint(&mut self, case: &Case, anchor: &[f64]) -> Constraint {
        let equation = self.chance(0.15);
        let (with_inputs, with_outputs) = if equation {
            self.pick(&[(true, false), (true, false), (true, false), (false, true)])
        } else {
            self.pick(&[(true, false), (false, true), (true, true)])
        };
        let mut coefficients = |count, wanted| {
            let zeros = if wanted { 0.1 } else { 1.0 };
            self.sparse(count, COEFFICIENT, zeros)
        };
        let mut constraint = Constraint {
            inputs: coefficients(case.lower.len(), with_inputs),
            outputs: coefficients(output_count(case), with_outputs),
            relation: Relation::Equal,
            right: 0.0,
        };
        let value = left_side(&constraint, case, anchor);
        if equation {
            constraint.right = value;
            return constraint;
        }
        let slack = if self.chance(0.06) { 0.0 } else { self.quarters(0, 3) + 0.125 };
        (constraint.relation, constraint.right) = if self.chance(0.5) {
            (Relation::AtMost, up_to_sixteenth(value + slack))
        } else {
            (Relation::AtLeast, -up_to_sixteenth(slack - value))
        };
        constraint
    }

    /// The constraint turned into an inequality that few points of the box
    /// satisfy, and often none.
    fn forbidding(&mut self, case: &Case, mut constraint: Constraint) -> Constraint {
        let values: Vec<f64> =
            (0..40).map(|_| left_side(&constraint, case, &self.point(case))).collect();
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let distance = 0.125 + self.quarters(0, 1) * (1.0 + most - least);
        (constraint.relation, constraint.right) = if self.chance(0.5) {
            (Relation::AtMost, -up_to_sixteenth(distance - least))
        } else {
            (Relation::AtLeast, up_to_sixteenth(most + distance))
        };
        constraint
    }
}

/// `inputs . x + outputs . N(x)` of the constraint, in doubles.
fn left_side(constraint: &Constraint, case: &Case, x: &[f64]) -> f64 {
    dot(&constraint.inputs, x) + dot(&constraint.outputs, &evaluate(case, x))
}

fn up_to_sixteenth(number: f64) -> f64 {
    (16.0 * number).ceil() / 16.0
}

// ---------------------------------------------------------------------------
// Tests
// ---------------------------------------------------------------------------

#[cfg(test)]
mod exact_tests {
    use super::*;

    const TOLERANCE: f64 = 1e-9;

    fn layer(weights: &[&[f64]], bias: &[f64], activation: Activation) -> Layer {
        Layer {
            weights: weights.iter().map(|row| row.to_vec()).collect(),
            bias: bias.to_vec(),
            activation,
        }
    }

    /// Minimises the first output over a box.
    fn minimum(layers: Vec<Layer>, lower: &[f64], upper: &[f64]) -> Case {
        let mut case = Case {
            layers,
            lower: lower.to_vec(),
            upper: upper.to_vec(),
            integer: Vec::new(),
            constraints: Vec::new(),
            maximize: false,
            objective_inputs: vec![0.0; lower.len()],
            objective_outputs: Vec::new(),
            objective_constant: 0.0,
        };
        case.objective_outputs = vec![0.0; output_count(&case)];
        case.objective_outputs[0] = 1.0;
        case
    }

    fn maximum(layers: Vec<Layer>, lower: &[f64], upper: &[f64]) -> Case {
        Case { maximize: true, ..minimum(layers, lower, upper) }
    }

    fn constrained(mut case: Case, inputs: &[f64], relation: Relation, right: f64) -> Case {
        case.constraints.push(Constraint {
            inputs: inputs.to_vec(),
            outputs: vec![0.0; output_count(&case)],
            relation,
            right,
        });
        case
    }

    /// `|x| = relu(x) + relu(-x)`
    fn absolute_value() -> Vec<Layer> {
        vec![
            layer(&[&[1.0], &[-1.0]], &[0.0, 0.0], Activation::Relu),
            layer(&[&[1.0, 1.0]], &[0.0], Activation::Linear),
        ]
    }

    /// `x + y`
    fn sum_of_two() -> Vec<Layer> {
        vec![layer(&[&[1.0, 1.0]], &[0.0], Activation::Linear)]
    }

    fn assert_optimum(case: &Case, value: f64, point: &[f64]) {
        let optimum = solve(case).expect("the case is feasible");
        assert_eq!(optimum.value, value);
        assert_eq!(optimum.point, point);
    }

    #[test]
    fn absolute_value_is_least_at_zero_and_largest_at_the_far_end() {
        assert_optimum(&minimum(absolute_value(), &[-1.0], &[2.0]), 0.0, &[0.0]);
        assert_optimum(&maximum(absolute_value(), &[-1.0], &[2.0]), 2.0, &[2.0]);
    }

    #[test]
    fn absolute_value_has_two_regions() {
        let optimum = solve(&minimum(absolute_value(), &[-1.0], &[2.0])).unwrap();
        assert_eq!(optimum.cells, 2);
    }

    #[test]
    fn clip_stops_at_zero_and_at_its_ceiling() {
        let clip = || {
            let clipped = layer(&[&[1.0]], &[0.0], Activation::Clip(2.0));
            vec![clipped, layer(&[&[3.0]], &[1.0], Activation::Linear)]
        };
        assert_eq!(solve(&minimum(clip(), &[-1.0], &[5.0])).unwrap().value, 1.0);
        assert_eq!(solve(&maximum(clip(), &[-1.0], &[5.0])).unwrap().value, 7.0);
        assert_optimum(&maximum(clip(), &[-1.0], &[1.5]), 5.5, &[1.5]);
    }

    #[test]
    fn tent_of_clip_is_largest_at_its_kink() {
        // 2 clip(x, 1) - x rises to 1 at x = 1 and falls from there.
        let layers = vec![
            layer(&[&[1.0]], &[0.0], Activation::Clip(1.0)),
            layer(&[&[2.0]], &[0.0], Activation::Linear),
        ];
        let mut case = maximum(layers, &[-3.0], &[3.0]);
        case.objective_inputs[0] = -1.0;
        assert_optimum(&case, 3.0, &[-3.0]);
        case.lower[0] = 0.0;
        assert_optimum(&case, 1.0, &[1.0]);
    }

    #[test]
    fn leaky_keeps_its_slope_below_zero() {
        let leaky = || vec![layer(&[&[2.0]], &[1.0], Activation::Leaky(0.25))];
        assert_optimum(&minimum(leaky(), &[-2.0], &[1.0]), -0.75, &[-2.0]);
        assert_optimum(&maximum(leaky(), &[-2.0], &[1.0]), 3.0, &[1.0]);
    }

    #[test]
    fn contradicting_constraints_are_infeasible() {
        let case = minimum(absolute_value(), &[-1.0], &[2.0]);
        let beyond = constrained(case.clone(), &[1.0], Relation::AtLeast, 2.5);
        assert_eq!(solve(&beyond), None);
        let mut negative_output = constrained(case, &[0.0], Relation::AtMost, -0.5);
        negative_output.constraints[0].outputs[0] = 1.0;
        assert_eq!(solve(&negative_output), None);
    }

    #[test]
    fn crossed_bounds_are_infeasible() {
        assert_eq!(solve(&minimum(absolute_value(), &[1.0], &[0.5])), None);
    }

    #[test]
    fn integer_inputs_take_integers_only() {
        let mut case = maximum(sum_of_two(), &[0.25, 0.25], &[2.75, 2.75]);
        case.integer = vec![0];
        assert_optimum(&case, 4.75, &[2.0, 2.75]);
        case.maximize = false;
        assert_optimum(&case, 1.25, &[1.0, 0.25]);
        case.integer = vec![0, 1];
        assert_optimum(&case, 2.0, &[1.0, 1.0]);
        case.upper = vec![2.75, 0.75];
        assert_eq!(solve(&case), None);
    }

    #[test]
    fn equations_hold_exactly() {
        let case = maximum(sum_of_two(), &[0.0, 0.0], &[2.0, 2.0]);
        let case = constrained(case, &[1.0, 2.0], Relation::Equal, 3.0);
        assert_optimum(&case, 2.5, &[2.0, 0.5]);
        let case = constrained(case, &[1.0, -1.0], Relation::Equal, 0.0);
        assert_optimum(&case, 2.0, &[1.0, 1.0]);
        let case = constrained(case, &[1.0, 0.0], Relation::Equal, 0.5);
        assert_eq!(solve(&case), None);
    }

    #[test]
    fn a_box_that_is_a_point_has_one_region() {
        let mut case = minimum(absolute_value(), &[-0.5], &[-0.5]);
        case.objective_constant = 2.0;
        assert_optimum(&case, 2.5, &[-0.5]);
        assert_eq!(solve(&case).unwrap().cells, 1);
    }

    // The linear program

    /// The largest value of the objective where no row is positive, by way of
    /// every vertex of the hyperplanes of the rows: each is an intersection of as
    /// many of them as there are variables. The rows must bound the set.
    fn best_vertex(objective: &Affine, rows: &[Affine]) -> Option<RBig> {
        if objective.slope.is_empty() {
            let feasible = !rows.iter().any(|row| is_positive(&row.offset));
            return feasible.then(|| objective.offset.clone());
        }
        let best_on = |wall: &Affine| {
            let pivot = wall.slope.iter().position(|entry| !entry.is_zero())?;
            let replacement = wall.solved_for(pivot);
            let substitute = |form: &Affine| form.substitute(pivot, &replacement);
            let rows: Vec<Affine> = rows.iter().map(substitute).collect();
            best_vertex(&substitute(objective), &rows)
        };
        rows.iter().filter_map(best_on).max()
    }

    fn rows_of_bounds(bounds: &[Interval]) -> impl Iterator<Item = Affine> {
        bounds.iter().enumerate().flat_map(|(index, interval)| {
            let coordinate = Affine::variable(bounds.len(), index);
            [coordinate.above(&interval.upper), coordinate.below(&interval.lower)]
        })
    }

    fn random_form(random: &mut ChaCha8Rng, dimension: usize) -> Affine {
        let mut small = |most: i32| RBig::from(random.random_range(-most..=most));
        Affine { slope: (0..dimension).map(|_| small(2)).collect(), offset: small(3) }
    }

    /// A few rows with repetitions, opposite pairs and constants among them.
    fn random_rows(random: &mut ChaCha8Rng, dimension: usize) -> Vec<Affine> {
        let mut rows: Vec<Affine> = Vec::new();
        for _ in 0..random.random_range(1..=6) {
            let row = random_form(random, dimension);
            match (random.random_range(0..8), rows.last().cloned()) {
                (0, Some(last)) => rows.push(last.scaled(&RBig::from(2), &RBig::ZERO)),
                (1, Some(last)) => rows.push(last.below(&RBig::ZERO)),
                (2, _) => rows.push(Affine::constant(dimension, -RBig::ONE)),
                (3, _) => rows.push(Affine::constant(dimension, RBig::ZERO)),
                _ => rows.push(row),
            }
        }
        rows
    }

    fn random_interval(random: &mut ChaCha8Rng) -> Interval {
        let lower = random.random_range(-3..=1);
        Interval { lower: RBig::from(lower), upper: RBig::from(lower + random.random_range(0..=3)) }
    }

    #[test]
    fn linear_programs_agree_with_their_vertices() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut feasible = 0;
        for _ in 0..200 {
            let dimension = random.random_range(2..=3);
            let bounds: Vec<Interval> =
                (0..dimension).map(|_| random_interval(&mut random)).collect();
            let mut rows = random_rows(&mut random, dimension);
            let objective = random_form(&mut random, dimension);
            let point = maximize(&objective, &rows, &bounds);
            rows.extend(rows_of_bounds(&bounds));
            let value = point.map(|point| {
                assert!(rows.iter().all(|row| !is_positive(&row.at(&point))));
                objective.at(&point)
            });
            feasible += usize::from(value.is_some());
            assert_eq!(value, best_vertex(&objective, &rows));
        }
        assert!((50..150).contains(&feasible), "{feasible} feasible");
    }

    // Random cases

    /// The value of the optimum without any of the walk's tests: every choice of
    /// a piece for every neuron is a region, most of them empty, and the optimum
    /// of a region is sought among all its vertices.
    fn value_by_every_pattern(case: &Case) -> Option<RBig> {
        let layers: Vec<ExactLayer> = case.layers.iter().map(ExactLayer::of).collect();
        let mut patterns = Vec::new();
        for intervals in integer_slices(case) {
            let inputs = input_forms(&intervals);
            let free = intervals.into_iter().filter(|i| !i.is_single());
            let start = Region {
                bounds: free.collect(),
                rows: Vec::new(),
                outputs: inputs.clone(),
                inputs,
            };
            patterns.extend(layers.iter().fold(vec![start], patterns_of_layer));
        }
        let values = patterns.iter().filter_map(|region| best_vertex_of(case, region));
        if case.maximize { values.max() } else { values.min() }
    }

    /// Every region with every choice of pieces for the neurons of one more layer.
    fn patterns_of_layer(regions: Vec<Region>, layer: &ExactLayer) -> Vec<Region> {
        let with_next_neuron = |(region, outputs): (Region, Vec<Affine>)| {
            let neuron = outputs.len();
            let dimension = region.bounds.len();
            let (weights, bias) = (&layer.weights[neuron], &layer.bias[neuron]);
            let argument = Affine::combination(dimension, weights, &region.outputs, bias);
            let with_piece = |(index, piece): (usize, &Piece)| {
                let mut rows = region.rows.clone();
                let start = index.checked_sub(1).map(|last| &layer.shape.bends[last]);
                rows.extend(start.map(|bend| argument.below(bend)));
                let end = layer.shape.bends.get(index);
                rows.extend(end.map(|bend| argument.above(bend)));
                let mut outputs = outputs.clone();
                outputs.push(argument.scaled(&piece.slope, &piece.offset));
                (copy_with_rows(&region, rows), outputs)
            };
            let pieces = layer.shape.pieces.iter().enumerate();
            pieces.map(with_piece).collect::<Vec<_>>()
        };
        let mut partial: Vec<_> = regions.into_iter().map(|r| (r, Vec::new())).collect();
        for _ in &layer.bias {
            partial = partial.into_iter().flat_map(with_next_neuron).collect();
        }
        let finished = |(region, outputs)| Region { outputs, ..region };
        partial.into_iter().map(finished).collect()
    }

    fn copy_with_rows(region: &Region, rows: Vec<Affine>) -> Region {
        Region {
            bounds: region.bounds.clone(),
            rows,
            inputs: region.inputs.clone(),
            outputs: region.outputs.clone(),
        }
    }

    fn best_vertex_of(case: &Case, region: &Region) -> Option<RBig> {
        let mut rows = region.rows.clone();
        rows.extend(rows_of_bounds(&region.bounds));
        let constraints = case.constraints.iter();
        rows.extend(constraints.flat_map(|constraint| constraint_rows(constraint, region)));
        let objective = Goal::of(case).objective.on(region);
        if case.maximize {
            return best_vertex(&objective, &rows);
        }
        best_vertex(&objective.below(&RBig::ZERO), &rows).map(|value| -value)
    }

    /// The number of pieces the activations of the case have, multiplied up.
    fn pattern_count(case: &Case) -> usize {
        let layer_patterns = |layer: &Layer| {
            let pieces = Shape::of(layer.activation).pieces.len();
            pieces.pow(layer.bias.len() as u32)
        };
        case.layers.iter().map(layer_patterns).product()
    }

    #[test]
    fn small_random_cases_agree_with_every_pattern() {
        let is_small = |case: &Case| case.lower.len() <= 2 && pattern_count(case) <= 40;
        let small = (0..).map(random_case).filter(is_small);
        for case in small.take(40) {
            let goal = Goal::of(&case);
            let best = best_over(&regions(&case), &goal, &case.constraints);
            let value = best.map(|candidate| candidate.value);
            assert_eq!(value, value_by_every_pattern(&case), "{case:?}");
        }
    }

    fn objective_at(case: &Case, x: &[f64]) -> f64 {
        case.objective_constant
            + dot(&case.objective_inputs, x)
            + dot(&case.objective_outputs, &evaluate(case, x))
    }

    /// By how much the point violates the constraint, relative to its right side.
    fn violation(constraint: &Constraint, case: &Case, x: &[f64]) -> f64 {
        let excess = left_side(constraint, case, x) - constraint.right;
        let wrong = match constraint.relation {
            Relation::AtMost => excess,
            Relation::AtLeast => -excess,
            Relation::Equal => excess.abs(),
        };
        wrong / (1.0 + constraint.right.abs())
    }

    fn is_feasible(case: &Case, x: &[f64]) -> bool {
        let within = |index: usize| case.lower[index] <= x[index] && x[index] <= case.upper[index];
        let holds = |constraint| violation(constraint, case, x) <= TOLERANCE;
        (0..x.len()).all(within)
            && case.integer.iter().all(|&index| x[index].fract() == 0.0)
            && case.constraints.iter().all(holds)
    }

    fn assert_attains(case: &Case, optimum: &Optimum, seed: u64) {
        let attained = objective_at(case, &optimum.point);
        let error = (attained - optimum.value).abs();
        assert!(is_feasible(case, &optimum.point), "seed {seed}");
        assert!(error <= TOLERANCE * (1.0 + attained.abs()), "seed {seed}: {error}");
    }

    fn assert_not_beaten(case: &Case, optimum: Option<&Optimum>, x: &[f64], seed: u64) {
        let optimum = optimum.unwrap_or_else(|| panic!("seed {seed} is feasible at {x:?}"));
        let sign = if case.maximize { 1.0 } else { -1.0 };
        let lead = sign * (objective_at(case, x) - optimum.value);
        let allowed = TOLERANCE * (1.0 + optimum.value.abs());
        assert!(lead <= allowed, "seed {seed}: better by {lead} at {x:?}");
    }

    #[test]
    fn no_sample_beats_the_optimum_of_a_random_case() {
        for seed in 0..100 {
            let case = random_case(seed);
            let optimum = solve(&case);
            if let Some(optimum) = &optimum {
                assert_attains(&case, optimum, seed);
            }
            let random = ChaCha8Rng::seed_from_u64(seed);
            let mut draw = Draw { random };
            for _ in 0..500 {
                let sample = draw.point(&case);
                if is_feasible(&case, &sample) {
                    assert_not_beaten(&case, optimum.as_ref(), &sample, seed);
                }
            }
        }
    }

    #[test]
    fn random_cases_are_reproducible_and_of_the_promised_size() {
        for seed in 0..50 {
            let case = random_case(seed);
            assert_eq!(case, random_case(seed));
            check_sizes(&case);
            let bends = |layer: &Layer| layer.bias.len() * Shape::of(layer.activation).bends.len();
            let total: usize = case.layers.iter().map(bends).sum();
            assert!((1..=MOST_BENDS).contains(&total), "seed {seed}: {total}");
        }
    }
}
