//! Images as matrices: the pixels under the taps of neighbouring outputs of a
//! [`Window`] become columns ("im2col"), so that a convolution is a product of
//! matrices, and columns are added back to images.

use std::ops::Range;

use ndarray::{Array2, ArrayViewMut1, s};

use super::window::Window;

/// A rectangle of outputs of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Region {
    /// All outputs.
    pub fn all(window: &Window) -> Self {
        Self { rows: 0..window.height.outputs(), columns: 0..window.width.outputs() }
    }

    /// The smallest rectangle that holds everything but zeros of `values`
    /// (channels × outputs of the window); `None` if there is nothing else.
    pub fn support(window: &Window, values: &[f64]) -> Option<Self> {
        let (height, width) = (window.height.outputs(), window.width.outputs());
        let (mut rows, mut columns) = (height..0, width..0);
        for (index, line) in values.chunks_exact(width).enumerate() {
            // Without a branch a number, which is what counts for rows full of zeros:
            // the bits of ±0 without the sign.
            if line.iter().fold(0, |bits, v| bits | v.to_bits() << 1) == 0 {
                continue;
            }
            let first = line.iter().position(|&v| v != 0.0).unwrap_or(0);
            let last = line.iter().rposition(|&v| v != 0.0).unwrap_or(first);
            let row = index % height;
            rows = rows.start.min(row)..rows.end.max(row + 1);
            columns = columns.start.min(first)..columns.end.max(last + 1);
        }
        (!rows.is_empty()).then_some(Self { rows, columns })
    }

    /// Parts of at most `most` outputs (at least 1) that make up the rectangle.
    pub fn parts(&self, most: usize) -> Vec<Self> {
        let width = self.columns.len().min(most).max(1);
        let height = (most / width).max(1);
        let cut = |range: &Range<usize>, step: usize| -> Vec<Range<usize>> {
            let end = range.end;
            range.clone().step_by(step).map(|first| first..end.min(first + step)).collect()
        };
        let columns = cut(&self.columns, width);
        let part = |rows: &Range<usize>, columns: &Range<usize>| Self {
            rows: rows.clone(),
            columns: columns.clone(),
        };
        cut(&self.rows, height)
            .iter()
            .flat_map(|rows| columns.iter().map(move |columns| part(rows, columns)))
            .collect()
    }
}

/// A rectangle of outputs with the pixels under its taps.
#[derive(Debug)]
pub struct Patch<'a> {
    window: &'a Window,
    region: Region,
    runs: Vec<Run>,
}

/// Pixels of one row of the image that lie under one tap of neighbouring outputs.
#[derive(Debug)]
struct Run {
    tap: usize,
    /// The first of the outputs, counted in the region.
    output: usize,
    /// The first pixel; the next ones are a stride apart.
    pixel: usize,
    length: usize,
}

impl<'a> Patch<'a> {
    /// The patch of a rectangle of outputs.
    pub fn new(window: &'a Window, region: Region) -> Self {
        let mut runs = Vec::new();
        let (height, width) = (&window.height, &window.width);
        for tap in 0..window.taps() {
            let (i, j) = (tap / width.taps(), tap % width.taps());
            let columns = overlap(&width.outputs_of(j), &region.columns);
            if columns.is_empty() {
                continue;
            }
            for row in overlap(&height.outputs_of(i), &region.rows) {
                let start = (row - region.rows.start) * region.columns.len();
                let output = start + columns.start - region.columns.start;
                let pixel = height.pixel(row, i) * width.pixels() + width.pixel(columns.start, j);
                runs.push(Run { tap, output, pixel, length: columns.len() });
            }
        }
        Self { window, region, runs }
    }

    /// Number of outputs.
    pub fn len(&self) -> usize {
        self.region.rows.len() * self.region.columns.len()
    }

    /// Writes the pixels of an image (channels × pixels) into columns of `matrix`
    /// (channels · taps × any number), one an output, from column `first` on.
    pub fn unfold(&self, image: &[f64], matrix: &mut Array2<f64>, first: usize) {
        let stride = self.window.width.stride();
        for (channel, plane) in image.chunks_exact(self.window.pixels()).enumerate() {
            for run in &self.runs {
                let row = channel * self.window.taps() + run.tap;
                let start = first + run.output;
                let mut to = matrix.slice_mut(s![row, start..start + run.length]);
                let to = to.as_slice_mut().expect("a matrix by rows");
                if stride == 1 {
                    to.copy_from_slice(&plane[run.pixel..run.pixel + run.length]);
                } else {
                    let from = plane[run.pixel..].iter().step_by(stride);
                    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
                }
            }
        }
    }

    /// The transpose of [`unfold`](Self::unfold): adds columns to the pixels.
    pub fn fold(&self, matrix: &Array2<f64>, first: usize, image: &mut [f64]) {
        let stride = self.window.width.stride();
        for (channel, plane) in image.chunks_exact_mut(self.window.pixels()).enumerate() {
            for run in &self.runs {
                let row = channel * self.window.taps() + run.tap;
                let start = first + run.output;
                let from = matrix.slice(s![row, start..start + run.length]);
                let from = from.as_slice().expect("a matrix by rows");
                if stride == 1 {
                    let to = &mut plane[run.pixel..run.pixel + run.length];
                    to.iter_mut().zip(from).for_each(|(to, from)| *to += *from);
                } else {
                    let to = plane[run.pixel..].iter_mut().step_by(stride);
                    to.zip(from).for_each(|(to, from)| *to += *from);
                }
            }
        }
    }

    /// Copies the outputs of the rectangle out of `outputs` (channels × outputs of
    /// the window) into columns of `matrix` (channels × any number), from column
    /// `first` on.
    pub fn gather(&self, outputs: &[f64], matrix: &mut Array2<f64>, first: usize) {
        let width = self.region.columns.len();
        for (channel, mut to) in matrix.outer_iter_mut().enumerate() {
            for (line, start) in self.lines(channel).enumerate() {
                let to = to.as_slice_mut().expect("a matrix by rows");
                to[first + line * width..][..width].copy_from_slice(&outputs[start..start + width]);
            }
        }
    }

    /// The transpose of [`gather`](Self::gather): adds columns to the outputs.
    pub fn add_to(&self, mut outputs: ArrayViewMut1<f64>, matrix: &Array2<f64>, first: usize) {
        let width = self.region.columns.len();
        for (channel, from) in matrix.outer_iter().enumerate() {
            for (line, start) in self.lines(channel).enumerate() {
                let mut to = outputs.slice_mut(s![start..start + width]);
                to += &from.slice(s![first + line * width..first + (line + 1) * width]);
            }
        }
    }

    /// Where the rows of the rectangle begin among the outputs of all channels.
    fn lines(&self, channel: usize) -> impl Iterator<Item = usize> {
        let (width, start) = (self.window.width.outputs(), self.region.columns.start);
        let plane = channel * self.window.outputs();
        self.region.rows.clone().map(move |row| plane + row * width + start)
    }
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    a.start.max(b.start)..a.end.min(b.end)
}
