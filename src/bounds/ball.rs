//! Inputs within a distance of a point in the 1-norm.
//!
//! Over a box and such a ball together, a linear form `c x` is least where the coordinates with the
//! largest `|cᵢ|` go as far as the box lets them, until the distance is used up (a fractional
//! knapsack). What is proven is the Lagrangian bound: with `dᵢ` the room of coordinate `i` in the
//! direction of `−cᵢ`, for every `λ ≥ 0`
//!
//! ```text
//! c x ≥ c x₀ − λ ε − Σᵢ max(0, |cᵢ| − λ) dᵢ
//! ```
//!
//! which is the least value for the `λ` that is the last `|cᵢ|` with a share of the distance.

use crate::num::IntervalBox;
use crate::num::rounding::{below, sum_error};

/// Inputs `x` with `Σᵢ |xᵢ − x₀ᵢ| ≤ ε`.
#[derive(Clone, Debug, PartialEq)]
pub struct L1Ball {
    /// `x₀`.
    pub center: Vec<f64>,
    /// `ε`.
    pub radius: f64,
}

impl L1Ball {
    /// The least value, or less, of `row · x + constant` over the ball and a box that holds its
    /// centre.
    pub fn least(&self, row: &[f64], constant: f64, domain: &IntervalBox) -> f64 {
        let (_, price) = self.shares(row, domain);
        let mut sum = constant - price * self.radius;
        let mut magnitude = constant.abs() + price * self.radius;
        for (input, (&c, &x)) in row.iter().zip(&self.center).enumerate() {
            let gain = (c.abs() - price).max(0.0) * self.room(input, c, domain);
            sum += c * x - gain;
            magnitude += (c * x).abs() + gain;
        }
        below(sum, sum_error(3 * row.len(), magnitude))
    }

    /// The point of the ball and the box where a linear form is least, up to rounding.
    pub fn corner(&self, row: &[f64], domain: &IntervalBox) -> Vec<f64> {
        let mut point = self.center.clone();
        for (input, change) in self.shares(row, domain).0 {
            point[input] -= change * row[input].signum();
        }
        point
    }

    /// How far each coordinate goes, those that gain most first, until the distance is used up; and
    /// what more of it would gain: `λ`.
    fn shares(&self, row: &[f64], domain: &IntervalBox) -> (Vec<(usize, f64)>, f64) {
        let mut order: Vec<usize> = (0..row.len()).filter(|&input| row[input] != 0.0).collect();
        order.sort_by(|&a, &b| row[b].abs().total_cmp(&row[a].abs()).then(a.cmp(&b)));
        let mut left = self.radius;
        let mut shares = Vec::new();
        for input in order {
            let share = self.room(input, row[input], domain).min(left);
            left -= share;
            shares.push((input, share));
            if left <= 0.0 {
                return (shares, row[input].abs());
            }
        }
        (shares, 0.0)
    }

    /// How far a coordinate can go against the sign of `c`, or more.
    fn room(&self, input: usize, c: f64, domain: &IntervalBox) -> f64 {
        let x = self.center[input];
        let room = if c > 0.0 { x - domain.lower()[input] } else { domain.upper()[input] - x };
        room.next_up().max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::random::uniform;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    /// By hand: 3 x₀ − x₁ + 2 x₂ from (1, 1, 1) with a distance of 1.5 in a box where x₀ can fall
    /// by 1: 4 − 3·1 − 2·0.5.
    #[test]
    fn the_least_value_is_that_of_the_knapsack() {
        let ball = L1Ball { center: vec![1.0; 3], radius: 1.5 };
        let domain = IntervalBox::new(vec![0.0; 3], vec![2.0; 3]).expect("a box");
        let row = [3.0, -1.0, 2.0];
        let least = ball.least(&row, 0.0, &domain);
        assert!(least <= 0.0 && least > -1e-12, "{least}");
        let corner = ball.corner(&row, &domain);
        assert!(corner.iter().zip([0.0, 1.0, 0.5]).all(|(a, b)| (a - b).abs() < 1e-12));
        // The box alone.
        let wide = L1Ball { radius: 10.0, ..ball };
        let least = wide.least(&row, 0.5, &domain);
        assert!(least <= -1.5 && least > -1.5 - 1e-12, "{least}");
    }

    /// No point of both has less, and the corner has as little.
    #[test]
    fn no_point_has_less() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        for _ in 0..300 {
            let mut number = || 4.0 * uniform(&mut random) - 2.0;
            let center: Vec<f64> = (0..5).map(|_| number()).collect();
            let row: Vec<f64> = (0..5).map(|_| number()).collect();
            let (lower, upper): (Vec<f64>, Vec<f64>) =
                center.iter().map(|x| (x - number().abs(), x + number().abs())).unzip();
            let ball = L1Ball { center, radius: number().abs() };
            let domain = IntervalBox::new(lower, upper).expect("a box");
            let value = |x: &[f64]| -> f64 { x.iter().zip(&row).map(|(x, c)| x * c).sum() };
            let least = ball.least(&row, 0.0, &domain);
            let corner = ball.corner(&row, &domain);
            assert!((value(&corner) - least).abs() < 1e-12);
            for _ in 0..20 {
                let weights: Vec<f64> = (0..5).map(|_| number().abs()).collect();
                let total: f64 = weights.iter().sum();
                let moved = ball.center.iter().zip(&weights).map(|(x, w)| {
                    let sign = if number() < 0.0 { -1.0 } else { 1.0 };
                    x + sign * w / total * ball.radius
                });
                let point = domain.nearest(&moved.collect::<Vec<f64>>());
                assert!(value(&point) >= least);
            }
        }
    }
}
