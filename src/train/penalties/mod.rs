//! What is added to the loss so that the trained network is easier to answer questions
//! about.

mod bounds;
mod norms;

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::OneOrEach;
use super::error::TrainError;
use super::layers::ActivationFunction;
use super::model::Weighted;
use super::scalar::Scalar;
use crate::num::IntervalBox;

/// What a penalty can look at, beside the parameters.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The layers with weights, in order; the last computes the outputs.
    pub layers: Vec<Weighted>,
    /// Activation after each of them but the last.
    pub function: ActivationFunction,
    /// Box of the inputs, in units of training.
    pub domain: IntervalBox,
    /// Whether all layers are dense.
    pub dense: bool,
}

/// A function of the parameters.
pub trait Penalty<S>: Debug + Sync {
    /// Name in recipes.
    fn name(&self) -> &'static str;

    /// Number of layers that have a strength each.
    ///
    /// # Errors
    /// What is expected, where the penalty does not know this kind of network.
    fn layers(&self, around: &Surroundings) -> Result<usize, &'static str>;

    /// The value, and its derivatives added to the gradient; `strengths` has one number a
    /// layer.
    fn add(
        &self,
        around: &Surroundings,
        strengths: &[f64],
        parameters: &[S],
        gradient: &mut [S],
    ) -> f64;
}

/// Every penalty.
pub fn penalties<S: Scalar>() -> &'static [&'static dyn Penalty<S>] {
    &[&norms::L1, &norms::L2, &bounds::STABILITY, &bounds::BIG_M, &bounds::UNSTABLE]
}

/// The penalties of a recipe.
#[derive(Debug)]
pub struct Penalties<S: 'static> {
    around: Surroundings,
    terms: Vec<(&'static dyn Penalty<S>, Vec<f64>)>,
}

impl<S: Scalar> Penalties<S> {
    /// Those with a strength above 0.
    ///
    /// # Errors
    /// A list is as long as no list of layers is, or a penalty does not fit the network.
    pub fn new(
        recipe: &BTreeMap<String, OneOrEach>,
        around: Surroundings,
    ) -> Result<Self, TrainError> {
        let mut terms = Vec::new();
        for (name, strengths) in recipe {
            if strengths.numbers().iter().all(|&strength| strength == 0.0) {
                continue;
            }
            let key = || format!("penalty.{name}");
            let Some(&penalty) = penalties::<S>().iter().find(|p| p.name() == name) else {
                return Err(TrainError::key("penalty", name, "a known penalty"));
            };
            let layers = penalty
                .layers(&around)
                .map_err(|expected| TrainError::key(key(), "a strength", expected))?;
            let spread = strengths.spread(layers).ok_or_else(|| {
                let found = format!("{} numbers", strengths.numbers().len());
                TrainError::key(
                    key(),
                    found,
                    format!("a number, or {layers} of them, one per layer"),
                )
            })?;
            terms.push((penalty, spread));
        }
        Ok(Self { around, terms })
    }

    /// The sum of their values, and their derivatives added to the gradient.
    pub fn add(&self, parameters: &[S], gradient: &mut [S]) -> f64 {
        let terms = self.terms.iter();
        terms.map(|(p, strengths)| p.add(&self.around, strengths, parameters, gradient)).sum()
    }
}
