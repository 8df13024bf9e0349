//! What a generator is to make: mixtures of normal densities in the plane, or images.

use std::path::{Path, PathBuf};

use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::control::Clock;
use crate::num::IntervalBox;
use crate::num::random::{index, normal};
use crate::train::data::{DataError, Dataset, Targets, read_images};
use crate::train::scalar::Scalar;
use crate::train::{Halt, TrainError};

/// The table `[data]`; `source` tells which keys it has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "source", rename_all = "lowercase")]
pub enum GanData {
    /// Normal densities of equal weight on a circle.
    Ring(RingData),
    /// Normal densities of equal weight on a square grid.
    Grid(GridData),
    /// Images of an IDX file.
    Idx(PooledImages),
}

/// The keys of `source = "ring"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RingData {
    /// Number of modes: 1 to 1000. Default: 8.
    pub modes: usize,
    /// Radius of the circle, around 0: above 0. Default: 2.
    pub radius: f64,
    /// Standard deviation of a mode, along each axis: above 0. Default: 0.05.
    pub spread: f64,
}

/// The keys of `source = "grid"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct GridData {
    /// Modes along a side: 1 to 31. Default: 5.
    pub side: usize,
    /// Distance of the outer modes from 0 along an axis: above 0. Default: 2.
    pub radius: f64,
    /// Standard deviation of a mode, along each axis: above 0. Default: 0.05.
    pub spread: f64,
}

/// The keys of `source = "idx"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PooledImages {
    /// File of the images, by the folder of the recipe; one channel.
    pub images: PathBuf,
    /// File of the labels, for the classifier that the generator is measured by.
    pub labels: PathBuf,
    /// Rows and columns that are averaged to one pixel: a divisor of both. Default: 2, which
    /// makes 14 × 14 of 28 × 28.
    #[serde(default = "usual_pool")]
    pub pool: usize,
    /// Images that are used, the first ones: from 1. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<usize>,
}

fn usual_pool() -> usize {
    2
}

impl Default for RingData {
    fn default() -> Self {
        Self { modes: 8, radius: 2.0, spread: 0.05 }
    }
}

impl Default for GridData {
    fn default() -> Self {
        Self { side: 5, radius: 2.0, spread: 0.05 }
    }
}

impl Default for GanData {
    fn default() -> Self {
        Self::Ring(RingData::default())
    }
}

/// Largest length of a mixture, so that no square overflows a single-precision number.
const LONGEST: f64 = 1e6;

impl GanData {
    /// Checks what can be told without looking at files.
    ///
    /// # Errors
    /// [`TrainError::Key`].
    pub fn validate(&self) -> Result<(), TrainError> {
        let length = |key: &str, found: f64| match found > 0.0 && found <= LONGEST {
            true => Ok(()),
            false => {
                let expected = format!("a number above 0, at most {LONGEST:e}");
                Err(TrainError::key(format!("data.{key}"), found, expected))
            }
        };
        let count = |key: &str, found: usize, most: usize| match (1..=most).contains(&found) {
            true => Ok(()),
            false => Err(TrainError::key(format!("data.{key}"), found, format!("1 to {most}"))),
        };
        match self {
            Self::Ring(ring) => {
                count("modes", ring.modes, 1000)?;
                length("radius", ring.radius)?;
                length("spread", ring.spread)
            }
            Self::Grid(grid) => {
                count("side", grid.side, 31)?;
                length("radius", grid.radius)?;
                length("spread", grid.spread)
            }
            Self::Idx(images) => {
                count("pool", images.pool, 1 << 10)?;
                images.samples.map_or(Ok(()), |samples| count("samples", samples, usize::MAX))
            }
        }
    }

    /// The samples; files are relative to `folder`.
    ///
    /// # Errors
    /// What is wrong with keys or files, or the clock has ended it.
    pub fn load(&self, folder: &Path, clock: &Clock) -> Result<GanSource, Halt> {
        self.validate()?;
        match self {
            Self::Ring(ring) => {
                let angle = |mode: usize| std::f64::consts::TAU * mode as f64 / ring.modes as f64;
                let at = |mode| [ring.radius * angle(mode).cos(), ring.radius * angle(mode).sin()];
                let centers = (0..ring.modes).map(at).collect();
                Ok(GanSource::Mixture(Mixture { centers, spread: ring.spread }))
            }
            Self::Grid(grid) => {
                let middle = 0.5 * (grid.side - 1) as f64;
                let place = |at: usize| match grid.side {
                    1 => 0.0,
                    _ => grid.radius * (at as f64 - middle) / middle,
                };
                let places = (0..grid.side * grid.side).map(|at| (at / grid.side, at % grid.side));
                let centers = places.map(|(x, y)| [place(x), place(y)]).collect();
                Ok(GanSource::Mixture(Mixture { centers, spread: grid.spread }))
            }
            Self::Idx(images) => Ok(GanSource::Images(Box::new(images.load(folder, clock)?))),
        }
    }
}

/// What samples are drawn from.
#[derive(Clone, Debug, PartialEq)]
pub enum GanSource {
    /// Densities in the plane.
    Mixture(Mixture),
    /// Images, each as likely as another.
    Images(Box<Dataset>),
}

/// Normal densities of equal weight and spread.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// Their means.
    pub centers: Vec<[f64; 2]>,
    /// Their standard deviation along each axis.
    pub spread: f64,
}

/// Deviations of a mode that count as its neighbourhood.
pub const NEIGHBOURHOOD: f64 = 3.0;

impl GanSource {
    /// Numbers of a sample.
    pub fn width(&self) -> usize {
        match self {
            Self::Mixture(_) => 2,
            Self::Images(data) => data.inputs.ncols(),
        }
    }

    /// Modes that a generator can make: centres, or classes.
    pub fn modes(&self) -> usize {
        match self {
            Self::Mixture(mixture) => mixture.centers.len(),
            Self::Images(data) => data.targets.outputs(),
        }
    }

    /// The box of the samples: all of an image's, nearly all of a mixture's.
    pub fn domain(&self) -> IntervalBox {
        let (lower, upper) = match self {
            Self::Images(data) => (vec![0.0; data.inputs.ncols()], vec![1.0; data.inputs.ncols()]),
            Self::Mixture(mixture) => {
                let far =
                    mixture.centers.iter().flatten().fold(0.0, |far: f64, x| far.max(x.abs()));
                let far = far + NEIGHBOURHOOD * mixture.spread;
                (vec![-far; 2], vec![far; 2])
            }
        };
        IntervalBox::new(lower, upper).expect("a spread above 0")
    }

    /// Fills rows with random samples.
    pub fn draw<S: Scalar>(&self, random: &mut ChaCha8Rng, rows: &mut [S]) {
        match self {
            Self::Mixture(mixture) => {
                for row in rows.chunks_exact_mut(2) {
                    let center = mixture.centers[index(random, mixture.centers.len())];
                    for (x, at) in row.iter_mut().zip(center) {
                        *x = S::of(at + mixture.spread * normal(random));
                    }
                }
            }
            Self::Images(data) => {
                for row in rows.chunks_exact_mut(data.inputs.ncols()) {
                    let image = data.inputs.row(index(random, data.len()));
                    for (x, &pixel) in row.iter_mut().zip(image) {
                        *x = S::of(pixel);
                    }
                }
            }
        }
    }
}

impl PooledImages {
    fn load(&self, folder: &Path, clock: &Clock) -> Result<Dataset, Halt> {
        let (path, labels) = (folder.join(&self.images), folder.join(&self.labels));
        let whole = read_images(&path, &labels, 1.0).map_err(TrainError::from)?;
        let count = self.samples.map_or(whole.len(), |samples| samples.min(whole.len()));
        let shape = whole.shape.clone().unwrap_or_default();
        let [1, rows, columns] = shape[..] else {
            let found = format!("images of shape {shape:?}");
            let expected = "one channel".to_string();
            let place = "the header".to_string();
            return Err(
                TrainError::from(DataError::Content { path, place, found, expected }).into()
            );
        };
        if rows % self.pool != 0 || columns % self.pool != 0 {
            let expected = format!("a divisor of the {rows} rows and {columns} columns");
            return Err(TrainError::key("data.pool", self.pool, expected).into());
        }
        let Targets::Classes { labels, names } = whole.targets else {
            unreachable!("labels of images are classes")
        };
        let inputs = pooled(&whole.inputs, count, [rows, columns], self.pool, clock)?;
        let (rows, columns) = (rows / self.pool, columns / self.pool);
        Ok(Dataset {
            input_names: (0..inputs.ncols()).map(|input| format!("x{input}")).collect(),
            domain: Some(
                IntervalBox::new(vec![0.0; inputs.ncols()], vec![1.0; inputs.ncols()])
                    .expect("0 is below 1"),
            ),
            inputs,
            targets: Targets::Classes { labels: labels[..count].to_vec(), names },
            shape: Some(vec![1, rows, columns]),
        })
    }
}

/// Means of squares of pixels, of the first images.
fn pooled(
    images: &Array2<f64>,
    count: usize,
    [rows, columns]: [usize; 2],
    pool: usize,
    clock: &Clock,
) -> Result<Array2<f64>, Halt> {
    let (wide, weight) = (columns / pool, 1.0 / (pool * pool) as f64);
    let mut means = Array2::zeros((count, rows / pool * wide));
    for (image, mut mean) in images.outer_iter().zip(means.outer_iter_mut()) {
        clock.go_on()?;
        for (at, &pixel) in image.iter().enumerate() {
            mean[at / columns / pool * wide + at % columns / pool] += weight * pixel;
        }
    }
    Ok(means)
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;

    use super::*;

    /// By hand: four squares of a 4 × 4 image.
    #[test]
    fn pooling_by_hand() {
        let image = arr2(&[[
            1.0, 3.0, 0.0, 0.0, 5.0, 7.0, 0.0, 4.0, 1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 6.0,
        ]]);
        let means = pooled(&image, 1, [4, 4], 2, &Clock::unlimited()).unwrap();
        assert_eq!(means, arr2(&[[4.0, 1.0, 1.0, 3.0]]));
    }

    #[test]
    fn centers_by_hand() {
        let load = |data: GanData| match data.load(Path::new("."), &Clock::unlimited()) {
            Ok(GanSource::Mixture(mixture)) => mixture.centers,
            other => panic!("{other:?}"),
        };
        let ring = load(GanData::Ring(RingData { modes: 4, ..RingData::default() }));
        let expected = [[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [0.0, -2.0]];
        for (found, expected) in ring.iter().flatten().zip(expected.iter().flatten()) {
            assert!((found - expected).abs() < 1e-15, "{ring:?}");
        }
        let grid = load(GanData::Grid(GridData { side: 2, radius: 3.0, spread: 0.1 }));
        assert_eq!(grid, [[-3.0, -3.0], [-3.0, 3.0], [3.0, -3.0], [3.0, 3.0]]);
        assert_eq!(load(GanData::Grid(GridData::default()))[7], [-1.0, 0.0]);
    }
}
