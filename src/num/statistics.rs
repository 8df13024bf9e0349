//! What many numbers come to: means, medians, rank correlations, and how sure they are.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use super::random;

/// Share of the resamples that an interval holds.
pub const CONFIDENCE: f64 = 0.95;

/// Resamples of a bootstrap.
const RESAMPLES: usize = 1000;

/// A figure, and the interval that holds it with the probability [`CONFIDENCE`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Estimate {
    /// Of the numbers as they are.
    pub value: f64,
    /// Low end of the interval.
    pub low: f64,
    /// High end.
    pub high: f64,
}

/// exp(mean ln(x + shift)) − shift, for x > −shift; none of no numbers. A shift keeps tiny
/// numbers from counting as much as large ones.
pub fn shifted_geometric_mean(numbers: impl IntoIterator<Item = f64>, shift: f64) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for number in numbers {
        sum += (number + shift).ln();
        count += 1.0;
    }
    (count > 0.0).then(|| (sum / count).exp() - shift)
}

/// The arithmetic mean; none of no numbers.
pub fn mean(numbers: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (sum, count) =
        numbers.into_iter().fold((0.0, 0.0), |(sum, count), number| (sum + number, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

/// The median; of an even number of numbers, the mean of the middle two; none of none.
pub fn median(numbers: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => None,
        count if count % 2 == 1 => Some(numbers[middle]),
        _ => Some(0.5 * (numbers[middle - 1] + numbers[middle])),
    }
}

/// Position of the largest of some numbers, of equal ones the first; `None` of none. What is no
/// number is largest only in front.
pub fn argmax(numbers: impl IntoIterator<Item = f64>) -> Option<usize> {
    let mut numbers = numbers.into_iter().enumerate();
    let first = numbers.next()?;
    Some(numbers.fold(first, |best, other| if other.1 > best.1 { other } else { best }).0)
}

/// Median and range of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Spread {
    /// The median; of an even number of figures, the mean of the middle two.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// Of some figures; `None` if there are none.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let figures: Vec<f64> = figures.into_iter().collect();
        let median = median(figures.iter().copied())?;
        let min = figures.iter().copied().min_by(f64::total_cmp)?;
        let max = figures.iter().copied().max_by(f64::total_cmp)?;
        Some(Self { median, min, max })
    }
}

/// Spearman's rank correlation of pairs; none where a side is constant. Equal numbers share the
/// mean of their ranks.
pub fn spearman(pairs: &[[f64; 2]]) -> Option<f64> {
    let ranks = [0, 1].map(|side| ranks(pairs.iter().map(|pair| pair[side])));
    let center = (pairs.len() as f64 - 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - center) * (b - center)).sum()
    };
    let size = (product(&ranks[0], &ranks[0]) * product(&ranks[1], &ranks[1])).sqrt();
    (size > 0.0).then(|| product(&ranks[0], &ranks[1]) / size)
}

/// [`spearman`] of independent pairs, with its interval.
pub fn spearman_estimate(pairs: &[[f64; 2]]) -> Option<Estimate> {
    bootstrap(pairs.len(), |drawn| {
        spearman(&drawn.iter().map(|&place| pairs[place]).collect::<Vec<_>>())
    })
}

/// The rank of each number, from 0.
fn ranks(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let numbers: Vec<f64> = numbers.collect();
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
    let mut ranks = vec![0.0; numbers.len()];
    let mut first = 0;
    for equal in order.chunk_by(|&a, &b| numbers[a] == numbers[b]) {
        let rank = first as f64 + (equal.len() as f64 - 1.0) / 2.0;
        equal.iter().for_each(|&place| ranks[place] = rank);
        first += equal.len();
    }
    ranks
}

/// A figure of so many independent units, and its interval by the percentiles of a bootstrap:
/// the figure is told the units that a resample has, some of them twice. Numbers that depend on
/// each other, such as those of one instance, belong to one unit. None where the units have no
/// figure, or most resamples have none.
///
/// Source: Efron, "Bootstrap methods: another look at the jackknife" (1979).
pub fn bootstrap(units: usize, figure: impl Fn(&[usize]) -> Option<f64>) -> Option<Estimate> {
    let value = figure(&(0..units).collect::<Vec<_>>())?;
    let mut source = ChaCha8Rng::seed_from_u64(0);
    let mut drawn = vec![0; units];
    let mut figures = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        drawn.iter_mut().for_each(|unit| *unit = random::index(&mut source, units));
        figures.extend(figure(&drawn));
    }
    figures.sort_by(f64::total_cmp);
    let last = figures.len().checked_sub(1).filter(|last| *last >= RESAMPLES / 2)? as f64;
    let tail = 0.5 * (1.0 - CONFIDENCE);
    let [low, high] = [tail, 1.0 - tail].map(|share| figures[(share * last).round() as usize]);
    Some(Estimate { value, low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_medians_by_hand() {
        // √(2 · 8) − 1
        let mean_of_two = shifted_geometric_mean([1.0, 7.0], 1.0).expect("a mean");
        assert!((mean_of_two - 3.0).abs() < 1e-12);
        assert_eq!(shifted_geometric_mean([], 1.0), None);
        assert_eq!((mean([1.0, 4.0]), mean([])), (Some(2.5), None));
        assert_eq!(median([9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([9.0, 1.0, 2.0, 4.0]), Some(3.0));
        assert_eq!(median([]), None);
    }

    #[test]
    fn the_first_of_the_largest_counts() {
        assert_eq!(argmax([0.5, 2.0, 2.0, -1.0]), Some(1));
        assert_eq!(argmax([-0.0, 0.0]), Some(0));
        assert_eq!(argmax([1.0, f64::NAN, 2.0]), Some(2));
        assert_eq!(argmax([]), None);
    }

    /// By hand: ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3 have the covariance 4.5 and the squares
    /// 4.5 and 5.
    #[test]
    fn rank_correlations_by_hand() {
        let pairs = |ys: [f64; 4]| [[1.0, ys[0]], [2.0, ys[1]], [2.0, ys[2]], [9.0, ys[3]]];
        let found = spearman(&pairs([0.1, 0.2, 0.3, 0.4])).expect("a correlation");
        assert!((found - 4.5 / (4.5f64 * 5.0).sqrt()).abs() < 1e-12, "{found}");
        let found = spearman(&pairs([4.0, 2.0, 2.0, -1.0])).expect("a correlation");
        assert!((found + 1.0).abs() < 1e-12, "{found}");
        assert_eq!(spearman(&pairs([1.0; 4])), None);
        assert_eq!(spearman(&[]), None);
    }

    /// The mean of 400 numbers with the deviation 1 has the deviation 0.05: a 95 % interval is
    /// 0.196 wide. Of 100 such intervals about 95 hold the mean, 0 (± 5 standard deviations).
    #[test]
    fn intervals_hold_what_they_say() {
        let mut source = ChaCha8Rng::seed_from_u64(4);
        let (mut held, mut width) = (0, 0.0);
        for _ in 0..100 {
            let numbers: Vec<f64> = (0..400).map(|_| random::normal(&mut source)).collect();
            let figure = |units: &[usize]| mean(units.iter().map(|&unit| numbers[unit]));
            let found = bootstrap(numbers.len(), figure).expect("an interval");
            held += usize::from((found.low..=found.high).contains(&0.0));
            width += (found.high - found.low) / 100.0;
        }
        assert!((84..=100).contains(&held), "{held}");
        assert!((0.17..=0.22).contains(&width), "{width}");
        assert_eq!(bootstrap(0, |_| None), None);
    }

    #[test]
    fn median_and_range_by_hand() {
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of([3.0]), Some(Spread { median: 3.0, min: 3.0, max: 3.0 }));
        let odd = Spread { median: 2.0, min: -1.0, max: 7.0 };
        assert_eq!(Spread::of([7.0, -1.0, 2.0]), Some(odd));
        let even = Spread { median: 3.0, min: 1.0, max: 9.0 };
        assert_eq!(Spread::of([9.0, 1.0, 2.0, 4.0]), Some(even));
    }
}
