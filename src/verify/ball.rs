//! Points within a distance in the 1-norm of a point: exact as it is stated, and a ball that holds
//! it in double precision.

use dashu_ratio::Relaxed;

use crate::bounds::L1Ball;
use crate::num::decimal::Decimal;
use crate::problem::{Constraint, Expression};

/// Inputs whose changes add up to at most a number.
#[derive(Clone, Debug)]
pub struct Ball {
    center: Vec<Decimal>,
    epsilon: Decimal,
    /// Holds all of them.
    pub outer: L1Ball,
}

impl Ball {
    /// Of a point and a number that is not negative.
    pub fn new(center: &[Decimal], epsilon: Decimal) -> Self {
        let nearest: Vec<f64> = center.iter().map(Decimal::nearest).collect();
        // Each coordinate is half a unit in its last place off at most.
        let apart: f64 = nearest.iter().map(|x| x.abs() * f64::EPSILON + f64::MIN_POSITIVE).sum();
        let radius = (epsilon.rounded_up() + 2.0 * apart).next_up();
        let center = center.to_vec();
        Self { center, epsilon, outer: L1Ball { center: nearest, radius } }
    }

    /// Whether a point lies in it, in exact arithmetic.
    pub fn holds(&self, point: &[f64]) -> bool {
        let mut sum = Relaxed::ZERO;
        for (x, center) in point.iter().zip(&self.center) {
            let Ok(x) = Relaxed::try_from(*x) else { return false };
            let change = x - center.exact();
            match change < Relaxed::ZERO {
                true => sum -= change,
                false => sum += change,
            }
        }
        sum <= self.epsilon.exact()
    }

    /// A point a little nearer to the centre.
    pub fn inward(&self, point: &[f64]) -> Vec<f64> {
        const SHARE: f64 = 1e-6;
        let moved = point.iter().zip(&self.outer.center);
        moved.map(|(x, center)| x + SHARE * (center - x)).collect()
    }

    /// That inputs lie in the ball that holds it.
    pub fn constraint(&self) -> Constraint {
        let changes = Expression::distances(&self.outer.center);
        let sum = Expression::total(changes).expect("an input");
        Constraint::new(sum, f64::NEG_INFINITY, self.outer.radius)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The double nearest to 0.3 lies below three tenths, the next one above.
    #[test]
    fn distances_are_exact() {
        let decimal = |text: &str| Decimal::parse(text).expect("a number");
        let ball = |epsilon: &str| Ball::new(&[Decimal::ZERO, decimal("1")], decimal(epsilon));
        assert!(ball("0.3").holds(&[0.3, 1.0]) && !ball("0.3").holds(&[0.3_f64.next_up(), 1.0]));
        assert!(ball("0.5").holds(&[-0.25, 1.25]) && ball("0.5").holds(&[0.5, 1.0]));
        assert!(!ball("0.5").holds(&[0.5, 1.0_f64.next_up()]));
        assert!(ball("0.5").outer.radius > 0.5 && ball("0.5").outer.radius < 0.5 + 1e-12);
    }
}
