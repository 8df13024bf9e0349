//! Known values of the two-dimensional model.
//!
//! - infinite lattice: energy by Onsager (1944), spontaneous magnetisation by Yang (1952),
//!   correlation length along an axis above the critical temperature by Onsager (1944);
//! - torus of `n × m` spins: partition function by Kaufman, "Crystal statistics. II" (1949):
//!
//! ```text
//! Z = ½ (2 sinh 2J)^{nm/2} (Π 2 cosh(½ m γ₂ᵣ₊₁) + Π 2 sinh(½ m γ₂ᵣ₊₁)
//!                         + Π 2 cosh(½ m γ₂ᵣ)   + Π 2 sinh(½ m γ₂ᵣ)),      r = 0, …, n − 1
//! cosh γₗ = cosh 2J coth 2J − cos(π l / n),    γ₀ = 2J + ln tanh J
//! ```

use std::f64::consts::PI;

/// The critical coupling, `½ ln(1 + √2)`.
pub fn critical_coupling() -> f64 {
    0.5 * 2f64.sqrt().ln_1p()
}

/// Energy for each spin of the infinite lattice, in units of the coupling, at a coupling above 0:
/// `−coth 2J (1 + 2/π (2 tanh² 2J − 1) K(k))` with `k = 2 sinh 2J / cosh² 2J`.
pub fn energy(coupling: f64) -> f64 {
    let tanh = (2.0 * coupling).tanh();
    let complement = 2.0 * tanh * tanh - 1.0;
    // At the critical point 0 · K, which is 0 in the limit.
    let part = if complement == 0.0 { 0.0 } else { 2.0 / PI * complement * elliptic(complement) };
    -(1.0 + part) / tanh
}

/// The complete elliptic integral `K` of the modulus whose complement is given: `π / 2M(1, k')`.
fn elliptic(complement: f64) -> f64 {
    let (mut a, mut b) = (1.0, complement.abs());
    while (a - b).abs() > 1e-15 * a {
        (a, b) = (0.5 * (a + b), (a * b).sqrt());
    }
    0.5 * PI / a
}

/// Spontaneous magnetisation of the infinite lattice: `(1 − sinh⁻⁴ 2J)^{1/8}`, 0 up to the
/// critical coupling.
pub fn magnetisation(coupling: f64) -> f64 {
    (1.0 - (2.0 * coupling).sinh().powi(-4)).max(0.0).powf(0.125)
}

/// Correlation length of the infinite lattice along an axis, in spacings, below the critical
/// coupling: `1 / (ln coth J − 2J)`.
pub fn correlation_length(coupling: f64) -> f64 {
    1.0 / (-coupling.tanh().ln() - 2.0 * coupling)
}

/// `ln Z` of a torus of `n × m` spins, and its derivative by the coupling, which is above 0.
pub fn torus([n, m]: [usize; 2], coupling: f64) -> [f64; 2] {
    let (spins, half) = ((n * m) as f64, 0.5 * m as f64);
    let (sinh, cosh) = ((2.0 * coupling).sinh(), (2.0 * coupling).cosh());
    // cosh 2J coth 2J and its derivative.
    let (level, slope) = (cosh * cosh / sinh, 2.0 * cosh * (1.0 - 1.0 / (sinh * sinh)));
    let gamma = |l: usize| match l {
        0 => [2.0 * coupling + coupling.tanh().ln(), 2.0 + 2.0 / sinh],
        _ => {
            let gamma = (level - (PI * l as f64 / n as f64).cos()).acosh();
            [gamma, slope / gamma.sinh()]
        }
    };
    // Each product as its sign, the logarithm of its magnitude and the derivative of that.
    let mut terms = Vec::new();
    for first in [1, 0] {
        let gammas: Vec<[f64; 2]> = (0..n).map(|r| gamma(2 * r + first)).collect();
        let of_cosh = gammas.iter().fold([0.0; 2], |[log, rate], &[g, d]| {
            let x = half * g;
            [log + ln_two_cosh(x), rate + half * d * x.tanh()]
        });
        terms.push((1.0, of_cosh));
        let of_sinh = gammas.iter().fold((1.0, [0.0; 2]), |(sign, [log, rate]), &[g, d]| {
            let x = half * g;
            let two_sinh = x.abs() + (-(-2.0 * x.abs()).exp()).ln_1p();
            (sign * x.signum(), [log + two_sinh, rate + half * d / x.tanh()])
        });
        terms.push(of_sinh);
    }
    let largest = terms.iter().map(|(_, [log, _])| *log).fold(f64::NEG_INFINITY, f64::max);
    let (mut sum, mut rate) = (0.0, 0.0);
    for (sign, [log, slope]) in terms {
        let part: f64 = sign * (log - largest).exp();
        sum += part;
        // A product that is 0 has no rate of its own; at the critical point only.
        rate += if part == 0.0 { 0.0 } else { part * slope };
    }
    let log = -(2f64.ln()) + 0.5 * spins * (2.0 * sinh).ln() + largest + sum.ln();
    [log, spins * cosh / sinh + rate / sum]
}

/// `ln(2 cosh x)`.
fn ln_two_cosh(x: f64) -> f64 {
    x.abs() + (-2.0 * x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::rbm::ising::energy as energy_of;

    /// By counting all states of 3 × 3 and 4 × 4 spins, and 3 × 4 for the roles of the sides.
    #[test]
    fn kaufman_is_the_sum_over_all_states() {
        for coupling in [0.1, 0.3, 0.44, 0.6, 1.1] {
            for side in [3, 4] {
                let (mut sum, mut mean) = (0.0, 0.0);
                let count = side * side;
                for state in 0..1_usize << count {
                    let spins: Vec<i8> =
                        (0..count).map(|i| if state >> i & 1 == 1 { 1 } else { -1 }).collect();
                    let bonds = -energy_of(&spins, side) * count as f64;
                    let weight = (coupling * bonds).exp();
                    sum += weight;
                    mean += weight * bonds;
                }
                let [log, rate] = torus([side, side], coupling);
                assert!((log - sum.ln()).abs() < 1e-11 * log, "{coupling} {side}: {log} {sum}");
                assert!((rate - mean / sum).abs() < 1e-10 * rate, "{coupling} {side}: {rate}");
            }
            let (one, other) = (torus([3, 5], coupling), torus([5, 3], coupling));
            assert!((one[0] - other[0]).abs() < 1e-11 && (one[1] - other[1]).abs() < 1e-10);
        }
    }

    /// Far from the critical point a torus of 64 × 64 spins has the energy of the infinite
    /// lattice; at the critical point that is −√2.
    #[test]
    fn onsager_is_the_limit_of_kaufman() {
        for coupling in [0.2, 0.3, 0.6, 0.9] {
            let [_, rate] = torus([64, 64], coupling);
            let found = -rate / 4096.0;
            assert!((found - energy(coupling)).abs() < 1e-9, "{coupling}: {found}");
        }
        assert!((energy(critical_coupling()) + 2f64.sqrt()).abs() < 1e-6);
        assert_eq!(magnetisation(0.44), 0.0);
        // Yang's formula by hand at J = 0.5: sinh 1 = 1.17520, its inverse to the fourth 0.52427.
        assert!((magnetisation(0.5) - 0.47573_f64.powf(0.125)).abs() < 1e-5);
    }
}
