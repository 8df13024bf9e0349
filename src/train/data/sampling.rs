//! Points of a box.

use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use serde::{Deserialize, Serialize};

use super::DataError;
use super::sobol::{BITS, MOST_DIMENSIONS, sobol};
use crate::num::IntervalBox;
use crate::num::random::{permutation, uniform};

/// How points are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Each point independent of the others.
    Uniform,
    /// Each of as many equal intervals of each coordinate has one point (source: McKay,
    /// Beckman, Conover, "A comparison of three methods for selecting values of input
    /// variables" (1979), doi 10.1080/00401706.1979.10489755).
    #[default]
    LatinHypercube,
    /// The Sobol sequence, all its points moved by one random digital shift, which keeps
    /// the evenness; best where the number of points is a power of two.
    Sobol,
    /// All combinations of equidistant coordinates, the ends of the box included.
    Grid,
}

impl Sampling {
    /// Checks whether there can be so many points.
    ///
    /// # Errors
    /// [`DataError::Key`]: a grid whose number of points is no power, too many dimensions
    /// or points for the Sobol sequence.
    pub fn check(self, samples: usize, dimension: usize) -> Result<(), DataError> {
        match self {
            Self::Uniform | Self::LatinHypercube => Ok(()),
            Self::Grid => grid_side(samples, dimension).map(|_| ()),
            Self::Sobol if dimension > MOST_DIMENSIONS => Err(DataError::key(
                "sampling",
                format!("sobol for {dimension} inputs"),
                format!("at most {MOST_DIMENSIONS} inputs for it"),
            )),
            Self::Sobol if samples as u64 > 1 << BITS => {
                Err(DataError::key("samples", samples, "at most 2^32 for sobol"))
            }
            Self::Sobol => Ok(()),
        }
    }

    /// Points of a box (samples × inputs).
    ///
    /// # Errors
    /// As [`Sampling::check`].
    pub fn points(
        self,
        domain: &IntervalBox,
        samples: usize,
        random: &mut ChaCha8Rng,
    ) -> Result<Array2<f64>, DataError> {
        self.check(samples, domain.len())?;
        let mut points = match self {
            Self::Uniform => {
                Array2::from_shape_simple_fn((samples, domain.len()), || uniform(random))
            }
            Self::LatinHypercube => latin_hypercube(samples, domain.len(), random),
            Self::Sobol => shifted_sobol(samples, domain.len(), random),
            Self::Grid => grid(samples, domain.len())?,
        };
        for ((_, input), t) in points.indexed_iter_mut() {
            let (lower, upper) = (domain.lower()[input], domain.upper()[input]);
            *t = ((1.0 - *t) * lower + *t * upper).clamp(lower, upper);
        }
        Ok(points)
    }
}

/// In the unit cube.
fn latin_hypercube(samples: usize, dimension: usize, random: &mut ChaCha8Rng) -> Array2<f64> {
    let mut points = Array2::zeros((samples, dimension));
    for mut column in points.columns_mut() {
        let cells = permutation(random, samples);
        for (t, cell) in column.iter_mut().zip(cells) {
            *t = (cell as f64 + uniform(random)) / samples as f64;
        }
    }
    points
}

/// In the unit cube.
fn shifted_sobol(samples: usize, dimension: usize, random: &mut ChaCha8Rng) -> Array2<f64> {
    let shift: Vec<u32> = (0..dimension).map(|_| random.next_u32()).collect();
    let mut points = Array2::zeros((samples, dimension));
    for (mut row, point) in points.outer_iter_mut().zip(sobol(dimension)) {
        for ((t, coordinate), shift) in row.iter_mut().zip(point).zip(&shift) {
            *t = f64::from(coordinate ^ shift) * 2f64.powi(-32);
        }
    }
    points
}

/// In the unit cube, the last coordinate fastest.
fn grid(samples: usize, dimension: usize) -> Result<Array2<f64>, DataError> {
    let side = grid_side(samples, dimension)?;
    Ok(Array2::from_shape_fn((samples, dimension), |(sample, input)| {
        let step = sample / side.pow((dimension - 1 - input) as u32) % side;
        step as f64 / (side - 1) as f64
    }))
}

/// Points along a side of a grid.
fn grid_side(samples: usize, dimension: usize) -> Result<usize, DataError> {
    let points = |side: usize| (side as f64).powi(dimension as i32);
    let near = (samples as f64).powf(1.0 / dimension as f64).round() as usize;
    // Numbers of points are below 2⁵³ wherever they equal `samples`.
    if near >= 2 && points(near) == samples as f64 {
        return Ok(near);
    }
    let near = near.max(2);
    let expected = format!(
        "a power of the points on a side, k^{dimension} with k ≥ 2, for a grid: such as {}",
        points(near)
    );
    Err(DataError::key("samples", samples, expected))
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn sample(sampling: Sampling, samples: usize) -> Array2<f64> {
        let domain = IntervalBox::new(vec![-1.0, 10.0], vec![1.0, 14.0]).unwrap();
        sampling.points(&domain, samples, &mut ChaCha8Rng::seed_from_u64(4)).unwrap()
    }

    #[test]
    fn a_grid_by_hand() {
        let expected = arr2(&[
            [-1.0, 10.0],
            [-1.0, 12.0],
            [-1.0, 14.0],
            [0.0, 10.0],
            [0.0, 12.0],
            [0.0, 14.0],
            [1.0, 10.0],
            [1.0, 12.0],
            [1.0, 14.0],
        ]);
        assert_eq!(sample(Sampling::Grid, 9), expected);
    }

    #[test]
    fn a_grid_refuses_what_is_no_power() {
        let error = Sampling::Grid.check(10, 2).unwrap_err().to_string();
        let expected = "data.samples: found 10; expected a power of the points on a side, k^2 \
                        with k ≥ 2, for a grid: such as 9";
        assert_eq!(error, expected);
        assert!(Sampling::Grid.check(1, 2).is_err());
        assert!(Sampling::Grid.check(1 << 30, 3).is_ok());
    }

    /// The definition: one point in each of 50 intervals of each coordinate. The Sobol
    /// sequence has that for powers of two.
    #[test]
    fn even_samplings_have_one_point_in_each_interval() {
        for (sampling, samples) in [(Sampling::LatinHypercube, 50), (Sampling::Sobol, 64)] {
            let points = sample(sampling, samples);
            for (column, (lower, width)) in
                points.columns().into_iter().zip([(-1.0, 2.0), (10.0, 4.0)])
            {
                let cell = |x: &f64| ((x - lower) / width * samples as f64) as usize;
                let mut cells: Vec<usize> = column.iter().map(cell).collect();
                cells.sort_unstable();
                assert!(cells.into_iter().eq(0..samples), "{sampling:?}");
            }
        }
    }

    #[test]
    fn all_points_lie_in_the_box_and_depend_on_the_seed_alone() {
        let domain = IntervalBox::new(vec![-1.0, 10.0], vec![1.0, 14.0]).unwrap();
        for sampling in [Sampling::Uniform, Sampling::LatinHypercube, Sampling::Sobol] {
            let of = |seed| sampling.points(&domain, 100, &mut ChaCha8Rng::seed_from_u64(seed));
            let points = of(4).unwrap();
            assert!(points.outer_iter().all(|point| domain.contains(&point.to_vec())));
            assert_eq!(of(4).unwrap(), points);
            assert_ne!(of(5).unwrap(), points);
        }
    }
}
