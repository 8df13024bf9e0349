//! The loops in which a search spends its time, with the widest vectors that the processor has.

use pulp::{Simd, WithSimd};

use crate::num::vectorized;

/// Rows of a block: what [`RowsTimes`] takes at once.
pub const ROWS: usize = 4;

/// Adds `W c` to `center` and `|W| r` to `radius`; `columns`: `W` column by column, each as
/// long as `center`.
pub fn add_ranges(columns: &[f64], [c, r]: [&[f64]; 2], [center, radius]: [&mut [f64]; 2]) {
    vectorized(
        #[inline(always)]
        || {
            let height = center.len();
            let radius = &mut radius[..height];
            for ((column, &c), &r) in columns.chunks_exact(height).zip(c).zip(r) {
                if c == 0.0 && r == 0.0 {
                    continue;
                }
                for ((w, center), radius) in column.iter().zip(&mut *center).zip(&mut *radius) {
                    *center += w * c;
                    *radius += w.abs() * r;
                }
            }
        },
    );
}

/// Adds `W x` to `sum`; `columns`: `W` column by column, each as long as `sum`.
pub fn add_product(columns: &[f64], x: &[f64], sum: &mut [f64]) {
    vectorized(
        #[inline(always)]
        || {
            for (column, &x) in columns.chunks_exact(sum.len()).zip(x) {
                if x != 0.0 {
                    column.iter().zip(&mut *sum).for_each(|(w, sum)| *sum += w * x);
                }
            }
        },
    );
}

/// `A W`.
#[derive(Debug)]
pub struct RowsTimes<'a> {
    /// One row of coefficients, or [`ROWS`] rows `stride` numbers apart.
    pub a: &'a [f64],
    /// See `a`.
    pub stride: usize,
    /// Coefficients of a row, and rows of `w`.
    pub size: usize,
    /// Rows of `width` numbers, a multiple of [`LANES`](super::tape::LANES).
    pub w: &'a [f64],
    /// See `w`.
    pub width: usize,
    /// As many rows, `width` numbers apart.
    pub out: &'a mut [f64],
    /// Room for what is not 0.
    pub factors: &'a mut Vec<(usize, [f64; ROWS])>,
}

impl RowsTimes<'_> {
    /// Computes it, and says how many rows of `w` took part.
    pub fn run(self) -> usize {
        pulp::Arch::new().dispatch(self)
    }

    /// A few registers of the product of all rows.
    #[inline(always)]
    fn columns<S: Simd, const COUNT: usize>(
        simd: S,
        factors: &[(usize, [f64; ROWS])],
        w: &[S::f64s],
        (width, at): (usize, usize),
        out: &mut [S::f64s],
    ) {
        let mut sums = [[simd.splat_f64s(0.0); COUNT]; ROWS];
        for &(i, factors) in factors {
            let w = &w[i * width + at..][..COUNT];
            for (sums, factor) in sums.iter_mut().zip(factors) {
                let factor = simd.splat_f64s(factor);
                for (sum, &w) in sums.iter_mut().zip(w) {
                    *sum = simd.mul_add_e_f64s(factor, w, *sum);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            out[row * width + at..][..COUNT].copy_from_slice(sums);
        }
    }

    /// A few registers of the product of one row.
    #[inline(always)]
    fn columns_of_one<S: Simd, const COUNT: usize>(
        simd: S,
        a: &[f64],
        w: &[S::f64s],
        (width, at): (usize, usize),
        out: &mut [S::f64s],
    ) {
        let mut sums = [simd.splat_f64s(0.0); COUNT];
        for (i, &factor) in a.iter().enumerate() {
            if factor == 0.0 {
                continue;
            }
            let factor = simd.splat_f64s(factor);
            let w = &w[i * width + at..][..COUNT];
            for (sum, &w) in sums.iter_mut().zip(w) {
                *sum = simd.mul_add_e_f64s(factor, w, *sum);
            }
        }
        out[at..][..COUNT].copy_from_slice(&sums);
    }
}

impl WithSimd for RowsTimes<'_> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let Self { a, stride, size, w, width, out, factors } = self;
        let (w, _) = S::as_simd_f64s(w);
        let (out, _) = S::as_mut_simd_f64s(out);
        // Rows are whole registers.
        let width = width / S::F64_LANES;
        if a.len() == stride {
            for (at, count) in tiles(width, 8) {
                let a = &a[..size];
                let place = (width, at);
                match count {
                    1 => Self::columns_of_one::<S, 1>(simd, a, w, place, out),
                    2 => Self::columns_of_one::<S, 2>(simd, a, w, place, out),
                    3 => Self::columns_of_one::<S, 3>(simd, a, w, place, out),
                    4 => Self::columns_of_one::<S, 4>(simd, a, w, place, out),
                    5 => Self::columns_of_one::<S, 5>(simd, a, w, place, out),
                    6 => Self::columns_of_one::<S, 6>(simd, a, w, place, out),
                    7 => Self::columns_of_one::<S, 7>(simd, a, w, place, out),
                    _ => Self::columns_of_one::<S, 8>(simd, a, w, place, out),
                }
            }
            return a[..size].iter().filter(|a| **a != 0.0).count();
        }
        let (a0, rest) = a.split_at(stride);
        let (a1, rest) = rest.split_at(stride);
        let (a2, a3) = rest.split_at(stride);
        let (a0, a1, a2, a3) = (&a0[..size], &a1[..size], &a2[..size], &a3[..size]);
        factors.clear();
        for i in 0..size {
            let column = [a0[i], a1[i], a2[i], a3[i]];
            if column != [0.0; ROWS] {
                factors.push((i, column));
            }
        }
        // Sums for all rows, a few registers of weights, and a factor.
        let most = if S::REGISTER_COUNT >= 32 { 6 } else { 3 };
        for (at, count) in tiles(width, most) {
            let place = (width, at);
            match count {
                1 => Self::columns::<S, 1>(simd, factors, w, place, out),
                2 => Self::columns::<S, 2>(simd, factors, w, place, out),
                3 => Self::columns::<S, 3>(simd, factors, w, place, out),
                4 => Self::columns::<S, 4>(simd, factors, w, place, out),
                5 => Self::columns::<S, 5>(simd, factors, w, place, out),
                _ => Self::columns::<S, 6>(simd, factors, w, place, out),
            }
        }
        factors.len()
    }
}

/// `0..width` in pieces of about the same length, `most` at most: where each starts, and its
/// length.
fn tiles(width: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = width.div_ceil(most).max(1);
    (0..count).map(move |tile| {
        let (start, end) = (tile * width / count, (tile + 1) * width / count);
        (start, end - start)
    })
}

/// `Σ aᵢ bᵢ` and `Σ |aᵢ| eᵢ`; all arrays are of whole registers.
#[derive(Debug)]
pub struct Sums<'a> {
    /// See [`Sums`].
    pub a: &'a [f64],
    /// See [`Sums`].
    pub b: &'a [f64],
    /// See [`Sums`].
    pub e: &'a [f64],
}

impl Sums<'_> {
    /// Computes them.
    pub fn run(self) -> [f64; 2] {
        pulp::Arch::new().dispatch(self)
    }
}

impl WithSimd for Sums<'_> {
    type Output = [f64; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [f64; 2] {
        let [a, b, e] = [self.a, self.b, self.e].map(|numbers| S::as_simd_f64s(numbers).0);
        let (mut sum, mut error) = (simd.splat_f64s(0.0), simd.splat_f64s(0.0));
        for ((&a, &b), &e) in a.iter().zip(b).zip(e) {
            sum = simd.mul_add_e_f64s(a, b, sum);
            error = simd.mul_add_e_f64s(simd.abs_f64s(a), e, error);
        }
        [simd.reduce_sum_f64s(sum), simd.reduce_sum_f64s(error)]
    }
}

/// Replaces the values of activations by lines, neuron by neuron. All arrays are of whole
/// registers.
#[derive(Debug)]
pub struct ThroughLines<'a> {
    /// The coefficients.
    pub a: &'a [f64],
    /// Those of the pre-activations.
    pub out: &'a mut [f64],
    /// Slopes of the lines below and above.
    pub slopes: [&'a [f64]; 2],
    /// Their intercepts.
    pub intercepts: [&'a [f64]; 2],
    /// What rounding can do, for each unit of a coefficient.
    pub e: &'a [f64],
}

impl ThroughLines<'_> {
    /// Gives `Σ intercepts` and `Σ |aᵢ| eᵢ`, what rounding can do.
    pub fn run(self) -> [f64; 2] {
        pulp::Arch::new().dispatch(self)
    }
}

impl WithSimd for ThroughLines<'_> {
    type Output = [f64; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [f64; 2] {
        let (a, _) = S::as_simd_f64s(self.a);
        let (out, _) = S::as_mut_simd_f64s(self.out);
        let [below, above] = self.slopes.map(|slopes| S::as_simd_f64s(slopes).0);
        let [under, over] = self.intercepts.map(|intercepts| S::as_simd_f64s(intercepts).0);
        let (e, _) = S::as_simd_f64s(self.e);
        let zero = simd.splat_f64s(0.0);
        let (mut intercepts, mut error) = (zero, zero);
        let lines = below.iter().zip(above).zip(under.iter().zip(over));
        let numbers = a.iter().zip(out).zip(lines).zip(e);
        for (((&a, out), ((&below, &above), (&under, &over))), &e) in numbers {
            let (up, down) = (simd.max_f64s(a, zero), simd.min_f64s(a, zero));
            intercepts = simd.mul_add_e_f64s(up, under, intercepts);
            intercepts = simd.mul_add_e_f64s(down, over, intercepts);
            // A coefficient that is no number makes the error none.
            error = simd.mul_add_e_f64s(simd.abs_f64s(a), e, error);
            *out = simd.add_f64s(simd.mul_f64s(up, below), simd.mul_f64s(down, above));
        }
        [simd.reduce_sum_f64s(intercepts), simd.reduce_sum_f64s(error)]
    }
}
