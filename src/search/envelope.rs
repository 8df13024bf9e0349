//! The least value that planes leave together: the lowest point of the highest of them over a
//! box, a small linear program, by the simplex method with bounded columns.
//!
//! What it says is a hint: which convex combination of the planes is worth computing, in such a
//! way that it holds whatever the weights are, and where.

use std::cmp::Reverse;

use super::planes::Plane;
use crate::proof::WEIGHT_UNITS;

/// Pivots for each plane, at most.
const PIVOTS: usize = 12;

/// What is smaller, beside the largest of its kind, is rounding.
const TINY: f64 = 1e-11;

/// The lowest point of the highest of some planes.
#[derive(Debug, Default)]
pub struct Envelope {
    /// One weight a plane, not negative.
    weights: Vec<f64>,
    /// The point.
    pub point: Vec<f64>,
    inputs: usize,
    /// Columns of a row: inputs, slacks of the planes, and the value.
    width: usize,
    /// Each basic column as a sum over the others, which stand at an end of their range and are
    /// counted from there; the last row is the objective. Inputs are in units of their widths.
    rows: Vec<f64>,
    /// The column of each row but the last.
    basis: Vec<usize>,
    /// Whether a column is in the basis.
    is_basic: Vec<bool>,
    /// Whether an input that is not stands at its upper end.
    is_up: Vec<bool>,
}

impl Envelope {
    /// Solves the program of `planes`, at least one, over a box.
    pub fn solve(&mut self, planes: &[Plane], domain: [&[f64]; 2]) {
        self.start(planes, domain);
        for _ in 0..PIVOTS * planes.len() {
            let Some(column) = self.entering() else { break };
            self.enter(column);
        }
        let objective = &self.rows[self.rows.len() - self.width..];
        let slacks = &objective[self.inputs..self.width - 1];
        let is_basic = &self.is_basic[self.inputs..];
        self.weights.clear();
        let weight = |(&weight, &basic): (&f64, &bool)| if basic { 0.0 } else { weight.max(0.0) };
        self.weights.extend(slacks.iter().zip(is_basic).map(weight));
        let [lower, upper] = domain;
        self.point.clear();
        let ends = lower.iter().zip(upper).zip(&self.is_up);
        self.point.extend(ends.map(|((l, u), up)| if *up { *u } else { *l }));
        for (row, &column) in self.basis.iter().enumerate() {
            if column < self.inputs {
                let share = self.rows[(row + 1) * self.width - 1];
                let (l, u) = (lower[column], upper[column]);
                self.point[column] = (l + share * (u - l)).clamp(l, u);
            }
        }
    }

    /// The planes that count, by their places, and their weights in units of
    /// 1 / [`WEIGHT_UNITS`], the largest first.
    pub fn weights(&self) -> Vec<(u16, u16)> {
        let places = self.weights.iter().enumerate();
        let weights = places.filter_map(|(index, &weight)| {
            let weight = (weight * f64::from(WEIGHT_UNITS)).round() as u16;
            (weight > 0).then_some((u16::try_from(index).ok()?, weight))
        });
        let mut weights: Vec<(u16, u16)> = weights.collect();
        weights.sort_by_key(|(_, weight)| Reverse(*weight));
        weights
    }

    /// The corner at which the first plane is least, where only the slack of the plane that is
    /// highest there is 0.
    fn start(&mut self, planes: &[Plane], [lower, upper]: [&[f64]; 2]) {
        let (inputs, count) = (lower.len(), planes.len());
        (self.inputs, self.width) = (inputs, inputs + count + 1);
        self.is_up.clear();
        self.is_up.extend(planes[0].slope.iter().map(|a| *a < 0.0));
        let ends = self.is_up.iter().zip(lower.iter().zip(upper));
        let corner: Vec<f64> = ends.map(|(up, (l, u))| if *up { *u } else { *l }).collect();
        let value = |plane: &Plane| {
            plane.offset + plane.slope.iter().zip(&corner).map(|(a, x)| a * x).sum::<f64>()
        };
        let values: Vec<f64> = planes.iter().map(value).collect();
        let highest = (0..count).fold(0, |best, k| if values[k] > values[best] { k } else { best });
        self.rows.clear();
        self.rows.resize(count * self.width, 0.0);
        self.basis.clear();
        self.is_basic.clear();
        self.is_basic.resize(self.width - 1, false);
        let others = (0..count).filter(|k| *k != highest).map(Some);
        for (row, other) in others.chain([None]).enumerate() {
            let to = &mut self.rows[row * self.width..(row + 1) * self.width];
            // What a plane lies below the objective, which is the highest plane and its slack.
            for (j, to) in to[..inputs].iter_mut().enumerate() {
                let a = planes[highest].slope[j] - other.map_or(0.0, |k| planes[k].slope[j]);
                *to = a * (upper[j] - lower[j]);
            }
            to[inputs + highest] = 1.0;
            to[self.width - 1] = values[highest] - other.map_or(0.0, |k| values[k]);
            if let Some(other) = other {
                self.basis.push(inputs + other);
                self.is_basic[inputs + other] = true;
            }
        }
    }

    /// The column that lowers the objective most as it leaves its end.
    fn entering(&self) -> Option<usize> {
        let objective = &self.rows[self.rows.len() - self.width..][..self.width - 1];
        let largest = objective[..self.inputs].iter().fold(0.0f64, |most, d| most.max(d.abs()));
        let mut best = (TINY * largest.max(f64::MIN_POSITIVE), None);
        for (column, &rate) in objective.iter().enumerate() {
            let is_up = column < self.inputs && self.is_up[column];
            let gain = if is_up { rate } else { -rate };
            if !self.is_basic[column] && gain > best.0 {
                best = (gain, Some(column));
            }
        }
        best.1
    }

    /// Moves a column from its end until it, or one of the basis, comes to an end.
    fn enter(&mut self, column: usize) {
        let (width, inputs) = (self.width, self.inputs);
        let is_input = column < inputs;
        let sign = if is_input && self.is_up[column] { -1.0 } else { 1.0 };
        // How far, and the row that comes to an end first.
        let mut step = if is_input { 1.0 } else { f64::INFINITY };
        let mut first = None;
        for (row, &basic) in self.basis.iter().enumerate() {
            let rate = sign * self.rows[row * width + column];
            let value = self.rows[(row + 1) * width - 1];
            let room = match rate {
                rate if rate < -TINY => value.max(0.0) / -rate,
                rate if rate > TINY && basic < inputs => (1.0 - value).max(0.0) / rate,
                _ => continue,
            };
            if room < step {
                (step, first) = (room, Some((row, rate > 0.0)));
            }
        }
        if !step.is_finite() {
            // The objective has no end in this direction: rounding alone.
            self.is_basic[column] = true;
            return;
        }
        let moved = sign * step;
        for row in self.rows.chunks_exact_mut(width) {
            row[width - 1] += row[column] * moved;
        }
        let Some((row, is_up)) = first else {
            self.is_up[column] = !self.is_up[column];
            return;
        };
        let position = if is_input && self.is_up[column] { 1.0 } else { 0.0 };
        self.exchange(row, column, position + moved);
        let left = std::mem::replace(&mut self.basis[row], column);
        self.is_basic[left] = false;
        self.is_basic[column] = true;
        if left < inputs {
            self.is_up[left] = is_up;
        }
    }

    /// Writes the basic column of a row as a sum over the others, one of which takes its place
    /// with the value given.
    fn exchange(&mut self, row: usize, column: usize, value: f64) {
        let width = self.width;
        let left = self.basis[row];
        let pivot = self.rows[row * width + column];
        let mut solved = self.rows[row * width..(row + 1) * width].to_vec();
        solved.iter_mut().for_each(|c| *c /= -pivot);
        (solved[left], solved[column], solved[width - 1]) = (1.0 / pivot, 0.0, value);
        for (index, to) in self.rows.chunks_exact_mut(width).enumerate() {
            if index == row {
                to.copy_from_slice(&solved);
                continue;
            }
            let factor = to[column];
            if factor != 0.0 {
                to[column] = 0.0;
                let (to, solved) = (&mut to[..width - 1], &solved[..width - 1]);
                to.iter_mut().zip(solved).for_each(|(to, c)| *to += factor * c);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::num::random::uniform;

    /// By hand: |x| and |x| − y + 1 over [−1, 1] × [0, 3] as four planes: 0 at x = 0, y ≥ 1.
    #[test]
    fn planes_meet_where_they_do_by_hand() {
        let plane = |a: f64, b: f64, offset: f64| Plane { slope: vec![a, b], offset };
        let planes = [
            plane(1.0, 0.0, 0.0),
            plane(-1.0, 0.0, 0.0),
            plane(1.0, -1.0, 1.0),
            plane(-1.0, -1.0, 1.0),
        ];
        let mut envelope = Envelope::default();
        envelope.solve(&planes, [&[-1.0, 0.0], &[1.0, 3.0]]);
        assert!(envelope.point[0].abs() < 1e-12 && envelope.point[1] >= 1.0, "{envelope:?}");
        let sum: f64 = envelope.weights.iter().sum();
        assert!((sum - 1.0).abs() < 1e-12);
    }

    /// Weak duality: the highest plane at the point and the least value of the combination are
    /// the same only where both are best.
    #[test]
    fn point_and_weights_prove_each_other() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let mut envelope = Envelope::default();
        for case in 0..400 {
            let (inputs, count) = (1 + case % 7, 1 + case % 9);
            let mut number = || 2.0 * uniform(&mut random) - 1.0;
            let lower: Vec<f64> = (0..inputs).map(|_| 10.0 * number()).collect();
            let upper: Vec<f64> = lower.iter().map(|l| l + number().max(0.0)).collect();
            let mut plane =
                || Plane { slope: (0..inputs).map(|_| number()).collect(), offset: 0.0 };
            let planes: Vec<Plane> = (0..count).map(|_| plane()).collect();
            envelope.solve(&planes, [&lower, &upper]);
            let at = |plane: &Plane| -> f64 {
                plane.slope.iter().zip(&envelope.point).map(|(a, x)| a * x).sum()
            };
            let highest = planes.iter().map(at).fold(f64::NEG_INFINITY, f64::max);
            let combined = (0..inputs).map(|j| {
                let a: f64 =
                    planes.iter().zip(&envelope.weights).map(|(p, w)| w * p.slope[j]).sum();
                (a * lower[j]).min(a * upper[j])
            });
            let least: f64 = combined.sum();
            assert!((highest - least).abs() < 1e-9, "case {case}: {highest} {least}");
        }
    }
}
