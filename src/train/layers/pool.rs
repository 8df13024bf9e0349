//! Pooling: the largest or the mean of the pixels under a window, channel by channel, the
//! window moved by its own size. Pixels that are left over at the right and below are not
//! looked at. The derivative of the largest goes to the first of equal pixels.

use serde::{Deserialize, Serialize};

use super::{Along, Backward, ImageWindow, LayerSize, Scratch, TrainableLayer};
use crate::train::scalar::Scalar;
use crate::train::stage::Stage;

/// Which number stands for the pixels under a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Pool {
    /// The largest.
    Max,
    /// The mean.
    Average,
}

/// A pooling layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolLayer {
    kind: Pool,
    image: [usize; 3],
    size: usize,
    /// Pixels of the windows, one window after the other.
    pixels: Vec<usize>,
}

impl PoolLayer {
    /// Windows of `size` × `size` over an image (channels, rows, columns); none if they
    /// do not fit.
    pub fn new(kind: Pool, image: [usize; 3], size: usize) -> Option<Self> {
        let window = ImageWindow { image, kernel: size, stride: size, padding: 0 };
        let [rows, columns] = window.places()?;
        let mut pixels = Vec::new();
        for output in 0..image[0] * rows * columns {
            let (channel, place) = (output / (rows * columns), output % (rows * columns));
            let corner = [place / columns * size, place % columns * size];
            for tap in 0..size * size {
                let (row, column) = (corner[0] + tap / size, corner[1] + tap % size);
                pixels.push((channel * image[1] + row) * image[2] + column);
            }
        }
        Some(Self { kind, image, size, pixels })
    }

    fn area(&self) -> usize {
        self.size * self.size
    }

    /// The share of the mean that a pixel has; the finished network has the same.
    fn weight<S: Scalar>(&self) -> S {
        S::of(1.0 / self.area() as f64)
    }

    fn mean<S: Scalar>(&self, sample: &[S], window: &[usize]) -> S {
        window.iter().map(|&pixel| sample[pixel]).sum::<S>() * self.weight::<S>()
    }
}

fn first_largest<S: Scalar>(sample: &[S], window: &[usize]) -> usize {
    window
        .iter()
        .copied()
        .reduce(|best, pixel| if sample[pixel] > sample[best] { pixel } else { best })
        .expect("a window has pixels")
}

impl<S: Scalar> TrainableLayer<S> for PoolLayer {
    fn size(&self) -> LayerSize {
        LayerSize::plain(self.image.iter().product(), self.pixels.len() / self.area())
    }

    fn forward(&self, _: &[S], input: &[S], output: &mut [S], _: &mut Scratch<S>) {
        let size = TrainableLayer::<S>::size(self);
        let samples = input.chunks_exact(size.inputs);
        for (sample, result) in samples.zip(output.chunks_exact_mut(size.outputs)) {
            for (y, window) in result.iter_mut().zip(self.pixels.chunks_exact(self.area())) {
                *y = match self.kind {
                    Pool::Max => sample[first_largest(sample, window)],
                    Pool::Average => self.mean(sample, window),
                };
            }
        }
    }

    fn backward(&self, _: &[S], pass: Backward<'_, S>, _: &mut Scratch<S>) {
        let Some(input_gradient) = pass.input_gradient else { return };
        let size = TrainableLayer::<S>::size(self);
        input_gradient.fill(S::default());
        let samples = pass.input.chunks_exact(size.inputs);
        let outputs = pass.output_gradient.chunks_exact(size.outputs);
        let results = input_gradient.chunks_exact_mut(size.inputs);
        for ((sample, gradient), result) in samples.zip(outputs).zip(results) {
            for (&g, window) in gradient.iter().zip(self.pixels.chunks_exact(self.area())) {
                match self.kind {
                    Pool::Max => result[first_largest(sample, window)] += g,
                    Pool::Average => {
                        window.iter().for_each(|&pixel| result[pixel] += g * self.weight::<S>());
                    }
                }
            }
        }
    }

    fn tangent(&self, _: &[S], pass: Along<'_, S>, _: &mut Scratch<S>) {
        let size = TrainableLayer::<S>::size(self);
        let samples = pass.input.chunks_exact(size.inputs);
        let directions = pass.direction.chunks_exact(size.inputs);
        let results = pass.output.chunks_exact_mut(size.outputs);
        for ((sample, direction), result) in samples.zip(directions).zip(results) {
            for (y, window) in result.iter_mut().zip(self.pixels.chunks_exact(self.area())) {
                *y = match self.kind {
                    Pool::Max => direction[first_largest(sample, window)],
                    Pool::Average => self.mean(direction, window),
                };
            }
        }
    }

    fn stage(&self, _: &[f64]) -> Option<Stage> {
        Some(Stage::Pool { kind: self.kind, size: self.size })
    }
}
