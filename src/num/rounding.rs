//! A-priori error bounds of floating-point sums.
//!
//! For any order of summation, with or without fused multiply-add,
//! `|fl(Σ wᵢxᵢ) − Σ wᵢxᵢ| ≤ γₙ Σ|wᵢxᵢ| + n·η`, with `γₙ = n·u/(1 − n·u)`,
//! `u = 2⁻⁵³` and `η` half the least subnormal number. Source: Higham, "Accuracy and
//! Stability of Numerical Algorithms", 2nd ed. (2002), section 3.1.

/// Bound on the error of a sum of `terms` products whose magnitudes sum (in
/// floating point) to `magnitude`.
///
/// `f64::EPSILON` is `2u`: the factor two covers the rounding of `magnitude`
/// itself and of this very product, for any `terms` below 2⁵⁰.
pub fn sum_error(terms: usize, magnitude: f64) -> f64 {
    let terms = terms as f64 + 4.0;
    terms * f64::EPSILON * magnitude + terms * f64::from_bits(1)
}

/// `value − error`, rounded down.
pub fn below(value: f64, error: f64) -> f64 {
    (value - error).next_down()
}

/// `value + error`, rounded up.
pub fn above(value: f64, error: f64) -> f64 {
    (value + error).next_up()
}

/// The range of `Σ wᵢ xᵢ` for `xᵢ ∈ [lowerᵢ, upperᵢ]`, not yet rounded outward,
/// and the magnitude that [`sum_error`] needs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RangeSum {
    /// Sum of the least values of the products.
    pub lower: f64,
    /// Sum of the largest values of the products.
    pub upper: f64,
    /// Sum of the largest magnitudes of the products.
    pub magnitude: f64,
    /// Number of products.
    pub terms: usize,
}

impl RangeSum {
    /// Adds one product `weight · [lower, upper]`.
    pub fn add(&mut self, weight: f64, lower: f64, upper: f64) {
        let (p, q) = (weight * lower, weight * upper);
        self.lower += p.min(q);
        self.upper += p.max(q);
        self.magnitude += p.abs().max(q.abs());
        self.terms += 1;
    }

    /// Adds the product of a row of weights with a box; slices of one length.
    ///
    /// Eight independent accumulators let the compiler use vector registers,
    /// which a single running sum forbids; the error bound holds for any order.
    pub fn add_row(&mut self, weights: &[f64], lower: &[f64], upper: &[f64]) {
        const LANES: usize = 8;
        let n = weights.len();
        debug_assert!(lower.len() == n && upper.len() == n);
        let (mut lo, mut hi, mut mag) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        let chunks = weights
            .chunks_exact(LANES)
            .zip(lower.chunks_exact(LANES).zip(upper.chunks_exact(LANES)));
        for (w, (l, u)) in chunks {
            for k in 0..LANES {
                let (p, q) = (w[k] * l[k], w[k] * u[k]);
                lo[k] += p.min(q);
                hi[k] += p.max(q);
                mag[k] += p.abs().max(q.abs());
            }
        }
        self.lower += lo.iter().sum::<f64>();
        self.upper += hi.iter().sum::<f64>();
        self.magnitude += mag.iter().sum::<f64>();
        self.terms += n - n % LANES;
        for k in n - n % LANES..n {
            self.add(weights[k], lower[k], upper[k]);
        }
    }

    /// The range with outward rounding: contains every exact value of the sum.
    pub fn rounded_outward(&self) -> (f64, f64) {
        let error = sum_error(self.terms, self.magnitude);
        (below(self.lower, error), above(self.upper, error))
    }
}
