//! Test functions of global optimisation, as something to learn: each with its usual box
//! and its known least value.
//!
//! ```
//! use taut::train::functions::test_function;
//!
//! let himmelblau = test_function("himmelblau").unwrap();
//! assert_eq!(himmelblau.evaluate(&[3.0, 2.0]), 0.0);
//! ```

mod list;

pub use list::FUNCTIONS;

use crate::num::IntervalBox;

/// A function `f: Rⁿ → R` with a box and a least value in it.
#[derive(Debug)]
pub struct TestFunction {
    /// Name in recipes.
    pub name: &'static str,
    /// Number of inputs `n`.
    pub dimension: Dimension,
    /// The usual box: one interval an input, or a single one that holds for all.
    bounds: &'static [(f64, f64)],
    /// The formula, for a point of `n` coordinates.
    value: fn(&[f64]) -> f64,
    /// A point of the usual box, of `n` coordinates, where the least value is taken.
    minimizer: fn(usize) -> Vec<f64>,
    /// Least value in the usual box, for `n` inputs.
    least_value: fn(usize) -> f64,
}

/// For how many inputs a function is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// For this number only.
    Fixed(usize),
    /// For this number and more.
    AtLeast(usize),
}

impl TestFunction {
    /// The value at a point.
    ///
    /// # Panics
    /// If the function is not defined for so many coordinates.
    pub fn evaluate(&self, point: &[f64]) -> f64 {
        assert!(self.dimension.allows(point.len()), "coordinates of a point of {}", self.name);
        (self.value)(point)
    }

    /// The usual box.
    ///
    /// # Panics
    /// If the function is not defined for so many inputs.
    pub fn domain(&self, dimension: usize) -> IntervalBox {
        assert!(self.dimension.allows(dimension), "inputs of {}", self.name);
        let bounds = self.bounds.iter().cycle().take(dimension);
        let (lower, upper) = bounds.copied().unzip();
        IntervalBox::new(lower, upper).expect("a box")
    }

    /// A point of the usual box where the least value is taken.
    pub fn minimizer(&self, dimension: usize) -> Vec<f64> {
        (self.minimizer)(dimension)
    }

    /// The least value in the usual box.
    pub fn least_value(&self, dimension: usize) -> f64 {
        (self.least_value)(dimension)
    }
}

impl Dimension {
    /// Whether this number of inputs is among them.
    pub fn allows(self, dimension: usize) -> bool {
        match self {
            Self::Fixed(only) => dimension == only,
            Self::AtLeast(least) => dimension >= least,
        }
    }

    /// The number of inputs where none is asked for: the only one, or 2.
    pub fn usual(self) -> usize {
        match self {
            Self::Fixed(only) => only,
            Self::AtLeast(least) => least.max(2),
        }
    }
}

/// The test function of this name.
pub fn test_function(name: &str) -> Option<&'static TestFunction> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::num::random::uniform;

    /// For each function: values and minimisers are stated by its source (`list.rs`), and
    /// neither random points nor steps away from the minimiser find anything lower.
    #[test]
    fn the_least_value_is_taken_at_the_minimizer_and_nowhere_undercut() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        for function in FUNCTIONS {
            for dimension in [function.dimension.usual(), 2, 3, 5] {
                if !function.dimension.allows(dimension) {
                    continue;
                }
                let domain = function.domain(dimension);
                let (point, least) =
                    (function.minimizer(dimension), function.least_value(dimension));
                let tolerance = 1e-12 * (1.0 + least.abs());
                assert!(domain.contains(&point), "{}", function.name);
                let value = function.evaluate(&point);
                assert!((value - least).abs() <= tolerance, "{}: {value}", function.name);
                for trial in 0..20_000 {
                    let radius = [1.0, 0.1, 1e-3][trial % 3];
                    let other: Vec<f64> = (0..dimension)
                        .map(|i| {
                            let (l, u) = (domain.lower()[i], domain.upper()[i]);
                            let away = radius * (l + (u - l) * uniform(&mut random) - point[i]);
                            (point[i] + away).clamp(l, u)
                        })
                        .collect();
                    let value = function.evaluate(&other);
                    assert!(value >= least - tolerance, "{} at {other:?}: {value}", function.name);
                }
            }
        }
    }

    /// By hand from the formulas.
    #[test]
    fn values_at_other_points_by_hand() {
        let e = std::f64::consts::E;
        let at = |name: &str, point: &[f64]| test_function(name).unwrap().evaluate(point);
        let cases = [
            // 3 e⁻¹ − 0 − e⁻¹ / 3
            (at("peaks", &[0.0, 0.0]), (3.0 - 1.0 / 3.0) / e),
            // −20 e^(−0.2) − e + 20 + e
            (at("ackley", &[1.0, 1.0]), 20.0 - 20.0 * (-0.2f64).exp()),
            (at("himmelblau", &[0.0, 0.0]), 121.0 + 49.0),
            // 100 (3 − 1)² + 0 + 100 (1 − 9)² + 4
            (at("rosenbrock", &[1.0, 3.0, 1.0]), 400.0 + 6400.0 + 4.0),
            // 0.5² − 10 cos π + 10 and 1
            (at("rastrigin", &[0.5, 1.0]), 20.25 + 1.0),
            // (16 − 64 + 10) / 2 and (1 − 16 − 5) / 2
            (at("styblinski-tang", &[2.0, -1.0]), -19.0 - 10.0),
            // (0 − 6)² + 10 (1 − 1 / 8π) + 10
            (at("branin", &[0.0, 0.0]), 56.0 - 10.0 / (8.0 * std::f64::consts::PI)),
            // π² / 4000 + 1 + 1 · 1
            (
                at("griewank", &[std::f64::consts::PI, 0.0]),
                std::f64::consts::PI.powi(2) / 4e3 + 2.0,
            ),
        ];
        for (number, (found, expected)) in cases.into_iter().enumerate() {
            assert!((found - expected).abs() < 1e-12, "case {number}: {found}, {expected}");
        }
    }
}
