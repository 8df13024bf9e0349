//! `y_m(o) = b_m + Σ_c Σ_t W_{m,c,t} x_c(o · stride + t − padding)`, the convolution of an
//! image, as products of matrices.
//!
//! For one sample, the pixels under the window form a matrix `P` (one row for a channel
//! and a place in the window, one column for a place of the window): `Y = W P + b 1ᵀ`.
//! Gradients with `G = ∂/∂Y`: `∂/∂W = Σ G Pᵀ`, `∂/∂b = Σ G 1` over the samples, and
//! `∂/∂P = Wᵀ G`, which is added to the pixels that the entries of `P` came from.

use ndarray::{Array1, Array2};

use super::{Along, Backward, LayerSize, Scratch, TrainableLayer};
use crate::train::scalar::{Matrix, Onto, Scalar, product};
use crate::train::stage::Stage;

/// A square window that slides over an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageWindow {
    /// Channels, rows, columns of the image.
    pub image: [usize; 3],
    /// Rows and columns of the window.
    pub kernel: usize,
    /// Pixels from one place of the window to the next.
    pub stride: usize,
    /// Zeros around the image.
    pub padding: usize,
}

impl ImageWindow {
    /// Rows and columns of places of the window; none if it does not fit.
    pub fn places(&self) -> Option<[usize; 2]> {
        let along = |length: usize| {
            let room = (length + 2 * self.padding).checked_sub(self.kernel)?;
            Some(room / self.stride + 1)
        };
        Some([along(self.image[1])?, along(self.image[2])?])
    }

    /// Number of pixels under the window, channels included.
    pub fn patch(&self) -> usize {
        self.image[0] * self.kernel * self.kernel
    }

    /// Position of a pixel in a channel; none in the padding.
    fn pixel(&self, place: [usize; 2], tap: [usize; 2]) -> Option<usize> {
        let at = |axis: usize| {
            let position = (place[axis] * self.stride + tap[axis]).checked_sub(self.padding)?;
            (position < self.image[axis + 1]).then_some(position)
        };
        Some(at(0)? * self.image[2] + at(1)?)
    }

    /// Calls `visit(entry of P, pixel)` for each entry that is a pixel.
    pub(super) fn entries(&self, mut visit: impl FnMut(usize, usize)) {
        let [rows, columns] = self.places().expect("a window that fits");
        let (area, places) = (self.image[1] * self.image[2], rows * columns);
        for channel in 0..self.image[0] {
            for tap in 0..self.kernel * self.kernel {
                let line = channel * self.kernel * self.kernel + tap;
                for place in 0..places {
                    let pixel = self.pixel(
                        [place / columns, place % columns],
                        [tap / self.kernel, tap % self.kernel],
                    );
                    if let Some(pixel) = pixel {
                        visit(line * places + place, channel * area + pixel);
                    }
                }
            }
        }
    }
}

/// A convolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvLayer {
    window: ImageWindow,
    channels: usize,
    places: usize,
    /// Entries of `P` with the pixels that they are.
    entries: Vec<(usize, usize)>,
}

impl ConvLayer {
    /// A convolution to so many channels; none if the window does not fit.
    pub fn new(window: ImageWindow, channels: usize) -> Option<Self> {
        let [rows, columns] = window.places()?;
        let mut entries = Vec::new();
        window.entries(|entry, pixel| entries.push((entry, pixel)));
        Some(Self { window, channels, places: rows * columns, entries })
    }

    fn pixels(&self) -> usize {
        self.window.image.iter().product()
    }

    /// Fills `P`; what is padding stays 0.
    fn unfold<S: Scalar>(&self, sample: &[S], patches: &mut [S]) {
        for &(entry, pixel) in &self.entries {
            patches[entry] = sample[pixel];
        }
    }
}

impl<S: Scalar> TrainableLayer<S> for ConvLayer {
    fn size(&self) -> LayerSize {
        LayerSize {
            inputs: self.pixels(),
            outputs: self.channels * self.places,
            weights: (self.channels, self.window.patch()),
        }
    }

    fn forward(&self, parameters: &[S], input: &[S], output: &mut [S], scratch: &mut Scratch<S>) {
        let (channels, patch, places) = (self.channels, self.window.patch(), self.places);
        let (weights, bias) = parameters.split_at(channels * patch);
        scratch.values.resize(2 * patch * places, S::default());
        let patches = &mut scratch.values[..patch * places];
        let samples = input.chunks_exact(self.pixels());
        for (sample, result) in samples.zip(output.chunks_exact_mut(channels * places)) {
            self.unfold(sample, patches);
            for (row, &b) in result.chunks_exact_mut(places).zip(bias) {
                row.fill(b);
            }
            let patches = Matrix::new(patches, patch, places);
            product(result, Onto::Add, Matrix::new(weights, channels, patch), patches);
        }
    }

    fn backward(&self, parameters: &[S], pass: Backward<'_, S>, scratch: &mut Scratch<S>) {
        let (channels, patch, places) = (self.channels, self.window.patch(), self.places);
        let weights = Matrix::new(&parameters[..channels * patch], channels, patch);
        let (weight_gradient, bias_gradient) = pass.gradient.split_at_mut(channels * patch);
        weight_gradient.fill(S::default());
        bias_gradient.fill(S::default());
        let (patches, patch_gradient) = scratch.values.split_at_mut(patch * places);
        let mut input_gradient = pass.input_gradient;
        if let Some(gradient) = &mut input_gradient {
            gradient.fill(S::default());
        }
        let outputs = pass.output_gradient.chunks_exact(channels * places);
        for (index, (sample, output)) in
            pass.input.chunks_exact(self.pixels()).zip(outputs).enumerate()
        {
            self.unfold(sample, patches);
            let output_gradient = Matrix::new(output, channels, places);
            let unfolded = Matrix::new(patches, patch, places);
            product(weight_gradient, Onto::Add, output_gradient, unfolded.transposed());
            for (sum, row) in bias_gradient.iter_mut().zip(output.chunks_exact(places)) {
                *sum += row.iter().copied().sum::<S>();
            }
            if let Some(gradient) = &mut input_gradient {
                product(patch_gradient, Onto::Replace, weights.transposed(), output_gradient);
                let gradient = &mut gradient[index * self.pixels()..][..self.pixels()];
                for &(entry, pixel) in &self.entries {
                    gradient[pixel] += patch_gradient[entry];
                }
            }
        }
    }

    fn tangent(&self, parameters: &[S], pass: Along<'_, S>, scratch: &mut Scratch<S>) {
        let (channels, patch, places) = (self.channels, self.window.patch(), self.places);
        let weights = Matrix::new(&parameters[..channels * patch], channels, patch);
        let patches = &mut scratch.values[..patch * places];
        let directions = pass.direction.chunks_exact(self.pixels());
        for (direction, result) in directions.zip(pass.output.chunks_exact_mut(channels * places)) {
            self.unfold(direction, patches);
            product(result, Onto::Replace, weights, Matrix::new(patches, patch, places));
        }
    }

    fn stage(&self, parameters: &[f64]) -> Option<Stage> {
        let patch = self.window.patch();
        let (weights, bias) = parameters.split_at(self.channels * patch);
        let weights = Array2::from_shape_vec((self.channels, patch), weights.to_vec());
        let weights = weights.expect("the weights of this layer");
        Some(Stage::Conv { window: self.window, weights, bias: Array1::from(bias.to_vec()) })
    }
}
