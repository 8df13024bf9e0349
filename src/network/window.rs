//! Sliding windows over images: which pixels one output looks at.
//!
//! Along an axis, tap `k` of output `o` lies at `o · stride + k · dilation − before`
//! in the image; what lies outside is padding: `before` positions on one side,
//! `after` on the other, and none beyond.
//! <https://onnx.ai/onnx/operators/onnx__Conv.html>

use std::ops::Range;

/// A sliding window along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowAxis {
    pixels: usize,
    taps: usize,
    stride: usize,
    dilation: usize,
    before: usize,
    after: usize,
    outputs: usize,
}

impl WindowAxis {
    /// A window of `taps` taps over `pixels` pixels with `[before, after]`
    /// positions of padding; `None` if it is larger than the padded image, if a
    /// number other than a padding is 0, or on overflow.
    ///
    /// With `extent = dilation · (taps − 1) + 1` and
    /// `rest = pixels + before + after − extent`, there are `⌊rest / stride⌋ + 1`
    /// outputs. With `round_up` it is `⌈rest / stride⌉ + 1`, less a last one that
    /// would start behind the image.
    pub fn new(
        pixels: usize,
        taps: usize,
        [stride, dilation]: [usize; 2],
        [before, after]: [usize; 2],
        round_up: bool,
    ) -> Option<Self> {
        if [pixels, taps, stride, dilation].contains(&0) {
            return None;
        }
        let extent = (taps - 1).checked_mul(dilation)?.checked_add(1)?;
        let padded = pixels.checked_add(before)?.checked_add(after)?;
        let rest = padded.checked_sub(extent)?;
        let mut outputs = if round_up { rest.div_ceil(stride) } else { rest / stride } + 1;
        if round_up && (outputs - 1).checked_mul(stride)? >= pixels + before {
            outputs -= 1;
        }
        Some(Self { pixels, taps, stride, dilation, before, after, outputs })
    }

    /// Number of pixels of the image.
    pub fn pixels(&self) -> usize {
        self.pixels
    }

    /// Number of taps of the window.
    pub fn taps(&self) -> usize {
        self.taps
    }

    /// Distance between neighbouring outputs.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Distance between neighbouring taps.
    pub fn dilation(&self) -> usize {
        self.dilation
    }

    /// Positions of padding before the image and after it.
    pub fn padding(&self) -> [usize; 2] {
        [self.before, self.after]
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The taps of an output that lie in the image.
    pub fn taps_of(&self, output: usize) -> Range<usize> {
        self.first_tap(output, self.before)..self.first_tap(output, self.before + self.pixels)
    }

    /// Number of taps of an output that lie in the image or its padding.
    pub fn padded_taps_of(&self, output: usize) -> usize {
        self.first_tap(output, self.before + self.pixels + self.after)
    }

    /// The outputs whose tap `tap` lies in the image.
    pub fn outputs_of(&self, tap: usize) -> Range<usize> {
        let first = |padded: usize| {
            padded.saturating_sub(tap * self.dilation).div_ceil(self.stride).min(self.outputs)
        };
        first(self.before)..first(self.before + self.pixels)
    }

    /// The pixel under a tap of an output.
    ///
    /// # Panics
    /// If the tap lies in the padding before the image.
    pub fn pixel(&self, output: usize, tap: usize) -> usize {
        output * self.stride + tap * self.dilation - self.before
    }

    /// The first tap of an output at or behind a position of the padded image.
    fn first_tap(&self, output: usize, padded: usize) -> usize {
        padded.saturating_sub(output * self.stride).div_ceil(self.dilation).min(self.taps)
    }
}

/// A sliding window over a plane of pixels in row-major order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From top to bottom.
    pub height: WindowAxis,
    /// From left to right.
    pub width: WindowAxis,
}

impl Window {
    /// Number of pixels of the plane.
    pub fn pixels(&self) -> usize {
        self.height.pixels * self.width.pixels
    }

    /// Number of taps of the window.
    pub fn taps(&self) -> usize {
        self.height.taps * self.width.taps
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.height.outputs * self.width.outputs
    }

    /// The taps in the image of the output in the given row and column, as (tap,
    /// pixel), both ascending.
    pub fn taps_of(&self, row: usize, column: usize) -> impl Iterator<Item = (usize, usize)> {
        let Self { height, width } = *self;
        height.taps_of(row).flat_map(move |i| {
            width.taps_of(column).map(move |j| {
                let pixel = height.pixel(row, i) * width.pixels + width.pixel(column, j);
                (i * width.taps + j, pixel)
            })
        })
    }

    /// Number of taps in the image, summed over all outputs.
    pub fn connections(&self) -> usize {
        let sum =
            |axis: &WindowAxis| (0..axis.outputs).map(|o| axis.taps_of(o).len()).sum::<usize>();
        sum(&self.height).saturating_mul(sum(&self.width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taps_and_outputs_by_counting() {
        for (pixels, taps, stride, dilation) in
            [(5, 3, 1, 1), (7, 2, 3, 2), (6, 3, 2, 2), (1, 1, 1, 1)]
        {
            for pads in [[0, 0], [1, 0], [0, 2], [3, 4]] {
                for round_up in [false, true] {
                    let steps = [stride, dilation];
                    let Some(axis) = WindowAxis::new(pixels, taps, steps, pads, round_up) else {
                        continue;
                    };
                    assert_counts(&axis, pixels + pads[0] + pads[1], pads[0]);
                }
            }
        }
    }

    /// Compares with a walk over all taps of all outputs.
    fn assert_counts(axis: &WindowAxis, padded: usize, before: usize) {
        for output in 0..axis.outputs {
            let place = |tap: usize| output * axis.stride + tap * axis.dilation;
            let in_image = |tap: &usize| (before..before + axis.pixels).contains(&place(*tap));
            let taps: Vec<usize> = (0..axis.taps).filter(in_image).collect();
            assert_eq!(axis.taps_of(output).collect::<Vec<_>>(), taps, "{axis:?} at {output}");
            let counted = (0..axis.taps).filter(|&tap| place(tap) < padded).count();
            assert_eq!(axis.padded_taps_of(output), counted, "{axis:?} at {output}");
            for tap in 0..axis.taps {
                let found = axis.outputs_of(tap).contains(&output);
                assert_eq!(found, in_image(&tap), "{axis:?}, tap {tap} of {output}");
            }
        }
    }

    #[test]
    fn a_window_that_starts_behind_the_image_does_not_count() {
        // By hand: 4 pixels, stride 3, taps 0-1 and 3-4; with two more positions
        // of padding, a third window would start at 6, behind the image.
        let outputs = |after, round_up| {
            WindowAxis::new(4, 2, [3, 1], [0, after], round_up).map(|axis| axis.outputs())
        };
        assert_eq!(outputs(0, false), Some(1));
        assert_eq!(outputs(0, true), Some(2));
        assert_eq!(outputs(3, true), Some(2));
        assert_eq!(WindowAxis::new(4, 5, [1, 1], [0, 0], true), None);
    }
}
