//! Weights calculated from comparisons of samples.
//!
//! [`nearest_neighbour_network`] needs no training but has a structure of its own. For an
//! architecture that is given, [`calculated`] fills its layers with the same kind of rows
//! and leaves the rest to training:
//!
//! - *First layer.* A row is the bisector of two prototypes, `‖x − sⱼ‖² − ‖x − sᵢ‖²`. For
//!   classes the prototypes are class medoids and the pairs are of different classes, each
//!   pair of classes in turn, the nearest prototypes first; for numbers the prototypes are
//!   means of k-means clusters and the pairs are neighbours.
//! - *Second layer.* A row is one prototype: 1, less its comparisons that were lost, plus
//!   those that were won.
//! - *Other rows*, where pairs or prototypes run out and from the third layer on, have a
//!   random direction and are 0 at a random sample.
//! - All these rows are divided by the standard deviation of their values over the samples.
//! - *Last layer.* Ridge regression of the targets, or of scores of the classes, on the
//!   values of the last hidden layer.
//!
//! Source: after P. Geidarov, Autom. Remote Control 81(7) (2020) and arXiv:2505.23876, whose
//! networks have a structure that follows from the number of samples; the way to fill a
//! given architecture is Taut's own. The originals are trained with sigmoids: with those, or
//! with tanh, a row of the first layer is a soft threshold.

mod nearest_neighbour;
mod pairs;
mod prototypes;
mod ridge;

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, Axis};
use rand_chacha::ChaCha8Rng;

pub use nearest_neighbour::{ComparisonUnits, nearest_neighbour_network};
use pairs::Pairs;
pub use prototypes::{Choice, Prototypes};
pub use ridge::ridge;

use super::data::{Dataset, Targets};
use super::initializers::{LayerWeights, MOST_SAMPLES};
use crate::control::{Clock, StoppedBy};
use crate::num::random::{index, normal};

/// Penalty of the ridge regression, as a share of the variance of the features.
pub(super) const RIDGE: f64 = 1e-3;

/// Multiplications of a product of matrices between two looks at the clock: some hundredths
/// of a second.
const PRODUCT: usize = 1 << 28;

/// Score of the right class that the ridge regression aims at; that of others is 0.
const SCORE: f64 = 8.0;

/// Weights (out × in) and bias of each layer of a dense network with hidden layers of
/// these widths and one output a target or class. The inputs, and targets that are
/// numbers, are best standardised before. Of the samples the first [`MOST_SAMPLES`] are
/// looked at.
///
/// # Errors
/// The clock has ended it.
///
/// # Panics
/// If there are no samples or a width is 0.
pub fn calculated(
    widths: &[usize],
    activation: impl Fn(f64) -> f64,
    data: &Dataset,
    random: &mut ChaCha8Rng,
    clock: &Clock,
) -> Result<Vec<LayerWeights>, StoppedBy> {
    let samples: Vec<usize> = (0..data.len().min(MOST_SAMPLES)).collect();
    let data = data.select(&samples);
    let mut layers = Vec::new();
    let mut values = data.inputs.clone();
    let mut pairs = None;
    for (layer, &width) in widths.iter().enumerate() {
        let known = match (layer, &pairs) {
            (0, _) => bisectors(pairs.insert(Pairs::new(&data, width, random, clock)?)),
            (1, Some(pairs)) => comparisons(pairs, values.ncols(), width),
            _ => Vec::new(),
        };
        let (weights, bias) = complete(known, width, values.view(), random, clock)?;
        values = (product(values.view(), weights.t(), clock)? + &bias).mapv_into(&activation);
        layers.push((weights, bias));
    }
    layers.push(ridge(values.view(), aims(&data.targets).view(), RIDGE, clock)?);
    Ok(layers)
}

/// `left · right`, a few rows at a time.
pub(super) fn product(
    left: ArrayView2<f64>,
    right: ArrayView2<f64>,
    clock: &Clock,
) -> Result<Array2<f64>, StoppedBy> {
    let mut result = Array2::zeros((left.nrows(), right.ncols()));
    let rows = (PRODUCT / right.len().max(1)).max(1);
    let parts = result.axis_chunks_iter_mut(Axis(0), rows);
    for (left, mut result) in left.axis_chunks_iter(Axis(0), rows).zip(parts) {
        clock.go_on()?;
        general_mat_mul(1.0, &left, &right, 0.0, &mut result);
    }
    Ok(result)
}

/// Weights and constant of a neuron.
type Row = (Array1<f64>, f64);

/// One row a pair: positive where the first of it is nearer.
fn bisectors(pairs: &Pairs) -> Vec<Row> {
    pairs.pairs.iter().map(|&(i, j)| pairs.prototypes.bisector(i, j)).collect()
}

/// One row a prototype that is in a pair, up to `width`, on the neurons of the pairs.
fn comparisons(pairs: &Pairs, inputs: usize, width: usize) -> Vec<Row> {
    let count = pairs.prototypes.points.nrows().min(width);
    let mut rows = vec![(Array1::zeros(inputs), 1.0); count];
    for (unit, &(won, lost)) in pairs.pairs.iter().enumerate() {
        for (prototype, sign) in [(won, 1.0), (lost, -1.0)] {
            if let Some((weights, _)) = rows.get_mut(prototype) {
                weights[unit] = sign;
            }
        }
    }
    rows.retain(|(weights, _)| weights.iter().any(|&weight| weight != 0.0));
    rows
}

/// Adds random rows up to `width`; divides all by the standard deviation of their values
/// over the samples (samples × inputs of the layer).
fn complete(
    mut rows: Vec<Row>,
    width: usize,
    samples: ArrayView2<f64>,
    random: &mut ChaCha8Rng,
    clock: &Clock,
) -> Result<LayerWeights, StoppedBy> {
    while rows.len() < width {
        clock.go_on()?;
        let weights = Array1::from_shape_simple_fn(samples.ncols(), || normal(random));
        let zero = samples.row(index(random, samples.nrows()));
        let constant = -weights.dot(&zero);
        rows.push((weights, constant));
    }
    let mut weights = Array2::zeros((width, samples.ncols()));
    let mut bias = Array1::zeros(width);
    for (unit, (row, constant)) in rows.into_iter().enumerate() {
        clock.go_on()?;
        let deviation = samples.dot(&row).std(0.0);
        let scale = if deviation > 0.0 { 1.0 / deviation } else { 1.0 };
        weights.row_mut(unit).assign(&(scale * row));
        bias[unit] = scale * constant;
    }
    Ok((weights, bias))
}

/// What the outputs should be (samples × outputs).
pub(super) fn aims(targets: &Targets) -> Array2<f64> {
    match targets {
        Targets::Values { values, .. } => values.clone(),
        Targets::Classes { labels, names } => {
            let mut scores = Array2::zeros((labels.len(), names.len()));
            for (mut row, &label) in scores.outer_iter_mut().zip(labels) {
                row[label] = SCORE;
            }
            scores
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ndarray::arr2;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::control::Limits;
    use crate::train::metrics::ClassificationMetrics;

    /// Without a limit.
    fn calculated(
        widths: &[usize],
        activation: impl Fn(f64) -> f64,
        data: &Dataset,
        random: &mut ChaCha8Rng,
    ) -> Vec<(Array2<f64>, Array1<f64>)> {
        super::calculated(widths, activation, data, random, &Clock::unlimited()).expect("no limit")
    }

    fn relu(a: f64) -> f64 {
        a.max(0.0)
    }

    fn dataset(inputs: Array2<f64>, targets: Targets) -> Dataset {
        let input_names = (0..inputs.ncols()).map(|i| format!("x{i}")).collect();
        Dataset { inputs, targets, input_names, shape: None, domain: None }
    }

    fn classes(labels: Vec<usize>, count: usize) -> Targets {
        Targets::Classes { labels, names: (0..count).map(|class| class.to_string()).collect() }
    }

    /// Normal clouds with deviation 1 around the corners of a square with sides of 8.
    fn clouds(count: usize) -> Dataset {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let corner = |sample: usize, axis: usize| if sample >> axis & 1 == 1 { 8.0 } else { 0.0 };
        let shape = (count, 2);
        let inputs =
            Array2::from_shape_fn(shape, |(s, axis)| corner(s, axis) + normal(&mut random));
        // Opposite corners are of one class, so that no affine map tells them apart.
        let labels = (0..count).map(|s| (s & 1) ^ (s >> 1 & 1)).collect();
        dataset(inputs, classes(labels, 2))
    }

    /// By hand: the medoids are (0, 0) and (4, 0), the border between them is x = 2, and
    /// the deviation of x is √(Σ(x − 2)² / 6) = √(24 / 6).
    #[test]
    fn the_first_row_is_the_border_between_two_medoids() {
        let inputs =
            arr2(&[[0.0, 0.0], [0.0, 1.0], [0.0, -1.0], [4.0, 0.0], [4.0, 2.0], [4.0, -2.0]]);
        let data = dataset(inputs, classes(vec![0, 0, 0, 1, 1, 1], 2));
        let layers = calculated(&[1], relu, &data, &mut ChaCha8Rng::seed_from_u64(1));
        let (weights, bias) = &layers[0];
        assert_eq!((weights[[0, 0]], weights[[0, 1]], bias[0]), (-0.5, 0.0, 1.0));
    }

    #[test]
    fn hidden_rows_have_unit_deviation_and_the_seed_decides() {
        let data = clouds(200);
        let of = |seed| calculated(&[9, 5, 7], relu, &data, &mut ChaCha8Rng::seed_from_u64(seed));
        let layers = of(1);
        assert_eq!(layers, of(1));
        assert_ne!(layers, of(2));
        let shapes: Vec<_> = layers.iter().map(|(weights, _)| weights.dim()).collect();
        assert_eq!(shapes, [(9, 2), (5, 9), (7, 5), (2, 7)]);
        let mut values = data.inputs.clone();
        for (weights, bias) in &layers[..3] {
            let before = values.dot(&weights.t()) + bias;
            assert!(before.std_axis(Axis(0), 0.0).iter().all(|d| (d - 1.0).abs() < 1e-9));
            values = before.mapv_into(relu);
        }
    }

    /// Each cloud is 4 deviations from the borders, so no more than 1 in 10 000 samples is
    /// on the wrong side; half the samples would be right by chance.
    #[test]
    fn classes_that_no_affine_map_separates_are_told_apart_without_training() {
        let data = clouds(400);
        let sigmoid = |a: f64| 1.0 / (1.0 + (-a).exp());
        let activations: [fn(f64) -> f64; 3] = [relu, f64::tanh, sigmoid];
        for (name, activation) in ["relu", "tanh", "sigmoid"].into_iter().zip(activations) {
            let random = &mut ChaCha8Rng::seed_from_u64(3);
            let layers = calculated(&[16, 8], activation, &data, random);
            let mut values = data.inputs.clone();
            for (number, (weights, bias)) in layers.iter().enumerate() {
                values = values.dot(&weights.t()) + bias;
                if number + 1 < layers.len() {
                    values.mapv_inplace(activation);
                }
            }
            let Targets::Classes { labels, .. } = &data.targets else { panic!("values") };
            let accuracy = ClassificationMetrics::new(values.view(), labels).unwrap().accuracy;
            assert!(accuracy > 0.97, "{name}: {accuracy}");
        }
    }

    /// |x| needs one bend at 0: the border between the means of two clusters there.
    #[test]
    fn a_bend_of_a_function_is_found() {
        let inputs = arr2(&[[-3.0], [-2.0], [-1.0], [1.0], [2.0], [3.0]]);
        let values = inputs.mapv(f64::abs);
        let data = dataset(inputs, Targets::Values { values, names: vec!["y".to_string()] });
        let layers = calculated(&[1], |a| a.abs(), &data, &mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!(layers[0].1[0], 0.0);
        let slope = layers[1].0[[0, 0]] * layers[0].0[[0, 0]].abs();
        assert!((slope - 1.0).abs() < 0.01, "{slope}");
    }

    #[test]
    fn data_without_pairs_give_finite_weights() {
        let same = arr2(&[[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]);
        let values = arr2(&[[1.0], [2.0], [3.0]]);
        let numbers = Targets::Values { values, names: vec!["y".to_string()] };
        for targets in [numbers, classes(vec![0, 1, 1], 2), classes(vec![2, 2, 2], 3)] {
            let data = dataset(same.clone(), targets);
            for sample_count in [1, 3] {
                let samples: Vec<usize> = (0..sample_count).collect();
                let mut random = ChaCha8Rng::seed_from_u64(1);
                for (weights, bias) in
                    calculated(&[4, 3], relu, &data.select(&samples), &mut random)
                {
                    assert!(weights.iter().chain(&bias).all(|x| x.is_finite()));
                }
            }
        }
    }

    /// Not even the rows of one sample are left out.
    #[test]
    fn a_product_in_parts_has_the_bits_of_the_whole() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let left = Array2::from_shape_simple_fn((601, 300), || normal(&mut random));
        let right = Array2::from_shape_simple_fn((1500, 300), || normal(&mut random));
        assert!(601 > PRODUCT / right.len());
        let found = product(left.view(), right.t(), &Clock::unlimited()).unwrap();
        assert_eq!(found, left.dot(&right.t()));
    }

    /// Half a minute of work, ended after a hundredth of a second.
    #[test]
    fn the_clock_ends_it() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let inputs = Array2::from_shape_simple_fn((5000, 200), || normal(&mut random));
        let values = inputs.slice(ndarray::s![.., ..1]).to_owned();
        let names = vec!["y".to_string()];
        for targets in [Targets::Values { values, names }, classes(vec![0; 5000], 1)] {
            let data = dataset(inputs.clone(), targets);
            let clock = Clock::start(&Limits::of_time(Duration::from_millis(10)));
            let found = super::calculated(&[3000, 3000], relu, &data, &mut random, &clock);
            assert_eq!(found, Err(StoppedBy::TimeLimit));
            assert!(clock.seconds() < 0.5, "{} s", clock.seconds());
        }
    }
}
