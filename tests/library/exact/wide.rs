//! Random cases with what few networks have: skip connections, pooling, numbers of every size,
//! inputs that hardly vary or are far from 0.

use rand::RngExt;

use super::random_case::Draw;
use super::steadiness::{NUDGE, is_steady};
use super::{Activation, Case, Constraint, Layer, values};

/// What a layer's values are counted in where they are not of ordinary size; not all of them
/// powers of two, so that products are rounded.
const UNITS: [f64; 6] = [1.0 / (1 << 30) as f64, 1e-6, 1e-3, 1024.0, 1e6, (1 << 30) as f64];

/// What an entry is multiplied by that hardly counts.
const TINY: f64 = 1.0 / (1u64 << 34) as f64;

/// The units that the inputs and the values of each layer are counted in.
pub(super) type Extremes = Vec<f64>;

/// A random case that a solver with tolerances can be held to: see [`is_steady`].
pub fn wide_case(seed: u64) -> Case {
    let mut attempts = (0..).map(|attempt| {
        let mut draw = Draw::new(seed, attempt);
        draw.extremes = Some(vec![1.0]);
        draw.case()
    });
    let is_wanted = |case: &Case| is_steady(case, |constraint| NUDGE * size(constraint, case));
    attempts.find(is_wanted).expect("attempts do not end")
}

/// What the terms of a constraint come to, at most, at the corners and in the middle of the box.
fn size(constraint: &Constraint, case: &Case) -> f64 {
    let inputs = case.lower.len();
    let corner = |number: usize| -> Vec<f64> {
        let end = |i: usize| if number >> i & 1 == 0 { case.lower[i] } else { case.upper[i] };
        (0..inputs).map(end).collect()
    };
    let middle = case.lower.iter().zip(&case.upper).map(|(l, u)| 0.5 * l + 0.5 * u).collect();
    let points = (0..1usize << inputs).map(corner).chain([middle]);
    let sizes = points.map(|point| {
        let outputs = values(case, &point).pop().expect("the inputs at least");
        let coefficients = constraint.inputs.iter().chain(&constraint.outputs);
        let terms = coefficients.zip(point.iter().chain(&outputs)).map(|(c, value)| c * value);
        terms.map(f64::abs).sum::<f64>()
    });
    sizes.fold(constraint.right.abs(), f64::max)
}

impl Draw {
    fn is_wide(&self) -> bool {
        self.extremes.is_some()
    }

    /// At times, makes an input hardly vary, vary far, or far from 0.
    pub(super) fn stretch(&mut self, case: &mut Case) {
        if !self.is_wide() || !self.chance(0.25) {
            return;
        }
        let input = self.random.random_range(0..case.lower.len());
        let power = |exponent: i32| 2f64.powi(exponent);
        match self.random.random_range(0..3) {
            0 if case.lower[input] < case.upper[input] => {
                let width = power(-self.pick(&[8, 20, 33]));
                case.upper[input] = case.lower[input] + width;
            }
            1 => {
                let far = power(self.pick(&[10, 17]));
                case.lower[input] += far;
                case.upper[input] += far;
            }
            _ => {
                let wide = power(self.pick(&[5, 10]));
                case.lower[input] *= wide;
                case.upper[input] *= wide;
            }
        }
    }

    /// At times, an earlier layer, or the inputs, that the next layer reads too.
    pub(super) fn skips(&mut self, case: &Case) -> Vec<usize> {
        if !self.is_wide() || case.layers.is_empty() || !self.chance(0.45) {
            return Vec::new();
        }
        vec![self.random.random_range(0..case.layers.len())]
    }

    /// The units of what a layer reads, one for each of its columns; at times it knows none.
    pub(super) fn units_of_columns(&mut self, case: &Case, layer: &Layer) -> Vec<f64> {
        let values = values(case, &case.lower);
        let Some(extremes) = self.extremes.clone() else {
            return vec![1.0; layer.incoming(&values).len()];
        };
        let knows = self.chance(0.8);
        let unit = |number: usize| if knows { extremes[number] } else { 1.0 };
        let units: Vec<Vec<f64>> = values
            .iter()
            .enumerate()
            .map(|(number, values)| vec![unit(number); values.len()])
            .collect();
        layer.incoming(&units)
    }

    /// Adds a layer that is drawn, at times in units of its own.
    pub(super) fn push(&mut self, case: &mut Case, mut layer: Layer) {
        if self.is_wide() {
            self.add_identity(case, &mut layer);
            let unit = self.make_extreme(&mut layer);
            self.extremes.as_mut().expect("a wide case").push(unit);
        }
        case.layers.push(layer);
    }

    /// At times, what comes by a skip connection is added as it is.
    fn add_identity(&mut self, case: &Case, layer: &mut Layer) {
        let sizes = values(case, &case.lower).iter().map(Vec::len).collect::<Vec<_>>();
        let Some(&skip) = layer.skips.first() else { return };
        if sizes[skip] != layer.weights.len() || !self.chance(0.6) {
            return;
        }
        let before = sizes[case.layers.len()];
        for (row, weights) in layer.weights.iter_mut().enumerate() {
            for (column, weight) in weights[before..].iter_mut().enumerate() {
                *weight = if column == row { 1.0 } else { 0.0 };
            }
        }
    }

    /// Makes a layer huge or tiny, or some of its rows or entries; the unit of its values.
    fn make_extreme(&mut self, layer: &mut Layer) -> f64 {
        match self.random.random_range(0..12) {
            0..=2 => {
                let unit = self.pick(&UNITS);
                layer.weights.iter_mut().flatten().for_each(|weight| *weight *= unit);
                layer.bias.iter_mut().for_each(|bias| *bias *= unit);
                if let Activation::Clip(ceiling) = &mut layer.activation {
                    *ceiling *= unit;
                }
                return unit;
            }
            3 => {
                let (unit, row) =
                    (self.pick(&UNITS), self.random.random_range(0..layer.weights.len()));
                layer.weights[row].iter_mut().for_each(|weight| *weight *= unit);
                layer.bias[row] *= unit;
            }
            4 => {
                for weight in layer.weights.iter_mut().flatten() {
                    *weight *= if self.chance(0.3) { TINY } else { 1.0 };
                }
            }
            _ => {}
        }
        1.0
    }

    /// How many of the bends are for pooling.
    pub(super) fn bends_of_pooling(&mut self, bends: usize) -> usize {
        if self.is_wide() { self.random.random_range(0..=bends / 3) } else { 0 }
    }

    /// Whether a bend goes through a point, and not only near it.
    pub(super) fn is_exact(&mut self) -> bool {
        self.is_wide() && self.chance(0.5)
    }

    /// At times, adds a layer of windows over the layer before, as far as there are bends; how
    /// many it takes.
    pub(super) fn add_pooling(&mut self, case: &mut Case, bends: usize) -> usize {
        if bends == 0 || !self.chance(0.6) {
            return 0;
        }
        let (size, stride) = self.pick(&[(2, 1), (2, 2), (2, 2), (3, 2), (3, 3)]);
        let incoming = case.layers.last().map_or(0, Layer::size);
        let windows = (incoming + stride).saturating_sub(size) / stride;
        let windows = windows.min(bends / (size - 1));
        if windows == 0 {
            return 0;
        }
        let row = |window: usize, tap: usize| -> Vec<f64> {
            let taken = window * stride + tap;
            (0..incoming).map(|column| if column == taken { 1.0 } else { 0.0 }).collect()
        };
        let weights: Vec<Vec<f64>> =
            (0..windows).flat_map(|window| (0..size).map(move |tap| row(window, tap))).collect();
        let bias = vec![0.0; weights.len()];
        let activation = Activation::Max(size);
        case.layers.push(Layer { weights, bias, activation, skips: Vec::new() });
        let extremes = self.extremes.as_mut().expect("a wide case");
        extremes.extend(extremes.last().copied());
        windows * (size - 1)
    }

    /// Whether pre-activations are compared in pairs, as maxout networks do.
    pub(super) fn is_maxout(&mut self) -> bool {
        self.is_wide() && self.chance(0.08)
    }
}
