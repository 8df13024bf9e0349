//! Samples, or means of samples, that stand for all.

use std::collections::BTreeSet;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand_chacha::ChaCha8Rng;

use crate::control::{Clock, StoppedBy};
use crate::num::random::{index, shuffle, uniform};

/// Most rounds of the k-means method.
const MOST_ROUNDS: usize = 50;

/// Points, each with a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Prototypes {
    /// prototypes × inputs.
    pub points: Array2<f64>,
    /// One a prototype.
    pub classes: Vec<usize>,
}

/// Which samples of a class become prototypes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Any.
    Random,
    /// For one a class, its medoid: the sample with the least sum of squared distances to
    /// the others. For more, the samples nearest to the means of the k-means method.
    Medoids,
}

impl Prototypes {
    /// Prototypes among the samples (samples × inputs) of each class: one each of all
    /// classes, then a second each, and so on up to `count` a class, or as many as there
    /// are samples.
    ///
    /// # Errors
    /// The clock has ended it.
    pub fn of_classes(
        inputs: ArrayView2<f64>,
        labels: &[usize],
        count: usize,
        choice: Choice,
        random: &mut ChaCha8Rng,
        clock: &Clock,
    ) -> Result<Self, StoppedBy> {
        let class_count = labels.iter().max().map_or(0, |class| class + 1);
        let mut chosen: Vec<(usize, usize, usize)> = Vec::new();
        for class in 0..class_count {
            let mut samples: Vec<usize> =
                (0..labels.len()).filter(|&sample| labels[sample] == class).collect();
            match choice {
                _ if samples.is_empty() => {}
                Choice::Random => shuffle(random, &mut samples),
                Choice::Medoids => {
                    let members = inputs.select(Axis(0), &samples);
                    let means = k_means(members.view(), count, random, clock)?;
                    let nearest = means.outer_iter().map(|mean| nearest(members.view(), mean).0);
                    let mut seen = BTreeSet::new();
                    samples = nearest.filter(|&m| seen.insert(m)).map(|m| samples[m]).collect();
                }
            }
            let numbered = samples.into_iter().take(count).enumerate();
            chosen.extend(numbered.map(|(rank, sample)| (rank, class, sample)));
        }
        chosen.sort_unstable();
        let samples: Vec<usize> = chosen.iter().map(|&(_, _, sample)| sample).collect();
        let classes = chosen.iter().map(|&(_, class, _)| class).collect();
        Ok(Self { points: inputs.select(Axis(0), &samples), classes })
    }

    /// Means of the samples (samples × inputs) by the k-means method, each a class of its
    /// own.
    ///
    /// # Errors
    /// The clock has ended it.
    pub fn means(
        inputs: ArrayView2<f64>,
        count: usize,
        random: &mut ChaCha8Rng,
        clock: &Clock,
    ) -> Result<Self, StoppedBy> {
        let points = k_means(inputs, count, random, clock)?;
        Ok(Self { classes: (0..points.nrows()).collect(), points })
    }

    /// Weights and constant of `‖x − sⱼ‖² − ‖x − sᵢ‖²`, which is positive where `sᵢ` is
    /// nearer.
    pub fn bisector(&self, i: usize, j: usize) -> (Array1<f64>, f64) {
        let (s, t) = (self.points.row(i), self.points.row(j));
        (2.0 * (&s - &t), t.dot(&t) - s.dot(&s))
    }
}

/// Means of `count` clusters (or as many as there are different samples) such that each
/// sample is nearest to the mean of its own (clusters × inputs). Source: Lloyd, "Least
/// squares quantization in PCM" (1982); the first means are samples, each drawn with a
/// probability in proportion to the squared distance to those before: Arthur and
/// Vassilvitskii, "k-means++" (2007).
fn k_means(
    samples: ArrayView2<f64>,
    count: usize,
    random: &mut ChaCha8Rng,
    clock: &Clock,
) -> Result<Array2<f64>, StoppedBy> {
    let mut means = first_means(samples, count, random, clock)?;
    let mut members: Vec<usize> = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let nearest = samples.outer_iter().map(|sample| {
            clock.go_on()?;
            Ok(nearest(means.view(), sample).0)
        });
        let now = nearest.collect::<Result<Vec<usize>, StoppedBy>>()?;
        if now == members {
            break;
        }
        members = now;
        let mut sums = Array2::<f64>::zeros(means.dim());
        let mut counts = vec![0.0; means.nrows()];
        for (sample, &cluster) in samples.outer_iter().zip(&members) {
            let mut sum = sums.row_mut(cluster);
            sum += &sample;
            counts[cluster] += 1.0;
        }
        for (cluster, &count) in counts.iter().enumerate() {
            // A cluster that lost its samples to others keeps its mean.
            if count > 0.0 {
                means.row_mut(cluster).assign(&(&sums.row(cluster) / count));
            }
        }
    }
    Ok(means)
}

fn first_means(
    samples: ArrayView2<f64>,
    count: usize,
    random: &mut ChaCha8Rng,
    clock: &Clock,
) -> Result<Array2<f64>, StoppedBy> {
    let mut chosen = vec![index(random, samples.nrows())];
    let mut distances = vec![f64::INFINITY; samples.nrows()];
    while chosen.len() < count {
        clock.go_on()?;
        let last = samples.row(chosen[chosen.len() - 1]);
        for (distance, sample) in distances.iter_mut().zip(samples.outer_iter()) {
            *distance = distance.min(squared_distance(sample, last));
        }
        let mut remaining = uniform(random) * distances.iter().sum::<f64>();
        let drawn = distances.iter().position(|&distance| {
            remaining -= distance;
            remaining < 0.0
        });
        // All samples are chosen already, up to rounding.
        let Some(drawn) = drawn else { break };
        chosen.push(drawn);
    }
    Ok(samples.select(Axis(0), &chosen))
}

/// Position of the nearest point, and its squared distance.
fn nearest(points: ArrayView2<f64>, to: ArrayView1<f64>) -> (usize, f64) {
    let distances = points.outer_iter().map(|point| squared_distance(point, to));
    distances.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).expect("a point")
}

pub(super) fn squared_distance(a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn the_medoid_of_a_class_by_hand() {
        // Sums of squared distances in class 0: 1 + 16 + 81, 1 + 9 + 64, 16 + 9 + 25, …
        let inputs = arr2(&[[0.0], [1.0], [4.0], [9.0], [-5.0]]);
        let labels = [0, 0, 0, 0, 1];
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let of = |count, choice, random: &mut ChaCha8Rng| {
            let clock = Clock::unlimited();
            Prototypes::of_classes(inputs.view(), &labels, count, choice, random, &clock).unwrap()
        };
        let expected = Prototypes { points: arr2(&[[4.0], [-5.0]]), classes: vec![0, 1] };
        assert_eq!(of(1, Choice::Medoids, &mut random), expected);
        for choice in [Choice::Medoids, Choice::Random] {
            let all = of(7, choice, &mut random);
            assert_eq!(all.classes, [0, 1, 0, 0, 0]);
            let mut points: Vec<f64> = all.points.iter().copied().collect();
            points.sort_by(f64::total_cmp);
            assert_eq!(points, [-5.0, 0.0, 1.0, 4.0, 9.0]);
        }
    }

    #[test]
    fn means_of_two_clusters_by_hand() {
        let inputs = arr2(&[[0.0, 0.0], [0.0, 2.0], [100.0, 0.0], [100.0, 1.0], [100.0, 5.0]]);
        for seed in 0..5 {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let clock = Clock::unlimited();
            let means = Prototypes::means(inputs.view(), 2, &mut random, &clock).unwrap();
            let low = usize::from(means.points[[0, 0]] > 50.0);
            assert_eq!(means.points.row(low).to_vec(), [0.0, 1.0]);
            assert_eq!(means.points.row(1 - low).to_vec(), [100.0, 2.0]);
        }
    }

    /// ‖x − t‖² − ‖x − s‖² at x = (1, 1), s = (0, 0), t = (3, 0): 5 − 2.
    #[test]
    fn a_bisector_by_hand() {
        let points = arr2(&[[0.0, 0.0], [3.0, 0.0]]);
        let (weights, constant) = Prototypes { points, classes: vec![0, 1] }.bisector(0, 1);
        assert_eq!(weights[0] + weights[1] + constant, 3.0);
    }
}
