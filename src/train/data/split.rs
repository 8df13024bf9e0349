//! Which samples are for training, for validation and for the test.

use rand_chacha::ChaCha8Rng;

use super::{DataError, Dataset, Split, Targets};
use crate::message::excerpt;
use crate::num::random::shuffle;

/// Shares of the samples; the rest is for training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// For validation: from 0, below 1.
    pub validation: f64,
    /// For the test: from 0, below 1.
    pub test: f64,
}

/// The share for validation or test where a recipe says nothing.
pub fn usual_share() -> f64 {
    0.15
}

impl Shares {
    /// The shares of samples beside which there may be a test set.
    ///
    /// # Errors
    /// [`DataError::Key`]: a share for the test beside a test set.
    pub fn beside(
        validation: f64,
        test: Option<f64>,
        has_test_set: bool,
    ) -> Result<Self, DataError> {
        match test {
            Some(share) if has_test_set => {
                let found = format!("{share} beside a test set");
                Err(DataError::key("test", found, "one of the two"))
            }
            _ if has_test_set => Ok(Self { validation, test: 0.0 }),
            _ => Ok(Self { validation, test: test.unwrap_or(usual_share()) }),
        }
    }

    /// Checks that something is left for training.
    ///
    /// # Errors
    /// [`DataError::Key`].
    pub fn check(self) -> Result<(), DataError> {
        for (key, share) in [("validation", self.validation), ("test", self.test)] {
            if !(0.0..1.0).contains(&share) {
                return Err(DataError::key(key, share, "a share from 0, below 1"));
            }
        }
        if self.validation + self.test >= 1.0 {
            let found = format!("{}, and test = {}", self.validation, self.test);
            return Err(DataError::key("validation", found, "a sum of both below 1"));
        }
        Ok(())
    }

    /// Splits the samples at random; each class in these shares, up to rounding, and with
    /// at least one sample in each part that is asked for.
    ///
    /// # Errors
    /// [`DataError::TooFew`]: there are none, or a class has too few samples to be in all
    /// parts.
    pub fn split(self, data: &Dataset, random: &mut ChaCha8Rng) -> Result<Split, DataError> {
        let (mut train, mut validation, mut test) = (Vec::new(), Vec::new(), Vec::new());
        for (group, mut samples) in groups(data) {
            shuffle(random, &mut samples);
            let count = samples.len();
            let [mut in_validation, mut in_test] = [self.validation, self.test].map(|share| {
                let least = usize::from(share > 0.0);
                ((share * count as f64).round() as usize).max(least)
            });
            let parts = [("training", 1), ("validation", in_validation), ("test", in_test)];
            let parts: Vec<&str> =
                parts.into_iter().filter(|&(_, count)| count > 0).map(|(name, _)| name).collect();
            if count < parts.len() {
                let (needed, purpose) = (parts.len(), format!("one each for {}", parts.join(", ")));
                return Err(DataError::TooFew { group, samples: count, needed, purpose });
            }
            while in_validation + in_test >= count {
                *(&mut in_validation).max(&mut in_test) -= 1;
            }
            train.extend(samples.split_off(in_validation + in_test));
            test.extend(samples.split_off(in_validation));
            validation.extend(samples);
        }
        let [train, validation, test] = [train, validation, test].map(|mut samples| {
            shuffle(random, &mut samples);
            data.select(&samples)
        });
        Ok(Split { train, validation, test })
    }
}

/// Keeps as many samples for training; which ones, the split has drawn.
///
/// # Errors
/// [`DataError::Key`]: there are not as many; [`DataError::TooFew`]: a class has none.
pub fn limit(split: &mut Split, samples: Option<usize>) -> Result<(), DataError> {
    let Some(samples) = samples else { return Ok(()) };
    let held = split.train.len();
    if samples > held {
        let expected = format!("at most {held}, the samples for training");
        return Err(DataError::key("samples", samples, expected));
    }
    let kept: Vec<usize> = (0..samples).collect();
    split.train = split.train.select(&kept);
    match groups(&split.train).into_iter().find(|(_, samples)| samples.is_empty()) {
        None => Ok(()),
        Some((group, _)) => {
            let purpose = format!("for training, of {samples} kept");
            Err(DataError::TooFew { group, samples: 0, needed: 1, purpose })
        }
    }
}

/// The samples of each class, or all where there are no classes; with names.
fn groups(data: &Dataset) -> Vec<(String, Vec<usize>)> {
    match &data.targets {
        Targets::Values { .. } => vec![("the data".to_string(), (0..data.len()).collect())],
        Targets::Classes { labels, names } => {
            let named = names.iter().map(|name| (format!("class '{}'", excerpt(name)), Vec::new()));
            let mut groups: Vec<(String, Vec<usize>)> = named.collect();
            for (sample, &label) in labels.iter().enumerate() {
                groups[label].1.push(sample);
            }
            groups
        }
    }
}
