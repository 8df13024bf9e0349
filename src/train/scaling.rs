//! Data in units that suit training, and the way back: `scaled = (raw − mean) /
//! deviation`, folded into the first and last layer of the trained network.
//!
//! With `x' = (x − m)/d` before the first layer, `W x' + b = (W D⁻¹) x + (b − W D⁻¹ m)`;
//! with `y = d y' + m` after the last, `W` becomes `D W` and `b` becomes `D b + m`.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use super::data::{Dataset, Split, Targets};
use super::error::TrainError;
use super::stage::Stage;
use crate::message::excerpt;
use crate::network::{Precision, Scaling};
use crate::num::IntervalBox;

/// How inputs are scaled for training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum InputScaling {
    /// Not at all.
    None,
    /// The box of the data becomes `[−1, 1]` in every coordinate.
    Box,
    /// Mean 0 and standard deviation 1 over the training samples.
    Standard,
}

impl InputScaling {
    /// The usual choice for such data: images as they are, boxes of test functions to
    /// `[−1, 1]`, tables standardised.
    pub fn usual(data: &Dataset) -> Self {
        match (&data.shape, &data.domain) {
            (Some(_), _) => Self::None,
            (None, Some(_)) => Self::Box,
            (None, None) => Self::Standard,
        }
    }
}

/// The box of the data: the one they are from, or the least that contains all of them.
pub fn input_box(data: &Split) -> IntervalBox {
    if let Some(domain) = &data.train.domain {
        return domain.clone();
    }
    let inputs = data.train.inputs.ncols();
    let (mut lower, mut upper) = (vec![f64::INFINITY; inputs], vec![f64::NEG_INFINITY; inputs]);
    for part in [&data.train, &data.validation, &data.test] {
        for row in part.inputs.outer_iter() {
            for ((l, u), &x) in lower.iter_mut().zip(&mut upper).zip(row) {
                *l = l.min(x);
                *u = u.max(x);
            }
        }
    }
    IntervalBox::new(lower, upper).expect("finite samples")
}

/// Means and deviations for training on `data`. Outputs that are numbers are
/// standardised, scores of classes are not. A constant column has deviation 1.
pub fn scaling(data: &Dataset, domain: &IntervalBox, inputs: InputScaling) -> Scaling {
    let (input_mean, input_deviation) = match inputs {
        InputScaling::None => (Vec::new(), Vec::new()),
        InputScaling::Box => {
            let ends = domain.lower().iter().zip(domain.upper());
            (domain.center(), ends.map(|(l, u)| or_one((u - l) / 2.0)).collect())
        }
        InputScaling::Standard => moments(&data.inputs),
    };
    let (output_mean, output_deviation) = match &data.targets {
        Targets::Values { values, .. } => moments(values),
        Targets::Classes { .. } => (Vec::new(), Vec::new()),
    };
    Scaling { input_mean, input_deviation, output_mean, output_deviation }
}

fn or_one(deviation: f64) -> f64 {
    if deviation > 0.0 && deviation.is_finite() { deviation } else { 1.0 }
}

fn moments(values: &Array2<f64>) -> (Vec<f64>, Vec<f64>) {
    let means = values.mean_axis(Axis(0)).expect("there are training samples");
    let deviations = values.std_axis(Axis(0), 0.0);
    (means.to_vec(), deviations.iter().map(|&deviation| or_one(deviation)).collect())
}

/// The data in units of training.
pub fn scaled(data: &Dataset, scaling: &Scaling) -> Dataset {
    let targets = match &data.targets {
        Targets::Values { values, names } => Targets::Values {
            values: apply(values.view(), &scaling.output_mean, &scaling.output_deviation),
            names: names.clone(),
        },
        classes @ Targets::Classes { .. } => classes.clone(),
    };
    Dataset {
        inputs: apply(data.inputs.view(), &scaling.input_mean, &scaling.input_deviation),
        targets,
        input_names: data.input_names.clone(),
        shape: data.shape.clone(),
        domain: data.domain.clone(),
    }
}

/// Rows of numbers in units of training.
pub(super) fn apply(rows: ArrayView2<f64>, means: &[f64], deviations: &[f64]) -> Array2<f64> {
    match means.is_empty() {
        true => rows.to_owned(),
        false => (&rows - &ArrayView1::from(means)) / ArrayView1::from(deviations),
    }
}

/// Largest magnitude of units and samples in training, and of the factors between units:
/// so far below the largest number of that precision that products with weights are numbers.
fn largest(precision: Precision) -> f64 {
    match precision {
        Precision::F32 => 1e35,
        Precision::F64 => 1e100,
    }
}

/// Checks that numbers of a precision hold the units of training and samples in these units.
///
/// # Errors
/// [`TrainError::Key`] with the first column whose numbers are too large, or deviate by too
/// little.
pub fn check(scaling: &Scaling, scaled: &Dataset, precision: Precision) -> Result<(), TrainError> {
    let units = |means: &[f64], deviations: &[f64], column: usize| {
        let mean = means.get(column).copied().unwrap_or(0.0);
        (mean, deviations.get(column).copied().unwrap_or(1.0))
    };
    check_columns(
        &scaled.inputs,
        &scaled.input_names,
        |column| units(&scaling.input_mean, &scaling.input_deviation, column),
        precision,
    )?;
    let Targets::Values { values, names } = &scaled.targets else { return Ok(()) };
    check_columns(
        values,
        names,
        |column| units(&scaling.output_mean, &scaling.output_deviation, column),
        precision,
    )
}

/// Checks that numbers of a precision hold these rows, which are in units of training.
///
/// # Errors
/// [`TrainError::Key`] with the first column whose numbers are too large.
pub(super) fn check_samples(
    rows: &Array2<f64>,
    names: &[String],
    precision: Precision,
) -> Result<(), TrainError> {
    check_columns(rows, names, |_| (0.0, 1.0), precision)
}

/// Checks columns of these names, means and deviations.
fn check_columns(
    rows: &Array2<f64>,
    names: &[String],
    units: impl Fn(usize) -> (f64, f64),
    precision: Precision,
) -> Result<(), TrainError> {
    // One pass in the order of the memory; a look at the columns only where one is wrong.
    let all_held = rows.iter().all(|number| number.abs() <= largest(precision));
    for (column, name) in names.iter().enumerate() {
        let samples = if all_held { ArrayView1::from(&[]) } else { rows.column(column) };
        check_column(name, samples, units(column), precision)?;
    }
    Ok(())
}

fn check_column(
    name: &str,
    samples: ArrayView1<f64>,
    (mean, deviation): (f64, f64),
    precision: Precision,
) -> Result<(), TrainError> {
    let most = largest(precision);
    let factors = [mean, mean / deviation, deviation, 1.0 / deviation];
    let is_held = |number: &f64| number.abs() <= most;
    let found = match samples.iter().find(|sample| !is_held(sample)) {
        _ if !factors.iter().all(is_held) => {
            format!("numbers around {mean:e} that deviate by {deviation:e}")
        }
        Some(sample) => format!("a sample that is {sample:e} in units of training"),
        None => return Ok(()),
    };
    let other = match precision {
        Precision::F32 => ", or training.precision = 'f64'",
        Precision::F64 => "",
    };
    let expected = format!("numbers and quotients of at most {most:e} in magnitude{other}");
    Err(TrainError::key(format!("data, column '{}'", excerpt(name)), found, expected))
}

/// A box of raw inputs in units of training.
pub fn scaled_box(domain: &IntervalBox, scaling: &Scaling) -> IntervalBox {
    if scaling.input_mean.is_empty() {
        return domain.clone();
    }
    let apply = |ends: &[f64]| {
        let units = scaling.input_mean.iter().zip(&scaling.input_deviation);
        ends.iter().zip(units).map(|(x, (mean, deviation))| (x - mean) / deviation).collect()
    };
    IntervalBox::new(apply(domain.lower()), apply(domain.upper())).expect("an increasing map")
}

/// Makes a network that was trained in other units speak raw ones.
///
/// # Errors
/// Inputs were scaled before a convolution, whose padding would have to be scaled too.
pub fn fold(stages: &mut [Stage], scaling: &Scaling) -> Result<(), TrainError> {
    if !scaling.input_mean.is_empty() {
        let Some(Stage::Dense { weights, bias }) = stages.first_mut() else {
            let expected = "'none' where the first layer is a convolution";
            return Err(TrainError::key("training.input_scaling", "a scaling", expected));
        };
        *weights /= &Array1::from(scaling.input_deviation.clone());
        *bias -= &weights.dot(&Array1::from(scaling.input_mean.clone()));
    }
    if !scaling.output_mean.is_empty()
        && let Some(Stage::Dense { weights, bias }) = stages.last_mut()
    {
        let deviation = Array1::from(scaling.output_deviation.clone());
        *weights *= &deviation.view().insert_axis(Axis(1));
        *bias *= &deviation;
        *bias += &Array1::from(scaling.output_mean.clone());
    }
    Ok(())
}
