//! Samples in the numbers and units that training computes with.

use ndarray::{Array2, Axis};

use super::Halt;
use super::data::{Dataset, Targets};
use super::loss::Goals;
use super::scalar::Scalar;
use super::scaling;
use crate::control::Clock;
use crate::network::Scaling;

/// Rows that are scaled at once: so few that they stay in the cache.
const ROWS: usize = 64;

/// Samples of a dataset, as they are computed with.
#[derive(Debug)]
pub struct Samples<S> {
    /// samples × inputs.
    pub(super) inputs: Vec<S>,
    /// One entry per sample.
    pub(super) goals: Goals<S>,
    /// Number of samples.
    pub(super) count: usize,
}

impl<S: Scalar> Samples<S> {
    /// Those of a dataset, in units of training.
    ///
    /// # Errors
    /// A number is too large for the precision, or the clock has ended it.
    pub fn new(data: &Dataset, scaling: &Scaling, clock: &Clock) -> Result<Self, Halt> {
        let (means, deviations) = (&scaling.input_mean, &scaling.input_deviation);
        let inputs = numbers(&data.inputs, &data.input_names, (means, deviations), clock)?;
        let goals = match &data.targets {
            Targets::Values { values, names } => {
                let units = (&*scaling.output_mean, &*scaling.output_deviation);
                Goals::Values(numbers(values, names, units, clock)?)
            }
            Targets::Classes { labels, .. } => Goals::Labels(labels.clone()),
        };
        Ok(Self { inputs, goals, count: data.len() })
    }
}

/// Columns of these names, means and deviations, in units of training.
fn numbers<S: Scalar>(
    values: &Array2<f64>,
    names: &[String],
    (means, deviations): (&[f64], &[f64]),
    clock: &Clock,
) -> Result<Vec<S>, Halt> {
    let mut numbers = Vec::with_capacity(values.len());
    for rows in values.axis_chunks_iter(Axis(0), ROWS) {
        clock.go_on()?;
        let rows = scaling::apply(rows, means, deviations);
        scaling::check_samples(&rows, names, S::PRECISION)?;
        numbers.extend(rows.iter().map(|&number| S::of(number)));
    }
    Ok(numbers)
}

/// A count of samples, which [`train`](super::train) limits to 32 bits.
pub(super) fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("a count of samples has 32 bits"))
}
