//! The layers that a recipe asks for.

use super::error::TrainError;
use super::layers::{
    ActivationLayer, ConvLayer, DenseLayer, Dropout, ImageWindow, PoolLayer, TrainableLayer,
};
use super::scalar::Scalar;
use super::settings::NetworkRecipe;

/// Most parameters of a network, and most numbers that a convolution multiplies for one
/// sample: a few gigabytes with what an optimiser remembers.
const MOST_NUMBERS: usize = 1 << 27;

/// The layers from `inputs` numbers, of an image of shape `[channels, rows, columns]` where
/// there is one, to `outputs` numbers.
///
/// # Errors
/// Convolutions without images, windows that do not fit, networks that are too large.
pub fn layers<S: Scalar>(
    recipe: &NetworkRecipe,
    inputs: usize,
    image: Option<&[usize]>,
    outputs: usize,
) -> Result<Vec<Box<dyn TrainableLayer<S>>>, TrainError> {
    let function = recipe.function();
    let mut layers: Vec<Box<dyn TrainableLayer<S>>> = Vec::new();
    let mut width = inputs;
    let mut parameters = 0;
    if !recipe.convolutions.is_empty() {
        let Some(&[channels, rows, columns]) = image else {
            let expected = "none for data that are not images";
            return Err(TrainError::key("network.convolutions", "a convolution", expected));
        };
        let mut image = [channels, rows, columns];
        for (number, convolution) in (1..).zip(&recipe.convolutions) {
            let misfit = |key: &str, size: usize, image: [usize; 3]| {
                let key = format!("network.convolutions, number {number}: {key}");
                TrainError::key(key, size, format!("a window that fits an image of {image:?}"))
            };
            let kernel = convolution.kernel;
            let (stride, padding) = (convolution.stride, convolution.padding);
            let window = ImageWindow { image, kernel, stride, padding };
            let places = window.places().ok_or_else(|| misfit("kernel", kernel, image))?;
            limit("network.convolutions", window.patch() * places[0] * places[1])?;
            parameters += convolution.channels * (window.patch() + 1);
            limit("network.convolutions", parameters)?;
            let layer = ConvLayer::new(window, convolution.channels);
            layers.push(Box::new(layer.ok_or_else(|| misfit("kernel", kernel, image))?));
            image = [convolution.channels, places[0], places[1]];
            width = image.iter().product();
            limit("network.convolutions", width)?;
            layers.push(Box::new(ActivationLayer { elements: width, function }));
            if let Some(kind) = convolution.pool {
                let size = convolution.pool_size;
                let layer = PoolLayer::new(kind, image, size);
                layers.push(Box::new(layer.ok_or_else(|| misfit("pool_size", size, image))?));
                image = [image[0], (image[1] - size) / size + 1, (image[2] - size) / size + 1];
                width = image.iter().product();
            }
        }
    }
    let dropout = recipe.dropout.spread(recipe.hidden.len()).unwrap_or_default();
    for (&outputs, probability) in recipe.hidden.iter().zip(dropout) {
        parameters += outputs * (width + 1);
        limit("network.hidden", parameters)?;
        layers.push(Box::new(DenseLayer { inputs: width, outputs }));
        layers.push(Box::new(ActivationLayer { elements: outputs, function }));
        if probability > 0.0 {
            layers.push(Box::new(Dropout { elements: outputs, probability }));
        }
        width = outputs;
    }
    layers.push(Box::new(DenseLayer { inputs: width, outputs }));
    Ok(layers)
}

fn limit(key: &str, numbers: usize) -> Result<(), TrainError> {
    match numbers <= MOST_NUMBERS {
        true => Ok(()),
        false => Err(TrainError::key(
            key,
            format!("a network of {numbers} numbers or more"),
            format!("at most {MOST_NUMBERS}"),
        )),
    }
}
