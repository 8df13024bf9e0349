//! Random cases.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::steadiness::{NUDGE, is_steady};
use super::wide::Extremes;
use super::{Activation, Case, Constraint, Layer, Relation, dot, evaluate, output_count, values};

/// A random case that a solver with tolerances can be held to: see [`is_steady`].
pub fn random_case(seed: u64) -> Case {
    let mut attempts = (0..).map(|attempt| Draw::new(seed, attempt).case());
    attempts.find(|case| is_steady(case, |_| NUDGE)).expect("attempts do not end")
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
pub(super) const MOST_BENDS: usize = 12;

/// Draws the parts of a random case.
pub struct Draw {
    pub random: ChaCha8Rng,
    /// What only some cases have.
    pub(super) extremes: Option<Extremes>,
}

impl Draw {
    /// Cases of ordinary size.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(stream);
        Self { random, extremes: None }
    }

    /// Any random case.
    pub fn case(&mut self) -> Case {
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
        self.stretch(&mut case);
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

    pub fn chance(&mut self, probability: f64) -> bool {
        self.random.random_bool(probability)
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.random.random_range(0..choices.len())]
    }

    fn on_grid(&mut self, grid: Grid) -> f64 {
        let most = grid.limit * grid.steps_per_unit;
        f64::from(self.random.random_range(-most..=most)) / f64::from(grid.steps_per_unit)
    }

    /// A multiple of 1/4 between two integers.
    pub(super) fn quarters(&mut self, from: i32, to: i32) -> f64 {
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
    pub fn point(&mut self, case: &Case) -> Vec<f64> {
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
        let mut spare = self.bends_of_pooling(bends);
        let mut left = bends - spare;
        let count = self.pick(&[1, 1, 1, 2, 2, 2, 2, 3, 3]).min(left);
        let coarse = self.random.random_range(0..12);
        for index in 0..count {
            let share = self.share(left, count - index);
            let (activation, cost) = self.activation(share);
            let grid = if index == coarse { COARSE } else { FINE };
            let width = match activation {
                Activation::Max(size) => size * share / cost,
                _ => share / cost,
            };
            self.add_layer(case, width, activation, grid);
            left -= share;
            spare -= self.add_pooling(case, spare);
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

    /// An activation and the number of bends of a value, which is at most `limit`.
    fn activation(&mut self, limit: usize) -> (Activation, usize) {
        if self.is_maxout() {
            return (Activation::Max(2), 1);
        }
        match self.random.random_range(0..10) {
            0..2 => (Activation::Leaky(self.pick(&[0.25, 0.5, 0.01, 0.1])), 1),
            2..4 if limit >= 2 => (Activation::Clip(self.pick(&[0.5, 1.0, 2.0, 6.0])), 2),
            _ => (Activation::Relu, 1),
        }
    }

    fn add_linear_layer(&mut self, case: &mut Case, width: usize) {
        let mut layer = self.empty_layer(case, Activation::Linear);
        let units = self.units_of_columns(case, &layer);
        let row = |draw: &mut Self| in_units(draw.sparse(units.len(), FINE, 0.1), &units);
        layer.weights = (0..width).map(|_| row(self)).collect();
        layer.bias = self.sparse(width, FINE, 0.1);
        self.push(case, layer);
    }

    fn add_layer(&mut self, case: &mut Case, width: usize, activation: Activation, grid: Grid) {
        let mut layer = self.empty_layer(case, activation);
        let units = self.units_of_columns(case, &layer);
        for _ in 0..width {
            let (weights, bias) = self.neuron(case, &layer, grid, &units);
            layer.weights.push(weights);
            layer.bias.push(bias);
        }
        self.push(case, layer);
    }

    fn empty_layer(&mut self, case: &Case, activation: Activation) -> Layer {
        let skips = self.skips(case);
        Layer { weights: Vec::new(), bias: Vec::new(), activation, skips }
    }

    /// The weights and the bias of a neuron that comes after those of the layer so
    /// far: at times a repetition, constant, or far from its bend.
    fn neuron(
        &mut self,
        case: &Case,
        so_far: &Layer,
        grid: Grid,
        units: &[f64],
    ) -> (Vec<f64>, f64) {
        let incoming = units.len();
        let weights = in_units(self.sparse(incoming, grid, 0.12), units);
        let last = so_far.weights.last().zip(so_far.bias.last());
        match self.random.random_range(0..33) {
            0 => (vec![0.0; incoming], 0.0),
            1 => (vec![0.0; incoming], -self.quarters(1, 3)),
            2 => (weights, -100.0),
            3 => (weights, 100.0),
            4 => last.map_or((weights, 0.0), |(weights, bias)| (weights.clone(), *bias)),
            5..15 => (weights, self.on_grid(grid)),
            _ => {
                let bias = self.central_bias(case, so_far, &weights, grid);
                (weights, bias)
            }
        }
    }

    /// A bias that puts the bend of the next neuron near a random point of the box.
    fn central_bias(&mut self, case: &Case, layer: &Layer, weights: &[f64], grid: Grid) -> f64 {
        let incoming = layer.incoming(&values(case, &self.point(case)));
        if self.is_exact() {
            return -dot(weights, &incoming);
        }
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
pub(super) fn left_side(constraint: &Constraint, case: &Case, x: &[f64]) -> f64 {
    dot(&constraint.inputs, x) + dot(&constraint.outputs, &evaluate(case, x))
}

/// Weights of columns that are counted in units.
fn in_units(weights: Vec<f64>, units: &[f64]) -> Vec<f64> {
    weights.iter().zip(units).map(|(weight, unit)| weight / unit).collect()
}

fn up_to_sixteenth(number: f64) -> f64 {
    (16.0 * number).ceil() / 16.0
}
