//! Samplers of the Ising model against exact values.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use taut::control::Clock;
use taut::train::rbm::ising::{
    Measured, Ring, Torus, autocorrelation_time, blocked, correlation_length, decimated, energy,
    exact, magnetisation, row_correlations, spins,
};

fn random(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn is_within(found: Measured, expected: f64, errors: f64) -> bool {
    (found.value - expected).abs() <= errors * found.standard_error
}

/// `Σ e^{J Σ s s'}` over the spins of a ring that are not given.
fn weight(given: &[Option<i8>], coupling: f64) -> f64 {
    let count = given.len();
    let states = (0..1_usize << count).map(|state| {
        let spins: Vec<i8> = (0..count).map(|i| if state >> i & 1 == 1 { 1 } else { -1 }).collect();
        let fits = spins.iter().zip(given).all(|(spin, given)| given.is_none_or(|g| g == *spin));
        let bonds: i32 = (0..count).map(|i| i32::from(spins[i] * spins[(i + 1) % count])).sum();
        if fits { (coupling * f64::from(bonds)).exp() } else { 0.0 }
    });
    states.sum()
}

/// By counting all states: what every second (third) spin of a ring of 12 does is a ring of 6
/// (4) spins with the coupling of the decimation.
#[test]
fn decimation_is_exact() {
    for (factor, coupling) in [(2, 0.3), (2, 1.0), (2, 1.7), (3, 0.8)] {
        let left = 12 / factor;
        let coarse = decimated(coupling, factor);
        let all = weight(&[None; 12], coupling);
        let coarse_all = weight(&vec![None; left], coarse);
        for state in 0..1_usize << left {
            let kept: Vec<Option<i8>> =
                (0..left).map(|i| Some(if state >> i & 1 == 1 { 1 } else { -1 })).collect();
            let mut given = vec![None; 12];
            for (at, spin) in kept.iter().enumerate() {
                given[factor * at] = *spin;
            }
            let fine = weight(&given, coupling) / all;
            let expected = weight(&kept, coarse) / coarse_all;
            assert!((fine - expected).abs() < 1e-12, "{factor} {coupling}: {fine} {expected}");
        }
    }
    // tanh² J by hand: tanh 1 = 0.7615942.
    assert!((decimated(1.0, 2).tanh() - 0.580_025_7).abs() < 1e-7);
}

/// Correlations of independent samples of a ring, and its exact ones by counting.
#[test]
fn rings_are_sampled_exactly() {
    let ring = Ring { length: 10, coupling: 0.9 };
    let bits = ring.samples(20_000, &mut random(3));
    for distance in [1, 2, 5] {
        let product = |row: usize| {
            let spins = spins(&bits, row);
            f64::from(spins[3] * spins[(3 + distance) % 10])
        };
        let found = blocked(&(0..20_000).map(product).collect::<Vec<_>>());
        let mut given = vec![None; 10];
        let mut pair = |a, b| {
            (given[3], given[(3 + distance) % 10]) = (Some(a), Some(b));
            weight(&given, 0.9)
        };
        let (alike, apart) = (2.0 * pair(1, 1), 2.0 * pair(1, -1));
        let expected = (alike - apart) / (alike + apart);
        assert!((ring.correlation(distance) - expected).abs() < 1e-12);
        assert!(is_within(found, expected, 3.0), "{distance}: {found:?} {expected}");
    }
    let mean = |row| magnetisation(&spins(&bits, row));
    let found = blocked(&(0..20_000).map(mean).collect::<Vec<_>>());
    assert!(is_within(found, 0.0, 3.0), "{found:?}");
}

/// Energy and magnitude of the magnetisation of samples.
fn measured(side: usize, coupling: f64, count: usize, seed: u64) -> [Measured; 2] {
    let samples = (count, 3.0);
    let bits = Torus::samples((side, coupling), samples, random(seed), &Clock::unlimited());
    let bits = bits.expect("no limit");
    let all: Vec<Vec<i8>> = (0..count).map(|row| spins(&bits, row)).collect();
    let series =
        |of: &dyn Fn(&[i8]) -> f64| blocked(&all.iter().map(|spins| of(spins)).collect::<Vec<_>>());
    [series(&|spins| energy(spins, side)), series(&|spins| magnetisation(spins).abs())]
}

/// 4 × 4 spins, by counting all states.
#[test]
fn small_tori_have_the_exact_energy_and_magnetisation() {
    for coupling in [0.2, 0.44, 0.7] {
        let (mut sum, mut means) = (0.0, [0.0; 2]);
        for state in 0..1_usize << 16 {
            let spins: Vec<i8> =
                (0..16).map(|i| if state >> i & 1 == 1 { 1 } else { -1 }).collect();
            let energy = energy(&spins, 4);
            let weight = (-16.0 * coupling * energy).exp();
            sum += weight;
            means[0] += weight * energy;
            means[1] += weight * magnetisation(&spins).abs();
        }
        let found = measured(4, coupling, 20_000, 1);
        for (found, mean) in found.into_iter().zip(means) {
            assert!(is_within(found, mean / sum, 3.0), "{coupling}: {found:?} {}", mean / sum);
        }
    }
}

/// A second sampler for what has no closed form: a spin at a time, by its distribution given its
/// neighbours (heat bath).
fn heat_bath(side: usize, coupling: f64, sweeps: usize, seed: u64) -> Vec<f64> {
    let mut random = random(seed);
    let count = side * side;
    let mut spins = vec![1_i8; count];
    let up: Vec<f64> =
        (-4..=4).map(|sum| 1.0 / (1.0 + (-2.0 * coupling * f64::from(sum)).exp())).collect();
    let mut series = Vec::new();
    for sweep in 0..sweeps + sweeps / 10 {
        for place in 0..count {
            let (row, column) = (place / side, place % side);
            let at = |row: usize, column: usize| spins[row % side * side + column % side];
            let sum = at(row + 1, column)
                + at(row + side - 1, column)
                + at(row, column + 1)
                + at(row, column + side - 1);
            let share = f64::from(random.next_u32()) * 2f64.powi(-32);
            spins[place] = if share < up[usize::try_from(sum + 4).unwrap()] { 1 } else { -1 };
        }
        if sweep >= sweeps / 10 {
            series.push(magnetisation(&spins).abs());
        }
    }
    series
}

/// Mean and standard error by the autocorrelation time `τ`: `σ √(2 τ / n)`.
fn by_autocorrelation(series: &[f64]) -> Measured {
    let count = series.len() as f64;
    let value = series.iter().sum::<f64>() / count;
    let variance = series.iter().map(|m| (m - value) * (m - value)).sum::<f64>() / count;
    let time = autocorrelation_time(series);
    Measured { value, standard_error: (2.0 * time * variance / count).sqrt() }
}

/// 16 × 16 and 32 × 32 spins, above, near and below the critical temperature. Energy: Kaufman's
/// exact partition function of the torus. Magnetisation: Yang's of the infinite lattice at
/// J = 0.6, where the torus differs from it by `e^{−L/ξ}`, far below the standard error; else the
/// heat bath.
#[test]
fn tori_have_the_known_energy_and_magnetisation() {
    for side in [16, 32] {
        for coupling in [0.35, 0.42, 0.6] {
            let [found, magnetisation] = measured(side, coupling, 3000, 7);
            let [_, rate] = exact::torus([side, side], coupling);
            let expected = -rate / (side * side) as f64;
            assert!(is_within(found, expected, 3.0), "{side} {coupling}: {found:?} {expected}");
            assert!(found.standard_error < 4e-3, "{side} {coupling}: {found:?}");
            if coupling == 0.6 {
                let expected = exact::magnetisation(coupling);
                assert!(is_within(magnetisation, expected, 3.0), "{magnetisation:?} {expected}");
                continue;
            }
            let other = by_autocorrelation(&heat_bath(side, coupling, 20_000, 9));
            let error = magnetisation.standard_error.hypot(other.standard_error);
            let both = Measured { value: magnetisation.value, standard_error: error };
            assert!(is_within(both, other.value, 3.0), "{side} {coupling}: {both:?} {other:?}");
        }
    }
}

/// Correlation length at J = 0.35 by products of rows, each block of samples by itself: Onsager's
/// of the infinite lattice, 2.57 spacings, which 32 × 32 spins are far larger than.
#[test]
fn rows_have_the_known_correlation_length() {
    let (side, coupling, count) = (32, 0.35, 6400);
    let bits = Torus::samples((side, coupling), (count, 1.0), random(2), &Clock::unlimited());
    let bits = bits.expect("no limit");
    let lengths = (0..32).map(|block| {
        let mut sums = [0.0; 2];
        for row in block * 200..(block + 1) * 200 {
            let products = row_correlations(&spins(&bits, row), side);
            (sums[0], sums[1]) = (sums[0] + products[2], sums[1] + products[3]);
        }
        correlation_length(sums, (2, side)).expect("products that fall")
    });
    let found = blocked(&lengths.collect::<Vec<_>>());
    let expected = exact::correlation_length(coupling);
    assert!((expected - 2.567).abs() < 1e-3, "{expected}");
    // The mean of lengths of short blocks is off by their variance over the length, at most.
    let bias = found.standard_error * found.standard_error * 32.0 / expected;
    let apart = (found.value - expected).abs();
    assert!(apart < 3.0 * found.standard_error + bias, "{found:?} {expected}");
    assert!(found.standard_error < 0.05, "{found:?}");
}

/// A series that remembers its last number with the share `r`: `τ = ½ (1 + r) / (1 − r)`.
#[test]
fn errors_of_series_that_remember() {
    let (mut random, mut x) = (random(5), 0.0);
    let series: Vec<f64> = (0..60_000)
        .map(|_| {
            x = 0.8 * x + 0.6 * taut::num::random::normal(&mut random);
            x
        })
        .collect();
    let time = autocorrelation_time(&series);
    assert!((time - 4.5).abs() < 0.5, "{time}");
    // σ = 1 and so many numbers: √(2 · 4.5 / 60000) = 0.0122; 31 degrees of freedom.
    let found = blocked(&series);
    assert!((0.008..0.018).contains(&found.standard_error), "{found:?}");
    assert!(is_within(found, 0.0, 3.0), "{found:?}");
}
