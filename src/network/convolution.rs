//! The linear map of a convolution, kept as its kernel.
//!
//! `yₘ(o) = Σ_c Σ_t K_{m,c,t} x_c(o · stride + t · dilation − before)` over the
//! input channels `c` of the group of output channel `m` and the taps `t` of the
//! window ([`super::window`]). Products are products of the kernel with matrices
//! made of pixels ([`super::patch`]); many images share one such product. A row of
//! coefficients that is zero outside a rectangle of outputs costs what that
//! rectangle costs.

use std::ops::Range;

use ndarray::linalg::general_mat_mul;
use ndarray::{
    ArcArray, ArcArray2, Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis, CowArray,
    Ix2, Ix4, s,
};

use super::patch::{Patch, Region};
use super::window::Window;
use crate::num::rounding::{Centered, RangeSum};

/// Elements of a matrix made of pixels: 512 KiB, which caches of the second level
/// hold beside the rest.
const MOST_ELEMENTS: usize = 1 << 16;

/// Columns of such a matrix for wide kernels: so many that arranging the kernel
/// for the product costs little beside the product.
const LEAST_COLUMNS: usize = 256;

/// A convolution of images without bias: a matrix with one row an output element
/// and one column per input element, both numbered by channel, row and column of
/// the image.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    window: Window,
    groups: usize,
    /// Output channels × (input channels of a group · taps).
    kernel: ArcArray2<f64>,
}

impl Convolution {
    /// A convolution over images with the pixels of `window`; `kernel`: output
    /// channels × input channels of a group × height × width.
    ///
    /// # Panics
    /// If the kernel has not the size of the window, or its output channels do
    /// not divide into groups.
    pub fn new(window: Window, groups: usize, kernel: ArcArray<f64, Ix4>) -> Self {
        let (outputs, channels, height, width) = kernel.dim();
        let size = [window.height.taps(), window.width.taps()];
        assert_eq!([height, width], size, "size of a kernel");
        assert!(groups > 0 && outputs % groups == 0, "{outputs} channels in {groups} groups");
        let kernel = match kernel.is_standard_layout() {
            true => kernel,
            false => kernel.as_standard_layout().into_owned().into_shared(),
        };
        let shape = (outputs, channels * height * width);
        let kernel = kernel.into_shape_with_order(shape).expect("standard layout");
        Self { window, groups, kernel }
    }

    /// Number of output elements.
    pub fn outputs(&self) -> usize {
        self.kernel.nrows() * self.window.outputs()
    }

    /// Number of input elements.
    pub fn inputs(&self) -> usize {
        self.groups * self.group_inputs()
    }

    /// Number of multiplications of one product with a vector: the entries of the
    /// matrix that are not structurally zero.
    pub fn multiplications(&self) -> usize {
        let channels = self.kernel.ncols() / self.window.taps();
        self.window.connections().saturating_mul(self.kernel.nrows() * channels)
    }

    /// The window over a plane of the images.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// Number of groups of channels.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The kernel: output channels × (input channels of a group · taps).
    pub fn kernel(&self) -> ArrayView2<'_, f64> {
        self.kernel.view()
    }

    /// Number of input channels.
    pub fn input_channels(&self) -> usize {
        self.groups * self.kernel.ncols() / self.window.taps()
    }

    /// The input channel under an entry of the kernel.
    pub fn input_channel(&self, output_channel: usize, entry: usize) -> usize {
        let group = output_channel / self.group_channels();
        (group * self.kernel.ncols() + entry) / self.window.taps()
    }

    /// `diag(rows) · W · diag(columns)`, with factors that are equal within a channel.
    pub(super) fn scaled(&self, rows: &Array1<f64>, columns: &Array1<f64>) -> Self {
        let rows = of_channels(rows, self.window.outputs());
        let columns = of_channels(columns, self.window.pixels());
        let mut kernel = self.kernel.to_owned();
        for ((output, entry), weight) in kernel.indexed_iter_mut() {
            *weight *= rows[output] * columns[self.input_channel(output, entry)];
        }
        Self { window: self.window, groups: self.groups, kernel: kernel.into_shared() }
    }

    /// The entries of a row, as (column, value), by ascending column.
    pub(super) fn row(&self, row: usize) -> Vec<(usize, f64)> {
        let (channel, output) = (row / self.window.outputs(), row % self.window.outputs());
        let (columns, taps) = (self.window.width.outputs(), self.window.taps());
        let group = channel / self.group_channels();
        let kernel = self.kernel.row(channel);
        let mut entries = Vec::with_capacity(kernel.len());
        for input in 0..kernel.len() / taps {
            let plane = group * self.group_inputs() + input * self.window.pixels();
            let under = self.window.taps_of(output / columns, output % columns);
            entries.extend(under.map(|(tap, pixel)| (plane + pixel, kernel[input * taps + tap])));
        }
        entries
    }

    /// Adds `x Wᵀ` to `out`; `x`: batch × in, `out`: batch × out.
    pub(super) fn add_product(&self, x: ArrayView2<f64>, mut out: ArrayViewMut2<f64>) {
        let x = x.as_standard_layout();
        let images = slices(&x);
        for patch in self.patches(&Region::all(&self.window)) {
            for batch in self.batches(&patch, 0..images.len()) {
                for group in 0..self.groups {
                    let mut pixels =
                        Array2::zeros((self.kernel.ncols(), batch.len() * patch.len()));
                    for (place, image) in images[batch.clone()].iter().enumerate() {
                        let image = &image[self.inputs_of(group)];
                        patch.unfold(image, &mut pixels, place * patch.len());
                    }
                    let product = self.kernel_of(group).dot(&pixels);
                    for (place, image) in batch.clone().enumerate() {
                        let out = out.slice_mut(s![image, self.outputs_of(group)]);
                        patch.add_to(out, &product, place * patch.len());
                    }
                }
            }
        }
    }

    /// `rows · W`; `rows`: any number × out.
    pub(super) fn rows_times(&self, rows: ArrayView2<f64>) -> Array2<f64> {
        let mut product = Array2::zeros((rows.nrows(), self.inputs()));
        let rows = rows.as_standard_layout();
        let rows = slices(&rows);
        let regions: Vec<Option<Region>> =
            rows.iter().map(|row| Region::support(&self.window, row)).collect();
        let mut first = 0;
        for alike in regions.chunk_by(|a, b| a == b) {
            let batch = first..first + alike.len();
            first = batch.end;
            let Some(region) = &alike[0] else { continue };
            for patch in self.patches(region) {
                for batch in self.batches(&patch, batch.clone()) {
                    let out = product.slice_mut(s![batch.clone(), ..]);
                    self.add_rows(&patch, &rows[batch], out);
                }
            }
        }
        product
    }

    /// Adds the part of `rows · W` that comes from the outputs of a patch.
    fn add_rows(&self, patch: &Patch, rows: &[&[f64]], mut out: ArrayViewMut2<f64>) {
        let columns = rows.len() * patch.len();
        for group in 0..self.groups {
            let mut outputs = Array2::zeros((self.group_channels(), columns));
            for (place, row) in rows.iter().enumerate() {
                patch.gather(&row[self.outputs_of(group)], &mut outputs, place * patch.len());
            }
            let mut pixels = Array2::zeros((self.kernel.ncols(), columns));
            general_mat_mul(1.0, &self.kernel_of(group).t(), &outputs, 0.0, &mut pixels);
            for (place, mut image) in out.outer_iter_mut().enumerate() {
                let mut image = image.slice_mut(s![self.inputs_of(group)]);
                let image = image.as_slice_mut().expect("standard layout");
                patch.fold(&pixels, place * patch.len(), image);
            }
        }
    }

    /// The range of each row over a box of inputs, added to `sums`.
    pub(super) fn add_ranges(&self, intervals: &Centered, sums: &mut [RangeSum]) {
        let absolute = self.absolute();
        let center = ArrayView1::from(&intervals.center);
        let radius = ArrayView1::from(&intervals.radius);
        let centers = self.times(center);
        let radii = absolute.times(radius);
        let magnitudes = absolute.times(center.mapv(f64::abs).view());
        // Sums of 0 may be products that underflow, or none at all, which are exact.
        let is_zero = |row: usize| radii[row] + magnitudes[row] == 0.0;
        let reads = (0..sums.len()).any(is_zero).then(|| self.reads(intervals));
        for (row, sum) in sums.iter_mut().enumerate() {
            let reads_nothing = is_zero(row) && reads.as_ref().is_some_and(|reads| !reads[row]);
            if !reads_nothing {
                sum.add_sums(centers[row], radii[row], magnitudes[row], self.kernel.ncols());
            }
        }
    }

    /// Whether each row has a weight other than 0 on an interval other than [0, 0].
    fn reads(&self, intervals: &Centered) -> Vec<bool> {
        let is_other = |value: &f64| f64::from(u8::from(*value != 0.0));
        let kernel = self.kernel.map(is_other).into_shared();
        let ends = intervals.center.iter().zip(&intervals.radius);
        let others: Array1<f64> = ends.map(|(c, r)| is_other(c).max(is_other(r))).collect();
        let counts = Self { window: self.window, groups: self.groups, kernel }.times(others.view());
        counts.iter().map(|count| *count > 0.0).collect()
    }

    /// `W x`.
    pub(super) fn times(&self, x: ArrayView1<f64>) -> Array1<f64> {
        let mut out = Array2::zeros((1, self.outputs()));
        self.add_product(x.insert_axis(Axis(0)), out.view_mut());
        out.remove_axis(Axis(0))
    }

    /// The same convolution with the absolute values of the kernel.
    pub(super) fn absolute(&self) -> Self {
        let kernel = self.kernel.mapv(f64::abs).into_shared();
        Self { window: self.window, groups: self.groups, kernel }
    }

    /// Most columns of a matrix made of pixels.
    fn most_columns(&self) -> usize {
        (MOST_ELEMENTS / self.kernel.ncols()).max(LEAST_COLUMNS)
    }

    fn patches(&self, region: &Region) -> impl Iterator<Item = Patch<'_>> {
        let parts = region.parts(self.most_columns()).into_iter();
        parts.map(|part| Patch::new(&self.window, part))
    }

    /// The images that share one product, in order.
    fn batches(&self, patch: &Patch, images: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let (step, end) = ((self.most_columns() / patch.len()).max(1), images.end);
        images.step_by(step).map(move |first| first..end.min(first + step))
    }

    /// Number of output channels of a group.
    fn group_channels(&self) -> usize {
        self.kernel.nrows() / self.groups
    }

    /// Number of input elements of a group.
    fn group_inputs(&self) -> usize {
        self.kernel.ncols() / self.window.taps() * self.window.pixels()
    }

    fn inputs_of(&self, group: usize) -> Range<usize> {
        group * self.group_inputs()..(group + 1) * self.group_inputs()
    }

    fn outputs_of(&self, group: usize) -> Range<usize> {
        let size = self.group_channels() * self.window.outputs();
        group * size..(group + 1) * size
    }

    fn kernel_of(&self, group: usize) -> ArrayView2<'_, f64> {
        let channels = self.group_channels();
        self.kernel.slice(s![group * channels..(group + 1) * channels, ..])
    }
}

/// The one factor of each channel of `size` elements.
fn of_channels(factors: &Array1<f64>, size: usize) -> Vec<f64> {
    let channels = factors.exact_chunks(size).into_iter();
    let factor = |channel: ArrayView1<f64>| {
        assert!(channel.iter().all(|f| *f == channel[0]), "factors differ within a channel");
        channel[0]
    };
    channels.map(factor).collect()
}

/// The rows of a matrix in standard layout.
fn slices<'a>(matrix: &'a CowArray<'_, f64, Ix2>) -> Vec<&'a [f64]> {
    let columns = matrix.ncols().max(1);
    matrix.as_slice().expect("standard layout").chunks_exact(columns).collect()
}

#[cfg(test)]
mod tests;
