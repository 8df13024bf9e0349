//! A-priori error bounds of floating-point sums.
//!
//! For any order of summation, with or without fused multiply-add,
//! `|fl(Σ wᵢxᵢ) − Σ wᵢxᵢ| ≤ γₙ Σ|wᵢxᵢ| + n·η`, with `γₙ = n·u/(1 − n·u)`,
//! `u = 2⁻⁵³` and `η` half the least subnormal number. Source: Higham, "Accuracy and
//! Stability of Numerical Algorithms", 2nd ed. (2002), section 3.1.

use super::exact::two_sum;

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

/// Centers and radii of intervals: `[cᵢ − rᵢ, cᵢ + rᵢ]` contains the `i`-th one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Centered {
    /// Centers.
    pub center: Vec<f64>,
    /// Radii, rounded up.
    pub radius: Vec<f64>,
}

impl Centered {
    /// The centered form of the intervals `[lowerᵢ, upperᵢ]`.
    pub fn new(lower: &[f64], upper: &[f64]) -> Self {
        let (center, radius) = lower.iter().zip(upper).map(|(&l, &u)| centered(l, u)).unzip();
        Self { center, radius }
    }
}

fn centered(lower: f64, upper: f64) -> (f64, f64) {
    let center = 0.5 * lower + 0.5 * upper;
    match (center - lower).max(upper - center) {
        0.0 => (center, 0.0),
        radius => (center, radius.next_up()),
    }
}

/// The range of `Σ wᵢ xᵢ` for `xᵢ` in intervals, before rounding outward.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RangeSum {
    /// `Σ wᵢ cᵢ`.
    center: f64,
    /// `Σ |wᵢ| rᵢ`.
    radius: f64,
    /// `Σ |wᵢ cᵢ|`.
    magnitude: f64,
    /// Number of products.
    terms: usize,
    /// The ends of the range, as long as nothing was rounded.
    ends: [f64; 2],
    rounded: bool,
}

impl RangeSum {
    /// Adds one product `weight · [lower, upper]`. Sums and differences that need no
    /// rounding stay as they are: the difference of two neurons whose ranges touch
    /// does not change its sign by being rounded outward, in whatever powers of two
    /// they are counted.
    pub fn add(&mut self, weight: f64, lower: f64, upper: f64) {
        let (center, radius) = centered(lower, upper);
        let ends = if weight < 0.0 { [upper, lower] } else { [lower, upper] };
        let is_exact = |end: f64| {
            let shifted = is_power_of_two(weight) && (weight * end).is_normal();
            // What 0 is multiplied with is a number.
            end == 0.0 || weight == 0.0 || weight.abs() == 1.0 || shifted
        };
        if ends.into_iter().all(is_exact) {
            let sums = [0, 1].map(|end| two_sum(self.ends[end], weight * ends[end]));
            self.ends = sums.map(|(sum, _)| sum);
            self.rounded |= sums.iter().any(|&(_, error)| error != 0.0);
        } else {
            self.rounded = true;
        }
        self.add_product(weight, center, radius);
    }

    fn add_product(&mut self, weight: f64, center: f64, radius: f64) {
        self.center += weight * center;
        self.radius += weight.abs() * radius;
        self.magnitude += (weight * center).abs();
        self.terms += 1;
    }

    /// Adds the products of a row of weights with as many intervals.
    ///
    /// Independent accumulators let the compiler use vector registers, which a
    /// single running sum forbids; with four of each, the three sums fit in the
    /// registers of any x86-64. The error bound holds for any order.
    pub fn add_row(&mut self, weights: &[f64], intervals: &Centered) {
        const LANES: usize = 4;
        let n = weights.len();
        let (centers, radii) = (&intervals.center[..n], &intervals.radius[..n]);
        let mut sums = [[0.0; LANES]; 3];
        let chunks = weights
            .chunks_exact(LANES)
            .zip(centers.chunks_exact(LANES).zip(radii.chunks_exact(LANES)));
        for (w, (c, r)) in chunks {
            for k in 0..LANES {
                let product = w[k] * c[k];
                sums[0][k] += product;
                sums[1][k] += w[k].abs() * r[k];
                sums[2][k] += product.abs();
            }
        }
        let [center, radius, magnitude] = sums.map(|lanes| lanes.iter().sum::<f64>());
        let intervals = centers.iter().zip(radii);
        let is_nothing = |(&w, (&c, &r)): (&f64, (&f64, &f64))| w == 0.0 || (c == 0.0 && r == 0.0);
        if magnitude + radius == 0.0 && weights.iter().zip(intervals).all(is_nothing) {
            // Nothing was rounded, and a neuron that reads nothing is no neuron.
            return;
        }
        self.center += center;
        self.radius += radius;
        self.magnitude += magnitude;
        self.terms += n - n % LANES;
        for k in n - n % LANES..n {
            self.add_product(weights[k], centers[k], radii[k]);
        }
        self.rounded = true;
    }

    /// Adds what was summed elsewhere, in any order: `Σ wᵢ cᵢ`, `Σ |wᵢ| rᵢ` and
    /// `Σ |wᵢ| |cᵢ|` over at most `terms` products with intervals in centered form.
    pub fn add_sums(&mut self, center: f64, radius: f64, magnitude: f64, terms: usize) {
        self.center += center;
        self.radius += radius;
        self.magnitude += magnitude;
        self.terms += terms;
        self.rounded = true;
    }

    /// Ends of an interval that contains every exact value of the sum; these values
    /// only, where nothing was rounded.
    pub fn rounded_outward(&self) -> (f64, f64) {
        if !self.rounded {
            return (self.ends[0], self.ends[1]);
        }
        let error = sum_error(self.terms, self.magnitude + self.radius);
        let radius = (self.radius + error).next_up();
        (below(self.center, radius), above(self.center, radius))
    }
}

/// Whether a number is ± a power of two: its fraction has no bit set.
fn is_power_of_two(value: f64) -> bool {
    const FRACTION: u64 = (1 << (f64::MANTISSA_DIGITS - 1)) - 1;
    value.is_normal() && value.to_bits() & FRACTION == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_reads_nothing_is_exact() {
        // By hand: weights that are 0, or intervals that are [0, 0], or both by turns.
        for n in [1, 4, 7] {
            let zeros = vec![0.0; n];
            let ones = vec![1.0; n];
            let odd: Vec<f64> = (0..n).map(|i| (i % 2) as f64).collect();
            let even: Vec<f64> = odd.iter().map(|x| 1.0 - x).collect();
            for (weights, ends) in [(&zeros, &ones), (&ones, &zeros), (&odd, &even)] {
                let lower: Vec<f64> = ends.iter().map(|end| -end).collect();
                let mut sum = RangeSum::default();
                sum.add(1.0, 0.1, 0.1);
                sum.add_row(weights, &Centered::new(&lower, ends));
                assert_eq!(sum.rounded_outward(), (0.1, 0.1), "{weights:?} {ends:?}");
                let mut sum = RangeSum::default();
                weights.iter().zip(ends).for_each(|(&w, &end)| sum.add(w, -end, end));
                assert_eq!(sum.rounded_outward(), (0.0, 0.0), "{weights:?} {ends:?}");
            }
        }
    }

    #[test]
    fn a_row_is_the_sum_of_its_products() {
        // By hand: weights k − 6 on [k, k + 2] for k = 0..=12.
        let weights: Vec<f64> = (0..=12).map(|k| f64::from(k) - 6.0).collect();
        let lower: Vec<f64> = (0..=12).map(f64::from).collect();
        let upper: Vec<f64> = lower.iter().map(|l| l + 2.0).collect();
        let ends = |w: &f64, l: &f64, u: &f64| (w * l).min(w * u);
        let products = weights.iter().zip(lower.iter().zip(&upper));
        let least: f64 = products.clone().map(|(w, (l, u))| ends(w, l, u)).sum();
        let largest: f64 = products.map(|(w, (l, u))| -ends(&-w, l, u)).sum();
        let mut sum = RangeSum::default();
        sum.add_row(&weights, &Centered::new(&lower, &upper));
        let (low, high) = sum.rounded_outward();
        assert!(low < least && least - low < 1e-11, "{low} {least}");
        assert!(high > largest && high - largest < 1e-11, "{high} {largest}");
    }

    #[test]
    fn what_needs_no_rounding_is_not_widened() {
        // By hand: b − a for a in [0, 0.3] and b = 0, and in [0.1, 0.3].
        let difference = |lower: f64| {
            let mut sum = RangeSum::default();
            sum.add(1.0, 0.0, 0.0);
            sum.add(-1.0, lower, 0.3);
            sum
        };
        assert_eq!(difference(0.0).rounded_outward(), (-0.3, 0.0));
        assert_eq!(difference(0.1).rounded_outward(), (-0.3, -0.1));
        // Powers of two are exact: 4 · 0.1 − 4 · [0.1, 0.3].
        let mut sum = RangeSum::default();
        sum.add(4.0, 0.1, 0.1);
        sum.add(-4.0, 0.1, 0.3);
        assert_eq!(sum.rounded_outward(), (0.4 - 1.2, 0.0));
        // 0.1 · 0 is exact, 0.1 · 0.3 and 1e16 + 0.1 are not.
        let mut sum = difference(0.1);
        sum.add(0.1, 0.0, 0.0);
        assert_eq!(sum.rounded_outward(), (-0.3, -0.1));
        for (weight, end) in [(0.1, 0.3), (1.0, 1e16)] {
            let mut sum = difference(0.1);
            sum.add(weight, 0.0, end);
            let (low, high) = sum.rounded_outward();
            assert!(low < -0.3 && high > weight * end - 0.1, "{low} {high}");
        }
    }

    #[test]
    fn cancellation_is_covered_by_the_error_bound() {
        // 1e16 + 1 − 1e16 is 1, but 0 or 2 in floating point.
        let mut sum = RangeSum::default();
        [1e16, 1.0, -1e16].into_iter().for_each(|x| sum.add(1.0, x, x));
        let (low, high) = sum.rounded_outward();
        assert!(low <= 1.0 && 1.0 <= high);
    }
}
