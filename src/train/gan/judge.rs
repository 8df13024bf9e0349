//! Who says how good samples are: the mixture itself, or a classifier of the images.

use std::ops::ControlFlow;

use ndarray::{Array2, ArrayView2};

use super::data::{GanSource, Mixture};
use super::metrics::{Discrepancy, GanMetrics, Moments, SURE, coverage};
use crate::control::{Clock, StoppedBy};
use crate::num::statistics::argmax;
use crate::train::architecture::layers;
use crate::train::data::{DataRecipe, Dataset, Split, Targets};
use crate::train::model::{Model, Pass};
use crate::train::scalar::{narrow, wide};
use crate::train::{
    EpochRecord, Halt, NetworkRecipe, Recipe, State, Stream, TrainError, TrainObserver,
    TrainingRecipe, train,
};

/// Measures samples of generators, of all seeds alike.
#[derive(Debug)]
pub enum Judge {
    /// Knows the modes.
    Mixture(Mixture, Discrepancy),
    /// Looks at images as a classifier does.
    Images(Box<Classifier>),
}

/// A classifier of the images, and what the data look like to it.
#[derive(Debug)]
pub struct Classifier {
    /// All layers.
    model: Model<f64>,
    /// All but the last, whose outputs are the features.
    features: Model<f64>,
    moments: Moments,
    /// Share of the images, of those it was not fitted to, whose class it says.
    accuracy: f64,
}

/// Neurons of the classifier's hidden layers; the last are the features.
const HIDDEN: [usize; 2] = [64, 32];

/// Passes over the images that the classifier is trained by, and samples in a step.
const EPOCHS: usize = 10;
const BATCH: usize = 64;

/// Share of the images that tell how good it is.
const APART: f64 = 0.1;

/// The seed of what is the same for all generators.
const SEED: u64 = 0;

impl Judge {
    /// Prepares to compare so many samples; for images, trains the classifier.
    ///
    /// # Errors
    /// Too few images, or the clock has ended it.
    pub fn new(source: &GanSource, samples: usize, clock: &Clock) -> Result<Self, Halt> {
        match source {
            GanSource::Mixture(mixture) => {
                let mut numbers = vec![0.0f64; samples * source.width()];
                // The last of all numbers, which no step reaches.
                let mut random = Stream::Game.numbered(SEED, u64::MAX >> 4);
                source.draw(&mut random, &mut numbers);
                let numbers = Array2::from_shape_vec((samples, source.width()), numbers);
                let numbers = numbers.expect("as many numbers as places");
                Ok(Self::Mixture(mixture.clone(), Discrepancy::new(numbers)))
            }
            GanSource::Images(data) => Ok(Self::Images(Box::new(Classifier::new(data, clock)?))),
        }
    }

    /// Share of images apart whose class the classifier says; none of a mixture.
    pub fn accuracy(&self) -> Option<f64> {
        match self {
            Self::Mixture(..) => None,
            Self::Images(classifier) => Some(classifier.accuracy),
        }
    }

    /// How good samples (samples × coordinates) are.
    pub fn measure(&self, samples: ArrayView2<f64>) -> GanMetrics {
        match self {
            Self::Mixture(mixture, discrepancy) => {
                let nearest = samples.outer_iter().map(|x| mixture.mode_of([x[0], x[1]]));
                let (modes, good) = coverage(mixture.centers.len(), nearest);
                let mmd = Some(discrepancy.to(samples));
                GanMetrics { modes, good, mmd, frechet: None }
            }
            Self::Images(classifier) => classifier.measure(samples),
        }
    }
}

impl Classifier {
    fn new(data: &Dataset, clock: &Clock) -> Result<Self, Halt> {
        tracing::info!("features: a classifier of {} images", data.len());
        let count = data.len();
        let apart = (APART * count as f64) as usize;
        if apart == 0 {
            let expected = format!("at least {}, to train the classifier", (1.0 / APART).ceil());
            return Err(TrainError::key("data.samples", count, expected).into());
        }
        let order = crate::num::random::permutation(&mut Stream::Split.random(SEED), count);
        let (test, train_samples) = order.split_at(apart);
        let split = Split {
            train: data.select(train_samples),
            validation: data.select(&[]),
            test: data.select(test),
        };
        let network = NetworkRecipe { hidden: HIDDEN.to_vec(), ..NetworkRecipe::default() };
        let settings = TrainingRecipe {
            epochs: Some(EPOCHS),
            batch: BATCH,
            learning_rate: 1e-3,
            ..TrainingRecipe::default()
        };
        let recipe = Recipe {
            seed: SEED,
            data: DataRecipe::default(),
            network: network.clone(),
            training: settings,
            ..Recipe::default()
        };
        let trained = train(&recipe, &split, None, clock, &mut Quiet)?;
        let Some(state) = trained.state.filter(|_| trained.report.stopped_by.is_none()) else {
            return Err(trained.report.stopped_by.unwrap_or(StoppedBy::Interrupt).into());
        };
        let (inputs, outputs) = (data.inputs.ncols(), data.targets.outputs());
        let model = filled(layers::<f64>(&network, inputs, None, outputs)?, &state.best);
        let mut body = layers::<f64>(&network, inputs, None, outputs)?;
        body.pop();
        let features = filled(body, &state.best);
        let moments = Moments::new(outputs_of(&features, data.inputs.view()).view());
        let mut classifier = Self { model, features, moments, accuracy: 0.0 };
        let classes = classifier.classes(split.test.inputs.view());
        let Targets::Classes { labels, .. } = &split.test.targets else {
            unreachable!("images have classes")
        };
        let right = classes.iter().zip(labels).filter(|((class, _), label)| class == *label);
        classifier.accuracy = right.count() as f64 / labels.len() as f64;
        Ok(classifier)
    }

    /// The class of each image, and its probability.
    fn classes(&self, images: ArrayView2<f64>) -> Vec<(usize, f64)> {
        let scores = outputs_of(&self.model, images);
        let of_row = |scores: ndarray::ArrayView1<f64>| {
            let best = argmax(scores.iter().copied()).expect("a class");
            let sum: f64 = scores.iter().map(|score| (score - scores[best]).exp()).sum();
            (best, 1.0 / sum)
        };
        scores.outer_iter().map(of_row).collect()
    }

    fn measure(&self, images: ArrayView2<f64>) -> GanMetrics {
        let classes = self.classes(images);
        let every = classes.iter().map(|&(class, _)| Some(class));
        let (modes, _) = coverage(self.model.outputs(), every);
        let sure = classes.iter().filter(|(_, probability)| *probability >= SURE).count();
        let features = Moments::new(outputs_of(&self.features, images).view());
        GanMetrics {
            modes,
            good: sure as f64 / classes.len().max(1) as f64,
            mmd: None,
            frechet: Some(self.moments.frechet(&features)),
        }
    }
}

/// Layers with the first of these parameters.
fn filled(
    layers: Vec<Box<dyn crate::train::layers::TrainableLayer<f64>>>,
    parameters: &[f64],
) -> Model<f64> {
    let mut model = Model::new(layers);
    let count = model.parameters().len();
    model.parameters_mut().copy_from_slice(&parameters[..count]);
    model
}

/// Samples that are evaluated at once.
const ROWS: usize = 256;

/// Outputs of a model, samples × outputs.
pub fn outputs_of<S: crate::train::scalar::Scalar>(
    model: &Model<S>,
    inputs: ArrayView2<f64>,
) -> Array2<f64> {
    let mut pass = Pass::new(model, ROWS);
    let mut outputs = Vec::with_capacity(inputs.nrows() * model.outputs());
    for rows in inputs.axis_chunks_iter(ndarray::Axis(0), ROWS) {
        let numbers: Vec<f64> = rows.iter().copied().collect();
        pass.input(rows.nrows()).copy_from_slice(&narrow::<S>(&numbers));
        outputs.extend(wide(model.forward(&mut pass)));
    }
    Array2::from_shape_vec((inputs.nrows(), model.outputs()), outputs).expect("rows of outputs")
}

/// Watches nothing.
struct Quiet;

impl TrainObserver for Quiet {
    fn epoch(&mut self, _: &EpochRecord, _: &mut dyn FnMut() -> State) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
