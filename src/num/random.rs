//! Random numbers that are the same on every machine for the same seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// Uniform in [0, 1), a multiple of 2⁻⁵³.
pub fn uniform(random: &mut ChaCha8Rng) -> f64 {
    (random.next_u64() >> 11) as f64 * 2f64.powi(-53)
}

/// A standard normal number, by the method of Box and Muller.
pub fn normal(random: &mut ChaCha8Rng) -> f64 {
    // Not 0, whose logarithm is infinite.
    let radius = (-2.0 * (1.0 - uniform(random)).ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform(random)).cos()
}

/// Uniform among 0, …, `count` − 1.
///
/// # Panics
/// If `count` is 0.
pub fn index(random: &mut ChaCha8Rng, count: usize) -> usize {
    assert!(count > 0, "an index into nothing");
    // The high half of the product, without its slight preference for small numbers.
    // Source: Lemire, "Fast random integer generation in an interval" (2019).
    let count = count as u64;
    let least = count.wrapping_neg() % count;
    loop {
        let product = u128::from(random.next_u64()) * u128::from(count);
        if product as u64 >= least {
            return (product >> 64) as usize;
        }
    }
}

/// Puts a list into a uniformly random order (Fisher and Yates).
pub fn shuffle<T>(random: &mut ChaCha8Rng, list: &mut [T]) {
    for last in (1..list.len()).rev() {
        list.swap(last, index(random, last + 1));
    }
}

/// 0, …, `count` − 1 in a uniformly random order.
pub fn permutation(random: &mut ChaCha8Rng, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    shuffle(random, &mut order);
    order
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    /// Bounds: mean ± 5 standard deviations of the estimate.
    #[test]
    fn moments_of_uniform_and_normal_numbers() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let count = 20_000;
        let numbers: Vec<f64> = (0..count).map(|_| uniform(&mut random)).collect();
        assert!(numbers.iter().all(|x| (0.0..1.0).contains(x)));
        let mean = numbers.iter().sum::<f64>() / f64::from(count);
        assert!((mean - 0.5).abs() < 5.0 * (1.0 / 12.0 / f64::from(count)).sqrt(), "{mean}");
        let numbers: Vec<f64> = (0..count).map(|_| normal(&mut random)).collect();
        let mean = numbers.iter().sum::<f64>() / f64::from(count);
        let square = numbers.iter().map(|x| x * x).sum::<f64>() / f64::from(count);
        assert!(mean.abs() < 5.0 / f64::from(count).sqrt(), "{mean}");
        assert!((square - 1.0).abs() < 5.0 * (2.0 / f64::from(count)).sqrt(), "{square}");
    }

    #[test]
    fn each_order_of_three_is_as_likely_as_another() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let mut times = std::collections::BTreeMap::new();
        for _ in 0..6000 {
            *times.entry(permutation(&mut random, 3)).or_insert(0) += 1;
        }
        // 1000 each; the standard deviation is √(6000 · 1/6 · 5/6) = 29.
        assert_eq!(times.len(), 6);
        assert!(times.values().all(|&count| (850..=1150).contains(&count)), "{times:?}");
    }
}
