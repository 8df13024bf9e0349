//! Samples of a test function.

use std::path::Path;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::split::{Shares, usual_share};
use super::{DataError, DataSource, Dataset, LARGEST, MOST_NUMBERS, Sampling, Split, Targets};
use crate::message::excerpt;
use crate::num::IntervalBox;
use crate::num::random::normal;
use crate::train::functions::{Dimension, FUNCTIONS, TestFunction, test_function};
use crate::train::{OneOrEach, Stream};

/// The keys of `source = "function"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct FunctionData {
    /// Name of the test function: one of [`FUNCTIONS`]. Default: peaks.
    #[cfg_attr(
        feature = "schema",
        schemars(extend("enum" = FUNCTIONS.iter().map(|f| f.name).collect::<Vec<_>>()))
    )]
    pub function: String,
    /// Number of inputs, for functions that are defined for several. Default: 2, or the
    /// only number that the function is defined for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimension: Option<usize>,
    /// Lower ends of the box: a number for all inputs, or a list. Default: the usual box
    /// of the function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lower: Option<OneOrEach>,
    /// Upper ends of the box, above the lower ones. Default: the usual box.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upper: Option<OneOrEach>,
    /// Number of samples, of all parts together: from 1. Default: 20 000.
    pub samples: usize,
    /// How points are chosen: uniform, latin-hypercube, sobol, grid. Default:
    /// latin-hypercube.
    pub sampling: Sampling,
    /// Standard deviation of normal noise on the values for training and validation, in
    /// units of the function: from 0. The test is against the function itself. Default: 0.
    pub noise: f64,
    /// Share of the samples for validation: from 0, below 1. Default: 0.15.
    pub validation: f64,
    /// Share of the samples for the test: from 0, below 1. Default: 0.15.
    pub test: f64,
}

impl Default for FunctionData {
    fn default() -> Self {
        Self {
            function: "peaks".to_string(),
            dimension: None,
            lower: None,
            upper: None,
            samples: 20_000,
            sampling: Sampling::default(),
            noise: 0.0,
            validation: usual_share(),
            test: usual_share(),
        }
    }
}

impl FunctionData {
    fn function(&self) -> Result<&'static TestFunction, DataError> {
        test_function(&self.function).ok_or_else(|| {
            let names: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
            let found = format!("'{}'", excerpt(&self.function));
            DataError::key("function", found, format!("one of {}", names.join(", ")))
        })
    }

    fn dimension(&self, function: &TestFunction) -> Result<usize, DataError> {
        let dimension = self.dimension.unwrap_or(function.dimension.usual());
        let expected = match function.dimension {
            allowed if allowed.allows(dimension) && dimension <= MOST_NUMBERS => {
                return Ok(dimension);
            }
            Dimension::AtLeast(least) if dimension > least => format!("at most {MOST_NUMBERS}"),
            Dimension::Fixed(only) => format!("{only} for {}", function.name),
            Dimension::AtLeast(least) => format!("at least {least} for {}", function.name),
        };
        Err(DataError::key("dimension", dimension, expected))
    }

    fn domain(&self, usual: &IntervalBox) -> Result<IntervalBox, DataError> {
        let ends = |key, asked: &Option<OneOrEach>, usual: &[f64]| match asked {
            None => Ok(usual.to_vec()),
            Some(asked) => asked.spread(usual.len()).ok_or_else(|| {
                let found = format!("{} numbers", asked.numbers().len());
                DataError::key(
                    key,
                    found,
                    format!("a number, or one for each of {} inputs", usual.len()),
                )
            }),
        };
        let lower = ends("lower", &self.lower, usual.lower())?;
        let upper = ends("upper", &self.upper, usual.upper())?;
        for (input, (l, u)) in lower.iter().zip(&upper).enumerate() {
            let found = || format!("{l} for input {input}, and upper = {u}");
            if !(l < u && l.is_finite() && u.is_finite()) {
                return Err(DataError::key("lower", found(), "finite numbers, lower < upper"));
            }
            if l.abs().max(u.abs()) > LARGEST {
                let expected = format!("magnitudes of at most {LARGEST:e}");
                return Err(DataError::key("lower", found(), expected));
            }
        }
        Ok(IntervalBox::new(lower, upper).expect("checked"))
    }
}

impl DataSource for FunctionData {
    fn validate(&self) -> Result<(), DataError> {
        let function = self.function()?;
        let dimension = self.dimension(function)?;
        let most = MOST_NUMBERS / dimension;
        if !(1..=most).contains(&self.samples) {
            let expected = format!("1 to {most} for {dimension} inputs");
            return Err(DataError::key("samples", self.samples, expected));
        }
        if !(self.noise >= 0.0 && self.noise.is_finite()) {
            return Err(DataError::key("noise", self.noise, "a finite number from 0"));
        }
        if self.noise > LARGEST {
            return Err(DataError::key("noise", self.noise, format!("at most {LARGEST:e}")));
        }
        self.sampling.check(self.samples, dimension)?;
        self.domain(&function.domain(dimension))?;
        Shares { validation: self.validation, test: self.test }.check()
    }

    fn load(&self, _folder: &Path, seed: u64) -> Result<Split, DataError> {
        self.validate()?;
        let function = self.function()?;
        let dimension = self.dimension(function)?;
        let domain = self.domain(&function.domain(dimension))?;
        let mut random = Stream::Sampling.random(seed);
        let inputs = self.sampling.points(&domain, self.samples, &mut random)?;
        let mut values = Array2::zeros((self.samples, 1));
        for (point, value) in inputs.outer_iter().zip(&mut values) {
            let point = point.to_vec();
            *value = function.evaluate(&point);
            if value.is_nan() || value.abs() > LARGEST {
                let place = format!("a box with {}", excerpt(&format!("{point:?}")));
                let found = format!("{place}, where {} is {value:e}", function.name);
                let expected = format!("a box in which values are at most {LARGEST:e}");
                return Err(DataError::key("upper", found, expected));
            }
        }
        let data = Dataset {
            inputs,
            targets: Targets::Values { values, names: vec!["y".to_string()] },
            input_names: (0..dimension).map(|input| format!("x{input}")).collect(),
            shape: None,
            domain: Some(domain),
        };
        let shares = Shares { validation: self.validation, test: self.test };
        let mut split = shares.split(&data, &mut Stream::Split.random(seed))?;
        let mut random = Stream::Noise.random(seed);
        for part in [&mut split.train, &mut split.validation] {
            if let Targets::Values { values, .. } = &mut part.targets {
                values.mapv_inplace(|value| value + self.noise * normal(&mut random));
            }
        }
        Ok(split)
    }
}
